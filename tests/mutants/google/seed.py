"""Defects of the google flavour that break samples of the page, each for the clients that send what shows it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from starlette.requests import Request as HttpRequest
from starlette.responses import Response

from dicomweb_reference.archive import Instance, Resource
from dicomweb_reference.dicom_json import Attribute, Model
from dicomweb_reference.elements import Elements
from dicomweb_reference.google import Google
from dicomweb_reference.levels import Level
from dicomweb_reference.matching import Query
from dicomweb_reference.media_types import JPEG, MediaType
from dicomweb_reference.messages import Refusal, Request
from dicomweb_reference.multipart import Part
from dicomweb_reference.operations import Json, Operation
from dicomweb_reference.outcomes import Outcome, Received
from dicomweb_reference.rendering import Rendering
from dicomweb_reference.transactions.answers import Headers
from dicomweb_reference.transactions.negotiation import Ranges
from tests.mutants.mutant import EVERYWHERE, Mutant, mutant
from tests.mutants.samples import OF, POLLED, XML_READ, checks

MUTANTS: list[Mutant] = []

READ = ("search-instances", "search-studies", "retrieve-study", "retrieve-instance", "rendered")
"""Operations that every client but dcmweb has."""
UNQUOTED = "multipart/related; type=application/dicom; transfer-syntax=*"


def by(client: str, *operations: str) -> tuple[str, ...]:
    """Return the checks of these operations, or of all, by one client."""
    return tuple(f"seed-{each}[{client}]" for each in operations or OF if client in OF[each])


# What requests hold


@mutant(*checks("retrieve-study", "curl", "powershell", "nodejs"), "google-retrieve-as-stored[bare]", into=MUTANTS)
class WantsTheTypeInQuotes(Google):
    """An Accept whose type parameter is not quoted is refused with 406."""

    def acceptable(self, request: Request, default: MediaType) -> Ranges:
        if request.accept == UNQUOTED:
            raise Refusal(406, "The Accept header cannot be read.")
        return super().acceptable(request, default)


@mutant(*by("go", *READ), "google-parameters[alt-empty]", into=MUTANTS)
class TakesAnEmptyAltForAKey(Google):
    """An empty alt is refused with 400."""

    def request_of(self, http: HttpRequest, body: bytes) -> Request:
        if "alt=&" in http.scope["query_string"].decode("latin-1"):
            raise Refusal(400, "alt is not a supported attribute.")
        return super().request_of(http, body)


@mutant(
    *by("powershell", "store", "search-instances", "search-studies", "metadata"),
    *by("go", "store", "search-instances", "search-studies", "retrieve-study"),
    *by("java", "store"),
    "google-store-answers-xml[no-accept]",
    may_trip=EVERYWHERE,
    into=MUTANTS,
)
class WantsAnAccept(Google):
    """A request without Accept is refused with 406."""

    def acceptable(self, request: Request, default: MediaType) -> Ranges:
        if not request.accept:
            raise Refusal(406, "Accept is missing.")
        return super().acceptable(request, default)


@mutant(*by("java", *READ), into=MUTANTS)
class ReadsPicturesOnlyInJavasAccept(Google):
    """An Accept that names text and pictures before */* is refused with 406."""

    def request_of(self, http: HttpRequest, body: bytes) -> Request:
        if http.headers.get("accept", "").startswith("text/html, image/gif"):
            raise Refusal(406, "text/html is not offered.")
        return super().request_of(http, body)


@mutant(*by("nodejs", "search-instances"), into=MUTANTS)
class WantsATypeOfEachMultipart(Google):
    """multipart/related without a type in Accept is refused with 400."""

    def acceptable(self, request: Request, default: MediaType) -> Ranges:
        if (request.accept or "").endswith(",multipart/related"):
            raise Refusal(400, "multipart/related has no type.")
        return super().acceptable(request, default)


@mutant(*by("python", "search-instances", "delete-study"), into=MUTANTS)
class RefusesATypeOfNothing(Google):
    """A Content-Type on a request without a body is refused with 415."""

    def request_of(self, http: HttpRequest, body: bytes) -> Request:
        if http.method in {"GET", "DELETE"} and "content-type" in http.headers:
            raise Refusal(415, "There is no body.")
        return super().request_of(http, body)


@mutant(*checks("search-studies", "go", "python"), into=MUTANTS)
class PlusStandsForItself(Google):
    """A plus sign in a search stands for itself."""

    def bare_plus(self) -> str:
        return "+"


@mutant(*by("nodejs", "store"), may_trip=["store"], into=MUTANTS)
class RefusesChunks(Google):
    """A store in chunks is refused with 400."""

    def request_of(self, http: HttpRequest, body: bytes) -> Request:
        if "transfer-encoding" in http.headers:
            raise Refusal(400, "Content-Length is missing.")
        return super().request_of(http, body)


@mutant(*by("java", "store"), into=MUTANTS)
class IgnoresTheTokenInTheUrl(Google):
    """access_token is ignored, and who sends nothing else is refused with 401."""

    def request_of(self, http: HttpRequest, body: bytes) -> Request:
        if "access_token=" in http.scope["query_string"].decode("latin-1") and "authorization" not in http.headers:
            raise Refusal(401, "Request is missing required authentication credential.")
        return super().request_of(http, body)


@mutant(*by("dcmweb"), *by("dcmweb-several"), may_trip=EVERYWHERE, into=MUTANTS)
class KnowsNoLimit(Google):
    """limit is refused with 400."""

    def search(self, request: Request, level: Level) -> Response:
        if request.parameter("limit") is not None:
            raise Refusal(400, "limit is not a supported attribute.")
        return super().search(request, level)


# What is made of them


@mutant(*XML_READ, "google-store-xml", may_trip=["xml", "metadata"], into=MUTANTS)
class NamesNoKeywords(Google):
    """DicomAttribute has no keyword."""

    def xml_names(self, tag: str, attribute: Attribute, model: Model) -> dict[str, str]:
        return {name: each for name, each in super().xml_names(tag, attribute, model).items() if name != "keyword"}


@mutant(*XML_READ, *by("nodejs", "store"), "google-store-xml", may_trip=EVERYWHERE, into=MUTANTS)
class GivesNoRetrieveUrls(Google):
    """What was stored is listed without Retrieve URL."""

    def referenced_item(self, request: Request, outcome: Outcome) -> Model:
        return {tag: each for tag, each in super().referenced_item(request, outcome).items() if tag != "00081190"}


@mutant(*by("nodejs", "store"), may_trip=EVERYWHERE, into=MUTANTS)
class WritesBrokenJson(Google):
    """The JSON answer to a store is cut."""

    def store_answer(self, request: Request, outcomes: Sequence[Outcome], media: MediaType) -> Response:
        answer = super().store_answer(request, outcomes, media)
        if media.name != "application/dicom+json":
            return answer
        return Response('{"00081199":', answer.status_code, media_type=media.name)


class SaysStoredAndKeepsNothing(Google):
    """A store is answered 200, and nothing is kept."""

    def keep(self, received: Received) -> None:
        self.sent.pop(received.identity.instance)


# Three of one run notice it; for the rest, what the first ones waited for in vain is to blame.
for first in (0, 3, 6):
    clients = OF["store"][first : first + 3]
    mutant(*checks("store", *clients), may_trip=EVERYWHERE, into=MUTANTS, name=f"keeps-nothing-of-{'-'.join(clients)}")(
        SaysStoredAndKeepsNothing
    )


@mutant(*checks("store-json"), "google-json-jpeg[colour]", may_trip=EVERYWHERE, into=MUTANTS)
class KeepsNoJpegs(Google):
    """A store is answered 200, and what has a JPEG is not kept."""

    def keep(self, received: Received) -> None:
        if received.transfer_syntax == "1.2.840.10008.1.2.4.50":
            self.sent.pop(received.identity.instance)
        else:
            super().keep(received)


@mutant(*checks("search-instances"), may_trip=EVERYWHERE, into=MUTANTS)
class ListsNoInstances(Google):
    """A search for all instances without keys finds none."""

    def matches(self, level: Level, request: Request, query: Query) -> list[Instance]:
        if level == "instance" and request.resource == Resource() and not query.keys:
            return []
        return super().matches(level, request, query)


@mutant(*checks("search-instances"), may_trip=EVERYWHERE, into=MUTANTS)
class LeavesOutAPatient(Google):
    """A search for all instances without keys does not find those of one patient."""

    def matches(self, level: Level, request: Request, query: Query) -> list[Instance]:
        found = super().matches(level, request, query)
        if level == "instance" and request.resource == Resource() and not query.keys:
            return [each for each in found if "Sally" not in str(each.attributes.get("00100010"))]
        return found


@mutant(*checks("search-studies"), may_trip=EVERYWHERE, into=MUTANTS)
class FindsEverybody(Google):
    """Names of patients match whatever is asked for."""

    def match(self, one: Instance, query: Query) -> bool:
        return True


@mutant(*checks("search-studies"), may_trip=EVERYWHERE, into=MUTANTS)
class FindsNobodyByName(Google):
    """No name of a patient matches."""

    def matches(self, level: Level, request: Request, query: Query) -> list[Instance]:
        return [] if any(key.tag == "00100010" for key in query.keys) else super().matches(level, request, query)


@mutant(*checks("retrieve-study"), may_trip=EVERYWHERE, into=MUTANTS)
class SendsTheFirstOfAStudy(Google):
    """A study comes back as its first instance."""

    def retrieve_parts(
        self, request: Request, instances: Sequence[Instance], syntaxes: Sequence[str]
    ) -> Iterator[Part]:
        return super().retrieve_parts(request, instances[:1], syntaxes[:1])


@mutant(*checks("retrieve-instance"), may_trip=EVERYWHERE, into=MUTANTS)
class SendsAnotherInstance(Google):
    """An instance comes back under another SOP Instance UID."""

    def part10_of(self, instance: Instance, transfer_syntax: str, dataset: bytes) -> bytes:
        other = instance.instance[:-1] + str((int(instance.instance[-1]) + 1) % 10)
        file = super().part10_of(instance, transfer_syntax, dataset)
        return file.replace(instance.instance.encode(), other.encode())


@mutant(*checks("retrieve-instance", "dcmweb"), may_trip=EVERYWHERE, into=MUTANTS)
class SendsHalfAFileAsOctets(Google):
    """An instance comes back as application/octet-stream, without its beginning."""

    def answer(
        self, chunks: Sequence[bytes], media_type: str, status: int = 200, headers: Headers | None = None
    ) -> Response:
        if media_type != "application/dicom":
            return super().answer(chunks, media_type, status, headers)
        octets = b"".join(chunks)
        return super().answer([octets[len(octets) // 2 :]], "application/octet-stream", status, headers)


@mutant(
    *checks("retrieve-instance", "curl", "powershell", "go", "nodejs", "python", "dcmweb"),
    "google-single-part-retrieve",
    may_trip=EVERYWHERE,
    into=MUTANTS,
)
class SendsMultipartAlways(Google):
    """An instance comes as multipart whatever is asked for."""

    def retrieve(self, request: Request) -> Response:
        answer = super().retrieve(request)
        if answer.headers.get("content-type") == "application/dicom":
            answer.headers["Content-Type"] = 'multipart/related; type="application/dicom"; boundary=b'
        return answer


@mutant(*checks("rendered", "curl", "powershell", "go", "nodejs", "python"), may_trip=EVERYWHERE, into=MUTANTS)
class MakesNoPng(Google):
    """PNG is refused with 406."""

    def picture_types(self) -> list[MediaType]:
        return [JPEG]


@mutant(*checks("metadata"), may_trip=EVERYWHERE, into=MUTANTS)
class NamesAnotherInstance(Google):
    """Metadata are those of another instance."""

    def metadata_of(self, instance: Instance, request: Request) -> Model:
        return super().metadata_of(instance, request) | {"00080018": {"vr": "UI", "Value": ["1.2.3"]}}


@mutant(*checks("search-instances"), *checks("search-studies"), *checks("metadata"), may_trip=EVERYWHERE, into=MUTANTS)
class LabelsDicomJsonAsJson(Google):
    """DICOM JSON is labelled application/json."""

    def answer(
        self, chunks: Sequence[bytes], media_type: str, status: int = 200, headers: Headers | None = None
    ) -> Response:
        answer = super().answer(chunks, media_type, status, headers)
        if media_type.startswith("application/dicom+json"):
            answer.headers["Content-Type"] = "application/json"
        return answer


@mutant(*checks("search-instances"), may_trip=EVERYWHERE, into=MUTANTS)
class ListsInstancesWithoutUids(Google):
    """Results of a search without keys have no SOP Instance UID."""

    def result(self, entity: Instance, level: Level, query: Query, request: Request) -> Model:
        left_out = "" if query.keys else "00080018"
        return {tag: each for tag, each in super().result(entity, level, query, request).items() if tag != left_out}


@mutant(*checks("retrieve-study"), may_trip=EVERYWHERE, into=MUTANTS)
class SendsStudiesInOnePart(Google):
    """A study comes as one application/dicom file."""

    def retrieve(self, request: Request) -> Response:
        answer = super().retrieve(request)
        if request.resource.series is None:
            answer.headers["Content-Type"] = "application/dicom"
        return answer


@mutant(*checks("rendered", "curl", "powershell", "go", "nodejs", "python"), may_trip=EVERYWHERE, into=MUTANTS)
class SendsJpegForPng(Google):
    """A picture is a JPEG, whatever is asked for."""

    def rendered_item(
        self,
        request: Request,
        instance: Instance,
        content: Elements,
        media: MediaType,
        numbers: Sequence[int],
        rendering: Rendering,
    ) -> tuple[bytes, str]:
        return super().rendered_item(request, instance, content, JPEG, numbers, rendering)


# Deletes


@mutant(*checks("delete-study"), *checks("delete-series"), may_trip=EVERYWHERE, into=MUTANTS)
class NamesTheFirstOperationOnly(Google):
    """The operation of a delete is not named, unless it is the first."""

    def begun_answer(self, operation: Operation) -> Json:
        return super().begun_answer(operation) if len(self.operations) == 1 else {}


@mutant(*checks("delete-study", "nodejs"), may_trip=["google", "seed"], into=MUTANTS)
class NamesAnotherTypeOfOperations(Google):
    """Operations are text/plain."""

    def google_answer(self, content: Json, status: int = 200, headers: dict[str, str] | None = None) -> Response:
        answer = super().google_answer(content, status, headers)
        answer.headers["Content-Type"] = "text/plain"
        return answer


@mutant(*POLLED, may_trip=["google"], into=MUTANTS)
class EndsWithAnError(Google):
    """Operations end with an error."""

    def operation_result(self, operation: Operation) -> Json:
        return {"done": True, "error": {"code": 13, "message": "Internal."}}


@mutant("seed-delete-instance[dcmweb]", "google-delete-instance", may_trip=EVERYWHERE, into=MUTANTS)
class AnswersNothingToTheDeleteOfAnInstance(Google):
    """The delete of an instance is answered 200 with an empty body."""

    def delete(self, request: Request) -> Response:
        answer = super().delete(request)
        return Response() if request.resource.instance else answer


@mutant(*checks("delete-instance"), "google-delete-instance-removes", may_trip=EVERYWHERE, into=MUTANTS)
class DeletesTheSeriesOfAnInstance(Google):
    """The delete of an instance removes its series."""

    def delete_resource(self, resource: Resource) -> None:
        super().delete_resource(Resource(resource.study, resource.series) if resource.instance else resource)
