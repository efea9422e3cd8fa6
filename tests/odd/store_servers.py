"""Servers that are odd in how they store."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import replace

from starlette.responses import JSONResponse, Response

from dicomweb_reference import elements
from dicomweb_reference.archive import Instance, Resource
from dicomweb_reference.dicom_json import Attribute, Model
from dicomweb_reference.levels import Level
from dicomweb_reference.matching import Query
from dicomweb_reference.media_types import MediaType
from dicomweb_reference.messages import Refusal, Request
from dicomweb_reference.multipart import Part
from dicomweb_reference.outcomes import Outcome, Reason, Received
from dicomweb_reference.server import Reference, Step
from tests.odd.odd import Odd, odd

ODD: list[Odd] = []

_LABELS = ("content-length", "content-location", "transfer-syntax", "all", "other-transfer-syntax")
ENCAPSULATED_PDF = b"1.2.840.10008.5.1.4.1.1.104.1"
_PIXELS = {"7FE00008", "7FE00009", "7FE00010"}
_TOLD_BY_IMAGES = (
    *(
        "search-studies",
        "search-series-of-a-study",
        "search-matches-study[ModalitiesInStudy]",
        "search-one-of-several-values",
    ),
    *("search-multiple-value-matching", "metadata-is-whole[study]", "metadata-equal-the-instance"),
    *("retrieve-study-is-whole", "retrieve-series-is-whole", "bulkdata-by-uri", "frames-of-an-image"),
)
"""Checks of studies whose documents only fill a place."""
AT_A_STUDY = (
    *("store-into-study", "store-foreign-study", "store-partly-foreign-study", "store-multipart"),
    *("store-partly-foreign[good-good-foreign]", "store-all-refused[one-reason]", "store-all-refused[several-reasons]"),
    *("store-many-instances[study]", "store-many-instances[studies]", "store-answer-names-what-was-refused"),
)


@odd("xml", checks=AT_A_STUDY, into=ODD)
class StoresAtStudiesOnly(Reference):
    """A store is taken at `/studies` only: `POST /studies/{study}` is answered 405."""

    def resources(self) -> dict[str, dict[str, Step]]:
        tree = super().resources()
        del tree["/studies/{study}"]["POST"]
        return tree


@odd(into=ODD, checks=("store-two-clients-at-once", "store-multipart", "store-adds-to-series", "store-three-parts"))
class OneWriterForEachStudy(Reference):
    """While one client stores into a study, another is answered 409 with a Failure Reason: it may come again."""

    refused: frozenset[str] = frozenset()

    def examined(self, request: Request) -> list[Outcome]:
        outcomes = super().examined(request)
        busy = [outcome for outcome in outcomes if self.is_written_by_another(outcome)]
        self.refused |= {each.identity.instance for each in busy}
        return [
            Outcome(outcome.identity, Reason.PROCESSING_FAILURE) if outcome in busy else outcome for outcome in outcomes
        ]

    def is_written_by_another(self, outcome: Outcome) -> bool:
        stored = self.archive.instances(Resource(outcome.identity.study))
        others = bool(stored) and all(each.series != outcome.identity.series for each in stored)
        return others and outcome.identity.instance not in self.refused


@odd(checks=("store-multipart", "store-malformed[pixel-data]", "store-malformed[cut-files]"), into=ODD)
class TruncatedFilesKept(Reference):
    """A file that ends within Pixel Data is stored as it is, without a word, and comes back as it was sent."""

    def examine(self, octets: bytes, study: str | None) -> Outcome:
        outcome = super().examine(octets, study)
        at = octets.rfind(b"\xe0\x7f\x10\x00OW\0\0")
        lacking = at + 12 + int.from_bytes(octets[at + 8 : at + 12], "little") - len(octets)
        if outcome.stored or at < 0 or lacking <= 0:
            return outcome
        whole = super().examine(octets + bytes(lacking), study)
        if whole.received is None:
            return outcome
        return replace(whole, received=replace(whole.received, octets=whole.received.octets[:-lacking]))


@odd(
    checks=(
        *("store-multipart", "store-broken-multipart[cut-off]", "store-broken-multipart[boundary-that-never-occurs]"),
        *("store-malformed[multipart-content-type]", "store-malformed[multipart-delimiters]"),
    ),
    into=ODD,
)
class NothingSaidOfWhatCannotBeRead(Reference):
    """A message that cannot be read is answered 200 with no item, and a Retrieve URL of a study called unknown."""

    def examined(self, request: Request) -> list[Outcome]:
        try:
            return super().examined(request)
        except Refusal as refusal:
            if refusal.status != 400:
                raise
            return []

    def store_status(self, outcomes: Sequence[Outcome]) -> int:
        return super().store_status(outcomes) if outcomes else 200

    def store_module(self, request: Request, outcomes: Sequence[Outcome]) -> Model:
        if outcomes:
            return super().store_module(request, outcomes)
        return {"00081190": {"vr": "UR", "Value": ["/studies/unknown"]}}


PARTLY = tuple(
    f"store-partly-refused[{each}]" for each in ("good-good-bad", "good-bad-good", "bad-good-good", "bad-bad-good")
)


@odd(checks=("store-multipart", *PARTLY), into=ODD)
class RefusalsAreUnknown(Reference):
    """A store in part is answered 409, and what is refused is called unknown."""

    def store_status(self, outcomes: Sequence[Outcome]) -> int:
        return 200 if all(outcome.stored for outcome in outcomes) else 409

    def failed_item(self, outcome: Outcome) -> Model:
        unknown: Attribute = {"vr": "UI", "Value": ["unknown"]}
        return {**super().failed_item(outcome), "00081150": unknown, "00081155": unknown}


@odd(checks=("store-multipart", *PARTLY, "store-garbage-beside-good"), into=ODD)
class ReasonsAreWords(Reference):
    """A Failure Reason is a sentence."""

    def failed_item(self, outcome: Outcome) -> Model:
        reason: Attribute = {"vr": "US", "Value": ["missing or invalid StudyInstanceUID"]}
        return {**super().failed_item(outcome), "00081197": reason}

    def store_status(self, outcomes: Sequence[Outcome]) -> int:
        return 200 if all(outcome.stored for outcome in outcomes) else 409


@odd(
    checks=(
        "store-multipart",
        "store-malformed[values]",
        "store-malformed[pixel-data]",
        "store-malformed[missing-uids]",
    ),
    freedoms=frozenset({"faults-borne-with"}),
    into=ODD,
)
class WhatIsMalformedIsNotFound(Reference):
    """What is stored in spite of a fault is retrieved by its UIDs, and no search lists it."""

    def keep(self, received: Received) -> None:
        self._malformed = {*self._malformed, received.identity.instance} if received.fault else self._malformed
        super().keep(received)

    _malformed: Set[str] = frozenset()

    def match(self, entity: Instance, query: Query) -> bool:
        return entity.instance not in self._malformed and super().match(entity, query)


@odd(
    checks=("store-multipart", "store-round-trip[pdf]", "rendered-document[pdf]", "xml-metadata-values[document]"),
    into=ODD,
)
class DocumentsBreakTheStore(Reference):
    """A store of an encapsulated document ends in 500."""

    def examine(self, octets: bytes, study: str | None) -> Outcome:
        if ENCAPSULATED_PDF in octets:
            raise Refusal(500, "An exception.")
        return super().examine(octets, study)


@odd(
    checks=("store-multipart", "store-round-trip[ct_pair]", "store-round-trip[two_series]", "store-round-trip[pdf]"),
    into=ODD,
)
class DocumentsAreLost(Reference):
    """Encapsulated documents and structured reports are answered 200, and not kept."""

    def keep(self, received: Received) -> None:
        if elements.text_of(received.elements, "00080060") not in {"DOC", "SR"}:
            super().keep(received)


@odd(
    checks=(
        *("store-multipart", "store-round-trip[pdf]", "frames-of-no-image", "rendered-report-as-text[html]"),
        *_TOLD_BY_IMAGES,
    ),
    passes=_TOLD_BY_IMAGES,
    into=ODD,
)
class ImagesOnly(Reference):
    """Whatever has no pixels is refused: its SOP Class is not supported."""

    def unwelcome(self, received: Received) -> Reason | None:
        return super().unwelcome(received) if _PIXELS & received.elements.keys() else Reason.SOP_CLASS_NOT_SUPPORTED


FORMS = tuple(
    f"store-multipart-grammar[{each}]"
    for each in ("type-quoted", "boundary-quoted", "type-unquoted", "preamble", "epilogue", "boundary-with-a-blank")
)
STORES = (
    *("store-multipart", "store-two-studies", "store-into-study", "store-without-study-uid", "store-json-bulk"),
    *("store-xml-bulk", "store-three-parts", "store-single-part", *FORMS),
)


@odd(checks=(*STORES, "search-studies", "retrieve-instance-is-that-one"), into=ODD)
class NoStoreWorks(Reference):
    """Whatever is sent to be stored ends in 500."""

    def store(self, request: Request) -> Response:
        raise Refusal(500, "An exception.")


@odd(
    checks=(*STORES, "search-studies", "retrieve-instance-is-that-one"),
    passes=("search-studies", "retrieve-instance-is-that-one", "store-multipart-grammar[boundary-quoted]"),
    into=ODD,
)
class BoundariesNeedQuotationMarks(Reference):
    """A multipart message whose boundary stands in no quotation marks ends in 500."""

    def store(self, request: Request) -> Response:
        if 'boundary="' not in (request.content_type or ""):
            raise Refusal(500, "An exception.")
        return super().store(request)


@odd(checks=(*(f"store-part-headers[{each}]" for each in _LABELS), "store-multipart"), into=ODD)
class PartsWithTransferSyntaxAreLost(NothingSaidOfWhatCannotBeRead):
    """A part whose Content-Type names a transfer syntax is passed over, and the answer is 200."""

    def multipart_parts(self, body: bytes, boundary: str) -> list[Part]:
        parts = super().multipart_parts(body, boundary)
        return [part for part in parts if "transfer-syntax" not in str(part.headers)]


ANSWERED = ("store-answer-is-a-module", "store-answer-names-what-was-stored", "store-multipart", "store-three-parts")


@odd(checks=ANSWERED, passes=("store-multipart", "store-three-parts"), into=ODD)
class AnswersStoresInJsonOfItsOwn(Reference):
    """A store that works is answered with a status and a count in JSON, and with no module."""

    def store(self, request: Request) -> Response:
        response = super().store(request)
        count = request.body.count(b"DICM")
        own = {"status": "accepted", "stored": count, "instances": [{"url": "/studies/7"}]}
        return JSONResponse(own, 200) if response.status_code == 200 else response


@odd(checks=("store-multipart", "store-two-studies"), into=ODD)
class ShowsWhatItHoldsInItsOwnWay(Reference):
    """What is stored is not retrieved, and searches list it in an object of the server's own."""

    def retrieve(self, request: Request) -> Response:
        raise Refusal(404, "There is no such resource.")

    def search(self, request: Request, level: Level) -> Response:
        return JSONResponse({"found": [each.resource().path for each in self.candidates(level, request.resource)]})

    def metadata(self, request: Request) -> Response:
        raise Refusal(404, "There is no such resource.")


@odd(checks=("store-ordinary-size", "store-multipart", "store-many-instances[studies]"), into=ODD)
class OneMegabyteIsTaken(Reference):
    """A request of more than a megabyte is answered 413, as by a proxy that nobody told otherwise."""

    def store(self, request: Request) -> Response:
        if len(request.body) > 1 << 20:
            raise Refusal(413, "The request is too large.")
        return super().store(request)


@odd(
    checks=(
        *("store-multipart", "store-answer-is-a-module"),
        *("store-answer-is-json[dicom-json]", "store-answer-is-json[anything]"),
    ),
    passes=("store-answer-is-a-module",),
    into=ODD,
)
class StoreAnswersAreCalledDicom(Reference):
    """The module that answers a store is JSON, and is called application/dicom."""

    def store_answer(self, request: Request, outcomes: Sequence[Outcome], media: MediaType) -> Response:
        answer = super().store_answer(request, outcomes, media)
        answer.headers["Content-Type"] = "application/dicom"
        return answer
