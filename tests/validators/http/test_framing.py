"""What the rows of HTTP see of an answer's framing on the wire."""

from dataclasses import replace

import pytest

from dicomweb_conformance.http.exchanges import Headers, Response
from dicomweb_conformance.http.observed import Answer, Asked, Course, answer_of
from dicomweb_conformance.http.wire_facts import Fault, WireFacts
from dicomweb_conformance.validators.http import messages
from tests.validators.http.judged_answers import answer, observed, of_row, worse_than_pass

LENGTH, JSON, CHUNKED = "Content-Length: 2", "Content-Type: application/json", "Transfer-Encoding: chunked"
SOUND = WireFacts("HTTP/1.1 200 OK", "HTTP/1.1", "OK", (JSON, LENGTH), "length", announced=2, received=2, complete=True)
CHUNKS = replace(SOUND, header_lines=(JSON, CHUNKED), framing="chunked", announced=None)
EMPTY = replace(SOUND, header_lines=("Content-Length: 0",), announced=0, received=0)
CLOSED_BODY = replace(SOUND, header_lines=(JSON,), framing="close", announced=None)
CLOSED = "body-ended-by-close"
NO_CONTENT = WireFacts("HTTP/1.1 204 No Content", "HTTP/1.1", "No Content", framing="none", complete=True)


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
    ],
)
def test_sound_framing_passes(facts: WireFacts, status: int) -> None:
    assert worse_than_pass(framed(facts, status=status)) == {}


