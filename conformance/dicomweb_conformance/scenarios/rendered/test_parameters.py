"""Rendered: what the query parameters of a rendered resource do (PS3.18 8.3.5.1).

Servers need not take each of them alike: one that does not take a parameter shows it in `rendered-parameters`, and
nothing else is said of that parameter.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from dicomweb_conformance.catalogue.statuses import BAD_REQUEST
from dicomweb_conformance.checks.expect import Expectation, control, expect, offered
from dicomweb_conformance.checks.verifies import Variant, verifies
from dicomweb_conformance.dicom import renderings
from dicomweb_conformance.http import media_types
from dicomweb_conformance.http.unreadable import UnreadableError
from dicomweb_conformance.reading import picture_files
from dicomweb_conformance.reading.picture_files import Picture, Samples
from dicomweb_conformance.scenarios.steps.pictures import (
    ALIKE,
    has_effect,
    is_alike,
    is_padded,
    is_same,
    listed,
    plain,
    plain_and_with,
    profiles_are_offered,
    region,
    shown,
    size_of,
)
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_fixtures.corpus import Corpus
from dicomweb_fixtures.entities import Instance

GREY, COLOUR, QUADRANTS, RAMP = 0, 2, 4, 5
"""Places of the images in `corpus.pictures`."""
_SIDE = 8
_TOLERANCE = 32.0
_EDGE = 8.0

VALID = {"annotation": "patient", "quality": "5", "viewport": "32,32", "window": "64,32,linear"}


@verifies("RENDERED-020", id="rendered-parameters")
def test_parameters(dicomweb: StudiesService, corpus: Corpus) -> None:
    """The parameters annotation, quality, viewport and window have an effect."""
    instance = corpus.pictures.instances[GREY]
    before, picture = plain(dicomweb, instance)
    without_effect = []

    for name, value in VALID.items():
        response = dicomweb.rendered(instance, [(name, listed(value))])
        with expect(response) as it:
            if 400 <= response.status < 500 and response.status != 429:
                it.observes("400-or-another-4xx", where=name)
                it.concludes()
            it.has_status(200)
            changed = shown(it, beside=picture.samples)
            if not has_effect(before, picture, response, changed):
                without_effect.append(name)
            elif name == "quality" and not is_alike(changed, picture):
                it.observes("200-with-another-image", where=name)

    if without_effect:
        with expect(before) as it:
            it.observes(
                "200-plain-parameter-not-supported",
                where=", ".join(without_effect),
                expected=["200 and the rendered image or its size changes"],
                received="the plain rendering",
            )


# Viewport (8.3.5.1.3)


@verifies("RENDERED-021", id="rendered-viewport-fits", needs="rendered")
def test_viewport_fits(dicomweb: StudiesService, corpus: Corpus) -> None:
    """A viewport bounds the rendered image, which keeps the aspect ratio and shows the whole image."""
    instance = corpus.pictures.instances[GREY]
    before, _ = plain_and_with(dicomweb, instance, "viewport", "32,32")

    response = dicomweb.rendered(instance, [("viewport", listed("100,50"))])

    with expect(response) as it:
        it.has_status(200)
        picture = shown(it)
        (width, height), expected, received = picture.size, ["67x50"], size_of(picture)
        if picture.size == before.size:
            it.observes("source-size-unchanged", expected=expected, received=received)
        elif picture.size == (100, 50) and is_padded(picture, before):
            it.observes("100x50-undistorted-picture-with-margin", expected=expected, received=received)
        elif width > 100 or height > 50:
            it.observes("larger-than-100x50", expected=expected, received=received)
        elif abs(width - height * before.size[0] / before.size[1]) > 2:
            it.observes("aspect-ratio-off-by-more-than-a-pixel", expected=expected, received=received)
        elif height < 49:
            it.observes("touches-neither-side-and-not-source-size", expected=expected, received=received)
        elif not is_alike(picture, before):
            it.observes("cropped-picture", expected=["the whole image"], received="another part of the image")


@verifies("RENDERED-022", id="rendered-viewport-enlarges", needs="rendered")
def test_viewport_enlarges(dicomweb: StudiesService, corpus: Corpus) -> None:
    """A viewport that is larger than the image enlarges the rendered image."""
    instance = corpus.pictures.instances[QUADRANTS]
    before, _ = plain_and_with(dicomweb, instance, "viewport", "32,32")

    response = dicomweb.rendered(instance, [("viewport", listed("256,256"))])

    with expect(response) as it:
        it.has_status(200)
        picture = shown(it, beside=before.samples)
        if picture.size == (64, 64):
            it.observes("64x64-not-enlarged", received=size_of(picture))
        elif picture.size != (256, 256):
            it.observes("any-other-size", expected=["256x256"], received=size_of(picture))
        elif not is_alike(picture, before):
            it.observes("cropped-or-padded-picture", expected=["all four quadrants, up to the edges"])


REGIONS = (Variant("left-half", "RENDERED-023", "0,0,32,64"), Variant("right-half", "RENDERED-023", "32,0,32,64"))


@verifies(id="rendered-viewport-region", each=REGIONS, needs="rendered")
def test_viewportregion(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """Four further values of a viewport select the part of the image that is shown."""
    instance = corpus.pictures.instances[QUADRANTS]
    before, _ = plain_and_with(dicomweb, instance, "viewport", "32,32")
    parts = _halves(renderings.scaled(before.grey, (64, 64)))

    response = dicomweb.rendered(instance, [("viewport", listed(f"32,64,{case.value}"))])

    with expect(response) as it:
        it.has_status(200)
        picture = shown(it, beside=parts[case.id])
        # The window may be that of the part: what is compared is where it is darker and brighter.
        likeness = {
            name: renderings.correlation(renderings.scaled(picture.grey, (32, 64)), renderings.scaled(each, (32, 64)))
            for name, each in parts.items()
        }
        found = max(likeness, key=lambda name: likeness[name])
        if likeness[found] < ALIKE:
            whole_with_margin = picture.size == (32, 64) and is_alike(_middle(picture), before)
            found = "whole" if whole_with_margin else "none of them"
        if found == "whole":
            it.observes("whole-picture-region-not-supported", expected=[case.id])
        elif found != case.id:
            it.observes("another-region", expected=[case.id], received=found)
        elif picture.size != (32, 64):
            it.observes("another-size", expected=["32x64"], received=size_of(picture))


def _halves(grey: Samples) -> dict[str, Samples]:
    """Return a picture and its halves; within each of them brightness changes in a way of its own."""
    return {
        "whole": grey,
        "left-half": grey[:, :32],
        "right-half": grey[:, 32:],
        "upper half": grey[:32],
        "lower half": grey[32:],
    }


def _middle(picture: Picture) -> Picture:
    """Return the square in the middle of a picture of 32 x 64."""
    return replace(picture, frames=(picture.samples[16:48],))


@verifies("RENDERED-024", id="rendered-viewport-values-left-out", needs="rendered")
def test_viewport_values_left_out(dicomweb: StudiesService, corpus: Corpus) -> None:
    """Where values of a viewport are left out and the commas stay, the region begins at the upper left."""
    instance = corpus.pictures.instances[QUADRANTS]
    full = region(dicomweb, instance, "32,64,0,0,32,64")

    response = dicomweb.rendered(instance, [("viewport", listed("32,64,,,32,64"))])

    with expect(response) as it:
        it.has_status(200)
        picture = shown(it, beside=full.samples)
        if not is_same(picture, full):
            it.observes("200-with-another-picture-than-full-form", expected=[size_of(full)], received=size_of(picture))


FLIPS = (Variant("left-to-right", "RENDERED-025", "-64,64"), Variant("upside-down", "RENDERED-025", "64,-64"))


@verifies(id="rendered-viewport-flips", each=FLIPS, needs="rendered")
def test_viewport_flips(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """A negative width or height of the region mirrors the rendered image."""
    instance = corpus.pictures.instances[QUADRANTS]
    upright = region(dicomweb, instance, "64,64,0,0,64,64").grey
    candidates = {
        "as it is": upright,
        "left-to-right": np.fliplr(upright),
        "upside-down": np.flipud(upright),
        "turned": np.flipud(np.fliplr(upright)),
    }

    response = dicomweb.rendered(instance, [("viewport", listed(f"64,64,0,0,{case.value}"))])

    with expect(response) as it:
        it.has_status(200)
        picture = shown(it, beside=candidates[case.id])
        found = renderings.nearest(picture.grey, candidates)
        if renderings.difference(picture.grey, candidates[found]) > _TOLERANCE:
            it.observes("another-region", expected=[case.id], received=size_of(picture))
        elif found == "as it is":
            it.observes("200-with-the-picture-not-mirrored", expected=[case.id], received=found)
        elif found != case.id:
            it.observes("mirrored-along-the-wrong-axis", expected=[case.id], received=found)


ILL_FORMED_VIEWPORTS = (
    Variant("no-number", "RENDERED-026", "abc"),
    Variant("one-value", "RENDERED-026", "100"),
    Variant("zero", "RENDERED-026", "0,0"),
    Variant("negative", "RENDERED-026", "-5,10"),
    Variant("trailing-comma", "RENDERED-026", "32,32,"),
)


@verifies(id="rendered-ill-formed-viewport", each=ILL_FORMED_VIEWPORTS, needs="rendered")
def test_ill_formed_viewport(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """A viewport that is not two sizes is answered with 400."""
    _is_refused(dicomweb, corpus.pictures.instances[GREY], "viewport", "32,32", case.value)


def _is_refused(dicomweb: StudiesService, instance: Instance, name: str, good: str, value: str) -> None:
    """Judge what comes of a value that is not allowed, where the target takes the parameter otherwise."""
    before, _ = plain_and_with(dicomweb, instance, name, good)

    response = dicomweb.rendered(instance, [(name, listed(value))])

    with expect(response) as it:
        if response.status != 200:
            it.has_status(400)
            it.concludes()
        picture = shown(it, otherwise="200-with-a-body-that-is-no-picture")
        it.observes(
            "200-as-without-the-parameter" if is_same(before, picture) else "200-with-another-picture",
            where=f"{name}={value}",
        )


# Quality (8.3.5.1.2)

ILL_FORMED_QUALITIES = (
    Variant("zero", "RENDERED-030", "0"),
    Variant("above-100", "RENDERED-030", "101"),
    Variant("no-number", "RENDERED-030", "abc"),
    Variant("empty", "RENDERED-030", ""),
)


@verifies(id="rendered-ill-formed-quality", each=ILL_FORMED_QUALITIES, needs="rendered")
def test_ill_formed_quality(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """A quality that is not an integer from 1 to 100 is answered with 400."""
    _is_refused(dicomweb, corpus.pictures.instances[COLOUR], "quality", "5", case.value)


@verifies("RENDERED-031", id="rendered-quality-and-size", needs="rendered")
def test_quality_and_size(dicomweb: StudiesService, corpus: Corpus) -> None:
    """An image rendered in low quality has no more octets than one in high quality."""
    instance = corpus.pictures.instances[COLOUR]
    plain_and_with(dicomweb, instance, "quality", "5")
    high = dicomweb.rendered(instance, [("quality", 95)])
    control(high, because="quality=95 does not work")

    response = dicomweb.rendered(instance, [("quality", 5)])

    with expect(response) as it:
        it.has_status(200)
        shown(it)
        received = f"{len(response.body)} octets, and {len(high.body)} with quality=95"
        if len(response.body) > len(high.body):
            it.observes("quality-5-larger-than-quality-95", received=received)
        elif len(response.body) == len(high.body):
            it.observes("equal-size", received=received)


@verifies("RENDERED-031b", id="rendered-quality-of-png", needs="rendered")
def test_quality_of_png(dicomweb: StudiesService, corpus: Corpus) -> None:
    """A quality does not change an image rendered in a lossless media type."""
    instance = corpus.pictures.instances[COLOUR]
    png = dicomweb.rendered(instance, accept=media_types.PNG)
    is_png = png.status == 200 and media_types.name_of(png.content_type) == media_types.PNG
    offered(is_png, "image/png is not offered", "rendered.png")
    _, before = plain(dicomweb, instance, accept=media_types.PNG)

    response = dicomweb.rendered(instance, [("quality", 5)], accept=media_types.PNG)

    with expect(response) as it:
        it.has_status(200)
        if renderings.difference(before.samples, shown(it, beside=before.samples).samples) > 0:
            it.observes("another-picture", expected=["the image rendered without the parameter"])


# Annotation (8.3.5.1.1)


@verifies("RENDERED-032", id="rendered-annotation", needs="rendered")
def test_annotation(dicomweb: StudiesService, corpus: Corpus) -> None:
    """An annotation is burnt into the rendered image, which still shows the image; without one nothing is."""
    instance = corpus.pictures.instances[GREY]
    _, before = plain(dicomweb, instance)
    again, repeated = plain(dicomweb, instance)
    plain_and_with(dicomweb, instance, "annotation", "patient")

    response = dicomweb.rendered(instance, [("annotation", listed("patient,technique"))])

    with expect(response) as it:
        it.has_status(200)
        picture = shown(it, beside=before.samples)
        if is_same(before, picture) and renderings.difference(before.samples, picture.samples) == 0:
            it.observes("annotated-picture-equals-the-plain-one")
        elif renderings.kept(renderings.scaled(picture.grey, before.size), before.grey, 32) < 0.25:
            it.observes("picture-no-longer-shows-the-image", expected=["the image, with some text in it"])
    with expect(again) as it:
        if not is_same(before, repeated):
            it.finds("two plain pictures differ", expected=["the same image twice"])


@verifies("RENDERED-033", id="rendered-annotation-without-value", needs="rendered")
def test_annotation_without_value(dicomweb: StudiesService, corpus: Corpus) -> None:
    """An annotation without a value is answered with 400."""
    _is_refused(dicomweb, corpus.pictures.instances[GREY], "annotation", "patient", "")


@verifies("RENDERED-034", id="rendered-unknown-annotation", needs="rendered")
def test_unknown_annotation(dicomweb: StudiesService, corpus: Corpus) -> None:
    """An unknown annotation is named in a Warning, or answered with 400."""
    instance = corpus.pictures.instances[GREY]
    plain_and_with(dicomweb, instance, "annotation", "patient")

    response = dicomweb.rendered(instance, [("annotation", listed("patient,zzz"))])

    with expect(response) as it:
        it.has_status(200, 400)
        if response.status == 400:
            it.concludes()
        shown(it)
        warnings = " ".join(response.headers.all("Warning"))
        if not ("299" in warnings and "zzz" in warnings):
            it.observes("200-without-warning", where="Warning", received=warnings or "none")


# ICC profiles (8.3.5.1.5)


@verifies("RENDERED-035", id="rendered-icc-profile-asked-for")
def test_icc_profile_asked_for(dicomweb: StudiesService, corpus: Corpus) -> None:
    """An ICC profile that is asked for is embedded, left out or refused."""
    instance = corpus.pictures.instances[COLOUR]
    _, before = plain(dicomweb, instance)

    response = dicomweb.rendered(instance, [("iccprofile", "srgb")])

    with expect(response) as it:
        it.has_status(200)
        if not is_alike(shown(it, beside=before.samples), before):
            it.finds("another picture", expected=["the image in sRGB"])


PROFILES = (
    Variant("yes", "RENDERED-037"),
    Variant("srgb", "RENDERED-037"),
    Variant("adobergb", "RENDERED-037"),
    Variant("rommrgb", "RENDERED-037"),
)
_WORDS = {"yes": (), "srgb": ("srgb", "61966"), "adobergb": ("adobe", "1998"), "rommrgb": ("romm", "prophoto")}


@verifies(id="rendered-icc-profile", each=PROFILES, needs="rendered")
def test_icc_profile(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """The ICC profile that is embedded is the one asked for."""
    instance = corpus.pictures.instances[COLOUR]
    if case.id != "srgb":
        profiles_are_offered(dicomweb, instance)

    response = dicomweb.rendered(instance, [("iccprofile", case.id)])

    refused = case.id == "srgb" and response.status in BAD_REQUEST
    offered(not refused, f"the target does not take iccprofile=srgb: {response.status}", "rendered.iccprofile")
    with expect(response) as it:
        if response.status in BAD_REQUEST:
            it.observes("one-of-the-named-spaces-answered-400", where=f"iccprofile={case.id}")
            it.concludes()
        it.has_status(200)
        picture = shown(it)
        if picture.icc_profile is None:
            ignored = "the target ignores iccprofile, as it has to where it does not support it"
            offered(case.id != "srgb", ignored, "rendered.iccprofile")
            it.observes("profile-absent-for-one-of-the-values", where=f"iccprofile={case.id}")
            it.concludes()
        _is_profile_of(it, picture.icc_profile or b"", _WORDS[case.id])


def _is_profile_of(it: Expectation, profile: bytes, words: tuple[str, ...]) -> None:
    try:
        name = picture_files.profile_name(profile)
    except UnreadableError as error:
        it.observes("profile-that-does-not-parse", where="ICC profile", received=str(error))
        return
    others = {word for each in _WORDS.values() for word in each} - set(words)
    said = name.lower().replace(" ", "")
    # A description in other words (a vendor's own sRGB) is believed; one that names another space is not.
    if words and not any(word in said for word in words) and any(word in said for word in others):
        it.observes("profile-of-another-space-than-one-named", where="ICC profile", received=name)


@verifies("RENDERED-038", id="rendered-icc-profile-of-gif", needs="rendered")
def test_icc_profile_of_gif(dicomweb: StudiesService, corpus: Corpus) -> None:
    """An ICC profile asked for in a media type that cannot embed one is answered with 400."""
    instance = corpus.pictures.instances[COLOUR]
    profiles_are_offered(dicomweb, instance)
    gif = dicomweb.rendered(instance, accept=media_types.GIF)
    is_gif = gif.status == 200 and media_types.name_of(gif.content_type) == media_types.GIF
    offered(is_gif, "image/gif is not offered", "rendered.gif")

    response = dicomweb.rendered(instance, [("iccprofile", "srgb")], accept=media_types.GIF)

    with expect(response) as it:
        if response.status != 200:
            it.has_status(400)
            it.concludes()
        shown(it)
        it.observes("200-without-a-profile")
