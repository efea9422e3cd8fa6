"""The page's Java sample sends its token in the URL alone: with credentials that is tried only where it is allowed."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qs

import pytest
from starlette.requests import Request as HttpRequest

from dicomweb_reference.google import Google
from dicomweb_reference.messages import Refusal, Request
from dicomweb_reports.record import Run
from tests.mutants.harness import judged

TOKEN = "token-of-the-run-4711"  # noqa: S105 - of a server in this process
CHECK = "seed-store[java]"


class WantsAToken(Google):
    """A store that answers who has the token: in the header or, where `in_url`, in the query."""

    in_url = True

    def request_of(self, http: HttpRequest, body: bytes) -> Request:
        given = {http.headers.get("authorization", "").removeprefix("Bearer ")}
        if self.in_url:
            given |= set(parse_qs(http.scope["query_string"].decode("latin-1")).get("access_token", []))
        if TOKEN not in given:
            raise Refusal(401, "Request is missing required authentication credential.")
        return super().request_of(http, body)


class IgnoresTheQuery(WantsAToken):
    in_url = False


def run_of(server: Google, directory: Path, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> Run:
    monkeypatch.setenv("DICOMWEB_TOKEN", TOKEN)
    return judged(server, directory, "--dicomweb-auth=bearer", *arguments, checks={CHECK})


def test_a_token_in_the_url_is_enough_and_stands_in_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = run_of(WantsAToken(), tmp_path, monkeypatch)

    assert {each.check: each.verdict for each in run.results if each.scenario == "seed"} == {CHECK: "pass"}
    (sent,) = [each for each in run.exchanges.values() if each.check == CHECK and "access_token=" in each.url]
    assert sent.request.header("Authorization") is None
    files = [each for each in (tmp_path / "report").rglob("*") if each.is_file()]
    assert files
    assert not [each for each in files if TOKEN.encode() in each.read_bytes()]


def test_a_server_that_ignores_it_breaks_the_sample(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = run_of(IgnoresTheQuery(), tmp_path, monkeypatch)

    (result,) = [each for each in run.results if each.check == CHECK]
    assert (result.verdict, [each.code for each in result.findings]) == ("fail", ["4xx"])


def test_it_is_not_sent_unless_that_is_allowed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = run_of(WantsAToken(), tmp_path, monkeypatch, "--dicomweb-include=delete")

    (result,) = [each for each in run.results if each.check == CHECK]
    assert (result.verdict, "--dicomweb-include=unsafe" in result.reason) == ("not-applicable", True)
    assert not [each for each in run.exchanges.values() if "access_token=" in each.url]
