"""Compressed pixels decode the same on every machine, and what cannot be decoded here is no finding about anybody."""

import sys

import numpy as np
import pytest

from dicomweb_conformance.http.unreadable import NoDecoderError, TooLargeError, UnreadableError
from dicomweb_conformance.reading import codestreams, part10_files, pixel_data
from dicomweb_fixtures.building.codecs import is_encapsulated
from dicomweb_fixtures.building.transfer_syntaxes import (
    JPEG_2000,
    JPEG_LOSSLESS,
    JPEG_LS_LOSSLESS,
    JPEG_XL,
    SYNTAXES,
    Syntax,
)
from dicomweb_fixtures.corpus import Corpus

ENCAPSULATED = [each for each in SYNTAXES.values() if is_encapsulated(each.uid)]


@pytest.mark.parametrize("syntax", ENCAPSULATED, ids=lambda syntax: syntax.key)
def test_every_image_of_the_corpus_decodes(syntax: Syntax) -> None:
    for picture, instance in zip(syntax.pictures, Corpus(5).encoded(syntax.uid).instances, strict=True):
        found = pixel_data.samples(part10_files.read(instance.part10)).astype(int)
        kind = f"<{'i' if picture.signed else 'u'}{picture.bits_allocated // 8}"
        wanted = np.frombuffer(instance.frames[0], kind).reshape(found.shape).astype(int)
        assert np.abs(found - wanted).max() <= syntax.tolerance, picture.name


def test_without_imagecodecs_the_line_that_installs_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    (image, *_) = Corpus(5).encoded(JPEG_LS_LOSSLESS).instances
    monkeypatch.setitem(sys.modules, "imagecodecs", None)

    with pytest.raises(NoDecoderError, match=r"pip install 'imagecodecs") as raised:
        pixel_data.samples(part10_files.read(image.part10))

    assert JPEG_LS_LOSSLESS in str(raised.value)


def test_a_frame_of_another_size_than_its_image_is_none_of_it() -> None:
    data_set = part10_files.read(Corpus(5).encoded(JPEG_LS_LOSSLESS).instances[0].part10)
    data_set.Rows -= 1

    with pytest.raises(UnreadableError, match="a frame of 13 x 11 samples of 8 bits rather than 12 x 11 of 8"):
        pixel_data.samples(data_set)


@pytest.mark.parametrize(
    ("syntax", "before", "after"),
    [
        (JPEG_LS_LOSSLESS, b"\x08\x00\x0d\x00\x0b", b"\x08\xff\xff\xff\xff"),
        (JPEG_LOSSLESS, b"\x08\x00\x0d\x00\x0b", b"\x08\xff\xff\xff\xff"),
        (JPEG_2000, b"\x00\x00\x00\x0b\x00\x00\x00\x0d", b"\x7f\xff\xff\xff\x7f\xff\xff\xff"),
    ],
)
def test_a_frame_that_claims_to_be_huge_is_not_unpacked(syntax: str, before: bytes, after: bytes) -> None:
    data_set = part10_files.read(Corpus(5).encoded(syntax).instances[0].part10)
    assert before in data_set.PixelData
    data_set.PixelData = data_set.PixelData.replace(before, after)

    with pytest.raises(TooLargeError, match="pixels"):
        pixel_data.samples(data_set)


def test_a_codestream_of_jpeg_xl_says_its_size_by_itself_and_in_boxes() -> None:
    for syntax in (JPEG_XL, f"{JPEG_XL[:-1]}1"):
        for picture, instance in zip(SYNTAXES[syntax].pictures, Corpus(5).encoded(syntax).instances, strict=True):
            (frame,) = pixel_data.frames(instance.dataset.PixelData, 1)
            assert codestreams.size(frame)[:2] == (picture.columns, picture.rows)
