"""Arrays of objects that are read one after the other: any number of them, and the same as in one go."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dicomweb_conformance.dicom import json_model
from dicomweb_conformance.http import limits
from dicomweb_conformance.http.unreadable import TooLargeError, UnreadableError
from dicomweb_conformance.reading import json_documents

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(codec="utf-8")),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.text(max_size=3), inside, max_size=3),
    max_leaves=10,
)
ARRAYS = st.lists(st.dictionaries(st.text(max_size=3), VALUES, max_size=3) | st.lists(VALUES, max_size=3), max_size=5)


@given(ARRAYS, st.sampled_from([None, 2]), st.booleans(), st.sampled_from([b"", b" \r\n\t", b"\xef\xbb\xbf"]))
def test_entries_are_those_of_the_whole(array: list[Any], indent: int | None, escaped: bool, before: bytes) -> None:
    octets = before + json.dumps(array, indent=indent, ensure_ascii=escaped).encode()

    assert list(json_documents.entries_of(octets)) == json_documents.value_of(octets)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("", 0),
        ("{}", 0),
        ('"[{}]"', 0),
        ("[1, {}]", 0),
        ("[,{}]", 0),
        ("[{},]", 1),
        ("[{} {}]", 1),
        ("[{}, {]", 1),
        ('[{"a": 1}, {"b": }]', 1),
        ('[{}, {"a": "]}]', 1),
        ("[{}}]", 1),
        ("[{}", 1),
        ("[{}]]", 1),
        ("[{}] x", 1),
        ("[" * 100_000, 0),
        ("[" + "[" * 1000 + "]" * 1000 + "]", 0),
    ],
)
def test_what_stands_before_a_fault_is_read(text: str, read: int) -> None:
    seen = []

    with pytest.raises(UnreadableError):
        seen.extend(json_documents.entries_of(text.encode()))

    assert len(seen) == read


def test_an_array_of_any_number_of_objects_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "JSON_VALUES", 100_000)
    rows = [{"0020000D": {"vr": "UI", "Value": [f"1.2.{number}"]}} for number in range(1_000)]
    octets = json.dumps(rows).encode()

    with pytest.raises(TooLargeError):
        json_model.objects(octets)
    assert list(json_model.each_object(octets)) == rows


def test_an_object_that_alone_is_larger_than_is_read_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "JSON_VALUES", 100_000)
    octets = json.dumps([{}, {"a": [{}] * 1_000}]).encode()

    with pytest.raises(TooLargeError):
        list(json_model.each_object(octets))


def test_an_entry_that_is_no_object_is_told_with_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "JSON_VALUES", 1_000)

    with pytest.raises(UnreadableError, match=r"\[2\]"):
        list(json_model.each_object(json.dumps([{}, {}, [], *[{}] * 100]).encode()))
