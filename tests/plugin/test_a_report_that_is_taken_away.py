"""Somebody removes, or moves, what a run writes to: what was concluded is put back, and what is left stays named."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.plugin.sites import STORES_AND_READS, Moment, Site, site


def concludes(archive: Site) -> Moment:
    """The first request behind the verdict of a check."""
    record = archive.report / "run.jsonl"
    return lambda _http, _number: record.exists() and b'"event": "result"' in record.read_bytes()


def deletes(_archive: Site) -> Moment:
    return lambda http, _number: http.method == "DELETE"


def remove(directory: Path) -> None:
    """Remove a directory into which others go on writing."""
    gone = directory.rename(directory.with_name("going"))
    shutil.rmtree(gone, ignore_errors=True)


def removed(archive: Site) -> Callable[[], None]:
    return lambda: remove(archive.report)


def moved(archive: Site) -> Callable[[], None]:
    return lambda: archive.report.rename(archive.report.with_name("elsewhere")) and None


@pytest.mark.parametrize("workers", ["0", "2"])
def test_bodies_that_are_removed_take_no_check_along(workers: str, tmp_path: Path) -> None:
    with site(tmp_path) as archive:
        archive.reference.at(concludes(archive), lambda: remove(archive.report / "bodies"))
        status, printed = archive.run(*STORES_AND_READS, "-n", workers)

        assert status == 3, printed
        assert "Traceback" not in printed
        line = f"The run did not end: {archive.report / 'bodies'} was removed while the run went on"
        assert line in printed
        told = archive.told()
        assert told["counts"]["not concluded"] == told["counts"]["error"] == 0
        assert told["overall"]["verdict"] == "partial"
        assert (archive.report / "report.html").exists()
        assert archive.studies() == set()


@pytest.mark.parametrize("take_away", [removed, moved])
@pytest.mark.parametrize("workers", ["0", "2"])
@pytest.mark.parametrize("moment", [concludes, deletes], ids=["in mid-run", "in clean-up"])
def test_a_directory_that_is_taken_away_ends_the_run_with_its_report(
    take_away: Callable[[Site], Callable[[], None]], workers: str, moment: Callable[[Site], Moment], tmp_path: Path
) -> None:
    with site(tmp_path) as archive:
        archive.reference.at(moment(archive), take_away(archive))
        status, printed = archive.run(*STORES_AND_READS, "-n", workers)

        assert status == 3, printed
        assert "Traceback" not in printed
        assert "conforms" not in printed
        assert "was removed or moved while the run went on" in printed
        told = archive.told()
        assert told["overall"]["verdict"] == "partial"
        assert told["counts"]["pass"] > 0
        assert {each["verdict"] for each in told["results"]} <= {"pass", "note", "not-applicable"}
        if moment is not deletes:
            assert told["counts"]["not concluded"] > 0
        if archive.studies():
            assert archive.studies() <= archive.ledger()
            status, printed = archive.clean()
            assert status == 0, printed
        assert archive.studies() == set()


GOES = """
import shutil, pytest

@pytest.hookimpl(trylast=True)
def pytest_configure_node(node):
    shutil.rmtree("reports/latest", ignore_errors=True)  # of the second worker: it is gone
"""
"""The first worker has been told by then what marks the directory; the second is told that there is none."""


def test_a_directory_that_goes_as_workers_start_is_told_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(GOES, encoding="utf-8")
    with site(tmp_path) as archive:
        status, printed = archive.run(*STORES_AND_READS, "-n", "2")

        assert status == 3, printed
        assert "Traceback" not in printed
        assert f"{archive.report} was removed or moved while the run went on" in printed
        assert archive.told()["overall"]["verdict"] != "conforms"
        assert archive.studies() == set()
