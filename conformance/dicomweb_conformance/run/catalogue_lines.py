"""Rows of the catalogue in words, and as JSON."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from difflib import get_close_matches

from dicomweb_conformance.catalogue.requirements import Requirement


class UnknownRowError(Exception):
    """Names of rows or services that are not there; says which, and what is nearly one of them."""


def named(names: Collection[str], rows: Mapping[str, Requirement]) -> dict[str, Requirement]:
    """Return the rows with these ids, and those of these services, in whatever case; all where none is named.

    Raises:
        UnknownRowError: there is none of a name.
    """
    if not names:
        return dict(rows)
    by_name: dict[str, dict[str, Requirement]] = {}
    for name, row in rows.items():
        by_name.setdefault(name.upper(), {})[name] = row
        by_name.setdefault(row.service.upper(), {})[name] = row
    if unknown := [each for each in names if each.upper() not in by_name]:
        raise UnknownRowError(", ".join(_with_nearest(each, by_name) for each in sorted(unknown)))
    return {name: row for each in names for name, row in by_name[each.upper()].items()}


def _with_nearest(name: str, known: Collection[str]) -> str:
    near = get_close_matches(name.upper(), known, n=1, cutoff=0.5)
    return f"{name} (perhaps {near[0]})" if near else name


def told(rows: Iterable[Requirement], in_full: Collection[str]) -> Iterator[str]:
    """Tell each row in a line; those whose ids, in capitals, are `in_full` with all that they say."""
    for row in rows:
        yield f"{row.id} [{row.level}, {row.tier}] {row.text} ({row.clause})"
        if row.id.upper() not in in_full:
            continue
        for code, listed in row.listed.items():
            yield f"  {listed.verdict.value}: {listed.sentence}"
            yield f"    code: {code}"
            if code in row.right:
                yield f"    right {row.right[code]}"
            if listed.because:
                yield f"    no fail, as {listed.because}"
        if row.editions:
            yield f"  editions: {row.editions}"
        yield f"  see: {row.see}" if row.see else f"  why: {row.why}"


def as_json(rows: Iterable[Requirement]) -> Iterator[str]:
    """Tell rows as a list of JSON objects, a row a line."""
    before = "["
    for row in rows:
        yield before + json.dumps(_values(row), ensure_ascii=False)
        before = ","
    yield "[]" if before == "[" else "]"


def _values(row: Requirement) -> dict[str, object]:
    return {
        "id": row.id,
        "service": row.service,
        "clause": row.clause,
        "level": row.level,
        "tier": row.tier,
        "scope": row.scope,
        "text": row.text,
        "why": row.why,
        "see": row.see,
        "observations": [
            {
                "code": code,
                "verdict": listed.verdict.value,
                "sentence": listed.sentence,
                "because": str(listed.because) if listed.because else None,
            }
            for code, listed in row.listed.items()
        ],
    }
