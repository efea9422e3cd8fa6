"""How clients take a multipart apart: more crudely than the grammar has it, and each in its own way."""

from __future__ import annotations

from dataclasses import dataclass, field

from dicomweb_conformance.http import media_types, multipart
from dicomweb_conformance.http.exchanges import Response
from dicomweb_conformance.http.unreadable import Form, TooLargeError

_BLANK_LINE = b"\r\n\r\n"
_NAME = "Content-Type"
_LONGEST = 1 << 14
"""Octets of the header of a part that are looked at."""


@dataclass(frozen=True)
class ClientsPart:
    """A part as a client finds it: the lines of its header, and its octets."""

    lines: tuple[str, ...]
    body: bytes = field(repr=False)

    @property
    def content_type(self) -> tuple[str, str] | None:
        """Name, as it is spelled, and value of its Content-Type; None without one."""
        for line in self.lines:
            name, colon, value = line.partition(":")
            if colon and name.strip().lower() == _NAME.lower():
                return name.strip(), value.strip()
        return None


@dataclass(frozen=True)
class Opened:
    """What a client makes of a body: the parts, and what is odd about it, by the codes of observations."""

    parts: tuple[ClientsPart, ...]
    odd: tuple[str, ...]


def opened(response: Response, boundary: str, of_parts: str) -> Opened:
    """Take a body apart as a client does.

    Args:
        response: whose body it is.
        boundary: where the client has the boundary from: "header" or "first line" of the body.
        of_parts: the media type that was asked for.

    Raises:
        TooLargeError: it has more parts than this suite reads.
    """
    body = response.body
    if "multipart" not in response.content_type.lower():
        return Opened((ClientsPart((), body),), ("single-part",))
    delimiter = _of_header(response) if boundary == "header" else _of_body(body)
    if not delimiter:
        return Opened((ClientsPart((), body),), ("no-boundary",))
    if why := multipart.too_much(body.count(delimiter), 0):
        raise TooLargeError(Form.MULTIPART, why)
    before, *pieces = body.split(delimiter)
    closed = any(piece.startswith(b"--") for piece in pieces)
    parts = tuple(_part(piece) for piece in pieces if not piece.startswith(b"--") and piece.strip())
    if not parts:
        return Opened((), ("no-parts",))
    odd = ["preamble"] if before.strip() else ["leading-line-end"] if before else []
    odd += [] if closed else ["no-closing-delimiter"]
    return Opened(parts, (*odd, *_oddities(parts, of_parts)))


def _of_header(response: Response) -> bytes:
    boundary = media_types.read(response.content_type).media_type.parameter("boundary")
    return f"--{boundary}".encode("latin-1", "replace") if boundary else b""


def _of_body(body: bytes) -> bytes:
    lines = body.partition(_BLANK_LINE)[0].split(b"\r\n")
    return next((line for line in lines if line.startswith(b"--")), b"")


def _part(piece: bytes) -> ClientsPart:
    """Return a part of what stands between two delimiters, without the line ends behind one and before the other."""
    head, _, body = piece.removeprefix(b"\r\n").partition(_BLANK_LINE)
    if piece.startswith(_BLANK_LINE):
        head, body = b"", piece[len(_BLANK_LINE) :]
    return ClientsPart(tuple(filter(None, head[:_LONGEST].decode("latin-1").split("\r\n"))), body.removesuffix(b"\r\n"))


def _oddities(parts: tuple[ClientsPart, ...], of_parts: str) -> list[str]:
    types = [part.content_type for part in parts]
    odd = []
    if None in types:
        odd.append("part-without-type")
    named = [each for each in types if each is not None]
    if any(name != _NAME for name, _ in named):
        odd.append("part-type-in-another-case")
    if any(media_types.name_of(value) != of_parts for _, value in named):
        odd.append("part-of-another-type")
    return odd
