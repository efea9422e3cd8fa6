"""Where a DICOM file ends is found for every file of the corpus, and for files that end otherwise."""

import struct
from collections.abc import Iterator
from io import BytesIO

import pytest
from pydicom import Dataset, Sequence, dcmread, dcmwrite
from pydicom.dataset import FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    RLELossless,
)

from dicomweb_conformance.validators.http.part10_extent import (
    SERIES,
    SOP_INSTANCE,
    STUDY,
    TRANSFER_SYNTAX,
    End,
    Extent,
    ExtentReader,
)
from dicomweb_fixtures.corpus import Corpus
from dicomweb_fixtures.entities import Instance
from tests.validators.http.judged_answers import cuts


def instances() -> Iterator[Instance]:
    for study in Corpus(20240115).all_studies():
        if study.name != "encoded.deflated":  # where such a file ends is known to who inflates it
            yield from study.instances


def extent(octets: bytes) -> Extent:
    """How a file ends; the same however it is cut."""
    found = []
    for chunks in cuts(octets, 1, 7, 1000, len(octets) or 1):
        reader = ExtentReader()
        for chunk in chunks:
            reader.feed(chunk)
        found.append(reader.close())
    assert all(each == found[0] for each in found)
    return found[0]


def part10(syntax: str = ExplicitVRLittleEndian) -> bytes:
    """A file with sequences, UIDs, an empty value and pixels in a transfer syntax."""
    item = Dataset()
    item.CodeValue = "1"
    item.ConceptNameCodeSequence = Sequence([Dataset(), Dataset()])
    item["ConceptNameCodeSequence"].is_undefined_length = True
    data_set = Dataset()
    data_set.SOPClassUID = UID("1.2.840.10008.5.1.4.1.1.7")
    data_set.SOPInstanceUID = UID("1.2.3.4.5")
    data_set.StudyInstanceUID = UID("1.2.3")
    data_set.SeriesInstanceUID = UID("1.2.3.4")
    data_set.PatientName = ""
    data_set.ConceptNameCodeSequence = Sequence([item])
    data_set["ConceptNameCodeSequence"].is_undefined_length = True
    data_set.ContentSequence = Sequence([item])
    data_set.PixelData = encapsulate([b"\1\2", b"\3\4"]) if syntax == RLELossless else b"\0\1\2\3"
    data_set["PixelData"].VR = "OB"
    data_set.file_meta = FileMetaDataset()
    data_set.file_meta.TransferSyntaxUID = UID(syntax)
    data_set.file_meta.MediaStorageSOPClassUID = data_set.SOPClassUID
    data_set.file_meta.MediaStorageSOPInstanceUID = data_set.SOPInstanceUID
    buffer = BytesIO()
    dcmwrite(buffer, data_set, enforce_file_format=True)
    return buffer.getvalue()


def test_every_file_of_the_corpus_is_whole() -> None:
    ends = {}
    for instance in instances():
        reader = ExtentReader()
        for chunk in next(cuts(instance.part10, 997)):
            reader.feed(chunk)
        found = reader.close()
        ends[instance.sop_instance_uid] = found.end
        assert found.uids[SOP_INSTANCE] == instance.sop_instance_uid
        assert found.uids[STUDY] == instance.study_instance_uid
        assert found.uids[SERIES] == instance.series_instance_uid
        assert found.uids[TRANSFER_SYNTAX] == dcmread(BytesIO(instance.part10)).file_meta.TransferSyntaxUID
    assert set(ends.values()) == {End.WHOLE}


@pytest.mark.parametrize(
    "syntax",
    [
        pytest.param(ExplicitVRLittleEndian, id="explicit-little"),
        pytest.param(ImplicitVRLittleEndian, id="implicit-little"),
        pytest.param(ExplicitVRBigEndian, id="explicit-big"),
        pytest.param(RLELossless, id="encapsulated"),
    ],
)
def test_each_encoding_is_walked(syntax: str) -> None:
    octets = part10(syntax)

    assert extent(octets).end is End.WHOLE
    assert extent(octets + b"\r\n").end is End.LINE_END
    assert extent(octets + b"\n").end is End.LINE_END
    assert extent(octets[:-1]).end is End.SHORT
    assert extent(octets + octets).end is End.SECOND_FILE
    assert extent(octets).uids[STUDY] == "1.2.3"


TIFF = b"II*\0" + bytes(124)


