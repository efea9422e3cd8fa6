"""Histories of a study, drawn: what is stored of it, stored again, and deleted."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from dicomweb_conformance.scenarios.search.changes import DELETES, STORES, Change, Shape
from dicomweb_conformance.scenarios.search.drawing import Draws, drawn

_SHORTEST, _LONGEST = 3, 6


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
    drawn(lambda draws: _history(draws, verbs), live, most=histories, number=number)


def _history(draws: Draws, verbs: Sequence[str]) -> list[Change]:
    """Draw changes of which it is settled what becomes of them, a store of the whole or of a part first."""
    there: Shape = frozenset()
    changes: list[Change] = []
    for _ in range(draws.up_to(_LONGEST, least=_SHORTEST)):
        deletes = [delete for delete in DELETES if delete.is_settled(there)]
        is_delete = bool(deletes) and draws.one_of(verbs) == "delete"
        change = draws.one_of(draws.one_of(_by_extent(deletes if is_delete else STORES)))
        changes.append(change)
        there = change.after(there)
    return changes


def _by_extent(changes: Sequence[Change]) -> list[list[Change]]:
    """Return those of the study, of a series, and of an instance, as far as there are any."""
    extents = sorted({len(change.named) for change in changes})
    return [[change for change in changes if len(change.named) == extent] for extent in extents]
