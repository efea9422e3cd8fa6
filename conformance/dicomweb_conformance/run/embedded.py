"""The embedded reference server as a target of its own: a process that ends with the run, however the run ends."""

from __future__ import annotations

import queue
import subprocess
import sys
import threading
from dataclasses import dataclass

from dicomweb_conformance.settings.target import Product

START = 30.0
"""Seconds that the process may take to say where it listens."""


@dataclass
class Embedded:
    """A running reference server; closing its standard input, which the end of this process does too, ends it."""

    url: str
    process: subprocess.Popen[str]

    def stop(self) -> None:
        """End the process."""
        if self.process.stdin:
            self.process.stdin.close()
        try:
            self.process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if self.process.stdout:
            self.process.stdout.close()


def product(version: str) -> Product:
    """Return what a report is headed by where the embedded server of a version of the suite is judged."""
    return Product("", "The reference server of dicomweb-conformance", version)


def start(flavour: str) -> Embedded:
    """Start the reference server on a free port of 127.0.0.1 and wait until it listens.

    Args:
        flavour: `dicom` or `google`.

    Raises:
        RuntimeError: it did not; says what it printed.
    """
    command = [
        sys.executable,
        "-P",
        "-m",
        "dicomweb_reference",
        "--port",
        "0",
        "--flavour",
        flavour,
        "--until-stdin-closes",
    ]
    process = subprocess.Popen(  # noqa: S603 - our own module
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,  # Ctrl-C is for the run, which still cleans up
    )
    first: queue.Queue[str] = queue.Queue()
    threading.Thread(target=lambda: first.put(process.stdout.readline() if process.stdout else ""), daemon=True).start()
    try:
        url = first.get(timeout=START).strip()
    except queue.Empty:
        url = ""
    if not url.startswith("http"):
        process.kill()
        process.wait()
        raise RuntimeError(f"the embedded reference server did not start: {' '.join(command)} said {url!r}")
    return Embedded(url, process)
