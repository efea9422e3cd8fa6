"""Defects that the checks of scenario search must notice: resources, paging, parameters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from starlette.responses import Response

from dicomweb_reference.archive import Instance, Resource
from dicomweb_reference.dicom_json import Model
from dicomweb_reference.levels import Level
from dicomweb_reference.matching import Query
from dicomweb_reference.media_types import MediaType
from dicomweb_reference.messages import Refusal, Request
from dicomweb_reference.server import Headers, Reference
from tests.mutants.mutant import Mutant, mutant

MUTANTS: list[Mutant] = []
OF_THE_ARCHIVE = "with-all-of-the-archive"
"""How the names of those end that show only where something else is stored."""


def broken(check: str, level: Level, below: str) -> None:
    """A server that answers one of the six resources with 500."""

    class Broken(Reference):
        def search(self, request: Request, level: Level) -> Response:
            scope = "series" if request.resource.series else "study" if request.resource.study else ""
            if (level, scope) == wanted:
                raise Refusal(500, "The index is broken.")
            return super().search(request, level)

    wanted = (level, below)
    Broken.__doc__ = f"A search for each {level}{f' below a {below}' if below else ''} ends in 500."
    mutant(check, may_trip=["search", "store", "delete"], into=MUTANTS, name=f"broken-{check}")(Broken)


broken("search-studies", "study", "")
broken("search-series-of-a-study", "series", "study")
broken("search-instances-of-a-series", "instance", "series")
broken("search-instances-of-a-study", "instance", "study")
broken("search-all-series", "series", "")
broken("search-all-instances", "instance", "")


@mutant("search-lists-each-entity-once", may_trip=["search", "store"], into=MUTANTS)
class ResultsDoubled(Reference):
    """Each entity is listed twice."""

    def candidates(self, level: Level, resource: Resource) -> list[Instance]:
        return [candidate for candidate in super().candidates(level, resource) for _ in range(2)]


@mutant("search-confined-to-the-path", may_trip=["search", "store", "delete"], into=MUTANTS)
class PathIgnored(Reference):
    """A search below a study or series searches the whole archive."""

    def candidates(self, level: Level, resource: Resource) -> list[Instance]:
        return super().candidates(level, Resource())


@mutant("search-confined-to-the-path", may_trip=["search"], into=MUTANTS)
class KeysGoBeyondTheSeries(Reference):
    """Below a series a search with keys searches the whole study."""

    def matches(self, level: Level, request: Request, query: Query) -> Sequence[Instance]:
        if query.keys and request.resource.series:
            request = replace(request, resource=replace(request.resource, series=None))
        return super().matches(level, request, query)


def of_the_archive(check: str, level: Level, below: str) -> None:
    """A server that answers one resource with all that is stored, whatever path or keys name."""

    class OfTheArchive(Reference):
        def matches(self, level: Level, request: Request, query: Query) -> list[Instance]:
            here = "study" if request.resource.study and not request.resource.series else ""
            if (level, here) != concerned or request.resource.series:
                return super().matches(level, request, query)
            return super().candidates(level, Resource())

    concerned = (level, below)
    OfTheArchive.__doc__ = f"What {check} asks is answered with all of the archive."
    may_trip = ["search", "store", "delete", "retrieve", "xml", "charset"]
    mutant(check, may_trip=may_trip, into=MUTANTS, name=f"{check.removeprefix('search-')}-{OF_THE_ARCHIVE}")(
        OfTheArchive
    )


of_the_archive("search-studies", "study", "")
of_the_archive("search-series-of-a-study", "series", "study")
of_the_archive("search-instances-of-a-study", "instance", "study")
of_the_archive("search-all-series", "series", "")
of_the_archive("search-all-instances", "instance", "")


@mutant("search-unique-keys-of-upper-levels", may_trip=["search"], into=MUTANTS)
class UpperKeysWrong(Reference):
    """Instances name another series than theirs."""

    def result(self, entity: Instance, level: Level, query: Query, request: Request) -> Model:
        result = super().result(entity, level, query, request)
        return {**result, "0020000E": {"vr": "UI", "Value": ["1.2.3"]}} if level == "instance" else result


@mutant("search-json-by-default", may_trip=["search"], into=MUTANTS)
class ResultsAsAPage(Reference):
    """Results come as a page where anything is acceptable."""

    def search(self, request: Request, level: Level) -> Response:
        answer = super().search(request, level)
        return self.answer([b"<html>one study</html>"], "text/html") if request.accept == "*/*" else answer


@mutant(
    "search-no-match[StudyInstanceUID]",
    "search-no-match[PatientID]",
    "search-below-unknown[study]",
    "search-below-unknown[series]",
    "search-offset-past-the-end",
    may_trip=["search"],
    into=MUTANTS,
)
class NothingIsAnObject(Reference):
    """No match is told as an array with an empty object."""

    def search_answer(self, results: Sequence[Model], media: MediaType, headers: Headers) -> Response:
        return super().search_answer(results or [{}], media, headers)


@mutant("search-no-match[StudyInstanceUID]", "search-no-match[PatientID]", may_trip=["search"], into=MUTANTS)
class NothingIsNotFound(Reference):
    """No match is answered 404."""

    def search_answer(self, results: Sequence[Model], media: MediaType, headers: Headers) -> Response:
        if not results:
            raise Refusal(404, "There is no match.")
        return super().search_answer(results, media, headers)


@mutant("search-limit-caps", may_trip=["search"], into=MUTANTS)
class LimitIgnored(Reference):
    """`limit` is not looked at."""

    def page(self, matches: Sequence[Instance], limit: int | None, offset: int) -> Sequence[Instance]:
        return super().page(matches, None, offset)


@mutant("search-pages-make-the-whole", may_trip=["search"], into=MUTANTS)
class OffsetIgnored(Reference):
    """`offset` is not looked at."""

    def page(self, matches: Sequence[Instance], limit: int | None, offset: int) -> Sequence[Instance]:
        return super().page(matches, limit, 0)


@mutant("search-offset-skips", may_trip=["search"], into=MUTANTS)
class OffsetDropsWithoutLimit(Reference):
    """`offset` counts only with `limit`."""

    def page(self, matches: Sequence[Instance], limit: int | None, offset: int) -> Sequence[Instance]:
        return super().page(matches, limit, 0 if limit is None else offset)


@mutant("search-pages-of-many", may_trip=["search"], into=MUTANTS)
class NothingBehindTheHundredth(Reference):
    """A search looks at a hundred matches, and has no more to give on any page."""

    def page(self, matches: Sequence[Instance], limit: int | None, offset: int) -> Sequence[Instance]:
        return super().page(matches[:100], limit, offset)


@mutant("search-pages-make-the-whole", may_trip=["search"], into=MUTANTS)
class PagesOverlap(Reference):
    """Each page but the first begins with the last match of the page before."""

    def page(self, matches: Sequence[Instance], limit: int | None, offset: int) -> Sequence[Instance]:
        return super().page(matches, limit, max(0, offset - 1))


@mutant("search-offset-defaults-to-zero", may_trip=["search"], into=MUTANTS)
class OffsetCountsFromOne(Reference):
    """`offset=0` leaves out the first match."""

    def search_query(self, request: Request, level: Level) -> Query:
        query = super().search_query(request, level)
        return replace(query, offset=1) if "offset=0" in request.query.split("&") else query


@mutant("search-order-is-stable", may_trip=["search"], into=MUTANTS)
class OrderChanges(Reference):
    """Every search gives its results in another order."""

    turn = 0

    def ordered(self, matches: list[Instance]) -> list[Instance]:
        OrderChanges.turn += 1
        at = OrderChanges.turn % len(matches) if matches else 0
        return matches[at:] + matches[:at]


@mutant("search-warns-of-more", "search-does-not-warn-of-nothing", into=MUTANTS)
class RemainingCountedWrong(Reference):
    """The number of additional results is one too great, and told where there are none."""

    def remaining(self, matches: int, offset: int, results: int) -> int:
        return super().remaining(matches, offset, results) + 1


@mutant("search-warns-of-more", into=MUTANTS)
class PagesWithoutWarning(Reference):
    """Nothing tells that there is more."""

    def warnings(self, *_: Any) -> list[str]:
        return []


@mutant("search-huge-limit", "search-warns-of-more", into=MUTANTS)
class OwnLimitUntold(Reference):
    """With a great limit only two results come, and nothing tells of the others."""

    def page(self, matches: Sequence[Instance], limit: int | None, offset: int) -> Sequence[Instance]:
        return super().page(matches, 2 if limit and limit > 1000 else limit, offset)

    def warnings(self, *_: Any) -> list[str]:
        return []


@mutant("search-offset-past-the-end", into=MUTANTS)
class OffsetPastTheEndStartsAnew(Reference):
    """Past the last match the list begins again."""

    def page(self, matches: Sequence[Instance], limit: int | None, offset: int) -> Sequence[Instance]:
        return super().page(matches, limit, 0 if offset >= len(matches) else offset)


@mutant("search-limit-zero", into=MUTANTS)
class LimitZeroBreaks(Reference):
    """`limit=0` ends in 500."""

    def limit(self, text: str | None) -> int | None:
        if text == "0":
            raise Refusal(500, "Division by zero.")
        return super().limit(text)


@mutant(
    "search-invalid-value[limit=abc]",
    into=MUTANTS,
)
class InvalidValuesBreak(Reference):
    """A value that cannot be ends in 500."""

    def search_query(self, request: Request, level: Level) -> Query:
        try:
            return super().search_query(request, level)
        except Refusal as refusal:
            raise Refusal(500, "An exception.") from refusal


@mutant("search-ignores-unknown-keys", "search-malformed-tag", may_trip=["search"], into=MUTANTS)
class UnknownKeysBreak(Reference):
    """A key that the server does not know ends in 500."""

    def attribute_path(self, name: str) -> str | None:
        path = super().attribute_path(name)
        if path is None:
            raise Refusal(500, "An exception.")
        return path


@mutant("search-finds-what-was-just-stored", may_trip=["search", "store", "delete"], into=MUTANTS)
class NewPatientsUnlisted(Reference):
    """A study of a new patient is not in the study list."""

    def matches(self, level: Level, request: Request, query: Query) -> list[Instance]:
        found = super().matches(level, request, query)
        return [each for each in found if level != "study" or "FRESH" not in str(each.attributes.get("00100010"))]
