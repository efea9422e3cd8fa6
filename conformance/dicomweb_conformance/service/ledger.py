"""What this run put on the target, named on disk before it is sent, so that a crash leaves no orphan behind."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from filelock import FileLock

from dicomweb_conformance.record.disk import NotWrittenError, why

FILE = "ledger.jsonl"


@dataclass(frozen=True)
class Entry:
    """One study that was, or was about to be, stored on a target; one that was found there may have no UID."""

    target: str
    seed: int
    study_uid: str


class Ledger:
    """The file that names what may be on targets; entries of earlier runs stay in it until they are removed there.

    It holds at every moment, whenever its writers die: an entry is on the disk before its study is sent, and a file
    without what was removed takes the place of the old one whole.

    Args:
        path: the file; it need not exist.
        target: the base URL, as it was given, of this run's target.
        seed: this run's.
    """

    def __init__(self, path: Path, target: str, seed: int) -> None:
        self.path = path
        self._lock = FileLock(path.with_name(".ledger.lock"))
        self._target = target
        self._seed = seed
        self._written: set[str] = set()

    def enter(self, study_uids: Iterable[str]) -> None:
        """Name studies that are about to be sent, and return when a crash of this process can no longer forget them.

        Raises:
            NotWrittenError: they are not named, and so must not be sent.
        """
        new = [uid for uid in dict.fromkeys(study_uids) if uid not in self._written]
        if not new:
            return
        try:
            self._append(new)
        except OSError as error:
            raise NotWrittenError(f"{self.path} cannot be written: {why(error)}") from error
        self._written.update(new)

    def _append(self, study_uids: Iterable[str]) -> None:
        with self._lock, self.path.open("a+b") as file:
            # What a process that died left of a line must not swallow the next one.
            if file.seek(0, os.SEEK_END) and _last_octet(file.fileno()) != b"\n":
                file.write(b"\n")
            file.writelines(_line(Entry(self._target, self._seed, uid)) for uid in study_uids)

    def restore(self, study_uids: Iterable[str] = ()) -> None:
        """Name again what this process sent, where the file was taken away meanwhile.

        Args:
            study_uids: what other processes sent, too.

        Raises:
            OSError: there is no way to write it.
        """
        if lost := {*self._written, *study_uids} - {each.study_uid for each in self.of_this_run()}:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._append(sorted(lost))

    def forget(self, study_uids: Iterable[str]) -> None:
        """Take out studies of this run that were refused, and looked for, and never came to be."""
        self.strike(Entry(self._target, self._seed, uid) for uid in study_uids)

    def entries(self) -> list[Entry]:
        """Return every study that may still be on a target, of this run and of earlier ones."""
        try:
            lines = self.path.read_bytes().splitlines()
        except FileNotFoundError:
            return []
        entries = []
        for line in lines:
            try:
                values = json.loads(line)
            except ValueError:
                continue  # a line torn by a crash: its study was not sent, for the entry comes first
            match values:
                case {"target": str(target), "seed": int(seed), "study_uid": str(study_uid)}:
                    entries.append(Entry(target, seed, study_uid))
        return list(dict.fromkeys(entries))

    def of_this_run(self) -> list[Entry]:
        """Return the studies of this run that may still be on the target."""
        return [entry for entry in self.entries() if entry.target == self._target and entry.seed == self._seed]

    def strike(self, removed: Iterable[Entry]) -> None:
        """Take out studies that are gone from the target; an empty ledger leaves no file.

        Raises:
            OSError: the file is as it was: it names more than there is.
        """
        gone = set(removed)
        self._written.difference_update(each.study_uid for each in gone)
        with self._lock:
            left = [entry for entry in self.entries() if entry not in gone]
            if not left:
                self.path.unlink(missing_ok=True)
                return
            part = self.path.with_suffix(".part")
            try:
                with part.open("wb") as file:
                    file.writelines(map(_line, left))
                part.replace(self.path)
            except OSError:
                part.unlink(missing_ok=True)
                raise


def _line(entry: Entry) -> bytes:
    return json.dumps(asdict(entry)).encode() + b"\n"


def _last_octet(descriptor: int) -> bytes:
    os.lseek(descriptor, -1, os.SEEK_END)
    return os.read(descriptor, 1)
