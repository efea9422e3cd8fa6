"""The run record: everything planned, sent, received and concluded, written to `run.jsonl` and `bodies/` as it happens.

Several processes (pytest-xdist workers) append to the same file, an event a line. Secrets are taken out here, before
anything reaches the disk; so is what an archive holds of other patients. What is long is kept as far as limits.py says.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import itertools
import json
import os
import threading
import zlib
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from dicomweb_conformance.http import limits
from dicomweb_conformance.record import abridging, disk
from dicomweb_conformance.record.disk import NotWrittenError, why
from dicomweb_conformance.record.locking import locked
from dicomweb_conformance.record.redaction import Redaction
from dicomweb_reports.visible import visible_json

_PIECE = 1 << 12
_ALL_OURS = frozenset({"header", "planned", "tally"})
"""Events in which nothing comes from a server. A password that is a word of theirs would be given away by its gaps."""
_OURS = frozenset(
    {
        "event",
        "id",
        "check",
        "scenario",
        "title",
        "requirement",
        "requirements",
        "code",
        "observation",
        "verdict",
        "exchange",
        "exchanges",
        "retry_of",
        "blame",
        "purpose",
        "method",
        "started",
        "finished",
        "study",
        "study_uid",
        "way",
        "capability",
        "state",
        "sha256",
    }
)
"""Members of other events that are this suite's own: names, by which a run is read, and what is counted."""


