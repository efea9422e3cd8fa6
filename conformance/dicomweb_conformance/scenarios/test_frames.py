"""Frames: the pixel data of an image, frame by frame (PS3.18 10.4.1.1.6, 8.7.3.3)."""

from __future__ import annotations

from dicomweb_conformance import media_types, resources
from dicomweb_conformance.archive import shows
from dicomweb_conformance.checks import Variant, verifies
from dicomweb_conformance.exchanges import Response
from dicomweb_conformance.expect import BUSY, Expectation, assume, control, expect
from dicomweb_conformance.scenarios import pixel_octets
from dicomweb_conformance.scenarios.pixel_octets import Item, are_frames, equals, items_in, joined
from dicomweb_conformance.scenarios.test_retrieve import judge_unacceptable, missing_beside
from dicomweb_conformance.studies_service import StudiesService
from dicomweb_conformance.validators import locations
from dicomweb_fixtures.corpus import Corpus
from dicomweb_fixtures.entities import Instance, Study


@verifies("FRAMES-001", "FRAMES-020", id="frames-of-an-image", smoke=True)
def test_of_an_image(dicomweb: StudiesService, corpus: Corpus) -> None:
    """Frame 1 of an image that has only one holds all its pixels."""
    instance = corpus.two_series.instances[0]

    response = dicomweb.frames(instance, "1")

    with expect(response) as it:
        it.has_status(200)
        found = joined(items_in(it))
        if not equals(found, instance.frames[0]):
            it.observes("other octets", received=pixel_octets.difference(found, instance.frames[0]), of="FRAMES-020")


OCTETS = (
    Variant("signed-16-bit", "FRAMES-014", "ct_pair"),
    Variant("unsigned-16-bit", "FRAMES-014", "implicit"),
    Variant("rgb-8-bit", "FRAMES-014", "multiframe"),
)


