"""What reports say of the profile that a run judged by."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import dicomweb_reports
from dicomweb_reports.report_html import html
from dicomweb_reports.report_json import report
from dicomweb_reports.report_markdown import markdown
from dicomweb_reports.rules import departures, judged_by
from dicomweb_reports.summary import overall
from tests.reports.run_directory import RunDirectory

RULES: dict[str, Any] = {
    "title": "Example Archive 7",
    "file": "/vendor/archive.toml",
    "sha256": "0123456789abcdef" * 4,
    "shipped": False,
    "base": "dicom",
    "numbers": {"rows_left_out": 3, "checks_left_out": 5, "replaced": 0, "changed": 1, "added": 2},
    "left_out_of": {"THUMBNAIL": 2, "SEARCH": 1},
    "rows_left_out": ["THUMBNAIL-001", "THUMBNAIL-002", "SEARCH-031"],
    "omissions": [{"rows": ["THUMBNAIL-*"], "checks": [], "reason": "none there", "link": "", "sure": ""}],
    "changes": [
        {
            "rows": ["SEARCH-069"],
            "level": "may",
            "tier": None,
            "verdicts": {"none": "note"},
            "reason": "as stated",
            "link": "https://archive.example",
            "sure": "documented",
        }
    ],
}


@pytest.fixture
def home_made(tmp_path: Path) -> RunDirectory:
    directory = RunDirectory(tmp_path)
    directory.header(profile="archive-7", rules=RULES)
    directory.plan(("search-limit-caps", "SEARCH-069", "`limit=2` returns two matches."))
    directory.result("search-limit-caps", "SEARCH-069", "`limit=2` returns two matches.")
    directory.footer()
    return directory


def test_a_home_made_profile_is_told_with_what_it_leaves_out(home_made: RunDirectory) -> None:
    run = home_made.load()

    assert judged_by(run) == (
        "Judged by archive-7, a profile that is none of the suite's: Example Archive 7 (/vendor/archive.toml, SHA-256 "
        "0123456789abcdef). Held against the profile dicom it leaves out 3 requirements: SEARCH (1), THUMBNAIL (2); "
        "judges otherwise 1 requirement; adds 2 requirements; and does not run 5 checks."
    )
    assert overall(run).verdict == "conforms to a home-made profile"
    assert [(departure.what, departure.how, departure.reason) for departure in departures(run)] == [
        ("THUMBNAIL-*", "left out", "none there"),
        ("SEARCH-069", "level may; none: note", "as stated"),
    ]
    assert "as stated" in html(run)
    assert "https://archive.example documented" in markdown(run)


def test_one_of_the_suites_conforms_as_ever(home_made: RunDirectory) -> None:
    run = home_made.load()
    assert run.rules

    shipped = replace(run, rules=replace(run.rules, shipped=True))

    assert overall(shipped).verdict == "conforms"
    assert "Judged by archive-7, a profile of the suite" in judged_by(shipped)


def test_a_record_of_an_earlier_version_says_nothing_of_it(tmp_path: Path) -> None:
    directory = RunDirectory(tmp_path)
    directory.header()
    run = directory.load()

    assert (run.rules, judged_by(run), departures(run)) == (None, "", ())
    assert "otherwise" not in markdown(run)


def test_report_json_has_the_shape_of_its_schema(home_made: RunDirectory) -> None:
    schema = json.loads((Path(dicomweb_reports.__file__).parent / "report.schema.json").read_text(encoding="utf-8"))
    told = json.loads(json.dumps(report(home_made.load())))

    jsonschema.validate(told, schema)
    assert told["rules"]["changes"][0]["verdicts"] == {"none": "note"}
