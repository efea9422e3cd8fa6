"""What header fields say of a payload, and what the payload says."""

import gzip
import zlib
from dataclasses import replace

import pytest
from pydicom.uid import ExplicitVRBigEndian

from dicomweb_conformance.http.exchanges import Headers
from dicomweb_conformance.http.media_types import DICOM, DICOM_JSON
from dicomweb_conformance.http.multipart import part
from dicomweb_conformance.http.observed import Asked
from dicomweb_conformance.http.wire_facts import Fault, WireFacts
from tests.validators.http.judged_answers import RETRIEVED, SEARCHED, answer, multipart_answer, of_row
from tests.validators.http.test_part10_extent import part10

FILE = part10()
SYNTAX = "1.2.840.10008.1.2.1"


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        pytest.param(["text/plain; a=1"], "one-well-formed-content-type", id="good"),
        pytest.param(
            ["multipart/related; boundary=a:b"],
            "one-well-formed-content-type",
            id="unquoted-boundary-has-its-own-row",
        ),
        pytest.param(
            ["multipart/related; type=application/dicom"],
            "one-well-formed-content-type",
            id="unquoted-type-as-ps3.18-shows",
        ),
        pytest.param(["a/b", "a/b"], "the-same-content-type-twice", id="twice"),
        pytest.param(["a/b; c"], "parameter-does-not-parse", id="parameter"),
        pytest.param([], "no-content-type-on-a-non-empty-body", id="none"),
        pytest.param(["a/b", "a/c"], "two-different-content-type-values", id="two"),
        pytest.param(["dicom"], "a-value-without-type-subtype", id="no-subtype"),
        pytest.param(["image/*"], "a-value-without-type-subtype", id="a-range"),
    ],
)
def test_content_type(values: list[str], expected: str) -> None:
    headers = [("Content-Type", value) for value in values]
    assert of_row(answer(b"x", None, *headers), "HTTP-004") == [expected]
    assert of_row(answer(b"", None, *headers), "HTTP-004") == []
    assert of_row(answer(b"x", None, *headers, status=500), "HTTP-004") == [expected]


@pytest.mark.parametrize(
    ("asked", "status", "value", "expected"),
    [
        pytest.param("studies/1", 200, None, ["absent"], id="absent"),
        pytest.param("studies/1", 200, "/x/studies/1", ["path-ends-in-the-resource-asked-for"], id="the-resource"),
        pytest.param(
            "studies/1",
            200,
            "/x/studies/1/series/2",
            ["another-path-to-the-resource"],
            id="a-resource-inside",
        ),
        pytest.param(
            "studies/1/series/2",
            200,
            "/x/studies/1/series/3",
            ["names-another-resource"],
            id="another-series",
        ),
        pytest.param("studies/1", 200, "/wado?x=1", [], id="another-service"),
        pytest.param("studies/1", 200, "a b", ["value-does-not-parse-as-uri-reference"], id="blank"),
        pytest.param("studies/1", 200, "", ["value-does-not-parse-as-uri-reference"], id="empty"),
        pytest.param("studies/1", 200, "http://[x", ["value-does-not-parse-as-uri-reference"], id="bracket"),
        pytest.param("studies/1", 200, "http://h:x/", ["value-does-not-parse-as-uri-reference"], id="port"),
        pytest.param("studies/1", 404, None, [], id="error"),
        pytest.param("studies", 200, None, [], id="search"),
        pytest.param("", 200, None, [], id="another-resource"),
    ],
)
def test_content_location(asked: str, status: int, value: str | None, expected: list[str]) -> None:
    fields = () if value is None else (("Content-Location", value),)
    seen = answer(b"x", "a/b", *fields, status=status, asked=Asked("GET", asked, url="http://h/dicom-web/studies/1"))
    assert of_row(seen, "HTTP-010") == expected


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        pytest.param(DICOM, "no-parameter", id="none"),
        pytest.param(f"{DICOM}; transfer-syntax={SYNTAX}", "one-parameter-equal-to-0002-0010", id="true"),
        pytest.param(f'{DICOM}; transfer-syntax="{SYNTAX}"', "one-parameter-equal-to-0002-0010", id="quoted"),
        pytest.param(f"{DICOM}; transfer-syntax={SYNTAX}.99", "differs-from-0002-0010", id="false"),
        pytest.param(f"{DICOM}; transfer-syntax=*", "star", id="star"),
        pytest.param(f"{DICOM}; transfer-syntax=1; transfer-syntax=1", "given-twice", id="twice"),
    ],
)
def test_transfer_syntax_of_a_body_and_of_a_part(label: str, expected: str) -> None:
    assert of_row(answer(FILE, label), "NEGOTIATION-028") == [expected]
    assert of_row(multipart_answer(part(FILE, label)), "NEGOTIATION-028") == [expected]


