"""What an answer of some status brings with it."""

from dataclasses import replace

import pytest

from dicomweb_conformance.http.exchanges import Headers
from dicomweb_conformance.http.observed import Asked, Course, Redirection
from tests.validators.http.judged_answers import RETRIEVED, SEARCHED, answer, observed, of_row

STORE = Asked("POST", "studies", url="https://pacs.example/studies", size=1000)
LED = Course(redirection=Redirection(("http://pacs.example/there",), "answer"))
LOCATION = ("Location", "/there")


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (replace(RETRIEVED, headers=Headers((("Range", "bytes=0-9"),))), "206-only-where-the-request-had-range"),
        (RETRIEVED, "206-without-range-on-retrieve"),
        (
            SEARCHED,
            "206-without-range-elsewhere",
        ),
        (STORE, "206-without-range-elsewhere"),
    ],
)
def test_206(asked: Asked, expected: str) -> None:
    assert of_row(answer(b"x", "a/b", status=206, asked=asked), "HTTP-012") == [expected]
    assert of_row(answer(b"x", "a/b", asked=asked), "HTTP-012") == []


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        pytest.param(['Basic realm="x"'], "401-with-challenge", id="basic"),
        pytest.param(["Negotiate"], "401-with-challenge", id="scheme-alone"),
        pytest.param(["", "Bearer"], "401-with-challenge", id="in-the-second-line"),
        pytest.param([""], "401-without-www-authenticate", id="empty"),
        pytest.param([], "401-without-www-authenticate", id="none"),
    ],
)
def test_401(values: list[str], expected: str) -> None:
    fields = [("WWW-Authenticate", value) for value in values]
    assert of_row(answer(b"", None, *fields, status=401), "HTTP-015") == [expected]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        pytest.param(["GET, HEAD"], "405-with-allow", id="methods"),
        pytest.param([""], "405-with-allow", id="no-method-at-all"),
        pytest.param([], "405-without-allow", id="none"),
    ],
)
def test_405(values: list[str], expected: str) -> None:
    fields = [("Allow", value) for value in values]
    assert of_row(answer(b"", None, *fields, status=405), "HTTP-014b") == [expected]
    assert of_row(answer(b"", None, *fields, status=404), "HTTP-014b") == []


def test_a_range_is_not_taken_for_a_whole_payload() -> None:
    asked = replace(RETRIEVED, headers=Headers((("Range", "bytes=5-"),)))
    label = 'multipart/related; type="application/dicom"; boundary=b'
    found = observed(answer(b"X 1", label, ("Content-Range", "bytes 5-7/8"), status=206, asked=asked))

    assert not [each for each in found if each.requirement.startswith("MULTIPART")]


REFUSED = Asked("GET", "studies", headers=Headers((("Accept", "a/b"), ("Accept", "application/x-none"))))
NAMED, SILENT = "names-a-supported-type", "body-without-a-media-type"


@pytest.mark.parametrize(
    ("body", "label", "expected"),
    [
        pytest.param(b"try application/dicom+json.", "text/plain", NAMED, id="named"),
        pytest.param(rb'{"use": "application\/dicom+json"}', "application/json", NAMED, id="named-in-json"),
        pytest.param(b"not acceptable: application/x-none", "text/plain", SILENT, id="only-what-was-refused"),
        pytest.param(b"<meta content='text/html'>", "text/html", SILENT, id="only-that-of-the-page"),
        pytest.param(b"no" + b"." * 70_000, "text/plain", SILENT, id="long-text"),
        pytest.param(b"", None, "empty-body", id="empty"),
    ],
)
def test_406_and_415(body: bytes, label: str | None, expected: str) -> None:
    assert of_row(answer(body, label, status=406, asked=REFUSED, chunk=1 << 16), "HTTP-019") == [expected]
    stored = replace(STORE, headers=Headers((("Content-Type", "application/x-none"),)))
    assert of_row(answer(body, label, status=415, asked=stored, chunk=1 << 16), "HTTP-018") == [expected]


def test_a_part_of_a_message_of_files_may_be_what_is_refused() -> None:
    label = 'multipart/related; type="application/dicom"; boundary=b'
    stored = replace(STORE, headers=Headers((("Content-Type", label),)))
    told = answer(b"supported: application/dicom", "text/plain", status=415, asked=stored)
    assert of_row(told, "HTTP-018") == [NAMED]


