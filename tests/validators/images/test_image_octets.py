"""Compressed bulk data and renderings, by their first octets."""

import io

import pytest
from PIL import Image

from dicomweb_conformance.validators.images import image_octets
from tests.validators.validating import against, passes, said

ROOT = "1.2.840.10008.1.2."
BOX = b"\0\0\0\x0cjP  \r\n\x87\n"


def jpeg(marker: int = 0xC0, precision: int = 8) -> bytes:
    comment = b"\xff\xfe\0\4hi"
    return (
        b"\xff\xd8\xff\xff"
        + comment[1:]
        + b"\xff"
        + bytes([marker, 0, 11, precision, 0, 1, 0, 1, 1, 1, 0x11, 0])
        + b"\xff\xd9"
    )


def j2k(behind: bytes = b"\xff\x52") -> bytes:
    return b"\xff\x4f\xff\x51\0\4\0\0" + behind


RLE = b"\1\0\0\0\x40\0\0\0" + bytes(56)
JXL = b"\xff\x0a"


@pytest.mark.parametrize(
    ("content_type", "octets"),
    [
        (f"image/jpeg; transfer-syntax={ROOT}4.50", jpeg(0xC0)),
        (f"image/jpeg; transfer-syntax={ROOT}4.51", jpeg(0xC1, 12)),
        (f"image/jpeg; transfer-syntax={ROOT}4.70", jpeg(0xC3, 16)),
        ("image/jpeg", jpeg(0xC0)),
        (f"image/dicom-rle; transfer-syntax={ROOT}5", RLE),
        (f"image/jls; transfer-syntax={ROOT}4.80", jpeg(0xF7)),
        (f"image/jp2; transfer-syntax={ROOT}4.90", j2k()),
        ("image/jpx", j2k()),
        (f"image/jphc; transfer-syntax={ROOT}4.201", j2k(b"\xff\x50")),
        (f"image/jxl; transfer-syntax={ROOT}4.110", JXL),
        (f"video/mp4; transfer-syntax={ROOT}4.102.1", b"anything"),
        ("application/octet-stream", b""),
        ("no media type", b""),
    ],
)
def test_a_codestream_that_fits_its_type(content_type: str, octets: bytes) -> None:
    assert against(image_octets.judge_bulk_data(content_type, octets)) == []


@pytest.mark.parametrize(
    ("content_type", "octets", "row", "observation"),
    [
        (
            f"image/x-jls; transfer-syntax={ROOT}4.80",
            jpeg(0xF7),
            "BULKDATA-024",
            "old-media-type-name",
        ),
        (
            f"image/jpeg; transfer-syntax={ROOT}4.90",
            jpeg(),
            "BULKDATA-024",
            "syntax-parameter-outside-the-type",
        ),
        ("image/jpeg", jpeg(0xF7), "BULKDATA-024", "codestream-of-another-family"),
        ("image/dicom-rle", bytes(64), "BULKDATA-024", "codestream-of-another-family"),
        ("image/jp2", j2k(b"\xff\x50"), "BULKDATA-024", "codestream-of-another-family"),
        ("image/jphc", j2k(), "BULKDATA-024", "codestream-of-another-family"),
        (
            f"image/jpeg; transfer-syntax={ROOT}4.50",
            jpeg(0xC3),
            "BULKDATA-024",
            "codestream-of-another-syntax",
        ),
        ("image/jp2", BOX + j2k(), "BULKDATA-025", "jp2-box"),
        ("image/jp2", b"other", "BULKDATA-025", "any-other-start"),
    ],
)
def test_a_codestream_that_does_not(content_type: str, octets: bytes, row: str, observation: str) -> None:
    assert (row, observation) in said(image_octets.judge_bulk_data(content_type, octets))


def test_a_bare_codestream_passes() -> None:
    assert passes(image_octets.judge_bulk_data("image/jp2", j2k()))["BULKDATA-025"] == "ff4f-ff51"


def picture(form: str, mode: str = "L") -> bytes:
    file = io.BytesIO()
    Image.new(mode, (3, 3)).save(file, form)
    return file.getvalue()


@pytest.mark.parametrize(
    ("content_type", "octets"),
    [
        ("image/jpeg", picture("JPEG")),
        ("image/gif", picture("GIF")),
        ("image/png", picture("PNG")),
        ("image/jp2", picture("JPEG2000")),
        ("image/jph", BOX + j2k()),
        ("application/pdf", b"%PDF-1.7"),
        ("text/html; charset=utf-8", b"<p>"),
        ("video/mp4", b"anything"),
    ],
)
def test_a_rendering_that_fits_its_type(content_type: str, octets: bytes) -> None:
    found = list(image_octets.judge_rendered(content_type, octets))
    assert against(found) == []
    assert passes(found)["RENDERED-003"] == "type-of-table-8-7-4-1-and-octets-of-type"


@pytest.mark.parametrize(
    ("content_type", "octets", "row", "observation"),
    [
        ("", b"x", "RENDERED-003", "wildcard-or-empty-content-type"),
        ("image/*", b"x", "RENDERED-003", "wildcard-or-empty-content-type"),
        ("application/dicom", b"x", "RENDERED-003", "dicom-or-octet-stream"),
        ("application/dicom+json", b"x", "RENDERED-003", "metadata in place of a rendering"),
        ("image/webp", b"x", "RENDERED-003", "another-documented-rendered-type"),
        ("image/jpeg", picture("PNG"), "RENDERED-003", "octets-of-another-type"),
        ("image/jpeg", jpeg(0xC0, 12), "RENDERED-012", "precision-12-or-16"),
        ("image/jpeg", jpeg(0xC1), "RENDERED-012", "ffc1-with-precision-8"),
        ("image/jpeg", jpeg(0xC2), "RENDERED-012", "ffc2-as-text-also-says-non-sequential"),
        ("image/jpeg", jpeg(0xC3), "RENDERED-012", "ffc3-or-any-lossless-process"),
        ("image/jpeg", jpeg()[:12], "RENDERED-012", "no-sof-marker"),
        ("image/png", picture("PNG", "I;16"), "RENDERED-013", "16-bits-per-channel"),
        ("image/jph", j2k(), "RENDERED-014", "bare-codestream"),
        ("image/jph", b"other", "RENDERED-014", "another-start"),
    ],
)
def test_a_rendering_that_does_not(content_type: str, octets: bytes, row: str, observation: str) -> None:
    assert said(image_octets.judge_rendered(content_type, octets)) == {(row, observation)}


def test_of_a_picture_that_was_cut_nothing_is_said() -> None:
    assert "RENDERED-013" not in passes(image_octets.judge_rendered("image/png", picture("PNG")[:20]))


@pytest.mark.parametrize(
    ("syntax", "octets", "observations"),
    [
        ("4.90", bytes(64), ["codestream-of-another-syntax"]),
        ("4.50", j2k(), ["codestream-of-another-syntax"]),
        ("4.50", jpeg(), []),
        ("4.91", BOX + j2k(), []),
        ("1", bytes(64), []),
        ("4.102", bytes(64), []),
    ],
)
def test_a_frame_in_octets_is_of_the_syntax_that_it_names(syntax: str, octets: bytes, observations: list[str]) -> None:
    content_type = f"application/octet-stream; transfer-syntax={ROOT}{syntax}"
    found = [one for _, one in said(image_octets.judge_bulk_data(content_type, octets, is_frame=True))]
    assert [one for one in found if one != "the-three-fit-a-row-of-table-8-7-3-5"] == observations
    assert list(image_octets.judge_bulk_data(content_type, octets)) == []
