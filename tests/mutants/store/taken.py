"""Defects that the checks of scenario store must notice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from starlette.responses import Response

from dicomweb_reference import elements
from dicomweb_reference.archive import Instance, Resource
from dicomweb_reference.dicom_json import Attribute, Model
from dicomweb_reference.media_types import MediaType
from dicomweb_reference.messages import Refusal, Request
from dicomweb_reference.multipart import Part
from dicomweb_reference.outcomes import Outcome, Reason, Received
from dicomweb_reference.server import Headers, Reference
from tests.mutants.mutant import EVERYWHERE, Mutant, mutant

MUTANTS: list[Mutant] = []


class StoresNothing(Reference):
    """Every store is answered 200, and nothing is kept."""

    def keep(self, received: Received) -> None:
        """Keep nothing."""


# What others store hangs on the plainest store.
mutant("store-multipart", may_trip=EVERYWHERE, into=MUTANTS, name="stores-nothing")(StoresNothing)
mutant(
    *("store-two-studies", "store-into-study", "store-single-part"),
    may_trip=EVERYWHERE,
    into=MUTANTS,
    name="stores-nothing-at-all",
)(StoresNothing)


def losing(name: str, where: str, *kills: str) -> None:
    """A server that loses instances behind a 200."""

    class Losing(Reference):
        def keep(self, received: Received) -> None:
            if loses(received):
                return
            super().keep(received)

    def loses(received: Received) -> bool:
        text = {tag: elements.text_of(received.elements, tag) for tag in ("00100020", "00200013", "00280010")}
        implicit = received.transfer_syntax == "1.2.840.10008.1.2"
        return {"implicit": implicit, "second": text["00200013"] == "2", "nameless": not text["00100020"]}[where]

    Losing.__doc__ = f"An instance is lost behind a 200: {name}."
    mutant(*kills, may_trip=EVERYWHERE, into=MUTANTS, name=f"loses-{name}")(Losing)


losing("one-in-implicit-vr", "implicit", "store-implicit")
losing("the-second-of-a-series", "second", "store-three-parts", "store-adds-to-series")
losing("one-without-patient-id", "nameless", "store-empty-patient-id")


@mutant("store-two-studies", "store-three-parts", may_trip=EVERYWHERE, into=MUTANTS)
class KeepsTheFirstPart(Reference):
    """Of several parts the first is stored and answered for; the answer is 200."""

    def payload_parts(self, request: Request) -> list[bytes]:
        return super().payload_parts(request)[:1]


@mutant("store-into-study", may_trip=["store"], into=MUTANTS)
class NoStoreIntoStudy(Reference):
    """A store to /studies/{study} is refused."""

    def store(self, request: Request) -> Response:
        if request.resource.study:
            raise Refusal(500, "An exception.")
        return super().store(request)


@mutant("store-single-part", into=MUTANTS)
class SinglePartBreaks(Reference):
    """A body without parts ends in 500."""

    def payload_parts(self, request: Request) -> list[bytes]:
        if (request.content_type or "") == "application/dicom":
            raise Refusal(500, "An exception.")
        return super().payload_parts(request)


def refusing(case: str, *marks: str) -> None:
    """A server whose multipart reader does not know a form that RFC 2046 allows."""

    class Refusing(Reference):
        def payload_parts(self, request: Request) -> list[bytes]:
            written = (request.content_type or "").encode() + b"\n" + request.body[:400]
            if any(mark.encode() in written for mark in marks):
                raise Refusal(400, "The request is malformed.")
            return super().payload_parts(request)

    Refusing.__doc__ = f"A good multipart message is refused: {case}."
    kill = f"store-multipart-grammar[{case}]"
    mutant(kill, may_trip=EVERYWHERE if case == "type-quoted" else (), into=MUTANTS, name=f"refuses-{case}")(Refusing)


refusing("type-quoted", 'type="application/dicom"')
refusing("boundary-quoted", 'boundary="')
refusing("boundary-of-70-characters", "b" * 60)
refusing("boundary-of-odd-characters", "it's(odd)")
refusing("boundary-with-a-blank", '"two words"')
refusing("preamble", "This is a message")
refusing("headers-in-other-order", "\r\nContent-Location: /instances/")
refusing("headers-in-other-case", "content-TYPE")


@mutant("store-multipart-grammar[type-unquoted]", into=MUTANTS)
class TypeUnquotedBreaks(Reference):
    """A type without quotation marks ends in 500."""

    def payload_parts(self, request: Request) -> list[bytes]:
        if "type=application/dicom" in (request.content_type or ""):
            raise Refusal(500, "An exception.")
        return super().payload_parts(request)


@mutant("store-ignores-query", into=MUTANTS)
class QueryRefused(Reference):
    """A query on a store is refused."""

    def store(self, request: Request) -> Response:
        if request.query:
            raise Refusal(400, "No parameters here.")
        return super().store(request)


@mutant("store-chunked", into=MUTANTS)
class ChunkedBodyDropped(Reference):
    """A chunked request is answered 200, and its instance is lost."""

    def request_of(self, http, body: bytes) -> Request:  # type: ignore[no-untyped-def]  # as the server's own
        request = super().request_of(http, body)
        self.chunked = "transfer-encoding" in http.headers
        return request

    def keep(self, received: Received) -> None:
        if not self.chunked:
            super().keep(received)


@mutant("store-twice", "store-other-version", may_trip=["store"], into=MUTANTS)
class SecondStoreBreaks(Reference):
    """A second store of an instance ends in 500."""

    def examine(self, octets: bytes, study: str | None) -> Outcome:
        outcome = super().examine(octets, study)
        if outcome.received and self.is_stored(outcome.received):
            raise Refusal(500, "A constraint of the database.")
        return outcome


@mutant("store-other-version", may_trip=["store", "search", "delete"], into=MUTANTS)
class SearchesTellOfTheFirstVersion(Reference):
    """Searches go on telling what the first data set says that came under a UID."""

    def instance_of(self, received: Received) -> Instance:
        instance = super().instance_of(received)
        first: dict[str, Instance] = vars(self).setdefault("first", {})
        return replace(instance, attributes=first.setdefault(instance.instance, instance).attributes)


@mutant("store-other-version", into=MUTANTS)
class VersionsMixed(Reference):
    """A second store changes the attributes and leaves the pixels."""

    def keep(self, received: Received) -> None:
        there = self.archive.instances(Resource(instance=received.identity.instance))
        if there:
            mixed = {**received.elements, "7FE00010": self.elements_of(there[0])["7FE00010"]}
            received = replace(
                received, elements=mixed, octets=elements.write(mixed), transfer_syntax="1.2.840.10008.1.2.1"
            )
        super().keep(received)


@mutant("store-foreign-study", "store-partly-foreign-study", may_trip=["store"], into=MUTANTS)
class StudyOfThePathIgnored(Reference):
    """The study in the path is not compared with that of the instance."""

    def refuse_reason(self, received: Received, study: str | None) -> Reason | None:
        return super().refuse_reason(received, None)


@mutant("store-without-study-uid", into=MUTANTS)
class UidsNotAskedFor(Reference):
    """An instance without Study Instance UID is answered 200."""

    def store_status(self, outcomes: Sequence[Outcome]) -> int:
        lacking = any(not outcome.identity.study and outcome.identity.instance for outcome in outcomes)
        return 200 if lacking else super().store_status(outcomes)


@mutant(
    "store-broken-multipart[cut-off]",
    "store-broken-multipart[boundary-that-never-occurs]",
    may_trip=["store"],
    into=MUTANTS,
)
class BadSyntaxOfOneKindIsSuccess(Reference):
    """A request of which no part can be read is answered 200, where its boundary is none in another case."""

    def payload_parts(self, request: Request) -> list[bytes]:
        try:
            return super().payload_parts(request)
        except Refusal as refusal:
            if refusal.status != 400 or b"malformed-boundary" in request.body:
                raise
            return []

    def store_status(self, outcomes: Sequence[Outcome]) -> int:
        return super().store_status(outcomes) if outcomes else 200


@mutant(
    "store-malformed[multipart-content-type]",
    "store-nothing[multipart-without-parts]",
    "store-nothing[no-body]",
    may_trip=["store"],
    into=MUTANTS,
)
class BadSyntaxIsSuccess(Reference):
    """A request of which no part can be read is answered 200."""

    def payload_parts(self, request: Request) -> list[bytes]:
        try:
            return super().payload_parts(request)
        except Refusal as refusal:
            if refusal.status != 400:
                raise
            return []

    def store_status(self, outcomes: Sequence[Outcome]) -> int:
        return super().store_status(outcomes) if outcomes else 200


@mutant(
    *(f"store-unsupported-media-type[{each}]" for each in ("image-bmp", "text-plain", "multipart-of-text")),
    may_trip=["store"],
    into=MUTANTS,
)
class MediaTypesRefusedWith400(Reference):
    """An unsupported media type is answered 400."""

    def payload_parts(self, request: Request) -> list[bytes]:
        try:
            return super().payload_parts(request)
        except Refusal as refusal:
            raise Refusal(400, "The request is malformed.") from refusal


@mutant("store-garbage", "store-garbage-beside-good", may_trip=["store"], into=MUTANTS)
class GarbageIsSuccess(Reference):
    """A part that is not DICOM is passed over, and the answer is 200."""

    def store_status(self, outcomes: Sequence[Outcome]) -> int:
        return 200 if any(outcome.garbage for outcome in outcomes) else super().store_status(outcomes)


@mutant("store-without-boundary", may_trip=["store"], into=MUTANTS)
class BoundaryMissingIsSuccess(Reference):
    """Without a boundary nothing is read, and the answer is 200."""

    def multipart_parts(self, body: bytes, boundary: str) -> list[Part]:
        if boundary:
            return super().multipart_parts(body, boundary)
        return [Part((("Content-Type", "application/dicom"),), b"")]

    def store_status(self, outcomes: Sequence[Outcome]) -> int:
        empty = len(outcomes) == 1 and outcomes[0].garbage
        return 200 if empty else super().store_status(outcomes)


@mutant("store-answer-is-a-module", may_trip=["store"], into=MUTANTS)
class AnswersOk(Reference):
    """The answer to a store is a vendor's own JSON."""

    def store_module(self, request: Request, outcomes: Sequence[Outcome]) -> Model:
        return {"result": {"ok": True}}


