"""Files that are more than they seem, or less: made of the answer that stands in their place."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable

from PIL import Image

from dicomweb_fixtures.entities import EXPLICIT_VR_LITTLE_ENDIAN

FILES: dict[str, Callable[[bytes], bytes]] = {}
DEFLATED = "1.2.840.10008.1.2.1.99"
_HUGE = 60000
_GROUPS = range(0x0009, 0x0009 + 2 * 17, 2)


def _named(name: str) -> Callable[[Callable[[bytes], bytes]], Callable[[bytes], bytes]]:
    def noted(function: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
        FILES[name] = function
        return function

    return noted


def element(tag: int, vr: str, value: bytes, length: int | None = None) -> bytes:
    """Return an element in Explicit VR Little Endian; `length`: what it claims instead of what it has."""
    size = len(value) if length is None else length
    head = struct.pack("<HH", tag >> 16, tag & 0xFFFF) + vr.encode()
    long = vr in {"OB", "OW", "SQ", "UN", "UT", "OD", "OF", "OL", "OV", "UC", "UR", "SV", "UV"}
    return head + (struct.pack("<xxI", size) if long else struct.pack("<H", size & 0xFFFF)) + value


def dicom(data_set: bytes, syntax: str = EXPLICIT_VR_LITTLE_ENDIAN) -> bytes:
    """Return a DICOM file with these octets for a data set."""
    meta = element(0x00020001, "OB", b"\x00\x01")
    for tag, uid in ((0x00020002, "1.2.840.10008.5.1.4.1.1.7"), (0x00020003, "2.25.1"), (0x00020010, syntax)):
        meta += element(tag, "UI", uid.encode() + b"\x00" * (len(uid) % 2))
    return bytes(128) + b"DICM" + element(0x00020000, "UL", struct.pack("<I", len(meta))) + meta + data_set


def _packed(before: bytes, megabytes: int) -> bytes:
    """Return octets and so many megabytes of zeros after them, deflated: each megabyte once, as it is the same."""
    packer = zlib.compressobj(9, wbits=-15)
    begun = packer.compress(before) + packer.flush(zlib.Z_FULL_FLUSH)
    zeros = packer.compress(bytes(1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)
    return begun + zeros * megabytes + packer.flush()


@_named("sequences 3000 deep")
def _deep(_: bytes) -> bytes:
    opened = element(0x00400275, "SQ", b"", 0xFFFFFFFF) + struct.pack("<HHI", 0xFFFE, 0xE000, 0xFFFFFFFF)
    closed = struct.pack("<HHIHHI", 0xFFFE, 0xE00D, 0, 0xFFFE, 0xE0DD, 0)
    return dicom(opened * 3000 + closed * 3000)


@_named("sequences 300 deep")
def _rather_deep(_: bytes) -> bytes:
    opened = element(0x00400275, "SQ", b"", 0xFFFFFFFF) + struct.pack("<HHI", 0xFFFE, 0xE000, 0xFFFFFFFF)
    closed = struct.pack("<HHIHHI", 0xFFFE, 0xE00D, 0, 0xFFFE, 0xE0DD, 0)
    return dicom(opened * 300 + closed * 300)


@_named("deflated bomb")
def _deflated(_: bytes) -> bytes:
    return dicom(_packed(element(0x00091010, "OB", b"", 600 << 20), 600), DEFLATED)


@_named("a million elements")
def _many(_: bytes) -> bytes:
    groups = (
        b"".join(element(group << 16 | number, "LO", b"") for number in range(0x1000, 0xFFFF)) for group in _GROUPS
    )
    return dicom(b"".join(groups))


@_named("odd length of US")
def _odd(_: bytes) -> bytes:
    return dicom(element(0x00280010, "US", b"\x01\x02\x03"))


@_named("four gigabytes announced")
def _announced(_: bytes) -> bytes:
    return dicom(element(0x7FE00010, "OB", b"\x00" * 16, 0xFFFFFFFE))


@_named("sequence without an end")
def _endless(_: bytes) -> bytes:
    return dicom(element(0x00081140, "SQ", b"", 0xFFFFFFFF))


@_named("no VR")
def _no_vr(_: bytes) -> bytes:
    return dicom(struct.pack("<HH", 0x0008, 0x0005) + b"\xff\xfe\x10\x00" + b"ISO_IR 100      ")


@_named("no transfer syntax of the world")
def _no_syntax(_: bytes) -> bytes:
    return dicom(element(0x00080005, "CS", b"ISO_IR 100"), "1.2.3.4.5.6.7")


@_named("fragments that lie")
def _fragments(_: bytes) -> bytes:
    pixels = element(0x7FE00010, "OB", b"", 0xFFFFFFFF) + struct.pack("<HHI", 0xFFFE, 0xE000, 0x7FFFFFFF) + b"\x00" * 8
    return dicom(pixels, "1.2.840.10008.1.2.4.50")


@_named("a preamble and no more")
def _preamble(_: bytes) -> bytes:
    return bytes(128) + b"DICM"


@_named("PNG of 3.6 gigapixels")
def _png(_: bytes) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    octets = (1 + _HUGE // 8) * _HUGE
    rows = b"\x78\xda" + _packed(b"", octets >> 20) + struct.pack(">I", zlib.adler32(b""))
    header = struct.pack(">IIBBBBB", _HUGE, _HUGE, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


@_named("JPEG of 3.6 gigapixels")
def _jpeg(_: bytes) -> bytes:
    file = io.BytesIO()
    Image.new("L", (16, 16)).save(file, "JPEG")
    octets = file.getvalue()
    at = octets.index(b"\xff\xc0") + 5
    return octets[:at] + struct.pack(">HH", _HUGE, _HUGE) + octets[at + 4 :]


@_named("GIF of 20,000 frames")
def _gif(_: bytes) -> bytes:
    file = io.BytesIO()
    Image.new("P", (1000, 1000)).save(file, "GIF")
    octets = file.getvalue()
    start = octets.index(b"\x2c", 13 + 3 * (2 << (octets[10] & 7)))
    frame = octets[start:-1]
    return octets[:start] + frame * 20000 + b"\x3b"


@_named("half a JPEG")
def _half(answer: bytes) -> bytes:
    return answer[: len(answer) // 2]


@_named("TIFF that points to itself")
def _tiff(_: bytes) -> bytes:
    return (
        b"II*\x00\x08\x00\x00\x00" + struct.pack("<H", 1) + struct.pack("<HHII", 256, 4, 1, 16) + struct.pack("<I", 8)
    )
