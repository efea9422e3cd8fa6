"""Further defects that the checks of matching must notice: keys refused, lost, or understood in another way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

from dicomweb_reference import matching
from dicomweb_reference.archive import Instance
from dicomweb_reference.dicom_json import Attribute, Json
from dicomweb_reference.levels import Level
from dicomweb_reference.matching import Key, Query
from dicomweb_reference.messages import Refusal, Request
from dicomweb_reference.server import Reference
from tests.mutants.mutant import Mutant, mutant
from tests.mutants.search.matching import INSTANCE, PATIENT, SERIES, STUDY

MUTANTS: list[Mutant] = []

DATE_RANGES = tuple(f"search-date-range[{each}]" for each in ("closed", "until", "from"))
REQUIRED = {**STUDY, **SERIES, **INSTANCE, "PatientName": PATIENT["PatientName"]}
"""The required keys, but for StudyInstanceUID and PatientID, without which nothing at all is found."""
MATCHES = tuple(
    f"search-matches-{level}[{name}]"
    for level, keys in {"study": STUDY, "series": SERIES, "instance": INSTANCE, "patient": ["PatientName"]}.items()
    for name in keys
)


def answered(name: str, status: int) -> None:
    """A server that answers the required keys with some status."""

    class Answered(Reference):
        def match_key(self, key: Key, attribute: Attribute | None, query: Query) -> bool:
            if key.tag in REQUIRED.values():
                raise Refusal(status, "The key is not supported.")
            return super().match_key(key, attribute, query)

    Answered.__doc__ = f"All keys but StudyInstanceUID and PatientID are answered {status}."
    mutant(*MATCHES, may_trip=["search"], into=MUTANTS, name=name)(Answered)


answered("required-keys-refused", 400)
answered("required-keys-break", 500)


@mutant(*MATCHES, may_trip=["search"], into=MUTANTS)
class RequiredKeysFindNothing(Reference):
    """All keys but StudyInstanceUID and PatientID match nothing."""

    def match_key(self, key: Key, attribute: Attribute | None, query: Query) -> bool:
        return key.tag not in REQUIRED.values() and super().match_key(key, attribute, query)


@mutant("search-by-keyword", "search-matches-patient[PatientID]", may_trip=["search"], into=MUTANTS)
class PatientIdFindsNothing(Reference):
    """PatientID as a key matches nothing."""

    def match_key(self, key: Key, attribute: Attribute | None, query: Query) -> bool:
        return key.tag != PATIENT["PatientID"] and super().match_key(key, attribute, query)


@mutant("search-matches-patient[PatientName]", into=MUTANTS)
class NamesIgnored(Reference):
    """PatientName does not filter."""

    def match_name(self, key: Key, values: Sequence[Json], query: Query) -> bool:
        return key.tag == PATIENT["PatientName"] or super().match_name(key, values, query)


@mutant("search-by-tag[PatientID]", into=MUTANTS)
class TagsIgnored(Reference):
    """A key written as tag is not looked at."""

    def attribute_path(self, name: str) -> str | None:
        return None if name[:1].isdigit() else super().attribute_path(name)


@mutant("search-by-tag[PatientID]", into=MUTANTS)
class TagsFindNothing(Reference):
    """A key written as tag matches nothing."""

    def matches(self, level: Level, request: Request, query: Query) -> list[Instance]:
        by_tag = any(name[:4].isdigit() and len(name) == 8 for name, _ in request.parameters())
        return [] if by_tag else super().matches(level, request, query)


@mutant("search-uid-list", "search-any-query[studies]", may_trip=["search"], into=MUTANTS)
class FirstUidOfListOnly(Reference):
    """Of a list of UIDs only the first is looked at."""

    def match_uid_list(self, key: Key, values: Sequence[Json]) -> bool:
        return super().match_uid_list(replace(key, value=key.value.partition(",")[0]), values)


@mutant("search-uid-list", into=MUTANTS)
class UidListRefused(Reference):
    """A list of UIDs is refused."""

    def match_uid_list(self, key: Key, values: Sequence[Json]) -> bool:
        if "," in key.value:
            raise Refusal(400, "That is no UID.")
        return super().match_uid_list(key, values)


@mutant("search-star[at-the-end]", "search-question-mark[at-the-end]", into=MUTANTS)
class WildCardsRefused(Reference):
    """Wild cards are refused."""

    def match_wildcard(self, key: Key, values: Sequence[Json]) -> bool:
        raise Refusal(400, "Wild cards are not supported.")


@mutant("search-star[of-no-characters]", "search-star[in-the-middle]", into=MUTANTS)
class StarIsOneOrMore(Reference):
    """`*` stands for at least one character."""

    def match_wildcard(self, key: Key, values: Sequence[Json]) -> bool:
        return super().match_wildcard(replace(key, value=key.value.replace("*", "?*")), values)


@mutant("search-question-mark[in-the-middle]", into=MUTANTS)
class PatternsMatchBeginnings(Reference):
    """A pattern matches whatever begins like it."""

    def match_wildcard(self, key: Key, values: Sequence[Json]) -> bool:
        return any(matching.pattern(key.value).match(value) for value in values)


@mutant(*DATE_RANGES, "search-time-range", "search-combined-date-and-time-range", into=MUTANTS)
class RangesRefused(Reference):
    """Ranges are refused."""

    def match_range(self, key: Key, values: Sequence[Json]) -> bool:
        raise Refusal(400, "Ranges are not supported.")

    def match_date_and_time(self, days: Key, times: Key, entity: Instance) -> bool:
        return self.match_range(days, [])


@mutant(*DATE_RANGES, "search-time-range", into=MUTANTS)
class RangesIgnored(Reference):
    """Every date and time is within every range."""

    def match_range(self, key: Key, values: Sequence[Json]) -> bool:
        return True


@mutant("search-date-range[closed]", "search-date-range[until]", into=MUTANTS)
class RangesEndADayLate(Reference):
    """The day after the last of a range belongs to it, as with midnight taken in another time zone."""

    def match_range(self, key: Key, values: Sequence[Json]) -> bool:
        eves = [
            (date.fromisoformat(value) - timedelta(days=1)).strftime("%Y%m%d") for value in values if key.vr == "DA"
        ]
        return super().match_range(key, [*values, *eves])


@mutant("search-combined-date-and-time-range", "search-any-query[studies]", may_trip=["search"], into=MUTANTS)
class DateAndTimeApart(Reference):
    """A range of dates and a range of times are matched one by one."""

    def match_date_and_time(self, days: Key, times: Key, entity: Instance) -> bool:
        return all(
            self.match_range(key, matching.values_of(self.attribute_of(entity, key.tag))) for key in (days, times)
        )


def optional_keys(name: str, query: Query | None) -> None:
    """A server that cannot do with a key that it need not support: refuses it, or searches otherwise than asked."""

    class OptionalKeys(Reference):
        def search_query(self, request: Request, level: Level) -> Query:
            if "StudyDescription=" not in request.query:
                return super().search_query(request, level)
            if query is None:
                raise Refusal(400, "The key is not supported.")
            return query

    OptionalKeys.__doc__ = f"{name.replace('-', ' ').capitalize()}."
    mutant("search-optional-key", into=MUTANTS, name=name)(OptionalKeys)


optional_keys("optional-keys-refused", None)
optional_keys("optional-keys-list-everything", Query())


def fuzzy(name: str, query: Query | None, *checks: str) -> None:
    """A server that cannot do with `fuzzymatching`: refuses it, or searches otherwise than asked."""

    class Fuzzy(Reference):
        def search_query(self, request: Request, level: Level) -> Query:
            if request.parameter("fuzzymatching") not in {"true", "false"}:
                return super().search_query(request, level)
            if query is None:
                raise Refusal(400, "fuzzymatching is not supported.")
            return query

    Fuzzy.__doc__ = f"{name.replace('-', ' ').capitalize()}."
    mutant(*checks, into=MUTANTS, name=name)(Fuzzy)


fuzzy("fuzzymatching-refused", None, "search-fuzzy-finds-exact-name", "search-no-fuzzy-unasked")
fuzzy("fuzzymatching-lists-everything", Query(), "search-fuzzy-finds-exact-name", "search-no-fuzzy-unasked")


@mutant("search-empty-key", "search-empty-keys-of-a-study", into=MUTANTS)
class EmptyKeyBreaks(Reference):
    """A key without a value ends in 500."""

    def match_universal(self, key: Key, values: Sequence[Json]) -> bool:
        if not key.value:
            raise Refusal(500, "An exception.")
        return super().match_universal(key, values)
