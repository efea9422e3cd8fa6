"""Defects in query parameters that the checks of scenario rendered must notice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from PIL import Image, ImageOps
from pydicom.dataset import Dataset
from starlette.responses import Response

from dicomweb_reference.media_types import GIF, PNG
from dicomweb_reference.messages import Refusal, Request
from dicomweb_reference.rendering import Rendering, Viewport, Window
from dicomweb_reference.server import Reference
from tests.mutants.mutant import Mutant, mutant
from tests.mutants.rendered.defects import OWN, Answering

MUTANTS: list[Mutant] = []


@mutant("rendered-parameters", may_trip=OWN, into=MUTANTS)
class ParametersIgnored(Reference):
    """The parameters of a rendering have no effect."""

    def rendering(self, request: Request) -> Rendering:
        return Rendering()


@mutant("rendered-parameters", may_trip=OWN, into=MUTANTS)
class WindowIgnored(Reference):
    """A window has no effect."""

    def rendering(self, request: Request) -> Rendering:
        return replace(super().rendering(request), window=None)


@mutant("rendered-viewport-fits", may_trip=OWN, into=MUTANTS)
class ViewportStretches(Reference):
    """A picture fills the viewport, and is distorted."""

    def scaled(self, picture: Image.Image, viewport: Viewport) -> Image.Image:
        return picture.resize((viewport.width, viewport.height))


@mutant("rendered-viewport-enlarges", may_trip=OWN, into=MUTANTS)
class ViewportOnlyReduces(Reference):
    """A viewport never enlarges."""

    def scaled(self, picture: Image.Image, viewport: Viewport) -> Image.Image:
        if viewport.width > picture.width and viewport.height > picture.height:
            return picture
        return super().scaled(picture, viewport)


@mutant("rendered-viewport-enlarges", may_trip=OWN, into=MUTANTS)
class ViewportPads(Reference):
    """A picture that is smaller than the viewport gets a frame around it."""

    def scaled(self, picture: Image.Image, viewport: Viewport) -> Image.Image:
        border = (viewport.width - picture.width) // 2
        return ImageOps.expand(picture, border) if border > 0 else super().scaled(picture, viewport)


@mutant("rendered-viewport-region[left-half]", "rendered-viewport-region[right-half]", may_trip=OWN, into=MUTANTS)
class RegionElsewhere(Reference):
    """The region of a viewport is taken on the other side of the image."""

    def region(self, picture: Image.Image, viewport: Viewport) -> Image.Image:
        if viewport.columns is None:
            return picture
        return super().region(picture, replace(viewport, x=abs(viewport.x - 32)))


@mutant("rendered-viewport-values-left-out", may_trip=OWN, into=MUTANTS)
class LeftOutValuesBreak(Reference):
    """A viewport with values left out ends in 500."""

    def viewport(self, text: str) -> Viewport:
        if ",," in text:
            raise Refusal(500, "An exception.")
        return super().viewport(text)


@mutant("rendered-viewport-flips[left-to-right]", "rendered-viewport-flips[upside-down]", may_trip=OWN, into=MUTANTS)
class FlipsTheOtherWay(Reference):
    """A negative width turns the picture upside down, a negative height mirrors it."""

    def region(self, picture: Image.Image, viewport: Viewport) -> Image.Image:
        columns, rows = viewport.columns or 1, viewport.rows or 1
        if columns * rows > 0:
            return super().region(picture, viewport)
        return super().region(picture, replace(viewport, columns=-columns, rows=-rows))


@mutant(
    *(f"rendered-ill-formed-viewport[{name}]" for name in ("no-number", "one-value", "zero", "negative")),
    *(f"rendered-ill-formed-window[{name}]" for name in ("two-values", "no-number", "unknown-function")),
    *(f"rendered-window-without-width[{name}]" for name in ("linear", "linear-exact", "sigmoid")),
    *(f"rendered-ill-formed-quality[{name}]" for name in ("zero", "above-100", "no-number", "empty")),
    "rendered-annotation-without-value",
    may_trip=OWN,
    into=MUTANTS,
)
class IllFormedValuesBreak(Reference):
    """A value that is ill-formed ends in 500."""

    def rendering(self, request: Request) -> Rendering:
        try:
            return super().rendering(request)
        except Refusal as refusal:
            raise Refusal(500, "An exception.") from refusal


@mutant(
    *(f"rendered-ill-formed-quality[{name}]" for name in ("zero", "above-100", "no-number", "empty")),
    may_trip=OWN,
    into=MUTANTS,
)
class IllFormedQualityIgnored(Reference):
    """A quality that is none has no effect."""

    def quality(self, text: str) -> int:
        try:
            return super().quality(text)
        except Refusal:
            return Rendering.quality


WINDOWS = tuple(f"rendered-window[{name}]" for name in ("linear", "narrow", "wide", "linear-exact", "sigmoid"))


@mutant(*WINDOWS, may_trip=OWN, into=MUTANTS)
class WindowsInverted(Reference):
    """A window that is asked for shows the values from bright to dark."""

    def voi(self, dataset: Dataset, described: Dataset, values: Any, window: Window | None) -> Any:
        shown = super().voi(dataset, described, values, window)
        return shown if window is None else 1 - shown


@mutant(*WINDOWS[:3], may_trip=OWN, into=MUTANTS)
class WindowsTooWide(Reference):
    """The width of a window is taken for half of it."""

    def windowed(self, values: Any, window: Window) -> Any:
        return super().windowed(values, replace(window, width=2 * window.width))


@mutant(*WINDOWS[:2], may_trip=OWN, into=MUTANTS)
class WindowsOffCenter(Reference):
    """A window begins where its center should be."""

    def windowed(self, values: Any, window: Window) -> Any:
        return super().windowed(values, replace(window, center=window.center + window.width / 2))


@mutant("rendered-window-before-region", may_trip=OWN, into=MUTANTS)
class WindowLostBesideARegion(Reference):
    """A window has no effect where there is a region, too."""

    def rendering(self, request: Request) -> Rendering:
        rendering = super().rendering(request)
        both = rendering.viewport is not None and rendering.viewport.rows is not None
        return replace(rendering, window=None) if both else rendering


@mutant("rendered-quality-and-size", may_trip=OWN, into=MUTANTS)
class QualityReversed(Reference):
    """A high quality is a low one."""

    def quality(self, text: str) -> int:
        return 101 - super().quality(text)


@mutant("rendered-quality-of-png", may_trip=OWN, into=MUTANTS)
class QualityChangesPng(Reference):
    """A low quality makes a PNG of few colours."""

    def written(self, pictures: Sequence[Image.Image], media_type: str, rendering: Rendering) -> bytes:
        if media_type == PNG.name and rendering.quality < 50:
            pictures = [picture.quantize(4).convert("RGB") for picture in pictures]
        return super().written(pictures, media_type, rendering)


@mutant("rendered-annotation", may_trip=OWN, into=MUTANTS)
class AnnotationCoversThePicture(Reference):
    """With an annotation nothing is left of the image."""

    def annotated(self, picture: Image.Image, lines: Sequence[str]) -> Image.Image:
        return super().annotated(Image.new(picture.mode, picture.size), lines)


@mutant("rendered-unknown-annotation", may_trip=OWN, into=MUTANTS)
class UnknownAnnotationsBreak(Reference):
    """An annotation that there is not ends in 500."""

    def annotation(self, text: str) -> tuple[str, ...]:
        if "zzz" in text:
            raise Refusal(500, "An exception.")
        return super().annotation(text)


@mutant("rendered-icc-profile-asked-for", "rendered-icc-profile[srgb]", may_trip=OWN, into=MUTANTS)
class ProfilesBreak(Reference):
    """A profile that is asked for ends in 500."""

    def icc_profile(self, text: str) -> str:
        if text != "no":
            raise Refusal(500, "An exception.")
        return text


@mutant(
    *(f"rendered-icc-profile[{name}]" for name in ("yes", "adobergb", "rommrgb")),
    "rendered-icc-profile-of-gif",
    may_trip=OWN,
    into=MUTANTS,
)
class OtherProfilesBreak(Answering):
    """A profile other than sRGB in JPEG ends in 500."""

    def instead(self, request: Request) -> Response | None:
        name = request.parameter("iccprofile")
        if name and (name != "srgb" or request.accept == GIF.name):
            raise Refusal(500, "An exception.")
        return None


@mutant("rendered-icc-profile[adobergb]", "rendered-icc-profile[rommrgb]", may_trip=OWN, into=MUTANTS)
class EveryProfileIsSrgb(Reference):
    """Whatever colour space is named, the profile is sRGB."""

    def icc_profile(self, text: str) -> str:
        return "srgb"
