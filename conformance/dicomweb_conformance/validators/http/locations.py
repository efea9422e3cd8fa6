"""References in answers: what resource of the Studies Service a URL names (PS3.18 10.1.1), whatever its host."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import unquote

from dicomweb_conformance.http import urls
from dicomweb_conformance.http.urls import UrlError

_LEVELS = ("studies", "series", "instances", "frames")


def is_reference(value: str) -> bool:
    """Tell whether a value is a URI reference (RFC 3986 4.1) that is not empty."""
    try:
        urls.read(value)
    except UrlError:
        return False
    return bool(value)


def path(value: str, base: str = "") -> str:
    """Return the path of a reference, resolved against `base`; empty where it is no reference."""
    return urls.path_of(value, base) if is_reference(value) else ""


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
