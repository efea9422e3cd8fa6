"""Queries drawn from the values that are stored, and from what is nearly one of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from dicomweb_conformance.scenarios.search.drawing import Draws, drawn
from dicomweb_conformance.scenarios.search.queries import Key, Place, Query
from dicomweb_conformance.scenarios.search.query_keys import Pool, pool_of

_PAGES: tuple[tuple[int | None, int | None], ...] = (
    *((None, None),) * 6,
    *((1, None), (2, 1), (None, 1), (1, 2), (None, 2)),
)
_SELDOM = (False,) * 7 + (True,)
_MORE = (0, 0, 0, 0, 1, 1, 2)


def explored(place: Place, ask: Callable[[Query], bool], *, queries: int, number: int | None) -> None:
    """Ask queries that are drawn, until there are enough or `ask` says that it is.

    Args:
        place: where they are asked.
        ask: asks one and returns whether to go on.
        queries: how many are drawn.
        number: what they follow from; None for always the same.
    """
    pool = pool_of(place)
    left: list[Key] = []

    def query(draws: Draws) -> Query:
        pairs = [each for each in place.keys_together if draws.one_of(_SELDOM)]
        if pairs:
            return _query(draws, place, _together(draws, pool, *pairs[0]))
        if not left:
            left.extend(_round(draws, pool))
        first = left.pop()
        return _query(draws, place, [first, *_more(draws, pool, first)])

    drawn(query, ask, most=queries, number=number)


def _round(draws: Draws, pool: Pool) -> list[Key]:
    """Return each key with each value that is stored, and in each other form once, in an order that is drawn."""
    by_form = [each for forms in pool.values() for each in forms.items()]
    return draws.shuffled(key for form, keys in by_form for key in (keys if form == "value" else [draws.one_of(keys)]))


def _query(draws: Draws, place: Place, keys: list[Key]) -> Query:
    if place.tags and draws.one_of((True, False)):
        keys = [replace(key, by_tag=True) for key in keys]
    limit, offset = draws.one_of(_PAGES)
    include = draws.one_of(((), (), (), place.upper, place.upper[:1]))
    return Query(place, tuple(keys), limit, offset, include)


def _together(draws: Draws, pool: Pool, *pair: str) -> list[Key]:
    return [replace(draws.one_of(pool[each]["range"]), form="range of dates with one of times") for each in pair]


def _more(draws: Draws, pool: Pool, first: Key) -> list[Key]:
    others = draws.shuffled(sorted(pool.keys() - {first.keyword}))[: draws.one_of(_MORE)]
    return [draws.one_of(pool[each][draws.one_of(sorted(pool[each]))]) for each in others]
