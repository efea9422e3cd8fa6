"""The form of Pixel Data in a data set: fragments (PS3.5 A.4) or native pixels (PS3.5 8.1, PS3.3 C.7.6.3)."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping

from dicomweb_conformance.validators.part10.data_set_octets import UNDEFINED, Element, Encoding, Walked, fragments

NATIVE_IN_ENCAPSULATED = "encapsulated-with-defined-length"
ENCAPSULATED_IN_NATIVE = "native-with-undefined-length"
NO_FRAGMENT = "no-offset-table-or-no-fragment"
ODD_FRAGMENT = "a-fragment-of-odd-length"
OFFSETS = "offsets-that-point-to-no-fragment"
OTHER_COUNT = "another-number-of-offsets-than-frames"
WRONG_LENGTH = "length-does-not-fit-the-attributes"

_ROWS, _COLUMNS, _SAMPLES, _BITS, _FRAMES, _PHOTOMETRIC = (
    0x0028_0010,
    0x0028_0011,
    0x0028_0002,
    0x0028_0100,
    0x0028_0008,
    0x0028_0004,
)


def fragment_faults(view: memoryview, element: Element, walked: Walked, encoding: Encoding) -> Iterator[str]:
    """Yield what is wrong with Pixel Data in an encapsulated syntax, which a walk has come through."""
    if element.length != UNDEFINED:
        yield NATIVE_IN_ENCAPSULATED
        return
    items, _ = fragments(view, element, len(view), encoding)
    if len(items) < 2:
        yield NO_FRAGMENT
        return
    if any(length % 2 for _, length in items):
        yield ODD_FRAGMENT
    start, length = items[0]
    if not length:
        return
    if length % 4:
        yield OFFSETS
        return
    offsets = struct.unpack_from(f"{encoding.order}{length // 4}L", view, start)
    first = items[1][0] - 8
    # Offsets are 32 bits: those of what is longer cannot be right.
    begins = {at - 8 - first for at, _ in items[1:]}
    if offsets[0] != 0 or not begins.issuperset(offsets):
        yield OFFSETS
    frames = _frames(walked.values)
    if frames is not None and len(offsets) != frames:
        yield OTHER_COUNT


def native_length(values: Mapping[int, bytes], encoding: Encoding) -> int | None:
    """Return how many octets native Pixel Data has, padded to an even number; None where nothing can be said."""
    numbers = [_unsigned(values.get(tag, b""), encoding) for tag in (_ROWS, _COLUMNS, _SAMPLES, _BITS)]
    frames = _frames(values)
    photometric = values.get(_PHOTOMETRIC, b"").strip(b" \0")
    if frames is None or None in numbers or not photometric or photometric.endswith((b"_422", b"_420")):
        return None
    bits = frames
    for number in numbers:
        bits *= number or 0
    octets = -(-bits // 8)
    return octets + octets % 2


def _unsigned(value: bytes, encoding: Encoding) -> int | None:
    return int(struct.unpack(f"{encoding.order}H", value)[0]) if len(value) == 2 else None


def _frames(values: Mapping[int, bytes]) -> int | None:
    if _FRAMES not in values:
        return 1
    text = values[_FRAMES].strip(b" \0")
    return int(text) if text.isdigit() and len(text) < 10 else None
