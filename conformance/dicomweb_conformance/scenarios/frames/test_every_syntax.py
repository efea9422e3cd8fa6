"""Frames: an image in each transfer syntax, its frame asked for decoded and in each of the others (PS3.18 8.7.3.3)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from dicomweb_conformance.checks.expect import Expectation, control, expect
from dicomweb_conformance.checks.verifies import Variant, verifies
from dicomweb_conformance.http import media_types
from dicomweb_conformance.http.multipart import MultipartError
from dicomweb_conformance.http.unreadable import NoDecoderError, UnreadableError
from dicomweb_conformance.reading import pixel_data
from dicomweb_conformance.scenarios.steps.encoded_images import STORED, TYPES, type_of
from dicomweb_conformance.scenarios.steps.pixel_octets import Item, is_codestream, items_of
from dicomweb_conformance.scenarios.steps.transcoded import bound, is_near, is_refused
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_fixtures.building.transfer_syntaxes import SYNTAXES, Syntax
from dicomweb_fixtures.corpus import Corpus
from dicomweb_fixtures.entities import EXPLICIT_VR_LITTLE_ENDIAN, Instance

_DECODED = SYNTAXES[EXPLICIT_VR_LITTLE_ENDIAN]
_OCTET = 8


@verifies(
    id="frames-in-every-syntax",
    each=[Variant(each.key, "FRAMES-018c", each.uid) for each in STORED],
    needs="frames",
)
def test_in_every_syntax(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """A frame that comes decoded, or in another transfer syntax than its own, has the pixels that were stored."""
    stored = SYNTAXES[case.value]
    asked_of = _asked_of(corpus, stored)
    for instance in {*asked_of.values()}:
        control(dicomweb.metadata(instance), because="the image is not there")

    responses = [dicomweb.frames(each, "1", accept=_accept(asked)) for asked, each in asked_of.items()]

    # In one block, so that what is wrong with one of them keeps no other from being judged.
    with expect(responses[0]) as it:
        for (asked, instance), response in zip(asked_of.items(), responses, strict=True):
            of_one = it.on(response)
            if is_refused(response):
                of_one.observes("refused")
            elif of_one.is_one_of(200):
                _is_the_frame(of_one, instance, stored, asked)


def _asked_of(corpus: Corpus, stored: Syntax) -> dict[Syntax, Instance]:
    """Return the transfer syntaxes to ask for, with the image to ask for in each.

    Its pixels are unsigned and of one sample: what says how others are to be read does not come with a frame. In a
    lossy syntax an image of 8 bits is asked for, in one without loss the one of most bits.
    """
    images = [
        instance
        for instance in corpus.encoded(stored.uid).instances
        if (instance.value("SamplesPerPixel"), instance.value("PixelRepresentation")) == ("1", "0")
        and instance.value("Rows") != "1"
    ]
    few = [image for image in images if image.value("BitsStored") == str(_OCTET)]
    others = [each for each in (_DECODED, *TYPES) if each is not stored or stored is _DECODED]
    return {each: (images if each.lossless else few)[-1] for each in others if each.lossless or few}


def _accept(asked: Syntax) -> str:
    name = media_types.OCTET_STREAM if asked is _DECODED else type_of(asked.uid)
    return f"{media_types.multipart_related(name)}; transfer-syntax={asked.uid}"


def _is_the_frame(it: Expectation, instance: Instance, stored: Syntax, asked: Syntax) -> None:
    place = f"{stored.name} as {asked.name}"
    try:
        (item,) = items_of(it.response)
    except (MultipartError, ValueError) as error:
        it.observes("pixels-that-do-not-decode", where=place, expected=["one part"], received=str(error))
        return
    name = media_types.OCTET_STREAM if asked is _DECODED else type_of(asked.uid)
    unnamed = stored is not _DECODED and item.transfer_syntax is None and is_codestream(item.octets, instance)
    if item.name != name or unnamed or (item.transfer_syntax or asked.uid) != asked.uid:
        it.observes("in-a-syntax-that-was-not-asked-for", where=place, expected=[name], received=item.content_type)
        return
    try:
        found = _samples(item, asked, instance)
    except NoDecoderError:
        return  # of this machine
    except UnreadableError as error:
        it.observes("pixels-that-do-not-decode", where=place, expected=[asked.name], received=str(error))
        return
    is_near(it, found, pixel_data.samples(instance.dataset), bound(stored, asked), place)


def _samples(item: Item, asked: Syntax, instance: Instance) -> NDArray[Any]:
    if asked is not _DECODED:
        return pixel_data.samples_of_frame(item.octets, asked.uid, instance.dataset)
    rows, columns, bits = (int(instance.value(each)) for each in ("Rows", "Columns", "BitsAllocated"))
    size, kind = rows * columns * bits // 8, np.dtype(f"<u{bits // 8}")
    if len(item.octets) - size not in {0, size % 2}:
        return np.frombuffer(item.octets, np.uint8)
    return np.frombuffer(item.octets[:size], kind).reshape(rows, columns)
