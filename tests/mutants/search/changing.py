"""Defects that show where instances disagree, where a study grows, and in the URLs that results give."""

from __future__ import annotations

from starlette.responses import Response

from dicomweb_reference.archive import Instance, Resource
from dicomweb_reference.levels import Level
from dicomweb_reference.messages import Refusal, Request
from dicomweb_reference.server import Reference
from tests.mutants.mutant import EVERYWHERE, Mutant, mutant

MUTANTS: list[Mutant] = []


@mutant("search-instances-that-disagree", into=MUTANTS)
class StudiesByTheirNames(Reference):
    """A study is listed once for each name of a patient that its instances have."""

    def candidates(self, level: Level, resource: Resource) -> list[Instance]:
        found = super().candidates(level, resource)
        if level != "study":
            return found
        named = {
            (instance.study, str(instance.attributes.get("00100010"))): instance
            for study in found
            for instance in self.archive.instances(study.resource("study"))
        }
        return list(named.values())


@mutant(
    *(f"search-while-storing[{level}]" for level in ("study", "series", "instance")), may_trip=EVERYWHERE, into=MUTANTS
)
class SearchesAgainBreak(Reference):
    """A search that found nothing, sent again, ends in 500."""

    def search(self, request: Request, level: Level) -> Response:
        seen: set[object] = self.__dict__.setdefault("seen", set())
        asked = (level, request.resource, request.query)
        if asked in seen:
            raise Refusal(500, "An exception.")
        response = super().search(request, level)
        if response.status_code == 204:
            seen.add(asked)
        return response


@mutant(
    *(f"search-retrieve-url[{level}]" for level in ("study", "series", "instance")),
    "store-retrieve-url-of-study",
    "store-retrieve-url-of-instance",
    may_trip=["store", "search"],
    into=MUTANTS,
)
class UrlsWithoutTheBase(Reference):
    """Retrieve URLs are those of another base on the same host, as behind a proxy that changes paths."""

    def url_of(self, request: Request, resource: Resource) -> str:
        return super().url_of(request, resource).replace(self.prefix, "/internal")
