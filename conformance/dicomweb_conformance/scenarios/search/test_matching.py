"""Search: which entities match a value (PS3.4 C.2.2.2), and parameters that change it (PS3.18 8.3.4)."""

from __future__ import annotations

from dicomweb_conformance.catalogue.statuses import BAD_REQUEST
from dicomweb_conformance.checks.expect import Matches, assume, control, expect, offered
from dicomweb_conformance.checks.verifies import Variant, verifies
from dicomweb_conformance.dicom import json_model
from dicomweb_conformance.dicom.search_attributes import STUDY_KEYS
from dicomweb_conformance.http.quoting import Harmless
from dicomweb_conformance.scenarios.search.controls import (
    SERIES,
    STUDY,
    decodes,
    finds,
    finds_just,
    tells_of_no_match,
    uids,
)
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_fixtures.corpus import Corpus
from dicomweb_fixtures.entities import Patient, Study


@verifies("SEARCH-025", id="search-uid-list")
def test_uid_list(dicomweb: StudiesService, corpus: Corpus) -> None:
    """A comma-separated list of UIDs matches each of them and nothing else."""
    family = corpus.four_studies_of_one_patient
    wanted = uids(family)[:2]
    for each in wanted:
        finds_just(dicomweb, {"StudyInstanceUID": each}, [each], blame="search-matches-study[StudyInstanceUID]")

    response = dicomweb.search("studies", StudyInstanceUID=wanted)

    with expect(response) as it:
        it.lists_exactly(
            it.is_a_list_of_matches(),
            STUDY,
            wanted,
            none="none",
            incomplete="only-one-of-the-two",
            excess="the-third-or-unfiltered",
            other="the-third-or-unfiltered",
        )


@verifies("SEARCH-029", id="search-exact-name")
def test_exact_name(dicomweb: StudiesService, corpus: Corpus) -> None:
    """The stored name, its ^ percent-encoded, finds its study."""
    study, plain = corpus.two_series, corpus.four_studies_of_one_patient.studies[0]
    finds_just(dicomweb, {"PatientID": study.patient_id}, [study.study_instance_uid])
    finds(dicomweb, _name_and_id(plain), plain, blame="search-matches-patient[PatientName]")

    response = dicomweb.search("studies", PatientName=study.value("PatientName"), PatientID=study.patient_id)

    with expect(response) as it:
        matches = it.is_a_list_of_matches()
        if not len(matches):
            decodes(dicomweb, corpus)
        it.lists_exactly(matches, STUDY, [study.study_instance_uid], none="none", excess="studies-of-another-name")


@verifies("SEARCH-028", id="search-name-in-other-case")
def test_name_in_other_case(dicomweb: StudiesService, corpus: Corpus) -> None:
    """A name in another case finds its study or nothing."""
    family = corpus.four_studies_of_one_patient
    finds_just(dicomweb, {"PatientID": family.patient_id}, uids(family))
    finds(dicomweb, _name_and_id(family.studies[0]), family.studies[0], blame="search-matches-patient[PatientName]")
    tells_of_no_match(dicomweb, corpus)

    response = dicomweb.search(
        "studies", PatientName=family.studies[0].value("PatientName").lower(), PatientID=family.patient_id
    )

    with expect(response) as it:
        matches = it.is_a_list_of_matches()
        if len(matches):
            it.lists_nothing_but(matches, STUDY, uids(family), else_="other-studies-only")


@verifies("SEARCH-027", id="search-is-case-sensitive")
def test_is_case_sensitive(dicomweb: StudiesService, corpus: Corpus) -> None:
    """A Patient ID in another case does not match."""
    study = corpus.wild_cards.studies[0]
    finds_just(dicomweb, {"PatientID": study.patient_id}, [study.study_instance_uid])
    tells_of_no_match(dicomweb, corpus)

    response = dicomweb.search("studies", PatientID=study.patient_id.swapcase())

    with expect(response) as it:
        matches = it.is_a_list_of_matches()
        if matches.foreign:
            it.observes("unfiltered", expected=["none"], received=f"{len(matches)} studies")
        elif len(matches):
            it.observes("the-study", expected=["none"], received=f"{len(matches)} studies")


