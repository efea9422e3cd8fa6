"""`subprocess.run` and `subprocess.Popen` for the commands that users start, without the seconds that loading takes.

`python -m pytest` loads for two seconds before it judges anything. Here it is a process as ever, with its own streams,
directory, environment and process group, a child of the process that asked; but it is forked from one that has loaded
the suite already. Whatever cannot be had so is started as `subprocess` does it.
"""

from __future__ import annotations

import array
import atexit
import ctypes
import functools
import inspect
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).parents[2]
_LOCK = threading.Lock()
_PR_SET_CHILD_SUBREAPER = 36
_PARAMETERS = inspect.signature(subprocess.Popen._execute_child)  # type: ignore[attr-defined]
_AS_LOADED = frozenset({"-u", "-P"})
"""Options of Python that change nothing in a process that has loaded what it needs, or that `forking` heeds."""


def run(
    command: Sequence[str],
    *,
    timeout: float,
    input: str | None = None,  # noqa: A002 - as subprocess calls it
    check: bool = False,
    **options: Any,
) -> subprocess.CompletedProcess[Any]:
    """Do as `subprocess.run` does, with its options.

    Raises:
        subprocess.TimeoutExpired: it went on for longer; it was killed.
        subprocess.CalledProcessError: it failed, and `check` is set.
    """
    if options.pop("capture_output", False):
        options |= {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    if input is not None:
        options["stdin"] = subprocess.PIPE
    with Popen(command, **options) as process:
        try:
            out, err = process.communicate(input, timeout=timeout)
        except BaseException:
            process.kill()
            raise
    ended: subprocess.CompletedProcess[Any] = subprocess.CompletedProcess(command, process.returncode, out, err)
    if check:
        ended.check_returncode()
    return ended


class Popen(subprocess.Popen):  # type: ignore[type-arg]  # of text or of octets, as its options say
    """A process as `subprocess.Popen` gives it."""

    def _execute_child(self, *arguments: Any) -> None:
        asked = _PARAMETERS.bind(self, *arguments).arguments
        given = {**os.environ} if asked["env"] is None else {**asked["env"]}
        if not _can_be_forked(asked, given):
            super()._execute_child(*arguments)  # type: ignore[misc]
            return
        streams = [asked["p2cread"], asked["c2pwrite"], asked["errwrite"]]
        self.pid = _forked(
            {
                "command": [str(each) for each in asked["args"][1:]],
                "directory": os.path.abspath(asked["cwd"] or os.curdir),  # noqa: PTH100 - a link is not followed
                "environment": {str(name): str(value) for name, value in given.items()},
                "session": bool(asked["start_new_session"]),
            },
            [number if each == -1 else each for number, each in enumerate(streams)],
        )
        self._child_created = True
        kept = {asked["p2cwrite"], asked["c2pread"], asked["errread"]}
        for each in set(streams) - {-1}:
            if each not in kept and each in self._to_close(asked):
                os.close(each)

    def _to_close(self, asked: Mapping[str, Any]) -> set[int]:
        """The ends of pipes that only the child has use for: those whose other end is ours."""
        pairs = (("p2cread", "p2cwrite"), ("c2pwrite", "c2pread"), ("errwrite", "errread"))
        return {asked[theirs] for theirs, ours in pairs if asked[ours] != -1}


def _can_be_forked(asked: Mapping[str, Any], environment: Mapping[str, str]) -> bool:
    if sys.platform != "linux" or asked["shell"] or asked["preexec_fn"] or asked["pass_fds"] or asked["executable"]:
        return False
    command = [*map(str, asked["args"])] if isinstance(asked["args"], (list, tuple)) else []
    after = [each for each in command[1:3] if each not in _AS_LOADED]
    return command[:1] == [sys.executable] and after[:1] in (["-m"], ["-c"]) and _told(environment) == _told(os.environ)


def _told(environment: Mapping[str, str]) -> dict[str, str]:
    """What an environment tells Python itself as it starts."""
    return {name: value for name, value in environment.items() if name.startswith(("PYTHON", "LC_", "LANG", "LD_"))}


def _forked(asked: Mapping[str, Any], streams: Sequence[int]) -> int:
    octets = json.dumps(asked).encode()
    with _LOCK:
        channel = _channel()
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", streams))]
        channel.sendmsg([len(octets).to_bytes(8, "big")], rights)
        channel.sendall(octets)
        told = channel.recv(8)
    if len(told) < 8:
        raise RuntimeError("the process that others are forked from has ended")
    return int.from_bytes(told, "big")


def fork_through(channel: socket.socket) -> None:
    """Have the processes that this one starts forked by whoever listens at the other end of a channel."""
    global _channel  # noqa: PLW0603 - there is one in a process
    _adopt()
    _channel = functools.cache(lambda: channel)


@functools.cache
def _channel() -> socket.socket:
    """Start the process that others are forked from; it ends when this one does."""
    _adopt()
    ours, theirs = socket.socketpair()
    program = (
        f"import sys; sys.path.append({str(_ROOT)!r}); from tests.warm import forking; forking.begin({theirs.fileno()})"
    )
    with theirs:
        process = subprocess.Popen(
            [sys.executable, "-P", "-c", program], pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, cwd="/"
        )

    def end() -> None:
        ours.close()
        process.wait(10)

    atexit.register(end)
    return ours


def _adopt() -> None:
    """Become the parent of processes whose own parent ended: what is forked for this process is its child."""
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