def test_head_shows_no_list_of_types() -> None:
    assert of_row(answer(b"", None, status=406, asked=Asked("HEAD", "studies")), "HTTP-019") == []


@pytest.mark.parametrize(
    ("status", "fields", "course", "expected", "form"),
    [
        pytest.param(200, [], Course(), ["no-redirect"], [], id="none"),
        pytest.param(304, [], Course(), ["no-redirect"], [], id="not-modified"),
        pytest.param(
            307,
            [LOCATION],
            LED,
            ["301-302-303-307-or-308-leads-to-answer"],
            ["location-leads-to-an-answer"],
            id="leads-to-an-answer",
        ),
        pytest.param(302, [LOCATION], Course(), [], [], id="not-followed"),
        pytest.param(300, [], Course(), ["300-or-another-3xx"], [], id="300"),
        pytest.param(399, [], Course(), ["300-or-another-3xx"], [], id="399"),
        pytest.param(
            301,
            [("Location", "http://else.example/")],
            Course(redirection=Redirection((), "answer")),
            ["a-redirect-to-another-host"],
            ["location-leads-to-an-answer"],
            id="another-host",
        ),
        pytest.param(301, [], Course(), [], ["301-302-303-307-or-308-without-location"], id="no-location"),
        pytest.param(
            301,
            [LOCATION],
            Course(redirection=Redirection((), "loop")),
            [],
            ["a-loop-or-more-than-ten-hops"],
            id="loop",
        ),
        pytest.param(
            301,
            [("Location", "ftp://pacs.example/")],
            Course(),
            [],
            ["location-of-another-scheme"],
            id="ftp",
        ),
        pytest.param(
            301,
            [("Location", "http://[x")],
            Course(),
            [],
            ["a-url-that-cannot-be-followed"],
            id="no-url",
        ),
    ],
)
def test_redirects(
    status: int, fields: list[tuple[str, str]], course: Course, expected: list[str], form: list[str]
) -> None:
    seen = answer(b"", None, *fields, status=status, course=course)
    assert of_row(seen, "HTTP-020") == expected
    assert of_row(seen, "HTTP-020b") == form


def test_a_redirect_that_leaves_https_or_answers_a_store() -> None:
    down = Course(redirection=Redirection(("http://pacs.example/there",), "answer"))
    stored = answer(b"", None, LOCATION, status=303, asked=STORE, course=down)
    assert of_row(stored, "HTTP-020b") == [
        "https-to-http",
        "store-redirected-with-301-302-303",
    ]


@pytest.mark.parametrize(
    ("status", "size", "expected"),
    [
        (200, 1000, ["no-413"]),
        (413, 1000, ["413-to-a-smaller-request"]),
        (413, 50_000_000, ["413-to-a-request-of-50-mb-or-more"]),
        (413, 0, []),
    ],
)
def test_413(status: int, size: int, expected: list[str]) -> None:
    assert of_row(answer(status=status, asked=replace(STORE, size=size)), "HTTP-021") == expected


@pytest.mark.parametrize(
    ("status", "retries", "after", "expected"),
    [
        (200, 0, None, ["none-met"]),
        (200, 1, None, ["gone-after-a-retry"]),
        (503, 0, None, []),
        (503, 3, "120", ["still-there-after-three-retries"]),
        (429, 1, "Fri, 31 Dec 1999 23:59:59 GMT", []),
        (502, 1, "soon", ["a-retry-after-that-does-not-parse"]),
        (504, 3, None, ["still-there-after-three-retries"]),
    ],
)
def test_a_busy_target(status: int, retries: int, after: str | None, expected: list[str]) -> None:
    fields = () if after is None else (("Retry-After", after),)
    seen = answer(b"x", None, *fields, status=status, course=Course(retries=retries))
    assert of_row(seen, "HTTP-024") == expected
    if status != 200:
        assert {each.requirement for each in observed(seen)} <= {"HTTP-024"}


def test_no_answer_shows_nothing() -> None:
    assert observed(answer(status=0)) == []
