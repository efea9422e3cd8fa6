"""What an HTTP library forgives is seen on every exchange."""

import gzip
import json
import zlib
from pathlib import Path

import pytest

from dicomweb_conformance.http import limits
from dicomweb_conformance.http.response_reader import AnswerReader
from dicomweb_conformance.http.wire_facts import Fault
from dicomweb_conformance.transport.exact import send_exactly
from tests.transport.raw_peer import answers, client, peer

OK = b"HTTP/1.1 200 OK\r\n"
RAW = zlib.compress(b"x" * 1000)[2:-4]
ZIPPED = gzip.compress(b"x" * 1000, mtime=0)

FAULTY: dict[str, tuple[bytes, set[Fault]]] = {
    "head-cut-off": (OK + b"Content-Type: a", {Fault.HEAD_CUT_OFF}),
    "status-line-cut-off": (b"HTTP/1.1 200 O", {Fault.HEAD_CUT_OFF}),
    "length-too-long": (OK + b"Content-Length: 9\r\n\r\n[]", {Fault.TOO_SHORT}),
    "length-too-short": (OK + b"Content-Length: 1\r\n\r\n[]", {Fault.TOO_LONG}),
    "octets-after-the-body": (OK + b"Content-Length: 2\r\n\r\n[]\r\n", {Fault.TOO_LONG}),
    "octets-after-an-empty-body": (OK + b"Content-Length: 0\r\n\r\n[]", {Fault.TOO_LONG}),
    "octets-after-the-last-chunk": (OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\n[]\r\n0\r\n\r\n!", {Fault.TOO_LONG}),
    "length-and-chunked": (
        OK + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n[]\r\n0\r\n\r\n",
        {Fault.LENGTH_AND_CODING},
    ),
    "chunk-size-no-number": (OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n[]\r\n0\r\n\r\n", {Fault.BAD_CHUNK}),
    "chunk-longer-than-its-size": (
        OK + b"Transfer-Encoding: chunked\r\n\r\n1\r\n[]\r\n0\r\n\r\n",
        {Fault.BAD_CHUNK},
    ),
    "no-last-chunk": (OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\n[]\r\n", {Fault.NO_LAST_CHUNK}),
    "coding-not-chunked": (OK + b"Transfer-Encoding: gzip\r\n\r\n[]", {Fault.CODING_NOT_CHUNKED}),
    "lines-end-with-lf": (b"HTTP/1.1 200 OK\nContent-Length: 2\n\n[]", {Fault.LF_ALONE}),
    "header-without-colon": (OK + b"Content-Length: 2\r\nServer test\r\n\r\n[]", {Fault.NO_COLON}),
    "blank-before-colon": (OK + b"Server : a\r\nContent-Length: 2\r\n\r\n[]", {Fault.FIELD_NAME}),
    "folded-header": (OK + b"Content-Length: 2\r\nServer: a\r\n  b\r\n\r\n[]", {Fault.FOLDED}),
    "control-character": (OK + b"Content-Length: 2\r\nServer: a\x01b\r\n\r\n[]", {Fault.CONTROL_CHARACTER}),
    "body-after-204": (b"HTTP/1.1 204 No Content\r\n\r\n[]", {Fault.BODY_WHERE_NONE}),
    "body-after-304": (b"HTTP/1.1 304 Not Modified\r\n\r\n[]", {Fault.BODY_WHERE_NONE}),
    "length-of-a-204": (b"HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\n", {Fault.LENGTH_WITHOUT_BODY}),
    "chunked-204": (b"HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n", {Fault.CODING_WITHOUT_BODY}),
    "negative-length": (OK + b"Content-Length: -2\r\n\r\n[]", {Fault.LENGTH_NEGATIVE}),
    "length-in-words": (OK + b"Content-Length: two\r\n\r\n[]", {Fault.LENGTH_NO_NUMBER}),
    "length-with-a-sign": (OK + b"Content-Length: +2\r\n\r\n[]", {Fault.LENGTH_NO_NUMBER}),
    "length-twice": (OK + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n[]", {Fault.LENGTH_REPEATED}),
    "lengths-differ": (OK + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n[]", {Fault.LENGTHS_DIFFER}),
    "no-blank-after-status": (b"HTTP/1.1 200\r\nContent-Length: 2\r\n\r\n[]", {Fault.STATUS_LINE}),
    "gzip-cut-off": (
        OK + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % (len(ZIPPED) - 9) + ZIPPED[:-9],
        {Fault.CODED_CUT_OFF},
    ),
    "raw-deflate": (
        OK + b"Content-Encoding: deflate\r\nContent-Length: %d\r\n\r\n" % len(RAW) + RAW,
        {Fault.RAW_DEFLATE},
    ),
    "gzip-that-is-none": (OK + b"Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n[]", {Fault.NOT_DECODABLE}),
}
CORRECT = {
    "length": (OK + b"Content-Length: 2\r\n\r\n[]", "length"),
    "empty": (OK + b"Content-Length: 0\r\n\r\n", "length"),
    "chunked": (OK + b"Transfer-Encoding: chunked\r\n\r\n1;x=y\r\n[\r\n1 \r\n]\r\n0\r\n\r\n", "chunked"),
    "by-the-end-of-the-connection": (OK + b"\r\n[]", "close"),
    "204": (b"HTTP/1.1 204 No Content\r\n\r\n", "none"),
    "204-with-length-0": (b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n", "none"),
    "304-with-the-length-of-the-200": (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 2\r\n\r\n", "none"),
    "no-reason": (b"HTTP/1.1 200 \r\nContent-Length: 2\r\n\r\n[]", "length"),
    "octets-above-7f-in-a-field": (OK + b"Server: \xe9\r\nContent-Length: 2\r\n\r\n[]", "length"),
    "deflate": (
        OK + b"Content-Encoding: deflate\r\nContent-Length: 9\r\n\r\n" + zlib.compress(b"x"),
        "length",
    ),
    "two-gzip-members": (
        OK + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % (2 * len(ZIPPED)) + 2 * ZIPPED,
        "length",
    ),
}


@pytest.mark.parametrize("exactly", [False, True], ids=["ordinary", "exact"])
@pytest.mark.parametrize(("octets", "faults"), FAULTY.values(), ids=FAULTY)
def test_a_fault_is_seen(octets: bytes, faults: set[Fault], exactly: bool, tmp_path: Path) -> None:
    with peer(answers(octets)) as listening, client(listening.url, tmp_path) as asking:
        if exactly:
            response = send_exactly(asking, "GET", "/studies", headers=[("Connection", "close")])
        else:
            response = asking.send("GET", f"{listening.url}/studies")

    assert response.wire is not None
    assert set(response.wire.faults) == faults
    if faults & {Fault.HEAD_CUT_OFF, Fault.TOO_SHORT, Fault.NO_LAST_CHUNK, Fault.CODED_CUT_OFF}:
        assert response.error
    recorded = json.loads((tmp_path / "run.jsonl").read_text().splitlines()[-1])
    assert set(recorded["wire"]["faults"]) == {str(fault) for fault in faults}


@pytest.mark.parametrize("exactly", [False, True], ids=["ordinary", "exact"])
@pytest.mark.parametrize(("octets", "framing"), CORRECT.values(), ids=CORRECT)
def test_a_correct_answer_has_no_fault(octets: bytes, framing: str, exactly: bool, tmp_path: Path) -> None:
    with peer(answers(octets)) as listening, client(listening.url, tmp_path) as asking:
        if exactly:
            response = send_exactly(asking, "GET", "/studies", headers=[("Connection", "close")])
        else:
            response = asking.send("GET", f"{listening.url}/studies")

    assert not response.error
    assert response.wire is not None
    assert not response.wire.odd
    assert response.wire.complete
    assert response.wire.framing == framing
    assert '"wire"' not in (tmp_path / "run.jsonl").read_text()


def test_the_facts_of_an_answer(tmp_path: Path) -> None:
    head = b"HTTP/1.0 299 Odd  reason\r\nSERVER:a\r\nset-cookie: a=1\r\nSet-Cookie: b=2\r\nContent-Length: 3\r\n\r\n"
    with peer(answers(head + b"[]\nmore")) as listening, client(listening.url, tmp_path) as asking:
        wire = asking.send("GET", f"{listening.url}/studies").wire

    assert wire is not None
    assert (wire.status_line, wire.version, wire.reason) == ("HTTP/1.0 299 Odd  reason", "HTTP/1.0", "Odd  reason")
    assert wire.header_lines == ("SERVER:a", "set-cookie: a=1", "Set-Cookie: b=2", "Content-Length: 3")
    assert wire.fields("Set-Cookie") == ("a=1", "b=2")
    assert (wire.announced, wire.received, wire.after) == (3, 3, 4)
    assert "a=1" not in (tmp_path / "run.jsonl").read_text(), "cookies are secrets, in the lines of the head too"


def test_a_body_after_head(tmp_path: Path) -> None:
    octets = OK + b"Content-Length: 2\r\n\r\n[]"
    with peer(answers(octets)) as listening, client(listening.url, tmp_path) as asking:
        response = asking.send("HEAD", f"{listening.url}/studies")

    assert response.body == b""
    assert response.wire is not None
    assert response.wire.faults == (Fault.BODY_WHERE_NONE,)
    assert (response.wire.announced, response.wire.after) == (2, 2)


@pytest.mark.parametrize("exactly", [False, True], ids=["ordinary", "exact"])
def test_interim_answers_are_passed_over_and_told(exactly: bool, tmp_path: Path) -> None:
    early = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n"
    octets = early + OK + b"Content-Length: 2\r\n\r\n[]"
    with peer(answers(octets)) as listening, client(listening.url, tmp_path) as asking:
        if exactly:
            response = send_exactly(asking, "GET", "/studies")
        else:
            response = asking.send("GET", f"{listening.url}/studies")

    assert (response.status, response.body) == (200, b"[]")
    assert response.headers.get("Link") is None
    assert response.wire is not None
    assert response.wire.interim == (100, 103)
    assert not response.wire.faults


def test_trailers_are_told(tmp_path: Path) -> None:
    octets = OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\n[]\r\n0\r\nDigest: x\r\n\r\n"
    with peer(answers(octets)) as listening, client(listening.url, tmp_path) as asking:
        wire = asking.send("GET", f"{listening.url}/studies").wire

    assert wire is not None
    assert wire.trailers == ("Digest: x",)
    assert not wire.faults


def test_a_connection_with_leftovers_is_not_used_again(tmp_path: Path) -> None:
    first, second = OK + b"Content-Length: 2\r\n\r\n[]left over", OK + b"Content-Length: 3\r\n\r\n[1]"
    with (
        peer(answers(first, second, keeps_open=True)) as listening,
        client(listening.url, tmp_path) as asking,
    ):
        asking.send("GET", f"{listening.url}/studies")
        response = asking.send("GET", f"{listening.url}/studies")

    assert (response.body, response.error) == (b"[1]", "")


def test_a_connection_is_used_again(tmp_path: Path) -> None:
    connections = []
    answer = answers(OK + b"Content-Length: 2\r\n\r\n[]", keeps_open=True)

    with (
        peer(
            lambda connection, listening: (connections.append(connection), answer(connection, listening))[1]
        ) as listening,
        client(listening.url, tmp_path) as asking,
    ):
        for _ in range(5):
            assert asking.send("GET", f"{listening.url}/studies").body == b"[]"

    assert len(connections) == 1


@pytest.mark.parametrize("octets", [each for each, _ in (*FAULTY.values(), *CORRECT.values())])
def test_facts_do_not_depend_on_how_octets_arrive(octets: bytes) -> None:
    whole, bit_by_bit = AnswerReader("GET"), AnswerReader("GET")
    whole.feed(octets)
    for at in range(len(octets)):
        bit_by_bit.feed(octets[at : at + 1])
    whole.end()
    bit_by_bit.end()

    assert whole.facts() == bit_by_bit.facts()


def test_an_endless_head_is_read_in_bounded_memory() -> None:
    reader = AnswerReader("GET")
    reader.feed(OK)
    for _ in range(20_000):
        reader.feed(b"X-Filler: " + b"x" * 100 + b"\r\n")
    reader.feed(b"x" * 10_000_000)

    assert sum(map(len, reader.facts().header_lines)) <= limits.HEAD
    assert "header section goes on after 1 MiB" in reader.exceeded
