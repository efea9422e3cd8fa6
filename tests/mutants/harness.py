"""Runs the whole suite against a reference server in this process, and says what came of it."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path

import pytest

from dicomweb_reference.server import Reference
from dicomweb_reference.serving import running
from dicomweb_reports import record
from dicomweb_reports.record import Run

GRACE = "0.5"
"""Seconds that a mutant which loses instances may cost each check that waits for one."""


def judged(reference: Reference, directory: Path, *arguments: str) -> Run:
    """Judge a reference server with every check of the suite.

    Args:
        reference: the server, started for this and stopped afterwards.
        directory: where the run record goes, and the root directory of the inner pytest.
        arguments: further arguments of pytest.

    Raises:
        AssertionError: the target could not be judged at all; holds what was printed.
    """
    with running(reference) as url:
        return judged_at(url, directory, *arguments)


def judged_at(url: str, directory: Path, *arguments: str) -> Run:
    """Judge whatever answers at a base URL, as `judged` does."""
    status, printed, run = printed_and_judged_at(url, directory, *arguments)
    assert status != pytest.ExitCode.USAGE_ERROR, printed
    return run


def printed_and_judged_at(url: str, directory: Path, *arguments: str) -> tuple[int, str, Run]:
    """Judge whatever answers at a base URL; return exit status, what was printed, and the record."""
    printed = io.StringIO()
    own = [
        f"--dicomweb-url={url}",
        f"--dicomweb-report={directory / 'report'}",
        f"--dicomweb-grace={GRACE}",
        "--dicomweb-include=delete",
        "--dicomweb-seed=1",
        f"--rootdir={directory}",
        "--config-file=/dev/null",
        "-q",
        "--tb=no",
        "-pno:cacheprovider",
        "-pno:xdist",
        "-pno:hypothesispytest",
    ]
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        status = pytest.main([*own, *arguments])
    return int(status), printed.getvalue(), record.load(directory / "report")
