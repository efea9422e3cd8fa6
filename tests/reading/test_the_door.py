"""What a server's octets become at the one door: values to the last of them, or a sentence with the place."""

import io
import logging
import struct
import warnings
import zlib

import pydicom
import pytest
from PIL import Image

from dicomweb_conformance.dicom import xml_model
from dicomweb_conformance.http import limits
from dicomweb_conformance.http.unreadable import DEEPEST, Form, TooLargeError, UnreadableError, quietly
from dicomweb_conformance.reading import json_documents, part10_files, picture_files, pixel_data, values
from dicomweb_fixtures.corpus import Corpus

EXPLICIT = "1.2.840.10008.1.2.1"
DEFLATED = "1.2.840.10008.1.2.1.99"


def element(tag: int, vr: str, value: bytes) -> bytes:
    head = struct.pack("<HH2s", tag >> 16, tag & 0xFFFF, vr.encode())
    if vr in {"OB", "OW", "SQ", "UN", "UT"}:
        return head + struct.pack("<HL", 0, len(value)) + value
    return head + struct.pack("<H", len(value)) + value


def file(data_set: bytes, syntax: str = EXPLICIT) -> bytes:
    uid = syntax.encode() + b"\0" * (len(syntax) % 2)
    meta = element(0x00020003, "UI", b"1.2.3\0") + element(0x00020010, "UI", uid)
    return bytes(128) + b"DICM" + element(0x00020000, "UL", struct.pack("<L", len(meta))) + meta + data_set


def item(content: bytes) -> bytes:
    return struct.pack("<HHL", 0xFFFE, 0xE000, len(content)) + content


def nested(depth: int) -> bytes:
    content = b""
    for _ in range(depth):
        content = element(0x00081140, "SQ", item(content))
    return content


def nested_without_lengths(depth: int) -> bytes:
    content = b""
    for _ in range(depth):
        inner = struct.pack("<HHL", 0xFFFE, 0xE000, 0xFFFFFFFF) + content + struct.pack("<HHL", 0xFFFE, 0xE00D, 0)
        end = struct.pack("<HHL", 0xFFFE, 0xE0DD, 0)
        content = struct.pack("<HH2sHL", 0x0008, 0x1140, b"SQ", 0, 0xFFFFFFFF) + inner + end
    return content


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    return Corpus(1)


UID = element(0x00080018, "UI", b"1.2.3\0")


@pytest.mark.parametrize(
    ("octets", "sentence"),
    [
        (b"", "the data set cannot be read: octet 128, where DICM should stand: it is no Part 10 file"),
        (b"x" * 300, "the data set cannot be read: octet 128, where DICM should stand: it is no Part 10 file"),
        (
            file(UID + element(0x00280010, "US", b"\1\0\0")),
            "the data set cannot be read: (0028,0010): it has length 3, US takes 2 octets each",
        ),
        (
            file(UID + element(0x00081140, "SQ", item(element(0x00189073, "FD", b"\1\0\0")))),
            "the data set cannot be read: (0008,1140)[1]/(0018,9073): it has length 3, FD takes 8 octets each",
        ),
        (
            file(UID + element(0x00280010, "ZZ", b"\1\0")),
            "the data set cannot be read: (0028,0010): it has the VR 'ZZ', which PS3.5 does not know",
        ),
        (
            file(UID + element(0x00200013, "IS", b"9" * 5000)),
            "the data set cannot be read: (0020,0013): its 5000 octets are no value of VR IS (OverflowError)",
        ),
        (
            file(UID + element(0x7FE00010, "OW", b"\0\0") + b"behiND the last one"),
            "the data set cannot be read: (6562,6968): it has the VR 'ND', which PS3.5 does not know",
        ),
        (
            file(UID + element(0x7FE00010, "OW", b"\0\0\0\0")[:-2]),
            "the data set cannot be read: (7FE0,0010): it breaks off after 2 of 4 octets",
        ),
        (
            file(
                UID
                + struct.pack("<HH2sHL", 0x7FE0, 0x0010, b"OB", 0, 0xFFFFFFFF)
                + struct.pack("<HHL", 0xFFFE, 0xE000, 8)
                + b"\xff"
            ),
            "the data set cannot be read: it breaks off within an element",
        ),
        (file(nested(300)), f"the data set cannot be read: its sequences are nested more than {DEEPEST} deep"),
        (
            file(nested_without_lengths(400)),
            f"the data set cannot be read: its sequences are nested more than {DEEPEST} deep",
        ),
        (file(b"no deflate at all", DEFLATED), "the data set cannot be read: it is no deflate: "),
        (
            file(zlib.compress(UID, wbits=-15)[:-3], DEFLATED),
            "the data set cannot be read: the deflated octets do not end",
        ),
    ],
)
def test_a_data_set_that_cannot_be_read(octets: bytes, sentence: str) -> None:
    with pytest.raises(UnreadableError) as caught:
        part10_files.read(octets)

    assert str(caught.value).startswith(sentence)
    assert caught.value.form is Form.DICOM


