"""Queries drawn from the values that are stored, and from what is nearly one of them."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import replace

from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings
from hypothesis import strategies as st
from hypothesis.configuration import set_hypothesis_home_dir

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
    goes_on, raised = True, None

    def asked(query: Query) -> None:
        nonlocal goes_on, raised
        try:
            goes_on = goes_on and ask(query)
        except Exception as error:  # Hypothesis would take it for a failure to be reproduced
            goes_on, raised = False, error

    drawn = given(_queries(place, pool_of(place)))(asked)
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
    if place.tags and draw(st.booleans()):
        keys = [replace(each, by_tag=True) for each in keys]
    limit, offset = draw(st.sampled_from(_PAGES))
    include = draw(st.sampled_from(((), (), (), place.upper, place.upper[:1])))
    return Query(place, tuple(keys), limit, offset, include)
