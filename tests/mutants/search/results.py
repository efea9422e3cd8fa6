"""Defects that the checks of search results must notice."""

from __future__ import annotations

from dicomweb_reference.archive import Instance, Resource
from dicomweb_reference.dicom_json import Attribute, Model, with_values
from dicomweb_reference.levels import Level
from dicomweb_reference.matching import Query
from dicomweb_reference.messages import Request
from dicomweb_reference.server import Reference
from tests.mutants.mutant import Mutant, mutant

MUTANTS: list[Mutant] = []

STUDY = (
    "StudyDate StudyTime AccessionNumber ReferringPhysicianName TimezoneOffsetFromUTC "
    "PatientName PatientID PatientBirthDate PatientSex StudyID"
)
SERIES = (
    "Modality TimezoneOffsetFromUTC SeriesDescription SeriesNumber "
    "PerformedProcedureStepStartDate PerformedProcedureStepStartTime"
)
INSTANCE = "SOPClassUID TimezoneOffsetFromUTC InstanceNumber Rows Columns BitsAllocated NumberOfFrames"
LEVELS = {"study": STUDY.split(), "series": SERIES.split(), "instance": INSTANCE.split()}
IF_KNOWN = {
    "TimezoneOffsetFromUTC",
    "SeriesDescription",
    "PerformedProcedureStepStartDate",
    "PerformedProcedureStepStartTime",
}
OTHER = {"DA": "18991231", "TM": "000001", "PN": {"Alphabetic": "NOBODY"}, "IS": 77, "US": 77, "UI": "1.2.3"}


@mutant(
    *(f"search-returns[{level}-{name}]" for level, names in LEVELS.items() for name in names),
    may_trip=["search"],
    into=MUTANTS,
)
class ValuesAltered(Reference):
    """Every attribute of a result has another value."""

    def returned(self, entity: Instance, level: Level) -> Model:
        kept = {"0020000D", "0020000E", "00080018", "00400275"}
        return {
            tag: each if tag in kept else self.altered(each) for tag, each in super().returned(entity, level).items()
        }

    def altered(self, attribute: Attribute) -> Attribute:
        return {"vr": attribute["vr"], "Value": [OTHER.get(attribute["vr"], "OTHER")]}


@mutant(
    *(f"search-returns[{level}-{name}]" for level, names in LEVELS.items() for name in names if name not in IF_KNOWN),
    *(
        f"search-returns-computed[study-{name}]"
        for name in ("ModalitiesInStudy", "NumberOfStudyRelatedSeries", "NumberOfStudyRelatedInstances")
    ),
    "search-returns-computed[series-NumberOfSeriesRelatedInstances]",
    may_trip=["search"],
    into=MUTANTS,
)
class AttributesLeftOut(Reference):
    """Results hold no attribute but their unique keys and URLs."""

    def returned(self, entity: Instance, level: Level) -> Model:
        return {
            tag: each
            for tag, each in super().returned(entity, level).items()
            if each["vr"] == "UI" and tag != "00080016"
        }


@mutant(
    *(
        f"search-returns-empty[study-{name}]"
        for name in LEVELS["study"]
        if name not in {"PatientID", "PatientName", "TimezoneOffsetFromUTC"}
    ),
    into=MUTANTS,
)
class EmptyValuesInvented(Reference):
    """What was stored empty comes with a value."""

    def returned(self, entity: Instance, level: Level) -> Model:
        found = super().returned(entity, level)
        return {
            tag: each if "Value" in each else {"vr": each["vr"], "Value": [OTHER.get(each["vr"], "OTHER")]}
            for tag, each in found.items()
        }


@mutant(
    *(f"search-returns-computed[{level}-RetrieveURL]" for level in LEVELS),
    may_trip=["store"],
    into=MUTANTS,
)
class RetrieveUrlLeftOut(Reference):
    """No Retrieve URL has a value."""

    def retrieve_url(self, request: Request, resource: Resource) -> Attribute:
        return {"vr": "UR"}


@mutant(
    *(f"search-retrieve-url[{level}]" for level in LEVELS),
    "store-retrieve-url-of-study",
    "store-retrieve-url-of-instance",
    into=MUTANTS,
)
class RetrieveUrlOfAnother(Reference):
    """Retrieve URLs lead to another study."""

    def url_of(self, request: Request, resource: Resource) -> str:
        return super().url_of(request, resource) + "9"


@mutant("search-retrieve-url[instance]", "store-retrieve-url-of-instance", into=MUTANTS)
class RetrieveUrlSingular(Reference):
    """Retrieve URLs of instances say /instance/ where the standard says /instances/."""

    def url_of(self, request: Request, resource: Resource) -> str:
        return super().url_of(request, resource).replace("/instances/", "/instance/")


