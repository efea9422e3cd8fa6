"""Writing all reports of a run."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from dicomweb_reports import record, write
from dicomweb_reports.record import RecordError
from tests.reports.realistic_run import realistic
from tests.reports.run_directory import ROWS, RunDirectory, finding, studies

if TYPE_CHECKING:
    from pathlib import Path

REPORTS = (
    "report.json",
    "report.html",
    "report.md",
    "conformance-statement.md",
    "report.sarif",
    "badge.svg",
    "badge.json",
    "exchanges.har",
)


def test_all_reports_are_written_beside_the_record(tmp_path: Path) -> None:
    run = realistic(tmp_path / "run")

    written = write.write_reports(run.path)

    assert written.run.target.product is not None
    assert written.unwritten == ()
    path = run.path / "report.html"
    assert "Does not conform" in path.read_text("utf-8")
    assert json.loads((run.path / "report.json").read_text("utf-8"))["counts"]["fail"] == 4
    assert json.loads((run.path / "exchanges.har").read_text("utf-8"))["log"]["version"] == "1.2"
    assert (run.path / "report.md").read_text("utf-8").startswith("# Example Medical Archive 4.2")
    assert sorted(each.name for each in run.path.iterdir()) == sorted([*REPORTS, "run.jsonl", "bodies"])


def test_reports_are_a_function_of_the_record_alone(tmp_path: Path) -> None:
    run = realistic(tmp_path / "run")
    write.write_reports(run.path)
    first = [(run.path / name).read_bytes() for name in REPORTS]

    write.write_reports(run.path)

    assert [(run.path / name).read_bytes() for name in REPORTS] == first


def test_results_and_exchanges_stand_on_a_line_of_their_own(tmp_path: Path) -> None:
    run = realistic(tmp_path / "run")
    write.write_reports(run.path)

    lines = (run.path / "report.json").read_text("utf-8").splitlines()

    assert any(line.startswith('{"check": "search-limit-caps", "scenario"') for line in lines)
    assert any(line.startswith('"main-6": {"method": "GET"') for line in lines)


@pytest.mark.parametrize("step", ["HarFile.add_entry", "HarFile.open"])
def test_a_renderer_that_fails_leaves_no_half_file_and_all_others(
    step: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = realistic(tmp_path / "run")
    write.write_reports(run.path)
    before = (run.path / "exchanges.har").read_bytes()
    for name in ("report.json", "report.html", "report.md"):
        (run.path / name).unlink()

    def fail(*_: object, **__: object) -> None:
        raise ValueError("half way")

    monkeypatch.setattr(f"dicomweb_reports.report_har.{step}", fail)
    written = write.write_reports(run.path)

    assert [(each.name, str(each.error)) for each in written.unwritten] == [("exchanges.har", "half way")]
    assert (run.path / "exchanges.har").read_bytes() == before
    assert not list(run.path.glob("*.part"))
    assert all((run.path / name).exists() for name in REPORTS)


def test_reports_are_written_elsewhere(tmp_path: Path) -> None:
    run = realistic(tmp_path / "run")

    write.write_reports(run.path, tmp_path / "else" / "where")

    assert sorted(path.name for path in (tmp_path / "else" / "where").iterdir()) == sorted(REPORTS)
    assert sorted(path.name for path in run.path.iterdir()) == ["bodies", "run.jsonl"]


def test_what_a_link_leads_to_is_not_written(tmp_path: Path) -> None:
    run = realistic(tmp_path / "run")
    theirs = tmp_path / "theirs"
    theirs.write_text("precious")
    for name in REPORTS:
        (run.path / name).symlink_to(theirs)
        (run.path / f"{name}.part").symlink_to(theirs)

    write.write_reports(run.path)

    assert theirs.read_text() == "precious"
    assert not any((run.path / name).is_symlink() for name in REPORTS)


def test_no_record_no_reports(tmp_path: Path) -> None:
    with pytest.raises(RecordError):
        write.write_reports(tmp_path)

    assert list(tmp_path.iterdir()) == []


def test_the_report_of_a_large_run_stays_small(directory: RunDirectory) -> None:
    directory.header()
    names = list(ROWS)
    checks = [(f"check-{number}", names[number % len(names)], f"Claim `{number}` holds.") for number in range(900)]
    directory.plan(*checks)
    for number, check in enumerate(checks):
        exchanges = [directory.exchange(path=f"/studies?limit={number}", answer=studies(4)) for _ in range(6)]
        fails = number % 15 == 0
        found = [finding(check[1], "none", exchange=exchanges[0])] if fails else []
        directory.result(*check, "fail" if fails else "pass", findings=found, exchanges=exchanges)
    directory.footer()

    write.write_reports(directory.path)

    assert (directory.path / "report.html").stat().st_size < 3_000_000


def test_exchanges_that_are_not_held_in_memory_are_reported_all_the_same(
    faulty: RunDirectory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write.write_reports(faulty.path, tmp_path / "held")
    monkeypatch.setattr(record, "HELD", 2)
    write.write_reports(faulty.path, tmp_path / "not-held")

    for name in REPORTS:
        assert (tmp_path / "held" / name).read_text() == (tmp_path / "not-held" / name).read_text()
