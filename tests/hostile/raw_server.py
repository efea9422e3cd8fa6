"""A server on a bare socket: it meets the requests that a behaviour names with its octets, and relays all others."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from tests.hostile.hostile_behaviour import Behaviour
from tests.hostile.hostile_meeting import Meeting
from tests.hostile.hostile_octets import PIECE, play
from tests.hostile.placeholders import placeholders

LIFETIME = 150.0
"""Seconds after which a connection ends, whatever happens."""
PREFIX = "/dicom-web"


@contextmanager
def raw_server(behaviour: Behaviour, meeting: Meeting, reference: str, elsewhere: str) -> Iterator[str]:
    """Listen on a free port of the loopback interface, and yield the base URL.

    Args:
        behaviour: what is sent.
        meeting: which requests meet with it.
        reference: base URL of the server that answers all others.
        elsewhere: the origin of another server.
    """
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)
    origin = f"http://127.0.0.1:{listener.getsockname()[1]}"
    stopped = threading.Event()
    upstream = urlsplit(reference)
    threads: list[threading.Thread] = []

    def serve(connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            connection.settimeout(LIFETIME)
            if behaviour.before:
                meeting.meets("", "")
                play(behaviour.send, connection, placeholders(origin + PREFIX, elsewhere, {}), stopped)
                return
            head = _head(connection)
            if not head:
                return
            method, _, target = head.split(b"\r\n", 1)[0].decode("latin-1").rpartition(" ")[0].partition(" ")
            body = _body(connection, head)
            if meeting.meets(method, target.removeprefix(PREFIX)):
                fields = {name: _field(head, name) for name in ("authorization", "x-hostile-key")}
                names = placeholders(origin + PREFIX, elsewhere, fields)
                play(behaviour.send, connection, names, stopped)
            else:
                _relay(connection, head, body, (upstream.hostname or "", upstream.port or 80))

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threads.append(threading.Thread(target=serve, args=(connection,), daemon=True))
            threads[-1].start()

    accepting = threading.Thread(target=accept, daemon=True)
    accepting.start()
    try:
        yield origin + PREFIX
    finally:
        stopped.set()
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        accepting.join(10)
        for thread in threads:
            thread.join(10)


def _head(connection: socket.socket) -> bytes:
    """Return the head of a request, and of its body what came with it; empty where none comes."""
    octets = b""
    while b"\r\n\r\n" not in octets:
        piece = connection.recv(PIECE)
        if not piece:
            return b""
        octets += piece
    return octets


def _field(head: bytes, name: str) -> str:
    for line in head.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")[1:]:
        field, _, value = line.partition(":")
        if field.lower() == name:
            return value.strip()
    return ""


def _body(connection: socket.socket, octets: bytes) -> bytes:
    """Return the body of a request, as it is framed."""
    head, _, body = octets.partition(b"\r\n\r\n")
    length = int(_field(head, "content-length") or 0)
    chunked = "chunked" in _field(head, "transfer-encoding").lower()
    pieces = [body]
    received = len(body)
    while received < length or (chunked and not b"".join(pieces[-2:]).endswith(b"0\r\n\r\n")):
        piece = connection.recv(PIECE)
        if not piece:
            break
        pieces.append(piece)
        received += len(piece)
    return b"".join(pieces)


def _relay(connection: socket.socket, octets: bytes, body: bytes, upstream: tuple[str, int]) -> None:
    """Have the reference server answer, and close the connection."""
    head = octets.partition(b"\r\n\r\n")[0]
    lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"connection:")]
    with socket.create_connection(upstream, timeout=LIFETIME) as asking:
        asking.sendall(b"\r\n".join([*lines, b"Connection: close", b"", body]))
        while piece := asking.recv(PIECE):
            connection.sendall(piece)
