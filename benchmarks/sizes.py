"""What one instance takes by its size, and a series by its instances: `python benchmarks/sizes.py instance [MB ...]`.

`instance` (1, 10, 100, 1,000, 2,000 MB unless others are named): an image is sent while it is made, three of its frames
are compared, and all of it is received as a stream, part by part, its octets compared by digest with those sent.

`series` (1, 10, 100, 1,000, 5,000 instances): stored by one request, searched, its metadata retrieved and read, and
itself retrieved, each response judged by the rows of all messages as in a run, as far as it is read (`http.limits`).

Each size is a process of its own beside a reference server in another; times are of the suite's processor, and peak
memory that of its process, with Python and its libraries. `--plot=FILE` draws both (`pip install '.[benchmarks]'`).
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import urllib3
from plot import Point, draw

from dicomweb_conformance.catalogue.profile import load_profile
from dicomweb_conformance.http import media_types, multipart
from dicomweb_conformance.http.unreadable import TooLargeError
from dicomweb_conformance.reading import json_documents
from dicomweb_conformance.run import report_directory
from dicomweb_conformance.run.instruments import Instruments, instruments
from dicomweb_conformance.settings.options import resolve
from dicomweb_fixtures.fresh import Fresh
from dicomweb_fixtures.payloads import streamed
from dicomweb_fixtures.payloads.streamed import StreamedImage

SIZES = {"instance": (1, 10, 100, 1_000, 2_000), "series": (1, 10, 100, 1_000, 5_000)}
UNITS = {"instance": "MB", "series": "instances"}
FRAME = 2 * streamed.ROWS * streamed.COLUMNS
PIECE = 1 << 16
LONGEST = 600
"""Seconds that one size is given."""


class Steps:
    """Times the steps of one size, and sees how much memory there was up to the end of each."""

    def __init__(self) -> None:
        self.found: dict[str, dict[str, Any]] = {}

    @contextmanager
    def step(self, name: str) -> Iterator[dict[str, Any]]:
        """Measure one; what is put into the dictionary is told beside it."""
        seen: dict[str, Any] = {}
        clock, processor = time.monotonic(), time.process_time()
        yield seen
        seen |= {"wall": time.monotonic() - clock, "processor": time.process_time() - processor, "peak": peak()}
        self.found[name] = seen


def peak() -> float:
    """Return the most memory that this process had so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def of_instance(tools: Instruments, megabytes: int, steps: Steps) -> None:
    """Send an image, look at three of its frames, and receive it."""
    image = streamed.image(Fresh(1, "sizes").place(), max(1, round(megabytes * 1_000_000 / FRAME)))
    with steps.step("made"):
        made = digest(image.part10())
    with steps.step("sent"):
        response = tools.service.store_streamed(image)
        assert response.status == 200, response
    with steps.step("frames"):
        for number in {1, (image.number_of_frames + 1) // 2, image.number_of_frames}:
            found = tools.service.frames(image.instance, str(number))
            (part,) = multipart.parts_of(found.content_type or "", found.body)
            assert part.body == image.frame(number)
    with steps.step("received") as seen:
        seen["octets"], received = streamed_digest(tools, image)
    # The file meta information is the server's own, so that what is compared begins with the pixels.
    assert received == digest_of_pixels(image)
    assert made


def digest(chunks: Iterator[bytes]) -> str:
    """Return the digest of a file that is made piece by piece."""
    found = sha256()
    for chunk in chunks:
        found.update(chunk)
    return found.hexdigest()


def digest_of_pixels(image: StreamedImage) -> str:
    """Return the digest of the frames that were sent."""
    return digest(image.frame(number) for number in range(1, image.number_of_frames + 1))


def streamed_digest(tools: Instruments, image: StreamedImage) -> tuple[int, str]:
    """Return how long a representation of the image is, and the digest of its pixels, of which none is kept."""
    instance = image.instance
    path = f"studies/{instance.study_instance_uid}/series/{instance.series_instance_uid}"
    url = f"{tools.service.base_url}/{path}/instances/{instance.sop_instance_uid}"
    fields = {"Accept": 'multipart/related; type="application/dicom"; transfer-syntax=*'}
    answer = urllib3.PoolManager().request("GET", url, headers=fields, preload_content=False)
    boundary = media_types.read(answer.headers["Content-Type"]).media_type.parameter("boundary") or ""
    octets, before, found = 0, 0, sha256()
    for event in multipart.read(answer.stream(PIECE), boundary.encode()):
        assert type(event) is not multipart.Fault, event
        if type(event) is multipart.PartBegins:
            before = int(event.headers.get("Content-Length") or 0) - image.number_of_frames * FRAME
        elif type(event) is multipart.Octets:
            found.update(event.octets[max(0, before - octets) :])
            octets += len(event.octets)
    return octets, found.hexdigest()


def of_series(tools: Instruments, number: int, steps: Steps) -> None:
    """Store a series, search its instances, and retrieve its metadata and itself."""
    with steps.step("made"):
        study = Fresh(1, "sizes").study(instances=number)
        octets = sum(len(instance.part10) for instance in study.instances)
    asked: dict[str, Callable[[], Any]] = {
        "stored": lambda: tools.service.store(study.instances),
        "searched": lambda: tools.service.search_in(study, "instances"),
        "metadata": lambda: tools.service.metadata(study),
        "retrieved": lambda: tools.service.retrieve(study),
    }
    for name, ask in asked.items():
        with steps.step(name) as seen:
            response = ask()
            seen |= {"status": response.status, "octets": len(response.body), "error": response.error}
        if name in {"searched", "metadata"}:
            with steps.step(f"{name}, read") as read, told(read):
                json_documents.value_of(response.body)
            seen["error"] = seen["error"] or read.get("error")
    steps.found["stored"]["sent"] = octets


@contextmanager
def told(seen: dict[str, Any]) -> Iterator[None]:
    """Note that a document is larger than checks and validators read: then nothing of it is judged."""
    try:
        yield
    except TooLargeError as error:
        seen["error"] = str(error)


def one(kind: str, size: int, url: str) -> None:
    """Measure one size in this process, and print what was seen."""
    steps = Steps()
    with tempfile.TemporaryDirectory() as made, ExitStack() as stack:
        report = Path(made) / "report"
        report_directory.take(report, stack)
        report_directory.clear(report)
        given = {"dicomweb_url": url, "dicomweb_report": str(report), "dicomweb_seed": "1", "dicomweb_timeout": "300"}
        tools = instruments(resolve(given, {}, {}, Path(made)), load_profile("dicom"), "main", say, stack)
        idle = peak()
        (of_instance if kind == "instance" else of_series)(tools, size, steps)
    say(json.dumps({"idle": idle, "steps": steps.found}))


def measured(kind: str, size: int) -> dict[str, Any] | None:
    """Measure one size beside a server of its own; None where it took too long."""
    server = [sys.executable, "-m", "dicomweb_reference", "--port", "0", "--until-stdin-closes"]
    with subprocess.Popen(server, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as serving:  # noqa: S603 - our own module
        assert serving.stdout
        assert serving.stdin
        command = [sys.executable, __file__, f"--one={kind}", str(size), serving.stdout.readline().strip()]
        try:
            ended = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=LONGEST, check=True)  # noqa: S603 - this file
        except subprocess.TimeoutExpired:
            return None
        finally:
            serving.stdin.close()
    found: dict[str, Any] = json.loads(ended.stdout.splitlines()[-1])
    return found


def main(kind: str, sizes: list[int], to: Path | None) -> None:
    """Print what each size takes, and draw it, but for documents that are larger than is read."""
    points: list[Point] = []
    for size in sizes:
        found = measured(kind, size)
        if found is None:
            say(f"{size:>6,} {UNITS[kind]}: more than {LONGEST} s")
            continue
        say(f"{size:>6,} {UNITS[kind]}: {found['idle']:.0f} MB before the first request")
        for name, step in found["steps"].items():
            beside = f"{step['octets'] / 1e6:,.1f} MB" if "octets" in step else ""
            said = (
                f"{name:>14} {step['processor']:7.2f} s of a processor, {step['wall']:7.2f} s, {step['peak']:5.0f} MB"
            )
            say(f"{said}  {beside} {step.get('error') or ''}".rstrip())
            if not step.get("error"):
                points.append(Point(name, size, step["processor"], step["peak"]))
    if to:
        draw(to, f"one {kind}, by its {UNITS[kind]}", UNITS[kind], points)


def say(line: str) -> None:
    """Print a figure as soon as it is known."""
    print(line, flush=True)  # noqa: T201 - this is what it is for


if __name__ == "__main__":
    first, *rest = sys.argv[1:] or ["instance"]
    if first.startswith("--one="):
        one(first.removeprefix("--one="), int(rest[0]), rest[1])
    else:
        plots = [each.removeprefix("--plot=") for each in rest if each.startswith("--plot=")]
        named = [int(each) for each in rest if each.isdigit()] or list(SIZES[first])
        main(first, named, Path(plots[0]) if plots else None)
