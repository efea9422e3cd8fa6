"""References in answers: what resource of the Studies Service a URL names (PS3.18 10.1.1), whatever its host."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import unquote, urljoin, urlsplit

_LEVELS = ("studies", "series", "instances", "frames")
# RFC 3986 2 and 4.1: what may stand in a URI reference; beyond ASCII nothing may.
_REFERENCE = re.compile(r"(?:[0-9A-Za-z\-._~:/?#\[\]@!$&'()*+,;=]|%[0-9A-Fa-f]{2})*")


def is_reference(value: str) -> bool:
    """Tell whether a value is a URI reference (RFC 3986 4.1)."""
    if not value or not _REFERENCE.fullmatch(value):
        return False
    try:
        urlsplit(value).port  # noqa: B018 - looks whether the authority can be read
    except ValueError:
        return False
    return True


def path(value: str, base: str = "") -> str:
    """Return the path of a reference, resolved against `base`; empty where it is no reference."""
    if not is_reference(value):
        return ""
    return urlsplit(urljoin(base, value)).path.rstrip("/")


def resource(value: str, base: str = "") -> dict[str, str]:
    """Return what a reference names, by level: `{"studies": uid, "series": uid, "instances": uid, "frames": list}`."""
    segments = [unquote(each) for each in path(value, base).split("/")]
    # A base URL may itself hold one of the words: the last occurrence is the resource's.
    return {
        level: segments[at + 1]
        for level in _LEVELS
        for at in range(len(segments) - 1)
        if segments[at] == level and segments[at + 1] not in _LEVELS
    }


def contradict(one: Mapping[str, str], other: Mapping[str, str]) -> bool:
    """Tell whether two resources differ at a level that both name; a list of frames differs from none of them."""
    lists = {"frames"} if "," in one.get("frames", "") + other.get("frames", "") else set()
    return any(one[level] != other[level] for level in (one.keys() & other.keys()) - lists)
