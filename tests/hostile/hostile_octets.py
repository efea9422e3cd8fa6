"""What a behaviour sends, step by step, as its `send` tells it.

A step is a text, or a table of one of these:

    repeat = TEXT, times = N            the text so many times
    forever = TEXT, every = SECONDS     again and again until the client leaves; at once without `every`
    gzip = TEXT, times = N              so much text, compressed; `members = M`: that, M times
    hex = DIGITS                        octets that are no text
    sized = [STEPS]                     what the steps come to, behind a Content-Length that is right
    wait = SECONDS                      a pause
    do = "hold"                         nothing more, and the connection stays open
    do = "half-close"                   no more is sent, what comes is read
    do = "reset"                        the connection is reset

In a text stand the names of placeholders.py.
"""

from __future__ import annotations

import gzip
import socket
import struct
import threading
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from tests.hostile.placeholders import filled

PIECE = 1 << 16


def play(steps: tuple[Any, ...], connection: socket.socket, names: Mapping[str, str], stopped: threading.Event) -> None:
    """Send the steps over a connection; it is the caller's to close.

    Raises:
        OSError: the client has left.
    """
    for step in steps:
        match step:
            case {"do": "hold"}:
                _held(connection, stopped)
            case {"do": "half-close"}:
                connection.shutdown(socket.SHUT_WR)
                _held(connection, stopped)
            case {"do": "reset"}:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                return
            case {"wait": seconds}:
                stopped.wait(seconds)
            case {"forever": text, **more}:
                piece = _octets(text, names)
                pause = more.get("every", 0)
                piece = piece if pause else piece * max(1, PIECE // len(piece))
                while not stopped.wait(pause):
                    connection.sendall(piece)
            case _:
                for piece in _pieces(step, names):
                    connection.sendall(piece)


def _held(connection: socket.socket, stopped: threading.Event) -> None:
    connection.settimeout(0.1)
    while not stopped.is_set():
        try:
            if not connection.recv(PIECE):
                return
        except TimeoutError:
            continue


def _octets(text: str, names: Mapping[str, str]) -> bytes:
    return filled(text, names).encode()


def _pieces(step: Any, names: Mapping[str, str]) -> Iterator[bytes]:
    match step:
        case str():
            yield _octets(step, names)
        case {"repeat": text, "times": int(times)}:
            piece = _octets(text, names)
            at_once = max(1, PIECE // len(piece))
            while times > 0:
                yield piece * min(times, at_once)
                times -= at_once
        case {"gzip": text, "times": int(times), **more}:
            yield _zipped(_octets(text, names), times) * more.get("members", 1)
        case {"hex": digits}:
            yield bytes.fromhex(digits)
        case {"sized": list(steps)}:
            body = b"".join(piece for each in steps for piece in _pieces(each, names))
            yield f"Content-Length: {len(body)}\r\n\r\n".encode()
            yield body
        case _:
            raise ValueError(f"no step of a behaviour: {step!r}")


@cache
def _zipped(text: bytes, times: int) -> bytes:
    return gzip.compress(text * times, 9, mtime=0)
