"""A failure in the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dicomweb_reports.failure import failure_text
from tests.reports.run_directory import RunDirectory, finding

if TYPE_CHECKING:
    from dicomweb_reports.record import Run


def text_of(run: Run, check: str, width: int = 100) -> str:
    return failure_text(next(result for result in run.results if result.check == check), run, width=width)


def test_a_failure_says_all_that_is_needed(faulty: RunDirectory) -> None:
    text = text_of(faulty.load(), "search-limit-caps")

    assert text == (
        """\
`limit=2` returns two matches when more than two exist.
fail: search-limit-caps

Requirement  SEARCH-069 shall PS3.18 8.3.4.4
             limit sets the greatest number of results.

Finding      more objects than limit, at GET /studies, limit=2 (fail)
  expected   two objects
             or one object, then two
  received   4 objects

Exchange     GET https://pacs.example/dicom-web/studies?PatientID=DWC-1234&limit=2
             200 OK, 0.012 s (main-6)
    | [
    |   {
    |     "00080005": {"vr": "CS", "Value": ["ISO_IR 192"]},
    |     "00080020": {"vr": "DA", "Value": ["20261122"]},
    |     "00100010": {"vr": "PN", "Value": [{"Alphabetic": "Zhang^Sally"}]},
    |     "0020000D": {"vr": "UI", "Value": ["2.25.304420000"]}
    |   },
    |   {
    |     "00080005": {"vr": "CS", "Value": ["ISO_IR 192"]},
    |     "00080020": {"vr": "DA", "Value": ["20261122"]},
    |     "00100010": {"vr": "PN", "Value": [{"Alphabetic": "Zhang^Sally"}]},
    |     "0020000D": {"vr": "UI", "Value": ["2.25.304420001"]}
    | [817 octets in all, in bodies/228da83abdcc…]

Why          dcmweb, Slicer and dicomweb-client page until an empty answer: limit ignored means
             everything twice, an order that changes means studies never shown, an offset that does
             not end a loop without end.

Repeat       curl -sS -i --http1.1 -H 'Accept: application/dicom+json' """
        """-H "Authorization: Bearer $DICOMWEB_TOKEN" -H "X-Api-Key: $DICOMWEB_X_API_KEY" -H 'User-Agent:' """
        "'https://pacs.example/dicom-web/studies?PatientID=DWC-1234&limit=2'"
    )


def test_every_acceptable_answer_is_listed_the_check_s_own_first(faulty: RunDirectory) -> None:
    text = text_of(faulty.load(), "store-foreign-study", width=200)

    own = text.index("409 with the instance in FailedSOPSequence, reason A-coded 0xA900")
    passes = text.index("or 409, the instance in FailedSOPSequence, not retrievable under either study")
    noted = text.index("or 409 without a module (with a note)")
    assert own < passes < noted


def test_each_finding_comes_with_its_exchange(faulty: RunDirectory) -> None:
    text = text_of(faulty.load(), "store-foreign-study")

    assert "Finding 1    200 or 202, at POST /studies/2.25.1, one instance" in text
    assert "at GET /studies/2.25.1/series (fail)" in " ".join(text.split())
    assert "Exchange     POST https://pacs.example/dicom-web/studies/2.25.1\n" in text
    assert "Exchange     GET https://pacs.example/dicom-web/studies/2.25.1/series\n" in text
    assert "Repeat       In the directory of the report, where bodies/ is:\ncurl -sS -i" in text
    assert "--data-binary @bodies/" in text


def test_hostile_answers_are_harmless_and_bounded(faulty: RunDirectory) -> None:
    text = text_of(faulty.load(), "search-hostile")

    assert all(line.isprintable() for line in text.split("\n"))
    assert len(text) < 6000
    assert "more characters)" in text


def test_lines_keep_to_the_width(faulty: RunDirectory) -> None:
    text = text_of(faulty.load(), "search-hostile", width=72)

    lines = [line for line in text.split("\n") if not line.startswith(("Exchange ", "Repeat "))]
    assert max(map(len, lines)) <= 72


def test_an_exchange_that_broke_off(faulty: RunDirectory) -> None:
    assert "connection closed before a status line, 30.000 s (main-9)" in text_of(faulty.load(), "retrieve-dies")


def test_an_error_of_the_suite_is_never_blamed_on_the_server(faulty: RunDirectory) -> None:
    text = text_of(faulty.load(), "rendered-palette")

    assert "An error of this suite, not of the server. Please report it." in text
    assert 'KeyError: "PALETTE <COLOR>"' in text


def test_an_unexpected_pass_says_what_to_do(faulty: RunDirectory) -> None:
    assert "Take its row out of the known failures." in text_of(faulty.load(), "delete-absent")


def test_an_inconclusive_check_names_the_exchange_to_blame(faulty: RunDirectory) -> None:
    text = text_of(faulty.load(), "rendered-rgb")

    assert "Reason       the study monochrome could not be stored" in text
    assert "500 Internal Server Error, 0.012 s (main-1)" in text


def test_a_known_failure_says_its_reason(faulty: RunDirectory) -> None:
    text = text_of(faulty.load(), "rendered-monochrome1")

    assert "fixed in 4.3 https://tracker.example/issues/711" in " ".join(text.split())


def test_many_findings_are_bounded(directory: RunDirectory) -> None:
    directory.header()
    check = ("json-padding", "JSON-021", "Strings carry no padding.")
    directory.plan(check)
    directory.result(*check, "fail", findings=[finding("JSON-021", "a string that ends in U+0000")] * 500)

    text = text_of(directory.load(), "json-padding")

    assert "492 more findings are in the report." in text
    assert text.count("expected") == 8


def test_a_requirement_that_the_record_does_not_hold_is_still_named(directory: RunDirectory) -> None:
    directory.header()
    directory.result("x", "ODD-001", "It works.", "fail", findings=[finding("ODD-001", "none", exchange="gone-1")])

    text = text_of(directory.load(), "x")

    assert "Requirement  ODD-001" in text
    assert "expected   what the requirement says" in text
