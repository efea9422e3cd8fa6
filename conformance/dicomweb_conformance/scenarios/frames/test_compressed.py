"""Frames of compressed images, native, as they are stored or in a compressed type (PS3.18 8.7.3.3, Table 8.7.3-5)."""

from __future__ import annotations

from dicomweb_conformance.checks.expect import assume, expect, offered
from dicomweb_conformance.checks.verifies import Variant, verifies
from dicomweb_conformance.http import media_types
from dicomweb_conformance.http.exchanges import Response
from dicomweb_conformance.scenarios.steps import pixel_octets
from dicomweb_conformance.scenarios.steps.pixel_octets import ANY_SYNTAX, ITEM, JPEG, equals, items_in, joined
from dicomweb_conformance.service.absence import CLEAN_REFUSALS
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_conformance.validators.images import jpeg
from dicomweb_fixtures.corpus import Corpus
from dicomweb_fixtures.entities import Instance, Study

RLE = 'multipart/related; type="image/dicom-rle"'
JPEG_LOSSLESS_SV1 = "1.2.840.10008.1.2.4.70"
# Whether the type is offered, and what is the right way to say no, is judged by one check.
REFUSALS = CLEAN_REFUSALS | {400}


def _is_to_be_had(dicomweb: StudiesService, instance: Instance) -> None:
    """Demand that the frame comes in some form: which of them a server need not have, others judge."""
    forms = (media_types.MULTIPART_OCTETS, ANY_SYNTAX, 'multipart/related; type="image/jpeg"')
    had = any(dicomweb.frames(instance, "1", accept=form).status == 200 for form in forms)
    assume(had, "the frame cannot be retrieved in any form", "frames-of-an-image")


def _in_rle(dicomweb: StudiesService, instance: Instance, numbers: str) -> Response:
    """Ask for frames as image/dicom-rle, where the parameter is refused without it: the default of the type is RLE."""
    response = dicomweb.frames(instance, numbers, accept=f"{RLE}; transfer-syntax=*")
    return response if response.status not in {400, 406} else dicomweb.frames(instance, numbers, accept=RLE)


@verifies("FRAMES-015", id="frames-are-decompressed")
def test_are_decompressed(dicomweb: StudiesService, corpus: Corpus) -> None:
    """A frame that was compressed without loss comes uncompressed, where no transfer syntax is asked for."""
    instance = corpus.rle.instances[0]

    response = dicomweb.frames(instance, "1")

    with expect(response) as it:
        it.has_status(200)
        items = items_in(it)
        found = joined(items)
        if equals(found, instance.frames[0]):
            it.observes("octets-of-the-decoded-frame")
        elif pixel_octets.is_codestream(found, instance):
            it.observes(
                "stored-codestream-with-its-syntax"
                if items[0].transfer_syntax == pixel_octets.RLE
                else "stored-codestream-without-its-syntax",
                where="Content-Type",
                received=items[0].content_type,
            )
        else:
            it.observes(
                "decoded-octets-differ-from-the-reference",
                received=pixel_octets.difference(found, instance.frames[0]),
            )


AS_STORED = (Variant("native", "FRAMES-017", "ct_pair"), Variant("rle", "FRAMES-017", "rle"))


