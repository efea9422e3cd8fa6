"""A conformance run that no project around it has any part in: neither its ini, nor its conftest, nor its modules."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pytest

_SUITE = Path(__file__).parents[1]
_SCENARIOS = _SUITE / "scenarios"
_CONFIGURATION = Path(__file__).with_name("isolated.ini")
_OF_THE_PROJECT = ("PYTEST_ADDOPTS", "PYTEST_PLUGINS")


def is_isolated(config: pytest.Config) -> bool:
    """Tell whether a run is one of these."""
    return config.inipath == _CONFIGURATION


def run(arguments: Sequence[str]) -> int:
    """Judge a target and return the exit status.

    Args:
        arguments: options of pytest and of this suite; files or node ids among them select checks.
    """
    for name in _OF_THE_PROJECT:
        os.environ.pop(name, None)
    named = [argument for argument in arguments if not argument.startswith("-") and "::" in argument]
    # Files on the command line keep pytest from looking for a conftest in the current directory.
    selected = [] if named else [str(path) for path in sorted(_SCENARIOS.glob("*/test_*.py"))]
    own = [
        f"--config-file={_CONFIGURATION}",
        f"--rootdir={_SUITE}",
        f"--confcutdir={_SUITE}",
        f"--override-ini=cache_dir={Path.cwd() / '.pytest_cache'}",
    ]
    return int(pytest.main([*own, *arguments, *selected]))
