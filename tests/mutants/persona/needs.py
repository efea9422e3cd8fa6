"""Defects, and ways that are nobody's fault, over which clients in use trip: one for each thing that they need."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from urllib.parse import unquote

from starlette.responses import Response

from dicomweb_reference import multipart
from dicomweb_reference.archive import Instance, Resource
from dicomweb_reference.dicom_json import Json, Model
from dicomweb_reference.google import Google
from dicomweb_reference.levels import Level
from dicomweb_reference.matching import Key, Query
from dicomweb_reference.media_types import DICOM_JSON, DICOM_XML, MediaType
from dicomweb_reference.messages import Refusal, Request
from dicomweb_reference.multipart import Part
from dicomweb_reference.outcomes import Outcome
from dicomweb_reference.rendering import Rendering, Viewport
from dicomweb_reference.server import Reference
from dicomweb_reference.transactions.answers import Headers
from tests.mutants.mutant import EVERYWHERE, Mutant, mutant
from tests.mutants.personas import checks

MUTANTS: list[Mutant] = []
JS, PYTHON = "js-dicomweb-client", "python-dicomweb-client"


# JSON


@mutant(*checks("search"), may_trip=EVERYWHERE, into=MUTANTS)
class PutsRowsIntoAnObject(Reference):
    """The results of a search are a member of an object."""

    def search_answer(self, results: Sequence[Model], media: MediaType, headers: Headers) -> Response:
        return self.answer([json.dumps({"results": list(results)}).encode()], media.name, headers=headers)


@mutant(*checks("search", "ohif"), may_trip=EVERYWHERE, into=MUTANTS)
class ARangeOfOneDayIsEmpty(Reference):
    """A range that begins and ends with the same day finds nothing."""

    def match_range(self, key: Key, values: Sequence[Json]) -> bool:
        begin, _, end = key.value.partition("-")
        return begin != end and super().match_range(key, values)


@mutant(*checks("metadata"), *checks("bulkdata"), may_trip=EVERYWHERE, into=MUTANTS)
class PutsMetadataIntoAnObject(Reference):
    """Metadata are a member of an object."""

    def metadata(self, request: Request) -> Response:
        models = [self.metadata_of(each, request) for each in self.found(request.resource)]
        return self.answer([json.dumps({"instances": models}).encode()], DICOM_JSON.name)


@mutant(*checks("search", PYTHON, "slicer"), *checks("metadata", PYTHON, "slicer"), may_trip=EVERYWHERE, into=MUTANTS)
class LabelsJsonAsText(Reference):
    """DICOM JSON is labelled text/plain."""

    def answer(
        self, chunks: Sequence[bytes], media_type: str, status: int = 200, headers: Headers | None = None
    ) -> Response:
        return super().answer(chunks, media_type.replace(DICOM_JSON.name, "text/plain"), status, headers)


@mutant(*checks("search", "ez-wsi"), may_trip=EVERYWHERE, into=MUTANTS)
class NamesASeriesOfEachStudy(Reference):
    """A study among results has a Series Instance UID."""

    def result(self, entity: Instance, level: Level, query: Query, request: Request) -> Model:
        series = {"0020000E": entity.attributes["0020000E"]} if level == "study" else {}
        return super().result(entity, level, query, request) | series


@mutant(*checks("search", "ohif"), may_trip=EVERYWHERE, into=MUTANTS)
class LeavesDescriptionsOut(Reference):
    """Results lack Study Description, though it is asked for."""

    def result(self, entity: Instance, level: Level, query: Query, request: Request) -> Model:
        found = super().result(entity, level, query, request)
        return {tag: each for tag, each in found.items() if tag != "00081030"}


@mutant(*checks("metadata", "ohif", "slim"), may_trip=EVERYWHERE, into=MUTANTS)
class LeavesRowsOut(Reference):
    """Metadata lack Rows."""

    def metadata_of(self, instance: Instance, request: Request) -> Model:
        return {tag: each for tag, each in super().metadata_of(instance, request).items() if tag != "00280010"}


# Multipart


class Framed(Reference):
    """Writes the envelope by hand: `opening` before the first boundary, `closing` in place of the closing delimiter."""

    opening, closing = b"", b"--boundary--\r\n"

    def multipart_answer(self, parts: Iterable[Part], root: MediaType, headers: Headers, status: int = 200) -> Response:
        body = b"".join(multipart.write(parts, "boundary")).removesuffix(b"--boundary--\r\n")
        kind = f'multipart/related; type="{root.name}"; boundary=boundary'
        return self.answer([self.opening + body + self.closing], kind, status, headers)


@mutant(*checks("retrieve", "dicomtrolley"), may_trip=EVERYWHERE, into=MUTANTS)
class BeginsWithALineEnd(Framed):
    """A multipart begins with a line end."""

    opening = b"\r\n"


@mutant(
    *checks("retrieve", "dicomtrolley", "ez-wsi", JS, PYTHON, "slicer"),
    *checks("frames", "ez-wsi", JS, PYTHON, "slim"),
    may_trip=EVERYWHERE,
    into=MUTANTS,
)
class BeginsWithWords(Framed):
    """A multipart begins with a preamble."""

    opening = b"These are the parts.\r\n"


@mutant(
    *checks("frames", "cornerstone", "ohif", JS, "slim"),
    *checks("retrieve", "dicomtrolley", JS),
    may_trip=EVERYWHERE,
    into=MUTANTS,
)
class NeverCloses(Framed):
    """A multipart has no closing delimiter."""

    closing = b""


@mutant(*checks("retrieve", "orthanc"), *checks("frames", "cornerstone", "ohif"), may_trip=EVERYWHERE, into=MUTANTS)
class LeavesTypesOfPartsOut(Reference):
    """Parts have no Content-Type."""

    def part(self, octets: bytes, media_type: str, location: str) -> Part:
        return Part((("Content-Length", str(len(octets))),), octets)


@mutant(*checks("frames", "cornerstone", "ohif"), may_trip=EVERYWHERE, into=MUTANTS)
class WritesNamesOfFieldsSmall(Reference):
    """The header fields of parts have names in lower case."""

    def part(self, octets: bytes, media_type: str, location: str) -> Part:
        part = super().part(octets, media_type, location)
        return Part(tuple((name.lower(), value) for name, value in part.headers), part.body)


@mutant(
    *checks("retrieve", "dicomtrolley", "ez-wsi", JS, "orthanc", PYTHON, "slicer", "weasis"),
    *checks("frames", "ez-wsi", JS, PYTHON),
    may_trip=EVERYWHERE,
    into=MUTANTS,
)
class SendsThePartAlone(Reference):
    """The first part comes in place of a multipart."""

    def multipart_answer(self, parts: Iterable[Part], root: MediaType, headers: Headers, status: int = 200) -> Response:
        return self.answer([next(iter(parts)).body], root.name, status, headers)


@mutant(*checks("retrieve", "dcmweb", "ez-wsi"), may_trip=EVERYWHERE, into=MUTANTS)
class HasFilesInMultipartsOnly(Reference):
    """An instance by itself is refused with 406."""

    def instance_offers(self, request: Request) -> list[MediaType]:
        return super().instance_offers(request)[:1]


@mutant(*checks("retrieve", "weasis"), may_trip=EVERYWHERE, into=MUTANTS)
class GivesUrlsOfNothing(Reference):
    """Retrieve URL of a series leads to nothing."""

    def url_of(self, request: Request, resource: Resource) -> str:
        return super().url_of(request, resource).replace("/series/", "/gone/")


# The rest


@mutant(*checks("bulkdata"), may_trip=EVERYWHERE, into=MUTANTS)
class HasNoBulkData(Reference):
    """What BulkDataURI leads to is not there."""

    def retrieve_bulk_data(self, request: Request) -> Response:
        raise Refusal(404, "There is no such value.")


@mutant(*checks("rendered"), *checks("thumbnail", "weasis"), may_trip=EVERYWHERE, into=MUTANTS)
class ReadsBareCommasOnly(Reference):
    """A comma that is percent-encoded is none in viewport, as in Orthanc 1.10."""

    def rendering(self, request: Request) -> Rendering:
        self.refuse_encoded(request)
        return super().rendering(request)

    def thumbnail_viewport(self, request: Request) -> Viewport:
        self.refuse_encoded(request)
        return super().thumbnail_viewport(request)

    def refuse_encoded(self, request: Request) -> None:
        if "," in unquote(request.query) and "," not in request.query:
            raise Refusal(400, "viewport has two numbers.")


@mutant(*checks("thumbnail"), may_trip=EVERYWHERE, into=MUTANTS)
class HasNoThumbnails(Reference):
    """There are no thumbnails."""

    def retrieve_thumbnail(self, request: Request) -> Response:
        raise Refusal(404, "There is no thumbnail.")


@mutant(*checks("store", JS, "ohif", PYTHON, "slicer", "weasis"), may_trip=EVERYWHERE, into=MUTANTS)
class WantsTheBoundaryFirst(Reference):
    """A multipart that begins with a line end is refused with 400."""

    def multipart_parts(self, body: bytes, boundary: str) -> list[Part]:
        if body.startswith(b"\r\n"):
            raise Refusal(400, "The payload does not begin with the boundary.")
        return super().multipart_parts(body, boundary)


@mutant(*checks("store", "orthanc"), may_trip=EVERYWHERE, freedoms=["faults-borne-with"], into=MUTANTS)
class ListsEachTwice(Reference):
    """Each instance that was stored is listed twice; a boundary of 73 characters is borne with."""

    def store_module(self, request: Request, outcomes: Sequence[Outcome]) -> Model:
        module = super().store_module(request, outcomes)
        if "00081199" in module:
            module["00081199"] = {"vr": "SQ", "Value": [*module["00081199"]["Value"]] * 2}
        return module


@mutant(*checks("store", "dcmweb"), may_trip=EVERYWHERE, into=MUTANTS)
class AnswersStoresInJsonFirst(Google):
    """A store is answered in JSON where anything will do."""

    def store_offers(self) -> list[MediaType]:
        return [DICOM_JSON, DICOM_XML]


@mutant(*checks("delete", PYTHON, "slicer"), may_trip=EVERYWHERE, into=MUTANTS)
class KeepsWhatIsDeleted(Reference):
    """A delete is answered, and nothing is removed."""

    def delete_resource(self, resource: Resource) -> None:
        """Remove nothing."""


@mutant(*checks("delete", "dcmweb"), may_trip=EVERYWHERE, into=MUTANTS)
class AnswersDeletesWithNothing(Google):
    """The delete of an instance is answered with 204."""

    def delete(self, request: Request) -> Response:
        answer = super().delete(request)
        return Response(status_code=204) if request.resource.instance else answer
