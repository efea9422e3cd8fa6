"""Rendered: what a window does (PS3.18 8.3.5.1.4, PS3.3 C.11.2.1.2 and C.11.2.1.3)."""

from __future__ import annotations

from dicomweb_conformance.catalogue.statuses import BAD_REQUEST
from dicomweb_conformance.checks.expect import assume, control, expect
from dicomweb_conformance.checks.verifies import Variant, verifies
from dicomweb_conformance.dicom import expected_renderings, renderings
from dicomweb_conformance.reading.picture_files import Samples
from dicomweb_conformance.scenarios.steps.pictures import is_same, listed, of_control, plain_and_with, region, shown
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_fixtures.corpus import Corpus

QUADRANTS, RAMP = 4, 5
"""Places of the images in `corpus.pictures`."""
_SIDE = 8
_TOLERANCE = 32.0
_EDGE = 8.0

WINDOWS = (
    Variant("linear", "RENDERED-027", "1024,2048,linear"),
    Variant("narrow", "RENDERED-027", "40,400,linear"),
    Variant("wide", "RENDERED-027", "1000,8000,linear"),
    Variant("linear-exact", "RENDERED-027", "1024,2048,linear-exact"),
    Variant("sigmoid", "RENDERED-027", "1024,1024,sigmoid"),
)


@verifies(id="rendered-window", each=WINDOWS, needs="rendered")
def test_window(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """A window gives the grey levels that its function defines."""
    instance = corpus.pictures.instances[RAMP]
    plain_and_with(dicomweb, instance, "window", "2000,500,linear")
    center, width, function = case.value.split(",")
    expected = expected_renderings.windowed(instance, float(center), float(width), function)
    predicted = _levels_of(expected)

    response = dicomweb.rendered(instance, [("window", listed(case.value))])

    with expect(response) as it:
        if response.status in BAD_REQUEST:
            it.observes("400-for-linear" if function == "linear" else "400-for-linear-exact-or-sigmoid")
            it.concludes()
        it.has_status(200)
        found = _levels_of(renderings.scaled(shown(it, beside=expected).grey, (64, 64)))
        if not renderings.rises(found, slack=4):
            it.observes("grey-levels-not-monotonic", received=_written(found))
        elif _follows(found, predicted):
            it.observes("grey-levels-as-predicted-within-8-of-255")
        elif function == "linear":
            it.observes(
                "linear-window-off-by-more-than-32-of-255", expected=[_written(predicted)], received=_written(found)
            )
        elif _follows(found, _levels_of(expected_renderings.windowed(instance, float(center), float(width), "linear"))):
            it.observes("function-rendered-as-linear", received=_written(found))
        else:
            it.finds(f"grey levels of no {function} window", expected=[_written(predicted)], received=_written(found))


def _levels_of(grey: Samples) -> list[float]:
    return renderings.levels(grey, _SIDE)


def _follows(found: list[float], predicted: list[float]) -> bool:
    """Tell whether grey levels are those of a window.

    They are near enough; or they are what a display curve makes of them, which is nobody's business (RENDERED-050): all
    that lies below the window is as dark as can be, all above as bright, and within it the values are told apart.
    """
    if max(abs(one - other) for one, other in zip(found, predicted, strict=True)) <= _TOLERANCE:
        return True
    dark, bright = min(found), max(found)
    below = [each for each, level in zip(found, predicted, strict=True) if level <= 1]
    above = [each for each, level in zip(found, predicted, strict=True) if level >= 254]
    within = [each for each, level in zip(found, predicted, strict=True) if 64 <= level <= 191]
    clipped = all(each <= dark + _EDGE for each in below) and all(each >= bright - _EDGE for each in above)
    apart = all(dark + _EDGE < each < bright - _EDGE for each in within)
    return bool(below and above and clipped and apart) and bright - dark > 128


def _written(levels: list[float]) -> str:
    return "grey levels " + " ".join(f"{level:.0f}" for level in levels[::4])


ILL_FORMED_WINDOWS = (
    Variant("two-values", "RENDERED-028", "40,400"),
    Variant("no-number", "RENDERED-028", "40,x,linear"),
    Variant("unknown-function", "RENDERED-028", "40,400,cubic"),
)


@verifies(id="rendered-ill-formed-window", each=ILL_FORMED_WINDOWS, needs="rendered")
def test_ill_formed_window(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """A window without three valid values is answered with 400."""
    instance = corpus.pictures.instances[RAMP]
    before, _ = plain_and_with(dicomweb, instance, "window", "2000,500,linear")

    response = dicomweb.rendered(instance, [("window", listed(case.value))])

    with expect(response) as it:
        if response.status != 200:
            it.has_status(400)
            it.concludes()
        picture = shown(it, otherwise="200-with-a-body-that-is-no-picture")
        if case.id == "two-values":
            it.observes("window-40-400-200-with-a-picture")
        elif is_same(before, picture):
            it.observes("the-other-two-200-with-the-plain-picture", where=f"window={case.value}")
        else:
            it.observes("the-other-two-200-windowed-as-linear", where=f"window={case.value}")


NO_WIDTH = (
    Variant("linear", "RENDERED-029", "40,0,linear"),
    Variant("linear-exact", "RENDERED-029", "40,0,linear-exact"),
    Variant("sigmoid", "RENDERED-029", "40,0,sigmoid"),
)


@verifies(id="rendered-window-without-width", each=NO_WIDTH, needs="rendered")
def test_window_without_width(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """A window of width 0 is answered with 400, or with some image."""
    instance = corpus.pictures.instances[RAMP]
    plain_and_with(dicomweb, instance, "window", "2000,500,linear")

    response = dicomweb.rendered(instance, [("window", listed(case.value))])

    with expect(response) as it:
        if response.status != 200:
            it.has_status(400)
            it.concludes()
        shown(it, otherwise="200-with-a-body-that-is-no-picture")
        it.observes("200-with-any-picture")


@verifies("RENDERED-040", id="rendered-window-before-region", needs="rendered")
def test_window_before_region(dicomweb: StudiesService, corpus: Corpus) -> None:
    """Window and region together give the region of the windowed picture."""
    instance = corpus.pictures.instances[RAMP]
    window = "1024,2048,linear"
    before, windowed = plain_and_with(dicomweb, instance, "window", window)
    upper_half = ("viewport", listed("64,32,0,0,64,32"))
    region(dicomweb, corpus.pictures.instances[QUADRANTS], "64,32,0,0,64,32")  # not applicable without regions
    alone = dicomweb.rendered(instance, [upper_half])
    control(alone, because="a region of the image cannot be rendered")
    part = of_control(alone)
    expected = renderings.scaled(windowed.grey[:32], part.size)

    response = dicomweb.rendered(instance, [("window", listed(window)), upper_half])

    with expect(response) as it:
        it.has_status(200)
        grey = shown(it, beside=expected).grey
        without = {
            "both": expected,
            "no window": part.grey,
            "no region": renderings.scaled(windowed.grey, part.size),
        }
        if grey.shape != expected.shape and grey.shape == windowed.grey.shape:
            grey = renderings.scaled(grey, part.size)
        found = renderings.nearest(grey, without)
        if found != "both" or grey.shape != expected.shape:
            it.observes(
                "one-of-two-without-effect",
                expected=["the upper half of the windowed image"],
                received=found if found != "both" else "another size",
            )
    assume(not is_same(before, windowed), "the window changes nothing", "rendered-parameters")
