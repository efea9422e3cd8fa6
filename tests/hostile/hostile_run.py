"""A run of the suite as a user starts it, shown a behaviour; and what came of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dicomweb_reference.serving import FLAVOURS, running
from tests.hostile import alterations, foreigners, surroundings
from tests.hostile.altered_server import Altered
from tests.hostile.elsewhere import Elsewhere, elsewhere
from tests.hostile.hostile_behaviour import Behaviour
from tests.hostile.hostile_meeting import Meeting
from tests.hostile.raw_server import raw_server
from tests.nodes import node_of

USER = "hostile"
PASSWORD = "pa\"s5w\\ord <&>'%41+/=~q"  # noqa: S105 - a secret of a test is none
KEY = "k3y\"h\\eader <&>'%42+/=~z"
TOO_MUCH = 2500
"""Megabytes that a process gets at most, so that a run which fails here does not take the machine along."""


@dataclass(frozen=True)
class Outcome:
    """What came of a run.

    Attributes:
        directory: of the reports.
        status, seconds, processor, megabytes: of the run; seconds of the clock, and of the processor.
        stdout, stderr: what it printed.
        report: report.json, empty where there is none.
        elsewhere: what came to another origin.
        held: the studies that the target holds of the run afterwards.
        met: how many requests met with the behaviour.
    """

    directory: Path
    status: int
    seconds: float
    processor: float
    megabytes: float
    stdout: str
    stderr: str
    report: Mapping[str, Any]
    elsewhere: Elsewhere
    held: frozenset[str]
    met: int
    foreign: frozenset[str] = field(default=frozenset())

    @property
    def verdicts(self) -> dict[str, str]:
        """The verdict of each check, and of each requirement that all messages were judged by."""
        return {each["check"]: each["verdict"] for each in self.report.get("results", ())}

    @property
    def ledger(self) -> str:
        """What stands in the ledger."""
        path = self.directory / "ledger.jsonl"
        return path.read_text(encoding="utf-8") if path.exists() else ""

    @property
    def disk(self) -> float:
        """Megabytes of the report."""
        return sum(file.stat().st_size for file in files(self.directory)) / (1 << 20)


def stretch() -> float:
    """Return how much longer things take on this machine than where nothing else is to be done."""
    return max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


def files(directory: Path) -> Iterator[Path]:
    """Return every file below a directory."""
    return (path for path in sorted(directory.rglob("*")) if path.is_file())


def shown(behaviour: Behaviour, directory: Path) -> Outcome:
    """Run the suite against a behaviour.

    Args:
        behaviour: what it meets with.
        directory: where the run takes place.
    """
    reports = directory / "report"
    befalling = surroundings.Befalling(behaviour.act, reports)
    meeting = Meeting(behaviour, befalling)
    reference = FLAVOURS[behaviour.flavour]()
    with ExitStack() as stack:
        stack.enter_context(surroundings.room(behaviour.act, reports))
        other = stack.enter_context(elsewhere())
        alteration = alterations.ALTERATIONS[behaviour.alter] if behaviour.alter else None
        if not behaviour.send:
            reference.app = Altered(  # type: ignore[assignment]  # an ASGI application like the one that it goes around
                reference.app, reference.prefix, behaviour, meeting, alteration, other.origin
            )
        url = stack.enter_context(running(reference))
        foreign = foreigners.brought(url, behaviour.foreign)
        if behaviour.send:
            url = stack.enter_context(raw_server(behaviour, meeting, url, other.origin))
        seen = _measured(behaviour, url, directory, reports, befalling)
        held = {each.study for each in reference.archive.latest("study", foreigners.EVERYTHING)}
    report = reports / "report.json"
    if behaviour.act == "fill disk" and not report.exists():
        _rendered(reports)
    return Outcome(
        reports,
        seen["status"],
        seen["seconds"],
        seen["processor"],
        seen["kilobytes"] / 1024,
        (directory / "stdout").read_text(encoding="utf-8", errors="surrogateescape"),
        (directory / "stderr").read_text(encoding="utf-8", errors="surrogateescape"),
        _json(report),
        other,
        frozenset(held - foreign.studies),
        meeting.met,
        foreign.values if behaviour.foreign or behaviour.alter in alterations.FOREIGN else frozenset(),
    )


def _rendered(reports: Path) -> None:
    """Have the record of a run for whose reports there was no room rendered, now that there is."""
    command = [sys.executable, "-c", "from dicomweb_conformance.cli import main; main()", "render", str(reports)]
    subprocess.run(command, capture_output=True, check=False, timeout=120)


def _json(path: Path) -> Mapping[str, Any]:
    try:
        read: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return read


def _measured(
    behaviour: Behaviour, url: str, directory: Path, reports: Path, befalling: surroundings.Befalling
) -> dict[str, Any]:
    """Run the suite, and return its exit status, seconds and kilobytes."""
    command = [
        sys.executable,
        "-m",
        "pytest",
        *(node_of(check) for check in behaviour.checks),
        f"--dicomweb-url={url}",
        f"--dicomweb-report={reports}",
        f"--dicomweb-auth=basic:{USER}",
        "--dicomweb-header=X-Hostile-Key: $HOSTILE_KEY",
        "--dicomweb-timeout=10",
        "--dicomweb-grace=1",
        "--dicomweb-seed=1",
        f"--junitxml={directory / 'junit.xml'}",
        "-pno:cacheprovider",
        *(["-n", str(behaviour.workers)] if behaviour.workers else ["-pno:xdist"]),
        *behaviour.options,
    ]
    if behaviour.flavour == "google":
        command.append("--dicomweb-profile=google")
    measuring = [sys.executable, "-E", "-S", str(Path(__file__).with_name("measured.py")), str(directory)]
    patience = 2 * behaviour.seconds * stretch() + 30
    limits = [str(patience), str(TOO_MUCH)]
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("DICOMWEB_", "PYTEST_"))}
    environment = kept | {"DICOMWEB_PASSWORD": PASSWORD, "HOSTILE_KEY": KEY}
    with subprocess.Popen(
        [*measuring, *limits, *command], cwd=directory, env=environment, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        befalling.pid = int(process.stdout.readline())
        process.wait(patience + 30)
    read: dict[str, Any] = json.loads((directory / "measured.json").read_text(encoding="utf-8"))
    return read
