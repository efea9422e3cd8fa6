"""A target may die of a request: finding out which one it was, bringing the target back, going on with the rest.

After an exchange that broke off one process takes the lock; the others hold their requests back meanwhile. It asks a
question that was answered before, has the target brought back where it does not answer, and repeats the suspect alone.
What a target that was away still holds is not known: the epoch of the run counts how often that happened.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

from filelock import FileLock

from dicomweb_conformance.http.exchanges import Examined, Response
from dicomweb_conformance.record import disk
from dicomweb_conformance.service.polling import wait_until

RETURN = 60.0
"""Seconds that a target may take to answer after it was brought back."""
_NOT_READY = frozenset({0, 502, 503, 504})
"""Statuses of a target that is still starting, or of a proxy before it."""


class RestartFailedError(Exception):
    """The target could not be brought back; says what was tried and what came of it."""


class Liveness:
    """Looks after a target, for all processes of a run.

    Args:
        control: sends a question that the target answered before.
        restart: brings the target back, or raises RestartFailedError; None where nobody said how.
        state: a directory that the run's processes share.
        patience: seconds that a target may be away by itself.
        say: shows a line to the person who waits.
    """

    def __init__(
        self,
        control: Callable[[], Response],
        restart: Callable[[], None] | None,
        state: Path,
        patience: float,
        say: Callable[[str], None],
    ) -> None:
        self._control = control
        self._restart = restart
        self._patience = patience
        self._say = say
        self._lock = FileLock(state / "liveness.lock")
        self._examining = state / "examining"
        self._epoch = state / "epoch"
        self._gone = state / "gone.json"

    @property
    def epoch(self) -> int:
        """How often the target was away so far."""
        try:
            return int(self._epoch.read_text(encoding="ascii"))
        except FileNotFoundError:
            return 0

    @property
    def gone(self) -> str:
        """Why nothing more can be asked; "" while the target answers."""
        try:
            return str(json.loads(self._gone.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return ""

    def wait(self) -> bool:
        """Wait until a target that was started answers and is ready, for 60 s at most; tell whether it is."""
        return wait_until(lambda: self._control().status not in _NOT_READY, RETURN)

    def wait_for_turn(self) -> None:
        """Return once no other process repeats a suspect; at once in the process that does."""
        if self._examining.exists() and not self._lock.is_locked:
            with self._lock:
                pass

    def examine(self, suspect: Response, repeat: Callable[[], Response] | None) -> Examined:
        """Find out whether a request breaks off again when it is sent alone.

        Args:
            suspect: what became of it the first time.
            repeat: sends it once more; None where it is only asked whether the target answers anything.
        """
        with self._lock:
            if self.gone:
                return Examined(None, control_answered=False)
            self._examining.touch()
            try:
                return self._examined(suspect, repeat)
            finally:
                self._examining.unlink(missing_ok=True)

    def _examined(self, suspect: Response, repeat: Callable[[], Response] | None) -> Examined:
        if not self._answers(suspect):
            return Examined(None, control_answered=False)
        if repeat is None:
            return Examined(None, control_answered=True)
        again = repeat()
        return Examined(again, control_answered=again.status != 0 or self._answers(again))

    def _answers(self, suspect: Response) -> bool:
        """Tell whether the target answers, brought back if need be; if it was away, a new epoch begins."""
        if self._asks():
            return True
        disk.put(self._epoch, str(self.epoch + 1))
        if self._restart is None:
            back = wait_until(self._asks, self._patience)
            why = "" if back else f"it has not answered for {self._patience:g} s; --dicomweb-restart=COMMAND revives it"
        else:
            back, why = self._brought_back(self._restart)
        if not back:
            reason = f"the target is gone since {suspect.request_line} ({suspect.error or 'no response'}): {why}"
            disk.put(self._gone, json.dumps(reason))
            self._say(reason)
        return back

    def _brought_back(self, restart: Callable[[], None]) -> tuple[bool, str]:
        began = time.monotonic()
        self._say("the target does not answer: bringing it back ...")
        try:
            restart()
        except RestartFailedError as error:
            return False, str(error)
        if wait_until(self._asks, RETURN):
            self._say(f"the target answers again after {time.monotonic() - began:.1f} s")
            return True, ""
        return False, f"it was brought back and did not answer within {RETURN:g} s"

    def _asks(self) -> bool:
        return self._control().status != 0
