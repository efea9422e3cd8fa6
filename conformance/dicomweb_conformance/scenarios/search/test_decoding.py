"""Search: what stands percent-encoded in a query, and names in other spellings (PS3.18 8.3.1, 8.3.4.1, RFC 3986)."""

from __future__ import annotations

from urllib.parse import quote

from dicomweb_conformance.catalogue.statuses import BAD_REQUEST
from dicomweb_conformance.checks.expect import Matches, assume, control, expect
from dicomweb_conformance.checks.judgement import Inconclusive
from dicomweb_conformance.checks.verifies import Variant, verifies
from dicomweb_conformance.dicom import json_model
from dicomweb_conformance.http import media_types
from dicomweb_conformance.http.exchanges import Response
from dicomweb_conformance.scenarios.search.controls import (
    PLAIN,
    RESERVED,
    SERIES,
    STUDY,
    decodes,
    finds_just,
    uids,
)
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_fixtures.corpus import Corpus
from dicomweb_fixtures.entities import Study

ACCESSION = "00080050"


@verifies("HTTP-034", id="search-decodes-reserved-characters")
def test_decodes_reserved_characters(dicomweb: StudiesService, corpus: Corpus) -> None:
    """A value of reserved characters, percent-encoded, finds the study that has it, and no other."""
    wanted = _with_accession(dicomweb, corpus, RESERVED)

    response = dicomweb.search(
        "studies", AccessionNumber=wanted.value("AccessionNumber"), PatientID=corpus.neighbours.patient_id
    )

    with expect(response) as it:
        it.lists_exactly(
            it.is_a_list_of_matches(),
            STUDY,
            [wanted.study_instance_uid],
            none="none",
            excess="other-studies-as-well",
            other="other-studies-as-well",
        )


@verifies("HTTP-036", id="search-plus-sign")
def test_plus_sign(dicomweb: StudiesService, corpus: Corpus) -> None:
    """`%2B` is a plus sign; a bare one is a plus sign or a blank."""
    patient = corpus.neighbours
    wanted = _with_accession(dicomweb, corpus, "plus")
    value = wanted.value("AccessionNumber")

    response = dicomweb.search("studies", AccessionNumber=value, PatientID=patient.patient_id)
    bare = dicomweb.send_exactly(
        "GET",
        f"/studies?AccessionNumber={value}&PatientID={quote(patient.patient_id, safe='')}",
        headers=[("Accept", media_types.DICOM_JSON), ("Connection", "close")],
    )

    with expect(response) as it:
        matches = it.is_a_list_of_matches()
        if _others(matches, uids(patient)):
            it.observes("studies-of-other-patients", received=f"{len(matches)} studies")
        elif matches.uids(STUDY) != [wanted.study_instance_uid]:
            decodes(dicomweb, corpus)
            it.observes("2b-not-found", expected=[wanted.study_instance_uid], received=_names(matches) or "nothing")
    with expect(bare) as it:
        matches = it.is_a_list_of_matches()
        if _others(matches, uids(patient)):
            it.observes("studies-of-other-patients", received=f"{len(matches)} studies")
        elif matches.uids(STUDY) != [wanted.study_instance_uid]:
            it.observes("bare-plus-read-as-blank", received=_names(matches) or "nothing")


SCRIPTS = (Variant("latin-1", "HTTP-035"), Variant("cjk", "HTTP-035"))


