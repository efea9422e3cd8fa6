"""`exchanges.har`, as a browser's developer tools read it."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from dicomweb_reports.report_har import write_har
from tests.reports.run_directory import RunDirectory


def har_of(directory: RunDirectory) -> dict[str, Any]:
    file = io.StringIO()
    write_har(directory.load(), file)
    log: dict[str, Any] = json.loads(file.getvalue())["log"]
    return log


def test_every_exchange_is_there_with_what_har_1_2_demands(faulty: RunDirectory) -> None:
    log = har_of(faulty)

    assert (log["version"], log["creator"]["name"]) == ("1.2", "dicomweb-conformance")
    assert len(log["entries"]) == len(faulty.load().exchanges)
    for entry in log["entries"]:
        assert {"startedDateTime", "time", "request", "response", "cache", "timings"} <= set(entry)
        assert {"method", "url", "httpVersion", "cookies", "headers", "queryString", "headersSize", "bodySize"} <= set(
            entry["request"]
        )
        assert {"status", "statusText", "content", "redirectURL", "headersSize", "bodySize"} <= set(entry["response"])
        assert {"size", "mimeType"} <= set(entry["response"]["content"])
        assert {"send", "wait", "receive"} <= set(entry["timings"])


def test_a_search_with_its_answer(faulty: RunDirectory) -> None:
    entry = next(entry for entry in har_of(faulty)["entries"] if entry["comment"].startswith("main-6"))

    assert entry["time"] == 12
    query = [(field["name"], field["value"]) for field in entry["request"]["queryString"]]
    assert query == [("PatientID", "DWC-1234"), ("limit", "2")]
    assert entry["response"]["content"]["mimeType"] == "application/dicom+json"
    assert len(json.loads(entry["response"]["content"]["text"])) == 4


def test_binary_and_large_bodies_are_named_not_copied(faulty: RunDirectory) -> None:
    entries = har_of(faulty)["entries"]
    store = next(entry for entry in entries if entry["comment"].startswith("main-1,"))
    large = next(entry for entry in entries if entry["comment"].startswith("main-8"))

    assert store["request"]["postData"]["comment"].startswith("in bodies/")
    assert large["response"]["content"]["comment"].startswith("in bodies/")
    assert "text" not in large["response"]["content"]


def test_an_exchange_without_an_answer(faulty: RunDirectory) -> None:
    entry = next(entry for entry in har_of(faulty)["entries"] if entry["comment"].startswith("main-9"))

    assert entry["response"]["status"] == 0
    assert "connection closed before a status line" in entry["comment"]


@pytest.mark.parametrize("url", ["http://[", "x", "http://a/?&&=&%ff=\ud83d"])
def test_an_odd_url_is_no_obstacle(directory: RunDirectory, url: str) -> None:
    directory.header()
    directory.exchange(url=url.encode("utf-8", "replace").decode())

    assert len(har_of(directory)["entries"]) == 1


def test_a_run_without_exchanges(directory: RunDirectory) -> None:
    directory.header()

    assert har_of(directory)["entries"] == []
