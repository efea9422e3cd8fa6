"""Defects of renderings of many kinds of images, of documents and of presentation states."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PIL import Image
from pydicom.dataset import Dataset
from starlette.responses import Response

from dicomweb_reference import pictures
from dicomweb_reference.archive import Instance
from dicomweb_reference.elements import Elements
from dicomweb_reference.media_types import MediaType
from dicomweb_reference.messages import Refusal, Request
from dicomweb_reference.rendering import Presentation, Rendering
from dicomweb_reference.server import Reference
from dicomweb_reference.transfer_syntaxes import VIDEO
from tests.mutants.mutant import Mutant, mutant
from tests.mutants.rendered.defects import OWN
from tests.mutants.retrieve.forms import ENCAPSULATED

MUTANTS: list[Mutant] = []


@mutant(*(f"rendered-of-encoded[{each}]" for each in ENCAPSULATED), may_trip=OWN, into=MUTANTS)
class CompressedUpsideDown(Reference):
    """Images that are stored compressed are rendered as negatives."""

    def pictures(self, instance: Instance, numbers: Sequence[int], rendering: Rendering) -> list[Image.Image]:
        found = super().pictures(instance, numbers, rendering)
        if instance.transfer_syntax.startswith(
            ("1.2.840.10008.1.2.4", "1.2.840.10008.1.2.5", "1.2.840.10008.1.2.8")
        ) or (instance.transfer_syntax.endswith(".1.98")):
            return [each.point(lambda value: 255 - value) for each in found]
        return found


@mutant(
    *(f"rendered-in-every-format[{each}]" for each in ("explicit_vr_little_endian", *ENCAPSULATED)),
    tiers=["large"],
    may_trip=OWN,
    into=MUTANTS,
)
class PngsUpsideDown(Reference):
    """What is rendered as image/png stands on its head."""

    def written(self, pictures: Sequence[Image.Image], media_type: str, rendering: Rendering) -> bytes:
        turned = [picture.transpose(Image.Transpose.ROTATE_180) for picture in pictures]
        return super().written(turned if media_type == "image/png" else list(pictures), media_type, rendering)


@mutant("rendered-of-fragments", may_trip=OWN, into=MUTANTS)
class FragmentsBreak(Reference):
    """A frame in several fragments without an offset table cannot be rendered: 500."""

    def pictures(self, instance: Instance, numbers: Sequence[int], rendering: Rendering) -> list[Image.Image]:
        if b"fragments_without_table" in self.archive.octets(instance):
            raise Refusal(500, "Too many fragments.")
        return super().pictures(instance, numbers, rendering)


@mutant("rendered-of-one-bit", "rendered-of-segmentation", may_trip=OWN, into=MUTANTS)
class BitsFromTheOtherEnd(Reference):
    """Pixels of one bit are taken from the other end of the frame."""

    def decoded_frame(self, dataset: Dataset, number: int) -> Any:
        pixels = super().decoded_frame(dataset, number)
        return pixels[::-1, ::-1] if dataset.BitsAllocated == 1 else pixels


@mutant("rendered-of-signed-and-rescaled", may_trip=OWN, into=MUTANTS)
class SignsAreForgotten(Reference):
    """Signed pixels are rendered as if they had no sign."""

    def decoded_frame(self, dataset: Dataset, number: int) -> Any:
        pixels = super().decoded_frame(dataset, number)
        signed = dataset.get("PixelRepresentation") == 1 and dataset.get("RescaleSlope") == 0.5
        return pixels.astype(int) % 65536 if signed else pixels

    def voi(self, dataset: Dataset, described: Dataset, values: Any, window: Any) -> Any:
        full = pictures.Window(float(values.mean()), float(max(values.max() - values.min(), 1)), "linear-exact")
        rescaled = dataset.get("RescaleSlope") == 0.5
        return super().voi(dataset, described, values, full if rescaled else window)


@mutant(*(f"rendered-video[{each}]" for each in ("mp4", "mpeg", "h265")), may_trip=OWN, into=MUTANTS)
class VideoOfAnyType(Reference):
    """A video is a JPEG whatever was asked for."""

    def retrieve_rendered(self, request: Request) -> Response:
        instances = self.found(request.resource)
        if instances[0].transfer_syntax in VIDEO:
            return self.answer([b"\xff\xd8\xff\xd9"], (request.accept or "video/mp4").lower())
        return super().retrieve_rendered(request)


@mutant("rendered-document[pdf]", "rendered-document[rtf]", may_trip=OWN, into=MUTANTS)
class DocumentsAreText(Reference):
    """A document is a line of text, under whatever type was asked for."""

    def retrieve_rendered(self, request: Request) -> Response:
        if request.accept in {"application/pdf", "text/rtf"}:
            return self.answer([b"A document."], request.accept)
        return super().retrieve_rendered(request)


@mutant("rendered-characters-of-a-report", may_trip=OWN, into=MUTANTS)
class ReportsInLatin(Reference):
    """A report in UTF-8 says that it is in ISO 8859-1."""

    def text(self, request: Request, content: Elements, media: MediaType) -> tuple[bytes, str]:
        octets, content_type = super().text(request, content, media)
        return octets.replace(b"utf-8", b"latin-1"), content_type.replace("utf-8", "iso-8859-1")


@mutant("rendered-state", may_trip=OWN, into=MUTANTS)
class StatesAreNotApplied(Reference):
    """Images of a presentation state are rendered as if there were none."""

    def turned(self, picture: Image.Image, presentation: Presentation) -> Image.Image:
        return picture


@mutant("rendered-state-refuses[window]", "rendered-state-refuses[region]", may_trip=OWN, into=MUTANTS)
class AnythingBesideAState(Reference):
    """What a presentation state excludes has no effect."""

    def rendered_presentation_state(
        self, request: Request, state: Instance, rendering: Rendering, headers: list[tuple[str, str]]
    ) -> Response:
        return super().rendered_presentation_state(request, state, Rendering(), headers)


@mutant("rendered-frame-of-a-state", may_trip=OWN, into=MUTANTS)
class FramesOfStates(Reference):
    """Frames of a presentation state are those of its images."""

    def retrieve_rendered(self, request: Request) -> Response:
        (instance, *_) = self.found(request.resource)
        if request.frames and self.is_presentation_state(instance):
            return self.rendered_presentation_state(request, instance, self.rendering(request), [])
        return super().retrieve_rendered(request)


@mutant("rendered-state-of-two-images", may_trip=OWN, into=MUTANTS)
class FirstOfAState(Reference):
    """Of the images of a presentation state the first is rendered."""

    def references(self, state: Instance) -> list[tuple[Instance, list[int], Presentation]]:
        return super().references(state)[:1]


@mutant("rendered-state-size[none-given]", "rendered-state-size[viewport]", may_trip=OWN, into=MUTANTS)
class StatesAreHalved(Reference):
    """Images of a presentation state are rendered with half the rows."""

    def turned(self, picture: Image.Image, presentation: Presentation) -> Image.Image:
        turned = super().turned(picture, presentation)
        return turned.resize((turned.width, turned.height // 2))


@mutant("rendered-no-icc-profile", may_trip=OWN, into=MUTANTS)
class OwnProfileStays(Reference):
    """An image that has a profile always has it."""

    def picture(self, dataset: Dataset, number: int, rendering: Rendering) -> Image.Image:
        picture = super().picture(dataset, number, rendering)
        return self.profiled(picture, dataset, "yes") if "OpticalPathSequence" in dataset else picture


@mutant("rendered-icc-profile-of-the-image", may_trip=OWN, into=MUTANTS)
class AlwaysSrgb(Reference):
    """Whatever profile an image has, sRGB is embedded."""

    def profiled(self, picture: Image.Image, dataset: Dataset, name: str) -> Image.Image:
        return super().profiled(picture, Dataset(), name)


@mutant("rendered-ill-formed-viewport[trailing-comma]", may_trip=OWN, into=MUTANTS)
class CommaBehindAViewportBreaks(Reference):
    """A comma at the end of a viewport ends in 500."""

    def viewport(self, text: str) -> Any:
        if text.endswith(","):
            raise Refusal(500, "An exception.")
        return super().viewport(text)


@mutant("rendered-of-floating-point", may_trip=OWN, into=MUTANTS)
class FloatingPointBreaks(Reference):
    """Floating point pixels cannot be rendered: 500."""

    def pictures(self, instance: Instance, numbers: Sequence[int], rendering: Rendering) -> list[Image.Image]:
        if "7FE00008" in self.elements_of(instance):
            raise Refusal(500, "An exception.")
        return super().pictures(instance, numbers, rendering)
