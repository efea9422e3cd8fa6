"""Good and bad Part 10 files, written octet by octet: each fault, seen and named."""

import struct
import zlib

import pytest

from dicomweb_conformance.http import limits
from dicomweb_conformance.validators import tally
from dicomweb_conformance.validators.part10 import part10_octets
from tests.validators.validating import against, passes, said

EXPLICIT, IMPLICIT, BIG, DEFLATED = (f"1.2.840.10008.1.2{end}" for end in (".1", "", ".2", ".1.99"))
RLE, JPIP = "1.2.840.10008.1.2.5", "1.2.840.10008.1.2.4.94"
SC, UID = "1.2.840.10008.5.1.4.1.1.7", "2.25.1"
LONG = {"OB", "OW", "SQ", "UN", "UT", "ZZ"}
UNDEFINED = 0xFFFFFFFF
ITEM, ITEM_END, SEQUENCE_END = "FFFEE000", "FFFEE00D", "FFFEE0DD"


def padded(text: str) -> bytes:
    return (text + "\0" * (len(text) % 2)).encode()


def el(tag: str, vr: str, value: bytes = b"", length: int | None = None, order: str = "<") -> bytes:
    """An element in Explicit VR; without VR in the form of Implicit VR and of items."""
    head = struct.pack(f"{order}HH", int(tag[:4], 16), int(tag[4:], 16)) + vr.encode()
    length = len(value) if length is None else length
    form = "L" if not vr else "HL" if vr in LONG else "H"
    return head + struct.pack(f"{order}{form}", *((0, length) if form == "HL" else (length,))) + value


def meta(syntax: str = EXPLICIT, **changes: bytes) -> bytes:
    elements = {
        "00020001": el("00020001", "OB", b"\0\1"),
        "00020002": el("00020002", "UI", padded(SC)),
        "00020003": el("00020003", "UI", padded(UID)),
        "00020010": el("00020010", "UI", padded(syntax)),
        "00020012": el("00020012", "UI", padded("1.2.3")),
    }
    elements |= {name[1:]: octets for name, octets in changes.items()}
    group = b"".join(elements.values())
    return bytes(128) + b"DICM" + el("00020000", "UL", struct.pack("<L", len(group))) + group


def us(tag: str, number: int) -> bytes:
    return el(tag, "US", struct.pack("<H", number))


HEAD = el("00080016", "UI", padded(SC)) + el("00080018", "UI", padded(UID))
IMAGE = (
    us("00280002", 1)
    + el("00280004", "CS", b"MONOCHROME2 ")
    + us("00280010", 3)
    + us("00280011", 3)
    + us("00280100", 8)
)
PIXELS = el("7FE00010", "OB", bytes(10))
GOOD = HEAD + IMAGE + PIXELS


def fragments(*items: bytes, end: bytes = el(SEQUENCE_END, "")) -> bytes:
    return el("7FE00010", "OB", length=UNDEFINED) + b"".join(el(ITEM, "", item) for item in items) + end


def test_nothing_speaks_against_a_good_file() -> None:
    found = list(part10_octets.judge(meta() + GOOD))
    assert against(found) == []
    rows = {"RETRIEVE-008", "RETRIEVE-008b", "RETRIEVE-008d", "RETRIEVE-009"}
    assert set(passes(found)) == rows


def sequence(*items: bytes) -> bytes:
    return el("00081199", "SQ", b"".join(items))


def undefined(tag: str, vr: str, *items: bytes, end: bytes = el(SEQUENCE_END, "")) -> bytes:
    return el(tag, vr, length=UNDEFINED) + b"".join(items) + end


def item_of(content: bytes) -> bytes:
    return el(ITEM, "", content)


def open_item(content: bytes, end: bytes = el(ITEM_END, "")) -> bytes:
    return el(ITEM, "", length=UNDEFINED) + content + end


LO = el("00100020", "LO", b"ID")
implicit_item = open_item(el("00080100", "", b"X "))


