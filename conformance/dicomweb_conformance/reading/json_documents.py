"""From octets to a JSON value (RFC 8259): bounded in depth, without lone surrogates or numbers beyond arithmetic."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from itertools import accumulate
from typing import Any

from dicomweb_conformance.http import limits
from dicomweb_conformance.http.unreadable import DEEPEST, Form, TooLargeError, UnreadableError, writable_value

DEEPEST_VALUE = 3 * DEEPEST + 8
"""Values in values: an item of a sequence is an object in the array of an object."""
_LONGEST_INTEGER = 40
"""Digits up to which an integer is read as one: no VR has more, and arithmetic of longer ones takes its time."""
_STRING = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
_NO_BRACKET = re.compile(r"[^\[\]{}]+")
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
    try:
        text = octets.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableError(Form.JSON, "it is not in UTF-8", f"octet {error.start}") from None
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
    if sys.getsizeof(text) > limits.JSON_TEXT:
        raise TooLargeError(Form.JSON, f"as a text it takes more than {limits.shown(limits.JSON_TEXT)}")
    if len(text) * max(_COSTS.values()) <= limits.JSON_VALUES:
        return
    if sum(text.count(sign) * cost for sign, cost in _COSTS.items()) > limits.JSON_VALUES:
        raise TooLargeError(Form.JSON, f"its values take more than {limits.shown(limits.JSON_VALUES)}")


def _is_too_deep(text: str) -> bool:
    """Tell by its brackets, without recursion, whether a document is nested too deep to be parsed."""
    if text.count("[") + text.count("{") <= DEEPEST_VALUE:
        return False
    brackets = _NO_BRACKET.sub("", _STRING.sub("", text))
    return max(accumulate(1 if bracket in "[{" else -1 for bracket in brackets), default=0) > DEEPEST_VALUE
