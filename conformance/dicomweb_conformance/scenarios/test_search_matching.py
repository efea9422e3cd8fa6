"""Search.

Which entities match. Keys (PS3.18 Table 10.6.1-5), kinds of matching (PS3.4 C.2.2.2), parameters that change it
(8.3.4).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from pydicom import Dataset

from dicomweb_conformance import dicom_json
from dicomweb_conformance.attributes import INSTANCE_KEYS, PATIENT_KEYS, SERIES_KEYS, STUDY_KEYS, UNIQUE_KEYS, MatchKey
from dicomweb_conformance.checks import Variant, verifies
from dicomweb_conformance.exchanges import Response
from dicomweb_conformance.expect import Matches, assume, control, expect, offered
from dicomweb_conformance.resources import Value
from dicomweb_conformance.studies_service import StudiesService
from dicomweb_fixtures.corpus import Corpus
from dicomweb_fixtures.entities import Patient, Study
from dicomweb_fixtures.identifiers import uid

STUDY, SERIES, INSTANCE = UNIQUE_KEYS["study"], UNIQUE_KEYS["series"], UNIQUE_KEYS["instance"]
IGNORED = "both (key ignored)"
REFUSED_PATTERN = "400 that says wild cards are not supported"

# Required keys


@verifies(id="search-matches-study", each=STUDY_KEYS)
def test_study_key(dicomweb: StudiesService, corpus: Corpus, case: MatchKey) -> None:
    """A study key finds just the one of four studies that has the value."""
    family = corpus.four_studies_of_one_patient
    wanted = family.studies[1]
    _finds(dicomweb, {"PatientID": family.patient_id}, wanted, blame="search-by-keyword")

    response = dicomweb.search("studies", {case.id: _key_value(wanted, case.id), "PatientID": family.patient_id})

    with expect(response) as it:
        wrong = "none or the wrong study"
        matches = _among(it.is_a_list_of_matches(), STUDY, _uids(family))
        it.lists_exactly(matches, STUDY, [wanted.study_instance_uid], none=wrong, excess=IGNORED, other=wrong)


@verifies(id="search-matches-patient", each=PATIENT_KEYS)
def test_patient_key(dicomweb: StudiesService, corpus: Corpus, case: MatchKey) -> None:
    """A patient key finds the studies of that patient and of no other."""
    wanted, other = corpus.four_studies_of_one_patient.studies[0], corpus.two_series
    key = {case.id: wanted.value(case.id)}
    _tells_of_no_match(dicomweb, corpus)

    # A name alone could find other people's studies, so a UID stands beside it.
    patients = dicomweb.search("studies", {**key, "StudyInstanceUID": wanted.study_instance_uid})
    anothers = dicomweb.search("studies", {**key, "StudyInstanceUID": other.study_instance_uid})

    with expect(patients) as it:
        found = it.is_a_list_of_matches().uids(STUDY)
        if wanted.study_instance_uid not in found:
            it.observes(
                "none or the wrong study", expected=[wanted.study_instance_uid], received=", ".join(found) or "nothing"
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
        wrong = "none or the wrong series"
        matches = _among(it.is_a_list_of_matches(), SERIES, [each.uid for each in study.series])
        it.lists_exactly(matches, SERIES, [wanted.uid], none=wrong, excess=IGNORED, other=wrong)


@verifies(id="search-matches-instance", each=INSTANCE_KEYS)
def test_instance_key(dicomweb: StudiesService, corpus: Corpus, case: MatchKey) -> None:
    """An instance key finds just the instance of a series that has the value."""
    series = corpus.two_series.series[1]
    wanted = series.instances[2]

    response = dicomweb.search_in(series, "instances", {case.id: wanted.value(case.id)})

    with expect(response) as it:
        wrong = "none or the wrong instance"
        below = [each.sop_instance_uid for each in series.instances]
        matches = _among(it.is_a_list_of_matches(), INSTANCE, below)
        it.lists_exactly(matches, INSTANCE, [wanted.sop_instance_uid], none=wrong, excess=IGNORED, other=wrong)


# How a key is written


@verifies("SEARCH-018", id="search-by-keyword", smoke=True)
def test_by_keyword(dicomweb: StudiesService, corpus: Corpus) -> None:
    """`PatientID=` finds exactly the studies of that patient."""
    family, _ = corpus.four_studies_of_one_patient, corpus.two_series

    response = dicomweb.search("studies", PatientID=family.patient_id)

    with expect(response) as it:
        it.lists_exactly(it.is_a_list_of_matches(), STUDY, _uids(family), none="none", excess="unfiltered")


@dataclass(frozen=True)
class Tag:
    """A key by its tag."""

    id: str
    requirement: str
    tag: str


BY_TAG = tuple(Tag(key.id, "SEARCH-017", key.tag) for key in (*STUDY_KEYS, *PATIENT_KEYS))


@verifies(id="search-by-tag", each=BY_TAG)
def test_by_tag(dicomweb: StudiesService, corpus: Corpus, case: Tag) -> None:
    """A key written as eight-digit tag finds what its keyword finds."""
    family, other = corpus.four_studies_of_one_patient, corpus.two_series
    named = family.studies[1]
    narrowed: dict[str, Value] = {"PatientID": family.patient_id}
    if case.id == "PatientID":
        narrowed = {}
    elif case.id == "PatientName":  # which all four studies share
        narrowed = {"StudyInstanceUID": [named.study_instance_uid, other.study_instance_uid]}
    value = _key_value(named, case.id)
    by_keyword = dicomweb.search("studies", {case.id: value, **narrowed})
    control(by_keyword, because=f"the key {case.id} does not work")
    with expect(by_keyword) as it:
        expected = it.is_a_list_of_matches()
    wanted = _uids(family) if case.id == "PatientID" else [named.study_instance_uid]
    assume(
        set(expected.uids(STUDY)) == set(wanted) and not expected.foreign,
        f"the key {case.id} finds too little by its keyword, or too much",
        by_keyword.exchange,
    )

    if case.id != "PatientID":
        _finds_just(dicomweb, {"00100020": family.patient_id}, _uids(family), blame="search-by-tag[PatientID]")
    response = dicomweb.search("studies", {case.tag: value, **narrowed})

    with expect(response) as it:
        wrong = "other or unfiltered entities"
        it.lists_exactly(it.is_a_list_of_matches(), STUDY, wanted, none="none", incomplete=wrong, excess=wrong)


@verifies("SEARCH-022", id="search-keys-are-combined")
def test_keys_are_combined(dicomweb: StudiesService, corpus: Corpus) -> None:
    """Two keys that each match another patient's study match nothing together."""
    family, other = corpus.four_studies_of_one_patient, corpus.two_series
    _finds_just(dicomweb, {"PatientID": family.patient_id}, _uids(family))
    _tells_of_no_match(dicomweb, corpus)
    _finds(dicomweb, {"StudyInstanceUID": other.study_instance_uid, "StudyDate": other.value("StudyDate")}, other)

    response = dicomweb.search("studies", PatientID=family.patient_id, StudyDate=other.value("StudyDate"))

    with expect(response) as it:
        matches = it.is_a_list_of_matches()
        if len(matches):
            it.observes("any object", expected=["no match"], received=f"{len(matches)} objects")