@pytest.mark.parametrize(
    "data_set",
    [
        HEAD + sequence(),
        HEAD + sequence(item_of(LO), item_of(b"")),
        HEAD + sequence(open_item(LO)),
        HEAD + undefined("00081199", "SQ", item_of(LO), open_item(LO)),
        HEAD + el("00090010", "LO", b"AB") + undefined("00091001", "UN", implicit_item),
        HEAD + el("00720082", "UN", b"1234"),
        HEAD
        + us("00280002", 3)
        + el("00280004", "CS", b"YBR_FULL_422")
        + us("00280010", 3)
        + us("00280011", 3)
        + us("00280100", 8)
        + el("7FE00010", "OB", bytes(18)),
        HEAD + us("00280010", 3) + PIXELS,
        HEAD + el("00280004", "CS", b"MONOCHROME2 ") + el("00280008", "IS", b"x ") + PIXELS,
        HEAD
        + us("00280002", 1)
        + el("00280004", "CS", b"MONOCHROME2 ")
        + el("00280008", "IS", b"2 ")
        + us("00280010", 3)
        + us("00280011", 3)
        + us("00280100", 1)
        + el("7FE00010", "OB", bytes(4)),
    ],
)
def test_permitted_forms_in_explicit_vr(data_set: bytes) -> None:
    assert said(part10_octets.judge(meta() + data_set)) == set()


IMPLICIT_HEAD = el("00080016", "", padded(SC)) + el("00080018", "", padded(UID))
BIG_HEAD = el("00080016", "UI", padded(SC), order=">") + el("00080018", "UI", padded(UID), order=">")


def deflated(octets: bytes) -> bytes:
    stream = zlib.compressobj(wbits=-15)
    found = stream.compress(octets) + stream.flush()
    return found + b"\0" * (len(found) % 2)


@pytest.mark.parametrize(
    ("syntax", "data_set"),
    [
        (IMPLICIT, IMPLICIT_HEAD),
        (IMPLICIT, IMPLICIT_HEAD + el("00081199", "", item_of(el("00081150", "", b"1.")))),
        (IMPLICIT, IMPLICIT_HEAD + el("00091001", "", length=UNDEFINED) + implicit_item + el(SEQUENCE_END, "")),
        (IMPLICIT, IMPLICIT_HEAD + el("7FE00010", "", bytes(10))),
        (BIG, BIG_HEAD + el("00280010", "US", b"\0\1", order=">")),
        (DEFLATED, deflated(GOOD)),
        (RLE, HEAD + fragments(b"", bytes(4))),
        (RLE, HEAD + fragments(b"\0\0\0\0", bytes(4))),
        (RLE, HEAD + el("00280008", "IS", b"2 ") + fragments(b"\0\0\0\0\x0c\0\0\0", bytes(4), bytes(4))),
        (RLE, HEAD + undefined("00880200", "SQ", item_of(fragments(b"", bytes(4)))) + fragments(b"", bytes(4))),
        (RLE, HEAD + undefined("00880200", "SQ", open_item(PIXELS)) + fragments(b"", bytes(4))),
        (JPIP, HEAD + el("00287FE0", "UT", b"http://h")),
        (JPIP, HEAD + PIXELS),
        ("1.2.840.113619.5.2", b"a private syntax that nobody here knows"),
    ],
)
def test_permitted_transfer_syntaxes(syntax: str, data_set: bytes) -> None:
    assert said(part10_octets.judge(meta(syntax) + data_set)) == set()


UNPARSABLE = "does-not-parse-in-its-syntax"
NO_GROUP = "file-meta-not-explicit-vr-le"


