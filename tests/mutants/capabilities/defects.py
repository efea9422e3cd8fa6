"""Defects that the checks of scenario capabilities must notice."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

from starlette.requests import Request as HttpRequest
from starlette.responses import Response

from dicomweb_reference import media_types, wadl
from dicomweb_reference.messages import Refusal, Request
from dicomweb_reference.server import Reference, Step
from tests.mutants.mutant import Mutant, mutant

MUTANTS: list[Mutant] = []
WADL = media_types.WADL.name


@mutant("capabilities-offered", may_trip=["capabilities"], into=MUTANTS)
class CapabilitiesBreak(Reference):
    """OPTIONS on the base ends in 500."""

    def capabilities(self, request: Request) -> Response:
        raise Refusal(500, "An exception.")


def describing(name: str, defect: str, edit: Callable[[bytes], bytes], *kills: str, media_type: str = WADL) -> None:
    """A server whose description is edited before it is sent."""

    class Describing(Reference):
        def capabilities(self, request: Request) -> Response:
            paths = {path: list(steps) for path, steps in self.resources().items()}
            return self.answer([edit(wadl.as_xml(wadl.describe(request.base, paths)))], media_type)

    Describing.__doc__ = defect
    mutant(*kills, may_trip=["capabilities"], into=MUTANTS, name=name)(Describing)


def put(old: str, new: str) -> Callable[[bytes], bytes]:
    """Put one text in the place of another."""
    return lambda octets: octets.replace(old.encode(), new.encode())


describing("description-cut", "The description breaks off.", lambda octets: octets[:-30], "capabilities-media-type")
describing(
    "description-is-text",
    "The description is labelled text.",
    bytes,
    "capabilities-media-type",
    media_type="text/plain",
)
describing(
    "description-has-another-root",
    "The root of the description is another element.",
    put("application", "applications"),
    "capabilities-application",
)
describing("description-without-base", "The description has no base.", put(" base=", " basis="), "capabilities-base")
describing(
    "description-of-nothing",
    "The description has no resource.",
    lambda _: b"<application xmlns='http://wadl.dev.java.net/2009/02'><resources base='/'/></application>",
    "capabilities-describe-what-works",
)
describing(
    "description-without-character-sets",
    "The description names no character set.",
    put("charset", "letters"),
    "capabilities-name-character-sets",
)
describing(
    "description-in-other-words",
    "The description has no studies, but exams.",
    put('"studies"', '"exams"'),
    "capabilities-names",
)


@mutant("capabilities-conditional", may_trip=["capabilities"], into=MUTANTS)
class DescriptionIsNeverModified(Reference):
    """A description is 304 where nobody asked for that."""

    def capabilities(self, request: Request) -> Response:
        condition = request.if_none_match or "*"
        return super().capabilities(replace(request, if_none_match=condition))


@mutant("capabilities-as-json", into=MUTANTS)
class JsonOfAnotherShape(Reference):
    """In JSON the description is a list of paths."""

    def capabilities(self, request: Request) -> Response:
        if request.accept == "application/json":
            return self.answer([json.dumps({"paths": sorted(self.resources())}).encode()], "application/json")
        return super().capabilities(request)


@mutant("capabilities-of-a-resource", into=MUTANTS)
class OptionsOfMetadataBreak(Reference):
    """OPTIONS on metadata ends in 500."""

    async def exchange(self, steps: dict[str, Step], http: HttpRequest) -> Response:
        if http.method == "OPTIONS" and http.url.path.endswith("/metadata"):
            raise Refusal(500, "An exception.")
        return await super().exchange(steps, http)
