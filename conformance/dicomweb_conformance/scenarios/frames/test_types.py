"""Frames: the media types of an answer, and what its parts say of themselves (PS3.18 8.7.3.3)."""

from __future__ import annotations

from dicomweb_conformance.catalogue.statuses import BAD_REQUEST
from dicomweb_conformance.checks.expect import Expectation, assume, control, expect
from dicomweb_conformance.checks.verifies import verifies
from dicomweb_conformance.http import media_types
from dicomweb_conformance.http.unreadable import UnreadableError
from dicomweb_conformance.scenarios.frames.single_frames import frames_in, is_frame, is_itself, is_to_be_had
from dicomweb_conformance.scenarios.steps import pixel_octets
from dicomweb_conformance.scenarios.steps.accept_lists import passes_over
from dicomweb_conformance.scenarios.steps.pixel_octets import Item, are_frames, equals, items_in, joined
from dicomweb_conformance.scenarios.steps.refusals import judge_unacceptable
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_conformance.validators.http import locations
from dicomweb_fixtures.corpus import Corpus
from dicomweb_fixtures.entities import Instance


@verifies("FRAMES-010b", "FRAMES-010", id="frames-single-part", needs="frames")
def test_single_part(dicomweb: StudiesService, corpus: Corpus) -> None:
    """One frame asked for as bare application/octet-stream is the frame itself, or refused with 406."""
    instance = corpus.multiframe.instances[0]
    is_to_be_had(dicomweb.frames(instance, "2"), instance, 2)

    response = dicomweb.frames(instance, "2", accept=media_types.OCTET_STREAM)

    with expect(response) as it:
        if response.status == 404:
            it.observes("404-although-multipart-form-gives-200", of="FRAMES-010")
            it.concludes()
        it.has_status(200, 406, of="FRAMES-010")
        if response.status == 406:
            it.observes("406", of="FRAMES-010")
            it.concludes()
        frame, found = instance.frames[1], response.body
        name = media_types.name_of(response.content_type)
        if name == media_types.MULTIPART_RELATED and equals(joined(items_in(it)), frame):
            it.observes("multipart-although-single-part-asked")
        elif name not in {media_types.OCTET_STREAM, media_types.MULTIPART_RELATED}:
            it.observes(
                "wrong-label-on-a-frame",
                where="Content-Type",
                received=response.content_type or "no Content-Type",
            )
        elif found.lstrip(b"\r\n")[:2] == b"--" and frame in found:
            it.observes("multipart-body-under-octet-stream")
        elif found == frame:
            it.observes("octet-stream-with-the-frame")
        elif pixel_octets.is_padded(found, frame):
            it.observes("one-pad-octet-after-an-odd-frame")
        else:
            it.observes("octets-differ-from-the-stored-frame", received=pixel_octets.difference(found, frame))


@verifies("FRAMES-010b", id="frames-single-part-of-two")
def test_single_part_of_two(dicomweb: StudiesService, corpus: Corpus) -> None:
    """Two frames are not returned as a single part."""
    instance = corpus.multiframe.instances[0]
    first, second, _ = instance.frames
    is_itself(dicomweb.frames(instance, "1", accept=media_types.OCTET_STREAM), instance)

    response = dicomweb.frames(instance, "1,2", accept=media_types.OCTET_STREAM)

    with expect(response) as it:
        if response.status in {415, *BAD_REQUEST}:
            it.observes("400-for-a-list-of-two-frames")
            it.concludes()
        it.has_status(200, 406)
        if response.status == 406:
            it.observes("406-for-a-list-of-two-frames")
            it.concludes()
        items = items_in(it)
        found = joined(items)
        multipart = media_types.name_of(response.content_type) == media_types.MULTIPART_RELATED
        if are_frames(items, (first, second)):
            it.observes("multipart-although-single-part-asked" if multipart else "two-frames-in-one-part")
        elif equals(found, first) or equals(found, second):
            it.observes("one-of-two-frames-only", received=frames_in(found, instance))
        else:
            it.observes("octets-differ-from-the-stored-frame", received=frames_in(found, instance))


EITHER = f"{media_types.OCTET_STREAM}, {media_types.MULTIPART_OCTETS}"


