"""Defects that the checks of metadata with bulk data must notice: of JSON, and of JSON and XML alike."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from typing import Any

from PIL import Image

from dicomweb_reference import elements
from dicomweb_reference.archive import Instance
from dicomweb_reference.codestreams import JpegFrame
from dicomweb_reference.elements import PIXEL_DATA, Element, Elements
from dicomweb_reference.media_types import MediaType
from dicomweb_reference.messages import Refusal
from dicomweb_reference.multipart import Part
from dicomweb_reference.outcomes import Outcome
from dicomweb_reference.server import Reference
from dicomweb_reference.transactions.store_metadata import BulkData
from tests.mutants.mutant import Mutant, Unexamined, mutant

MUTANTS: list[Mutant] = []
JPEGS = tuple(f"store-{form}-jpeg[{kind}]" for form in ("json", "xml") for kind in ("colour", "grayscale"))
LOSSLESS = "1.2.840.10008.1.2.4.70"


@mutant("store-json-bulk", may_trip=["store"], into=MUTANTS)
class MetadataBreakTheServer(Reference):
    """A store of metadata ends in 500."""

    def described_instances(self, parts: Sequence[Part]) -> list[bytes | Outcome]:
        raise Refusal(500, "An exception.")


@mutant("store-json-attributes", into=MUTANTS)
class LosesADescribedAttribute(Reference):
    """Study Description of the metadata is lost."""

    def described_instance(self, model: Any, bulk_data: BulkData) -> bytes | Outcome:
        return super().described_instance(_without(model, "00081030"), bulk_data)


ELEMENTS = ("store-json-elements", "store-xml-elements")


class _Editing(Reference):
    """A server that changes the attributes of metadata, those of items too, before it makes an instance of them."""

    def edited(self, tag: str, attribute: dict[str, Any]) -> dict[str, Any] | None:
        return attribute

    def described_instance(self, model: Any, bulk_data: BulkData) -> bytes | Outcome:
        whole = isinstance(model, dict) and all(isinstance(each, dict) for each in model.values())
        return super().described_instance(self._edited(model) if whole else model, bulk_data)

    def _edited(self, model: dict[str, Any]) -> dict[str, Any]:
        found = {tag: self.edited(tag, self._with_items(each)) for tag, each in model.items()}
        return {tag: each for tag, each in found.items() if each is not None}

    def _with_items(self, attribute: dict[str, Any]) -> dict[str, Any]:
        if attribute.get("vr") != "SQ" or not isinstance(attribute.get("Value"), list):
            return attribute
        return {
            **attribute,
            "Value": [self._edited(each) if isinstance(each, dict) else each for each in attribute["Value"]],
        }


@mutant(*ELEMENTS, may_trip=["store"], into=MUTANTS)
class KeepsOneGroupOfNames(_Editing):
    """Of the names in metadata the alphabetic group is kept."""

    def edited(self, tag: str, attribute: dict[str, Any]) -> dict[str, Any] | None:
        if attribute.get("vr") != "PN" or not isinstance(attribute.get("Value"), list):
            return attribute
        values = [
            {"Alphabetic": each.get("Alphabetic", "")} if isinstance(each, dict) else each
            for each in attribute["Value"]
        ]
        return {**attribute, "Value": values}


@mutant(*ELEMENTS, may_trip=["store"], into=MUTANTS)
class LosesInlineValues(_Editing):
    """What stands in metadata as InlineBinary is lost."""

    def edited(self, tag: str, attribute: dict[str, Any]) -> dict[str, Any] | None:
        return {each: value for each, value in attribute.items() if each != "InlineBinary"}


@mutant(*ELEMENTS, may_trip=["store"], into=MUTANTS)
class LosesPrivateMetadata(_Editing):
    """Private elements of metadata are lost."""

    def edited(self, tag: str, attribute: dict[str, Any]) -> dict[str, Any] | None:
        return None if tag[3] in "13579BDF" else attribute


@mutant(*ELEMENTS, may_trip=["store"], into=MUTANTS)
class LosesItemsOfMetadata(_Editing):
    """Of the items of sequences in metadata the first is kept."""

    def edited(self, tag: str, attribute: dict[str, Any]) -> dict[str, Any] | None:
        return (
            {**attribute, "Value": attribute["Value"][:1]}
            if attribute.get("vr") == "SQ" and "Value" in attribute
            else attribute
        )


@mutant(*ELEMENTS, may_trip=["store"], into=MUTANTS)
class BreaksOverPrivateMetadata(_Editing):
    """Private elements of metadata end in 500."""

    def edited(self, tag: str, attribute: dict[str, Any]) -> dict[str, Any] | None:
        if tag[3] in "13579BDF":
            raise Refusal(500, "An exception.")
        return attribute


@mutant(*ELEMENTS, may_trip=["store"], into=MUTANTS)
class RefusesPrivateMetadata(_Editing):
    """Metadata with private elements are refused."""

    def edited(self, tag: str, attribute: dict[str, Any]) -> dict[str, Any] | None:
        if tag[3] in "13579BDF":
            raise Refusal(400, "Private elements are not taken.")
        return attribute


def _without(model: Any, tag: str) -> Any:
    return {each: attribute for each, attribute in model.items() if each != tag}


@mutant(
    "store-json-file-meta",
    "store-xml-file-meta",
    may_trip=["store", "retrieve", "search", "metadata", "delete"],
    into=MUTANTS,
)
class FileMetaOfAnother(Reference):
    """The File Meta Information of photographs has another SOP Instance UID."""

    def part10_of(self, instance: Instance, transfer_syntax: str, dataset: bytes) -> bytes:
        photograph = instance.attributes.get("00080060", {}).get("Value") == ["OT"]
        uid = "2.25.1" if photograph else instance.instance
        return elements.wrap(dataset, instance.sop_class, uid, transfer_syntax)


@mutant(
    *(f"store-{form}-{what}" for form in ("json", "xml") for what in ("two-instances", "by-location")),
    may_trip=["store"],
    into=MUTANTS,
)
class KeepsTheFirstObject(Reference):
    """Of an array of objects the first is stored, behind a 200."""

    def described_instances(self, parts: Sequence[Part]) -> list[bytes | Outcome]:
        return super().described_instances(parts)[:1]


class _WithoutPixels(Unexamined):
    def described_instance(self, model: Any, bulk_data: BulkData) -> bytes | Outcome:
        missing = model.get(PIXEL_DATA, {}).get("BulkDataURI") not in bulk_data
        return super().described_instance(_without(model, PIXEL_DATA) if missing else model, bulk_data)


@mutant("store-json-missing-part", "store-xml-missing-part", may_trip=["store"], into=MUTANTS)
class StoresWithoutPixels(_WithoutPixels):
    """Where the bulk data are not in the request the instance is stored without them."""


@mutant("store-json-two-values", "store-xml-two-values", may_trip=["store"], into=MUTANTS)
class LosesTheSecondValue(Reference):
    """Of two items of bulk data Pixel Data alone are kept."""

    def described_instance(self, model: Any, bulk_data: BulkData) -> bytes | Outcome:
        return super().described_instance(_without(model, "00282000"), bulk_data)


@mutant(*JPEGS, may_trip=["store"], into=MUTANTS)
class CompressesAgain(Reference):
    """A JPEG is decoded and compressed anew."""

    def encapsulated(self, frames: Sequence[bytes]) -> Element:
        return super().encapsulated([compressed_again(frame) for frame in frames])


def compressed_again(jpeg: bytes) -> bytes:
    """Return another JPEG of the same picture."""
    file = BytesIO()
    Image.open(BytesIO(jpeg)).save(file, "JPEG", quality=40)
    return file.getvalue()


@mutant(*JPEGS, may_trip=["store"], into=MUTANTS)
class NamesAnotherTransferSyntax(Reference):
    """A JPEG Baseline image is kept as JPEG Lossless."""

    def with_pixels(
        self, content: Elements, parts: Sequence[tuple[MediaType, bytes]], claimed: str
    ) -> tuple[str, Elements]:
        syntax, content = super().with_pixels(content, parts, claimed)
        return LOSSLESS if syntax.endswith(".50") else syntax, content


@mutant("store-json-derives-description", may_trip=["store"], into=MUTANTS)
class DerivesNothing(Unexamined):
    """What the metadata leave out of the description of a JPEG stays out."""

    def implied(self, frame: JpegFrame) -> dict[str, Element]:
        return {}