def test_a_deflated_data_set_that_is_larger_than_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "DATA_SET", 1000)

    with pytest.raises(TooLargeError, match="it unpacks to more than"):
        part10_files.read(file(zlib.compress(bytes(100_000), wbits=-15), DEFLATED))


def test_every_value_is_converted_when_the_file_was_read(corpus: Corpus) -> None:
    for instance in corpus.elements.instances:
        found = part10_files.read(instance.part10)
        waiting = [found]
        while waiting:
            data_set = waiting.pop()
            for tag in data_set.keys():  # noqa: SIM118 - iterating a data set would convert its elements
                raw = data_set.get_item(tag)
                assert isinstance(raw, pydicom.DataElement), tag
                if raw.VR == "SQ":
                    waiting.extend(raw.value)


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"", "the JSON cannot be read: character 0: Expecting value"),
        (b'{"a": 1', "the JSON cannot be read: character 7: Expecting"),
        ("[]".encode("utf-16"), "the JSON cannot be read: octet 0: it is not in UTF-8"),
        (b"[" * 100_000, "the JSON cannot be read: it is nested more than"),
        (b'{"a":' * 300 + b"1" + b"}" * 300, "the JSON cannot be read: it is nested more than"),
    ],
)
def test_json_that_cannot_be_read(body: bytes, sentence: str) -> None:
    with pytest.raises(UnreadableError) as caught:
        json_documents.value_of(body)

    assert str(caught.value).startswith(sentence)


def test_json_is_read_as_well_as_it_can_be() -> None:
    value = json_documents.value_of(b'\xef\xbb\xbf{"a": [1, NaN, ' + b"7" * 5000 + b'], "a": "\\ud800x", "\\udc00": 2}')

    assert value == {"a": r"\ud800x", r"\udc00": 2}
    assert json_documents.value_of(b"[" + b"7" * 5000 + b"]") == [float("inf")]
    assert json_documents.value_of(b'["\\ud83d\\ude00"]') == ["\N{GRINNING FACE}"]


def test_brackets_in_strings_nest_nothing() -> None:
    text = '["' + "[{" * 1000 + '\\"' + "[" * 500 + '"]'
    assert json_documents.value_of(text.encode()) == ["[{" * 1000 + '"' + "[" * 500]
    assert json_documents.value_of(b"[" + b"[]," * 5000 + b"[]]") == [[]] * 5001


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"\0",
        b"<a/>",
        b"<NativeDicomModel>",
        b"<?xml version='1.0' encoding='x-none'?><NativeDicomModel/>",
        b"<!DOCTYPE a [<!ENTITY x 'y'>]><NativeDicomModel>&x;</NativeDicomModel>",
        b"<NativeDicomModel>" + b"<Item>" * 300 + b"</Item>" * 300 + b"</NativeDicomModel>",
        "<NativeDicomModel/>".encode("utf-16")[:-1],
    ],
)
def test_xml_that_cannot_be_read(octets: bytes) -> None:
    with pytest.raises(UnreadableError, match=r"^the XML document cannot be read: "):
        xml_model.data_set_of(octets)


