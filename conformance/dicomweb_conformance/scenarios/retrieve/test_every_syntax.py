"""Retrieve: an image in each transfer syntax, asked for in each of the others (PS3.18 8.7.3.4, 8.7.8.2)."""

from __future__ import annotations

from dicomweb_conformance.checks.expect import Expectation, control, expect
from dicomweb_conformance.checks.verifies import Variant, verifies
from dicomweb_conformance.http.unreadable import NoDecoderError, UnreadableError
from dicomweb_conformance.reading import pixel_data, values
from dicomweb_conformance.scenarios.steps.encoded_images import ENCAPSULATED, STORED, images_in
from dicomweb_conformance.scenarios.steps.storing import AS_STORED
from dicomweb_conformance.scenarios.steps.transcoded import bound, is_near, is_refused
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_fixtures.building.transfer_syntaxes import SYNTAXES, Syntax
from dicomweb_fixtures.corpus import Corpus
from dicomweb_fixtures.entities import Instance


@verifies(id="retrieve-in-every-syntax", each=[Variant(each.key, "RETRIEVE-033", each.uid) for each in STORED])
def test_in_every_syntax(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """An image that comes in another transfer syntax than it was stored in has the pixels that were stored."""
    stored = SYNTAXES[case.value]
    instance = images_in(corpus, stored.uid)[-1]
    control(dicomweb.retrieve(instance, accept=AS_STORED), because="the image cannot be retrieved as it is stored")

    others = [each for each in ENCAPSULATED if each is not stored]  # which RETRIEVE-025b is about
    responses = [dicomweb.retrieve(instance, accept=AS_STORED.replace("*", each.uid)) for each in others]

    # In one block, so that what is wrong with one of them keeps no other from being judged.
    with expect(responses[0]) as it:
        for asked, response in zip(others, responses, strict=True):
            of_one = it.on(response)
            if is_refused(response):
                of_one.observes("refused")
            elif of_one.is_one_of(200):
                _is_the_image(of_one, instance, stored, asked)


def _is_the_image(it: Expectation, instance: Instance, stored: Syntax, asked: Syntax) -> None:
    received = it.is_one_instance()
    syntax, place = values.syntax(received), f"{stored.name} as {asked.name}"
    if syntax != asked.uid:
        it.observes("in-a-syntax-that-was-not-asked-for", where=place, expected=[asked.uid], received=syntax)
        return
    try:
        found = pixel_data.samples(received)
    except NoDecoderError:
        return  # of this machine
    except UnreadableError as error:
        it.observes("pixels-that-do-not-decode", where=place, expected=[asked.name], received=str(error))
        return
    if _is_reduced(instance, values.number(received, "BitsStored")):
        it.observes("fewer-bits-in-a-lossy-syntax" if not asked.lossless else "another-image", where=place)
    else:
        is_near(it, found, pixel_data.samples(instance.dataset), bound(stored, asked), place)


def _is_reduced(instance: Instance, bits: int) -> bool:
    return bits < int(instance.value("BitsStored"))
