"""A target in the test's own process that acts at a moment of a run, and runs of the suite against it."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
from starlette.requests import Request
from starlette.responses import Response

from dicomweb_conformance.service.ledger import Entry, Ledger
from dicomweb_reference.server import Reference
from dicomweb_reference.serving import running
from tests import warm

STORES_AND_READS = (
    *("dicomweb_conformance/scenarios/metadata", "dicomweb_conformance/scenarios/store/test_taken.py"),
    *("-k", "metadata or store-multipart"),
)
"""Checks that store many studies, and read each of them; named by their files, so that no others are collected."""
Moment = Callable[[Request, int], bool]
"""Whether it has come, by a request and its number."""


class Watched(Reference):
    """A reference server that does something before it handles a request."""

    def __init__(self, freedoms: frozenset[str] = frozenset()) -> None:
        super().__init__(freedoms)
        self.acts: list[tuple[Moment, Callable[[], None]]] = []
        self.hangs: Moment = lambda _request, _number: False
        self.released = False
        self.seen: list[str] = []

    def at(self, moment: Moment, act: Callable[[], None]) -> None:
        """Do something once, when the moment comes."""
        self.acts.append((moment, act))

    async def exchange(self, steps, http: Request) -> Response:  # type: ignore[no-untyped-def]  # as overridden
        self.seen.append(http.method)
        for act in list(self.acts):
            if act[0](http, len(self.seen)):
                self.acts.remove(act)
                act[1]()
        if self.hangs(http, len(self.seen)):
            # Longer than any test waits.
            for _ in range(6000):
                if self.released:
                    break
                await asyncio.sleep(0.02)
        return await super().exchange(steps, http)


@dataclass
class Site:
    """A target, and a directory in which suites are run against it."""

    reference: Watched
    url: str
    directory: Path
    started: list[subprocess.Popen[str]] = field(default_factory=list)

    @property
    def report(self) -> Path:
        return self.directory / "reports/latest"

    def begin(self, *arguments: str, **popen: Any) -> subprocess.Popen[str]:
        """Start a run as a terminal does: in a process group of its own, which hears Ctrl-C; `env` is added to it."""
        command = ["-m", "pytest", f"--dicomweb-url={self.url}", "--dicomweb-seed=4711", "-q", *arguments]
        return self._start(command, **popen)

    def _start(self, command: list[str], **popen: Any) -> subprocess.Popen[str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("DICOMWEB_", "PYTEST_"))}
        process = warm.Popen(
            [sys.executable, *command],
            cwd=self.directory,
            env=kept | popen.pop("env", {}),
            text=True,
            start_new_session=True,
            **{"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, **popen},
        )
        self.started.append(process)
        return process

    def end(self, process: subprocess.Popen[str], seconds: float = 240) -> tuple[int, str]:
        """Wait for the end of a run and return its exit status and what it printed."""
        printed, _ = process.communicate(timeout=seconds)
        return process.returncode, printed or ""

    def run(self, *arguments: str, **popen: Any) -> tuple[int, str]:
        """Run the suite and return its exit status and what it printed."""
        return self.end(self.begin(*arguments, **popen))

    def command(self, *arguments: str) -> tuple[int, str]:
        """Run the command `dicomweb-conformance`."""
        return self.end(self._start(["-c", "from dicomweb_conformance.cli import main; main()", *arguments]))

    def clean(self, *arguments: str) -> tuple[int, str]:
        """Clean up what the ledger names."""
        return self.command("clean", "--dicomweb-grace=0.2", f"--dicomweb-url={self.url}", *arguments)

    def signalling(self, number: signal.Signals) -> Callable[[], None]:
        """Return what sends a signal to the run, and to all its processes."""
        return lambda: os.killpg(self.started[-1].pid, number)

    def studies(self) -> set[str]:
        """Return the Study Instance UIDs of all that the target holds."""
        self.reference.released = True
        self.reference.hangs = lambda _request, _number: False
        found = requests.get(f"{self.url}/studies", headers={"Accept": "application/dicom+json"}, timeout=30)
        return {each["0020000D"]["Value"][0] for each in found.json()} if found.content else set()

    def ledger(self) -> set[str]:
        """Return the Study Instance UIDs that the ledger names."""
        entries: list[Entry] = Ledger(self.report / "ledger.jsonl", "", 0).entries()
        return {entry.study_uid for entry in entries}

    def told(self) -> dict[str, Any]:
        """Return report.json."""
        found: dict[str, Any] = json.loads((self.report / "report.json").read_text(encoding="utf-8"))
        return found


@contextmanager
def site(directory: Path, reference: Watched | None = None) -> Iterator[Site]:
    """Serve a target; what was started against it ends with it."""
    watched = reference or Watched()
    with running(watched) as url:
        made = Site(watched, url, directory)
        try:
            yield made
        finally:
            watched.released = True
            for process in made.started:
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGKILL)
                    process.wait(10)
