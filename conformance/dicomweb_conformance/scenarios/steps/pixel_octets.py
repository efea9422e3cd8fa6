"""Octets of frames and bulk data in an answer: taken out of what carries them, and held against those stored."""

from __future__ import annotations

from dataclasses import dataclass

from dicomweb_conformance.checks.expect import Expectation, offered
from dicomweb_conformance.http import media_types, multipart
from dicomweb_conformance.http.exchanges import Response
from dicomweb_conformance.http.quoting import Partly
from dicomweb_conformance.http.unreadable import UnreadableError
from dicomweb_conformance.reading import picture_files, pixel_data
from dicomweb_fixtures.entities import Instance

RLE = "1.2.840.10008.1.2.5"
JPEG_BASELINE = "1.2.840.10008.1.2.4.50"
ANY_SYNTAX = f"{media_types.MULTIPART_OCTETS}; transfer-syntax=*"
JPEG, ITEM = b"\xff\xd8", b"\xfe\xff\x00\xe0"
"""How a JPEG begins, and an item of encapsulated Pixel Data."""
_IDCT_TOLERANCE = 2
DEFLATE = "application/x-deflate"
IMAGE_RLE = ("image/dicom-rle", "image/x-dicom-rle")
# Table 8.7.3-4 and Table 8.7.3-5 of PS3.18, with the old names of two types.
BULK_DATA_TYPES = frozenset(
    {
        media_types.OCTET_STREAM,
        DEFLATE,
        *IMAGE_RLE,
        *(f"image/{each}" for each in ("jpeg", "jls", "x-jls", "jp2", "jpx", "jphc", "jxl")),
        *(f"video/{each}" for each in ("mpeg", "mp4", "h265")),
    }
)


@dataclass(frozen=True)
class Item:
    """A part of a multipart, or the whole of an answer that is none: what it says it is, and its octets."""

    content_type: str
    location: str | None
    octets: bytes

    @property
    def name(self) -> str:
        """The media type in lower case."""
        return media_types.name_of(self.content_type)

    @property
    def transfer_syntax(self) -> str | None:
        """The transfer-syntax parameter of the media type."""
        return media_types.read(self.content_type).media_type.parameter("transfer-syntax")


def items_of(response: Response) -> list[Item]:
    """Return what an answer holds.

    Raises:
        MultipartError: it is labelled as a multipart and cannot be read as one.
    """
    if not media_types.name_of(response.content_type).startswith("multipart/"):
        return [Item(response.content_type, response.headers.get("Content-Location"), response.body)]
    parts = multipart.parts_of(response.content_type, response.body)
    return [Item(part.kind, part.headers.get("Content-Location"), part.body) for part in parts]


def items_in(it: Expectation, *, of: str | None = None) -> list[Item]:
    """Return what a 200 holds, multipart or single part; report a body that holds no bulk data, and end the block."""
    expected = [f"multipart/related with {media_types.OCTET_STREAM} parts"]
    try:
        items = items_of(it.response)
    except multipart.MultipartError as error:
        it.cannot_read(error, expected[0], of=of)
    wrong = [item.content_type or "no Content-Type" for item in items if item.name not in BULK_DATA_TYPES]
    if wrong or not items:
        received = f"{it.status_line}; {', '.join(wrong) or 'a multipart without parts'}"
        it.finds("the body is not what was asked for", expected=expected, received=received, of=of)
        it.concludes()
    return items


def items_in_rle(it: Expectation, *, of: str) -> list[Item]:
    """Return the items of an answer in image/dicom-rle, which a server need not offer.

    Args:
        it: the expectation on the answer.
        of: the row of the octets; that of the type is the check's first.

    Raises:
        NotApplicable: the answer is of another type.
    """
    if it.response.status == 404:
        it.observes("404-although-octet-stream-gives-200")
        it.concludes()
    it.has_status(200, 406)
    if it.response.status == 406:
        it.observes("406")
        it.concludes()
    items = items_in(it, of=of)
    offered(items[0].name in IMAGE_RLE, "image/dicom-rle is answered in another type")
    return items


def joined(items: list[Item]) -> bytes:
    """Return the octets of all items, one after the other."""
    return b"".join(item.octets for item in items)


def equals(found: bytes, stored: bytes) -> bool:
    """Tell whether octets are those stored, a pad octet apart that makes an odd number even (PS3.5 8.2)."""
    return found == stored or is_padded(found, stored)


def is_padded(found: bytes, stored: bytes) -> bool:
    """Tell whether octets are those stored, an odd number of them, and one pad octet."""
    return found == stored + b"\0" and len(stored) % 2 == 1


def are_frames(items: list[Item], frames: tuple[bytes, ...]) -> bool:
    """Tell whether items are these frames in this order: one for each, or one with all back to back (8.7.3.3)."""
    if len(items) == len(frames):
        return all(equals(item.octets, frame) for item, frame in zip(items, frames, strict=True))
    return equals(joined(items), b"".join(frames))


def difference(found: bytes, stored: bytes) -> str:
    """Say how octets differ from those stored, for a reader."""
    if len(found) != len(stored):
        begin = f"; they begin {found[:16].hex(' ') or 'with nothing'}"
        return Partly(f"{len(found)} octets rather than {len(stored)}", begin)
    at = next(place for place, pair in enumerate(zip(found, stored, strict=True)) if pair[0] != pair[1])
    return Partly(
        f"octet {at} of {len(found)} differs",
        f": {found[at]:02X} rather than {stored[at]:02X}; they begin {found[:16].hex(' ')}",
    )


def codestreams(instance: Instance) -> tuple[bytes, ...]:
    """Return the frames of an encapsulated image as they are stored.

    Raises:
        UnreadableError: they cannot be told apart.
    """
    return tuple(pixel_data.frames(instance.dataset.PixelData, max(len(instance.frames), 1)))


def is_codestream(octets: bytes, instance: Instance) -> bool:
    """Tell whether octets are a frame as it is stored, with or without its pad octet."""
    return any(octets.rstrip(b"\0") == codestream.rstrip(b"\0") for codestream in codestreams(instance))


def decodes_to(octets: bytes, syntax: str, instance: Instance, frame: int) -> bool:
    """Tell whether a codestream shows a frame, which counts from 1, of an instance that was compressed without loss."""
    try:
        pixels = pixel_data.samples_of_frame(octets, syntax, instance.dataset)
    except UnreadableError:
        return False
    return bool(pixels.tobytes() == instance.frames[frame - 1])


def frame_in_rle(octets: bytes, instance: Instance) -> int:
    """Return the number of the frame that a codestream in RLE shows; 0 where it shows none."""
    for number, stored in enumerate(codestreams(instance), 1):
        same = octets.rstrip(b"\0") == stored.rstrip(b"\0")
        if same or decodes_to(octets, RLE, instance, number):
            return number
    return 0


def is_near(found: bytes, frame: bytes) -> bool:
    """Tell whether 8-bit samples are those of a frame, the rounding of an inverse DCT apart (ISO/IEC 10918-2)."""
    return len(found) == len(frame) and all(
        abs(one - other) <= _IDCT_TOLERANCE for one, other in zip(found, frame, strict=True)
    )


def jpeg_samples(octets: bytes) -> bytes | None:
    """Return the samples of a grey JPEG; None where it cannot be decoded."""
    try:
        return picture_files.samples_as_stored(octets)
    except UnreadableError:
        return None
