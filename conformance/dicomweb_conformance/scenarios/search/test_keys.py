"""Search: the keys that a server shall match (PS3.18 Table 10.6.1-5), and how a key is written (8.3.4.1)."""

from __future__ import annotations

from dataclasses import dataclass

from pydicom import Dataset

from dicomweb_conformance.checks.expect import assume, expect
from dicomweb_conformance.checks.verifies import verifies
from dicomweb_conformance.dicom.search_attributes import INSTANCE_KEYS, PATIENT_KEYS, SERIES_KEYS, STUDY_KEYS, MatchKey
from dicomweb_conformance.scenarios.search.controls import (
    INSTANCE,
    SERIES,
    STUDY,
    among,
    finds,
    finds_just,
    tells_of_no_match,
    uids,
)
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_fixtures.corpus import Corpus
from dicomweb_fixtures.entities import Study

IGNORED = "both-key-ignored"


@verifies(id="search-matches-study", each=STUDY_KEYS)
def test_study_key(dicomweb: StudiesService, corpus: Corpus, case: MatchKey) -> None:
    """A study key finds just the one of four studies that has the value."""
    family = corpus.four_studies_of_one_patient
    wanted = family.studies[1]
    finds(dicomweb, {"PatientID": family.patient_id}, wanted, blame="search-by-keyword")

    response = dicomweb.search("studies", {case.id: _key_value(wanted, case.id), "PatientID": family.patient_id})

    with expect(response) as it:
        wrong = "none-or-the-wrong-study"
        matches = among(it.is_a_list_of_matches(), STUDY, uids(family))
        it.lists_exactly(matches, STUDY, [wanted.study_instance_uid], none=wrong, excess=IGNORED, other=wrong)


@verifies(id="search-matches-patient", each=PATIENT_KEYS)
def test_patient_key(dicomweb: StudiesService, corpus: Corpus, case: MatchKey) -> None:
    """A patient key finds the studies of that patient and of no other."""
    wanted, other = corpus.four_studies_of_one_patient.studies[0], corpus.two_series
    key = {case.id: wanted.value(case.id)}
    tells_of_no_match(dicomweb, corpus)

    # A name alone could find other people's studies, so a UID stands beside it.
    patients = dicomweb.search("studies", {**key, "StudyInstanceUID": wanted.study_instance_uid})
    anothers = dicomweb.search("studies", {**key, "StudyInstanceUID": other.study_instance_uid})

    with expect(patients) as it:
        found = it.is_a_list_of_matches().uids(STUDY)
        if wanted.study_instance_uid not in found:
            it.observes(
                "none-or-the-wrong-study", expected=[wanted.study_instance_uid], received=", ".join(found) or "nothing"
            )
    with expect(anothers) as it:
        found = it.is_a_list_of_matches().uids(STUDY)
        if other.study_instance_uid in found:
            it.observes(IGNORED, expected=["no match: it is another patient's study"], received=", ".join(found))


@verifies(id="search-matches-series", each=SERIES_KEYS)
def test_series_key(dicomweb: StudiesService, corpus: Corpus, case: MatchKey) -> None:
    """A series key finds just the one of two series that has the value."""
    study = corpus.two_series
    wanted = study.series[0]

    response = dicomweb.search_in(study, "series", {case.id: _nested(wanted.instances[0].dataset, case.id)})

    with expect(response) as it:
        wrong = "none-or-the-wrong-series"
        matches = among(it.is_a_list_of_matches(), SERIES, [each.uid for each in study.series])
        it.lists_exactly(matches, SERIES, [wanted.uid], none=wrong, excess=IGNORED, other=wrong)


@verifies(id="search-matches-instance", each=INSTANCE_KEYS)
def test_instance_key(dicomweb: StudiesService, corpus: Corpus, case: MatchKey) -> None:
    """An instance key finds just the instance of a series that has the value."""
    series = corpus.two_series.series[1]
    wanted = series.instances[2]

    response = dicomweb.search_in(series, "instances", {case.id: wanted.value(case.id)})

    with expect(response) as it:
        wrong = "none-or-the-wrong-instance"
        below = [instance.sop_instance_uid for instance in series.instances]
        matches = among(it.is_a_list_of_matches(), INSTANCE, below)
        it.lists_exactly(matches, INSTANCE, [wanted.sop_instance_uid], none=wrong, excess=IGNORED, other=wrong)