@mutant(
    *(f"search-returns-unique-key[{name}]" for name in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID")),
    into=MUTANTS,
)
class UniqueKeysTwice(Reference):
    """The unique key of a result has two values."""

    def result(self, entity: Instance, level: Level, query: Query, request: Request) -> Model:
        found = super().result(entity, level, query, request)
        tag = {"study": "0020000D", "series": "0020000E", "instance": "00080018"}[level]
        return {**found, tag: {"vr": "UI", "Value": found[tag]["Value"] * 2}}


@mutant("search-returns-request-attributes", into=MUTANTS)
class RequestAttributesOfAnother(Reference):
    """The request attributes of a series are another's."""

    def returned(self, entity: Instance, level: Level) -> Model:
        item = {"00400009": {"vr": "SH", "Value": ["X"]}, "00401001": {"vr": "SH", "Value": ["Y"]}}
        found = super().returned(entity, level)
        return {**found, "00400275": {"vr": "SQ", "Value": [item]}} if "00400275" in found else found


@mutant("search-returns-availability[study]", "search-returns-availability[instance]", into=MUTANTS)
class AvailabilityUndefined(Reference):
    """Instance Availability has a term of its own."""

    def availability(self, _entity: Instance) -> Model:
        return {"00080056": {"vr": "CS", "Value": ["SOMEWHERE"]}}


@mutant(
    *(f"search-returns-upper-levels[{each}]" for each in ("all-series", "all-instances", "instances-of-a-study")),
    may_trip=["search"],
    into=MUTANTS,
)
class UpperLevelsLeftOut(Reference):
    """Results hold the attributes of their own level only."""

    def result(self, entity: Instance, level: Level, query: Query, request: Request) -> Model:
        own = {"study": self.study_attributes, "series": self.series_attributes, "instance": self.instance_attributes}[
            level
        ]
        return self.asked_attributes(entity, level, query) | own(entity, request)


@mutant(
    *(
        f"search-counts[NumberOf{each}]"
        for each in ("StudyRelatedSeries", "StudyRelatedInstances", "SeriesRelatedInstances")
    ),
    "search-returns-upper-levels[all-instances]",
    "search-returns-upper-levels[instances-of-a-study]",
    may_trip=["search"],
    into=MUTANTS,
)
class CountsWrong(Reference):
    """The counts of series and instances are one too great."""

    def number_of_series(self, study: Resource) -> int:
        return super().number_of_series(study) + 1

    def number_of_instances(self, resource: Resource) -> int:
        return super().number_of_instances(resource) + 1


@mutant("search-counts[NumberOfStudyRelatedInstances]", may_trip=["search"], into=MUTANTS)
class CountsOfWhatWasLookedAt(Reference):
    """With a limit no more series and instances of a study are counted than results are asked for."""

    results_asked_for: int | None = None

    def search_query(self, request: Request, level: Level) -> Query:
        query = super().search_query(request, level)
        self.results_asked_for = query.limit
        return query

    def number_of_series(self, study: Resource) -> int:
        number = super().number_of_series(study)
        return number if self.results_asked_for is None else min(number, self.results_asked_for)

    def number_of_instances(self, resource: Resource) -> int:
        number = super().number_of_instances(resource)
        return number if self.results_asked_for is None else min(number, self.results_asked_for)


@mutant(
    *(
        f"search-returns-computed[{each}]"
        for each in (
            "study-ModalitiesInStudy",
            "study-NumberOfStudyRelatedSeries",
            "study-NumberOfStudyRelatedInstances",
            "series-NumberOfSeriesRelatedInstances",
        )
    ),
    into=MUTANTS,
)
class ComputedWithoutValue(Reference):
    """What a server computes is in its results, and empty."""

    def returned(self, entity: Instance, level: Level) -> Model:
        computed = {"00080061", "00201206", "00201208", "00201209"}
        return {
            tag: {"vr": each["vr"]} if tag in computed else each
            for tag, each in super().returned(entity, level).items()
        }


@mutant(*(f"search-returns-computed[{level}-RetrieveURL]" for level in LEVELS), may_trip=["store"], into=MUTANTS)
class RetrieveUrlTwice(Reference):
    """Retrieve URL has two values."""

    def retrieve_url(self, request: Request, resource: Resource) -> Attribute:
        return {"vr": "UR", "Value": [self.url_of(request, resource)] * 2}


@mutant(*(f"search-retrieve-url[{level}]" for level in LEVELS), may_trip=["store"], into=MUTANTS)
class RetrieveUrlOfAnotherVr(Reference):
    """Retrieve URL has the VR LO."""

    def retrieve_url_vr(self) -> str:
        return "LO"


@mutant(*(f"search-retrieve-url[{level}]" for level in LEVELS), may_trip=["store"], into=MUTANTS)
class RetrieveUrlLeadsNowhere(Reference):
    """Retrieve URLs have a folder too many."""

    def url_of(self, request: Request, resource: Resource) -> str:
        return super().url_of(request, resource).replace("/studies/", "/rs/studies/")


@mutant(
    *(f"search-retrieve-url[{level}]" for level in LEVELS),
    "store-retrieve-url-of-study",
    "store-retrieve-url-of-instance",
    may_trip=["search", "store"],
    into=MUTANTS,
)
class RetrieveUrlHasUser(Reference):
    """Retrieve URLs have a user name before their host."""

    def url_of(self, request: Request, resource: Resource) -> str:
        return super().url_of(request, resource).replace("://", "://archive@")


@mutant("search-modalities-in-study", into=MUTANTS)
class ModalitiesRepeated(Reference):
    """ModalitiesInStudy has a value for each series twice."""

    def modalities_in_study(self, study: Resource) -> list[str]:
        return super().modalities_in_study(study) * 2


@mutant("search-modalities-in-study", "search-one-of-several-values", may_trip=["search"], into=MUTANTS)
class OneModality(Reference):
    """Of the modalities of a study only one is kept."""

    def modalities_in_study(self, study: Resource) -> list[str]:
        return super().modalities_in_study(study)[-1:]


NAMES = tuple(f"search-returns-all-groups-of-a-name[{each}]" for each in ("japanese", "gb18030", "utf_8"))


@mutant(*NAMES, into=MUTANTS)
class IdeographicGroupsLost(Reference):
    """Of an ideographic group only the delimiter is left."""

    def returned(self, entity: Instance, level: Level) -> Model:
        found = super().returned(entity, level)
        names = {tag: each for tag, each in found.items() if each["vr"] == "PN" and "Value" in each}
        return found | {
            tag: {**each, "Value": [self.lost(name) for name in each["Value"]]} for tag, each in names.items()
        }

    def lost(self, name: dict[str, str]) -> dict[str, str]:
        return {group: "^" if group == "Ideographic" else text for group, text in name.items()}


@mutant(
    *(f"search-returns-all-groups-of-a-name[{each}]" for each in ("doe_with_suffix", "latin_1", "sally_zhang")),
    may_trip=["search"],
    into=MUTANTS,
)
class NamesAsTheirFirstComponent(Reference):
    """A name is returned as its first word."""

    def returned(self, entity: Instance, level: Level) -> Model:
        found = super().returned(entity, level)
        if found.get("00100010", {}).get("Value"):
            first = found["00100010"]["Value"][0].get("Alphabetic", "").replace(" ", "^").partition("^")[0]
            found = found | {"00100010": {"vr": "PN", "Value": [{"Alphabetic": first}]}}
        return found


@mutant(
    *(f"search-returns-upper-levels[{each}]" for each in ("all-series", "all-instances", "instances-of-a-study")),
    may_trip=["search"],
    into=MUTANTS,
)
class CountsOfUpperLevelsLeftOut(Reference):
    """Counts are in results of their own level only."""

    def result(self, entity: Instance, level: Level, query: Query, request: Request) -> Model:
        found = super().result(entity, level, query, request)
        of_others = {"00201206", "00201208"} if level == "series" else {"00201206", "00201208", "00201209"}
        return {tag: each for tag, each in found.items() if level == "study" or tag not in of_others}


@mutant(
    *(f"search-returns-own-level[{each}]" for each in ("all-series", "all-instances", "instances-of-a-study")),
    may_trip=["search"],
    into=MUTANTS,
)
class NumbersOfAnotherAcrossSeries(Reference):
    """In searches that no path confines to one series, or to the series of one study, numbers are another's."""

    def result(self, entity: Instance, level: Level, query: Query, request: Request) -> Model:
        found = super().result(entity, level, query, request)
        if request.resource.series or (level == "series" and request.resource.study):
            return found
        return {
            tag: {**each, "Value": [77]} if tag in {"00200011", "00200013"} else each for tag, each in found.items()
        }


@mutant(
    *(f"search-returns-upper-levels[{each}]" for each in ("all-series", "all-instances")),
    may_trip=["search"],
    into=MUTANTS,
)
class NamesOfOneGroupBelowStudies(Reference):
    """Names have all their groups in results of a search for studies, and the first one in others."""

    def result(self, entity: Instance, level: Level, query: Query, request: Request) -> Model:
        found = super().result(entity, level, query, request)
        if level == "study":
            return found
        return {tag: _alphabetic(each) if each["vr"] == "PN" else each for tag, each in found.items()}


def _alphabetic(attribute: Attribute) -> Attribute:
    names = [{"Alphabetic": each["Alphabetic"]} for each in attribute.get("Value", []) if each and "Alphabetic" in each]
    return with_values("PN", names)
