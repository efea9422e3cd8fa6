"""Search: wild cards (PS3.4 C.2.2.2.4) and ranges (C.2.2.2.5)."""

from __future__ import annotations

from dataclasses import dataclass

from dicomweb_conformance.catalogue.statuses import BAD_REQUEST
from dicomweb_conformance.checks.expect import Matches, assume, expect
from dicomweb_conformance.checks.verifies import Variant, verifies
from dicomweb_conformance.http.exchanges import Response
from dicomweb_conformance.scenarios.search.controls import STUDY, among, finds_just, tells_of_no_match, uids
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_fixtures.corpus import Corpus

REFUSED_PATTERN = "400-says-wild-cards-not-supported"


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
        if response.status in BAD_REQUEST:
            it.observes(REFUSED_PATTERN)
            it.concludes()
        wrong = "a-study-too-many-or-too-few"
        matches = it.is_a_list_of_matches()
        it.lists_exactly(
            matches,
            STUDY,
            wanted,
            none="none-taken-literally",
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
        if response.status in BAD_REQUEST:
            it.observes(REFUSED_PATTERN)
            it.concludes()
        matches = it.is_a_list_of_matches()
        excess = "unfiltered" if matches.foreign else "ab1-or-abxx1-among-the-results"
        it.lists_exactly(matches, STUDY, wanted, none="none", excess=excess)


SIGNS = (
    Variant("underscore", "SEARCH-032", "_"),
    Variant("point", "SEARCH-032", "."),
    Variant("percent", "SEARCH-032", "%2B"),
)


@verifies(id="search-other-signs-are-no-wild-cards", each=SIGNS)
def test_other_signs_are_no_wild_cards(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """What is a wild card in databases and regular expressions is none here, also beside one that is."""
    patient = corpus.neighbours
    _finds_by_pattern(dicomweb, corpus, STARS[0].pattern, blame="search-star[at-the-end]")
    finds_just(dicomweb, {"PatientID": patient.patient_id}, uids(patient), blame="search-by-keyword")
    wanted = next(study for study in patient.studies if study.value("AccessionNumber").endswith(f"N{case.value}1"))
    value = wanted.value("AccessionNumber")
    owner = "search-decodes-reserved-characters" if case.id == "percent" else "search-matches-study[AccessionNumber]"

    plain, with_a_star = (
        dicomweb.search("studies", AccessionNumber=each, PatientID=patient.patient_id) for each in (value, f"{value}*")
    )

    for response in (plain, with_a_star):
        with expect(response) as it:
            if response.status in BAD_REQUEST:
                it.observes(REFUSED_PATTERN)
                it.concludes()
            wrong = "a-study-too-many-or-too-few"
            matches = it.is_a_list_of_matches()
            is_there = response is with_a_star or wanted.study_instance_uid in matches.uids(STUDY)
            assume(is_there, "the Accession Number does not find its study", owner)
            it.lists_exactly(matches, STUDY, [wanted.study_instance_uid], none=wrong, excess=wrong)


@verifies("SEARCH-034", id="search-star-is-case-sensitive")
def test_star_is_case_sensitive(dicomweb: StudiesService, corpus: Corpus) -> None:
    """A pattern in another case does not match."""
    tells_of_no_match(dicomweb, corpus)
    wanted = _finds_by_pattern(dicomweb, corpus, "ABC*", blame="search-star[at-the-end]")

    _, response = _by_pattern(dicomweb, corpus, "abc*")

    with expect(response) as it:
        matches = it.is_a_list_of_matches()
        if matches.foreign or len(matches) > len(wanted):
            it.observes("unfiltered", expected=["none"], received=f"{len(matches)} studies")
        elif len(matches):
            it.observes("the-study", expected=["none"], received=f"{len(matches)} studies")


@verifies("SEARCH-036", id="search-lone-star")
def test_lone_star(dicomweb: StudiesService, corpus: Corpus) -> None:
    """A lone `*` finds what is found without the key, also where the value is empty."""
    family = corpus.empty_and_filled
    empty, filled = uids(family)
    finds_just(dicomweb, {"PatientID": family.patient_id}, uids(family), blame="search-by-keyword")

    response = dicomweb.search("studies", AccessionNumber="*", PatientID=family.patient_id)

    with expect(response) as it:
        matches = it.is_a_list_of_matches()
        if not len(matches):  # as where a star is read nowhere, which is told where it stands beside characters
            _finds_by_pattern(dicomweb, corpus, STARS[0].pattern, blame="search-star[at-the-end]")
        it.lists_nothing_but(matches, STUDY, uids(family), else_="studies-of-other-patients")
        if filled not in matches.uids(STUDY):
            it.observes("a-study-with-a-value-is-left-out", expected=uids(family), received=_listed(matches))
        elif empty not in matches.uids(STUDY):
            it.observes("study-with-empty-value-left-out", expected=uids(family), received=_listed(matches))


@verifies("SEARCH-037", id="search-wild-card-in-a-uid")
def test_wild_card_in_a_uid(dicomweb: StudiesService, corpus: Corpus) -> None:
    """A UID with `*` matches nothing, or is refused."""
    family = corpus.four_studies_of_one_patient
    for uid in uids(family):
        finds_just(dicomweb, {"StudyInstanceUID": uid}, [uid], blame="search-matches-study[StudyInstanceUID]")

    response = dicomweb.search("studies", StudyInstanceUID=f"{uids(family)[0][:-6]}*", PatientID=family.patient_id)

    with expect(response) as it:
        matches = it.is_a_list_of_matches()
        if matches.uids(STUDY) == uids(family)[:1]:
            it.observes("studies-with-that-prefix", expected=["none", "400"], received=_listed(matches))
        elif len(matches):
            it.observes("unfiltered", expected=["none", "400"], received=f"{len(matches)} studies")


@verifies("SEARCH-035", id="search-star-in-a-name")
def test_star_in_a_name(dicomweb: StudiesService, corpus: Corpus) -> None:
    """A name with `*` finds no study whose name does not begin so."""
    study, other = corpus.names.doe_john, corpus.names.roe_john
    for each in (study, other):
        finds_just(dicomweb, {"PatientID": each.patient_id}, [each.study_instance_uid], blame="search-by-keyword")
    keys = {"PatientName": study.value("PatientName"), "PatientID": other.patient_id}
    finds_just(dicomweb, keys, [], blame="search-matches-patient[PatientName]")

    response, others = (
        dicomweb.search("studies", PatientName="DOE*", PatientID=each.patient_id) for each in (study, other)
    )

    with expect(response) as it:
        if response.status == 400:
            it.observes("400")
            it.concludes()
        if not it.is_a_list_of_matches().own:
            it.observes("none", expected=["the study, or none: wild cards in names are up to the server"])
    with expect(others) as it:
        if others.status == 400:
            it.observes("400")
            it.concludes()
        matches = it.is_a_list_of_matches()
        if len(matches):
            it.observes(
                "studies-whose-name-does-not-begin-so",
                expected=["none of ROE^JOHN"],
                received=f"{len(matches)} studies",
            )


@verifies("SEARCH-043", id="search-range-of-numbers")
def test_range_of_numbers(dicomweb: StudiesService, corpus: Corpus) -> None:
    """A range of numbers is refused, or finds nothing."""
    tells_of_no_match(dicomweb, corpus)
    series = corpus.two_series.series[0]
    plain = dicomweb.search_in(corpus.two_series, "series", SeriesNumber=series.value("SeriesNumber"))
    with expect(plain) as it:
        found = it.is_a_list_of_matches().uids("0020000E")
        assume(found == [series.uid], "a series number does not filter", "search-matches-series[SeriesNumber]")

    response = dicomweb.search_in(corpus.two_series, "series", SeriesNumber="1-5")

    with expect(response) as it:
        if response.status == 400:
            it.observes("400")
            it.concludes()
        matches = it.is_a_list_of_matches()
        if len(matches):
            it.observes("a-range-or-unfiltered-result", received=f"{len(matches)} series")


def _listed(matches: Matches) -> str:
    return ", ".join(matches.uids(STUDY)) or "nothing"


def _finds_by_pattern(dicomweb: StudiesService, corpus: Corpus, pattern: str, blame: str) -> list[str]:
    """Demand of the plainest pattern that it finds what it should: it fails for a cause that the others share.

    Return the UIDs that it matches.
    """
    group = corpus.wild_cards
    wanted = [each.study_instance_uid for each in group.matching(pattern)]
    finds_just(dicomweb, {"PatientID": group.patient_id_prefix + pattern}, wanted, blame=blame)
    return wanted


def _by_pattern(dicomweb: StudiesService, corpus: Corpus, pattern: str) -> tuple[list[str], Response]:
    """Search by a pattern on the ending of Patient IDs; return the UIDs that it matches, and the answer."""
    group = corpus.wild_cards
    literal = group.studies[0]
    finds_just(dicomweb, {"PatientID": literal.patient_id}, [literal.study_instance_uid], blame="search-by-keyword")
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
        finds_just(dicomweb, keys, [study.study_instance_uid], blame="search-matches-study[StudyDate]")
    first, _, last = case.value.partition("-")
    wanted = {
        each.study_instance_uid for each in family.studies if (first or "0") <= each.value("StudyDate") <= (last or "9")
    }

    response = dicomweb.search("studies", PatientID=family.patient_id, StudyDate=case.value)

    with expect(response) as it:
        matches = among(it.is_a_list_of_matches(), STUDY, uids(family))
        everything = set(matches.uids(STUDY)) == set(uids(family))
        too_many = "unfiltered" if everything else "a-day-outside-is-returned"
        it.lists_exactly(
            matches,
            STUDY,
            wanted,
            none="a-border-day-is-missing",
            excess=too_many,
            other="a-day-outside-is-returned",
            incomplete="a-border-day-is-missing",
        )


@verifies("SEARCH-041", id="search-time-range")
def test_time_range(dicomweb: StudiesService, corpus: Corpus) -> None:
    """A range of times matches the times in it, its borders too."""
    family = corpus.four_studies_of_one_patient
    for study in family.studies:
        keys = {"StudyTime": study.value("StudyTime"), "PatientID": family.patient_id}
        finds_just(dicomweb, keys, [study.study_instance_uid], blame="search-matches-study[StudyTime]")
    wanted = {each.study_instance_uid for each in family.studies if "100000" <= each.value("StudyTime") <= "120000"}

    response = dicomweb.search("studies", PatientID=family.patient_id, StudyTime="100000-120000")

    with expect(response) as it:
        missing, outside = "a-border-time-is-missing", "a-time-outside-is-returned"
        matches = among(it.is_a_list_of_matches(), STUDY, uids(family))
        it.lists_exactly(matches, STUDY, wanted, none=missing, incomplete=missing, excess=outside, other=outside)


@verifies("SEARCH-042", id="search-combined-date-and-time-range")
def test_combined_range(dicomweb: StudiesService, corpus: Corpus) -> None:
    """A range of dates and a range of times together are one range of date and time."""
    family = corpus.four_studies_of_one_patient
    for study in family.studies:
        keys = {key: study.value(key) for key in ("StudyTime", "PatientID")}
        finds_just(dicomweb, keys, [study.study_instance_uid], blame="search-matches-study[StudyTime]")
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
                "the-day-1-or-day-3-study-is-returned", expected=sorted(wanted), received=", ".join(sorted(found))
            )
        elif found != wanted:
            it.observes(
                "date-and-time-matched-apart",
                expected=sorted(wanted),
                received=", ".join(sorted(found)) or "nothing",
            )
