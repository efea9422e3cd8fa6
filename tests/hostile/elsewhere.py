"""Another origin: whoever asks it is answered, and what came is kept."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nContent-Length: 2\r\nConnection: close\r\n\r\n[]"


@dataclass
class Elsewhere:
    """Where it listens, and the octets of each connection that came."""

    origin: str
    received: list[bytes] = field(default_factory=list)


@contextmanager
def elsewhere() -> Iterator[Elsewhere]:
    """Listen on a free port of the loopback interface."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)
    other = Elsewhere(f"http://127.0.0.1:{listener.getsockname()[1]}")

    def serve(connection: socket.socket) -> None:
        octets = b""
        with connection, contextlib.suppress(OSError):
            connection.settimeout(5)
            while b"\r\n\r\n" not in octets and (piece := connection.recv(65536)):
                octets += piece
            connection.sendall(_ANSWER)
        other.received.append(octets)

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=(connection,), daemon=True).start()

    accepting = threading.Thread(target=accept, daemon=True)
    accepting.start()
    try:
        yield other
    finally:
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        accepting.join(10)
