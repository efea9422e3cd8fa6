"""Taking back what a run stored: only what the ledger names and the run's seed made, best effort, never a verdict."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from dicomweb_conformance.archive import wait_until
from dicomweb_conformance.exchanges import Response
from dicomweb_conformance.ledger import Entry, Ledger
from dicomweb_conformance.studies_service import StudiesService
from dicomweb_fixtures.identifiers import is_of_run

_NOT_OFFERED = frozenset({400, 401, 403, 405, 501})
_ABSENT: frozenset[int] = frozenset({204, 404, 410})


@dataclass(frozen=True)
class Left:
    """A study that could not be removed."""

    study_uid: str
    reason: str


@dataclass(frozen=True)
class Cleaned:
    """What clean-up did: studies deleted, studies that were not there, and those that stayed."""

    removed: int
    left: tuple[Left, ...]
    absent: int = 0


def clean(service: StudiesService, ledger: Ledger, entries: list[Entry], grace: float) -> Cleaned:
    """DELETE studies and take those that are gone out of the ledger.

    A target that refuses the first DELETE as not offered, or that does not answer, is not asked again. What the seed of
    its entry did not make is never deleted, whatever a ledger says.

    Args:
        service: the target's.
        ledger: loses the entries that are gone.
        entries: the studies to remove.
        grace: seconds that a removal may take to become visible.
    """
    asking = service.for_purpose("clean")
    gone: list[Entry] = []
    left: list[Left] = []
    removed, refused = 0, ""
    for entry in entries:
        if not is_of_run(entry.seed, entry.study_uid):
            left.append(Left(entry.study_uid, f"not a UID of the run of seed {entry.seed}: not touched"))
            continue
        reason, ends = (refused, False) if refused else _remove(asking, entry.study_uid, grace)
        if ends:
            refused = reason
        if not reason:
            removed += 1
        elif refused.startswith("no answer") or _there(asking, entry.study_uid, thorough=bool(refused)):
            left.append(Left(entry.study_uid, reason))
            continue
        gone.append(entry)
    ledger.strike(gone)
    return Cleaned(removed, tuple(left), len(gone) - removed)


def clean_after_crash(
    service: StudiesService,
    ledger: Ledger,
    entries: list[Entry],
    grace: float,
    pause: Callable[[float], None] = time.sleep,
) -> Cleaned:
    """Clean up after a run that ended anyhow: its last request may become visible only now.

    So what was not there is looked at once more after the grace time, and only then struck from the ledger.

    Args:
        service: the target's.
        ledger: loses the entries that are gone.
        entries: the studies to remove.
        grace: seconds that a store, or a removal, may take to become visible.
        pause: waits for so many seconds.
    """
    asking = service.for_purpose("clean")
    ours = [each for each in entries if is_of_run(each.seed, each.study_uid)]
    first_look = asking.search("studies", StudyInstanceUID=ours[0].study_uid) if ours else None
    if first_look and first_look.status == 0:
        return Cleaned(0, tuple(Left(each.study_uid, f"no answer: {first_look.error}") for each in entries))
    late = [each for each in ours if not _there(asking, each.study_uid)]
    first = clean(service, ledger, [each for each in entries if each not in late], grace)
    if not late:
        return first
    pause(grace)
    second = clean(service, ledger, late, grace)
    return Cleaned(first.removed + second.removed, first.left + second.left, first.absent + second.absent)


def _remove(service: StudiesService, study_uid: str, grace: float) -> tuple[str, bool]:
    """Return why a study could not be removed, "" where it is gone, and whether it is of no use to ask for others."""
    response = service.delete(f"studies/{study_uid}")
    if response.status == 0:
        return f"no answer to DELETE: {response.error}", True
    if response.status in {200, 202, 204} and wait_until(lambda: not _there(service, study_uid), grace):
        return "", False
    return f"{response.status} {response.reason}".strip() + " to DELETE", response.status in _NOT_OFFERED


def _there(service: StudiesService, study_uid: str, *, thorough: bool = False) -> bool:
    """Tell whether anything of a study is still visible; when in doubt it is.

    A search that finds nothing tells at once, beside a DELETE that did not refuse. Without one (`thorough`), or where
    search is not offered, which a 404 may mean too, the study has to be missing in every other place.
    """
    found = service.search("studies", StudyInstanceUID=study_uid)
    whole = found.status == 200 and not found.error
    others = whole and found.body.lstrip()[:1] == b"[" and study_uid.encode() not in found.body
    if not others and not _shows_nothing(found):
        return True
    if found.status in {200, 204} and not thorough:
        return False
    return not (
        _shows_nothing(service.search(f"studies/{study_uid}/series"))
        and _shows_nothing(service.metadata(f"studies/{study_uid}"))
    )


def _shows_nothing(response: Response) -> bool:
    empty = response.status == 200 and not response.error and response.body.strip() in {b"[]", b""}
    return response.status in _ABSENT or empty
