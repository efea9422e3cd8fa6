"""What reports say of the samples of the Cloud Healthcare API's page."""

from __future__ import annotations

from typing import Any

from dicomweb_reports.report_html import html
from dicomweb_reports.report_json import report
from dicomweb_reports.report_markdown import markdown
from dicomweb_reports.samples import Row, rows
from tests.reports.run_directory import RunDirectory, finding


def concluded(directory: RunDirectory, check: str, verdict: str, **fields: Any) -> None:
    directory.result(check, "SEARCH-069", "A claim.", verdict, scenario="seed", **fields)


def test_a_sample_breaks_at_the_request_of_its_client_that_shows_it(directory: RunDirectory) -> None:
    directory.header()
    stored = directory.exchange("POST", purpose="store")
    first = directory.exchange(path="/studies?limit=1")
    second = directory.exchange("DELETE", path="/studies/1.2", status=500)
    found = finding("SEARCH-069", "5xx", where="", received="500", exchange=second)
    concluded(directory, "seed-delete-study[dcmweb]", "fail", findings=[found], exchanges=[stored, first, second])

    assert rows(directory.load()) == (
        Row(
            "delete study", "dcmweb", "breaks", "at request 2 (DELETE /studies/1.2) because: 5xx; received 500", "fail"
        ),
    )


def test_a_request_that_was_sent_again_counts_once(directory: RunDirectory) -> None:
    directory.header()
    first = directory.exchange(status=503)
    again = directory.exchange(status=404, retry_of=first)
    found = finding("SEARCH-069", "404", where="", received="", exchange=again)
    concluded(directory, "seed-store[go]", "fail", findings=[found], exchanges=[first, again])

    assert rows(directory.load())[0].why == "at request 1 (GET /studies) because: 404"


def test_a_note_degrades_a_sample_and_a_pass_works(directory: RunDirectory) -> None:
    directory.header()
    note = finding("SEARCH-069", "no PNG", "note", where="", received="image/jpeg")
    concluded(directory, "seed-rendered[java]", "note", findings=[note])
    concluded(directory, "seed-rendered[curl]", "pass")
    concluded(directory, "seed-rendered[go]", "inconclusive", reason="the study could not be stored")

    assert [(row.client, row.outcome, row.why) for row in rows(directory.load())] == [
        ("java", "degrades", "no PNG; received image/jpeg"),
        ("curl", "works", ""),
        ("go", "not judged", "the study could not be stored"),
    ]


def test_the_reports_hold_a_row_for_each_operation_and_client(directory: RunDirectory) -> None:
    directory.header()
    concluded(directory, "seed-store[curl]", "pass")

    assert "| store | curl | works |" in markdown(directory.load())
    assert report(directory.load())["samples"] == [
        {"operation": "store", "client": "curl", "outcome": "works", "why": "", "verdict": "pass"}
    ]
    assert "Samples of the page" in html(directory.load())


def test_a_run_without_samples_has_no_table_of_them(directory: RunDirectory) -> None:
    directory.header()
    directory.result("search-limit-caps", "SEARCH-069", "A claim.")

    assert "Samples of the page" not in markdown(directory.load()) + html(directory.load())
