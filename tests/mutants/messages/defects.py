"""Defects that observers must notice in whatever message shows them, and no check."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from starlette.responses import Response

from dicomweb_reference.dicom_json import Json, Model
from dicomweb_reference.media_types import MediaType
from dicomweb_reference.messages import Refusal
from dicomweb_reference.multipart import Part
from dicomweb_reference.server import Headers, Reference
from tests.mutants.mutant import Mutant, mutant

MUTANTS: list[Mutant] = []


@mutant("message[JSON-006]", into=MUTANTS, may_trip=["metadata", "search", "store", "delete"])
class TagsInLowerCase(Reference):
    """The names of attributes have lower-case hexadecimal digits."""

    def presented(self, model: Model) -> Model:
        return {tag.lower(): each for tag, each in super().presented(model).items()}


@mutant("message[JSON-007]", into=MUTANTS)
class AttributesInDescendingOrder(Reference):
    """The attributes of a data set come from the last to the first."""

    def presented(self, model: Model) -> Model:
        return dict(reversed(super().presented(model).items()))


@mutant(
    "message[JSON-002]",
    may_trip=["metadata", "search", "store", "delete"],
    shows_in=["charset-of-the-media-type[token]"],
    into=MUTANTS,
)
class JsonInLatin1(Reference):
    """JSON is in Latin-1."""

    def json_answer(
        self, content: Json, media: MediaType, status: int = 200, headers: Headers | None = None
    ) -> Response:
        body = json.dumps(content, ensure_ascii=False).encode("latin-1", "replace")
        return self.answer([body], media.name, status, headers)


class Edited(Reference):
    """Every attribute of DICOM JSON is changed before it is sent."""

    def edited(self, tag: str, attribute: dict[str, Json]) -> dict[str, Json]:
        return attribute

    def presented(self, model: Model) -> Model:
        return {tag: self.edited(tag, dict(each)) for tag, each in super().presented(model).items()}


@mutant("message[JSON-013]", into=MUTANTS, may_trip=["metadata", "search", "store", "delete"])
class PatientIdIsAShortString(Edited):
    """Patient ID has the VR SH."""

    def edited(self, tag: str, attribute: dict[str, Json]) -> dict[str, Json]:
        return attribute | {"vr": "SH"} if tag == "00100020" else attribute


@mutant("message[JSON-030]", into=MUTANTS, may_trip=["metadata", "search"])
class NamesAreStrings(Edited):
    """A person's name is a string, not an object."""

    def edited(self, tag: str, attribute: dict[str, Json]) -> dict[str, Json]:
        if attribute["vr"] != "PN" or not isinstance(attribute.get("Value"), list):
            return attribute
        names = [each.get("Alphabetic", "") if isinstance(each, dict) else each for each in attribute["Value"]]
        return attribute | {"Value": names}


@mutant("message[JSON-019]", into=MUTANTS, may_trip=["metadata", "search", "store", "delete"])
class ValuesWithoutArray(Edited):
    """A single value stands alone, not in an array."""

    def edited(self, tag: str, attribute: dict[str, Json]) -> dict[str, Json]:
        value = attribute.get("Value")
        return attribute | {"Value": value[0]} if isinstance(value, list) and len(value) == 1 else attribute


@mutant("message[MULTIPART-012]", into=MUTANTS)
class PartsWithoutTheirType(Reference):
    """The parts of a multipart have no Content-Type."""

    def part(self, *arguments: Any, **named: Any) -> Part:
        made = super().part(*arguments, **named)
        return replace(made, headers=tuple(header for header in made.headers if header[0].lower() != "content-type"))


@mutant("message[MULTIPART-002]", into=MUTANTS)
class MultipartWithoutType(Reference):
    """multipart/related does not say what its parts are."""

    def multipart_answer(self, parts: Iterable[Part], root: MediaType, headers: Headers) -> Response:
        answer = super().multipart_answer(parts, root, headers)
        kept = [each for each in answer.headers["Content-Type"].split("; ") if not each.startswith("type=")]
        answer.headers["Content-Type"] = "; ".join(kept)
        return answer


@mutant("message[HTTP-004]", into=MUTANTS)
class RefusalsWithoutTheirType(Reference):
    """Refusals have a body and no Content-Type."""

    def refusal(self, refusal: Refusal) -> Response:
        answer = super().refusal(refusal)
        if answer.body:
            del answer.headers["Content-Type"]
        return answer


@mutant("message[BULKDATA-024]", shows_in=["frames-of-an-image"], may_trip=["frames"], into=MUTANTS)
class NativeFramesCalledCompressed(Reference):
    """Native frames say that they are in JPEG 2000."""

    def part(self, octets: bytes, media_type: str, location: str) -> Part:
        native = media_type == "application/octet-stream" and "/frames/" in location
        said = f"{media_type}; transfer-syntax=1.2.840.10008.1.2.4.90" if native else media_type
        return super().part(octets, said, location)
