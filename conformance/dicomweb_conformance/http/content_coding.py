"""Undoing a Content-Encoding (RFC 9110 8.4.1), up to a limit: a small body can unpack to more than memory holds."""

from __future__ import annotations

import io
import zlib
from dataclasses import replace

from dicomweb_conformance.http import limits
from dicomweb_conformance.http.exchanges import Response
from dicomweb_conformance.http.wire_facts import Fault, WireFacts

_GZIP, _ZLIB, _RAW = zlib.MAX_WBITS | 16, zlib.MAX_WBITS, -zlib.MAX_WBITS
_FORMATS = {"gzip": (_GZIP,), "x-gzip": (_GZIP,), "deflate": (_ZLIB, _RAW)}
"""What a coding is (RFC 9110 8.4.1); raw deflate data are what some send as deflate."""
_FEWEST, _MOST = 1 << 8, 1 << 16
"""Octets that a decoder is given at once: few at the beginning, for it copies what is behind the end of its data."""
_AT_ONCE = 1 << 20


class _MembersError(Exception):
    """More gzip members than are read."""


def decoded(response: Response, limit: int) -> Response:
    """Return a response whose body is what gzip or deflate was applied to.

    A body that broke off on the wire stays as it is. So does one under a coding that is not undone here, or under many:
    what it holds is then nobody's to judge, and the error says so.

    Args:
        response: the answer as it was received.
        limit: octets to which a body may unpack; what is beyond them is dropped, and the error says so.
    """
    named = (each.strip().lower() for each in ",".join(response.headers.all("Content-Encoding")).split(","))
    codings = [each for each in named if each not in {"", "identity"}]
    if not codings or not response.body or response.error:
        return response
    if len(codings) > limits.CODINGS:
        return _not_undone(response, f"{len(codings)} codings in Content-Encoding")
    if unknown := sorted(set(codings) - set(_FORMATS)):
        return _not_undone(response, f"Content-Encoding {', '.join(unknown)}")
    # The last one named was applied last (RFC 9110 8.4).
    for coding in reversed(codings):
        response = _undone(response, coding, limit)
        if response.error:
            return response
    return response


def _not_undone(response: Response, what: str) -> Response:
    return replace(response, error=f"{what}, which this suite does not undo", exceeded=True)


def _undone(response: Response, coding: str, limit: int) -> Response:
    wrong = ""
    for window in _FORMATS[coding]:
        body = io.BytesIO()
        try:
            whole = _unpack(response.body, window, limit, body)
        except zlib.error as error:
            wrong = str(error)
            continue
        except _MembersError:
            return _exceeding(response, body, f"its {coding} body has more than {limits.GZIP_MEMBERS:,} members")
        if body.tell() > limit:
            body.truncate(limit)
            return _exceeding(response, body, f"its {coding} body unpacks to more than {limits.shown(limit)}")
        if not whole:
            wire = _with(response.wire, Fault.CODED_CUT_OFF)
            return replace(response, body=body.getvalue(), error=f"the {coding} body ends too early", wire=wire)
        wire = _with(response.wire, Fault.RAW_DEFLATE) if window == _RAW else response.wire
        return replace(response, body=body.getvalue(), wire=wire)
    wire = _with(response.wire, Fault.NOT_DECODABLE)
    return replace(response, body=b"", error=f"the body does not decode as {coding}: {wrong}", wire=wire)


def _exceeding(response: Response, body: io.BytesIO, how: str) -> Response:
    return replace(response, body=body.getvalue(), error=f"{limits.LARGER}: {how}", exceeded=True)


def _unpack(octets: bytes, window: int, limit: int, body: io.BytesIO) -> bool:
    """Write what octets unpack to, until that is more than `limit`; tell whether the data came to their end.

    gzip data may be several members in a row (RFC 1952 2.2); what else follows them is left alone.

    Raises:
        zlib.error: they are not of this format.
        _MembersError: there are more members than are read.
    """
    view, at, piece, members = memoryview(octets), 0, _FEWEST, 1
    decoder = zlib.decompressobj(window)
    while at < len(view) and body.tell() <= limit:
        taken = view[at : at + piece]
        body.write(decoder.decompress(taken, min(limit + 1 - body.tell(), _AT_ONCE)))
        # At the end of its data zlib may name what follows twice: as not consumed, and as unused.
        at += len(taken) - len(decoder.unused_data if decoder.eof else decoder.unconsumed_tail)
        piece = min(2 * piece, _MOST)
        if decoder.eof:
            if window != _GZIP or octets[at : at + 2] != b"\x1f\x8b":
                return True
            if members == limits.GZIP_MEMBERS:
                raise _MembersError
            decoder, piece, members = zlib.decompressobj(window), _FEWEST, members + 1
    body.write(decoder.flush())
    return decoder.eof or body.tell() > limit


def _with(wire: WireFacts | None, fault: Fault) -> WireFacts | None:
    return replace(wire, faults=(*wire.faults, fault)) if wire else None
