"""Bulk data: pixel data, native and compressed (PS3.18 10.4.1.1.6, 8.7.3.3)."""

from __future__ import annotations

from dicomweb_conformance.checks.expect import control, expect, offered
from dicomweb_conformance.checks.verifies import verifies
from dicomweb_conformance.http import media_types
from dicomweb_conformance.scenarios.bulkdata.bulk_values import is_value, reference_to, stored_value, value_at
from dicomweb_conformance.scenarios.steps import pixel_octets
from dicomweb_conformance.scenarios.steps.pixel_octets import items_in, joined
from dicomweb_conformance.scenarios.steps.single_bits import is_packed
from dicomweb_conformance.service import resources
from dicomweb_conformance.service.absence import CLEAN_REFUSALS
from dicomweb_conformance.service.bulk_data import PIXEL_DATA
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_fixtures.corpus import Corpus
from dicomweb_fixtures.studies.video import mp4

RLE_OF_ANY_SYNTAX = 'multipart/related; type="image/dicom-rle"; transfer-syntax=*'


@verifies("BULKDATA-014", id="bulkdata-of-all-frames")
def test_of_all_frames(dicomweb: StudiesService, corpus: Corpus) -> None:
    """Native pixel data of several frames come whole."""
    instance = corpus.multiframe.instances[0]
    reference = reference_to(dicomweb, instance)

    response = value_at(dicomweb, reference)

    with expect(response) as it:
        it.has_status(200)
        items = items_in(it)
        found, value = joined(items), stored_value(instance, PIXEL_DATA)
        if pixel_octets.are_frames(items, instance.frames) and len(items) > 1:
            it.observes("one-part-per-frame-concatenation-equal", received=f"{len(items)} parts")
        elif is_value(found, value):
            it.observes("one-part-of-all-frames-octets-equal")
        elif pixel_octets.equals(found, instance.frames[0]):
            it.observes("only-the-first-frame", received=f"{len(found)} octets")
        else:
            it.observes("concatenation-differs", received=pixel_octets.difference(found, value))


@verifies("BULKDATA-021", id="bulkdata-of-one-bit")
def test_of_one_bit(dicomweb: StudiesService, corpus: Corpus) -> None:
    """Native pixel data with one bit for each pixel come as they are stored, frames packed without padding."""
    instance = corpus.single_bit.instances[0]
    reference = reference_to(dicomweb, instance)
    bits = int(instance.value("Rows")) * int(instance.value("Columns"))

    response = value_at(dicomweb, reference)

    with expect(response) as it:
        it.has_status(200)
        found = joined(items_in(it))
        if is_packed(found, instance.frames, bits):
            it.observes("bits-as-stored-frames-packed")
        else:
            it.observes("bits-differ", received=f"{len(found)} octets: {found[:32].hex(' ') or 'none'}")


@verifies("BULKDATA-016", id="bulkdata-is-decompressed")
def test_is_decompressed(dicomweb: StudiesService, corpus: Corpus) -> None:
    """Pixel data that were compressed without loss come uncompressed, where no transfer syntax is asked for."""
    instance = corpus.rle.instances[0]
    reference = reference_to(dicomweb, instance, owner="metadata-leads-to-compressed-pixels[rle]")

    response = value_at(dicomweb, reference)

    with expect(response) as it:
        if response.status == 406:
            it.observes("lossless-storage-406")
            it.concludes()
        it.has_status(200)
        items = items_in(it)
        found, value = joined(items), stored_value(instance, PIXEL_DATA)
        if is_value(found, value):
            it.observes("octets-of-the-decoded-pixels")
        elif pixel_octets.is_codestream(found, instance):
            it.observes(
                "stored-stream-with-its-syntax"
                if items[0].transfer_syntax == pixel_octets.RLE
                else "stored-stream-without-its-syntax",
                where="Content-Type",
                received=items[0].content_type,
            )
        else:
            it.observes("decoded-octets-differ-from-the-reference", received=pixel_octets.difference(found, value))


