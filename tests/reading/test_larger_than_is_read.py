"""What holds more than memory does is refused before it is read, at the one door; and nobody is blamed for it."""

import struct
import tracemalloc
import zlib
from collections.abc import Callable

import pytest
from pydicom.dataset import Dataset

from dicomweb_conformance.dicom import xml_model
from dicomweb_conformance.http import limits
from dicomweb_conformance.http.unreadable import TooLargeError, UnreadableError
from dicomweb_conformance.reading import json_documents, part10_files, pixel_data, xml_octets
from dicomweb_conformance.validators.json import dicom_json
from dicomweb_conformance.validators.part10 import part10_octets
from dicomweb_conformance.validators.xml import native_xml as xml_validator

EXPLICIT, IMPLICIT, DEFLATED = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2", "1.2.840.10008.1.2.1.99"
RLE = "1.2.840.10008.1.2.5"
MANY = limits.ELEMENTS + 10
SMALL_ELEMENT = b"\x09\x00\x10\x10LO\0\0"
ROWS, NUMBERS = b"\x28\x00\x10\x00", bytes(2 * limits.VALUES + 2)
ELEMENT = b'{"00080005":{"vr":"CS","Value":["x y"]}},'
ITEM = b"\xfe\xff\x00\xe0\0\0\0\0"


def meta(syntax: str) -> bytes:
    value = syntax.encode() + b"\0" * (len(syntax) % 2)
    return bytes(128) + b"DICM\x02\x00\x10\x00UI" + struct.pack("<H", len(value)) + value


def element(tag: bytes, vr: bytes, value: bytes) -> bytes:
    return tag + vr + b"\0\0" + struct.pack("<L", len(value)) + value


def deflated(octets: bytes) -> bytes:
    squeeze = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return squeeze.compress(octets) + squeeze.flush()


