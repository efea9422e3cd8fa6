"""Taking back what a run stored: only what the ledger names and the run's seed made, best effort, never a verdict."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial

from dicomweb_conformance.archive.contents import listed
from dicomweb_conformance.http.exchanges import Response
from dicomweb_conformance.service import resources
from dicomweb_conformance.service.ledger import Entry, Ledger
from dicomweb_conformance.service.polling import PAUSES
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_conformance.settings.auth import CredentialsError
from dicomweb_fixtures.identifiers import is_of_run, is_sent_by_run, patient_id_prefix
from dicomweb_fixtures.payloads.malformed import PATIENTS

LONGEST = 300.0
"""Seconds that clean-up takes at most, whatever the target does; one exchange more where the last one hangs."""

_AT_ONCE = 24
"""Studies that one search looks for at most: their UIDs make a URL of some 1,600 octets."""
_SEVERAL = 4
"""Studies from which on two searches for all of them are fewer than one for each."""
_ACCEPTED = frozenset({200, 202, 204})
_NOT_OFFERED = frozenset({400, 401, 403, 405, 501})
_ABSENT: frozenset[int] = frozenset({204, 404, 410})


@dataclass(frozen=True)
class Left:
    """A study that could not be removed."""

    study_uid: str
    reason: str


@dataclass(frozen=True)
class Cleaned:
    """What clean-up did.

    Attributes:
        removed: studies deleted.
        left: studies that are there, or may be.
        absent: studies that were not there.
        gone: the entries of those that are not there any more, or never were.
        interrupted: whether Ctrl-C ended it.
    """

    removed: int
    left: tuple[Left, ...]
    absent: int = 0
    gone: tuple[Entry, ...] = ()
    interrupted: bool = False


def clean(
    service: StudiesService,
    entries: Iterable[Entry],
    grace: float,
    longest: float = LONGEST,
    clients: int = 1,
    clock: Callable[[], float] = time.monotonic,
    pause: Callable[[float], None] = time.sleep,
) -> Cleaned:
    """DELETE studies, and look what became of it; the ledger is the caller's to strike.

    A target that refuses the first DELETE as not offered, or that does not answer, is not asked again. What the run of
    the seed of its entry did not send is never deleted, whatever a ledger says. What it sent with a malformed UID comes
    last: a target that refuses such a path may delete all others. An exception on account of one study leaves that one;
    Ctrl-C ends the whole, and what was done by then is told.

    Args:
        service: the target's.
        entries: the studies to remove.
        grace: seconds that removals may take to become visible, all of them together.
        longest: seconds after which nothing more is asked.
        clients: how many may ask at the same time. The first study, and those with malformed UIDs, are one client's.
        clock: the time.
        pause: waits for so many seconds.
    """
    sweep = _Sweep(service.for_purpose("clean"), clock, clock() + longest)
    entries = list(dict.fromkeys(entries))
    sweep.why_left.update({entry: why for entry in entries if (why := _why_not_touched(entry))})
    ours = sorted((entry for entry in entries if entry not in sweep.why_left), key=_is_malformed)
    sound = [entry for entry in ours if not _is_malformed(entry)]
    try:
        sweep.delete(sound[:1], sweep.service)
        sweep.delete_at_once(sound[1:], clients)
        sweep.delete(ours[len(sound) :], sweep.service)
        sweep.wait(grace, pause)
        sweep.look([our for our in ours if our not in sweep.accepted and our not in sweep.gone])
    except KeyboardInterrupt:
        sweep.interrupt()
    end = "was interrupted" if sweep.interrupted else f"ended after {longest:g} s" if sweep.is_over else "ended"
    return Cleaned(
        removed=sum(each in sweep.accepted for each in sweep.gone),
        left=tuple(
            Left(entry.study_uid, sweep.why_left.get(entry) or f"clean-up {end} before it came to this study")
            for entry in entries
            if entry not in sweep.gone
        ),
        absent=sum(each not in sweep.accepted for each in sweep.gone),
        gone=tuple(sweep.gone),
        interrupted=sweep.interrupted,
    )


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
    ours = sorted((entry for entry in entries if not _why_not_touched(entry)), key=_is_malformed)
    first_look = asking.search("studies", StudyInstanceUID=ours[0].study_uid) if ours else None
    if first_look and first_look.status == 0:
        return Cleaned(0, tuple(Left(entry.study_uid, f"no response: {first_look.error}") for entry in entries))
    over = time.monotonic() + LONGEST
    late = [our for our in ours if time.monotonic() < over and _is_there(asking, our) is False]
    first = clean(service, [entry for entry in entries if entry not in late], grace)
    ledger.strike(first.gone)
    if not late or first.interrupted:
        left = tuple(Left(each.study_uid, "clean-up was interrupted before it looked again") for each in late)
        return Cleaned(first.removed, first.left + left, first.absent, first.gone, first.interrupted)
    pause(grace)
    second = clean(service, late, grace)
    ledger.strike(second.gone)
    return Cleaned(
        first.removed + second.removed,
        first.left + second.left,
        first.absent + second.absent,
        first.gone + second.gone,
        second.interrupted,
    )


@dataclass
class _Sweep:
    """One clean-up as it goes on.

    Attributes:
        service: asked.
        clock: the time.
        deadline: when nothing more is asked.
        why_left: of each study that was asked about, why it is left unless it turns out to be gone.
        accepted: the studies of which the target said that it deletes them.
        gone: the studies that are not there.
        refused: the target does not delete, or does not answer: it need not be asked for the next study.
        why_refused: what it said, or why it cannot be asked; of all studies that are left when that is known.
        silent: it does not answer at all, or cannot be asked.
        interrupted: Ctrl-C ended it.
        tells_at_once: what it said that it deletes was gone as soon as it said so.
        lists_several: no search for several studies has told of others, or of nothing.
    """

    service: StudiesService
    clock: Callable[[], float]
    deadline: float
    why_left: dict[Entry, str] = field(default_factory=dict)
    accepted: list[Entry] = field(default_factory=list)
    gone: dict[Entry, None] = field(default_factory=dict)
    refused: bool = False
    why_refused: str = ""
    silent: bool = False
    interrupted: bool = False
    tells_at_once: bool = True
    lists_several: bool = True

    @property
    def is_over(self) -> bool:
        """Whether there is no time for another question."""
        return self.interrupted or self.clock() >= self.deadline

    def interrupt(self) -> None:
        """Have nothing more be asked."""
        self.interrupted = True

    def delete_at_once(self, entries: list[Entry], clients: int) -> None:
        """Ask for the removal of each, several clients at the same time."""
        shares = [share for number in range(clients) if (share := entries[number::clients])]
        if len(shares) > 1:
            self.service.use_at_once([partial(self.delete, share) for share in shares], self.interrupt)
        else:
            self.delete(entries, self.service)

    def delete(self, entries: list[Entry], service: StudiesService) -> None:
        """Ask a service for the removal of each, one after the other, and look what became of several at once."""
        for start in range(0, len(entries), _AT_ONCE):
            several = entries[start : start + _AT_ONCE]
            before = self._listed(several, service) or set()
            answers = {entry: self._delete(service, entry) for entry in several}
            removed = [entry for entry, status in answers.items() if status in _ACCEPTED]
            still = self._listed(several, service) if before and removed else None
            if still is not None and len(still) < len(before):
                # Not as many as a target lists at most: so those are all.
                told = (entry for entry, status in answers.items() if status in _ACCEPTED | _ABSENT)
                self.gone.update(dict.fromkeys(each for each in told if each.study_uid not in still))
            for entry in removed:
                # A target that takes its time over one takes it over the next: then all are waited for together.
                if entry not in self.gone and self.tells_at_once and not self.is_over:
                    self.tells_at_once = self._is_gone(entry, service)

    def _delete(self, service: StudiesService, entry: Entry) -> int:
        """Ask for the removal of a study; return the status of the response, 0 where there is none."""
        if self.is_over:
            return 0
        if self.why_refused:
            self.why_left[entry] = self.why_refused
            return 0
        try:
            response = service.delete(resources.study(entry.study_uid))
        except CredentialsError as error:
            self.why_left[entry] = self.why_refused = str(error)
            self.silent = True
            return 0
        except Exception as error:  # whatever one study brings about, the others are removed
            self.why_left[entry] = f"DELETE could not be sent: {type(error).__name__}: {error}"
            return 0
        self.silent = response.status == 0
        said = f"{response.status} {response.reason}".strip() + " to DELETE"
        if self.silent:
            said = f"no response to DELETE: {response.error}"
        self.why_left[entry] = said
        if self.silent or (response.status in _NOT_OFFERED and not (_is_malformed(entry) and response.status == 400)):
            self.refused, self.why_refused = True, said
        elif response.status in _ACCEPTED:
            self.why_left[entry] = f"{said}, but it was not seen to be gone"
            self.accepted.append(entry)
        return response.status

    def _listed(self, several: Sequence[Entry], service: StudiesService) -> set[str] | None:
        """Return the UIDs of those studies that one search lists; None where it tells nothing of them.

        Nothing is concluded from an answer that has other studies, too: a target that knows no list of UIDs, or no such
        key, may leave out any.
        """
        worth_it = len(several) >= _SEVERAL and not any(map(_is_malformed, several))
        if not worth_it or not self.lists_several or not self.tells_at_once or self.why_refused or self.is_over:
            return None
        uids = {entry.study_uid for entry in several}
        try:
            found = service.search("studies", StudyInstanceUID=",".join(sorted(uids)), limit=len(uids) + 1)
        except Exception:  # whatever it is, each is then looked for by itself
            found = None
        shown = listed(found, "0020000D") if found else set()
        if found is None or not shown <= uids or not (shown or _shows_nothing(found)) or found.error:
            self.lists_several = False
            return None
        return shown

    def wait(self, grace: float, pause: Callable[[float], None]) -> None:
        """Wait until all that the target accepted to delete is gone; one wait for all of it."""
        until = min(self.clock() + grace, self.deadline)
        waiting = [each for each in self.accepted if each not in self.gone]
        pauses = iter(PAUSES)
        while waiting and not self.silent:
            # Of many that stay one is asked about; the others are looked at when the time is over.
            if self._is_gone(waiting[0]):
                del waiting[0]
            elif self.clock() >= until:
                break
            else:
                pause(max(0.0, min(next(pauses, PAUSES[-1]), until - self.clock())))
            if self.is_over:
                return
        self.look(waiting[1:])

    def look(self, entries: list[Entry]) -> None:
        """Look which of these are gone, though no deletion was confirmed, or though they stayed long."""
        for entry in entries:
            if self.is_over or self.silent:
                return
            self._is_gone(entry)

    def _is_gone(self, entry: Entry, service: StudiesService | None = None) -> bool:
        thorough = self.refused and entry not in self.accepted
        try:
            there = _is_there(service or self.service, entry, thorough=thorough)
        except CredentialsError:
            there = None
        except Exception as error:  # as above
            self.why_left[entry] = f"it could not be looked for: {type(error).__name__}: {error}"
            return False
        self.silent = there is None
        if there is False:
            self.gone[entry] = None
        return there is False


def _why_not_touched(entry: Entry) -> str:
    """Say why a study must not be deleted; empty where it may be."""
    if not entry.study_uid:
        patients = f"{patient_id_prefix(entry.seed)}-{PATIENTS}"
        return f"its Study Instance UID is empty, so that no path leads to it; its Patient ID begins with {patients}"
    if is_sent_by_run(entry.seed, entry.study_uid):
        return ""
    return f"not a UID of the run of seed {entry.seed}: not touched"


def _is_malformed(entry: Entry) -> bool:
    return not is_of_run(entry.seed, entry.study_uid)


def _is_there(service: StudiesService, entry: Entry, *, thorough: bool = False) -> bool | None:
    """Tell whether anything of a study is still visible; when in doubt it is. None: the target does not answer.

    A search that finds nothing tells at once, beside a DELETE that did not refuse. Without one (`thorough`), or where
    search is not offered, which a 404 may mean too, the study has to be missing in every other place.
    """
    study = resources.study(entry.study_uid)
    found = service.search("studies", StudyInstanceUID=entry.study_uid)
    if found.status == 0:
        return None
    whole = found.status == 200 and not found.error
    # JSON writes a slash and a null in more than one way.
    as_it_stands = re.split(r"[/\0]", entry.study_uid)[0].encode()
    others = whole and found.body.lstrip()[:1] == b"[" and as_it_stands not in found.body
    if not others and not _shows_nothing(found):
        return True
    if found.status in {200, 204} and not thorough:
        return False
    return not (_shows_nothing(service.search(f"{study}/series")) and _shows_nothing(service.metadata(study)))


def _shows_nothing(response: Response) -> bool:
    empty = response.status == 200 and not response.error and response.body.strip() in {b"[]", b""}
    return response.status in _ABSENT or empty
