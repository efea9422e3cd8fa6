"""Frames: lists of frames, and numbers that are out of the ordinary (PS3.18 10.4.1.1.6)."""

from __future__ import annotations

from dicomweb_conformance.catalogue.statuses import BAD_REQUEST
from dicomweb_conformance.checks.expect import BUSY, assume, control, expect
from dicomweb_conformance.checks.verifies import Variant, verifies
from dicomweb_conformance.http import media_types
from dicomweb_conformance.scenarios.frames.single_frames import frames_in, is_itself, is_to_be_had
from dicomweb_conformance.scenarios.steps import pixel_octets
from dicomweb_conformance.scenarios.steps.pixel_octets import are_frames, equals, items_in, joined
from dicomweb_conformance.service import resources
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_fixtures.corpus import Corpus
from dicomweb_fixtures.entities import Study

LIST = "frames-of-a-list"


@verifies("FRAMES-011", "FRAMES-012", "FRAMES-002", "FRAMES-009", id="frames-of-a-list")
def test_of_a_list(dicomweb: StudiesService, corpus: Corpus) -> None:
    """A list of two of three frames gives these two, in the order of the list."""
    instance = corpus.multiframe.instances[0]
    first, second, third = instance.frames
    is_itself(dicomweb.frames(instance, "1"), instance)

    response = dicomweb.frames(instance, "1,3")

    with expect(response) as it:
        it.has_status(200, of="FRAMES-002")
        items = items_in(it)
        found = joined(items)
        if are_frames(items, (first, third)):
            one_for_each = "one-part-per-frame" if len(items) > 1 else "one-part-with-all-frames-back-to-back"
            it.observes(one_for_each, of="FRAMES-012")
            if media_types.name_of(response.content_type) == media_types.OCTET_STREAM:
                it.observes(
                    "single-part-although-multipart-asked",
                    where="Content-Type",
                    received=response.content_type,
                    of="FRAMES-009",
                )
        elif are_frames(items, (third, first)):
            it.observes("order-reversed", received=frames_in(found, instance))
        elif equals(found, first) or equals(found, third):
            it.observes("one-of-the-two-frames-only", received=frames_in(found, instance))
        elif second in found:
            it.observes("frame-2-or-any-other-frame", received=frames_in(found, instance))
        else:
            it.observes("octets-shifted-truncated-or-empty", received=pixel_octets.difference(found, first + third))


@verifies("FRAMES-011", id="frames-of-a-long-list")
def test_of_a_long_list(dicomweb: StudiesService, corpus: Corpus) -> None:
    """A list of all frames of a loop gives them all, in the order of the list."""
    instance = corpus.loop.instances[0]
    frames = instance.frames
    numbers = ",".join(str(number) for number in range(1, len(frames) + 1))
    is_itself(dicomweb.frames(instance, "1"), instance)
    two = dicomweb.frames(instance, "1,2")
    assume(two.status == 200 and all(each in two.body for each in frames[:2]), "no list of two works", LIST)

    response = dicomweb.frames(instance, numbers)

    with expect(response) as it:
        it.has_status(200)
        items = items_in(it)
        if not are_frames(items, frames):
            it.finds("other frames than those listed", expected=[numbers], received=frames_in(joined(items), instance))


@verifies("FRAMES-004", id="frames-zero")
def test_zero(dicomweb: StudiesService, corpus: Corpus) -> None:
    """There is no frame 0."""
    instance = corpus.multiframe.instances[0]
    is_to_be_had(dicomweb.frames(instance, "1"), instance)

    response = dicomweb.frames(instance, "0")

    refused = ["400 or 404 for frames/0: the first of the three frames is frames/1"]
    with expect(response) as it:
        match response.status:
            case 400 | 404:
                it.observes("frames-0-gives-400-or-404")
            case 204 | 406 | 410 | 422:
                it.observes("frames-0-gives-406-410-or-204", expected=refused, received=it.status_line)
            case 200:
                received = f"200 with {frames_in(response.body, instance)}"
                it.observes("frames-0-gives-200-with-any-image", expected=refused, received=received)
            case status if status >= 500 and status not in BUSY:
                it.observes("frames-0-gives-5xx", expected=refused, received=it.status_line)
            case _:
                it.has_status(400, 404)


BEYOND = (Variant("of-one-frame", "FRAMES-005", "ct_pair"), Variant("of-three-frames", "FRAMES-005", "multiframe"))


