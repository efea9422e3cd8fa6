"""`dicomweb-conformance run URL` judges wherever it is called: nothing of the project around has a part in it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest


def judged(directory: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("DICOMWEB_", "PYTEST_"))}
    program = Path(sys.executable).with_name("dicomweb-conformance")
    return subprocess.run(
        [program, "run", *arguments],
        cwd=directory,
        env=kept | environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture
def foreign(tmp_path: Path) -> Path:
    """A project whose ini, conftest and modules would each spoil a run."""
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --no-such-option\npython_files = nothing_*.py\n")
    (tmp_path / "conftest.py").write_text("raise RuntimeError('the conftest of the project was loaded')\n")
    (tmp_path / "requests.py").write_text("raise RuntimeError('a module of the project was imported')\n")
    (tmp_path / "test_own.py").write_text("def test_own():\n    assert False\n")
    return tmp_path


def test_the_project_around_has_no_part_in_it(foreign: Path) -> None:
    ended = judged(foreign, "embedded", "-m", "smoke", "-q", PYTEST_ADDOPTS="--maxfail=0 -k nothing")

    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert ended.stdout.splitlines()[-1] == str(foreign / "reports/latest/report.html")
    assert "test_own" not in ended.stdout


def test_options_and_workers_are_passed_on(foreign: Path) -> None:
    ended = judged(foreign, "embedded", "-k", "search-limit-caps", "-n", "2", "-q", "--dicomweb-seed=7")

    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert '"seed": 7' in (foreign / "reports/latest/report.json").read_text(encoding="utf-8")


def test_without_a_target_it_says_what_is_missing(tmp_path: Path) -> None:
    ended = judged(tmp_path, "-q")

    assert ended.returncode == 2
    assert "--dicomweb-target=FILE" in ended.stderr
