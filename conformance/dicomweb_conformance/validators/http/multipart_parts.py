"""The parts of a multipart message: header fields, extent, order (PS3.18 8.6.1.2, Table 8.6.1-1)."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import pairwise

from dicomweb_conformance.http import media_types
from dicomweb_conformance.http.multipart import Kind
from dicomweb_conformance.http.observed import Answer
from dicomweb_conformance.http.quoting import Harmless
from dicomweb_conformance.validators.http import locations
from dicomweb_conformance.validators.http.multipart_survey import METADATA, Survey, SurveyedPart
from dicomweb_conformance.validators.http.part10_extent import SERIES, SOP_INSTANCE, STUDY, End
from dicomweb_conformance.validators.observation import Observation

OWNED = (
    "MULTIPART-007",
    "MULTIPART-011",
    "MULTIPART-012",
    "MULTIPART-013",
    "MULTIPART-014",
    "MULTIPART-016",
    "MULTIPART-018",
    "MULTIPART-021",
    "MULTIPART-023",
    "MULTIPART-026",
)

_OF_DICOM = frozenset({media_types.DICOM, media_types.DICOM_XML})
_FEW = 8
_MOST_EXAMPLES = 3

Found = tuple[str, SurveyedPart, str]


def observe(answer: Answer, seen: Survey) -> Iterator[Observation]:
    """Yield the observations of all rows owned here: per row a few examples of each fault, or one pass."""
    if not seen.parts:
        return
    ends = _ends(seen)
    for row, found, passes in (
        ("MULTIPART-007", ends, {"part-ends-with-last-octet-of-object"}),
        ("MULTIPART-011", ends, {"no-part-is-cut-by-a-delimiter-inside-it"}),
        ("MULTIPART-012", _content_types(seen), {"one-content-type-with-type-subtype"}),
        ("MULTIPART-013", _nested(seen), {"a-single-part-type"}),
        ("MULTIPART-014", _root(seen), {"equal"}),
        ("MULTIPART-016", _locations(answer, seen), {"names-the-resource-in-the-part"}),
        ("MULTIPART-018", _lengths(seen), {"equals-the-octets-of-the-part"}),
        ("MULTIPART-021", _order(answer, seen), {"no-mixture-met", _IN_ORDER}),
        ("MULTIPART-023", ends, {"one-part-10-file-in-each-part"}),
        ("MULTIPART-026", _encodings(seen), {"absent", "binary"}),
    ):
        yield from _observations(row, [(text, part, what) for of, text, part, what in found if of == row], passes)


def _observations(row: str, found: list[Found], passes: Collection[str]) -> Iterator[Observation]:
    worse = [each for each in found if each[0] not in passes]
    for text in dict.fromkeys(text for text, _, _ in worse):
        examples = [each for each in worse if each[0] == text]
        for _, part, received in examples[:_MOST_EXAMPLES]:
            yield Observation(row, text, part.where, received=received)
    if found and not worse:
        text, part, received = found[0]
        yield Observation(row, text, part.where if len(found) == 1 else "", received=received)


_Finding = tuple[str, str, SurveyedPart, str]
_IN_ORDER = "metadata-before-their-bulk-data"


def _ends(seen: Survey) -> list[_Finding]:
    """MULTIPART-007, -011, -023: where each part ends, by its DICOM file or its Content-Length."""
    found: list[_Finding] = []
    parts = seen.whole_parts
    following = {part.number: after for part, after in pairwise(seen.parts)}
    spread = False
    for part in parts:
        announced = _announced(part)
        if announced is not None and announced > part.length and _ends_at_a_delimiter(part, announced, seen):
            found.append(("MULTIPART-011", "a-delimiter-line-inside-a-part", part, f"{part.length} of {announced}"))
            continue
        if part.extent is None:
            if announced == part.length:
                found.append(("MULTIPART-011", "no-part-is-cut-by-a-delimiter-inside-it", part, ""))
            continue
        after = following.get(part.number)
        if part.extent.end is End.WHOLE:
            found += [
                ("MULTIPART-007", "part-ends-with-last-octet-of-object", part, ""),
                ("MULTIPART-011", "no-part-is-cut-by-a-delimiter-inside-it", part, ""),
                ("MULTIPART-023", "one-part-10-file-in-each-part", part, ""),
            ]
        elif part.extent.end is End.LINE_END:
            found.append(("MULTIPART-007", "an-extra-crlf-or-lf-at-its-end", part, f"{part.length} octets"))
        elif part.extent.end is End.SECOND_FILE:
            found.append(("MULTIPART-023", "two-files-in-one-part", part, End.SECOND_FILE.value))
        elif part.extent.end is End.SHORT and not spread:
            spread = _goes_on_in(after)
            short = _short(part, after, spread=spread)
            # Where nothing says that the part was longer, the file in it is not whole, which RETRIEVE-008 tells.
            if short[0] != "MULTIPART-007" or (announced is not None and _lacks_its_end(part, announced)):
                found.append(short)
        else:
            spread = spread and part.extent.end is End.NO_FILE
    return found


def _goes_on_in(after: SurveyedPart | None) -> bool:
    """Tell whether what follows a part is no file, as the rest of one is none."""
    return after is not None and after.extent is not None and after.extent.end is End.NO_FILE


def _short(part: SurveyedPart, after: SurveyedPart | None, *, spread: bool) -> _Finding:
    """Say why a file ends inside an element: by what follows it."""
    received = f"{part.length} octets, the last one {End.SHORT.value}"
    if spread:
        return ("MULTIPART-023", "one-file-spread-over-parts", part, received)
    if after is not None and not after.content_type.name:
        return ("MULTIPART-011", "a-delimiter-line-inside-a-part", part, received)
    return ("MULTIPART-007", "the-last-octets-missing", part, received)


def _ends_at_a_delimiter(part: SurveyedPart, announced: int, seen: Survey) -> bool:
    """Tell whether the octets announced end where a later delimiter begins: then the one in between is payload."""
    end = part.body_offset + announced
    return any(other.number > part.number and other.body_offset + other.length == end for other in seen.whole_parts)


def _content_types(seen: Survey) -> list[_Finding]:
    """MULTIPART-012."""
    found: list[_Finding] = []
    unlabelled = {fault.part for fault in seen.of(Kind.NO_BLANK_LINE, Kind.MALFORMED_HEADER)}
    for part in seen.parts:
        values = part.headers.all("Content-Type")
        if not values:
            # Where the header block itself is broken, MULTIPART-020 says so.
            if part.number not in unlabelled and (part.complete or not seen.cut):
                found.append(("MULTIPART-012", "no-content-type", part, ""))
            continue
        reading = part.content_type
        if len(set(values)) > 1:
            text = "two-different-content-type-values"
        elif not reading.name or "*" in reading.name or reading.faults:
            text = "a-value-that-does-not-parse"
        else:
            text = "one-content-type-with-type-subtype"
        found.append(("MULTIPART-012", text, part, ", ".join(values)))
    return found


def _nested(seen: Survey) -> list[_Finding]:
    """MULTIPART-013."""
    return [
        (
            "MULTIPART-013",
            "a-multipart-type" if part.content_type.name.startswith("multipart/") else "a-single-part-type",
            part,
            part.headers.get("Content-Type") or "",
        )
        for part in seen.parts
        if part.content_type.name
    ]


def _root(seen: Survey) -> list[_Finding]:
    """MULTIPART-014, and -015: the root is the first part, or the one that start names."""
    wanted = seen.content_type.media_type.of_parts
    start = (seen.content_type.media_type.parameter("start") or "").strip("<> ")
    root = next(
        (part for part in seen.parts if start and (part.headers.get("Content-ID") or "").strip("<> ") == start),
        None if start else seen.parts[0],
    )
    if not wanted or root is None or not root.content_type.name:
        return []
    announced = media_types.read(wanted)
    if (announced.name or wanted) != root.content_type.name:
        text = "different"
    elif announced.media_type.parameters and announced.media_type != root.content_type.media_type:
        text = "equal-with-different-parameters"
    else:
        text = "equal"
    return [("MULTIPART-014", text, root, f"type is {wanted}, the root part {root.headers.get('Content-Type')}")]


def _locations(answer: Answer, seen: Survey) -> list[_Finding]:
    """MULTIPART-016: of instances, XML metadata and rendered frames; a path suffix, never the host."""
    last = answer.asked.path.rpartition("/")[2]
    if not answer.asked.is_retrieve or answer.status not in {200, 206}:
        return []
    found: list[_Finding] = []
    for part in seen.whole_parts:
        name = part.content_type.name
        if name not in _OF_DICOM and last != "rendered":
            continue
        location = part.headers.get("Content-Location")
        if location is None:
            found.append(("MULTIPART-016", "absent", part, Harmless(name) if name in _OF_DICOM else name))
            continue
        named = locations.resource(location, answer.asked.url)
        held = locations.resource("/" + answer.asked.path)
        if part.extent:
            uids = part.extent.uids
            known = {"studies": uids.get(STUDY), "series": uids.get(SERIES), "instances": uids.get(SOP_INSTANCE)}
            held = held | {level: uid for level, uid in known.items() if uid}
        if last == "rendered" and "frames" not in held and named.get("instances") != held.get("instances"):
            # A presentation state is rendered as the images that it refers to, which may be anywhere (8.3.5.1.6).
            held = {} if "instances" in held else held
        if locations.contradict(named, held):
            text = "names-another-instance-than-held"
            found.append(("MULTIPART-016", text, part, f"Content-Location: {location}"))
        elif named:
            found.append(("MULTIPART-016", "names-the-resource-in-the-part", part, ""))
    return found


def _lengths(seen: Survey) -> list[_Finding]:
    """MULTIPART-018: a Content-Length that is there is right.

    One that a delimiter cut short is MULTIPART-011, and where the file in the part is short by it, MULTIPART-007 tells.
    """
    found: list[_Finding] = []
    for part in seen.whole_parts:
        values = part.headers.all("Content-Length")
        received = f"Content-Length {', '.join(values)}, {part.length} octets"
        announced = _announced(part)
        if not values:
            found.append(("MULTIPART-018", "absent", part, ""))
        elif announced is None:
            found.append(("MULTIPART-018", "no-number", part, received))
        elif any(int(value) != part.length for value in values):
            if not (_ends_at_a_delimiter(part, announced, seen) or _lacks_its_end(part, announced)):
                found.append(("MULTIPART-018", "differs-from-the-octets-of-the-part", part, received))
        else:
            found.append(("MULTIPART-018", "equals-the-octets-of-the-part", part, ""))
    return found


def _announced(part: SurveyedPart) -> int | None:
    values = part.headers.all("Content-Length")
    return int(values[0]) if values and all(value.isascii() and value.isdigit() for value in values) else None


def _lacks_its_end(part: SurveyedPart, announced: int) -> bool:
    return announced > part.length and part.extent is not None and part.extent.end is End.SHORT


def _order(answer: Answer, seen: Survey) -> list[_Finding]:
    """MULTIPART-021: metadata before the bulk data that they refer to."""
    kinds = {part.content_type.name in METADATA for part in seen.parts if part.content_type.name}
    if kinds != {True, False}:
        return [("MULTIPART-021", "no-mixture-met", seen.parts[0], "")] if kinds else []
    early = [
        (bulk, path)
        for bulk in seen.parts
        if bulk.content_type.name not in METADATA
        and (path := locations.path(bulk.headers.get("Content-Location") or "", answer.asked.url))
    ]
    wrong: list[_Finding] = []
    for part in seen.parts:
        octets = part.metadata.replace(b"\\/", b"/")
        for bulk, path in early:
            if bulk.number < part.number and path.encode() in octets:
                text = "bulk-data-before-their-metadata"
                wrong.append(("MULTIPART-021", text, bulk, f"part {part.number} refers to part {bulk.number}"))
    return wrong or [("MULTIPART-021", _IN_ORDER, seen.parts[0], "")]


def _encodings(seen: Survey) -> list[_Finding]:
    """MULTIPART-026: Content-Transfer-Encoding."""
    found: list[_Finding] = []
    for part in seen.whole_parts:
        value = part.headers.get("Content-Transfer-Encoding")
        match (value or "").strip().lower():
            case "":
                text = "absent"
            case "binary":
                text = "binary"
            case "8bit":
                text = "8bit-or-7bit-on-ascii-text"
            case "7bit":
                text = "8bit-or-7bit-on-ascii-text" if part.ascii else "7bit-on-other-octets"
            case "base64" | "quoted-printable":
                text = "base64-or-quoted-printable"
            case _:
                text = "an encoding that RFC 2045 6.1 does not know"
        found.append(("MULTIPART-026", text, part, value or ""))
    return found
