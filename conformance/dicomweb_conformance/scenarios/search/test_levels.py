"""Search: keys of the levels above and below what is searched for (PS3.18 10.6.1.2.1, Table 10.6.1-4)."""

from __future__ import annotations

from dataclasses import dataclass

from dicomweb_conformance.checks.expect import Matches, assume, expect
from dicomweb_conformance.checks.verifies import verifies
from dicomweb_conformance.dicom.search_attributes import PATIENT_KEYS, SERIES_KEYS, STUDY_KEYS
from dicomweb_conformance.scenarios.search.controls import INSTANCE, SERIES, STUDY, finds_just, uids
from dicomweb_conformance.service import resources
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_fixtures.corpus import Corpus
from dicomweb_fixtures.entities import Series, Study


@dataclass(frozen=True)
class Above:
    """A resource, and the level above it whose keys it is searched by."""

    id: str
    requirement: str
    keys: tuple[str, ...]
    needs: str = ""


OF_STUDY = tuple(key.id for key in (*STUDY_KEYS, *PATIENT_KEYS))
OF_SERIES = tuple(key.id for key in SERIES_KEYS)
ABOVE = (
    Above("all-series-by-study", "SEARCH-106", OF_STUDY, needs="search.all-series"),
    Above("all-instances-by-study", "SEARCH-106", OF_STUDY),
    Above("all-instances-by-series", "SEARCH-106", OF_SERIES),
    Above("instances-of-a-study-by-series", "SEARCH-106", OF_SERIES, needs="search.study-instances"),
)


@verifies(id="search-keys-of-levels-above", each=ABOVE)
def test_keys_of_levels_above(dicomweb: StudiesService, corpus: Corpus, case: Above) -> None:
    """A key of a level above finds what belongs to a study or series with the value, and nothing else."""
    # Each beside the UID of what must, or must not, be found: so nothing hangs on keys in a list, or on what else is
    # stored.
    study = corpus.two_series
    wanted, another = study.series
    if case.keys == OF_STUDY:
        wanted, another = corpus.four_studies_of_one_patient.studies[1].series[0], study.series[0]

    for key in case.keys:
        value = _value(wanted, key)
        found = dicomweb.search(*_question(case, wanted, {key: value}))
        excluded = dicomweb.search(*_question(case, another, {key: value}))
        with expect(found) as it:
            if found.status == 400:
                if _works(dicomweb, key, wanted, another):
                    it.observes("400", where=key, received=it.status_line)
                continue
            if not _has(case, it.is_a_list_of_matches(), wanted) and _works(dicomweb, key, wanted, another):
                it.observes(
                    "none-although-one-matches", where=key, expected=[f"what has {key}={value}"], received="none"
                )
        with expect(excluded) as it:
            if _has(case, it.is_a_list_of_matches(), another) and _works(dicomweb, key, wanted, another):
                it.observes(
                    "key-ignored",
                    where=key,
                    expected=[f"nothing: {key} is {_value(another, key) or 'absent'} there"],
                    received=f"an entity found by {key}={value}",
                )


@verifies("SEARCH-085", id="search-key-of-a-level-below")
def test_key_of_a_level_below(dicomweb: StudiesService, corpus: Corpus) -> None:
    """A key of a level below what is searched for is refused, ignored, or filters."""
    family = corpus.four_studies_of_one_patient
    finds_just(dicomweb, {"PatientID": family.patient_id}, uids(family), blame="search-by-keyword")

    response = dicomweb.search("studies", PatientID=family.patient_id, Modality="CT")

    with expect(response) as it:
        if response.status == 400:
            it.observes("400")
            it.concludes()
        matches = it.is_a_list_of_matches()
        if others := matches.foreign + len(set(matches.uids(STUDY)) - set(uids(family))):
            it.observes("studies-of-other-patients", received=f"{others} studies that do not match")
        elif not len(matches):
            it.observes("none", expected=["the studies of CT", "all four (key ignored)"])


@verifies("SEARCH-086", id="search-series-by-patient")
def test_series_by_patient(dicomweb: StudiesService, corpus: Corpus) -> None:
    """The series of a study are found by its own Patient ID, whether that filters or is ignored."""
    study = corpus.two_series
    plain = dicomweb.search_in(study, "series")
    with expect(plain) as it:
        everything = set(it.is_a_list_of_matches().uids(SERIES))
    assume(everything == {each.uid for each in study.series}, "the series are not found", "search-series-of-a-study")

    response = dicomweb.search_in(study, "series", PatientID=study.patient_id)
    anothers = dicomweb.search_in(study, "series", PatientID=corpus.four_studies_of_one_patient.patient_id)

    with expect(response) as it:
        if response.status == 400:
            it.observes("400")
            it.concludes()
        if set(it.is_a_list_of_matches().uids(SERIES)) != everything:
            it.observes("no-series-for-the-right-patientid", expected=["both series"], received="not both")
    with expect(anothers) as it:
        if anothers.status == 400:
            it.observes("400")
            it.concludes()
        it.is_a_list_of_matches()


def _question(case: Above, series: Series, keys: dict[str, str]) -> tuple[str, dict[str, str]]:
    """Return the resource, and the keys beside the UID of one entity of a series."""
    match case.id:
        case "all-series-by-study":
            return "series", {"SeriesInstanceUID": series.uid, **keys}
        case "instances-of-a-study-by-series":
            resource = f"studies/{series.study_instance_uid}/instances"
        case _:
            resource = "instances"
    return resource, {"SOPInstanceUID": series.instances[0].sop_instance_uid, **keys}


def _has(case: Above, matches: Matches, series: Series) -> bool:
    if case.id == "all-series-by-study":
        return series.uid in matches.uids(SERIES)
    return series.instances[0].sop_instance_uid in matches.uids(INSTANCE)


def _works(dicomweb: StudiesService, key: str, wanted: Series, another: Series) -> bool:
    """Tell whether the key filters at its own level; where it does not, its own check tells."""
    value = _value(wanted, key)
    if key in OF_STUDY:
        tag, resource = STUDY, "studies"
        questions = {
            each.study_instance_uid: {"StudyInstanceUID": each.study_instance_uid, key: value}
            for each in (wanted, another)
        }
    else:
        tag, resource = SERIES, f"{resources.path(Study('', (wanted,)))}/series"
        questions = {each.uid: {key: value} for each in (wanted, another)}
    answers = {uid: dicomweb.search(resource, query) for uid, query in questions.items()}
    if not all(each.status in {200, 204} for each in answers.values()):
        return False
    found = []
    for uid, answer in answers.items():
        with expect(answer) as it:
            found.append(uid in it.is_a_list_of_matches().uids(tag))
    return found == [True, False]


def _value(series: Series, key: str) -> str:
    if key == "ModalitiesInStudy":
        return series.modality
    sequence, dot, member = key.partition(".")
    if not dot:
        return series.value(key)
    return str(series.instances[0].dataset[sequence].value[0][member].value)