@pytest.mark.parametrize(
    ("row", "facts", "status", "expected"),
    [
        pytest.param("HTTP-001", SOUND, 200, ["status-line-http-1-1"], id="1.1"),
        pytest.param(
            "HTTP-001",
            replace(SOUND, version="HTTP/1.0", status_line="HTTP/1.0 200 OK"),
            200,
            ["http-1-0-status-line"],
            id="1.0",
        ),
        pytest.param(
            "HTTP-001",
            replace(SOUND, version="HTTP/0.9", status_line="HTTP/0.9 200"),
            200,
            ["another version, HTTP/0.9"],
            id="0.9",
        ),
        pytest.param("HTTP-001", SOUND, 505, ["505-to-an-http-1-1-request"], id="505"),
        pytest.param(
            "HTTP-001",
            replace(SOUND, version="", status_line="hello"),
            0,
            ["no-status-line-or-one-does-not-parse"],
            id="no-status-line",
        ),
        pytest.param(
            "HTTP-001",
            WireFacts("HTTP/1.1 20000 OK", ""),
            0,
            ["status-line-http-1-1"],
            id="status-code-that-is-none",
        ),
        pytest.param("HTTP-001", WireFacts(), 0, [], id="nothing-came"),
        pytest.param("HTTP-001", None, 200, [], id="not-looked"),
        pytest.param("HTTP-002", SOUND, 200, ["complete-status-line-and-header-section"], id="complete"),
        pytest.param("HTTP-002", None, 200, ["complete-status-line-and-header-section"], id="complete-as-far-as-known"),
        pytest.param(
            "HTTP-002",
            replace(SOUND, faults=(Fault.LF_ALONE,)),
            200,
            ["head-lines-end-in-lf"],
            id="bare-lf",
        ),
        pytest.param(
            "HTTP-002",
            replace(SOUND, faults=(Fault.NO_COLON,)),
            200,
            ["a-header-line-without-a-colon"],
            id="no-colon",
        ),
        pytest.param("HTTP-003", SOUND, 200, ["100-to-599-and-in-the-iana-registry"], id="registered"),
        pytest.param("HTTP-003", None, 404, ["100-to-599-and-in-the-iana-registry"], id="registered-by-status-alone"),
        pytest.param("HTTP-003", None, 299, ["200-to-599-and-not-in-the-registry"], id="not-registered"),
        pytest.param("HTTP-003", None, 199, ["an interim code that is not in the registry"], id="interim"),
        pytest.param("HTTP-003", None, 600, ["below-100-or-above-599"], id="too-high"),
        pytest.param(
            "HTTP-003",
            replace(SOUND, status_line="HTTP/1.1 2OO OK"),
            0,
            ["not-three-digits"],
            id="no-number",
        ),
        pytest.param(
            "HTTP-003", replace(SOUND, status_line="HTTP/1.1 2000 OK"), 0, ["not-three-digits"], id="four-digits"
        ),
        pytest.param("HTTP-003", None, 0, [], id="no-status"),
        pytest.param("HTTP-005", NO_CONTENT, 204, ["no-body-and-no-content-type"], id="204"),
        pytest.param(
            "HTTP-005",
            replace(NO_CONTENT, status_line="HTTP/1.1 101 Switching Protocols", after=900),
            101,
            ["no-body-and-no-content-type"],
            id="octets-of-another-protocol",
        ),
        pytest.param(
            "HTTP-005",
            EMPTY,
            204,
            ["content-length-0-without-body"],
            id="204-with-content-length-0",
        ),
        pytest.param(
            "HTTP-005",
            replace(NO_CONTENT, header_lines=(JSON,)),
            204,
            ["content-type-on-204-304-or-empty-body"],
            id="204-with-content-type",
        ),
        pytest.param(
            "HTTP-005",
            replace(EMPTY, header_lines=(JSON, *EMPTY.header_lines)),
            200,
            ["content-type-on-204-304-or-empty-body"],
            id="empty-with-content-type",
        ),
        pytest.param(
            "HTTP-005",
            replace(NO_CONTENT, after=2),
            204,
            ["body-octets-after-a-204-304-or-1xx"],
            id="204-with-a-body",
        ),
        pytest.param(
            "HTTP-005",
            replace(NO_CONTENT, header_lines=(LENGTH,)),
            204,
            ["content-length-above-0-on-a-204-or-1xx"],
            id="204-with-content-length",
        ),
        pytest.param("HTTP-005", replace(NO_CONTENT, header_lines=(LENGTH,)), 304, None, id="304-names-the-length"),
        pytest.param("HTTP-005", SOUND, 200, [], id="with-a-body"),
        pytest.param("HTTP-005", replace(SOUND, received=0, complete=False), 200, [], id="body-that-did-not-come"),
        pytest.param(
            "HTTP-006",
            SOUND,
            200,
            ["one-of-length-and-coding"],
            id="length",
        ),
        pytest.param(
            "HTTP-006",
            replace(CHUNKS, received=0),
            200,
            ["one-of-length-and-coding"],
            id="empty-chunked",
        ),
        pytest.param("HTTP-006", EMPTY, 200, ["no-length-or-0-without-body"], id="length-0"),
        pytest.param("HTTP-006", NO_CONTENT, 204, ["no-length-or-0-without-body"], id="no-content"),
        pytest.param("HTTP-006", replace(NO_CONTENT, header_lines=(LENGTH,)), 304, [], id="304-with-length"),
        pytest.param(
            "HTTP-006",
            replace(CLOSED_BODY, received=0),
            200,
            ["no-length-or-0-without-body"],
            id="closed-at-once",
        ),
        pytest.param(
            "HTTP-006",
            replace(NO_CONTENT, header_lines=(CHUNKED,)),
            204,
            ["transfer-encoding-on-a-204-or-on-http-2"],
            id="chunked-204",
        ),
        pytest.param(
            "HTTP-006",
            replace(CHUNKS, header_lines=(LENGTH, CHUNKED)),
            200,
            ["both-length-and-transfer-encoding"],
            id="both",
        ),
        pytest.param(
            "HTTP-006",
            replace(SOUND, header_lines=(LENGTH, LENGTH)),
            200,
            ["several-equal-content-length-values"],
            id="twice-the-same",
        ),
        pytest.param(
            "HTTP-006",
            replace(SOUND, header_lines=("content-length: 2, 2",)),
            200,
            ["several-equal-content-length-values"],
            id="twice-in-one-line",
        ),
        pytest.param(
            "HTTP-006",
            replace(SOUND, header_lines=(LENGTH, "Content-Length: 3")),
            200,
            ["different-content-length-values"],
            id="two-lengths",
        ),
        pytest.param(
            "HTTP-006",
            replace(SOUND, header_lines=("Content-Length: -1",)),
            200,
            ["a-content-length-that-is-no-number"],
            id="negative",
        ),
        pytest.param(
            "HTTP-006",
            CLOSED_BODY,
            200,
            [CLOSED],
            id="ended-by-closing",
        ),
        pytest.param("HTTP-007", SOUND, 200, ["octets-received-equal-content-length"], id="right-length"),
        pytest.param(
            "HTTP-007",
            replace(SOUND, received=1, complete=False, faults=(Fault.TOO_SHORT,)),
            200,
            ["fewer-or-more-octets-than-content-length"],
            id="fewer-octets",
        ),
        pytest.param(
            "HTTP-007",
            replace(SOUND, after=1, faults=(Fault.TOO_LONG,)),
            200,
            ["fewer-or-more-octets-than-content-length"],
            id="octets-after-the-body",
        ),
        pytest.param("HTTP-007", CHUNKS, 200, ["chunked-body-with-its-last-chunk"], id="last-chunk"),
        pytest.param(
            "HTTP-007",
            replace(CHUNKS, complete=False, faults=(Fault.NO_LAST_CHUNK,)),
            200,
            ["chunked-body-without-its-last-chunk"],
            id="no-last-chunk",
        ),
        pytest.param(
            "HTTP-007",
            replace(CHUNKS, complete=False, faults=(Fault.BAD_CHUNK,)),
            200,
            ["chunk framing that leaves RFC 9112 7.1"],
            id="chunk-framing",
        ),
        pytest.param("HTTP-007", replace(SOUND, received=1, complete=False), 200, [], id="stopped-by-the-suite"),
        pytest.param("HTTP-007", replace(CHUNKS, complete=False), 200, [], id="chunks-stopped-by-the-suite"),
        pytest.param("HTTP-007", CLOSED_BODY, 200, [], id="nothing-announced"),
    ],
)
def test_rows_of_framing(row: str, facts: WireFacts | None, status: int, expected: list[str] | None) -> None:
    found = of_row(framed(facts, status=status), row)
    assert found == expected if expected is not None else "content-length-above-0-on-a-204-or-1xx" not in found