# Kinds of matching


@verifies("SEARCH-025", id="search-uid-list")
def test_uid_list(dicomweb: StudiesService, corpus: Corpus) -> None:
    """A comma-separated list of UIDs matches each of them and nothing else."""
    family = corpus.four_studies_of_one_patient
    wanted = _uids(family)[:2]
    for each in wanted:
        _finds_just(dicomweb, {"StudyInstanceUID": each}, [each], blame="search-matches-study[StudyInstanceUID]")

    response = dicomweb.search("studies", StudyInstanceUID=wanted)

    with expect(response) as it:
        it.lists_exactly(
            it.is_a_list_of_matches(),
            STUDY,
            wanted,
            none="none",
            incomplete="only one of the two",
            excess="the third or unfiltered",
            other="the third or unfiltered",
        )


@verifies("SEARCH-029", id="search-exact-name")
def test_exact_name(dicomweb: StudiesService, corpus: Corpus) -> None:
    """The stored name, its ^ percent-encoded, finds its study."""
    study, plain = corpus.two_series, corpus.four_studies_of_one_patient.studies[0]
    _finds_just(dicomweb, {"PatientID": study.patient_id}, [study.study_instance_uid])
    _finds(dicomweb, _name_and_id(plain), plain, blame="search-matches-patient[PatientName]")

    response = dicomweb.search("studies", PatientName=study.value("PatientName"), PatientID=study.patient_id)

    with expect(response) as it:
        matches = it.is_a_list_of_matches()
        it.lists_exactly(matches, STUDY, [study.study_instance_uid], none="none", excess="studies of another name")


