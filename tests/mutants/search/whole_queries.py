"""Defects that queries which are drawn must find by themselves, and other checks by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from urllib.parse import unquote

from starlette.responses import Response

from dicomweb_reference.archive import Instance
from dicomweb_reference.dicom_json import Attribute, Json, Model, with_values
from dicomweb_reference.levels import Level
from dicomweb_reference.matching import Key, Query, values_of
from dicomweb_reference.messages import Request
from dicomweb_reference.server import Reference
from tests.mutants.mutant import Mutant, mutant
from tests.mutants.search.queries import Rewriting

MUTANTS: list[Mutant] = []

STUDIES = "search-any-query[studies]"
SERIES = "search-any-query[series-of-a-study]"
RESOURCES = (
    *("studies", "series-of-a-study", "instances-of-a-study", "instances-of-a-series"),
    *("all-series", "all-instances"),
)
_DATE, _TIME, _ZONE = "00080020", "00080030", "00080201"


@mutant(
    STUDIES,
    "search-date-range[closed]",
    "search-date-range[until]",
    "search-time-range",
    may_trip=["search"],
    into=MUTANTS,
)
class RangesWithoutTheirEnd(Reference):
    """The end of a range does not belong to it."""

    def match_range(self, key: Key, values: Sequence[Json]) -> bool:
        end = key.value.partition("-")[2]
        return super().match_range(key, [value for value in values if value != end])


@mutant(STUDIES, "search-date-range[until]", "search-date-range[from]", may_trip=["search"], into=MUTANTS)
class OpenRangesIgnored(Reference):
    """A range with one end is not looked at."""

    def match_range(self, key: Key, values: Sequence[Json]) -> bool:
        return key.value.startswith("-") or key.value.endswith("-") or super().match_range(key, values)


@mutant(STUDIES, "search-question-mark[at-the-end]", may_trip=["search"], into=MUTANTS)
class QuestionMarkIsTwo(Reference):
    """`?` stands for two characters."""

    def match_wildcard(self, key: Key, values: Sequence[Json]) -> bool:
        return super().match_wildcard(replace(key, value=key.value.replace("?", "??")), values)


@mutant(SERIES, "search-any-item-of-a-sequence", may_trip=["search"], into=MUTANTS)
class SecondItemsIgnored(Reference):
    """Of a sequence only the first item is looked at."""

    def match_sequence(self, key: Key, items: Sequence[Json], query: Query) -> bool:
        return super().match_sequence(key, items[:1], query)


@mutant(
    "search-any-query[all-instances]",
    "search-keys-of-levels-above[all-instances-by-study]",
    may_trip=["search", "store"],
    into=MUTANTS,
)
class StudyKeysIgnoredAtInstances(Reference):
    """At /instances keys of the study are ignored."""

    def matches(self, level: Level, request: Request, query: Query) -> list[Instance]:
        if level == "instance" and not request.resource.study:
            of_study = {"00080020", "00080030", "00080050", "00080061", "00080090", "00200010", "0020000D", "00100020"}
            query = replace(query, keys=tuple(key for key in query.keys if key.tag not in of_study))
        return super().matches(level, request, query)


@mutant("search-pages-make-the-whole", may_trip=["search"], into=MUTANTS)
class OffsetBeforeMatching(Reference):
    """`offset` skips studies before they are matched."""

    def matches(self, level: Level, request: Request, query: Query) -> list[Instance]:
        skipped = self.candidates(level, request.resource)[: query.offset]
        return [each for each in super().matches(level, request, query) if each not in skipped]

    def page(self, matches: Sequence[Instance], limit: int | None, offset: int) -> Sequence[Instance]:
        return super().page(matches, limit, 0)


@mutant(STUDIES, "search-decodes-reserved-characters", may_trip=["search"], into=MUTANTS)
class QueriesNotDecoded(Rewriting):
    """What is percent-encoded in a query stays so."""

    def rewritten(self, query: str) -> str:
        return query.replace("%", "%25")


@mutant(STUDIES, "search-matches-study[StudyTime]", may_trip=["search"], into=MUTANTS)
class DatesInUtc(Reference):
    """Dates and times are matched in UTC, though the query names no time zone."""

    def match(self, entity: Instance, query: Query) -> bool:
        return super().match(replace(entity, attributes=self.in_utc(entity.attributes)), query)

    def in_utc(self, attributes: Mapping[str, Attribute]) -> Mapping[str, Attribute]:
        date, time, zone = (next(iter(values_of(attributes.get(tag))), "") for tag in (_DATE, _TIME, _ZONE))
        if not (date and len(time) == 6 and zone):
            return attributes
        moment = datetime.strptime(date + time, "%Y%m%d%H%M%S") - timedelta(hours=int(zone[:3]))
        return {
            **attributes,
            _DATE: with_values("DA", [moment.strftime("%Y%m%d")]),
            _TIME: with_values("TM", [moment.strftime("%H%M%S")]),
        }


@mutant("search-other-signs-are-no-wild-cards[underscore]", may_trip=["search"], into=MUTANTS)
class PatternsOfADatabase(Reference):
    """With a wild card in a key `_` and `%` are wild cards, too."""

    def match_wildcard(self, key: Key, values: Sequence[Json]) -> bool:
        return super().match_wildcard(replace(key, value=key.value.replace("%", "*").replace("_", "?")), values)


@mutant("search-other-signs-are-no-wild-cards[point]", may_trip=["search"], into=MUTANTS)
class PatternsAreExpressions(Reference):
    """With a wild card in a key a point stands for any character."""

    def match_wildcard(self, key: Key, values: Sequence[Json]) -> bool:
        return super().match_wildcard(replace(key, value=key.value.replace(".", "?")), values)


@mutant("search-other-signs-are-no-wild-cards[percent]", may_trip=["search"], into=MUTANTS)
class KeysWithAStarDecodedTwice(Reference):
    """With a wild card in a key what is percent-encoded in it is decoded once more."""

    def match_wildcard(self, key: Key, values: Sequence[Json]) -> bool:
        return super().match_wildcard(replace(key, value=unquote(key.value)), values)


@mutant(
    "search-any-query[instances-of-a-series]",
    "search-part-of-a-value[StudyInstanceUID]",
    may_trip=["search"],
    into=MUTANTS,
)
class UidsByTheirBeginning(Reference):
    """A UID is found by what it begins with."""

    def match_uid_list(self, key: Key, values: Sequence[Json]) -> bool:
        return any(str(value).startswith(uid) for uid in key.value.split(",") for value in values)


@mutant("search-part-of-a-value[PatientID]", may_trip=["search"], into=MUTANTS)
class PatientIdsByTheirBeginning(Reference):
    """A Patient ID is found by what it begins with."""

    def match_single(self, key: Key, values: Sequence[Json]) -> bool:
        by_beginning = key.tag == "00100020" and any(str(value).startswith(key.value) for value in values)
        return by_beginning or super().match_single(key, values)


@mutant("search-part-of-a-value[AccessionNumber]", may_trip=["search"], into=MUTANTS)
class AccessionNumbersByTheirEnd(Reference):
    """An Accession Number is found by what it ends with."""

    def match_single(self, key: Key, values: Sequence[Json]) -> bool:
        by_end = key.tag == "00080050" and any(str(value).endswith(key.value) for value in values)
        return by_end or super().match_single(key, values)


@mutant("search-digits-are-text", may_trip=["search"], into=MUTANTS)
class DigitsAreNumbers(Reference):
    """Texts of digits are the same where they are as numbers."""

    def match_single(self, key: Key, values: Sequence[Json]) -> bool:
        digits = [int(value) for value in map(str, values) if value.isdecimal()]
        return (key.value.isdecimal() and int(key.value) in digits) or super().match_single(key, values)


@mutant("search-empty-keys-of-a-study", may_trip=["search"], into=MUTANTS)
class EmptyDatesFindNothing(Reference):
    """A date without a value matches nothing."""

    def match_universal(self, key: Key, values: Sequence[Json]) -> bool:
        return (bool(key.value) or key.vr != "DA") and super().match_universal(key, values)


@mutant(STUDIES, may_trip=["search"], into=MUTANTS)
class StudiesJoinedWithTheirSeries(Reference):
    """Searched by its modalities, a study is listed once for each series."""

    def matches(self, level: Level, request: Request, query: Query) -> list[Instance]:
        found = super().matches(level, request, query)
        if level != "study" or not any(key.tag == "00080061" for key in query.keys):
            return found
        return [each for each in found for _ in range(self.number_of_series(each.resource("study")))]


@mutant(STUDIES, may_trip=["search"], into=MUTANTS)
class CountsOfWhatMatches(Reference):
    """Searched by its modalities, a study counts the series that match."""

    def result(self, entity: Instance, level: Level, query: Query, request: Request) -> Model:
        found = super().result(entity, level, query, request)
        by_modality = level == "study" and any(key.tag == "00080061" and key.value for key in query.keys)
        return found | {"00201206": with_values("IS", [1])} if by_modality else found


@mutant(STUDIES, may_trip=["search"], into=MUTANTS)
class PagesByKeysOverlap(Reference):
    """Where studies are searched by more than the patient, each page but the first has a match of that before."""

    def search_query(self, request: Request, level: Level) -> Query:
        query = super().search_query(request, level)
        narrowed = level == "study" and len([key for key in query.keys if key.value]) > 1
        return replace(query, offset=max(0, query.offset - 1)) if narrowed else query


@mutant(
    *(f"search-pages-at-each-resource[{resource}]" for resource in RESOURCES if resource != "studies"),
    may_trip=["search"],
    into=MUTANTS,
)
class PagesOfAnotherOrder(Reference):
    """Each page of series or instances is cut from the list in another order."""

    level: Level = "study"

    def search(self, request: Request, level: Level) -> Response:
        self.level = level
        return super().search(request, level)

    def page(self, matches: Sequence[Instance], limit: int | None, offset: int) -> Sequence[Instance]:
        first = 0 if self.level == "study" else offset % max(1, len(matches))
        return super().page([*matches[first:], *matches[:first]], limit, offset)


@mutant(
    *(f"search-any-query-as-xml[{resource}]" for resource in RESOURCES),
    may_trip=["search", "xml"],
    into=MUTANTS,
)
class KeysForJsonAlone(Reference):
    """Asked for XML, a search finds what there is without further keys, on one page."""

    def search_query(self, request: Request, level: Level) -> Query:
        query = super().search_query(request, level)
        if "xml" not in (request.accept or ""):
            return query
        confining = tuple(key for key in query.keys if key.tag in {"00100020", "0020000D"})
        return replace(query, keys=confining, limit=None, offset=0)


@mutant("search-accept-parameter", may_trip=["search", "negotiation"], into=MUTANTS)
class AcceptIsAKey(Reference):
    """The parameter accept is taken for a key, which nothing matches."""

    def matches(self, level: Level, request: Request, query: Query) -> list[Instance]:
        return [] if request.parameter("accept") else super().matches(level, request, query)


@mutant(
    *(f"search-invalid-value[{each}]" for each in ("StudyDate=banana", "StudyDate=20200230", "StudyTime=banana")),
    may_trip=["search"],
    into=MUTANTS,
)
class DatesThatAreNoneIgnored(Reference):
    """A key with a date or time that is none is not looked at."""

    def search_keys(self, values: dict[str, str], level: Level) -> tuple[Key, ...]:
        none = {path for path, value in values.items() if value in {"banana", "20200230"}}
        return super().search_keys({path: value for path, value in values.items() if path not in none}, level)