@verifies("SEARCH-018", id="search-by-keyword", smoke=True)
def test_by_keyword(dicomweb: StudiesService, corpus: Corpus) -> None:
    """`PatientID=` finds exactly the studies of that patient."""
    family, _ = corpus.four_studies_of_one_patient, corpus.two_series

    response = dicomweb.search("studies", PatientID=family.patient_id)

    with expect(response) as it:
        it.lists_exactly(it.is_a_list_of_matches(), STUDY, uids(family), none="none", excess="unfiltered")


@dataclass(frozen=True)
class Tag:
    """A key by its tag."""

    id: str
    requirement: str
    tag: str


_OF_A_PATIENT = frozenset(key.id for key in PATIENT_KEYS)
BY_TAG = tuple(Tag(key.id, key.requirement, key.tag) for key in (*STUDY_KEYS, *PATIENT_KEYS))


@verifies("SEARCH-017", id="search-by-tag", each=BY_TAG)
def test_by_tag(dicomweb: StudiesService, corpus: Corpus, case: Tag) -> None:
    """A key written as an eight-digit tag finds what its keyword finds."""
    family, other = corpus.four_studies_of_one_patient, corpus.two_series
    named = family.studies[1]
    value = _key_value(named, case.id)
    narrowed = {"PatientID": family.patient_id}
    anothers = {"StudyInstanceUID": other.study_instance_uid}
    if case.id == "PatientID":
        narrowed = {}
    elif case.id == "PatientName":  # which all four studies share
        narrowed = {"StudyInstanceUID": named.study_instance_uid}
        finds_just(dicomweb, {case.id: value, **anothers}, [], blame="search-matches-patient[PatientName]")
    by_keyword = dicomweb.search("studies", {case.id: value, **narrowed})
    owner = f"search-matches-{'patient' if case.id in _OF_A_PATIENT else 'study'}[{case.id}]"
    assume(by_keyword.status in {200, 204}, f"the key {case.id} does not work", owner)
    with expect(by_keyword) as it:
        expected = it.is_a_list_of_matches()
    wanted = uids(family) if case.id == "PatientID" else [named.study_instance_uid]
    assume(
        set(expected.uids(STUDY)) == set(wanted) and not expected.foreign,
        f"the key {case.id} finds too little by its keyword, or too much",
        owner,
    )

    if case.id != "PatientID":
        finds_just(dicomweb, {"00100020": family.patient_id}, uids(family), blame="search-by-tag[PatientID]")
    response = dicomweb.search("studies", {case.tag: value, **narrowed})

    with expect(response) as it:
        wrong = "other-or-unfiltered-entities"
        matches = it.is_a_list_of_matches(of="SEARCH-017")
        it.lists_exactly(matches, STUDY, wanted, none="none", incomplete=wrong, excess=wrong, of="SEARCH-017")
    if case.id == "PatientName":
        with expect(dicomweb.search("studies", {case.tag: value, **anothers})) as it:
            it.lists_exactly(it.is_a_list_of_matches(of="SEARCH-017"), STUDY, [], excess=wrong, of="SEARCH-017")


@verifies("SEARCH-022", id="search-keys-are-combined")
def test_keys_are_combined(dicomweb: StudiesService, corpus: Corpus) -> None:
    """Two keys that each match another patient's study match nothing together."""
    family, other = corpus.four_studies_of_one_patient, corpus.two_series
    others = other.study_instance_uid
    tells_of_no_match(dicomweb, corpus)
    finds_just(dicomweb, {"PatientID": family.patient_id}, uids(family), blame="search-by-keyword")
    finds_just(dicomweb, {"StudyInstanceUID": others}, [others], blame="search-matches-study[StudyInstanceUID]")

    response = dicomweb.search("studies", PatientID=family.patient_id, StudyInstanceUID=others)

    with expect(response) as it:
        matches = it.is_a_list_of_matches()
        if len(matches):
            it.observes("any-object", expected=["no match"], received=f"{len(matches)} objects")


def _key_value(study: Study, keyword: str) -> str:
    """The value to search a study by; the modalities of a study are those of its series."""
    return study.series[0].modality if keyword == "ModalitiesInStudy" else study.value(keyword)


def _nested(dataset: Dataset, keyword: str) -> str:
    """The value under a dotted path, from the first item of its sequence."""
    sequence, dot, member = keyword.partition(".")
    return str(dataset[sequence][0][member].value if dot else dataset[keyword].value)
