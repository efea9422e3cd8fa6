"""Whatever a peer does, an exchange ends within its time, in bounded memory, and with credentials kept."""

import gzip
import socket
import tracemalloc
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from dicomweb_conformance.http.exchanges import Response
from dicomweb_conformance.settings.auth import Credentials
from dicomweb_conformance.transport.exact import send_exactly
from tests.transport.raw_peer import Handler, Peer, answers, client, peer, received

OK = b"HTTP/1.1 200 OK\r\n"
LIMIT = 1 << 20


def dripping(before: bytes, drop: bytes) -> Handler:
    """Send `before`, then `drop` again and again, always before a timeout of the socket would be over."""

    def handle(connection: socket.socket, listening: Peer) -> None:
        received(connection)
        connection.sendall(before)
        while not listening.stopped.wait(0.02):
            connection.sendall(drop)

    return handle


def silent(after: bytes) -> Handler:
    """Send `after`, and then nothing, without closing."""

    def handle(connection: socket.socket, listening: Peer) -> None:
        received(connection)
        connection.sendall(after)
        listening.stopped.wait(20)

    return handle


def deaf(connection: socket.socket, listening: Peer) -> None:
    """Read nothing at all."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    listening.stopped.wait(20)


def half_closed(connection: socket.socket, _: Peer) -> None:
    """Close the sending side at once, and read on."""
    connection.shutdown(socket.SHUT_WR)
    while connection.recv(65536):
        pass


def endless(head: bytes, piece: bytes) -> Handler:
    def handle(connection: socket.socket, listening: Peer) -> None:
        received(connection)
        connection.sendall(head)
        while not listening.stopped.is_set():
            connection.sendall(piece)

    return handle


TIMED_OUT = {
    "nothing comes": silent(b""),
    "half a head": silent(OK + b"Content-Type: a"),
    "no body": silent(OK + b"Content-Length: 2\r\n\r\n"),
    "half a chunk": silent(OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\n[]"),
    "a status line that drips": dripping(b"HTTP/1.1 200 ", b"K"),
    "a head that drips": dripping(OK, b"X: y\r\n"[:1]),
    "a body that drips": dripping(OK + b"Content-Length: 1000000\r\n\r\n", b"x"),
    "chunks that drip": dripping(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
    "a body without a length that drips": dripping(OK + b"\r\n", b"x"),
    "1xx answers without an end": dripping(b"", b"HTTP/1.1 102 Processing\r\n\r\n"),
    "100 answers without an end": dripping(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
}


@pytest.mark.parametrize("exactly", [False, True], ids=["ordinary", "exact"])
@pytest.mark.parametrize("handle", TIMED_OUT.values(), ids=TIMED_OUT)
def test_an_exchange_ends_within_its_time(handle: Handler, exactly: bool, tmp_path: Path) -> None:
    with peer(handle) as listening, client(listening.url, tmp_path, timeout=0.3) as asking:
        if exactly:
            response = send_exactly(asking, "GET", "/studies")
        else:
            response = asking.send("GET", f"{listening.url}/studies")

    assert "timed out" in response.error.lower()
    assert response.seconds < 5
    assert len((tmp_path / "run.jsonl").read_text().splitlines()) == 1, "what timed out is not asked again"


def test_a_request_that_nobody_reads_ends(tmp_path: Path) -> None:
    with peer(deaf) as listening, client(listening.url, tmp_path, timeout=0.3) as asking:
        response = asking.send("POST", f"{listening.url}/studies", body=b"x" * (64 << 20))

    assert response.status == 0
    assert response.error
    assert response.seconds < 5


def test_a_request_that_nobody_reads_ends_in_chunks_too(tmp_path: Path) -> None:
    with peer(deaf) as listening, client(listening.url, tmp_path, timeout=0.3) as asking:
        response = asking.send("POST", f"{listening.url}/studies", body=(b"x" * (1 << 16) for _ in range(1000)))

    assert response.status == 0
    assert response.error


@pytest.mark.parametrize("exactly", [False, True], ids=["ordinary", "exact"])
def test_a_half_closed_connection(exactly: bool, tmp_path: Path) -> None:
    with peer(half_closed) as listening, client(listening.url, tmp_path) as asking:
        if exactly:
            response = send_exactly(asking, "GET", "/studies")
        else:
            response = asking.send("GET", f"{listening.url}/studies")

    assert response.status == 0
    assert "closed" in response.error.lower() or "reset" in response.error.lower()


def in_bounded_memory(ask: Callable[[], Response]) -> Response:
    tracemalloc.start()
    try:
        response = ask()
        assert tracemalloc.get_traced_memory()[1] < 16 * LIMIT
    finally:
        tracemalloc.stop()
    return response


ENDLESS = {
    "by the connection": endless(OK + b"\r\n", b"x" * 65536),
    "chunked": endless(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"8000\r\n" + b"x" * 0x8000 + b"\r\n"),
    "one chunk": endless(OK + b"Transfer-Encoding: chunked\r\n\r\nfffffffffff\r\n", b"x" * 65536),
    "by a length": endless(OK + b"Content-Length: 999999999999\r\n\r\n", b"x" * 65536),
}


@pytest.mark.parametrize("exactly", [False, True], ids=["ordinary", "exact"])
@pytest.mark.parametrize("handle", ENDLESS.values(), ids=ENDLESS)
def test_an_endless_body(handle: Handler, exactly: bool, tmp_path: Path) -> None:
    with peer(handle) as listening, client(listening.url, tmp_path, body_limit=LIMIT) as asking:
        response = in_bounded_memory(
            lambda: (
                send_exactly(asking, "GET", "/studies") if exactly else asking.send("GET", f"{listening.url}/studies")
            )
        )

    assert response.status == 200
    assert response.exceeded
    assert "goes on after 1 MiB" in response.error
    assert len(response.body) <= LIMIT


ENDLESS_HEADS = {
    "status line": (b"HTTP/1.1 200 ", b"O" * 4096, "a line of its header section goes on after 1 MiB"),
    "one field": (OK + b"X: ", b"x" * 4096, "a line of its header section goes on after 1 MiB"),
    "large fields": (OK, b"X: " + b"x" * 4096 + b"\r\n", "its header section goes on after 1 MiB"),
    "small fields": (OK, b"X:y\r\n" * 1000, "it has more than 10,000 header fields"),
    "1xx answers": (b"", b"HTTP/1.1 102 Processing\r\n\r\n" * 100, "more than 1,000 responses of status 1xx"),
    "chunk extension": (OK + b"Transfer-Encoding: chunked\r\n\r\n1;", b"x" * 4096, "the framing of its body goes on"),
    "trailers": (
        OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\n",
        b"X: " + b"x" * 4096 + b"\r\n",
        "its header section goes on after 1 MiB",
    ),
}


@pytest.mark.parametrize("exactly", [False, True], ids=["ordinary", "exact"])
@pytest.mark.parametrize(("before", "piece", "said"), ENDLESS_HEADS.values(), ids=ENDLESS_HEADS)
def test_an_endless_head(before: bytes, piece: bytes, said: str, exactly: bool, tmp_path: Path) -> None:
    with peer(endless(before, piece)) as listening, client(listening.url, tmp_path) as asking:
        response = in_bounded_memory(
            lambda: (
                send_exactly(asking, "GET", "/studies") if exactly else asking.send("GET", f"{listening.url}/studies")
            )
        )

    assert response.exceeded
    assert response.error.startswith("response larger than this suite reads")
    assert said in response.error
    assert len((tmp_path / "run.jsonl").read_text().splitlines()) == 1, "what is too large is not asked again"


LARGE_HEADS = {
    "a thousand fields": (b"X-Filler: y\r\n" * 1000, 1001),
    "a field of 100 kB": (b"Set-Cookie: a=" + b"x" * 100_000 + b"\r\n", 2),
    "a field of a megabyte": (b"X-Filler: " + b"x" * 1_000_000 + b"\r\n", 2),
    "64 KiB in all": ((b"X-Filler: " + b"x" * 500 + b"\r\n") * 128, 129),
}


@pytest.mark.parametrize("exactly", [False, True], ids=["ordinary", "exact"])
@pytest.mark.parametrize(("fields", "count"), LARGE_HEADS.values(), ids=LARGE_HEADS)
def test_a_large_head_is_read_to_its_end(fields: bytes, count: int, exactly: bool, tmp_path: Path) -> None:
    octets = OK + fields + b"Content-Length: 2\r\n\r\n[]"
    with peer(answers(octets)) as listening, client(listening.url, tmp_path) as asking:
        if exactly:
            response = send_exactly(asking, "GET", "/studies", headers=[("Connection", "close")])
        else:
            response = asking.send("GET", f"{listening.url}/studies")

    assert (response.status, response.body, response.error) == (200, b"[]", "")
    assert len(response.headers.fields) == count
    assert response.headers.get("Content-Length") == "2"
    assert response.wire is not None
    assert not response.wire.odd


def test_the_body_of_a_redirect_has_a_limit_too(tmp_path: Path) -> None:
    there = b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\n\r\n"
    with (
        peer(endless(there, b"x" * 65536)) as listening,
        client(listening.url, tmp_path, body_limit=LIMIT) as asking,
    ):
        response = in_bounded_memory(lambda: asking.send("GET", f"{listening.url}/studies"))

    assert (response.status, response.headers.get("Location")) == (302, "/elsewhere")
    assert "goes on after 1 MiB" in response.error


def test_all_bodies_of_a_check_together_have_a_limit(tmp_path: Path) -> None:
    octets = OK + b"Content-Length: 20000000\r\n\r\n" + b"x" * 20_000_000
    checks = iter(["one", "one", "one", "one", "another"])
    with peer(answers(octets)) as listening, client(listening.url, tmp_path) as asking:
        asking._on_exchange = lambda _: next(checks)
        responses = [asking.send("GET", f"{listening.url}/studies") for _ in range(5)]

    assert [response.exceeded for response in responses] == [False, False, False, True, False]
    assert "in one check 64 MiB of bodies are read" in responses[3].error


def test_looks_whether_a_study_is_there_take_nothing_of_what_a_check_may_read(tmp_path: Path) -> None:
    octets = OK + b"Content-Length: 20000000\r\n\r\n" + b"x" * 20_000_000
    with peer(answers(octets)) as listening, client(listening.url, tmp_path) as asking:
        asking._on_exchange = lambda _: "one"
        looks = [asking.send("GET", f"{listening.url}/studies", purpose="confirm").exceeded for _ in range(4)]
        response = asking.send("GET", f"{listening.url}/studies")

    assert (looks, response.exceeded) == ([False] * 4, False)


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_a_body_that_unpacks_without_end(coding: str, tmp_path: Path) -> None:
    bomb = (gzip.compress if coding == "gzip" else zlib.compress)(bytes(200 * LIMIT))
    octets = OK + f"Content-Encoding: {coding}\r\nContent-Length: {len(bomb)}\r\n\r\n".encode() + bomb
    with peer(answers(octets)) as listening, client(listening.url, tmp_path, body_limit=LIMIT) as asking:
        response = in_bounded_memory(lambda: asking.send("GET", f"{listening.url}/studies"))

    assert response.exceeded
    assert "unpacks to more than 1 MiB" in response.error
    assert len(response.body) == LIMIT


def test_a_body_of_many_gzip_members_is_unpacked_in_the_time_that_one_takes(tmp_path: Path) -> None:
    members = gzip.compress(b"x" * 50) * 50_000
    octets = OK + f"Content-Encoding: gzip\r\nContent-Length: {len(members)}\r\n\r\n".encode() + members
    with peer(answers(octets)) as listening, client(listening.url, tmp_path) as asking:
        response = asking.send("GET", f"{listening.url}/studies")

    assert (response.error, len(response.body)) == ("", 50 * 50_000)
    assert response.seconds < 5


def test_a_body_of_too_many_gzip_members(tmp_path: Path) -> None:
    members = gzip.compress(b"") * 150_000
    octets = OK + f"Content-Encoding: gzip\r\nContent-Length: {len(members)}\r\n\r\n".encode() + members
    with peer(answers(octets)) as listening, client(listening.url, tmp_path) as asking:
        response = asking.send("GET", f"{listening.url}/studies")

    assert response.exceeded
    assert "more than 100,000 members" in response.error


def test_a_redirect_to_another_host_is_not_followed(tmp_path: Path) -> None:
    with peer(answers(OK + b"Content-Length: 2\r\n\r\n[]")) as elsewhere:
        there = f"HTTP/1.1 302 Found\r\nLocation: {elsewhere.url}\r\nContent-Length: 0\r\n\r\n".encode()
        with peer(answers(there)) as listening, client(listening.url, tmp_path) as asking:
            assert asking.send("GET", f"{listening.url}/studies").status == 302

    assert not elsewhere.requests


def test_credentials_do_not_leave_for_another_origin(tmp_path: Path) -> None:
    login = Credentials("bearer", "Bearer abc", ("abc",))
    answer = answers(OK + b"Content-Length: 2\r\nSet-Cookie: session=1\r\n\r\n[]")
    with peer(answer) as listening, peer(answer) as elsewhere:
        settings = {"credentials": login, "headers": (("X-Api-Key", "key"),)}
        with client(listening.url, tmp_path, **settings) as asking:
            asking.send("GET", f"{listening.url}/studies")
            asking.send("GET", f"{elsewhere.url}/bulk")
            asking.send("GET", f"{listening.url}/studies")

    first, again = (request.lower() for request in listening.requests)
    (foreign,) = (request.lower() for request in elsewhere.requests)
    assert b"authorization: bearer abc" in first
    assert b"x-api-key: key" in first
    assert b"authorization" not in foreign
    assert b"x-api-key" not in foreign
    assert b"cookie" not in again
