"""Sends what a run sent once more, over a plain socket, and does nothing else: what no suite can be faster than."""

from __future__ import annotations

import json
import re
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d+)", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding:[ \t]*chunked", re.IGNORECASE)
_FRAMING = frozenset({"host", "content-length", "transfer-encoding", "connection", "expect"})
_PATIENCE = 10.0


@dataclass(frozen=True)
class Sent:
    """One request as octets; `bodiless` where its answer has no body whatever it says."""

    octets: bytes
    bodiless: bool


@dataclass(frozen=True)
class Took:
    """What a replay took: seconds of the clock, seconds of the processor, exchanges."""

    wall: float
    processor: float
    exchanges: int


def sent_in(report: Path, origin: str) -> list[Sent]:
    """Return the requests of a run record, for a target of another origin; a body that was not kept whole is padded."""
    requests = []
    for line in (report / "run.jsonl").read_text("utf-8").splitlines():
        event = json.loads(line)
        if event["event"] != "exchange":
            continue
        url, body = urlsplit(event["url"]), event["request"]["body"]
        octets = b""
        if body:
            kept = (report / "bodies" / body["sha256"]).read_bytes() if body["kept"] else b""
            octets = kept[: body["size"]].ljust(body["size"], b"\0")
        fields = [(name, value) for name, value in event["request"]["headers"] if name.lower() not in _FRAMING]
        fields += [("Host", urlsplit(origin).netloc), ("Content-Length", str(len(octets)))]
        target = f"{url.path}?{url.query}" if url.query else url.path
        head = "".join(f"{name}: {value}\r\n" for name, value in fields)
        start = f"{event['method']} {target} HTTP/1.1\r\n{head}\r\n".encode("utf-8", "replace")
        requests.append(Sent(start + octets, event["method"] == "HEAD"))
    return requests


def replayed(requests: Sequence[Sent], origin: str) -> Took:
    """Send requests one after the other over a connection that is kept while the target keeps it."""
    there = urlsplit(origin)
    assert there.hostname
    wall, processor = time.monotonic(), time.process_time()
    connection: socket.socket | None = None
    for each in requests:
        if connection is None:
            connection = socket.create_connection((there.hostname, there.port or 80), _PATIENCE)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            connection.sendall(each.octets)
            kept = _read(connection, each.bodiless)
        except OSError:
            kept = False
        if not kept:
            connection.close()
            connection = None
    if connection is not None:
        connection.close()
    return Took(time.monotonic() - wall, time.process_time() - processor, len(requests))


def _read(connection: socket.socket, bodiless: bool) -> bool:
    """Read one answer; return whether the connection goes on."""
    data = b""
    while (end := data.find(b"\r\n\r\n")) < 0:
        if not (piece := connection.recv(1 << 16)):
            return False
        data += piece
    head, body = data[:end], len(data) - end - 4
    if bodiless or data[9:12] in {b"204", b"304"}:
        return b"connection: close" not in head.lower()
    if length := _LENGTH.search(head):
        while body < int(length[1]):
            if not (piece := connection.recv(1 << 16)):
                return False
            body += len(piece)
        return b"connection: close" not in head.lower()
    chunked = _CHUNKED.search(head) is not None
    tail = data[-7:]
    while not (chunked and tail.endswith(b"\r\n0\r\n\r\n")):
        if not (piece := connection.recv(1 << 16)):
            return False
        tail = (tail + piece)[-7:]
    return b"connection: close" not in head.lower()
