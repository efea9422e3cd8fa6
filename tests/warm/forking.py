"""The process that others are forked from: it has loaded the suite, and does nothing else."""

from __future__ import annotations

import array
import gc
import importlib
import io
import json
import os
import runpy
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

_LOADED = (
    *("pytest", "_pytest.config", "_pytest.junitxml", "_pytest.terminal", "xdist.plugin", "xdist.remote", "execnet"),
    *("dicomweb_conformance.cli", "dicomweb_conformance.plugin", "dicomweb_conformance.run.session"),
    *("dicomweb_conformance.run.clean_command", "dicomweb_fixtures.corpus", "dicomweb_reports.write"),
    *("dicomweb_reports.report_html", "dicomweb_reports.report_har", "dicomweb_reports.report_json"),
    *("dicomweb_reports.report_markdown", "dicomweb_reports.statement_markdown", "dicomweb_reports.report_sarif"),
    *("dicomweb_reference.serving", "dicomweb_reference.freedoms", "uvicorn.protocols.http.h11_impl"),
    *("numpy", "pydicom.encaps", "lxml.etree", "jinja2", "PIL.Image", "imagecodecs", "harfile"),
)
_STARTS = ("--dicomweb-url=embedded", "-n")
"""Arguments with which a run starts processes of Python itself."""


def begin(number: int) -> None:
    """Load the suite, and serve a channel."""
    _load()
    _serve(socket.socket(fileno=number))


def _load() -> None:
    from dicomweb_conformance.plugin import SCENARIOS

    checks = [".".join(path.with_suffix("").parts[-2:]) for path in SCENARIOS.glob("*/test_*.py")]
    for name in (*_LOADED, *(f"dicomweb_conformance.scenarios.{check}" for check in sorted(checks))):
        importlib.import_module(name)
    from _pytest.assertion.rewrite import AssertionRewritingHook

    _read_what_never_changes()
    # A run would warn that its plug-ins were loaded before pytest was.
    AssertionRewritingHook._warn_already_imported = lambda *_: None  # type: ignore[method-assign]
    gc.collect()
    gc.freeze()


def _read_what_never_changes() -> None:
    """Read the catalogue and compile the templates of reports, which each run keeps once it has them."""
    from dicomweb_conformance.catalogue import requirements
    from dicomweb_conformance.run import coverage
    from dicomweb_reports import report_html

    requirements.load()
    coverage.checks()
    pages = report_html.environment()
    for name in pages.list_templates():
        pages.get_template(name)


def _serve(channel: socket.socket) -> None:
    """Fork a process for each request on a channel, and tell its number, until the channel ends."""
    while True:
        size, ancillary, _, _ = channel.recvmsg(8, socket.CMSG_SPACE(3 * 4))
        if not size:
            os._exit(0)
        streams = array.array("i")
        streams.frombytes(ancillary[0][2])
        asked = json.loads(_read(channel, int.from_bytes(size, "big")))
        told, tells = os.pipe()
        between = os.fork()
        if between == 0:
            # Its parent ends at once: so it becomes a child of the process that asked for it, and begins as that.
            parent = os.getpid()
            if pid := os.fork():
                os.write(tells, pid.to_bytes(8, "big"))
                os._exit(0)
            while os.getppid() == parent:
                os.sched_yield()
            for each in (channel.detach(), told, tells):
                os.close(each)
            _be(asked, streams)
            sys.exit()
        os.close(tells)
        for stream in streams:
            os.close(stream)
        os.waitpid(between, 0)
        pid_told = os.read(told, 8)
        os.close(told)
        channel.sendall(pid_told)


def _read(channel: socket.socket, size: int) -> bytes:
    octets = bytearray()
    while len(octets) < size:
        octets += channel.recv(size - len(octets))
    return bytes(octets)


def _be(asked: Mapping[str, Any], streams: Sequence[int]) -> None:
    """Become the process that was asked for, and end as it does."""
    if asked["session"]:
        os.setsid()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    os.environ.clear()
    os.environ.update(asked["environment"])
    os.chdir(asked["directory"])
    time.tzset()
    tempfile.tempdir = None
    command = list(asked["command"])
    _take(streams, unbuffered="-u" in command[:2])
    if any(each in _STARTS for each in command):
        _fork_through_another()
    sys.path.remove(str(Path(__file__).parents[2]))
    while command[0] in {"-u", "-P"}:
        if command.pop(0) == "-P":
            continue
    how, what, *arguments = command
    for name in [module for module in sys.modules if module == "tests" or module.startswith("tests.")]:
        del sys.modules[name]
    importlib.invalidate_caches()
    sys.argv = [how, *arguments]
    if how == "-m":
        sys.path.insert(0, asked["directory"])
        runpy.run_module(what, run_name="__main__", alter_sys=True)
    else:
        sys.path.insert(0, "")
        main = sys.modules["__main__"]
        main.__dict__.pop("__file__", None)
        exec(compile(what, "<string>", "exec"), main.__dict__)  # noqa: S102 - as Python does with what stands after -c


def _take(streams: Sequence[int], *, unbuffered: bool) -> None:
    for number, each in enumerate(streams):
        os.dup2(each, number)
    for each in streams:
        os.close(each)
    given, printed, said = (os.fdopen(number, mode, closefd=False) for number, mode in enumerate(("rb", "wb", "wb")))
    sys.stdin = sys.__stdin__ = io.TextIOWrapper(given, encoding="utf-8")
    sys.stdout = sys.__stdout__ = io.TextIOWrapper(
        printed, encoding="utf-8", write_through=unbuffered, line_buffering=os.isatty(1)
    )
    sys.stderr = sys.__stderr__ = io.TextIOWrapper(
        said, encoding="utf-8", errors="backslashreplace", line_buffering=True
    )


def _fork_through_another() -> None:
    """Have what this process starts forked, too: from a process that is as this one is before it began."""
    from tests.warm import starting

    ours, theirs = socket.socketpair()
    if os.fork() == 0:
        ours.close()
        # It ends with the process that it serves, whatever that hears.
        for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(each, signal.SIG_IGN)
        _serve(theirs)
    theirs.close()
    starting.fork_through(ours)
    subprocess.Popen = starting.Popen  # type: ignore[misc]
