"""A target that fails one client beside another: the processes of a run then take turns, a check each.

Else which of their checks such a target fails is chance, and says nothing of what those are about. It is told by
`store-two-clients-at-once`, whose clients are those of one process.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock

from dicomweb_conformance.checks.expect import BUSY
from dicomweb_conformance.http.exchanges import Response
from dicomweb_conformance.record import disk
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_fixtures.fresh import Fresh

_EACH = 6
_MEETINGS = 3
"""How often two clients meet: where one hinders the other, it shows in most meetings, and not in each."""
_TOGETHER, _IN_TURN = "together", "in turn"
_FILE = "clients-at-once"
"""Says which of the two it is, in the directory that the run's processes share."""


class Turns:
    """Has the checks of several processes run at the same time where the target serves that, and in turn where not.

    Args:
        state: a directory that the run's processes share.
        fails: finds out whether the target fails one client beside another; asked once in a run.
        say: shows a line to the person who waits.
    """

    def __init__(self, state: Path, fails: Callable[[], bool], say: Callable[[str], None]) -> None:
        self._file = state / _FILE
        self._lock = FileLock(self._file.with_suffix(".lock"))
        self._fails = fails
        self._say = say
        self._known = ""

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Run a check within: alone, where the target cannot serve two clients at once."""
        if self._known == _TOGETHER:
            yield
            return
        with self._lock:
            self._known = self._known or self._found()
            if self._known == _IN_TURN:
                yield
                return
        yield

    def _found(self) -> str:
        if not self._file.exists():
            found = _IN_TURN if self._fails() else _TOGETHER
            disk.put(self._file, found)
            if found == _IN_TURN:
                self._say(
                    "the target fails one client beside another (see store-two-clients-at-once): "
                    "the processes of this run take turns"
                )
        return self._file.read_text(encoding="utf-8")


def are_served_together(state: Path) -> bool:
    """Tell whether a run's processes found that the target serves several clients at the same time.

    Args:
        state: the directory that the run's processes share.
    """
    file = state / _FILE
    return file.exists() and file.read_text(encoding="utf-8") == _TOGETHER


def fails_beside_another(service: StudiesService, fresh: Fresh) -> bool:
    """Tell whether a target to which one client can store fails two that do so at the same time.

    Args:
        service: asks on no check's account.
        fresh: makes what is stored: studies of their own, as those of two processes are.
    """

    def stores_alone(when: str) -> bool:
        return _all_are_stored([service.store([fresh.instance(name=f"alone {when}")])])

    if not stores_alone("before"):
        return False
    for meeting in range(_MEETINGS):
        studies = [fresh.study(name=f"{client} {meeting}", instances=_EACH) for client in ("one", "other")]
        answers = service.store_at_once([study.instances for study in studies])
        stored = all(_all_are_stored(of_one) for of_one in answers)
        if not stored or any(_is_an_error(service.retrieve(study)) for study in studies):
            # Whatever else has befallen the target, such as credentials that are over, befalls one client as well.
            return stores_alone("afterwards")
    return False


def _is_an_error(answer: Response) -> bool:
    return answer.status >= 500 and answer.status not in BUSY


def _all_are_stored(answers: list[Response]) -> bool:
    return all(200 <= answer.status < 300 or answer.status in BUSY for answer in answers)
