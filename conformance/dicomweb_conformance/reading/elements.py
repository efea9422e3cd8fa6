"""How many elements octets hold (PS3.5 7), before pydicom makes an object of each: seen by their headers alone."""

from __future__ import annotations

from typing import Literal

from dicomweb_conformance.http import limits
from dicomweb_conformance.http.unreadable import Form, TooLargeError

_LONG_LENGTHS = frozenset({b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"})
_UNDEFINED = 0xFFFF_FFFF
_SMALLEST = 8
"""Octets of an element at least."""
_NUMBERS = {
    **dict.fromkeys(("SS", "US"), 2),
    **dict.fromkeys(("AT", "FL", "SL", "UL"), 4),
    **dict.fromkeys(("FD", "SV", "UV"), 8),
}
_SINGLE = frozenset({"LT", "OB", "OB or OW", "OD", "OF", "OL", "OV", "OW", "ST", "UN", "UR", "UT"})


def must_be_few(octets: bytes | memoryview) -> None:
    """Demand of a data set that it has no more elements than are read; how it is encoded is seen from its first one.

    Raises:
        TooLargeError: it has.
    """
    view = memoryview(octets)
    if len(view) <= _SMALLEST * limits.ELEMENTS:
        return
    vr = bytes(view[4:6])
    big = bytes(view[0:1]) == b"\0" and bytes(view[1:2]) != b"\0"  # groups are below 0100H where a data set begins
    _count(view, explicit=vr.isalpha() and vr.isupper(), order="big" if big else "little")


def must_hold_few(value: bytes, vr: str, *, implicit: bool) -> None:
    """Demand of the value of one element that it holds no more values, or elements, than are read.

    Raises:
        TooLargeError: it does.
    """
    if len(value) <= limits.VALUES:
        return
    if vr == "SQ":
        if len(value) > _SMALLEST * limits.ELEMENTS:
            _count(memoryview(value), explicit=not implicit, order="little")
        return
    many = len(value) // _NUMBERS[vr] if vr in _NUMBERS else 0 if vr in _SINGLE else value.count(b"\\")
    if many > limits.VALUES:
        raise TooLargeError(Form.DICOM, f"an element of VR {vr} has more than {limits.VALUES:,} values")


def _count(view: memoryview, *, explicit: bool, order: Literal["little", "big"]) -> None:
    """Walk over the headers of elements, items and delimiters, whatever they are nested in."""
    at, count, in_fragments = 0, 0, False
    while at + _SMALLEST <= len(view):
        count += 1
        if count > limits.ELEMENTS:
            raise TooLargeError(Form.DICOM, f"it has more than {limits.ELEMENTS:,} elements")
        group = int.from_bytes(view[at : at + 2], order)
        if group == 0xFFFE:
            length = int.from_bytes(view[at + 4 : at + 8], order)
            at += _SMALLEST + (length if in_fragments and length != _UNDEFINED else 0)
            in_fragments = in_fragments and int.from_bytes(view[at - 6 : at - 4], order) != 0xE0DD
            continue
        vr = bytes(view[at + 4 : at + 6])
        long = explicit and vr in _LONG_LENGTHS
        if not explicit:
            start, length = at + 8, int.from_bytes(view[at + 4 : at + 8], order)
        elif long:
            start, length = at + 12, int.from_bytes(view[at + 8 : at + 12], order)
        else:
            start, length = at + 8, int.from_bytes(view[at + 6 : at + 8], order)
        in_fragments = length == _UNDEFINED and group == 0x7FE0
        at = start if length == _UNDEFINED or vr == b"SQ" else start + length
