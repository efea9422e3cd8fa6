"""Defects of the google flavour in addresses, Store and Retrieve."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from starlette.requests import Request as HttpRequest
from starlette.responses import Response

from dicomweb_reference.archive import Instance, Resource
from dicomweb_reference.dicom_json import Model
from dicomweb_reference.elements import text_of
from dicomweb_reference.google import Google
from dicomweb_reference.media_types import DICOM_JSON, DICOM_XML, MediaType
from dicomweb_reference.messages import Refusal, Request
from dicomweb_reference.outcomes import Outcome, Reason, Received
from dicomweb_reference.server import Reference
from dicomweb_reference.transfer_syntaxes import EXPLICIT_VR_LITTLE_ENDIAN
from tests.mutants.mutant import EVERYWHERE, Mutant, mutant
from tests.mutants.samples import XML_READ

MUTANTS: list[Mutant] = []


@mutant("google-base-url", may_trip=EVERYWHERE, into=MUTANTS)
class LiesElsewhere(Google):
    """The service lies at a path without project, location, dataset and store."""

    prefix = "/dicom-web"


@mutant("google-parameters[alt]", "google-parameters[alt-empty]", may_trip=["search", "store", "seed"], into=MUTANTS)
class TakesParametersForKeys(Google):
    """The parameters of every Google method are taken for match keys, and refused."""

    def request_of(self, http: HttpRequest, body: bytes) -> Request:
        if "prettyPrint" in http.scope["query_string"].decode():
            raise Refusal(400, "prettyPrint is not a supported attribute.")
        return super().request_of(http, body)


@mutant("google-other-dataset", may_trip=["google", "seed", "messages"], into=MUTANTS)
class AnswersForEveryDataset(Google):
    """What lies in another dataset is answered with an empty object."""

    async def exchange(self, steps: dict[str, Callable[[Request], Response]], http: HttpRequest) -> Response:
        return await super().exchange(steps, http) if steps else self.google_answer({})


@mutant("google-single-part-store", freedoms=["single-part-store-refused"], into=MUTANTS)
class RefusesASinglePart(Google):
    """A single application/dicom body is refused."""


class _Literal(Google):
    refused = ""

    def received(self, request: Request) -> Sequence[bytes | Outcome]:
        if self.refused in (request.content_type or ""):
            raise Refusal(400, "The parameter type is not understood.")
        return super().received(request)


@mutant("google-type-parameter[bare]", into=MUTANTS)
class WantsQuotes(_Literal):
    """The parameter type is understood with quotes only."""

    refused = "type=application/dicom;"


@mutant("google-type-parameter[quoted]", may_trip=EVERYWHERE, into=MUTANTS)
class WantsNoQuotes(_Literal):
    """The parameter type is understood without quotes only."""

    refused = 'type="application/dicom"'


@mutant("google-store-answers-xml[no-accept]", *XML_READ, into=MUTANTS)
class PrefersJson(Google):
    """The answer to a store is JSON unless XML is asked for."""

    def store_offers(self) -> list[MediaType]:
        return [DICOM_JSON, DICOM_XML]


@mutant("google-store-answers-xml[any]", may_trip=["seed"], into=MUTANTS)
class TakesAnythingForJson(Google):
    """The answer to a store is JSON where any media type will do."""

    def store(self, request: Request) -> Response:
        return super().store(replace(request, accept=DICOM_JSON.name) if request.accept == "*/*" else request)


@mutant("google-store-answer-by-accept[json]", may_trip=EVERYWHERE, into=MUTANTS)
class AnswersStoresInXmlOnly(Google):
    """The answer to a store is XML, whatever is asked for."""

    def store_offers(self) -> list[MediaType]:
        return [DICOM_XML]


@mutant("google-store-answer-by-accept[xml]", may_trip=["google", "seed"], into=MUTANTS)
class AnswersStoresInJsonOnly(Google):
    """The answer to a store is JSON, whatever is asked for."""

    def store_offers(self) -> list[MediaType]:
        return [DICOM_JSON]


@mutant("google-store-xml", *XML_READ, into=MUTANTS)
class LeavesOutReferencesInXml(Google):
    """The answer in XML has no Referenced SOP Sequence."""

    def xml_document(self, model: Model) -> bytes:
        return super().xml_document({tag: each for tag, each in model.items() if tag != "00081199"})


@mutant("google-retrieve-urls", may_trip=EVERYWHERE, into=MUTANTS)
class NamesAnotherStudy(Google):
    """Retrieve URLs are those of another study."""

    def url_of(self, request: Request, resource: Resource) -> str:
        return f"{request.base}/studies/2.25.1"


@mutant("google-retrieve-urls", may_trip=EVERYWHERE, into=MUTANTS)
class UrlHasUser(Google):
    """Retrieve URLs have a user name before their host."""

    def url_of(self, request: Request, resource: Resource) -> str:
        return super().url_of(request, resource).replace("://", "://archive@")


@mutant(
    "google-partly-stored",
    "google-partly-foreign",
    "google-garbage",
    "google-changed-again",
    may_trip=EVERYWHERE,
    into=MUTANTS,
)
class AlwaysSaysStored(Google):
    """A store is answered 200, whatever was refused."""

    def store_status(self, outcomes: Sequence[Outcome]) -> int:
        return 200


@mutant("google-failure", may_trip=EVERYWHERE, into=MUTANTS)
class GivesNoReason(Google):
    """A refused instance is listed without Failure Reason."""

    def failed_item(self, outcome: Outcome) -> Model:
        return {tag: each for tag, each in super().failed_item(outcome).items() if tag != "00081197"}


@mutant("google-conflict-body", may_trip=EVERYWHERE, into=MUTANTS)
class SaysConflictInText(Google):
    """A 409 is a text under the type of JSON."""

    def store_answer(self, request: Request, outcomes: Sequence[Outcome], media: MediaType) -> Response:
        if self.store_status(outcomes) == 200:
            return super().store_answer(request, outcomes, media)
        return Response("Conflict.", 409, media_type=DICOM_JSON.name)


BAD = ("image", "text", "multipart-of-text", "cut", "no-boundary", "empty")


@mutant(*(f"google-bad-request[{each}]" for each in BAD), may_trip=EVERYWHERE, into=MUTANTS)
class BadRequestsBreakTheServer(Google):
    """A request that cannot be read ends in 500."""

    def received(self, request: Request) -> Sequence[bytes | Outcome]:
        try:
            return super().received(request)
        except Refusal as refusal:
            raise Refusal(500, "An exception.") from refusal


@mutant(
    "google-store-not-acceptable",
    "google-not-acceptable[study]",
    "google-not-acceptable[metadata]",
    "google-study-not-single[single-part]",
    "google-study-not-single[zip]",
    may_trip=EVERYWHERE,
    into=MUTANTS,
)
class UnacceptableBreaksTheServer(Google):
    """An Accept that cannot be met ends in 500."""

    def refusal(self, refusal: Refusal) -> Response:
        return super().refusal(Refusal(500, "An exception.") if refusal.status == 406 else refusal)


@mutant("google-same-again", may_trip=EVERYWHERE, into=MUTANTS)
class LosesADuplicate(Google):
    """An instance that is sent again is gone."""

    def keep(self, received: Received) -> None:
        again = self.is_stored(received)
        super().keep(received)
        if again:
            self.archive.remove(received.identity.resource)


@mutant("google-changed-again", may_trip=EVERYWHERE, into=MUTANTS)
class KeepsTheLatest(Google):
    """Another content takes the place of what is stored under its UID."""

    def is_changed(self, received: Received) -> bool:
        return False

    def keep(self, received: Received) -> None:
        self.files[received.identity.instance] = self.sent.pop(received.identity.instance)
        Reference.keep(self, received)


@mutant(
    "google-single-part-retrieve",
    "google-retrieve-as-stored[quoted]",
    "google-retrieve-as-stored[bare]",
    "google-retrieve-as-stored[implicit]",
    may_trip=EVERYWHERE,
    into=MUTANTS,
)
class WritesInstancesAnew(Google):
    """The name of a patient is written in another way when an instance is retrieved."""

    def part10_of(self, instance: Instance, transfer_syntax: str, dataset: bytes) -> bytes:
        return super().part10_of(instance, transfer_syntax, dataset).replace(b"FRESH^", b"Fresh^")


@mutant("google-retrieve-as-stored[implicit]", may_trip=["retrieve", "negotiation"], into=MUTANTS)
class MakesImplicitExplicit(Google):
    """What was stored in Implicit VR Little Endian comes in Explicit VR where any transfer syntax will do."""

    def any_transfer_syntax(self, instance: Instance) -> str:
        return Reference.any_transfer_syntax(self, instance)


@mutant("google-decompresses", may_trip=["retrieve"], into=MUTANTS)
class SendsJpegAsStored(Google):
    """Instances in JPEG are sent as they are unless another transfer syntax is asked for."""

    def default_transfer_syntax(self, instance: Instance) -> str:
        if instance.transfer_syntax.startswith("1.2.840.10008.1.2.4"):
            return instance.transfer_syntax
        return super().default_transfer_syntax(instance)


@mutant(
    "google-unknown[study]", "google-unknown[series]", "google-unknown[instance]", may_trip=EVERYWHERE, into=MUTANTS
)
class UnknownBreaksTheServer(Google):
    """A retrieve of what is not there ends in 500."""

    def not_found(self, resource: Resource) -> Refusal:
        return Refusal(500, "An exception.")


@mutant(
    "google-stores-every-kind[private-sop-class]",
    "google-stores-every-kind[unknown-transfer-syntax]",
    may_trip=["google", "store", "messages"],
    into=MUTANTS,
)
class StoresWhatItKnows(Google):
    """SOP Classes and transfer syntaxes that are not DICOM's are refused."""

    def unwelcome(self, received: Received) -> Reason | None:
        known = received.identity.sop_class.startswith("1.2.840") and received.transfer_syntax.startswith("1.2.840")
        return super().unwelcome(received) if known else Reason.PROCESSING_FAILURE


@mutant("google-not-transcoded", may_trip=["google", "retrieve"], into=MUTANTS)
class GivesAFalseTransferSyntax(Google):
    """What cannot be transcoded is sent all the same, as Explicit VR Little Endian."""

    def deliverable(self, instance: Instance, transfer_syntax: str) -> bool:
        return transfer_syntax == EXPLICIT_VR_LITTLE_ENDIAN or super().deliverable(instance, transfer_syntax)


@mutant("google-storage-class", may_trip=["google"], into=MUTANTS)
class LosesWhatHasAStorageClass(Google):
    """What is stored with a storage class is not there afterwards."""

    def request_of(self, http: HttpRequest, body: bytes) -> Request:
        self.classed = "storage-class" in http.headers
        return super().request_of(http, body)

    def keep(self, received: Received) -> None:
        if not self.classed:
            super().keep(received)


@mutant("google-no-patient-id[missing]", "google-no-patient-id[empty]", may_trip=["store"], into=MUTANTS)
class WantsAPatientId(Google):
    """An instance without Patient ID is refused."""

    def unwelcome(self, received: Received) -> Reason | None:
        return super().unwelcome(received) if text_of(received.elements, "00100020") else Reason.PROCESSING_FAILURE
