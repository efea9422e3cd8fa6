"""Defects that the checks of scenario metadata must notice."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import replace

from starlette.responses import Response

from dicomweb_reference.archive import Instance, Resource
from dicomweb_reference.dicom_json import Attribute, Charset, Json, Model
from dicomweb_reference.elements import Element
from dicomweb_reference.media_types import MediaType
from dicomweb_reference.messages import Refusal, Request
from dicomweb_reference.server import Reference
from tests.mutants.mutant import Mutant, mutant

MUTANTS: list[Mutant] = []
COMPRESSED = ("rle", "rle-of-three-frames", "jpeg", "video")
CHARACTER_SETS = (
    *("ISO_IR-100", "ISO_IR-144", "ISO-2022-IR-87", "ISO-2022-IR-149", "GB18030", "ISO_IR-192"),
    *("IR101", "IR109", "IR110", "IR126", "IR127", "IR138", "IR148", "IR166", "IR13", "GBK", "2022IR58"),
    *("2022IR13+2022IR87", "2022IR87+2022IR159", "2022IR100+2022IR144+2022IR126"),
)


@mutant("metadata-of-instance-series-study", may_trip=["metadata"], into=MUTANTS)
class MetadataBreak(Reference):
    """Metadata end in 500."""

    def metadata(self, request: Request) -> Response:
        raise Refusal(500, "An exception.")


@mutant("metadata-keeps-empty-attributes", into=MUTANTS)
class EmptyAttributesLeftOut(Reference):
    """Metadata leave out what was stored without a value."""

    def metadata_of(self, instance: Instance, request: Request) -> Model:
        model = super().metadata_of(instance, request)
        return {tag: each for tag, each in model.items() if {"Value", "InlineBinary", "BulkDataURI"} & each.keys()}


@mutant(*(f"metadata-leads-to-compressed-pixels[{each}]" for each in COMPRESSED), may_trip=["bulkdata"], into=MUTANTS)
class CompressedPixelsWithoutOctets(Reference):
    """Metadata of a compressed image name Pixel Data by its VR alone."""

    def json_binary(self, element: Element, location: str) -> Attribute:
        return {"vr": element.vr} if element.encapsulated else super().json_binary(element, location)


@mutant("metadata-json-by-default", may_trip=["metadata"], into=MUTANTS)
class MetadataAsAPage(Reference):
    """Metadata come as a page where anything is acceptable."""

    def metadata(self, request: Request) -> Response:
        answer = super().metadata(request)
        return self.answer([b"<html>metadata</html>"], "text/html") if request.accept == "*/*" else answer


@mutant(
    "metadata-one-object-per-instance",
    "metadata-is-whole[study]",
    "metadata-is-whole[series]",
    may_trip=["metadata"],
    into=MUTANTS,
)
class MetadataOfTheFirst(Reference):
    """The metadata of a study or series are those of its first instance."""

    def metadata(self, request: Request) -> Response:
        first = self.found(request.resource)[0]
        model = self.presented(self.metadata_of(first, request))
        return self.json_answer([model], self.negotiate(request, (MediaType("application/dicom+json"),)))


@mutant("metadata-of-many-is-whole", may_trip=["metadata"], into=MUTANTS)
class MetadataOfTheFirstHundred(Reference):
    """The metadata of a study or series are those of its first hundred instances."""

    def metadata(self, request: Request) -> Response:
        models = [self.presented(self.metadata_of(each, request)) for each in self.found(request.resource)[:100]]
        return self.json_answer(models, self.negotiate(request, (MediaType("application/dicom+json"),)))


@mutant(
    *("metadata-is-whole[study]", "metadata-is-whole[series]", "metadata-of-many-is-whole"),
    may_trip=["metadata", "bulkdata", "persona", "http"],
    into=MUTANTS,
)
class LevelsFromTheIndex(Reference):
    """The metadata of a study or series have what a search returns, and nothing that describes an image."""

    def metadata_of(self, instance: Instance, request: Request) -> Model:
        model = super().metadata_of(instance, request)
        if request.resource.instance:
            return model
        return {tag: attribute for tag, attribute in model.items() if tag[:4] in {"0008", "0010", "0020"}}


@mutant("metadata-follows-stores", may_trip=["metadata", "http", "delete"], into=MUTANTS)
class MetadataOfTheFirstLook(Reference):
    """The metadata of a series stay what they were when they were first asked for."""

    def __init__(self, freedoms: frozenset[str] | set[str] = frozenset()) -> None:
        super().__init__(freedoms)
        self.kept: dict[str, list[Instance]] = {}

    def metadata(self, request: Request) -> Response:
        kept = self.kept.setdefault(request.resource.path, self.found(request.resource))
        models = [self.presented(self.metadata_of(each, request)) for each in kept]
        return self.json_answer(models, self.negotiate(request, (MediaType("application/dicom+json"),)))


@mutant("metadata-is-whole[series]", "metadata-one-object-per-instance", may_trip=["metadata"], into=MUTANTS)
class MetadataOfTheStudy(Reference):
    """The metadata of a series are those of its study."""

    def metadata(self, request: Request) -> Response:
        self.found(request.resource)
        if request.resource.instance is None:
            request = replace(request, resource=Resource(request.resource.study))
        return super().metadata(request)


class Editing(Reference):
    """A server whose metadata are changed before they are sent."""

    def edited(self, model: Model) -> Model:
        return model

    def metadata_of(self, instance: Instance, request: Request) -> Model:
        return self.edited(super().metadata_of(instance, request))


@mutant("metadata-holds-every-element", may_trip=["metadata"], into=MUTANTS)
class BinaryElementsLeftOut(Editing):
    """Binary elements are not in the metadata."""

    def edited(self, model: Model) -> Model:
        return {
            tag: each for tag, each in model.items() if each["vr"] not in {"OB", "OW", "OD", "OF", "OL", "OV", "UN"}
        }


@mutant("metadata-holds-every-element", "metadata-equal-the-instance", may_trip=["metadata"], into=MUTANTS)
class DatesShifted(Editing):
    """Dates are a day early."""

    def edited(self, model: Model) -> Model:
        return {
            tag: {"vr": "DA", "Value": ["19991231"]} if each["vr"] == "DA" and "Value" in each else each
            for tag, each in model.items()
        }


@mutant("metadata-holds-nested-data-sets", may_trip=["metadata"], into=MUTANTS)
class SequencesOfOneItem(Editing):
    """Of a sequence only the first item is there."""

    def edited(self, model: Model) -> Model:
        return {
            tag: {"vr": "SQ", "Value": each["Value"][:1]} if each["vr"] == "SQ" and "Value" in each else each
            for tag, each in model.items()
        }


@mutant("metadata-holds-delimited-sequences", may_trip=["metadata"], into=MUTANTS)
class ItemsWithDelimitersAreLost(Editing):
    """Of sequences whose items end with delimiters the metadata have no items."""

    def edited(self, model: Model) -> Model:
        if not str(model["00100020"]["Value"][0]).endswith("-DELIMITED"):
            return model
        return {tag: {"vr": "SQ"} if element["vr"] == "SQ" else element for tag, element in model.items()}


@mutant("metadata-holds-private-elements", may_trip=["metadata"], into=MUTANTS)
class PrivateElementsLeftOut(Editing):
    """Private elements are not in the metadata."""

    def edited(self, model: Model) -> Model:
        return {tag: each for tag, each in model.items() if int(tag[:4], 16) % 2 == 0}


@mutant("metadata-holds-identifiers", may_trip=["metadata"], into=MUTANTS)
class UidsOfAnother(Editing):
    """Each object names another series than the path."""

    def edited(self, model: Model) -> Model:
        return {**model, "0020000E": {"vr": "UI", "Value": ["1.2.3"]}}


@mutant("metadata-leads-to-pixels", may_trip=["metadata"], into=MUTANTS)
class PixelsWithoutValue(Editing):
    """Pixel Data is there, but leads nowhere."""

    def edited(self, model: Model) -> Model:
        return {**model, "7FE00010": {"vr": "OW"}} if "7FE00010" in model else model


@mutant("metadata-leads-to-pixels", into=MUTANTS)
class PixelsInlineOfAnother(Editing):
    """Pixel Data is inline, and not what was stored."""

    def edited(self, model: Model) -> Model:
        inline = {"vr": "OW", "InlineBinary": base64.b64encode(b"other").decode()}
        return {**model, "7FE00010": inline} if "7FE00010" in model else model


@mutant(*(f"metadata-text-is-utf-8[{name}]" for name in CHARACTER_SETS), may_trip=["metadata", "search"], into=MUTANTS)
class TextInAscii(Reference):
    """Letters beyond ASCII become question marks."""

    def json_values(self, element: Element, charset: Charset) -> list[Json]:
        return [self.in_ascii(json_value) for json_value in super().json_values(element, charset)]

    def in_ascii(self, value: Json) -> Json:
        if isinstance(value, dict):
            return {name: self.in_ascii(each) for name, each in value.items()}
        return value.encode("ascii", "replace").decode() if isinstance(value, str) else value


@mutant(
    "metadata-missing[study]",
    "metadata-missing[series]",
    "metadata-missing[instance]",
    may_trip=["metadata"],
    into=MUTANTS,
)
class MissingIsAnEmptyArray(Reference):
    """The metadata of what does not exist are an empty array."""

    def metadata(self, request: Request) -> Response:
        if not self.archive.instances(request.resource):
            return self.json_answer([], MediaType("application/dicom+json"))
        return super().metadata(request)


@mutant("metadata-path-without-uid", into=MUTANTS)
class PathWithoutUidBreaks(Reference):
    """A path segment that is no UID ends in 500."""

    def metadata(self, request: Request) -> Response:
        if "not-a-uid" in (request.resource.study or ""):
            raise Refusal(500, "An exception.")
        return super().metadata(request)


@mutant("metadata-ignores-unknown-parameters", into=MUTANTS)
class ParametersRefused(Reference):
    """A query parameter on metadata is refused."""

    def metadata(self, request: Request) -> Response:
        if request.query:
            raise Refusal(400, "No parameters here.")
        return super().metadata(request)


@mutant("metadata-accept-in-other-case", into=MUTANTS)
class MediaTypesComparedWithCase(Reference):
    """A media type in capital letters is not known."""

    def acceptable(self, request: Request, default: MediaType) -> Sequence[tuple[MediaType, float]]:
        if (request.accept or "").startswith("Application/"):
            raise Refusal(406, "Not acceptable.")
        return super().acceptable(request, default)


@mutant("metadata-without-accept", into=MUTANTS)
class WithoutAcceptBreaks(Reference):
    """A request without Accept ends in 500."""

    def metadata(self, request: Request) -> Response:
        if request.accept is None:
            raise Refusal(500, "An exception.")
        return super().metadata(request)