def test_a_transfer_syntax_that_no_file_confirms_is_left_alone() -> None:
    assert of_row(answer(b"x", f"{DICOM}; transfer-syntax=1"), "NEGOTIATION-028") == []
    assert of_row(answer(b"{}", f"{DICOM_JSON}; transfer-syntax=1"), "NEGOTIATION-028") == []


def test_transfer_syntax_of_the_message() -> None:
    one = multipart_answer(part(FILE))
    several = multipart_answer(part(FILE), part(part10(ExplicitVRBigEndian)))

    def labelled(syntax: str, of: object = one) -> list[str]:
        assert isinstance(of, type(one))
        content_type = f"{of.content_type}; transfer-syntax={syntax}"
        return of_row(replace(of, headers=Headers((("Content-Type", content_type),))), "NEGOTIATION-028")

    assert labelled(SYNTAX) == ["no-parameter"]
    assert labelled("1.2") == ["differs-from-0002-0010"]
    assert labelled(SYNTAX, several) == ["on-a-multipart-of-several-syntaxes"]


UMLAUT = "\xfc"


@pytest.mark.parametrize(
    ("body", "label", "expected"),
    [
        pytest.param(b"\xfc", "text/plain; charset=iso-8859-1", ["declared-charset-decodes-the-octets"], id="true"),
        pytest.param(b"\xfc", "text/plain; charset=utf-8", ["octets-do-not-decode-in-declared-charset"], id="false"),
        pytest.param(b"x", "text/plain; charset=x-none", ["octets-do-not-decode-in-declared-charset"], id="unknown"),
        pytest.param(
            b"\xc3",
            "text/plain; charset=utf-8",
            ["octets-do-not-decode-in-declared-charset"],
            id="cut-character",
        ),
        pytest.param(UMLAUT.encode(), "text/plain", ["undeclared-utf-8"], id="utf-8"),
        pytest.param(b"\xfc", "text/plain", ["undeclared-and-not-utf-8"], id="not-utf-8"),
        pytest.param(
            b'<meta charset="iso-8859-1">' + b"\xfc" * 2000,
            "text/html",
            ["declared-charset-decodes-the-octets"],
            id="declared-in-the-page",
        ),
        pytest.param(b"<p>x", "text/html", ["undeclared-utf-8"], id="page-that-declares-none"),
        pytest.param(b"\xfc", "image/png", [], id="no-text"),
        pytest.param(b"", "text/plain", [], id="empty"),
    ],
)
def test_charset_of_text(body: bytes, label: str, expected: list[str]) -> None:
    assert of_row(answer(body, label), "NEGOTIATION-048") == expected
    assert of_row(answer(body, label, status=404), "NEGOTIATION-048") == []


@pytest.mark.parametrize(
    "asked",
    [
        pytest.param(replace(RETRIEVED, headers=Headers((("Accept", "text/html; charset=utf-8"),))), id="accept"),
        pytest.param(replace(RETRIEVED, headers=Headers((("Accept-Charset", "utf-8"),))), id="accept-charset"),
        pytest.param(replace(RETRIEVED, query="charset=utf-8"), id="query"),
    ],
)
def test_a_charset_that_was_wished_for_is_another_row(asked: Asked) -> None:
    assert of_row(answer(b"x", "text/plain", asked=asked), "NEGOTIATION-048") == []


# -- content codings


def raw_deflate(octets: bytes) -> bytes:
    return zlib.compress(octets, wbits=-15)


PLAIN = b'[{"a": 1}]' * 50
GZIPPED = gzip.compress(PLAIN)
PENDING = zlib.compress(bytes((1 << 18) + 300))[:272]
LABELLED = "gzip-not-declared"
AS_IT_STANDS = ["not-coded-and-of-its-type"]
DECODED = ["the-decoded-body-is-of-the-type-named"]
UNDECODABLE = ["body-does-not-decode-by-content-encoding"]


