"""What is different between a data set that was stored and one that came back (PS3.18 10.5.2, Annex F).

Values by what they mean, not by how they are written.
"""

from __future__ import annotations

import base64
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pydicom import DataElement, Dataset
from pydicom.multival import MultiValue
from pydicom.valuerep import VR, PersonName

from dicomweb_conformance.dicom.json_model import DataSet, values
from dicomweb_conformance.reading.values import items

ORIGINAL_ATTRIBUTES = 0x0400_0561
_MODIFIED_ATTRIBUTES = 0x0400_0550
PIXEL_DATA = 0x7FE0_0010
SPECIFIC_CHARACTER_SET = 0x0008_0005
BINARY = frozenset({"OB", "OD", "OF", "OL", "OV", "OW", "UN"})
_TAG = re.compile("[0-9A-Fa-f]{8}")
_INTEGER = re.compile(r"[+-]?[0-9]{1,64}", re.ASCII)
_INTEGERS = frozenset({"IS", "SL", "SS", "SV", "UL", "US", "UV"})
_NUMBERS = _INTEGERS | {"DS", "FL", "FD"}
ONE_IN_A_MILLION = 1e-6
"""How far a decimal string of DICOM JSON may be off here: whatever is nearer than that, JSON-026 tells of."""
FIFTEEN_DIGITS = 1e-14
"""How far a decimal may be off: a double keeps fifteen digits of any, and a value of DS has hardly more."""
_SIX_DIGITS = 1e-6
"""How far a value of FL may be off: single precision keeps six digits of any decimal."""


@dataclass(frozen=True)
class Difference:
    """One element that differs: its path, its VR as stored, and how."""

    path: str
    vr: str
    kind: str
    stored: str
    received: str

    @property
    def private(self) -> bool:
        """Whether the element, or one that it is nested in, is private."""
        return any(int(tag[:4], 16) % 2 for tag in self.path.replace("[", "/").split("/") if len(tag) == 8)


def data_sets(stored: Dataset, received: Dataset, path: str = "") -> Iterator[Difference]:
    """Compare two data sets element by element.

    Left out are Pixel Data, group lengths, padding, Specific Character Set, and whatever the received data set lists as
    changed in its Original Attributes Sequence.

    Args:
        stored: as it was sent.
        received: as it came back.
        path: where the data sets are, empty at the top.
    """
    recorded = _recorded_changes(received)
    for element in stored:
        if _left_out(element) or element.tag in recorded:
            continue
        here = f"{path}{element.tag:08X}"
        if element.tag not in received:
            yield Difference(here, element.VR, "lost", _shown(element), "absent")
        else:
            yield from _elements(element, received[element.tag], here)
    for element in received:
        if element.tag not in stored and not _left_out(element) and element.tag not in {ORIGINAL_ATTRIBUTES, *recorded}:
            yield Difference(f"{path}{element.tag:08X}", element.VR, "added", "absent", _shown(element))


def _elements(stored: DataElement, received: DataElement, here: str) -> Iterator[Difference]:
    if stored.VR == VR.SQ:
        before, after = list(stored.value or []), list(received.value or []) if received.VR == VR.SQ else None
        if after is None or len(before) != len(after):
            yield Difference(
                here, "SQ", "changed", f"{len(before)} items", "no sequence" if after is None else f"{len(after)} items"
            )
            return
        for number, (one, other) in enumerate(zip(before, after, strict=True), 1):
            yield from data_sets(one, other, f"{here}[{number}]/")
        return
    if not _equal(_values(stored), _values(received), stored.VR):
        yield Difference(here, stored.VR, "changed", _shown(stored), _shown(received))


def representations(stored: Dataset, received: Dataset, path: str = "") -> Iterator[Difference]:
    """Yield each element that both data sets have with different VRs, which stand as `stored` and `received`.

    What `data_sets` leaves out is left out, and so are items of sequences that have not as many as before.

    Args:
        stored: as it was sent.
        received: as it came back.
        path: where the data sets are, empty at the top.
    """
    recorded = _recorded_changes(received)
    for element in stored:
        if _left_out(element) or element.tag in recorded or element.tag not in received:
            continue
        here, other = f"{path}{element.tag:08X}", received[element.tag]
        if element.VR != other.VR:
            yield Difference(here, element.VR, "vr", element.VR, other.VR)
        elif element.VR == VR.SQ and len(element.value or []) == len(other.value or []):
            for number, (one, another) in enumerate(zip(element.value or [], other.value or [], strict=True), 1):
                yield from representations(one, another, f"{here}[{number}]/")


def with_json(
    stored: Dataset, received: DataSet, path: str = "", *, decimals: float = ONE_IN_A_MILLION
) -> Iterator[Difference]:
    """Compare a data set that was stored with its DICOM JSON (PS3.18 Annex F).

    A value given by BulkDataURI counts as present and is not compared.

    Args:
        stored: as it was sent.
        received: the object of a metadata answer.
        path: where the data sets are, empty at the top.
        decimals: how far a decimal string may be off, as a part of it.
    """
    recorded = _changes_recorded_in_json(received)
    for element in stored:
        if _left_out(element, pixels=path == "") or element.tag in recorded:
            continue
        tag = f"{element.tag:08X}"
        here = f"{path}{tag}"
        found = received.get(tag)
        if not isinstance(found, dict):
            yield Difference(here, element.VR, "lost", _shown(element), "absent")
        elif element.VR == VR.SQ:
            yield from _items_with_json(element, values(received, tag), here, decimals)
        elif "BulkDataURI" not in found and not _equal(_values(element), _values_of_json(found), element.VR, decimals):
            yield Difference(
                here,
                element.VR,
                "changed",
                _shown(element),
                _cut(str({name: each for name, each in found.items() if name != "vr"})),
            )


