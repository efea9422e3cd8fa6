"""Defects of bulk data that only some kinds of instances have: a video, an icon, a table, a document."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from dicomweb_reference.archive import Instance
from dicomweb_reference.dicom_json import Model
from dicomweb_reference.elements import PIXEL_DATA, Element, Elements
from dicomweb_reference.messages import Request
from dicomweb_reference.multipart import Part
from dicomweb_reference.server import Reference
from dicomweb_reference.transactions.pixel_data import Encoding
from dicomweb_reference.transfer_syntaxes import VIDEO
from tests.mutants.mutant import Mutant, mutant

MUTANTS: list[Mutant] = []
KINDS = {
    "palette": "0028120",
    "waveform": "54000100",
    "annotations": "006A",
    "colour-profile": "00480105",
    "presentation-state": "00283110",
    "document": "00420011",
    "float": "7FE00008",
}


@mutant("bulkdata-of-video", may_trip=["bulkdata", "rendered", "messages"], into=MUTANTS)
class VideoWithItemTag(Reference):
    """A video begins with the tag of its item."""

    def compressed_values(
        self, instance: Instance, content: Elements, encoding: Encoding, numbers: Sequence[int] | None
    ) -> list[bytes]:
        values = super().compressed_values(instance, content, encoding, numbers)
        tag = b"\xfe\xff\x00\xe0\x10\x00\x00\x00" if instance.transfer_syntax in VIDEO else b""
        return [tag + value for value in values]


@mutant("bulkdata-pixels-without-icon", may_trip=["bulkdata"], into=MUTANTS)
class IconIsPixelData(Reference):
    """The pixels of an icon are among those of the image."""

    def pixel_parts(self, request: Request, instance: Instance, content: Elements, element: Element) -> list[Part]:
        parts = super().pixel_parts(request, instance, content, element)
        icons = content["00880200"].items if "00880200" in content else ()
        return [*parts, *(self.part(icon[PIXEL_DATA].value, "application/octet-stream", "") for icon in icons)]


@mutant(*(f"bulkdata-of-a-kind[{kind}]" for kind in KINDS), may_trip=["bulkdata"], into=MUTANTS)
class ValuesOfKindsNotFound(Reference):
    """The URIs of what only some kinds of instances have are answered 404."""

    def bulk_data_element(self, content: Elements, path: Sequence[str]) -> Element | None:
        return None if path[0].startswith(tuple(KINDS.values())) else super().bulk_data_element(content, path)


@mutant("bulkdata-of-a-kind[document]", into=MUTANTS, may_trip=["bulkdata"])
class DocumentsAreHalved(Reference):
    """Of a document the first half comes."""

    def bulk_data(self, instance: Instance, element: Element) -> bytes:
        octets = super().bulk_data(instance, element)
        return octets[: len(octets) // 2] if element.tag == "00420011" else octets


@mutant("bulkdata-by-uri-of[study]", "bulkdata-by-uri-of[series]", may_trip=["bulkdata"], into=MUTANTS)
class NestedUrisOfLevelsLeadNowhere(Reference):
    """The URI of a value in an item leads nowhere where the metadata of a study or series give it."""

    def metadata_of(self, instance: Instance, request: Request) -> Model:
        model = super().metadata_of(instance, request)
        if request.resource.instance:
            return model
        elsewhere: Model = json.loads(re.sub(r"(bulkdata/[0-9A-F]{8}/)(?=[0-9])", r"\g<1>9", json.dumps(model)))
        return elsewhere