def test_head_names_the_length_of_a_body_that_does_not_come() -> None:
    head = framed(replace(SOUND, received=0), method="HEAD")

    assert worse_than_pass(head) == {}
    assert [of_row(head, row) for row in ("HTTP-005", "HTTP-006", "HTTP-007")] == [[], [], []]


@pytest.mark.parametrize(
    ("course", "expected"),
    [
        pytest.param(
            Course("no status line", "answered"), ["broke-off-once-the-repeat-is-answered"], id="repeat-answered"
        ),
        pytest.param(
            Course("no status line", "broke off", control_answered=True),
            ["closed-without-status-line-twice"],
            id="closed-twice",
        ),
        pytest.param(
            Course("no answer in time", "broke off", control_answered=True),
            ["no-answer-in-time-twice"],
            id="no-answer-twice",
        ),
        pytest.param(
            Course("header section cut off", "broke off", control_answered=True),
            ["header-section-cut-off-twice"],
            id="head-cut-twice",
        ),
        pytest.param(Course("no status line", "broke off"), [], id="control-broke-off-too"),
        pytest.param(Course("no status line"), [], id="not-repeated"),
        pytest.param(Course(), [], id="nothing-known"),
    ],
)
def test_exchanges_that_break_off(course: Course, expected: list[str]) -> None:
    assert of_row(framed(None, status=0, course=course), "HTTP-002") == expected


def test_what_the_suite_did_not_read_is_nobodys_fault() -> None:
    stopped = replace(framed(replace(CLOSED_BODY, complete=False)), broken=True)

    assert of_row(stopped, "HTTP-006") == []
    assert stopped.is_cut


def test_an_exchange_of_a_run_is_judged_as_the_observers_have_it() -> None:
    headers = Headers((("Content-Type", "application/json"), ("Content-Encoding", "gzip"), ("Content-Length", "2")))
    url = "http://h/dicom-web/studies?limit=1"
    response = Response("1", "GET", url, 200, headers=headers, body=b"{}", wire=SOUND)

    def seen(each: Response) -> Answer:
        return answer_of(each, (("Accept", "*/*"),), 0, Course(), "http://h/dicom-web")

    answer = seen(response)

    assert (answer.asked.path, answer.asked.accept, list(answer.body)) == ("studies", "*/*", [b"{}"])
    assert not answer.is_cut
    assert seen(replace(response, error="broke off")).is_cut
    assert "HTTP-008" in {each.requirement for each in messages.observe(answer)}


@pytest.mark.parametrize("status", [200, 404])
def test_a_head_that_was_not_read_to_its_end_shows_nothing_but_its_status_line(status: int) -> None:
    facts = replace(SOUND, header_lines=(), framing="", announced=None, received=0, complete=False)

    assert {each.requirement for each in observed(framed(facts, status=status))} == {"HTTP-001", "HTTP-003"}