def array(of: bytes) -> bytes:
    return b"[" + of * (limits.JSON_VALUES // 60) + b"0]"


FILES = {
    "elements": meta(EXPLICIT) + SMALL_ELEMENT * MANY,
    "elements in an open item": meta(EXPLICIT)
    + (b"\x08\x00\x40\x11SQ\0\0" + b"\xff" * 4 + ITEM[:4] + b"\xff" * 4 + SMALL_ELEMENT * MANY),
    "items": meta(EXPLICIT) + element(b"\x08\x00\x40\x11", b"SQ", ITEM * MANY),
    "items, implicit": meta(IMPLICIT) + b"\x08\x00\x40\x11" + struct.pack("<L", 8 * MANY) + ITEM * MANY,
    "deflated elements": meta(DEFLATED) + deflated(SMALL_ELEMENT * MANY),
    "deflated octets": meta(DEFLATED) + deflated(bytes(limits.DATA_SET + 2)),
    "values": meta(EXPLICIT) + element(b"\x28\x00\x06\x30", b"UC", b"1\\" * (limits.VALUES + 2)),
    "numbers": meta(IMPLICIT) + ROWS + struct.pack("<L", len(NUMBERS)) + NUMBERS,
}
DOCUMENTS: dict[str, tuple[Callable[[bytes], object], bytes]] = {
    **{f"a file of many {name}": (part10_files.read, octets) for name, octets in FILES.items()},
    "empty objects": (json_documents.value_of, array(b"{},")),
    "empty arrays": (json_documents.value_of, array(b"[],")),
    "numbers": (json_documents.value_of, array(b"1,")),
    "members": (json_documents.value_of, b"{" + b'"a":1,' * (limits.JSON_VALUES // 160) + b'"a":1}'),
    "wide characters": (json_documents.value_of, '["\U0001f600'.encode() + b"x" * (limits.JSON_TEXT // 4) + b'"]'),
    "XML elements": (xml_model.data_set_of, b"<a>" + b"<b/>" * (2 * limits.XML_ELEMENTS) + b"</a>"),
    "XML attributes": (xml_model.data_set_of, b"<a" + b' b="c"' * (limits.XML_ATTRIBUTES + 1) + b"/>"),
    "XML text": (xml_model.data_set_of, b"<a>" + b"x" * limits.XML_TEXT + b"</a>"),
}


@pytest.mark.parametrize(("read", "octets"), DOCUMENTS.values(), ids=DOCUMENTS)
def test_what_holds_too_much_is_refused_before_it_is_read(read: Callable[[bytes], object], octets: bytes) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(TooLargeError, match="is larger than this suite reads"):
            read(octets)
        assert tracemalloc.get_traced_memory()[1] < 96 << 20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "octets",
    [
        pytest.param(b"[" + b"{}," * (limits.JSON_VALUES // 240) + b"{}]", id="objects"),
        pytest.param(b"[" + b'{"a":1.5},' * (limits.JSON_VALUES // 320) + b"{}]", id="members"),
        pytest.param(b"[" + b"[]," * (limits.JSON_VALUES // 150) + b"0]", id="arrays"),
        pytest.param(b"[" + b'"ab",' * (limits.JSON_VALUES // 65) + b"0]", id="strings"),
        pytest.param(b"[" + ELEMENT * (limits.JSON_VALUES // 900) + b"0]", id="DICOM"),
    ],
)
def test_what_is_read_takes_no_more_than_was_foreseen(octets: bytes) -> None:
    tracemalloc.start()
    try:
        value = json_documents.value_of(octets)
        assert tracemalloc.get_traced_memory()[0] < limits.JSON_VALUES
        assert value
    finally:
        tracemalloc.stop()


def test_the_largest_data_set_that_is_read() -> None:
    octets = b"".join(
        struct.pack("<HH", 0x0009 + 2 * (number >> 12), 0x1000 + (number & 0xFFF)) + b"LO\0\0" for number in range(3000)
    )

    assert len(part10_files.read(meta(EXPLICIT) + octets)) == 3000


@pytest.mark.parametrize("digits", [5_000, 1_000_000])
def test_a_number_of_many_digits_is_read(digits: int) -> None:
    assert json_documents.value_of(b"[" + b"9" * digits + b"]") == [float("inf")]


def test_a_string_of_nothing_but_escapes_is_read() -> None:
    assert json_documents.value_of(b'["' + b"\\n" * 1_000_000 + b'"' + b",[]" * 500 + b"]")[0] == "\n" * 1_000_000


@pytest.mark.parametrize("opens", [b"[", b'{"a":'], ids=["arrays", "objects"])
def test_depth_without_an_end_cannot_be_read(opens: bytes) -> None:
    with pytest.raises(UnreadableError, match="nested more than"):
        json_documents.value_of(opens * 100_000)


def test_a_document_that_is_larger_than_is_read_speaks_against_no_row() -> None:
    found = [
        *dicom_json.judge(array(b"{},"), resource="search", own=lambda _: True),
        *xml_validator.judge(b"<a>" + b"<b/>" * (2 * limits.XML_ELEMENTS) + b"</a>"),
    ]

    assert {each.requirement for each in found} <= {"JSON-001", "JSON-002", "XML-001"}


def test_a_file_of_more_elements_than_are_read_is_judged_no_further() -> None:
    elements = b"".join(
        struct.pack("<HH", 0x0009 + 2 * (number >> 12), 0x1000 + (number & 0xFFF)) + b"LO\0\0" for number in range(MANY)
    )

    found = {each.requirement for each in part10_octets.judge(meta(EXPLICIT) + elements)}

    assert found <= {"RETRIEVE-008"}


@pytest.mark.parametrize(
    ("rows", "octets"),
    [(20_000, bytes(8)), (8, bytes(limits.CODESTREAM + 2))],
    ids=["by its rows", "by its codestream"],
)
def test_pixels_larger_than_are_decoded(rows: int, octets: bytes) -> None:
    data_set = Dataset()
    data_set.file_meta = Dataset()  # type: ignore[assignment]  # it is read like any other
    data_set.file_meta.TransferSyntaxUID = RLE
    data_set.Rows = data_set.Columns = rows
    data_set.SamplesPerPixel, data_set.BitsAllocated = 1, 8
    data_set.PixelData = ITEM + ITEM[:4] + struct.pack("<L", len(octets)) + octets

    with pytest.raises(TooLargeError):
        pixel_data.samples(data_set)


def test_an_entity_is_not_unfolded() -> None:
    laughs = "".join(f'<!ENTITY l{number} "{f"&l{number - 1};" * 10}">' for number in range(1, 10))
    octets = f'<!DOCTYPE a [<!ENTITY l0 "ha">{laughs}]><a>&l9;</a>'.encode()

    assert xml_octets.read(octets).fault == xml_octets.DECLARES_ENTITIES
