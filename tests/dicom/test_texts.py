import pytest

from dicomweb_conformance.dicom import texts


@pytest.mark.parametrize(
    ("pattern", "value", "expected"),
    [("AB*", "AB", True), ("AB?", "AB", False), ("A?1", "AB1", True), ("A?1", "ABB1", False), ("A.1", "AB1", False)],
)
def test_a_star_is_any_run_and_a_question_mark_one_character(pattern, value, expected):
    assert bool(texts.pattern(pattern).fullmatch(value)) is expected


@pytest.mark.parametrize(
    "key",
    ["wang^xiaodong", "XiaoDong^Wang", "王^小東", "Wang", "wáng", "*Wang^XiaoDong*", "Wang^XiaoDong=王^小東", "W*"],
)
def test_a_server_may_find_a_name_by_what_it_may_look_away_from(key):
    assert texts.may_be_named(key, "Wang^XiaoDong=王^小東")


@pytest.mark.parametrize("key", ["Wong", "Wang^Xiao", "Zhang*"])
def test_no_server_finds_a_name_by_a_component_that_it_lacks(key):
    assert not texts.may_be_named(key, "Wang^XiaoDong=王^小東")


@pytest.mark.parametrize(("text", "same"), [("1", "01"), ("10", "1E1"), ("1.0", "1")])
def test_numbers_are_equal_however_they_are_written(text, same):
    assert texts.number(text) == texts.number(same)


def test_a_range_is_no_number():
    assert texts.number("1-5") is None
