"""What the rows of MULTIPART see in answers, sound and broken."""

import pytest

from dicomweb_conformance.http import limits
from dicomweb_conformance.http.media_types import DICOM
from dicomweb_conformance.http.multipart import Part, part
from dicomweb_conformance.http.observed import Asked
from dicomweb_conformance.http.wire_facts import Fault, WireFacts
from dicomweb_conformance.validators.http import multipart_parts as part_rows
from tests.validators.http.judged_answers import (
    answer,
    multipart_answer,
    observed,
    of_row,
    worse_than_pass,
)
from tests.validators.http.test_part10_extent import part10

FILE = part10()
RELATED = 'multipart/related; type="text/plain"; boundary=b'
T = "Content-Type: text/plain"
CUT = WireFacts("HTTP/1.1 200 OK", "HTTP/1.1", framing="length", announced=9999, faults=(Fault.TOO_SHORT,))


def lines(*each: str, end: str = "\r\n") -> bytes:
    return end.join(each).encode("latin-1")


GOOD = lines("--b", T, "", "x", "--b--", "")


LENGTH = ("Content-Length", str(len(FILE)))


def dicom(octets: bytes = FILE, *fields: tuple[str, str]) -> Part:
    return part(octets, DICOM, *fields)


def test_a_sound_answer_passes_every_row_it_touches() -> None:
    location = "/proxy/studies/1.2.3/series/1.2.3.4/instances/1.2.3.4.5"
    sound = multipart_answer(dicom(FILE, ("Content-Length", str(len(FILE))), ("Content-Location", location)))

    assert worse_than_pass(sound) == {"HTTP-010": "absent"}
    met = {each.requirement for each in observed(sound)}
    assert {*part_rows.OWNED, *(f"MULTIPART-00{n}" for n in (1, 2, 3, 4, 5, 6, 8, 9)), "MULTIPART-020"} <= met