@verifies("BULKDATA-007", "BULKDATA-012", id="bulkdata-as-rle", needs="bulkdata")
def test_as_rle(dicomweb: StudiesService, corpus: Corpus) -> None:
    """Pixel data stored in RLE come as image/dicom-rle without item tags, or this type is refused."""
    instance = corpus.rle.instances[0]
    reference = reference_to(dicomweb, instance, owner="metadata-leads-to-compressed-pixels[rle]")
    control(
        value_at(dicomweb, reference, f"{media_types.MULTIPART_OCTETS}; transfer-syntax=*"),
        because="the pixel data cannot be retrieved in any form",
    )

    response = value_at(dicomweb, reference, RLE_OF_ANY_SYNTAX)

    with expect(response) as it:
        found = joined(pixel_octets.items_in_rle(it, of="BULKDATA-012"))
        if pixel_octets.is_codestream(found, instance) or pixel_octets.decodes_to(found, pixel_octets.RLE, instance, 1):
            return
        first = found[:4].hex(" ")
        if b"\xfe\xff\x00\xe0" in found:
            it.observes("item-tag-or-offset-table-inside", received=first, of="BULKDATA-012")
        else:
            it.finds("the codestream is not that of the pixel data", received=first, of="BULKDATA-012")


@verifies("BULKDATA-013", id="bulkdata-as-rle-by-frame", needs="bulkdata")
def test_as_rle_by_frame(dicomweb: StudiesService, corpus: Corpus) -> None:
    """Compressed pixel data of several frames come as one part for each, in their order."""
    instance = corpus.rle_loop.instances[0]
    reference = reference_to(dicomweb, instance, owner="metadata-leads-to-compressed-pixels[rle-of-three-frames]")

    response = value_at(dicomweb, reference, RLE_OF_ANY_SYNTAX)

    offered(
        response.status not in CLEAN_REFUSALS | {400},
        "pixel data do not come as image/dicom-rle, see check bulkdata-as-rle",
    )
    with expect(response) as it:
        it.has_status(200)
        items = items_in(it)
        offered(items[0].name in pixel_octets.IMAGE_RLE, "image/dicom-rle is answered in another type")
        if len(items) != len(instance.frames):
            it.observes(
                "parts-are-not-the-frames",
                expected=[f"{len(instance.frames)} parts"],
                received=f"{len(items)} parts",
            )
            it.concludes()
        shown = [pixel_octets.frame_in_rle(item.octets, instance) for item in items]
        received = ", ".join(f"frame {each}" if each else "no frame" for each in shown)
        if shown == [1, 2, 3]:
            it.observes("a-part-for-each-frame-that-decodes")
        elif all(shown):
            it.observes("frames-in-another-order", received=received)
        else:
            it.observes("a-part-that-does-not-decode", received=received)


VIDEO = media_types.multipart_related("video/mp4")


@verifies("BULKDATA-015", id="bulkdata-of-video", needs="bulkdata")
def test_of_video(dicomweb: StudiesService, corpus: Corpus) -> None:
    """Pixel data that are a video come as one part, the stream as it was stored, or the type is refused."""
    reference = reference_to(dicomweb, corpus.video.instances[0], owner="metadata-leads-to-compressed-pixels[video]")

    response = value_at(dicomweb, reference, f"{VIDEO}; transfer-syntax=*")
    if response.status in {400, 406}:
        response = value_at(dicomweb, reference, VIDEO)

    with expect(response) as it:
        it.has_status(200, 406)
        if response.status == 406:
            it.observes("406")
            it.concludes()
        items, stored = items_in(it), mp4().rstrip(b"\0")
        offered(items[0].name == "video/mp4", "video/mp4 is answered in another type")
        if len(items) > 1:
            it.observes("several-parts", received=f"{len(items)} parts")
        elif items[0].octets.rstrip(b"\0") == stored:
            it.observes("one-part-with-the-video")
        else:
            received = f"{len(items[0].octets)} octets rather than {len(stored)}: {items[0].octets[:16].hex(' ')}"
            it.observes("stream-differs-or-has-item-tags-inside", received=received)


@verifies("BULKDATA-020", id="bulkdata-pixels-without-icon", needs="bulkdata")
def test_pixels_without_icon(dicomweb: StudiesService, corpus: Corpus) -> None:
    """The pixeldata resource of an instance with an icon has the pixels of the image alone."""
    instance = corpus.icon.instances[0]
    icon = bytes(instance.dataset.IconImageSequence[0].PixelData)

    response = dicomweb.get(f"{resources.path(instance)}/pixeldata", accept=media_types.MULTIPART_OCTETS)

    offered(
        response.status == 200, "pixeldata resources are not offered, see check bulkdata-pixels-of", "bulkdata.levels"
    )
    with expect(response) as it:
        items = items_in(it)
        if any(is_value(item.octets, icon) for item in items):
            it.observes("icon-image-pixels-included", received=f"{len(items)} parts")
        elif len(items) == 1 and is_value(items[0].octets, instance.frames[0]):
            it.observes("only-top-level-pixel-data")
        else:
            received = f"{len(items)} parts of {', '.join(str(len(item.octets)) for item in items)} octets"
            it.finds("other octets than the pixels of the image", received=received)
