"""Reading DICOM JSON (PS3.18 Annex F) as a check needs it.

Whether the model holds is judged elsewhere; nothing here raises on odd values.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, TypeAlias

from dicomweb_conformance.http.unreadable import Form, TooLargeError, UnreadableError
from dicomweb_conformance.reading import json_documents

DataSet: TypeAlias = dict[str, Any]


def objects(body: bytes) -> list[DataSet]:
    """Return the data sets of a JSON array.

    Raises:
        UnreadableError: the body is not JSON, not an array, or an item is not an object.
    """
    value = json_documents.value_of(body)
    if not isinstance(value, list):
        raise UnreadableError(Form.JSON, f"it is {_kind(value)}, not an array of objects")
    for position, item in enumerate(value):
        if not isinstance(item, dict):
            raise UnreadableError(Form.JSON, f"the item is {_kind(item)}, not an object", f"[{position}]")
    return value


def each_object(body: bytes) -> Iterator[DataSet]:
    """Yield the data sets of a JSON array; of one that is larger than is read at once, one after the other.

    Raises:
        UnreadableError: as `objects`, when the turn of what is at fault comes.
        TooLargeError: one of them alone is larger than is read.
    """
    try:
        found: Iterable[Any] = objects(body)
    except TooLargeError:
        found = json_documents.entries_of(body)
    for position, item in enumerate(found):
        if not isinstance(item, dict):
            raise UnreadableError(Form.JSON, f"the item is {_kind(item)}, not an object", f"[{position}]")
        yield item


def values(data_set: DataSet, tag: str) -> list[Any]:
    """Return the Value array of an element: empty where the element or its Value is absent."""
    element = data_set.get(tag)
    found = element.get("Value") if isinstance(element, dict) else None
    return found if isinstance(found, list) else []


def first(data_set: DataSet, tag: str) -> Any:
    """Return the first value of an element, or None."""
    return next(iter(values(data_set, tag)), None)


def text(data_set: DataSet, tag: str) -> str:
    """Return the first value of an element as text (a name's alphabetic group, a number as its digits).

    Empty where it has none.
    """
    value = first(data_set, tag)
    if isinstance(value, dict):
        value = value.get("Alphabetic", "")
    return "" if value is None else str(value)


_WITHOUT_BRACKETS = frozenset(
    {"AS", "AT", "CS", "DA", "DS", "DT", "FD", "FL", "IS", "SL", "SS", "SV", "TM", "UI", "UL", "US", "UV"}
)
"""VRs of which no value holds a square bracket (PS3.5 6.2)."""


def is_list_as_text(vr: str, value: object) -> bool:
    """Tell whether an attribute has one value, which is several written as a list: `[0.5, 0.25]`, `['A', 'B']`."""
    if not isinstance(value, list) or len(value) != 1:
        return False
    (entry,) = value
    said = entry.get("Alphabetic") if vr == "PN" and isinstance(entry, dict) else entry
    return isinstance(said, str) and said[:1] == "[" and said[-1:] == "]"


def is_told_list(vr: str, value: object) -> bool:
    """Tell whether that can be seen of the attribute alone, for nothing in brackets is a value of its VR."""
    return vr in _WITHOUT_BRACKETS and is_list_as_text(vr, value)


_PRIVATE = re.compile("[0-9A-F]{3}[13579BDF](?!00)[0-9A-F]{4}")


def is_private(tag: str) -> bool:
    """Whether a name is the tag of a private element, and not one that reserves a block (PS3.5 7.8.1)."""
    return bool(_PRIVATE.fullmatch(tag))


def items(data_set: DataSet, tag: str) -> list[DataSet]:
    """Return the items of a sequence that are objects."""
    return [item for item in values(data_set, tag) if isinstance(item, dict)]


def _kind(value: Any) -> str:
    names = {
        dict: "an object",
        list: "an array",
        str: "a string",
        bool: "a boolean",
        int: "a number",
        float: "a number",
        type(None): "null",
    }
    return names.get(type(value), type(value).__name__)
