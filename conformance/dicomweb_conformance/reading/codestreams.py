"""Frames of the compressed transfer syntaxes that need the package imagecodecs, decoded (PS3.5 8.2, A.4).

It decodes the same wherever the suite runs, and is loaded when the first frame needs it.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dicomweb_conformance.http.unreadable import NoDecoderError

INSTALLS = "pip install 'imagecodecs>=2025.3'"
"""The line that puts right what this machine lacks."""
Decode = Callable[[ModuleType, bytes, int], NDArray[Any]]


def frame(octets: bytes, syntax: str, samples_per_pixel: int) -> NDArray[Any]:
    """Return the samples of a frame: rows, columns, and samples where there are several.

    Args:
        octets: the codestream.
        syntax: one of `DECODERS`.
        samples_per_pixel: as the image says; by them alone colours are left as they are.

    Raises:
        NoDecoderError: imagecodecs is not there.
        Exception: whatever it stumbles over.
    """
    return DECODERS[syntax](_imagecodecs(syntax), octets, samples_per_pixel)


def size(octets: bytes) -> tuple[int, int, int]:
    """Return width, height and components as a codestream itself says them, before anything is unpacked.

    Raises:
        ValueError: it says none.
    """
    try:
        if octets.startswith(b"\xff\xd8"):
            return _size_of_jpeg(octets)
        if (at := octets.find(b"\xff\x4f\xff\x51", 0, _HEAD)) >= 0:  # by itself, or in the boxes of a file
            right, bottom, left, top = (_number(octets, at + 8 + 4 * each, 4) for each in range(4))
            return right - left, bottom - top, _number(octets, at + 40, 2)
        if found := _JPEG_XL.search(octets):
            return _size_of_jpeg_xl(int.from_bytes(octets[found.end() : found.end() + 12], "little"))
    except IndexError:
        pass
    raise ValueError("a codestream that does not begin as one of its transfer syntax")


_HEAD = 4096
_FRAME_HEADERS = frozenset({*range(0xC0, 0xD0), 0xF7}) - {0xC4, 0xC8, 0xCC}
_WITHOUT_LENGTH = frozenset({0x01, *range(0xD0, 0xD9)})
_JPEG_XL = re.compile(rb"(?:\A|jxlc|jxlp.{4})\xff\x0a", re.DOTALL)


def _number(octets: bytes, at: int, length: int) -> int:
    if at + length > len(octets):
        raise IndexError(at)
    return int.from_bytes(octets[at : at + length], "big")


def _size_of_jpeg(octets: bytes) -> tuple[int, int, int]:
    """Return the size of a JPEG or JPEG-LS: X, Y and Nf of its frame header (ISO/IEC 10918-1 B.2.2)."""
    at = 2
    while octets[at] == 0xFF:
        marker = octets[at + 1]
        if marker in _FRAME_HEADERS:
            return _number(octets, at + 7, 2), _number(octets, at + 5, 2), octets[at + 9]
        if marker == 0xFF:
            at += 1
        else:
            at += 2 if marker in _WITHOUT_LENGTH else 2 + max(_number(octets, at + 2, 2), 2)
    raise IndexError(at)


def _size_of_jpeg_xl(bits: int) -> tuple[int, int, int]:
    """Return the size of a JPEG XL: SizeHeader (ISO/IEC 18181-1), whose bits begin with the least."""

    def take(count: int) -> int:
        nonlocal bits
        taken = bits & ((1 << count) - 1)
        bits >>= count
        return taken

    def length() -> int:
        return (1 + take(5)) * 8 if small else 1 + take((9, 13, 18, 30)[take(2)])

    small = bool(take(1))
    height = length()
    ratio = take(3)
    across, down = ((0, 1), (1, 1), (12, 10), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1))[ratio]
    return (height * across // down if ratio else length()), height, 3


def _imagecodecs(syntax: str) -> ModuleType:
    try:
        return importlib.import_module("imagecodecs")
    except ImportError as error:
        raise NoDecoderError(f"this machine cannot decode transfer syntax {syntax} ({error}): {INSTALLS}") from None


def _jpeg(codecs: ModuleType, octets: bytes, samples: int) -> NDArray[Any]:
    colours = "RGB" if samples == 3 else "GRAYSCALE"  # as they are: nothing is converted
    return np.asarray(codecs.jpeg8_decode(octets, colorspace=colours, outcolorspace=colours))


def _jpeg_xl(codecs: ModuleType, octets: bytes, _samples: int) -> NDArray[Any]:
    return np.asarray(codecs.jpegxl_decode(octets, numthreads=1))


_ROOT = "1.2.840.10008.1.2.4"
JPEG_XL = frozenset({f"{_ROOT}.110", f"{_ROOT}.111", f"{_ROOT}.112"})
"""Decoded they are RGB, whatever colours they hold."""
DECODERS: dict[str, Decode] = {
    **dict.fromkeys((f"{_ROOT}.51", f"{_ROOT}.57", f"{_ROOT}.70"), _jpeg),
    **dict.fromkeys(
        (f"{_ROOT}.80", f"{_ROOT}.81"), lambda codecs, octets, _samples: np.asarray(codecs.jpegls_decode(octets))
    ),
    **dict.fromkeys(
        (f"{_ROOT}.90", f"{_ROOT}.91"), lambda codecs, octets, _samples: np.asarray(codecs.jpeg2k_decode(octets))
    ),
    **dict.fromkeys(JPEG_XL, _jpeg_xl),
    **dict.fromkeys(
        (f"{_ROOT}.201", f"{_ROOT}.202", f"{_ROOT}.203"),
        lambda codecs, octets, _samples: np.asarray(codecs.htj2k_decode(octets, planar=False)),
    ),
}
"""What decodes a frame, by transfer syntax: each of PS3.5 that neither pydicom nor Pillow decodes in every form."""
