"""Keys of queries: the values that are stored, and what is nearly one of them, in each form of matching."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import TypeAlias
from urllib.parse import quote

from dicomweb_conformance.scenarios.search.queries import (
    MOMENTS,
    NO_VALUE,
    RESERVED,
    UID_WITH_WILD_CARD,
    Key,
    Place,
    stored,
)

_NUMBERS = frozenset({"SeriesNumber", "InstanceNumber"})
_CODES = frozenset({"ModalitiesInStudy", "Modality"})
_NAMES = frozenset({"ReferringPhysicianName"})
_LONE_STAR = "lone star"
_BARE = frozenset({NO_VALUE, _LONE_STAR})
"""Forms of values of which nothing is stored."""
_OF_NOTHING = "2.25.1"
"""A UID that nothing has."""

Pool: TypeAlias = "dict[str, dict[str, list[Key]]]"
"""Keys by keyword and form."""


def pool_of(place: Place) -> Pool:
    """Return all keys that may be drawn: the values that are stored, and what is nearly one of them."""
    pool: Pool = {}
    for each in place.keys:
        forms: dict[str, list[Key]] = {}
        for form, value in _forms(each.id, stored(place, each.id)):
            if form not in place.unread and (value not in ("", "?", "*") or form in _BARE):
                forms.setdefault(form, []).append(Key(each.id, value, form))
        if forms:
            pool[each.id] = forms
    return pool


def _forms(keyword: str, values: list[str]) -> Iterator[tuple[str, str | tuple[str, ...]]]:
    yield NO_VALUE, ""
    if keyword in MOMENTS:
        yield from _of_moments(values)
    elif keyword.endswith("UID"):
        yield from _of_uids(values)
    elif keyword in _NUMBERS or keyword in _NAMES:
        for each in values:
            yield "value", each
            yield "value and a character", f"{each}{'0' if keyword in _NUMBERS else 'E'}"
    else:
        # Where wild cards stand in what is stored, nobody can ask for just that (C.2.2.2.4).
        yield from _of_texts([each for each in values if not {"*", "?"} & set(each)], has_case=keyword not in _CODES)


def _of_moments(values: list[str]) -> Iterator[tuple[str, str]]:
    for each in values:
        yield "value", each
        yield "range up to", f"-{each}"
        yield "range from", f"{each}-"
        for other in values:
            yield "range", "-".join(sorted((each, other)))


def _of_uids(values: list[str]) -> Iterator[tuple[str, str | tuple[str, ...]]]:
    for each in values:
        yield "value", each
        yield "value less a character", each[:-1]
        yield UID_WITH_WILD_CARD, f"{each[:-4]}*"
        yield "list of UIDs", (each, _OF_NOTHING)
    for several in combinations(values, 2):
        yield "list of UIDs", several


def _of_texts(values: list[str], *, has_case: bool) -> Iterator[tuple[str, str]]:
    yield _LONE_STAR, "*"
    for each in values:
        yield "value" if quote(each, safe="*?") == each else RESERVED, each
        yield "value and a character", f"{each}1"
        yield "value less a character", each[:-1]
        if has_case:
            yield "value in another case", each.swapcase()
        for star in (f"{each}*", f"{each[:-1]}*", f"*{each[-2:]}", f"{each[:-3]}*{each[-1:]}"):
            yield "star", star
        for mark in (f"{each[:-1]}?", f"{each[:-2]}?{each[-1:]}", f"{each}?"):
            yield "question mark", mark
