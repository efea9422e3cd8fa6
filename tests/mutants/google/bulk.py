"""Defects that the checks of bulk data other than a JPEG must notice in the google flavour."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from dicomweb_reference.elements import PIXEL_DATA, Elements
from dicomweb_reference.google import Google
from dicomweb_reference.media_types import MULTIPART_XML, MediaType
from dicomweb_reference.multipart import Part
from dicomweb_reference.transactions.store_metadata import BulkData
from tests.mutants.mutant import Mutant, Unexamined, mutant

MUTANTS: list[Mutant] = []


@mutant("google-xml-bulk", may_trip=["store"], into=MUTANTS)
class StoresDocumentsWithoutPixels(Unexamined, Google):
    """XML is taken, and its pixels are lost."""

    def metadata_types(self) -> list[MediaType]:
        return [*super().metadata_types(), MULTIPART_XML]

    def xml_model(self, part: Part) -> dict[str, Any]:
        return {tag: each for tag, each in super().xml_model(part).items() if tag != PIXEL_DATA}

    def refuse_unreferenced(self, models: Sequence[Any], bulk_data: BulkData) -> None: ...


@mutant("google-bulk-picture[png]", "google-bulk-picture[gif]", into=MUTANTS)
class BlackensPictures(Google):
    """PNG and GIF are taken, and come out black."""

    def bulk_data_types(self) -> list[str]:
        return [*super().bulk_data_types(), "image/png", "image/gif"]

    def with_picture(self, content: Elements, files: Sequence[bytes], media_type: str) -> Elements:
        content = super().with_picture(content, files, media_type)
        pixels = content[PIXEL_DATA]
        return {**content, PIXEL_DATA: replace(pixels, value=bytes(len(pixels.value)))}


@mutant("google-inline-pixels", into=MUTANTS)
class LosesInlinePixels(Unexamined, Google):
    """Pixel Data that are no bulk data are lost."""

    def with_bulk_data(self, content: Elements, bulk_data: BulkData, model: Mapping[str, Any]) -> tuple[str, Elements]:
        syntax, content = super(Google, self).with_bulk_data(content, bulk_data, model)
        inline = PIXEL_DATA not in bulk_data
        return syntax, {tag: each for tag, each in content.items() if tag != PIXEL_DATA or not inline}


@mutant(
    *(f"google-bulk-type[{each}]" for each in ("octet-stream", "rle", "jp2")), may_trip=["google", "seed"], into=MUTANTS
)
class TakesJpegAlone(Google):
    """Bulk data of other types than image/jpeg are refused."""

    def bulk_data_types(self) -> list[str]:
        return ["image/jpeg"]
