"""Defects that queries which are drawn must find by themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from dicomweb_reference.archive import Instance
from dicomweb_reference.dicom_json import Json, Model, with_values
from dicomweb_reference.levels import Level
from dicomweb_reference.matching import Key, Query, values_of
from dicomweb_reference.messages import Request
from dicomweb_reference.server import Reference
from tests.mutants.mutant import Mutant, mutant
from tests.mutants.search.queries import Rewriting

MUTANTS: list[Mutant] = []

STUDIES = "search-any-query[studies]"
SERIES = "search-any-query[series-of-a-study]"
_DATE, _TIME, _ZONE = "00080020", "00080030", "00080201"


@mutant(STUDIES, may_trip=["search"], into=MUTANTS)
class RangesWithoutTheirEnd(Reference):
    """The end of a range does not belong to it."""

    def match_range(self, key: Key, values: Sequence[Json]) -> bool:
        end = key.value.partition("-")[2]
        return super().match_range(key, [each for each in values if each != end])


@mutant(STUDIES, may_trip=["search"], into=MUTANTS)
class OpenRangesIgnored(Reference):
    """A range with one end is not looked at."""

    def match_range(self, key: Key, values: Sequence[Json]) -> bool:
        return key.value.startswith("-") or key.value.endswith("-") or super().match_range(key, values)


@mutant(STUDIES, may_trip=["search"], into=MUTANTS)
class QuestionMarkIsTwo(Reference):
    """`?` stands for two characters."""

    def match_wildcard(self, key: Key, values: Sequence[Json]) -> bool:
        return super().match_wildcard(replace(key, value=key.value.replace("?", "??")), values)


@mutant(SERIES, may_trip=["search"], into=MUTANTS)
class SecondItemsIgnored(Reference):
    """Of a sequence only the first item is looked at."""

    def match_sequence(self, key: Key, items: Sequence[Json], query: Query) -> bool:
        return super().match_sequence(key, items[:1], query)


@mutant("search-any-query[all-instances]", may_trip=["search", "store"], into=MUTANTS)
class StudyKeysIgnoredAtInstances(Reference):
    """At /instances keys of the study are ignored."""

    def matches(self, level: Level, request: Request, query: Query) -> list[Instance]:
        if level == "instance" and not request.resource.study:
            of_study = {"00080020", "00080030", "00080050", "00080061", "00080090", "00200010", "0020000D", "00100020"}
            query = replace(query, keys=tuple(each for each in query.keys if each.tag not in of_study))
        return super().matches(level, request, query)


@mutant(STUDIES, may_trip=["search"], into=MUTANTS)
class OffsetBeforeMatching(Reference):
    """`offset` skips studies before they are matched."""

    def matches(self, level: Level, request: Request, query: Query) -> list[Instance]:
        skipped = self.candidates(level, request.resource)[: query.offset]
        return [each for each in super().matches(level, request, query) if each not in skipped]

    def page(self, matches: Sequence[Instance], limit: int | None, offset: int) -> Sequence[Instance]:
        return super().page(matches, limit, 0)


@mutant(STUDIES, may_trip=["search"], into=MUTANTS)
class QueriesNotDecoded(Rewriting):
    """What is percent-encoded in a query stays so."""

    def rewritten(self, query: str) -> str:
        return query.replace("%", "%25")


@mutant(STUDIES, may_trip=["search"], into=MUTANTS)
class DatesInUtc(Reference):
    """Dates and times are matched in UTC, though the query names no time zone."""

    def match(self, entity: Instance, query: Query) -> bool:
        return super().match(replace(entity, attributes=self.in_utc(entity.attributes)), query)

    def in_utc(self, attributes: Model) -> Model:
        date, time, zone = (next(iter(values_of(attributes.get(tag))), "") for tag in (_DATE, _TIME, _ZONE))
        if not (date and len(time) == 6 and zone):
            return attributes
        moment = datetime.strptime(date + time, "%Y%m%d%H%M%S") - timedelta(hours=int(zone[:3]))
        return attributes | {
            _DATE: with_values("DA", [moment.strftime("%Y%m%d")]),
            _TIME: with_values("TM", [moment.strftime("%H%M%S")]),
        }
