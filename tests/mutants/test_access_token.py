"""The page's Java sample sends its token in the URL alone: with credentials that is tried only where it is allowed."""

from __future__ import annotations

from pathlib import Path

from dicomweb_reference.google import Google
from dicomweb_reports.record import Run
from tests.mutants.google.access import TakesTokensInHeadersOnly, WantsAToken
from tests.mutants.harness import judged

CHECK = "seed-store[java]"


def run_of(server: Google, directory: Path, *arguments: str) -> Run:
    return judged(server, directory, *arguments, checks={CHECK})


def test_a_token_in_the_url_is_enough_and_stands_in_no_file(tmp_path: Path) -> None:
    run = run_of(WantsAToken(), tmp_path)

    assert {result.check: result.verdict for result in run.results if result.scenario == "seed"} == {CHECK: "pass"}
    (sent,) = [
        exchange for exchange in run.exchanges.values() if exchange.check == CHECK and "access_token=" in exchange.url
    ]
    assert sent.request.header("Authorization") is None
    files = [path for path in (tmp_path / "report").rglob("*") if path.is_file()]
    assert files
    assert not [file for file in files if WantsAToken.token.encode() in file.read_bytes()]


def test_a_server_that_ignores_it_breaks_the_sample(tmp_path: Path) -> None:
    run = run_of(TakesTokensInHeadersOnly(), tmp_path)

    (result,) = [each for each in run.results if each.check == CHECK]
    assert (result.verdict, [finding.code for finding in result.findings]) == ("fail", ["4xx"])


def test_it_is_not_sent_unless_that_is_allowed(tmp_path: Path) -> None:
    run = run_of(WantsAToken(), tmp_path, "--dicomweb-include=delete")

    (result,) = [each for each in run.results if each.check == CHECK]
    assert (result.verdict, "--dicomweb-include=unsafe" in result.reason) == ("not-applicable", True)
    assert not [exchange for exchange in run.exchanges.values() if "access_token=" in exchange.url]