@verifies("MULTIPART-025", id="frames-in-either-envelope", needs="frames")
def test_in_either_envelope(dicomweb: StudiesService, corpus: Corpus) -> None:
    """One frame that is welcome with and without a multipart comes in one of these forms."""
    instance = corpus.ct_pair.instances[0]
    is_to_be_had(dicomweb.frames(instance, "1"), instance)

    response = dicomweb.frames(instance, "1", accept=EITHER)

    with expect(response) as it:
        if response.status in {400, 406, 415}:
            passes_over(dicomweb, instance)
        it.has_status(200)
        items = items_in(it)
        if len(items) > 1:
            it.observes("several-parts", received=f"{len(items)} parts")
        elif not equals(joined(items), instance.frames[0]):
            assume(False, "the response does not hold the frame", "frames-of-an-image")
        else:
            multipart = media_types.name_of(response.content_type) == media_types.MULTIPART_RELATED
            it.observes("200-multipart-with-one-part" if multipart else "200-single-part")


@verifies("FRAMES-023b", "FRAMES-023", "FRAMES-014", id="frames-anything")
def test_anything(dicomweb: StudiesService, corpus: Corpus) -> None:
    """`Accept: */*` gives a frame, in any type for bulk data."""
    instance = corpus.ct_pair.instances[0]
    is_to_be_had(dicomweb.frames(instance, "1"), instance)

    response = dicomweb.frames(instance, "1", accept="*/*")

    with expect(response) as it:
        it.has_status(200)
        items = _bulk_data_items(it)
        if all(item.name == media_types.OCTET_STREAM for item in items):
            is_frame(it, joined(items), instance.frames[0], of="FRAMES-014")
        elif not items or not joined(items):
            it.finds("a frame without octets", received=it.status_line)


def _bulk_data_items(it: Expectation) -> list[Item]:
    """Return what an answer to */* holds, or report a type that is no bulk data type."""
    try:
        items = pixel_octets.items_of(it.response)
    except UnreadableError as error:
        it.cannot_read(error, "a frame, as multipart or in one part")
    if wrong := [item for item in items if item.name not in pixel_octets.BULK_DATA_TYPES]:
        it.observes(
            "200-with-type-no-bulk-data-type",
            where="Content-Type",
            received=wrong[0].content_type or "no Content-Type",
        )
        it.concludes()
    return items


@verifies("NEGOTIATION-009", id="frames-unacceptable", needs="frames")
def test_unacceptable(dicomweb: StudiesService, corpus: Corpus) -> None:
    """A frame in an unknown media type is answered with 406, or in the default type."""
    instance = corpus.ct_pair.instances[0]
    is_to_be_had(dicomweb.frames(instance, "1"), instance)

    response = dicomweb.frames(instance, "1", accept='multipart/related; type="application/x-nothing"')

    with expect(response) as it:
        # Whether it may come without a multipart FRAMES-009 judges.
        judge_unacceptable(it, default={media_types.MULTIPART_RELATED, media_types.OCTET_STREAM})


@verifies("FRAMES-022", id="frames-content-location")
def test_content_location(dicomweb: StudiesService, corpus: Corpus) -> None:
    """The Content-Location of a part, where present, names the frame in it."""
    instance = corpus.multiframe.instances[0]

    response = dicomweb.frames(instance, "1,3")

    control(response, because="a list of frames cannot be retrieved")
    with expect(response) as it:
        items = items_in(it)
        assume(
            are_frames(items, (instance.frames[0], instance.frames[2])),
            "the response does not hold the frames asked for",
            "frames-of-a-list",
        )
        for number, (item, frame) in enumerate(zip(items, ("1", "3") if len(items) == 2 else ("1,3",), strict=True), 1):
            _names_frame(it, item, instance, frame, where=f"part {number}: Content-Location")


def _names_frame(it: Expectation, item: Item, instance: Instance, frame: str, *, where: str) -> None:
    if item.location is None:
        it.observes("absent", where=where, received="no Content-Location")
        return
    path = locations.path(item.location, it.response.url)
    named = locations.resource(item.location, it.response.url)
    expected = {
        "studies": instance.study_instance_uid,
        "series": instance.series_instance_uid,
        "instances": instance.sop_instance_uid,
        "frames": frame,
    }
    if path.count("/frames/") > 1:
        it.observes("has-the-frames-segment-twice", where=where, received=item.location)
    elif locations.contradict(expected, named) or ("frames" in named and named["frames"] not in {frame, "1,3"}):
        it.observes("names-another-frame-or-instance", where=where, received=item.location)
    elif "frames" in named:
        one = "," not in frame
        it.observes("ends-in-frames-n-of-that-part" if one else "list-where-one-part-holds-all")
