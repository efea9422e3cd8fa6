"""What the rows of HTTP see of an answer's framing on the wire."""

from dataclasses import replace

import pytest
from answers import answer, of_row, worse_than_pass

from dicomweb_conformance.messages import Answer, Asked, Course, WireFacts

LENGTH = (b"Content-Length", b"2")
JSON = (b"Content-Type", b"application/json")
CHUNKED = (b"Transfer-Encoding", b"chunked")
SOUND = WireFacts("HTTP/1.1", b"HTTP/1.1 200 OK", "OK", (JSON, LENGTH), received=2)
CHUNKS = replace(SOUND, fields=(JSON, CHUNKED), last_chunk=True, ended_by="chunks")
EMPTY = replace(SOUND, fields=((b"Content-Length", b"0"),), received=0)
CLOSED = (
    "neither field, and the body is ended by closing the connection "
    "(7.1 makes HTTP normative, which allows it; 8.6 does not)"
)
NO_CONTENT = WireFacts("HTTP/1.1", b"HTTP/1.1 204 No Content", ended_by="nothing")


def framed(facts: WireFacts | None, *, status: int = 200, method: str = "GET", course: Course | None = None) -> Answer:
    body = b"{}" if facts is not None and facts.received else b""
    return answer(body, "application/json", status=status, asked=Asked(method, "studies"), facts=facts, course=course)


@pytest.mark.parametrize(
    ("facts", "status"),
    [
        pytest.param(SOUND, 200, id="content-length"),
        pytest.param(CHUNKS, 200, id="chunked"),
        pytest.param(EMPTY, 200, id="empty"),
        pytest.param(NO_CONTENT, 204, id="no-content"),
        pytest.param(replace(SOUND, version="HTTP/2", status_line=b""), 200, id="http-2"),
    ],
)
def test_sound_framing_passes(facts: WireFacts, status: int) -> None:
    assert worse_than_pass(framed(facts, status=status)) == {}


