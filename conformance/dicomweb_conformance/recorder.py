"""The run record: everything planned, sent, received and concluded, written to `run.jsonl` and `bodies/` as it happens.

Several processes (pytest-xdist workers) append to the same file, an event a line. Secrets are taken out here, before
anything reaches the disk; so is what an archive holds of other patients.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from filelock import FileLock

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
        self._process = process
        self._redaction = redaction
        self._exchanges = 0
        (directory / "bodies").mkdir(parents=True, exist_ok=True)
        # One write of O_APPEND is atomic on POSIX only; the lock makes it so everywhere.
        self._lock = FileLock(directory / ".run.lock")
        self._file = os.open(directory / "run.jsonl", os.O_APPEND | os.O_CREAT | os.O_WRONLY, 0o644)

    def close(self) -> None:
        """Close the file; nothing can be recorded after this."""
        os.close(self._file)

    def event(self, kind: str, **fields: Any) -> None:
        """Append one event; secrets in any of its strings are replaced."""
        line = self._redaction.text(json.dumps({"event": kind, **fields}, ensure_ascii=False)).encode(
            "utf-8", "replace"
        )
        with self._lock:
            rest = memoryview(line + b"\n")
            while rest:
                rest = rest[os.write(self._file, rest) :]

    def next_exchange(self) -> str:
        """Return the id of the next exchange."""
        self._exchanges += 1
        return f"{self._process}-{self._exchanges}"

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
        if not path.exists():
            part = path.with_suffix(f".{self._process}")
            part.write_bytes(kept)
            part.replace(path)
        return {"sha256": digest, "size": len(octets) if size is None else size, "kept": len(kept)}

    def headers(self, fields: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
        """Return header fields as they may be recorded."""
        return self._redaction.fields(fields)