@mutant("store-answer-is-json[dicom-json]", "store-answer-is-a-module", may_trip=["store"], into=MUTANTS)
class AnswersInText(Reference):
    """The answer to a store is text."""

    def store_answer(self, request: Request, outcomes: Sequence[Outcome], media: MediaType) -> Response:
        return self.answer([b"Stored."], "text/plain", self.store_status(outcomes))


@mutant("store-answer-is-json[anything]", may_trip=["store"], into=MUTANTS)
class AnswersAnythingInText(Reference):
    """The answer to a store is text for whoever accepts anything."""

    def store_answer(self, request: Request, outcomes: Sequence[Outcome], media: MediaType) -> Response:
        if request.accept != "*/*":
            return super().store_answer(request, outcomes, media)
        return self.answer([b"Stored."], "text/plain", self.store_status(outcomes))


@mutant("store-answer-names-what-was-stored", may_trip=["store"], into=MUTANTS)
class AnswerListsTheFirst(Reference):
    """The answer lists one instance, however many were stored."""

    def store_module(self, request: Request, outcomes: Sequence[Outcome]) -> Model:
        return super().store_module(request, [outcome for outcome in outcomes if outcome.stored][:1])


@mutant("store-answer-names-what-was-stored", may_trip=["store"], into=MUTANTS)
class AnswerListsTwice(Reference):
    """The answer lists each instance twice."""

    def store_module(self, request: Request, outcomes: Sequence[Outcome]) -> Model:
        return super().store_module(request, [outcome for outcome in outcomes for _ in range(2)])


