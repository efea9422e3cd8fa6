"""A plugin of pytest that crashes in a check, and says in each way what nobody should read: `-p telling_all`."""

from __future__ import annotations

import logging
import os
import sys
import threading
import warnings
from typing import Any

import pytest


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> None:
    """Crash in one check; in another one only talk."""
    said = os.environ["SAID"]
    if pyfuncitem.name == "test_studies" and "CRASH" not in os.environ:
        print(said)  # noqa: T201 - it is to be captured
        sys.stderr.write(said)
        logging.getLogger("talk").warning("said %s", said)
        warnings.warn(said, stacklevel=1)
        try:
            raise ValueError(said)
        except ValueError:
            logging.getLogger("talk").exception("it went wrong")
        threading.Thread(target=_fail, args=(said,)).start()
        _crash({"nested": [repr(said), (said, 1)]}, said, said.encode(), os.environ.get("DICOMWEB_PASSWORD"))


def _fail(said: str) -> None:
    raise RuntimeError(said)


def _crash(options: dict[str, Any], said: str, octets: bytes, password: str | None) -> None:
    beginning, end = "x" * 200 + said, said + "x" * 200
    nobody = [octets, options, password, beginning, end]
    assert nobody == [said], said


def pytest_runtestloop() -> None:
    """Crash outside of any check, where that is asked for."""
    if os.environ.get("CRASH") == "in the loop":
        said = os.environ["SAID"]
        raise RuntimeError(f"internal: {said}")


def pytest_sessionfinish() -> None:
    """Crash when all is over, where that is asked for."""
    if os.environ.get("CRASH") == "at the end":
        raise RuntimeError(f"internal: {os.environ['SAID']}")
