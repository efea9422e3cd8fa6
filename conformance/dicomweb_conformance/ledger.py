"""What this run put on the target, named on disk before it is sent, so that a crash leaves no orphan behind."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from filelock import FileLock


@dataclass(frozen=True)
class Entry:
    """One study that was, or was about to be, stored on a target."""

    target: str
    seed: int
    study_uid: str


class Ledger:
    """The file `ledger.jsonl` in the report directory.

    Entries of earlier runs stay in it until they are removed from the target.
    """

    def __init__(self, directory: Path, target: str, seed: int) -> None:
        self._path = directory / "ledger.jsonl"
        self._lock = FileLock(directory / ".ledger.lock")
        self._target = target
        self._seed = seed
        self._written: set[str] = set()

    def enter(self, study_uids: Iterable[str]) -> None:
        """Name studies that are about to be sent."""
        new = [uid for uid in dict.fromkeys(study_uids) if uid and uid not in self._written]
        if not new:
            return
        with self._lock, self._path.open("a", encoding="utf-8") as file:
            for uid in new:
                file.write(json.dumps(asdict(Entry(self._target, self._seed, uid))) + "\n")
        self._written.update(new)

    def entries(self) -> list[Entry]:
        """Return every study that may still be on a target, of this run and of earlier ones."""
        if not self._path.exists():
            return []
        entries = []
        for line in self._path.read_text(encoding="utf-8").splitlines():
            try:
                entries.append(Entry(**json.loads(line)))
            except (ValueError, TypeError):
                continue  # a line torn by a crash: its study was not sent, for the entry comes first
        return list(dict.fromkeys(entries))

    def of_this_run(self) -> list[Entry]:
        """Return the studies of this run that may still be on the target."""
        return [each for each in self.entries() if each.target == self._target and each.seed == self._seed]

    def strike(self, removed: Iterable[Entry]) -> None:
        """Take out studies that are gone from the target; an empty ledger leaves no file."""
        gone = set(removed)
        with self._lock:
            left = [each for each in self.entries() if each not in gone]
            if left:
                self._path.write_text("".join(json.dumps(asdict(each)) + "\n" for each in left), encoding="utf-8")
            else:
                self._path.unlink(missing_ok=True)
