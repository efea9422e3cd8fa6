"""Rendered: an image in each transfer syntax, in each format of pictures (PS3.18 8.7.4, 10.4.3.3.3)."""

from __future__ import annotations

from dicomweb_conformance.checks.expect import Expectation, control, expect
from dicomweb_conformance.checks.verifies import Variant, verifies
from dicomweb_conformance.dicom import expected_renderings, renderings
from dicomweb_conformance.http import media_types
from dicomweb_conformance.http.unreadable import UnreadableError
from dicomweb_conformance.reading.picture_files import Samples
from dicomweb_conformance.scenarios.steps.encoded_images import STORED, images_in
from dicomweb_conformance.scenarios.steps.pictures import read_all, type_of_pictures
from dicomweb_conformance.scenarios.steps.transcoded import is_refused
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_fixtures.building.transfer_syntaxes import SYNTAXES
from dicomweb_fixtures.corpus import Corpus

_FORMATS = (media_types.JPEG, media_types.PNG, media_types.GIF, "image/jp2")
"""Those of Table 8.7.4-1 that this suite reads."""
_ANOTHER, _ALIKE = 0.7, 0.95


@verifies(
    id="rendered-in-every-format",
    each=[Variant(each.key, "RENDERED-018d", each.uid) for each in STORED],
    needs="rendered",
)
def test_in_every_format(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """An image is the same picture in each format in which it is rendered, whatever transfer syntax it is stored in."""
    instance = images_in(corpus, case.value)[0]
    control(dicomweb.metadata(instance), because="the image is not there")

    responses = [dicomweb.rendered(instance, accept=each) for each in _FORMATS]

    # In one block, so that what is wrong with one of them keeps no other from being judged.
    with expect(responses[0]) as it:
        for asked, response in zip(_FORMATS, responses, strict=True):
            of_one = it.on(response)
            if is_refused(response):
                of_one.observes("refused")
            elif of_one.is_one_of(200):
                place = f"{SYNTAXES[case.value].name} as {asked}"
                _is_the_picture(of_one, asked, place, expected_renderings.frames_of(instance)[0])


def _is_the_picture(it: Expectation, asked: str, place: str, expected: Samples) -> None:
    name = type_of_pictures(it.response)
    if name != asked:
        it.observes("in-a-format-that-was-not-asked-for", where=place, expected=[asked], received=name or "none")
        return
    try:
        (picture, *others) = read_all(it.response)
    except UnreadableError as error:
        it.observes("no-picture", where=place, expected=[asked], received=str(error))
        return
    likeness = renderings.correlation(renderings.scaled(picture.samples, expected.shape[1::-1]), expected)
    received = f"a correlation of {likeness:.2f}"
    if others:
        it.observes("no-picture", where=place, expected=["one picture"], received=f"{1 + len(others)} pictures")
    elif renderings.is_flat(picture.samples) or likeness < _ANOTHER:
        it.observes("another-picture", where=place, received=received)
    elif likeness < _ALIKE:
        it.observes("correlation-between-0-7-and-0-95", where=place, received=received)
    else:
        it.observes("200-with-correlation-of-0-95-or-more")
