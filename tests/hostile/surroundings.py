"""What befalls a run while the target answers: its report goes, it is told to end, a process of it is killed."""

from __future__ import annotations

import os
import shutil
import signal
from dataclasses import dataclass
from pathlib import Path


@dataclass
class Befalling:
    """Does to a run what a behaviour's `act` says.

    Attributes:
        act: `SIGTERM`, `SIGINT` or `SIGHUP`; `kill worker`; `remove DIRECTORY of the report`, or nothing.
        reports: the directory of the reports.
        pid: of the run, once it is known.
    """

    act: str
    reports: Path
    pid: int = 0

    def __call__(self, number: int) -> None:
        """Do it; `number`: of the request that meets with it."""
        match self.act.split():
            case []:
                return
            case ["kill", "worker"]:
                os.kill(min(_children(self.pid)), signal.SIGKILL)
            case ["remove", "report"]:
                shutil.rmtree(self.reports, ignore_errors=True)
            case ["remove", directory]:
                shutil.rmtree(self.reports / directory, ignore_errors=True)
            case [name]:
                os.kill(self.pid, signal.Signals[name])
            case _:
                raise ValueError(f"no act: {self.act}")


def _children(pid: int) -> list[int]:
    """Return the processes that a process started (proc(5))."""
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()]
