"""Reading DICOM JSON (PS3.18 Annex F) as a check needs it.

Whether the model holds is judged elsewhere; nothing here raises on odd values.
"""

from __future__ import annotations

import json
from typing import Any, TypeAlias

DataSet: TypeAlias = dict[str, Any]


class DicomJsonError(ValueError):
    """A body that is not what DICOM JSON allows at its top level; says what it is instead."""


def objects(body: bytes) -> list[DataSet]:
    """Return the data sets of a JSON array.

    Raises:
        DicomJsonError: the body is not JSON, not an array, or an item is not an object.
    """
    value = value_of(body)
    if not isinstance(value, list):
        raise DicomJsonError(f"the JSON is {_kind(value)}, not an array of objects")
    for position, item in enumerate(value):
        if not isinstance(item, dict):
            raise DicomJsonError(f"item {position} of the array is {_kind(item)}, not an object")
    return value


def value_of(body: bytes) -> Any:
    """Return the JSON value of a body.

    Raises:
        DicomJsonError: the body is not JSON in UTF-8.
    """
    try:
        return json.loads(body.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise DicomJsonError(f"the body is not UTF-8 at octet {error.start}") from None
    except RecursionError:
        raise DicomJsonError("the JSON is nested too deep to be read") from None
    except ValueError as error:
        raise DicomJsonError(f"the body is not JSON: {error}") from None


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
