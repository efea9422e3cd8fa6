"""Editions of PS3.18: what of the rows an edition does not have, and which answers it alone has right.

A row says it as data: `since` and `until` of the row itself, `right.CODE.since` and `right.CODE.until` of an answer.
Each names two editions whose text was read, `["2020b", "2023e"]`: the last one before the change, and the first after
it. Between the two nobody knows, and what is said without an edition holds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from dicomweb_conformance.catalogue.requirements import Catalogue, Listed, Requirement, Span
from dicomweb_conformance.catalogue.rules import Change, Grounds, Named, Omission
from dicomweb_conformance.catalogue.verdicts import Verdict, of_level

FIRST, LAST = "2017d", "2026a"
"""The earliest and the latest edition of which texts were read; earlier ones have other sections and other tables."""
_EDITION = re.compile(r"20[0-9]{2}[a-e]")


def checked(edition: str) -> str:
    """Return an edition as it was given.

    Raises:
        ValueError: it is none, or none whose text is known.
    """
    if not _EDITION.fullmatch(edition):
        raise ValueError(f"{edition!r} is no edition of PS3.18: expected a year and a letter, such as 2024e")
    if not FIRST <= edition <= LAST:
        raise ValueError(f"the rows know editions from {FIRST} to {LAST}, not {edition}")
    return edition


def omissions(rows: Catalogue, edition: str) -> tuple[Omission, ...]:
    """Return the rows that an edition does not have, with the reason for each group of them."""
    groups: dict[str, list[str]] = {}
    for row in rows.values():
        reason = _absence(row, edition)
        if reason:
            groups.setdefault(reason, []).append(row.id)
    return tuple(
        Omission(Named(rows=tuple(ids)), Grounds(reason, _link(edition), "documented"))
        for reason, ids in groups.items()
    )


def changes(rows: Catalogue, edition: str) -> tuple[Change, ...]:
    """Return what an edition judges otherwise than all editions together: as a report tells it."""
    found = []
    for row in rows.values():
        verdicts = {code: verdict for code, verdict, _ in _judged(row, edition)}
        if verdicts:
            reasons = " ".join(
                dict.fromkeys(f"{row.listed[code].sentence}: {why}." for code, _, why in _judged(row, edition))
            )
            found.append(
                Change(Named(rows=(row.id,)), Grounds(reasons, _link(edition), "documented"), verdicts=verdicts)
            )
    return tuple(found)


def judged_by(rows: Catalogue, edition: str) -> Catalogue:
    """Return rows as an edition has them; each answer that it judges otherwise says which edition decided."""
    return Catalogue(_of(row, edition) for row in rows.values())


def _of(row: Requirement, edition: str) -> Requirement:
    decided = {
        code: Listed(verdict, f"{row.listed[code].sentence} ({why})") for code, verdict, why in _judged(row, edition)
    }
    return replace(row, listed={**row.listed, **decided}) if decided else row


def _judged(row: Requirement, edition: str) -> Iterator[tuple[str, Verdict, str]]:
    """Yield the answers that an edition judges otherwise, with their verdicts and the words that say why."""
    for code, right in row.right.items():
        is_right = _is_so(right, edition)
        if is_right is None:
            continue
        verdict = Verdict.PASS if is_right else of_level(row.level)
        if verdict is not row.listed[code].verdict:
            yield code, verdict, f"decided by PS3.18 {edition}: it is right {right}"


def _absence(row: Requirement, edition: str) -> str:
    """Say why an edition does not have a row; "" where it has, or nobody knows."""
    if row.editions is None or _is_so(row.editions, edition) is not False:
        return ""
    return f"PS3.18 {edition} does not have it: it is there {row.editions}"


def _is_so(span: Span, edition: str) -> bool | None:
    """Tell whether something is so in an edition; None where no text that was read says it."""
    if span.until and edition >= span.until[1]:
        return False
    if span.since and edition <= span.since[0]:
        return False
    unknown = (span.since and edition < span.since[1]) or (span.until and edition > span.until[0])
    return None if unknown else True


def _link(edition: str) -> str:
    return f"https://dicom.nema.org/medical/dicom/{edition}/output/chtml/part18/PS3.18.html"
