"""What checks of Search share: searches that must work before another can tell anything."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from dicomweb_conformance.checks.expect import Matches, assume, control, expect
from dicomweb_conformance.dicom import json_model
from dicomweb_conformance.dicom.search_attributes import UNIQUE_KEYS
from dicomweb_conformance.service.resources import Value
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_fixtures.corpus import Corpus
from dicomweb_fixtures.entities import Patient, Study
from dicomweb_fixtures.identifiers import uid

PLAIN, RESERVED = "year before", "reserved"
"""The neighbours whose Accession Number has no reserved character, and nothing but those."""
STUDY, SERIES, INSTANCE = UNIQUE_KEYS["study"], UNIQUE_KEYS["series"], UNIQUE_KEYS["instance"]


def uids(patient: Patient) -> list[str]:
    return [study.study_instance_uid for study in patient.studies]


def finds(dicomweb: StudiesService, keys: dict[str, str], study: Study, blame: str | None = None) -> None:
    """Demand of a search that it finds a study; otherwise nothing can be concluded from what another does not find."""
    response = dicomweb.search("studies", keys)
    named = ", ".join(keys)
    control(response, because=f"a search by {named} does not work")
    assume(
        study.study_instance_uid.encode() in response.body,
        f"a search by {named} does not find a stored study",
        blame or response.exchange,
    )


def finds_just(
    dicomweb: StudiesService, keys: Mapping[str, Value], studies: Collection[str], blame: str | None = None
) -> None:
    """Demand of a search that it finds these studies and no others; otherwise no other can tell."""
    response = dicomweb.search("studies", keys)
    named = ", ".join(keys)
    assume(response.status in {200, 204}, f"a search by {named} does not work", blame or response.exchange)
    with expect(response) as it:
        found = it.is_a_list_of_matches()
        assume(
            set(found.uids(STUDY)) == set(studies) and not found.foreign,
            f"a search by {named} does not find exactly the {len(studies)} studies that have the value",
            blame or response.exchange,
        )


def tells_of_no_match(dicomweb: StudiesService, corpus: Corpus) -> None:
    """Demand that a search without a match has an empty answer; otherwise none can be expected of another."""
    unused = uid(corpus.seed, "unused")
    finds_just(dicomweb, {"StudyInstanceUID": unused}, [], blame="search-no-match[StudyInstanceUID]")


def decodes(dicomweb: StudiesService, corpus: Corpus) -> None:
    """Demand that not just plain values are found: where none that is percent-encoded is, one check tells of it.

    Raises:
        Inconclusive: a value without such characters finds its study, and one of reserved characters does not.
    """
    patient = corpus.neighbours
    studies = [
        next(study for study in patient.studies if study.name.endswith(f".{name}")) for name in (PLAIN, RESERVED)
    ]
    found = [
        study.study_instance_uid.encode()
        in dicomweb.search("studies", AccessionNumber=study.value("AccessionNumber"), PatientID=patient.patient_id).body
        for study in studies
    ]
    assume(
        found != [True, False],
        "a value that is percent-encoded is not understood",
        "search-decodes-reserved-characters",
    )


def among(matches: Matches, tag: str, uids: Collection[str]) -> Matches:
    """Return those matches that the key was tried on; that there are others at all is what other checks judge."""
    return Matches(tuple(each for each in matches.own if json_model.text(each, tag) in uids), 0)
