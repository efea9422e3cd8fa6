"""Further defects that the checks of scenario search must notice: what is missing, empty, refused or let through."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from starlette.responses import Response

from dicomweb_reference.archive import Instance, Resource
from dicomweb_reference.levels import Level
from dicomweb_reference.matching import Query
from dicomweb_reference.media_types import DICOM_JSON
from dicomweb_reference.messages import Refusal, Request
from dicomweb_reference.server import Reference, Step
from tests.mutants.mutant import Mutant, mutant

MUTANTS: list[Mutant] = []

SCOPES: dict[str, tuple[Level, str]] = {
    "search-studies": ("study", ""),
    "search-series-of-a-study": ("series", "study"),
    "search-instances-of-a-series": ("instance", "series"),
    "search-instances-of-a-study": ("instance", "study"),
    "search-all-series": ("series", ""),
    "search-all-instances": ("instance", ""),
}
LIMIT_OR_OFFSET = tuple(
    f"search-invalid-value[{each}]" for each in ("limit=abc", "limit=-1", "limit=1.5", "offset=x", "offset=-1")
)
INVALID = (*LIMIT_OR_OFFSET, "search-invalid-value[fuzzymatching=maybe]")


def scope_of(resource: Resource) -> str:
    return "series" if resource.series else "study" if resource.study else ""


def silent(name: str, *checks: str) -> None:
    """A server that finds nothing under some of the six resources."""

    class Silent(Reference):
        def candidates(self, level: Level, resource: Resource) -> list[Instance]:
            return [] if (level, scope_of(resource)) in silenced else super().candidates(level, resource)

    silenced = [SCOPES[check] for check in checks]
    Silent.__doc__ = f"Searches for {name.replace('-', ' ')} find nothing."
    mutant(*checks, may_trip=["store"] if "search-studies" in checks else [], into=MUTANTS, name=f"silent-{name}")(
        Silent
    )


silent("studies", "search-studies")
silent("series-of-a-study", "search-series-of-a-study")
silent("instances-of-a-series", "search-instances-of-a-series")
silent("what-no-path-confines", "search-instances-of-a-study", "search-all-series", "search-all-instances")


def without(name: str, paths: Sequence[str], *checks: str) -> None:
    """A server that does not have some of the six resources."""

    class Without(Reference):
        def resources(self) -> dict[str, dict[str, Step]]:
            return {path: steps for path, steps in super().resources().items() if path not in paths}

    Without.__doc__ = f"There are no {name.replace('-', ' ')}."
    mutant(*checks, into=MUTANTS, name=f"no-{name}")(Without)


without("series-of-a-study", ["/studies/{study}/series"], "search-series-of-a-study")
without("instances-of-a-series", ["/studies/{study}/series/{series}/instances"], "search-instances-of-a-series")
without(
    "searches-across-studies-or-series",
    ["/series", "/instances", "/studies/{study}/instances"],
    "search-all-series",
    "search-all-instances",
    "search-instances-of-a-study",
)


@mutant("search-studies", may_trip=["store", "delete"], into=MUTANTS)
class StudiesNotImplemented(Reference):
    """A search for studies is answered 501."""

    def search(self, request: Request, level: Level) -> Response:
        if level == "study":
            raise Refusal(501, "Search is not implemented.")
        return super().search(request, level)


@mutant("search-lists-each-entity-once", may_trip=["search", "store"], into=MUTANTS)
class StudyOncePerSeries(Reference):
    """A study is listed once for each of its series."""

    def candidates(self, level: Level, resource: Resource) -> list[Instance]:
        found = super().candidates(level, resource)
        if level != "study":
            return found
        return [each for each in found for _ in range(self.number_of_series(each.resource("study")))]


@mutant("search-instances-of-a-series", "search-confined-to-the-path", may_trip=["search"], into=MUTANTS)
class SeriesOfPathIgnored(Reference):
    """Below a series the instances of the whole study are listed."""

    def candidates(self, level: Level, resource: Resource) -> list[Instance]:
        return super().candidates(level, replace(resource, series=None))


@mutant("search-json-by-default", into=MUTANTS)
class AnyTypeNotAcceptable(Reference):
    """A search that accepts `*/*` is answered 406."""

    def search(self, request: Request, level: Level) -> Response:
        if request.accept == "*/*":
            raise Refusal.naming(406, [DICOM_JSON])
        return super().search(request, level)


@mutant("search-json-by-default", into=MUTANTS)
class AnyTypeGivesText(Reference):
    """A search that accepts `*/*` is answered with text that claims to be JSON."""

    def search(self, request: Request, level: Level) -> Response:
        answer = super().search(request, level)
        return self.answer([b"1 study\n"], DICOM_JSON.name) if request.accept == "*/*" else answer


def unknown_parent(name: str, status: int) -> None:
    """A server that answers a search below what is not there with some status."""

    class UnknownParent(Reference):
        def search(self, request: Request, level: Level) -> Response:
            if request.resource != Resource() and not self.archive.instances(request.resource):
                raise Refusal(status, "Sequence contains no elements.")
            return super().search(request, level)

    UnknownParent.__doc__ = f"A search below a study or series that does not exist is answered {status}."
    mutant("search-below-unknown[study]", "search-below-unknown[series]", may_trip=["delete"], into=MUTANTS, name=name)(
        UnknownParent
    )


unknown_parent("unknown-parent-refused", 400)
unknown_parent("unknown-parent-breaks", 500)


@mutant("search-limit-caps", may_trip=["search"], into=MUTANTS)
class LimitCountsFromZero(Reference):
    """`limit` gives one result less."""

    def page(self, matches: Sequence[Instance], limit: int | None, offset: int) -> Sequence[Instance]:
        return super().page(matches, max(0, limit - 1) if limit is not None else None, offset)


@mutant("search-pages-make-the-whole", may_trip=["search"], into=MUTANTS)
class OffsetInPages(Reference):
    """`offset` counts pages of two."""

    def page(self, matches: Sequence[Instance], limit: int | None, offset: int) -> Sequence[Instance]:
        return super().page(matches, limit, 2 * offset)


@mutant("search-pages-make-the-whole", into=MUTANTS)
class LimitDropsOffset(Reference):
    """`offset` counts only without `limit`."""

    def page(self, matches: Sequence[Instance], limit: int | None, offset: int) -> Sequence[Instance]:
        return super().page(matches, limit, offset if limit is None else 0)


@mutant("search-pages-make-the-whole", into=MUTANTS)
class PagesInAnotherOrder(Reference):
    """Pages are cut from the end of the list that comes without `limit`."""

    def page(self, matches: Sequence[Instance], limit: int | None, offset: int) -> Sequence[Instance]:
        return super().page(matches if limit is None else matches[::-1], limit, offset)


@mutant("search-huge-limit", into=MUTANTS)
class HugeLimitRefused(Reference):
    """A limit above the server's own is refused."""

    def limit(self, text: str | None) -> int | None:
        limit = super().limit(text)
        if limit and limit > 1000:
            raise Refusal(400, "limit has to be 1000 or less.")
        return limit


