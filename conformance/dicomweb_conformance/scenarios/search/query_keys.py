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
    for key in place.keys:
        forms: dict[str, list[Key]] = {}
        for form, value in _forms(key.id, stored(place, key.id)):
            if form not in place.unread and (value not in ("", "?", "*") or form in _BARE):
                forms.setdefault(form, []).append(Key(key.id, value, form))
        if forms:
            pool[key.id] = forms
    return pool


def _forms(keyword: str, values: list[str]) -> Iterator[tuple[str, str | tuple[str, ...]]]:
    yield NO_VALUE, ""
    if keyword in MOMENTS:
        yield from _of_moments(values)
    elif keyword.endswith("UID"):
        yield from _of_uids(values)
    elif keyword in _NUMBERS or keyword in _NAMES:
        for value in values:
            yield "value", value
            yield "value and a character", f"{value}{'0' if keyword in _NUMBERS else 'E'}"
    else:
        # Where wild cards stand in what is stored, nobody can ask for just that (C.2.2.2.4).
        yield from _of_texts([value for value in values if not {"*", "?"} & set(value)], has_case=keyword not in _CODES)


def _of_moments(values: list[str]) -> Iterator[tuple[str, str]]:
    for value in values:
        yield "value", value
        yield "range up to", f"-{value}"
        yield "range from", f"{value}-"
        for other in values:
            yield "range", "-".join(sorted((value, other)))


def _of_uids(values: list[str]) -> Iterator[tuple[str, str | tuple[str, ...]]]:
    for value in values:
        yield "value", value
        yield "value less a character", value[:-1]
        yield UID_WITH_WILD_CARD, f"{value[:-4]}*"
        yield "list of UIDs", (value, _OF_NOTHING)
    for several in combinations(values, 2):
        yield "list of UIDs", several


def _of_texts(values: list[str], *, has_case: bool) -> Iterator[tuple[str, str]]:
    yield _LONE_STAR, "*"
    for value in values:
        yield "value" if quote(value, safe="*?") == value else RESERVED, value
        yield "value and a character", f"{value}1"
        yield "value less a character", value[:-1]
        if has_case:
            yield "value in another case", value.swapcase()
        for star in (f"{value}*", f"{value[:-1]}*", f"*{value[-2:]}", f"{value[:-3]}*{value[-1:]}"):
            yield "star", star
        for mark in (f"{value[:-1]}?", f"{value[:-2]}?{value[-1:]}", f"{value}?"):
            yield "question mark", mark
