"""`report.md`, as it shows in the summary of a CI job."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from dicomweb_reports.report_markdown import markdown
from tests.reports.run_directory import ROWS, RunDirectory, finding, realistic

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


def test_the_summary_of_a_thousand_failures_is_short(directory: RunDirectory) -> None:
    directory.header()
    for number in range(1000):
        name = list(ROWS)[number % len(ROWS)]
        directory.result(f"c-{number}", name, "A claim.", "fail", findings=[finding(name, "x" * 1000)] * 9)

    text = markdown(directory.load())

    assert len(text) < 200_000
    assert "and 970 more, in report.html." in text
