from itertools import combinations

import pytest

from dicomweb_conformance.dicom import matching
from dicomweb_conformance.dicom.matching import Answers, Element, answers, entities, matches
from dicomweb_fixtures.corpus import Corpus

CORPUS = Corpus(1)
PATIENT = CORPUS.neighbours
STUDIES = entities(PATIENT.studies, "study")
NAMES = {study.study_instance_uid: study.name.partition(".")[2] for study in PATIENT.studies}
EVE, LEAP = PATIENT.studies[0], PATIENT.studies[1]
KEYS = {
    "StudyDate": "20200229",
    "StudyTime": "100000-",
    "StudyID": "AB*",
    "ModalitiesInStudy": "CT",
    "ReferringPhysicianName": "NEAR^ANN",
    "StudyInstanceUID": (EVE.study_instance_uid, LEAP.study_instance_uid),
}


def found(keys, **more):
    """The names of the studies that an answer must hold."""
    return {NAMES[uid] for uid in answers(STUDIES, keys, **more).required}


def permitted(keys, **more):
    return {NAMES[uid] for uid in answers(STUDIES, keys, **more).permitted}


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ({"StudyID": "AB1"}, {"eve"}),
        ({"00200010": "AB1"}, {"eve"}),
        ({"StudyID": "AB*"}, {"eve", "leap day", "second later"}),
        ({"StudyID": "AB?1"}, {"second later"}),
        ({"StudyID": "A+B"}, {"plus"}),
        ({"StudyDate": "20200228-20200229"}, {"eve", "leap day", "morning", "second later"}),
        ({"StudyDate": "-20191231"}, {"year before"}),
        ({"StudyTime": "235959-"}, {"eve"}),
        ({"StudyDate": "20200228-20200229", "StudyTime": "235959-000000"}, {"eve", "leap day"}),
        ({"ModalitiesInStudy": "MR"}, {"eve", "morning"}),
        ({"ReferringPhysicianName": "NEAR^ANN"}, {"eve"}),
        ({"StudyInstanceUID": [EVE.study_instance_uid, LEAP.study_instance_uid]}, {"eve", "leap day"}),
        ({"StudyInstanceUID": EVE.study_instance_uid[:-1] + "*"}, set()),
        ({"StudyID": "AB1", "StudyDate": "20200229"}, set()),
    ],
)
def test_the_studies_that_must_be_found(keys, expected):
    assert found(keys) == expected


def test_a_study_without_the_value_may_be_found_as_ps3_4_has_it_or_not():
    answer = answers(STUDIES, {"StudyID": "AB1"})

    assert permitted({"StudyID": "AB1"}) == {"eve", "empty"}
    assert answer.clauses == ("PS3.4 C.2.2.1.2: a key without a value in the entity",)
    assert [answer.accept(each) for each in (answer.required, answer.permitted)] == [True, True]
    assert [answer.accept(each) for each in (set(), set(NAMES))] == [False, False]


def test_names_may_be_matched_less_exactly_and_never_by_a_component_that_they_lack():
    assert permitted({"ReferringPhysicianName": "near^ann"}) == {"eve", "year before", "empty"}
    assert found({"ReferringPhysicianName": "near^ann"}) == set()
    assert "far^ann" not in permitted({"ReferringPhysicianName": "near^ann"})


@pytest.mark.parametrize("level", ["study", "series", "instance"])
def test_universal_matching_is_no_key(level):
    among = entities(PATIENT.studies, level)

    for keys in ({"AccessionNumber": ""}, {"AccessionNumber": "*"}, {"StudyDate": ""}, {"StudyInstanceUID": ""}):
        assert answers(among, keys) == answers(among, {})


def test_adding_a_key_never_adds_a_match():
    for size in range(1, len(KEYS) + 1):
        for chosen in combinations(KEYS, size):
            query = {key: KEYS[key] for key in chosen}
            whole = answers(STUDIES, query)
            for left_out in chosen:
                less = answers(STUDIES, {key: value for key, value in query.items() if key != left_out})
                # A date and a time range are one range only together.
                if not {"StudyDate", "StudyTime"} <= query.keys():
                    assert whole.required <= less.required
                    assert whole.permitted <= less.permitted


