"""Run directories that several tests read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.reports.realistic_run import realistic
from tests.reports.run_directory import RunDirectory

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def directory(tmp_path: Path) -> RunDirectory:
    """An empty run directory."""
    return RunDirectory(tmp_path)


@pytest.fixture(scope="session")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> RunDirectory:
    """A realistic run against a server with faults; read it, do not add to it."""
    return realistic(tmp_path_factory.mktemp("faulty"))
