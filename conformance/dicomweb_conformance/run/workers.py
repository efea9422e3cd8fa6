"""Workers of pytest-xdist, which may be processes of other machines: what they are handed, and who cannot take part.

What the processes of a run share lies in the directory of its report. A worker that sees another directory under that
name would judge on its own: store what the others store, keep no rate with them, and leave a ledger that nobody reads.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Any

import pytest

from dicomweb_conformance.record import disk
from dicomweb_conformance.run.report_directory import STATE
from dicomweb_conformance.settings.options import Settings, given_elsewhere
from dicomweb_conformance.settings.table import OPTIONS, OptionError

_MARK = "run"
_REFUSED = "dicomweb-refused"
_OF_XDIST = "execmodel=main_thread_only//"
"""What pytest-xdist puts before the specification of a gateway."""


def mark(report: Path) -> None:
    """Mark the directory of a report as that of this run, for workers to find there.

    Raises:
        NotWrittenError: there is no room for it.
    """
    disk.put(report / STATE / _MARK, secrets.token_hex())


def is_marked(report: Path) -> bool:
    """Tell the controller whether the directory that it marked is still where it was."""
    return bool(_read(report))


def handed(config: pytest.Config, settings: Settings) -> dict[str, Any]:
    """Return what only the controller knows, and a worker needs: where it runs nobody need have set anything."""
    command_line = {option.ini: config.getoption(option.ini) for option in OPTIONS}
    ini = {option.ini: config.getini(option.ini) for option in OPTIONS if option.name != "target"}
    return {
        "url": settings.target.url,
        "settings": given_elsewhere(command_line, os.environ, ini) | {"dicomweb_seed": settings.seed},
        "directory": str(config.invocation_params.dir),
        "mark": _read(settings.report),
    }


def share_out_evenly(config: pytest.Config) -> None:
    """Have each worker get its next check when it is through with one, unless the command line says otherwise.

    Checks of one kind stand together and take as long: handed out in large pieces, those of the slowest kind would all
    be one worker's, for which the others wait.
    """
    if getattr(config.option, "maxschedchunk", 0) is None:
        config.option.maxschedchunk = 1


def must_share(report: Path, marked: str) -> None:
    """See that the directory of the report is the one that the controller marked.

    Raises:
        OptionError: it is another; says what to do.
    """
    if not marked or _read(report) != marked:
        raise OptionError(
            f"{report} is not the directory that the other processes of the run write to, and what they share is "
            "there: --dicomweb-report=DIR names one by an absolute path that leads to the same place on every machine"
        )


def _read(report: Path) -> str:
    try:
        return (report / STATE / _MARK).read_text(encoding="utf-8")
    except OSError:
        return ""


class Refusing:
    """What a worker does that cannot take part: it tells the controller why, and collects nothing.

    Args:
        config: pytest's.
        why: what is wrong with its settings or its surroundings.
    """

    def __init__(self, config: pytest.Config, why: str) -> None:
        self._config = config
        self._why = why

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self) -> None:
        """End the worker in good order: one that breaks down is started again and again."""
        pytest.exit(self._why, returncode=pytest.ExitCode.USAGE_ERROR)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        """Hand over the reason."""
        self._config.workeroutput[_REFUSED] = self._why  # type: ignore[attr-defined]  # set by xdist


def refusal(node: Any) -> str:
    """Return why a worker that has ended could not take part, and which it was; "" where it could."""
    why = getattr(node, "workeroutput", {}).get(_REFUSED)
    where = str(node.gateway.spec).removeprefix(_OF_XDIST)
    return f"worker {node.gateway.id} ({where}) cannot take part: {why}" if why else ""
