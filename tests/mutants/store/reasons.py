"""Defects in what is not taken or kept as it is, in what is said of that, and in the type of the answer."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.responses import Response

from dicomweb_reference import elements
from dicomweb_reference.dicom_json import Model, with_values
from dicomweb_reference.media_types import DICOM_JSON, DICOM_XML, MediaType
from dicomweb_reference.messages import Refusal, Request
from dicomweb_reference.outcomes import Outcome, Reason, Received
from dicomweb_reference.server import Headers, Reference
from tests.mutants.mutant import Mutant, Unexamined, mutant

MUTANTS: list[Mutant] = []


@mutant("store-image-without-rows", may_trip=["store"], into=MUTANTS)
class LosesImagesWithoutRows(Unexamined):
    """An image without Rows is answered 200, and lost."""

    def keep(self, received: Received) -> None:
        if elements.text_of(received.elements, "00280010") or "7FE00010" not in received.elements:
            super().keep(received)


@mutant("store-unknown-transfer-syntax", may_trip=["store"], into=MUTANTS)
class UnknownTransferSyntaxBreaks(Reference):
    """An instance in an unknown transfer syntax ends in 500."""

    def examine(self, octets: bytes, study: str | None) -> Outcome:
        outcome = super().examine(octets, study)
        if outcome.failure is Reason.TRANSFER_SYNTAX_NOT_SUPPORTED:
            raise Refusal(500, "An exception.")
        return outcome


@mutant("store-private-sop-class", may_trip=["store"], into=MUTANTS)
class LosesPrivateSopClasses(Reference):
    """An instance of a SOP Class of its own is answered 200, and lost."""

    def keep(self, received: Received) -> None:
        if received.identity.sop_class.startswith("1.2.840.10008.5.1.4."):
            super().keep(received)


@mutant("store-coercion-is-recorded", may_trip=["store"], into=MUTANTS)
class WarnsOfNothing(Reference):
    """Each instance is stored as it was sent, with the warning that it was coerced."""

    def warning_reason(self, received: Received) -> Reason | None:
        return Reason.COERCION


@mutant(
    "store-names-what-was-created[location]",
    "store-names-what-was-created[content-location]",
    may_trip=["store"],
    into=MUTANTS,
)
class LocationOfAnotherStudy(Reference):
    """Location and Content-Location name a study that there is not."""

    def store_location(self, request: Request, outcomes: Sequence[Outcome]) -> Headers:
        url = f"{request.base}/studies/2.25.1"
        return [(name, url) for name, _ in super().store_location(request, outcomes)]


@mutant(
    "store-names-what-was-created[location]",
    "store-names-what-was-created[content-location]",
    may_trip=["store"],
    into=MUTANTS,
)
class LocationHasBackslash(Reference):
    """Location and Content-Location have a backslash before the resource."""

    def store_location(self, request: Request, outcomes: Sequence[Outcome]) -> Headers:
        return [(name, url.replace("/studies", "\\studies")) for name, url in super().store_location(request, outcomes)]


class Negotiating(Reference):
    """The answer to a store is in the type that `always` says, where Accept lists several."""

    always = DICOM_JSON

    def negotiate(self, request: Request, offers: Sequence[MediaType]) -> MediaType:
        weighed = DICOM_JSON in offers and DICOM_XML in offers and ";q=" in (request.accept or "")
        return self.always if weighed and request.method == "POST" else super().negotiate(request, offers)


@mutant("store-answer-of-highest-quality[xml-over-json]", into=MUTANTS)
class JsonWhateverItsWeight(Negotiating):
    """The answer to a store is in JSON, though XML has more weight."""


@mutant("store-answer-of-highest-quality[json-over-xml]", into=MUTANTS)
class XmlWhateverItsWeight(Negotiating):
    """The answer to a store is in XML, though JSON has more weight."""

    always = DICOM_XML


@mutant("store-without-accept", into=MUTANTS)
class StoreNeedsAccept(Reference):
    """A store without Accept ends in 500."""

    def store(self, request: Request) -> Response:
        if request.accept is None:
            raise Refusal(500, "An exception.")
        return super().store(request)


@mutant("store-malformed-accept", into=MUTANTS)
class MalformedAcceptBreaks(Reference):
    """An Accept with an element that is no media type ends in 500."""

    def store(self, request: Request) -> Response:
        if "bogus" in (request.accept or ""):
            raise Refusal(500, "An exception.")
        return super().store(request)


# What the answers of all stores are looked at for


@mutant("message[STORE-011]", freedoms=["coerces-with-warning"], may_trip=["store", "xml"], into=MUTANTS)
class WarnedIsConflict(Reference):
    """What is stored with a warning is answered 409."""

    def store_status(self, outcomes: Sequence[Outcome]) -> int:
        status = super().store_status(outcomes)
        return 409 if status == 202 and all(outcome.stored for outcome in outcomes) else status


@mutant("message[STORE-033]", "store-foreign-study", may_trip=["store", "xml"], into=MUTANTS)
class OutOfResourcesIsSuccess(Reference):
    """A refused instance is said to have been too much, and the answer is 200."""

    def failed_item(self, outcome: Outcome) -> Model:
        return self.sop_reference(outcome) | {"00081197": with_values("US", [0xA700])}

    def store_status(self, outcomes: Sequence[Outcome]) -> int:
        return 200


@mutant("message[STORE-040]", freedoms=["coerces-with-warning"], may_trip=["store", "xml"], into=MUTANTS)
class TwoWarnings(Reference):
    """A Warning Reason has two values."""

    def referenced_item(self, request: Request, outcome: Outcome) -> Model:
        item = super().referenced_item(request, outcome)
        return item | {"00081196": with_values("US", [0xB000, 0xB006])} if "00081196" in item else item


@mutant("message[STORE-043]", may_trip=["store", "xml"], into=MUTANTS)
class ChangesOfNobody(Reference):
    """Items of the answer say what was changed, and not by whom or when."""

    def referenced_item(self, request: Request, outcome: Outcome) -> Model:
        changed = with_values("SQ", [{"04000550": with_values("SQ", [{}])}])
        return super().referenced_item(request, outcome) | {"04000561": changed}
