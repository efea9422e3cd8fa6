"""What befalls a run while the target answers: its report goes, it is told to end, a process of it is killed."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass
class Befalling:
    """Does to a run what a behaviour's `act` says.

    Attributes:
        act: `SIGTERM`, `SIGINT` or `SIGHUP`; `kill worker`; `remove report`, or a directory of it; `fill disk`; or
            nothing.
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
            case ["fill", "disk"]:
                _fill(self.reports / "ballast")
            case ["remove", "report"]:
                shutil.rmtree(self.reports, ignore_errors=True)
            case ["remove", directory]:
                shutil.rmtree(self.reports / directory, ignore_errors=True)
            case [name]:
                os.kill(self.pid, signal.Signals[name])
            case _:
                raise ValueError(f"no act: {self.act}")


@contextmanager
def room(act: str, reports: Path) -> Iterator[None]:
    """Give the reports a disk of their own where it is to be filled; skips the test where none may be mounted."""
    if act != "fill disk":
        yield
        return
    reports.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m", "none", str(reports)],  # noqa: S607 - wherever the system has it
        capture_output=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip("only root may give the report a disk of its own")
    kept = reports.with_name("report of a full disk")
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            (reports / "ballast").unlink()
        shutil.copytree(reports, kept)
        subprocess.run(["umount", "-l", str(reports)], capture_output=True, check=True)  # noqa: S607 - likewise
        reports.rmdir()
        kept.rename(reports)


def _fill(ballast: Path) -> None:
    with contextlib.suppress(OSError), ballast.open("ab", buffering=0) as file:
        for size in (1 << 16, 1 << 10, 1):
            with contextlib.suppress(OSError):
                while True:
                    file.write(bytes(size))


def _children(pid: int) -> list[int]:
    """Return the processes that a process started (proc(5))."""
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()]
