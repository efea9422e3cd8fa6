"""Reports for other programs: SARIF, HAR and badges."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator
from lxml import etree

from dicomweb_reports.badge import shields, svg
from dicomweb_reports.report_har import write_har
from dicomweb_reports.report_sarif import sarif
from tests.reports.interchange import HAR, SARIF
from tests.reports.realistic_run import realistic
from tests.reports.run_directory import ROWS, RunDirectory, finding

if TYPE_CHECKING:
    from pathlib import Path


def log_of(directory: RunDirectory) -> dict[str, Any]:
    document = json.loads(json.dumps(sarif(directory.load()), allow_nan=False))
    Draft202012Validator(SARIF).validate(document)
    run: dict[str, Any] = document["runs"][0]
    return run


@pytest.mark.parametrize("ended", [True, False])
def test_sarif_and_har_of_a_run_keep_to_their_schemas(tmp_path: Path, ended: bool) -> None:
    directory = realistic(tmp_path / "run", ended=ended)
    file = io.StringIO()
    write_har(directory.load(), file)

    Draft202012Validator(HAR).validate(json.loads(file.getvalue()))
    assert log_of(directory)["invocations"][0]["executionSuccessful"] is ended


def test_the_schemas_refuse_what_their_formats_do_not_know(faulty: RunDirectory) -> None:
    document = sarif(faulty.load())
    document["runs"][0]["results"][0]["verdict"] = "fail"

    assert not Draft202012Validator(SARIF).is_valid(json.loads(json.dumps(document)))


def test_each_kind_of_finding_is_a_result_at_the_file_that_describes_the_target(directory: RunDirectory) -> None:
    directory.header(settings={"target_file": "ci/target.toml"})
    directory.plan(("c", "SEARCH-069", "`limit` caps."))
    exchange = directory.exchange()
    shown = [finding("SEARCH-069", "more objects", exchange=exchange, where=f"[{each}]") for each in range(3)]
    shown.append(finding("SEARCH-069", "another order", "deviation"))
    directory.result("c", "SEARCH-069", "`limit` caps.", "fail", findings=shown)
    directory.footer()

    run = log_of(directory)

    results = run["results"]
    assert [(result["level"], result["properties"]["code"]) for result in results] == [
        ("error", "more-objects"),
        ("warning", "another-order"),
    ]
    place = results[0]["locations"][0]
    assert place["physicalLocation"]["artifactLocation"]["uri"] == "ci/target.toml"
    assert place["logicalLocations"][0]["name"] == "c"
    assert "Repeat it: curl -sS -i" in results[0]["message"]["text"]
    rule = run["tool"]["driver"]["rules"][results[0]["ruleIndex"]]
    assert (rule["id"], rule["properties"]["clause"]) == ("SEARCH-069", "PS3.18 8.3.4.4")


def test_a_known_failure_is_a_result_that_is_suppressed(faulty: RunDirectory) -> None:
    known = next(each for each in log_of(faulty)["results"] if each["properties"]["verdict"] == "known")

    assert known["suppressions"][0]["justification"] == "fixed in 4.3 https://tracker.example/issues/711"


def test_an_alert_is_the_same_in_the_next_run_and_an_error_of_the_suite_is_none(faulty: RunDirectory) -> None:
    first, again = log_of(faulty), log_of(faulty)

    prints = [each["partialFingerprints"] for each in first["results"]]
    assert prints == [each["partialFingerprints"] for each in again["results"]]
    assert len({each["checkRequirementCode/v1"] for each in prints}) == len(prints)
    assert "error" not in {each["properties"]["verdict"] for each in first["results"]}
    assert len(first["invocations"][0]["toolExecutionNotifications"]) == 1


def test_no_more_results_than_code_scanning_takes_and_fails_before_notes(directory: RunDirectory) -> None:
    directory.header()
    name = next(iter(ROWS))
    for number in range(5100):
        verdict = "note" if number < 5000 else "fail"
        directory.result(f"c-{number}", name, "A claim.", verdict, findings=[finding(name, "seen", verdict)])

    results = log_of(directory)["results"]

    assert len(results) == 5000
    assert [result["level"] for result in results[99:101]] == ["error", "note"]


def test_a_badge_says_the_verdict_for_the_profile(faulty: RunDirectory) -> None:
    picture = svg(faulty.load())

    assert shields(faulty.load()) == {
        "schemaVersion": 1,
        "label": "DICOMweb",
        "message": "does not conform",
        "color": "a3231b",
    }
    root = etree.fromstring(picture.encode())
    assert root.get("aria-label") == "DICOMweb: does not conform"
    assert not [element for element in root.iter() if "href" in str(element.attrib)]


def test_the_name_of_a_home_made_profile_is_no_markup(directory: RunDirectory) -> None:
    directory.header(profile="<b>&\"'")

    root = etree.fromstring(svg(directory.load()).encode())

    assert root.get("aria-label") == "DICOMweb <b>&\"': nothing concluded"