def _items_with_json(stored: DataElement, received: list[Any], here: str, decimals: float) -> Iterator[Difference]:
    sent = list(stored.value or [])
    # An empty item is an empty object; null is a spelling of it that other rows judge.
    found = [each if isinstance(each, dict) else {} for each in received]
    if len(sent) != len(found):
        yield Difference(here, "SQ", "changed", f"{len(sent)} items", f"{len(found)} items")
        return
    for number, (one, other) in enumerate(zip(sent, found, strict=True), 1):
        yield from with_json(one, other, f"{here}[{number}]/", decimals=decimals)


def same_values(one: DataSet, other: DataSet, vr: str) -> bool:
    """Tell whether two attribute objects of DICOM JSON, of that VR and no sequences, have the same values."""
    return _equal(_values_of_json(one), _values_of_json(other), vr, ONE_IN_A_MILLION)


def _recorded_changes(received: Dataset) -> set[int]:
    return {
        int(element.tag)
        for item in items(received, ORIGINAL_ATTRIBUTES)
        for modified in items(item, _MODIFIED_ATTRIBUTES)
        for element in modified
    }


def _changes_recorded_in_json(received: DataSet) -> set[int]:
    modified = [
        value
        for original in values(received, f"{ORIGINAL_ATTRIBUTES:08X}")
        if isinstance(original, dict)
        for value in values(original, f"{_MODIFIED_ATTRIBUTES:08X}")
    ]
    return {int(tag, 16) for each in modified if isinstance(each, dict) for tag in each if _TAG.fullmatch(tag)}


def _left_out(element: DataElement, *, pixels: bool = True) -> bool:
    tag = element.tag
    return (
        tag.group == 2
        or tag.element == 0
        or tag in {SPECIFIC_CHARACTER_SET, 0xFFFC_FFFC}
        or (pixels and tag == PIXEL_DATA)
    )


def _values(element: DataElement) -> list[Any]:
    value = element.value
    if value is None or value in ("", b""):
        return []
    if isinstance(value, (MultiValue, list, tuple)):
        return list(value)
    return [value]


def _values_of_json(element: DataSet) -> list[Any]:
    inline = element.get("InlineBinary")
    if isinstance(inline, str):
        try:
            octets = base64.b64decode(inline, validate=True)
        except ValueError:
            return [inline]
        return [octets] if octets else []
    found = element.get("Value", [])
    return found if isinstance(found, list) else [found]


def _equal(stored: list[Any], received: list[Any], vr: str, decimals: float = FIFTEEN_DIGITS) -> bool:
    # A trailing empty value has no spelling of its own in every form.
    before, after = [_meaning(each, vr) for each in stored], [_meaning(each, vr) for each in received]
    while before and before[-1] in ("", b""):
        before.pop()
    while after and after[-1] in ("", b""):
        after.pop()
    nearness = {"DS": decimals, "FD": FIFTEEN_DIGITS, "FL": _SIX_DIGITS}.get(vr, 0.0)
    return len(before) == len(after) and all(
        _same(one, other, nearness) for one, other in zip(before, after, strict=True)
    )


def _meaning(value: Any, vr: str) -> Any:
    """Return what a value means, whatever form it has: octets without padding, a number, or text without padding."""
    if value is None:
        return ""
    if vr in BINARY:
        return bytes(value).rstrip(b"\0") if isinstance(value, (bytes, bytearray)) else value
    if vr == VR.AT:
        return f"{int(value):08X}" if isinstance(value, int) else str(value).upper()
    if vr in _NUMBERS:
        return _number(value, vr)
    if vr == VR.PN:
        return _name(value)
    text = str(value)
    return text.rstrip(" \0") if vr in {VR.LT, VR.ST, VR.UT, VR.UC, VR.UR} else text.strip(" \0")


def _number(value: Any, vr: str) -> int | float | str:
    """Return a number; one of an integer VR as it is written, since a float does not hold each of 64 bits."""
    if isinstance(value, int):
        return value
    text = str(value).strip()
    if vr in _INTEGERS and _INTEGER.fullmatch(text):
        return int(text)
    try:
        return float(value)
    except (TypeError, ValueError):
        return text


def _name(value: Any) -> str:
    """Return a person name as its groups joined by =, trailing delimiters left out (PS3.5 6.2.1.1)."""
    if isinstance(value, dict):
        groups = [str(value.get(each, "")) for each in ("Alphabetic", "Ideographic", "Phonetic")]
    elif isinstance(value, PersonName):
        groups = [value.alphabetic, value.ideographic, value.phonetic]
    else:
        groups = str(value).split("=")
    return "=".join(group.rstrip("^ ") for group in groups).rstrip("=")


def _same(one: Any, other: Any, nearness: float) -> bool:
    if isinstance(one, (int, float)) and isinstance(other, (int, float)):
        if one == other:
            return True
        if not nearness:
            return False
        try:
            one, other = float(one), float(other)
        except OverflowError:
            return False
        return math.isclose(one, other, rel_tol=nearness) or (math.isnan(one) and math.isnan(other))
    return bool(one == other)


def _shown(element: DataElement) -> str:
    if element.VR == VR.SQ:
        return f"{len(element.value or [])} items"
    found = _values(element)
    if element.VR in BINARY:
        return f"{len(found[0]) if found else 0} octets"
    return _cut("\\".join(str(each) for each in found)) or "no value"


def _cut(text: str, limit: int = 200) -> str:
    return text if len(text) <= limit else f"{text[:limit]}... ({len(text)} characters)"