@pytest.mark.parametrize(
    ("row", "facts", "status", "expected"),
    [
        pytest.param("HTTP-001", SOUND, 200, ["status line HTTP/1.1"], id="1.1"),
        pytest.param(
            "HTTP-001",
            replace(SOUND, version="HTTP/3", status_line=b""),
            200,
            ["HTTP/3, where it was negotiated"],
            id="3",
        ),
        pytest.param(
            "HTTP-001",
            replace(SOUND, version="HTTP/1.0", status_line=b"HTTP/1.0 200 OK"),
            200,
            ["status line HTTP/1.0 on an otherwise complete message"],
            id="1.0",
        ),
        pytest.param(
            "HTTP-001",
            replace(SOUND, version="HTTP/0.9", status_line=b"HTTP/0.9 200"),
            200,
            ["another version, HTTP/0.9"],
            id="0.9",
        ),
        pytest.param("HTTP-001", SOUND, 505, ["505 to an HTTP/1.1 request"], id="505"),
        pytest.param(
            "HTTP-001",
            replace(SOUND, version="", status_line=b"hello"),
            0,
            ["no status line or one that does not parse"],
            id="no-status-line",
        ),
        pytest.param("HTTP-001", WireFacts(), 0, [], id="nothing-came"),
        pytest.param("HTTP-001", None, 200, [], id="not-looked"),
        pytest.param("HTTP-002", SOUND, 200, ["complete status line and header section"], id="complete"),
        pytest.param("HTTP-002", None, 200, ["complete status line and header section"], id="complete-as-far-as-known"),
        pytest.param(
            "HTTP-002",
            replace(SOUND, bare_line_ends=True),
            200,
            ["lines of the head end in a bare LF (RFC 9112 2.2 lets a recipient read them)"],
            id="bare-lf",
        ),
        pytest.param(
            "HTTP-002",
            replace(SOUND, fields=(*SOUND.fields, (b"no colon", b""))),
            200,
            ["a header line whose name is no token"],
            id="no-colon",
        ),
        pytest.param("HTTP-003", SOUND, 200, ["100 to 599 and in the IANA registry"], id="registered"),
        pytest.param("HTTP-003", None, 404, ["100 to 599 and in the IANA registry"], id="registered-by-status-alone"),
        pytest.param("HTTP-003", None, 299, ["200 to 599 and not in the registry"], id="not-registered"),
        pytest.param("HTTP-003", None, 199, ["an interim code that is not in the registry"], id="interim"),
        pytest.param("HTTP-003", None, 600, ["below 100 or above 599"], id="too-high"),
        pytest.param(
            "HTTP-003",
            replace(SOUND, status_line=b"HTTP/1.1 2OO OK"),
            0,
            ["not three digits"],
            id="no-number",
        ),
        pytest.param(
            "HTTP-003", replace(SOUND, status_line=b"HTTP/1.1 2000 OK"), 0, ["not three digits"], id="four-digits"
        ),
        pytest.param("HTTP-003", None, 0, [], id="no-status"),
        pytest.param("HTTP-005", NO_CONTENT, 204, ["no body and no Content-Type"], id="204"),
        pytest.param(
            "HTTP-005",
            EMPTY,
            204,
            ["no body and Content-Length: 0 (8.4.3 asks for it, RFC 9110 forbids it on 204)"],
            id="204-with-content-length-0",
        ),
        pytest.param(
            "HTTP-005",
            replace(NO_CONTENT, fields=(JSON,)),
            204,
            ["Content-Type on a 204, a 304 or an empty body"],
            id="204-with-content-type",
        ),
        pytest.param(
            "HTTP-005",
            replace(EMPTY, fields=(JSON, *EMPTY.fields)),
            200,
            ["Content-Type on a 204, a 304 or an empty body"],
            id="empty-with-content-type",
        ),
        pytest.param(
            "HTTP-005",
            replace(NO_CONTENT, after_body=2),
            204,
            ["body octets after a 204, 304 or 1xx"],
            id="204-with-a-body",
        ),
        pytest.param(
            "HTTP-005",
            replace(NO_CONTENT, fields=(LENGTH,)),
            204,
            ["Content-Length above 0 on a 204 or 1xx"],
            id="204-with-content-length",
        ),
        pytest.param("HTTP-005", replace(NO_CONTENT, fields=(LENGTH,)), 304, None, id="304-names-the-length"),
        pytest.param("HTTP-005", SOUND, 200, [], id="with-a-body"),
        pytest.param("HTTP-005", replace(SOUND, received=0), 200, [], id="body-that-did-not-come"),
        pytest.param(
            "HTTP-006",
            SOUND,
            200,
            ["exactly one of Content-Length and Transfer-Encoding on an answer with a body"],
            id="length",
        ),
        pytest.param(
            "HTTP-006",
            replace(CHUNKS, received=0),
            200,
            ["exactly one of Content-Length and Transfer-Encoding on an answer with a body"],
            id="empty-chunked",
        ),
        pytest.param(
            "HTTP-006", EMPTY, 200, ["neither, or Content-Length: 0, on an answer without a body"], id="length-0"
        ),
        pytest.param(
            "HTTP-006", NO_CONTENT, 204, ["neither, or Content-Length: 0, on an answer without a body"], id="no-content"
        ),
        pytest.param("HTTP-006", replace(NO_CONTENT, fields=(LENGTH,)), 304, [], id="304-with-length"),
        pytest.param(
            "HTTP-006",
            replace(EMPTY, fields=(), ended_by="close"),
            200,
            ["neither, or Content-Length: 0, on an answer without a body"],
            id="closed-at-once",
        ),
        pytest.param(
            "HTTP-006",
            replace(SOUND, version="HTTP/2", fields=(CHUNKED,)),
            200,
            ["Transfer-Encoding on a 204 or on HTTP/2"],
            id="chunked-on-http-2",
        ),
        pytest.param(
            "HTTP-006",
            replace(SOUND, version="HTTP/2"),
            200,
            ["no Transfer-Encoding on HTTP/2"],
            id="http-2",
        ),
        pytest.param(
            "HTTP-006",
            replace(NO_CONTENT, fields=(CHUNKED,)),
            204,
            ["Transfer-Encoding on a 204 or on HTTP/2"],
            id="chunked-204",
        ),
        pytest.param(
            "HTTP-006",
            replace(CHUNKS, fields=(LENGTH, CHUNKED)),
            200,
            ["both Content-Length and Transfer-Encoding"],
            id="both",
        ),
        pytest.param(
            "HTTP-006",
            replace(SOUND, fields=(LENGTH, LENGTH)),
            200,
            ["several equal Content-Length values"],
            id="twice-the-same",
        ),
        pytest.param(
            "HTTP-006",
            replace(SOUND, fields=((b"content-length", b"2, 2"),)),
            200,
            ["several equal Content-Length values"],
            id="twice-in-one-line",
        ),
        pytest.param(
            "HTTP-006",
            replace(SOUND, fields=(LENGTH, (b"Content-Length", b"3"))),
            200,
            ["different Content-Length values"],
            id="two-lengths",
        ),
        pytest.param(
            "HTTP-006",
            replace(SOUND, fields=((b"Content-Length", b"-1"),)),
            200,
            ["a Content-Length that is no number"],
            id="negative",
        ),
        pytest.param(
            "HTTP-006",
            replace(SOUND, fields=(), ended_by="close"),
            200,
            [CLOSED],
            id="ended-by-closing",
        ),
        pytest.param(
            "HTTP-006",
            replace(SOUND, fields=(), ended_by="stays open"),
            200,
            ["neither field and the connection stays open, other than on 1xx, 204, 304 and HEAD"],
            id="stays-open",
        ),
        pytest.param("HTTP-006", replace(SOUND, fields=(), stopped=True), 200, [], id="not-read-to-its-end"),
        pytest.param("HTTP-007", SOUND, 200, ["octets received equal Content-Length"], id="right-length"),
        pytest.param(
            "HTTP-007",
            replace(SOUND, received=1),
            200,
            ["fewer or more octets than Content-Length"],
            id="fewer-octets",
        ),
        pytest.param(
            "HTTP-007",
            replace(SOUND, after_body=1),
            200,
            ["fewer or more octets than Content-Length"],
            id="octets-after-the-body",
        ),
        pytest.param("HTTP-007", CHUNKS, 200, ["chunked body with its last chunk"], id="last-chunk"),
        pytest.param(
            "HTTP-007",
            replace(CHUNKS, last_chunk=False),
            200,
            ["chunked body without its last chunk"],
            id="no-last-chunk",
        ),
        pytest.param(
            "HTTP-007",
            replace(CHUNKS, chunk_faults=("chunk size 'x'",)),
            200,
            ["chunk framing that leaves RFC 9112 7.1"],
            id="chunk-framing",
        ),
        pytest.param("HTTP-007", replace(SOUND, received=1, stopped=True), 200, [], id="stopped-by-the-suite"),
        pytest.param("HTTP-007", replace(SOUND, fields=()), 200, [], id="nothing-announced"),
    ],
)
def test_rows_of_framing(row: str, facts: WireFacts | None, status: int, expected: list[str] | None) -> None:
    found = of_row(framed(facts, status=status), row)
    assert found == expected if expected is not None else "Content-Length above 0 on a 204 or 1xx" not in found


