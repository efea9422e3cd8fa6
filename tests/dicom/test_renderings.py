"""Renderings are decoded within bounds, and compared as a person would."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageCms

from dicomweb_conformance.dicom import expected_renderings, renderings
from dicomweb_conformance.http import limits
from dicomweb_conformance.http.unreadable import TooLargeError, UnreadableError
from dicomweb_conformance.reading import picture_files
from dicomweb_fixtures.corpus import Corpus

SQUARES = np.kron(np.array([[30, 200, 90], [240, 60, 150]]), np.ones((16, 16))).astype("u1")


def written(samples, form, **options):
    file = io.BytesIO()
    Image.fromarray(samples).save(file, form, **options)
    return file.getvalue()


def png_that_claims(width, height):
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + struct.pack(">I", 13)
        + header
        + struct.pack(">I", zlib.crc32(header))
        + struct.pack(">I", 10)
        + b"IDAT"
        + zlib.compress(b"\0" * 64)[:10]
        + b"\0\0\0\0"
    )


@pytest.mark.parametrize(
    ("form", "media_type"),
    [("JPEG", "image/jpeg"), ("PNG", "image/png"), ("GIF", "image/gif"), ("JPEG2000", "image/jp2")],
)
def test_a_picture_is_what_its_octets_are(form: str, media_type: str) -> None:
    picture = picture_files.read(written(SQUARES, form))

    assert picture.media_type == media_type
    assert picture.size == (48, 32)
    assert renderings.correlation(picture.grey, SQUARES.astype(float)) > 0.99


def test_sixteen_bits_are_scaled_and_not_clipped() -> None:
    picture = picture_files.read(written(SQUARES.astype("u2") * 257, "PNG"))

    assert abs(picture.grey - SQUARES).max() < 1


def test_an_animation_has_all_its_frames() -> None:
    frames = [Image.fromarray(SQUARES), Image.fromarray(255 - SQUARES)]
    file = io.BytesIO()
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:])

    assert [frame[0, 0, 0] for frame in picture_files.read(file.getvalue()).frames] == [30, 225]


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"<html>",
        b"\xff\xd8\xff\xe0",
        written(SQUARES, "PNG")[:-40],
    ],
    ids=["nothing", "a page", "a start of a JPEG", "broken off"],
)
def test_what_is_no_picture_is_said_to_be_none(octets: bytes) -> None:
    with pytest.raises(UnreadableError):
        picture_files.read(octets)


def test_an_animation_that_never_ends_is_not_decoded() -> None:
    frames = [Image.new("L", (1, 1), number % 256) for number in range(limits.FRAMES + 1)]
    file = io.BytesIO()
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:])

    with pytest.raises(TooLargeError, match="frames"):
        picture_files.read(file.getvalue())


@pytest.mark.parametrize("side", [2_000, 20_000, 200_000])
def test_a_picture_larger_than_is_decoded_is_no_fault(side: int) -> None:
    with pytest.raises(TooLargeError, match="pixels"):
        picture_files.read(png_that_claims(side, side))


def test_a_profile_is_named_and_what_is_none_is_not() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()

    found = picture_files.read(written(SQUARES, "PNG", icc_profile=profile)).icc_profile

    assert found == profile
    assert "sRGB" in picture_files.profile_name(profile)
    with pytest.raises(UnreadableError):
        picture_files.profile_name(b"no profile")


@pytest.mark.parametrize("quality", [10, 30, 75, 95])
def test_images_of_the_corpus_survive_any_quality(quality: int) -> None:
    corpus = Corpus(1)
    stills = [
        *corpus.pictures.instances[:5],
        *corpus.pair_of_pictures.instances,
        *corpus.pictures_of_rare_kinds.instances,
        *corpus.segmented_palettes.instances,
    ]

    for instance in (*stills, *corpus.loop.instances):
        for expected in expected_renderings.frames_of(instance):
            found = picture_files.read(written(expected.round().astype("u1"), "JPEG", quality=quality)).samples
            assert renderings.correlation(found, expected) > 0.95


@pytest.mark.parametrize(
    "change",
    [lambda a: 255 - a, lambda a: a[..., ::-1], lambda a: a[:, ::-1], lambda a: a[::-1], lambda a: a * 0 + 128],
    ids=["inverted", "channels swapped", "mirrored", "upside down", "one colour"],
)
def test_a_picture_that_is_wrong_does_not_correlate(change) -> None:
    expected = expected_renderings.frames_of(Corpus(1).pictures.instances[2])[0]

    assert renderings.correlation(change(expected), expected) < 0.7


@pytest.mark.parametrize("slope", [0.3, 1, 3])
def test_brightness_and_contrast_do_not_matter(slope: float) -> None:
    expected = SQUARES.astype(float)

    assert renderings.correlation(expected * slope + 40, expected) > 0.999


def test_pictures_side_by_side_show_what_is_expected_what_is_found_and_where_they_differ() -> None:
    expected = np.zeros((4, 6, 3))
    found = expected.copy()
    found[1, 2] = (0, 0, 200)

    files = [picture_files.read(each) for each in renderings.side_by_side(found, expected)]

    assert [file.size for file in files] == [(6, 4)] * 3
    assert np.argwhere(files[2].grey > 0).tolist() == [[1, 2]]


def test_stored_values_and_large_pictures_are_brought_into_what_can_be_shown() -> None:
    expected = np.repeat(np.linspace(-1000, 3000, 1024)[np.newaxis], 512, axis=0)

    files = [picture_files.read(each) for each in renderings.side_by_side(np.full((8, 8), 128.0), expected)]

    assert [file.size for file in files] == [(256, 128), (8, 8), (256, 128)]
    assert (files[0].grey.min(), files[0].grey.max()) == (0, pytest.approx(255, abs=1))
