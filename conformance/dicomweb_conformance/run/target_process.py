"""Starting a target for a run, by a command that somebody gave, and bringing it back."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from dicomweb_conformance.probes.liveness import RestartFailedError

END = 10.0
"""Seconds that a target may take to end when it is asked to."""
RESTART = 120.0
"""Seconds that a restart command may run."""


@dataclass(frozen=True)
class Started:
    """A target that runs by a shell command, in a session of its own, whichever process of the run started it last.

    Attributes:
        command: for the shell; it stays in the foreground.
        log: takes what it prints.
        pid: a file that names the process.
    """

    command: str
    log: Path
    pid: Path

    def start(self) -> None:
        """Start it; that it answers is for others to see."""
        with self.log.open("ab") as output:
            process = subprocess.Popen(  # noqa: S602 - a command of the user's, for the user's shell
                self.command,
                shell=True,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.pid.write_text(str(process.pid), encoding="ascii")
        _CHILDREN[process.pid] = process

    def stop(self) -> None:
        """End it with all that it started; nothing where it has ended already."""
        try:
            pid = int(self.pid.read_text(encoding="ascii"))
        except (FileNotFoundError, ValueError):
            return
        for ending in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(pid, ending)
            if _ends(pid):
                break
        self.pid.unlink(missing_ok=True)

    def restart(self) -> None:
        """Start it anew."""
        self.stop()
        self.start()


_CHILDREN: dict[int, subprocess.Popen[bytes]] = {}


def _ends(pid: int) -> bool:
    deadline = time.monotonic() + END
    while time.monotonic() < deadline:
        if pid in _CHILDREN:
            _CHILDREN[pid].poll()
        try:
            os.killpg(pid, 0)
        except (ProcessLookupError, PermissionError):
            return True
        time.sleep(0.02)  # between two questions of a bounded wait
    return False


def run_restart(command: str, log: Path) -> None:
    """Run the command that brings a target back.

    Raises:
        RestartFailedError: it failed, or ran for too long.
    """
    with log.open("ab") as output:
        try:
            ended = subprocess.run(  # noqa: S602 - a command of the user's, for the user's shell
                command,
                shell=True,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                timeout=RESTART,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise RestartFailedError(f"{command!r} ran for more than {RESTART:g} s") from None
    if ended.returncode:
        raise RestartFailedError(f"{command!r} ended with {ended.returncode}; what it printed is in {log}")
