"""The octets of a data set (PS3.5 chapter 7): a walk over its elements that forgives nothing and keeps almost nothing.

Only the octets are judged, not what the values mean. Of values only the few at the top level are kept that tell how
long Pixel Data must be and which instance it is.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

from dicomweb_conformance.http import limits
from dicomweb_conformance.http.unreadable import DEEPEST, Form, TooLargeError
from dicomweb_conformance.validators.vr import definitions as vrs

UNDEFINED = 0xFFFF_FFFF
ITEM, ITEM_END, SEQUENCE_END = 0xFFFE_E000, 0xFFFE_E00D, 0xFFFE_E0DD
PIXEL_DATA = 0x7FE0_0010
NOT_ASCENDING = "an-element-out-of-ascending-order"
TWICE = "an-element-twice-in-one-data-set"
ODD = "an-odd-value-length"
UNFIT = "value-length-no-multiple-of-vr-s"
UNKNOWN_VR = "a-vr-that-ps3-5-does-not-know"
LENGTHS_DIFFER = "item-whose-length-not-of-content"
BEHIND = "octets-behind-the-last-element"

KEPT = frozenset(
    {
        0x0008_0016,
        0x0008_0018,
        0x0010_0020,
        0x0020_000D,
        0x0020_000E,
        0x0028_0002,
        0x0028_0004,
        0x0028_0008,
        0x0028_0010,
        0x0028_0011,
        0x0028_0100,
    }
)
_LONGEST_KEPT = 256
_SIZES = {
    **dict.fromkeys(("AT", "FL", "OF", "OL", "SL", "UL"), 4),
    **dict.fromkeys(("FD", "OD", "OV", "SV", "UV"), 8),
    **dict.fromkeys(("OW", "SS", "US"), 2),
}


class Broken(Exception):  # noqa: N818 - it is no error of this suite: the octets end the walk
    """The octets are no data set from here on; says what was expected where."""


@dataclass(frozen=True)
class Encoding:
    """How a data set is encoded; `name` is for people."""

    name: str
    explicit: bool = True
    order: str = "<"


EXPLICIT_LITTLE = Encoding("Explicit VR Little Endian")
IMPLICIT_LITTLE = Encoding("Implicit VR Little Endian", explicit=False)
EXPLICIT_BIG = Encoding("Explicit VR Big Endian", order=">")


@dataclass(frozen=True, slots=True)
class Element:
    """An element: where its value is, and how long (`UNDEFINED` where only a delimiter ends it)."""

    tag: int
    vr: str
    start: int
    length: int

    @property
    def where(self) -> str:
        """The place for a reader."""
        return f"({self.tag >> 16:04X},{self.tag & 0xFFFF:04X})"


@dataclass
class Walked:
    """What a walk has seen: faults with their places, values at the top level, Pixel Data, and where the end is.

    `nested_fragments` are the places of Pixel Data below the top level that are fragments, as an icon's may be in an
    encapsulated syntax (PS3.5 A.4).
    """

    faults: list[tuple[str, str]] = field(default_factory=list)
    nested_fragments: list[str] = field(default_factory=list)
    values: dict[int, bytes] = field(default_factory=dict)
    pixel_data: Element | None = None
    end: int = 0
    elements: int = 0


def header(view: memoryview, at: int, end: int, encoding: Encoding) -> Element:
    """Read tag, VR and length of the element at an octet.

    Raises:
        Broken: there is none.
    """
    if end - at < 8:
        raise Broken(f"{end - at} octets at octet {at}, where an element would have at least 8")
    group, number = struct.unpack_from(f"{encoding.order}HH", view, at)
    tag = group << 16 | number
    if not encoding.explicit or group == 0xFFFE:
        (length,) = struct.unpack_from(f"{encoding.order}L", view, at + 4)
        return Element(tag, "" if group == 0xFFFE else _implicit_vr(tag, length), at + 8, length)
    vr = bytes(view[at + 4 : at + 6])
    if not (vr.isalpha() and vr.isupper()):
        raise Broken(f"({group:04X},{number:04X}) at octet {at} has no VR")
    name = vr.decode("ascii")
    if name in vrs.VRS and name not in vrs.LONG_LENGTH:
        (length,) = struct.unpack_from(f"{encoding.order}H", view, at + 6)
        return Element(tag, name, at + 8, length)
    if end - at < 12:
        raise Broken(f"({group:04X},{number:04X}) at octet {at} ends before its length")
    (length,) = struct.unpack_from(f"{encoding.order}L", view, at + 8)
    return Element(tag, name, at + 12, length)


def _implicit_vr(tag: int, length: int) -> str:
    known = vrs.dictionary_vrs(f"{tag:08X}")
    if length == UNDEFINED and tag != PIXEL_DATA:
        return "SQ"
    return next(iter(known)) if len(known) == 1 else "UN"


def walk(view: memoryview, start: int, encoding: Encoding) -> Walked:
    """Walk over a data set to its end.

    Raises:
        Broken: the octets leave the encoding.
        TooLargeError: there are more elements than are read.
    """
    walked = Walked()
    walked.end = _data_set(walked, view, start, len(view), encoding, depth=0)
    return walked


def _data_set(
    walked: Walked, view: memoryview, at: int, end: int, encoding: Encoding, *, depth: int, path: str = ""
) -> int:
    """Walk over elements until `end`, or behind the delimiter of an item of undefined length."""
    before = -1
    while at < end:
        if depth == 0 and _is_over(view, at, end, before):
            return at
        element = header(view, at, end, encoding)
        if element.tag >> 16 == 0xFFFE:
            if element.tag == ITEM_END and depth:
                return element.start
            raise Broken(f"{element.where} at octet {at}, where an element was expected")
        walked.elements += 1
        if walked.elements > limits.ELEMENTS:
            raise TooLargeError(Form.DICOM, f"it has more than {limits.ELEMENTS:,} elements")
        where = path + element.where
        if element.tag <= before:
            walked.faults.append((TWICE if element.tag == before else NOT_ASCENDING, where))
        before = element.tag
        at = _value(walked, view, element, end, encoding, depth=depth, where=where)
    return at


def _is_over(view: memoryview, at: int, end: int, before: int) -> bool:
    """Tell whether what follows at the top level is no element: another file, line ends or zeros."""
    if end - at < 8 or not any(view[at : min(end, at + 16)]):
        return True
    # A value may hold these octets too, and then its element is in its place.
    another = bytes(view[at + 128 : at + 134]) == b"DICM\2\0"
    return another and int.from_bytes(view[at : at + 2], "little") < before >> 16


def _value(
    walked: Walked, view: memoryview, element: Element, end: int, encoding: Encoding, *, depth: int, where: str
) -> int:
    """Look at the value of an element; return where the next element begins."""
    if encoding.explicit and element.vr not in vrs.VRS:
        walked.faults.append((UNKNOWN_VR, where))
    if element.tag == PIXEL_DATA:
        if depth == 0:
            walked.pixel_data = element
        if element.length == UNDEFINED:
            if depth:
                walked.nested_fragments.append(where)
            return _fragments(view, element, end, encoding)
    if element.length == UNDEFINED:
        if element.vr not in {"SQ", "UN"}:
            raise Broken(f"{where} of VR {element.vr} with undefined length")
        # PS3.5 6.2.2: a sequence under UN is in Implicit VR Little Endian.
        inner = IMPLICIT_LITTLE if element.vr == "UN" else encoding
        return _items(walked, view, element.start, end, inner, depth=depth, where=where, delimited=True)
    return _of_known_length(walked, view, element, end, encoding, depth=depth, where=where)


def _of_known_length(
    walked: Walked, view: memoryview, element: Element, end: int, encoding: Encoding, *, depth: int, where: str
) -> int:
    behind = element.start + element.length
    if behind > end:
        raise Broken(f"{where} with length {element.length}, though {end - element.start} octets are left")
    if element.length % 2:
        walked.faults.append((ODD, where))
    elif element.length % _SIZES.get(element.vr, 1) and encoding.explicit:
        walked.faults.append((UNFIT, where))
    if element.vr == "SQ":
        _items(walked, view, element.start, behind, encoding, depth=depth, where=where, delimited=False)
    elif depth == 0 and element.tag in KEPT:
        walked.values[element.tag] = bytes(view[element.start : min(behind, element.start + _LONGEST_KEPT)])
    return behind


def _items(
    walked: Walked, view: memoryview, at: int, end: int, encoding: Encoding, *, depth: int, where: str, delimited: bool
) -> int:
    """Walk over the items of a sequence; return where it ends."""
    if depth >= DEEPEST:
        raise Broken(f"sequences nested more than {DEEPEST} deep")
    number = 0
    while at < end:
        item = header(view, at, end, encoding)
        if item.tag == SEQUENCE_END and delimited:
            return item.start
        if item.tag != ITEM:
            raise Broken(f"{item.where} at octet {at} in {where}, where an item was expected")
        path = f"{where}[{number}]"
        if item.length == UNDEFINED:
            at = _data_set(walked, view, item.start, end, encoding, depth=depth + 1, path=path)
            if view[at - 8 : at] != struct.pack(f"{encoding.order}HHL", 0xFFFE, 0xE00D, 0):
                raise Broken(f"{path} is not ended by an Item Delimitation Item")
        else:
            behind = item.start + item.length
            if behind > end:
                raise Broken(f"{path} with length {item.length}, though {end - item.start} octets are left")
            at = _data_set(walked, view, item.start, behind, encoding, depth=depth + 1, path=path)
            if at != behind:
                walked.faults.append((LENGTHS_DIFFER, path))
                at = behind
        number += 1
    if delimited:
        raise Broken(f"{where} is not ended by a Sequence Delimitation Item")
    return at


def fragments(view: memoryview, element: Element, end: int, encoding: Encoding) -> tuple[list[tuple[int, int]], int]:
    """Return the items of encapsulated Pixel Data, as (start, length), and where they end (PS3.5 A.4).

    Raises:
        Broken: what is there is no item, or no delimiter ends them.
    """
    found: list[tuple[int, int]] = []
    at = element.start
    while True:
        item = header(view, at, end, encoding)
        if item.tag == SEQUENCE_END:
            return found, item.start
        if item.tag != ITEM:
            raise Broken(f"{item.where} at octet {at} in {element.where}, where a fragment was expected")
        if item.length > end - item.start:
            raise Broken(f"fragment {len(found)} of {element.where} goes beyond the end")
        found.append((item.start, item.length))
        at = item.start + item.length


def _fragments(view: memoryview, element: Element, end: int, encoding: Encoding) -> int:
    return fragments(view, element, end, encoding)[1]