def now() -> str:
    """Return the time as run records have it: UTC, milliseconds."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Recorder:
    """Appends events to the run record in `directory`.

    Args:
        directory: where `run.jsonl` and `bodies/` are.
        process: prefix of exchange ids, unique to this process ("main", "gw0").
        redaction: what must not reach the disk.

    Attributes:
        lost: why something could not be recorded; "" while everything was.
    """

    def __init__(self, directory: Path, process: str, redaction: Redaction) -> None:
        self.directory = directory
        self.process = process
        self._redaction = redaction
        self._exchanges = itertools.count(1)
        self._running: dict[str, bytes] = {}
        self._check: str | None = None
        self._kept_of_bodies = self._heads = 0
        self._turn = threading.Lock()  # of the clients of a check that sends from several threads
        self._path = directory / "run.jsonl"
        self._bodies = directory / "bodies"
        self._tolerates_losses = False
        self.lost = ""
        self._bodies.mkdir(parents=True, exist_ok=True)
        self._file = os.open(self._path, os.O_APPEND | os.O_CREAT | os.O_RDWR, 0o644)

    def close(self) -> None:
        """Close the file; nothing can be recorded after this."""
        os.close(self._file)

    def tolerate_losses(self) -> None:
        """Leave out from now on what cannot be recorded: at the end of a run, when nothing more is stored."""
        self._tolerates_losses = True

    def restore(self) -> bool:
        """Put the record back where it was taken away from under the run; tell whether that was so.

        The open file still holds every event, whoever removed or moved its name. Bodies that went with it are lost.

        Raises:
            OSError: there is no way to write it.
        """
        with self._turn, locked(self._file):
            if self._is_in_place():
                return False
            self._bodies.mkdir(parents=True, exist_ok=True)
            restored = os.open(self._path, os.O_APPEND | os.O_CREAT | os.O_RDWR, 0o644)
            disk.copy(self._file, restored)
        os.close(self._file)
        self._file = restored
        return True

    def event(self, kind: str, **fields: Any) -> bool:
        """Append one event; secrets in its strings are replaced before they become JSON, and before it is cut.

        Returns:
            whether it is on the disk, which losses that are tolerated make uncertain.

        Raises:
            NotWrittenError: it could not be written, or an earlier one: the record would not be whole.
        """
        event: dict[str, Any] = {"event": kind, **fields}
        line = _json(event)
        if kind not in _ALL_OURS:
            if self._redaction.may_find(line):
                event = self.recordable(event)
                line = _json(event)
            if len(line) > limits.TEXT_RECORDED:
                event = abridging.value(event, limits.TEXT_RECORDED, limits.ITEMS_RECORDED)
                line = _json(event)
            if len(line) > limits.EVENT_RECORDED:
                line = _json(abridging.value(event, limits.BRIEF_TEXT, limits.BRIEF_ITEMS))
        octets = line.encode() + b"\n"
        self._must_be_whole()
        with self._turn:
            self._keep(kind, fields, octets)
            try:
                self._append(octets)
            except OSError as error:
                self._lose(self._path, error)
                return False
        return True

    def _append(self, line: bytes) -> None:
        # One write of O_APPEND is whole on a local disk; the lock makes it so where a disk is full or far away.
        with locked(self._file):
            if not self._is_in_place():
                raise OSError(errno.ENOENT, "it was removed or moved while the run went on")
            disk.append(self._file, line)

    def _is_in_place(self) -> bool:
        try:
            return os.path.samestat(self._path.stat(), os.fstat(self._file))
        except OSError:
            return False

    def _must_be_whole(self) -> None:
        if self.lost and not self._tolerates_losses:
            raise NotWrittenError(self.lost)

    def _lose(self, path: Path, error: OSError) -> None:
        self.lost = self.lost or f"{path} cannot be written: {why(error)}"
        if not self._tolerates_losses:
            raise NotWrittenError(self.lost) from error

    def _keep(self, kind: str, fields: dict[str, Any], line: bytes) -> None:
        if kind not in {"exchange", "result"} or fields["check"] is None:
            return
        if fields["check"] != self._check:
            self._check = fields["check"]
            self._running.clear()
        self._running[fields["id"] if kind == "exchange" else kind] = line

    def of_check(self, check: str) -> list[bytes]:
        """Return the lines that this process wrote of the check that runs, or ran last: its exchanges and its result.

        A failure is told from them: the record as a whole grows with the run.
        """
        return list(self._running.values()) if check == self._check else []

    def next_exchange(self) -> str:
        """Return the id of the next exchange.

        Raises:
            NotWrittenError: nothing may be sent, for it could not be recorded.
        """
        self._must_be_whole()
        return f"{self.process}-{next(self._exchanges)}"

    def body(self, octets: bytes | None, size: int | None = None, digest: str = "") -> dict[str, Any] | None:
        """Keep the beginning of a body and return its description; None for a body that is not there.

        Args:
            octets: what may be kept, or None to keep nothing but size and digest.
            size: octets on the wire, where `octets` are not all of them.
            digest: SHA-256 of a body that is not kept.

        Raises:
            NotWrittenError: as `event`.
        """
        if not octets:
            return {"sha256": digest, "size": size, "kept": 0} if size else None
        wire = len(octets) if size is None else size
        if self._is_packed_secret(octets):
            return {"sha256": "", "size": wire, "kept": 0}
        room = limits.BODY_RECORDED if self._kept_of_bodies < limits.BODIES_RECORDED else limits.BODY_RECORDED_LATER
        kept = self._redaction.octets(octets, room)
        name = hashlib.sha256(kept).hexdigest()
        try:
            self._put(name, kept)
        except OSError as error:
            self._lose(self._bodies / name, error)
            return {"sha256": "", "size": wire, "kept": 0}
        return {"sha256": name, "size": wire, "kept": len(kept)}

    def picture(self, octets: bytes) -> str:
        """Keep a picture that the suite made; return its name among the bodies, "" where there is no room for all.

        Raises:
            NotWrittenError: as `event`.
        """
        kept = self.body(octets)
        return str(kept["sha256"]) if kept and kept["kept"] == kept["size"] else ""

    def _put(self, name: str, octets: bytes) -> None:
        # Plain strings: paths as objects take as long as the files.
        path = os.path.join(self._bodies, name)  # noqa: PTH118 - as said
        with self._turn:
            gone = not os.path.exists(self._bodies)  # noqa: PTH110 - likewise
            if gone:
                self._bodies.mkdir(parents=True, exist_ok=True)
            if not os.path.exists(path):  # noqa: PTH110 - likewise
                self._kept_of_bodies += len(octets)
                part = f"{path}.{self.process}"
                try:
                    with open(part, "wb") as file:  # noqa: PTH123 - likewise
                        file.write(octets)
                    os.replace(part, path)  # noqa: PTH105 - likewise
                except OSError:
                    Path(part).unlink(missing_ok=True)
                    raise
        if gone:
            self.event(
                "trouble", what=f"{self._bodies} was removed while the run went on; what it held by then is not shown"
            )

    def _is_packed_secret(self, octets: bytes) -> bool:
        """Tell whether octets that are still packed hold a secret: reports show the beginning of what is in them."""
        if not octets.startswith(b"\x1f\x8b"):
            return False
        unpacked, unpacking = b"", zlib.decompressobj(wbits=31)
        with contextlib.suppress(zlib.error):  # what comes before the fault can be read
            for at in range(0, len(octets), _PIECE):
                unpacked += unpacking.decompress(octets[at : at + _PIECE], limits.BODY_RECORDED - len(unpacked))
                if len(unpacked) >= limits.BODY_RECORDED:
                    break
        return self._redaction.octets(unpacked) != unpacked

    def recordable(self, value: Any) -> Any:
        """Return what JSON can hold, as `event` would write it."""
        return self._redaction.value(value, _OURS)

    def headers(self, fields: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
        """Return header fields as they may be recorded, and as many of them."""
        return self._kept_of_head(self._redaction.fields(fields))

    def header_lines(self, lines: Iterable[str]) -> list[str]:
        """Return the lines of a head as they may be recorded: those without secrets letter by letter."""
        recorded = []
        for line in lines:
            name, colon, value = line.partition(":")
            ((_, shown),) = self._redaction.fields([(name.strip(), value.strip())])
            kept = value if shown == value.strip() and colon else f" {shown}".rstrip()
            recorded.append((f"{name}{colon}", kept))
        return [f"{name}{value}" for name, value in self._kept_of_head(recorded)]

    def _kept_of_head(self, fields: list[tuple[str, str]]) -> list[tuple[str, str]]:
        room = limits.HEAD_RECORDED if self._heads < limits.HEADS_RECORDED else limits.HEAD_RECORDED_LATER
        kept = abridging.head(fields, room)
        self._heads += max(0, sum(len(name) + len(value) for name, value in kept) - limits.HEAD_RECORDED_LATER)
        return kept


def _json(value: dict[str, Any]) -> str:
    """Return JSON in which what a terminal obeys, and what is no Unicode, stands escaped."""
    return visible_json(json.dumps(value, ensure_ascii=False))
