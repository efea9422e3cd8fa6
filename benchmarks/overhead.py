"""What a run costs beside its target, as ratios taken in one go: `python benchmarks/overhead.py [-m smoke]`.

Processor time, which other work on the machine changes little, is that of the suite alone: the reference server is a
process of its own. What follows the name of this file goes to pytest, to select fewer checks than all.

Start: how many times the start of a bare pytest it takes to collect all checks, and to judge by one of them.
Exchanges: how many times the bare sending of the same GET requests, one after the other over one connection, a run
takes for each exchange.
"""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

TRIES = 3
PYTEST = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider")


@contextmanager
def reference() -> Iterator[str]:
    """Run the reference server as a process of its own; yield its base URL."""
    command = [sys.executable, "-P", "-m", "dicomweb_reference", "--port", "0", "--until-stdin-closes"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:  # noqa: S603 - our own module
        assert server.stdout
        assert server.stdin
        yield server.stdout.readline().strip()
        server.stdin.close()


def processor_seconds(command: Sequence[str], directory: Path) -> float:
    """Run a command and return the processor time, user and system, of its process."""
    process = subprocess.Popen(command, cwd=directory, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603 - as above
    _, _, used = os.wait4(process.pid, 0)
    return used.ru_utime + used.ru_stime


def least(command: Sequence[str], directory: Path) -> float:
    """Return the least processor time of several tries."""
    return min(processor_seconds(command, directory) for _ in range(TRIES))


def replayed(urls: Sequence[str]) -> float:
    """Send GET requests and read the responses; return the processor time of each."""
    connection = http.client.HTTPConnection(urlsplit(urls[0]).netloc)
    began = time.process_time()
    for url in urls:
        connection.request("GET", url[url.index("/", len("http://")) :])
        connection.getresponse().read()
    return (time.process_time() - began) / len(urls)


def main(selection: Sequence[str]) -> None:
    """Print the ratios."""
    with tempfile.TemporaryDirectory() as made, reference() as url:
        directory = Path(made)
        bare = least((*PYTEST, "-p", "no:dicomweb_conformance"), directory)
        say(f"bare pytest         {bare:7.2f} s of a processor")
        idle = least(PYTEST, directory)
        say(f"plug-in, no target  {1000 * (idle - bare):7.0f} ms more")
        collecting = least((*PYTEST, "--dicomweb-url=embedded", "--co"), directory)
        say(f"--co                {collecting:7.2f} s, {collecting / bare:4.1f} times the bare start")
        one = least((*PYTEST, f"--dicomweb-url={url}", "-k", "search-limit-caps"), directory)
        say(f"one check           {one:7.2f} s, {one / bare:4.1f} times the bare start")
        whole = processor_seconds((*PYTEST, f"--dicomweb-url={url}", *selection), directory)
        record = (directory / "reports/latest/run.jsonl").read_text("utf-8").splitlines()
        exchanges = [each for each in map(json.loads, record) if each["event"] == "exchange"]
        say(f"a run               {whole:7.2f} s, {len(exchanges)} exchanges")
        of_run = (whole - collecting) / len(exchanges)
        of_replay = replayed([each["url"] for each in exchanges if each["method"] == "GET"])
        say(f"an exchange         {1000 * of_run:7.2f} ms after the start, {of_run / of_replay:4.1f} times a bare GET")


def say(line: str) -> None:
    """Print a figure as soon as it is known."""
    print(line, flush=True)  # noqa: T201 - this is what it is for


if __name__ == "__main__":
    main(sys.argv[1:])
