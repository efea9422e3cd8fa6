"""Histories of a study, drawn: what is stored of it, stored again, and deleted."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from hypothesis import strategies as st

from dicomweb_conformance.scenarios.search.changes import DELETES, STORES, Change, Shape
from dicomweb_conformance.scenarios.search.drawing import drawn

_LONGEST = 6


def explored(
    verbs: Sequence[str], live: Callable[[Sequence[Change]], bool], *, histories: int, number: int | None
) -> None:
    """Draw histories until there are enough or `live` says that it is.

    Args:
        verbs: store, and delete where something may be deleted; one twice is drawn twice as often.
        live: makes the changes of one and returns whether to go on.
        histories: how many are drawn.
        number: what they follow from; None for always the same.
    """
    drawn(_histories(verbs), live, most=histories, number=number)


@st.composite
def _histories(draw: st.DrawFn, verbs: Sequence[str]) -> list[Change]:
    """Draw changes of which it is settled what becomes of them, a store of the whole or of a part first."""
    there: Shape = frozenset()
    changes: list[Change] = []
    for _ in range(draw(st.integers(3, _LONGEST))):
        deletes = [each for each in DELETES if each.is_settled(there)]
        is_delete = bool(deletes) and draw(st.sampled_from(verbs)) == "delete"
        change = draw(st.sampled_from(deletes if is_delete else STORES))
        changes.append(change)
        there = change.after(there)
    return changes
