"""HTTP Archive 1.2 as others write it: a browser's developer tools, a proxy, a client's log, this suite.

A HAR holds what came out of an HTTP library: content codings are undone, text is characters and no longer octets, and
bodies may be missing or cut. What is not known to be whole is marked so, and then shows no fault.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from dicomweb_conformance.http import limits, media_types
from dicomweb_conformance.http.exchanges import Headers

LARGEST = 1_000_000_000
"""Octets of a file that is read."""
EPOCH = "1970-01-01T00:00:00.000Z"
_BESIDE = re.compile(r"in bodies/([0-9a-f]{64})")
_UNICODE = re.compile(r"application/(?:[a-z.+-]+\+)?(?:json|xml)|text/xml", re.IGNORECASE)


class HarError(ValueError):
    """A file that is no HAR; says what was expected."""


@dataclass(frozen=True)
class Captured:
    """An exchange that somebody else made.

    Attributes:
        started: when, as ISO 8601.
        seconds: how long it took.
        method: of the request.
        url: of the request.
        sent: its header fields.
        size: octets of its payload, as far as they are known.
        status: of the response; 0 where there was none.
        reason: of its status line.
        version: of the protocol, as spelled.
        headers: of the response.
        body: what is there of its body, content codings undone.
        length: octets of the body as the file says.
        whole: whether `body` is known to be all of it, octet for octet.
    """

    started: str
    seconds: float
    method: str
    url: str
    sent: Headers
    size: int
    status: int
    reason: str
    version: str
    headers: Headers
    body: bytes = field(repr=False)
    length: int
    whole: bool


@dataclass(frozen=True)
class Archive:
    """The exchanges of a HAR, and how many of its entries are none."""

    exchanges: tuple[Captured, ...]
    unreadable: int


def read(path: Path) -> Archive:
    """Read a HAR; bodies that this suite wrote beside one of its own are read, too.

    Raises:
        HarError: it cannot be read, or is no HAR.
    """
    try:
        if path.stat().st_size > LARGEST:
            raise HarError(f"{path} has more than {limits.shown(LARGEST)}, which is the most that is read")
        octets = path.read_bytes()
    except OSError as error:
        raise HarError(f"{path} cannot be read: {error.strerror}") from None
    try:
        document = json.loads(octets.decode("utf-8-sig"))
    except (ValueError, RecursionError, MemoryError) as error:
        raise HarError(f"{path} is no JSON ({type(error).__name__}): expected a HAR, an HTTP Archive 1.2") from None
    log = document.get("log") if isinstance(document, dict) else None
    entries = log.get("entries") if isinstance(log, dict) else None
    if not isinstance(entries, list):
        raise HarError(f"{path} is no HAR: expected an object with log.entries, a list of exchanges")
    found = [_captured(entry, path.parent) for entry in entries]
    exchanges = tuple(each for each in found if each is not None)
    return Archive(exchanges, len(found) - len(exchanges))


def _captured(entry: Any, directory: Path) -> Captured | None:
    if not isinstance(entry, dict):
        return None
    request, response = entry.get("request"), entry.get("response")
    if not isinstance(request, dict) or not isinstance(response, dict):
        return None
    method, url, status = request.get("method"), request.get("url"), response.get("status")
    if not (isinstance(method, str) and isinstance(url, str) and _is_number(status)):
        return None
    headers = _headers(response)
    body, length, whole = _body(response.get("content"), headers, directory)
    return Captured(
        started=_time(entry.get("startedDateTime")),
        seconds=max(entry["time"], 0) / 1000 if _is_number(entry.get("time")) else 0.0,
        method=method,
        url=_text(url),
        sent=_headers(request),
        size=_size(request),
        status=max(int(status or 0), 0),
        reason=_text(response.get("statusText")),
        version=_text(response.get("httpVersion")),
        headers=headers,
        body=body,
        length=length,
        whole=whole,
    )


def _size(request: dict[str, Any]) -> int:
    """Return the octets of a payload, or at least its characters."""
    said, posted = request.get("bodySize"), request.get("postData")
    if isinstance(said, int) and said > 0:
        return said
    return len(_text(posted.get("text"))) if isinstance(posted, dict) else 0


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e12


def _time(value: Any) -> str:
    try:
        datetime.fromisoformat(value if isinstance(value, str) else "")
    except ValueError:
        return EPOCH
    return str(value)


def _text(value: Any) -> str:
    """Return a string without what no octets can hold."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else ""


def _headers(message: dict[str, Any]) -> Headers:
    """Return the fields of a message; some tools join those of one name by line breaks, and add HTTP/2's own."""
    return Headers(tuple(_fields(message.get("headers"))))


def _fields(given: Any) -> Iterator[tuple[str, str]]:
    for each in given if isinstance(given, list) else ():
        if isinstance(each, dict) and isinstance(each.get("name"), str) and isinstance(each.get("value"), str):
            name = _text(each["name"])
            if not name.startswith(":"):
                yield from ((name, value.strip()) for value in _text(each["value"]).split("\n"))


def _body(content: Any, headers: Headers, directory: Path) -> tuple[bytes, int, bool]:
    """Return the octets of a body, their number as the file says, and whether these are known to be all of them."""
    if not isinstance(content, dict):
        return b"", 0, False
    said = content.get("size")
    length = said if isinstance(said, int) and said > 0 else 0
    octets = _beside(content, directory)
    if octets is None:
        octets = _octets(content, headers)
    if octets is None:
        return b"", length, length == 0 and not content.get("text")
    return octets, max(length, len(octets)), length in {0, len(octets)}


def _beside(content: dict[str, Any], directory: Path) -> bytes | None:
    """Return a body that this suite keeps beside its HAR, under its digest."""
    named = _BESIDE.fullmatch(_text(content.get("comment")))
    if named is None:
        return None
    try:
        octets = (directory / "bodies" / named[1]).read_bytes()
    except OSError:
        return None
    return octets if hashlib.sha256(octets).hexdigest() == named[1] else None


def _octets(content: dict[str, Any], headers: Headers) -> bytes | None:
    """Return the octets that a text stands for; None where that cannot be told."""
    text = content.get("text")
    if not isinstance(text, str) or not text:
        return None
    if content.get("encoding") == "base64":
        try:
            return base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            return None
    if text.isascii():
        return text.encode()
    if "\ufffd" in text:
        return None  # characters that were no text
    media_type = media_types.name_of(headers.get("Content-Type") or "")
    # What is called nothing, and begins as JSON or XML does, is in UTF-8 as these are.
    if not _UNICODE.fullmatch(media_type) and (media_type or text.lstrip()[:1] not in "[{<"):
        return None
    try:
        return text.encode()
    except UnicodeEncodeError:
        return None