@verifies(id="frames-any-transfer-syntax", each=AS_STORED)
def test_any_transfer_syntax(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """`transfer-syntax=*` gives a frame native, or as it is stored."""
    study: Study = getattr(corpus, case.value)
    instance = study.instances[0]

    response = dicomweb.frames(instance, "1", accept=ANY_SYNTAX)
    if case.id != "native" and response.status in {400, 406}:
        native = dicomweb.frames(corpus.ct_pair.instances[0], "1", accept=ANY_SYNTAX)
        refused = "transfer-syntax=* is refused for a native frame, too"
        assume(native.status == 200, refused, "frames-any-transfer-syntax[native]")

    with expect(response) as it:
        it.has_status(200)
        items = items_in(it)
        found, syntax = joined(items), items[0].transfer_syntax
        if equals(found, instance.frames[0]):
            it.observes("native-octets-of-the-frame")
        elif case.id == "rle" and pixel_octets.is_codestream(found, instance):
            named = syntax is not None or items[0].name in pixel_octets.IMAGE_RLE
            it.observes(
                "the-stored-codestream" if named else "compressed-without-syntax-parameter",
                where="Content-Type",
                received=items[0].content_type,
            )
        elif syntax is None or not pixel_octets.decodes_to(found, syntax, instance, 1):
            it.observes(
                "octets-neither-native-nor-stored-frame",
                received=f"{items[0].content_type}: {pixel_octets.difference(found, instance.frames[0])}",
            )


@verifies("FRAMES-018", "FRAMES-019", id="frames-as-rle", needs="frames")
def test_as_rle(dicomweb: StudiesService, corpus: Corpus) -> None:
    """A frame stored in RLE comes as image/dicom-rle, as it is stored, or this type is refused with 406."""
    instance = corpus.rle.instances[0]
    _is_to_be_had(dicomweb, instance)

    response = _in_rle(dicomweb, instance, "1")

    with expect(response) as it:
        found = joined(pixel_octets.items_in_rle(it, of="FRAMES-019"))
        if pixel_octets.is_codestream(found, instance) or pixel_octets.decodes_to(found, pixel_octets.RLE, instance, 1):
            it.observes("default-codestream-of-the-type", of="FRAMES-019")
        elif equals(found, instance.frames[0]):
            it.observes("codestream-of-another-family", received="native pixels", of="FRAMES-019")
        else:
            it.finds("the codestream is not that of the frame", received=found[:16].hex(" "), of="FRAMES-019")


@verifies("FRAMES-013", id="frames-as-rle-one-by-one", needs="frames")
def test_as_rle_one_by_one(dicomweb: StudiesService, corpus: Corpus) -> None:
    """Compressed frames of a list come as one part each, in the order of the list."""
    instance = corpus.rle_loop.instances[0]

    response = _in_rle(dicomweb, instance, "1,2")

    offered(response.status not in REFUSALS, "frames do not come as image/dicom-rle, see check frames-as-rle")
    with expect(response) as it:
        it.has_status(200)
        items = items_in(it)
        offered(items[0].name in pixel_octets.IMAGE_RLE, "image/dicom-rle is answered in another type")
        shown = [pixel_octets.frame_in_rle(item.octets, instance) for item in items]
        received = ", ".join(f"frame {each}" if each else "no frame" for each in shown)
        if shown == [1, 2]:
            it.observes("a-part-for-each-frame-of-its-size")
        elif any(item.octets.startswith(ITEM) for item in items):
            it.observes("item-tags-inside-a-part", received=items[0].octets[:8].hex(" "))
        elif shown in ([1], [2]):
            it.observes("one-of-the-two-frames-only", received=received)
        else:
            it.observes("frame-undecodable-or-another", received=received)


# Images that were compressed with loss


@verifies("FRAMES-016b", "FRAMES-016", id="frames-of-lossy-image")
def test_of_lossy_image(dicomweb: StudiesService, corpus: Corpus) -> None:
    """A frame stored in JPEG Baseline comes decoded or as it is stored, where no transfer syntax is asked for."""
    instance = corpus.jpeg.instances[0]
    _is_to_be_had(dicomweb, instance)

    response = dicomweb.frames(instance, "1")

    with expect(response) as it:
        if response.status == 404:
            it.observes("404-although-any-syntax-works", of="FRAMES-016")
            it.concludes()
        it.has_status(200, 406, of="FRAMES-016")
        if response.status == 406:
            it.observes("406", of="FRAMES-016")
            it.concludes()
        found, frame = joined(items_in(it)), instance.frames[0]
        decoded = pixel_octets.jpeg_samples(found) if found.startswith(JPEG) else found
        if pixel_octets.is_codestream(found, instance):
            it.observes("200-with-the-stored-jpeg", of="FRAMES-016")
            it.observes("jpeg-octets-equal-the-stored-frame")
        elif decoded is None or len(decoded) < len(frame):
            it.observes("truncated-or-empty", received=f"{len(found)} octets")
        elif not pixel_octets.is_near(decoded[: len(frame)], frame):
            it.observes("pixels-outside-the-tolerance", received=pixel_octets.difference(decoded, frame))
        elif decoded is found:
            it.observes("200-with-decoded-pixels", of="FRAMES-016")
            it.observes("within-the-idct-tolerance")
        else:
            it.observes("re-encoded-jpeg-of-the-same-picture", received=f"{len(found)} octets")


@verifies("FRAMES-019", id="frames-as-jpeg", needs="frames")
def test_as_jpeg(dicomweb: StudiesService, corpus: Corpus) -> None:
    """A frame as image/jpeg without a transfer syntax is JPEG Lossless, or names its syntax, or is refused with 406."""
    instance = corpus.jpeg.instances[0]
    _is_to_be_had(dicomweb, instance)

    response = dicomweb.frames(instance, "1", accept='multipart/related; type="image/jpeg"')

    with expect(response) as it:
        it.has_status(200, 406)
        if response.status == 406:
            it.observes("406")
            it.concludes()
        (item, *_) = items_in(it)
        offered(item.name == "image/jpeg", "image/jpeg is answered in another type")
        process = jpeg.process(item.octets)
        if process is None:
            it.observes("codestream-of-another-family", received=item.octets[:4].hex(" "))
        elif item.transfer_syntax is not None and process not in jpeg.PROCESSES.get(item.transfer_syntax, ()):
            it.observes("parameter-does-not-fit-codestream", received=f"FF{process:02X} in {item.content_type}")
        elif process in jpeg.PROCESSES[JPEG_LOSSLESS_SV1] and item.transfer_syntax in {None, JPEG_LOSSLESS_SV1}:
            it.observes("default-codestream-of-the-type")
        elif item.transfer_syntax is not None:
            it.observes("another-codestream-with-parameter")
        elif process in jpeg.PROCESSES[pixel_octets.JPEG_BASELINE]:
            it.observes("jpeg-baseline-without-parameter", received=item.content_type)
        else:
            it.observes("another-codestream-without-parameter", received=item.content_type)
