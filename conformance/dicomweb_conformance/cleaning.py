"""Taking back what a run stored: only what the ledger names, best effort, never a verdict."""

from __future__ import annotations

from dataclasses import dataclass

from dicomweb_conformance.archive import wait_until
from dicomweb_conformance.ledger import Entry, Ledger
from dicomweb_conformance.studies_service import StudiesService

_NOT_OFFERED = frozenset({400, 401, 403, 405, 501})


@dataclass(frozen=True)
class Left:
    """A study that could not be removed."""

    study_uid: str
    reason: str


@dataclass(frozen=True)
class Cleaned:
    """What clean-up did."""

    removed: int
    left: tuple[Left, ...]


def clean(service: StudiesService, ledger: Ledger, entries: list[Entry], grace: float) -> Cleaned:
    """DELETE studies and take those that are gone out of the ledger.

    A target that refuses the first DELETE as not offered is not asked again.

    Args:
        service: the target's.
        ledger: loses the entries that are gone.
        entries: the studies to remove.
        grace: seconds that a removal may take to become visible.
    """
    asking = service.for_purpose("clean")
    gone: list[Entry] = []
    left: list[Left] = []
    refused = ""
    for entry in entries:
        reason = refused or _remove(asking, entry.study_uid, grace)
        if reason is None:
            gone.append(entry)
            continue
        if reason.startswith(tuple(str(each) for each in _NOT_OFFERED)):
            refused = reason
        if _there(asking, entry.study_uid):
            left.append(Left(entry.study_uid, reason))
        else:
            gone.append(entry)
    ledger.strike(gone)
    return Cleaned(len(gone), tuple(left))


def _remove(service: StudiesService, study_uid: str, grace: float) -> str | None:
    response = service.delete(f"studies/{study_uid}")
    if response.status in {200, 202, 204} and wait_until(lambda: not _there(service, study_uid), grace):
        return None
    said = response.error or f"{response.status} {response.reason}".strip()
    return f"{said} to DELETE"


def _there(service: StudiesService, study_uid: str) -> bool:
    """Tell whether anything of a study is still visible; when in doubt it is."""
    response = service.get(f"studies/{study_uid}/series", accept="application/dicom+json")
    return not (
        response.status in {204, 404, 410} or (response.status == 200 and response.body.strip() in {b"[]", b""})
    )
