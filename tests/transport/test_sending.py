"""Ways to send that HTTP libraries have no word for: from a stream of known length, from several clients, in part."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from dicomweb_conformance.http.exchanges import Response
from dicomweb_conformance.transport.client import Client, Streamed
from dicomweb_conformance.transport.exact import break_off
from tests.transport.raw_peer import Peer, answers, client, peer, received

OK = answers(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]")
URL = "/dicom-web/studies"


def test_a_stream_has_its_length_and_is_no_chunked_request(tmp_path: Path) -> None:
    made: list[int] = []

    def chunks() -> Iterator[bytes]:
        for number in range(3):
            made.append(number)
            yield b"piece"

    with peer(OK) as listening, client(listening.url, tmp_path) as asking:
        response = asking.send("POST", f"{listening.url}/studies", body=Streamed(15, chunks))

    head, _, body = listening.requests[0].partition(b"\r\n\r\n")
    assert response.status == 200
    assert b"Content-Length: 15" in head
    assert b"transfer-encoding" not in head.lower()
    assert (body, made) == (b"piecepiecepiece", [0, 1, 2])


def test_a_stream_is_made_anew_where_a_busy_target_has_it_sent_again(tmp_path: Path) -> None:
    def handle(connection: socket.socket, listening: Peer) -> None:
        while request := received(connection):
            listening.requests.append(request)
            busy = len(listening.requests) == 1
            status = b"503 Busy\r\nRetry-After: 0" if busy else b"200 OK"
            connection.sendall(b"HTTP/1.1 " + status + b"\r\nContent-Length: 0\r\n\r\n")

    with peer(handle) as listening, client(listening.url, tmp_path) as asking:
        response = asking.send("POST", f"{listening.url}/studies", body=Streamed(5, lambda: iter([b"piece"])))

    assert response.status == 200
    assert [each.partition(b"\r\n\r\n")[2] for each in listening.requests] == [b"piece", b"piece"]


def test_clients_at_once_have_requests_on_the_way_at_the_same_time(tmp_path: Path) -> None:
    both = threading.Barrier(2)

    def handle(connection: socket.socket, listening: Peer) -> None:
        while request := received(connection):
            listening.requests.append(request)
            both.wait(5)  # the answer to either waits for the request of the other
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    def sends(name: str) -> Callable[[Client], list[Response]]:
        def send(asking: Client) -> list[Response]:
            return [asking.send("GET", f"{listening.url}/{name}{number}") for number in range(2)]

        return send

    with peer(handle) as listening, client(listening.url, tmp_path) as asking:
        one, other = asking.at_once([sends("a"), sends("b")])

    assert [each.status for each in (*one, *other)] == [200] * 4
    assert [each.url.rpartition("/")[2] for each in (*one, *other)] == ["a0", "a1", "b0", "b1"]
    recorded = [json.loads(line) for line in (tmp_path / "run.jsonl").read_text("utf-8").splitlines()]
    assert sorted(each["id"] for each in recorded) == sorted({each.exchange for each in (*one, *other)})


def test_a_request_that_is_broken_off_announces_more_than_it_sends_and_is_asked_about_by_nobody(tmp_path: Path) -> None:
    arrived: list[bytes] = []
    over = threading.Event()

    def handle(connection: socket.socket, _listening: Peer) -> None:
        octets = b""
        while piece := connection.recv(65536):
            octets += piece
        arrived.append(octets)
        over.set()

    with peer(handle) as listening, client(listening.url, tmp_path) as asking:
        break_off(asking, "POST", "/studies", headers=[("Content-Type", "text/plain")], body=b"half", length=8)
        assert over.wait(5)

    head, _, body = arrived[0].partition(b"\r\n\r\n")
    assert head.startswith(f"POST {URL} HTTP/1.1".encode())
    assert b"Content-Length: 8" in head
    assert body == b"half"
    (recorded,) = [json.loads(line) for line in (tmp_path / "run.jsonl").read_text("utf-8").splitlines()]
    assert recorded["error"] == "broken off by this suite after 4 of 8 octets"
    assert recorded["response"] is None
