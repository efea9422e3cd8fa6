"""DICOM JSON as a document: its media type, its character set, its grammar, and what stands at the top."""

from typing import Any

import pytest

from dicomweb_conformance.validators import tally
from dicomweb_conformance.validators.json import dicom_json
from tests.validators.json.attributes import GOOD, attribute
from tests.validators.validating import against, octets, passes, said, seen_in

JSON = "application/dicom+json"
FOREIGN = tally.FOREIGN


def test_nothing_speaks_against_a_good_answer() -> None:
    found = list(dicom_json.judge(octets([GOOD]), url="http://h/metadata"))
    assert against(found) == []
    judged = {row for row in dicom_json.OWNED if row not in passes(found)}
    # Rows that leave their observations to others, and one whose only form is of an empty name.
    assert judged == {"JSON-037", "JSON-045", "SEARCH-009"} | {f"METADATA-{n:03}" for n in (7, 8, 9, 10, 18)}


@pytest.mark.parametrize(
    ("content_type", "observation"),
    [
        ("Application/DICOM+JSON", "dicom-json-in-any-case"),
        ("application/dicom+json; charset=UTF-8", "the-same-with-charset-utf-8"),
        ("application/dicom+json; transfer-syntax=1.2", "dicom-json-with-transfer-syntax"),
    ],
)
def test_a_right_content_type(content_type: str, observation: str) -> None:
    assert passes(dicom_json.judge(octets([GOOD]), content_type, url="http://h"))["JSON-001"] == observation


@pytest.mark.parametrize(
    ("content_type", "observation"),
    [
        ("application/json", "application-json-on-a-dicom-json-body"),
        (
            "text/html",
            "another-type-on-dicom-json",
        ),
    ],
)
def test_a_wrong_content_type(content_type: str, observation: str) -> None:
    assert said(dicom_json.judge(octets([GOOD]), content_type)) == {("JSON-001", observation)}


def test_a_content_type_that_does_not_parse_is_the_business_of_another_row() -> None:
    assert said(dicom_json.judge(octets([GOOD]), "")) == set()


LATIN = "[{}]".replace("{}", '{"00100020": {"vr": "LO", "Value": ["é"]}}')


@pytest.mark.parametrize(
    ("body", "charset", "asked", "observation"),
    [
        (b"\xef\xbb\xbf" + octets([GOOD]), "", "", "a-byte-order-mark-in-front"),
        (LATIN.encode("latin-1"), "", "", "octets-are-not-utf-8"),
        (LATIN.encode("latin-1"), "utf-8", "", "octets-are-not-utf-8"),
        (
            LATIN.encode("latin-1"),
            "iso-8859-1",
            "ISO-8859-1",
            "another-charset-asked-for",
        ),
        (
            LATIN.encode("latin-1"),
            "iso-8859-1",
            "",
            "another character set, which the request did not ask for",
        ),
        (LATIN.encode("latin-1"), "us-ascii", "", "charset-parameter-contradicts-octets"),
        (LATIN.encode("latin-1"), "zlib", "", "charset-parameter-contradicts-octets"),
        (LATIN.encode(), "us-ascii", "", "charset-parameter-contradicts-octets"),
        (LATIN.encode(), "iso-8859-1", "", "charset-parameter-contradicts-octets"),
        (LATIN.replace("é", "\ufffd").encode(), "", "", "u-fffd-inside-a-value"),
        (LATIN.replace("é", "\\uFFFD").encode(), "", "", "u-fffd-inside-a-value"),
        (LATIN.replace("é", "\\ud800").encode(), "", "", "an-escaped-lone-surrogate-in-a-string"),
        (LATIN.replace("é", "\\uDE00").encode(), "", "", "an-escaped-lone-surrogate-in-a-string"),
    ],
)
def test_a_wrong_character_set(body: bytes, charset: str, asked: str, observation: str) -> None:
    content_type = f"{JSON}; charset={charset}" if charset else JSON
    found = said(dicom_json.judge(body, content_type, accept_charset=asked))
    assert ("JSON-002", observation) in found
    assert {row for row, _ in found} == {"JSON-002"}


@pytest.mark.parametrize(
    ("charset", "observation"),
    [
        ("us-ascii", "us-ascii-truly-named"),
        ("iso-8859-1", "octets-decode-strictly-as-utf-8"),
    ],
)
def test_ascii_is_utf_8(charset: str, observation: str) -> None:
    found = dicom_json.judge(b"[]", f"{JSON}; charset={charset}", resource="search")
    assert passes(found)["JSON-002"] == observation


