"""Real servers, judged to the end: what they fail is known row by row, all else is a regression of this suite."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests import warm
from tests.servers import orthanc, tiny_pacs

SERVERS = {"orthanc": orthanc, "tiny-pacs": tiny_pacs}


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(name, marks=pytest.mark.skipif(bool(server.missing()), reason=server.missing()))
        for name, server in SERVERS.items()
    ],
)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def url(name: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    server: ModuleType = SERVERS[name]
    with server.running(tmp_path_factory.mktemp(name)) as base_url:
        yield base_url


@dataclass(frozen=True)
class Judged:
    """What a run came to, and what was printed."""

    results: dict[str, dict[str, Any]]
    """Of each check, as report.json has them."""
    printed: str

    @property
    def verdicts(self) -> dict[str, str]:
        return {check: result["verdict"] for check, result in self.results.items()}

    @property
    def unexpected(self) -> dict[str, str]:
        """What is not known of the server, or no longer so."""
        return {check: verdict for check, verdict in self.verdicts.items() if verdict in {"fail", "fixed", "error"}}

    def told(self, check: str) -> tuple[str, list[tuple[str, str, str]]]:
        """The verdict of a check, and what it found, known or not: row, code and verdict of each."""
        result = self.results[check]
        found = {(each["requirement"], each["code"], each["verdict"]) for each in result["findings"]}
        return result["verdict"], sorted(found)


def judge(url: str, directory: Path, known: Path, *arguments: str) -> Judged:
    """Judge the server from an empty directory, by what is known of it."""
    # What such a server loses is waited for to the end of the grace time, family by family; it needs milliseconds.
    settings = [f"--dicomweb-url={url}", "--dicomweb-report=report", "--dicomweb-grace=3", f"--dicomweb-known={known}"]
    command = [sys.executable, "-m", "pytest", *settings, "-q", *arguments]
    ended = warm.run(command, cwd=directory, capture_output=True, text=True, timeout=900)
    report = json.loads((directory / "report/report.json").read_text(encoding="utf-8"))
    return Judged({each["check"]: each for each in report["results"]}, ended.stdout)


@pytest.fixture(scope="module")
def known(name: str) -> Path:
    return Path(__file__).with_name(f"{name}-known.toml")


@pytest.fixture(scope="module")
def alone(url: str, known: Path, tmp_path_factory: pytest.TempPathFactory) -> Judged:
    """What one process makes of the server, which several tests look at."""
    return judge(url, tmp_path_factory.mktemp("alone"), known)


def test_nothing_fails_but_what_is_known(alone: Judged) -> None:
    assert not alone.unexpected, alone.printed
    assert "known" in alone.verdicts.values()
    assert "stale known failure" not in alone.printed
    assert "is gone since" not in alone.printed


AT_ONCE = frozenset({"orthanc"})
"""Servers that serve two clients at once. tiny-pacs answers some of these 500, and stores a part of what it should."""


@pytest.fixture(scope="module")
def by_google(name: str, tmp_path_factory: pytest.TempPathFactory) -> Judged:
    """What the profile of Google makes of the server, by two processes where it serves these."""
    directory = tmp_path_factory.mktemp("google")
    both = directory / "known.toml"
    tables = [
        *_tables(f"{name}-known.toml", but=NOT_ASKED_BY_GOOGLE),
        *_tables(f"{name}-google-known.toml"),
    ]
    both.write_text("\n".join(tables), encoding="utf-8")
    workers = ["-n", "2"] if name in AT_ONCE else []
    with started(name, directory) as url:
        return judge(url, directory, both, "--dicomweb-profile=google", *workers)


def test_under_the_profile_of_google_nothing_fails_but_what_is_known(by_google: Judged) -> None:
    assert not by_google.unexpected, by_google.printed
    assert by_google.verdicts["google-single-part-store"] == "known"
    assert "stale known failure" not in by_google.printed


def test_another_profile_and_other_workers_find_the_same(name: str, alone: Judged, by_google: Judged) -> None:
    if name not in AT_ONCE:
        pytest.skip("what it does depends on chance where two clients ask at once, which some checks do")
    both = alone.results.keys() & by_google.results.keys()
    asked = {
        check
        for check in both - ONLY_WHERE_SENT
        if alone.results[check]["included"] and by_google.results[check]["included"]
    }

    assert len(asked) > 700
    assert {check: alone.told(check) for check in asked} == {check: by_google.told(check) for check in asked}


@contextmanager
def started(name: str, directory: Path) -> Iterator[str]:
    """A server on which no run left anything: after malformed instances Orthanc refuses to search for all instances."""
    (directory / "server").mkdir()
    with SERVERS[name].running(directory / "server") as base_url:
        yield base_url


def test_of_transcoding_nothing_fails_but_what_is_known(name: str, tmp_path: Path) -> None:
    file = Path(__file__).with_name(f"{name}-large-known.toml")
    if not file.exists():
        pytest.skip(f"nobody has looked at what {name} transcodes")
    with started(name, tmp_path) as url:
        run = judge(url, tmp_path, file, "--dicomweb-include=large", "-k", "in-every-syntax or in-every-format")

    # What every message shows is known from a run of everything.
    assert {each for each in run.unexpected if not each.startswith("message[")} == set(), run.printed
    assert "known" in run.verdicts.values()


NOT_ASKED_BY_GOOGLE = frozenset({"message[HTTP-002]"})
"""Rows of requirements on all messages, for which the profile sends nothing that shows them."""
ONLY_WHERE_SENT = NOT_ASKED_BY_GOOGLE | {"message[HTTP-001]"}
"""Rows on all messages, of which one request says something that the profile does not send."""


def _tables(file: str, but: frozenset[str] = frozenset()) -> list[str]:
    """Return the tables of a file of known failures, without those of some checks."""
    text = Path(__file__).with_name(file).read_text(encoding="utf-8")
    tables = [f"[[known-failures]]{each}" for each in text.split("[[known-failures]]")[1:]]
    return [table for table in tables if not any(f'check = "{check}"' in table for check in but)]


def test_what_cannot_be_deleted_is_told(url: str, known: Path, tmp_path: Path) -> None:
    printed = judge(url, tmp_path, known, "-k", "search-studies").printed

    assert "left on the target: 2 studies" in printed
    assert (tmp_path / "report/ledger.jsonl").exists()
