"""Frames and pictures of the Cloud Healthcare API."""

from __future__ import annotations

from dicomweb_conformance.checks.expect import Expectation, assume, control, expect
from dicomweb_conformance.checks.verifies import Variant, verifies
from dicomweb_conformance.http import media_types
from dicomweb_conformance.http.unreadable import UnreadableError
from dicomweb_conformance.scenarios.steps import pixel_octets
from dicomweb_conformance.scenarios.steps.pictures import (
    all_shown,
    frames,
    is_multipart,
    is_padded,
    is_same,
    plain,
    read_all,
    shown,
    size_of,
)
from dicomweb_conformance.scenarios.steps.pixel_octets import are_frames, equals, is_codestream, items_in, joined
from dicomweb_conformance.service import resources
from dicomweb_conformance.service.resources import Resource
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_fixtures.corpus import Corpus

# Frames

NUMBERS = (Variant("one", "GOOGLE-079", "1"), Variant("two", "GOOGLE-079", "1,2"))


@verifies(id="google-frames", each=NUMBERS)
def test_frames(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """Frames come as multipart application/octet-stream, native."""
    instance = corpus.multiframe.instances[0]
    wanted = instance.frames[: 1 if case.id == "one" else 2]

    response = dicomweb.frames(instance, case.value)

    with expect(response) as it:
        it.has_status(200)
        items = items_in(it)
        if not are_frames(items, wanted):
            it.observes("other-octets", received=pixel_octets.difference(joined(items), b"".join(wanted)))


@verifies("GOOGLE-080", id="google-frames-as-stored")
def test_frames_as_stored(dicomweb: StudiesService, corpus: Corpus) -> None:
    """With transfer-syntax=* a frame comes as it is stored, compressed where it is."""
    instance = corpus.jpeg.instances[0]

    response = dicomweb.frames(instance, "1", accept=f"{media_types.MULTIPART_OCTETS}; transfer-syntax=*")

    with expect(response) as it:
        it.has_status(200)
        found = joined(items_in(it))
        if equals(found, instance.frames[0]):
            it.observes("decoded-pixels", received=f"{len(found)} octets")
        elif not is_codestream(found, instance):
            it.finds("other octets", expected=["the codestream as it is stored"], received=f"{len(found)} octets")


@verifies("GOOGLE-083", id="google-frames-in-order")
def test_frames_in_order(dicomweb: StudiesService, corpus: Corpus) -> None:
    """Three frames are three parts, in the order asked for."""
    instance = corpus.multiframe.instances[0]
    control(dicomweb.frames(instance, "1"), because="a single frame cannot be retrieved")

    response = dicomweb.frames(instance, "1,2,3")

    with expect(response) as it:
        it.has_status(200)
        items = items_in(it)
        missing = [n for n, frame in enumerate(instance.frames, 1) if frame not in joined(items)]
        if missing:
            it.observes("a-frame-missing", expected=["frames 1, 2, 3"], received=f"without {missing}")
        elif not are_frames(items, instance.frames):
            it.observes("another-order", expected=["frames 1, 2, 3"], received=f"{len(items)} parts")
        elif len(items) == 1:
            it.observes("one-part-with-all-three-in-order", received="one part")


NO_FRAMES = (Variant("zero", "GOOGLE-084", "0"), Variant("beyond-the-last", "GOOGLE-084", "4"))


@verifies(id="google-no-such-frame", each=NO_FRAMES)
def test_no_such_frame(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """A frame number that does not exist is answered with 400, and never with another frame."""
    instance = corpus.multiframe.instances[0]
    control(dicomweb.frames(instance, "3"), because="the last frame cannot be retrieved")

    response = dicomweb.frames(instance, case.value)

    with expect(response) as it:
        told = response.status == 200 or response.status >= 500
        assume(case.id != "zero" or not told, f"frame 0 is answered with {response.status}", "frames-zero")
        it.has_status(400)


@verifies("GOOGLE-085", id="google-frames-coded")
def test_frames_coded(dicomweb: StudiesService, corpus: Corpus) -> None:
    """Where a client takes gzip a frame comes with that content coding or without it, and is the same frame."""
    instance = corpus.ct_pair.instances[0]
    path = f"{resources.path(instance)}/frames/1"
    control(dicomweb.get(path, accept=media_types.MULTIPART_OCTETS), because="the frame cannot be retrieved as it is")

    response = dicomweb.get(path, accept=media_types.MULTIPART_OCTETS, headers=[("Accept-Encoding", "gzip")])

    with expect(response) as it:
        it.has_status(200)
        found = joined(items_in(it))
        if not equals(found, instance.frames[0]):
            it.observes("decoded-octets-differ", received=pixel_octets.difference(found, instance.frames[0]))


# Pictures

TYPES = tuple(
    Variant(f"{of}-{name}", "GOOGLE-086", accept)
    for of in ("instance", "frame")
    for name, accept in (("any", "*/*"), ("jpeg", media_types.JPEG), ("png", media_types.PNG))
)


@verifies(id="google-rendered-type", each=TYPES)
def test_rendered_type(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """A rendered instance or frame is a JPEG, or a PNG where that is asked for, of the size of the image."""
    instance = corpus.pictures.instances[0]
    resource = frames(instance, "1") if case.id.startswith("frame") else resources.path(instance)

    response = dicomweb.rendered(resource, accept=case.value)

    with expect(response) as it:
        it.has_status(200)
        picture = shown(it, otherwise="a-body-of-another-type")
        expected = media_types.PNG if case.id.endswith("png") else media_types.JPEG
        if picture.media_type != expected or media_types.name_of(response.content_type) != expected:
            received = f"{picture.media_type} under {response.content_type}"
            it.observes("a-body-of-another-type", expected=[expected], received=received)
        size = (int(instance.value("Columns")), int(instance.value("Rows")))
        if picture.size != size:
            it.observes("another-size", expected=["x".join(map(str, size))], received=size_of(picture))


BOXES = (Variant("smaller", "GOOGLE-087", "32,32"), Variant("wider", "GOOGLE-087", "100,50"))


@verifies(id="google-viewport", each=BOXES, needs="rendered")
def test_viewport(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """A viewport scales the rendered image, which fits the box and keeps its aspect ratio."""
    instance = corpus.pictures.instances[0]
    _, before = plain(dicomweb, instance)
    width, height = map(int, case.value.split(","))

    response = dicomweb.rendered(instance, [("viewport", [str(width), str(height)])])

    with expect(response) as it:
        it.has_status(200)
        picture = shown(it)
        columns, rows = picture.size
        ratio = before.size[0] / before.size[1]
        if columns > width or rows > height:
            it.observes("larger-than-the-box", expected=[f"at most {case.value}"], received=size_of(picture))
        elif picture.size == (width, height) and is_padded(picture, before):
            it.observes("undistorted-picture-with-margin", received=size_of(picture))
        elif abs(columns - rows * ratio) > ratio + 1:
            it.observes("ratio-lost", expected=[f"ratio {ratio:.2f}"], received=size_of(picture))
        elif picture.size == before.size and case.id == "smaller":
            it.finds("not scaled", received=size_of(picture))


ABSENT = (Variant("gif", "GOOGLE-088"), Variant("study", "GOOGLE-088"), Variant("series", "GOOGLE-088"))


@verifies(id="google-rendered-absent", each=ABSENT)
def test_rendered_absent(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """A GIF, or a rendered study or series, is refused, or is what its Content-Type says."""
    study = corpus.pair_of_pictures
    plain(dicomweb, study.instances[0])
    levels: dict[str, Resource] = {"gif": study.instances[0], "study": study, "series": study.series[0]}
    single = media_types.GIF if case.id == "gif" else media_types.multipart_related(media_types.JPEG)

    response = dicomweb.rendered(levels[case.id], accept=single)

    with expect(response) as it:
        if response.status in {400, 403, 404, 405, 406}:
            it.concludes()
        it.has_status(200)
        _are_of_their_type(it, "200-body-does-not-fit-its-type")
        it.observes("offered-and-right", received=it.status_line)


PARAMETERS = (
    Variant("quality", "GOOGLE-089", "5"),
    Variant("window", "GOOGLE-089", "64,32,linear"),
    Variant("annotation", "GOOGLE-089", "patient"),
    Variant("iccprofile", "GOOGLE-089", "srgb"),
)


@verifies(id="google-rendered-parameter", each=PARAMETERS)
def test_rendered_parameter(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """Parameters other than viewport are refused, do nothing, or work as in PS3.18."""
    instance = corpus.pictures.instances[0]
    before, picture = plain(dicomweb, instance)

    response = dicomweb.rendered(instance, [(case.id, case.value.split(","))])

    with expect(response) as it:
        if response.status == 400:
            it.observes("400")
            it.concludes()
        it.has_status(200)
        changed = shown(it, otherwise="a-body-that-is-no-picture")
        if len(response.body) != len(before.body) or not is_same(picture, changed):
            it.observes("effect-as-in-ps3-18", received=size_of(changed))


LISTS = (Variant("one", "GOOGLE-090", "1"), Variant("two", "GOOGLE-090", "1,2"))


@verifies(id="google-rendered-frames", each=LISTS)
def test_rendered_frames(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """One frame is rendered as a single image, several as a multipart with one part for each."""
    instance = corpus.loop.instances[0]
    several = f"{media_types.multipart_related(media_types.JPEG)}, {media_types.JPEG};q=0.9"

    response = dicomweb.rendered(frames(instance, case.value), accept="*/*" if case.id == "one" else several)

    with expect(response) as it:
        it.has_status(200)
        found = all_shown(it)
        if case.id == "two" and len(found) == 1:
            it.observes("one-part-for-two-frames", expected=["two parts"], received="one image")
        elif len(found) != len(case.value.split(",")) or is_multipart(response) != (case.id == "two"):
            it.finds("another number of parts", received=f"{len(found)} images, {response.content_type}")


@verifies("GOOGLE-091", id="google-rendered-no-pixels")
def test_rendered_no_pixels(dicomweb: StudiesService, corpus: Corpus) -> None:
    """An instance without pixels is not rendered, but answered with 400."""
    plain(dicomweb, corpus.pictures.instances[0])
    report = corpus.with_documents().two_series.series[1].instances[0]

    response = dicomweb.rendered(report)

    with expect(response) as it:
        if response.status == 200:
            _are_of_their_type(it, "200-with-a-body-that-is-no-picture")
            it.finds("a picture of what has no pixels", received=it.status_line)
            it.concludes()
        it.has_status(400)


def _are_of_their_type(it: Expectation, otherwise: str) -> None:
    """Report pictures that are none, or of another media type than they are labelled with, and end the block."""
    try:
        found = read_all(it.response)
    except UnreadableError as error:
        it.observes(otherwise, expected=["an image"], received=str(error))
        it.concludes()
        return
    label = it.response.content_type
    if wrong := [each.media_type for each in found if each.media_type not in label]:
        it.observes(otherwise, expected=[label], received=", ".join(wrong))
        it.concludes()
