"""From octets to a JSON value (RFC 8259): bounded in depth, without lone surrogates or numbers beyond arithmetic."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterator
from itertools import accumulate
from typing import Any

from dicomweb_conformance.http import limits
from dicomweb_conformance.http.unreadable import DEEPEST, Form, TooLargeError, UnreadableError, writable_value

DEEPEST_VALUE = 3 * DEEPEST + 8
"""Values in values: an item of a sequence is an object in the array of an object."""
_LONGEST_INTEGER = 40
"""Digits up to which an integer is read as one: no VR has more, and arithmetic of longer ones takes its time."""
_STRING = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
_STRING_OR_BRACKET = re.compile(rf"{_STRING.pattern}|[\[\]{{}}]", re.DOTALL)
_ARRAY = re.compile(r"[ \t\r\n]*\[[ \t\r\n]*")
_EMPTY = re.compile(r"[ \t\r\n]*\[[ \t\r\n]*\][ \t\r\n]*")
_BEHIND = re.compile(r"[ \t\r\n]*([,\]])[ \t\r\n]*")
_NO_BRACKET = re.compile(r"[^\[\]{}]+")
_DEEPER = {"[": 1, "{": 1, "]": -1, "}": -1}
"""How much deeper a document is nested behind a bracket."""
_COSTS = {"{": 150, "[": 80, ":": 100, ",": 60}
"""Octets that CPython takes for an object, an array, a member, and a value behind another, rather more than less."""
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


class JsonSyntaxError(UnreadableError):
    """A text that leaves the grammar: `fault` is the parser's word for it, `at` the first character outside of it."""

    def __init__(self, fault: str, text: str, at: int) -> None:
        super().__init__(Form.JSON, f"{fault}, where {_sign(text, at)} stands", f"character {at}")
        self.fault = fault
        self.at = at


def value_of(octets: bytes) -> Any:
    """Return the JSON value of a body as well as it can be read: a byte order mark, NaN and repeated names are let by.

    Raises:
        UnreadableError: it is not JSON in UTF-8, or nested deeper than `DEEPEST_VALUE`.
        TooLargeError: it holds more than is read.
    """
    return _value(_text(octets))


def entries_of(octets: bytes) -> Iterator[Any]:
    """Yield the objects and arrays in an array one after the other, so that it may hold any number of them.

    Yields:
        each as `value_of` returns it; what is at fault behind it shows when its turn comes.

    Raises:
        UnreadableError: it is not JSON in UTF-8, no array, or one with an entry that is neither object nor array.
        TooLargeError: an entry alone holds more than is read, or the text does.
    """
    text = _text(octets)
    _must_be_a_text(text)
    begins = _ARRAY.match(text)
    if begins is None:
        raise UnreadableError(Form.JSON, "it is no array of objects")
    if _EMPTY.fullmatch(text):
        return
    at = begins.end()
    while True:
        end = _end_of_entry(text, at)
        yield _value(text[at:end])
        behind = _BEHIND.match(text, end)
        if behind is None:
            raise JsonSyntaxError("Expecting ',' delimiter", text, end)
        at = behind.end()
        if behind[1] == "]":
            break
    if at != len(text):
        raise JsonSyntaxError("Extra data", text, at)


def _end_of_entry(text: str, at: int) -> int:
    """Return where the object or array ends that begins there; only strings and brackets are looked at.

    Raises:
        UnreadableError: there is none, or it does not end.
    """
    depth = 0
    for found in _STRING_OR_BRACKET.finditer(text, at):
        if not depth and (found.start() != at or text[at] not in "[{"):
            break
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(text[found.start()], 0)
        if not depth:
            return found.end()
    raise JsonSyntaxError("Expecting an object", text, min(at, len(text)))


def _text(octets: bytes) -> str:
    try:
        return octets.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableError(Form.JSON, "it is not in UTF-8", f"octet {error.start}") from None


def _value(text: str) -> Any:
    value = parsed(text)
    return writable_value(value) if _SURROGATE.search(text) else value


def parsed(
    text: str,
    *,
    pairs: Callable[[list[tuple[str, Any]]], Any] | None = None,
    constant: Callable[[str], Any] | None = None,
    control_characters: bool = False,
) -> Any:
    """Return the value of a text; what is in its strings stays as it is.

    Args:
        text: the document.
        pairs: makes an object of its members, repeated names included.
        constant: makes a value of NaN, Infinity or -Infinity.
        control_characters: let them stand in strings as they are.

    Raises:
        JsonSyntaxError: the text is no JSON.
        UnreadableError: it is nested deeper than `DEEPEST_VALUE`.
        TooLargeError: it holds more than is read.
    """
    _must_be_small(text)
    if _is_too_deep(text):
        raise UnreadableError(Form.JSON, f"it is nested more than {DEEPEST_VALUE} deep")
    try:
        return json.loads(
            text,
            object_pairs_hook=pairs,
            parse_constant=constant,
            parse_int=_integer,
            strict=not control_characters,
        )
    except json.JSONDecodeError as error:
        raise JsonSyntaxError(error.msg, text, error.pos) from None
    except (ValueError, RecursionError, MemoryError) as error:
        raise UnreadableError(Form.JSON, type(error).__name__) from None


def _sign(text: str, at: int) -> str:
    """Say what stands at a place of a text: of letters and digits, which may be a patient's, only that it is one."""
    if at >= len(text):
        return "the end"
    found = text[at]
    if found.isalpha():
        return "a letter"
    return "a digit" if found.isdigit() else f"U+{ord(found):04X}"


def _integer(digits: str) -> float:
    return int(digits) if len(digits) <= _LONGEST_INTEGER else float(digits)


def _must_be_small(text: str) -> None:
    """Refuse a text by its signs, wherever they stand, before anything is made of it."""
    _must_be_a_text(text)
    if len(text) * max(_COSTS.values()) <= limits.JSON_VALUES:
        return
    if sum(text.count(sign) * cost for sign, cost in _COSTS.items()) > limits.JSON_VALUES:
        raise TooLargeError(Form.JSON, f"its values take more than {limits.shown(limits.JSON_VALUES)}")


def _must_be_a_text(text: str) -> None:
    if sys.getsizeof(text) > limits.JSON_TEXT:
        raise TooLargeError(Form.JSON, f"as a text it takes more than {limits.shown(limits.JSON_TEXT)}")


def _is_too_deep(text: str) -> bool:
    """Tell by its brackets, without recursion, whether a document is nested too deep to be parsed."""
    if text.count("[") + text.count("{") <= DEEPEST_VALUE:
        return False
    brackets = _NO_BRACKET.sub("", _STRING.sub("", text))
    return max(accumulate(map(_DEEPER.__getitem__, brackets)), default=0) > DEEPEST_VALUE
