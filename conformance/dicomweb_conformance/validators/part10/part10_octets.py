"""Part 10 files (PS3.10 7.1): judges octets that claim to be application/dicom."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress

from dicomweb_conformance.http.quoting import Harmless
from dicomweb_conformance.http.unreadable import TooLargeError, UnreadableError
from dicomweb_conformance.reading import deflated
from dicomweb_conformance.validators.observation import Observation
from dicomweb_conformance.validators.part10 import data_set_octets as octets_of
from dicomweb_conformance.validators.part10 import pixel_data
from dicomweb_conformance.validators.part10.data_set_octets import Broken, Encoding
from dicomweb_conformance.validators.tally import Tally, shown

OWNED = (
    "RETRIEVE-008",
    "RETRIEVE-008b",
    "RETRIEVE-008c",
    "RETRIEVE-008d",
    "RETRIEVE-009",
)

FILE, DATA_SET, FRAGMENTS, PIXELS, IDENTITY = OWNED
_WELL_FORMED = "file-meta-as-it-must-be"
_UNPARSABLE = "does-not-parse-in-its-syntax"
_ROOT = "1.2.840.10008.1.2"
_ENCODINGS = {
    _ROOT: octets_of.IMPLICIT_LITTLE,
    f"{_ROOT}.1": octets_of.EXPLICIT_LITTLE,
    f"{_ROOT}.2": octets_of.EXPLICIT_BIG,
    f"{_ROOT}.1.99": Encoding("Deflated Explicit VR Little Endian"),
}
_DEFLATED = frozenset({f"{_ROOT}.1.99", f"{_ROOT}.4.95", f"{_ROOT}.4.205"})
# JPIP: Pixel Data is elsewhere.
_REFERENCED = frozenset({f"{_ROOT}.4.{number}" for number in (94, 95, 204, 205)})
_ENCAPSULATED = re.compile(rf"{re.escape(_ROOT)}\.(?:4\.[0-9.]+|5|1\.98|8\.1)")
_UID = re.compile(r"(?:0|[1-9][0-9]*)(?:\.(?:0|[1-9][0-9]*))*")
_IDENTIFYING = (0x0002_0003, 0x0008_0018, 0x0010_0020, 0x0020_000D, 0x0020_000E)
_GROUP_LENGTH, _VERSION, _SOP_CLASS, _INSTANCE, _SYNTAX, _IMPLEMENTATION = (
    0x0002_0000,
    0x0002_0001,
    0x0002_0002,
    0x0002_0003,
    0x0002_0010,
    0x0002_0012,
)


def judge(octets: bytes, *, own: bool = True) -> Iterator[Observation]:
    """Judge one file by the rows of `OWNED`.

    Args:
        octets: the payload of a single part answer, or of one part.
        own: whether the suite stored the instance. Of others no value is quoted.

    Yields:
        What speaks against a row, at most `tally.EXAMPLES` times each; and one pass for each row that is met.
    """
    tally = Tally()
    if octets[128:132] != b"DICM":
        at = octets[:4] == b"DICM"
        tally.sees(FILE, "no-preamble-or-no-dicm", "octet 0" if at else "octet 128", "DICM at octet 0" if at else "")
    else:
        with suppress(TooLargeError):
            _judge_file(tally, octets, own)
    yield from tally.observations()


def identity(octets: bytes | memoryview) -> dict[str, str] | None:
    """Return Patient ID and UIDs of a file by tag, that of File Meta Information too.

    Returns:
        what the file has of them; None where there is no file that can be read, or anything else behind it.
    """
    view = memoryview(octets)
    if bytes(view[128:132]) != b"DICM":
        return None
    try:
        meta, start = _meta(Tally(), view)
        syntax = _text(meta.get(_SYNTAX, b""))
        encoding = _encoding(syntax)
        if encoding is None:
            return None
        offset, behind = start, b""
        if syntax in _DEFLATED:
            content, behind = deflated.inflated(view[start:])
            view, offset = memoryview(content), 0
        walked = octets_of.walk(view, offset, encoding)
    except (Broken, UnreadableError):
        return None
    if bytes(view[walked.end :]).strip(b"\0\r\n") or behind.strip(b"\0\r\n"):
        return None
    found = {_INSTANCE: meta.get(_INSTANCE, b""), **walked.values}
    return {f"{tag:08X}": text for tag in _IDENTIFYING if (text := _text(found.get(tag, b"")))}


def unread(error: UnreadableError) -> Observation:
    """Return what it is that pydicom stumbles over a file in which nothing was found here."""
    if "(" in error.where:  # a tag
        return Observation(DATA_SET, "a-value-that-is-none-of-its-vr", error.where, received=error.why)
    return Observation(FILE, _UNPARSABLE, error.where, received=error.why)


def is_of_its_end(seen: Observation) -> bool:
    """Tell whether an observation may come of it that the file ends too early."""
    return seen.requirement == FILE and seen.observation == _UNPARSABLE


def _judge_file(tally: Tally, octets: bytes, own: bool) -> None:
    try:
        meta, start = _meta(tally, memoryview(octets))
    except Broken as broken:
        tally.sees(FILE, "file-meta-not-explicit-vr-le", "group-0002", str(broken))
        return
    _judge_meta(tally, meta, own)
    syntax = _text(meta.get(_SYNTAX, b""))
    encoding = _encoding(syntax)
    if encoding is None:
        return
    view, offset, behind = memoryview(octets), start, b""
    if syntax in _DEFLATED:
        try:
            inflated, behind = deflated.inflated(octets[start:])
        except UnreadableError as error:
            tally.sees(FILE, _UNPARSABLE, f"octet {start}", f"under {syntax}: {error.why}", own=own)
            return
        view, offset = memoryview(inflated), 0
    try:
        walked = octets_of.walk(view, offset, encoding)
    except Broken as broken:
        # Tags, counts and the name of a known encoding: no value of the data set.
        why = Harmless(f"under {syntax}: {broken}{_rather(view, offset, encoding)}")
        tally.sees(FILE, _UNPARSABLE, "the data set", why)
        return
    _judge_data_set(tally, walked, own)
    # The octet that makes a deflated data set even is no part of it.
    _judge_end(tally, bytes(view[walked.end :]) + behind.removeprefix(b"\0"), walked.end, own)
    _judge_identity(tally, meta, walked.values, own)
    _judge_pixels(tally, view, walked, syntax, encoding, own)


def _meta(tally: Tally, view: memoryview) -> tuple[dict[int, bytes], int]:
    """Return the elements of group 0002 and where they end.

    Raises:
        Broken: the group is not in Explicit VR Little Endian.
    """
    found: dict[int, bytes] = {}
    at, behind_length, before = 132, 0, 0
    while at < len(view) and bytes(view[at : at + 2]) == b"\x02\x00":
        element = octets_of.header(view, at, len(view), octets_of.EXPLICIT_LITTLE)
        at = element.start + element.length
        if at > len(view):
            raise Broken(f"{element.where} goes beyond the end")
        if element.tag <= before:
            raise Broken(f"{element.where} is out of order")
        before = element.tag
        found[element.tag] = bytes(view[element.start : min(at, element.start + 256)])
        if element.tag == _GROUP_LENGTH:
            behind_length = at
    if not found:
        raise Broken("no element of it at octet 132")
    length = found.get(_GROUP_LENGTH, b"")
    if len(length) != 4 or int.from_bytes(length, "little") != at - behind_length:
        said = str(int.from_bytes(length, "little")) if length else "absent"
        tally.sees(
            FILE,
            "group-length-absent-or-wrong",
            "(0002,0000)",
            said,
            expected=(str(at - behind_length),) if length else (),
        )
    return found, at


def _judge_meta(tally: Tally, meta: dict[int, bytes], own: bool) -> None:
    """Judge what must be in group 0002."""
    for tag, observation in (
        (_SYNTAX, "0002-0010-absent"),
        (_SOP_CLASS, "0002-0002-or-0002-0003-absent"),
        (_INSTANCE, "0002-0002-or-0002-0003-absent"),
        (_VERSION, "0002-0001-or-0002-0012-absent"),
        (_IMPLEMENTATION, "0002-0001-or-0002-0012-absent"),
    ):
        if not meta.get(tag):
            tally.sees(FILE, observation, _place(tag), "absent-or-empty")
    for tag in (_SYNTAX, _SOP_CLASS, _INSTANCE, _IMPLEMENTATION):
        if (uid := _text(meta.get(tag, b""))) and not _is_uid(uid):
            tally.sees(FILE, "no-uid-in-group-0002", _place(tag), shown(uid, own=own), expected=(_rule_of_uids(uid),))
    tally.meets(FILE, _WELL_FORMED)


def _place(tag: int) -> str:
    return f"({tag >> 16:04X},{tag & 0xFFFF:04X})"


def _text(value: bytes) -> str:
    return value.rstrip(b"\0 ").decode("latin-1")


def _is_uid(text: str) -> bool:
    return len(text) <= 64 and _UID.fullmatch(text) is not None


def _rule_of_uids(text: str) -> str:
    """Return the rule of PS3.5 9.1 that a text is no UID by."""
    if len(text) > 64:
        return "a UID of at most 64 characters"
    components = text.split(".")
    if all(each.isascii() and each.isdecimal() for each in components):
        return "a UID of which no component of several digits begins with 0"
    return "a UID of digits with a dot between each two components"


def _encoding(syntax: str) -> Encoding | None:
    """Return how data sets of a transfer syntax are encoded; None where this suite does not know it."""
    if syntax in _REFERENCED or _ENCAPSULATED.fullmatch(syntax):
        return octets_of.EXPLICIT_LITTLE
    return _ENCODINGS.get(syntax)


def _rather(view: memoryview, start: int, claimed: Encoding) -> str:
    """Say in which other encoding the data set would parse."""
    for other in (octets_of.EXPLICIT_LITTLE, octets_of.IMPLICIT_LITTLE, octets_of.EXPLICIT_BIG):
        if other.explicit == claimed.explicit and other.order == claimed.order:
            continue
        try:
            octets_of.walk(view, start, other)
        except Broken:
            continue
        return f"; it parses in {other.name}"
    return ""


def _judge_data_set(tally: Tally, walked: octets_of.Walked, own: bool) -> None:
    for observation, where in walked.faults:
        tally.sees(DATA_SET, observation, where, own=own)
    tally.meets(DATA_SET, "elements-ascending-and-closed")


def _judge_end(tally: Tally, rest: bytes, end: int, own: bool) -> None:
    # A line end is the envelope's (MULTIPART-007), and so is another file (MULTIPART-023).
    if rest and rest not in {b"\r\n", b"\n"} and rest[128:132] != b"DICM":
        tally.sees(DATA_SET, octets_of.BEHIND, f"octet {end}", f"{len(rest)} octets", own=own)


def _judge_identity(tally: Tally, meta: dict[int, bytes], values: dict[int, bytes], own: bool) -> None:
    pairs = ((_SOP_CLASS, 0x0008_0016), (_INSTANCE, 0x0008_0018))
    for of_file, of_data_set in pairs:
        one, other = _text(meta.get(of_file, b"")), _text(values.get(of_data_set, b""))
        if one != other:
            received = f"{one} and {other}" if own else ""
            tally.sees(
                IDENTITY, "either-pair-differs", f"{_place(of_file)} and {_place(of_data_set)}", received, own=own
            )
    tally.meets(IDENTITY, "both-pairs-equal")


def _judge_pixels(
    tally: Tally, view: memoryview, walked: octets_of.Walked, syntax: str, encoding: Encoding, own: bool
) -> None:
    element = walked.pixel_data
    if not _ENCAPSULATED.fullmatch(syntax):
        for where in walked.nested_fragments:
            tally.sees(FRAGMENTS, pixel_data.ENCAPSULATED_IN_NATIVE, where, own=own)
    if element is None or syntax in _REFERENCED:
        return
    if _ENCAPSULATED.fullmatch(syntax):
        for observation in pixel_data.fragment_faults(view, element, walked, encoding):
            tally.sees(FRAGMENTS, observation, "(7FE0,0010)", own=own)
        tally.meets(FRAGMENTS, "offset-table-fragments-delimiter")
        return
    if element.length == octets_of.UNDEFINED:
        tally.sees(FRAGMENTS, pixel_data.ENCAPSULATED_IN_NATIVE, "(7FE0,0010)", own=own)
        return
    expected = pixel_data.native_length(walked.values, encoding)
    if expected is None:
        return
    if element.length != expected:
        tally.sees(
            PIXELS,
            pixel_data.WRONG_LENGTH,
            "(7FE0,0010)",
            f"{element.length} octets",
            expected=(f"{expected} octets",),
            own=own,
        )
    tally.meets(PIXELS, "length-given-and-padded")
