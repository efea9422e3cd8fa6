"""Frames: those of kinds of pixels that few servers meet, of which some do not even fill their octets."""

from __future__ import annotations

from dicomweb_conformance.catalogue.statuses import BAD_REQUEST
from dicomweb_conformance.checks.expect import expect
from dicomweb_conformance.checks.verifies import Variant, verifies
from dicomweb_conformance.scenarios.steps import pixel_octets
from dicomweb_conformance.scenarios.steps.image_description import fits_metadata
from dicomweb_conformance.scenarios.steps.pixel_octets import equals, items_in, joined
from dicomweb_conformance.scenarios.steps.refusals import study_named
from dicomweb_conformance.scenarios.steps.single_bits import is_packed, of_frames
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_fixtures.corpus import Corpus
from dicomweb_fixtures.entities import Instance

# The value names an entry, an instance of it counted from 0, and frames.
KINDS = (
    Variant("signed-8-bit", "FRAMES-014b", "bit_depths 1 1"),
    Variant("signed-12-bit", "FRAMES-014b", "bit_depths 3 1"),
    Variant("signed-and-rescaled", "FRAMES-014b", "grey_scales 6 1"),
    Variant("one-pixel", "FRAMES-014b", "shapes 0 1"),
    Variant("rgb-by-plane", "FRAMES-014b", "colour_by_plane 0 1"),
    Variant("rgb-16-bit", "FRAMES-014b", "colour_of_16_bits 0 1"),
    Variant("palette-color", "FRAMES-014b", "ultrasound_colours 2 2"),
    Variant("segmented-palette", "FRAMES-014b", "segmented_palettes 0 1"),
    Variant("dose-of-32-bit", "FRAMES-014b", "radiotherapy 4 2"),
    Variant("tile", "FRAMES-014b", "whole_slide_colour 0 5"),
    Variant("float", "FRAMES-014b", "parametric_map 0 2"),
)


def _instance(corpus: Corpus, case: Variant) -> tuple[Instance, str]:
    entry, number, frames = case.value.split()
    return study_named(corpus, entry).instances[int(number)], frames


@verifies(id="frames-of-a-rare-kind", each=KINDS, needs="frames")
def test_of_a_rare_kind(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """A frame has the octets that were stored, whatever its pixels are: signed, floating, in planes, in a palette."""
    instance, number = _instance(corpus, case)
    frame = instance.frames[int(number) - 1]

    response = dicomweb.frames(instance, number)

    with expect(response) as it:
        it.has_status(200)
        found = joined(items_in(it))
        if equals(found, frame) or fits_metadata(dicomweb, instance, found, frame):
            it.observes("octets-as-stored")
        else:
            it.observes(
                "other-octets",
                expected=[f"the {len(frame)} octets that were stored"],
                received=pixel_octets.difference(found, frame),
            )


ONE_BIT = (
    Variant("second", "BULKDATA-021", "single_bit 0 2"),
    Variant("two-of-three", "BULKDATA-021", "single_bit 0 2,3"),
    Variant("segmentation", "BULKDATA-021", "segmentation 2 3"),
)


@verifies(id="frames-of-one-bit", each=ONE_BIT, needs="frames")
def test_of_one_bit(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """Frames with one bit for each pixel are packed: each begins where the one before it ends, within an octet."""
    instance, numbers = _instance(corpus, case)
    frames = [instance.frames[int(each) - 1] for each in numbers.split(",")]
    bits = int(instance.value("Rows")) * int(instance.value("Columns"))

    response = dicomweb.frames(instance, numbers)

    with expect(response) as it:
        if response.status in {406, *BAD_REQUEST}:
            it.observes("406-or-400-for-selected-frames", received=it.status_line)
            it.concludes()
        it.has_status(200)
        found = joined(items_in(it))
        if is_packed(found, frames, bits):
            it.observes("bits-as-stored-frames-packed")
        elif all(is_packed(each, [frame], bits) for each, frame in of_frames(found, frames)):
            it.observes("frames-start-at-octet-borders", received=f"{len(found)} octets: {found.hex(' ')}")
        else:
            it.observes(
                "bits-differ",
                expected=[f"{bits * len(frames)} bits of frames {numbers}"],
                received=f"{len(found)} octets: {found[:32].hex(' ') or 'none'}",
            )
