"""Search: what no clause defines may be answered in any way, but not by an error of the server, or by others' data."""

from __future__ import annotations

from urllib.parse import quote

from dicomweb_conformance.checks.expect import expect
from dicomweb_conformance.checks.verifies import Variant, verifies
from dicomweb_conformance.http import media_types
from dicomweb_conformance.scenarios.search.controls import STUDY, finds_just, uids
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_fixtures.corpus import Corpus


@verifies("SEARCH-024", id="search-two-values-of-a-key")
def test_two_values_of_a_key(dicomweb: StudiesService, corpus: Corpus) -> None:
    """Two values of a key that has one find both, none, or are refused."""
    one, other = corpus.wild_cards.studies[:2]
    for each in (one, other):
        finds_just(dicomweb, {"PatientID": each.patient_id}, [each.study_instance_uid], blame="search-by-keyword")
    values = ",".join(quote(each.patient_id, safe="") for each in (one, other))

    response = dicomweb.send_exactly(
        "GET",
        f"/studies?PatientID={values}",
        headers=[("Accept", media_types.DICOM_JSON), ("Connection", "close")],
    )

    with expect(response) as it:
        if response.status == 400:
            it.observes("400")
            it.concludes()
        found = it.is_a_list_of_matches()
        if len(found) and set(found.uids(STUDY)) != {one.study_instance_uid, other.study_instance_uid}:
            it.observes("unfiltered-or-one-of-the-two", received=f"{len(found)} studies")


@verifies("SEARCH-026", id="search-uids-with-a-backslash")
def test_uids_with_a_backslash(dicomweb: StudiesService, corpus: Corpus) -> None:
    """UIDs with a backslash between them find both, none, or are refused."""
    family = corpus.four_studies_of_one_patient
    wanted = uids(family)[:2]
    for each in wanted:
        finds_just(dicomweb, {"StudyInstanceUID": each}, [each], blame="search-matches-study[StudyInstanceUID]")

    response = dicomweb.search("studies", StudyInstanceUID="\\".join(wanted), PatientID=family.patient_id)

    with expect(response) as it:
        if response.status == 400:
            it.observes("400")
            it.concludes()
        found = it.is_a_list_of_matches()
        if len(found) and set(found.uids(STUDY)) != set(wanted):
            it.observes("another-set-of-own-studies", received=f"{len(found)} studies")


@verifies("SEARCH-046", id="search-by-a-private-attribute")
def test_by_a_private_attribute(dicomweb: StudiesService, corpus: Corpus) -> None:
    """A private attribute beside its creator, as a key and to be included, finds what matches, or is ignored."""
    study = corpus.elements
    finds_just(dicomweb, {"StudyInstanceUID": study.study_instance_uid}, [study.study_instance_uid])
    (block,) = [each for each in study.instances[0].dataset if each.tag.is_private_creator][:1]
    creator = f"{int(block.tag):08X}"
    private = f"{creator[:4]}{creator[6:]}01"

    response = dicomweb.search_in(study, "instances", {creator: block.value, private: "x", "includefield": private})

    with expect(response) as it:
        it.is_a_list_of_matches()


@verifies("SEARCH-050", id="search-in-a-time-zone")
def test_in_a_time_zone(dicomweb: StudiesService, corpus: Corpus) -> None:
    """A time zone in the query leaves the studies of a patient there, or is taken for a key, or refused."""
    family = corpus.four_studies_of_one_patient
    finds_just(dicomweb, {"PatientID": family.patient_id}, uids(family), blame="search-by-keyword")

    response = dicomweb.search("studies", PatientID=family.patient_id, TimezoneOffsetFromUTC="+0000")

    with expect(response) as it:
        it.lists_nothing_but(it.is_a_list_of_matches(), STUDY, uids(family), else_="studies-of-other-patients")


GROUPS = (Variant("alphabetic", "SEARCH-157"), Variant("ideographic", "SEARCH-157"), Variant("both", "SEARCH-157"))


@verifies(id="search-by-a-group-of-a-name", each=GROUPS)
def test_by_a_group_of_a_name(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """One group of a name, or several with `=`, find its study or nothing, and no other."""
    study = corpus.names.utf_8
    finds_just(dicomweb, {"PatientID": study.patient_id}, [study.study_instance_uid], blame="search-by-keyword")
    alphabetic, ideographic = study.value("PatientName").split("=")
    name = {"alphabetic": alphabetic, "ideographic": ideographic, "both": f"{alphabetic}={ideographic}"}[case.id]

    response = dicomweb.search("studies", PatientName=name, PatientID=study.patient_id)

    with expect(response) as it:
        if response.status == 400:
            it.observes("400")
            it.concludes()
        it.lists_nothing_but(
            it.is_a_list_of_matches(), STUDY, [study.study_instance_uid], else_="studies-of-other-patients"
        )
