"""No process is left alone with a long test at the end of a run."""

from tests.conftest import dealt


def test_each_process_begins_with_its_share_of_the_long_ones() -> None:
    names = [f"a::{number}" for number in range(9)] + ["b::1", "b::2", "c::1", "d::1", "d::2", "e::1"]

    ordered = dealt(names, {"b::": 9, "c::": 6, "d::": 4, "gone::": 1}, 3)

    assert sorted(ordered) == sorted(names)
    assert [ordered[at : at + 2] for at in (0, 5, 10)] == [["b::1", "b::2"], ["c::1", "a::3"], ["d::1", "d::2"]]


def test_where_fewer_are_asked_for_none_is_lost() -> None:
    assert sorted(dealt(["b::1", "b::2", "b::3"], {"b::": 9}, 3)) == ["b::1", "b::2", "b::3"]
