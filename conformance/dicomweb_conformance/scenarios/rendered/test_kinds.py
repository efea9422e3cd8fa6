"""Rendered: images in each transfer syntax, and of pixels that few servers meet (PS3.18 10.4.3.3.3)."""

from __future__ import annotations

import numpy as np

from dicomweb_conformance.checks.expect import Expectation, expect
from dicomweb_conformance.checks.verifies import Variant, verifies
from dicomweb_conformance.dicom import expected_renderings, renderings
from dicomweb_conformance.http import media_types
from dicomweb_conformance.http.exchanges import Response
from dicomweb_conformance.http.unreadable import UnreadableError
from dicomweb_conformance.reading import picture_files
from dicomweb_conformance.reading.picture_files import Samples
from dicomweb_conformance.scenarios.steps.encoded_images import ENCAPSULATED, images_in, leave_broken_decoder
from dicomweb_conformance.scenarios.steps.likewise import leave_to_the_first
from dicomweb_conformance.scenarios.steps.pictures import frames, shown, size_of
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_fixtures.corpus import Corpus
from dicomweb_fixtures.studies import grey_scales

NOT_RENDERED = frozenset({400, 406, 501})
"""What a server says that has no decoder, which is no fault and told of each transfer syntax."""
SYNTAXES = tuple(Variant(each.key, "RENDERED-018c", each.uid) for each in ENCAPSULATED)


@verifies(id="rendered-of-encoded", each=SYNTAXES, needs="rendered")
def test_of_encoded(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """An image is rendered whatever transfer syntax it is stored in."""
    instance = images_in(corpus, case.value)[0]

    response = dicomweb.rendered(instance)

    leave_broken_decoder(dicomweb, response, instance, case.value)
    leave_to_the_first(
        "rendered-of-encoded",
        case,
        SYNTAXES,
        _shows_nothing(response),
        lambda each: _shows_nothing(dicomweb.rendered(images_in(corpus, each.value)[0])),
    )
    with expect(response) as it:
        it.has_status(200)
        _shows(it, [expected_renderings.frames_of(instance)[0]])


def _shows_nothing(response: Response) -> str:
    """Say that no picture comes, or one in place of what could not be decoded."""
    if response.status >= 400 and response.status not in NOT_RENDERED:
        return f"the image is answered with {response.status}"
    try:
        flat = response.status == 200 and renderings.is_flat(picture_files.read(response.body).samples)
    except UnreadableError:
        return ""
    return "a picture of one colour comes" if flat else ""


@verifies("RENDERED-018c", id="rendered-of-one-bit", needs="rendered")
def test_of_one_bit(dicomweb: StudiesService, corpus: Corpus) -> None:
    """A frame with one bit for each pixel, which begins within an octet, is rendered."""
    instance = corpus.single_bit.instances[0]

    response = dicomweb.rendered(frames(instance, "2"), accept=media_types.PNG)
    if response.status in {400, 406}:
        response = dicomweb.rendered(frames(instance, "2"))

    with expect(response) as it:
        it.has_status(200)
        _shows(it, [expected_renderings.frames_of(instance)[1]])


@verifies("RENDERED-018c", id="rendered-of-segmentation", needs="rendered")
def test_of_segmentation(dicomweb: StudiesService, corpus: Corpus) -> None:
    """A frame of a segmentation is rendered: its segment is told from what is around it, in whatever colours."""
    instance = corpus.segmentation.series[1].instances[0]

    response = dicomweb.rendered(frames(instance, "3"), accept=media_types.PNG)
    if response.status in {400, 406}:
        response = dicomweb.rendered(frames(instance, "3"))

    with expect(response) as it:
        it.has_status(200)
        expected = expected_renderings.frames_of(instance)[2]
        _shows(it, [expected, 255 - expected], in_any_colour=True)


@verifies("RENDERED-018c", id="rendered-of-signed-and-rescaled", needs="rendered")
def test_of_signed_and_rescaled(dicomweb: StudiesService, corpus: Corpus) -> None:
    """Signed pixels with a slope and an intercept are rendered: the lower the value, the darker."""
    instance = corpus.grey_scales.instances[grey_scales.IMAGES.index("rescaled")]

    response = dicomweb.rendered(instance)

    with expect(response) as it:
        it.has_status(200)
        _shows(it, [expected_renderings.frames_of(instance)[0], expected_renderings.stored_values(instance)])


@verifies("RENDERED-018c", id="rendered-of-floating-point", needs="rendered")
def test_of_floating_point(dicomweb: StudiesService, corpus: Corpus) -> None:
    """A frame of floating point pixels is rendered: the lower the value, the darker."""
    instance = corpus.parametric_map.instances[0]
    rows, columns = (int(instance.value(each)) for each in ("Rows", "Columns"))
    values = np.frombuffer(instance.frames[0], "<f4").reshape(rows, columns, 1).astype(float)

    response = dicomweb.rendered(frames(instance, "1"))

    with expect(response) as it:
        it.has_status(200)
        _shows(it, [np.repeat(255 * (values - values.min()) / np.ptp(values), 3, axis=2)])


@verifies("RENDERED-018c", id="rendered-of-fragments", needs="rendered")
def test_of_fragments(dicomweb: StudiesService, corpus: Corpus) -> None:
    """A frame in several fragments without an offset table is rendered."""
    instance = corpus.offset_tables.fragments_without_table.instances[0]

    response = dicomweb.rendered(frames(instance, "3"))

    with expect(response) as it:
        it.has_status(200)
        _shows(it, [expected_renderings.frames_of(instance)[2]])


def _shows(it: Expectation, alternatives: list[Samples], *, in_any_colour: bool = False) -> None:
    """Compare a picture with those that it may be, scaled to its size: brightness and contrast are free.

    `in_any_colour`: the one of its channels counts that says most.
    """
    picture = shown(it, beside=alternatives[0])
    samples = picture.samples
    if renderings.is_flat(samples):
        it.observes("one-flat-colour", received=f"{size_of(picture)} pixels of one colour")
        return
    if in_any_colour:
        samples = np.repeat(samples[..., [int(samples.std(axis=(0, 1)).argmax())]], 3, axis=2)
    likeness = max(
        renderings.correlation(renderings.scaled(samples, alternative.shape[1::-1]), alternative)
        for alternative in alternatives
    )
    received = f"a correlation of {likeness:.2f}"
    if likeness < 0.7:
        it.observes("another-picture", received=received)
    elif likeness < 0.95:
        it.observes("correlation-between-0-7-and-0-95", received=received)
    else:
        it.observes("200-with-correlation-of-0-95-or-more")
