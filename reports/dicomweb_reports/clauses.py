"""Where the text of a clause is published: a link for each section, table and annex that it names."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cache

_DICOM = "https://dicom.nema.org/medical/dicom"
_RFC = "https://www.rfc-editor.org/rfc"
_HEALTHCARE = "https://cloud.google.com/healthcare-api/docs/dicom"

_NUMBER = r"(?:[A-Z]|\d+)(?:\.\d+)+"
_TOKEN = re.compile(
    rf"""
    PS3\.(?P<part>\d+)(?:\ (?P<chapter>\d+)(?![\d.-]))?
    | RFC\ (?P<rfc>\d+)
    | (?P<healthcare>Cloud\ Healthcare\ API)
    | Tables?\ (?P<table>(?:{_NUMBER}|[A-Z]|\d+)-\d+)
    | Annex\ (?P<annex>[A-Z])\b
    | (?P<other>XML\ 1\.0|CP-\d+|\([^)]*\))
    | (?:(?P<before>20\d\d[a-e])\ )?(?<![\w.])(?P<section>{_NUMBER})(?:\ \((?P<behind>20\d\d[a-e])\b)?
    | (?P<whole>\b\d+\b)
    """,
    re.VERBOSE,
)


@dataclass(frozen=True)
class Piece:
    """A piece of a clause, and where it is published; "" where it is not, or nothing to read."""

    text: str
    link: str


@cache
def pieces(clause: str) -> tuple[Piece, ...]:
    """Return a clause in pieces that together are its text, each with a link where it names a place that is published.

    PS3 is linked in its current edition, or in the one that stands before a number or in parentheses behind it. What
    else stands in parentheses is not read.
    """
    found: list[Piece] = []
    named = _Named()
    end = 0
    for match in _TOKEN.finditer(clause):
        named = _after(match, named)
        link = _link(match, named)
        if link:
            start, stop = match.span("section" if match["section"] else "chapter" if match["chapter"] else 0)
            found += [Piece(clause[end:start], "")] if start > end else []
            found.append(Piece(clause[start:stop], link))
            end = stop
    return (*found, Piece(clause[end:], "")) if end < len(clause) else tuple(found)


@dataclass(frozen=True)
class _Named:
    """What was named last: a part of PS3, and a section of it, or an RFC."""

    part: str = ""
    rfc: str = ""
    section: str = ""


def _after(match: re.Match[str], named: _Named) -> _Named:
    if match["part"] or match["rfc"]:
        return _Named(match["part"] or "", match["rfc"] or "")
    if match["section"]:
        return replace(named, section=match["section"])
    return _Named() if match["other"] and match["other"].startswith("XML") else named


def _link(match: re.Match[str], named: _Named) -> str:
    if match["healthcare"]:
        return _HEALTHCARE
    if match["other"]:
        return ""
    if named.rfc:
        number = match["section"] or match["whole"]
        return f"{_RFC}/rfc{named.rfc}" + (f"#section-{number}" if number else "")
    if not named.part:
        return ""
    if match["table"]:
        return _of_table(named.part, match["table"], named.section)
    if chapter := match["annex"] or match["chapter"]:
        return f"{_part(named.part)}/chapter_{chapter}.html"
    edition = match["before"] or match["behind"] or "current"
    return _of_section(named.part, match["section"], edition) if match["section"] else ""


def _part(part: str, edition: str = "current") -> str:
    return f"{_DICOM}/{edition}/output/chtml/part{int(part):02}"


def _of_section(part: str, number: str, edition: str) -> str:
    return f"{_part(part, edition)}/{_file(number)}#sect_{number}"


def _of_table(part: str, number: str, section: str) -> str:
    """Return the place of a table, which is in the section that was named before it, or in the one it is counted in."""
    counted_in = number.rpartition("-")[0]
    place = section if f"{section}.".startswith(f"{counted_in}.") else counted_in
    return f"{_part(part)}/{_file(place)}#table_{number}"


def _file(number: str) -> str:
    """Return the file of a section: the first in a section, and all that is in it, stand in the file of that one."""
    names = number.split(".")
    first = next((place for place, name in enumerate(names) if place and name == "1"), len(names))
    return f"chapter_{names[0]}.html" if first == 1 else f"sect_{'.'.join(names[:first])}.html"
