"""A load as a process of its own, what it printed, and what its report says."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dicomweb_reference.archive import Resource
from dicomweb_reference.server import Reference

SMALL = ("--users=6", "--ramp=50", "--requests=120", "--seconds=20", "--think=0.01", "--stores=3", "--instances=4")
"""Bounds that a test can wait for."""
CLIENTS = ("--client=ohif", "--client=python-dicomweb-client")
"""Two clients that do all there is: each request of a client is sent alone first."""
COMMAND = ("-c", "from dicomweb_conformance.cli import main; main()")
_LONGEST = 100.0


@dataclass(frozen=True)
class Ended:
    """A load that ended."""

    status: int
    printed: str
    report: Path

    @property
    def told(self) -> dict[str, Any]:
        """What load.json says."""
        found: dict[str, Any] = json.loads((self.report / "load.json").read_text("utf-8"))
        return found

    @property
    def kinds(self) -> set[tuple[str, str, bool]]:
        """What is wrong: requirement, code, and whether it was seen alone, too."""
        return {(each["requirement"], each["code"], each["seen_alone"]) for each in self.told["wrong"]}

    @property
    def events(self) -> list[dict[str, Any]]:
        """What the record holds."""
        return [json.loads(line) for line in (self.report / "run.jsonl").read_text("utf-8").splitlines()]

    def exchanges(self, purpose: str) -> list[dict[str, Any]]:
        """The exchanges of a purpose; `load` are those under load."""
        return [each for each in self.events if each["event"] == "exchange" and each["purpose"] == purpose]


def begun(
    directory: Path,
    url: str,
    *arguments: str,
    small: Sequence[str] = SMALL,
    clients: Sequence[str] = CLIENTS,
    **environment: str,
) -> Any:
    """Start a load in a process group of its own, which hears Ctrl-C."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("DICOMWEB_", "PYTEST_"))}
    command = [sys.executable, *COMMAND, "load", url, "--seed=4711", "--dicomweb-grace=2", *small, *clients, *arguments]
    return subprocess.Popen(
        command,
        cwd=directory,
        env=kept | environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


def ended(process: Any, directory: Path) -> Ended:
    """Wait for the end of a load."""
    printed, _ = process.communicate(timeout=_LONGEST)
    return Ended(process.returncode, printed, directory / "reports/load")


def loaded(
    directory: Path,
    url: str,
    *arguments: str,
    small: Sequence[str] = SMALL,
    clients: Sequence[str] = CLIENTS,
    **environment: str,
) -> Ended:
    """Load a target."""
    return ended(begun(directory, url, *arguments, small=small, clients=clients, **environment), directory)


def studies(reference: Reference) -> int:
    """Return how many studies a server holds."""
    return len(reference.archive.latest("study", Resource()))
