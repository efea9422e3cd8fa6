"""What a run costs beside its target, as ratios taken in one go: `python benchmarks/overhead.py [-m smoke]`.

Processor time, which other work on the machine changes little, is that of the suite alone: the reference server is a
process of its own. `start`, `exchanges` or `latency` behind the name of this file take one of the three alone; what
follows goes to pytest, to select checks.

Start: how many times the start of a bare pytest it takes to collect all checks, and to judge by one of them.
Exchanges: what one takes, sent, read, recorded and judged as a message; what a run takes for each, with all that its
checks do beside; and what the bare sending of the same requests over a plain socket takes.
Latency: the same beside a target that takes 20 ms for each answer, by the clock; and by four processes.
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from replay import replayed, sent_in

from dicomweb_reference.server import Reference
from dicomweb_reference.serving import running

TRIES = 3
TURNS = 15
"""Times that two starts which are nearly alike are taken by turns: what differs between minutes differs for both."""
LATENCY = 0.02
PYTEST = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider")
PARTS = ("start", "exchanges", "latency")
LONGEST = 600.0


class Slow(Reference):
    """The reference server as one that takes `LATENCY` seconds for each answer."""

    async def exchange(self, *arguments: Any) -> Any:
        """Answer when the time has come."""
        due = time.monotonic() + LATENCY
        answer = await super().exchange(*arguments)
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        return answer


@contextmanager
def served(kind: str = "plain") -> Iterator[str]:
    """Run the reference server, or the slow one, as a process of its own; yield its base URL."""
    command = [sys.executable, str(Path(__file__).resolve()), f"--serve={kind}"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:  # noqa: S603 - this module
        assert server.stdout
        assert server.stdin
        yield server.stdout.readline().strip()
        server.stdin.close()


def serve(kind: str) -> None:
    """Serve until standard input closes; the first line printed is the base URL."""
    with running(Slow() if kind == "slow" else Reference()) as url:
        say(url)
        sys.stdin.read()


@dataclass(frozen=True)
class Took:
    """Seconds that a process took, by the clock and of the processor."""

    wall: float
    processor: float


def timed(command: Sequence[str], directory: Path) -> Took:
    """Run a command; its processor time is that of all its processes."""
    began = time.monotonic()
    process = subprocess.Popen(command, cwd=directory, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603 - our own module
    _, _, used = os.wait4(process.pid, 0)
    return Took(time.monotonic() - began, used.ru_utime + used.ru_stime)


def least(command: Sequence[str], directory: Path) -> float:
    """Return the least processor time of several tries."""
    return min(timed(command, directory).processor for _ in range(TRIES))


def run_at(url: str, directory: Path, selection: Sequence[str], *more: str) -> Took:
    """Judge a target."""
    budget = (f"--dicomweb-budget={LONGEST}", "--dicomweb-seed=1", f"--dicomweb-report={directory / 'report'}")
    return timed((*PYTEST, f"--dicomweb-url={url}", *budget, *selection, *more), directory)


def start(directory: Path) -> None:
    """Print what a start takes."""
    without = (*PYTEST, "-p", "no:dicomweb_conformance")
    turns = [(timed(without, directory).processor, timed(PYTEST, directory).processor) for _ in range(TURNS)]
    bare, idle = (min(each) for each in zip(*turns, strict=True))
    more = statistics.median(with_it - alone for alone, with_it in turns)
    say(f"bare pytest         {bare:7.2f} s of a processor, the least of {TURNS}")
    say(f"plug-in, no target  {1000 * (idle - bare):7.0f} ms more at the least, {1000 * more:.0f} at the median")
    collecting = least((*PYTEST, "--dicomweb-url=embedded", "--co"), directory)
    say(f"--co                {collecting:7.2f} s, {collecting / bare:4.1f} times the bare start")
    with served() as url:
        one = least((*PYTEST, f"--dicomweb-url={url}", "-k", "search-limit-caps"), directory)
    say(f"one check           {one:7.2f} s, {one / bare:4.1f} times the bare start")


def exchanges(directory: Path, selection: Sequence[str]) -> None:
    """Print what an exchange takes beside its replay."""
    collecting = least((*PYTEST, "--dicomweb-url=embedded", "--co"), directory)
    times = directory / "exchanges.json"
    os.environ |= {"EXCHANGE_TIMES": str(times), "PYTHONPATH": str(Path(__file__).parent)}
    with served() as url:
        whole = run_at(url, directory, selection, "-p", "exchange_times")
    with served() as url:
        bare = replayed(sent_in(directory / "report", url), url)
    took = json.loads(times.read_text("utf-8"))
    of_run = (whole.processor - collecting) / bare.exchanges
    of_replay = bare.processor / bare.exchanges
    say(f"a run               {whole.processor:7.2f} s of a processor, {bare.exchanges} exchanges")
    median, mean = 1000 * statistics.median(took), 1000 * statistics.mean(took)
    say(f"an exchange         {median:7.2f} ms at the median, {mean:.2f} at the mean")
    say(f"with all beside it  {1000 * of_run:7.2f} ms, after the start: studies made, checks that judge, reports")
    say(f"replayed            {1000 * of_replay:7.2f} ms over a plain socket")


def latency(directory: Path, selection: Sequence[str]) -> None:
    """Print what a run takes by the clock beside a target that takes its time."""
    with served("slow") as url:
        alone = run_at(url, directory, selection)
    with served("slow") as url:
        bare = replayed(sent_in(directory / "report", url), url)
    say(
        f"20 ms an answer     {alone.wall:7.1f} s; replayed {bare.wall:.1f} s ({bare.exchanges} exchanges): "
        f"{alone.wall / bare.wall:.2f} times"
    )
    with served("slow") as url:
        four = run_at(url, directory, selection, "-n", "4")
    say(f"the same, -n 4      {four.wall:7.1f} s: {alone.wall / four.wall:.1f} times as fast as one process")


def say(line: str) -> None:
    """Print a figure as soon as it is known."""
    print(line, flush=True)  # noqa: T201 - this is what it is for


def main(arguments: Sequence[str]) -> None:
    """Print the ratios."""
    parts, selection = (arguments[:1], arguments[1:]) if arguments[:1] and arguments[0] in PARTS else (PARTS, arguments)
    with tempfile.TemporaryDirectory() as made:
        directory = Path(made)
        if "start" in parts:
            start(directory)
        if "exchanges" in parts:
            exchanges(directory, selection)
        if "latency" in parts:
            latency(directory, selection)


if __name__ == "__main__":
    first = next(iter(sys.argv[1:]), "")
    if first.startswith("--serve="):
        serve(first.removeprefix("--serve="))
    else:
        main(sys.argv[1:])