@pytest.mark.parametrize(
    ("octets", "end"),
    [
        pytest.param(b"", End.NO_FILE, id="nothing"),
        pytest.param(bytes(200), End.NO_FILE, id="no-dicm"),
        pytest.param(part10() + TIFF + part10()[128:], End.SECOND_FILE, id="second-file-with-a-tiff-preamble"),
        pytest.param(part10() + bytes(2), End.UNKNOWN, id="padding"),
        pytest.param(part10() + bytes(200), End.UNKNOWN, id="zeros"),
        pytest.param(part10() + bytes(20), End.UNKNOWN, id="few-zeros"),
        pytest.param(part10(DeflatedExplicitVRLittleEndian), End.UNKNOWN, id="deflated"),
        pytest.param(bytes(128) + b"DICM", End.SHORT, id="nothing-after-the-prefix"),
        pytest.param(bytes(128) + b"DICM\x08\0\x05\0CS\0\0", End.UNKNOWN, id="no-file-meta"),
        pytest.param(part10().replace(b"OB\0\0", b"O?\0\0", 1), End.UNKNOWN, id="no-vr"),
        pytest.param(part10().replace(b"OB\0\0", b"ZZ\0\0"), End.UNKNOWN, id="unknown-vr"),
    ],
)
def test_other_ends(octets: bytes, end: End) -> None:
    assert extent(octets).end is end


def element(tag: int, vr: bytes, length: int, value: bytes = b"") -> bytes:
    return struct.pack("<HH2sHI", tag >> 16, tag & 0xFFFF, vr, 0, length) + value


def item(tag: int, length: int, value: bytes = b"") -> bytes:
    return struct.pack("<HHI", tag >> 16, tag & 0xFFFF, length) + value


ITEM, ITEM_END, SEQUENCE_END, UNDEFINED = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD, 0xFFFFFFFF
IMPLICIT = item(0x00080100, 2, b"1 ")
ENDS = item(ITEM_END, 0) + item(SEQUENCE_END, 0)


def nested(depth: int) -> bytes:
    begin = element(0x00081115, b"SQ", UNDEFINED) + item(ITEM, UNDEFINED)
    return begin * depth + ENDS * depth


@pytest.mark.parametrize(
    ("tail", "end"),
    [
        pytest.param(
            element(0x7FE10010, b"UN", UNDEFINED) + item(ITEM, UNDEFINED, IMPLICIT) + ENDS,
            End.WHOLE,
            id="un-of-undefined-length-is-implicit",
        ),
        pytest.param(
            element(0x7FE10010, b"SQ", UNDEFINED)
            + item(ITEM, UNDEFINED, element(0x00081140, b"UN", UNDEFINED) + item(ITEM, UNDEFINED, IMPLICIT) + ENDS)
            + ENDS,
            End.WHOLE,
            id="un-inside-an-item",
        ),
        pytest.param(
            element(0x7FE10010, b"SQ", UNDEFINED) + item(ITEM, 0) + item(SEQUENCE_END, 0), End.WHOLE, id="empty-item"
        ),
        pytest.param(
            element(0x7FE10010, b"SQ", UNDEFINED) + item(0x00080100, 2, b"1 "), End.UNKNOWN, id="no-item-in-a-sequence"
        ),
        pytest.param(
            element(0x7FE10010, b"SQ", UNDEFINED) + item(ITEM, 100, b"1 "), End.SHORT, id="cut-inside-an-item"
        ),
        pytest.param(
            element(0x7FE10010, b"SQ", UNDEFINED) + item(ITEM, UNDEFINED) + nested(70),
            End.UNKNOWN,
            id="nested-too-deep",
        ),
    ],
)
def test_sequences_behind_the_pixels(tail: bytes, end: End) -> None:
    assert extent(part10() + tail).end is end


@pytest.mark.parametrize(
    "fragments",
    [
        pytest.param(item(ITEM, UNDEFINED), id="fragment-of-undefined-length"),
        pytest.param(item(ITEM_END, 0), id="no-fragment"),
    ],
)
def test_fragments_that_are_none_say_nothing(fragments: bytes) -> None:
    octets = part10(RLELossless)
    begins = octets.index(element(0x7FE00010, b"OB", UNDEFINED))

    assert extent(octets[: begins + 12] + fragments).end is End.UNKNOWN


def test_an_empty_uid_is_none() -> None:
    octets = part10()
    study = octets.index(b"1.2.3\0", octets.index(b"\x20\0\x0d\0"))
    empty = octets[: study - 2] + b"\0\0" + octets[study + 6 :]

    assert extent(empty).end is End.WHOLE
    assert extent(empty).uids[STUDY] == ""


def test_what_follows_the_end_is_not_looked_at() -> None:
    reader = ExtentReader()
    reader.feed(bytes(132))
    reader.feed(b"more")

    assert reader.close().end is End.NO_FILE
