"""`report.json`, and the schema that it promises."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator

from dicomweb_reports.report_json import report
from tests.reports.realistic_run import realistic
from tests.reports.run_directory import RunDirectory

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def schema() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(files("dicomweb_reports").joinpath("report.schema.json").read_text("utf-8"))
    Draft202012Validator.check_schema(document)
    return document


def closed(schema: Any) -> Any:
    """Return the schema with every object that lists its members closed to others."""
    if isinstance(schema, list):
        return [closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    members = {name: closed(each) for name, each in schema.items()}
    return {**members, "additionalProperties": False} if "required" in schema else members


def test_a_report_keeps_to_the_schema_and_every_member_is_in_it(faulty: RunDirectory, schema: dict[str, Any]) -> None:
    document = json.loads(json.dumps(report(faulty.load()), allow_nan=False))

    Draft202012Validator(closed(schema)).validate(document)


def test_so_does_that_of_a_run_that_broke_off(tmp_path: Path, schema: dict[str, Any]) -> None:
    document = report(realistic(tmp_path / "run", ended=False).load())

    Draft202012Validator(closed(schema)).validate(json.loads(json.dumps(document)))
    assert (document["finished"], document["exit"], document["counts"]["not concluded"]) == (None, None, 6)


def test_so_does_that_of_an_empty_run(directory: RunDirectory, schema: dict[str, Any]) -> None:
    directory.header(target={"url": "http://127.0.0.1/", "product": None})

    Draft202012Validator(closed(schema)).validate(json.loads(json.dumps(report(directory.load()))))


def test_so_does_that_of_a_run_that_was_held_against_a_baseline_and_cleaned_up(
    directory: RunDirectory, schema: dict[str, Any]
) -> None:
    change = {"check": "c", "title": "A.", "requirement": "SEARCH-069", "code": "none", "what": "none", "blame": None}
    directory.header()
    directory.event(
        "baseline",
        source="report.json",
        started="2026-11-22T23:50:01.123Z",
        suite="0.1.0",
        worse=[{**change, "before": "pass", "after": "fail"}],
        better=[],
        new=[],
        unjudged=[],
        not_asked=2,
    )
    directory.event("cleaned", studies=7)

    document = report(directory.load())

    Draft202012Validator(closed(schema)).validate(json.loads(json.dumps(document)))
    assert document["baseline"]["worse"][0]["after"] == "fail"
    assert document["before_repeating"]["lines"][0].startswith("dicomweb-conformance corpus export")


def test_the_schema_refuses_what_is_no_report(faulty: RunDirectory, schema: dict[str, Any]) -> None:
    document = report(faulty.load())
    document["results"][0]["verdict"] = "splendid"

    assert not Draft202012Validator(schema).is_valid(json.loads(json.dumps(document)))


def test_a_report_says_what_was_concluded_and_on_what_grounds(faulty: RunDirectory) -> None:
    document = report(faulty.load())

    assert document["schema"] == "dicomweb-conformance-report/1"
    assert document["overall"]["verdict"] == "does not conform"
    assert (document["counts"]["fail"], document["counts"]["pass"]) == (4, 11)
    result = next(each for each in document["results"] if each["check"] == "search-limit-caps")
    assert result["findings"][0] == {
        "requirement": "SEARCH-069",
        "code": "more-objects-than-limit",
        "observation": "more objects than limit",
        "verdict": "fail",
        "where": "GET /studies, limit=2",
        "expected": ("two objects",),
        "received": "4 objects",
        "exchange": "main-6",
        "breaks": False,
        "times": 1,
        "pictures": (),
        "because": "",
    }
    exchange = document["exchanges"]["main-6"]
    assert (exchange["method"], exchange["status"], exchange["seconds"]) == ("GET", 200, 0.012)
    assert exchange["response"] == {"content_type": "application/dicom+json", "octets": 817}
    row = document["requirements"]["SEARCH-069"]
    assert (row["verdict"], row["level"], row["clause"]) == ("fail", "shall", "PS3.18 8.3.4.4")
    assert "search-limit-caps" in row["checks"]
    assert (document["started"], document["finished"]) == ("2026-11-22T23:50:01.123Z", "2026-11-22T23:54:13.456Z")


def test_no_body_is_inside(faulty: RunDirectory) -> None:
    text = json.dumps(report(faulty.load()))

    assert "ISO_IR" not in text
    assert "IHDR" not in text


def test_what_was_odd_on_the_wire_is_in_the_report(directory: RunDirectory, schema: dict[str, Any]) -> None:
    directory.header()
    odd = {"faults": ["a line that ends with LF alone"], "lines": ["Server: x"], "received": 2, "after": 0}
    directory.exchange(id="main-1")
    directory.exchange(id="main-2", retry_of="main-1", wire=odd)

    document = json.loads(json.dumps(report(directory.load())))

    Draft202012Validator(closed(schema)).validate(document)
    exchange = document["exchanges"]["main-2"]
    assert exchange["retry_of"] == "main-1"
    assert exchange["wire"] == {
        "faults": ["a line that ends with LF alone"],
        "framing": "",
        "announced": None,
        "received": 2,
        "after": 0,
        "interim": [],
    }
