"""What a check finds again and again is told once, and how often."""

from dicomweb_conformance.catalogue.verdicts import Verdict
from dicomweb_conformance.checks.judgement import Finding, each_once
from dicomweb_conformance.http.unreadable import Form, UnreadableError


def found(where: str, received: str, exchange: str) -> Finding:
    return Finding("SEARCH-069", "too-many", "too many", Verdict.FAIL, where, ("two",), received, exchange)


def test_what_says_just_the_same_is_told_once_with_its_count() -> None:
    told = each_once([found("a", "3", "main-1"), found("b", "3", "main-2"), found("a", "3", "main-3")])

    assert [(each.where, each.exchange, each.times) for each in told] == [("a", "main-1", 2), ("b", "main-2", 1)]


def test_what_says_something_else_is_told_apart() -> None:
    assert len(each_once([found("a", "3", "main-1"), found("a", "4", "main-1")])) == 2


def test_no_text_names_an_object_by_its_address() -> None:
    error = UnreadableError(Form.PIXELS, "pillow: cannot identify image file <_io.BytesIO object at 0x7f3a5c0d9e40>")

    assert str(error) == "the pixels cannot be read: pillow: cannot identify image file the octets"