@pytest.mark.parametrize(
    ("body", "label", "coding", "expected"),
    [
        pytest.param(PLAIN, DICOM_JSON, None, AS_IT_STANDS, id="json"),
        pytest.param(b" 12", DICOM_JSON, "identity", AS_IT_STANDS, id="identity"),
        pytest.param(b"\xef\xbb\xbf<a/>", "application/dicom+xml", None, AS_IT_STANDS, id="xml"),
        pytest.param("<a/>".encode("utf-16"), "text/xml", None, AS_IT_STANDS, id="xml-in-utf-16"),
        pytest.param(FILE, DICOM, None, AS_IT_STANDS, id="dicom"),
        pytest.param(b"\r\n--b--", "multipart/related; boundary=b", None, AS_IT_STANDS, id="multipart"),
        pytest.param(b"x", "image/png", None, [], id="another-type"),
        pytest.param(b"<html>", DICOM_JSON, None, [], id="another-body-is-another-row"),
        pytest.param(GZIPPED, DICOM_JSON, "gzip", DECODED, id="gzip"),
        pytest.param(
            gzip.compress(PLAIN[:7]) + gzip.compress(PLAIN[7:]), DICOM_JSON, "GZip", DECODED, id="two-members"
        ),
        pytest.param(zlib.compress(PLAIN), DICOM_JSON, "deflate", DECODED, id="deflate"),
        pytest.param(
            raw_deflate(PLAIN),
            DICOM_JSON,
            "deflate",
            ["raw-deflate"],
            id="raw-deflate",
        ),
        pytest.param(GZIPPED, "image/png", "gzip", [], id="gzip-of-another-type"),
        pytest.param(PLAIN, DICOM_JSON, "gzip", UNDECODABLE, id="not-gzip"),
        pytest.param(GZIPPED[:-9], DICOM_JSON, "gzip", UNDECODABLE, id="cut-gzip"),
        pytest.param(zlib.compress(PLAIN) + b"x", DICOM_JSON, "deflate", UNDECODABLE, id="octets-after-deflate"),
        pytest.param(b"x", DICOM_JSON, "deflate", UNDECODABLE, id="not-deflate"),
        # zlib has taken all octets and keeps some of what they unpack to.
        pytest.param(PENDING, DICOM_JSON, "deflate", UNDECODABLE, id="cut-deflate"),
        pytest.param(GZIPPED, DICOM_JSON, None, [LABELLED], id="gzip-undeclared"),
        pytest.param(zlib.compress(PLAIN), "multipart/related; boundary=b", None, [LABELLED], id="zlib-undeclared"),
        pytest.param(GZIPPED, "application/gzip", None, [], id="gzip-labelled-gzip"),
        pytest.param(PLAIN, DICOM_JSON, "br", [], id="unknown-coding"),
        pytest.param(PLAIN, DICOM_JSON, "gzip, br", [], id="two-codings"),
        pytest.param(b"", DICOM_JSON, "gzip", [], id="empty"),
    ],
)
def test_content_codings(body: bytes, label: str, coding: str | None, expected: list[str]) -> None:
    fields = () if coding is None else (("Content-Encoding", coding),)
    assert of_row(answer(body, label, *fields), "HTTP-008") == expected
    assert of_row(answer(body, label, *fields, chunk=1 << 20), "HTTP-008") == expected


def test_a_coding_that_the_client_has_undone() -> None:
    coding = ("Content-Encoding", "br")
    cut = WireFacts(framing="chunked", complete=True, faults=(Fault.CODED_CUT_OFF,))
    assert of_row(answer(PLAIN, DICOM_JSON, coding, coded=False), "HTTP-008") == DECODED
    assert of_row(answer(PLAIN, DICOM_JSON, coding, coded=False, facts=cut), "HTTP-008") == UNDECODABLE


def test_a_body_that_unpacks_to_much_passes_in_pieces() -> None:
    bomb = gzip.compress(b"[" + bytes(20 << 20))
    assert of_row(answer(bomb, DICOM_JSON, ("Content-Encoding", "gzip"), chunk=1 << 16), "HTTP-008") == DECODED


def test_a_coding_is_undone_for_the_other_rows() -> None:
    seen = multipart_answer(part(FILE))
    coded = replace(
        seen,
        headers=Headers((*seen.headers.fields, ("Content-Encoding", "gzip"))),
        body=[gzip.compress(b"".join(seen.body))],
    )
    assert of_row(coded, "MULTIPART-009") == ["closing-delimiter"]
    assert of_row(coded, "NEGOTIATION-028") == ["no-parameter"]
    cut = replace(coded, body=[b"".join(coded.body)[:-1]])
    assert of_row(cut, "HTTP-008") == UNDECODABLE


def test_a_cut_body_says_nothing_of_its_coding() -> None:
    facts = WireFacts(framing="length", announced=999, received=1, faults=(Fault.TOO_SHORT,))
    assert of_row(answer(GZIPPED, DICOM_JSON, ("Content-Encoding", "gzip"), facts=facts), "HTTP-008") == []


def test_a_search_is_no_retrieve() -> None:
    assert SEARCHED.is_search
    assert not SEARCHED.is_retrieve
    assert RETRIEVED.is_retrieve
    assert Asked("POST", "studies").is_store
    assert Asked("GET", "studies/1/series").is_search
    assert not Asked("GET", "").is_search
