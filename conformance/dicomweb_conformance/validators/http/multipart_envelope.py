"""The envelope of a multipart message: its Content-Type, its boundary, its lines (PS3.18 8.6.1.2, RFC 2046 5.1)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dicomweb_conformance.http import media_types
from dicomweb_conformance.http.media_types import Written
from dicomweb_conformance.http.multipart import Fault, Kind
from dicomweb_conformance.http.observed import Answer
from dicomweb_conformance.validators.http.multipart_survey import Survey
from dicomweb_conformance.validators.observation import Observation

OWNED = (
    "MULTIPART-001",
    "MULTIPART-002",
    "MULTIPART-003",
    "MULTIPART-004",
    "MULTIPART-005",
    "MULTIPART-006",
    "MULTIPART-008",
    "MULTIPART-009",
    "MULTIPART-010",
    "MULTIPART-020",
)

_CONTENT_TYPE = "Content-Type"
_MOST_EXAMPLES = 3


def observe(answer: Answer, seen: Survey) -> Iterator[Observation]:
    """Yield the observations of all rows owned here."""
    yield from _labelled(answer, seen)
    if seen.labelled:
        yield from _type(answer, seen)
        yield from _boundary(answer, seen)
    if not seen.boundary:
        return
    yield from _delimiters(answer, seen)
    if seen.has(Kind.NO_DELIMITER) and not seen.parts:
        return
    yield from _lines(seen)
    yield from _closing(seen)
    yield from _around(seen)
    yield from _blank_lines(seen)


def _labelled(answer: Answer, seen: Survey) -> Iterator[Observation]:
    """MULTIPART-001: an envelope is labelled so, and nothing else is."""
    no_envelope = not seen.parts and not seen.has(Kind.NO_PARTS) and not _delimiter_like(seen)
    if not seen.labelled:
        text = "single-part-type-on-multipart-envelope"
    elif no_envelope and not seen.cut:
        text = "multipart-type-on-body-no-envelope"
    elif seen.content_type.name == media_types.MULTIPART_RELATED:
        text = "multipart-related"
    else:
        text = "another-multipart-subtype"
    received = media_types.without_boundary(answer.content_type)
    yield Observation("MULTIPART-001", text, where=_CONTENT_TYPE, received=received)


def _type(answer: Answer, seen: Survey) -> Iterator[Observation]:
    """MULTIPART-002: the type parameter."""
    if seen.content_type.name != media_types.MULTIPART_RELATED:
        return
    value = seen.content_type.media_type.parameter("type")
    if not value:
        text = "absent-or-empty"
    elif ";" in value:
        text = "parameters-inside-the-quotes"
    else:
        text = "present-quoted-or-unquoted"
    received = media_types.without_boundary(answer.content_type)
    yield Observation("MULTIPART-002", text, where=_CONTENT_TYPE, received=received)


def _boundary(answer: Answer, seen: Survey) -> Iterator[Observation]:
    """MULTIPART-003, -004, -005: the boundary parameter, its value, how it is written."""
    value = seen.content_type.media_type.parameter("boundary")
    if not value:
        yield Observation("MULTIPART-003", "absent-or-empty", where=_CONTENT_TYPE, received=answer.content_type)
        return
    yield Observation("MULTIPART-003", "present-and-non-empty", where=_CONTENT_TYPE, received=answer.content_type)
    yield from _boundary_value(value, seen)
    yield from _boundary_writing(value, answer, seen)


def _boundary_value(value: str, seen: Survey) -> Iterator[Observation]:
    where = f"{_CONTENT_TYPE}, boundary"
    texts = []
    if seen.has(Kind.BOUNDARY_TOO_LONG):
        texts.append("longer-than-70-characters")
    if seen.has(Kind.BOUNDARY_ENDS_IN_BLANK):
        texts.append("ends-in-a-blank")
    if seen.has(Kind.BOUNDARY_CHARACTER) and not seen.has(Kind.NO_DELIMITER):
        texts.append("character-outside-the-set")
    if not texts and not seen.has(Kind.BOUNDARY_CHARACTER):
        texts.append("boundary-of-1-to-70-characters")
    for text in texts:
        yield Observation("MULTIPART-004", text, where=where, received=f"{len(value)} characters: {value[:100]!r}")


def _boundary_writing(value: str, answer: Answer, seen: Survey) -> Iterator[Observation]:
    how = seen.content_type.how("boundary")
    if how is not Written.QUOTED and (" " in value or _cut_short(value, answer, seen)):
        text = "unquoted-and-cut-short"
    elif how is Written.QUOTED:
        text = "quoted"
    elif how is Written.TOKEN:
        text = "unquoted-and-a-token"
    else:
        text = "unquoted-with-special-character"
    yield Observation("MULTIPART-005", text, where=f"{_CONTENT_TYPE}, boundary", received=answer.content_type)


def _cut_short(value: str, answer: Answer, seen: Survey) -> bool:
    """Tell whether the body's delimiter goes on as Content-Type does behind the semicolon."""
    used = seen.first_line.removeprefix("--")
    written = answer.content_type.partition(f"={value};")
    return bool(written[1]) and used.startswith(f"{value};") and f"{value};{written[2]}".startswith(used)


