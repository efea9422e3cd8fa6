"""No verdict depends on what ran before: a check of search brings what it needs to notice a defect when run alone."""

from pathlib import Path

import pytest

from tests.mutants.harness import judged
from tests.mutants.mutant import Mutant
from tests.mutants.search.resources import OF_THE_ARCHIVE
from tests.mutants.test_mutants import MUTANTS


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Show each check what shows only beside other studies, and under --each-alone all that it must notice."""
    if "check" in metafunc.fixturenames:
        pairs = [
            pytest.param(mutant, check, id=f"{mutant.name}-{check}")
            for mutant in MUTANTS
            for check in mutant.kills
            if check.startswith("search-")
            and (mutant.name.endswith(OF_THE_ARCHIVE) or metafunc.config.getoption("--each-alone"))
        ]
        metafunc.parametrize(("mutant", "check"), pairs)


def test_a_check_alone_notices(mutant: Mutant, check: str, tmp_path: Path) -> None:
    tiers = f"--dicomweb-include={','.join(['delete', *mutant.tiers])}"

    run = judged(mutant.server(mutant.freedoms), tmp_path, tiers, checks={check})

    (told,) = [result for result in run.results if result.check == check]
    assert told.verdict in {"fail", "deviation"}, f"{mutant.defect} {told.verdict}: {told.reason}"


def test_the_search_scenario_alone_notices_instances_of_other_studies(tmp_path: Path) -> None:
    (mutant,) = (each for each in MUTANTS if each.name == f"instances-of-a-study-{OF_THE_ARCHIVE}")

    run = judged(mutant.server(), tmp_path, "-m", "search")

    assert {result.check: result.verdict for result in run.results}["search-instances-of-a-study"] == "fail"
