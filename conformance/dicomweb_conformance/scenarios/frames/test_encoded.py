"""Frames of images in each transfer syntax: decoded, or in the media type that fits (PS3.18 8.7.3.3, Table 8.7.3-5)."""

from __future__ import annotations

from zlib import crc32

import numpy as np

from dicomweb_conformance.checks.expect import Expectation, control, expect, offered
from dicomweb_conformance.checks.verifies import Variant, verifies
from dicomweb_conformance.http import media_types
from dicomweb_conformance.http.exchanges import Response
from dicomweb_conformance.http.unreadable import UnreadableError
from dicomweb_conformance.reading import picture_files, pixel_data
from dicomweb_conformance.scenarios.steps import pixel_octets
from dicomweb_conformance.scenarios.steps.encoded_images import LOSSLESS, TYPES, images_in, type_of
from dicomweb_conformance.scenarios.steps.image_description import fits_metadata, is_ybr_as_described
from dicomweb_conformance.scenarios.steps.likewise import leave_to_the_first
from dicomweb_conformance.scenarios.steps.pixel_octets import ANY_SYNTAX, ITEM, JPEG, equals, items_in, joined
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_fixtures.building.transfer_syntaxes import DEFLATED_IMAGE_FRAME, SYNTAXES
from dicomweb_fixtures.corpus import Corpus
from dicomweb_fixtures.entities import Instance, Study
from dicomweb_fixtures.studies import offset_tables

DECODED = tuple(Variant(each.key, "FRAMES-015", each.uid) for each in LOSSLESS)


