"""What ends a load, and what its users ask for."""

import pytest

from dicomweb_conformance.load import mix
from dicomweb_conformance.load.bounds import GONE, Allowance, Bounds
from dicomweb_conformance.load.mix import Asking, Shelf, Wanted
from dicomweb_conformance.load.transactions import TRANSACTIONS
from dicomweb_conformance.scenarios.persona.readings import Subject
from dicomweb_fixtures.corpus import Corpus

SEED = 5


@pytest.fixture(scope="module")
def shelf() -> Shelf:
    corpus = Corpus(SEED)
    studies = tuple(study for name in mix.ENTRIES for study in getattr(corpus, name).studies)
    return Shelf(studies, {name: getattr(corpus, name) for name in mix.needs(mix.viewers())})


def asking(target: str) -> Asking:
    """What a client asks for at a target."""
    return next(each for viewer in mix.viewers() for each in viewer.asks if each.step.head.target == target)


def test_requests_are_given_out_until_none_is_left() -> None:
    allowance = Allowance(Bounds(requests=3), clock=lambda: 0.0)

    assert [allowance.take() for _ in range(5)] == [True, True, True, False, False]
    assert allowance.begun == 3
    assert allowance.why == "3 requests were sent"


def test_nothing_is_given_out_once_the_time_is_over() -> None:
    now = [0.0]
    allowance = Allowance(Bounds(seconds=10.0), clock=lambda: now[0])

    assert allowance.take()
    now[0] = 10.0
    assert not allowance.take()
    assert allowance.why == "10 s were over"
    assert not allowance.gone


def test_only_requests_in_a_row_without_a_response_end_it() -> None:
    allowance = Allowance(Bounds(), clock=lambda: 0.0)
    for _ in range(GONE - 1):
        allowance.note(answered=False)
    allowance.note(answered=True)
    for _ in range(GONE - 1):
        allowance.note(answered=False)
    assert not allowance.is_over()

    allowance.note(answered=False)

    assert allowance.is_over()
    assert allowance.gone


def test_what_ends_it_first_is_told() -> None:
    allowance = Allowance(Bounds(), clock=lambda: 0.0)
    allowance.end("interrupted")
    for _ in range(GONE):
        allowance.note(answered=False)

    assert (allowance.why, allowance.gone) == ("interrupted", False)


def test_each_request_of_a_client_is_of_a_kind_that_is_judged() -> None:
    viewers = mix.viewers()

    assert {"ohif", "weasis", "slicer", "cornerstone"} <= {each.client for each in viewers}
    assert {each.check for viewer in viewers for each in viewer.asks} <= set(TRANSACTIONS)
    assert not [each for viewer in viewers for each in viewer.asks if each.step.fallback or each.step.follows]
    assert {"weasis", "ohif"} <= {each.client for each in mix.modalities()}
    assert all(each.step.before for each in mix.modalities())


def test_a_search_below_a_study_lists_just_what_it_has(shelf: Shelf) -> None:
    two_series = shelf.studies[2]
    subject = Subject(two_series, two_series.instances[0])

    found = mix.wanted(asking("/studies/{study}/series").step, subject, shelf)

    assert found == Wanted("series", frozenset(each.uid for each in two_series.series), exactly=True)


def test_a_search_for_a_patient_lists_all_of_the_studies(shelf: Shelf) -> None:
    family = [study for study in shelf.studies if study.patient_id == shelf.studies[-1].patient_id]
    subject = Subject(family[0], family[0].instances[0])

    found = mix.wanted(asking("/studies?PatientID={patient}").step, subject, shelf)

    assert len(family) == 4
    assert found == Wanted("study", frozenset(each.study_instance_uid for each in family), exactly=True)


@pytest.mark.parametrize("target", ["/studies?limit=1", "/studies"])
def test_a_search_for_whatever_there_is_lists_nothing_for_certain(target: str, shelf: Shelf) -> None:
    study = shelf.studies[0]

    assert mix.wanted(asking(target).step, Subject(study, study.instances[0]), shelf) is None


def test_a_later_page_lists_nothing_for_certain(shelf: Shelf) -> None:
    study = shelf.studies[0]
    target = "/studies/{study}/series/{series}/instances?includefield=00080018&limit=1&offset=1"

    assert mix.wanted(asking(target).step, Subject(study, study.instances[0]), shelf) is None


def test_a_key_with_a_wild_card_lists_the_study_and_may_list_others(shelf: Shelf) -> None:
    study = shelf.studies[0]
    target = next(
        each.step.head.target
        for viewer in mix.viewers()
        for each in viewer.asks
        if each.check == "load-search-studies" and "*{family}*" in each.step.head.target
    )

    found = mix.wanted(asking(target).step, Subject(study, study.instances[0]), shelf)

    assert found == Wanted("study", frozenset({study.study_instance_uid}), exactly=False)


def test_a_subject_has_the_frames_that_are_asked_for(shelf: Shelf) -> None:
    for viewer in mix.viewers():
        for each in viewer.asks:
            if each.check == "load-frames":
                for subject in shelf.subjects(each.step):
                    chosen = mix.on_its_frames(each, subject)
                    assert len(chosen.instance.frames) >= max(mix.frame_numbers(each.step))