def test_a_list_of_uids_is_the_union_of_each():
    uids = [study.uid for study in STUDIES[:3]]
    each = [answers(STUDIES, {"StudyInstanceUID": uid}).required for uid in uids]

    assert answers(STUDIES, {"StudyInstanceUID": uids}).required == frozenset().union(*each)


def test_a_range_is_what_both_of_its_ends_have():
    days = ["20191231", "20200228", "20200229", "20200301", "20200306"]
    for first, last in combinations(days, 2):
        both = found({"StudyDate": f"{first}-"}) & found({"StudyDate": f"-{last}"})
        assert found({"StudyDate": f"{first}-{last}"}) == both


def test_all_members_of_a_sequence_match_in_one_item():
    path = "RequestAttributesSequence"
    series = entities([EVE], "series")
    step, procedure = f"{path}.ScheduledProcedureStepID", "00400275.00401001"

    def uids(keys: dict[str, str]) -> frozenset[str]:
        return answers(series, keys).required

    assert uids({step: "STEP-3"}) == {EVE.series[1].uid}
    assert uids({step: "STEP-3", procedure: "PROC-1"}) == {EVE.series[1].uid}
    assert uids({step: "STEP-3", procedure: "PROC-2"}) == frozenset()
    assert uids({procedure: "PROC-1"}) == {each.uid for each in EVE.series}


def test_keys_of_the_levels_above_match_what_is_below():
    instances = entities(PATIENT.studies, "instance")

    assert answers(instances, {"StudyID": "AB12"}).required == {
        instance.sop_instance_uid for instance in LEAP.instances
    }
    assert answers(instances, {"StudyID": "AB12", "InstanceNumber": "10"}).required == {
        LEAP.instances[2].sop_instance_uid
    }
    assert answers(instances, {"InstanceNumber": "1-2"}).required == frozenset()


@pytest.mark.parametrize(
    ("reading", "keys", "by_the_text", "by_the_reading"),
    [
        (matching.CASE_FOLDED, {"StudyID": "ab1"}, {"morning"}, {"eve", "morning"}),
        (matching.STAR_NEEDS_A_VALUE, {"StudyID": "*"}, set(NAMES.values()), set(NAMES.values()) - {"empty"}),
        (
            matching.DATE_AND_TIME_APART,
            {"StudyDate": "20200228-20200301", "StudyTime": "090000-120000"},
            {"eve", "leap day", "morning", "second later", "next day"},
            {"morning", "second later", "next day"},
        ),
        (matching.WILD_CARDS_IN_UIDS, {"StudyInstanceUID": "2.25.*"}, set(), set(NAMES.values())),
    ],
)
def test_a_known_reading_differs_where_it_should(reading, keys, by_the_text, by_the_reading):
    assert found(keys) == by_the_text
    assert found(keys, reading=[reading]) == by_the_reading


def test_with_fuzzy_matching_only_the_exact_name_is_certain():
    assert found({"ReferringPhysicianName": "NEAR^ANN"}, fuzzy=True) == {"eve"}
    assert permitted({"ReferringPhysicianName": "NEAR^ANN"}, fuzzy=True) == set(NAMES.values())


def test_a_value_with_blanks_around_it_is_left_open():
    attributes = {"StudyID": Element("SH", ("AB1",))}

    assert matches(attributes, {"StudyID": "AB1 "}).clause
    assert not matches(attributes, {"StudyID": "AB 1"}).may


@pytest.mark.parametrize("key", ["NotAKeyword", "0010", "00100010.NotAKeyword", "99999999"])
def test_an_attribute_that_ps3_6_lacks_is_an_error(key):
    with pytest.raises(KeyError):
        matches({}, {key: "1"})


def test_answers_accept_what_is_between_what_must_and_what_may_be_there():
    answer = Answers(frozenset("a"), frozenset("ab"), ())

    assert [answer.accept(each) for each in ("a", "ab", "b", "abc", "")] == [True, True, False, False, False]