def test_a_surrogate_pair_and_a_korean_letter_are_no_fault() -> None:
    body = octets([{"00100020": attribute("LO", "x", "y")}]).replace(b"x", b"\\ud83d\\ude00").replace(b"y", b"\\ud55c")
    assert said(dicom_json.judge(body)) == set()


GRAMMAR = "json-does-not-parse"
AROUND = "text-before-or-after-the-json-value"


@pytest.mark.parametrize(
    ("body", "row", "observation"),
    [
        (b'[{"00100020":', "JSON-003", GRAMMAR),
        (b"[{'00100020': {}}]", "JSON-003", GRAMMAR),
        (b"/* none */ []", "JSON-003", GRAMMAR),
        (b"[{},]", "JSON-003", GRAMMAR),
        (b"[01]", "JSON-003", GRAMMAR),
        (b" ", "JSON-003", GRAMMAR),
        (b"none", "JSON-003", GRAMMAR),
        (b"<html>[]</html>", "JSON-003", GRAMMAR),
        (b"[] x", "JSON-003", AROUND),
        (b"ok: []", "JSON-003", AROUND),
        (b"[" * 100_000, "JSON-003", "nested too deep to be read"),
        (b'["\x01"]x', "JSON-003", AROUND),
        (b'["\x01", ' + b"[" * 100_000, "JSON-003", "nested too deep to be read"),
        (b'[{"00104000": {"vr": "LT", "Value": ["a\nb"]}}]', "JSON-050", "a-raw-control-character-inside-a-string"),
        (
            b'[{"00189073": {"vr": "FD", "Value": [NaN]}}]',
            "JSON-003",
            "nan-infinity-or-infinity-as-a-bare-token",
        ),
    ],
)
def test_no_json(body: bytes, row: str, observation: str) -> None:
    assert (row, observation) in said(dicom_json.judge(body))


@pytest.mark.parametrize(
    "body",
    [
        b'[{"00100010": {"vr": "PN", "Value": NaN}}]',
        b'[{"00100010": {"vr": "PN", "Value": [{"Alphabetic": "x"}, NaN]}}]',
        b'[{"00081199": {"vr": "SQ", "Value": [NaN]}}]',
        b'[{"00281203": {"vr": "OW", "InlineBinary": NaN}}]',
        b'[{"00281203": {"vr": "OW", "BulkDataURI": Infinity}}]',
    ],
)
def test_a_bare_token_is_spoken_of_once(body: bytes) -> None:
    assert said(dicom_json.judge(body)) == {("JSON-003", "nan-infinity-or-infinity-as-a-bare-token")}


def test_an_integer_of_ten_thousand_digits_is_a_value_out_of_range() -> None:
    body = octets([{"00280010": attribute("US", 7)}]).replace(b"7]", b"9" * 10_000 + b"]")
    observation = "number-out-of-range"
    assert said(dicom_json.judge(body)) == {("JSON-023", observation)}


@pytest.mark.parametrize(
    ("value", "observation"),
    [
        (GOOD, "one-bare-object-also-for-single-instance"),
        ({}, "one-bare-object-also-for-single-instance"),
        ([GOOD, 7], "an-array-with-an-entry-that-is-no-object"),
        ([[GOOD]], "an-array-inside-the-array"),
        ({"total": 1, "results": [GOOD]}, "array-wrapped-in-an-object"),
        ("[{}]", "a-json-string-that-itself-holds-json"),
        ("a word", "neither an array nor an object"),
        (None, "neither an array nor an object"),
        (True, "neither an array nor an object"),
        (7, "neither an array nor an object"),
    ],
)
def test_a_wrong_top_level(value: Any, observation: str) -> None:
    assert ("JSON-004", observation) in said(dicom_json.judge(octets(value), url="http://h"))


def test_an_empty_array_is_a_search_without_matches() -> None:
    assert passes(dicom_json.judge(b"[]", resource="search"))["JSON-004"] == "an-empty-array-from-a-search"
    assert "JSON-004" not in passes(dicom_json.judge(b"[]"))


@pytest.mark.parametrize("value", [GOOD, [GOOD]], ids=["object", "array of one"])
def test_the_shape_of_a_store_answer_is_free(value: Any) -> None:
    assert seen_in(value, resource="store", url="http://h") == []