def past_the_end(name: str, status: int) -> None:
    """A server that answers an offset past the last match with some status."""

    class PastTheEnd(Reference):
        def page(self, matches: Sequence[Instance], limit: int | None, offset: int) -> Sequence[Instance]:
            if offset and offset >= len(matches):
                raise Refusal(status, "Index out of range.")
            return super().page(matches, limit, offset)

    PastTheEnd.__doc__ = f"An offset past the last match is answered {status}."
    mutant("search-offset-past-the-end", into=MUTANTS, name=name)(PastTheEnd)


past_the_end("offset-past-the-end-refused", 400)
past_the_end("offset-past-the-end-breaks", 500)


class Lenient(Reference):
    """Takes a value that cannot be for none."""

    def count(self, name: str, text: str) -> int:
        try:
            return super().count(name, text)
        except Refusal:
            return 0

    def limit(self, text: str | None) -> int | None:
        return super().limit(text) or None


@mutant(*LIMIT_OR_OFFSET, may_trip=["search"], into=MUTANTS)
class InvalidValuesIgnored(Lenient):
    """A limit or offset that is no number is not looked at."""


def instead_of_400(name: str, listed: str, *kills: str, everything: bool) -> None:
    """A server that answers an invalid value with all studies, or with none."""

    class InsteadOf400(Reference):
        def search_query(self, request: Request, level: Level) -> Query:
            try:
                return super().search_query(request, level)
            except Refusal:
                return Query(limit=None if everything else 0)

    InsteadOf400.__doc__ = f"A query with an invalid value lists {listed}."
    mutant(*kills, into=MUTANTS, name=name)(InsteadOf400)


instead_of_400("invalid-values-list-everything", "every study", *INVALID, everything=True)
instead_of_400("invalid-values-find-nothing", "nothing", *LIMIT_OR_OFFSET, everything=False)


def unknown_key(name: str, query: Query | None, *checks: str) -> None:
    """A server that cannot do with a key that it does not know: refuses it, or searches otherwise than asked."""

    class UnknownKey(Reference):
        def search_query(self, request: Request, level: Level) -> Query:
            if not {name for name, _ in request.parameters()} & {"NotADicomKeyword", "0010"}:
                return super().search_query(request, level)
            if query is None:
                raise Refusal(400, "There is no such attribute.")
            return query

    UnknownKey.__doc__ = f"{name.replace('-', ' ').capitalize()}."
    mutant(*checks, into=MUTANTS, name=name)(UnknownKey)


unknown_key("unknown-keys-refused", None, "search-ignores-unknown-keys")
unknown_key("unknown-keys-list-everything", Query(), "search-ignores-unknown-keys", "search-malformed-tag")
unknown_key("unknown-keys-find-nothing", Query(limit=0), "search-ignores-unknown-keys", "search-malformed-tag")
