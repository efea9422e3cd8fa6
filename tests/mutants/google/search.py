"""Defects of the google flavour in what searches ask for: keys, their values, and pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from starlette.responses import Response

from dicomweb_reference.archive import Instance
from dicomweb_reference.dicom_json import Json, Model
from dicomweb_reference.google import Google
from dicomweb_reference.levels import Level
from dicomweb_reference.matching import Key, Query
from dicomweb_reference.media_types import MediaType
from dicomweb_reference.messages import Refusal, Request
from dicomweb_reference.transactions.answers import Headers
from tests.mutants.mutant import EVERYWHERE, Mutant, mutant

MUTANTS: list[Mutant] = []
OF_STUDIES = (
    "StudyInstanceUID", "PatientName", "PatientID", "AccessionNumber", "ReferringPhysicianName", "StudyDate",
)  # fmt: skip  # a list of words, not a table
OTHER = (
    "StudyTime", "ModalitiesInStudy", "StudyID", "SeriesNumber", "PerformedProcedureStepStartDate",
    "PerformedProcedureStepStartTime", "RequestAttributesSequence.ScheduledProcedureStepID", "SOPClassUID",
    "InstanceNumber",
)  # fmt: skip  # a list of words, not a table
OWN = {
    "study": {"0020000D", "00100010", "00100020", "00080050", "00080090", "00080020"},
    "series": {"0020000E", "00080060"},
    "instance": {"00080018"},
}


@mutant(
    *(f"google-upper-key[series-{of_study}]" for of_study in OF_STUDIES),
    *(f"google-upper-key[instances-{each}]" for each in (*OF_STUDIES, "SeriesInstanceUID", "Modality")),
    may_trip=["search"],
    into=MUTANTS,
)
class KnowsKeysAtTheirOwnLevel(Google):
    """Keys of upper levels are ignored where series or instances are searched."""

    def search_keys(self, values: dict[str, str], level: Level) -> tuple[Key, ...]:
        return tuple(key for key in super().search_keys(values, level) if key.tag in OWN[level])


@mutant("google-other-key[StudyTime]", may_trip=["search"], into=MUTANTS)
class IgnoresKeysItHasNot(Google):
    """A key that is not supported is ignored, and finds everything."""

    def search_keys(self, values: dict[str, str], level: Level) -> tuple[Key, ...]:
        known = {tag for tags in OWN.values() for tag in tags} - (OWN["instance"] if level != "instance" else set())
        return super().search_keys({path: value for path, value in values.items() if path in known}, level)


@mutant("google-other-key[InstanceNumber]", may_trip=["search"], into=MUTANTS)
class IgnoresInstanceNumber(Google):
    """Instance Number alone is ignored."""

    def search_keys(self, values: dict[str, str], level: Level) -> tuple[Key, ...]:
        return super().search_keys({path: each for path, each in values.items() if path != "00200013"}, level)


@mutant(
    *(f"google-other-key[{each}]" for each in OTHER),
    "google-unknown-key[unknown]",
    "google-unknown-key[unsupported]",
    "google-timezone-does-not-shift",
    "google-include-unsupported[unknown]",
    "google-include-unsupported[unsupported]",
    may_trip=EVERYWHERE,
    into=MUTANTS,
)
class UnknownKeysBreakTheServer(Google):
    """What searches do not support ends in 500."""

    def search_query(self, request: Request, level: Level) -> Query:
        try:
            return super().search_query(request, level)
        except Refusal as refusal:
            raise Refusal(500, "An exception.") from refusal


@mutant(
    "google-no-wild-cards[star]",
    "google-no-wild-cards[question-mark]",
    "google-no-wild-cards[star-in-a-name]",
    "google-no-uid-lists[comma]",
    "google-no-uid-lists[backslash]",
    "google-empty-value",
    may_trip=["search", "charset"],
    into=MUTANTS,
)
class FindsAllByWhatItDoesNotUnderstand(Google):
    """A search by a pattern, a list, or nothing finds everything."""

    def search_keys(self, values: dict[str, str], level: Level) -> tuple[Key, ...]:
        odd = any(not value or set(value) & set("*?,\\") for value in values.values())
        return () if odd else super().search_keys(values, level)


@mutant(
    "google-fuzzy[beginning]",
    may_trip=["search"],
    into=MUTANTS,
)
class TakesFuzzyNamesAsTheyAre(Google):
    """Names are compared as they are, though fuzzy matching was asked for."""

    def match_name(self, key: Key, values: Sequence[Json], query: Query) -> bool:
        return super().match_name(key, values, replace(query, fuzzy=False))


@mutant("google-fuzzy[within-a-word]", may_trip=["search"], into=MUTANTS)
class FindsWithinWords(Google):
    """Fuzzy matching finds what stands anywhere in a name."""

    def match_name(self, key: Key, values: Sequence[Json], query: Query) -> bool:
        within = any(key.value.casefold() in each.casefold() for value in values for each in value.values())
        return super().match_name(key, values, query) or (query.fuzzy and within)


@mutant("google-fuzzy[with-blank]", "google-fuzzy[with-caret]", may_trip=["search"], into=MUTANTS)
class FindsNothingByTwoWords(Google):
    """Fuzzy matching finds nothing by a name of two words."""

    def match_name(self, key: Key, values: Sequence[Json], query: Query) -> bool:
        return super().match_name(key, values, query) and not (query.fuzzy and len(self.words(key.value)) > 1)


@mutant("google-fuzzy[beginning-of-the-other]", may_trip=["search"], into=MUTANTS)
class FindsByTheFirstWord(Google):
    """Fuzzy matching finds a name by its first word only."""

    def match_name(self, key: Key, values: Sequence[Json], query: Query) -> bool:
        first = [{group: name.split(" ")[0] for group, name in value.items()} for value in values]
        return super().match_name(key, first if query.fuzzy else values, query)


@mutant(*(f"google-largest-limit[{each}]" for each in ("studies", "series", "instances")), into=MUTANTS)
class RefusesLargeLimits(Google):
    """A limit above 1000 is refused."""

    def limit(self, text: str | None) -> int | None:
        if (limit := super().limit(text)) and limit > 1000:
            raise Refusal(400, "limit is at most 1000.")
        return limit


@mutant("google-limit-above-the-largest", may_trip=["search"], into=MUTANTS)
class TakesLargeLimitsForOne(Google):
    """A limit above 5000 is taken for 1."""

    def limit(self, text: str | None) -> int | None:
        limit = super().limit(text)
        return 1 if limit == 5001 else limit


@mutant("google-largest-offset", may_trip=["search"], into=MUTANTS)
class IgnoresLargeOffsets(Google):
    """An offset of 1000 or more is ignored."""

    def page(self, matches: Sequence[Instance], limit: int | None, offset: int) -> Sequence[Instance]:
        return super().page(matches, limit, offset if offset < 1000 else 0)


@mutant("google-pages", may_trip=["search"], into=MUTANTS)
class WarnsOfTooMany(Google):
    """A page warns of more results than there are."""

    def warnings(self, request: Request, query: Query, matches: int, results: int) -> list[str]:
        return [f"299 {request.base}: There are {matches} additional results that can be requested"]


@mutant("google-pages", may_trip=["search"], into=MUTANTS)
class ShowsTheSecondPageTwice(Google):
    """The third page is the second again."""

    def page(self, matches: Sequence[Instance], limit: int | None, offset: int) -> Sequence[Instance]:
        return super().page(matches, limit, 1 if offset == 2 else offset)


@mutant("google-no-match[study]", "google-no-match[patient]", may_trip=EVERYWHERE, into=MUTANTS)
class FindsNothingUnderNotFound(Google):
    """A search that matches nothing is answered 404."""

    def search_answer(self, results: Sequence[Model], media: MediaType, headers: Headers) -> Response:
        if not results:
            raise Refusal(404, "Nothing was found.")
        return super().search_answer(results, media, headers)
