"""Every check can fail: a mutant is noticed by the checks that must notice it, and by none where it cannot matter."""

from collections.abc import Callable
from pathlib import Path

import mutants_of_delete
import mutants_of_google
import mutants_of_google_json
import mutants_of_google_operations
import mutants_of_metadata
import mutants_of_retrieve
import mutants_of_search
import mutants_of_search_answers
import mutants_of_search_keys
import mutants_of_search_matching
import mutants_of_search_results
import mutants_of_store
import mutants_of_store_json
import pytest
from harness import judged
from mutant import Mutant, flavour_of
from reach import Reach, overridden

from dicomweb_reference.server import Reference

GOLDEN = Path(__file__).parents[1] / "golden" / "check_ids.txt"
TRIPPED = {"fail", "deviation"}
MUTANTS = (
    *mutants_of_store.MUTANTS,
    *mutants_of_search.MUTANTS,
    *mutants_of_search_answers.MUTANTS,
    *mutants_of_search_keys.MUTANTS,
    *mutants_of_search_matching.MUTANTS,
    *mutants_of_search_results.MUTANTS,
    *mutants_of_retrieve.MUTANTS,
    *mutants_of_metadata.MUTANTS,
    *mutants_of_delete.MUTANTS,
    *mutants_of_store_json.MUTANTS,
    *mutants_of_google.MUTANTS,
    *mutants_of_google_json.MUTANTS,
    *mutants_of_google_operations.MUTANTS,
)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_mutant_is_noticed(
    mutant: Mutant, tmp_path: Path, reach_of: Callable[[type[Reference]], Reach], every_check: bool
) -> None:
    reach = reach_of(flavour_of(mutant.server))
    reached = reach.checks(overridden(mutant.server))
    surprising = {check for check in reached if reach.scenarios[check] not in mutant.may_trip}
    run = judged(mutant.server(mutant.freedoms), tmp_path, checks=None if every_check else {*mutant.kills, *surprising})

    tripped = {each.check: each for each in run.results if each.verdict in TRIPPED}
    unnoticed = [check for check in mutant.kills if check not in tripped]
    elsewhere = [each for each in tripped.values() if each.check not in mutant.kills]
    surprises = sorted(each.check for each in elsewhere if each.scenario not in mutant.may_trip)
    errors = [f"{each.check}: {each.reason}" for each in run.results if each.verdict == "error"]
    assert not errors, "\n".join(errors)
    assert not unnoticed, f"{mutant.defect} Not noticed by {unnoticed}; tripped: {sorted(tripped)}"
    assert not surprises, f"{mutant.defect} A surprise in {surprises}"


def test_mutants_have_names_of_their_own() -> None:
    names = [each.name for each in MUTANTS]
    assert len(names) == len(set(names))


def test_each_check_is_killed_by_a_mutant() -> None:
    killed = {check for mutant in MUTANTS for check in mutant.kills}
    every = set(GOLDEN.read_text(encoding="utf-8").splitlines())
    missing, unknown = sorted(every - killed), sorted(killed - every)
    assert not missing, f"no mutant is killed by: {', '.join(missing)}"
    assert not unknown, f"mutants name checks that there are not: {', '.join(unknown)}"
