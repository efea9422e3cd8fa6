"""Defects that checks of frames of many kinds, and of many transfer syntaxes, must notice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from struct import iter_unpack, pack

from starlette.responses import Response

from dicomweb_reference import frames
from dicomweb_reference.archive import Instance
from dicomweb_reference.elements import Element, Elements, text_of
from dicomweb_reference.messages import Refusal, Request
from dicomweb_reference.server import Reference, Step
from dicomweb_reference.transactions.pixel_data import Encoding
from tests.mutants.frames.defects import OfSeveral
from tests.mutants.mutant import Mutant, mutant

MUTANTS: list[Mutant] = []
LOSSLESS = (
    *("encapsulated_uncompressed", "jpeg_lossless", "jpeg_lossless_sv1", "jpeg_ls_lossless", "jpeg_2000_lossless"),
    *("jpeg_xl_lossless", "htj2k_lossless", "htj2k_lossless_rpcl", "rle_lossless", "deflated_image_frame"),
)
WITH_A_TYPE = (
    *("jpeg_baseline", "jpeg_extended", "jpeg_lossless", "jpeg_lossless_sv1", "jpeg_ls_lossless"),
    *("jpeg_ls_near_lossless", "jpeg_2000_lossless", "jpeg_2000", "jpeg_xl_lossless", "jpeg_xl_recompression"),
    *("jpeg_xl", "htj2k_lossless", "htj2k_lossless_rpcl", "htj2k", "rle_lossless"),
)
STORED = ("explicit_vr_little_endian", "encapsulated_uncompressed", *WITH_A_TYPE, "deflated_image_frame")
TABLES = ("basic-table", "empty-table", "extended-table", "several-fragments", "several-fragments-without-table")


def number(content: Elements, tag: str) -> int:
    return int.from_bytes(content[tag].value[:2], "little") if tag in content else 0


def kind(
    case: str, defect: str, has: Callable[[Elements], bool], change: Callable[[bytes], bytes], name: str = ""
) -> None:
    """A server that changes the frames of one kind of image."""

    class OfOneKind(Reference):
        def native_values(
            self, instance: Instance, content: Elements, element: Element, numbers: Sequence[int] | None
        ) -> list[bytes]:
            values = super().native_values(instance, content, element, numbers)
            return [change(value) for value in values] if numbers and has(content) else values

    OfOneKind.__doc__ = defect
    killed = f"frames-of-a-rare-kind[{case}]"
    mutant(killed, may_trip=["frames"], into=MUTANTS, name=name or f"frames-{case}-wrong")(OfOneKind)


def is_signed(content: Elements, stored: int) -> bool:
    return number(content, "00280103") == 1 and number(content, "00280101") == stored


kind(
    "signed-8-bit", "Signed octets are moved up by 128.", lambda c: is_signed(c, 8), lambda f: bytes(b ^ 128 for b in f)
)
kind(
    "signed-12-bit",
    "The sign of 12 bits is not carried on.",
    lambda c: is_signed(c, 12),
    lambda f: bytes(b & 15 if place % 2 else b for place, b in enumerate(f)),
)
kind("one-pixel", "A frame that is shorter than a word is empty.", lambda c: number(c, "00280010") == 1, lambda _: b"")
kind(
    "rgb-by-plane",
    "Colour planes come as pixels, though metadata speak of planes.",
    lambda c: number(c, "00280006") == 1,
    lambda f: bytes(each for pixel in range(len(f) // 3) for each in f[pixel :: len(f) // 3]),
)
kind(
    "rgb-16-bit",
    "Colour of 16 bits comes with 8.",
    lambda c: number(c, "00280002") == 3 and number(c, "00280101") == 16,
    lambda f: f[1::2],
)
kind(
    "palette-color",
    "The entries of a palette are put in place of its pixels.",
    lambda c: text_of(c, "00280004") == "PALETTE COLOR",
    lambda f: bytes(each for b in f for each in (b, 255 - b, b % 2)),
)
kind(
    "signed-and-rescaled",
    "Frames come rescaled.",
    lambda c: text_of(c, "00281053").strip() == "0.5",
    lambda f: b"".join(pack("<h", value // 2 + 100) for (value,) in iter_unpack("<h", f)),
)
kind(
    "segmented-palette",
    "The entries of a palette in segments are put in place of its pixels.",
    lambda c: "00281221" in c,
    lambda f: bytes(each for b in f for each in (b, 255 - b, b % 2)),
)
kind(
    "dose-of-32-bit",
    "Pixels of 32 bits lose the upper half.",
    lambda c: number(c, "00280100") == 32,
    lambda f: f[: len(f) // 2],
)


@mutant(
    *(f"frames-in-every-syntax[{each}]" for each in STORED),
    tiers=["large"],
    may_trip=["frames", "bulkdata"],
    into=MUTANTS,
)
class DecodedBackwards(Reference):
    """Native frames of images of every transfer syntax come from their last octet to their first."""

    def native_values(
        self, instance: Instance, content: Elements, element: Element, numbers: Sequence[int] | None
    ) -> list[bytes]:
        found = super().native_values(instance, content, element, numbers)
        return [each[::-1] for each in found] if text_of(content, "00100010").startswith("ENCODED") else found


@mutant("frames-as-deflate", may_trip=["frames", "bulkdata"], into=MUTANTS)
class DeflatedBackwards(Reference):
    """Frames in application/x-deflate come from their last octet to their first."""

    def compressed_values(
        self, instance: Instance, content: Elements, encoding: Encoding, numbers: Sequence[int] | None
    ) -> list[bytes]:
        found = super().compressed_values(instance, content, encoding, numbers)
        return [each[::-1] for each in found] if encoding.content == "application/x-deflate" else found


@mutant("frames-of-a-rare-kind[float]", may_trip=["frames"], into=MUTANTS)
class NoFramesOfFloat(Reference):
    """Floating point pixels have no frames."""

    def retrieve_frames(self, request: Request) -> Response:
        (instance,) = self.found(request.resource)
        if frames.FLOAT_PIXEL_DATA in self.elements_of(instance):
            raise Refusal(404, "There is no Pixel Data (7FE0,0010).")
        return super().retrieve_frames(request)


@mutant("frames-of-a-rare-kind[tile]", may_trip=["frames"], into=MUTANTS)
class TilesColumnByColumn(Reference):
    """Tiles are counted column by column."""

    def native_values(
        self, instance: Instance, content: Elements, element: Element, numbers: Sequence[int] | None
    ) -> list[bytes]:
        if numbers and frames.number_of_frames(content) == 6:
            numbers = [(1, 4, 2, 5, 3, 6)[each - 1] for each in numbers]
        return super().native_values(instance, content, element, numbers)


ONE_BIT = tuple(f"frames-of-one-bit[{case}]" for case in ("second", "two-of-three", "segmentation"))


@mutant(*ONE_BIT, may_trip=["frames"], into=MUTANTS)
class LengthInWholeOctets(Reference):
    """The length of a frame is reckoned in whole octets for each pixel: that of one bit is nought."""

    def native_values(
        self, instance: Instance, content: Elements, element: Element, numbers: Sequence[int] | None
    ) -> list[bytes]:
        values = super().native_values(instance, content, element, numbers)
        return [b"" for _ in values] if numbers and number(content, "00280100") == 1 else values


@mutant("frames-of-one-bit[two-of-three]", may_trip=["frames"], into=MUTANTS)
class BitsOfEachFrameAlone(Reference):
    """Frames of one bit each begin with an octet."""

    def native_values(
        self, instance: Instance, content: Elements, element: Element, numbers: Sequence[int] | None
    ) -> list[bytes]:
        if not numbers or number(content, "00280100") != 1:
            return super().native_values(instance, content, element, numbers)
        return [
            super(BitsOfEachFrameAlone, self).native_values(instance, content, element, [each])[0] for each in numbers
        ]


@mutant(*(f"frames-of-lossless[{each}]" for each in LOSSLESS), may_trip=["frames", "retrieve"], into=MUTANTS)
class DecodedByOneTooMuch(Reference):
    """Decoded frames are off at one place, which is another for each transfer syntax."""

    def native_values(
        self, instance: Instance, content: Elements, element: Element, numbers: Sequence[int] | None
    ) -> list[bytes]:
        values = super().native_values(instance, content, element, numbers)
        if not element.encapsulated or not numbers:
            return values
        last = int(instance.transfer_syntax.rpartition(".")[2])
        at = last % len(values[0])
        return [bytes([*value[:at], value[at] ^ last, *value[at + 1 :]]) for value in values]


@mutant(
    *(f"frames-in-own-type[{each}]" for each in WITH_A_TYPE),
    "frames-in-fragments[several-fragments]",
    may_trip=["frames", "bulkdata", "messages"],
    into=MUTANTS,
)
class FirstHalfOfACodestream(Reference):
    """Of a compressed frame only the first half comes."""

    def compressed_values(
        self, instance: Instance, content: Elements, encoding: Encoding, numbers: Sequence[int] | None
    ) -> list[bytes]:
        values = super().compressed_values(instance, content, encoding, numbers)
        return [value[: len(value) // 2] for value in values]


@mutant(
    *(f"frames-in-fragments[{table}]" for table in TABLES), may_trip=["frames", "bulkdata", "messages"], into=MUTANTS
)
class FrameBefore(Reference):
    """A compressed frame is taken from where the one before it begins."""

    def compressed_values(
        self, instance: Instance, content: Elements, encoding: Encoding, numbers: Sequence[int] | None
    ) -> list[bytes]:
        if numbers is not None:
            numbers = [max(each - 1, 1) for each in numbers]
        return super().compressed_values(instance, content, encoding, numbers)


@mutant("frames-no-number[empty]", may_trip=["frames"], into=MUTANTS)
class NoFrameNumberIsTheFirst(Reference):
    """An empty list of frames is taken for the first one."""

    def frame_numbers(self, text: str, count: int, partial: bool = False) -> list[int]:
        return super().frame_numbers(text or "1", count, partial)

    def resources(self) -> dict[str, dict[str, Step]]:
        tree = super().resources()
        path = next(each for each in tree if each.endswith("/frames/{frames}"))
        return {**tree, path.replace("{frames}", ""): {"GET": self.retrieve_frames}}


@mutant("frames-of-a-list", may_trip=["frames"], into=MUTANTS, freedoms=["frames-in-one-part"])
class SeveralFramesAreBare(OfSeveral):
    """Several frames come without a multipart, back to back, whatever was asked for."""

    def retrieve_frames(self, request: Request) -> Response:
        response = super().retrieve_frames(request)
        if "," not in request.frames or response.status_code != 200:
            return response
        instance, content, element = self.pixels_of(request)
        numbers = self.frame_numbers(request.frames, frames.number_of_frames(content))
        return self.answer(super().native_values(instance, content, element, numbers), "application/octet-stream")


@mutant("frames-in-either-envelope", may_trip=["frames"], into=MUTANTS)
class TwoTypesOfFramesRefused(Reference):
    """Who takes a frame with or without a multipart gets none."""

    def retrieve_frames(self, request: Request) -> Response:
        accepted = request.accept or ""
        if "multipart" in accepted and ", " in accepted:
            raise Refusal(406, "One type at a time.")
        return super().retrieve_frames(request)


@mutant("bulkdata-of-one-bit", may_trip=["bulkdata"], into=MUTANTS)
class BitsAreOctets(Reference):
    """Pixel Data of one bit come with an octet for each pixel."""

    def native_values(
        self, instance: Instance, content: Elements, element: Element, numbers: Sequence[int] | None
    ) -> list[bytes]:
        values = super().native_values(instance, content, element, numbers)
        if numbers or number(content, "00280100") != 1:
            return values
        return [bytes(value >> bit & 1 for value in each for bit in range(8)) for each in values]


@mutant("frames-of-a-long-list", may_trip=["frames"], into=MUTANTS)
class ListsOfTwoAtMost(Reference):
    """Of a list of frames the first two come."""

    def frame_numbers(self, text: str, count: int, partial: bool = False) -> list[int]:
        return super().frame_numbers(text, count, partial)[:2]