@verifies(id="frames-are-native-pixels", each=OCTETS)
def test_are_native_pixels(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """A frame is as many octets as its rows and columns make, little endian, as they were stored."""
    study: Study = getattr(corpus, case.value)
    instance = study.instances[-1]

    response = dicomweb.frames(instance, "1")

    with expect(response) as it:
        it.has_status(200)
        _is_frame(it, joined(items_in(it)), instance.frames[0])


def _is_frame(it: Expectation, found: bytes, frame: bytes, *, of: str | None = None) -> None:
    if not equals(found, frame):
        quote = (
            "octets differ or are swapped"
            if abs(len(found) - len(frame)) <= 1
            else "length differs by more than a pad octet"
        )
        it.observes(
            quote,
            expected=[f"the {len(frame)} octets that were stored"],
            received=pixel_octets.difference(found, frame),
            of=of,
        )


@verifies("FRAMES-004", id="frames-count-from-one")
def test_count_from_one(dicomweb: StudiesService, corpus: Corpus) -> None:
    """`frames/1` is the first of several frames."""
    instance = corpus.multiframe.instances[0]

    response = dicomweb.frames(instance, "1")

    with expect(response) as it:
        it.has_status(200)
        found = joined(items_in(it))
        if equals(found, instance.frames[0]):
            it.observes("frames/1 is the first frame")
        elif any(equals(found, each) for each in instance.frames):
            it.observes("frames/1 is another frame", received=_named(found, instance))
        else:
            it.finds("frames/1 is no frame", received=pixel_octets.difference(found, instance.frames[0]))


@verifies("FRAMES-011", "FRAMES-012", "FRAMES-002", id="frames-of-a-list")
def test_of_a_list(dicomweb: StudiesService, corpus: Corpus) -> None:
    """A list of two of three frames gives these two, in the order of the list."""
    instance = corpus.multiframe.instances[0]
    first, second, third = instance.frames

    response = dicomweb.frames(instance, "1,3")

    with expect(response) as it:
        it.has_status(200, of="FRAMES-002")
        items = items_in(it)
        found = joined(items)
        if are_frames(items, (first, third)):
            one_for_each = "one part per frame" if len(items) > 1 else "one part with all frames back to back"
            it.observes(one_for_each, of="FRAMES-012")
        elif are_frames(items, (third, first)):
            it.observes("order reversed", received=_named(found, instance))
        elif equals(found, first) or equals(found, third):
            it.observes("one of the two frames only", received=_named(found, instance))
        elif second in found:
            it.observes("frame 2 or any other frame", received=_named(found, instance))
        else:
            it.observes("octets shifted, truncated or empty", received=pixel_octets.difference(found, first + third))


def _named(found: bytes, instance: Instance) -> str:
    """Say which frames stand in octets, in their order."""
    places = sorted((found.find(frame), number) for number, frame in enumerate(instance.frames, 1) if frame in found)
    named = ", ".join(str(number) for _, number in places)
    return f"frames {named} in {len(found)} octets" if named else f"no frame in {len(found)} octets"


EACH_FRAME = (
    Variant("first", "FRAMES-025", "1"),
    Variant("second", "FRAMES-025", "2"),
    Variant("last", "FRAMES-025", "3"),
)


@verifies(id="frames-without-pad", each=EACH_FRAME)
def test_without_pad(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """A frame with an odd number of octets comes as it is, the octet that pads the last one left out."""
    instance = corpus.multiframe.instances[0]
    frame = instance.frames[int(case.value) - 1]

    response = dicomweb.frames(instance, case.value)

    assume(response.status == 200, "the frame cannot be retrieved", "frames-count-from-one")
    with expect(response) as it:
        found = joined(items_in(it))
        received = pixel_octets.difference(found, frame) if found != frame else ""
        if found == frame:
            it.observes("exactly the octets of each frame")
        elif found[:-1] == frame and case.id == "last":
            it.observes("the pad octet behind the last frame", received=received)
        elif found[:-1] == frame:
            it.observes("an octet more behind another frame", received=received)
        elif found in b"".join(instance.frames) + b"\0":
            it.observes("frames shifted by the pad octet", received=received)
        else:
            it.finds("other octets", received=received)


# Numbers and lists that are out of the ordinary


@verifies("FRAMES-004", id="frames-zero")
def test_zero(dicomweb: StudiesService, corpus: Corpus) -> None:
    """There is no frame 0."""
    instance = corpus.multiframe.instances[0]
    _control(dicomweb.frames(instance, "1"), instance)

    response = dicomweb.frames(instance, "0")

    with expect(response) as it:
        match response.status:
            case 400 | 404:
                it.observes("frames/0 gives 400 or 404")
            case 204 | 406 | 410:
                it.observes("frames/0 gives 406, 410 or 204", received=it.status_line)
            case 200:
                it.observes("frames/0 gives 200 with any image", received=_named(response.body, instance))
            case status if status >= 500 and status not in BUSY:
                it.observes("frames/0 gives 5xx", received=it.status_line)
            case _:
                it.has_status(400, 404)


def _control(response: Response, instance: Instance, number: int = 1) -> None:
    """Demand of a frame that exists that it can be had."""
    control(response, because=f"frame {number} of the image, which exists, cannot be retrieved")
    assume(
        instance.frames[number - 1] in response.body,
        f"what is retrieved as frame {number} does not hold it",
        "frames-of-an-image",
    )


BEYOND = (Variant("of-one-frame", "FRAMES-005", "ct_pair"), Variant("of-three-frames", "FRAMES-005", "multiframe"))


@verifies(id="frames-beyond-the-last", each=BEYOND)
def test_beyond_the_last(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """A frame number beyond the last frame is answered 404 or 400."""
    study: Study = getattr(corpus, case.value)
    instance = study.instances[0]
    last = len(instance.frames)
    _control(dicomweb.frames(instance, str(last)), instance, last)

    response = dicomweb.frames(instance, str(last + 1))

    with expect(response) as it:
        if response.status == 200:
            it.observes("200 with any image or other body", received=_named(response.body, instance))
        else:
            it.has_status(404, 400)


@verifies("FRAMES-006", id="frames-some-missing")
def test_some_missing(dicomweb: StudiesService, corpus: Corpus) -> None:
    """A list with a frame that does not exist is not answered as if all was well."""
    instance = corpus.multiframe.instances[0]
    _control(dicomweb.frames(instance, "1"), instance)

    response = dicomweb.frames(instance, "1,4")

    with expect(response) as it:
        if response.status == 200:
            it.observes("200 with any number of images", received=_named(response.body, instance))
        elif response.status == 206:
            found = joined(items_in(it))
            it.observes(
                "206 with frame 1 only" if equals(found, instance.frames[0]) else "206 with anything besides frame 1",
                received=_named(found, instance),
            )
        else:
            it.has_status(404, 400)


NO_NUMBER = (
    Variant("word", "FRAMES-007", "abc"),
    Variant("negative", "FRAMES-007", "-1"),
    Variant("trailing-comma", "FRAMES-007", "1,"),
)


@verifies(id="frames-no-number", each=NO_NUMBER)
def test_no_number(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """What is no frame number is answered 400 or 404."""
    instance = corpus.multiframe.instances[0]
    _control(dicomweb.frames(instance, "1"), instance)

    response = dicomweb.frames(instance, case.value)

    with expect(response) as it:
        if response.status != 200:
            it.has_status(400, 404)
        elif case.id != "trailing-comma":
            it.observes("200 with any image for abc or -1", received=_named(response.body, instance))
        elif equals(joined(items_in(it)), instance.frames[0]):
            it.observes("200 with frame 1 for a list that only ends in a comma")
        else:
            it.finds("200 with anything but frame 1", received=_named(response.body, instance))


@verifies("FRAMES-003", id="frames-descending")
def test_descending(dicomweb: StudiesService, corpus: Corpus) -> None:
    """A list that does not ascend is refused, or answered with the frames that it names."""
    instance = corpus.multiframe.instances[0]
    first, second, _ = instance.frames
    _control(dicomweb.frames(instance, "1"), instance)

    response = dicomweb.frames(instance, "2,1")

    with expect(response) as it:
        if response.status != 200:
            it.has_status(400, 404)
            it.concludes()
        items = items_in(it)
        received = _named(joined(items), instance)
        if are_frames(items, (second, first)):
            it.observes("200 with frames 2 and 1 in the order asked")
        elif are_frames(items, (first, second)):
            it.observes("200 with frames 1 and 2 in ascending order")
        elif are_frames(items, (first,)) or are_frames(items, (second,)):
            it.observes("200 with one of the two frames only", received=received)
        else:
            it.observes("200 with octets of any other frame", received=received)


@verifies("FRAMES-008b", "FRAMES-008", id="frames-repeated")
def test_repeated(dicomweb: StudiesService, corpus: Corpus) -> None:
    """A frame number that is there twice is refused, or answered with that frame."""
    instance = corpus.multiframe.instances[0]
    first = instance.frames[0]
    _control(dicomweb.frames(instance, "1"), instance)

    response = dicomweb.frames(instance, "1,1")

    with expect(response) as it:
        if response.status != 200:
            it.has_status(400, of="FRAMES-008")
            it.concludes()
        items = items_in(it)
        found = joined(items)
        if are_frames(items, (first,)) or are_frames(items, (first, first)):
            it.observes("every part holds frame 1")
            it.observes("200 with one part" if len(items) == 1 else "200 with two parts", of="FRAMES-008")
        elif any(each in found for each in instance.frames[1:]):
            it.observes("octets of another frame", received=_named(found, instance))
        else:
            it.observes("octets of no frame", received=_named(found, instance))


@verifies("FRAMES-002b", id="frames-percent-encoded-comma")
def test_percent_encoded_comma(dicomweb: StudiesService, corpus: Corpus) -> None:
    """A percent-encoded comma in a list means a comma, or is refused."""
    instance = corpus.multiframe.instances[0]
    plain = dicomweb.frames(instance, "1,2")
    control(plain, because="a list of frames cannot be retrieved")
    assume(instance.frames[1] in plain.body, "a list of frames does not give them", "frames-of-a-list")

    response = dicomweb.frames(instance, "1%2C2")

    with expect(response) as it:
        if response.status in {400, 404}:
            it.observes("400 or 404", received=it.status_line)
            it.concludes()
        it.has_status(200)
        items = items_in(it)
        if are_frames(items, instance.frames[:2]):
            it.observes("same answer as with the comma")
        else:
            it.observes("200 with other frames than with the comma", received=_named(joined(items), instance))


# What is not there


@verifies("ERROR-005d", id="frames-of-unknown-instance")
def test_of_unknown_instance(dicomweb: StudiesService, corpus: Corpus) -> None:
    """Frames of an instance that does not exist are answered 404 or 410."""
    instance = corpus.ct_pair.instances[0]
    _, missing = missing_beside(corpus, instance, "instance")
    _control(dicomweb.frames(instance, "1"), instance)

    response = dicomweb.get(f"{missing}/frames/1", accept=media_types.MULTIPART_OCTETS)

    with expect(response) as it:
        if response.status in {200, 206}:
            it.observes("200 or 206 with any body", received=it.status_line)
        else:
            it.has_status(404, 410)


@verifies("FRAMES-021", id="frames-of-no-image")
def test_of_no_image(dicomweb: StudiesService, corpus: Corpus) -> None:
    """An instance without pixel data has no frames."""
    study = corpus.two_series
    document = study.series[1].instances[0]
    assume(shows(dicomweb.retrieve(document), [document.sop_instance_uid]), "the document cannot be retrieved")
    _control(dicomweb.frames(study.instances[0], "1"), study.instances[0])

    response = dicomweb.frames(document, "1")

    with expect(response) as it:
        if response.status == 200:
            it.observes("200 with any body", received=f"{it.status_line}, {len(response.body)} octets")
        else:
            it.has_status(404, 400, 406)


@verifies("FRAMES-024", id="frames-have-no-metadata")
def test_have_no_metadata(dicomweb: StudiesService, corpus: Corpus) -> None:
    """There are no metadata below a frame."""
    instance = corpus.ct_pair.instances[0]
    _control(dicomweb.frames(instance, "1"), instance)

    response = dicomweb.metadata(f"{resources.path(instance)}/frames/1")

    with expect(response) as it:
        if response.status == 200:
            quote = "200 with the metadata of the instance"
            if not shows(response, [instance.sop_instance_uid]):
                quote = "200 with anything else"
            it.observes(quote, received=it.status_line)
        else:
            it.has_status(404, 400, 405, 406)


# Media types


@verifies("FRAMES-010b", "FRAMES-010", id="frames-single-part", needs="frames")
def test_single_part(dicomweb: StudiesService, corpus: Corpus) -> None:
    """One frame as a bare application/octet-stream is offered, and is the frame itself, or refused with 406."""
    instance = corpus.multiframe.instances[0]
    _control(dicomweb.frames(instance, "2"), instance, 2)

    response = dicomweb.frames(instance, "2", accept=media_types.OCTET_STREAM)

    with expect(response) as it:
        if response.status == 404:
            it.observes("404 although the multipart form gives 200", of="FRAMES-010")
            it.concludes()
        it.has_status(200, 406, of="FRAMES-010")
        if response.status == 406:
            it.observes("406", of="FRAMES-010")
            it.concludes()
        frame, found = instance.frames[1], response.body
        name = media_types.name_of(response.content_type)
        if name == media_types.MULTIPART_RELATED and equals(joined(items_in(it)), frame):
            it.observes("multipart/related with the right octets although only single part was acceptable")
        elif name not in {media_types.OCTET_STREAM, media_types.MULTIPART_RELATED}:
            it.observes(
                "Content-Type application/dicom or another wrong label",
                where="Content-Type",
                received=response.content_type or "no Content-Type",
            )
        elif found.lstrip(b"\r\n")[:2] == b"--" and frame in found:
            it.observes("Content-Type application/octet-stream with a multipart body")
        elif found == frame:
            it.observes("Content-Type application/octet-stream and exactly the octets of the frame")
        elif pixel_octets.is_padded(found, frame):
            it.observes("one pad octet after an odd frame")
        else:
            it.observes("octets differ from the stored frame", received=pixel_octets.difference(found, frame))


@verifies("FRAMES-010b", id="frames-single-part-of-two")
def test_single_part_of_two(dicomweb: StudiesService, corpus: Corpus) -> None:
    """Two frames do not come as a single part."""
    instance = corpus.multiframe.instances[0]
    first, second, _ = instance.frames
    _control(dicomweb.frames(instance, "1", accept=media_types.OCTET_STREAM), instance)

    response = dicomweb.frames(instance, "1,2", accept=media_types.OCTET_STREAM)

    with expect(response) as it:
        if response.status == 400:
            it.observes("400 for a list of two frames")
            it.concludes()
        it.has_status(200, 406)
        if response.status == 406:
            it.observes("406 for a list of two frames")
            it.concludes()
        items = items_in(it)
        found = joined(items)
        multipart = media_types.name_of(response.content_type) == media_types.MULTIPART_RELATED
        if are_frames(items, (first, second)):
            it.observes(
                "multipart/related with the right octets although only single part was acceptable"
                if multipart
                else "two frames back to back in one single part"
            )
        elif equals(found, first) or equals(found, second):
            it.observes("one of two frames only", received=_named(found, instance))
        else:
            it.observes("octets differ from the stored frame", received=_named(found, instance))


@verifies("FRAMES-023b", "FRAMES-023", "FRAMES-014", id="frames-anything")
def test_anything(dicomweb: StudiesService, corpus: Corpus) -> None:
    """`Accept: */*` gives a frame, in any type for bulk data."""
    instance = corpus.ct_pair.instances[0]
    _control(dicomweb.frames(instance, "1"), instance)

    response = dicomweb.frames(instance, "1", accept="*/*")

    with expect(response) as it:
        it.has_status(200)
        items = _bulk_data_items(it)
        if all(each.name == media_types.OCTET_STREAM for each in items):
            _is_frame(it, joined(items), instance.frames[0], of="FRAMES-014")
        elif not items or not joined(items):
            it.finds("a frame without octets", received=it.status_line)


def _bulk_data_items(it: Expectation) -> list[Item]:
    """Return what an answer to */* holds, or report a type that is no bulk data type."""
    try:
        items = pixel_octets.items_of(it.response)
    except ValueError as error:
        it.finds("the body cannot be read", received=str(error))
        it.concludes()
    if wrong := [each for each in items if each.name not in pixel_octets.BULK_DATA_TYPES]:
        it.observes(
            "200 with a type that is no bulk data type",
            where="Content-Type",
            received=wrong[0].content_type or "no Content-Type",
        )
        it.concludes()
    return items


@verifies("NEGOTIATION-009", id="frames-unacceptable", needs="frames")
def test_unacceptable(dicomweb: StudiesService, corpus: Corpus) -> None:
    """A frame in a media type that nobody has is answered 406, or in the default type."""
    instance = corpus.ct_pair.instances[0]
    _control(dicomweb.frames(instance, "1"), instance)

    response = dicomweb.frames(instance, "1", accept='multipart/related; type="application/x-nothing"')

    with expect(response) as it:
        judge_unacceptable(it, default={media_types.MULTIPART_RELATED})


@verifies("FRAMES-022", id="frames-content-location")
def test_content_location(dicomweb: StudiesService, corpus: Corpus) -> None:
    """Content-Location of a part, where there is one, names the frame in it."""
    instance = corpus.multiframe.instances[0]

    response = dicomweb.frames(instance, "1,3")

    control(response, because="a list of frames cannot be retrieved")
    with expect(response) as it:
        items = items_in(it)
        assume(
            are_frames(items, (instance.frames[0], instance.frames[2])),
            "the answer does not hold the frames asked for",
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
        it.observes("has the frames segment twice", where=where, received=item.location)
    elif locations.contradict(expected, named) or ("frames" in named and named["frames"] not in {frame, "1,3"}):
        it.observes("names another frame or instance", where=where, received=item.location)
    elif "frames" in named:
        one = "," not in frame
        it.observes("ends in /frames/{n} of that part" if one else "ends in the list where one part holds all frames")
