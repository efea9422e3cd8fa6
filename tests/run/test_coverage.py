"""The chain from a requirement to a check: no check drops out unseen, and what none verifies is computed."""

from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from dicomweb_conformance.catalogue.profile import load_profile, shipped
from dicomweb_conformance.catalogue.requirements import load
from dicomweb_conformance.cli import main
from dicomweb_conformance.probes.capabilities import questions_of
from dicomweb_conformance.run.coverage import checks, coverage, is_judged
from dicomweb_conformance.run.profile_facts import taken

NEEDED_ALL_THE_SAME = {"aws": {"retrieve", "metadata"}, "google": {"bulkdata", "retrieve.single-part"}}
"""Capabilities that a profile's service has, though the check which owns them asks for more than it has."""
GOLDEN = Path(__file__).parents[1] / "golden"


def test_the_scenarios_hold_the_checks_of_the_golden_file() -> None:
    assert sorted(check for check, _ in checks()) == (GOLDEN / "check_ids.txt").read_text("utf-8").splitlines()


def test_each_row_is_checked_or_says_why_not() -> None:
    printed = CliRunner().invoke(main, ["requirements", "--coverage"]).output.splitlines()

    assert printed[0].split() == ["service", "checked", "not", "tested", "open"]
    everything = next(line for line in printed if line.startswith("all "))
    checked, not_tested, still_open = (int(each) for each in everything.split()[1:])
    assert checked + not_tested == len(coverage())
    assert still_open == 0, [line for line in printed if "no check yet" in line]


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


@pytest.mark.parametrize("name", shipped())
def test_no_core_check_hangs_on_what_its_profile_says_is_not_there(name: str) -> None:
    """What a profile leaves out as not offered, no core check of it may need: it would fail every server."""
    profile = replace(load_profile(name), judges=is_judged)
    every = dict(checks())
    planned = taken(profile, every.items())
    gone = {
        capability
        for capability, question in questions_of(profile, 1).items()
        if question.owner not in planned and capability not in NEEDED_ALL_THE_SAME.get(name, ())
    }

    hanging = {
        check: needed
        for check in planned
        if any(profile.is_core(profile.rows[row]) for row in every[check])
        and (needed := {profile.rows[row].capability for row in every[check]} & gone)
    }

    assert hanging == {}