@verifies(id="frames-beyond-the-last", each=BEYOND)
def test_beyond_the_last(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """A frame number beyond the last frame is answered with 404 or 400."""
    study: Study = getattr(corpus, case.value)
    instance = study.instances[0]
    last = len(instance.frames)
    is_to_be_had(dicomweb.frames(instance, str(last)), instance, last)

    response = dicomweb.frames(instance, str(last + 1))

    with expect(response) as it:
        if response.status == 200:
            it.observes("200-with-any-image-or-other-body", received=frames_in(response.body, instance))
        else:
            it.has_status(404, 400)


@verifies("FRAMES-006", id="frames-some-missing")
def test_some_missing(dicomweb: StudiesService, corpus: Corpus) -> None:
    """A list with a frame that does not exist is not answered as if all its frames existed."""
    instance = corpus.multiframe.instances[0]
    is_to_be_had(dicomweb.frames(instance, "1"), instance)

    response = dicomweb.frames(instance, "1,4")

    with expect(response) as it:
        if response.status == 200:
            it.observes("200-with-any-number-of-images", received=frames_in(response.body, instance))
        elif response.status == 206:
            found = joined(items_in(it))
            it.observes(
                "206-with-frame-1-only" if equals(found, instance.frames[0]) else "206-with-anything-besides-frame-1",
                received=frames_in(found, instance),
            )
        else:
            it.has_status(404, 400)


NO_NUMBER = (
    Variant("word", "FRAMES-007", "abc"),
    Variant("negative", "FRAMES-007", "-1"),
    Variant("trailing-comma", "FRAMES-007", "1,"),
    Variant("empty", "FRAMES-007", ""),
)


@verifies(id="frames-no-number", each=NO_NUMBER)
def test_no_number(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """A frame list with a value that is not a frame number is answered with 400 or 404."""
    instance = corpus.multiframe.instances[0]
    is_to_be_had(dicomweb.frames(instance, "1"), instance)

    # As it stands: an empty list ends in a slash.
    url = f"{dicomweb.base_url}/{resources.path(instance)}/frames/{case.value}"
    response = dicomweb.get_url(url, accept=media_types.MULTIPART_OCTETS)

    with expect(response) as it:
        if response.status != 200:
            it.has_status(400, 404)
        elif case.id == "empty":
            every = all(frame in response.body for frame in instance.frames)
            quote = "200-with-all-frames-for-no-number" if every else "200-with-any-image-for-no-number"
            it.observes(quote, received=frames_in(response.body, instance))
        elif case.id != "trailing-comma":
            it.observes("200-with-any-image-for-abc-or-1", received=frames_in(response.body, instance))
        elif equals(joined(items_in(it)), instance.frames[0]):
            it.observes("200-for-a-trailing-comma")
        else:
            it.finds("200 with anything but frame 1", received=frames_in(response.body, instance))


@verifies("FRAMES-003", id="frames-descending")
def test_descending(dicomweb: StudiesService, corpus: Corpus) -> None:
    """A list that does not ascend is refused, or answered with the frames that it names."""
    instance = corpus.multiframe.instances[0]
    first, second, _ = instance.frames
    is_to_be_had(dicomweb.frames(instance, "1"), instance)

    response = dicomweb.frames(instance, "2,1")

    with expect(response) as it:
        if response.status != 200:
            it.has_status(400, 404)
            it.concludes()
        items = items_in(it)
        received = frames_in(joined(items), instance)
        if are_frames(items, (second, first)):
            it.observes("200-with-frames-2-and-1-in-order-asked")
        elif are_frames(items, (first, second)):
            it.observes("200-in-ascending-order")
        elif are_frames(items, (first,)) or are_frames(items, (second,)):
            it.observes("200-with-one-of-the-two-frames-only", received=received)
        else:
            it.observes("200-with-octets-of-any-other-frame", received=received)


@verifies("FRAMES-008b", "FRAMES-008", id="frames-repeated")
def test_repeated(dicomweb: StudiesService, corpus: Corpus) -> None:
    """A repeated frame number is refused, or answered with that frame."""
    instance = corpus.multiframe.instances[0]
    first = instance.frames[0]
    is_itself(dicomweb.frames(instance, "1"), instance)

    response = dicomweb.frames(instance, "1,1")

    with expect(response) as it:
        if response.status != 200:
            it.has_status(400, of="FRAMES-008")
            it.concludes()
        items = items_in(it)
        found = joined(items)
        if are_frames(items, (first,)) or are_frames(items, (first, first)):
            it.observes("every-part-holds-frame-1")
            it.observes("200-with-one-part" if len(items) == 1 else "200-with-two-parts", of="FRAMES-008")
        elif any(frame in found for frame in instance.frames[1:]):
            it.observes("octets-of-another-frame", received=frames_in(found, instance))
        else:
            it.observes("octets-of-no-frame", received=frames_in(found, instance))


@verifies("FRAMES-002b", id="frames-percent-encoded-comma")
def test_percent_encoded_comma(dicomweb: StudiesService, corpus: Corpus) -> None:
    """A percent-encoded comma in a list means a comma, or is refused."""
    instance = corpus.multiframe.instances[0]
    plain = dicomweb.frames(instance, "1,2")
    control(plain, because="a list of frames cannot be retrieved")
    assume(instance.frames[1] in plain.body, "a list of frames does not give them", "frames-of-a-list")

    response = dicomweb.frames(instance, "1%2C2")

    with expect(response) as it:
        if response.status in {404, *BAD_REQUEST}:
            it.observes("400-or-404", received=it.status_line)
            it.concludes()
        it.has_status(200)
        items = items_in(it)
        if are_frames(items, instance.frames[:2]):
            it.observes("same-answer-as-with-the-comma")
        else:
            it.observes("200-with-other-frames-than-with-comma", received=frames_in(joined(items), instance))
