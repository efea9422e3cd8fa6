"""Defects of the google flavour in metadata, studies by default, and what it does not offer."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence

from starlette.requests import Request as HttpRequest
from starlette.responses import Response

from dicomweb_reference.archive import Instance
from dicomweb_reference.dicom_json import Attribute, Model, with_values
from dicomweb_reference.elements import PIXEL_DATA, Element
from dicomweb_reference.google import Google
from dicomweb_reference.messages import Refusal, Request
from dicomweb_reference.multipart import Part
from dicomweb_reference.server import Step
from tests.mutants.mutant import EVERYWHERE, Mutant, mutant

MUTANTS: list[Mutant] = []


@mutant("google-metadata-as-search", may_trip=EVERYWHERE, into=MUTANTS)
class LeavesOutTheBirthday(Google):
    """Metadata lack Patient's Birth Date."""

    def metadata_of(self, instance: Instance, request: Request) -> Model:
        return {tag: each for tag, each in super().metadata_of(instance, request).items() if tag != "00100030"}


@mutant("google-metadata-group-2", may_trip=EVERYWHERE, into=MUTANTS)
class NamesTheSyntaxItWouldSend(Google):
    """Metadata name Explicit VR Little Endian for every instance, and another instance."""

    def file_meta(self, instance: Instance) -> Model:
        wrong = {"00020003": with_values("UI", ["2.25.1"]), "00020010": with_values("UI", ["1.2.840.10008.1.2.1"])}
        return super().file_meta(instance) | wrong


@mutant("google-metadata-bulk-data", may_trip=EVERYWHERE, into=MUTANTS)
class SwapsInlineOctets(Google):
    """Values that stand in metadata are big endian."""

    def json_binary(self, element: Element, location: str) -> Attribute:
        attribute = super().json_binary(element, location)
        if "InlineBinary" not in attribute:
            return attribute
        value = element.value
        swapped = b"".join(value[place : place + 4][::-1] for place in range(0, len(value), 4))
        return attribute | {"InlineBinary": base64.b64encode(swapped).decode()}


@mutant("google-metadata-bulk-data", may_trip=EVERYWHERE, into=MUTANTS)
class LosesLargeValues(Google):
    """Values that do not stand in metadata are not referred to either, but for pixels."""

    def json_binary(self, element: Element, location: str) -> Attribute:
        attribute = super().json_binary(element, location)
        kept = "InlineBinary" in attribute or element.tag == PIXEL_DATA
        return attribute if kept else {"vr": element.vr}


@mutant("google-study-by-default[no-accept]", "google-study-by-default[any]", may_trip=EVERYWHERE, into=MUTANTS)
class SendsAllButTheLast(Google):
    """Of several instances the last is left out."""

    def retrieve_parts(
        self, request: Request, instances: Sequence[Instance], syntaxes: Sequence[str]
    ) -> Iterator[Part]:
        parts = list(super().retrieve_parts(request, instances, syntaxes))
        return iter(parts[:-1] or parts)


@mutant(
    *(f"google-not-offered[{each}]" for each in ("thumbnail", "worklist", "capabilities")),
    may_trip=EVERYWHERE,
    into=MUTANTS,
)
class BreaksWhereNothingIs(Google):
    """A resource that there is not ends in 500."""

    async def exchange(self, steps: dict[str, Step], http: HttpRequest) -> Response:
        if not steps:
            raise Refusal(500, "An exception.")
        return await super().exchange(steps, http)


@mutant("google-large-sequence", may_trip=EVERYWHERE, into=MUTANTS)
class WithholdsAllBehindASequence(Google):
    """With a sequence that is too large Image Comments, Rows and Columns are left out."""

    def metadata_of(self, instance: Instance, request: Request) -> Model:
        model = super().metadata_of(instance, request)
        withheld = "00720022" not in model and "00720022" in instance.attributes
        return {tag: each for tag, each in model.items() if not withheld or not tag.startswith("0028")}
