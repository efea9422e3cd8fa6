"""How fast this suite reads multipart bodies beside two libraries, and validates DICOM JSON and native XML.

`python benchmarks/reader.py [megabytes]` prints throughput, and ratios to this suite's of the same octets in the same
go; above 1 this suite is ahead. Its reader judges the grammar, too, which the others do not. The whole body is in
memory, as requests-toolbelt and dicomweb-client need it. The libraries are no part of the suite: `pip install
'.[benchmarks]'`; one that is missing is left out, and one that takes longer than `LONGEST` for a body
is told by that.

The validators judge a metadata answer of 75, 150 and 300 instances: where octets per second stay, growth is linear.
"""

from __future__ import annotations

import importlib
import json
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from dicomweb_conformance.http import multipart
from dicomweb_conformance.validators.json import dicom_json
from dicomweb_conformance.validators.xml import native_xml as xml_validator
from dicomweb_fixtures.entities import Instance
from dicomweb_fixtures.expected.native_xml import native_xml
from dicomweb_fixtures.fresh import Fresh

BOUNDARY = "benchmark"
CONTENT_TYPE = f'multipart/related; type="application/octet-stream"; boundary={BOUNDARY}'
OCTETS = bytes(range(256)) * 255 + b"\r\n--bench-mark" * 20
SHAPES = (
    *((1, 1), (1, 1_000)),
    *((10, 100_000), (100, 1), (100, 1_000)),
    *((1_000, 1), (1_000, 1_000), (1_000, 100_000)),
)
"""Megabytes, and parts."""
INSTANCES = (75, 150, 300)
TRIES = 3
LONG_ENOUGH = 0.1
"""Seconds that a try takes at least."""
LONGEST = 60
"""Seconds, by the clock, that a library is given for one body."""


class TooSlowError(Exception):
    """A library took longer than it is given."""


def body_of(megabytes: int, parts: int) -> bytes:
    """Return a multipart body."""
    size = megabytes * 1_000_000 // parts
    octets = (OCTETS * (size // len(OCTETS) + 1))[:size]
    head = f"--{BOUNDARY}\r\nContent-Type: application/octet-stream\r\n\r\n".encode()
    return (head + octets + b"\r\n") * parts + f"--{BOUNDARY}--\r\n".encode()


def of_the_suite(body: bytes) -> int:
    """Read by the suite, every event."""
    return sum(type(event) is multipart.PartEnds for event in multipart.read([body], BOUNDARY.encode()))


def of_toolbelt() -> Callable[[bytes], int]:
    """Return the decoder of requests-toolbelt."""
    decoder: Any = importlib.import_module("requests_toolbelt").MultipartDecoder
    return lambda body: len(decoder(body, CONTENT_TYPE).parts)


def of_dicomweb_client() -> Callable[[bytes], int]:
    """Return the decoder of dicomweb-client."""
    web: Any = importlib.import_module("dicomweb_client.web")
    requests: Any = importlib.import_module("requests")
    client = web.DICOMwebClient("http://127.0.0.1:9")

    def decode(body: bytes) -> int:
        response = requests.Response()
        response.headers["content-type"] = CONTENT_TYPE
        response._content, response._content_consumed = body, True
        return sum(1 for _ in client._decode_multipart_message(response, stream=False))

    return decode


def least(work: Callable[[], object]) -> float:
    """Return the least processor time of several tries; what takes little is done often for one, and much once."""

    def times(number: int) -> float:
        began = time.process_time()
        for _ in range(number):
            work()
        return (time.process_time() - began) / number

    first = times(1)
    if first * TRIES > LONGEST / 2:
        return first
    number = max(1, round(LONG_ENOUGH / max(first, 1e-5)))
    return min([first, *(times(number) for _ in range(TRIES))])


def libraries() -> Iterator[tuple[str, Callable[[bytes], int]]]:
    """Yield those that are installed."""
    for name, load in (("requests-toolbelt", of_toolbelt), ("dicomweb-client", of_dicomweb_client)):
        try:
            yield name, load()
        except ImportError:
            say(f"{name} is not installed")


@contextmanager
def limited() -> Iterator[None]:
    """Raise TooSlowError where what stands within takes longer than `LONGEST`."""

    def ring(_signal: int, _frame: object) -> None:
        raise TooSlowError

    before = signal.signal(signal.SIGALRM, ring)
    signal.alarm(LONGEST)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def beside(body: bytes, parts: int, decode: Callable[[bytes], int], own: float) -> str:
    """Return what a library takes for a body, beside the `own` seconds of the suite."""
    try:
        with limited():
            count = decode(body)
        other = least(lambda: decode(body))
    except TooSlowError:
        return f"more than {LONGEST} s, more than {LONGEST / own:,.0f} times as long"
    odd = "" if count == parts else f" (finds {count:,} parts)"
    return f"{len(body) / 1e6 / other:6.0f} MB/s, {other / own:5.2f} of it{odd}"


def readers(largest: int) -> None:
    """Print the throughput of the readers."""
    known = dict(libraries())
    for megabytes, parts in SHAPES:
        if megabytes > largest:
            continue
        body = body_of(megabytes, parts)
        assert of_the_suite(body) == parts
        own = least(lambda body=body: of_the_suite(body))
        line = f"{megabytes:4} MB in {parts:7,} parts: {len(body) / 1e6 / own:7.0f} MB/s"
        for name, decode in known.items():
            line += f"; {name} {beside(body, parts, decode, own)}"
        say(line)


def validators() -> None:
    """Print the throughput of the validators."""
    instances: list[Instance] = [Fresh(1, "benchmark").instance(name=f"number {number}") for number in range(25)]
    models = [
        each.dataset.to_json_dict(bulk_data_threshold=10**9, bulk_data_element_handler=None) for each in instances
    ]
    documents = [native_xml(each.dataset) for each in instances]
    for number in INSTANCES:
        octets = json.dumps([models[at % len(models)] for at in range(number)]).encode()
        took = least(
            lambda octets=octets: list(dicom_json.judge(octets, "application/dicom+json", resource="metadata"))
        )
        say(f"DICOM JSON, {number} instances: {len(octets) / 1e6 / took:6.1f} MB/s, {number / took:7.0f} instances/s")
        parts = [documents[at % len(documents)] for at in range(number)]
        took = least(
            lambda parts=parts: [
                list(xml_validator.judge(each, "application/dicom+xml", resource="metadata", url="", own=True))
                for each in parts
            ]
        )
        size = sum(map(len, parts))
        say(f"native XML, {number} instances: {size / 1e6 / took:6.1f} MB/s, {number / took:7.0f} instances/s")


def say(line: str) -> None:
    """Print a figure as soon as it is known."""
    print(line, flush=True)  # noqa: T201 - this is what it is for


if __name__ == "__main__":
    readers(int(sys.argv[1]) if len(sys.argv) > 1 else 100)
    validators()
