"""How fast a run goes, and how long: requests in a time, over all its processes, and the time for all its checks."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

from dicomweb_conformance.record.locking import locked
from dicomweb_conformance.settings.rate import Rate


class Pace:
    """Spaces requests evenly, so that no stretch of time sees more of them than the rate allows.

    Args:
        allowed: the rate; None for no limit.
        state: the directory that the run's processes share.
        clock: the time, the same in all processes.
        pause: waits for so many seconds.
    """

    def __init__(
        self,
        allowed: Rate | None,
        state: Path,
        clock: Callable[[], float] = time.time,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._interval = allowed.seconds / allowed.requests if allowed else 0.0
        self._clock = clock
        self._pause = pause
        self._turns = os.open(state / "turns", os.O_RDWR | os.O_CREAT, 0o644) if allowed else -1
        if allowed:
            with locked(self._turns):
                # Its place on the disk is taken now: a disk that fills up later ends no queue.
                if not os.fstat(self._turns).st_size:
                    os.write(self._turns, b" " * 63 + b"\n")

    def close(self) -> None:
        """Close the file by which the processes take turns."""
        if self._turns >= 0:
            os.close(self._turns)
            self._turns = -1

    def wait(self) -> None:
        """Wait for the turn of the next request."""
        if not self._interval:
            return
        now = self._clock()
        with locked(self._turns):
            os.lseek(self._turns, 0, os.SEEK_SET)
            said = os.read(self._turns, 64).strip()
            # A clock that was set back makes nobody wait longer than an honest queue would.
            turn = max(now, float(said or 0))
            os.lseek(self._turns, 0, os.SEEK_SET)
            os.write(self._turns, f"{turn + self._interval:<63.6f}\n".encode())
        if turn > now:
            self._pause(turn - now)


class Budget:
    """The time in which checks may begin.

    Args:
        seconds: from the beginning of the run; None for no limit.
        state: the directory that the run's processes share; the first of them to come marks the beginning there.
    """

    def __init__(self, seconds: float | None, state: Path, clock: Callable[[], float] = time.time) -> None:
        self.seconds = seconds
        self._clock = clock
        self._began = clock()
        if seconds is not None:
            mark = state / "began"
            try:
                with mark.open("x", encoding="utf-8") as file:
                    file.write(repr(self._began))
            except FileExistsError:
                self._began = float(mark.read_text(encoding="utf-8") or self._began)

    @property
    def used_up(self) -> bool:
        """Whether no further check may begin."""
        return self.left is not None and self.left <= 0

    @property
    def left(self) -> float | None:
        """The seconds that are left of it; None for no limit."""
        return None if self.seconds is None else self.seconds - (self._clock() - self._began)

    def __str__(self) -> str:
        return "no budget" if self.seconds is None else f"budget of {self.seconds:g} s"
