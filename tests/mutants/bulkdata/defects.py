"""Defects that the checks of scenario bulkdata must notice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from starlette.responses import Response

from dicomweb_reference.archive import Instance
from dicomweb_reference.elements import Element, Elements
from dicomweb_reference.media_types import MediaType
from dicomweb_reference.messages import Refusal, Request
from dicomweb_reference.multipart import Part
from dicomweb_reference.server import Reference
from dicomweb_reference.transactions.pixel_data import Encoding
from tests.mutants.mutant import Mutant, mutant

MUTANTS: list[Mutant] = []
PIXEL_DATA = "7FE00010"
RLE = "1.2.840.10008.1.2.5"


@mutant("bulkdata-by-uri", may_trip=["bulkdata"], into=MUTANTS)
class UrisLeadNowhere(Reference):
    """Bulk data URIs are answered 404."""

    def retrieve_bulk_data(self, request: Request) -> Response:
        raise Refusal(404, "No bulk data.")


@mutant("bulkdata-by-uri", may_trip=["bulkdata", "messages"], into=MUTANTS)
class BulkDataBreak(Reference):
    """Bulk data end in 500."""

    def retrieve_bulk_data(self, request: Request) -> Response:
        raise Refusal(500, "An exception.")


@mutant("bulkdata-by-uri", may_trip=["bulkdata"], into=MUTANTS)
class NestedUrisLeadNowhere(Reference):
    """The URI of a value in an item is answered 404."""

    def bulk_data_element(self, content: Elements, path: Sequence[str]) -> Element | None:
        return None if path[1:] else super().bulk_data_element(content, path)


@mutant("bulkdata-by-uri", "message[BULKDATA-003]", may_trip=["bulkdata", "xml", "messages"], into=MUTANTS)
class UriHasBlank(Reference):
    """Bulk data URIs have a blank in them."""

    def bulk_data_base(self, instance: Instance, request: Request) -> str:
        return super().bulk_data_base(instance, request).replace("/instances/", "/in stances/")


@mutant("bulkdata-by-uri", into=MUTANTS)
class PixelsOfNobody(Reference):
    """The Pixel Data of an image that is alone in its series are zeros."""

    def native_values(
        self, instance: Instance, content: Elements, element: Element, numbers: Sequence[int] | None
    ) -> list[bytes]:
        values = super().native_values(instance, content, element, numbers)
        alone = len(self.archive.instances(replace(instance.resource(), instance=None))) == 1
        plain = "00280008" not in content and not element.encapsulated and numbers is None
        return [bytes(len(value)) for value in values] if alone and plain else values


@mutant("bulkdata-by-uri-of[series]", into=MUTANTS)
class UrisOfSeriesLeadNowhere(Reference):
    """The metadata of a series give URIs of another series."""

    def bulk_data_base(self, instance: Instance, request: Request) -> str:
        uri = super().bulk_data_base(instance, request)
        of_series = request.resource.series and not request.resource.instance
        return uri.replace(instance.series, "1.2.3") if of_series else uri


@mutant("bulkdata-by-uri-of[study]", into=MUTANTS)
class UrisOfStudyLeadToTheFirst(Reference):
    """The metadata of a study give each instance the URIs of the first."""

    def bulk_data_base(self, instance: Instance, request: Request) -> str:
        uri = super().bulk_data_base(instance, request)
        first = self.archive.instances(replace(instance.resource(), instance=None))[0]
        return uri if request.resource.series else uri.replace(instance.instance, first.instance)


class OfOneTag(Reference):
    """A server that has its way with the values of one tag."""

    tags: tuple[str, ...] = ()

    def way(self, value: bytes, element: Element) -> bytes:
        return value

    def bulk_data(self, instance: Instance, element: Element) -> bytes:
        value = super().bulk_data(instance, element)
        return self.way(value, element) if element.tag in self.tags else value


@mutant("bulkdata-is-the-value[OB]", "bulkdata-is-the-value[nested]", into=MUTANTS)
class HeaderInFront(OfOneTag):
    """Tag, VR and length stand in front of the value of an element of VR OB."""

    tags = ("00720065",)

    def way(self, value: bytes, element: Element) -> bytes:
        return bytes.fromhex("72006500") + b"OB\0\0" + len(value).to_bytes(4, "little") + value


@mutant(
    "bulkdata-is-the-value[OW]",
    "bulkdata-is-the-value[OF]",
    "bulkdata-is-the-value[OD]",
    "bulkdata-is-the-value[OL]",
    "bulkdata-is-the-value[OV]",
    into=MUTANTS,
)
class ValuesBigEndian(OfOneTag):
    """Words come in big endian."""

    tags = ("00720067", "00720069", "00720073", "00720075", "00720081")

    def way(self, value: bytes, element: Element) -> bytes:
        size = {"OW": 2, "OF": 4, "OL": 4}.get(element.vr, 8)
        return b"".join(value[at : at + size][::-1] for at in range(0, len(value), size))


@mutant("bulkdata-is-the-value[UN]", into=MUTANTS)
class UnknownValuesCut(OfOneTag):
    """A value of VR UN is cut after a kilobyte."""

    tags = ("0072006D",)

    def way(self, value: bytes, element: Element) -> bytes:
        return value[:1024]


@mutant("bulkdata-is-the-value[private]", into=MUTANTS)
class PrivateValuesOfAnother(OfOneTag):
    """A private value is that of another element."""

    tags = ("00111005",)

    def way(self, value: bytes, element: Element) -> bytes:
        return b"another" * 200


@mutant("bulkdata-uri-resolves", into=MUTANTS, freedoms=["bulk-data-relative"])
class UrisRelativeToTheBase(Reference):
    """Bulk data URIs are relative, and mean the base URL."""

    def bulk_data_base(self, instance: Instance, request: Request) -> str:
        return super().bulk_data_base(instance, request).removeprefix(f"{self.prefix}/")


@mutant("bulkdata-multipart", may_trip=["bulkdata"], into=MUTANTS)
class BulkDataSinglePartOnly(Reference):
    """Bulk data come as a single part although only multipart is acceptable."""

    def retrieve_bulk_data(self, request: Request) -> Response:
        return super().retrieve_bulk_data(replace(request, accept="application/octet-stream"))


@mutant("bulkdata-single-part", may_trip=["messages"], into=MUTANTS)
class SinglePartWithEnvelope(Reference):
    """A single part comes as a multipart labelled as single part."""

    def retrieve_bulk_data(self, request: Request) -> Response:
        if request.accept != "application/octet-stream":
            return super().retrieve_bulk_data(request)
        response = super().retrieve_bulk_data(replace(request, accept="multipart/related"))
        response.headers["Content-Type"] = "application/octet-stream"
        return response


@mutant("bulkdata-of-all-frames", into=MUTANTS)
class FirstFrameForAll(Reference):
    """Pixel Data of several frames are the first of them."""

    def native_values(
        self, instance: Instance, content: Elements, element: Element, numbers: Sequence[int] | None
    ) -> list[bytes]:
        several = numbers is None and "00280008" in content and not element.encapsulated
        return super().native_values(instance, content, element, [1] if several else numbers)


@mutant("bulkdata-is-decompressed", into=MUTANTS)
class StoredPixelsWithoutLabel(Reference):
    """Compressed Pixel Data come as they are stored, as if they were native."""

    def native_values(
        self, instance: Instance, content: Elements, element: Element, numbers: Sequence[int] | None
    ) -> list[bytes]:
        if element.encapsulated and numbers is None:
            encoding = Encoding(MediaType("image/dicom-rle"), "image/dicom-rle", instance.transfer_syntax, True)
            return self.compressed_values(instance, content, encoding, numbers)
        return super().native_values(instance, content, element, numbers)


@mutant("bulkdata-as-rle", "bulkdata-as-rle-by-frame", may_trip=["messages"], into=MUTANTS)
class ItemsOfPixelsInside(Reference):
    """Compressed Pixel Data have the tag of their item in front."""

    def compressed_values(
        self, instance: Instance, content: Elements, encoding: Encoding, numbers: Sequence[int] | None
    ) -> list[bytes]:
        values = super().compressed_values(instance, content, encoding, numbers)
        return [b"\xfe\xff\x00\xe0\x10\x00\x00\x00" + value for value in values] if numbers is None else values


@mutant("bulkdata-as-rle-by-frame", into=MUTANTS)
class CompressedFramesReversed(Reference):
    """The frames of compressed Pixel Data come in reverse order."""

    def compressed_values(
        self, instance: Instance, content: Elements, encoding: Encoding, numbers: Sequence[int] | None
    ) -> list[bytes]:
        values = super().compressed_values(instance, content, encoding, numbers)
        return values[::-1] if numbers is None else values


@mutant("bulkdata-unknown", into=MUTANTS)
class UnknownIsEmpty(Reference):
    """Bulk data that do not exist are an empty 200."""

    def retrieve_bulk_data(self, request: Request) -> Response:
        try:
            return super().retrieve_bulk_data(request)
        except Refusal as refusal:
            if refusal.status == 404:
                return self.answer([b""], "application/octet-stream")
            raise


@mutant("bulkdata-content-location", may_trip=["messages"], into=MUTANTS)
class LocationOfAnother(Reference):
    """Content-Location of a bulk data part names another instance."""

    def part(self, octets: bytes, media_type: str, location: str) -> Part:
        if location.endswith(f"/bulkdata/{PIXEL_DATA}"):
            location = location.replace("/instances/", "/instances/1.")
        return super().part(octets, media_type, location)


@mutant(
    "bulkdata-of[series]",
    "bulkdata-of[study]",
    "bulkdata-pixels-of[series]",
    "bulkdata-pixels-of[study]",
    may_trip=["bulkdata"],
    into=MUTANTS,
)
class FirstOfALevelOnly(Reference):
    """The bulk data of a series or study are those of its first instance."""

    def retrieve_all_bulk_data(self, request: Request) -> Response:
        return super().retrieve_all_bulk_data(self.of_first(request))

    def retrieve_pixel_data(self, request: Request) -> Response:
        return super().retrieve_pixel_data(self.of_first(request))

    def of_first(self, request: Request) -> Request:
        return replace(request, resource=self.found(request.resource)[0].resource())


@mutant("bulkdata-of[instance]", "bulkdata-pixels-of[instance]", may_trip=["bulkdata"], into=MUTANTS)
class SeriesForAnInstance(Reference):
    """The bulk data of an instance are those of its series."""

    def retrieve_all_bulk_data(self, request: Request) -> Response:
        return super().retrieve_all_bulk_data(self.of_series(request))

    def retrieve_pixel_data(self, request: Request) -> Response:
        return super().retrieve_pixel_data(self.of_series(request))

    def of_series(self, request: Request) -> Request:
        return replace(request, resource=replace(request.resource, instance=None))