@pytest.mark.parametrize(
    ("octets", "observation"),
    [
        (b"", "no-preamble-or-no-dicm"),
        (GOOD, "no-preamble-or-no-dicm"),
        (meta()[128:] + GOOD, "no-preamble-or-no-dicm"),
        (bytes(128) + b"DICM" + GOOD, NO_GROUP),
        (bytes(128) + b"DICM" + el("00020010", "", padded(EXPLICIT)) + GOOD, NO_GROUP),
        (meta(_00020012=el("00020012", "UI", length=60_000)), NO_GROUP),
        (meta(_00020016=el("00020002", "UI", padded(SC))), NO_GROUP),
        (meta(_00020016=b"\2\0\x16"), NO_GROUP),
        (meta(_00020016=el("00020016", "UT")[:-2]), NO_GROUP),
        (meta(_00020010=b"") + GOOD, "0002-0010-absent"),
        (meta(_00020010=el("00020010", "UI")) + GOOD, "0002-0010-absent"),
        (meta(_00020002=b"") + GOOD, "0002-0002-or-0002-0003-absent"),
        (meta(_00020001=b"") + GOOD, "0002-0001-or-0002-0012-absent"),
        (meta(_00020012=el("00020012", "UI", b"1.02")) + GOOD, "no-uid-in-group-0002"),
        (
            bytes(128) + b"DICM" + meta()[144:] + GOOD,
            "group-length-absent-or-wrong",
        ),
        (
            bytes(128) + b"DICM" + el("00020000", "UL", b"\1\0\0\0") + meta()[144:] + GOOD,
            "group-length-absent-or-wrong",
        ),
        (meta() + GOOD[:-1], UNPARSABLE),
        (meta() + GOOD + bytes(3) + b"\1" * 20, UNPARSABLE),
        (meta(IMPLICIT) + GOOD, UNPARSABLE),
        (meta() + IMPLICIT_HEAD, UNPARSABLE),
        (meta() + BIG_HEAD, UNPARSABLE),
        (meta(BIG) + HEAD, UNPARSABLE),
        (meta(DEFLATED) + GOOD, UNPARSABLE),
        (meta(DEFLATED) + deflated(GOOD)[:-9], UNPARSABLE),
        (meta() + HEAD + item_of(b""), UNPARSABLE),
        (meta() + HEAD + undefined("00081199", "SQ", end=b""), UNPARSABLE),
        (meta() + HEAD + undefined("00081199", "SQ", open_item(LO, b"")), UNPARSABLE),
        (meta() + HEAD + undefined("00081199", "SQ", open_item(LO, b""), end=b""), UNPARSABLE),
        (meta() + HEAD + undefined("00081199", "SQ", el(ITEM, "", LO, length=60_000)), UNPARSABLE),
        (meta() + HEAD + el("00100020", "UT", length=UNDEFINED), UNPARSABLE),
        (meta() + HEAD + sequence(LO), UNPARSABLE),
        (meta() + HEAD + el("00081199", "SQ", el(ITEM, "", LO, length=60)), UNPARSABLE),
        (meta(RLE) + HEAD + fragments(b"", b"12", end=b""), UNPARSABLE),
        (meta(RLE) + HEAD + fragments(b"", end=LO), UNPARSABLE),
        (meta(RLE) + HEAD + fragments(b"", end=el(ITEM, "", length=UNDEFINED)), UNPARSABLE),
    ],
)
def test_no_part_10_file(octets: bytes, observation: str) -> None:
    assert ("RETRIEVE-008", observation) in said(part10_octets.judge(octets))


@pytest.mark.parametrize(
    ("value", "rule"),
    [(b"1.02", "begins with 0"), (b"1..2\0", "a dot between"), (b"1." * 32 + b"2\0", "64 characters")],
)
def test_the_rule_that_a_text_is_no_uid_by_is_named(value: bytes, rule: str) -> None:
    (found,) = against(part10_octets.judge(meta(_00020012=el("00020012", "UI", value)) + GOOD))
    assert any(rule in each for each in found.expected)


def test_the_encoding_that_it_rather_has_is_named() -> None:
    (found,) = against(part10_octets.judge(meta(IMPLICIT) + GOOD))
    assert found.received.endswith("it parses in Explicit VR Little Endian")


@pytest.mark.parametrize(
    ("data_set", "row", "observation"),
    [
        (LO + HEAD, "RETRIEVE-008b", "an-element-out-of-ascending-order"),
        (HEAD + LO + LO, "RETRIEVE-008b", "an-element-twice-in-one-data-set"),
        (HEAD + sequence(item_of(LO + LO)), "RETRIEVE-008b", "an-element-twice-in-one-data-set"),
        (HEAD + el("00100020", "LO", b"odd"), "RETRIEVE-008b", "an-odd-value-length"),
        (HEAD + el("00189073", "FD", bytes(4)), "RETRIEVE-008b", "value-length-no-multiple-of-vr-s"),
        (HEAD + el("00100020", "ZZ", b"ID"), "RETRIEVE-008b", "a-vr-that-ps3-5-does-not-know"),
        (GOOD + bytes(6), "RETRIEVE-008b", "octets-behind-the-last-element"),
        (GOOD + bytes(600), "RETRIEVE-008b", "octets-behind-the-last-element"),
        (
            HEAD + fragments(b"", bytes(4)),
            "RETRIEVE-008c",
            "native-with-undefined-length",
        ),
        (
            HEAD + undefined("00880200", "SQ", item_of(fragments(b"", bytes(4)))),
            "RETRIEVE-008c",
            "native-with-undefined-length",
        ),
        (
            HEAD + IMAGE + el("7FE00010", "OB", bytes(8)),
            "RETRIEVE-008d",
            "length-does-not-fit-the-attributes",
        ),
        (
            el("00080016", "UI", padded(SC)) + el("00080018", "UI", padded("2.25.2")),
            "RETRIEVE-009",
            "either-pair-differs",
        ),
        (b"", "RETRIEVE-009", "either-pair-differs"),
    ],
)
def test_a_wrong_data_set(data_set: bytes, row: str, observation: str) -> None:
    assert said(part10_octets.judge(meta() + data_set)) == {(row, observation)}