@verifies("SEARCH-028", id="search-name-in-other-case")
def test_name_in_other_case(dicomweb: StudiesService, corpus: Corpus) -> None:
    """A name in another case finds its study or nothing."""
    family = corpus.four_studies_of_one_patient
    _finds_just(dicomweb, {"PatientID": family.patient_id}, _uids(family))
    _finds(dicomweb, _name_and_id(family.studies[0]), family.studies[0], blame="search-matches-patient[PatientName]")
    _tells_of_no_match(dicomweb, corpus)

    response = dicomweb.search(
        "studies", PatientName=family.studies[0].value("PatientName").lower(), PatientID=family.patient_id
    )

    with expect(response) as it:
        matches = it.is_a_list_of_matches()
        if len(matches):
            it.lists_nothing_but(matches, STUDY, _uids(family), else_="other studies only")


@verifies("SEARCH-027", id="search-is-case-sensitive")
def test_is_case_sensitive(dicomweb: StudiesService, corpus: Corpus) -> None:
    """A Patient ID in another case does not match."""
    study = corpus.wild_cards.studies[0]
    _finds_just(dicomweb, {"PatientID": study.patient_id}, [study.study_instance_uid])
    _tells_of_no_match(dicomweb, corpus)

    response = dicomweb.search("studies", PatientID=study.patient_id.swapcase())

    with expect(response) as it:
        matches = it.is_a_list_of_matches()
        if matches.foreign:
            it.observes("unfiltered", expected=["none"], received=f"{len(matches)} studies")
        elif len(matches):
            it.observes("the study", expected=["none"], received=f"{len(matches)} studies")


TIMES = (
    Variant("as-stored", "SEARCH-030", "{}"),
    Variant("to-the-minute", "SEARCH-030", "{:.4}"),
    Variant("with-fraction", "SEARCH-030", "{}.000"),
)


