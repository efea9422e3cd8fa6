"""How fast multipart bodies are read as a stream, and in how much memory: `python benchmarks/stream.py [megabytes]`.

The body is made as it is read, so that the figures are those of the reader; peak memory is measured in a second pass,
because tracing slows the first.
"""

from __future__ import annotations

import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator

from dicomweb_conformance.http import limits, multipart
from dicomweb_conformance.http.exchanges import Headers
from dicomweb_conformance.http.observed import Answer, Asked
from dicomweb_conformance.validators.http import messages

SIZE = 1_000_000 * int(sys.argv[1] if len(sys.argv) > 1 else 100)
CHUNK = 1 << 16
BOUNDARY = "benchmark"
CONTENT_TYPE = f'multipart/related; type="application/octet-stream"; boundary={BOUNDARY}'
# Hyphens and line ends, so that the reader has something to stumble over.
OCTETS = (bytes(range(256)) * 255 + b"\r\n--bench-mark" * 20)[:CHUNK]


class Body:
    """A multipart body of `SIZE` octets in `parts` parts, made anew each time it is iterated."""

    def __init__(self, parts: int) -> None:
        self.parts = parts

    def __iter__(self) -> Iterator[bytes]:
        """Yield chunks as they would come from a socket, which knows nothing of parts."""
        waiting = bytearray()
        for piece in self._pieces():
            waiting += piece
            if len(waiting) >= CHUNK:
                yield bytes(waiting)
                waiting.clear()
        yield bytes(waiting)

    def _pieces(self) -> Iterator[bytes]:
        for _ in range(self.parts):
            yield f"--{BOUNDARY}\r\nContent-Type: application/octet-stream\r\n\r\n".encode()
            left = SIZE // self.parts
            while left > 0:
                yield OCTETS[:left]
                left -= len(OCTETS)
            yield b"\r\n"
        yield f"--{BOUNDARY}--\r\n".encode()


def read(body: Body) -> None:
    """Only read."""
    octets = sum(
        len(event.octets) for event in multipart.read(body, BOUNDARY.encode()) if type(event) is multipart.Octets
    )
    assert octets == SIZE // body.parts * body.parts


def judge(body: Body) -> None:
    """Judge by every row that HTTP carries."""
    answer = Answer(Asked("GET", "studies/1"), 200, Headers((("Content-Type", CONTENT_TYPE),)), body)
    assert "MULTIPART-009" in {each.requirement for each in messages.observe(answer)}


def measure(work: Callable[[Body], None], parts: int) -> str:
    """Return throughput and peak memory of one piece of work."""
    began = time.process_time()
    work(Body(parts))
    seconds = time.process_time() - began
    tracemalloc.start()
    work(Body(parts))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return f"{work.__name__:6} {parts:7,} parts {SIZE / 1e6 / seconds:7.0f} MB/s {peak / 1e6:6.2f} MB"


if __name__ == "__main__":
    for parts in (1, 1_000, 100_000):
        for work in (read, judge) if parts <= limits.PARTS else (read,):
            print(measure(work, parts))  # noqa: T201 - this is what it is for
