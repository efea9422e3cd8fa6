"""Defects that the checks of scenario frames must notice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from starlette.requests import Request as HttpRequest
from starlette.responses import Response

from dicomweb_reference.archive import Instance
from dicomweb_reference.elements import Element, Elements
from dicomweb_reference.media_types import MediaType
from dicomweb_reference.messages import Refusal, Request
from dicomweb_reference.multipart import Part
from dicomweb_reference.server import Reference, Step
from dicomweb_reference.transactions.pixel_data import Encoding
from tests.mutants.mutant import Mutant, mutant

MUTANTS: list[Mutant] = []
JPEG_BASELINE = "1.2.840.10008.1.2.4.50"


@mutant("frames-of-an-image", may_trip=["frames"], into=MUTANTS)
class FramesNotThere(Reference):
    """There are no frames: 404."""

    def retrieve_frames(self, request: Request) -> Response:
        raise Refusal(404, "No frames.")


@mutant("frames-of-an-image", may_trip=["frames", "messages"], into=MUTANTS)
class FramesBreak(Reference):
    """Frames end in 500."""

    def retrieve_frames(self, request: Request) -> Response:
        raise Refusal(500, "An exception.")


@mutant("frames-of-an-image", may_trip=["frames"], into=MUTANTS)
class FramesEmpty(Reference):
    """Each frame is empty."""

    def native_values(
        self, instance: Instance, content: Elements, element: Element, numbers: Sequence[int] | None
    ) -> list[bytes]:
        values = super().native_values(instance, content, element, numbers)
        return values if numbers is None else [b"" for _ in values]


@mutant("frames-of-an-image", may_trip=["frames", "persona"], into=MUTANTS)
class OneFrameIsBare(Reference):
    """One frame comes without a multipart, whatever was asked for."""

    def retrieve_frames(self, request: Request) -> Response:
        if "," in request.frames:
            return super().retrieve_frames(request)
        return super().retrieve_frames(replace(request, accept="application/octet-stream"))


class OfSeveral(Reference):
    """A server that has its way with the frames of images that have more than one."""

    def way(self, values: list[bytes], numbers: Sequence[int], content: Elements) -> list[bytes]:
        return values

    def native_values(
        self, instance: Instance, content: Elements, element: Element, numbers: Sequence[int] | None
    ) -> list[bytes]:
        values = super().native_values(instance, content, element, numbers)
        return values if numbers is None or "00280008" not in content else self.way(values, numbers, content)


@mutant("frames-are-native-pixels[unsigned-16-bit]", may_trip=["frames"], into=MUTANTS)
class BigEndianOfImplicit(Reference):
    """The octets of unsigned 16-bit frames are swapped."""

    def native_values(
        self, instance: Instance, content: Elements, element: Element, numbers: Sequence[int] | None
    ) -> list[bytes]:
        values = super().native_values(instance, content, element, numbers)
        if numbers is None or instance.transfer_syntax != "1.2.840.10008.1.2":
            return values
        return [b"".join(value[at : at + 2][::-1] for at in range(0, len(value), 2)) for value in values]


@mutant("frames-are-native-pixels[signed-16-bit]", may_trip=["frames"], into=MUTANTS)
class SecondImageShifted(Reference):
    """Frames of a second image of a series are a row further on."""

    def native_values(
        self, instance: Instance, content: Elements, element: Element, numbers: Sequence[int] | None
    ) -> list[bytes]:
        values = super().native_values(instance, content, element, numbers)
        second = "00200013" in content and content["00200013"].value.strip() == b"2"
        return [value[10:] + value[:10] for value in values] if second and numbers else values


@mutant("frames-are-native-pixels[rgb-8-bit]", may_trip=["frames"], into=MUTANTS)
class ColourByPlane(OfSeveral):
    """The samples of colour pixels come plane by plane."""

    def way(self, values: list[bytes], numbers: Sequence[int], content: Elements) -> list[bytes]:
        return [value[0::3] + value[1::3] + value[2::3] for value in values]


@mutant("frames-count-from-one", may_trip=["frames"], into=MUTANTS)
class FramesCountFromZero(OfSeveral):
    """Frame numbers of a list count from 0."""

    def native_values(
        self, instance: Instance, content: Elements, element: Element, numbers: Sequence[int] | None
    ) -> list[bytes]:
        if numbers and "00280008" in content:
            numbers = [min(number + 1, 3) for number in numbers]
        return super().native_values(instance, content, element, numbers)


@mutant("frames-of-twelve", may_trip=["frames"], into=MUTANTS)
class FramesInTheOrderOfTexts(Reference):
    """Frames are numbered as their names are sorted: 1, 10, 11, 12, 2 and so on."""

    def native_values(
        self, instance: Instance, content: Elements, element: Element, numbers: Sequence[int] | None
    ) -> list[bytes]:
        text = content["00280008"].value.strip(b" \0") if "00280008" in content else b""
        if numbers and text == b"12":
            names = sorted(map(str, range(1, 13)))
            numbers = [int(names[number - 1]) for number in numbers]
        return super().native_values(instance, content, element, numbers)


@mutant("frames-of-a-list", may_trip=["frames"], into=MUTANTS)
class FirstOfAListOnly(Reference):
    """Of a list only the first frame comes."""

    def retrieve_frames(self, request: Request) -> Response:
        return super().retrieve_frames(replace(request, frames=request.frames.partition(",")[0]))


@mutant("frames-of-a-list", may_trip=["frames"], into=MUTANTS)
class ListsReversed(OfSeveral):
    """The frames of a list come in reverse order."""

    def way(self, values: list[bytes], numbers: Sequence[int], content: Elements) -> list[bytes]:
        return values[::-1]


@mutant("frames-without-pad[first]", "frames-without-pad[second]", may_trip=["frames"], into=MUTANTS)
class EachFramePadded(OfSeveral):
    """Each frame is padded to an even number of octets."""

    def way(self, values: list[bytes], numbers: Sequence[int], content: Elements) -> list[bytes]:
        return [value + bytes(len(value) % 2) for value in values]


@mutant("frames-without-pad[last]", "frames-of-a-list", may_trip=["frames"], into=MUTANTS)
class FramesShiftedByPads(OfSeveral):
    """Each frame is taken for padded, so that the ones after it are shifted."""

    def way(self, values: list[bytes], numbers: Sequence[int], content: Elements) -> list[bytes]:
        return [each[number - 1 :] + bytes(number - 1) for each, number in zip(values, numbers, strict=True)]


@mutant("frames-zero", may_trip=["messages"], into=MUTANTS)
class FrameZeroIsTheFirst(Reference):
    """Frame 0 is frame 1."""

    def frame_numbers(self, text: str, count: int, partial: bool = False) -> list[int]:
        return super().frame_numbers("1" if text == "0" else text, count, partial)


@mutant(
    "frames-beyond-the-last[of-one-frame]",
    "frames-beyond-the-last[of-three-frames]",
    may_trip=["frames", "messages"],
    into=MUTANTS,
)
class FramesBeyondBreak(Reference):
    """A frame number beyond the last ends in 500."""

    def frame_numbers(self, text: str, count: int, partial: bool = False) -> list[int]:
        try:
            return super().frame_numbers(text, count, partial)
        except Refusal as refusal:
            raise Refusal(500 if refusal.status == 404 and text != "0" else refusal.status, "An exception.") from None


@mutant("frames-some-missing", into=MUTANTS)
class MissingFramesSkipped(Reference):
    """Frames of a list that do not exist are left out without a word."""

    def frame_numbers(self, text: str, count: int, partial: bool = False) -> list[int]:
        numbers = text.split(",")
        there = [number for number in numbers if not number.isdecimal() or int(number) <= count]
        return super().frame_numbers(",".join(there) if len(numbers) > 1 and there else text, count, partial)

    def retrieve_frames(self, request: Request) -> Response:
        response = super().retrieve_frames(request)
        response.status_code = 200
        return response


@mutant("frames-no-number[word]", "frames-no-number[negative]", may_trip=["messages"], into=MUTANTS)
class NoNumberIsTheFirst(Reference):
    """What is no number is taken for frame 1."""

    def frame_numbers(self, text: str, count: int, partial: bool = False) -> list[int]:
        return super().frame_numbers("1" if text in {"abc", "-1"} else text, count, partial)


@mutant("frames-no-number[trailing-comma]", may_trip=["messages"], into=MUTANTS)
class TrailingCommaBreaks(Reference):
    """A list that ends in a comma ends in 500."""

    def frame_numbers(self, text: str, count: int, partial: bool = False) -> list[int]:
        if text.endswith(","):
            raise Refusal(500, "An exception.")
        return super().frame_numbers(text, count, partial)


@mutant("frames-descending", may_trip=["frames"], into=MUTANTS)
class DescendingIsARange(Reference):
    """A list that descends is taken for another frame."""

    def frame_numbers(self, text: str, count: int, partial: bool = False) -> list[int]:
        return super().frame_numbers("3" if text == "2,1" else text, count, partial)


@mutant("frames-repeated", into=MUTANTS)
class RepeatedIsTheNext(Reference):
    """A frame that is listed twice is followed by the next one."""

    def frame_numbers(self, text: str, count: int, partial: bool = False) -> list[int]:
        return super().frame_numbers("1,2" if text == "1,1" else text, count, partial)


@mutant("frames-percent-encoded-comma", into=MUTANTS)
class EncodedCommaBreaks(Reference):
    """A percent-encoded comma is taken for the end of the list."""

    async def exchange(self, steps: dict[str, Step], http: HttpRequest) -> Response:
        if b"%2C" in http.scope["raw_path"]:
            http.path_params["frames"] = "1"
        return await super().exchange(steps, http)


@mutant("frames-of-unknown-instance", into=MUTANTS)
class FramesOfSomebody(Reference):
    """Frames of an unknown instance are those of another of its series."""

    def pixels_of(self, request: Request) -> tuple[Instance, Elements, Element]:
        beside = self.archive.instances(replace(request.resource, instance=None))
        if beside and not self.archive.instances(request.resource):
            request = replace(request, resource=beside[0].resource())
        return super().pixels_of(request)


@mutant("frames-of-no-image", into=MUTANTS)
class DocumentsAreFrames(Reference):
    """Frames of a document are an empty 200."""

    def retrieve_frames(self, request: Request) -> Response:
        try:
            return super().retrieve_frames(request)
        except Refusal as refusal:
            if "no pixel data" in refusal.reason:
                return self.answer([b""], "application/octet-stream")
            raise


@mutant("frames-have-no-metadata", may_trip=["messages"], into=MUTANTS)
class AnythingBelowFramesBreaks(Reference):
    """What is below a frame ends in 500."""

    def resources(self) -> dict[str, dict[str, Step]]:
        tree = super().resources()
        path = next(each for each in tree if each.endswith("/frames/{frames}"))
        return {**tree, f"{path}/metadata": {"GET": self.breaks}}

    def breaks(self, request: Request) -> Response:
        raise Refusal(500, "An exception.")


@mutant("frames-single-part", may_trip=["messages"], into=MUTANTS)
class SingleFrameAsDicom(Reference):
    """A frame as a single part is labelled application/dicom."""

    def retrieve_frames(self, request: Request) -> Response:
        response = super().retrieve_frames(request)
        if response.headers["Content-Type"] == "application/octet-stream":
            response.headers["Content-Type"] = "application/dicom"
        return response


@mutant("frames-single-part-of-two", into=MUTANTS)
class FirstOfTwoAsSinglePart(Reference):
    """Of two frames as a single part only the first comes."""

    def retrieve_frames(self, request: Request) -> Response:
        if request.accept == "application/octet-stream":
            request = replace(request, frames=request.frames.partition(",")[0])
        return super().retrieve_frames(request)


@mutant("frames-anything", into=MUTANTS)
class AnyTypeOfFrameRefused(Reference):
    """`Accept: */*` on frames is refused with 406."""

    def retrieve_frames(self, request: Request) -> Response:
        if request.accept == "*/*":
            raise Refusal(406, "Say what you want.")
        return super().retrieve_frames(request)


@mutant("frames-unacceptable", into=MUTANTS)
class UnacceptableFramesAreText(Reference):
    """Frames in an unknown media type come as text."""

    def retrieve_frames(self, request: Request) -> Response:
        if "x-nothing" in (request.accept or ""):
            return self.answer([b"Whatever you say."], "text/plain")
        return super().retrieve_frames(request)


@mutant("frames-content-location", may_trip=["messages"], into=MUTANTS)
class FramesSegmentTwice(Reference):
    """Content-Location of a part has the frames segment twice."""

    def part(self, octets: bytes, media_type: str, location: str) -> Part:
        before, frames, number = location.partition("/frames/")
        return super().part(octets, media_type, f"{before}/frames/{number}/frames/{number}" if frames else location)


@mutant("frames-are-decompressed", may_trip=["frames", "bulkdata"], into=MUTANTS)
class StoredFramesWithoutLabel(Reference):
    """Compressed frames come as they are stored, as if they were native."""

    def native_values(
        self, instance: Instance, content: Elements, element: Element, numbers: Sequence[int] | None
    ) -> list[bytes]:
        if element.encapsulated and numbers:
            encoding = Encoding(MediaType("image/dicom-rle"), "image/dicom-rle", instance.transfer_syntax, True)
            return self.compressed_values(instance, content, encoding, numbers)
        return super().native_values(instance, content, element, numbers)


@mutant("frames-any-transfer-syntax[native]", into=MUTANTS)
class AnySyntaxOfFramesRefused(Reference):
    """`transfer-syntax=*` on octet-stream is refused with 406."""

    def retrieve_frames(self, request: Request) -> Response:
        if "octet-stream" in (request.accept or "") and "transfer-syntax=*" in (request.accept or ""):
            raise Refusal(406, "Which one?")
        return super().retrieve_frames(request)


@mutant(
    "frames-as-rle",
    "frames-as-rle-one-by-one",
    "frames-any-transfer-syntax[rle]",
    may_trip=["frames", "bulkdata", "messages"],
    into=MUTANTS,
)
class ItemTagsInside(Reference):
    """Compressed frames have the tag of their item in front."""

    def compressed_values(
        self, instance: Instance, content: Elements, encoding: Encoding, numbers: Sequence[int] | None
    ) -> list[bytes]:
        values = super().compressed_values(instance, content, encoding, numbers)
        return [b"\xfe\xff\x00\xe0\x10\x00\x00\x00" + value for value in values]


@mutant("frames-of-lossy-image", may_trip=["frames"], into=MUTANTS)
class LossyFramesInverted(Reference):
    """Decoded frames of a lossy image are inverted."""

    def native_values(
        self, instance: Instance, content: Elements, element: Element, numbers: Sequence[int] | None
    ) -> list[bytes]:
        values = super().native_values(instance, content, element, numbers)
        lossy = instance.transfer_syntax == JPEG_BASELINE and numbers
        return [bytes(255 - each for each in value) for value in values] if lossy else values


@mutant("frames-as-jpeg", may_trip=["messages"], into=MUTANTS, freedoms=["any-syntax-of-a-media-type"])
class JpegUnderAnotherSyntax(Reference):
    """JPEG Baseline frames claim to be JPEG Lossless."""

    def part(self, octets: bytes, media_type: str, location: str) -> Part:
        return super().part(octets, media_type.replace(JPEG_BASELINE, "1.2.840.10008.1.2.4.70"), location)
