"""What reports say of media types: one table of what was asked for, or sent, and what came."""

from __future__ import annotations

from dicomweb_reports.media_type_table import COLUMNS, media_types
from dicomweb_reports.report_html import html
from dicomweb_reports.report_markdown import markdown
from tests.reports.run_directory import RunDirectory, studies

PARTS = 'multipart/related; type="application/dicom"'


def words(directory: RunDirectory) -> dict[str, dict[str, str]]:
    return {
        row.title: {column: word for column, word in zip(COLUMNS, row.words, strict=True) if word}
        for row in media_types(directory.load())
    }


def asked(directory: RunDirectory, path: str, accept: str, returned: str = "", status: int = 200) -> None:
    headers = (("Content-Type", returned or accept),)
    answer = b"{}" if status == 200 else None
    directory.exchange(path=path, sent=(("Accept", accept),), headers=headers, status=status, answer=answer)


def test_a_cell_says_whether_the_type_that_was_asked_for_came(directory: RunDirectory) -> None:
    directory.header()
    asked(directory, "/studies/2.25.1/rendered", "image/jpeg")
    asked(directory, "/studies/2.25.1/rendered", "image/png", "image/jpeg")
    asked(directory, "/studies/2.25.1/rendered", "image/gif", status=406)
    asked(directory, "/studies/2.25.1/thumbnail", "image/jpeg", status=500)
    asked(directory, "/studies/2.25.1", PARTS, f"{PARTS}; boundary=b")

    assert words(directory) == {
        "application/dicom, in parts": {"study, series, instance": "yes"},
        "image/gif": {"rendered": "refused"},
        "image/jpeg": {"rendered": "yes", "thumbnail": "error"},
        "image/png": {"rendered": "other"},
    }


def test_one_good_response_is_enough_and_what_is_not_there_says_nothing(directory: RunDirectory) -> None:
    directory.header()
    asked(directory, "/studies/2.25.1/metadata", "application/dicom+json", status=500)
    asked(directory, "/studies/2.25.1/metadata", "application/dicom+json")
    asked(directory, "/studies/2.25.2/metadata", "application/dicom+xml", status=404)
    asked(directory, "/studies", "application/dicom+xml, application/dicom+json", status=406)

    assert words(directory) == {"application/dicom+json": {"metadata": "yes"}}


def test_a_store_tells_what_was_taken_and_in_what_it_was_answered(directory: RunDirectory) -> None:
    directory.header()
    sent = (("Accept", "application/dicom+json"), ("Content-Type", f"{PARTS}; boundary=b"))
    headers = (("Content-Type", "application/dicom+json"),)
    directory.exchange(method="POST", path="/studies", sent=sent, headers=headers, answer=studies(1))
    directory.exchange(method="POST", path="/studies", sent=(("Content-Type", "text/plain"),), status=415)

    assert words(directory) == {
        "application/dicom, in parts": {"sent to a store": "yes"},
        "application/dicom+json": {"answer to a store": "yes"},
        "text/plain": {"sent to a store": "refused"},
    }


def test_a_type_that_nobody_names_has_no_row_unless_it_is_served(directory: RunDirectory) -> None:
    directory.header()
    asked(directory, "/studies", "application/x-nothing", status=406)
    asked(directory, "/studies", "application/json")

    assert words(directory) == {"application/json": {"search": "yes"}}


def test_the_table_stands_in_the_page_and_in_the_summary(directory: RunDirectory) -> None:
    directory.header()
    asked(directory, "/studies", "application/dicom+json")
    run = directory.load()

    assert "Media types by resource" in html(run)
    assert "| application/dicom+json |" in markdown(run)
