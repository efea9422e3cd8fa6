"""Retrieve: images in each transfer syntax, as they are stored and in Explicit VR Little Endian (PS3.18 8.7.3.4)."""

from __future__ import annotations

import numpy as np
from pydicom import Dataset

from dicomweb_conformance.checks.expect import Expectation, control, expect
from dicomweb_conformance.checks.verifies import Variant, verifies
from dicomweb_conformance.http.exchanges import Response
from dicomweb_conformance.http.unreadable import UnreadableError
from dicomweb_conformance.reading import pixel_data, values
from dicomweb_conformance.scenarios.steps.encoded_images import (
    ENCAPSULATED,
    LOSSLESS,
    images_in,
    is_near,
    leave_broken_decoder,
)
from dicomweb_conformance.scenarios.steps.image_description import as_ybr
from dicomweb_conformance.scenarios.steps.likewise import leave_to_the_first
from dicomweb_conformance.scenarios.steps.returned import as_stored, element_at, keeps_elements, octets_of
from dicomweb_conformance.scenarios.steps.storing import AS_STORED
from dicomweb_conformance.scenarios.steps.syntax_asked_for import leave_to_default_syntax, leave_to_plainest_syntax
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_fixtures.corpus import Corpus
from dicomweb_fixtures.entities import EXPLICIT_VR_LITTLE_ENDIAN, Instance

PIXEL_DATA, TRANSFER_SYNTAX = "(7FE0,0010)", "(0002,0010)"
_OF_CODESTREAMS = frozenset({"YBR_RCT", "YBR_ICT"})
_LONG = "00720066"
_LONGEST_SHORT_VALUE = 0xFFFE


DECODED = tuple(Variant(each.key, "RETRIEVE-026", each.uid) for each in LOSSLESS)