@verifies(id="frames-of-lossless", each=DECODED)
def test_of_lossless(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """A frame in a transfer syntax that loses nothing comes decoded to the last bit, where no other is asked for."""
    for instance in images_in(corpus, case.value):
        response = dicomweb.frames(instance, "1")

        with expect(response) as it:
            leave_to_the_first(
                "frames-of-lossless",
                case,
                DECODED,
                _undecoded(case, response, instance),
                lambda each: _first_undecoded(dicomweb, corpus, each),
            )
            it.has_status(200)
            items = items_in(it)
            found, frame = joined(items), instance.frames[0]
            if equals(found, frame) or fits_metadata(dicomweb, instance, found, frame):
                it.observes("octets-of-the-decoded-frame")
            elif is_ybr_as_described(dicomweb, instance, found, frame):
                it.observes("rgb-and-ybr-confused-consistently")
            elif pixel_octets.is_codestream(found, instance):
                named = items[0].transfer_syntax == case.value
                it.observes(
                    "stored-codestream-with-its-syntax" if named else "stored-codestream-without-its-syntax",
                    where="Content-Type",
                    received=items[0].content_type,
                )
            else:
                leave_to_the_first(
                    "frames-of-lossless",
                    case,
                    DECODED,
                    _octets_said(found),
                    lambda each: _octets_said(_first_octets(dicomweb, corpus, each)),
                )
                it.observes("decoded-octets-differ-from-the-reference", received=pixel_octets.difference(found, frame))


def _octets_said(found: bytes) -> str:
    """Say which octets come: the same in place of images in several transfer syntaxes are no fault of a decoder."""
    return f"{len(found)} octets come that are not the frame's, of CRC-32 {crc32(found):08X}"


def _first_octets(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> bytes:
    response = dicomweb.frames(images_in(corpus, case.value)[0], "1")
    try:
        return joined(pixel_octets.items_of(response)) if response.status == 200 else b""
    except UnreadableError:
        return b""


def _undecoded(case: Variant, response: Response, instance: Instance) -> str:
    """Say how a server falls short that does not decode: it breaks, or calls native what is not; empty where neither.

    What a decoder makes wrong is the fault of that one, and a codestream by its name is no more than that.
    """
    if response.status >= 500:
        return f"a frame is answered with {response.status}"
    try:
        items = pixel_octets.items_of(response) if response.status == 200 else []
    except UnreadableError:
        return ""
    found, named = joined(items), any(item.transfer_syntax == case.value for item in items)
    is_native = named or equals(found, instance.frames[0])
    as_stored = pixel_octets.is_codestream(found, instance) and not is_native
    return "a frame comes as it is stored, under the name of another transfer syntax" if as_stored else ""


def _first_undecoded(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> str:
    said = (_undecoded(case, dicomweb.frames(each, "1"), each) for each in images_in(corpus, case.value))
    return next(filter(None, said), "")


IN_OWN_TYPE = tuple(Variant(each.key, "FRAMES-018", each.uid) for each in TYPES)


def _breaks(response: Response) -> str:
    return f"the frame is answered with {response.status}" if response.status >= 500 and response.status != 501 else ""


def _asked_for_own(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> Response:
    accept = f"{media_types.multipart_related(type_of(case.value))}; transfer-syntax={case.value}"
    return dicomweb.frames(images_in(corpus, case.value)[0], "1", accept=accept)


@verifies("FRAMES-018b", id="frames-in-own-type", each=IN_OWN_TYPE, needs="frames")
def test_in_own_type(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """A compressed frame comes in the media type of its transfer syntax, as it is stored, or that type is refused."""
    instance = images_in(corpus, case.value)[0]
    name = type_of(case.value)

    response = _asked_for_own(dicomweb, corpus, case)
    leave_to_the_first(
        "frames-in-own-type",
        case,
        IN_OWN_TYPE,
        _breaks(response),
        lambda each: _breaks(_asked_for_own(dicomweb, corpus, each)),
    )
    if response.status == 404:
        control(dicomweb.frames(instance, "1"), because="the frame cannot be retrieved as it is by default, either")

    with expect(response) as it:
        if response.status == 404:
            it.observes("404-although-octet-stream-gives-200")
            it.concludes()
        it.has_status(200, 406)
        if response.status == 406:
            it.observes("406")
            it.concludes()
        it.observes("200")
        items = items_in(it, of="FRAMES-018b")
        offered(items[0].name == name, f"{name} is answered in another type")
        found, came_in = joined(items), items[0].transfer_syntax or case.value
        if pixel_octets.is_codestream(found, instance):
            it.observes("stored-codestream", of="FRAMES-018b")
        elif came_in != case.value:
            it.observes("another-syntax-than-asked-for", received=items[0].content_type, of="FRAMES-018b")
        elif _shows(found, case.value, instance):
            it.observes("codestream-of-the-same-pixels", of="FRAMES-018b")
        else:
            it.observes("another-picture", received=f"{len(found)} octets: {found[:16].hex(' ')}", of="FRAMES-018b")


@verifies("FRAMES-018d", id="frames-as-deflate", needs="frames")
def test_as_deflate(dicomweb: StudiesService, corpus: Corpus) -> None:
    """A deflated frame comes in application/x-deflate, as it is stored or deflated anew, or that type is refused."""
    instance = images_in(corpus, DEFLATED_IMAGE_FRAME)[0]
    accept = f"{media_types.multipart_related(pixel_octets.DEFLATE)}; transfer-syntax={DEFLATED_IMAGE_FRAME}"

    response = dicomweb.frames(instance, "1", accept=accept)

    with expect(response) as it:
        it.has_status(200, 406)
        if response.status == 406:
            it.observes("406")
            it.concludes()
        items = items_in(it)
        offered(items[0].name == pixel_octets.DEFLATE, "application/x-deflate is answered in another type")
        if _shows(joined(items), DEFLATED_IMAGE_FRAME, instance):
            it.observes("the-deflated-frame")
        else:
            it.observes("another-picture", received=f"{len(joined(items))} octets: {joined(items)[:16].hex(' ')}")


def _shows(found: bytes, syntax: str, instance: Instance) -> bool:
    """Tell whether a codestream decodes to the frame of an instance, as near as its transfer syntax lets it come."""
    try:
        samples = pixel_data.samples_of_frame(found, syntax, instance.dataset).astype(int)
        expected = pixel_data.samples(instance.dataset).astype(int)
    except UnreadableError:
        return False
    return samples.shape == expected.shape and int(np.abs(samples - expected).max()) <= SYNTAXES[syntax].tolerance


FRAGMENTS = (
    Variant("basic-table", "FRAMES-013", "basic"),
    Variant("empty-table", "FRAMES-013", "empty"),
    Variant("extended-table", "FRAMES-013", "extended"),
    Variant("several-fragments", "FRAMES-013", "fragments"),
    Variant("several-fragments-without-table", "FRAMES-013", "fragments_without_table"),
)
_FRAME = 3
_REFUSED = frozenset({400, 406, 501})
_NEAR = 2.0
"""Mean difference of a frame and one that a JPEG decoder makes of it, of 255: neighbours are twice as far apart."""


@verifies("BULKDATA-012", id="frames-in-fragments", each=FRAGMENTS, needs="frames")
def test_in_fragments(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """A frame comes whole and alone, in however many fragments it is stored, and whatever says where it begins."""
    study: Study = getattr(corpus.offset_tables, case.value)
    instance = study.instances[0]

    response = _asked_for(dicomweb, instance)
    refused = response.status in _REFUSED
    if refused and case.id != "basic-table":
        refused = _asked_for(dicomweb, corpus.offset_tables.basic.instances[0]).status in _REFUSED

    offered(not refused, "JPEG frames are not offered, see check frames-of-lossy-image")
    leave_to_the_first(
        "frames-in-fragments",
        case,
        FRAGMENTS,
        _lacks(response),
        lambda each: _lacks(_asked_for(dicomweb, getattr(corpus.offset_tables, each.value).instances[0])),
    )
    with expect(response) as it:
        if response.status in _REFUSED:
            it.observes("refused-although-others-come", received=it.status_line)
            it.concludes()
        it.has_status(200)
        items = items_in(it)
        if len(items) > 1:
            it.observes("one-part-per-fragment", received=f"{len(items)} parts for one frame")
        elif items[0].octets.startswith(ITEM):
            it.observes("item-tags-inside-a-part", received=items[0].octets[:8].hex(" "))
        else:
            _is_the_frame(it, items[0].octets, instance)


def _lacks(response: Response) -> str:
    """Say that a frame does not come at all, which has nothing to do with where it begins."""
    lost = response.status >= 400 and response.status not in _REFUSED
    return f"the frame is answered with {response.status}" if lost else ""


def _asked_for(dicomweb: StudiesService, instance: Instance) -> Response:
    """Ask for a frame in any transfer syntax; where that is refused, in the one that it is stored in."""
    of_jpeg = f"{media_types.multipart_related(media_types.JPEG)}; transfer-syntax={pixel_octets.JPEG_BASELINE}"
    response = dicomweb.frames(instance, str(_FRAME), accept=ANY_SYNTAX)
    return response if response.status not in _REFUSED else dicomweb.frames(instance, str(_FRAME), accept=of_jpeg)


def _is_the_frame(it: Expectation, found: bytes, instance: Instance) -> None:
    stored = offset_tables.compressed_frames()[_FRAME - 1].rstrip(b"\0")
    if found.rstrip(b"\0") == stored:
        it.observes("a-part-for-each-frame-of-its-size")
    elif found.startswith(JPEG) and stored.startswith(found):
        received = f"{len(found)} of {len(stored)} octets"
        it.observes("only-the-first-fragment-of-a-frame", received=received, of="BULKDATA-012")
    elif _FRAME in (shown := _frames_shown(found, instance)):
        it.observes("a-part-for-each-frame-of-its-size")
    else:
        received = f"frame {shown[0]}" if shown else f"no frame in {len(found)} octets: {found[:16].hex(' ')}"
        it.observes("frame-undecodable-or-another", received=received)


def _frames_shown(found: bytes, instance: Instance) -> list[int]:
    """Return the numbers of the frames that octets may show: a JPEG, or samples in RGB or YBR_FULL."""
    try:
        if found.startswith(JPEG):
            candidates = [picture_files.read(found).samples.reshape(-1, 3)]
        else:
            native = np.frombuffer(found[: len(instance.frames[0])], np.uint8).reshape(-1, 3).astype(float)
            candidates = [native, native @ _TO_RGB.T - _OFFSET]
    except (UnreadableError, ValueError):
        return []
    frames = [np.frombuffer(each, np.uint8).reshape(-1, 3).astype(float) for each in instance.frames]
    return [
        number
        for number, frame in enumerate(frames, 1)
        for candidate in candidates
        if candidate.shape == frame.shape and float(np.abs(candidate - frame).mean()) < _NEAR
    ]


_TO_RGB = np.array([[1, 0, 1.402], [1, -0.344136, -0.714136], [1, 1.772, 0]])
_OFFSET = _TO_RGB @ np.array([0, 128, 128])
"""PS3.3 C.7.6.3.1.2 the other way round."""
