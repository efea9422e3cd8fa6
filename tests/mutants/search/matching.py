"""Defects that the checks of matching must notice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dicomweb_reference import matching
from dicomweb_reference.archive import Instance
from dicomweb_reference.dicom_json import Attribute, Json, Model
from dicomweb_reference.levels import Level
from dicomweb_reference.matching import Key, Query
from dicomweb_reference.messages import Refusal
from dicomweb_reference.server import Reference
from tests.mutants.mutant import Mutant, mutant

MUTANTS: list[Mutant] = []

STUDY = {
    "StudyDate": "00080020",
    "StudyTime": "00080030",
    "AccessionNumber": "00080050",
    "ModalitiesInStudy": "00080061",
    "ReferringPhysicianName": "00080090",
    "StudyID": "00200010",
}
SERIES = {
    "Modality": "00080060",
    "SeriesInstanceUID": "0020000E",
    "SeriesNumber": "00200011",
    "PerformedProcedureStepStartDate": "00400244",
    "PerformedProcedureStepStartTime": "00400245",
    "RequestAttributesSequence.ScheduledProcedureStepID": "00400275",
    "RequestAttributesSequence.RequestedProcedureID": "00400275",
}
INSTANCE = {"SOPClassUID": "00080016", "SOPInstanceUID": "00080018", "InstanceNumber": "00200013"}
PATIENT = {"PatientName": "00100010", "PatientID": "00100020"}


def ignoring(level: str, keys: dict[str, str], *also: str) -> None:
    """A server that does not filter by the keys of one level."""

    class Ignoring(Reference):
        def match_key(self, key: Key, attribute: Attribute | None, query: Query) -> bool:
            return key.tag in tags or super().match_key(key, attribute, query)

    tags = set(keys.values())
    Ignoring.__doc__ = f"Keys of the {level} are ignored."
    kills = [f"search-matches-{level}[{name}]" for name in keys]
    mutant(*kills, *also, may_trip=["search", "store"], into=MUTANTS, name=f"{level}-keys-ignored")(Ignoring)


ignoring("study", STUDY)
ignoring("series", SERIES)
ignoring("instance", INSTANCE)
ignoring("patient", PATIENT, "search-by-keyword")


@mutant("search-matches-study[StudyInstanceUID]", may_trip=["search", "store", "delete"], into=MUTANTS)
class StudyUidIgnored(Reference):
    """StudyInstanceUID as a key lists everything."""

    def match_key(self, key: Key, attribute: Attribute | None, query: Query) -> bool:
        return key.tag == "0020000D" or super().match_key(key, attribute, query)


@mutant("search-by-tag[PatientID]", into=MUTANTS)
class TagsUnknown(Reference):
    """A key written as tag is not understood, and refused."""

    def attribute_path(self, name: str) -> str | None:
        if (len(name) == 8 and name.isdecimal()) or name == "0020000D":
            raise Refusal(400, "Keywords only.")
        return super().attribute_path(name)


@mutant(
    *(f"search-by-tag[{name}]" for name in (*STUDY, *PATIENT, "StudyInstanceUID") if name != "PatientID"), into=MUTANTS
)
class OnePatientIdByTag(Reference):
    """Of the keys written as tags only that of Patient ID is understood."""

    def attribute_path(self, name: str) -> str | None:
        if (len(name) == 8 and name.isdecimal() and name != "00100020") or name == "0020000D":
            raise Refusal(400, "Keywords only.")
        return super().attribute_path(name)


@mutant("search-keys-are-combined", may_trip=["search", "store"], into=MUTANTS)
class KeysJoinedByOr(Reference):
    """Any one key is enough."""

    def match(self, entity: Instance, query: Query) -> bool:
        return not query.keys or any(
            super(KeysJoinedByOr, self).match(entity, replace(query, keys=(key,))) for key in query.keys
        )


@mutant("search-uid-list", may_trip=["search"], into=MUTANTS)
class UidListIsOneUid(Reference):
    """A list of UIDs is taken as one UID."""

    def match_uid_list(self, key: Key, values: Sequence[Json]) -> bool:
        return "," not in key.value and super().match_uid_list(key, values)


@mutant("search-exact-name", into=MUTANTS)
class CaretNotDecoded(Reference):
    """A name of two components is not found."""

    def match_name(self, key: Key, values: Sequence[Json], query: Query) -> bool:
        return "^" not in key.value and super().match_name(key, values, query)


@mutant("search-name-in-other-case", into=MUTANTS)
class LowerCaseNamesBreak(Reference):
    """A name in lower case ends in 500."""

    def match_name(self, key: Key, values: Sequence[Json], query: Query) -> bool:
        if key.value.islower():
            raise Refusal(500, "An exception.")
        return super().match_name(key, values, query)


@mutant("search-is-case-sensitive", "search-any-query[studies]", may_trip=["search"], into=MUTANTS)
class CaseIgnored(Reference):
    """Values match whatever their case is."""

    def match_single(self, key: Key, values: Sequence[Json]) -> bool:
        return any(str(value).lower() == key.value.lower() for value in values)


@mutant("search-star-is-case-sensitive", into=MUTANTS)
class CaseIgnoredByWildCards(Reference):
    """Patterns match whatever the case is."""

    def match_wildcard(self, key: Key, values: Sequence[Json]) -> bool:
        return super().match_wildcard(replace(key, value=key.value.lower()), [str(value).lower() for value in values])


@mutant("search-matches-study[StudyTime]", may_trip=["search"], into=MUTANTS)
class TimesNeverMatch(Reference):
    """A single time is never found."""

    def match_date_or_time(self, key: Key, values: Sequence[Json]) -> bool:
        return key.vr != "TM" and super().match_date_or_time(key, values)


@mutant("search-time-by-meaning[as-stored]", may_trip=["search"], into=MUTANTS)
class TimesAreNumbers(Reference):
    """A time that begins with 0 is never found."""

    def match_date_or_time(self, key: Key, values: Sequence[Json]) -> bool:
        return not (key.vr == "TM" and key.value.startswith("0")) and super().match_date_or_time(key, values)


@mutant("search-time-by-meaning[to-the-minute]", "search-time-by-meaning[with-fraction]", into=MUTANTS)
class TimesOfOneForm(Reference):
    """A time that has not six digits ends in 500."""

    def match_date_or_time(self, key: Key, values: Sequence[Json]) -> bool:
        if key.vr == "TM" and len(key.value) != 6:
            raise Refusal(500, "An exception.")
        return super().match_date_or_time(key, values)


@mutant("search-empty-key", "search-empty-keys-of-a-study", into=MUTANTS)
class EmptyKeyMatchesNothing(Reference):
    """A key without a value matches nothing."""

    def match_universal(self, key: Key, values: Sequence[Json]) -> bool:
        return bool(key.value) and super().match_universal(key, values)


@mutant("search-star[at-the-end]", "search-question-mark[at-the-end]", into=MUTANTS)
class WildCardsLiteral(Reference):
    """`*` and `?` are taken literally."""

    def match_wildcard(self, key: Key, values: Sequence[Json]) -> bool:
        return super().match_single(key, values)


@mutant("search-star[in-the-middle]", "search-star[twice]", "search-question-mark[in-the-middle]", into=MUTANTS)
class WildCardsAtTheEndOnly(Reference):
    """`*` and `?` are wild cards at the end of a value, and taken literally within."""

    def match_wildcard(self, key: Key, values: Sequence[Json]) -> bool:
        if {"*", "?"} & set(key.value[:-1]):
            return super().match_single(key, values)
        return super().match_wildcard(key, values)


@mutant("search-question-mark[in-the-middle]", into=MUTANTS)
class QuestionMarkIsStar(Reference):
    """`?` matches any run of characters."""

    def match_wildcard(self, key: Key, values: Sequence[Json]) -> bool:
        return super().match_wildcard(replace(key, value=key.value.replace("?", "*")), values)


@mutant(
    *(f"search-date-range[{each}]" for each in ("closed", "until", "from")),
    "search-time-range",
    into=MUTANTS,
)
class RangesWithoutBorders(Reference):
    """The borders of a range do not belong to it."""

    def match_range(self, key: Key, values: Sequence[Json]) -> bool:
        return not set(map(str, values)) & set(key.value.split("-")) and super().match_range(key, values)


@mutant("search-date-range[until]", "search-date-range[from]", into=MUTANTS)
class OpenRangesRefused(Reference):
    """A range with one border is refused."""

    def match_range(self, key: Key, values: Sequence[Json]) -> bool:
        if key.value.startswith("-") or key.value.endswith("-"):
            raise Refusal(400, "Both borders are needed.")
        return super().match_range(key, values)


@mutant("search-combined-date-and-time-range", into=MUTANTS)
class TimeOfCombinedRangeIgnored(Reference):
    """Of a range of date and time the time is not looked at."""

    def match_date_and_time(self, date: Key, time: Key, entity: Instance) -> bool:
        return matching.date_or_time(date, matching.values_of(self.attribute_of(entity, date.tag)))


@mutant("search-sequence-within-one-item", into=MUTANTS)
class ItemsMixed(Reference):
    """Keys of a sequence match across its items."""

    def match_sequence(self, key: Key, items: Sequence[Json], query: Query) -> bool:
        return all(any(self.match_key(one, item.get(one.tag), query) for item in items) for one in key.members)


@mutant("search-optional-key", may_trip=["search"], into=MUTANTS)
class DescriptionMatchesNothing(Reference):
    """StudyDescription as a key finds nothing."""

    def match_key(self, key: Key, attribute: Attribute | None, query: Query) -> bool:
        return key.tag != "00081030" and super().match_key(key, attribute, query)


@mutant("search-returns-match-keys", into=MUTANTS)
class MatchKeysNotReturned(Reference):
    """What filtered a search is not in its results."""

    def asked_attributes(self, entity: Instance, level: Level, query: Query) -> Model:
        return super().asked_attributes(entity, level, replace(query, keys=()))


@mutant("search-fuzzy-finds-exact-name", into=MUTANTS)
class FuzzyFindsNothing(Reference):
    """With fuzzymatching=true no name is found."""

    def match_name(self, key: Key, values: Sequence[Json], query: Query) -> bool:
        return not query.fuzzy and super().match_name(key, values, query)


@mutant("search-no-fuzzy-unasked", may_trip=["search"], into=MUTANTS)
class AlwaysFuzzy(Reference):
    """Names match by their first letters."""

    def match_name(self, key: Key, values: Sequence[Json], query: Query) -> bool:
        return super().match_name(replace(key, value=key.value[:4] + "*"), values, query)
