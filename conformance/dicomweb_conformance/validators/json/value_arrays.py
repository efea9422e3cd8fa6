"""The entries of a Value array of DICOM JSON against their VR (PS3.18 F.2.2 to F.2.5, Table F.2.3-1)."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any, NamedTuple

from dicomweb_conformance.dicom import json_model
from dicomweb_conformance.validators.tally import Tally, kind, shown
from dicomweb_conformance.validators.vr import definitions as vrs
from dicomweb_conformance.validators.vr import strings

_OBJECT = "boolean-object-or-array"
_TAG_SIGNS = re.compile(r"[0-9A-Fa-fx(), ]+")
_NOT_A_NUMBER = re.compile(r" *[+-]?(?:nan|inf|infinity) *", re.IGNORECASE)
_GROUPS = ("Alphabetic", "Ideographic", "Phonetic")
_GROUPS_IN_LOWER_CASE = frozenset(group.lower() for group in _GROUPS)
_COMPONENT = re.compile(r"(?:family|given|middle|last|first|prefix|suffix)(?:_?names?)?|name_?(?:prefix|suffix)")


class Place(NamedTuple):
    """An attribute: the path of its data set, its name, its VR, and whose it is."""

    path: str
    name: str
    vr: str
    own: bool

    def entry(self, number: int) -> str:
        """Return the JSON path of an entry of Value."""
        return f"{self.path}{self.name}.Value[{number}]"


_NUMBER_PASSES = {"JSON-023": "number-in-range"}
_PASSES: dict[str, dict[str, str]] = {
    **{vr: {"JSON-022": "string", **strings.PASSES.get(vr, {})} for vr in vrs.STRINGS},
    **dict.fromkeys(vrs.INTEGERS, _NUMBER_PASSES),
    **dict.fromkeys(vrs.FLOATS, _NUMBER_PASSES | {"JSON-047": "no-such-entry"}),
    **{vr: {} for vr in vrs.LONG_INTEGERS},
    "DS": {"JSON-021": "no-padding"},
    "IS": {"JSON-021": "no-padding", "JSON-025": "integer-of-32-bits"},
    "AT": {"JSON-027": "a-string-0-9a-f-8"},
    "PN": {
        "JSON-030": "object-of-name-groups",
        "JSON-031": "groups-without-equals-sign",
        **strings.PASSES["PN"],
    },
}
for _vr in vrs.TEXTS:
    _PASSES[_vr]["JSON-049"] = "one-entry"


class BareToken:
    """NaN, Infinity or -Infinity, where Python's parser meets one; JSON-003 speaks of it and nothing else does."""


_DECIMAL_PASSES = {"JSON-024": "number", "JSON-024b": "a-finite-number"}
_STRING_PASSES = {"JSON-024": "string", "JSON-024b": "a-string-that-satisfies-the-vr-s-grammar"}
_SEVERAL = {"JSON-018": "no-empty-value-among-the-entries"}


def judge(tally: Tally, place: Place, entries: list[Any]) -> None:
    """Judge the entries of a Value array that is not empty.

    Args:
        tally: takes the observations.
        place: an attribute of any VR but SQ and those of octets.
        entries: what stands in Value.
    """
    vr = place.vr
    passes = _PASSES[vr]
    several = len(entries) > 1
    if json_model.is_told_list(vr, entries):
        code = "all-values-in-one-string"
        tally.sees("JSON-020b", code, place.entry(0), shown(entries[0], own=place.own), own=place.own)
        return
    if several:
        tally.meets("JSON-020b", "an-entry-for-each-value")
        if vr in vrs.TEXTS:
            tally.sees(
                "JSON-049",
                "cut-at-a-backslash",
                place.entry(1)[:-3],
                f"{len(entries)} entries",
                own=place.own,
            )
        if vr != "PN" and None not in entries:
            tally.meets_all(_SEVERAL)
    elif _is_empty(tally, place, entries[0]):
        return
    tally.meets_all(passes)
    judge_entry = _JUDGES[vr]
    for number, entry in enumerate(entries):
        if entry is None:
            _null(tally, place, number)
        elif entry == "" and vr != "PN":
            tally.sees("JSON-018", "an-empty-string-for-an-empty-value", place.entry(number), '""', own=place.own)
        elif not isinstance(entry, BareToken):
            judge_entry(tally, place, number, entry)


