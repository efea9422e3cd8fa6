"""Defects that the checks of malformed payloads must notice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from starlette.responses import Response

from dicomweb_conformance.scenarios.store.malformed_payloads import FAMILIES
from dicomweb_reference import elements, multipart
from dicomweb_reference.archive import Instance
from dicomweb_reference.media_types import DICOM_JSON, MediaType
from dicomweb_reference.messages import Refusal, Request
from dicomweb_reference.multipart import Part
from dicomweb_reference.outcomes import Outcome, Reason, Received
from dicomweb_reference.server import Reference
from dicomweb_reference.transactions.store_metadata import BulkData
from tests.mutants.mutant import Mutant, mutant

MUTANTS: list[Mutant] = []


def of(form: str, *families: str) -> tuple[str, ...]:
    """Return the checks of families; all of that form where none is named."""
    slug = "store-malformed" if form == "files" else f"store-malformed-{form}"
    chosen = [family.id for family in FAMILIES if family.form == form and (not families or family.id in families)]
    assert len(chosen) == len(families) or not families
    return tuple(f"{slug}[{each}]" for each in chosen)


EVERY = (*of("files"), *of("json"), *of("bulk-data"), *of("xml"))
OF_PARTS = of("files", "multipart-delimiters", "multipart-part-headers")
NAMED = tuple(each for each in EVERY if each not in OF_PARTS)
"""Those that no other tells of where a message without parts is a success."""


class _Refuses(Reference):
    """Refuses in another way: `refused` gives the answer in the place of a 4xx."""

    def refused(self, request: Request) -> Response:
        raise NotImplementedError  # each server below says how

    def store(self, request: Request) -> Response:
        try:
            response = super().store(request)
        except Refusal as refusal:
            if refusal.status == 406:
                raise
            return self.refused(request)
        return response if response.status_code < 400 else self.refused(request)


@mutant(*EVERY, may_trip=["store", "xml", "google"], tiers=["unsafe"], into=MUTANTS)
class BreaksOnWhatItRefuses(_Refuses):
    """Whatever cannot be stored ends in 500."""

    def refused(self, request: Request) -> Response:
        raise Refusal(500, "An exception.")


@mutant(*NAMED, may_trip=["store", "xml", "google"], tiers=["unsafe"], into=MUTANTS)
class RefusesWith200(_Refuses):
    """Whatever cannot be stored is answered 200, and the answer names nothing."""

    def refused(self, request: Request) -> Response:
        return self.json_answer({"00081190": {"vr": "UR"}}, DICOM_JSON)


@mutant(*NAMED, may_trip=["store", "xml", "google"], tiers=["unsafe"], into=MUTANTS)
class RefusesWith204(_Refuses):
    """Whatever cannot be stored is answered 204, as if it had been."""

    def refused(self, request: Request) -> Response:
        return Response(status_code=204)


@mutant(*OF_PARTS, may_trip=["store", "google"], into=MUTANTS)
class RefusesPartsWith200(_Refuses):
    """A message whose parts cannot be taken is answered 200 and names nothing, where its boundary occurs in it."""

    def store(self, request: Request) -> Response:
        known = "boundary=malformed-boundary" in (request.content_type or "")
        return super().store(request) if known else Reference.store(self, request)

    def refused(self, request: Request) -> Response:
        return self.json_answer({"00081190": {"vr": "UR"}}, DICOM_JSON)


@mutant(
    *of("files", "no-files", "cut-files", "lengths", "missing-uids", "sop-uids", "uids", "sequences"),
    may_trip=["store", "xml"],
    into=MUTANTS,
)
class ListsWhatItDoesNotKeep(Reference):
    """Whatever is refused is listed as stored all the same, with 200."""

    def store_answer(self, request: Request, outcomes: Sequence[Outcome], media: MediaType) -> Response:
        return super().store_answer(request, [replace(outcome, failure=None) for outcome in outcomes], media)


@mutant(*of("files", "file-meta", "transfer-syntax", "uids", "values", "elements", "pixel-data"), into=MUTANTS)
class KeepsWhatItRefuses(Reference):
    """A file with a fault is refused with 409, and kept."""

    def refuse_reason(self, received: Received, study: str | None) -> Reason | None:
        reason = super().refuse_reason(received, study)
        if reason and received.fault:
            self.keep(received)
        return reason


@mutant(*of("files", "cut-files"), into=MUTANTS)
class FillsUpWhatIsCut(Reference):
    """A file that ends too early is stored with nulls for what is missing, behind a 200."""

    def examine(self, octets: bytes, study: str | None) -> Outcome:
        outcome = super().examine(octets, study)
        return super().examine(octets + bytes(40), study) if outcome.failure else outcome


@mutant(*of("files", "multipart-second-part"), may_trip=["store"], into=MUTANTS)
class StoresUpToTheBreak(Reference):
    """Of a message that breaks off the whole parts are stored, and the answer is 200."""

    def multipart_parts(self, body: bytes, boundary: str) -> list[Part]:
        try:
            return super().multipart_parts(body, boundary)
        except Refusal:
            whole = body[: max(body.rfind(f"--{boundary}".encode()), 0)]
            return multipart.read(whole + f"--{boundary}--\r\n".encode(), boundary) if whole else []


@mutant(*of("files", "file-meta", "values"), may_trip=["store"], freedoms=["faults-borne-with"], into=MUTANTS)
class SendsTheUnsoundWithoutPrefix(Reference):
    """What was stored in spite of a fault comes back as no file."""

    def part10_of(self, instance: Instance, transfer_syntax: str, dataset: bytes) -> bytes:
        octets = super().part10_of(instance, transfer_syntax, dataset)
        return octets[132:] if b"-MALFORMED-" in dataset else octets


@mutant(*of("bulk-data", "elsewhere"), may_trip=["store"], into=MUTANTS)
class MissesNoBulkData(Reference):
    """An instance whose bulk data are not in the request is stored without them, behind a 200."""

    def refuse_unreferenced(self, models: Sequence[object], bulk_data: BulkData) -> None:
        """Refuse nothing."""

    def described_instance(self, model: dict[str, dict[str, object]], bulk_data: BulkData) -> bytes | Outcome:
        pixels = model.get(elements.PIXEL_DATA, {}).get("BulkDataURI")
        whole = pixels is None or pixels in bulk_data
        kept = model if whole else {tag: each for tag, each in model.items() if tag[:4] not in {"7FE0", "0028"}}
        return super().described_instance(kept, bulk_data)
