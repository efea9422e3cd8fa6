"""Search: what is found while a study is stored in parts, stored again, and deleted in parts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from dicomweb_conformance.archive.contents import Archive
from dicomweb_conformance.checks.expect import expect
from dicomweb_conformance.checks.judgement import Inconclusive, NotApplicable
from dicomweb_conformance.checks.verifies import verifies
from dicomweb_conformance.http.quoting import Harmless
from dicomweb_conformance.scenarios.search.changes import Change, History, Wrong, shorter
from dicomweb_conformance.scenarios.search.drawn_changes import explored
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_fixtures.corpus import Corpus
from dicomweb_fixtures.fresh import Fresh

HISTORIES = 4
"""Histories of a study that are drawn unless a run explores more."""
_SHORTENING = 10
"""Shorter histories that are tried at most for one that goes wrong."""


@dataclass(frozen=True)
class Shown:
    """What goes wrong, and the changes after which it does."""

    changes: tuple[Change, ...]
    wrong: Wrong


@verifies("SEARCH-161", id="search-follows-stores", needs="search.series")
def test_follows_stores(
    dicomweb: StudiesService, archive: Archive, corpus: Corpus, fresh: Fresh, explore: int | None
) -> None:
    """After each store of a part of a study searches find just what is there, each once, and count it."""
    _follow(dicomweb, archive, fresh, ("store",), explore or HISTORIES, corpus.seed if explore else None)


@verifies("SEARCH-162", id="search-follows-deletes", needs="search.series")
def test_follows_deletes(
    dicomweb: StudiesService, archive: Archive, corpus: Corpus, fresh: Fresh, explore: int | None
) -> None:
    """After each store and delete of a part of a study searches find just what is there, and count it."""
    verbs = ("store", "delete", "delete")
    _follow(dicomweb, archive, fresh, verbs, explore or HISTORIES, corpus.seed if explore else None)


def _follow(
    dicomweb: StudiesService, archive: Archive, fresh: Fresh, verbs: Sequence[str], most: int, number: int | None
) -> None:
    found: list[Shown] = []

    def lived(changes: Sequence[Change]) -> Shown | None:
        history = History(dicomweb, fresh.of_two_modalities())
        wrong = _lived(archive, history, changes)
        return Shown(tuple(history.made), wrong) if wrong else None

    def goes_on(changes: Sequence[Change]) -> bool:
        if shown := lived(changes):
            found.append(_shortest(shown, lived))
        return not found

    explored(verbs, goes_on, histories=most, number=number)

    for each in found:
        with expect(each.wrong.response) as it:
            it.observes(
                each.wrong.code,
                where=Harmless(f"{each.wrong.where} after: {', '.join(map(str, each.changes))}"),
                expected=[each.wrong.expected],
                received=each.wrong.received,
            )


def _shortest(shown: Shown, lived: Callable[[Sequence[Change]], Shown | None]) -> Shown:
    """Return the shortest history after which the same goes wrong, of those that leave out changes one by one."""
    tried = 0
    left = iter(shorter(shown.changes))
    while tried < _SHORTENING and (changes := next(left, None)) is not None:
        tried += 1
        try:
            again = lived(changes)
        except (Inconclusive, NotApplicable):  # one that cannot be made explains nothing, and takes nothing back
            continue
        if again and again.wrong.code == shown.wrong.code:
            shown, left = again, iter(shorter(again.changes))
    return shown


def _lived(archive: Archive, history: History, changes: Sequence[Change]) -> Wrong | None:
    """Make changes one by one until something does not fit, and return it; it is given the grace time to fit."""
    seen: Wrong | None = None

    def fits() -> bool:
        nonlocal seen
        seen = history.wrong()
        return seen is None

    def is_retrieved() -> bool:
        nonlocal seen
        seen = history.retrieves_otherwise()
        return seen is None

    for change in changes:
        history.make(change)
        archive.time_until(fits)
        if seen:
            return seen
    archive.time_until(is_retrieved)
    return seen
