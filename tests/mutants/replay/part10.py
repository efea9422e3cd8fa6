"""Replays of DICOM files (PS3.10 7.1, PS3.5 7 and A.4)."""

from __future__ import annotations

import struct
from dataclasses import replace

from tests.mutants.replay.edits import Step, changed, unedited
from tests.mutants.replay.part10_edits import Element, added, element, elements, file, put, revalued, value, without
from tests.mutants.replay.part_edits import octets
from tests.mutants.replay.replays import Replay, replay

FILE, ENCAPSULATED, IMAGE = "instance", "encapsulated instance", "image"
META_LENGTH, META_VERSION, META_CLASS, META_INSTANCE, META_SYNTAX = (
    0x00020000,
    0x00020001,
    0x00020002,
    0x00020003,
    0x00020010,
)
PIXELS, LAST = 0x7FE00010, 0xFFFCFFFC
ITEM, ITEM_END, END = b"\xfe\xff\x00\xe0", b"\xfe\xff\x0d\xe0\0\0\0\0", b"\xfe\xff\xdd\xe0\0\0\0\0"


def of_file(what: str, change: object, *rides: str, at: str = "") -> Replay:
    """A replay of an instance in a single part."""
    return replay(what, FILE, changed(change), *rides, at=at)  # type: ignore[arg-type]  # of octets, octets


def of_pixels(what: str, of: str, change: object, *rides: str) -> Replay:
    """A replay of the pixels of the first part."""
    return replay(what, of, octets(change), *rides, at="(7FE0,0010)")  # type: ignore[arg-type]  # of octets, octets


def foreign(row: str, change: object, *rides: str, at: str, of: str = FILE) -> Replay:
    """A replay of a file that is not the one asked for, but somebody else's."""

    def edit(found: bytes) -> bytes:
        found = change(found)  # type: ignore[operator]  # of octets, octets
        return others(found)

    how: Step = changed(edit) if of == FILE else octets(edit)
    return replay(f"{row} fault-in-a-foreign-dataset", of, how, *rides, at=at)


def others(found: bytes) -> bytes:
    """Make a file one of somebody else: another UID wherever there is one of the run's, as long as it was."""
    root = found[found.index(b"\x08\x00\x18\x00UI") + 8 :][:20]
    return found.replace(root, b"1.2.826.0.1.3680043."[:20]).replace(b"DWC-", b"ABC-")


def in_implicit(found: bytes) -> bytes:
    """Write the data set in Implicit VR Little Endian, whatever File Meta says."""

    def implicit(one: Element) -> bytes:
        return struct.pack("<HHL", one.tag >> 16, one.tag & 0xFFFF, len(one.value)) + one.value

    head = file(lambda all_of_it: [each for each in all_of_it if each.tag >> 16 == 2])(found)
    return head + b"".join(implicit(each) for each in elements(found[132:]) if each.tag >> 16 != 2)


def fragments(*items: bytes, defined: bool = False) -> object:
    """Put these items into Pixel Data."""
    held = b"".join(ITEM + struct.pack("<L", len(item)) + item for item in items) + END
    length = len(held) if defined else 0xFFFFFFFF
    return put(Element(PIXELS, b"OB", held, length))


ELSEWHERE = "MULTIPART-016 names-another-instance-than-held"

