"""Exchanges that somebody else made, without what they say of patients: URLs, UIDs and header fields."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import unquote

from dicomweb_conformance.service.screening import DEFINED_BY_HTTP

HIDDEN = "***"
# Of queries: what describes a resource, and nobody's data.
_PLAIN = frozenset(
    {
        *("limit", "offset", "fuzzymatching", "includefield", "accept", "charset", "annotation", "quality"),
        *("viewport", "window", "iccprofile", "contentType", "requestType"),
    }
)
_WORDS = frozenset(
    {
        *("studies", "series", "instances", "frames", "metadata", "bulkdata", "rendered", "thumbnail", "pixeldata"),
        *("workitems", "subscribers"),
    }
)
_FRAMES = re.compile(r"\d{1,5}(?:,\d{1,5})*")
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_UID = re.compile(r"(?<![\d.])(?=[\d.]{10})[0-2](?:\.\d+){2,}(?!\.?\d)")
_REGISTERED = "1.2.840.10008."
_OF_REQUESTS = DEFINED_BY_HTTP | {"accept-charset", "accept-encoding", "accept-language", "host", "range", "user-agent"}


class Masking:
    """Takes out what tells of patients, and calls each UID by a number, so that a reader can follow it.

    Args:
        base_url: of the Studies Service, which stays readable.
    """

    def __init__(self, base_url: str) -> None:
        self._base_url = base_url
        self._uids: dict[str, str] = {}

    def url(self, url: str) -> str:
        """Return a URL whose words say which resource it is, and whose values are gone."""
        below = url.removeprefix(self._base_url)
        if below == url:
            return f"{self._base_url}/{HIDDEN}"
        path, mark, query = below.partition("?")
        shown = "/".join(self._segment(each) for each in path.split("/"))
        return f"{self._base_url}{shown}{mark}{'&'.join(self._pair(each) for each in query.split('&'))}"

    def text(self, text: str) -> str:
        """Return words in which each UID has its number."""
        return _UID.sub(lambda found: self._uid(found[0]), text)

    def fields(self, fields: Iterable[tuple[str, str]], *, of_request: bool) -> list[tuple[str, str]]:
        """Return header fields: the values of those that HTTP itself defines, of all others only their length."""
        plain = _OF_REQUESTS if of_request else DEFINED_BY_HTTP
        return [
            (name, self.text(value)) if name.lower() in plain else (name, f"({len(value)} characters, {HIDDEN})")
            for name, value in fields
        ]

    def _segment(self, segment: str) -> str:
        if not segment or segment in _WORDS or _FRAMES.fullmatch(segment):
            return segment
        return self._uid(segment) if _UID.fullmatch(segment) else HIDDEN

    def _pair(self, pair: str) -> str:
        name, equals, value = pair.partition("=")
        if name in _PLAIN:
            return pair if _UID.search(unquote(value)) is None else f"{name}{equals}{HIDDEN}"
        shown = name if _NAME.fullmatch(name) and not _UID.search(name) else HIDDEN if name else ""
        return f"{shown}{equals}{self._uid(value) if _UID.fullmatch(value) else HIDDEN if value else ''}"

    def _uid(self, uid: str) -> str:
        if uid.startswith(_REGISTERED):
            return uid
        return self._uids.setdefault(uid, f"uid-{len(self._uids) + 1}")