@mutant("store-answer-refers-by-class-and-instance", may_trip=["store"], into=MUTANTS)
class AnswerRefersByOtherAttributes(Reference):
    """The items of the answer have SOP Class UID and SOP Instance UID in place of the referenced ones."""

    def sop_reference(self, outcome: Outcome) -> Model:
        names = {"00081150": "00080016", "00081155": "00080018"}
        return {names[tag]: each for tag, each in super().sop_reference(outcome).items()}


@mutant("store-retrieve-url-of-instance", "store-two-studies", into=MUTANTS)
class RetrieveUrlOfTheFirst(Reference):
    """Every item of the answer has the Retrieve URL of the first."""

    def store_module(self, request: Request, outcomes: Sequence[Outcome]) -> Model:
        module = super().store_module(request, outcomes)
        items = module.get("00081199", {}).get("Value", [])
        for item in items:
            item["00081190"] = items[0]["00081190"]
        return module


@mutant("store-answer-names-what-was-refused", may_trip=["store"], into=MUTANTS)
class FailureWithoutReason(Reference):
    """A refused instance is listed without a reason."""

    def failed_item(self, outcome: Outcome) -> Model:
        return self.sop_reference(outcome)


@mutant("store-retrieve-url-of-study", into=MUTANTS)
class StudyUrlOfTheBase(Reference):
    """The Retrieve URL of the answer is that of all studies."""

    def study_retrieve_url(self, request: Request, outcomes: Sequence[Outcome]) -> Attribute:
        return {"vr": "UR", "Value": [f"{request.base}/studies"]}


@mutant("store-unacceptable", into=MUTANTS)
class UnacceptableGetsNothing(Reference):
    """A store whose answer is not acceptable is answered 200 with a page."""

    def store(self, request: Request) -> Response:
        if request.accept == "image/bmp":
            return self.answer([b"<p>stored</p>"], "text/html", 200)
        return super().store(request)

    def store_location(self, request: Request, outcomes: Sequence[Outcome]) -> Headers:
        return super().store_location(request, outcomes)
