"""How often a run waits for one thing in vain: three times, and what needs it afterwards is told at once.

What comes after all, even once, is waited for again as before. All processes of a run share what they learned.
"""

from __future__ import annotations

import json
from pathlib import Path

from filelock import FileLock

from dicomweb_conformance.record import disk

TIMES = 3
"""How many things of one cause are waited for in vain, one after the other."""


class Patience:
    """What was waited for in vain so far.

    Args:
        state: a directory that the run's processes share.
    """

    def __init__(self, state: Path) -> None:
        self._path = state / "in-vain.json"
        self._lock = FileLock(state / "in-vain.lock")

    def blame(self, cause: str, plainest: str = "") -> str:
        """Return what shows that this cause is not worth waiting for any more; empty where it is.

        Args:
            cause: as it was noted.
            plainest: the check whose one wait in vain is enough: it asked for the least.
        """
        shown_by = list(self._read().get(cause, {}).values())
        if plainest in shown_by:
            return plainest
        return shown_by[0] if len(shown_by) >= TIMES else ""

    def in_vain(self, cause: str, what: str, shown_by: str) -> None:
        """Note that something was waited for, and did not come.

        Args:
            cause: what its coming depends on.
            what: the thing; the same counts once.
            shown_by: the check or exchange that shows it.

        Raises:
            NotWrittenError: there is no room for it.
        """
        with self._lock:
            noted = self._read()
            noted.setdefault(cause, {}).setdefault(what, shown_by)
            disk.put(self._path, json.dumps(noted))

    def rewarded(self, cause: str) -> None:
        """Note that something came.

        Raises:
            NotWrittenError: there is no room for it.
        """
        if cause not in self._read():
            return
        with self._lock:
            noted = self._read()
            noted.pop(cause, None)
            disk.put(self._path, json.dumps(noted))

    def _read(self) -> dict[str, dict[str, str]]:
        try:
            noted: dict[str, dict[str, str]] = json.loads(self._path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        return noted
