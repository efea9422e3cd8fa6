"""Search: what is found while a study is stored in parts, stored again, and deleted in parts."""

from __future__ import annotations

from collections.abc import Sequence

from dicomweb_conformance.archive.contents import Archive
from dicomweb_conformance.checks.expect import expect
from dicomweb_conformance.checks.verifies import verifies
from dicomweb_conformance.http.quoting import Harmless
from dicomweb_conformance.scenarios.search.changes import Change, History, Wrong
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_fixtures.corpus import Corpus
from dicomweb_fixtures.fresh import Fresh

HISTORIES = 4
"""Histories of a study that are drawn unless a run explores more."""


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
    from dicomweb_conformance.scenarios.search import drawn_changes  # noqa: PLC0415 - Hypothesis takes a third of a second

    found: list[tuple[History, Wrong]] = []

    def lived(chosen: Sequence[Change]) -> bool:
        history = History(dicomweb, fresh.of_two_modalities())
        if wrong := _lived(archive, history, chosen):
            found.append((history, wrong))
        return not found

    drawn_changes.explored(verbs, lived, histories=most, number=number)

    for history, wrong in found:
        with expect(wrong.response) as it:
            it.observes(
                wrong.code,
                where=Harmless(f"{wrong.where} after: {', '.join(map(str, history.made))}"),
                expected=[wrong.expected],
                received=wrong.received,
            )


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
