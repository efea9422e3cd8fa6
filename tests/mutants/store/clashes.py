"""Defects that show where what is stored clashes with what is there, or only looks like a store."""

from __future__ import annotations

from starlette.responses import Response

from dicomweb_reference.archive import Resource
from dicomweb_reference.media_types import DICOM_JSON
from dicomweb_reference.messages import Request
from dicomweb_reference.outcomes import Received
from dicomweb_reference.server import Reference
from tests.mutants.mutant import Mutant, mutant

MUTANTS: list[Mutant] = []


@mutant("store-one-uid-in-two-series", into=MUTANTS, may_trip=["store"])
class SecondSeriesIgnored(Reference):
    """An instance whose UID is there in another series is said to be stored, and is not."""

    def keep(self, received: Received) -> None:
        identity = received.identity
        there = self.archive.instances(Resource(instance=identity.instance))
        if not any(each.series != identity.series for each in there):
            super().keep(received)


@mutant("store-form-data", into=MUTANTS)
class FormsSwallowed(Reference):
    """The form of a web page is answered 200, and nothing is stored of it."""

    def store(self, request: Request) -> Response:
        if (request.content_type or "").startswith("multipart/form-data"):
            return self.json_answer({}, DICOM_JSON)
        return super().store(request)
