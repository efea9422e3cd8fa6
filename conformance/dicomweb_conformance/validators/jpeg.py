"""The codestream of a JPEG file (ISO/IEC 10918-1): what counts as the same one (PS3.18 Table 10.5.2-1)."""

from __future__ import annotations

from pydicom import Dataset
from pydicom.encaps import generate_fragments

_COMMENT, _APPLICATIONS, _START_OF_SCAN = 0xFE, range(0xE0, 0xF0), 0xDA


def of(dataset: Dataset) -> bytes | None:
    """Return the codestream of an image of one frame, all its fragments joined; None where pixels are native or absent.

    The first item of encapsulated Pixel Data is the Basic Offset Table, and no fragment (PS3.5 A.4).
    """
    if not dataset.file_meta.TransferSyntaxUID.is_encapsulated or not dataset.get("PixelData"):
        return None
    try:
        _, *fragments = generate_fragments(dataset.PixelData)
    except (ValueError, EOFError):
        return None
    return b"".join(fragments)


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
