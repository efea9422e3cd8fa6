"""Requests to end from outside, taken as Ctrl-C is: what was stored is removed, what was concluded is reported."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_REQUESTS = ("SIGTERM", "SIGHUP")


class HangupError(KeyboardInterrupt):
    """The terminal is gone: whatever is written to it fails."""


@contextmanager
def taken_as_interrupt() -> Iterator[None]:
    """Raise KeyboardInterrupt at SIGTERM, of CI systems and containers, and at SIGHUP, of a terminal that closes.

    Each ends what it meets, as each Ctrl-C does. Whoever handles such a signal already, or ignores it as `nohup` does,
    goes on doing so, and outside the main thread nobody can.
    """
    taken = []
    if threading.current_thread() is threading.main_thread():
        wanted = [getattr(signal, name) for name in _REQUESTS if hasattr(signal, name)]
        taken = [each for each in wanted if signal.getsignal(each) is signal.SIG_DFL]
    for each in taken:
        signal.signal(each, _interrupt)
    try:
        yield
    finally:
        for each in taken:
            signal.signal(each, signal.SIG_DFL)


def _interrupt(number: int, _frame: FrameType | None) -> None:
    name = signal.Signals(number).name
    raise HangupError(name) if name == "SIGHUP" else KeyboardInterrupt(name)
