"""What reports say of clients in use."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

from jsonschema import Draft202012Validator

from dicomweb_conformance.run.terminal import terminal_lines
from dicomweb_reports.personas import rows
from dicomweb_reports.report_html import html
from dicomweb_reports.report_json import report
from dicomweb_reports.report_markdown import markdown
from tests.reports.run_directory import RunDirectory, finding

ROW = "SEARCH-069"


def concluded(directory: RunDirectory, check: str, verdict: str, **fields: Any) -> None:
    directory.result(check, ROW, "A claim.", verdict, scenario="persona", **fields)


def test_a_client_breaks_at_the_request_that_shows_it_among_all_that_it_sends(directory: RunDirectory) -> None:
    directory.header()
    search, stored, frames = directory.exchange(), directory.exchange(purpose="store"), directory.exchange()
    found = finding(ROW, "preamble", "note", where="", received="words", exchange=frames, breaks=True)
    concluded(directory, "persona-search[ohif]", "pass", exchanges=[search])
    concluded(directory, "persona-frames[ohif]", "note", findings=[found], exchanges=[stored, frames])

    (row,) = rows(directory.load())

    assert (row.client, row.outcome) == ("ohif", "breaks")
    assert row.why == "frames: at request 2 (GET /studies) because: preamble; received words"
    assert [(use.operation, use.outcome) for use in row.uses] == [("search", "works"), ("frames", "breaks")]


def test_what_breaks_a_client_goes_before_what_degrades_it(directory: RunDirectory) -> None:
    directory.header()
    exchange = directory.exchange()
    blank = finding(ROW, "a blank", "note", where="", received="", exchange=exchange)
    refused = finding(ROW, "4xx", "note", where="", received="404", exchange=exchange, breaks=True)
    concluded(directory, "persona-search[weasis]", "note", findings=[blank, refused], exchanges=[exchange])
    concluded(directory, "persona-search[slim]", "note", findings=[blank], exchanges=[exchange])

    by_client = {row.client: (row.outcome, row.why) for row in rows(directory.load())}

    assert by_client == {
        "slim": ("degrades", "search: at request 1 (GET /studies) because: a blank"),
        "weasis": ("breaks", "search: at request 1 (GET /studies) because: 4xx; received 404"),
    }


def test_a_request_is_named_by_its_path_without_uids(directory: RunDirectory) -> None:
    directory.header()
    exchange = directory.exchange(path="/studies/2.25.30442/series/2.25.123/rendered?viewport=256%2C256")
    found = finding(ROW, "4xx", "note", where="", received="400", exchange=exchange, breaks=True)
    concluded(directory, "persona-rendered[slim]", "note", findings=[found], exchanges=[exchange])

    assert "(GET /studies/…/series/…/rendered?viewport=256%2C256)" in rows(directory.load())[0].why


def test_what_was_not_judged_of_a_client_is_said(directory: RunDirectory) -> None:
    directory.header()
    concluded(directory, "persona-search[ohif]", "pass")
    concluded(directory, "persona-delete[ohif]", "not-applicable", reason="tier delete is not included")
    concluded(directory, "persona-search[slim]", "inconclusive", reason="nothing is stored")

    assert [(row.client, row.outcome, row.why) for row in rows(directory.load())] == [
        ("ohif", "works", "not judged in delete"),
        ("slim", "not judged", "search: nothing is stored"),
    ]


def test_a_client_that_must_work_is_marked_in_every_report(directory: RunDirectory) -> None:
    directory.header(settings={"persona": ["ohif"]})
    exchange = directory.exchange(status=406)
    found = finding(ROW, "4xx", where="", received="406", exchange=exchange, breaks=True)
    concluded(directory, "persona-frames[ohif]", "fail", findings=[found], exchanges=[exchange])
    concluded(directory, "persona-frames[slim]", "pass")
    run = directory.load()

    assert "| breaks frames: at request 1 (GET /studies) because: 4xx; received 406 | must work |" in markdown(run)
    assert "| slim | works |  |" in markdown(run)
    assert "ohif (must work)" in html(run)
    assert "clients in use: breaks: ohif (must work); works: slim" in [*terminal_lines(run)]
    assert [(row["client"], row["outcome"], row["must_work"]) for row in report(run)["personas"]] == [
        ("ohif", "breaks", True),
        ("slim", "works", False),
    ]


def test_the_report_is_as_its_schema_says(directory: RunDirectory) -> None:
    directory.header(settings={"persona": ["ohif"]})
    found = finding(ROW, "4xx", "note", exchange=directory.exchange(), breaks=True)
    concluded(directory, "persona-frames[ohif]", "note", findings=[found])
    schema = json.loads(files("dicomweb_reports").joinpath("report.schema.json").read_text("utf-8"))

    document = json.loads(json.dumps(report(directory.load())))

    assert [error.message for error in Draft202012Validator(schema).iter_errors(document)] == []


def test_a_run_without_clients_has_no_table_of_them(directory: RunDirectory) -> None:
    directory.header()
    directory.result("search-limit-caps", ROW, "A claim.")

    assert "Clients in use" not in markdown(directory.load()) + html(directory.load())