@pytest.mark.parametrize(
    ("row", "content_type", "body", "expected"),
    [
        pytest.param("MULTIPART-001", RELATED, GOOD, ["multipart-related"], id="related"),
        pytest.param("MULTIPART-001", "multipart/mixed; boundary=b", GOOD, ["another-multipart-subtype"], id="mixed"),
        pytest.param(
            "MULTIPART-001", "text/plain", GOOD, ["single-part-type-on-multipart-envelope"], id="labelled-text"
        ),
        pytest.param(
            "MULTIPART-001",
            RELATED,
            b"{}",
            ["multipart-type-on-body-no-envelope"],
            id="json-labelled-multipart",
        ),
        pytest.param("MULTIPART-001", "text/plain", b"--- a\r\n+++ b\r\n", [], id="text-that-begins-with-hyphens"),
        pytest.param("MULTIPART-001", RELATED, b"", [], id="empty-body"),
        pytest.param("MULTIPART-001", "multipart/byteranges; boundary=b", GOOD, [], id="ranges-are-another-thing"),
        pytest.param("MULTIPART-002", RELATED, GOOD, ["present-quoted-or-unquoted"], id="type-quoted"),
        pytest.param(
            "MULTIPART-002",
            "multipart/related; type=application/dicom; boundary=b",
            GOOD,
            ["present-quoted-or-unquoted"],
            id="type-unquoted",
        ),
        pytest.param(
            "MULTIPART-002",
            'multipart/related; type="a/b; x=1"; boundary=b',
            GOOD,
            ["parameters-inside-the-quotes"],
            id="type-with-parameters",
        ),
        pytest.param("MULTIPART-002", "multipart/related; boundary=b", GOOD, ["absent-or-empty"], id="type-absent"),
        pytest.param(
            "MULTIPART-002", 'multipart/related; type=""; boundary=b', GOOD, ["absent-or-empty"], id="type-empty"
        ),
        pytest.param("MULTIPART-002", "multipart/mixed; boundary=b", GOOD, [], id="mixed-has-no-type"),
        pytest.param("MULTIPART-003", RELATED, GOOD, ["present-and-non-empty"], id="boundary"),
        pytest.param("MULTIPART-003", "multipart/related", GOOD, ["absent-or-empty"], id="boundary-absent"),
        pytest.param("MULTIPART-003", 'multipart/related; boundary=""', GOOD, ["absent-or-empty"], id="boundary-empty"),
        pytest.param(
            "MULTIPART-004",
            RELATED,
            GOOD,
            ["boundary-of-1-to-70-characters"],
            id="boundary-of-the-set",
        ),
        pytest.param(
            "MULTIPART-004",
            "multipart/related; boundary=" + "b" * 71,
            GOOD.replace(b"--b", b"--" + b"b" * 71),
            ["longer-than-70-characters"],
            id="boundary-too-long",
        ),
        pytest.param(
            "MULTIPART-004",
            'multipart/related; boundary="b "',
            GOOD.replace(b"--b", b"--b "),
            ["ends-in-a-blank"],
            id="boundary-ends-in-a-blank",
        ),
        pytest.param(
            "MULTIPART-004",
            "multipart/related; boundary=b*",
            GOOD.replace(b"--b", b"--b*"),
            ["character-outside-the-set"],
            id="boundary-with-a-star",
        ),
        pytest.param("MULTIPART-004", "multipart/related; boundary=b*", GOOD, [], id="star-that-does-not-occur"),
        pytest.param("MULTIPART-005", RELATED, GOOD, ["unquoted-and-a-token"], id="token"),
        pytest.param("MULTIPART-005", 'multipart/related; boundary="b"', GOOD, ["quoted"], id="quoted"),
        pytest.param(
            "MULTIPART-005",
            "multipart/related; boundary=b:/",
            GOOD.replace(b"--b", b"--b:/"),
            ["unquoted-with-special-character"],
            id="unquoted-colon",
        ),
        pytest.param(
            "MULTIPART-005",
            "multipart/related; boundary=b c",
            GOOD.replace(b"--b", b"--b c"),
            ["unquoted-and-cut-short"],
            id="unquoted-blank",
        ),
        pytest.param(
            "MULTIPART-005",
            "multipart/related; boundary=b;n",
            GOOD.replace(b"--b", b"--b;n"),
            ["unquoted-and-cut-short"],
            id="unquoted-semicolon",
        ),
        pytest.param(
            "MULTIPART-006", "multipart/related; boundary=b;n", GOOD.replace(b"--b", b"--b;n"), [], id="cut-short-once"
        ),
        pytest.param("MULTIPART-006", RELATED, GOOD, ["delimiter-at-start-of-each-part"], id="delimiters"),
        pytest.param(
            "MULTIPART-006",
            RELATED,
            lines("--b ", T, "", "x", "--b--"),
            ["blanks-between-boundary-and-line-end"],
            id="padding",
        ),
        pytest.param(
            "MULTIPART-006",
            RELATED,
            GOOD.replace(b"--b", b"--c"),
            ["boundary-not-in-the-body"],
            id="another-boundary",
        ),
        pytest.param(
            "MULTIPART-006",
            "multipart/related; boundary='b'",
            GOOD,
            ["single-quotes-missing-or-added"],
            id="apostrophes-missing",
        ),
        pytest.param(
            "MULTIPART-006",
            RELATED,
            GOOD.replace(b"--b", b"--'b'"),
            ["single-quotes-missing-or-added"],
            id="apostrophes-added",
        ),
        pytest.param("MULTIPART-006", RELATED, GOOD.replace(b"--b", b"-b"), ["one-hyphen-or-none"], id="one-hyphen"),
        pytest.param("MULTIPART-006", RELATED, GOOD.replace(b"--b", b"b"), ["one-hyphen-or-none"], id="no-hyphen"),
        pytest.param("MULTIPART-006", RELATED, b"{}", [], id="no-envelope-at-all"),
        pytest.param("MULTIPART-008", RELATED, GOOD, ["crlf"], id="crlf"),
        pytest.param(
            "MULTIPART-008",
            RELATED,
            lines("--b", T, "", "x", "--b--", "", end="\n"),
            ["bare-lf-or-bare-cr"],
            id="bare-lf",
        ),
        pytest.param(
            "MULTIPART-008",
            RELATED,
            lines("--b", T, "", "x\n--b--", ""),
            ["bare-lf-or-bare-cr"],
            id="bare-lf-at-the-end",
        ),
        pytest.param(
            "MULTIPART-009", RELATED, lines("--b", T, "", "x\n--b--", ""), ["closing-delimiter"], id="closed-by-bare-lf"
        ),
        pytest.param("MULTIPART-009", RELATED, GOOD, ["closing-delimiter"], id="closed"),
        pytest.param("MULTIPART-009", RELATED, GOOD[:-7], ["no-closing-delimiter"], id="not-closed"),
        pytest.param(
            "MULTIPART-009",
            RELATED,
            lines("--b", T, "", "x", "--b", ""),
            ["no-closing-delimiter"],
            id="closed-as-if-opened",
        ),
        pytest.param("MULTIPART-010", RELATED, GOOD, ["nothing"], id="nothing-around"),
        pytest.param("MULTIPART-010", RELATED, b"\r\n" + GOOD + b"\r\n", ["nothing"], id="line-ends-around"),
        pytest.param(
            "MULTIPART-010", RELATED, b"x\r\n" + GOOD, ["a-preamble-or-epilogue-with-other-octets"], id="preamble"
        ),
        pytest.param(
            "MULTIPART-010", RELATED, GOOD + b"x", ["a-preamble-or-epilogue-with-other-octets"], id="epilogue"
        ),
        pytest.param("MULTIPART-012", RELATED, GOOD, ["one-content-type-with-type-subtype"], id="part-labelled"),
        pytest.param(
            "MULTIPART-012", RELATED, lines("--b", "", "x", "--b--"), ["no-content-type"], id="part-not-labelled"
        ),
        pytest.param(
            "MULTIPART-012",
            RELATED,
            lines("--b", "Content-Type: dicom", "", "x", "--b--"),
            ["a-value-that-does-not-parse"],
            id="part-label-unreadable",
        ),
        pytest.param(
            "MULTIPART-012",
            RELATED,
            lines("--b", "Content-Type: image/*", "", "x", "--b--"),
            ["a-value-that-does-not-parse"],
            id="part-label-with-a-star",
        ),
        pytest.param(
            "MULTIPART-012",
            RELATED,
            lines("--b", "Content-Type: application/octet-stream;", "", "x", "--b--"),
            ["one-content-type-with-type-subtype"],
            id="part-label-with-a-last-semicolon",
        ),
        pytest.param(
            "MULTIPART-012",
            RELATED,
            lines("--b", T, "Content-Type: image/png", "", "x", "--b--"),
            ["two-different-content-type-values"],
            id="part-labelled-twice",
        ),
        pytest.param("MULTIPART-012", RELATED, lines("--b", "\x00", "--b--"), [], id="header-block-broken"),
        pytest.param("MULTIPART-013", RELATED, GOOD, ["a-single-part-type"], id="single-part"),
        pytest.param(
            "MULTIPART-013",
            RELATED,
            lines("--b", "Content-Type: multipart/mixed; boundary=c", "", "--c--", "--b--"),
            ["a-multipart-type"],
            id="nested",
        ),
        pytest.param("MULTIPART-014", RELATED, GOOD, ["equal"], id="root-equal"),
        pytest.param(
            "MULTIPART-014",
            "multipart/related; type='text/plain'; boundary=b",
            GOOD,
            ["different"],
            id="type-in-apostrophes",
        ),
        pytest.param(
            "MULTIPART-014",
            'multipart/related; type="text/plain; charset=utf-8"; boundary=b',
            GOOD,
            ["equal-with-different-parameters"],
            id="type-with-a-parameter",
        ),
        pytest.param(
            "MULTIPART-014",
            'multipart/related; type="TEXT/plain;x=1"; boundary=b',
            lines("--b", T + "; x=1", "", "x", "--b--"),
            ["equal"],
            id="equal-parameters-and-case",
        ),
        pytest.param(
            "MULTIPART-014", 'multipart/related; type="image/png"; boundary=b', GOOD, ["different"], id="root-different"
        ),
        pytest.param(
            "MULTIPART-014",
            'multipart/related; type="image/png"; start="<2>"; boundary=b',
            lines("--b", T, "", "x", "--b", "Content-Type: image/png", "Content-ID: <2>", "", "x", "--b--"),
            ["equal"],
            id="root-named-by-start",
        ),
        pytest.param(
            "MULTIPART-014",
            'multipart/related; type="a/b"; start="<3>"; boundary=b',
            GOOD,
            [],
            id="start-names-no-part",
        ),
        pytest.param("MULTIPART-018", RELATED, GOOD, ["absent"], id="no-length"),
        pytest.param(
            "MULTIPART-018",
            RELATED,
            lines("--b", T, "Content-Length: 1", "", "x", "--b--"),
            ["equals-the-octets-of-the-part"],
            id="length-true",
        ),
        pytest.param(
            "MULTIPART-018",
            RELATED,
            lines("--b", T, "Content-Length: 2", "", "x", "--b--"),
            ["differs-from-the-octets-of-the-part"],
            id="length-lies",
        ),
        pytest.param(
            "MULTIPART-018",
            RELATED,
            lines("--b", T, "Content-Length: one", "", "x", "--b--"),
            ["no-number"],
            id="length-no-number",
        ),
        pytest.param(
            "MULTIPART-011",
            RELATED,
            lines("--b", T, "Content-Length: 11", "", "x", "--b", "", "x", "--b--"),
            ["a-delimiter-line-inside-a-part"],
            id="payload-holds-a-delimiter",
        ),
        pytest.param(
            "MULTIPART-018",
            RELATED,
            lines("--b", T, "Content-Length: 11", "", "x", "--b", "", "x", "--b--"),
            ["absent"],
            id="payload-holds-a-delimiter-is-one-finding",
        ),
        pytest.param("MULTIPART-020", RELATED, GOOD, ["an-empty-crlf-line"], id="blank-line"),
        pytest.param(
            "MULTIPART-020",
            RELATED,
            lines("--b", T, "\xff\xd8", "--b--"),
            ["none-so-that-body-octets-read-as-headers"],
            id="no-blank-line",
        ),
        pytest.param(
            "MULTIPART-020",
            RELATED,
            lines("--b", T, "Name : x", "", "x", "--b--"),
            ["a header line of the part is no name: value"],
            id="malformed-header",
        ),
    ],
)
def test_rows_of_the_envelope_and_its_headers(row: str, content_type: str, body: bytes, expected: list[str]) -> None:
    assert of_row(answer(body, content_type), row) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("", "absent"),
        ("Binary", "binary"),
        ("8bit", "8bit-or-7bit-on-ascii-text"),
        ("7bit", "8bit-or-7bit-on-ascii-text"),
        ("base64", "base64-or-quoted-printable"),
        ("quoted-printable", "base64-or-quoted-printable"),
        ("x-own", "an encoding that RFC 2045 6.1 does not know"),
    ],
)
def test_transfer_encodings(value: str, expected: str) -> None:
    fields = (("Content-Transfer-Encoding", value),) if value else ()
    assert of_row(multipart_answer(part(b"x", "text/plain", *fields)), "MULTIPART-026") == [expected]


