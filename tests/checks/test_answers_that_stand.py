"""A check takes the answer to what another check asked: once, and not at all where it says so."""

from dicomweb_conformance.checks.judgement import Judgement, judging, takes_anothers_answer
from dicomweb_conformance.checks.verifies import verifies


def test_a_check_that_asks_twice_asks_once_itself() -> None:
    with judging(Judgement("a", "search", "", ())):
        assert [takes_anothers_answer("studies") for _ in range(3)] == [True, False, False]
    with judging(Judgement("b", "search", "", ())):
        assert takes_anothers_answer("studies")


def test_a_check_that_asks_afresh_takes_none() -> None:
    with judging(Judgement("a", "http", "", (), afresh=True)):
        assert not takes_anothers_answer("studies")


def test_what_no_check_asks_is_always_sent() -> None:
    assert not takes_anothers_answer("studies")


def test_a_check_says_that_it_asks_afresh() -> None:
    @verifies("SEARCH-001", id="example", afresh=True)
    def test_example() -> None:
        """It is."""

    (mark,) = test_example.pytestmark  # type: ignore[attr-defined]  # which pytest adds
    assert mark.kwargs["afresh"]
