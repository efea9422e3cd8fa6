"""The chain from a requirement to a check: no check drops out unseen, and what none verifies is computed."""

from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from dicomweb_conformance.catalogue.profile import load_profile
from dicomweb_conformance.catalogue.requirements import load
from dicomweb_conformance.cli import main
from dicomweb_conformance.run.coverage import checks, coverage, is_judged

GOLDEN = Path(__file__).parents[1] / "golden"


def test_the_scenarios_hold_the_checks_of_the_golden_file() -> None:
    assert sorted(check for check, _ in checks()) == (GOLDEN / "check_ids.txt").read_text("utf-8").splitlines()


def test_the_command_tells_what_is_checked_and_what_is_open() -> None:
    printed = CliRunner().invoke(main, ["requirements", "--coverage"]).output.splitlines()

    assert printed[0].split() == ["service", "checked", "not", "tested", "open"]
    everything = next(line for line in printed if line.startswith("all "))
    assert sum(int(each) for each in everything.split()[1:]) == len(coverage())
    assert any("no check yet" in line for line in printed)


@pytest.mark.parametrize("name", ["dicom", "google"])
def test_what_nothing_judges_takes_no_row_s_place(name: str) -> None:
    profile = replace(load_profile(name), judges=is_judged)
    judged = {each.requirement.id for each in coverage() if each.checks}
    rows = [row for row in load().values() if row.service in profile.services]

    unjudged = [
        row.id
        for row in rows
        if row.id in judged
        and not profile.has(row)
        and not judged & {other.id for other in rows if row.id in other.replaces}
    ]

    assert not unjudged
    assert bool(profile.replaced) is (name == "google")