@verifies(id="search-time-by-meaning", each=TIMES)
def test_time_by_meaning(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """A time matches by its meaning, however it is written."""
    family = corpus.four_studies_of_one_patient
    wanted = family.studies[1]
    stored = wanted.value("StudyTime")
    _finds(dicomweb, {"PatientID": family.patient_id}, wanted, blame="search-by-keyword")
    if case.id != "as-stored":
        _finds(dicomweb, {"StudyTime": stored, "PatientID": family.patient_id}, wanted)

    response = dicomweb.search("studies", StudyTime=case.value.format(stored), PatientID=family.patient_id)

    with expect(response) as it:
        refused = case.id == "as-stored" and response.status == 400
        assume(not refused, "the key StudyTime is refused", "search-matches-study[StudyTime]")
        if case.id != "as-stored" and response.status == 400:
            it.observes("400 for another spelling")
            it.concludes()
        if wanted.study_instance_uid not in it.is_a_list_of_matches().uids(STUDY):
            as_stored = "not found by the stored spelling where SEARCH-088 holds the key supported"
            it.observes(
                as_stored if case.id == "as-stored" else "not found by another spelling",
                expected=["the study"],
                received="not among the matches",
            )


@verifies("SEARCH-031", id="search-empty-key")
def test_empty_key(dicomweb: StudiesService, corpus: Corpus) -> None:
    """A key without a value matches everything."""
    study = corpus.two_series
    _finds(dicomweb, {"StudyInstanceUID": study.study_instance_uid}, study)

    response = dicomweb.search("studies", PatientName="", StudyInstanceUID=study.study_instance_uid)

    with expect(response) as it:
        matches = it.is_a_list_of_matches()
        if not len(matches):
            it.observes("204 or 200 []", expected=["the study"], received="nothing")


@dataclass(frozen=True)
class WildCard:
    """A pattern on the endings of Patient IDs, and the endings that it matches."""

    id: str
    requirement: str
    pattern: str


STARS = (
    WildCard("at-the-end", "SEARCH-032", "AB*"),
    WildCard("in-the-middle", "SEARCH-032", "A*3"),
    WildCard("of-no-characters", "SEARCH-032", "AB1*"),
    WildCard("twice", "SEARCH-032", "A*X*"),
)


@verifies(id="search-star", each=STARS)
def test_star(dicomweb: StudiesService, corpus: Corpus, case: WildCard) -> None:
    """`*` stands for any run of characters, also for none."""
    if case != STARS[0]:
        _finds_by_pattern(dicomweb, corpus, STARS[0].pattern, blame="search-star[at-the-end]")
    wanted, response = _by_pattern(dicomweb, corpus, case.pattern)

    with expect(response) as it:
        if response.status == 400:
            it.observes(REFUSED_PATTERN)
            it.concludes()
        wrong = "a study too many or too few"
        matches = it.is_a_list_of_matches()
        it.lists_exactly(
            matches,
            STUDY,
            wanted,
            none="none (taken literally)",
            incomplete=wrong,
            excess="unfiltered" if matches.foreign else wrong,
            other=wrong,
        )


QUESTION_MARKS = (WildCard("at-the-end", "SEARCH-033", "ABC?"), WildCard("in-the-middle", "SEARCH-033", "AB?1"))


@verifies(id="search-question-mark", each=QUESTION_MARKS)
def test_question_mark(dicomweb: StudiesService, corpus: Corpus, case: WildCard) -> None:
    """`?` stands for exactly one character."""
    if case != QUESTION_MARKS[0]:
        _finds_by_pattern(dicomweb, corpus, QUESTION_MARKS[0].pattern, blame="search-question-mark[at-the-end]")
    wanted, response = _by_pattern(dicomweb, corpus, case.pattern)

    with expect(response) as it:
        if response.status == 400:
            it.observes(REFUSED_PATTERN)
            it.concludes()
        matches = it.is_a_list_of_matches()
        excess = "unfiltered" if matches.foreign else "AB1 or ABXX1 among the results"
        it.lists_exactly(matches, STUDY, wanted, none="none", excess=excess)


@verifies("SEARCH-034", id="search-star-is-case-sensitive")
def test_star_is_case_sensitive(dicomweb: StudiesService, corpus: Corpus) -> None:
    """A pattern in another case does not match."""
    _tells_of_no_match(dicomweb, corpus)
    wanted = _finds_by_pattern(dicomweb, corpus, "ABC*", blame="search-star[at-the-end]")

    _, response = _by_pattern(dicomweb, corpus, "abc*")

    with expect(response) as it:
        matches = it.is_a_list_of_matches()
        if matches.foreign or len(matches) > len(wanted):
            it.observes("unfiltered", expected=["none"], received=f"{len(matches)} studies")
        elif len(matches):
            it.observes("the study", expected=["none"], received=f"{len(matches)} studies")


def _finds_by_pattern(dicomweb: StudiesService, corpus: Corpus, pattern: str, blame: str) -> list[str]:
    """Demand of the plainest pattern that it finds what it should: it fails for a cause that the others share.

    Return the UIDs that it matches.
    """
    group = corpus.wild_cards
    wanted = [each.study_instance_uid for each in group.matching(pattern)]
    _finds_just(dicomweb, {"PatientID": group.patient_id_prefix + pattern}, wanted, blame=blame)
    return wanted


def _by_pattern(dicomweb: StudiesService, corpus: Corpus, pattern: str) -> tuple[list[str], Response]:
    """Search by a pattern on the ending of Patient IDs; return the UIDs that it matches, and the answer."""
    group = corpus.wild_cards
    literal = group.studies[0]
    _finds_just(dicomweb, {"PatientID": literal.patient_id}, [literal.study_instance_uid], blame="search-by-keyword")
    wanted = [each.study_instance_uid for each in group.matching(pattern)]
    return wanted, dicomweb.search("studies", PatientID=group.patient_id_prefix + pattern)


RANGES = (
    Variant("closed", "SEARCH-038", "20200101-20200131"),
    Variant("until", "SEARCH-039", "-20200131"),
    Variant("from", "SEARCH-040", "20200101-"),
)


@verifies(id="search-date-range", each=RANGES)
def test_date_range(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """A range of dates matches the days in it, its borders too, and no others."""
    family = corpus.four_studies_of_one_patient
    for study in family.studies:
        keys = {"StudyDate": study.value("StudyDate"), "PatientID": family.patient_id}
        _finds(dicomweb, keys, study, blame="search-matches-study[StudyDate]")
    first, _, last = case.value.partition("-")
    wanted = {
        each.study_instance_uid for each in family.studies if (first or "0") <= each.value("StudyDate") <= (last or "9")
    }

    response = dicomweb.search("studies", PatientID=family.patient_id, StudyDate=case.value)

    with expect(response) as it:
        matches = _among(it.is_a_list_of_matches(), STUDY, _uids(family))
        everything = set(matches.uids(STUDY)) == set(_uids(family))
        too_many = "unfiltered" if everything else "a day outside is returned"
        it.lists_exactly(
            matches,
            STUDY,
            wanted,
            none="a border day is missing",
            excess=too_many,
            other="a day outside is returned",
            incomplete="a border day is missing",
        )


@verifies("SEARCH-041", id="search-time-range")
def test_time_range(dicomweb: StudiesService, corpus: Corpus) -> None:
    """A range of times matches the times in it, its borders too."""
    family = corpus.four_studies_of_one_patient
    for study in family.studies:
        keys = {"StudyTime": study.value("StudyTime"), "PatientID": family.patient_id}
        _finds_just(dicomweb, keys, [study.study_instance_uid], blame="search-matches-study[StudyTime]")
    wanted = {each.study_instance_uid for each in family.studies if "100000" <= each.value("StudyTime") <= "120000"}

    response = dicomweb.search("studies", PatientID=family.patient_id, StudyTime="100000-120000")

    with expect(response) as it:
        missing, outside = "a border time is missing", "a time outside is returned"
        matches = _among(it.is_a_list_of_matches(), STUDY, _uids(family))
        it.lists_exactly(matches, STUDY, wanted, none=missing, incomplete=missing, excess=outside, other=outside)


@verifies("SEARCH-042", id="search-combined-date-and-time-range")
def test_combined_range(dicomweb: StudiesService, corpus: Corpus) -> None:
    """A range of dates and a range of times together are one range of date and time."""
    family = corpus.four_studies_of_one_patient
    for study in family.studies:
        keys = {key: study.value(key) for key in ("StudyTime", "PatientID")}
        _finds_just(dicomweb, keys, [study.study_instance_uid], blame="search-matches-study[StudyTime]")
    moment = {each.study_instance_uid: each.value("StudyDate") + each.value("StudyTime") for each in family.studies}
    wanted = {uid for uid, when in moment.items() if "20191231100000" <= when <= "20200201110000"}
    outside = [uid for uid in moment if uid not in wanted]

    response = dicomweb.search(
        "studies", PatientID=family.patient_id, StudyDate="20191231-20200201", StudyTime="100000-110000"
    )

    with expect(response) as it:
        found = set(it.is_a_list_of_matches().uids(STUDY))
        if found & set(outside):
            it.observes(
                "the day 1 or day 3 study is returned", expected=sorted(wanted), received=", ".join(sorted(found))
            )
        elif found != wanted:
            it.observes(
                "no day 2 study (date and time matched apart)",
                expected=sorted(wanted),
                received=", ".join(sorted(found)) or "nothing",
            )


@verifies("SEARCH-044", id="search-sequence-within-one-item")
def test_sequence_within_one_item(dicomweb: StudiesService, corpus: Corpus) -> None:
    """Two keys of a sequence match only where one item has both values."""
    _tells_of_no_match(dicomweb, corpus)
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
                "the series" if len(found) == 1 else "unfiltered",
                expected=["none: no item has both"],
                received=", ".join(found),
            )


@verifies("SEARCH-045", id="search-one-of-several-values")
def test_one_of_several_values(dicomweb: StudiesService, corpus: Corpus) -> None:
    """A study of CT and SR is found by CT, and its result names both."""
    family = corpus.four_studies_of_one_patient
    study = family.studies[2]
    keys = {"ModalitiesInStudy": family.studies[1].series[0].modality, "PatientID": family.patient_id}
    _finds(dicomweb, keys, family.studies[1], blame="search-matches-study[ModalitiesInStudy]")

    response = dicomweb.search("studies", ModalitiesInStudy="CT", PatientID=family.patient_id)

    with expect(response) as it:
        match = _result_of(it.is_a_list_of_matches(), study)
        if match is None:
            it.observes("not found", expected=["the study of CT and SR"])
            it.concludes()
            return
        modalities = dicom_json.values(match, "00080061")
        if modalities and not {"CT", "SR"} <= set(map(str, modalities)):
            it.observes(
                "00080061 is there but without one of the two",
                where="(0008,0061)",
                expected=["CT, SR"],
                received=str(modalities),
            )


@verifies("SEARCH-047", id="search-optional-key")
def test_optional_key(dicomweb: StudiesService, corpus: Corpus) -> None:
    """A key that need not be supported filters, or is ignored."""
    family = corpus.four_studies_of_one_patient
    wanted = family.studies[1]
    _finds_just(dicomweb, {"PatientID": family.patient_id}, _uids(family))

    response = dicomweb.search(
        "studies", StudyDescription=wanted.value("StudyDescription"), PatientID=family.patient_id
    )

    with expect(response) as it:
        matches = it.is_a_list_of_matches()
        found = set(matches.uids(STUDY))
        if matches.foreign or found - set(_uids(family)):
            it.observes("studies of other patients", received=f"{matches.foreign} studies that do not match")
        elif not found:
            it.observes("none", expected=["the study with that description", "all (key ignored)"])
        elif wanted.study_instance_uid not in found:
            it.observes(
                "only the study that does not match", expected=[wanted.study_instance_uid], received=", ".join(found)
            )
        elif len(found) > 1:
            it.observes("both studies (key ignored)", received=f"{len(found)} studies")


@verifies("SEARCH-067", id="search-returns-match-keys")
def test_returns_match_keys(dicomweb: StudiesService, corpus: Corpus) -> None:
    """An attribute that filtered the search is in its results."""
    family = corpus.four_studies_of_one_patient
    wanted = family.studies[1]
    _finds(dicomweb, {"PatientID": family.patient_id}, wanted, blame="search-by-keyword")

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
        if dicom_json.text(matches.own[0], "00081030") != wanted.value("StudyDescription"):
            it.observes(
                "absent",
                where="(0008,1030)",
                expected=[wanted.value("StudyDescription")],
                received=dicom_json.text(matches.own[0], "00081030") or "absent",
            )


# Fuzzy matching


@verifies("SEARCH-051b", id="search-fuzzy-finds-exact-name")
def test_fuzzy_finds_exact_name(dicomweb: StudiesService, corpus: Corpus) -> None:
    """With `fuzzymatching=true` the exact name still finds its study."""
    family = corpus.four_studies_of_one_patient
    keys = {"PatientName": family.studies[0].value("PatientName"), "PatientID": family.patient_id}
    _finds_just(dicomweb, keys, _uids(family), blame="search-matches-patient[PatientName]")

    response = dicomweb.search("studies", {**keys, "fuzzymatching": "true"})

    with expect(response) as it:
        matches = it.is_a_list_of_matches()
        if not len(matches):
            it.observes("none", expected=["the studies of that name"])
        it.lists_nothing_but(matches, STUDY, _uids(family), else_="studies of other patients")


@verifies("SEARCH-053", id="search-no-fuzzy-unasked")
def test_no_fuzzy_unasked(dicomweb: StudiesService, corpus: Corpus) -> None:
    """A name that only sounds alike does not match unless fuzzy matching was asked for."""
    family = corpus.four_studies_of_one_patient
    name = family.studies[0].value("PatientName")
    near = name[:-1] + "E"
    keys = {"PatientName": name, "PatientID": family.patient_id}
    _finds_just(dicomweb, keys, _uids(family), blame="search-matches-patient[PatientName]")
    _finds_just(dicomweb, {**keys, "PatientName": name[::-1]}, [], blame="search-matches-patient[PatientName]")

    for query in ({}, {"fuzzymatching": "false"}):
        response = dicomweb.search("studies", {"PatientName": near, "PatientID": family.patient_id, **query})
        with expect(response) as it:
            if response.status == 400 and query:
                it.observes("400 for fuzzymatching=false")
                it.concludes()
            matches = it.is_a_list_of_matches()
            if len(matches):
                it.observes(
                    "unfiltered" if matches.foreign else "the study",
                    expected=["none"],
                    received=f"{len(matches)} studies for {near}",
                )


def _uids(patient: Patient) -> list[str]:
    return [each.study_instance_uid for each in patient.studies]


def _name_and_id(study: Study) -> dict[str, str]:
    return {key: study.value(key) for key in ("PatientName", "PatientID")}


def _finds(dicomweb: StudiesService, keys: dict[str, str], study: Study, blame: str | None = None) -> None:
    """Demand of a search that it finds a study; otherwise nothing can be concluded from what another does not find."""
    response = dicomweb.search("studies", keys)
    named = ", ".join(keys)
    control(response, because=f"a search by {named} does not work")
    assume(
        study.study_instance_uid.encode() in response.body,
        f"a search by {named} does not find a stored study",
        blame or response.exchange,
    )


def _finds_just(
    dicomweb: StudiesService, keys: dict[str, str], studies: Collection[str], blame: str | None = None
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


def _tells_of_no_match(dicomweb: StudiesService, corpus: Corpus) -> None:
    """Demand that a search without a match has an empty answer; otherwise none can be expected of another."""
    unused = uid(corpus.seed, "unused")
    _finds_just(dicomweb, {"StudyInstanceUID": unused}, [], blame="search-no-match[StudyInstanceUID]")


def _among(matches: Matches, tag: str, uids: Collection[str]) -> Matches:
    """Return those matches that the key was tried on; that there are others at all is what other checks judge."""
    return Matches(tuple(each for each in matches.own if dicom_json.text(each, tag) in uids), 0)


def _key_value(study: Study, keyword: str) -> str:
    """The value to search a study by; the modalities of a study are those of its series."""
    return study.series[0].modality if keyword == "ModalitiesInStudy" else study.value(keyword)


def _nested(dataset: Dataset, keyword: str) -> str:
    """The value under a dotted path, from the first item of its sequence."""
    sequence, dot, member = keyword.partition(".")
    return str(dataset[sequence][0][member].value if dot else dataset[keyword].value)


def _result_of(matches: Matches, study: Study) -> dicom_json.DataSet | None:
    return next((each for each in matches.own if dicom_json.text(each, STUDY) == study.study_instance_uid), None)
