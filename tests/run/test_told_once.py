"""What several processes of a run found alike in messages is told once."""

from __future__ import annotations

from pathlib import Path

from dicomweb_conformance.run.message_results import settled
from dicomweb_reports.messages import EXAMPLES
from tests.reports.run_directory import ROWS, RunDirectory, finding

MESSAGES = ("message[STORE-001]", "STORE-001", "All is well.")


def test_what_two_processes_found_alike_is_told_once(tmp_path: Path) -> None:
    directory = RunDirectory(tmp_path)
    directory.header()
    directory.plan(MESSAGES, rows=ROWS)
    for where in ("part 1", "part 2", "[2.25.1].00100010", "[2.25.2].00100010", "part 1", "part 3", "part 4"):
        directory.event("observed", **finding("STORE-001", "5xx", where=where, exchange=directory.exchange()))
    directory.event("tally", requirements={"STORE-001": {"judged": 9, "at_fault": 7}})
    directory.footer()

    (result,) = settled(directory.load(), [])

    assert [each.where for each in result.findings] == ["part 1", "part 2", "[2.25.1].00100010"][:EXAMPLES]
    assert len(result.exchanges) == EXAMPLES
    assert result.messages is not None
    assert result.messages.at_fault == 7


def test_examples_are_those_of_the_first_checks_whichever_process_was_first(tmp_path: Path) -> None:
    checks = [(f"check-{number}", "STORE-001", "Claim.") for number in range(6)]
    told = []
    for name, order in (("one", (0, 1, 2, 3, 4, 5)), ("two", (3, 0, 4, 1, 5, 2))):
        (tmp_path / name).mkdir()
        directory = RunDirectory(tmp_path / name)
        directory.header()
        directory.plan(*checks, rows=ROWS)
        for number in order:
            exchange = directory.exchange(check=f"check-{number}")
            directory.event("observed", **finding("STORE-001", "5xx", where=f"part {number}", exchange=exchange))
        directory.event("tally", requirements={"STORE-001": {"judged": 6, "at_fault": 6}})
        directory.footer()
        (result,) = settled(directory.load(), [])
        told.append([each.where for each in result.findings])

    assert told == [["part 0", "part 1", "part 2"]] * 2
