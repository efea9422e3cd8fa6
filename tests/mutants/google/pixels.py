"""Defects of the google flavour in frames, pictures and bulk data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from starlette.requests import Request as HttpRequest
from starlette.responses import Response

from dicomweb_reference import encoders
from dicomweb_reference.archive import Instance
from dicomweb_reference.elements import PIXEL_DATA, Element, Elements
from dicomweb_reference.google import Google
from dicomweb_reference.media_types import JPEG, MediaType
from dicomweb_reference.messages import Refusal, Request
from dicomweb_reference.multipart import Part
from dicomweb_reference.rendering import Rendering, Viewport
from dicomweb_reference.server import Step
from dicomweb_reference.transactions.negotiation import Ranges
from dicomweb_reference.transactions.pixel_data import Encoding
from dicomweb_reference.transfer_syntaxes import EXPLICIT_VR_LITTLE_ENDIAN
from tests.mutants.mutant import EVERYWHERE, Mutant, mutant

MUTANTS: list[Mutant] = []
SIDES = ("any", "jpeg", "png")
PIXELS = ("frames", "bulkdata", "negotiation", "google", "retrieve", "messages", "rendered")


@mutant(
    "google-frames[one]",
    "google-frames[two]",
    "google-frames-in-order",
    "google-frames-as-stored",
    "google-bulk-data[multipart]",
    "google-bulk-data[single-part]",
    "google-bulk-data-path",
    may_trip=PIXELS,
    into=MUTANTS,
)
class SendsPixelsBackwards(Google):
    """The octets of pixel data are in reverse, those of several frames or compressed ones."""

    def pixel_values(
        self,
        instance: Instance,
        content: Elements,
        element: Element,
        encoding: Encoding,
        numbers: Sequence[int] | None,
    ) -> list[bytes]:
        values = super().pixel_values(instance, content, element, encoding, numbers)
        return [value[::-1] for value in values] if element.encapsulated or "00280008" in content else values


@mutant("google-frames-in-order", "google-frames[two]", may_trip=PIXELS, into=MUTANTS)
class SendsFramesBackwards(Google):
    """Frames come in the reverse order."""

    def pixel_values(
        self,
        instance: Instance,
        content: Elements,
        element: Element,
        encoding: Encoding,
        numbers: Sequence[int] | None,
    ) -> list[bytes]:
        return super().pixel_values(instance, content, element, encoding, numbers)[::-1]


@mutant("google-frames-as-stored", may_trip=PIXELS, into=MUTANTS)
class SendsNativeFramesOnly(Google):
    """Frames come native, whatever transfer syntax is asked for."""

    def encodings(self, instance: Instance, element: Element, numbers: Sequence[int] | None) -> list[Encoding]:
        return [encoding for encoding in super().encodings(instance, element, numbers) if encoding.is_native]


@mutant("frames-zero", "google-no-such-frame[beyond-the-last]", may_trip=PIXELS, into=MUTANTS)
class BreaksOverFramesItHasNot(Google):
    """A frame that is not there ends in 500."""

    def frame_numbers(self, text: str, count: int, partial: bool = False) -> list[int]:
        try:
            return super().frame_numbers(text, count, partial)
        except Refusal as refusal:
            raise Refusal(500, "An exception.") from refusal


@mutant("google-no-such-frame[zero]", may_trip=PIXELS, into=MUTANTS)
class HasNothingToSayOfFrameZero(Google):
    """Frame 0 is answered 204."""

    def retrieve_frames(self, request: Request) -> Response:
        return Response(status_code=204) if request.frames == "0" else super().retrieve_frames(request)


@mutant("frames-zero", "google-no-such-frame[beyond-the-last]", may_trip=PIXELS, into=MUTANTS)
class SendsAnotherFrame(Google):
    """For a frame that is not there the nearest one is sent."""

    def frame_numbers(self, text: str, count: int, partial: bool = False) -> list[int]:
        numbers = [min(max(int(each), 1), count) for each in text.split(",") if each.isdecimal()]
        return numbers or super().frame_numbers(text, count, partial)


@mutant(
    *(f"google-rendered-type[{of}-{name}]" for of in ("instance", "frame") for name in SIDES),
    may_trip=EVERYWHERE,
    into=MUTANTS,
)
class RendersSmallPictures(Google):
    """Pictures are of 16 columns."""

    def rendering(self, request: Request) -> Rendering:
        return Rendering(viewport=Viewport(16, 16, 0, 0, None, None))


@mutant("google-rendered-type[instance-png]", "google-rendered-type[frame-png]", may_trip=EVERYWHERE, into=MUTANTS)
class RendersNoPng(Google):
    """Pictures are JPEG only."""

    def picture_types(self) -> list[MediaType]:
        return [JPEG]


@mutant("google-viewport[smaller]", "google-viewport[wider]", may_trip=["rendered"], into=MUTANTS)
class IgnoresTheViewport(Google):
    """The viewport does nothing."""

    def rendering(self, request: Request) -> Rendering:
        return Rendering()


@mutant("google-viewport[smaller]", "google-viewport[wider]", may_trip=["rendered"], into=MUTANTS)
class RefusesTheViewport(Google):
    """A viewport is refused."""

    def viewport(self, text: str) -> Viewport:
        raise Refusal(400, "There is no such parameter.")


@mutant(
    *(f"google-rendered-absent[{each}]" for each in ("gif", "study", "series")),
    "google-rendered-no-pixels",
    may_trip=EVERYWHERE,
    into=MUTANTS,
)
class BreaksOverPicturesItHasNot(Google):
    """A picture that there is not ends in 500."""

    def resources(self) -> dict[str, dict[str, Step]]:
        above = ("/studies/{study}/rendered", "/studies/{study}/series/{series}/rendered")
        return super().resources() | {path: {"GET": self.broken} for path in above}

    def broken(self, request: Request) -> Response:
        raise Refusal(500, "An exception.")

    def retrieve_rendered(self, request: Request) -> Response:
        try:
            return super().retrieve_rendered(request)
        except Refusal as refusal:
            raise Refusal(500, "An exception.") from refusal


@mutant(
    *(f"google-rendered-parameter[{each}]" for each in ("quality", "window", "annotation", "iccprofile")),
    may_trip=["rendered"],
    into=MUTANTS,
)
class BreaksOverParameters(Google):
    """A parameter other than viewport ends in 500."""

    def rendering(self, request: Request) -> Rendering:
        if {name for name, _ in request.parameters()} - {"viewport"}:
            raise Refusal(500, "An exception.")
        return super().rendering(request)


@mutant("google-rendered-frames[one]", may_trip=EVERYWHERE, into=MUTANTS)
class RendersInPartsOnly(Google):
    """Pictures of frames come as a multipart only, be it of one."""

    def rendered_offers(
        self, instance: Instance, content: Elements, numbers: Sequence[int], listed: bool
    ) -> list[MediaType]:
        offers = super().rendered_offers(instance, content, numbers, listed)
        return [offer for offer in offers if offer.root or not listed]


@mutant("google-rendered-frames[two]", may_trip=["rendered"], into=MUTANTS)
class RendersTheFirstOfSeveral(Google):
    """Of several frames the first is rendered."""

    def rendered_parts(
        self,
        request: Request,
        instance: Instance,
        content: Elements,
        media: MediaType,
        numbers: Sequence[int],
        rendering: Rendering,
    ) -> list[Part]:
        return super().rendered_parts(request, instance, content, media, numbers, rendering)[:1]


@mutant("google-metrics[study]", "google-metrics[series]", into=MUTANTS)
class GivesMetricsAsNumbers(Google):
    """Counters of metrics are numbers."""

    def counters(self, document: dict[str, int]) -> dict[str, object]:
        return {**document}


@mutant("google-frames-coded", may_trip=PIXELS, into=MUTANTS)
class BreaksOverGzip(Google):
    """A frame that may come in gzip ends in 500."""

    def request_of(self, http: HttpRequest, body: bytes) -> Request:
        if "/frames/" in http.url.path and "gzip" in http.headers.get("accept-encoding", ""):
            raise Refusal(500, "An exception.")
        return super().request_of(http, body)


TYPES = ("jpeg", "jpeg-lossless", "png", "jls", "jp2", "rle")
SYNTAXES = ("implicit", "jpeg-lossless", "jpeg-ls-lossless", "jpeg-2000-lossless", "rle", "jpeg-baseline", "jpeg-ls")
SYNTAXES += ("jpeg-2000",)
RLE = "1.2.840.10008.1.2.5"


@mutant("google-transfer-syntax[implicit]", may_trip=EVERYWHERE, into=MUTANTS)
class TranscodesNothing(Google):
    """An instance comes as it is stored or in Explicit VR Little Endian; another transfer syntax is refused."""

    def deliverable(self, instance: Instance, transfer_syntax: str) -> bool:
        return transfer_syntax in {instance.transfer_syntax, EXPLICIT_VR_LITTLE_ENDIAN}


@mutant("google-transfer-syntax[rle]", may_trip=EVERYWHERE, into=MUTANTS)
class EncodesNoRle(Google):
    """RLE is refused, and no other transfer syntax."""

    def deliverable(self, instance: Instance, transfer_syntax: str) -> bool:
        return transfer_syntax in {instance.transfer_syntax, EXPLICIT_VR_LITTLE_ENDIAN} or (
            transfer_syntax != RLE and super().deliverable(instance, transfer_syntax)
        )


@mutant("google-transfer-syntax[explicit]", may_trip=EVERYWHERE, into=MUTANTS)
class RefusesTheDefaultByItsName(Google):
    """Explicit VR Little Endian is refused where it is asked for by its UID."""

    def acceptable(self, request: Request, default: MediaType) -> Ranges:
        ranges = super().acceptable(request, default)
        return [each for each in ranges if each[0].transfer_syntax != EXPLICIT_VR_LITTLE_ENDIAN]


@mutant(
    *(f"google-transfer-syntax[{syntax}]" for syntax in SYNTAXES if syntax not in {"implicit", "rle"}),
    *(f"google-frame-type[{each}]" for each in TYPES if each not in {"png", "rle"}),
    may_trip=EVERYWHERE,
    into=MUTANTS,
)
class EncodesTheNegative(Google):
    """What is encoded in the JPEG family is the negative of the image."""

    def encoded(self, content: Elements, transfer_syntax: str) -> Elements:
        pixels = content[PIXEL_DATA]
        if transfer_syntax not in encoders.SYNTAXES:
            return super().encoded(content, transfer_syntax)
        negative = replace(pixels, value=bytes(255 - each for each in pixels.value))
        return super().encoded({**content, PIXEL_DATA: negative}, transfer_syntax)


@mutant(*(f"google-frame-type[{each}]" for each in TYPES), may_trip=EVERYWHERE, into=MUTANTS)
class SendsNativeOctetsUnderAnyType(Google):
    """Frames are native octets, labelled with the type that was asked for."""

    def pixel_values(
        self,
        instance: Instance,
        content: Elements,
        element: Element,
        encoding: Encoding,
        numbers: Sequence[int] | None,
    ) -> list[bytes]:
        return self.native_values(instance, content, element, numbers)
