"""Where a DICOM file (PS3.10 7) ends: element by element, without keeping values, as the octets arrive.

Whether the file is right is judged elsewhere. What cannot be understood here is no fault: it says nothing.
"""

from __future__ import annotations

import struct
from collections.abc import Generator
from dataclasses import dataclass, field
from enum import Enum

IMPLICIT_LITTLE = "1.2.840.10008.1.2"
EXPLICIT_BIG = "1.2.840.10008.1.2.2"
DEFLATED = "1.2.840.10008.1.2.1.99"

TRANSFER_SYNTAX = 0x00020010
SOP_INSTANCE = 0x00080018
STUDY = 0x0020000D
SERIES = 0x0020000E

_KEPT = frozenset({0x00020003, TRANSFER_SYNTAX, SOP_INSTANCE, STUDY, SERIES})
_LONG = frozenset({b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"})
_TEXTS = {b"AE", b"AS", b"CS", b"DA", b"DS", b"DT", b"IS", b"LO", b"LT", b"PN", b"SH", b"ST", b"TM", b"UI"}
_SHORT = frozenset({*_TEXTS, b"AT", b"FD", b"FL", b"SL", b"SS", b"UL", b"US"})
_UNDEFINED = 0xFFFFFFFF
_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
_PIXEL_DATA = 0x7FE00010
_PREAMBLE = 132
_DEEPEST = 64


class End(Enum):
    """How the octets of a part end, seen from the file that begins them."""

    NO_FILE = "no DICM after 128 octets"
    WHOLE = "the last octet is that of the last element"
    LINE_END = "nothing but CR and LF after the last element"
    SHORT = "inside an element"
    SECOND_FILE = "another preamble and DICM after the last element"
    UNKNOWN = "cannot be told"


@dataclass(frozen=True, slots=True)
class Extent:
    """How a file ends, and the UIDs met in it, by tag."""

    end: End
    uids: dict[int, str] = field(default_factory=dict)


# Yields how many octets are needed (a negative number: to be dropped) and is sent them, or None at the end of input.
_Walk = Generator[int, bytes | None, None]
_Octets = Generator[int, bytes | None, bytes]


class _EndedError(Exception):
    """The octets end."""


class _NotUnderstoodError(Exception):
    """What stands here is no element that can be walked over."""


class _SecondFileError(Exception):
    """Another file begins here."""


class ExtentReader:
    """Walks one file: `feed` it the octets, then `close` it."""

    def __init__(self) -> None:
        self._held = bytearray()
        self._uids: dict[int, str] = {}
        # Whether what is held would begin an element at the top, so that the file may end before it.
        self._between_elements = False
        self._end: End | None = None
        self._walk = self._file()
        self._wanted = next(self._walk)

    def feed(self, octets: bytes) -> None:
        """Take the next octets."""
        at = 0
        while self._end is None and at < len(octets):
            if self._wanted < 0:
                dropped = min(-self._wanted, len(octets) - at)
                at += dropped
                self._wanted += dropped
                if not self._wanted:
                    self._go_on(b"")
                continue
            taken = octets[at : at + self._wanted - len(self._held)]
            at += len(taken)
            self._held += taken
            if len(self._held) == self._wanted:
                whole = bytes(self._held)
                self._held.clear()
                self._go_on(whole)

    def close(self) -> Extent:
        """Return how the file ends where the octets end."""
        if self._end is None:
            self._go_on(None)
        return Extent(self._end or End.UNKNOWN, self._uids)

    def _go_on(self, octets: bytes | None) -> None:
        try:
            self._wanted = self._walk.send(octets)
        except _EndedError:
            self._end = self._end_here()
        except (_NotUnderstoodError, StopIteration):
            self._end = self._end or End.UNKNOWN
        except _SecondFileError:
            self._end = End.SECOND_FILE

    def _end_here(self) -> End:
        if not self._between_elements:
            return End.SHORT
        if not self._held:
            return End.WHOLE
        # Zeros, or whatever else pads a file at its end, are no business of the envelope.
        return End.UNKNOWN if self._held.strip(b"\r\n") else End.LINE_END

    def _file(self) -> _Walk:
        try:
            head = yield from _take(_PREAMBLE)
        except _EndedError:
            head = b""
        if head[128:] != b"DICM":
            self._end = End.NO_FILE
            return
        last = 0
        order = "<"
        explicit = True
        while True:
            self._between_elements = last > 0
            start = yield from _take(8)
            if not start.startswith(b"\x02\x00") and last >> 16 <= 2:
                syntax = self._uids.get(TRANSFER_SYNTAX, "")
                if not syntax or syntax == DEFLATED:
                    raise _NotUnderstoodError
                explicit, order = syntax != IMPLICIT_LITTLE, ">" if syntax == EXPLICIT_BIG else "<"
            group, number = struct.unpack(order + "HH", start[:4])
            tag = group << 16 | number
            if tag <= last or (explicit and not start[4:6].isalpha()):
                yield from _second_file(start)
            self._between_elements = False
            yield from self._element(tag, start, order, explicit)
            last = tag

    def _element(self, tag: int, start: bytes, order: str, explicit: bool) -> _Walk:
        vr, length = yield from _rest_of_header(start, order, explicit)
        if length != _UNDEFINED:
            if tag in _KEPT and length <= 64:
                value = yield from _take(length)
                self._uids[tag] = value.decode("latin-1").rstrip("\0 ")
            else:
                yield from _drop(length)
        elif tag == _PIXEL_DATA and explicit:
            yield from _fragments(order)
        else:
            # PS3.5 6.2.2: an UN of undefined length holds items in Implicit VR Little Endian.
            unknown = vr == b"UN"
            yield from _items("<" if unknown else order, explicit and not unknown, 1)


def _take(count: int) -> _Octets:
    if not count:
        return b""
    octets = yield count
    if octets is None:
        raise _EndedError
    return octets


def _drop(count: int) -> _Walk:
    if count and (yield -count) is None:
        raise _EndedError


def _second_file(start: bytes) -> _Walk:
    try:
        rest = yield from _take(_PREAMBLE - len(start))
    except _EndedError:
        raise _NotUnderstoodError from None
    raise _SecondFileError if rest.endswith(b"DICM") else _NotUnderstoodError


def _rest_of_header(start: bytes, order: str, explicit: bool) -> Generator[int, bytes | None, tuple[bytes, int]]:
    """Return VR and length of the element whose header begins with `start`."""
    vr = start[4:6]
    if not explicit:
        return b"", struct.unpack(order + "I", start[4:])[0]
    if vr in _LONG:
        return vr, struct.unpack(order + "I", (yield from _take(4)))[0]
    if vr not in _SHORT:
        raise _NotUnderstoodError
    return vr, struct.unpack(order + "H", start[6:])[0]


def _items(order: str, explicit: bool, depth: int) -> _Walk:
    """Walk over the items of a sequence of undefined length and its delimitation."""
    if depth > _DEEPEST:
        raise _NotUnderstoodError
    while True:
        start = yield from _take(8)
        group, number, length = struct.unpack(order + "HHI", start)
        tag = group << 16 | number
        if tag == _SEQUENCE_END:
            return
        if tag != _ITEM:
            raise _NotUnderstoodError
        if length != _UNDEFINED:
            yield from _drop(length)
            continue
        while True:
            start = yield from _take(8)
            group, number = struct.unpack(order + "HH", start[:4])
            if group << 16 | number == _ITEM_END:
                break
            vr, length = yield from _rest_of_header(start, order, explicit)
            if length != _UNDEFINED:
                yield from _drop(length)
            else:
                unknown = vr == b"UN"
                yield from _items("<" if unknown else order, explicit and not unknown, depth + 1)


def _fragments(order: str) -> _Walk:
    """Walk over the fragments of encapsulated Pixel Data (PS3.5 A.4)."""
    while True:
        group, number, length = struct.unpack(order + "HHI", (yield from _take(8)))
        tag = group << 16 | number
        if tag == _SEQUENCE_END:
            return
        if tag != _ITEM or length == _UNDEFINED:
            raise _NotUnderstoodError
        yield from _drop(length)
