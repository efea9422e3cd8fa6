"""`report.md`, as it shows in the summary of a CI job."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from dicomweb_conformance.run import step_summary
from dicomweb_reports.report_markdown import markdown
from tests.reports.realistic_run import realistic
from tests.reports.run_directory import ROWS, RunDirectory, finding

if TYPE_CHECKING:
    from pathlib import Path


def test_the_summary_says_the_verdict_the_counts_and_each_failure(faulty: RunDirectory) -> None:
    text = markdown(faulty.load())

    assert text.startswith("# Example Medical Archive 4.2: does not conform\n\n4 of 23 checks failed: 2 in search")
    assert "- Target: `https://pacs.example/dicom-web`" in text
    assert "| search | 2 |  |  |  |  | 1 |  | 8 |  |" in text
    assert "## Failures (4)" in text
    assert "- `limit=2` returns two matches when more than two exist. (`search-limit-caps`)" in text
    assert "  - **SEARCH-069**, shall, PS3.18 8.3.4.4: more objects than limit, at GET /studies, limit=2" in text
    assert "expected `two objects` or `one object, then two`; received `4 objects`" in text
    assert "## Errors of the suite, not of the server (1)" in text
    assert "- 2: the study monochrome could not be stored" in text


def test_hostile_content_is_neither_markup_nor_markdown(faulty: RunDirectory) -> None:
    text = markdown(faulty.load())

    outside = re.sub(r"(`+)[^`].*?\1", "", text)
    assert not re.search(r"(?<!\\)<", outside)
    assert all(line.isprintable() for line in text.split("\n"))


def test_backticks_in_an_answer_do_not_end_its_code(directory: RunDirectory) -> None:
    directory.header()
    found = finding("SEARCH-069", "none", received="``<b>` [x](javascript:1)")
    directory.result("c", "SEARCH-069", "A limit holds.", "fail", findings=[found])

    assert "received ``` ``<b>` [x](javascript:1) ```" in markdown(directory.load())


def test_a_run_that_broke_off_says_so(tmp_path: Path) -> None:
    text = markdown(realistic(tmp_path / "run", ended=False).load())

    assert "**This run broke off: its record has no end. 17 of 23 planned checks concluded.**" in text


def test_all_of_a_thousand_failures_are_told_and_no_line_twice(directory: RunDirectory) -> None:
    directory.header()
    for number in range(1000):
        name = list(ROWS)[number % len(ROWS)]
        shown = [finding(name, "x" * 1000, exchange=directory.exchange(path=f"/studies?limit={number % 3}"))] * 9
        directory.result(f"c-{number}", name, f"Claim {number}.", "fail", findings=shown)

    text = markdown(directory.load())

    assert len(text) < 200_000
    assert all(f"(`c-{number}`)" in text for number in range(1000))
    assert text.count("`GET https://pacs.example/dicom-web/studies?limit=1`: 200 OK") == 333
    commands = [line for line in text.split("\n") if line.startswith("  curl")]
    assert len(commands) == 3
    assert text.count("- **SEARCH-069**") == 3


def test_a_failure_has_its_request_and_the_command_that_repeats_it(faulty: RunDirectory) -> None:
    text = markdown(faulty.load())

    assert "  `GET https://pacs.example/dicom-web/studies?PatientID=DWC-1234&limit=2`: 200 OK\n" in text
    assert "'https://pacs.example/dicom-web/studies?PatientID=DWC-1234&limit=2'\n  ```" in text


def test_a_step_summary_gets_the_report_and_no_more_than_is_shown(faulty: RunDirectory, tmp_path: Path) -> None:
    report, summary = tmp_path / "report.md", tmp_path / "summary"
    report.write_text(markdown(faulty.load()), encoding="utf-8")
    summary.write_text("# Before\n", encoding="utf-8")

    step_summary.append(report, summary)
    assert summary.read_text("utf-8") == "# Before\n" + report.read_text("utf-8")

    report.write_text("- line\n  ```sh\n" + "  curl x\n" * 200_000, encoding="utf-8")
    step_summary.append(report, summary)
    text = summary.read_text("utf-8")
    assert len(text.encode()) < 1 << 20
    assert text.count("```") % 2 == 0
    assert text.endswith("The rest is in report.md, among the artifacts of the job if it keeps them.\n")