def test_7bit_on_other_octets_is_told() -> None:
    seven = part(b"\xff", "text/plain", ("Content-Transfer-Encoding", "7bit"))
    assert of_row(multipart_answer(seven), "MULTIPART-026") == ["7bit-on-other-octets"]


@pytest.mark.parametrize(
    ("parts", "row", "expected"),
    [
        pytest.param([dicom()], "MULTIPART-007", "part-ends-with-last-octet-of-object", id="whole"),
        pytest.param([dicom(FILE + b"\r\n")], "MULTIPART-007", "an-extra-crlf-or-lf-at-its-end", id="extra-crlf"),
        pytest.param([dicom(FILE[:-2], LENGTH)], "MULTIPART-007", "the-last-octets-missing", id="last-octets-missing"),
        pytest.param(
            [dicom(FILE[:-2], LENGTH), dicom()], "MULTIPART-007", "the-last-octets-missing", id="missing-in-the-first"
        ),
        pytest.param([dicom()], "MULTIPART-011", "no-part-is-cut-by-a-delimiter-inside-it", id="not-cut"),
        pytest.param(
            [part(b"x", "text/plain", ("Content-Length", "1"))],
            "MULTIPART-011",
            "no-part-is-cut-by-a-delimiter-inside-it",
            id="not-cut-by-its-length",
        ),
        pytest.param([dicom()], "MULTIPART-023", "one-part-10-file-in-each-part", id="one-file"),
        pytest.param([dicom(FILE + FILE)], "MULTIPART-023", "two-files-in-one-part", id="two-files"),
        pytest.param(
            [dicom(FILE[:-3]), dicom(FILE[-3:]), dicom(FILE)],
            "MULTIPART-023",
            "one-file-spread-over-parts",
            id="file-spread-over-parts",
        ),
    ],
)
def test_where_parts_end(parts: list[Part], row: str, expected: str) -> None:
    seen = multipart_answer(*parts)

    assert expected in of_row(seen, row)
    if row == "MULTIPART-007" and expected.startswith(("an-extra", "the-last")):
        assert set(worse_than_pass(seen)) <= {row, "HTTP-010", "MULTIPART-016", "MULTIPART-018"}
        assert "differs-from-the-octets-of-the-part" not in of_row(seen, "MULTIPART-018")


