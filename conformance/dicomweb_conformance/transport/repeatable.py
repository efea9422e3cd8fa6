"""Answers to plain GETs that stand for the next such GET, too, as long as nothing can have changed them.

Several checks ask the same. Where no request that may change something was sent in between, by whatever process of the
run, the answer to the first is the answer to all.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from dicomweb_conformance.http.exchanges import Response
from dicomweb_conformance.http.screened import Screened
from dicomweb_conformance.record.locking import locked

LARGEST = 1 << 18
"""Octets of a body that is kept at most."""
OF_ALL = 1 << 24
"""Octets of bodies that are kept at most, all together."""
_SETTLED = frozenset({200, 204, 400, 404, 406})
"""Statuses by which a target says how things are, and not how it is at the moment."""
_BESIDE = 1 << 12
"""Octets that an answer takes beside its body, roughly."""
_DIGITS = 20


class Changes:
    """Counts the requests that may change something, over all processes of a run.

    Args:
        state: the directory that the run's processes share.
    """

    def __init__(self, state: Path) -> None:
        self._file = os.open(state / "changes", os.O_RDWR | os.O_CREAT, 0o644)
        self._threads = threading.Lock()
        with locked(self._file):
            # Its place on the disk is taken now: a disk that fills up later hides no change.
            if not os.fstat(self._file).st_size:
                os.write(self._file, b"0".zfill(_DIGITS))

    @property
    def number(self) -> int:
        """How many were begun or ended so far."""
        with self._threads, locked(self._file):
            return self._read()

    def note(self) -> None:
        """Count one, as it begins and as it ends."""
        with self._threads, locked(self._file):
            number = self._read() + 1
            os.lseek(self._file, 0, os.SEEK_SET)
            os.write(self._file, str(number).zfill(_DIGITS).encode())

    def _read(self) -> int:
        os.lseek(self._file, 0, os.SEEK_SET)
        return int(os.read(self._file, _DIGITS))

    def close(self) -> None:
        """Close the file by which the processes count."""
        os.close(self._file)


@dataclass(frozen=True)
class Kept:
    """An answer, and what of it may be recorded."""

    response: Response
    screened: Screened


Asked = tuple[str, tuple[tuple[str, str], ...]]
"""A GET: its URL, and its header fields."""


class Repeatable:
    """The answers of a process that stand for others.

    Args:
        changes: counts what may have changed something.
        epoch: how often the target was away: it may have come back as another.
        may_stand: tells whether whoever asks takes an answer to what somebody else asked.
    """

    def __init__(
        self,
        changes: Changes,
        epoch: Callable[[], int] = lambda: 0,
        may_stand: Callable[[Asked], bool] = lambda _: True,
    ) -> None:
        self._changes = changes
        self._epoch = epoch
        self._may_stand = may_stand
        self._as_of = (-1, -1)
        self._kept: dict[Asked, Kept] = {}
        self._octets = 0

    def now(self) -> tuple[int, int]:
        """Return what an answer is as of."""
        return self._changes.number, self._epoch()

    def answer_to(self, asked: Asked) -> Kept | None:
        """Return the answer that stands for this one; None where it has to be asked for."""
        if not self._may_stand(asked):
            return None
        if self._as_of != self.now():
            self._forget()
        return self._kept.get(asked)

    def keep(self, asked: Asked, kept: Kept, as_of: tuple[int, int]) -> None:
        """Keep an answer for whoever asks next, if it is whole, settled and small.

        Args:
            asked: what it answers.
            kept: the answer.
            as_of: what `now` was before it was asked for; where that has changed meanwhile, it is not kept.
        """
        response = kept.response
        if as_of != self.now() or response.status not in _SETTLED or response.error or len(response.body) > LARGEST:
            return
        if self._as_of != as_of or self._octets > OF_ALL:
            self._forget()
        self._as_of = as_of
        self._kept[asked] = kept
        self._octets += len(response.body) + _BESIDE

    def _forget(self) -> None:
        self._kept.clear()
        self._octets = 0
