"""HTTP: byte ranges of a payload (PS3.18 8.6.1.1 and 8.6.1.2, RFC 9110 14)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from dicomweb_conformance.checks.expect import Expectation, assume, control, expect, offered
from dicomweb_conformance.checks.verifies import Variant, verifies
from dicomweb_conformance.dicom import json_model
from dicomweb_conformance.http import media_types
from dicomweb_conformance.http.exchanges import Response
from dicomweb_conformance.http.unreadable import UnreadableError
from dicomweb_conformance.service import bulk_data
from dicomweb_conformance.service.bulk_data import PIXEL_DATA
from dicomweb_conformance.service.resources import path
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_fixtures.corpus import Corpus
from dicomweb_fixtures.entities import Instance

Asking = Callable[[str], Response]
"""GET of a payload, with this Range, or without any where it is empty."""
_LEAST = 40
_CONTENT_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+|\*)")


@dataclass(frozen=True)
class _Range:
    """A range as it is asked for, and the octets that it stands for."""

    asked: str
    start: int
    stop: int


def _single_part(dicomweb: StudiesService, instance: Instance, resource: str) -> Asking:
    """Return how a payload in one part is asked for.

    Raises:
        Inconclusive: the URI of the bulk data cannot be had.
        NotApplicable: there is none.
    """
    if resource == "frame":
        where = f"{path(instance)}/frames/1"
        return lambda wanted: dicomweb.get(where, accept=media_types.OCTET_STREAM, headers=_range(wanted))
    metadata = dicomweb.metadata(instance)
    control(metadata, because="metadata, which refer to bulk data, cannot be retrieved")
    try:
        (data_set,) = json_model.objects(metadata.body)
    except (UnreadableError, ValueError):
        data_set = {}
    assume(data_set, "the metadata of the instance are not one data set", "metadata-of-instance-series-study")
    given = {each.path: each for each in bulk_data.references(data_set, metadata)}
    offered(PIXEL_DATA in given, "the metadata give the pixels by no URI")
    reference = given[PIXEL_DATA]
    assume(not reference.refusal, "the URI of the pixels cannot be followed", "bulkdata-by-uri")
    offered(dicomweb.is_targets(reference.url), "the URI of the pixels leads to another origin, which is not asked")
    return lambda wanted: dicomweb.get_url(reference.url, accept=media_types.OCTET_STREAM, headers=_range(wanted))


def _range(wanted: str) -> list[tuple[str, str]]:
    return [("Range", wanted)] if wanted else []


SINGLE = (
    Variant("bulkdata", "HTTP-011", needs="bulkdata.single-part"),
    Variant("frame", "HTTP-011", needs="frames.single-part"),
)


@verifies("HTTP-011b", id="http-range-of-a-single-part", afresh=True, each=SINGLE)
def test_range_of_a_single_part(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """A range of a payload in one part is those octets of it, named in Content-Range, or the whole payload."""
    ask = _single_part(dicomweb, corpus.ct_pair.instances[0], case.id)
    whole = ask("")
    control(whole, because="the payload cannot be retrieved as a whole")
    body = whole.body
    is_multipart = media_types.name_of(whole.content_type) == media_types.MULTIPART_RELATED
    owner = "frames-single-part" if case.id == "frame" else "bulkdata-single-part"
    assume(not is_multipart, "the payload comes as multipart, with another boundary each time", owner)
    assume(len(body) > _LEAST, f"the payload has {len(body)} octets only", whole.exchange)
    ranges = (
        _Range("bytes=0-9", 0, 10),
        _Range("bytes=10-29", 10, 30),
        _Range("bytes=-7", len(body) - 7, len(body)),
        _Range("bytes=0-", 0, len(body)),
    )

    answers = [(each, ask(each.asked)) for each in ranges]
    behind = ask(f"bytes={len(body) + 10}-{len(body) + 20}")

    served = any(response.status == 206 for _, response in answers)
    for each, response in answers:
        with expect(response) as it:
            _is_range(it, each, body, served=served)
    with expect(behind) as it:
        if behind.status == 206:
            it.observes("206-for-a-range-past-the-end", where="status line", of="HTTP-011b")
        elif behind.status == 416 and behind.headers.get("Content-Range") is None:
            it.observes("416-without-content-range", where="Content-Range", of="HTTP-011b")
        elif behind.status == 200:
            _is_whole(it, body)
        elif behind.status >= 500:
            it.has_status(200, 416, of="HTTP-011b")


def _is_range(it: Expectation, wanted: _Range, body: bytes, *, served: bool) -> None:
    status = it.response.status
    if status == 206:
        _is_slice(it, wanted, body)
    elif status == 200:
        _is_whole(it, body)
    elif status == 416 and served:
        it.observes("416-to-a-satisfiable-range", where=wanted.asked, of="HTTP-011b")
    elif status in {400, 406, 416}:
        it.observes("refused-although-control-works", where=wanted.asked, received=it.status_line)
    else:
        it.has_status(200, 206)


def _is_whole(it: Expectation, body: bytes) -> None:
    if it.response.body == body:
        it.observes("200-with-the-whole-body")
    else:
        received = f"{len(it.response.body)} of {len(body)} octets"
        it.observes("200-with-a-part-of-the-body", received=received, of="HTTP-011b")


def _is_slice(it: Expectation, wanted: _Range, body: bytes) -> None:
    """Judge a 206 by its Content-Range, and the octets by that."""
    said = it.response.headers.get("Content-Range") or ""
    named = _CONTENT_RANGE.fullmatch(said.strip())
    if named is None:
        it.observes("single-range-206-without-content-range", where=wanted.asked, received=said, of="HTTP-011b")
        return
    start, stop = int(named[1]), int(named[2]) + 1
    length = {"*": len(body)}.get(named[3]) or int(named[3])
    inside = wanted.start <= start < stop <= wanted.stop
    if not inside or it.response.body != body[start:stop] or length != len(body):
        expected = [f"octets {wanted.start} to {wanted.stop - 1} of {len(body)}"]
        received = f"{len(it.response.body)} octets under Content-Range: {said}"
        it.observes("206-with-other-octets", where=wanted.asked, expected=expected, received=received, of="HTTP-011b")
    elif (start, stop) != (wanted.start, wanted.stop):
        it.observes("206-with-shorter-range", where=wanted.asked, received=said, of="HTTP-011b")


@verifies("HTTP-013", id="http-range-of-a-multipart", afresh=True, needs="retrieve")
def test_range_of_a_multipart(dicomweb: StudiesService, corpus: Corpus) -> None:
    """Two halves of a multipart payload, where ranges of it are served, are the whole."""
    instance = corpus.ct_pair.instances[0]
    whole = dicomweb.retrieve(instance)
    control(whole, because="the instance cannot be retrieved")
    middle = len(whole.body) // 2

    halves = [
        dicomweb.get(path(instance), accept=media_types.MULTIPART_DICOM, headers=_range(wanted))
        for wanted in (f"bytes=0-{middle - 1}", f"bytes={middle}-")
    ]

    for half in halves:
        with expect(half) as it:
            if half.status == 200:
                it.observes("200-with-the-whole-body")
            elif it.is_one_of(206) and half.headers.get("Content-Range") is None:
                it.observes("206-without-content-range", where="Content-Range")
    if any(half.status != 206 for half in halves):
        return
    with expect(halves[1]) as it:
        if b"".join(half.body for half in halves) != whole.body:
            tags = {half.headers.get("ETag") or "" for half in halves}
            strong = len(tags) == 1 and next(iter(tags)).startswith('"')
            received = f"{sum(len(half.body) for half in halves)} octets, other than the {len(whole.body)} of the whole"
            it.observes(
                "halves-differ-under-one-etag" if strong else "halves-differ-by-boundary-or-order",
                expected=["the octets of the whole payload"],
                received=received,
            )
