"""Undoing a Content-Encoding (RFC 9110 8.4.1), up to a limit: a small body can unpack to more than memory holds."""

from __future__ import annotations

import zlib
from dataclasses import replace

from dicomweb_conformance.exchanges import Response
from dicomweb_conformance.wire_facts import Fault, WireFacts

_GZIP, _ZLIB, _RAW = zlib.MAX_WBITS | 16, zlib.MAX_WBITS, -zlib.MAX_WBITS
_FORMATS = {"gzip": (_GZIP,), "x-gzip": (_GZIP,), "deflate": (_ZLIB, _RAW)}
"""What a coding is (RFC 9110 8.4.1); raw deflate data are what some send as deflate."""


def decoded(response: Response, limit: int) -> Response:
    """Return a response whose body is what gzip or deflate was applied to; other codings stay as they are.

    So does a body that broke off on the wire.

    Args:
        response: the answer as it was received.
        limit: octets to which a body may unpack; what is beyond them is dropped, and the error says so.
    """
    coding = (response.headers.get("Content-Encoding") or "").strip().lower()
    if coding not in _FORMATS or not response.body or response.error:
        return response
    for window in _FORMATS[coding]:
        try:
            body, whole = _unpacked(response.body, window, limit)
        except zlib.error as error:
            wrong = str(error)
            continue
        if len(body) > limit:
            said = f"the {coding} body unpacks to more than {limit >> 20} MiB; the rest was dropped"
            return replace(response, body=body[:limit], error=said)
        if not whole:
            wire = _with(response.wire, Fault.CODED_CUT_OFF)
            return replace(response, body=body, error=f"the {coding} body ends too early", wire=wire)
        wire = _with(response.wire, Fault.RAW_DEFLATE) if window == _RAW else response.wire
        return replace(response, body=body, wire=wire)
    wire = _with(response.wire, Fault.NOT_DECODABLE)
    return replace(response, body=b"", error=f"the body does not decode as {coding}: {wrong}", wire=wire)


def _unpacked(octets: bytes, window: int, limit: int) -> tuple[bytes, bool]:
    """Return at most one octet more than `limit`, and whether the data came to their end.

    gzip data may be several members in a row (RFC 1952 2.2).
    """
    members: list[bytes] = []
    room = limit + 1
    while octets and room > 0:
        decoder = zlib.decompressobj(window)
        members.append(decoder.decompress(octets, room))
        room -= len(members[-1])
        if not decoder.eof:
            return b"".join(members), False
        octets = decoder.unused_data
        if octets[:2] != b"\x1f\x8b":
            break
    return b"".join(members), True


def _with(wire: WireFacts | None, fault: Fault) -> WireFacts | None:
    return replace(wire, faults=(*wire.faults, fault)) if wire else None
