"""Defects that the checks of bulk data of each kind, and of contradictory pairs, must notice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from dicomweb_reference import codestreams
from dicomweb_reference.codestreams import JpegFrame
from dicomweb_reference.elements import PIXEL_DATA, Element, Elements
from dicomweb_reference.media_types import MediaType
from dicomweb_reference.messages import Refusal
from dicomweb_reference.multipart import Part
from dicomweb_reference.server import Reference
from dicomweb_reference.transactions.store_metadata import BulkData
from dicomweb_reference.transfer_syntaxes import BULK_MEDIA_TYPES, EXPLICIT_VR_LITTLE_ENDIAN
from tests.mutants.mutant import Mutant, Unexamined, mutant

MUTANTS: list[Mutant] = []
FORMS = ("json", "xml")
GREY = ("store-bulk-picture[json-png-gray]", "store-bulk-picture[json-gif-gray]", "store-bulk-picture[xml-gif-gray]")
COLOUR = (
    "store-bulk-picture[json-png-colour]",
    "store-bulk-picture[json-gif-colour]",
    "store-bulk-picture[xml-png-colour]",
)
UNCHANGED = (
    *(f"store-bulk-unchanged[json-{each}]" for each in ("jpx", "jph", "jxl", "mp4", "mpeg", "h265")),
    *(f"store-bulk-unchanged[xml-{each}]" for each in ("jph", "mp4")),
)
RARE = ("image/jpx", "image/jph", "image/jxl", "video/mp4", "video/mpeg", "video/h265")
CONTRADICTIONS = (
    *("rows", "columns", "samples", "frames", "transfer-syntax-of-the-part", "transfer-syntax-of-the-metadata"),
    "no-jpeg",
)


@mutant(*(f"store-bulk-document[{form}]" for form in FORMS), into=MUTANTS)
class EmptiesDocuments(Reference):
    """An encapsulated document is kept empty."""

    def with_bulk_data(self, content: Elements, bulk_data: BulkData, model: Mapping[str, Any]) -> tuple[str, Elements]:
        syntax, content = super().with_bulk_data(content, bulk_data, model)
        return syntax, {tag: replace(each, value=b"") if tag == "00420011" else each for tag, each in content.items()}


@mutant("store-bulk-jpeg[json-unlabelled]", into=MUTANTS)
class TakesTheDefaultOfTheMediaType(Reference):
    """A JPEG without transfer-syntax is kept as JPEG Lossless, which Table 8.7.3-5 has as default."""

    def transfer_syntax_of(self, media: MediaType, claimed: str, frames: Sequence[JpegFrame]) -> str:
        default = BULK_MEDIA_TYPES.get(media.name, (EXPLICIT_VR_LITTLE_ENDIAN,))[0]
        return media.transfer_syntax or claimed or default

    def with_codestream(self, content: Elements, frames: Sequence[JpegFrame], syntax: str) -> tuple[str, Elements]:
        return syntax, super().with_codestream(content, frames, frames[0].transfer_syntaxes[0])[1]


@mutant("store-bulk-jpeg[json-from-a-camera]", may_trip=["store"], into=MUTANTS)
class TakesAMarkerForTheEnd(Reference):
    """The codestream ends at its first restart marker."""

    def encapsulated(self, frames: Sequence[bytes]) -> Element:
        return super().encapsulated([frame.partition(b"\xff\xd0")[0] for frame in frames])


@mutant(*(f"store-bulk-jpeg[{form}-several-frames]" for form in FORMS), into=MUTANTS)
class RunsFramesTogether(Reference):
    """The JPEGs of several frames become one fragment."""

    def encapsulated(self, frames: Sequence[bytes]) -> Element:
        return super().encapsulated([b"".join(frames)])


@mutant(
    *(f"store-bulk-jpeg[{form}-several-instances]" for form in FORMS),
    *(f"store-{form}-by-location" for form in FORMS),
    "store-json-two-values",
    "store-xml-two-values",
    into=MUTANTS,
)
class TakesPartsInTheirOrder(Reference):
    """Bulk data are given to the objects in their order, whatever their Content-Location."""

    def bulk_data_parts(self, parts: Sequence[Part]) -> BulkData:
        found = super().bulk_data_parts(parts)
        return dict(zip(sorted(found), found.values(), strict=True))


@mutant(*(f"store-bulk-jpeg-2000[{form}]" for form in FORMS), into=MUTANTS)
class NamesJpeg2000Otherwise(Reference):
    """JPEG 2000 is kept as JPEG-LS."""

    def with_pixels(
        self, content: Elements, parts: Sequence[tuple[MediaType, bytes]], claimed: str
    ) -> tuple[str, Elements]:
        syntax, content = super().with_pixels(content, parts, claimed)
        return "1.2.840.10008.1.2.4.80" if syntax.endswith(".90") else syntax, content


@mutant(*UNCHANGED, into=MUTANTS)
class NamesWhateverIsRareJpeg2000(Reference):
    """Codestreams of the rarer media types, and videos, are kept as JPEG 2000."""

    def with_pixels(
        self, content: Elements, parts: Sequence[tuple[MediaType, bytes]], claimed: str
    ) -> tuple[str, Elements]:
        syntax, content = super().with_pixels(content, parts, claimed)
        return "1.2.840.10008.1.2.4.91" if parts[0][0].name in RARE else syntax, content


@mutant(*UNCHANGED, may_trip=["store"], into=MUTANTS)
class CutsTheLastOctetsOfWhateverIsRare(Reference):
    """Codestreams of the rarer media types, and videos, lose their last four octets."""

    def with_pixels(
        self, content: Elements, parts: Sequence[tuple[MediaType, bytes]], claimed: str
    ) -> tuple[str, Elements]:
        syntax, content = super().with_pixels(content, parts, claimed)
        if parts[0][0].name in RARE:
            kept = codestreams.of_file(parts[0][1]) if parts[0][0].name == "image/jph" else parts[0][1]
            content = {**content, PIXEL_DATA: self.encapsulated([kept[:-4]])}
        return syntax, content


@mutant(*GREY, *COLOUR, "store-bulk-picture[json-png-sixteen-bit]", may_trip=["store"], into=MUTANTS)
class KeepsTheFileAsPixels(Unexamined):
    """The octets of a PNG or GIF are kept as pixels."""

    def with_picture(self, content: Elements, files: Sequence[bytes], media_type: str) -> Elements:
        return {**super().with_picture(content, files, media_type), PIXEL_DATA: Element(PIXEL_DATA, "OB", files[0])}


@mutant("store-bulk-picture[json-png-sixteen-bit]", into=MUTANTS)
class CutsSixteenBits(Reference):
    """Of a sample of 16 bits the upper eight are kept."""

    def with_picture(self, content: Elements, files: Sequence[bytes], media_type: str) -> Elements:
        content = super().with_picture(content, files, media_type)
        pixels = content[PIXEL_DATA]
        if pixels.vr != "OW":
            return content
        octets = b"".join(b"\0" + pixels.value[at : at + 1] for at in range(1, len(pixels.value), 2))
        return {**content, PIXEL_DATA: replace(pixels, value=octets)}


@mutant(*COLOUR, into=MUTANTS)
class TurnsColoursAround(Reference):
    """Red and blue of a picture are exchanged."""

    def with_picture(self, content: Elements, files: Sequence[bytes], media_type: str) -> Elements:
        content = super().with_picture(content, files, media_type)
        octets = bytearray(content[PIXEL_DATA].value)
        if content["00280002"].value == b"\3\0":
            octets[0::3], octets[2::3] = octets[2::3], octets[0::3]
        return {**content, PIXEL_DATA: replace(content[PIXEL_DATA], value=bytes(octets))}


@mutant(
    *(f"store-bulk-derives-description[{each}]" for each in ("json-png", "json-gif", "xml-jpeg", "xml-png")),
    "store-json-derives-description",
    may_trip=["store"],
    into=MUTANTS,
)
class DescribesNothing(Unexamined):
    """What the metadata leave out of the description of a picture stays out."""

    def with_description(self, content: Elements, implied: Elements) -> Elements:
        super().with_description(content, implied)
        return content


@mutant(
    *(f"store-bulk-contradiction[json-{contradiction}]" for contradiction in CONTRADICTIONS),
    *(f"store-bulk-contradiction[xml-{each}]" for each in ("rows", "transfer-syntax-of-the-part", "no-jpeg")),
    may_trip=["store"],
    into=MUTANTS,
)
class BelievesWhateverIsSaid(Unexamined):
    """Nothing of what the metadata say is held against the bulk data."""

    def with_pixels(
        self, content: Elements, parts: Sequence[tuple[MediaType, bytes]], claimed: str
    ) -> tuple[str, Elements]:
        syntax = claimed or parts[0][0].transfer_syntax or EXPLICIT_VR_LITTLE_ENDIAN
        frames = [octets for _, octets in parts]
        if syntax == EXPLICIT_VR_LITTLE_ENDIAN:
            return syntax, {**content, PIXEL_DATA: Element(PIXEL_DATA, "OB", b"".join(frames))}
        return syntax, {**content, PIXEL_DATA: self.encapsulated(frames)}


@mutant(*(f"store-bulk-unreferenced[{form}]" for form in FORMS), into=MUTANTS)
class GivesStrayBulkDataToPixels(Reference):
    """Bulk data that nothing refers to become the Pixel Data of the first object."""

    def refuse_unreferenced(self, models: Sequence[Any], bulk_data: BulkData) -> None:
        for location in bulk_data:
            models[0].setdefault(PIXEL_DATA, {"vr": "OB", "BulkDataURI": location})


@mutant(*(f"store-bulk-group-0002[{form}]" for form in FORMS), may_trip=["store"], into=MUTANTS)
class StumblesOverGroup0002(Unexamined):
    """A JPEG whose transfer syntax the metadata name is kept as if it were native."""

    def with_pixels(
        self, content: Elements, parts: Sequence[tuple[MediaType, bytes]], claimed: str
    ) -> tuple[str, Elements]:
        syntax, read = super().with_pixels(content, parts, claimed)
        return (EXPLICIT_VR_LITTLE_ENDIAN, content) if claimed else (syntax, read)


@mutant("store-json-bare-object", into=MUTANTS)
class AnObjectBreaksTheServer(Reference):
    """Metadata that are no array end in 500."""

    def json_models(self, part: Part) -> list[Any]:
        if not part.body.strip().startswith(b"["):
            raise Refusal(500, "An exception.")
        return super().json_models(part)
