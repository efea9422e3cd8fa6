"""What the run record keeps of what is long: its beginning, and how much there is more."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from dicomweb_conformance.http import limits

TELLING = frozenset(
    {
        "allow",
        "connection",
        "content-encoding",
        "content-length",
        "content-location",
        "content-type",
        "location",
        "retry-after",
        "server",
        "transfer-encoding",
        "vary",
        "warning",
        "www-authenticate",
    }
)
"""Header fields by which a message is judged: they are kept before all others."""
REST = "..."
"""Stands where header fields are left out, in the place of a name."""


def text(value: str, longest: int = limits.TEXT_RECORDED) -> str:
    """Return a text of at most so many characters, with a remark where there are more."""
    return value if len(value) <= longest else f"{value[:longest]}... ({len(value):,} characters)"


def value(value: Any, longest: int, most: int) -> Any:
    """Return what JSON can hold, with each text in it cut after so many characters, each list after so many items."""
    match value:
        case str():
            return text(value, longest)
        case dict():
            return {name: _value(each, longest, most) for name, each in value.items()}
        case list() | tuple():
            return [_value(each, longest, most) for each in value[:most]]
    return value


_value = value


def head(fields: Iterable[tuple[str, str]], room: int) -> list[tuple[str, str]]:
    """Return the header fields that have room, in their order, and how many do not.

    Args:
        fields: names and values.
        room: octets, about.
    """
    cut = [(text(name, limits.FIELD_RECORDED), text(value, limits.FIELD_RECORDED)) for name, value in fields]
    first = sorted(range(len(cut)), key=lambda number: cut[number][0].strip(" :").lower() not in TELLING)
    kept: set[int] = set()
    for number in first:
        room -= sum(map(len, cut[number])) + 4
        if room < 0:
            break
        kept.add(number)
    left_out = len(cut) - len(kept)
    rest = [(REST, f"{left_out:,} more, of which nothing is kept")] if left_out else []
    return [*(each for number, each in enumerate(cut) if number in kept), *rest]
