"""What is judged with checks that were collected before gets what a run of pytest of its own says."""

from pathlib import Path

import pytest

from dicomweb_reports.record import Run
from tests.mutants.harness import judged
from tests.mutants.mutant import flavour_of
from tests.mutants.test_mutants import MUTANTS

SAMPLE = ("limit-drops-offset", "redirects-loop", "google-refuses-metadata", "frames-reversed")
BESIDE = ("store-multipart", "search-limit-caps")
"""Checks of either profile that do not fail."""


def said(run: Run) -> dict[str, tuple[str, list[tuple[str, str]]]]:
    return {
        result.check: (result.verdict, sorted((one.requirement, one.code) for one in result.findings))
        for result in run.results
    }


@pytest.mark.parametrize("name", SAMPLE)
def test_it_says_the_same_whatever_was_judged_before(name: str, tmp_path: Path) -> None:
    mutant = next(each for each in MUTANTS if each.name == name)
    checks = {*mutant.kills, *mutant.shows_in, *BESIDE}

    def run(door: str, *arguments: str) -> Run:
        return judged(mutant.server(), tmp_path / door, *arguments, checks=checks)

    once = said(run("once"))
    judged(flavour_of(mutant.server)(), tmp_path / "between", checks=checks)
    again, through_pytest = said(run("again")), said(run("pytest", "-q"))

    assert once == again == through_pytest
    assert {check for check, (verdict, _) in once.items() if verdict == "fail"} >= set(mutant.kills)
