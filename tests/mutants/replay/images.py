"""Replays of compressed bulk data (PS3.18 8.7.3.3.2) and renderings (8.7.4)."""

from __future__ import annotations

from tests.mutants.replay.edits import Step, both, changed, typed, unedited
from tests.mutants.replay.part_edits import octets, of_part
from tests.mutants.replay.replays import Replay, replay

RLE, JPEG, PNG, GIF = "frames in RLE", "JPEG", "PNG", "GIF"
FIRST = "Content-Type"
JP2_BOX, CODESTREAM = b"\0\0\0\x0cjP  \r\n\x87\n", b"\xff\x4f\xff\x51\0\x04\0\0\xff\x5c"
JPEG_LOSSLESS = b"\xff\xd8\xff\xc3\0\x0b\x08\0\x10\0\x10\1\1\x11\0\xff\xd9"


def coded(what: str, content_type: str, held: bytes, *rides: str, at: str = "") -> Replay:
    """A replay of frames of this type and these octets."""
    root = content_type.partition(";")[0]
    envelope = lambda message: message.with_fields(  # noqa: E731 - a step
        "Content-Type", message.content_type.replace("image/dicom-rle", root)
    )
    return replay(
        what, RLE, both(envelope, of_part("Content-Type", content_type), octets(lambda _: held)), *rides, at=at
    )


def started(marker: bytes, precision: bytes = b"\x08") -> Step:
    """Give a JPEG another start of frame."""

    def edit(body: bytes) -> bytes:
        at = body.index(b"\xff\xc0")
        return body[:at] + b"\xff" + marker + body[at + 2 : at + 4] + precision + body[at + 5 :]

    return changed(edit)


def deep(body: bytes) -> bytes:
    """Make a PNG one of 16 bits for each channel, by its header."""
    return body[:24] + b"\x10" + body[25:]


SYNTAX = "1.2.840.10008.1.2"
COMPRESSED = (
    replay("BULKDATA-024 the-three-fit-a-row-of-table-8-7-3-5", RLE, unedited),
    replay(
        "BULKDATA-024 old-media-type-name",
        RLE,
        both(
            lambda message: typed(message.content_type.replace("image/dicom-rle", "image/x-dicom-rle"))(message),
            of_part("Content-Type", "image/x-dicom-rle"),
        ),
        at=FIRST,
    ),
    replay(
        "BULKDATA-024 syntax-parameter-outside-the-type",
        RLE,
        of_part("Content-Type", f"image/dicom-rle; transfer-syntax={SYNTAX}.4.50"),
        at=FIRST,
    ),
    coded("BULKDATA-024 codestream-of-another-family", "image/dicom-rle", JPEG_LOSSLESS, at="octet N"),
    coded(
        "BULKDATA-024 codestream-of-another-syntax",
        f"image/jpeg; transfer-syntax={SYNTAX}.4.50",
        JPEG_LOSSLESS,
        at="start of frame",
    ),
    coded("BULKDATA-025 ff4f-ff51", "image/jp2", CODESTREAM),
    coded("BULKDATA-025 jp2-box", "image/jp2", JP2_BOX + CODESTREAM, at="octet N"),
    coded(
        "BULKDATA-025 any-other-start",
        "image/jp2",
        JPEG_LOSSLESS,
        "BULKDATA-024 codestream-of-another-family",
        at="octet N",
    ),
)

RENDERED = (
    replay("RENDERED-003 type-of-table-8-7-4-1-and-octets-of-type", GIF, unedited),
    replay(
        "RENDERED-003 another-documented-rendered-type",
        GIF,
        both(typed("image/webp"), changed(lambda _: b"RIFF\0\0\0\0WEBP")),
        at=FIRST,
    ),
    replay("RENDERED-003 dicom-or-octet-stream", GIF, typed("application/octet-stream"), at=FIRST),
    replay("RENDERED-003 octets-of-another-type", GIF, typed("image/png"), at="octet N"),
    replay(
        "RENDERED-003 wildcard-or-empty-content-type",
        GIF,
        typed("image/*"),
        "HTTP-004 a-value-without-type-subtype",
        at=FIRST,
    ),
    replay("RENDERED-012 ffc0-with-precision-8", JPEG, unedited),
    replay("RENDERED-012 ffc1-with-precision-8", JPEG, started(b"\xc1"), at="start of frame"),
    replay("RENDERED-012 ffc2-as-text-also-says-non-sequential", JPEG, started(b"\xc2"), at="start of frame"),
    replay("RENDERED-012 ffc3-or-any-lossless-process", JPEG, started(b"\xc3"), at="start of frame"),
    replay("RENDERED-012 precision-12-or-16", JPEG, started(b"\xc1", b"\x0c"), at="start of frame"),
    replay("RENDERED-012 no-sof-marker", JPEG, started(b"\xda")),
    replay("RENDERED-013 8-bits-per-channel-or-fewer", PNG, unedited),
    replay("RENDERED-013 16-bits-per-channel", PNG, changed(deep), at="IHDR"),
    replay("RENDERED-014 jp2-signature-box", GIF, both(typed("image/jph"), changed(lambda _: JP2_BOX + CODESTREAM))),
    replay("RENDERED-014 bare-codestream", GIF, both(typed("image/jph"), changed(lambda _: CODESTREAM)), at="octet N"),
    replay("RENDERED-014 another-start", GIF, typed("image/jph"), at="octet N"),
)


REPLAYS = (*COMPRESSED, *RENDERED)