@pytest.mark.parametrize(
    "data_set",
    [
        # A sequence of undefined length that reaches beyond the item of known length around it.
        HEAD + sequence(el(ITEM, "", el("00081199", "SQ", length=UNDEFINED), length=12), el(SEQUENCE_END, "")),
        HEAD + el("00081199", "SQ", open_item(LO)[:-8], length=len(open_item(LO)) - 8) + el(ITEM_END, ""),
    ],
)
def test_what_reaches_beyond_what_is_around_it(data_set: bytes) -> None:
    assert said(part10_octets.judge(meta() + data_set)) == {("RETRIEVE-008", UNPARSABLE)}


def test_an_item_that_ends_before_its_length() -> None:
    data_set = HEAD + sequence(item_of(LO + el(ITEM_END, "") + LO))
    observation = "item-whose-length-not-of-content"
    assert said(part10_octets.judge(meta() + data_set)) == {("RETRIEVE-008b", observation)}


@pytest.mark.parametrize(
    ("pixels", "observation"),
    [
        (PIXELS, "encapsulated-with-defined-length"),
        (fragments(b""), "no-offset-table-or-no-fragment"),
        (fragments(b"", b"odd"), "a-fragment-of-odd-length"),
        (fragments(b"\0\0", b"even"), "offsets-that-point-to-no-fragment"),
        (fragments(b"\4\0\0\0", b"even"), "offsets-that-point-to-no-fragment"),
        (fragments(b"\0\0\0\0\x08\0\0\0", b"even", b"even"), "offsets-that-point-to-no-fragment"),
        (fragments(b"\0\0\0\0\x0c\0\0\0", b"even", b"even"), "another-number-of-offsets-than-frames"),
    ],
)
def test_wrong_fragments(pixels: bytes, observation: str) -> None:
    assert ("RETRIEVE-008c", observation) in said(part10_octets.judge(meta(RLE) + HEAD + pixels))


def test_depth_ends_in_an_observation() -> None:
    deep = el("00081199", "SQ", length=UNDEFINED) + el(ITEM, "", length=UNDEFINED)
    assert said(part10_octets.judge(meta() + HEAD + deep * 100_000)) == {("RETRIEVE-008", UNPARSABLE)}


@pytest.mark.parametrize("behind", [b"\r\n", b"\n", meta() + GOOD], ids=["CRLF", "LF", "another file"])
def test_what_the_rows_of_the_envelope_say_of_the_end_is_not_said_here(behind: bytes) -> None:
    assert said(part10_octets.judge(meta() + GOOD + behind)) == set()


def test_octets_behind_a_deflated_data_set() -> None:
    octets = meta(DEFLATED) + deflated(GOOD) + b"more"
    assert said(part10_octets.judge(octets)) == {("RETRIEVE-008b", "octets-behind-the-last-element")}


def test_a_deflated_data_set_larger_than_is_read_is_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "DATA_SET", 20)
    assert said(part10_octets.judge(meta(DEFLATED) + deflated(GOOD))) == set()


def test_a_value_that_looks_like_the_start_of_a_file_is_a_value() -> None:
    value = bytes(120) + b"DICM\2\0" + bytes(2)
    assert said(part10_octets.judge(meta() + HEAD + el("00100020", "LO", value))) == set()


def test_a_long_path_is_cut() -> None:
    content = LO + LO
    for _ in range(40):
        content = sequence(item_of(content))
    (found,) = against(part10_octets.judge(meta() + HEAD + content))
    assert len(found.where) == 303


def test_rows_are_milder_with_data_of_others_and_quote_nothing() -> None:
    octets = meta(_00020003=el("00020003", "UI", padded("1.2.99"))) + HEAD + el("00100020", "LO", b"odd")
    found = against(part10_octets.judge(octets, own=False))
    assert [each.observation for each in found] == [tally.FOREIGN, "either-pair-differs"]
    assert not [each for each in found if "1.2.99" in each.received]