def jpeg() -> bytes:
    octets = io.BytesIO()
    Image.new("RGB", (64, 48), "red").save(octets, "JPEG")
    return octets.getvalue()


@pytest.mark.parametrize("octets", [b"", b"GIF89a", b"\x89PNG\r\n\x1a\n", jpeg()[:200], b"%PDF-1.4", jpeg()[:-30]])
def test_a_picture_that_cannot_be_read(octets: bytes) -> None:
    with pytest.raises(UnreadableError, match=r"^the image cannot be read: ") as caught:
        picture_files.read(octets)

    assert "0x" not in str(caught.value)


def test_pixels_that_do_not_decode(corpus: Corpus) -> None:
    data_set = part10_files.read(corpus.ct_pair.instances[0].part10)
    data_set.PixelData = b"\0\0"

    with pytest.raises(UnreadableError, match=r"^the pixels cannot be read: \(7FE0,0010\): ValueError"):
        pixel_data.samples(data_set)


def test_more_pixels_than_are_read(corpus: Corpus) -> None:
    data_set = part10_files.read(corpus.ct_pair.instances[0].part10)
    data_set.add(pydicom.DataElement(0x00280008, "LO", "100000"))
    data_set.Rows = data_set.Columns = 65535

    with pytest.raises(TooLargeError, match=r"^the pixels are larger than this suite reads: they are "):
        pixel_data.samples(data_set)


@pytest.mark.parametrize(("rows", "frames"), [(None, 1), (64, "many")])
def test_pixels_of_an_odd_description(corpus: Corpus, rows: int | None, frames: object) -> None:
    data_set = part10_files.read(corpus.ct_pair.instances[0].part10)
    data_set.add(pydicom.DataElement(0x00280008, "LO", str(frames)))
    data_set.Rows = data_set.Columns = rows

    with pytest.raises(UnreadableError, match=r"^the pixels cannot be read: "):
        pixel_data.samples(data_set)


def test_values_are_of_the_type_that_was_asked_for() -> None:
    odd = (
        element(0x00280008, "LO", b"1\\2 ") + element(0x00280010, "LO", b"64") + element(0x7FE00010, "US", b"\1\0\2\0")
    )
    data_set = part10_files.read(file(odd))

    assert values.number(data_set, "NumberOfFrames", 1) == 1
    assert values.number(data_set, "Rows") == 0
    assert values.octets(data_set, "PixelData") == b""
    assert values.items(data_set, 0x00280010) == []
    assert values.syntax(data_set) == EXPLICIT
    assert values.syntax(pydicom.Dataset()) == ""
    assert not values.is_encapsulated("1.2.3")


def test_no_warning_or_log_line_of_a_library_gets_out(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    octets = file(element(0x00080005, "CS", b"ISO_IR 999 ") + element(0x00100010, "PN", b"\xff\xfe^x"))

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        part10_files.read(octets)

    assert not caplog.records
    logging.getLogger("pydicom").warning("still heard")
    assert [record.message for record in caplog.records] == ["still heard"]


def test_logging_is_as_it_was_where_something_is_raised() -> None:
    before = logging.root.manager.disable

    with pytest.raises(ValueError, match="x"), quietly():
        raise ValueError("x")

    assert logging.root.manager.disable == before


def test_an_empty_value_of_no_known_vr_is_a_place_in_a_file_that_cannot_be_read() -> None:
    file = Corpus(1).multiframe.instances[0].part10
    at = file.index(b"\x28\x00\x08\x00IS")
    length = int.from_bytes(file[at + 6 : at + 8], "little")
    broken = file[: at + 4] + b"ZZ\0\0" + file[at + 8 + length :]

    with pytest.raises(UnreadableError, match=r"\(0028,0008\): it has the VR 'ZZ', which PS3.5 does not know"):
        part10_files.read(broken)
    assert part10_files.read_apart(broken)[0x00280008] == b""
