"""Queries drawn from the values that are stored, and from what is nearly one of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from hypothesis import strategies as st

from dicomweb_conformance.scenarios.search.drawing import drawn
from dicomweb_conformance.scenarios.search.queries import Key, Place, Query
from dicomweb_conformance.scenarios.search.query_keys import Pool, pool_of

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
    drawn(_queries(place, pool_of(place)), ask, most=queries, number=number)


def _forms_of(pool: Pool) -> list[str]:
    """Return the forms that any key has, plain values more often than others."""
    return [*("value",) * 3, *sorted({form for forms in pool.values() for form in forms} - {"value"})]


@st.composite
def _queries(draw: st.DrawFn, place: Place, pool: Pool) -> Query:
    keys: list[Key]
    pairs = [each for each in place.keys_together if draw(st.sampled_from((False,) * 7 + (True,)))]
    if pairs:
        days, hours = (draw(st.sampled_from(pool[each]["range"])) for each in pairs[0])
        keys = [replace(each, form="range of dates with one of times") for each in (days, hours)]
    else:
        number = draw(st.sampled_from((1, 1, 1, 1, 2, 2, 3)))
        keys = []
        for form in draw(st.lists(st.sampled_from(_forms_of(pool)), min_size=1, max_size=number)):
            names = sorted(name for name in pool.keys() - {each.keyword for each in keys} if form in pool[name])
            keys += [draw(st.sampled_from(pool[draw(st.sampled_from(names))][form]))] if names else []
    if place.tags and draw(st.booleans()):
        keys = [replace(each, by_tag=True) for each in keys]
    limit, offset = draw(st.sampled_from(_PAGES))
    include = draw(st.sampled_from(((), (), (), place.upper, place.upper[:1])))
    return Query(place, tuple(keys), limit, offset, include)
