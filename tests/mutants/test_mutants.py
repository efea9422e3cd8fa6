"""Every check can fail: each mutant is noticed by the checks that must notice it, and by no other outside of what it may disturb."""

from pathlib import Path

import pytest
from harness import judged
from mutant import Mutant
from mutants_of_delete import MUTANTS as OF_DELETE
from mutants_of_metadata import MUTANTS as OF_METADATA
from mutants_of_retrieve import MUTANTS as OF_RETRIEVE
from mutants_of_search import MUTANTS as OF_SEARCH
from mutants_of_store import MUTANTS as OF_STORE

MUTANTS = (*OF_STORE, *OF_SEARCH, *OF_RETRIEVE, *OF_METADATA, *OF_DELETE)
GOLDEN = Path(__file__).parents[1] / "golden" / "check_ids.txt"
TRIPPED = {"fail", "deviation"}


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_mutant_is_noticed(mutant: Mutant, tmp_path: Path) -> None:
    run = judged(mutant.server(mutant.freedoms), tmp_path)

    tripped = {each.check: each for each in run.results if each.verdict in TRIPPED}
    unnoticed = [check for check in mutant.kills if check not in tripped]
    surprises = sorted(check for check, result in tripped.items() if check not in mutant.kills and result.scenario not in mutant.may_trip)
    errors = [f"{each.check}: {each.reason}" for each in run.results if each.verdict == "error"]
    assert not errors, "\n".join(errors)
    assert not unnoticed, f"{mutant.defect}: not noticed by {unnoticed}; tripped: {sorted(tripped)}"
    assert not surprises, f"{mutant.defect}: a surprise in {surprises}"


def test_mutants_have_names_of_their_own() -> None:
    names = [each.name for each in MUTANTS]
    assert len(names) == len(set(names))


def test_each_check_is_killed_by_a_mutant() -> None:
    killed = {check for mutant in MUTANTS for check in mutant.kills}
    every = set(GOLDEN.read_text(encoding="utf-8").splitlines())
    missing, unknown = sorted(every - killed), sorted(killed - every)
    assert not missing, f"no mutant is killed by: {', '.join(missing)}"
    assert not unknown, f"mutants name checks that there are not: {', '.join(unknown)}"
