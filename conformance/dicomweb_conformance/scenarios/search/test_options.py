"""Search: parameters that change how values match, and what says that they do not (PS3.18 8.3.4.2 to 8.3.4.6)."""

from __future__ import annotations

import re

from dicomweb_conformance.checks.expect import Expectation, expect, offered
from dicomweb_conformance.checks.verifies import verifies
from dicomweb_conformance.http.exchanges import Response
from dicomweb_conformance.scenarios.search.controls import STUDY, finds_just, uids
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_fixtures.corpus import Corpus

BY_NAME = "search-matches-patient[PatientName]"


@verifies("SEARCH-052", "SEARCH-051", id="search-fuzzy-matching")
def test_fuzzy_matching(dicomweb: StudiesService, corpus: Corpus) -> None:
    """`fuzzymatching=true` finds a name that is nearly the same, or a Warning says that it has no effect."""
    study = corpus.names.swain_sam
    finds_just(dicomweb, {"PatientID": study.patient_id}, [study.study_instance_uid], blame="search-by-keyword")

    response = _fuzzily(dicomweb, corpus)

    with expect(response) as it:
        matches = it.is_a_list_of_matches(of="SEARCH-051")
        if matches.foreign or set(matches.uids(STUDY)) - {study.study_instance_uid}:
            it.observes("studies-of-other-patients", of="SEARCH-051")
        if not matches.own:
            _is_warned(it, "fuzzymatching", silent="no-warning", other="warning-with-other-text")

    # The name is this patient's: with the ID of another it finds nothing, however it is matched.
    other = corpus.names.swain_sue.patient_id
    response = dicomweb.search("studies", PatientName="Swain^Sam", PatientID=other, fuzzymatching=True)
    if response.status == 200:
        with expect(response) as it:
            if study.study_instance_uid in it.is_a_list_of_matches(of="SEARCH-051").uids(STUDY):
                it.observes("studies-of-other-patients", of="SEARCH-051")


@verifies("HTTP-033b", id="search-fuzzy-of-neither-value")
def test_fuzzy_of_neither_value(dicomweb: StudiesService, corpus: Corpus) -> None:
    """Where fuzzy matching is supported, `fuzzymatching=maybe` is refused."""
    study = corpus.names.swain_sam
    supported = _fuzzily(dicomweb, corpus)
    with expect(supported) as it:
        found = it.is_a_list_of_matches().own if supported.status != 400 else ()
    offered(found, "no name that sounds alike is found with fuzzymatching=true")

    response = dicomweb.search("studies", PatientID=study.patient_id, fuzzymatching="maybe")

    with expect(response) as it:
        it.has_status(400)


@verifies("SEARCH-055", "SEARCH-054", "SEARCH-056", id="search-empty-value-matching")
def test_empty_value_matching(dicomweb: StudiesService, corpus: Corpus) -> None:
    """`emptyvaluematching=true` finds the study without a value, or a Warning says that it has no effect."""
    family = corpus.empty_and_filled
    empty, _ = uids(family)
    finds_just(dicomweb, {"PatientID": family.patient_id}, uids(family), blame="search-by-keyword")

    response, of_date = (
        dicomweb.search("studies", {key: '""', "emptyvaluematching": True, "PatientID": family.patient_id})
        for key in ("AccessionNumber", "StudyDate")
    )

    with expect(response) as it:
        if response.status == 400:
            it.observes("400")
            it.concludes()
        if it.is_a_list_of_matches().uids(STUDY) != [empty]:
            it.observes("empty-value-matching-without-effect", of="SEARCH-054")
            _is_warned(it, "emptyvaluematching", silent="no-warning-of-older-editions")
            return
    filled = family.studies[1]
    dated = {"StudyDate": filled.value("StudyDate"), "PatientID": family.patient_id}
    finds_just(dicomweb, dated, [filled.study_instance_uid], blame="search-matches-study[StudyDate]")
    with expect(of_date) as it:
        if of_date.status == 400:
            it.observes("400", of="SEARCH-056")
            it.concludes()
        if it.is_a_list_of_matches(of="SEARCH-056").uids(STUDY) != [empty]:
            it.observes("none", of="SEARCH-056", where="StudyDate", received="not just the study without a date")


@verifies("SEARCH-058", "SEARCH-057", id="search-multiple-value-matching")
def test_multiple_value_matching(dicomweb: StudiesService, corpus: Corpus) -> None:
    """`multiplevaluematching=true` finds only what has both values, or a Warning says that it has no effect."""
    family = corpus.four_studies_of_one_patient
    both = family.studies[2]
    modalities = [series.modality for series in both.series]
    finds_just(dicomweb, {"PatientID": family.patient_id}, uids(family), blame="search-by-keyword")

    response = dicomweb.search(
        "studies",
        [("ModalitiesInStudy", modalities), ("multiplevaluematching", True), ("PatientID", family.patient_id)],
    )

    with expect(response) as it:
        if response.status == 400:
            it.observes("400")
            it.concludes()
        if it.is_a_list_of_matches().uids(STUDY) != [both.study_instance_uid]:
            it.observes("multiple-value-matching-without-effect", of="SEARCH-057")
            _is_warned(it, "multiplevaluematching", silent="no-warning")


def _fuzzily(dicomweb: StudiesService, corpus: Corpus) -> Response:
    """Search for a name in ways that only fuzzy matching finds, until one does; return the last answer."""
    study = corpus.names.swain_sam
    for name in ("Swayne^Sam", "Sam^Swain", "Swain^Samuel", "Swian^Sam"):
        response = dicomweb.search("studies", PatientName=name, PatientID=study.patient_id, fuzzymatching=True)
        if study.study_instance_uid.encode() in response.body:
            break
    return response


def _is_warned(it: Expectation, parameter: str, *, silent: str, other: str = "") -> None:
    """Look for the Warning that names a parameter which has no effect; in what words is the server's."""
    warnings = [each for each in it.response.headers.all("Warning") if "299" in each]
    word = parameter.removesuffix("matching")
    if any(re.search(word, warning, re.IGNORECASE) for warning in warnings):
        return
    it.observes(
        other if other and warnings else silent,
        where="Warning",
        expected=[f"299 and the words: The {parameter} parameter is not supported."],
        received=", ".join(warnings) or "no Warning",
    )
