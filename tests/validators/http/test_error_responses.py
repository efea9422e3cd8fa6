"""Answers as a whole: errors, and the URI service."""

import pytest

from dicomweb_conformance.http.exchanges import Headers
from dicomweb_conformance.validators.http.error_responses import Answer, judge, resource_of
from tests.validators.validating import against, passes, said


def answer(status: int, body: bytes = b"", content_type: str = "", *, method: str = "GET", query: str = "") -> Answer:
    headers = Headers((("Content-Type", content_type),) if content_type else ())
    return Answer(method, "studies" if not query else "", status, headers, body, query)


PARSES = {"ERROR-002": "body-parses-as-its-content-type"}
UNDECODABLE = "octets-do-not-decode-in-declared-charset"
PARSES_NOT = "body-does-not-parse-as-its-type"


@pytest.mark.parametrize(
    ("given", "row", "observation"),
    [
        (answer(404), "ERROR-001", "empty-body"),
        (answer(500), "ERROR-010", "500"),
        (answer(599), "ERROR-010", "5xx-other-than-501-to-505"),
        (answer(400, b"{", "application/json"), "ERROR-002", PARSES_NOT),
        (answer(400, b"[" * 99_999, "application/problem+json"), "ERROR-002", PARSES_NOT),
        (answer(400, b"no", "application/dicom+json"), "ERROR-002", PARSES_NOT),
        (answer(400, b"<x>", "text/xml"), "ERROR-002", PARSES_NOT),
        (
            answer(400, b'{"error": 1}', "application/dicom+json"),
            "ERROR-002",
            "no-dicom-json-dataset",
        ),
        (
            answer(409, b"[7]", "application/dicom+json"),
            "ERROR-002",
            "no-dicom-json-dataset",
        ),
        (
            answer(400, b"\xe9", "text/plain; charset=utf-8"),
            "ERROR-002",
            UNDECODABLE,
        ),
        (
            answer(400, b"e", "text/plain; charset=zlib"),
            "ERROR-002",
            UNDECODABLE,
        ),
        (answer(200, b"x", "multipart/related", query="requestType=WADO"), "URI-031", "multipart"),
    ],
)
def test_what_speaks_against_an_answer(given: Answer, row: str, observation: str) -> None:
    assert said(judge(given)) == {(row, observation)}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (answer(404, method="HEAD"), {"ERROR-010": "no-500"}),
        (answer(429), {}),
        (answer(503, b"{", "application/json"), {}),
        (answer(0), {}),
        (answer(501), {"ERROR-010": "no-500"}),
        (answer(200, b"x", "image/jpeg"), {"ERROR-010": "no-500"}),
        (answer(404, b"x"), {"ERROR-001": "non-empty-body"}),
        (answer(404, b"x", "image/jpeg"), {"ERROR-001": "non-empty-body"}),
        (answer(404, b"{}", "application/json"), PARSES),
        (
            answer(409, b'{"00081198": {"vr": "SQ"}}', "application/dicom+json"),
            PARSES,
        ),
        (answer(404, b"<x/>", "application/xhtml+xml"), PARSES),
        (answer(404, b"\xe9", "text/plain"), {"ERROR-002": "text-plain-or-text-html-with-any-text"}),
        (answer(404, b"\xe9", "text/plain; charset=latin1"), {"ERROR-002": "text-plain-or-text-html-with-any-text"}),
        (answer(200, b"x", "image/jpeg", query="requestType=WADO"), {"URI-031": "a-single-part-type"}),
        (answer(200, b"x", query="requestType=WADO"), {"ERROR-010": "no-500"}),
    ],
)
def test_what_speaks_for_an_answer(given: Answer, expected: dict[str, str]) -> None:
    found = list(judge(given))
    assert against(found) == []
    assert expected.items() <= passes(found).items()


def test_nothing_of_a_body_that_may_hold_others_is_quoted() -> None:
    (found,) = against(judge(answer(400, b"Doe", "application/json"), own=False))
    assert "Doe" not in found.received


@pytest.mark.parametrize(
    ("request_line", "resource"),
    [
        ("OPTIONS ", "capabilities"),
        ("DELETE studies/1", "delete"),
        ("POST studies", "store"),
        ("POST studies/1", "store"),
        ("POST workitems", ""),
        ("GET studies", "search"),
        ("GET /studies/1/series/", "search"),
        ("GET studies/1/instances", "search"),
        ("GET studies/1", "instances"),
        ("GET studies/1/series/2/instances/3", "instances"),
        ("GET studies/1/metadata", "metadata"),
        ("GET studies/1/series/2/instances/3/rendered", "rendered"),
        ("GET studies/1/thumbnail", "rendered"),
        ("GET studies/1/series/2/instances/3/frames/1", "frames"),
        ("GET studies/1/series/2/instances/3/frames/1/rendered", "rendered"),
        ("GET studies/1/series/2/instances/3/bulkdata/7FE00010", "bulkdata"),
        ("GET studies/1/series/2/instances/3/pixeldata", "bulkdata"),
        ("GET workitems/1", ""),
        ("GET ", ""),
    ],
)
def test_whose_answer_it_is(request_line: str, resource: str) -> None:
    method, path = request_line.split(" ")
    assert resource_of(method, path) == Answer(method, path, 200).resource == resource
