"""The chain from a requirement to a check: what no check verifies is written down, so that nothing drops out unseen."""

from pathlib import Path

from click.testing import CliRunner

from dicomweb_conformance.cli import main
from dicomweb_conformance.run.coverage import checks, coverage

GOLDEN = Path(__file__).parents[1] / "golden"


def test_the_scenarios_hold_the_checks_of_the_golden_file() -> None:
    assert sorted(check for check, _ in checks()) == (GOLDEN / "check_ids.txt").read_text("utf-8").splitlines()


def test_requirements_without_a_check_are_those_of_the_golden_file() -> None:
    open_rows = [each.requirement.id for each in coverage() if each.state == "open"]
    assert open_rows == (GOLDEN / "open_requirements.txt").read_text("utf-8").splitlines()


def test_the_command_tells_what_is_checked_and_what_is_open() -> None:
    printed = CliRunner().invoke(main, ["requirements", "--coverage"]).output.splitlines()

    assert printed[0].split() == ["service", "checked", "not", "tested", "open"]
    everything = next(line for line in printed if line.startswith("all "))
    assert sum(int(each) for each in everything.split()[1:]) == len(coverage())
    assert any("no check yet" in line for line in printed)