def test_a_delimiter_in_a_file_is_told_from_missing_octets() -> None:
    body = FILE[:-3] + b"\r\n--b\r\n" + FILE[-3:]
    seen = multipart_answer(dicom(body))

    assert of_row(seen, "MULTIPART-011") == ["a-delimiter-line-inside-a-part"]
    assert of_row(seen, "MULTIPART-007") == []


@pytest.mark.parametrize("announced", [True, False])
def test_a_file_that_lacks_its_end_is_no_business_of_an_envelope_that_announces_no_more(announced: bool) -> None:
    short = FILE[:-2]
    fields = [("Content-Length", str(len(short)))] if announced else []

    assert of_row(multipart_answer(dicom(short, *fields)), "MULTIPART-007") == []


@pytest.mark.parametrize("padding", [b"\0", b"\0\0"])
def test_padding_after_a_file_is_no_business_of_the_envelope(padding: bytes) -> None:
    assert of_row(multipart_answer(dicom(FILE + padding)), "MULTIPART-007") == []


def test_a_message_that_is_cut_shows_nothing_at_its_end() -> None:
    whole = multipart_answer(dicom(), dicom())
    cut = answer(b"".join(whole.body)[:-50], whole.content_type, facts=CUT)

    assert not {row for row in worse_than_pass(cut) if row.startswith("MULTIPART")} - {"MULTIPART-016", "MULTIPART-018"}
    assert of_row(cut, "HTTP-007") == ["fewer-or-more-octets-than-content-length"]