def test_head_names_the_length_of_a_body_that_does_not_come() -> None:
    head = framed(replace(SOUND, received=0), method="HEAD")

    assert worse_than_pass(head) == {}
    assert [of_row(head, row) for row in ("HTTP-005", "HTTP-006", "HTTP-007")] == [[], [], []]


@pytest.mark.parametrize(
    ("course", "expected"),
    [
        pytest.param(
            Course("no status line", "answered"), ["broke off once, the repeat is answered"], id="repeat-answered"
        ),
        pytest.param(
            Course("no status line", "broke off", control_answered=True),
            ["connection closed or reset without a status line twice, while the control is answered"],
            id="closed-twice",
        ),
        pytest.param(
            Course("no answer in time", "broke off", control_answered=True),
            ["no answer within the timeout twice, while the control is answered"],
            id="no-answer-twice",
        ),
        pytest.param(
            Course("header section cut off", "broke off", control_answered=True),
            ["header section cut off twice"],
            id="head-cut-twice",
        ),
        pytest.param(Course("no status line", "broke off"), [], id="control-broke-off-too"),
        pytest.param(Course("no status line"), [], id="not-repeated"),
        pytest.param(Course(), [], id="nothing-known"),
    ],
)
def test_exchanges_that_break_off(course: Course, expected: list[str]) -> None:
    assert of_row(framed(None, status=0, course=course), "HTTP-002") == expected
