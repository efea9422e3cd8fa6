"""Connections that notice what passes through them, hold one deadline, and show secrets to one origin alone.

http.client forgives what a strict client would stumble over, has limits that no standard knows, and its timeout begins
anew with each octet. The classes here leave to it what is sent; what comes back is read here, each wait no longer than
what is left of the exchange's time.

A connection is opened from a `Url`, never from text. What only the target may see (credentials, header fields of the
settings, the client certificate) is added by the connection itself, which knows where it leads.
"""

from __future__ import annotations

import contextlib
import http.client
import io
import math
import socket
import threading
import time
from collections.abc import Iterable
from typing import Any, TypeAlias

import certifi
import urllib3
from urllib3.util import SKIP_HEADER

from dicomweb_conformance.http import limits
from dicomweb_conformance.http.response_reader import AnswerReader
from dicomweb_conformance.http.urls import Origin, Url
from dicomweb_conformance.http.wire_facts import WireFacts
from dicomweb_conformance.settings.target import Target, proxy_of

LINGER = 2.0
"""Seconds for which the end of a connection is waited for that was to be closed after its answer."""
_PIECE = 1 << 16
"""Octets that are received at once, and that are looked at to see whether anything follows an answer."""
_QUOTED = 80

_KEPT = 10
"""Connections to one origin that are kept alive at most."""

Fields: TypeAlias = tuple[tuple[str, str], ...]


class MisdirectedError(Exception):
    """A connection that does not lead where the request is to go: a mistake of this suite, and nothing was sent."""


class Wire(threading.local):
    """What goes over the wire in the exchange that this thread is busy with: the request's head, and the answer.

    `to` is where the request goes, and `secrets` are the fields that it carries where that is the target's origin. Of
    the answer's body `body_limit` octets are read.
    """

    def __init__(self) -> None:
        self.to: Url | None = None
        self.secrets: Fields = ()
        self.head = b""
        self.reader: AnswerReader | None = None
        self._socket: socket.socket | None = None
        self.body_limit = limits.BODY
        self.tunnelling = False
        self.lingers = False
        self.connected = False
        self._deadline = math.inf
        self._timeout = math.inf

    def begin(self, timeout: float, to: Url, secrets: Fields, body_limit: int = limits.BODY) -> None:
        """Forget the last exchange and start the clock of the next.

        Args:
            timeout: seconds for all of it.
            to: where the request goes.
            secrets: header fields for the target's origin alone.
            body_limit: octets of the answer's body that are read.
        """
        self.to = to
        self.secrets = secrets
        self.head = b""
        self.reader = None
        self._socket = None
        self.body_limit = body_limit
        self.lingers = False
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
        return bool(self.head) and not self.connected and (self.reader is None or not self.reader.facts().status_line)

    def receive_head(self, sock: socket.socket, method: str) -> AnswerReader:
        """Read an answer up to the end of its head, and return what has read it.

        Raises:
            OSError: of the socket; TimeoutError where the exchange's time is over.
        """
        self._socket = sock
        self.reader = reader = AnswerReader(method, self.body_limit)
        while not reader.head_ended:
            self._receive(sock, reader)
        return reader

    def receive_body(self) -> None:
        """Read the rest of the answer, and see whether anything follows it.

        A connection of which nothing more can be expected is ended, whoever holds it.

        Raises:
            OSError: of the socket; TimeoutError where the exchange's time is over.
        """
        sock, reader = self._socket, self.reader
        assert sock is not None
        assert reader is not None
        try:
            while not reader.ended:
                self._receive(sock, reader)
            if reader.complete:
                self._look_beyond(sock, reader)
        finally:
            if not reader.keeps_open:
                with contextlib.suppress(OSError):
                    sock.shutdown(socket.SHUT_RDWR)

    def _receive(self, sock: socket.socket, reader: AnswerReader) -> None:
        sock.settimeout(self.left())
        octets = sock.recv(_PIECE)
        if octets:
            reader.feed(octets)
        else:
            reader.end()

    def _look_beyond(self, sock: socket.socket, reader: AnswerReader) -> None:
        """Read what has arrived after the answer."""
        with contextlib.suppress(OSError):
            seen = 0
            while seen < _PIECE:
                sock.settimeout(min(self.left(), LINGER) if self.lingers else 0.0)
                more = sock.recv(_PIECE)
                if not more:
                    break
                reader.feed(more)
                seen += len(more)

    def facts(self) -> WireFacts | None:
        """Return what came back; None where nothing did."""
        return self.reader.facts() if self.reader else None


