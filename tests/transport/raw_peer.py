"""A peer on a bare socket: it sends what a test says, whatever HTTP thinks of it, and keeps what it received."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from dicomweb_conformance.record.recorder import Recorder
from dicomweb_conformance.record.redaction import Redaction
from dicomweb_conformance.service.screening import everything
from dicomweb_conformance.settings.target import Target
from dicomweb_conformance.transport.client import Client

Handler = Callable[[socket.socket, "Peer"], None]


@dataclass
class Peer:
    """Where it listens, the requests that it received, and whether it is to stop."""

    port: int
    scheme: str = "http"
    requests: list[bytes] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}/dicom-web"


def received(connection: socket.socket) -> bytes:
    """Read one request, whose body has a Content-Length or is chunked; empty where the connection ended."""
    octets = b""
    while b"\r\n\r\n" not in octets:
        piece = connection.recv(65536)
        if not piece:
            return b""
        octets += piece
    head, _, body = octets.partition(b"\r\n\r\n")
    lengths = [line.partition(b":")[2] for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
    while len(body) < int(lengths[0] if lengths else 0):
        body += connection.recv(65536)
    while b"transfer-encoding: chunked" in head.lower() and not body.endswith(b"0\r\n\r\n"):
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


@contextmanager
def peer(handle: Handler, tls: ssl.SSLContext | None = None) -> Iterator[Peer]:
    """Listen on a free port and hand each connection to `handle`, in a thread of its own."""
    listener = socket.create_server(("127.0.0.1", 0))
    listening = Peer(listener.getsockname()[1], "https" if tls else "http")
    threads: list[threading.Thread] = []

    def serve(plain: socket.socket) -> None:
        with contextlib.suppress(OSError), contextlib.ExitStack() as stack:
            connection = tls.wrap_socket(plain, server_side=True) if tls else plain
            stack.callback(connection.close)
            connection.settimeout(20)
            handle(connection, listening)
        plain.close()

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
        yield listening
    finally:
        listening.stopped.set()
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        accepting.join(10)
        for thread in threads:
            thread.join(10)


def answers(*octets: bytes, keeps_open: bool = False) -> Handler:
    """Answer each request with the next of `octets`, the last one again and again, and close the connection."""

    def handle(connection: socket.socket, listening: Peer) -> None:
        while request := received(connection):
            listening.requests.append(request)
            connection.sendall(octets[min(len(listening.requests), len(octets)) - 1])
            if not keeps_open:
                return

    return handle


@contextmanager
def client(url: str, directory: Path, **settings: object) -> Iterator[Client]:
    """A client of a target; `pause`, `body_limit` are the client's own, any other setting is the target's."""
    own = {name: settings.pop(name) for name in ("pause", "body_limit", "changes", "repeatable") if name in settings}
    recorder = Recorder(directory, "main", Redaction())
    target = Target(url, **{"timeout": 10.0, **settings})  # type: ignore[arg-type]  # by name, as the caller has it
    made = Client(target, recorder, user_agent="test", screen=everything, **own)  # type: ignore[arg-type]  # by name, as the caller has it
    try:
        yield made
    finally:
        made.close()
        recorder.close()
