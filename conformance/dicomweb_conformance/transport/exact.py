"""Requests to the octet: what an HTTP library would correct, normalise, merge or refuse is sent as it stands.

Connections are those of the client, with its TLS, proxy, credentials and timeout, and so is the record. Each request
has a connection of its own, which what is odd about it may spoil.
"""

from __future__ import annotations

import http.client
from collections.abc import Sequence
from dataclasses import replace

import urllib3

from dicomweb_conformance.http.exchanges import Response
from dicomweb_conformance.transport.client import FOLLOWING, Client, Request, describe
from dicomweb_conformance.transport.connections import Fields


def send_exactly(
    client: Client,
    method: str,
    path: str | bytes,
    *,
    headers: Sequence[tuple[str, str]] = (),
    body: bytes | None = None,
    in_one_chunk: bool = False,
    purpose: str = "check",
) -> Response:
    """Send one request as it is written, and return its answer.

    Added are, where `headers` has none of that name: Host, User-Agent, the settings' header fields, credentials, and
    with a body Content-Length. Nothing else is: no Accept, no Accept-Encoding, no Connection. With `Connection: close`
    among the headers the end of the connection is waited for after the answer, for octets that should not be there.

    Args:
        client: the target's.
        method: the HTTP method, in any spelling.
        path: what follows the base URL, such as `/studies?PatientName=A^B`; blanks, octets above 7F (text is sent in
            UTF-8), `..` and a bare `?` stay as they are.
        headers: in this order and spelling, repeated where they are.
        body: sent as it is; the caller frames it where `headers` has Content-Length or Transfer-Encoding.
        in_one_chunk: sent is the one chunk that the body is, as `headers` says.
        purpose: why it is sent.

    Returns:
        the answer; its status is 0 where none came.

    Raises:
        ValueError: method, path or headers hold a line break, which would begin another field or request.
    """
    octets = path if isinstance(path, bytes) else path.encode()
    fields = _fields(client, tuple(headers), body)
    lines = (method.encode(), octets, *(f"{name}{value}".encode("latin-1", "replace") for name, value in fields))
    if any(b"\r" in line or b"\n" in line for line in lines):
        raise ValueError(f"a line break in {method} {path!r} or its header fields")
    url = client.target.url + octets.decode("utf-8", "backslashreplace")
    return client.exchange(
        method,
        client.target.base,
        url,
        fields,
        body,
        purpose,
        lambda asked: _answer(client, replace(asked, body=_chunk(body)) if in_one_chunk and body else asked, octets),
        # A hop is framed as any request is.
        follow=client.answered if method in FOLLOWING and (in_one_chunk or _as_usual(fields, body)) else None,
    )


def break_off(
    client: Client,
    method: str,
    path: str,
    *,
    headers: Sequence[tuple[str, str]] = (),
    body: bytes,
    length: int,
    purpose: str = "check",
) -> None:
    """Announce a body of `length` octets, send `body`, which is less, and close the connection.

    No answer is waited for, and none is missed: the exchange stands in the record as one that the suite broke off.
    """
    fields = _fields(client, (*headers, ("Content-Length", str(length))), body)

    def abandoned(asked: Request) -> Response:
        try:
            connection = client.connections.opened(client.target.timeout)
            connection.send(_head(client, connection, asked, path.encode()) + body)
            connection.close()
            error = f"broken off by this suite after {len(body)} of {length} octets"
        except (http.client.HTTPException, urllib3.exceptions.HTTPError, OSError) as problem:
            error = describe(problem)
        return Response(asked.exchange, asked.method, asked.url, status=0, error=error)

    # An iterator is sent once: nobody is to ask why this broke off.
    client.exchange(method, client.target.base, client.target.url + path, fields, iter([body]), purpose, abandoned)


def _fields(client: Client, headers: Fields, body: bytes | None) -> Fields:
    given = {name.lower() for name, _ in headers}
    own = (("Host", client.target.base.origin.authority), *client.own_fields)
    framed = body is None or given & {"content-length", "transfer-encoding"}
    framing = [] if framed else [("Content-Length", str(len(body or b"")))]
    return (*(each for each in own if each[0].lower() not in given), *headers, *framing)


def _chunk(body: bytes) -> bytes:
    """Return a body as one chunk, and the last (RFC 9112 7.1)."""
    return b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)


def _as_usual(headers: Fields, body: bytes | None) -> bool:
    """Whether a body has the framing that any would have been given."""
    length = ("content-length", str(len(body or b"")))
    framing = [(name.lower(), value) for name, value in headers if name.lower() in {length[0], "transfer-encoding"}]
    return framing in ([], [length])


def _head(client: Client, connection: urllib3.connection.HTTPConnection, asked: Request, path: bytes) -> bytes:
    """Return the head of a request as this connection may carry it."""
    base, connections = client.target.base, client.connections
    fields = (*asked.headers, *connections.secrets(connection))
    before = base.path.rstrip("/")
    if connections.forwards(base):
        before, fields = f"{base.origin}{before}", (*fields, *connections.proxy_fields)
    line = asked.method.encode() + b" " + before.encode() + path + b" HTTP/1.1"
    return b"\r\n".join([line, *(f"{name}: {value}".encode("latin-1", "replace") for name, value in fields), b"", b""])


def _answer(client: Client, asked: Request, path: bytes) -> Response:
    client.wire.lingers = any(
        name.lower() == "connection" and value.lower() == "close" for name, value in asked.headers
    )
    assert asked.body is None or isinstance(asked.body, bytes)
    error = ""
    connection: urllib3.connection.HTTPConnection | None = None
    try:
        connection = client.connections.opened(client.target.timeout)
        connection.send(_head(client, connection, asked, path) + (asked.body or b""))
        connection.response_class(connection.sock, method=asked.method).begin()
        client.wire.receive_body()
    except (http.client.HTTPException, urllib3.exceptions.HTTPError, OSError) as problem:
        error = describe(problem)
    finally:
        if connection is not None:
            connection.close()
    return client.received(asked, error)
