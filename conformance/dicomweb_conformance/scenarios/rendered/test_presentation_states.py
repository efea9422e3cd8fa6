"""Rendered: presentation states, which show other images (PS3.18 8.3.5.1.6)."""

from __future__ import annotations

import numpy as np

from dicomweb_conformance.checks.expect import BUSY, control, expect, offered
from dicomweb_conformance.checks.verifies import Variant, verifies
from dicomweb_conformance.dicom import expected_renderings, renderings
from dicomweb_conformance.http.exchanges import Response
from dicomweb_conformance.http.unreadable import UnreadableError
from dicomweb_conformance.reading.picture_files import Picture, Samples
from dicomweb_conformance.scenarios.steps.pictures import (
    ALIKE,
    all_shown,
    frames,
    is_same,
    listed,
    read_all,
    several,
    shown,
    size_of,
)
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_fixtures.corpus import Corpus
from dicomweb_fixtures.entities import Instance
from dicomweb_fixtures.studies import grey_scales

REFUSED = frozenset({400, 404, 406, 501})
_CAPABILITY = "rendered.presentation-state"
WINDOWED, TURNED = 0, 1


def _state(corpus: Corpus, number: int) -> Instance:
    return corpus.grey_scales.series[1].instances[number]


def _image(corpus: Corpus, name: str) -> Instance:
    return corpus.grey_scales.instances[grey_scales.IMAGES.index(name)]


def _plain(dicomweb: StudiesService, state: Instance) -> tuple[Response, Picture]:
    """Return the rendering of a state of one image without any parameter, or end the check."""
    response = dicomweb.rendered(state)
    offered(response.status not in REFUSED, "presentation states are not rendered", _CAPABILITY)
    control(response, because="the presentation state cannot be rendered without any parameter")
    try:
        (picture,) = read_all(response)
    except (UnreadableError, ValueError):
        picture = None
    offered(picture is not None, "the presentation state is not rendered as one image, see rendered-state", _CAPABILITY)
    assert picture is not None
    return response, picture


def _likeness(picture: Picture, expected: Samples) -> float:
    return renderings.correlation(renderings.scaled(picture.samples, expected.shape[1::-1]), expected)


@verifies("RENDERED-041", id="rendered-state", needs="rendered")
def test_state(dicomweb: StudiesService, corpus: Corpus) -> None:
    """A presentation state is rendered as the image that it refers to, turned as it says, or is refused."""
    state, image = _state(corpus, TURNED), _image(corpus, "linear")

    response = dicomweb.rendered(state)

    with expect(response) as it:
        if response.status in REFUSED:
            it.observes("presentation-states-refused")
            it.concludes()
        it.has_status(200)
        expected = expected_renderings.presented(state, image)
        picture = shown(it, otherwise="200-with-a-body-that-is-no-picture", beside=expected)
        if _likeness(picture, expected) >= ALIKE:
            it.observes("200-with-referenced-image-as-state-says")
        elif _likeness(picture, expected_renderings.frames_of(image)[0]) >= ALIKE:
            it.observes("200-state-not-applied")
        else:
            it.observes("200-with-picture-not-referenced-image", received=size_of(picture))


PARAMETERS = (
    Variant("window", "RENDERED-042", "window 40,400,linear"),
    Variant("region", "RENDERED-042", "viewport 32,32,0,0,16,16"),
)


@verifies(id="rendered-state-refuses", each=PARAMETERS, needs="rendered")
def test_state_refuses(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """A window or a region asked for beside a presentation state, which has its own, is answered with 400."""
    state = _state(corpus, TURNED)
    name, _, value = case.value.partition(" ")
    _, before = _plain(dicomweb, state)

    response = dicomweb.rendered(state, [(name, listed(value))])

    with expect(response) as it:
        if response.status != 200:
            it.has_status(400)
            it.observes("400")
            it.concludes()
        same = is_same(before, shown(it))
        it.observes("200-as-without-the-parameter" if same else "200-with-the-parameter-applied", where=case.value)


@verifies("RENDERED-042b", id="rendered-frame-of-a-state", needs="rendered")
def test_frame_of_a_state(dicomweb: StudiesService, corpus: Corpus) -> None:
    """A frame of a presentation state, which has none, is refused."""
    state = _state(corpus, TURNED)
    _plain(dicomweb, state)

    response = dicomweb.rendered(frames(state, "1"))

    with expect(response) as it:
        if response.status == 200:
            it.observes("200-with-any-body", received=it.status_line)
        elif 400 <= response.status < 500 and response.status not in {400, 404, *BUSY}:
            it.observes("another-4xx-than-400-and-404", received=it.status_line)
        else:
            it.has_status(400, 404)


@verifies("RENDERED-043", id="rendered-state-of-two-images", needs="rendered")
def test_state_of_two_images(dicomweb: StudiesService, corpus: Corpus) -> None:
    """A presentation state of two images is rendered as both of them, in the order in which it refers to them."""
    state, images = _state(corpus, WINDOWED), [_image(corpus, name) for name in ("linear", "monochrome1")]
    _plain(dicomweb, _state(corpus, TURNED))

    response = dicomweb.rendered(state, accept=several())

    with expect(response) as it:
        if response.status in REFUSED:
            it.observes("a-referenced-frame-missing", received=it.status_line)
            it.concludes()
        it.has_status(200)
        found = [_shown_of(picture, state, images) for picture in all_shown(it)]
        received = f"images {', '.join(str(each + 1) if each >= 0 else 'of something else' for each in found)}"
        if -1 in found:
            it.observes("a-frame-that-is-not-referenced", received=received)
        elif set(found) != {0, 1}:
            it.observes("a-referenced-frame-missing", received=received)
        elif found != [0, 1]:
            it.observes("another-order-of-the-right-frames", received=received)
        else:
            it.observes("ordered-as-8-7-4-says")


def _shown_of(picture: Picture, state: Instance, images: list[Instance]) -> int:
    """Return which image a picture shows, whether in the grey of the state or its own; -1 for none."""
    likenesses = [
        max(
            abs(_likeness(picture, expected_renderings.presented(state, image))),
            abs(_likeness(picture, expected_renderings.frames_of(image)[0])),
        )
        for image in images
    ]
    best = int(np.argmax(likenesses))
    return best if likenesses[best] >= ALIKE else -1


SIZES = (Variant("none-given", "RENDERED-041b", ""), Variant("viewport", "RENDERED-041b", "96,64"))


@verifies(id="rendered-state-size", each=SIZES, needs="rendered")
def test_state_size(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """What a presentation state of SCALE TO FIT displays comes unscaled, or fitted into a viewport."""
    state, image = _state(corpus, TURNED), _image(corpus, "linear")
    before, plain = _plain(dicomweb, state)

    response = dicomweb.rendered(state, [("viewport", listed(case.value))]) if case.value else before

    with expect(response) as it:
        if case.value and 400 <= response.status < 500 and response.status not in BUSY:
            it.observes("viewport-refused", received=it.status_line)
            it.concludes()
        it.has_status(200)
        picture = shown(it)
        width, height = picture.size
        size = int(image.value("Columns")), int(image.value("Rows"))
        wanted = (64, 64) if case.value else size
        if (width, height) == wanted:
            it.observes("size-of-displayed-area-or-viewport")
        elif case.value and picture.size == plain.size:
            it.observes("viewport-ignored", received=size_of(picture))
        else:
            it.observes("another-size", expected=["x".join(map(str, wanted))], received=size_of(picture))
