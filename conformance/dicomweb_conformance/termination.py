"""A request to end from outside, taken as Ctrl-C is: what was stored is removed, what was concluded is reported."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def taken_as_interrupt() -> Iterator[None]:
    """Raise KeyboardInterrupt at the first SIGTERM, which CI systems and containers send; the second one ends at once.

    Whoever handles that signal already goes on doing so, and outside the main thread nobody can.
    """
    in_main = threading.current_thread() is threading.main_thread()
    if not in_main or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    raise KeyboardInterrupt("SIGTERM")
