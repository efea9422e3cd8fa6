"""Connections that notice what passes through them, and that hold one deadline from the first octet to the last.

http.client forgives what a strict client would stumble over, and its timeout begins anew with each octet. The classes
here read along between the socket and http.client, and give each wait only what is left of the exchange's time.
"""

from __future__ import annotations

import contextlib
import http.client
import io
import math
import socket
import threading
import time
from typing import Any

import urllib3
from requests.adapters import HTTPAdapter

from dicomweb_conformance.answer_reader import AnswerReader
from dicomweb_conformance.wire_facts import WireFacts

LINGER = 2.0
"""Seconds for which the end of a connection is waited for that was to be closed after its answer."""
_LOOK = 1 << 16
"""Octets that are read at most to see whether anything follows an answer."""


class Wire(threading.local):
    """What goes over the wire in the exchange that this thread is busy with: the request's head, and the answer."""

    def __init__(self) -> None:
        self.head = b""
        self.reader: AnswerReader | None = None
        self.tunnelling = False
        self.lingers = False
        self.connected = False
        self._deadline = math.inf
        self._timeout = math.inf

    def begin(self, timeout: float, *, lingers: bool = False) -> None:
        """Forget the last exchange and start the clock of the next.

        Args:
            timeout: seconds for all of it.
            lingers: wait for the end of the connection after the answer, for octets that come late.
        """
        self.head = b""
        self.reader = None
        self.lingers = lingers
        self.connected = False
        self._timeout = timeout
        self._deadline = time.monotonic() + timeout

    def left(self) -> float:
        """Return the seconds that are left.

        Raises:
            TimeoutError: none are.
        """
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError(f"timed out: the exchange was not over after {self._timeout:g} s")
        return left

    def sent(self) -> list[tuple[str, str]]:
        """Return the header fields that were sent."""
        lines = self.head.decode("latin-1").split("\r\n")[1:]
        return [(name, value.strip()) for name, colon, value in (line.partition(":") for line in lines) if colon]

    @property
    def was_stale(self) -> bool:
        """Whether the request went to a connection of an earlier exchange, and nothing came back.

        A server may close an idle connection at any time (RFC 9112 9.3.1), so that this tells nothing of it.
        """
        return bool(self.head) and not self.connected and (self.reader is None or not self.reader.facts().header_lines)

    def facts(self) -> WireFacts | None:
        """Return what came back; None where nothing did."""
        return self.reader.facts() if self.reader else None


class _Tee(io.RawIOBase):
    """The socket's stream with the exchange's reader in the middle."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket, wire: Wire, reader: AnswerReader) -> None:
        super().__init__()
        self._raw = raw
        self._sock = sock
        self._wire = wire
        self._reader = reader

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._sock.settimeout(self._wire.left())
        count = self._raw.readinto(buffer)
        if count:
            self._reader.feed(memoryview(buffer)[:count])
        elif count == 0:
            self._reader.end()
        return count

    def close(self) -> None:
        if not self.closed:
            try:
                # What a closed stream still holds would be lost here; http.client closes it with each answer.
                if self._reader.complete and not self._wire.tunnelling:
                    self._look_beyond()
            finally:
                self._raw.close()
        super().close()

    def _look_beyond(self) -> None:
        """Read what has arrived after the answer; a connection with leftovers is of no more use."""
        with contextlib.suppress(OSError, ValueError):
            seen = 0
            while seen < _LOOK:
                self._sock.settimeout(min(self._wire.left(), LINGER) if self._wire.lingers else 0.0)
                more = self._sock.recv(_LOOK)
                if not more:
                    break
                self._reader.feed(more)
                seen += len(more)
        if self._reader.overran:
            with contextlib.suppress(OSError):
                self._sock.shutdown(socket.SHUT_RDWR)


def _answer_class(wire: Wire) -> type[http.client.HTTPResponse]:
    class Answer(http.client.HTTPResponse):
        def __init__(
            self, sock: socket.socket, debuglevel: int = 0, method: str | None = None, url: str | None = None
        ) -> None:
            super().__init__(sock, debuglevel, method, url)
            reader = AnswerReader(method or "")
            if not wire.tunnelling:
                wire.reader = reader
            raw: io.RawIOBase = self.fp.detach()
            self.fp = io.BufferedReader(_Tee(raw, sock, wire, reader))

        def _read_status(self) -> tuple[str, int, str]:
            """Pass over 1xx answers: http.client does so with 100 alone (RFC 9110 15.2)."""
            version, status, reason = super()._read_status()  # type: ignore[misc]  # not in typeshed
            while 100 < status < 200 and status != 101:
                http.client.parse_headers(self.fp)
                version, status, reason = super()._read_status()  # type: ignore[misc]  # likewise
            return version, status, reason

    return Answer


def _pools(wire: Wire) -> dict[str, type[urllib3.HTTPConnectionPool]]:
    answer = _answer_class(wire)

    class Connection(urllib3.connection.HTTPConnection):
        response_class = answer

        def connect(self) -> None:
            wire.connected = True
            super().connect()

        def send(self, data: Any) -> None:
            _note_sent(wire, self, data)
            super().send(data)

    class SecureConnection(urllib3.connection.HTTPSConnection):
        response_class = answer

        def connect(self) -> None:
            wire.connected = True
            super().connect()

        def send(self, data: Any) -> None:
            _note_sent(wire, self, data)
            super().send(data)

        def _tunnel(self) -> None:
            wire.tunnelling = True
            try:
                super()._tunnel()
            finally:
                wire.tunnelling = False

    class Pool(urllib3.HTTPConnectionPool):
        ConnectionCls = Connection

    class SecurePool(urllib3.HTTPSConnectionPool):
        ConnectionCls = SecureConnection

    return {"http": Pool, "https": SecurePool}


def _note_sent(wire: Wire, connection: http.client.HTTPConnection, data: Any) -> None:
    if not wire.head and not wire.tunnelling and isinstance(data, (bytes, bytearray)):
        wire.head = bytes(data).partition(b"\r\n\r\n")[0]
    # A sock is there but for the first request of a connection, which connects with the whole time as its timeout.
    if connection.sock is not None:
        connection.sock.settimeout(wire.left())


class Adapter(HTTPAdapter):
    """requests' way to the connections of this module: no retries, no redirects."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        super().__init__(max_retries=urllib3.Retry(0, redirect=0, status=0))

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Set up direct connections."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _pools(self._wire)

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> urllib3.ProxyManager:
        """Set up connections through a proxy."""
        manager: urllib3.ProxyManager = super().proxy_manager_for(proxy, **kwargs)
        manager.pool_classes_by_scheme = _pools(self._wire)
        return manager
