"""Credentials that are refused in mid-run cost the run what follows, and no check its verdict."""

import json
import os
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import Response

from dicomweb_reference.server import Reference
from dicomweb_reference.serving import running
from tests import warm
from tests.nodes import selecting
from tests.settings.token_endpoint import TokenEndpoint

SELECTED = "search-limit or search-offset or search-returns or metadata-of or store-multipart or retrieve-instance"


class Guarded(Reference):
    """A reference server that takes an Authorization so many times; then it is a stranger's.

    `refuses` are the requests, by method and the end of their path, that are refused whoever asks.
    """

    def __init__(self, uses: int, status: int = 401, refuses: tuple[str, str] = ("", "?")) -> None:
        super().__init__()
        self.uses = uses
        self.status = status
        self.refuses = refuses
        self.taken: Counter[str] = Counter()
        self.refused = 0

    async def exchange(self, steps, http: Request) -> Response:  # type: ignore[no-untyped-def]  # as overridden
        given = http.headers.get("authorization", "")
        method, end = self.refuses
        if not given or self.taken[given] >= self.uses:
            self.refused += 1
            return Response(status_code=self.status)
        self.taken[given] += 1
        if http.method == method and http.url.path.endswith(end):
            return Response(status_code=self.status)
        return await super().exchange(steps, http)


def judge(
    url: str, directory: Path, *arguments: str, selected: str = SELECTED, **environment: str
) -> tuple[dict[str, Any], str]:
    """Run the suite, and return its report and what it printed."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("DICOMWEB_", "PYTEST_"))}
    command = [sys.executable, "-m", "pytest", f"--dicomweb-url={url}", "-q", *selecting(selected), *arguments]
    ended = warm.run(
        command,
        cwd=directory,
        env=kept | {"DICOMWEB_TOKEN": "expiring"} | environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    printed = ended.stdout + ended.stderr
    report: dict[str, Any] = json.loads((directory / "reports/latest/report.json").read_text(encoding="utf-8"))
    return report | {"status": ended.returncode}, printed


@pytest.mark.parametrize(("status", "workers", "uses"), [(401, "0", 40), (403, "2", 80), (403, "2", 12)])
def test_what_follows_is_inconclusive_and_nothing_fails(status: int, workers: str, uses: int, tmp_path: Path) -> None:
    server = Guarded(uses, status)
    with running(server) as url:
        report, printed = judge(url, tmp_path, "--dicomweb-auth=bearer", "-n", workers)

    assert report["status"] == (1 if uses > 12 else 5), printed
    assert set(report["counts"]) >= {"pass", "inconclusive", "fail", "error"}
    assert (report["counts"]["fail"], report["counts"]["error"]) == (0, 0), printed
    assert report["counts"]["pass"] > 5 or uses == 12
    assert "one client beside another" not in printed
    ended = [each for each in report["results"] if each["verdict"] == "inconclusive"]
    assert len(ended) > 20
    assert {each["reason"].partition(":")[0] for each in ended} == {"credentials were refused in mid-run"}
    assert f": {status} to " in ended[0]["reason"]
    assert server.refused <= 4 * max(1, int(workers)), "what is refused is not sent again and again"
    assert printed.count("the rest is inconclusive") == 1


def test_what_stays_on_the_target_is_told_with_the_reason(tmp_path: Path) -> None:
    with running(Guarded(40)) as url:
        report, _ = judge(url, tmp_path, "--dicomweb-auth=bearer", "--dicomweb-include=delete")

    assert report["left"]
    assert {each["reason"].partition(":")[0] for each in report["left"]} == {"credentials were refused in mid-run"}
    assert len((tmp_path / "reports/latest/ledger.jsonl").read_text().splitlines()) == len(report["left"])


def test_a_token_that_can_be_renewed_is_and_the_request_repeated(
    endpoint: TokenEndpoint, key_file: Path, tmp_path: Path
) -> None:
    server = Guarded(40)
    with running(server) as url:
        report, printed = judge(url, tmp_path, f"--dicomweb-auth=google:{key_file}")

    assert report["status"] == 0, printed
    assert report["counts"]["inconclusive"] == 0
    assert len(server.taken) > 2
    assert len(endpoint.asked) == len(server.taken), "a token is renewed once where it is refused"
    recorded = [json.loads(line) for line in (tmp_path / "reports/latest/run.jsonl").read_text().splitlines()]
    refused = {each["id"] for each in recorded if each["event"] == "exchange" and each["response"]["status"] == 401}
    assert refused & {each.get("retry_of") for each in recorded}


@pytest.mark.usefixtures("endpoint")
def test_a_token_that_expires_before_clean_up_is_renewed_for_it(key_file: Path, tmp_path: Path) -> None:
    class Expiring(Guarded):
        async def exchange(self, steps, http: Request) -> Response:  # type: ignore[no-untyped-def]  # as overridden
            if http.method == "DELETE" and len(self.taken) == 1:
                self.uses = self.taken.total()
            return await super().exchange(steps, http)

    server = Expiring(10_000)
    with running(server) as url:
        report, printed = judge(
            url, tmp_path, f"--dicomweb-auth=google:{key_file}", selected="search-limit or store-multipart"
        )

    assert server.refused, "it did expire"
    assert report["left"] == [], printed
    assert report["cleaned"] > 0


def test_a_token_that_cannot_be_renewed_ends_the_rest(endpoint: TokenEndpoint, key_file: Path, tmp_path: Path) -> None:
    class Revoking(Guarded):
        async def exchange(self, steps, http: Request) -> Response:  # type: ignore[no-untyped-def]  # as overridden
            endpoint.status = 400 if self.taken.total() > 30 else 200
            return await super().exchange(steps, http)

    with running(Revoking(40)) as url:
        report, printed = judge(url, tmp_path, f"--dicomweb-auth=google:{key_file}")

    assert report["status"] == 1, printed
    assert (report["counts"]["fail"], report["counts"]["error"]) == (0, 0), printed
    reasons = {each["reason"] for each in report["results"] if each["verdict"] == "inconclusive"}
    assert all("give no access token" in reason for reason in reasons)


@pytest.mark.parametrize(
    ("status", "refuses"), [(403, ("GET", "/metadata")), (401, ("DELETE", "")), (403, ("POST", "/studies"))], ids=str
)
def test_what_is_refused_from_the_start_is_no_expired_token(
    status: int, refuses: tuple[str, str], tmp_path: Path
) -> None:
    selected = "search-limit or metadata-of or store-multipart or delete-study"
    with running(Guarded(10**6, status, refuses)) as url:
        report, printed = judge(
            url,
            tmp_path,
            "--dicomweb-auth=bearer",
            "--dicomweb-include=delete",
            "--dicomweb-grace=0.5",
            selected=selected,
        )

    assert "mid-run" not in printed
    assert {each["verdict"] for each in report["results"]} != {"inconclusive"}
