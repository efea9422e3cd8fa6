"""Search: what a result holds (PS3.18 Tables 10.6.3-3 to 10.6.3-5), and whether it is right."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dicomweb_conformance.checks.expect import Expectation, assume, control, expect, offered
from dicomweb_conformance.checks.verifies import Variant, verifies
from dicomweb_conformance.dicom import json_model
from dicomweb_conformance.dicom.json_model import DataSet
from dicomweb_conformance.dicom.search_attributes import (
    INSTANCE_COMPUTED,
    INSTANCE_VALUES,
    SERIES_COMPUTED,
    SERIES_VALUES,
    STUDY_COMPUTED,
    STUDY_VALUES,
    UNIQUE,
    UNIQUE_KEYS,
    Returned,
)
from dicomweb_conformance.http import media_types
from dicomweb_conformance.http.exchanges import Response
from dicomweb_conformance.reading import values
from dicomweb_conformance.scenarios.steps.links import is_elsewhere, leads_to
from dicomweb_conformance.service import resources
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_fixtures.corpus import Corpus
from dicomweb_fixtures.entities import Instance, Series, Study
from dicomweb_fixtures.expected import answers

ABSENT = "absent"
OTHER = "present-with-another-value"
AVAILABILITIES = frozenset({"ONLINE", "NEARLINE", "OFFLINE", "UNAVAILABLE"})


@dataclass(frozen=True)
class Attribute:
    """An attribute of results at one level."""

    id: str
    requirement: str
    tag: str
    keyword: str
    level: str


def _at(level: str, attributes: tuple[Returned, ...]) -> tuple[Attribute, ...]:
    return tuple(
        Attribute(f"{level}-{attribute.id}", attribute.requirement, attribute.tag, attribute.id, level)
        for attribute in attributes
    )


VALUES = (*_at("study", STUDY_VALUES), *_at("series", SERIES_VALUES), *_at("instance", INSTANCE_VALUES))
COMPUTED = (*_at("study", STUDY_COMPUTED), *_at("series", SERIES_COMPUTED), *_at("instance", INSTANCE_COMPUTED))
EMPTY = (
    *_at(
        "study",
        tuple(
            study_value
            for study_value in STUDY_VALUES
            if study_value.id not in {"PatientID", "PatientName", "TimezoneOffsetFromUTC"}
        ),
    ),
)


@verifies(id="search-returns", each=VALUES)
def test_returns(dicomweb: StudiesService, corpus: Corpus, case: Attribute) -> None:
    """A result holds the attribute with the value that was stored."""
    study = corpus.multiframe if case.keyword == "NumberOfFrames" else corpus.two_series
    entity = _entity(study, case.level, series=-1)
    stored = entity.value(case.keyword)

    with expect(_search_for(dicomweb, entity)) as it:
        match = _result(it, entity)
        if case.tag not in match or not json_model.values(match, case.tag):
            it.observes(
                ABSENT,
                where=case.tag,
                expected=[stored],
                received="absent",
            )
        elif not _same(json_model.text(match, case.tag), stored, case.keyword):
            it.observes(OTHER, where=case.tag, expected=[stored], received=json_model.text(match, case.tag))


@verifies(id="search-returns-empty", each=EMPTY)
def test_returns_empty(dicomweb: StudiesService, corpus: Corpus, case: Attribute) -> None:
    """An attribute that was stored empty is in the result without a value, or left out."""
    study = corpus.empty_values

    with expect(_search_for(dicomweb, study)) as it:
        match = _result(it, study)
        if case.tag not in match:
            it.observes("absent-where-the-stored-value-is-empty", where=case.tag)
        elif json_model.text(match, case.tag):
            it.observes(OTHER, where=case.tag, expected=["no value"], received=json_model.text(match, case.tag))
        else:
            it.observes("without-value-where-stored-empty", where=case.tag)


@verifies(id="search-returns-computed", each=COMPUTED)
def test_returns_computed(dicomweb: StudiesService, corpus: Corpus, case: Attribute) -> None:
    """A result holds the attribute that the server computes."""
    study = corpus.two_series
    entity = _entity(study, case.level)

    with expect(_search_for(dicomweb, entity)) as it:
        found = json_model.values(_result(it, entity), case.tag)
        if case.keyword == "RetrieveURL":
            if not found:
                it.observes("absent-or-without-value", where=case.tag)
            elif len(found) > 1:
                it.observes("more-than-one-value", where=case.tag, received=str(found))
        elif not found:
            it.observes("absent" if case.tag not in _result(it, entity) else "present-without-value", where=case.tag)


UNIQUE_CASES = tuple(
    Attribute(each.id, each.requirement, each.tag, each.id, level)
    for level, each in zip(("study", "series", "instance"), UNIQUE, strict=True)
)


@verifies(id="search-returns-unique-key", each=UNIQUE_CASES)
def test_returns_unique_key(dicomweb: StudiesService, corpus: Corpus, case: Attribute) -> None:
    """Every result has the unique key of its level, with one value."""
    study = corpus.two_series
    response = {
        "study": lambda: dicomweb.search("studies", PatientID=study.patient_id),
        "series": lambda: dicomweb.search_in(study, "series"),
        "instance": lambda: dicomweb.search_in(study.series[1], "instances"),
    }[case.level]()

    with expect(response) as it:
        matches = it.is_a_list_of_matches()
        assume(len(matches), "the search finds nothing", "search-studies")
        for match in matches.own:
            if len(json_model.values(match, case.tag)) != 1:
                it.observes(
                    "absent-empty-or-several-values", where=case.tag, received=str(match.get(case.tag, "absent"))
                )
        if matches.foreign == len(matches):
            it.observes(
                "absent-empty-or-several-values",
                where=case.tag,
                received="by it no result can be recognised as data of this run",
            )


@verifies("SEARCH-133", id="search-returns-request-attributes")
def test_returns_request_attributes(dicomweb: StudiesService, corpus: Corpus) -> None:
    """A series result holds its request attributes, each item with both of its identifiers."""
    series = corpus.two_series.series[1]
    stored = [
        (each.ScheduledProcedureStepID, each.RequestedProcedureID)
        for each in series.instances[0].dataset.RequestAttributesSequence
    ]

    with expect(_search_for(dicomweb, series)) as it:
        match = _result(it, series)
        found = [
            (json_model.text(each, "00400009"), json_model.text(each, "00401001"))
            for each in json_model.items(match, "00400275")
        ]
        if "00400275" not in match:
            it.observes("absent", where="(0040,0275)")
        elif not all(
            step in {"", known} and procedure in {"", other}
            for (step, procedure), (known, other) in zip(found, stored, strict=False)
        ) or len(found) != len(stored):
            it.observes(OTHER, where="(0040,0275)", expected=[str(stored)], received=str(found))
        elif found != stored:
            it.observes(
                "present-without-one-of-the-two-members",
                where="(0040,0275)",
                expected=[str(stored)],
                received=str(found),
            )


AVAILABILITY = (Variant("study", "SEARCH-111"), Variant("instance", "SEARCH-136"))


@verifies("SEARCH-148", id="search-returns-availability", each=AVAILABILITY)
def test_returns_availability(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """A result says whether the instances are online, with a defined term."""
    study = corpus.two_series
    entity = study if case.id == "study" else study.instances[0]

    with expect(_search_for(dicomweb, entity)) as it:
        match = _result(it, entity)
        if "00080056" not in match:
            it.observes("absent", where="(0008,0056)")
        elif json_model.text(match, "00080056") not in AVAILABILITIES:
            it.observes(
                "another-value-or-none",
                where="(0008,0056)",
                received=json_model.text(match, "00080056") or "no value",
                of="SEARCH-148",
            )


@verifies("SEARCH-147b", "SEARCH-147", id="search-available-transfer-syntaxes")
def test_available_transfer_syntaxes(dicomweb: StudiesService, corpus: Corpus) -> None:
    """An instance can be retrieved in each transfer syntax that its result lists as available."""
    instance = corpus.rle.instances[0]
    path = f"{resources.path(corpus.rle.series[0])}/instances"
    response = dicomweb.search(path, includefield="AvailableTransferSyntaxUID")
    if response.status == 400:  # some other check tells of that
        response = dicomweb.search(path)
    control(response, because="a search for the instances of a series does not work")

    with expect(response) as it:
        match = _result(it, instance)
        syntaxes = [str(each) for each in json_model.values(match, "00083002")]
        offered(syntaxes, "no available transfer syntaxes are returned")
        if match["00083002"].get("vr") != "UI":
            it.observes("present-with-another-vr", where="(0008,3002)", of="SEARCH-147")
        for syntax in syntaxes:
            if not re.fullmatch(r"[0-9.]{1,64}", syntax):
                it.observes("value-not-transfer-syntax-uid", where="(0008,3002)", received=syntax)
    for syntax in syntaxes:
        accept = f"{media_types.multipart_related(media_types.DICOM)}; transfer-syntax={syntax}"
        with expect(dicomweb.retrieve(instance, accept=accept)) as it:
            received = values.syntax(it.is_one_instance())
            if received != syntax:
                it.observes("200-in-another-transfer-syntax", expected=[syntax], received=received)


RELATIONAL = (
    Variant("all-series", "SEARCH-144"),
    Variant("all-instances", "SEARCH-145"),
    Variant("instances-of-a-study", "SEARCH-146"),
)
OF_ANOTHER = {
    "all-series": "present-with-the-value-of-another-study",
    "all-instances": "value-of-another-entity",
    "instances-of-a-study": "present-with-the-value-of-another-series",
}
IF_KNOWN = frozenset({"00080201", "0008103E", "00400244", "00400245", "00400275"})
"""Attributes of type C in Tables 10.6.3-3 and 10.6.3-4, which are returned if known."""


@verifies(id="search-returns-upper-levels", each=RELATIONAL)
def test_returns_upper_levels(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """A search across studies or series also returns all attributes of what its results belong to."""
    _has_upper_levels(dicomweb, corpus.two_series, case.id)
    if case.id != "instances-of-a-study":
        _has_upper_levels(dicomweb, corpus.names.japanese, case.id, found_there=True)


def _has_upper_levels(dicomweb: StudiesService, study: Study, case: str, *, found_there: bool = False) -> None:
    """Judge a result of a study; `found_there`: leave out what a search for the study itself finds otherwise, too."""
    series, instance = study.series[0], study.series[0].instances[0]
    entity = series if case == "all-series" else instance
    match case:
        case "all-series":
            response, above = dicomweb.search("series", SeriesInstanceUID=series.uid), answers.study_attributes(study)
        case "all-instances":
            response = dicomweb.search("instances", SOPInstanceUID=instance.sop_instance_uid)
            above = answers.study_attributes(study) | answers.series_attributes(series)
        case _:
            response, above = dicomweb.search_in(study, "instances"), answers.series_attributes(series)
    if found_there:
        with expect(_search_for(dicomweb, study)) as it:
            match = _result(it, study)
        above = {tag: each for tag, each in above.items() if _equal(json_model.values(match, tag), each)}

    with expect(response) as it:
        match = _result(it, entity)
        missing = []
        for tag, stored in sorted(above.items()):
            found = json_model.values(match, tag)
            if not found:
                missing += [tag] if stored and tag not in IF_KNOWN else []
            elif not _equal(found, stored):
                it.observes(OF_ANOTHER[case], where=tag, expected=[str(stored)], received=str(found))
        if missing:
            it.observes("one-of-them-absent", where=", ".join(missing), received="absent")


OWN_LEVEL = (
    Variant("all-series", "SEARCH-128", needs="search.all-series"),
    Variant("all-instances", "SEARCH-135", needs="search.all-instances"),
    Variant("instances-of-a-study", "SEARCH-135", needs="search.study-instances"),
)


@verifies(
    *(each.requirement for each in (*SERIES_VALUES, *INSTANCE_VALUES)), id="search-returns-own-level", each=OWN_LEVEL
)
def test_returns_own_level(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """A search across studies or series returns of its results what a search below a study or series does."""
    study = corpus.two_series
    series, instance = study.series[0], study.series[0].instances[0]
    of_series = case.id == "all-series"
    entity = series if of_series else instance
    match case.id:
        case "all-series":
            response = dicomweb.search("series", SeriesInstanceUID=series.uid)
        case "all-instances":
            response = dicomweb.search("instances", SOPInstanceUID=instance.sop_instance_uid)
        case _:
            response = dicomweb.search_in(study, "instances")

    with expect(response) as it:
        match = _result(it, entity)
        for each in SERIES_VALUES if of_series else INSTANCE_VALUES:
            stored, found = entity.value(each.id), json_model.text(match, each.tag)
            if stored and not found:
                it.observes(ABSENT, where=each.tag, expected=[stored], received="absent", of=each.requirement)
            elif stored and not _same(found, stored, each.id):
                it.observes(OTHER, where=each.tag, expected=[stored], received=found, of=each.requirement)


IN_ONE = "all groups of the name stand in one"
NAMES = tuple(
    Variant(each, "SEARCH-116")
    for each in ("doe_with_suffix", "latin_1", "japanese", "gb18030", "utf_8", "sally_zhang")
)


@verifies(id="search-returns-all-groups-of-a-name", each=NAMES)
def test_returns_all_groups_of_a_name(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """A result has every component group of a name as it was stored, in whatever script."""
    study: Study = corpus.sally_zhang if case.id == "sally_zhang" else getattr(corpus.names, case.id)
    stored = answers.person_name(study.value("PatientName"))

    with expect(_search_for(dicomweb, study)) as it:
        found = json_model.values(_result(it, study), "00100010")
        assume(not any(isinstance(each, str) for each in found), "a name is a string", "message[JSON-030]")
        assume("=" not in json_model.text({"00100010": {"Value": found}}, "00100010"), IN_ONE, "message[JSON-031]")
        if not found:
            it.observes(ABSENT, where="(0010,0010)", expected=[str(stored)])
        elif not _equal(found, [stored]):
            it.observes(OTHER, where="(0010,0010)", expected=[str(stored)], received=str(found))


COUNTS = (
    Variant("NumberOfStudyRelatedSeries", "SEARCH-149", "00201206"),
    Variant("NumberOfStudyRelatedInstances", "SEARCH-149", "00201208"),
    Variant("NumberOfSeriesRelatedInstances", "SEARCH-149", "00201209"),
)


@verifies(id="search-counts", each=COUNTS)
def test_counts(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """The counts of related series and instances are right."""
    study = corpus.two_series
    entity = study.series[1] if case.id == "NumberOfSeriesRelatedInstances" else study
    expected = {
        "00201206": len(study.series),
        "00201208": len(study.instances),
        "00201209": len(study.series[1].instances),
    }[case.value]

    response = _search_for(dicomweb, entity)
    control(response, because=f"the search for {resources.path(entity)} does not work")

    with expect(response) as it:
        match = _result(it, entity)
        offered(json_model.values(match, case.value), f"{case.id} is not returned")
        if not _same(json_model.text(match, case.value), str(expected), case.id):
            it.observes(
                "another-number-after-the-grace-time",
                where=case.value,
                expected=[str(expected)],
                received=json_model.text(match, case.value),
            )
        elif case.id == "NumberOfStudyRelatedInstances":  # which tells of the series, too
            _counts_with_limit(it, dicomweb, study, case, expected)


def _counts_with_limit(it: Expectation, dicomweb: StudiesService, study: Study, case: Variant, expected: int) -> None:
    """A study has as many series and instances on a page of one result as on any."""
    response = dicomweb.search("studies", StudyInstanceUID=study.study_instance_uid, limit=1)
    if response.status != 200:
        return  # which search-limit-caps tells
    number = json_model.text(_result(it.on(response), study), case.value)
    if number and not _same(number, str(expected), case.id):
        it.observes("another-number-with-limit", where=case.value, expected=[str(expected)], received=number)


@verifies("SEARCH-150", id="search-modalities-in-study")
def test_modalities_in_study(dicomweb: StudiesService, corpus: Corpus) -> None:
    """ModalitiesInStudy lists each modality of the study's series once."""
    study = corpus.two_series
    expected = {each.modality for each in study.series}

    with expect(_search_for(dicomweb, study)) as it:
        found = [str(each) for each in json_model.values(_result(it, study), "00080061")]
        offered(found, "ModalitiesInStudy is not returned")
        wrong = ["one-missing-after-the-grace-time"] if expected - set(found) else []
        wrong += ["a-modality-that-is-not-there"] if set(found) - expected else []
        wrong += ["a-value-twice"] if len(found) != len(set(found)) else []
        for each in wrong:
            it.observes(each, where="(0008,0061)", expected=[", ".join(sorted(expected))], received=", ".join(found))


