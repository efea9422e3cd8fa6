"""Frames: the pixel data of an image, frame by frame (PS3.18 10.4.1.1.6)."""

from __future__ import annotations

from dicomweb_conformance.archive.contents import Archive, shows
from dicomweb_conformance.checks.expect import assume, control, expect
from dicomweb_conformance.checks.verifies import Variant, verifies
from dicomweb_conformance.http import media_types
from dicomweb_conformance.scenarios.frames.single_frames import NATIVE, frames_in, is_frame, is_to_be_had
from dicomweb_conformance.scenarios.steps import pixel_octets
from dicomweb_conformance.scenarios.steps.pixel_octets import equals, items_in, joined
from dicomweb_conformance.scenarios.steps.refusals import missing_beside
from dicomweb_conformance.scenarios.steps.streamed_images import comes_back
from dicomweb_conformance.service import resources
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_fixtures.corpus import Corpus
from dicomweb_fixtures.entities import Study
from dicomweb_fixtures.fresh import Fresh
from dicomweb_fixtures.payloads import streamed


@verifies("FRAMES-001", "FRAMES-020", "FRAMES-009", id="frames-of-an-image", smoke=True)
def test_of_an_image(dicomweb: StudiesService, corpus: Corpus) -> None:
    """Frame 1 of an image that has only one holds all its pixels, as the one part of a multipart."""
    instance = corpus.two_series.instances[0]

    response = dicomweb.frames(instance, "1")

    with expect(response) as it:
        it.has_status(200)
        found = joined(items_in(it))
        if not equals(found, instance.frames[0]):
            it.observes("other-octets", received=pixel_octets.difference(found, instance.frames[0]), of="FRAMES-020")
        elif media_types.name_of(response.content_type) == media_types.MULTIPART_RELATED:
            it.observes("multipart-related", of="FRAMES-009")
        elif media_types.name_of(response.content_type) == media_types.OCTET_STREAM:
            it.observes(
                "single-part-although-multipart-asked",
                where="Content-Type",
                received=response.content_type,
                of="FRAMES-009",
            )


OCTETS = (
    Variant("signed-16-bit", "FRAMES-014", "ct_pair"),
    Variant("unsigned-16-bit", "FRAMES-014", "implicit"),
    Variant("rgb-8-bit", "FRAMES-014", "multiframe"),
)