@verifies(id="search-decodes-other-scripts", each=SCRIPTS)
def test_decodes_other_scripts(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """A name in another script, percent-encoded as UTF-8, finds its study."""
    study = corpus.names.latin_1 if case.id == "latin-1" else corpus.names.utf_8
    plain = corpus.names.doe_john
    finds_just(dicomweb, {"PatientID": study.patient_id}, [study.study_instance_uid], blame="search-by-keyword")
    ascii_keys = {"PatientName": plain.value("PatientName"), "PatientID": plain.patient_id}
    # How names of several groups match is up to the server, so either spelling will do.
    name = study.value("PatientName")
    spellings = [name, *(name.split("=")[1:2])]

    responses = [dicomweb.search("studies", PatientName=spelling, PatientID=study.patient_id) for spelling in spellings]

    found = []
    for response in responses:
        with expect(response) as it:
            matches = it.is_a_list_of_matches()
            it.lists_nothing_but(matches, STUDY, [study.study_instance_uid], else_="studies-of-other-patients")
            found += matches.uids(STUDY)
    if found:
        return
    by_ascii = dicomweb.search("studies", ascii_keys)
    control(by_ascii, 200, 204, because="a search by a name in ASCII does not work")
    decoded = plain.study_instance_uid.encode() in by_ascii.body
    if not decoded:
        decodes(dicomweb, corpus)
    with expect(responses[0]) as it:
        it.observes(
            "non-ascii-names-not-found" if decoded else "percent-encoding-not-decoded",
            expected=[study.study_instance_uid],
            received="nothing",
        )


@verifies("HTTP-031", id="search-limit-in-other-case")
def test_limit_in_other_case(dicomweb: StudiesService, corpus: Corpus) -> None:
    """`Limit` is not `limit`: all studies are found."""
    family = corpus.four_studies_of_one_patient
    finds_just(dicomweb, {"PatientID": family.patient_id}, uids(family), blame="search-by-keyword")

    response = dicomweb.search("studies", PatientID=family.patient_id, Limit=1)

    with expect(response) as it:
        if response.status == 400:
            it.observes("400")
            it.concludes()
        matches = it.is_a_list_of_matches()
        if _others(matches, uids(family)):
            it.observes("studies-of-other-patients", received=f"{len(matches)} studies")
        elif not len(matches):
            it.observes("204-or-200-empty-list")
        elif len(matches) == 1:
            it.observes("one-study-limited-all-the-same")
        elif set(matches.uids(STUDY)) != set(uids(family)):
            it.finds("not all studies", expected=["all four studies"], received=f"{len(matches)} studies")


@verifies("SEARCH-019", id="search-tag-in-lower-case")
def test_tag_in_lower_case(dicomweb: StudiesService, corpus: Corpus) -> None:
    """A tag in lower case finds what it finds in upper case, or is not known."""
    wanted = corpus.four_studies_of_one_patient.studies[0].study_instance_uid
    finds_just(dicomweb, {STUDY: wanted}, [wanted], blame="search-by-tag[StudyInstanceUID]")

    response = dicomweb.search("studies", {STUDY.lower(): wanted})

    with expect(response) as it:
        if response.status in BAD_REQUEST:
            it.observes("none-unfiltered-or-400", received=it.status_line)
            it.concludes()
        matches = it.is_a_list_of_matches()
        if matches.foreign or matches.uids(STUDY) != [wanted]:
            it.observes("none-unfiltered-or-400", received=f"{len(matches)} studies")


PATHS = (
    Variant("tags", "SEARCH-021", "00400275.00400009"),
    Variant("tag-and-keyword", "SEARCH-021", "00400275.ScheduledProcedureStepID"),
)


@verifies(id="search-by-path", each=PATHS)
def test_by_path(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """A member of a sequence named by tags finds what it finds by keywords."""
    study = corpus.two_series
    wanted = study.series[0]
    value = wanted.instances[0].dataset.RequestAttributesSequence[0].ScheduledProcedureStepID
    keywords = "RequestAttributesSequence.ScheduledProcedureStepID"
    by_keyword = dicomweb.search_in(study, "series", {keywords: value})
    owner = f"search-matches-series[{keywords}]"
    assume(by_keyword.status in {200, 204}, f"the key {keywords} does not work", owner)
    with expect(by_keyword) as it:
        assume(it.is_a_list_of_matches().uids(SERIES) == [wanted.uid], "it does not find just its series", owner)

    response = dicomweb.search_in(study, "series", {case.value: value})

    with expect(response) as it:
        other = "another-set-than-by-the-keyword-path"
        it.lists_exactly(it.is_a_list_of_matches(), SERIES, [wanted.uid], none=other, excess=other)


MARKED = (
    Variant("accession-number", "SEARCH-027b", "AccessionNumber"),
    Variant("name", "SEARCH-027b", "ReferringPhysicianName"),
)
MARKED_TAGS = {"AccessionNumber": ACCESSION, "ReferringPhysicianName": "00080090"}


@verifies(id="search-quotation-marks", each=MARKED)
def test_quotation_marks(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """A value with apostrophes or quotation marks finds the study that has it, and no other."""
    patient = corpus.quotation_marks
    wanted, other = patient.studies
    plain = {case.value: other.value(case.value), "PatientID": patient.patient_id}
    try:
        finds_just(dicomweb, plain, [other.study_instance_uid], blame=f"search-matches-study[{case.value}]")
    except Inconclusive:
        decodes(dicomweb, corpus)  # a name has circumflexes, which are percent-encoded, too
        raise
    stored = dicomweb.search("studies", StudyInstanceUID=wanted.study_instance_uid)
    _shows_as_stored(stored, MARKED_TAGS[case.value], wanted.value(case.value))

    response = dicomweb.search("studies", {case.value: wanted.value(case.value), "PatientID": patient.patient_id})

    with expect(response) as it:
        matches = it.is_a_list_of_matches()
        if not len(matches):
            decodes(dicomweb, corpus)
        it.lists_exactly(matches, STUDY, [wanted.study_instance_uid], none="none", excess="another-study")


def _with_accession(dicomweb: StudiesService, corpus: Corpus, name: str) -> Study:
    """Return one of the neighbours, after demanding that it is there with the Accession Number that was stored."""
    patient = corpus.neighbours
    # The number of the first is that of no other even where case is folded.
    plain, wanted = (
        next(study for study in patient.studies if study.name.endswith(f".{one}")) for one in (PLAIN, name)
    )
    keys = {"AccessionNumber": plain.value("AccessionNumber"), "PatientID": patient.patient_id}
    finds_just(dicomweb, keys, [plain.study_instance_uid], blame="search-matches-study[AccessionNumber]")
    stored = dicomweb.search("studies", StudyInstanceUID=wanted.study_instance_uid)
    _shows_as_stored(stored, ACCESSION, wanted.value("AccessionNumber"))
    return wanted


def _shows_as_stored(stored: Response, tag: str, value: str) -> None:
    """Demand of a search by StudyInstanceUID that its result does not show another value than was stored."""
    control(stored, because="a search by StudyInstanceUID does not work")
    with expect(stored) as it:
        shown = {json_model.text(result, tag) for result in it.is_a_list_of_matches().own}
        assume(shown <= {value, ""}, f"{tag} is not as it was stored", stored.exchange)


def _others(matches: Matches, studies: list[str]) -> bool:
    return bool(matches.foreign or set(matches.uids(STUDY)) - set(studies))


def _names(matches: Matches) -> str:
    return ", ".join(json_model.text(each, ACCESSION) or json_model.text(each, STUDY) for each in matches.own)