RETRIEVE_URLS = (Variant("study", "SEARCH-151"), Variant("series", "SEARCH-151"), Variant("instance", "SEARCH-151"))


@verifies("SEARCH-152", id="search-retrieve-url", each=RETRIEVE_URLS)
def test_retrieve_url(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """The Retrieve URL of a result leads to that resource."""
    study = corpus.two_series
    entity = _entity(study, case.id)
    response = _search_for(dicomweb, entity)
    control(response, because=f"the search for {resources.path(entity)} does not work")
    control(dicomweb.retrieve(entity), because="the resource cannot be retrieved under its own path")

    with expect(response) as it:
        match = _result(it, entity)
        url = json_model.text(match, "00081190")
        offered(url, "no Retrieve URL is returned")
        vr = match["00081190"].get("vr")
        if vr != "UR":
            it.observes(
                "vr-ut" if vr == "UT" else "another-vr",
                where="(0008,1190)",
                expected=["UR"],
                received=str(vr),
                of="SEARCH-152",
            )
        if is_elsewhere(dicomweb, url):
            it.observes("other-host-same-path", where="(0008,1190)", received=url, of="SEARCH-151")
        leads_to(
            it,
            url,
            resources.path(entity),
            dicomweb,
            because="another-resource",
            gone="4xx-while-resource-is-retrievable",
        )


def _entity(study: Study, level: str, series: int = 1) -> Study | Series | Instance:
    match level:
        case "study":
            return study
        case "series":
            return study.series[series]
        case _:
            return study.instances[0]


def _search_for(dicomweb: StudiesService, entity: Study | Series | Instance) -> Response:
    """Search for one entity where the standard demands that it can be: below what it belongs to."""
    match entity:
        case Study():
            return dicomweb.search("studies", StudyInstanceUID=entity.study_instance_uid)
        case Series():
            return dicomweb.search(f"studies/{entity.study_instance_uid}/series")
        case Instance():
            return dicomweb.search(f"studies/{entity.study_instance_uid}/series/{entity.series_instance_uid}/instances")


def _result(it: Expectation, entity: Study | Series | Instance) -> DataSet:
    """The result that is about this entity.

    Raises:
        Inconclusive: there is none.
    """
    tag, uid, blame = {
        Study: (UNIQUE_KEYS["study"], entity.study_instance_uid, "search-studies"),
        Series: (UNIQUE_KEYS["series"], entity.value("SeriesInstanceUID"), "search-series-of-a-study"),
        Instance: (UNIQUE_KEYS["instance"], entity.value("SOPInstanceUID"), "search-instances-of-a-series"),
    }[type(entity)]
    matches = it.is_a_list_of_matches()
    found = [each for each in matches.own if json_model.text(each, tag) == uid]
    assume(found, f"the search does not find {resources.path(entity)}", blame)
    return found[0]


def _stored(instance: Instance, tag: str) -> str:
    return str(instance.dataset[tag].value)


def _same(found: str, stored: str, keyword: str) -> bool:
    """Compare values as text.

    Numbers by their value, times with their trailing zeros, names without trailing delimiters.
    """
    if found.strip() == stored.strip():
        return True
    try:
        return float(found) == float(stored) and "Date" not in keyword
    except ValueError:
        return found.rstrip("^= ") == stored.rstrip("^= ")


def _equal(found: Sequence[object], stored: Sequence[object]) -> bool:
    """Compare all values of an attribute: names by their groups, items by what was stored in them, else as text."""
    if len(found) != len(stored):
        return False
    if all(isinstance(each, str) for each in stored):  # those that a server computes are in an order of its own
        return all(map(_equal_value, sorted(map(str, found)), sorted(map(str, stored))))
    return all(map(_equal_value, found, stored))


def _equal_value(found: object, stored: object) -> bool:
    if isinstance(stored, dict) and isinstance(found, dict):
        if all(isinstance(each, str) for each in stored.values()):
            return _groups(found) == _groups(stored)
        return all(_equal(json_model.values(found, tag), values) for tag, values in stored.items() if tag in found)
    return not isinstance(found, dict) and _same(str(found), str(stored), "")


def _groups(name: Mapping[str, object]) -> dict[str, str]:
    """Return the groups of a name that hold anything but delimiters."""
    return {group: text for group, value in name.items() if (text := str(value).rstrip("^= "))}
