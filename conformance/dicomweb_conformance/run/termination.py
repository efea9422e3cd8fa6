"""Requests to end from outside, taken as Ctrl-C is: what was stored is removed, what was concluded is reported."""

from __future__ import annotations

import errno
import os
import signal
import stat
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import ParamSpec

_P = ParamSpec("_P")

_REQUESTS = ("SIGTERM", "SIGHUP")


class HangupError(KeyboardInterrupt):
    """The terminal, or whatever else read what a run prints, is gone: whatever is written to it fails."""


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


def telling(write: Callable[_P, None]) -> Callable[_P, None]:
    """Return a function that writes for somebody, and takes it as a request to end when nobody reads any more.

    A terminal that closes may be noticed by a write before the signal arrives, and a pipe that closes has no signal.
    """

    def told(*args: _P.args, **kwargs: _P.kwargs) -> None:
        try:
            write(*args, **kwargs)
        except OSError as error:
            if error.errno not in (errno.EIO, errno.EPIPE):
                raise
            raise HangupError("nobody reads what is printed") from error

    return told


def leave_readers() -> None:
    """Let standard output and error lead nowhere where whoever read them is gone.

    What is still buffered for them would otherwise end the process with the interpreter's own status, 120.
    """
    for stream in (sys.__stdout__, sys.__stderr__):
        if stream is None:
            continue
        try:
            stream.flush()
            gone = stat.S_ISCHR(os.fstat(stream.fileno()).st_mode)
        except OSError:
            gone = True
        if gone:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, stream.fileno())
            os.close(nowhere)


def _interrupt(number: int, _frame: FrameType | None) -> None:
    name = signal.Signals(number).name
    raise HangupError(name) if name == "SIGHUP" else KeyboardInterrupt(name)
