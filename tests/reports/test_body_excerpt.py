"""The beginning of a body, as a reader sees it."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING

import pytest

from dicomweb_reports.excerpt import Excerpt, excerpt
from dicomweb_reports.record import Body, Message
from tests.reports.run_directory import RunDirectory, studies

if TYPE_CHECKING:
    from typing import Any


def excerpt_of(directory: RunDirectory, octets: bytes, *, size: int | None = None, **limits: Any) -> Excerpt:
    directory.header()
    recorded = directory.body(octets, size)
    assert recorded is not None
    found = excerpt(Message((), Body(**recorded)), directory.load(), **{"lines": 30, "width": 120, **limits})
    assert found is not None
    return found


def test_dicom_json_on_one_line_is_broken_at_its_attributes(directory: RunDirectory) -> None:
    found = excerpt_of(directory, studies(1))

    assert found.lines == (
        "[",
        "  {",
        '    "00080005": {"vr": "CS", "Value": ["ISO_IR 192"]},',
        '    "00080020": {"vr": "DA", "Value": ["20261122"]},',
        '    "00100010": {"vr": "PN", "Value": [{"Alphabetic": "Zhang^Sally"}]},',
        '    "0020000D": {"vr": "UI", "Value": ["2.25.304420000"]}',
        "  }",
        "]",
    )
    assert found.rest == ""


def test_lines_of_json_hold_what_the_body_holds(directory: RunDirectory) -> None:
    document = [{"a": [1, -2.5e3, None, True, '\\" , : [ { \u00e9'], "b": {"c": ["x" * 90, {}], "d": []}}] * 3

    found = excerpt_of(directory, json.dumps(document, separators=(",", ":")).encode(), lines=200, width=1000)

    assert json.loads("\n".join(found.lines)) == document


@pytest.mark.parametrize("octets", [b'[{"a":"' + b"x" * 200, b"]}" * 100, b"[" * 3000, b'{"a" "b",,}' * 30])
def test_json_that_is_cut_or_wrong_is_shown_as_far_as_it_goes(directory: RunDirectory, octets: bytes) -> None:
    found = excerpt_of(directory, octets, lines=10_000, width=9000)

    assert "".join(found.lines).replace(" ", "").encode() == octets.replace(b" ", b"")


def test_text_stays_as_it_is(directory: RunDirectory) -> None:
    found = excerpt_of(directory, b"Not found.\r\nTry again.\n")

    assert found == Excerpt(("Not found.", "Try again."), "")


def test_xml_on_one_line_is_broken_at_its_tags(directory: RunDirectory) -> None:
    found = excerpt_of(directory, b"<NativeDicomModel>" + b'<DicomAttribute vr="CS"></DicomAttribute>' * 5)

    assert found.lines[:2] == ("<NativeDicomModel>", '<DicomAttribute vr="CS">')


def test_a_long_body_is_cut_and_said_where_it_is(directory: RunDirectory) -> None:
    found = excerpt_of(directory, b"line\n" * 100_000, lines=3)

    assert found.lines == ("line", "line", "line")
    assert found.rest.startswith("500,000 octets in all, in bodies/")


def test_a_body_of_which_a_part_was_recorded(directory: RunDirectory) -> None:
    found = excerpt_of(directory, b"beginning", size=9000)

    assert found.lines == ("beginning",)
    assert found.rest.startswith("9,000 octets in all, in bodies/")
    assert found.rest.endswith("(the first 9)")


def test_what_moves_the_cursor_or_turns_the_text_is_shown_as_an_escape(directory: RunDirectory) -> None:
    found = excerpt_of(directory, "name: \x1b[2J\x07 \u202egnp.exe \ufeff\u200b".encode() + b" \xff")

    assert found.lines == (r"name: \x1b[2J\x07 \u202egnp.exe \ufeff\u200b \xff",)


def test_the_text_before_binary_parts_is_shown(directory: RunDirectory) -> None:
    octets = b"--b7d1\r\nContent-Type: application/dicom\r\n\r\n" + bytes(128) + b"DICM" + bytes(range(256))

    found = excerpt_of(directory, octets)

    assert found.lines == ("--b7d1", "Content-Type: application/dicom")
    assert "octets in all" in found.rest


@pytest.mark.parametrize("octets", [b"\x89PNG\r\n\x1a\n\x00\x00", bytes(128) + b"DICM", bytes(range(128, 256)) * 9])
def test_binary_data_are_described(directory: RunDirectory, octets: bytes) -> None:
    found = excerpt_of(directory, octets)

    assert found.lines == ()
    assert "octets of binary data, in bodies/" in found.rest


def test_gzip_is_undone_within_bounds(directory: RunDirectory) -> None:
    found = excerpt_of(directory, gzip.compress(b"a line\n" * 10_000_000), lines=2)

    assert found.lines == ("a line", "a line")


def test_a_body_that_was_not_recorded(directory: RunDirectory) -> None:
    directory.header()

    found = excerpt(Message((), Body("", 5000, 0)), directory.load(), lines=5, width=80)

    assert found == Excerpt((), "5,000 octets, not recorded")


def test_a_body_that_nothing_proves_to_be_of_the_run_has_its_digest(directory: RunDirectory) -> None:
    directory.header()

    found = excerpt(Message((), Body("ab" * 32, 5000, 0)), directory.load(), lines=5, width=80)

    why = "not proved to be of this run"
    assert found == Excerpt((), f"5,000 octets, not recorded: {why} (SHA-256 {'ab' * 32})")
