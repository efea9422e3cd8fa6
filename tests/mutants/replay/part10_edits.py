"""Edits of a DICOM file (PS3.10 7): elements of its head and of its data set, octet by octet."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

_LONG = frozenset({b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"})
_UNDEFINED = 0xFFFFFFFF
_PREAMBLE = 132


@dataclass(frozen=True)
class Element:
    """An element of Explicit VR Little Endian, as its octets say it; `length` is what is written of it."""

    tag: int
    vr: bytes
    value: bytes
    length: int

    def octets(self) -> bytes:
        """Write it."""
        head = struct.pack("<HH", self.tag >> 16, self.tag & 0xFFFF) + self.vr
        written = struct.pack("<HL", 0, self.length) if self.vr in _LONG else struct.pack("<H", self.length)
        return head + written + self.value


def element(tag: int, vr: str, value: bytes) -> Element:
    """Return an element of a value, whose length is told rightly."""
    return Element(tag, vr.encode(), value, len(value))


def elements(octets: bytes) -> list[Element]:
    """Return the elements at the top level; the value of an undefined length goes to the end of the file."""
    found, at = [], 0
    while at < len(octets):
        group, number = struct.unpack_from("<HH", octets, at)
        vr = octets[at + 4 : at + 6]
        at += 12 if vr in _LONG else 8
        length = struct.unpack_from("<L" if vr in _LONG else "<H", octets, at - (4 if vr in _LONG else 2))[0]
        end = len(octets) if length == _UNDEFINED else at + length
        found.append(Element(group << 16 | number, vr, octets[at:end], length))
        at = end
    return found


def file(change: Callable[[list[Element]], Iterable[Element]]) -> Callable[[bytes], bytes]:
    """Change the elements of a file; the length of group 0002 is told rightly unless it is what is changed."""

    def edit(octets: bytes) -> bytes:
        before = elements(octets[_PREAMBLE:])
        after = list(change(list(before)))
        if after and after[0] == before[0]:
            meta = b"".join(each.octets() for each in after[1:] if each.tag >> 16 == 2)
            after[0] = element(0x00020000, "UL", struct.pack("<L", len(meta)))
        return octets[:_PREAMBLE] + b"".join(each.octets() for each in after)

    return edit


def without(tag: int) -> Callable[[bytes], bytes]:
    """Take an element out."""
    return file(lambda found: [each for each in found if each.tag != tag])


def put(*others: Element) -> Callable[[bytes], bytes]:
    """Put elements in their places, for those of the same tag."""
    tags = {each.tag for each in others}
    return file(lambda found: sorted([*(each for each in found if each.tag not in tags), *others], key=_tag))


def added(*others: Element) -> Callable[[bytes], bytes]:
    """Put elements behind the last."""
    return file(lambda found: [*found, *others])


def revalued(tag: int, change: Callable[[Element], Element]) -> Callable[[bytes], bytes]:
    """Change one element."""
    return file(lambda found: [change(each) if each.tag == tag else each for each in found])


def value(tag: int, octets: bytes) -> Callable[[bytes], bytes]:
    """Give an element another value."""
    return revalued(tag, lambda found: replace(found, value=octets, length=len(octets)))


def _tag(one: Element) -> int:
    return one.tag