@verifies(id="frames-are-native-pixels", each=OCTETS)
def test_are_native_pixels(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """A frame has the octets that were stored, in little endian, as many as its rows and columns make."""
    study: Study = getattr(corpus, case.value)
    instance = study.instances[-1]

    response = dicomweb.frames(instance, "1")

    with expect(response) as it:
        it.has_status(200)
        is_frame(it, joined(items_in(it)), instance.frames[0])


@verifies("FRAMES-004", id="frames-count-from-one")
def test_count_from_one(dicomweb: StudiesService, corpus: Corpus) -> None:
    """`frames/1` is the first of several frames."""
    instance = corpus.multiframe.instances[0]

    response = dicomweb.frames(instance, "1")

    with expect(response) as it:
        it.has_status(200)
        found = joined(items_in(it))
        if equals(found, instance.frames[0]):
            it.observes("frames-1-is-the-first-frame")
        elif any(equals(found, frame) for frame in instance.frames):
            it.observes("frames-1-is-another-frame", received=frames_in(found, instance))
        else:
            assume(False, "what is retrieved as frame 1 is no frame of the image", NATIVE)


@verifies("FRAMES-026", id="frames-of-twelve", needs="store", afresh=True)
def test_of_twelve(dicomweb: StudiesService, archive: Archive, fresh: Fresh) -> None:
    """Each of twelve frames has its number, in the first answer and in later ones."""
    single = fresh.instance(name="control")
    control(dicomweb.store([single]), 200, 202, because="a single frame is not stored")
    assume(archive.holds(single), "a single frame does not become visible", "store-multipart")
    is_to_be_had(dicomweb.frames(single, "1"), single)
    image = streamed.image(fresh.place(), 12, rows=8, columns=8)

    response = dicomweb.store_streamed(image)

    control(response, 200, 202, because="an image of twelve frames is not stored")
    assume(archive.holds(image.instance), "an image of twelve frames does not become visible", "store-multipart")
    with expect(response) as it:
        comes_back(it, dicomweb, archive, image, (1, 2, 10, 12, 2), otherwise="another-frame")


EACH_FRAME = (
    Variant("first", "FRAMES-025", "1"),
    Variant("second", "FRAMES-025", "2"),
    Variant("last", "FRAMES-025", "3"),
)


@verifies(id="frames-without-pad", each=EACH_FRAME)
def test_without_pad(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """A frame with an odd number of octets comes as it is, without the octet that pads the last one."""
    instance = corpus.multiframe.instances[0]
    frame = instance.frames[int(case.value) - 1]

    response = dicomweb.frames(instance, case.value)

    assume(response.status == 200, "the frame cannot be retrieved", "frames-count-from-one")
    with expect(response) as it:
        found = joined(items_in(it))
        received = pixel_octets.difference(found, frame) if found != frame else ""
        assume(found == frame or found not in instance.frames, "another frame comes", "frames-count-from-one")
        # In front of the first there is nothing that could be a pad.
        assume(case.id != "first" or frame in (found, found[:-1]), "what comes is no frame of the image", NATIVE)
        if found == frame:
            it.observes("exactly-the-octets-of-each-frame")
        elif found[:-1] == frame and case.id == "last":
            it.observes("the-pad-octet-behind-the-last-frame", received=received)
        elif found[:-1] == frame:
            it.observes("an-octet-more-behind-another-frame", received=received)
        elif found in b"".join(instance.frames) + b"\0":
            it.observes("frames-shifted-by-the-pad-octet", received=received)
        else:
            it.finds("other octets", received=received)


@verifies("ERROR-005d", id="frames-of-unknown-instance")
def test_of_unknown_instance(dicomweb: StudiesService, corpus: Corpus) -> None:
    """Frames of an instance that does not exist are answered with 404 or 410."""
    instance = corpus.ct_pair.instances[0]
    _, missing = missing_beside(corpus, instance, "instance")
    is_to_be_had(dicomweb.frames(instance, "1"), instance)

    response = dicomweb.get(f"{missing}/frames/1", accept=media_types.MULTIPART_OCTETS)

    with expect(response) as it:
        if response.status in {200, 206}:
            it.observes("200-or-206-with-any-body", received=it.status_line)
        else:
            it.has_status(404, 410)


@verifies("FRAMES-021", id="frames-of-no-image")
def test_of_no_image(dicomweb: StudiesService, corpus: Corpus) -> None:
    """An instance without pixel data has no frames."""
    study = corpus.with_documents().two_series
    document = study.series[1].instances[0]
    assume(shows(dicomweb.retrieve(document), [document.sop_instance_uid]), "the document cannot be retrieved")
    is_to_be_had(dicomweb.frames(study.instances[0], "1"), study.instances[0])

    response = dicomweb.frames(document, "1")

    with expect(response) as it:
        if response.status == 200:
            it.observes("200-with-any-body", received=f"{it.status_line}, {len(response.body)} octets")
        else:
            it.has_status(404, 400, 406)


@verifies("FRAMES-024", id="frames-have-no-metadata")
def test_have_no_metadata(dicomweb: StudiesService, corpus: Corpus) -> None:
    """There are no metadata below a frame."""
    instance = corpus.ct_pair.instances[0]
    is_to_be_had(dicomweb.frames(instance, "1"), instance)

    response = dicomweb.metadata(f"{resources.path(instance)}/frames/1")

    with expect(response) as it:
        if response.status == 200:
            quote = "200-with-the-metadata-of-the-instance"
            if not shows(response, [instance.sop_instance_uid]):
                quote = "200-with-anything-else"
            it.observes(quote, received=it.status_line)
        else:
            it.has_status(404, 400, 405, 406)
