"""Defects of bulk data that are a video, or beside an icon."""

from __future__ import annotations

from collections.abc import Sequence

from dicomweb_reference.archive import Instance
from dicomweb_reference.elements import PIXEL_DATA, Element, Elements
from dicomweb_reference.messages import Request
from dicomweb_reference.multipart import Part
from dicomweb_reference.server import Reference
from dicomweb_reference.transactions.pixel_data import Encoding
from dicomweb_reference.transfer_syntaxes import VIDEO
from tests.mutants.mutant import Mutant, mutant

MUTANTS: list[Mutant] = []


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
