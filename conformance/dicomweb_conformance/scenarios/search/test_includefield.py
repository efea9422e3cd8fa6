"""Search: attributes that a request asks for by includefield (PS3.18 8.3.4.3, 10.6.3.3)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from dicomweb_conformance.catalogue.statuses import BAD_REQUEST
from dicomweb_conformance.checks.expect import Expectation, Matches, assume, control, expect, offered
from dicomweb_conformance.checks.verifies import Variant, verifies
from dicomweb_conformance.dicom import json_model
from dicomweb_conformance.dicom.json_model import DataSet
from dicomweb_conformance.dicom.search_attributes import STUDY_COMPUTED, STUDY_VALUES
from dicomweb_conformance.http.exchanges import Response
from dicomweb_conformance.http.quoting import Harmless
from dicomweb_conformance.http.unreadable import UnreadableError
from dicomweb_conformance.scenarios.search.controls import INSTANCE, SERIES, STUDY, finds
from dicomweb_conformance.scenarios.steps.likewise import leave_to_the_first
from dicomweb_conformance.service.studies_service import Pairs, StudiesService
from dicomweb_fixtures.corpus import Corpus
from dicomweb_fixtures.entities import Instance, Series, Study
from dicomweb_fixtures.expected import answers

DESCRIPTION, PHYSICIANS = "00081030", "00081048"
NAME, MODALITY = "00100010", "00080060"

SPELLINGS = (Variant("keyword", "SEARCH-059", "StudyDescription"), Variant("tag", "SEARCH-059", DESCRIPTION))


@verifies(id="search-includefield", each=SPELLINGS)
def test_includefield(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """An attribute that includefield asks for is in the result as it was stored, or left out."""
    study = corpus.two_series
    finds(dicomweb, {"StudyInstanceUID": study.study_instance_uid}, study, blame="search-studies")

    response = dicomweb.search("studies", StudyInstanceUID=study.study_instance_uid, includefield=case.value)

    leave_to_the_first(
        "search-includefield",
        case,
        SPELLINGS,
        _left_out(dicomweb, study, case),
        lambda each: _left_out(dicomweb, study, each),
    )
    with expect(response) as it:
        match = _result(it, study)
        if left_out := _left_out(dicomweb, study, case):
            expected = ["all that the result has without includefield"]
            it.observes("a-required-attribute-left-out", expected=expected, received=Harmless(left_out))
        found = json_model.text(match, DESCRIPTION)
        if not found:
            it.observes("absent-attribute-not-supported", where="(0008,1030)", received="absent")
        elif found != study.value("StudyDescription"):
            it.observes(
                "00081030-present-with-another-value",
                where="(0008,1030)",
                expected=[study.value("StudyDescription")],
                received=found,
            )


def _left_out(dicomweb: StudiesService, study: Study, case: Variant) -> str:
    """Say which attributes of Table 10.6.3-3 a result has without includefield, and lacks with it."""
    keys = {"StudyInstanceUID": study.study_instance_uid}
    plain, included = (
        _described(dicomweb.search("studies", each), study) for each in (keys, {**keys, "includefield": case.value})
    )
    missing = [each.id for each in (*STUDY_VALUES, *STUDY_COMPUTED) if each.tag in plain and each.tag not in included]
    return f"without {', '.join(missing)}" if included and missing else ""


def _described(response: Response, study: Study) -> DataSet:
    """Return the result that is about a study; nothing where none can be read."""
    try:
        results = json_model.objects(response.body) if response.status == 200 else []
    except UnreadableError:
        results = []
    return next((each for each in results if json_model.text(each, STUDY) == study.study_instance_uid), {})


TEXTS = tuple(Variant(each, "SEARCH-059") for each in ("latin_1", "japanese", "gb18030", "utf_8"))


@verifies(id="search-includefield-text", each=TEXTS)
def test_includefield_text(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """A text that includefield asks for has the characters that were stored, in whatever character set."""
    study: Study = getattr(corpus.names, case.id)
    finds(dicomweb, {"StudyInstanceUID": study.study_instance_uid}, study, blame="search-studies")

    response = dicomweb.search("studies", StudyInstanceUID=study.study_instance_uid, includefield="StudyDescription")

    with expect(response) as it:
        match = _result(it, study)
        found, stored = json_model.text(match, DESCRIPTION), study.value("StudyDescription")
        offered(found, "StudyDescription is not returned")
        if found != stored:
            name = json_model.values(match, NAME) == [answers.person_name(study.value("PatientName"))]
            because = "the name is not as it was stored, either"
            assume(name, because, f"search-returns-all-groups-of-a-name[{case.id}]")
            it.observes("00081030-present-with-another-value", where="(0008,1030)", expected=[stored], received=found)


@verifies("SEARCH-059", id="search-includefield-path", needs="search.series")
def test_includefield_path(dicomweb: StudiesService, corpus: Corpus) -> None:
    """A member of a sequence that includefield asks for is in its items as it was stored, or left out."""
    series = corpus.two_series.series[1]
    stored = [each.RequestedProcedureDescription for each in series.instances[0].dataset.RequestAttributesSequence]

    response = dicomweb.search_in(
        corpus.two_series, "series", includefield="RequestAttributesSequence.RequestedProcedureDescription"
    )

    with expect(response) as it:
        items = json_model.items(_result(it, series), "00400275")
        found = [text for item in items if (text := json_model.text(item, "00321060"))]
        if not found:
            it.observes("path-without-effect", where="(0040,0275)", received="no item has (0032,1060)")
        elif found != stored:
            it.observes(
                "path-gives-another-value",
                where="(0040,0275) > (0032,1060)",
                expected=[", ".join(stored)],
                received=", ".join(found),
            )


REQUIRED = {
    "StudyDate": "00080020",
    "StudyID": "00200010",
    "AccessionNumber": "00080050",
    "PatientName": NAME,
    "PatientID": "00100020",
}
"""Keys of Table 10.6.1-5, which a server supports, and which are not of the default results of a level below a path."""


@verifies("SEARCH-059", id="search-includefield-has-an-effect", needs="search.instances")
def test_includefield_has_an_effect(dicomweb: StudiesService, corpus: Corpus) -> None:
    """Asked for at three levels, includefield adds something somewhere, unless all is there without it."""
    study = corpus.two_series
    series, instance = study.series[1], study.series[1].instances[0]
    asked: dict[Study | Series | Instance, dict[str, str]] = {
        study: {"StudyDescription": DESCRIPTION, "PhysiciansOfRecord": PHYSICIANS},
        series: {**REQUIRED, "StudyDescription": DESCRIPTION},
        instance: {**REQUIRED, "Modality": MODALITY, "SeriesNumber": "00200011", "SeriesDescription": "0008103E"},
    }
    gained, lacking = [], []

    for entity, attributes in asked.items():
        plain = _searched(dicomweb, entity, [])
        response = _searched(dicomweb, entity, [("includefield", list(attributes))])
        control(plain, because="the same search without includefield does not work")
        control(response, because="a search with includefield is refused")
        with expect(plain) as it:
            without = _result(it, entity)
        with expect(response) as it:
            result = _result(it, entity)
        for keyword, tag in attributes.items():
            if json_model.text(without, tag):
                continue
            if json_model.text(result, tag):
                gained.append(keyword)
            elif entity is instance and keyword in {*REQUIRED, "Modality", "SeriesNumber"}:
                lacking.append(keyword)

    with expect(response) as it:
        if lacking and not gained:
            it.observes(
                "no-attribute-of-any-level-is-included",
                expected=[
                    "with an instance those keys of its study and series that Table 10.6.1-5 requires (10.6.3.3.3)"
                ],
                received=f"{', '.join(lacking)} absent; with study and series, too, no more than without",
            )


@dataclass(frozen=True)
class Form:
    """Two attributes to ask for at a level, by keyword and tag."""

    id: str
    requirement: str
    asked: dict[str, str]
    needs: str = ""


FORMS = (
    Form("study", "SEARCH-060", {"StudyDescription": DESCRIPTION, "PhysiciansOfRecord": PHYSICIANS}),
    Form("instance", "SEARCH-060", {"PatientName": NAME, "Modality": MODALITY}, needs="search.instances"),
)


@verifies(id="search-includefield-forms", each=FORMS)
def test_includefield_forms(dicomweb: StudiesService, corpus: Corpus, case: Form) -> None:
    """Attributes in a list, and in a repeated includefield, are those that each alone would be."""
    study = corpus.two_series
    entity = study if case.id == "study" else study.series[1].instances[0]
    alone = {keyword: _searched(dicomweb, entity, [("includefield", keyword)]) for keyword in case.asked}
    supported = set()
    for keyword, response in alone.items():
        control(response, because=f"a search with includefield={keyword} does not work")
        with expect(response) as it:
            if json_model.text(_result(it, entity), case.asked[keyword]):
                supported.add(keyword)
    offered(supported, "neither attribute is included, asked for alone")

    listed = _searched(dicomweb, entity, [("includefield", list(case.asked))])
    repeated = _searched(dicomweb, entity, [("includefield", each) for each in case.asked])

    for response in (listed, repeated):
        with expect(response) as it:
            if response.status in BAD_REQUEST:
                it.observes("400-for-one-of-the-forms", received=it.status_line)
                it.concludes()
            result = _result(it, entity)
            lacking = [each for each in sorted(supported) if not json_model.text(result, case.asked[each])]
            if lacking:
                it.observes(
                    "one-form-returns-fewer-of-two-attributes",
                    where=", ".join(case.asked[each] for each in lacking),
                    expected=[f"{each}, as with includefield={each} alone" for each in lacking],
                    received="absent",
                )


ALL = (
    Variant("study", "SEARCH-061"),
    Variant("series", "SEARCH-061", needs="search.series"),
    Variant("instance", "SEARCH-061", needs="search.instances"),
)


@verifies("SEARCH-153", "SEARCH-154", id="search-includefield-all", each=ALL)
def test_includefield_all(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """With `includefield=all` a result has at least the attributes that it has without."""
    study = corpus.two_series
    entities: dict[str, Study | Series | Instance] = {
        "study": study,
        "series": study.series[1],
        "instance": study.series[1].instances[0],
    }
    entity = entities[case.id]
    plain = _searched(dicomweb, entity, [])
    control(plain, because="the same search without includefield does not work")
    with expect(plain) as it:
        without = _result(it, entity)

    response = _searched(dicomweb, entity, [("includefield", "all")])

    with expect(response) as it:
        matches = it.is_a_list_of_matches()
        result = _found(matches, entity)
        if result is None:
            it.observes("the-study-is-missing", expected=["what is found without includefield"], received="not found")
            return
        lacking = sorted(tag for tag in without if tag not in result)
        if lacking:
            it.observes(
                "attribute-missing-with-all-there-without",
                where=", ".join(lacking),
                expected=["what is there without includefield"],
                received="absent",
            )
        elif set(result) == set(without):
            it.observes("the-same-attributes")
        for tag, code in (("7FE00010", "7fe00010"), *((tag, "group-0002") for tag in result if tag[:4] == "0002")):
            if tag in result:
                it.observes(code, where=tag, of="SEARCH-153")


@verifies("SEARCH-062", id="search-includefield-all-and-another")
def test_all_and_another(dicomweb: StudiesService, corpus: Corpus) -> None:
    """`includefield=all` beside another includefield is refused with 400, or the study is found."""
    study = corpus.two_series
    finds(dicomweb, {"StudyInstanceUID": study.study_instance_uid}, study, blame="search-studies")

    response = _searched(dicomweb, study, [("includefield", "all"), ("includefield", "StudyDescription")])

    with expect(response) as it:
        if _found(it.is_a_list_of_matches(), study) is None:
            it.finds("the study is missing", expected=["200 with the study", "400"], received="not found")


UNSUPPORTED = (Variant("PixelData", "SEARCH-063"), Variant("NotADicomKeyword", "SEARCH-063"))


@verifies(id="search-includefield-unsupported", each=UNSUPPORTED)
def test_unsupported(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """An includefield that the server does not support is left out, and the study is found."""
    study = corpus.two_series
    finds(dicomweb, {"StudyInstanceUID": study.study_instance_uid}, study, blame="search-studies")

    response = _searched(dicomweb, study, [("includefield", case.id)])

    with expect(response) as it:
        result = _found(it.is_a_list_of_matches(), study)
        if result is None:
            it.observes("the-study-is-missing", expected=["the study"], received="not found")
        elif "7FE00010" in result:
            it.observes("200-with-7fe00010", where="7FE00010")


@verifies("SEARCH-064", id="search-includefield-of-levels-below-a-study")
def test_of_levels_below_a_study(dicomweb: StudiesService, corpus: Corpus) -> None:
    """A study result holds no attribute of a series or instance, though includefield asks for it."""
    study = corpus.two_series
    control(
        _searched(dicomweb, study, [("includefield", "StudyDescription")]), because="a search with includefield fails"
    )

    response = _searched(dicomweb, study, [("includefield", ["SeriesInstanceUID", "SOPInstanceUID"])])

    with expect(response) as it:
        matches = it.is_a_list_of_matches()
        result = _result(it, study)
        it.lists_each_once(matches, STUDY, twice="more-than-one-object-for-the-study")
        _lacks(it, result, (SERIES, INSTANCE), "either-is-present")


@verifies("SEARCH-065", id="search-includefield-with-series")
def test_with_series(dicomweb: StudiesService, corpus: Corpus) -> None:
    """A series result holds the attribute of its study that includefield asks for, and none of an instance."""
    study = corpus.two_series
    series = study.series[1]
    control(
        _searched(dicomweb, study, [("includefield", "StudyDescription")]), because="a search with includefield fails"
    )

    response = _searched(dicomweb, series, [("includefield", ["SOPInstanceUID", "StudyDescription"])])

    with expect(response) as it:
        matches = it.is_a_list_of_matches()
        result = _result(it, series)
        if len(matches) > len(study.series):
            it.observes(
                "more-objects-than-series",
                expected=[f"{len(study.series)} objects"],
                received=f"{len(matches)} objects",
            )
        _lacks(it, result, (INSTANCE,), "00080018-present")
        if not json_model.text(result, DESCRIPTION):
            it.observes("00081030-absent", where="(0008,1030)")


@verifies("SEARCH-066", id="search-includefield-with-instances")
def test_with_instances(dicomweb: StudiesService, corpus: Corpus) -> None:
    """An instance result holds the attributes of its study and series that includefield asks for, as stored."""
    instance = corpus.two_series.series[1].instances[0]
    control(
        _searched(dicomweb, corpus.two_series, [("includefield", "StudyDescription")]),
        because="a search with includefield fails",
    )

    response = _searched(dicomweb, instance, [("includefield", ["PatientName", "Modality"])])

    with expect(response) as it:
        result = _result(it, instance)
        for tag, keyword in ((NAME, "PatientName"), (MODALITY, "Modality")):
            found, stored = json_model.text(result, tag), instance.value(keyword)
            if not found:
                it.observes("either-absent", where=tag, expected=[stored], received="absent")
            elif found.rstrip("^= ") != stored:
                it.observes("present-with-another-value", where=tag, expected=[stored], received=found)


def _searched(dicomweb: StudiesService, entity: Study | Series | Instance, query: Pairs) -> Response:
    """Search where the entity is found whatever else the server supports: by its UID, or below what it belongs to."""
    match entity:
        case Study():
            return dicomweb.search("studies", [("StudyInstanceUID", entity.study_instance_uid), *query])
        case Series():
            return dicomweb.search(f"studies/{entity.study_instance_uid}/series", query)
        case Instance():
            return dicomweb.search(
                f"studies/{entity.study_instance_uid}/series/{entity.series_instance_uid}/instances", query
            )


_KEYS = {
    Study: (STUDY, "StudyInstanceUID", "search-studies"),
    Series: (SERIES, "SeriesInstanceUID", "search-series-of-a-study"),
    Instance: (INSTANCE, "SOPInstanceUID", "search-instances-of-a-series"),
}


def _found(matches: Matches, entity: Study | Series | Instance) -> DataSet | None:
    tag, keyword, _ = _KEYS[type(entity)]
    return next((each for each in matches.own if json_model.text(each, tag) == entity.value(keyword)), None)


def _result(it: Expectation, entity: Study | Series | Instance) -> DataSet:
    """The result that is about this entity.

    Raises:
        Inconclusive: there is none.
    """
    result = _found(it.is_a_list_of_matches(), entity)
    assume(result is not None, "the search does not find the entity", _KEYS[type(entity)][2])
    return result or {}


def _lacks(it: Expectation, result: DataSet, tags: Collection[str], observation: str) -> None:
    """Report attributes of a level below that are in a result."""
    if there := [tag for tag in tags if tag in result]:
        it.observes(observation, where=", ".join(there), expected=["absent"], received="present")