class _Timed(io.RawIOBase):
    """The stream of a socket whose every wait is within the exchange's time."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket, wire: Wire) -> None:
        super().__init__()
        self._raw = raw
        self._sock = sock
        self._wire = wire

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._sock.settimeout(self._wire.left())
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


def _answer_class(wire: Wire) -> type[http.client.HTTPResponse]:
    class Answer(http.client.HTTPResponse):
        """What http.client has for an answer; only that of a proxy to CONNECT is read by it."""

        def __init__(
            self, sock: socket.socket, debuglevel: int = 0, method: str | None = None, url: str | None = None
        ) -> None:
            super().__init__(sock, debuglevel, method, url)
            self._socket = sock
            self._asked = method or ""
            raw: io.RawIOBase = self.fp.detach()
            self.fp = io.BufferedReader(_Timed(raw, sock, wire))

        def begin(self) -> None:
            """Read the head, past all 1xx answers (RFC 9110 15.2).

            Raises:
                HTTPException: nothing came, or something else than HTTP.
            """
            reader = wire.receive_head(self._socket, self._asked)
            if reader.not_http:
                raise http.client.BadStatusLine(reader.not_http[:_QUOTED])
            if not reader.status and not reader.exceeded:
                raise http.client.RemoteDisconnected("the connection was closed without a status line")
            self.code = self.status = reader.status
            self.reason = reader.reason
            self.version = 11
            # Fields and body are the reader's to tell: http.client's limits are not ours, nor its leniency.
            self.headers = self.msg = http.client.HTTPMessage()
            self.chunked, self.length, self.will_close = False, None, False
            self.close()  # the stream, not the connection

    return Answer


def _pools(connections: Connections) -> dict[str, type[urllib3.HTTPConnectionPool]]:
    wire = connections.wire
    answer = _answer_class(wire)

    class Connection(urllib3.connection.HTTPConnection):
        response_class = answer

        def connect(self) -> None:
            wire.connected = True
            super().connect()

        def request(self, method: str, url: str, body: Any = None, headers: Any = None, **rest: Any) -> None:  # noqa: ARG002 - see ask
            fields = {**headers, **dict(connections.secrets(self))}
            super().request(method, connections.request_target(), body, fields, **rest)

        def send(self, data: Any) -> None:
            _note_sent(wire, self, data)
            super().send(data)

    class SecureConnection(urllib3.connection.HTTPSConnection):
        response_class = answer

        def connect(self) -> None:
            wire.connected = True
            self.cert_file, self.key_file, self.key_password = connections.certificate(self)
            super().connect()

        def request(self, method: str, url: str, body: Any = None, headers: Any = None, **rest: Any) -> None:  # noqa: ARG002 - see ask
            fields = {**headers, **dict(connections.secrets(self))}
            super().request(method, connections.request_target(), body, fields, **rest)

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


class Connections:
    """The connections of a client, kept alive, direct or through the target's proxy: no retries, no redirects.

    Args:
        wire: told of what passes.
        target: whose origin alone sees its secrets.
    """

    def __init__(self, wire: Wire, target: Target) -> None:
        self.wire = wire
        self._target = target
        self._proxy: Url | None = None
        self.proxy_fields: Fields = ()
        """Header fields for the proxy alone."""
        tls: dict[str, Any] = {"cert_reqs": "CERT_NONE" if target.insecure else "CERT_REQUIRED"}
        if not target.insecure:
            tls["ca_certs"] = str(target.ca or certifi.where())
        if target.proxy:
            self._proxy, authorization = proxy_of(target.proxy)
            self.proxy_fields = (("Proxy-Authorization", authorization),) if authorization else ()
            self._pools: urllib3.PoolManager = urllib3.ProxyManager(
                str(self._proxy), maxsize=_KEPT, proxy_headers=dict(self.proxy_fields), **tls
            )
        else:
            self._pools = urllib3.PoolManager(maxsize=_KEPT, **tls)
        self._pools.pool_classes_by_scheme = _pools(self)

    def close(self) -> None:
        """Close every connection."""
        self._pools.clear()

    def forwards(self, to: Url) -> bool:
        """Tell whether a proxy gets the request itself, not a tunnel (RFC 9112 3.2.2)."""
        return self._proxy is not None and to.origin.scheme == "http"

    def ask(
        self, method: str, fields: Fields, body: Iterable[bytes] | bytes | None, timeout: float
    ) -> urllib3.BaseHTTPResponse:
        """Send a request to where the wire's exchange goes, over a connection that may be kept, and return its answer.

        The body of the answer is not read yet.

        Args:
            method: the HTTP method.
            fields: those of framing among them; of several of one name the last is sent.
            body: the payload, in chunks where `fields` say so.
            timeout: seconds for each wait.

        Raises:
            HTTPError: of urllib3.
            OSError: of the socket.
        """
        to = self._to()
        # Host is given, so that http.client takes none from text; urllib3 adds Accept-Encoding unless told to skip it.
        own = (("Host", to.origin.authority), ("Accept-Encoding", SKIP_HEADER))
        headers = dict({name.lower(): (name, value) for name, value in (*own, *fields)}.values())
        return self._pool(to).urlopen(
            method,
            # urllib3 reads the scheme in this and nothing else: the request line is made from the value.
            f"{to.origin}/" if self.forwards(to) else "/",
            body=body,
            headers=headers,
            retries=False,
            redirect=False,
            assert_same_host=False,
            timeout=urllib3.Timeout(connect=timeout, read=timeout),
            preload_content=False,
            decode_content=False,
            chunked="transfer-encoding" in {name.lower() for name in headers},
        )

    def opened(self, timeout: float) -> urllib3.connection.HTTPConnection:
        """Return a new connection to where the wire's exchange goes, which is not kept.

        Raises:
            HTTPError: of urllib3.
            OSError: of the socket.
        """
        to = self._to()
        pool: Any = self._pool(to)
        connection: urllib3.connection.HTTPConnection = pool._new_conn()
        connection.timeout = timeout
        if self._proxy and not self.forwards(to):
            pool._prepare_proxy(connection)
        else:
            connection.connect()
        return connection

    def secrets(self, connection: urllib3.connection.HTTPConnection) -> Fields:
        """Return the fields that a request over this connection carries beside what was asked for.

        Raises:
            MisdirectedError: the connection does not lead where the exchange is to go.
        """
        to, there = self._to().origin, self._origin(connection)
        if there != to:
            raise MisdirectedError(f"a connection to {there} for a request to {to}")
        return self.wire.secrets if there == self._target.base.origin else ()

    def certificate(self, connection: urllib3.connection.HTTPConnection) -> tuple[str | None, str | None, str | None]:
        """Return the files of the client certificate and its key that this connection shows, and the key's password.

        All are None where it leads elsewhere; the password is where the key has none.
        """
        there = self._origin(connection)
        shown = there == self._target.base.origin and there.scheme == "https"
        if not shown or self._target.certificate is None:
            return None, None, None
        # The file of the key is named even where it is the same: else OpenSSL asks the terminal for a password.
        key = self._target.key or self._target.certificate
        return str(self._target.certificate), str(key), self._target.key_password or None

    def request_target(self) -> str:
        """Return what stands in the request line: absolute where a proxy forwards the request."""
        to = self._to()
        return str(to) if self.forwards(to) else to.target

    def _to(self) -> Url:
        assert self.wire.to is not None, "an exchange has begun"
        return self.wire.to

    def _pool(self, to: Url) -> urllib3.HTTPConnectionPool:
        return self._pools.connection_from_host(to.origin.host, to.origin.port, to.origin.scheme)

    def _origin(self, connection: Any) -> Origin:
        """Return the origin that a connection leads to, by what it is itself.

        One to a proxy leads where its tunnel ends; without one, to what the request line names.
        """
        scheme = "https" if isinstance(connection, urllib3.connection.HTTPSConnection) else "http"
        if connection._tunnel_host is not None:
            return Origin("https", connection._tunnel_host.strip("[]").lower(), connection._tunnel_port)
        there = Origin(scheme, connection.host.strip("[]").lower(), connection.port)
        return self._to().origin if self.forwards(self._to()) and self._proxy and there == self._proxy.origin else there
