"""Defects in what is kept of an instance: each shows in what comes back of some studies, or of all."""

from __future__ import annotations

import re
from dataclasses import replace
from struct import pack, unpack

import imagecodecs
from pydicom.encaps import encapsulate, generate_frames

from dicomweb_conformance.scenarios.store.test_round_trip import ENTRIES
from dicomweb_fixtures.corpus import LARGE
from dicomweb_reference import elements
from dicomweb_reference.elements import Element, Elements
from dicomweb_reference.outcomes import Received
from dicomweb_reference.server import Reference
from dicomweb_reference.transfer_syntaxes import EXPLICIT_VR_LITTLE_ENDIAN, TRANSFER_SYNTAXES
from tests.mutants.mutant import EVERYWHERE, Mutant, mutant

MUTANTS: list[Mutant] = []
MANUFACTURER, MODEL, PATIENT_ID, PIXEL_DATA = "00080070", "00081090", "00100020", "7FE00010"
JPEG_LS_OR_LOSSLESS = re.compile(rb"\xff[\xf7\xc3]\x00[\x0b-\x20][\x08-\x10]")
PLAIN = "-CT"
"""What the Patient ID of `ct_pair` ends with."""


def trips(*names: str) -> tuple[str, ...]:
    """Return the ids of round trips."""
    return tuple(f"store-round-trip[{name}]" for name in names)


EACH = trips(*(case.id for case in ENTRIES if case.id not in {*LARGE, "ct_pair"}))
MANY = trips(*(case.id for case in ENTRIES if case.id in LARGE))


class Edited(Reference):
    """The data set of each instance is changed before it is kept."""

    def edited(self, content: Elements) -> Elements:
        """Return the data set that is kept."""
        return content

    def coerced(self, received: Received) -> Received:
        content = self.edited(received.elements)
        if content == received.elements:
            return received
        encapsulated = TRANSFER_SYNTAXES[received.transfer_syntax].encapsulated
        syntax = received.transfer_syntax if encapsulated else EXPLICIT_VR_LITTLE_ENDIAN
        return replace(received, elements=content, octets=elements.write(content), transfer_syntax=syntax)


class WithoutManufacturer(Edited):
    """Manufacturer is lost, but not of a chest CT that a check may hold the others against."""

    def edited(self, content: Elements) -> Elements:
        if elements.text_of(content, PATIENT_ID).endswith(PLAIN):
            return content
        return {tag: each for tag, each in content.items() if tag != MANUFACTURER}


mutant(*EACH, may_trip=EVERYWHERE, into=MUTANTS, name="loses-an-element-of-each-instance")(WithoutManufacturer)
mutant(
    *MANY,
    may_trip=EVERYWHERE,
    tiers=["large"],
    into=MUTANTS,
    name="loses-an-element-of-each-of-many-instances",
)(WithoutManufacturer)


@mutant(*trips("ct_pair"), may_trip=EVERYWHERE, into=MUTANTS)
class ModelNameIsShort(Edited):
    """Manufacturer's Model Name comes back with the VR SH."""

    def edited(self, content: Elements) -> Elements:
        model = content.get(MODEL)
        return {**content, MODEL: replace(model, vr="SH")} if model else content


@mutant(*trips("elements"), may_trip=EVERYWHERE, into=MUTANTS)
class IntegerStringsInSinglePrecision(Edited):
    """Integer Strings come back as what a float of 32 bits makes of them, within their range."""

    def edited(self, content: Elements) -> Elements:
        return {tag: _rounded(each) if each.vr == "IS" and each.value else each for tag, each in content.items()}


def _rounded(element: Element) -> Element:
    octets = b"\\".join(b"%d" % _single(int(each)) if each.strip() else each for each in element.value.split(b"\\"))
    return replace(element, value=octets + b" " * (len(octets) % 2))


def _single(number: int) -> int:
    return min(int(unpack("<f", pack("<f", number))[0]), 2**31 - 1)


@mutant(*trips("ct_pair", "bit_depths", "colour_by_plane", "whole_slide"), may_trip=EVERYWHERE, into=MUTANTS)
class LastPixelIsOff(Edited):
    """The last octet of native Pixel Data comes back as another."""

    def edited(self, content: Elements) -> Elements:
        pixels = content.get(PIXEL_DATA)
        if pixels is None or not pixels.value or pixels.encapsulated:
            return content
        octets = pixels.value[:-1] + bytes([pixels.value[-1] ^ 1])
        return {**content, PIXEL_DATA: replace(pixels, value=octets)}


@mutant(
    *trips("encoded.jpeg_ls_lossless", "encoded.jpeg_lossless", "encoded.jpeg_lossless_sv1"),
    may_trip=EVERYWHERE,
    into=MUTANTS,
)
class CodestreamLosesItsEnd(Edited):
    """A frame in JPEG-LS or JPEG Lossless comes back without the second half of its entropy-coded octets."""

    def edited(self, content: Elements) -> Elements:
        pixels = content.get(PIXEL_DATA)
        if pixels is None or not pixels.encapsulated:
            return content
        (frame,) = generate_frames(pixels.value, number_of_frames=1)
        if not JPEG_LS_OR_LOSSLESS.search(frame):
            return content
        half = frame[: len(frame) * 2 // 3] + b"\xff\xd9"
        return {**content, PIXEL_DATA: replace(pixels, value=encapsulate([half]))}


@mutant(*trips("encoded.jpeg_ls_lossless"), may_trip=EVERYWHERE, into=MUTANTS)
class EncodedAnewWithLoss(Edited):
    """A frame in lossless JPEG-LS comes back as one that was encoded near-losslessly, and not said to be."""

    def edited(self, content: Elements) -> Elements:
        pixels = content.get(PIXEL_DATA)
        if pixels is None or not pixels.encapsulated:
            return content
        (frame,) = generate_frames(pixels.value, number_of_frames=1)
        if b"\xff\xf7" not in frame[:64]:
            return content
        again = imagecodecs.jpegls_encode(imagecodecs.jpegls_decode(frame), 3)
        return {**content, PIXEL_DATA: replace(pixels, value=encapsulate([again]))}


@mutant(*trips("elements", "reports", "segmentation"), may_trip=EVERYWHERE, into=MUTANTS)
class ItemsReversed(Edited):
    """The items of sequences come back in the reverse order."""

    def edited(self, content: Elements) -> Elements:
        return {tag: self.reversed(each) for tag, each in content.items()}

    def reversed(self, element: Element) -> Element:
        """Return an element with its items from the last to the first, and theirs."""
        if not element.items:
            return element
        return replace(element, items=tuple(self.edited(item) for item in element.items[::-1]))
