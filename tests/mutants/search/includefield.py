"""Defects that the checks of includefield must notice."""

from __future__ import annotations

from dataclasses import replace

from dicomweb_reference.archive import Instance
from dicomweb_reference.dicom_json import Model
from dicomweb_reference.levels import Level
from dicomweb_reference.matching import Query
from dicomweb_reference.messages import Refusal, Request
from dicomweb_reference.server import Reference
from tests.mutants.mutant import Mutant, mutant

MUTANTS: list[Mutant] = []

ALL = tuple(f"search-includefield-all[{level}]" for level in ("study", "series", "instance"))
DESCRIPTION, NAME, MODALITY = "00081030", "00100010", "00080060"


@mutant(
    "search-includefield-has-an-effect",
    "search-includefield-with-instances",
    "search-any-query[instances-of-a-series]",
    may_trip=["search"],
    into=MUTANTS,
)
class AllIncludefieldsDropped(Reference):
    """includefield is not looked at."""

    def search_query(self, request: Request, level: Level) -> Query:
        return replace(super().search_query(request, level), include=frozenset(), include_all=False)


@mutant(
    "search-includefield[keyword]",
    "search-includefield[tag]",
    "search-includefield-path",
    *ALL,
    "search-includefield-all-and-another",
    *(f"search-includefield-unsupported[{each}]" for each in ("PixelData", "NotADicomKeyword")),
    may_trip=["search"],
    into=MUTANTS,
)
class AnyIncludefieldBreaks(Reference):
    """includefield ends in 500."""

    def search_query(self, request: Request, level: Level) -> Query:
        if request.parameter("includefield"):
            raise Refusal(500, "An exception.")
        return super().search_query(request, level)


@mutant("search-includefield[keyword]", "search-includefield[tag]", into=MUTANTS)
class IncludedDescriptionOfAnother(Reference):
    """StudyDescription, asked for, has the value of another study."""

    def asked_attributes(self, entity: Instance, level: Level, query: Query) -> Model:
        asked = super().asked_attributes(entity, level, query)
        return asked | {DESCRIPTION: {"vr": "LO", "Value": ["ANOTHER"]}} if DESCRIPTION in query.include else asked


@mutant("search-includefield[keyword]", may_trip=["search"], into=MUTANTS)
class IncludefieldInPlaceOfAll(Reference):
    """Results hold what includefield asks for and the unique keys, and nothing else."""

    def result(self, entity: Instance, level: Level, query: Query, request: Request) -> Model:
        whole = super().result(entity, level, query, request)
        if not query.include or query.include_all:
            return whole
        kept = query.include | {key.tag for key in query.keys} | {"0020000D", "0020000E", "00080018"}
        return {tag: attribute for tag, attribute in whole.items() if tag in kept}


@mutant("search-includefield-forms[study]", "search-includefield-forms[instance]", into=MUTANTS)
class LastIncludefieldOnly(Reference):
    """Of includefield given several times only the last counts."""

    def search_query(self, request: Request, level: Level) -> Query:
        query = super().search_query(request, level)
        fields = [value for name, value in request.parameters() if name == "includefield"]
        last = self.attribute_path(fields[-1]) if len(fields) > 1 else None
        return replace(query, include=frozenset({last})) if last else query


@mutant(
    "search-includefield-forms[study]",
    "search-includefield-forms[instance]",
    "search-includefield-with-instances",
    into=MUTANTS,
)
class FirstFieldOfListOnly(Reference):
    """Of a list of attributes only the first is looked at."""

    def search_query(self, request: Request, level: Level) -> Query:
        query = super().search_query(request, level)
        fields = [value for name, value in request.parameters() if name == "includefield"]
        first = self.attribute_path(fields[0].partition(",")[0]) if fields and "," in fields[0] else None
        return replace(query, include=frozenset({first})) if first else query


@mutant(*ALL, into=MUTANTS)
class AllIsOnlyAll(Reference):
    """With includefield=all results lack what is computed, and the names."""

    def result(self, entity: Instance, level: Level, query: Query, request: Request) -> Model:
        result = super().result(entity, level, query, request)
        return {tag: each for tag, each in result.items() if tag != "00081190"} if query.include_all else result


@mutant("search-includefield-of-levels-below-a-study", "search-includefield-with-series", into=MUTANTS)
class AnyLevelIncluded(Reference):
    """Attributes of the levels below are included where they are asked for."""

    def result(self, entity: Instance, level: Level, query: Query, request: Request) -> Model:
        below = {tag: entity.attributes[tag] for tag in query.include if tag in entity.attributes}
        return super().result(entity, level, query, request) | below


@mutant("search-includefield-with-instances", into=MUTANTS)
class UpperLevelsNotIncluded(Reference):
    """With an instance no attribute of its study or series is included."""

    def asked_attributes(self, entity: Instance, level: Level, query: Query) -> Model:
        return {} if level == "instance" else super().asked_attributes(entity, level, query)


@mutant("search-includefield-path", into=MUTANTS)
class PathsOfAnother(Reference):
    """The items of a sequence have the description of another request."""

    def returned(self, entity: Instance, level: Level) -> Model:
        returned = super().returned(entity, level)
        items = returned.get("00400275", {}).get("Value", [])
        changed = [{**item, "00321060": {"vr": "LO", "Value": ["ANOTHER"]}} for item in items]
        return {**returned, "00400275": {"vr": "SQ", "Value": changed}} if items else returned


@mutant(
    *(f"search-includefield-text[{each}]" for each in ("latin_1", "japanese", "gb18030", "utf_8")),
    may_trip=["search", "xml", "charset"],
    into=MUTANTS,
)
class TextsOfResultsInAscii(Reference):
    """Names in results have all their letters, and texts have question marks for those beyond ASCII."""

    def result(self, entity: Instance, level: Level, query: Query, request: Request) -> Model:
        found = super().result(entity, level, query, request)
        return {
            tag: {**each, "Value": [_in_ascii(value) for value in each["Value"]]}
            if each["vr"] == "LO" and "Value" in each
            else each
            for tag, each in found.items()
        }


def _in_ascii(text: str | None) -> str | None:
    return text and text.encode("ascii", "replace").decode("ascii")
