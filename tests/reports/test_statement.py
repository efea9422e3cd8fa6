"""The observed conformance statement tells what was seen to work, and by which exchange."""

from __future__ import annotations

from typing import Any

from lxml import html as lxml_html

from dicomweb_reports.report_html import html
from dicomweb_reports.statement import statement
from dicomweb_reports.statement_markdown import markdown
from tests.reports.run_directory import RunDirectory, finding, studies

MULTIPART = 'multipart/related; type="application/dicom"; boundary=b'
PART10 = b"--b\r\nContent-Type: application/dicom; transfer-syntax=1.2.840.10008.1.2.4.70\r\n\r\n" + bytes(200)


def told(directory: RunDirectory) -> dict[str, list[tuple[str, str, str]]]:
    return {
        each.title: [(line.option, line.value, line.exchange) for line in each.lines]
        for each in statement(directory.load())
    }


def shown(directory: RunDirectory, check: str, verdict: str = "pass", **fields: Any) -> str:
    """Record an exchange of a check, and return its id."""
    observed = fields.pop("findings", ())
    exchange = directory.exchange(**fields)
    found = [{**finding("SEARCH-069", "none", verdict), **each, "exchange": exchange} for each in observed]
    directory.result(check, "SEARCH-069", "A claim.", verdict, exchanges=[exchange], findings=found)
    return exchange


def test_a_search_tells_its_media_type_status_and_the_key_that_is_matched(directory: RunDirectory) -> None:
    directory.header()
    name = shown(directory, "search-matches-study[StudyDate]", path="/studies?StudyDate=20261122", answer=studies(1))

    assert told(directory) == {
        "Search for studies": [
            ("Media type returned", "application/dicom+json", name),
            ("Matching key", "StudyDate", name),
            ("Status code", "200 OK", name),
        ]
    }


def test_a_retrieval_tells_the_transfer_syntax_of_its_first_part(directory: RunDirectory) -> None:
    directory.header()
    name = shown(directory, "retrieve", path="/studies/2.25.1", headers=(("Content-Type", MULTIPART),), answer=PART10)

    assert told(directory) == {
        "Retrieve a study": [
            ("Media type returned", 'multipart/related; type="application/dicom"', name),
            ("Transfer syntax returned", "1.2.840.10008.1.2.4.70", name),
            ("Status code", "200 OK", name),
        ]
    }


def test_a_store_tells_what_was_accepted(directory: RunDirectory) -> None:
    directory.header()
    shown(directory, "store", method="POST", path="/studies", sent=(("Content-Type", MULTIPART),), body=PART10)

    options = {(option, value) for option, value, _ in told(directory)["Store instances"]}

    assert ("Media type accepted", 'multipart/related; type="application/dicom"') in options
    assert ("Transfer syntax accepted", "1.2.840.10008.1.2.4.70") in options


def test_what_a_server_may_ignore_shows_nothing_where_another_check_sends_it(directory: RunDirectory) -> None:
    directory.header()
    shown(directory, "search-ignores-unknown-keys", path="/studies?NoSuchKey=1&limit=2&fuzzymatching=true")

    assert [option for option, *_ in told(directory)["Search for studies"]] == ["Media type returned", "Status code"]


def test_a_key_that_fails_in_some_form_is_told_apart(directory: RunDirectory) -> None:
    directory.header()
    shown(directory, "search-matches-study[PatientName]", path="/studies?PatientName=A")
    shown(directory, "search-exact-name", "fail", path="/studies?PatientName=B%5EC", findings=[{}])

    text = markdown(directory.load())

    assert "| Matching key |" not in text
    assert "What the report says against it is about `PatientName` in some form." in text


def test_what_failed_deviates_or_never_succeeded_is_not_told(directory: RunDirectory) -> None:
    directory.header()
    shown(directory, "search", "fail", path="/studies", findings=[{}])
    shown(directory, "search-series", "deviation", path="/series", findings=[{}])
    shown(directory, "retrieve-missing", path="/studies/2.25.9", status=404, reason="Not Found")
    directory.exchange(path="/instances", purpose="confirm")

    assert told(directory) == {}
    assert "No transaction of the Studies Service was seen to work." in markdown(directory.load())


def test_each_line_leads_to_its_exchange_in_the_page(faulty: RunDirectory) -> None:
    run = faulty.load()
    page = lxml_html.document_fromstring(html(run))
    ids = set(page.xpath("//@id"))

    lines = [line for each in statement(run) for line in each.lines]

    assert lines
    assert {f"exchange-{line.exchange}" for line in lines} <= ids
    assert all(f"](report.html#exchange-{line.exchange})" in markdown(run) for line in lines)