FILES = (
    replay("RETRIEVE-008 file-meta-as-it-must-be", FILE, unedited),
    of_file("RETRIEVE-008 group-length-absent-or-wrong", value(META_LENGTH, b"\1\0\0\0"), at="(0002,0000)"),
    of_file("RETRIEVE-008 0002-0001-or-0002-0012-absent", without(META_VERSION), at="(0002,0001)"),
    of_file("RETRIEVE-008 no-preamble-or-no-dicm", lambda found: found[132:], at="octet N"),
    of_file("RETRIEVE-008 0002-0010-absent", without(META_SYNTAX), at="(0002,0010)"),
    of_file(
        "RETRIEVE-008 0002-0002-or-0002-0003-absent",
        without(META_CLASS),
        "RETRIEVE-009 either-pair-differs",
        at="(0002,0002)",
    ),
    of_file(
        "RETRIEVE-008 no-uid-in-group-0002",
        value(META_INSTANCE, b"1.2.03"),
        "RETRIEVE-009 either-pair-differs",
        at="(0002,0003)",
    ),
    of_file("RETRIEVE-008 does-not-parse-in-its-syntax", in_implicit, at="the data set"),
    of_file(
        "RETRIEVE-008 file-meta-not-explicit-vr-le",
        lambda found: found[:136] + b"\4\0\0\0" + found[140:],
        at="group-0002",
    ),
    replay("RETRIEVE-008b elements-ascending-and-closed", FILE, unedited),
    of_file(
        "RETRIEVE-008b an-element-out-of-ascending-order",
        added(element(LAST, "OB", b""), element(0x00080005, "CS", b"")),
        at="(0008,0005)",
    ),
    of_file(
        "RETRIEVE-008b an-element-twice-in-one-data-set",
        added(element(LAST, "OB", b""), element(LAST, "OB", b"")),
        at="(FFFC,FFFC)",
    ),
    of_file("RETRIEVE-008b an-odd-value-length", added(element(LAST, "OB", b"1")), at="(FFFC,FFFC)"),
    of_file(
        "RETRIEVE-008b value-length-no-multiple-of-vr-s", put(element(0x00720074, "FD", b"1234")), at="(0072,0074)"
    ),
    of_file(
        "RETRIEVE-008b a-vr-that-ps3-5-does-not-know", added(Element(LAST, b"ZZ", b"\0\0\0\0", 0)), at="(FFFC,FFFC)"
    ),
    of_file(
        "RETRIEVE-008b item-whose-length-not-of-content",
        put(
            element(
                0x00081140,
                "SQ",
                ITEM
                + b"\x18\0\0\0"
                + element(0x00081150, "UI", b"").octets()
                + ITEM_END
                + element(0x00081155, "UI", b"").octets(),
            )
        ),
        at="(0008,1140)[0]",
    ),
    of_file("RETRIEVE-008b octets-behind-the-last-element", lambda found: found + b"\0\0", at="octet N"),
    foreign("RETRIEVE-008b", added(element(LAST, "OB", b"1")), at="(FFFC,FFFC)"),
    replay("RETRIEVE-009 both-pairs-equal", FILE, unedited),
    of_file("RETRIEVE-009 either-pair-differs", value(META_INSTANCE, b"1.2.3\0"), at="(0002,0003) and (0008,0018)"),
)

PICTURES = (
    replay("RETRIEVE-008c offset-table-fragments-delimiter", ENCAPSULATED, unedited),
    of_pixels("RETRIEVE-008c encapsulated-with-defined-length", ENCAPSULATED, put(element(PIXELS, "OB", b"octets"))),
    of_pixels("RETRIEVE-008c native-with-undefined-length", IMAGE, fragments(b"", b"octets")),
    of_pixels("RETRIEVE-008c no-offset-table-or-no-fragment", ENCAPSULATED, fragments(b"")),
    of_pixels("RETRIEVE-008c a-fragment-of-odd-length", ENCAPSULATED, fragments(b"", b"octet")),
    of_pixels("RETRIEVE-008c offsets-that-point-to-no-fragment", ENCAPSULATED, fragments(b"\4\0\0\0", b"octets")),
    of_pixels(
        "RETRIEVE-008c another-number-of-offsets-than-frames",
        ENCAPSULATED,
        fragments(struct.pack("<LL", 0, 14), b"octets", b"octets"),
    ),
    foreign("RETRIEVE-008c", fragments(b"", b"octet"), ELSEWHERE, of=ENCAPSULATED, at="(7FE0,0010)"),
    replay("RETRIEVE-008d length-given-and-padded", IMAGE, unedited),
    of_pixels(
        "RETRIEVE-008d length-does-not-fit-the-attributes",
        IMAGE,
        revalued(PIXELS, lambda found: replace(found, value=found.value + b"\0\0", length=found.length + 2)),
    ),
    foreign(
        "RETRIEVE-008d",
        revalued(PIXELS, lambda found: replace(found, value=found.value + b"\0\0", length=found.length + 2)),
        ELSEWHERE,
        of=IMAGE,
        at="(7FE0,0010)",
    ),
)

REPLAYS = (*FILES, *PICTURES)
