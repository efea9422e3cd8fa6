"""The run record: everything planned, sent, received and concluded, written to `run.jsonl` and `bodies/` as it happens.

Several processes (pytest-xdist workers) append to the same file, an event a line. Secrets are taken out here, before
anything reaches the disk; so is what an archive holds of other patients.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import threading
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from dicomweb_conformance.locking import locked
from dicomweb_conformance.redaction import Redaction

BODY_CAP = 1 << 20


def now() -> str:
    """Return the time as run records have it: UTC, milliseconds."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Recorder:
    """Appends events to the run record in `directory`.

    Args:
        directory: where `run.jsonl` and `bodies/` are.
        process: prefix of exchange ids, unique to this process ("main", "gw0").
        redaction: what must not reach the disk.
    """

    def __init__(self, directory: Path, process: str, redaction: Redaction) -> None:
        self.directory = directory
        self.process = process
        self._redaction = redaction
        self._exchanges = itertools.count(1)
        self._running: dict[str, bytes] = {}
        self._check: str | None = None
        self._turn = threading.Lock()  # of the clients of a check that sends from several threads
        (directory / "bodies").mkdir(parents=True, exist_ok=True)
        self._file = os.open(directory / "run.jsonl", os.O_APPEND | os.O_CREAT | os.O_WRONLY, 0o644)

    def close(self) -> None:
        """Close the file; nothing can be recorded after this."""
        os.close(self._file)

    def event(self, kind: str, **fields: Any) -> None:
        """Append one event; secrets in any of its strings are replaced."""
        line = self._redaction.text(json.dumps({"event": kind, **fields}, ensure_ascii=False)).encode(
            "utf-8", "replace"
        )
        line += b"\n"
        # One write of O_APPEND is whole on a local disk; the lock makes it so where a disk is full or far away.
        with self._turn, locked(self._file):
            self._keep(kind, fields, line)
            rest = memoryview(line)
            while rest:
                rest = rest[os.write(self._file, rest) :]

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
        """Return the id of the next exchange."""
        return f"{self.process}-{next(self._exchanges)}"

    def body(self, octets: bytes | None, size: int | None = None) -> dict[str, Any] | None:
        """Keep the first `BODY_CAP` octets of a body and return its description; None for a body that is not there.

        Args:
            octets: what may be kept, or None to keep nothing.
            size: octets on the wire, where `octets` are not all of them.
        """
        if not octets:
            return {"sha256": "", "size": size, "kept": 0} if size else None
        kept = self._redaction.octets(octets)[:BODY_CAP]
        digest = hashlib.sha256(kept).hexdigest()
        path = self.directory / "bodies" / digest
        with self._turn:
            if not path.exists():
                part = path.with_suffix(f".{self.process}")
                part.write_bytes(kept)
                part.replace(path)
        return {"sha256": digest, "size": len(octets) if size is None else size, "kept": len(kept)}

    def headers(self, fields: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
        """Return header fields as they may be recorded."""
        return self._redaction.fields(fields)

    def header_lines(self, lines: Iterable[str]) -> list[str]:
        """Return the lines of a head as they may be recorded: those without secrets letter by letter."""
        recorded = []
        for line in lines:
            name, colon, value = line.partition(":")
            ((_, shown),) = self._redaction.fields([(name.strip(), value.strip())])
            recorded.append(line if shown == value.strip() and colon else f"{name}{colon} {shown}".rstrip())
        return recorded
