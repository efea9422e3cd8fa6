"""The offending place of an exchange: which of its lines a finding is about, as far as its words tell for certain."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dicomweb_reports.model import Exchange, Finding

_STATUS = re.compile(r"\b([1-5]\d\d)\b|\b([1-5])xx\b")
_TAG = re.compile(r"\(([0-9A-F]{4}),([0-9A-F]{4})\)|\b([0-9A-F]{8})\b")
_FIRST = re.compile(r"^(?:\$)?\[(?:(\d+)|([\d.]+))\]")
_OCTET = re.compile(r"\boctet (\d+)")
# A received value shorter than this may stand anywhere.
_QUOTED = 4


@dataclass(frozen=True)
class Place:
    """Where to look in a response.

    Attributes:
        status: the status line.
        fields: header fields, by their names in small letters, whether they are there or not.
        item: the number of an object in an array at the top, or its UID; None for any.
        tags: of attributes, each within the one before where `nested`, each on its own where not.
        nested: see tags.
        text: as it stands in the body; "" for none.
        octet: in the body, from 0; None for none.
    """

    status: bool = False
    fields: frozenset[str] = frozenset()
    item: int | str | None = None
    tags: tuple[str, ...] = ()
    nested: bool = False
    text: str = ""
    octet: int | None = None


NOWHERE = Place()


def place(finding: Finding, exchange: Exchange) -> Place:
    """Return where in an exchange a finding is; `NOWHERE` where its words do not tell."""
    where = finding.where
    names = {name.lower() for name, _ in exchange.response.headers} if exchange.response else set()
    fields = {each for each in (where.lower(), where.partition(",")[0].lower()) if each in names or each == "warning"}
    if where == "header fields":
        fields = {name for name in names if name in finding.received.lower()}
    first = _FIRST.match(where)
    inside = where[first.end() :] if first else where
    tags = tuple("".join(filter(None, found)) for found in _TAG.findall(inside))
    octet = _OCTET.search(where)
    said = finding.received.strip("'\"")
    return Place(
        status=where == "status line" or (not where and _is_about_the_status(finding, exchange.status)),
        fields=frozenset(fields),
        item=(int(first[1]) if first[1] else first[2]) if first else None,
        tags=tags,
        nested=bool(first) or where.startswith("/"),
        text=said if len(said) >= _QUOTED else "",
        octet=int(octet[1]) if octet and not where.startswith("part ") else None,
    )


def _is_about_the_status(finding: Finding, status: int | None) -> bool:
    named = {number or f"{family}xx" for number, family in _STATUS.findall(finding.observation)}
    return status is not None and bool(named & {str(status), f"{status // 100}xx"})


def marked(lines: Sequence[str], at: Place) -> tuple[int, ...]:
    """Return the numbers of the lines of a body, from 0, that a place is in."""
    if at.tags:
        found = _of_path(lines, at) if at.nested else _of_tags(lines, at.tags)
        if found or at.nested:
            return found
    if not at.text:
        return ()
    return tuple(number for number, line in enumerate(lines) if at.text in line)


def _of_tags(lines: Sequence[str], tags: Sequence[str]) -> tuple[int, ...]:
    return tuple(number for number, line in enumerate(lines) if any(f'"{tag}"' in line for tag in tags))


def _of_path(lines: Sequence[str], at: Place) -> tuple[int, ...]:
    """Follow a path from line to line: the item, then each tag below the one before."""
    start = 0
    if at.item is not None:
        items = [number for number, line in enumerate(lines) if re.match(r" {2}[{\[]", line)]
        if isinstance(at.item, str):
            named = next((number for number, line in enumerate(lines) if f'"{at.item}"' in line), -1)
            items = [number for number in items if number <= named][-1:]
        elif at.item >= len(items):
            return ()
        else:
            items = items[at.item :]
        if not items:
            return ()
        start = items[0]
    for tag in at.tags:
        found = next((number for number in range(start, len(lines)) if f'"{tag}"' in lines[number]), None)
        if found is None:
            return ()
        start = found
    return (start,)
