"""Defects of the google flavour in what results of a search hold, and in their media types."""

from __future__ import annotations

from dicomweb_reference.archive import Instance, Resource
from dicomweb_reference.dicom_json import Model, with_values
from dicomweb_reference.google import Google
from dicomweb_reference.levels import Level
from dicomweb_reference.matching import Query
from dicomweb_reference.media_types import MULTIPART_XML, MediaType
from dicomweb_reference.messages import Refusal, Request
from tests.mutants.mutant import EVERYWHERE, Mutant, mutant

MUTANTS: list[Mutant] = []


@mutant(
    "google-search-type[no-accept]",
    "google-search-type[any]",
    "google-metadata-type[study-no-accept]",
    "google-metadata-type[series-any]",
    may_trip=EVERYWHERE,
    into=MUTANTS,
)
class PrefersXmlInSearches(Google):
    """Models come as XML unless JSON is asked for."""

    def models_offers(self, *offers: MediaType) -> list[MediaType]:
        return [MULTIPART_XML, *offers]


@mutant(
    "google-search-type[xml]",
    "google-metadata-type[study-xml]",
    "google-metadata-type[instance-xml-bare]",
    may_trip=EVERYWHERE,
    into=MUTANTS,
)
class KnowsNoXmlInSearches(Google):
    """Models do not come as XML."""

    def models_offers(self, *offers: MediaType) -> list[MediaType]:
        return [*offers]


@mutant(
    "google-returns-of-study",
    "google-returns-of-series",
    "google-returns-of-instance",
    "google-upper-attributes[series]",
    "google-upper-attributes[instances]",
    may_trip=["search"],
    into=MUTANTS,
)
class ForgetsAttributes(Google):
    """Results lack Study ID, Series Description and Rows; their Study Date is another."""

    def result(self, entity: Instance, level: Level, query: Query, request: Request) -> Model:
        result = super().result(entity, level, query, request)
        wrong = {"00080020": with_values("DA", ["19000101"])} if "00080020" in result else {}
        return {tag: each for tag, each in result.items() if tag not in {"00200010", "0008103E", "00280010"}} | wrong


@mutant("google-returns-empty", may_trip=["search", "messages"], into=MUTANTS)
class MakesUpValues(Google):
    """An attribute that was stored without a value has an empty string for one."""

    def result(self, entity: Instance, level: Level, query: Query, request: Request) -> Model:
        result = super().result(entity, level, query, request)
        return {tag: each if "Value" in each else {**each, "Value": [""]} for tag, each in result.items()}


@mutant(
    *(f"google-upper-uids[{each}]" for each in ("series", "instances-of-study", "instances-of-series")),
    may_trip=["search"],
    into=MUTANTS,
)
class NamesAnotherStudyInResults(Google):
    """The Study Instance UID of results below a study is another."""

    def result(self, entity: Instance, level: Level, query: Query, request: Request) -> Model:
        result = super().result(entity, level, query, request)
        asked = request.resource != Resource() and "0020000D" in result
        return result | ({"0020000D": with_values("UI", ["2.25.1"])} if asked else {})


@mutant(
    *(f"google-includefield[{each}]" for each in ("comma", "repeated", "tags")),
    "google-include-all[study]",
    may_trip=["search"],
    into=MUTANTS,
)
class KnowsNoIncludeField(Google):
    """includefield is ignored."""

    def asked_attributes(self, entity: Instance, level: Level, query: Query) -> Model:
        return {}


@mutant("google-includefield[all]", "google-include-all[study]", may_trip=["search"], into=MUTANTS)
class RefusesAll(Google):
    """includefield=all is refused."""

    def search_query(self, request: Request, level: Level) -> Query:
        if request.parameter("includefield") == "all":
            raise Refusal(400, "unknown/unsupported QIDO attribute: all")
        return super().search_query(request, level)


@mutant("google-include-all[series]", "google-include-all[instance]", may_trip=["search"], into=MUTANTS)
class AddsToStudiesOnly(Google):
    """includefield is heeded in searches of studies only."""

    def asked_attributes(self, entity: Instance, level: Level, query: Query) -> Model:
        return super().asked_attributes(entity, level, query) if level == "study" else {}


@mutant("google-instances-disagree", may_trip=["search"], into=MUTANTS)
class HasAnOpinionOfItsOwn(Google):
    """Study Description of results is made up."""

    def result(self, entity: Instance, level: Level, query: Query, request: Request) -> Model:
        result = super().result(entity, level, query, request)
        return result | ({"00081030": with_values("LO", ["MY OPINION"])} if "00081030" in result else {})