@verifies("RETRIEVE-027", "RETRIEVE-012", "RETRIEVE-014", id="retrieve-decoded", each=DECODED)
def test_decoded(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """An image compressed without loss comes in Explicit VR Little Endian, described as its pixels then are."""
    for instance in images_in(corpus, case.value):
        response = _asked_for(dicomweb, instance)

        leave_broken_decoder(dicomweb, response, instance, case.value)
        leave_to_the_first(
            "retrieve-decoded",
            case,
            DECODED,
            _breaks(response),
            lambda each: _breaks(_asked_for(dicomweb, images_in(corpus, each.value)[0])),
        )
        if response.status == 404:
            _comes_at_all(dicomweb, instance)
        with expect(response) as it:
            if response.status == 404:
                it.observes("404-although-any-syntax-works")
                it.concludes()
            received = it.is_one_instance()
            if values.syntax(received) != EXPLICIT_VR_LITTLE_ENDIAN:
                leave_to_plainest_syntax(dicomweb, corpus, values.syntax(received))
                if values.syntax(received) == case.value:
                    leave_to_default_syntax(dicomweb, corpus)
                it.observes("200-in-another-syntax", where=TRANSFER_SYNTAX, received=values.syntax(received))
                it.concludes()
            keeps_elements(it, dicomweb, instance, received)
            _is_described(it, instance, received)


def _asked_for(dicomweb: StudiesService, instance: Instance) -> Response:
    return dicomweb.retrieve(instance, accept=AS_STORED.replace("*", EXPLICIT_VR_LITTLE_ENDIAN))


def _breaks(response: Response) -> str:
    return f"what should be decoded is answered with {response.status}" if response.status >= 500 else ""


def _is_described(it: Expectation, instance: Instance, received: Dataset) -> None:
    """Judge native pixels, and the attributes by which they are read."""
    octets, wanted = values.octets(received, "PixelData"), _length(received)
    if octets and received["PixelData"].is_undefined_length:
        it.observes("still-of-undefined-length", where=PIXEL_DATA, of="RETRIEVE-027")
        it.concludes()
    if octets and not wanted <= len(octets) <= wanted + wanted % 2:
        it.observes(
            "length-differs-by-more-than-pad-octet",
            where=PIXEL_DATA,
            expected=[f"{wanted} octets, as Rows, Columns, Samples per Pixel and Bits Allocated say"],
            received=f"{len(octets)} octets",
            of="RETRIEVE-027",
        )
        it.concludes()
    found, expected = _samples(received), pixel_data.samples(instance.dataset)
    colours = values.text(received, "PhotometricInterpretation")
    if colours in _OF_CODESTREAMS:
        where = "(0028,0004)"
        it.observes("colours-of-a-codestream", where=where, expected=["RGB"], received=colours, of="RETRIEVE-027")
        it.concludes()
    if found is not None and colours == "YBR_FULL":
        expected, found = as_ybr(expected), found.astype(float)
        if found.shape == expected.shape and np.abs(found - expected).max() <= 1:
            it.observes("attributes-describe-native-pixels", of="RETRIEVE-027")
            it.concludes()
    if found is None or not np.array_equal(found, expected):
        it.observes("200-with-wrong-pixels", where=PIXEL_DATA, received=_difference(found, expected))
    else:
        it.observes("200-decoded-and-pixels-equal")
        it.observes("attributes-describe-native-pixels", of="RETRIEVE-027")


def _length(received: Dataset) -> int:
    numbers = (values.number(received, each) for each in ("Rows", "Columns", "BitsAllocated"))
    rows, columns, bits = numbers
    frames = values.text(received, "NumberOfFrames")
    several = int(frames) if frames.isdecimal() else 1
    return rows * columns * values.number(received, "SamplesPerPixel", 1) * bits // 8 * several


def _samples(received: Dataset) -> np.ndarray | None:
    try:
        return pixel_data.samples(received)
    except UnreadableError:
        return None


def _difference(found: np.ndarray | None, expected: np.ndarray) -> str:
    if found is None:
        return "pixels that do not decode"
    if found.shape != expected.shape:
        return f"an image of {' x '.join(map(str, found.shape))} samples"
    return f"{int((found != expected).sum())} of {expected.size} samples differ"


def _comes_at_all(dicomweb: StudiesService, instance: Instance) -> None:
    """Demand that an image which is not found comes in whatever transfer syntax; else it was lost, and not refused."""
    control(as_stored(dicomweb, instance), because="the image cannot be retrieved in any transfer syntax")


OWN = tuple(Variant(each.key, "RETRIEVE-025", each.uid) for each in ENCAPSULATED)


def _asked_for_own(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> Response:
    return dicomweb.retrieve(images_in(corpus, case.value)[0], accept=AS_STORED.replace("*", case.value))


def _fails(response: Response) -> str:
    return f"the image is answered with {response.status}" if response.status >= 500 else ""


@verifies("RETRIEVE-025b", id="retrieve-in-own-syntax", each=OWN)
def test_in_own_syntax(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """An image asked for in the transfer syntax that it was stored in comes in that one, or is refused."""
    instance = images_in(corpus, case.value)[0]

    response = _asked_for_own(dicomweb, corpus, case)
    leave_to_the_first(
        "retrieve-in-own-syntax",
        case,
        OWN,
        _fails(response),
        lambda each: _fails(_asked_for_own(dicomweb, corpus, each)),
    )

    if response.status == 404:
        _comes_at_all(dicomweb, instance)
    with expect(response) as it:
        if response.status == 404:
            it.observes("404-although-the-default-gives-200")
            it.concludes()
        it.has_status(200)
        it.observes("200")
        received = it.is_one_instance(of="RETRIEVE-025b")
        syntax = values.syntax(received)
        if syntax not in {case.value, EXPLICIT_VR_LITTLE_ENDIAN}:
            leave_to_plainest_syntax(dicomweb, corpus, syntax)
            it.observes("neither-x-nor-explicit-vr-le", where=TRANSFER_SYNTAX, received=syntax, of="RETRIEVE-025b")
            it.concludes()
        found, expected = _samples(received), pixel_data.samples(instance.dataset)
        near = found is not None and is_near(found, expected, case.value)
        if not near:
            received_pixels = _difference(found, expected)
            it.observes("pixels-do-not-fit-the-syntax", where=PIXEL_DATA, received=received_pixels, of="RETRIEVE-025b")
        elif syntax == case.value:
            it.observes("0002-0010-x-and-pixels-equal-stored-ones", of="RETRIEVE-025b")
        else:
            it.observes("explicit-vr-le-although-only-x", where=TRANSFER_SYNTAX, received=syntax, of="RETRIEVE-025b")


@verifies("RETRIEVE-028b", "RETRIEVE-028", id="retrieve-long-value", needs="retrieve")
def test_long_value(dicomweb: StudiesService, corpus: Corpus) -> None:
    """A value that is too long for its VR in Explicit VR comes whole, as UN."""
    instance = corpus.long_value.instances[0]

    response = dicomweb.retrieve(instance)

    with expect(response) as it:
        if response.status == 406:
            it.observes("406", of="RETRIEVE-028")
            it.concludes()
        it.has_status(200)
        received = it.is_one_instance()
        stored, found = element_at(instance.dataset, _LONG), element_at(received, _LONG)
        if found is None:
            it.loses("element-lost", where=_LONG)
            it.concludes()
        assert stored is not None
        assert found is not None  # or the block has ended
        value = octets_of(stored, instance.dataset)
        octets = found.value if isinstance(found.value, bytes) else octets_of(found, received)
        if octets.rstrip(b" \0") == value.rstrip(b" \0"):
            it.observes("octets-identical")
            own = found.VR != "UN"
            it.observes(
                "element-in-own-vr-where-value-fits" if own else "vr-un-with-identical-octets", of="RETRIEVE-028"
            )
        elif len(octets) <= _LONGEST_SHORT_VALUE and value.startswith(octets.rstrip(b" \0")):
            it.observes("value-truncated-to-16-bit", where=_LONG, received=f"{len(octets)} of {len(value)} octets")
        else:
            it.finds("another value", where=_LONG, received=f"{len(octets)} octets")
