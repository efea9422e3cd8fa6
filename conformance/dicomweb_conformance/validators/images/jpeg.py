"""The codestream of a JPEG file (ISO/IEC 10918-1): what counts as the same one (PS3.18 Table 10.5.2-1)."""

from __future__ import annotations

from pydicom import Dataset

from dicomweb_conformance.http.unreadable import UnreadableError
from dicomweb_conformance.reading import pixel_data, values

_COMMENT, _APPLICATIONS, _START_OF_SCAN = 0xFE, range(0xE0, 0xF0), 0xDA
_NATIVE = frozenset(f"1.2.840.10008.1.2{suffix}" for suffix in ("", ".1", ".1.99", ".2"))
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
# A decoder of the extended process reads the baseline one, too (PS3.5 8.2.1).
PROCESSES = {
    "1.2.840.10008.1.2.4.50": {0xC0},
    "1.2.840.10008.1.2.4.51": {0xC0, 0xC1},
    "1.2.840.10008.1.2.4.57": {0xC3},
    "1.2.840.10008.1.2.4.70": {0xC3},
}
"""The starts of frame that each transfer syntax of image/jpeg may have."""


def is_encapsulated(dataset: Dataset) -> bool:
    """Tell whether Pixel Data are encapsulated, as they are in all but four transfer syntaxes (PS3.5 Annex A)."""
    return values.syntax(dataset) not in {"", *_NATIVE}


def of(dataset: Dataset) -> bytes | None:
    """Return the codestream of an image of one frame, all its fragments joined; None where pixels are native or absent.

    The first item of encapsulated Pixel Data is the Basic Offset Table, and no fragment (PS3.5 A.4).
    """
    octets = values.octets(dataset, "PixelData")
    if not is_encapsulated(dataset) or not octets:
        return None
    try:
        return b"".join(pixel_data.fragments(octets)[1:])
    except UnreadableError:
        return None


def frames(dataset: Dataset, number: int) -> list[bytes] | None:
    """Return the codestream of each frame; None where pixels are native, absent, or not of so many frames."""
    if number == 1:
        only = of(dataset)
        return None if only is None else [only]
    octets = values.octets(dataset, "PixelData")
    if not is_encapsulated(dataset) or not octets:
        return None
    try:
        return pixel_data.frames(octets, number)
    except UnreadableError:
        return None


def fits(jpeg: bytes, transfer_syntax_uid: str) -> bool:
    """Tell whether a JPEG is of the coding process of a transfer syntax (PS3.5 A.4.1); of others than JPEG it is."""
    processes = PROCESSES.get(transfer_syntax_uid)
    return processes is None or process(jpeg) in processes


def process(jpeg: bytes) -> int | None:
    """Return the start of frame of a JPEG (ISO/IEC 10918-1 B.1.1.3), or None: C0 baseline, C3 lossless."""
    position = 2 if jpeg.startswith(b"\xff\xd8") else len(jpeg)
    while position + 4 <= len(jpeg) and jpeg[position] == 0xFF:
        marker = jpeg[position + 1]
        if marker in _FRAMES:
            return marker
        position += 1 if marker == 0xFF else 2 + int.from_bytes(jpeg[position + 2 : position + 4], "big")
    return None


def without_remarks(jpeg: bytes) -> bytes:
    """Return a JPEG without APPn and COM segments before its scan, and without a pad octet behind its end."""
    kept, position = bytearray(jpeg[:2]), 2
    while jpeg[position : position + 1] == b"\xff" and position + 4 <= len(jpeg):
        marker = jpeg[position + 1]
        end = position + 2 + int.from_bytes(jpeg[position + 2 : position + 4], "big")
        if marker == _START_OF_SCAN:
            break
        if marker != _COMMENT and marker not in _APPLICATIONS:
            kept += jpeg[position:end]
        position = end
    return bytes(kept) + unpadded(jpeg[position:])


def unpadded(octets: bytes) -> bytes:
    """Return octets without the pad octet that makes their number even."""
    return octets[:-1] if octets.endswith(b"\xff\xd9\0") else octets
