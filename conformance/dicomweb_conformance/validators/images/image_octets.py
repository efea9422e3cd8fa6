"""Images as octets: compressed bulk data (PS3.18 8.7.3.3.2) and renderings (8.7.4) against what their type says.

Only headers are read, no image is decoded.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dicomweb_conformance.http import media_types
from dicomweb_conformance.validators.observation import Observation
from dicomweb_conformance.validators.tally import Tally, shown

OWNED = ("BULKDATA-024", "BULKDATA-025", "RENDERED-003", "RENDERED-012", "RENDERED-013", "RENDERED-014")

_ROOT = "1.2.840.10008.1.2."
_JP2_BOX = b"\0\0\0\x0cjP  "
_CODESTREAM = b"\xff\x4f\xff\x51"
_MAGICS: dict[str, tuple[bytes, ...]] = {
    "image/jpeg": (b"\xff\xd8\xff",),
    "image/gif": (b"GIF87a", b"GIF89a"),
    "image/png": (b"\x89PNG\r\n\x1a\n",),
    "image/jp2": (_JP2_BOX, _CODESTREAM),
    "image/jxl": (b"\xff\x0a", b"\0\0\0\x0cJXL "),
    "application/pdf": (b"%PDF-",),
    "text/rtf": (b"{\\rtf",),
}
_RENDERED = frozenset(
    {*_MAGICS, "image/jph", "video/mpeg", "video/mp4", "video/h265", "text/html", "text/plain", "text/xml"}
)


@dataclass(frozen=True)
class _Row:
    """A row of Table 8.7.3-5: family of codestreams, and the transfer syntaxes behind 1.2.840.10008.1.2."""

    family: str
    syntaxes: tuple[str, ...]


_TABLE = {
    "image/jpeg": _Row("JPEG", ("4.50", "4.51", "4.57", "4.70")),
    "image/dicom-rle": _Row("RLE", ("5",)),
    "image/jls": _Row("JPEG-LS", ("4.80", "4.81")),
    "image/jp2": _Row("JPEG 2000", ("4.90", "4.91")),
    "image/jpx": _Row("JPEG 2000", ("4.92", "4.93")),
    "image/jphc": _Row("HTJ2K", ("4.201", "4.202", "4.203")),
    "image/jxl": _Row("JPEG XL", ("4.110", "4.111", "4.112")),
    "video/mpeg": _Row("", ("4.100", "4.100.1", "4.101", "4.101.1")),
    "video/mp4": _Row("", tuple(f"4.{number}{form}" for number in range(102, 107) for form in ("", ".1"))),
    "video/h265": _Row("", ("4.107", "4.108")),
}
_OLD_NAMES = {"image/x-dicom-rle": "image/dicom-rle", "image/x-jls": "image/jls"}
# Start of frame by transfer syntax (PS3.5 8.2.1): what follows the FF of the marker.
_FRAMES = {"4.50": {0xC0}, "4.51": {0xC0, 0xC1}, "4.57": {0xC3}, "4.70": {0xC3}}


@dataclass(frozen=True)
class _StartOfFrame:
    marker: int
    precision: int


def judge_bulk_data(content_type: str, octets: bytes, *, is_frame: bool = False) -> Iterator[Observation]:
    """Judge one compressed part of bulk data or frames (BULKDATA-024, -025).

    Args:
        content_type: of the part, or of an answer in a single part. One that is not in Table 8.7.3-5 is not judged, but
            for a frame that is called octets of a compressed syntax.
        octets: what it holds.
        is_frame: whether it is of a frame, and so of one codestream.
    """
    tally = Tally()
    try:
        media_type = media_types.parse(content_type)
    except media_types.MediaTypeError:
        return
    name = _OLD_NAMES.get(media_type.name, media_type.name)
    if name == media_types.OCTET_STREAM and is_frame:
        yield from _judge_label(media_type.parameter("transfer-syntax") or "", octets)
    if name not in _TABLE:
        return
    row, observed = _TABLE[name], "BULKDATA-024"
    if name != media_type.name:
        tally.sees(observed, "old-media-type-name", "Content-Type", media_type.name)
    parameter = media_type.parameter("transfer-syntax")
    syntax = parameter.removeprefix(_ROOT) if parameter is not None else None
    family = _family(octets)
    if syntax is not None and syntax not in row.syntaxes:
        expected = tuple(f"{_ROOT}{each}" for each in row.syntaxes)
        observation = "syntax-parameter-outside-the-type"
        tally.sees(observed, observation, "Content-Type", shown(parameter), expected=expected)
    elif row.family and family != row.family:
        observation = "codestream-of-another-family"
        tally.sees(observed, observation, "octet 0", f"{family or 'none that is known'}", expected=(row.family,))
    elif syntax in _FRAMES and (frame := _start_of_frame(octets)) and frame.marker not in _FRAMES[syntax]:
        observation = "codestream-of-another-syntax"
        tally.sees(observed, observation, "start of frame", f"FF{frame.marker:02X} under {parameter}")
    tally.meets(observed, "the-three-fit-a-row-of-table-8-7-3-5")
    if name in {"image/jp2", "image/jpx"}:
        _judge_bare(tally, octets)
    yield from tally.observations()


def _judge_label(syntax: str, octets: bytes) -> Iterator[Observation]:
    """Judge what a frame in application/octet-stream is said to be, which decides how viewers decode it (8.7.9)."""
    families = {row.family for row in _TABLE.values() if syntax.removeprefix(_ROOT) in row.syntaxes and row.family}
    if not families or not syntax.startswith(_ROOT):
        return
    tally, found = Tally(), _family(octets)
    if found not in families:
        said = f"{found or 'none that is known'} under {syntax}"
        tally.sees("BULKDATA-024", "codestream-of-another-syntax", "octet 0", said, expected=tuple(families))
    else:
        tally.meets("BULKDATA-024", "the-three-fit-a-row-of-table-8-7-3-5")
    yield from tally.observations()


def _judge_bare(tally: Tally, octets: bytes) -> None:
    if octets.startswith(_CODESTREAM):
        tally.meets("BULKDATA-025", "ff4f-ff51")
    elif octets.startswith(_JP2_BOX):
        tally.sees("BULKDATA-025", "jp2-box", "octet 0")
    else:
        tally.sees("BULKDATA-025", "any-other-start", "octet 0", octets[:8].hex(" "))


def _family(octets: bytes) -> str:
    """Name the family of a codestream; empty where none is known."""
    if octets.startswith(b"\xff\xd8\xff"):
        frame = _start_of_frame(octets)
        return "JPEG-LS" if frame is not None and frame.marker == 0xF7 else "JPEG"
    if octets.startswith((_CODESTREAM, _JP2_BOX)):
        at = octets.find(_CODESTREAM)
        # CAP (FF50) follows SIZ in what Part 15 made of JPEG 2000.
        behind = at + 4 + int.from_bytes(octets[at + 4 : at + 6], "big")
        return "HTJ2K" if octets[behind : behind + 2] == b"\xff\x50" else "JPEG 2000"
    if octets.startswith(_MAGICS["image/jxl"]):
        return "JPEG XL"
    # PS3.5 G.5: the number of segments, then where each begins; the first behind the header.
    segments = int.from_bytes(octets[:4], "little")
    return "RLE" if 1 <= segments <= 15 and octets[4:8] == b"\x40\0\0\0" else ""


def _start_of_frame(octets: bytes) -> _StartOfFrame | None:
    """Return the first start of frame of a JPEG or JPEG-LS codestream (ITU-T T.81 B.1)."""
    at = 2
    while at + 9 <= len(octets) and octets[at] == 0xFF:
        marker = octets[at + 1]
        if marker == 0xFF:
            at += 1
        elif marker == 0xF7 or (0xC0 <= marker <= 0xCF and marker not in {0xC4, 0xC8, 0xCC}):
            return _StartOfFrame(marker, octets[at + 4])
        else:
            at += 2 + int.from_bytes(octets[at + 2 : at + 4], "big")
    return None


def judge_rendered(content_type: str, octets: bytes) -> Iterator[Observation]:
    """Judge one rendering (RENDERED-003, -012 to -014).

    Args:
        content_type: of the part, or of an answer in a single part; empty where there was none.
        octets: what it holds; not empty.
    """
    tally = Tally()
    name, row = media_types.name_of(content_type), "RENDERED-003"
    if not name or "*" in name:
        tally.sees(row, "wildcard-or-empty-content-type", "Content-Type", shown(content_type))
    elif name in {media_types.DICOM, media_types.OCTET_STREAM}:
        tally.sees(row, "dicom-or-octet-stream", "Content-Type", name)
    elif name in {media_types.DICOM_JSON, media_types.DICOM_XML}:
        tally.sees(row, "metadata in place of a rendering", "Content-Type", name)
    elif name not in _RENDERED:
        tally.sees(row, "another-documented-rendered-type", "Content-Type", shown(name))
    elif name in _MAGICS and not octets.startswith(_MAGICS[name]):
        observation = "octets-of-another-type"
        tally.sees(row, observation, "octet 0", octets[:8].hex(" "), expected=(name,))
    else:
        tally.meets(row, "type-of-table-8-7-4-1-and-octets-of-type")
        if name == "image/jpeg":
            _judge_jpeg(tally, octets)
        elif name == "image/png":
            _judge_png(tally, octets)
    if name == "image/jph":
        _judge_jph(tally, octets)
    yield from tally.observations()


def _judge_jpeg(tally: Tally, octets: bytes) -> None:
    row, frame = "RENDERED-012", _start_of_frame(octets)
    if frame is None:
        tally.sees(row, "no-sof-marker")
        return
    said = f"FF{frame.marker:02X} with precision {frame.precision}"
    if frame.marker in {0xC0, 0xC1, 0xC2} and frame.precision != 8:
        tally.sees(row, "precision-12-or-16", "start of frame", said)
    elif frame.marker == 0xC0:
        tally.meets(row, "ffc0-with-precision-8")
    elif frame.marker == 0xC1:
        tally.sees(row, "ffc1-with-precision-8", "start of frame", said)
    elif frame.marker == 0xC2:
        tally.sees(row, "ffc2-as-text-also-says-non-sequential", "start of frame", said)
    else:
        tally.sees(row, "ffc3-or-any-lossless-process", "start of frame", said)


def _judge_png(tally: Tally, octets: bytes) -> None:
    # Signature, length and type of IHDR, width, height: then the depth (PNG 11.2.2).
    if len(octets) > 24 and octets[24] > 8:
        tally.sees("RENDERED-013", "16-bits-per-channel", "IHDR", f"{octets[24]} bits")
    elif len(octets) > 24:
        tally.meets("RENDERED-013", "8-bits-per-channel-or-fewer")


def _judge_jph(tally: Tally, octets: bytes) -> None:
    if octets.startswith(_JP2_BOX):
        tally.meets("RENDERED-014", "jp2-signature-box")
    elif octets.startswith(_CODESTREAM):
        tally.sees("RENDERED-014", "bare-codestream", "octet 0")
    else:
        tally.sees("RENDERED-014", "another-start", "octet 0", octets[:8].hex(" "))
