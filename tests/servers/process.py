"""Starting a real server for a test: on a free port, until the test is over."""

from __future__ import annotations

import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

START = 30.0


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


@contextmanager
def started(command: Sequence[str | Path], directory: Path, answers: str) -> Iterator[None]:
    """Run a server in a directory, where its log goes too.

    Args:
        command: the program and its arguments.
        directory: the process's working directory.
        answers: a URL that it answers with a status below 400 once it is up.

    Raises:
        RuntimeError: it did not answer within 30 s; holds the end of its log.
    """
    log = directory / "log"
    with (
        log.open("wb") as output,
        subprocess.Popen(
            [*map(str, command)], stdout=output, stderr=output, stdin=subprocess.DEVNULL, cwd=directory
        ) as process,
    ):
        try:
            _wait(answers, process, log)
            yield
        finally:
            process.terminate()
            process.wait(timeout=10)


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)  # between two questions of a bounded wait
    raise RuntimeError(f"the server did not answer: {log.read_text(errors='replace')[-2000:]}")
