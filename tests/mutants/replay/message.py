"""A response as it can be edited: kept apart are its status line, its fields, its body, and how its end is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Literal

Framing = Literal["length", "chunked", "close", "none"]
Ending = Literal["stays open", "closes", "falls silent"]


@dataclass(frozen=True)
class Asked:
    """The request of an exchange; `size` is that of its payload."""

    method: str
    url: str
    headers: tuple[tuple[str, str], ...] = ()
    size: int = 0


@dataclass(frozen=True)
class Message:
    """One exchange.

    Attributes:
        asked: the request.
        status_line: of the response.
        fields: of its head, but for those that say where its body ends: `octets` writes them.
        body: its octets, in no Content-Encoding unless an edit puts them in one.
        framing: how its end is told.
        then: what the server does when it has sent all.
        wire: the last touch: what is sent in place of its octets.
    """

    asked: Asked
    status_line: str
    fields: tuple[tuple[str, str], ...]
    body: bytes = field(repr=False)
    framing: Framing = "length"
    then: Ending = "stays open"
    wire: Callable[[bytes], bytes] = field(default=bytes, repr=False)

    @property
    def status(self) -> int:
        """That of the status line."""
        return int(self.status_line.split(" ")[1])

    @property
    def content_type(self) -> str:
        """The first Content-Type; empty where there is none."""
        return next((value for name, value in self.fields if name.lower() == "content-type"), "")

    def octets(self) -> bytes:
        """Return all that the server sends."""
        body, framing = self.body, []
        if self.framing == "length":
            framing = [("Content-Length", str(len(body)))]
        elif self.framing == "chunked":
            framing = [("Transfer-Encoding", "chunked")]
            body = (b"%X\r\n%b\r\n" % (len(body), body) if body else b"") + b"0\r\n\r\n"
        lines = [self.status_line, *(f"{name}: {value}" for name, value in (*self.fields, *framing)), "", ""]
        return self.wire("\r\n".join(lines).encode("latin-1") + body)

    def with_fields(self, name: str, *values: str) -> Message:
        """Return it with just these fields of a name, in the place of the first."""
        kept = [each for each in self.fields if each[0].lower() != name.lower()]
        at = next((at for at, each in enumerate(self.fields) if each[0].lower() == name.lower()), len(kept))
        return replace(self, fields=(*kept[:at], *((name, value) for value in values), *kept[at:]))

    def with_body(self, body: bytes) -> Message:
        """Return it with another body, whose length is told rightly."""
        return replace(self, body=body)
