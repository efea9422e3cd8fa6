"""multipart/related (RFC 2046 5.1, RFC 2387, PS3.18 8.6.1.2).

Reading what the target sent, writing what the suite sends.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from dicomweb_conformance import media_types
from dicomweb_conformance.exchanges import Headers

_HEADER = re.compile(rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*(.*?)[ \t]*\Z", re.DOTALL)


class MultipartError(ValueError):
    """A body that is no multipart of the boundary named; says where (octet offset) and what was expected."""


@dataclass(frozen=True)
class Part:
    """One body part."""

    headers: Headers
    body: bytes = field(repr=False)

    @property
    def content_type(self) -> str:
        """The part's Content-Type as sent, empty where there was none."""
        return self.headers.get("Content-Type") or ""


def parts_of(content_type: str, body: bytes) -> list[Part]:
    """Return the parts of a multipart message in their order.

    Args:
        content_type: the message's Content-Type with its boundary parameter.
        body: the whole payload.

    Raises:
        MultipartError: the Content-Type is no multipart, has no boundary, or the body leaves the grammar.
    """
    try:
        media_type = media_types.parse(content_type)
    except media_types.MediaTypeError as error:
        raise MultipartError(f"Content-Type: {error}") from None
    if not media_type.name.startswith("multipart/"):
        raise MultipartError(f"Content-Type is {content_type!r}, not multipart/related")
    boundary = media_type.parameter("boundary")
    if not boundary:
        raise MultipartError(f"Content-Type {content_type!r} has no boundary parameter")
    return list(_split(body, boundary.encode("latin-1", "replace")))


def _split(body: bytes, boundary: bytes) -> Iterable[Part]:
    delimiter = re.compile(rb"(?:\A|\r\n)--" + re.escape(boundary) + rb"(--)?[ \t]*(?:\r\n|\Z)")
    found = delimiter.search(body)
    if found is None:
        raise MultipartError(f"the delimiter --{boundary.decode('latin-1')} does not occur in the body")
    while found[1] is None:
        start = found.end()
        found = delimiter.search(body, start)
        if found is None:
            raise MultipartError(f"the part that starts at octet {start} is not ended by a closing delimiter")
        yield _part(body[start : found.start()], start)


def _part(octets: bytes, offset: int) -> Part:
    if not octets or octets.startswith(b"\r\n"):
        return Part(Headers(), octets[2:])
    head, blank_line, body = octets.partition(b"\r\n\r\n")
    if not blank_line:
        raise MultipartError(f"the part at octet {offset} has no blank line between its headers and its body")
    fields = []
    for line in head.split(b"\r\n"):
        parsed = _HEADER.match(line)
        if parsed is None:
            raise MultipartError(f"the part at octet {offset} has a header line {line[:80]!r} that is no name: value")
        fields.append((parsed[1].decode("latin-1"), parsed[2].decode("latin-1")))
    return Part(Headers(tuple(fields)), body)


def part(body: bytes, content_type: str = media_types.DICOM, *headers: tuple[str, str]) -> Part:
    """Make a part to send."""
    return Part(Headers((("Content-Type", content_type), *headers)), body)


def write(parts: Sequence[Part], boundary: str | None = None) -> tuple[str, bytes]:
    """Return boundary and body of a multipart message; a boundary that is not given is one that no part contains."""
    chosen = boundary or _boundary_for(parts)
    delimiter = b"--" + chosen.encode("ascii")
    lines: list[bytes] = []
    for each in parts:
        lines.append(delimiter)
        lines.extend(f"{name}: {value}".encode("latin-1") for name, value in each.headers.fields)
        lines.extend((b"", each.body))
    lines.extend((delimiter + b"--", b""))
    return chosen, b"\r\n".join(lines)


def _boundary_for(parts: Sequence[Part]) -> str:
    attempt = 0
    while True:
        seed = b"".join(hashlib.sha256(each.body).digest() for each in parts)
        boundary = "dicomweb-" + hashlib.sha256(seed + bytes([attempt])).hexdigest()[:32]
        if not any(boundary.encode() in each.body for each in parts):
            return boundary
        attempt += 1