def _null(tally: Tally, place: Place, number: int) -> None:
    if place.vr == "PN":
        tally.meets("JSON-033", "null")
    elif place.vr in vrs.FLOATS:
        tally.sees("JSON-047", "null", place.entry(number), "null", own=place.own)
    else:
        tally.meets("JSON-018", "null-stands-for-each-empty-value")


def _is_empty(tally: Tally, place: Place, entry: Any) -> bool:
    """Tell whether the only entry stands for no value, and say so."""
    if entry is None and place.vr in vrs.FLOATS:
        return False
    if entry is None:
        form = "value-list-of-null"
    elif entry == "":
        form = "value-list-of-an-empty-string"
    elif place.vr == "PN" and entry == {}:
        form = "value-list-of-empty-object-under-vr-pn"
    else:
        return False
    tally.sees(
        "JSON-017",
        form,
        f"{place.path}{place.name}",
        expected=("no Value at all on an empty attribute",),
        own=place.own,
    )
    return True


def _string(tally: Tally, place: Place, number: int, entry: Any) -> None:
    if type(entry) is not str:
        observation = (
            "boolean"
            if isinstance(entry, bool)
            else "number-leading-zeros-of-patientid-lost"
            if isinstance(entry, int | float)
            else "object-or-array"
        )
        tally.sees("JSON-022", observation, place.entry(number), shown(entry, own=place.own), own=place.own)
        return
    for requirement, observation in strings.faults(place.vr, entry):
        tally.sees(requirement, observation, place.entry(number), shown(entry, own=place.own), own=place.own)


def _number(tally: Tally, place: Place, number: int, entry: Any) -> None:
    vr = place.vr
    allowed = vrs.INTEGERS.get(vr)
    if type(entry) is int:
        if entry in allowed if allowed is not None else abs(entry) <= vrs.LARGEST_FLOAT[vr]:
            return
        requirement, observation = "JSON-023", "number-out-of-range"
    elif type(entry) is float:
        if allowed is None and abs(entry) <= vrs.LARGEST_FLOAT[vr]:
            return
        requirement, observation = (
            "JSON-023",
            "integer-with-fraction-or-exponent",
        )
        if allowed is None or (entry.is_integer() and int(entry) not in allowed) or not math.isfinite(entry):
            observation = "number-out-of-range"
        elif not entry.is_integer():
            observation = "a-fractional-value-under-sl-ss-ul-or-us"
    elif isinstance(entry, str):
        if vr in vrs.FLOATS and _NOT_A_NUMBER.fullmatch(entry):
            requirement, observation = "JSON-047", "a-string-such-as-nan-or-infinity"
        else:
            digits = strings.is_number("DS", entry.strip(" "))
            requirement, observation = "JSON-023", "a-string-of-digits" if digits else "a string that is no number"
    else:
        requirement, observation = "JSON-023", _OBJECT
    tally.sees(requirement, observation, place.entry(number), shown(entry, own=place.own), own=place.own)


def _decimal(tally: Tally, place: Place, number: int, entry: Any) -> None:
    where, own = place.entry(number), place.own

    def sees(requirement: str, observation: str) -> None:
        tally.sees(requirement, observation, where, shown(entry, own=own), own=own)

    if isinstance(entry, str):
        if fault := _decimal_string_fault(place.vr, entry.strip(" ")):
            sees(*fault)
            return
        text = entry.strip(" ")
        if text != entry:
            sees(*strings.PADDING)
        if place.vr == "DS" and len(text) > 16:
            sees("JSON-024b", "ds-string-over-16-characters")
        tally.meets_all(_STRING_PASSES)
        if place.vr != "DS":
            _integer(sees, place.vr, Decimal(text), fraction="." in text or "e" in text.lower())
    elif isinstance(entry, bool | dict | list):
        sees("JSON-024b", _OBJECT)
    elif isinstance(entry, float) and not math.isfinite(entry):
        sees("JSON-024b", "a number that is not finite")
    else:
        tally.meets_all(_DECIMAL_PASSES)
        if place.vr != "DS":
            _integer(sees, place.vr, entry, fraction=isinstance(entry, float))