PARTS = tuple(
    Variant(keyword, "SEARCH-027", blame)
    for keyword, blame in (
        ("PatientID", "search-matches-patient[PatientID]"),
        ("AccessionNumber", "search-matches-study[AccessionNumber]"),
        ("StudyInstanceUID", "search-matches-study[StudyInstanceUID]"),
    )
)


@verifies(id="search-part-of-a-value", each=PARTS)
def test_part_of_a_value(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """Without a wild card a value does not match one of which it is only a part: 123 is not the patient 1234."""
    study = corpus.ct_pair
    uid, stored = study.study_instance_uid, study.value(case.id)
    finds_just(dicomweb, {case.id: stored}, [uid], blame=case.value)
    tells_of_no_match(dicomweb, corpus)
    # What a UID begins with is a UID, and what it ends with need not be one.
    parts = [stored[:-1]] if case.id == "StudyInstanceUID" else [stored[:-1], stored[1:]]

    responses = [dicomweb.search("studies", {case.id: part}) for part in parts]

    for part, response in zip(parts, responses, strict=True):
        with expect(response) as it:
            if uid in it.is_a_list_of_matches().uids(STUDY):
                received = Harmless(f"{case.id}={part} finds the study of {stored}")
                it.observes("a-longer-value", expected=["none"], received=received)


@verifies("SEARCH-027", id="search-digits-are-text")
def test_digits_are_text(dicomweb: StudiesService, corpus: Corpus) -> None:
    """A Study ID of digits does not match one that is another text for the same number."""
    patient = corpus.neighbours
    plain, seven, another = (
        next(study.study_instance_uid for study in patient.studies if study.value("StudyID") == text)
        for text in ("XAB1", "7", "07")
    )
    finds_just(dicomweb, {"PatientID": patient.patient_id}, uids(patient), blame="search-by-keyword")
    keys = {"StudyID": "XAB1", "PatientID": patient.patient_id}
    offered(dicomweb.search("studies", keys).status != 400, "the key StudyID is refused")
    finds_just(dicomweb, keys, [plain], blame="search-matches-study[StudyID]")

    response = dicomweb.search("studies", StudyID="7", PatientID=patient.patient_id)

    with expect(response) as it:
        found = it.is_a_list_of_matches().uids(STUDY)
        assume(seven in found, "a Study ID of digits does not find its study", response.exchange)
        if another in found:
            it.observes("another-text-for-the-number", expected=["just the study of StudyID 7"], received="that of 07")


TIMES = (
    Variant("as-stored", "SEARCH-030", "{}"),
    Variant("to-the-minute", "SEARCH-030", "{:.4}"),
    Variant("with-fraction", "SEARCH-030", "{}.000"),
)


@verifies(id="search-time-by-meaning", each=TIMES)
def test_time_by_meaning(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """A time matches by its meaning, however it is written."""
    family = corpus.four_studies_of_one_patient
    plain = family.studies[1]
    works = {"StudyTime": plain.value("StudyTime"), "PatientID": family.patient_id}
    finds_just(dicomweb, works, [plain.study_instance_uid], blame="search-matches-study[StudyTime]")
    # A time before ten begins with 0, which whoever takes it for a number loses.
    patient, wanted = (corpus.one_day, corpus.one_day.studies[0]) if case.id == "as-stored" else (family, plain)
    finds(dicomweb, {"PatientID": patient.patient_id}, wanted, blame="search-by-keyword")

    written = case.value.format(wanted.value("StudyTime"))
    response = dicomweb.search("studies", StudyTime=written, PatientID=patient.patient_id)

    with expect(response) as it:
        if case.id != "as-stored" and response.status in BAD_REQUEST:
            it.observes("400-for-another-spelling")
            it.concludes()
        if wanted.study_instance_uid not in it.is_a_list_of_matches().uids(STUDY):
            as_stored = "stored-spelling-not-found"
            it.observes(
                as_stored if case.id == "as-stored" else "not-found-by-another-spelling",
                expected=["the study"],
                received="not among the matches",
            )


@verifies("SEARCH-031", id="search-empty-key")
def test_empty_key(dicomweb: StudiesService, corpus: Corpus) -> None:
    """A key without a value matches everything."""
    study = corpus.two_series
    finds(dicomweb, {"StudyInstanceUID": study.study_instance_uid}, study)

    response = dicomweb.search("studies", PatientName="", StudyInstanceUID=study.study_instance_uid)

    with expect(response) as it:
        matches = it.is_a_list_of_matches()
        if not len(matches):
            it.observes("204-or-200-empty-list", expected=["the study"], received="nothing")


@verifies("SEARCH-031", id="search-empty-keys-of-a-study")
def test_empty_keys_of_a_study(dicomweb: StudiesService, corpus: Corpus) -> None:
    """Each key of a study matches everything where it has no value: dates, times, codes and UIDs, too."""
    family = corpus.empty_and_filled
    finds_just(dicomweb, {"PatientID": family.patient_id}, uids(family), blame="search-by-keyword")

    for key in STUDY_KEYS:
        response = dicomweb.search("studies", {"PatientID": family.patient_id, key.id: ""})
        with expect(response) as it:
            if response.status == 400:
                it.observes("400", where=key.id)
                it.concludes()
            found = it.is_a_list_of_matches().uids(STUDY)
            lacking = set(uids(family)) - set(found)
            if not lacking or not _finds_filled(dicomweb, family, key.id):  # which is told where that key is judged
                continue
            wrong = "one-of-two-studies" if found else "204-or-200-empty-list"
            it.observes(wrong, where=key.id, expected=["both studies"], received=", ".join(found) or "nothing")


@verifies("SEARCH-049", id="search-value-against-an-empty-one")
def test_value_against_an_empty_one(dicomweb: StudiesService, corpus: Corpus) -> None:
    """A study whose key is empty is found by any value for it, or not."""
    family = corpus.empty_and_filled
    filled = family.studies[1]
    finds_just(dicomweb, {"PatientID": family.patient_id}, uids(family), blame="search-by-keyword")
    one = corpus.four_studies_of_one_patient.studies[0]
    keys = {"PatientID": one.patient_id, "AccessionNumber": one.value("AccessionNumber")}
    finds_just(dicomweb, keys, [one.study_instance_uid], blame="search-matches-study[AccessionNumber]")

    response = dicomweb.search(
        "studies", PatientID=family.patient_id, AccessionNumber=f"{filled.value('AccessionNumber')}X"
    )

    with expect(response) as it:
        if response.status == 400:
            it.observes("400")
            it.concludes()
        if filled.study_instance_uid in it.is_a_list_of_matches().uids(STUDY):
            it.finds(
                "a study with another value", expected=["the study without a value", "none"], received="it is found"
            )


@verifies("SEARCH-044", id="search-sequence-within-one-item")
def test_sequence_within_one_item(dicomweb: StudiesService, corpus: Corpus) -> None:
    """Two keys of a sequence match only where one item has both values."""
    tells_of_no_match(dicomweb, corpus)
    study = corpus.two_series
    items = study.series[1].instances[0].dataset.RequestAttributesSequence
    step, procedure = (
        "RequestAttributesSequence.ScheduledProcedureStepID",
        "RequestAttributesSequence.RequestedProcedureID",
    )
    together = dicomweb.search_in(
        study, "series", {step: items[0].ScheduledProcedureStepID, procedure: items[0].RequestedProcedureID}
    )
    control(together, because="two keys of one item do not work")
    with expect(together) as it:
        found = it.is_a_list_of_matches().uids(SERIES)
    owner = "search-matches-series[RequestAttributesSequence.ScheduledProcedureStepID]"
    assume(found == [study.series[1].uid], "two keys of one item do not find its series, and it alone", owner)

    response = dicomweb.search_in(
        study, "series", {step: items[0].ScheduledProcedureStepID, procedure: items[1].RequestedProcedureID}
    )

    with expect(response) as it:
        found = it.is_a_list_of_matches().uids(SERIES)
        if study.series[1].uid in found:
            it.observes(
                "the-series" if len(found) == 1 else "unfiltered",
                expected=["none: no item has both"],
                received=", ".join(found),
            )


@verifies("SEARCH-044", id="search-any-item-of-a-sequence")
def test_any_item_of_a_sequence(dicomweb: StudiesService, corpus: Corpus) -> None:
    """A key of a sequence finds a series by its second item as it does by the first."""
    study = corpus.two_series
    wanted = study.series[1]
    first, second = (each.ScheduledProcedureStepID for each in wanted.instances[0].dataset.RequestAttributesSequence)
    key = "RequestAttributesSequence.ScheduledProcedureStepID"
    by_first = dicomweb.search_in(study, "series", {key: first})
    assume(by_first.status in {200, 204}, f"the key {key} does not work", f"search-matches-series[{key}]")
    with expect(by_first) as it:
        found = it.is_a_list_of_matches().uids(SERIES)
        assume(found == [wanted.uid], "the first item does not find its series, and it alone", by_first.exchange)

    response = dicomweb.search_in(study, "series", {key: second})

    with expect(response) as it:
        missing = "not-found-by-a-later-item"
        matches = it.is_a_list_of_matches()
        it.lists_exactly(matches, SERIES, [wanted.uid], none=missing, excess="unfiltered", other=missing)


@verifies("SEARCH-045", id="search-one-of-several-values")
def test_one_of_several_values(dicomweb: StudiesService, corpus: Corpus) -> None:
    """A study of two modalities is found by one of them, and its result names both."""
    family = corpus.four_studies_of_one_patient
    study = family.studies[2]
    keys = {"ModalitiesInStudy": family.studies[1].series[0].modality, "PatientID": family.patient_id}
    finds(dicomweb, keys, family.studies[1], blame="search-matches-study[ModalitiesInStudy]")
    both = [series.modality for series in study.series]

    response = dicomweb.search("studies", ModalitiesInStudy=both[0], PatientID=family.patient_id)

    with expect(response) as it:
        match = _result_of(it.is_a_list_of_matches(), study)
        if match is None:
            it.observes("not-found", expected=[f"the study of {both[0]} and {both[1]}"])
            it.concludes()
            return
        modalities = json_model.values(match, "00080061")
        if modalities and not {*both} <= set(map(str, modalities)):
            it.observes(
                "00080061-there-but-without-one-of-two",
                where="(0008,0061)",
                expected=[", ".join(both)],
                received=str(modalities),
            )


@verifies("SEARCH-047", id="search-optional-key")
def test_optional_key(dicomweb: StudiesService, corpus: Corpus) -> None:
    """An optional key filters, or is ignored."""
    family = corpus.four_studies_of_one_patient
    wanted = family.studies[1]
    finds_just(dicomweb, {"PatientID": family.patient_id}, uids(family))

    response = dicomweb.search(
        "studies", StudyDescription=wanted.value("StudyDescription"), PatientID=family.patient_id
    )

    with expect(response) as it:
        matches = it.is_a_list_of_matches()
        found = set(matches.uids(STUDY))
        if matches.foreign or found - set(uids(family)):
            it.observes("studies-of-other-patients", received=f"{matches.foreign} studies that do not match")
        elif not found:
            it.observes("none", expected=["the study with that description", "all (key ignored)"])
        elif wanted.study_instance_uid not in found:
            it.observes(
                "only-the-study-that-does-not-match", expected=[wanted.study_instance_uid], received=", ".join(found)
            )
        elif len(found) > 1:
            it.observes("both-studies-key-ignored", received=f"{len(found)} studies")


@verifies("SEARCH-067", id="search-returns-match-keys")
def test_returns_match_keys(dicomweb: StudiesService, corpus: Corpus) -> None:
    """An attribute that filtered the search is in its results."""
    family = corpus.four_studies_of_one_patient
    wanted = family.studies[1]
    finds(dicomweb, {"PatientID": family.patient_id}, wanted, blame="search-by-keyword")

    response = dicomweb.search(
        "studies", StudyDescription=wanted.value("StudyDescription"), PatientID=family.patient_id
    )

    with expect(response) as it:
        assume(response.status != 400, "the key StudyDescription is refused", "search-optional-key")
        matches = it.is_a_list_of_matches()
        offered(
            set(matches.uids(STUDY)) == {wanted.study_instance_uid},
            "StudyDescription does not filter, so nobody asked for it to be returned",
        )
        if json_model.text(matches.own[0], "00081030") != wanted.value("StudyDescription"):
            it.observes(
                "absent",
                where="(0008,1030)",
                expected=[wanted.value("StudyDescription")],
                received=json_model.text(matches.own[0], "00081030") or "absent",
            )


@verifies("SEARCH-051b", id="search-fuzzy-finds-exact-name")
def test_fuzzy_finds_exact_name(dicomweb: StudiesService, corpus: Corpus) -> None:
    """With `fuzzymatching=true` the exact name still finds its study."""
    family = corpus.four_studies_of_one_patient
    keys = {"PatientName": family.studies[0].value("PatientName"), "PatientID": family.patient_id}
    finds_just(dicomweb, keys, uids(family), blame="search-matches-patient[PatientName]")

    response = dicomweb.search("studies", {**keys, "fuzzymatching": "true"})

    with expect(response) as it:
        matches = it.is_a_list_of_matches()
        if not len(matches):
            it.observes("none", expected=["the studies of that name"])
        it.lists_nothing_but(matches, STUDY, uids(family), else_="studies-of-other-patients")


@verifies("SEARCH-053", id="search-no-fuzzy-unasked")
def test_no_fuzzy_unasked(dicomweb: StudiesService, corpus: Corpus) -> None:
    """A name that only sounds alike does not match unless fuzzy matching was asked for."""
    family = corpus.four_studies_of_one_patient
    name = family.studies[0].value("PatientName")
    near = name[:-1] + "E"
    keys = {"PatientName": name, "PatientID": family.patient_id}
    finds_just(dicomweb, keys, uids(family), blame="search-matches-patient[PatientName]")
    finds_just(dicomweb, {**keys, "PatientName": name[::-1]}, [], blame="search-matches-patient[PatientName]")

    for query in ({}, {"fuzzymatching": "false"}):
        response = dicomweb.search("studies", {"PatientName": near, "PatientID": family.patient_id, **query})
        with expect(response) as it:
            if response.status in BAD_REQUEST and query:
                it.observes("400-for-fuzzymatching-false")
                it.concludes()
            matches = it.is_a_list_of_matches()
            if len(matches):
                it.observes(
                    "unfiltered" if matches.foreign else "the-study",
                    expected=["none"],
                    received=f"{len(matches)} studies for {near}",
                )


def _finds_filled(dicomweb: StudiesService, family: Patient, key: str) -> bool:
    """Tell whether a key finds the study of the two that has a value for it."""
    filled = family.studies[1]
    value = filled.series[0].modality if key == "ModalitiesInStudy" else filled.value(key)
    found = dicomweb.search("studies", {key: value, "PatientID": family.patient_id})
    return filled.study_instance_uid.encode() in found.body


def _name_and_id(study: Study) -> dict[str, str]:
    return {key: study.value(key) for key in ("PatientName", "PatientID")}


def _result_of(matches: Matches, study: Study) -> json_model.DataSet | None:
    return next((each for each in matches.own if json_model.text(each, STUDY) == study.study_instance_uid), None)
