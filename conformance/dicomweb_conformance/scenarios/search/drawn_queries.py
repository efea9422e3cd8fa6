"""Queries drawn from the values that are stored, and from what is nearly one of them."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import combinations
from typing import TypeAlias
from urllib.parse import quote

from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings
from hypothesis import strategies as st
from hypothesis.configuration import set_hypothesis_home_dir

from dicomweb_conformance.scenarios.search.queries import (
    MOMENTS,
    RESERVED,
    UID_WITH_WILD_CARD,
    Key,
    Place,
    Query,
    stored,
)

_NUMBERS = frozenset({"SeriesNumber", "InstanceNumber"})
_CODES = frozenset({"ModalitiesInStudy", "Modality"})
_NAMES = frozenset({"ReferringPhysicianName"})
_PAGES: tuple[tuple[int | None, int | None], ...] = (
    *((None, None),) * 6,
    *((1, None), (2, 1), (None, 1), (1, 2), (None, 2)),
)


def explored(place: Place, ask: Callable[[Query], bool], *, queries: int, number: int | None) -> None:
    """Ask queries that are drawn, until there are enough or `ask` says that it is.

    Args:
        place: where they are asked.
        ask: asks one and returns whether to go on.
        queries: how many are drawn.
        number: what they follow from; None for always the same.
    """
    goes_on, raised = True, None

    def asked(query: Query) -> None:
        nonlocal goes_on, raised
        try:
            goes_on = goes_on and ask(query)
        except Exception as error:  # Hypothesis would take it for a failure to be reproduced
            goes_on, raised = False, error

    drawn = given(_queries(place, _pool(place)))(asked)
    if number is not None:
        drawn = seed(number)(drawn)
    # What it keeps goes nowhere: a run writes into its own report and into no other directory.
    with tempfile.TemporaryDirectory() as nowhere:
        set_hypothesis_home_dir(nowhere)
        settings(
            max_examples=queries,
            derandomize=number is None,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            verbosity=Verbosity.quiet,
            suppress_health_check=list(HealthCheck),
        )(drawn)()
        set_hypothesis_home_dir(None)
    if raised is not None:
        raise raised


Pool: TypeAlias = "dict[str, dict[str, list[Key]]]"
"""Keys by keyword and form."""


@st.composite
def _queries(draw: st.DrawFn, place: Place, pool: Pool) -> Query:
    keys: list[Key]
    pairs = [each for each in place.keys_together if draw(st.sampled_from((False,) * 7 + (True,)))]
    if pairs:
        days, hours = (draw(st.sampled_from(pool[each]["range"])) for each in pairs[0])
        keys = [replace(each, form="range of dates with one of times") for each in (days, hours)]
    else:
        number = draw(st.sampled_from((1, 1, 1, 1, 2, 2, 3)))
        names = draw(st.lists(st.sampled_from(sorted(pool)), min_size=1, max_size=number, unique=True))
        forms = [(each, draw(st.sampled_from(sorted(pool[each])))) for each in names]
        keys = [draw(st.sampled_from(pool[name][form])) for name, form in forms]
    if draw(st.booleans()):
        keys = [replace(each, by_tag=True) for each in keys]
    limit, offset = draw(st.sampled_from(_PAGES))
    include = draw(st.sampled_from(((), (), (), place.upper, place.upper[:1])))
    return Query(place, tuple(keys), limit, offset, include)


def _pool(place: Place) -> Pool:
    """Return all keys that may be drawn: the values that are stored, and what is nearly one of them."""
    pool: Pool = {}
    for each in place.keys:
        forms: dict[str, list[Key]] = {}
        for form, value in _forms(each.id, stored(place, each.id)):
            if value not in ("", "?"):
                forms.setdefault(form, []).append(Key(each.id, value, form))
        if forms:
            pool[each.id] = forms
    return pool


def _forms(keyword: str, values: list[str]) -> Iterator[tuple[str, str | tuple[str, ...]]]:
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
        yield UID_WITH_WILD_CARD, f"{each[:-4]}*"
    for several in combinations(values, 2):
        yield "list of UIDs", several


def _of_texts(values: list[str], *, has_case: bool) -> Iterator[tuple[str, str]]:
    yield "lone star", "*"
    for each in values:
        yield "value" if quote(each, safe="*?") == each else RESERVED, each
        yield "value and a character", f"{each}1"
        yield "value less a character", each[:-1]
        if has_case:
            yield "value in another case", each.swapcase()
        for star in (f"{each[:-1]}*", f"*{each[-2:]}", f"{each[:-3]}*{each[-1:]}"):
            yield "star", star
        for mark in (f"{each[:-1]}?", f"{each[:-2]}?{each[-1:]}", f"{each}?"):
            yield "question mark", mark