def _decimal_string_fault(vr: str, text: str) -> tuple[str, str] | None:
    if "\\" in text:
        return "JSON-024b", "two-values-in-one-string"
    if text.endswith("\x00"):
        return strings.NUL
    if not strings.is_number(vr, text):
        return "JSON-024b", "string-is-no-number"
    return None


def _integer(sees: Callable[[str, str], None], vr: str, value: Decimal | float, *, fraction: bool) -> None:
    """Judge the number that stands for IS (JSON-025), SV or UV."""
    requirement = "JSON-025" if vr == "IS" else "JSON-024b"
    allowed = vrs.INTEGER_STRING if vr == "IS" else vrs.LONG_INTEGERS[vr]
    # Not int(value): a string such as 1e999999999 would take all the memory there is.
    if not allowed.start <= value < allowed.stop:
        sees(requirement, "a-value-outside-the-range")
    elif value % 1:
        sees(requirement, "a-fractional-value")
    elif fraction and vr == "IS":
        sees(requirement, "integer-with-a-fraction")


def _tag(tally: Tally, place: Place, number: int, entry: Any) -> None:
    if isinstance(entry, str):
        if vrs.TAG.fullmatch(entry):
            return
        if vrs.TAG.fullmatch(entry.upper()):
            observation = "lower-case-letters"
        elif _TAG_SIGNS.fullmatch(entry):
            observation = "comma-parentheses-blank-or-0x-in-it"
        elif vrs.tag_of(entry):
            observation = "a-keyword"
        else:
            observation = "a string that is no tag"
    elif isinstance(entry, int | float) and not isinstance(entry, bool):
        observation = "a-number"
    else:
        observation = f"{kind(entry)} in place of a tag"
    tally.sees("JSON-027", observation, place.entry(number), shown(entry, own=place.own), own=place.own)


def _name(tally: Tally, place: Place, number: int, entry: Any) -> None:
    where, own = place.entry(number), place.own
    if not isinstance(entry, dict):
        observation = "a-plain-string" if isinstance(entry, str) else "an-array-or-number"
        tally.sees("JSON-030", observation, where, shown(entry, own=own), own=own)
        return
    if not entry:
        tally.meets("JSON-033", "empty-object")
        return
    for member in entry.keys() - set(_GROUPS):
        lowered = member.lower()
        if lowered in _GROUPS_IN_LOWER_CASE:
            observation = "group-names-in-other-letters"
        elif _COMPONENT.fullmatch(lowered):
            observation = "components-as-members"
        else:
            observation = "further-member-in-name"
        tally.sees("JSON-030", observation, where, shown(member, own=own), own=own)
    groups = {group: entry[group] for group in _GROUPS if group in entry}
    if groups and all(text is None or text == "" for text in groups.values()):
        tally.sees("JSON-033", "every-group-empty", where, own=own)
        return
    for group, text in groups.items():
        for requirement, observation in _group_faults(text):
            tally.sees(requirement, observation, f"{where}.{group}", shown(text, own=own), own=own)


def _group_faults(text: Any) -> Iterable[tuple[str, str]]:
    if text is None or text == "":
        return [("JSON-031", "empty-group-beside-others")]
    if not isinstance(text, str):
        return [("JSON-031", "a-group-that-is-neither-string-nor-null")]
    return strings.faults("PN", text)


_JUDGES: dict[str, Callable[[Tally, Place, int, Any], None]] = {
    **dict.fromkeys(vrs.STRINGS, _string),
    **dict.fromkeys((*vrs.INTEGERS, *vrs.FLOATS), _number),
    **dict.fromkeys(vrs.DECIMALS, _decimal),
    "AT": _tag,
    "PN": _name,
}
