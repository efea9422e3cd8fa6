"""Defects that the checks of scenario rendered must notice."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from PIL import Image, ImageOps
from pydicom.dataset import Dataset
from starlette.responses import Response

from dicomweb_reference import frames
from dicomweb_reference.archive import Instance
from dicomweb_reference.elements import Elements
from dicomweb_reference.media_types import GIF, JPEG, PNG, MediaType
from dicomweb_reference.messages import Refusal, Request
from dicomweb_reference.multipart import Part
from dicomweb_reference.rendering import Rendering
from dicomweb_reference.server import Reference
from dicomweb_reference.transactions.answers import Headers
from tests.mutants.mutant import Mutant, mutant

MUTANTS: list[Mutant] = []
OWN = ("rendered", "thumbnail")  # a thumbnail is made by the steps of a rendering
KINDS = tuple(f"rendered-shows[{kind}]" for kind in ("monochrome2", "monochrome1", "rgb", "16-bits-and-odd-columns"))
RARE_KINDS = tuple(f"rendered-shows-rare-kind[{kind}]" for kind in ("palette-color", "ybr-full"))


def jpeg(colour: int = 200) -> bytes:
    """A picture of one colour."""
    file = io.BytesIO()
    Image.new("L", (32, 32), colour).save(file, "JPEG")
    return file.getvalue()


class Answering(Reference):
    """A server that answers some requests for renderings in its own way."""

    def instead(self, request: Request) -> Response | None:
        return None

    def retrieve_rendered(self, request: Request) -> Response:
        return self.instead(request) or super().retrieve_rendered(request)


class Repainting(Reference):
    """A server whose pictures are changed before they are written."""

    def repainted(self, picture: Image.Image) -> Image.Image:
        return picture

    def picture(self, dataset: Dataset, number: int, rendering: Rendering) -> Image.Image:
        return self.repainted(super().picture(dataset, number, rendering))


# Whether there are renderings, and in what


@mutant("rendered-instance-and-frame", may_trip=OWN, into=MUTANTS)
class RenderedIsNotThere(Answering):
    """There are no rendered resources."""

    def instead(self, request: Request) -> Response | None:
        raise Refusal(404, "No such resource.")


@mutant("rendered-instance-and-frame", may_trip=OWN, into=MUTANTS)
class RenderedBreaks(Answering):
    """Every rendering ends in 500."""

    def instead(self, request: Request) -> Response | None:
        raise Refusal(500, "An exception.")


@mutant("rendered-instance-and-frame", may_trip=OWN, into=MUTANTS)
class FramesAreNotRendered(Answering):
    """Instances are rendered, frames are not."""

    def instead(self, request: Request) -> Response | None:
        if request.frames:
            raise Refusal(404, "No such resource.")
        return None


@mutant("rendered-instance-and-frame", may_trip=OWN, into=MUTANTS)
class TextInPlaceOfPictures(Answering):
    """The body is a text that is labelled as JPEG."""

    def instead(self, request: Request) -> Response | None:
        return self.answer([b"no picture"], "image/jpeg")


@mutant("rendered-instance-and-frame", may_trip=OWN, into=MUTANTS)
class PngLabelledAsJpeg(Reference):
    """The body is a PNG that is labelled as JPEG."""

    def written(self, pictures: Sequence[Image.Image], media_type: str, rendering: Rendering) -> bytes:
        return super().written(pictures[:1], PNG.name, rendering)


@mutant("rendered-jpeg-by-default[anything]", "rendered-jpeg-by-default[any-image]", may_trip=OWN, into=MUTANTS)
class WildcardsRefused(Answering):
    """A wildcard in Accept is not understood."""

    def instead(self, request: Request) -> Response | None:
        if "*" in (request.accept or ""):
            raise Refusal(406, "Not acceptable.")
        return None


@mutant("rendered-as[png]", "rendered-as[gif]", may_trip=OWN, into=MUTANTS)
class PngAndGifBreak(Answering):
    """A rendering as PNG or GIF ends in 500."""

    def instead(self, request: Request) -> Response | None:
        if request.accept in {PNG.name, GIF.name}:
            raise Refusal(500, "An exception.")
        return None


@mutant(*(f"rendered-as-optional-type[{name}]" for name in ("jp2", "jph", "jxl")), may_trip=OWN, into=MUTANTS)
class OptionalTypesBreak(Answering):
    """Media types that the server does not have end in 500."""

    def instead(self, request: Request) -> Response | None:
        if request.accept in {"image/jp2", "image/jph", "image/jxl"}:
            raise Refusal(500, "An exception.")
        return None


@mutant("rendered-types-show-the-same[png]", "rendered-types-show-the-same[gif]", may_trip=OWN, into=MUTANTS)
class LosslessIsInverted(Reference):
    """PNG and GIF are inverted, JPEG is not."""

    def written(self, pictures: Sequence[Image.Image], media_type: str, rendering: Rendering) -> bytes:
        if media_type != JPEG.name:
            pictures = [ImageOps.invert(picture) for picture in pictures]
        return super().written(pictures, media_type, rendering)


@mutant("rendered-types-show-the-same[jp2]", may_trip=OWN, into=MUTANTS)
class Jp2DoesNotDecode(Answering):
    """What is labelled as JPEG 2000 is nothing."""

    def instead(self, request: Request) -> Response | None:
        return self.answer([b"nothing"], "image/jp2") if request.accept == "image/jp2" else None


@mutant(
    "rendered-alone-without-envelope[instance]", "rendered-alone-without-envelope[frame]", may_trip=OWN, into=MUTANTS
)
class AlwaysInParts(Answering):
    """A picture comes in a multipart, though a single part was asked for."""

    def instead(self, request: Request) -> Response | None:
        if request.accept == JPEG.name:
            return super().retrieve_rendered(replace(request, accept='multipart/related; type="image/jpeg"'))
        return None


@mutant("rendered-unacceptable", may_trip=OWN, into=MUTANTS)
class JpegLabelledAsHtml(Answering):
    """An image as text/html is a JPEG of that name."""

    def instead(self, request: Request) -> Response | None:
        return self.answer([jpeg()], "text/html") if request.accept == "text/html" else None


# What the picture shows


@mutant(*KINDS, *RARE_KINDS, may_trip=OWN, into=MUTANTS)
class Inverted(Repainting):
    """Dark is bright."""

    def repainted(self, picture: Image.Image) -> Image.Image:
        return ImageOps.invert(picture)


@mutant(*KINDS, *RARE_KINDS, may_trip=OWN, into=MUTANTS)
class OneColour(Repainting):
    """Every picture is grey all over."""

    def repainted(self, picture: Image.Image) -> Image.Image:
        return Image.new(picture.mode, picture.size, "gray" if picture.mode == "RGB" else 128)


@mutant("rendered-shows[monochrome1]", may_trip=OWN, into=MUTANTS)
class Monochrome1BeginsWithBlack(Reference):
    """MONOCHROME1 is shown as MONOCHROME2."""

    def presented_grey(self, dataset: Dataset, values: Any) -> Any:
        return values


@mutant("rendered-shows[rgb]", *RARE_KINDS, may_trip=OWN, into=MUTANTS)
class ChannelsSwapped(Repainting):
    """Red and blue are swapped."""

    def repainted(self, picture: Image.Image) -> Image.Image:
        return Image.merge("RGB", picture.split()[::-1]) if picture.mode == "RGB" else picture


@mutant("rendered-shows[16-bits-and-odd-columns]", may_trip=OWN, into=MUTANTS)
class RowsSheared(Repainting):
    """Rows are taken to be a multiple of four columns long."""

    def repainted(self, picture: Image.Image) -> Image.Image:
        if picture.width % 4 == 0:
            return picture
        pixels = np.asarray(picture)
        shift = -picture.width % 4
        return Image.fromarray(np.stack([np.roll(row, -shift * number) for number, row in enumerate(pixels)]))


@mutant("rendered-shows-rare-kind[palette-color]", may_trip=OWN, into=MUTANTS)
class PaletteNotApplied(Reference):
    """PALETTE COLOR shows its indices as grey levels."""

    def coloured(self, dataset: Dataset, pixels: Any) -> Image.Image:
        if dataset.PhotometricInterpretation == "PALETTE COLOR":
            return Image.fromarray((pixels * 20).astype(np.uint8)).convert("RGB")
        return super().coloured(dataset, pixels)


@mutant("rendered-shows-segmented-palette[ramp]", "rendered-shows-segmented-palette[copy]", may_trip=OWN, into=MUTANTS)
class SegmentsNotRead(Reference):
    """An image whose palette is in segments shows its indices as grey levels."""

    def coloured(self, dataset: Dataset, pixels: Any) -> Image.Image:
        if "SegmentedRedPaletteColorLookupTableData" in dataset:
            return Image.fromarray(pixels.astype(np.uint8)).convert("RGB")
        return super().coloured(dataset, pixels)


@mutant("rendered-shows-segmented-palette[copy]", may_trip=OWN, into=MUTANTS)
class CopiesOfSegmentsNotRead(Reference):
    """What indirect segments of a palette copy is black."""

    def coloured(self, dataset: Dataset, pixels: Any) -> Image.Image:
        shown = super().coloured(dataset, pixels)
        table = dataset.get("SegmentedRedPaletteColorLookupTableData") or b""
        if not table.endswith(b"\2\0\2\0\0\0\0\0"):
            return shown
        return Image.fromarray(np.where(pixels.reshape(*pixels.shape[:2], 1) >= 128, 0, np.asarray(shown)))


@mutant("rendered-in-the-size-of-the-image", may_trip=OWN, into=MUTANTS)
class HalfSize(Repainting):
    """Pictures have half the size of the image."""

    def repainted(self, picture: Image.Image) -> Image.Image:
        return picture.resize((picture.width // 2, picture.height // 2))


@mutant("rendered-in-the-size-of-the-image", may_trip=OWN, into=MUTANTS)
class WidthAndHeightExchanged(Repainting):
    """Rows are columns."""

    def repainted(self, picture: Image.Image) -> Image.Image:
        return picture.resize((picture.height, picture.width))


# Frames, studies and series


@mutant("rendered-frames-of-a-list[3-and-5]", "rendered-content-location", may_trip=OWN, into=MUTANTS)
class FramesFromTheFirst(Answering):
    """A list of frames counts only by its length: the first ones are rendered."""

    def instead(self, request: Request) -> Response | None:
        if request.frames in {"3,5", "3"}:
            return super().retrieve_rendered(replace(request, frames="1,2" if "," in request.frames else "1"))
        return None


@mutant("rendered-frames-of-a-list[1-and-2]", "rendered-frames-of-a-list[3-and-5]", may_trip=OWN, into=MUTANTS)
class FramesReversed(Reference):
    """Several frames come in the opposite order."""

    def rendered_parts(self, *arguments: Any) -> list[Part]:
        return super().rendered_parts(*arguments)[::-1]


@mutant("rendered-frame-out-of-range[beyond-the-last]", "rendered-frame-out-of-range[zero]", may_trip=OWN, into=MUTANTS)
class FramesClamped(Answering):
    """A frame that there is not is the nearest one that there is."""

    def instead(self, request: Request) -> Response | None:
        there = {"0": "1", "6": "5"}
        if request.frames in there:
            return super().retrieve_rendered(replace(request, frames=there[request.frames]))
        return None


@mutant("rendered-frames-as-animation", may_trip=OWN, into=MUTANTS)
class AnimationBackwards(Reference):
    """An animation runs backwards."""

    def written(self, pictures: Sequence[Image.Image], media_type: str, rendering: Rendering) -> bytes:
        return super().written(pictures[::-1] if media_type == GIF.name else pictures, media_type, rendering)


@mutant("rendered-frames-as-jpeg", may_trip=OWN, into=MUTANTS)
class FirstFrameInverted(Reference):
    """The JPEG that stands for several frames is inverted."""

    def rendered_item(
        self,
        request: Request,
        instance: Instance,
        content: Elements,
        media: MediaType,
        numbers: Sequence[int],
        rendering: Rendering,
    ) -> tuple[bytes, str]:
        if media != JPEG or len(numbers) == 1:
            return super().rendered_item(request, instance, content, media, numbers, rendering)
        pictures = [ImageOps.invert(picture) for picture in self.pictures(instance, numbers[:1], rendering)]
        return self.written(pictures, media.name, rendering), media.name


@mutant("rendered-study-and-series[study]", "rendered-study-and-series[series]", may_trip=OWN, into=MUTANTS)
class LevelsBreak(Reference):
    """The rendering of a study or series ends in 500."""

    def rendered_level(
        self, request: Request, instances: Sequence[Instance], rendering: Rendering, headers: Headers
    ) -> Response:
        raise Refusal(500, "An exception.")


@mutant("rendered-study-with-a-report", may_trip=OWN, into=MUTANTS)
class ReportsBreakLevels(Reference):
    """The rendering of a study that holds a report ends in 500."""

    def rendered_level(
        self, request: Request, instances: Sequence[Instance], rendering: Rendering, headers: Headers
    ) -> Response:
        if not all(frames.pixel_element(self.elements_of(instance)) for instance in instances):
            raise Refusal(500, "An exception.")
        return super().rendered_level(request, instances, rendering, headers)


@mutant(
    "rendered-study-and-series[study]",
    "rendered-study-and-series[series]",
    "rendered-study-with-a-report",
    may_trip=OWN,
    into=MUTANTS,
)
class LevelOfOthers(Reference):
    """The rendering of a study or series shows something else."""

    def rendered_level(
        self, request: Request, instances: Sequence[Instance], rendering: Rendering, headers: Headers
    ) -> Response:
        part = self.part(jpeg(), JPEG.name, request.base)
        return self.multipart_answer([part, part], MediaType(JPEG.name), headers)


@mutant("rendered-level-as-single-part[study]", "rendered-level-as-single-part[series]", may_trip=OWN, into=MUTANTS)
class LevelAlwaysInParts(Answering):
    """A study or series comes as multipart, whatever is acceptable."""

    def instead(self, request: Request) -> Response | None:
        if request.resource.instance is None and request.accept == JPEG.name:
            return super().retrieve_rendered(replace(request, accept='multipart/related; type="image/jpeg"'))
        return None


@mutant(*(f"rendered-report-as-text[{name}]" for name in ("html", "plain", "xml")), may_trip=OWN, into=MUTANTS)
class ReportsBreak(Reference):
    """The rendering of a report ends in 500."""

    def text(self, request: Request, content: Elements, media: MediaType) -> tuple[bytes, str]:
        raise Refusal(500, "An exception.")


@mutant(
    *(f"rendered-missing[{level}]" for level in ("study", "series", "instance", "frame")), may_trip=OWN, into=MUTANTS
)
class MissingIsAPicture(Answering):
    """What does not exist has a picture all the same."""

    def instead(self, request: Request) -> Response | None:
        return None if self.archive.instances(request.resource) else self.answer([jpeg()], JPEG.name)


@mutant("rendered-ignores-unknown-parameters", may_trip=OWN, into=MUTANTS)
class UnknownParametersRefused(Answering):
    """A parameter that there is not is refused."""

    def instead(self, request: Request) -> Response | None:
        if request.parameter("x_probe"):
            raise Refusal(400, "No such parameter.")
        return None
