"""Servers whose statuses and silences are odd: one habit is one failure or deviation, however often it shows."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from starlette.responses import Response

from dicomweb_reference.archive import Instance
from dicomweb_reference.levels import Level
from dicomweb_reference.media_types import MediaType
from dicomweb_reference.messages import Refusal, Request
from dicomweb_reference.outcomes import Outcome
from dicomweb_reference.server import Reference
from tests.odd.odd import Odd, odd

ODD: list[Odd] = []

TAKEN = ("store-multipart", "store-two-studies", "store-into-study", "store-three-parts", "store-adds-to-series")
ANSWERS = ("store-answer-is-a-module", "store-answer-names-what-was-stored", "store-answer-is-json[anything]")


@odd("retrieve", "frames", "bulkdata", "rendered", "thumbnail", "negotiation", into=ODD)
class NotAcceptableIs400(Reference):
    """What is not acceptable is answered 400, whatever the resource."""

    def not_acceptable(self, offers: Sequence[MediaType]) -> MediaType:
        raise Refusal(400, "None of the media types is supported.")


@odd(
    checks=(
        *("frames-as-jpeg", "frames-single-part-of-two", "rendered-level-as-single-part[study]", "store-unacceptable"),
        *("retrieve-never-implicit", "metadata-unacceptable[unknown-type]"),
    ),
    into=ODD,
)
class NotAcceptableIs415(Reference):
    """What is not acceptable is answered 415, whatever the resource."""

    def refusal(self, refusal: Refusal) -> Response:
        return super().refusal(replace(refusal, status=415) if refusal.status == 406 else refusal)


@odd(
    checks=(
        *("frames-no-number[word]", "negotiation-mixed-with-png", "rendered-icc-profile-of-gif"),
        *("search-invalid-value[limit=abc]", "rendered-ill-formed-viewport[zero]"),
        *("frames-descending", "frames-some-missing", "frames-beyond-the-last[of-one-frame]", "frames-zero"),
        *("negotiation-parameter-takes-no-wildcard", "rendered-unknown-annotation", "rendered-icc-profile[adobergb]"),
        *("rendered-frame-out-of-range[zero]", "search-empty-key", "search-wild-card-in-a-uid"),
        "negotiation-transfer-syntax-of-a-picture",
    ),
    freedoms=frozenset({"frame-lists-strict", "unknown-annotation-is-400"}),
    into=ODD,
)
class WhatIsInvalidIs422(Reference):
    """What is invalid is answered 422, as frameworks do."""

    def negotiate(self, request: Request, offers: Sequence[MediaType]) -> MediaType:
        if "accept=*/*" in request.query or "jpeg; transfer-syntax" in (request.accept or ""):
            raise Refusal(400, "A media type is invalid.")
        return super().negotiate(request, offers)

    def search(self, request: Request, level: Level) -> Response:
        if re.search("PatientName=(&|$)|StudyInstanceUID=[0-9.]*[*]", request.query):
            raise Refusal(400, "A value is invalid.")
        return super().search(request, level)

    def refusal(self, refusal: Refusal) -> Response:
        return super().refusal(replace(refusal, status=422) if refusal.status == 400 else refusal)


@odd("retrieve", into=ODD)
class ImplicitForItsUid(Reference):
    """An instance in Implicit VR Little Endian comes so to whom names that transfer syntax."""

    def deliverable(self, instance: Instance, transfer_syntax: str) -> bool:
        return transfer_syntax == instance.transfer_syntax or super().deliverable(instance, transfer_syntax)


@odd(checks=(*TAKEN, *ANSWERS), into=ODD, passes=TAKEN)
class StoresAreAccepted(Reference):
    """A store of which everything was kept is answered 202."""

    def store_status(self, outcomes: Sequence[Outcome]) -> int:
        status = super().store_status(outcomes)
        return 202 if status == 200 else status


@odd(checks=(*TAKEN, *ANSWERS), into=ODD, passes=TAKEN)
class StoresInSilence(Reference):
    """A store that works is answered 200 and nothing more."""

    def store(self, request: Request) -> Response:
        response = super().store(request)
        return Response(status_code=200) if response.status_code == 200 else response


@odd("json_bulk", "xml_bulk", checks=("store-malformed-json[unreadable]", "store-malformed-xml[entities]"), into=ODD)
class OtherFormsAreConflicts(Reference):
    """Whatever is stored as metadata is answered 409."""

    def store(self, request: Request) -> Response:
        if "dicom+" in (request.content_type or ""):
            raise Refusal(409, "Files only.")
        return super().store(request)
