"""Defects in how a query is read that the checks of search must notice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import unquote

from dicomweb_reference.archive import Instance, Resource
from dicomweb_reference.dicom_json import Json, Model, with_values
from dicomweb_reference.levels import Level
from dicomweb_reference.matching import Key, Query
from dicomweb_reference.messages import Refusal, Request
from dicomweb_reference.server import Reference, Step
from tests.mutants.mutant import Mutant, mutant

MUTANTS: list[Mutant] = []

RESERVED = "search-decodes-reserved-characters"
OTHER_SCRIPTS = tuple(f"search-decodes-other-scripts[{each}]" for each in ("latin-1", "cjk"))


class Rewriting(Reference):
    """Reads another query than it was sent."""

    def search_query(self, request: Request, level: Level) -> Query:
        return super().search_query(replace(request, query=self.rewritten(request.query)), level)

    def rewritten(self, query: str) -> str:
        return query


@mutant(RESERVED, may_trip=["search"], into=MUTANTS)
class DecodedBeforeItIsTakenApart(Rewriting):
    """A query is decoded first, and taken apart then."""

    def rewritten(self, query: str) -> str:
        return unquote(query).replace("%", "%25")


MARKED = tuple(f"search-quotation-marks[{name}]" for name in ("accession-number", "name"))


@mutant(*MARKED, into=MUTANTS)
class ApostrophesBreak(Reference):
    """An apostrophe ends the text of a value for the database, which does not understand what follows."""

    def search_keys(self, values: dict[str, str], level: Level) -> tuple[Key, ...]:
        if any("'" in value for value in values.values()):
            raise Refusal(500, 'near "1": syntax error')
        return super().search_keys(values, level)


@mutant(*MARKED, into=MUTANTS)
class QuotationMarksAreLeftOut(Reference):
    """Apostrophes and quotation marks are taken out of a value before it is compared."""

    def search_keys(self, values: dict[str, str], level: Level) -> tuple[Key, ...]:
        without = str.maketrans("", "", "'\"")
        return super().search_keys({path: value.translate(without) for path, value in values.items()}, level)


@mutant("search-plus-sign", may_trip=["search"], into=MUTANTS)
class EncodedPlusIsBlank(Rewriting):
    """`%2B` is decoded twice, and a blank."""

    def rewritten(self, query: str) -> str:
        return query.replace("%2B", "%20")


@mutant(*OTHER_SCRIPTS, may_trip=["search"], into=MUTANTS)
class DecodedAsLatin1(Reference):
    """Values are decoded as ISO 8859-1."""

    def search_keys(self, values: dict[str, str], level: Level) -> tuple[Key, ...]:
        return super().search_keys({path: each.encode().decode("latin-1") for path, each in values.items()}, level)


@mutant("search-limit-in-other-case", may_trip=["search"], into=MUTANTS)
class LimitOfAnyCaseIsAKey(Rewriting):
    """A parameter that is not known finds nothing."""

    def search_query(self, request: Request, level: Level) -> Query:
        query = super().search_query(request, level)
        return replace(query, limit=0) if "Limit=" in request.query else query


@mutant("search-tag-in-lower-case", into=MUTANTS)
class LowerCaseTagsBreak(Reference):
    """A tag in lower case ends in 500."""

    def attribute_path(self, name: str) -> str | None:
        if name == "0020000d":
            raise Refusal(500, "An exception.")
        return super().attribute_path(name)


@mutant("search-by-path[tags]", "search-by-path[tag-and-keyword]", may_trip=["search"], into=MUTANTS)
class PathsOfTagsUnknown(Reference):
    """Of a path with tags only the first step is looked at."""

    def attribute_path(self, name: str) -> str | None:
        return super().attribute_path(name.partition(".")[0] if name[:1].isdigit() else name)


@mutant("search-key-of-a-level-below", into=MUTANTS)
class KeyOfALevelBelowBreaks(Reference):
    """A key of a series ends in 500 in a search for studies."""

    def search_query(self, request: Request, level: Level) -> Query:
        if level == "study" and "&Modality=" in request.query:
            raise Refusal(500, "No such column.")
        return super().search_query(request, level)


@mutant("search-series-by-patient", may_trip=["search"], into=MUTANTS)
class PatientUnknownToSeries(Reference):
    """In a search for series Patient ID matches nothing."""

    def matches(self, level: Level, request: Request, query: Query) -> list[Instance]:
        found = super().matches(level, request, query)
        return [] if level == "series" and "PatientID=" in request.query else found


def upper_keys(name: str, level: Level, below: str, *checks: str, ignored: bool = True) -> None:
    """A server that does not look at keys of levels above one of its resources, or finds nothing by them."""

    class UpperKeys(Reference):
        def matches(self, level: Level, request: Request, query: Query) -> list[Instance]:
            if (level, "study" if request.resource.study else "") != concerned:
                return super().matches(level, request, query)
            own = {"series": ("0020000E",), "instance": ("00080018",)}[level]
            if ignored:
                query = replace(query, keys=tuple(key for key in query.keys if key.tag in own))
            elif any(key.tag not in own for key in query.keys):
                return []
            return super().matches(level, request, query)

    concerned = (level, below)
    UpperKeys.__doc__ = f"Keys of the levels above are {'ignored' if ignored else 'in the way'} at {name}."
    mutant(
        *(f"search-keys-of-levels-above[{check}]" for check in checks),
        *([f"search-any-query[{name}]"] if ignored else []),
        may_trip=["search", "store"],
        into=MUTANTS,
        name=f"upper-keys-{'ignored' if ignored else 'find-nothing'}-at-{name}",
    )(UpperKeys)


BY_BOTH = ("all-instances-by-study", "all-instances-by-series")
upper_keys("all-series", "series", "", "all-series-by-study")
upper_keys("all-instances", "instance", "", *BY_BOTH)
upper_keys("instances-of-a-study", "instance", "study", "instances-of-a-study-by-series")
upper_keys("all-instances", "instance", "", *BY_BOTH, ignored=False)


@mutant("search-lone-star", "search-any-query[studies]", may_trip=["search"], into=MUTANTS)
class LoneStarNeedsAValue(Reference):
    """A lone `*` does not match an empty value."""

    def match_universal(self, key: Key, values: Sequence[Json]) -> bool:
        return not key.value or bool(values)


@mutant("search-lone-star", may_trip=["search"], into=MUTANTS)
class LoneStarIsLiteral(Reference):
    """A lone `*` is taken literally."""

    def match_universal(self, key: Key, values: Sequence[Json]) -> bool:
        return not key.value or key.value in values


@mutant(
    "search-wild-card-in-a-uid",
    *(f"search-any-query[{each}]" for each in ("studies", "instances-of-a-series")),
    may_trip=["search"],
    into=MUTANTS,
)
class WildCardsInUids(Reference):
    """A UID may have wild cards."""

    def match_uid_list(self, key: Key, values: Sequence[Json]) -> bool:
        return super().match_wildcard(key, values) if "*" in key.value else super().match_uid_list(key, values)


@mutant("search-star-in-a-name", may_trip=["search"], into=MUTANTS)
class NamesWithAStarMatchAll(Reference):
    """A name with a wild card matches every name."""

    def match_name(self, key: Key, values: Sequence[Json], query: Query) -> bool:
        return "*" in key.value or super().match_name(key, values, query)


@mutant("search-range-of-numbers", into=MUTANTS)
class RangeOfNumbersBreaks(Reference):
    """A number that is none ends in 500."""

    def match_single(self, key: Key, values: Sequence[Json]) -> bool:
        if key.vr == "IS" and not key.value.isdecimal():
            raise Refusal(500, "An exception.")
        return super().match_single(key, values)


@mutant("search-value-against-an-empty-one", may_trip=["search"], into=MUTANTS)
class NullsBreak(Reference):
    """A key against an empty value ends in 500."""

    def match_single(self, key: Key, values: Sequence[Json]) -> bool:
        if not values and key.tag == "00080050":
            raise Refusal(500, "An exception.")
        return super().match_single(key, values)


def parameter_breaks(name: str, *checks: str) -> None:
    """A server that ends in 500 where a parameter is true."""

    class Breaks(Reference):
        def search_query(self, request: Request, level: Level) -> Query:
            if request.parameter(name) == "true":
                raise Refusal(500, "An exception.")
            return super().search_query(request, level)

    Breaks.__doc__ = f"{name}=true ends in 500."
    mutant(*checks, may_trip=["search"], into=MUTANTS, name=f"{name}-breaks")(Breaks)


parameter_breaks("fuzzymatching", "search-fuzzy-matching")
parameter_breaks("emptyvaluematching", "search-empty-value-matching")
parameter_breaks("multiplevaluematching", "search-multiple-value-matching")


@mutant("search-fuzzy-matching", may_trip=["search"], into=MUTANTS)
class NoOptionIsWarnedOf(Reference):
    """No Warning tells that a parameter has no effect."""

    def warnings(self, request: Request, query: Query, matches: int, results: int) -> list[str]:
        return super().warnings(
            request, replace(query, fuzzy=False, empty_values=False, multiple_values=False), matches, results
        )


@mutant("search-fuzzy-matching", freedoms=["fuzzy-supported"], may_trip=["search"], into=MUTANTS)
class FuzzyNamesAreAllThatCounts(Reference):
    """With fuzzymatching=true and a name all other keys are ignored."""

    def match(self, entity: Instance, query: Query) -> bool:
        names = tuple(key for key in query.keys if key.vr == "PN")
        return super().match(entity, replace(query, keys=names) if query.fuzzy and names else query)


@mutant("search-fuzzy-of-neither-value", freedoms=["fuzzy-supported"], may_trip=["search"], into=MUTANTS)
class MaybeIsFalse(Reference):
    """`fuzzymatching=maybe` is taken for false."""

    def truth(self, name: str, options: dict[str, str]) -> bool:
        return options.get(name) == "true"


@mutant("search-is-get", tiers=["unsafe"], into=MUTANTS)
class SearchByPost(Reference):
    """POST searches, too."""

    def resources(self) -> dict[str, dict[str, Step]]:
        tree = super().resources()
        return {**tree, "/series": {**tree["/series"], "POST": tree["/series"]["GET"]}}


@mutant("search-without-keys", into=MUTANTS)
class SearchWithoutKeysBreaks(Reference):
    """A search of all instances without keys ends in 500."""

    def matches(self, level: Level, request: Request, query: Query) -> list[Instance]:
        if level == "instance" and not query.keys and request.resource == Resource():
            raise Refusal(500, "An exception.")
        return super().matches(level, request, query)


@mutant(
    "search-available-transfer-syntaxes",
    freedoms=["available-transfer-syntaxes"],
    may_trip=["search"],
    into=MUTANTS,
)
class MoreTransferSyntaxesThanThereAre(Reference):
    """Instance results list JPEG 2000 as available, too."""

    def instance_attributes(self, entity: Instance, request: Request) -> Model:
        return super().instance_attributes(entity, request) | {
            "00083002": with_values("UI", ["1.2.840.10008.1.2.1", "1.2.840.10008.1.2.4.90"])
        }


def breaks_on(name: str, sign: str, *checks: str) -> None:
    """A server that ends in 500 where a query has some text in it."""

    class BreaksOn(Reference):
        def search_query(self, request: Request, level: Level) -> Query:
            if sign in unquote(request.query):
                raise Refusal(500, "An exception.")
            return super().search_query(request, level)

    BreaksOn.__doc__ = f"A query with {name.replace('-', ' ')} ends in 500."
    mutant(*checks, may_trip=["search"], into=MUTANTS, name=f"{name}-breaks")(BreaksOn)


GROUPS = "search-by-a-group-of-a-name"
breaks_on("two-patient-ids", ",DWC-", "search-two-values-of-a-key")
breaks_on("a-backslash", "\\", "search-uids-with-a-backslash")
breaks_on("a-private-creator", "00110010=", "search-by-a-private-attribute")
breaks_on("a-time-zone", "TimezoneOffsetFromUTC=", "search-in-a-time-zone")
breaks_on("a-chinese-name", "Wang^XiaoDong", f"{GROUPS}[alphabetic]", f"{GROUPS}[both]")
breaks_on("ideographs", "\u738b^", f"{GROUPS}[ideographic]")
