"""Content codings (RFC 9110 8.4): undoing them piece by piece, and HTTP-008."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from dicomweb_conformance.http import media_types
from dicomweb_conformance.http.observed import CODING_FAULTS, Answer
from dicomweb_conformance.http.wire_facts import Fault
from dicomweb_conformance.validators.observation import Observation

OWNED = ("HTTP-008",)

_PIECE = 1 << 18
_HEAD = 256
_GZIP = frozenset({"gzip", "x-gzip"})
_KNOWN = _GZIP | {"deflate"}
_ZLIB_HEADS = (b"\x1f\x8b\x08", b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda")


class CodingError(ValueError):
    """A body that does not decode by its Content-Encoding."""


def representation(answer: Answer) -> Iterator[bytes]:
    """Yield the body with its content coding undone; what does not decode, or in a coding not known here, as it is.

    A body that breaks the coding ends where it does.
    """
    try:
        for octets, _ in _decoded(answer):
            yield octets
    except CodingError:
        return


def observe(answer: Answer) -> Iterator[Observation]:
    """Yield the observations of HTTP-008: the coding named, and the octets under it."""
    if not answer.may_have_body:
        return
    if undone := [fault for fault in (answer.facts.faults if answer.facts else ()) if fault in CODING_FAULTS]:
        yield _undecodable(undone[0].value)
        return
    if answer.is_cut or answer.is_empty:
        return
    codings = _codings(answer)
    head, raw_deflate = b"", answer.facts is not None and Fault.RAW_DEFLATE in answer.facts.faults
    try:
        for octets, raw in _decoded(answer):
            head += octets[: max(0, _HEAD - len(head))]
            raw_deflate |= raw
    except CodingError as error:
        yield _undecodable(str(error))
        return
    if answer.coded and codings and (len(codings) > 1 or codings[0] not in _KNOWN):
        return
    yield from _judged(media_types.name_of(answer.content_type), codings, head, raw_deflate=raw_deflate)


def _judged(name: str, codings: list[str], head: bytes, *, raw_deflate: bool) -> Iterator[Observation]:
    fits = _fits(name, head)
    if not codings:
        if fits is False and head.startswith(_ZLIB_HEADS):
            yield Observation(
                "HTTP-008",
                "gzip-not-declared",
                where="Content-Encoding",
                received=f"a body labelled {name} that begins as gzip or zlib data",
            )
        elif fits:
            text = "not-coded-and-of-its-type"
            yield Observation("HTTP-008", text, received=name)
    elif raw_deflate:
        yield Observation("HTTP-008", "raw-deflate", where="Content-Encoding")
    elif fits:
        received = f"{', '.join(codings)}, {name}"
        yield Observation("HTTP-008", "the-decoded-body-is-of-the-type-named", received=received)


def _undecodable(why: str) -> Observation:
    return Observation("HTTP-008", "body-does-not-decode-by-content-encoding", where="Content-Encoding", received=why)


def _codings(answer: Answer) -> list[str]:
    named = ",".join(answer.headers.all("Content-Encoding")).lower().split(",")
    return [coding for each in named if (coding := each.strip()) and coding != "identity"]


def _decoded(answer: Answer) -> Iterator[tuple[bytes, bool]]:
    """Yield octets, and whether they were raw deflate data.

    Raises:
        CodingError: the octets are not of the coding named, or end too early.
    """
    codings = _codings(answer) if answer.coded else []
    if len(codings) != 1 or codings[0] not in _KNOWN:
        yield from ((chunk, False) for chunk in answer.body)
        return
    coding = codings[0]
    raw = coding == "deflate" and not _is_zlib(answer)
    window = zlib.MAX_WBITS | 16 if coding in _GZIP else -zlib.MAX_WBITS if raw else zlib.MAX_WBITS
    decoder = zlib.decompressobj(window)
    begun = False
    for chunk in answer.body:
        pending = chunk
        while pending:
            begun = True
            if decoder.eof and coding in _GZIP:
                decoder = zlib.decompressobj(window)  # RFC 1952 2.2: a file is a series of members
            elif decoder.eof:
                raise CodingError(f"octets follow the end of the {coding} data")
            try:
                octets = decoder.decompress(pending, _PIECE)
            except zlib.error as error:
                raise CodingError(f"no {coding} data: {error}") from None
            if octets:
                yield octets, raw
            pending = decoder.unconsumed_tail or decoder.unused_data
    if rest := decoder.flush() if begun else b"":
        yield rest, raw
    if begun and not decoder.eof:
        raise CodingError(f"the {coding} data end too early")


def _is_zlib(answer: Answer) -> bool:
    head = b""
    for chunk in answer.body:
        head += chunk[:2]
        if len(head) >= 2:
            break
    return len(head) >= 2 and head[0] & 15 == 8 and (head[0] << 8 | head[1]) % 31 == 0


def _fits(name: str, head: bytes) -> bool | None:
    """Tell whether octets can be of a media type; None where nothing is known of the type."""
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if name.endswith("json"):
        return text[:1] in {b"[", b"{", b'"', b"t", b"f", b"n", b"-"} or text[:1].isdigit()
    if name.endswith("xml"):
        return text.startswith(b"<") or head.startswith((b"\xff\xfe", b"\xfe\xff"))
    if name == media_types.DICOM:
        return head[128:132] == b"DICM"
    if name.startswith("multipart/"):
        return text.startswith(b"-")
    return None
