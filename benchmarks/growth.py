"""What grows with what a target holds of others: `python benchmarks/growth.py [studies ...]`, or `--run` beside it.

The reference server is filled with studies of others (100, 1,000, 10,000, 100,000 unless others are named), and asked
what a suite asks it, and all that it has, which no suite asks. Processor time is that of the server, of one request
each. With `--run` each of these servers is judged, too, and nothing else: the suite's own processor time, how many
checks had a verdict, and whether they were the same as with the fewest. `--plot=FILE` draws that (`pip install
'.[benchmarks]'`).
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from plot import Point, draw

from dicomweb_reference.archive import Instance
from dicomweb_reference.server import Reference
from dicomweb_reference.serving import running

SIZES = (100, 1_000, 10_000, 100_000)
ROOT = "1.2.826.0.1.3680043.9.7433.9"
OCTETS = b"\0" * 512
ASKED = {
    "by study": "studies?StudyInstanceUID={study}",
    "by patient": "studies?PatientID={patient}",
    "by name": "studies?PatientName=foreign^{name}*",
    "a page": "studies?limit=50&offset=50",
    "all": "studies",
}
CHECKS = "smoke or search-limit or search-matches-study"


def row(number: int) -> dict[str, Any]:
    """Return what can be searched of the only instance of a study of others."""
    study, series, instance = (f"{ROOT}.{number}.{level}" for level in range(3))
    values: dict[str, tuple[str, Any]] = {
        "00080016": ("UI", "1.2.840.10008.5.1.4.1.1.2"),
        "00080018": ("UI", instance),
        "00080020": ("DA", f"19{number % 90 + 10}0417"),
        "00080030": ("TM", "130713"),
        "00080050": ("SH", f"F{number}"),
        "00080060": ("CS", "CT"),
        "00080090": ("PN", {"Alphabetic": "Foreign^Referrer"}),
        "00081030": ("LO", f"Study {number} of somebody else"),
        "00100010": ("PN", {"Alphabetic": f"Foreign^{number}"}),
        "00100020": ("LO", f"FOREIGN-{number}"),
        "00100030": ("DA", "19500418"),
        "00100040": ("CS", "O"),
        "0020000D": ("UI", study),
        "0020000E": ("UI", series),
        "00200010": ("SH", str(number)),
        "00200011": ("IS", 1),
        "00200013": ("IS", 1),
    }
    return {tag: {"vr": vr, "Value": [value]} for tag, (vr, value) in values.items()}


def filled(studies: int) -> Reference:
    """Return a reference server that holds so many studies of others."""
    reference = Reference()
    syntax = "1.2.840.10008.1.2.1"
    for number in range(studies):
        found = row(number)
        uids = (found[tag]["Value"][0] for tag in ("0020000D", "0020000E", "00080018"))
        reference.archive.add(Instance(*uids, found["00080016"]["Value"][0], syntax, found), OCTETS)
    return reference


def asked(reference: Reference, target: str) -> tuple[float, int, int]:
    """Ask for one resource without a socket; return processor time, results, octets."""
    path, _, query = target.partition("?")
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": f"{reference.prefix}/{path}",
        "raw_path": f"{reference.prefix}/{path}".encode(),
        "query_string": query.replace("^", "%5E").encode(),
        "headers": [(b"host", b"127.0.0.1")],
        "server": ("127.0.0.1", 80),
        "client": ("127.0.0.1", 1),
    }
    body: list[bytes] = []

    requests = iter([{"type": "http.request", "body": b"", "more_body": False}])

    async def receive() -> dict[str, Any]:
        for request in requests:
            return request
        await asyncio.Event().wait()  # a client that stays
        raise AssertionError

    async def send(message: Any) -> None:
        body.append(message.get("body", b""))

    began = time.process_time()
    asyncio.run(reference.app(scope, receive, send))
    took = time.process_time() - began
    octets = b"".join(body)
    return took, len(json.loads(octets)) if octets else 0, len(octets)


def searches(studies: int) -> None:
    """Print what searches take of a server that holds so many."""
    began = time.process_time()
    reference = filled(studies)
    say(f"{studies:>7,} studies, filled in {time.process_time() - began:.1f} s")
    middle = studies // 2
    for name, target in ASKED.items():
        url = target.format(study=f"{ROOT}.{middle}.0", patient=f"FOREIGN-{middle}", name=middle)
        first, found, octets = asked(reference, url)
        again = asked(reference, url)[0]
        took = f"{1000 * first:9.1f} ms, again {1000 * again:9.1f} ms"
        say(f"        {name:<11} {took}, {found:>7,} results, {octets:,} octets")
    reference.close()


@dataclass(frozen=True)
class Judged:
    """What a run took: seconds of the suite's processor, MB at most, exchanges, and the verdict of each check."""

    processor: float
    peak: float
    exchanges: int
    verdicts: Mapping[str, str]


@contextmanager
def judged(studies: int, directory: Path) -> Iterator[Judged]:
    """Judge a server that holds so many by the checks of searches; yield what that took."""
    with running(filled(studies)) as url:
        command = [sys.executable, "-m", "pytest", "-q", f"--dicomweb-url={url}", "-p", "no:cacheprovider"]
        command += [f"--dicomweb-report={directory}", "--dicomweb-seed=1", "-k", CHECKS]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603 - our own module
        _, _, used = os.wait4(process.pid, 0)
        results = json.loads((directory / "report.json").read_text("utf-8"))["results"]
        exchanges = (directory / "run.jsonl").read_text("utf-8").count('{"event": "exchange"')
    verdicts = {each["check"]: each["verdict"] for each in results}
    yield Judged(used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, exchanges, verdicts)


def runs(sizes: Sequence[int], to: Path | None = None) -> None:
    """Print what a run takes beside so many studies of others, and whether its verdicts change with their number."""
    first: Mapping[str, str] = {}
    points: list[Point] = []
    for studies in sizes:
        with tempfile.TemporaryDirectory() as made, judged(studies, Path(made) / "report") as found:
            first = first or found.verdicts
            other = [check for check in found.verdicts if found.verdicts[check] != first.get(check)]
            say(
                f"{studies:>7,} studies: {found.processor:6.1f} s of the suite's processor, {found.peak:4.0f} MB at "
                f"most, {found.exchanges} exchanges, {len(found.verdicts)} verdicts, other than with the fewest: "
                f"{', '.join(other) or 'none'}"
            )
            points.append(Point("a run", studies, found.processor, found.peak))
    if to:
        draw(to, "a run, by the studies of others on its target", "studies of others", points)


def say(line: str) -> None:
    """Print a figure as soon as it is known."""
    print(line, flush=True)  # noqa: T201 - this is what it is for


if __name__ == "__main__":
    named = [int(each) for each in sys.argv[1:] if each.isdigit()] or list(SIZES)
    plots = [each.removeprefix("--plot=") for each in sys.argv[1:] if each.startswith("--plot=")]
    if "--run" in sys.argv:
        runs(named, Path(plots[0]) if plots else None)
    else:
        for number in named:
            searches(number)
