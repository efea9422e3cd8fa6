"""How fast a run goes, and how long: requests in a time, over all its processes, and the time for all its checks."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable
from pathlib import Path

from dicomweb_conformance.record import disk
from dicomweb_conformance.record.locking import locked
from dicomweb_conformance.settings.rate import Rate

EXCHANGES = 4000
"""What a run of all checks comes to."""
SLACK = 5
"""How many times slower than the first responses all others may be."""
SHORTEST = 900.0
"""Seconds of a budget that nobody gave, at least."""


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
    """The time in which checks may begin: as it was given, or as the speed of the first responses suggests.

    Args:
        seconds: from the beginning of the run; None where none was given.
        state: the directory that the run's processes share; the first of them to come marks the beginning there.
    """

    def __init__(self, seconds: float | None, state: Path, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._began = clock()
        self._given = seconds
        self._usual: float | None = None
        self._mark = state / "budget"
        if seconds is not None:
            mark = state / "began"
            try:
                with mark.open("x", encoding="utf-8") as file:
                    file.write(repr(self._began))
            except FileExistsError:
                self._began = float(mark.read_text(encoding="utf-8") or self._began)

    def suit(self, response: float, rate: Rate | None) -> None:
        """Make a budget for a target that takes so many seconds to respond, where none was given; for all processes.

        It is several times what a whole run should take: it ends what goes on and on, and nothing else.

        Raises:
            NotWrittenError: there is no room for it.
        """
        if self._given is not None:
            return
        takes = EXCHANGES * (SLACK * response + (rate.seconds / rate.requests if rate else 0.0))
        minutes = math.ceil(max(SHORTEST, takes) / 60)
        disk.put(self._mark, f"{60 * minutes} {self._clock()!r}")

    @property
    def seconds(self) -> float | None:
        """How long it is; None for no limit."""
        return self._given if self._given is not None else self._suited()

    @property
    def used_up(self) -> bool:
        """Whether no further check may begin."""
        seconds = self.seconds
        return seconds is not None and self._clock() - self._began >= seconds

    @property
    def left(self) -> float | None:
        """The seconds that are left of a budget that was given; None where none was."""
        return None if self._given is None else self._given - (self._clock() - self._began)

    def __str__(self) -> str:
        return "no budget" if self.seconds is None else f"budget of {self.seconds:g} s"

    def _suited(self) -> float | None:
        if self._usual is None:
            try:
                seconds, began = self._mark.read_text(encoding="utf-8").split()
            except FileNotFoundError:
                return None
            self._usual, self._began = float(seconds), float(began)
        return self._usual