def test_a_message_that_is_cut_before_the_first_delimiter_is_no_fault_of_the_envelope() -> None:
    cut = answer(b"-", RELATED, facts=CUT)
    assert not {row for row in worse_than_pass(cut) if row.startswith("MULTIPART")}


def test_examples_of_one_fault_are_few() -> None:
    seen = multipart_answer(*[part(b"x", "?")] * 50)
    assert len([each for each in observed(seen) if each.requirement == "MULTIPART-012"]) == 3


def test_nothing_of_a_payload_is_quoted() -> None:
    broken = lines(
        "secret", "--b", T, "secret", "\x00secret", "--b", "", "secret", "--b", T, "", "secret", "--b secret"
    )
    assert not [each for each in observed(answer(broken, RELATED)) if "secret" in each.received]


@pytest.mark.parametrize("status", [200, 206, 400, 500])
def test_envelopes_are_judged_whatever_the_status(status: int) -> None:
    assert of_row(answer(GOOD[:-7], RELATED, status=status), "MULTIPART-009") == ["no-closing-delimiter"]


def test_an_answer_to_head_has_no_envelope() -> None:
    assert of_row(answer(b"", RELATED, asked=Asked("HEAD", "studies/1")), "MULTIPART-001") == []


@pytest.mark.parametrize("size", [20_000, 100_000])
def test_a_part_may_have_a_large_header_section(size: int) -> None:
    body = lines("--b", T, "X: " + "y" * size, "", "x", "--b--", "")

    assert worse_than_pass(answer(body, RELATED)).items() <= worse_than_pass(answer(GOOD, RELATED)).items()


def test_nothing_is_missed_in_more_parts_than_are_read() -> None:
    body = (b"--b\r\n" + T.encode() + b"\r\n\r\nx\r\n") * (limits.PARTS + 10) + b"--b"

    found = worse_than_pass(answer(body, RELATED, chunk=1 << 16))

    assert found == worse_than_pass(answer(GOOD, RELATED))