def _delimiters(answer: Answer, seen: Survey) -> Iterator[Observation]:
    """MULTIPART-006: two hyphens and the boundary of Content-Type at the start of each part."""
    value = seen.content_type.media_type.parameter("boundary") or ""
    if not seen.labelled or not value or (seen.cut and not seen.parts):
        return
    if seen.has(Kind.NO_DELIMITER):
        if not _delimiter_like(seen):
            return  # MULTIPART-001: no envelope at all
        if seen.first_line in {value, f"-{value}"}:
            text = "one-hyphen-or-none"
        elif seen.first_line.replace("'", "") == f"--{value}".replace("'", ""):
            text = "single-quotes-missing-or-added"
        elif _cut_short(value, answer, seen):
            return  # MULTIPART-005: the value that was meant does occur
        else:
            text = "boundary-not-in-the-body"
        yield Observation("MULTIPART-006", text, "first line", (f"--{value}",), seen.first_line[:100])
        return
    padded = seen.of(Kind.PADDING)
    for fault in padded[:_MOST_EXAMPLES]:
        yield _of("MULTIPART-006", "blanks-between-boundary-and-line-end", fault)
    if not padded:
        yield Observation("MULTIPART-006", "delimiter-at-start-of-each-part")


def _lines(seen: Survey) -> Iterator[Observation]:
    """MULTIPART-008: CRLF."""
    yield from _each("MULTIPART-008", "bare-lf-or-bare-cr", seen.of(Kind.BARE_LINE_END), "crlf")


def _closing(seen: Survey) -> Iterator[Observation]:
    """MULTIPART-009: the closing delimiter; a message that the wire shows to be cut is HTTP-007."""
    if not seen.cut:
        missing = seen.of(Kind.NO_CLOSING_DELIMITER)
        yield from _each("MULTIPART-009", "no-closing-delimiter", missing, "closing-delimiter")


def _around(seen: Survey) -> Iterator[Observation]:
    """MULTIPART-010: preamble and epilogue."""
    outside = seen.of(Kind.PREAMBLE, Kind.EPILOGUE)
    yield from _each("MULTIPART-010", "a-preamble-or-epilogue-with-other-octets", outside, "nothing")


def _blank_lines(seen: Survey) -> Iterator[Observation]:
    """MULTIPART-020: header lines, then a blank line."""
    missing = seen.of(Kind.NO_BLANK_LINE)
    for fault in missing[:_MOST_EXAMPLES]:
        yield _of("MULTIPART-020", "none-so-that-body-octets-read-as-headers", fault)
    others = seen.of(Kind.MALFORMED_HEADER)
    for fault in others[:_MOST_EXAMPLES]:
        yield _of("MULTIPART-020", fault.kind.value, fault)
    if seen.parts and not missing and not others:
        yield Observation("MULTIPART-020", "an-empty-crlf-line")


def _delimiter_like(seen: Survey) -> bool:
    value = seen.content_type.media_type.parameter("boundary") or ""
    return seen.first_line.startswith("--") or (bool(value) and seen.first_line in {value, f"-{value}"})


def _each(row: str, text: str, faults: Sequence[Fault], otherwise: str) -> Iterator[Observation]:
    """Yield the first faults of a message as one observation each, or what passes."""
    for fault in faults[:_MOST_EXAMPLES]:
        yield _of(row, text, fault)
    if not faults:
        yield Observation(row, otherwise)


def _of(row: str, text: str, fault: Fault) -> Observation:
    where = f"part {fault.part}" if fault.part else f"octet {fault.offset}"
    return Observation(row, text, where, received=fault.line or fault.kind.value)
