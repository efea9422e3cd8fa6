"""Defects in what comes where nothing more than the kind of answer is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from starlette.responses import Response

from dicomweb_reference.archive import Instance
from dicomweb_reference.elements import Elements
from dicomweb_reference.media_types import MediaType
from dicomweb_reference.messages import Refusal, Request
from dicomweb_reference.multipart import Part
from dicomweb_reference.server import Reference
from tests.mutants.mutant import EVERYWHERE, Mutant, mutant

MUTANTS: list[Mutant] = []
DEFLATED, JPEG_BASELINE = "1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.4.50"


@mutant("negotiation-lossy-by-default", may_trip=EVERYWHERE, into=MUTANTS)
class CodestreamsTouched(Reference):
    """A codestream of JPEG loses its marker at the end on its way out."""

    def transcode(self, instance: Instance, transfer_syntax: str) -> bytes:
        octets = super().transcode(instance, transfer_syntax)
        return octets.replace(b"\xff\xd9", b"\xff\xd8") if transfer_syntax == JPEG_BASELINE else octets


@mutant(
    "negotiation-lossy-by-default", may_trip=["negotiation", "retrieve"], freedoms=["lossy-is-decoded"], into=MUTANTS
)
class DecodedAsIfNothingWasLost(Reference):
    """Of a lossy image that is decoded nothing says that it was lossy."""

    def native(self, instance: Instance, content: Elements) -> Elements:
        decoded = super().native(instance, content)
        return {tag: element for tag, element in decoded.items() if not tag.startswith("002821")}


@mutant("negotiation-deflated-by-default", may_trip=EVERYWHERE, into=MUTANTS)
class DeflatedAsStored(Reference):
    """What is stored deflated comes deflated, whoever asks."""

    def transfer_syntax_for(self, instance: Instance, wanted: Sequence[tuple[str | None, float]]) -> str | None:
        stored = instance.transfer_syntax
        return stored if stored == DEFLATED else super().transfer_syntax_for(instance, wanted)


@mutant("negotiation-one-frame-of-a-multi-frame", may_trip=EVERYWHERE, into=MUTANTS)
class MultiFramesWantNumbers(Reference):
    """What is of a multi-frame SOP Class is rendered frame by frame only, however many frames there are."""

    def retrieve_rendered(self, request: Request) -> Response:
        for instance in self.archive.instances(request.resource):
            if instance.sop_class == "1.2.840.10008.5.1.4.1.1.7.3" and not request.frames:
                raise Refusal(500, "An exception.")
        return super().retrieve_rendered(request)


@mutant("charset-that-cannot-hold-the-text", may_trip=EVERYWHERE, into=MUTANTS)
class LettersBecomeQuestions(Reference):
    """Text has a question mark for what the character set asked for does not have."""

    def text(self, request: Request, content: Elements, media: MediaType) -> tuple[bytes, str]:
        octets, label = super().text(request, content, media)
        if request.accept_charset and media.name == "text/html":
            return octets.decode("utf-8").encode("ascii", "replace").replace(b"&#", b"?"), label
        return octets, label


@mutant("negotiation-type-of-each-part", may_trip=EVERYWHERE, into=MUTANTS)
class DocumentsAmongBulkData(Reference):
    """Bulk data of a study with a document come as the type that this server likes best."""

    def all_bulk_data(self, request: Request, instances: Sequence[Instance]) -> list[Part]:
        parts = super().all_bulk_data(request, instances)
        return [replace(part, headers=(("Content-Type", "application/x-stored"), *part.headers[1:])) for part in parts]
