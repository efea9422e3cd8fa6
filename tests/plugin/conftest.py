"""Runs of pytest as a user starts them: a process of its own, in a directory of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import warm
from tests.plugin.runs import Run


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--every-moment", action="store_true", help="fill the disk at each moment, and not only at some")


@pytest.fixture
def every_moment(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--every-moment", default=False))


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Start pytest with arguments and environment variables in an empty directory."""

    def started(*arguments: str, directory: Path = tmp_path, **environment: str) -> subprocess.CompletedProcess[str]:
        # With TOX_ENV_DIR pytest keeps what failed last in one place for all directories.
        others = ("DICOMWEB_", "PYTEST_", "GITHUB_", "TOX_")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(others)}
        command = [sys.executable, "-m", "pytest", *arguments]
        return warm.run(command, cwd=directory, env=kept | environment, capture_output=True, text=True, timeout=240)

    return started
