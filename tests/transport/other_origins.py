"""What may listen beside a target: every octet that arrives at another origin is kept."""

from __future__ import annotations

import contextlib
import socket
import threading
import tomllib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

TABLE = Path(__file__).with_name("urls_of_servers.toml")
_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/dicom+json\r\nContent-Length: 2\r\nConnection: close\r\n\r\n[]"


@dataclass(frozen=True)
class Given:
    """A URL as a server may give it, where it leads, and why it is worth a row."""

    text: str
    leads: str
    why: str

    def at(self, target: int, door: int, path: str) -> str:
        """Return the text, of a target and another origin at ports of 127.0.0.1."""
        names = {
            "$TARGET": f"127.0.0.1:{target}",
            "$EVIL": f"127.0.0.1:{door}",
            "$PORT": str(target),
            "$DOOR": str(door),
            "$PATH": path,
        }
        text = self.text
        for name, value in names.items():
            text = text.replace(name, value)
        return text


def table() -> list[Given]:
    return [Given(**row) for row in tomllib.loads(TABLE.read_text(encoding="utf-8"))["url"]]


@dataclass
class Elsewhere:
    """The port of another origin, and the octets of each connection to it or to the target's port elsewhere."""

    door: int = 0
    received: list[bytes] = field(default_factory=list)


@contextmanager
def elsewhere(target: int | None = None) -> Iterator[Elsewhere]:
    """Listen at a port of 127.0.0.1, and at that of a target at 127.0.0.2 and ::1 where this machine has them."""
    other = Elsewhere()
    addresses = [("127.0.0.1", 0)] + ([("127.0.0.2", target), ("::1", target)] if target else [])
    with ExitStack() as stack:
        for host, port in addresses:
            with contextlib.suppress(OSError):
                listener = stack.enter_context(_listening(host, port, other))
                other.door = other.door or listener
        yield other


@contextmanager
def _listening(host: str, port: int, other: Elsewhere) -> Iterator[int]:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.create_server((host, port), family=family, backlog=64)
    serving: list[threading.Thread] = []

    def serve(connection: socket.socket) -> None:
        octets = b""
        with connection, contextlib.suppress(OSError):
            connection.settimeout(5)
            while b"\r\n\r\n" not in octets and (piece := connection.recv(65536)):
                octets += piece
            connection.sendall(_ANSWER)
        other.received.append(octets)

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                serving.append(threading.Thread(target=serve, args=(connection,), daemon=True))
                serving[-1].start()

    accepting = threading.Thread(target=accept, daemon=True)
    accepting.start()
    try:
        yield listener.getsockname()[1]
    finally:
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        for each in (accepting, *serving):
            each.join(10)
