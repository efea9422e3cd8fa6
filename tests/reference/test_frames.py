from collections.abc import Callable

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import JPEG2000Lossless, JPEGBaseline8Bit, JPEGLSLossless, RLELossless

from tests.reference.payloads import Service, compressed, encapsulated, image, instance, parts_in, path_of, picture

OCTETS = "application/octet-stream"
MULTIPART = f'multipart/related; type="{OCTETS}"'


def cine(frames: int = 3, rows: int = 3, columns: int = 3) -> tuple[Dataset, list[bytes]]:
    """An image of 8-bit frames that all differ; with 3x3 pixels frames end at odd octets."""
    values = [bytes(range(10 * number, 10 * number + rows * columns)) for number in range(frames)]
    dataset = image(rows, columns, BitsAllocated=8, BitsStored=8, HighBit=7, NumberOfFrames=frames)
    octets = b"".join(values)
    dataset.add_new("PixelData", "OB", octets + bytes(len(octets) % 2))
    return dataset, values


def frames(dicomweb: Service, dataset: Dataset, numbers: str, accept: str = MULTIPART) -> list[bytes]:
    return [body for _, body in parts_in(dicomweb.get(f"{path_of(dataset)}/frames/{numbers}", accept))]


@pytest.mark.parametrize(("numbers", "expected"), [("1", [1]), ("3", [3]), ("1,3", [1, 3]), ("1%2C2", [1, 2])])
@pytest.mark.parametrize("stored", ["native", "compressed"])
def test_each_frame_is_a_part_without_padding(
    dicomweb: Service, stored: str, numbers: str, expected: list[int]
) -> None:
    dataset, values = cine()
    dicomweb.store(dataset if stored == "native" else compressed(dataset, RLELossless))

    parts = parts_in(dicomweb.get(f"{path_of(dataset)}/frames/{numbers}", MULTIPART))

    assert [body for _, body in parts] == [values[number - 1] for number in expected]
    for number, (fields, _) in zip(expected, parts, strict=True):
        assert fields["content-type"] == OCTETS
        assert fields["content-location"] == f"{dicomweb.base}{path_of(dataset)}/frames/{number}"


def test_image_without_number_of_frames_has_frame_1(dicomweb: Service) -> None:
    dataset = image()
    dicomweb.store(dataset)

    assert frames(dicomweb, dataset, "1") == [dataset.PixelData]
    assert dicomweb.get(f"{path_of(dataset)}/frames/2", MULTIPART).status_code == 404


@pytest.mark.parametrize("numbers", ["2,1", "1,1"])
def test_lists_are_served_in_the_order_asked(dicomweb: Service, numbers: str) -> None:
    dataset, values = cine()
    dicomweb.store(dataset)

    assert frames(dicomweb, dataset, numbers) == [values[int(number) - 1] for number in numbers.split(",")]


@pytest.mark.parametrize(
    ("numbers", "status"), [("0", 404), ("4", 404), ("1,4", 404), ("abc", 400), ("-1", 400), ("1,", 400), ("²", 400)]
)
def test_frames_that_are_not_there(dicomweb: Service, numbers: str, status: int) -> None:
    dataset, _ = cine()
    dicomweb.store(dataset)

    assert dicomweb.get(f"{path_of(dataset)}/frames/{numbers}", MULTIPART).status_code == status


def test_instance_without_pixel_data_has_no_frames(dicomweb: Service) -> None:
    dataset = instance()
    dicomweb.store(dataset)

    assert dicomweb.get(f"{path_of(dataset)}/frames/1").status_code == 404
    assert dicomweb.get(f"{path_of(instance())}/frames/1").status_code == 404


def test_one_frame_comes_as_single_part_and_two_do_not(dicomweb: Service) -> None:
    dataset, values = cine()
    dicomweb.store(dataset)

    answer = dicomweb.get(f"{path_of(dataset)}/frames/2", OCTETS)
    assert (answer.headers["Content-Type"], answer.content) == (OCTETS, values[1])
    assert dicomweb.get(f"{path_of(dataset)}/frames/1,2", OCTETS).status_code == 406


def test_pixels_with_one_bit_are_packed_across_frames(dicomweb: Service) -> None:
    bits = np.array([int(bit) for bit in "101100111001000110101110000101"])
    dataset = image(2, 5, BitsAllocated=1, BitsStored=1, HighBit=0, NumberOfFrames=3)
    dataset.add_new("PixelData", "OB", np.packbits(bits, bitorder="little").tobytes())
    dicomweb.store(dataset)

    (value,) = frames(dicomweb, dataset, "2,3")

    assert value == np.packbits(bits[10:], bitorder="little").tobytes()


def test_float_pixel_data_have_frames(dicomweb: Service) -> None:
    dataset = instance(Rows=1, Columns=2, SamplesPerPixel=1, BitsAllocated=32, NumberOfFrames=2)
    values = np.array([0.5, 1, 2, 4], "<f4").tobytes()
    dataset.add_new("FloatPixelData", "OF", values)
    dicomweb.store(dataset)

    assert frames(dicomweb, dataset, "1,2") == [values[:8], values[8:]]


def jpeg2000() -> tuple[Dataset, list[bytes]]:
    pixels = np.random.default_rng(1).integers(0, 255, (2, 40, 48), dtype="u1")
    dataset = image(40, 48, BitsAllocated=8, BitsStored=8, HighBit=7, NumberOfFrames=2)
    dataset.add_new("PixelData", "OB", pixels.tobytes())
    return dataset, [picture(frame, "JPEG2000", no_jp2=True) for frame in pixels]


@pytest.mark.parametrize("fragments", [1, 3])
@pytest.mark.parametrize("has_bot", [True, False])
@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        ('multipart/related; type="image/jp2"', "image/jp2"),
        ('multipart/related; type="image/jp2"; transfer-syntax=*', "image/jp2"),
        (f'multipart/related; type="image/jp2"; transfer-syntax={JPEG2000Lossless}', "image/jp2"),
        (f"{MULTIPART}; transfer-syntax=*", OCTETS),
        (f"{MULTIPART}; transfer-syntax={JPEG2000Lossless}", OCTETS),
        (f'{MULTIPART};q=0.5, multipart/related; type="image/jp2"', "image/jp2"),
    ],
)
def test_compressed_frames_come_as_stored(
    dicomweb: Service, accept: str, content_type: str, fragments: int, has_bot: bool
) -> None:
    dataset, streams = jpeg2000()
    file = encapsulated(dataset, streams, JPEG2000Lossless, fragments_per_frame=fragments, has_bot=has_bot)
    dicomweb.store(file)

    parts = parts_in(dicomweb.get(f"{path_of(dataset)}/frames/1,2", accept))

    assert [fields["content-type"] for fields, _ in parts] == [
        f"{content_type}; transfer-syntax={JPEG2000Lossless}"
    ] * 2
    for (_, body), stream in zip(parts, streams, strict=True):
        assert body.rstrip(b"\0") == stream.rstrip(b"\0")


def test_one_compressed_frame_comes_as_single_part(dicomweb: Service) -> None:
    dataset, streams = jpeg2000()
    dicomweb.store(encapsulated(dataset, streams, JPEG2000Lossless))

    answer = dicomweb.get(f"{path_of(dataset)}/frames/2", "image/jp2")

    assert answer.headers["Content-Type"] == f"image/jp2; transfer-syntax={JPEG2000Lossless}"
    assert answer.content.rstrip(b"\0") == streams[1].rstrip(b"\0")


def test_native_frames_are_compressed_where_there_is_an_encoder(dicomweb: Service) -> None:
    dataset, _ = cine(2, 8, 8)
    dicomweb.store(dataset)

    parts = parts_in(dicomweb.get(f"{path_of(dataset)}/frames/1,2", 'multipart/related; type="image/dicom-rle"'))

    assert [fields["content-type"] for fields, _ in parts] == [f"image/dicom-rle; transfer-syntax={RLELossless}"] * 2
    assert [body[:8] for _, body in parts] == [b"\1\0\0\0\x40\0\0\0"] * 2


@pytest.mark.parametrize(
    "accept",
    [
        'multipart/related; type="image/jpeg"',
        f'multipart/related; type="image/dicom-rle"; transfer-syntax={JPEG2000Lossless}',
        f"{MULTIPART}; transfer-syntax={JPEGLSLossless}",
        'multipart/related; type="application/dicom"',
        "image/png",
        f"{MULTIPART};q=0",
    ],
)
def test_what_cannot_be_made_is_406(dicomweb: Service, accept: str) -> None:
    dataset, _ = cine()
    dicomweb.store(dataset)

    answer = dicomweb.get(f"{path_of(dataset)}/frames/1", accept)

    assert answer.status_code == 406
    assert "application/octet-stream" in answer.text


@pytest.mark.parametrize("accept", ["*/*", None, "application/*", "multipart/*", "image/*"])
def test_ranges_are_met(dicomweb: Service, accept: str | None) -> None:
    dataset, _ = cine()
    dicomweb.store(compressed(dataset, RLELossless))

    content_type = dicomweb.get(f"{path_of(dataset)}/frames/1", accept).headers["Content-Type"]

    expected = {"application/*": OCTETS, "image/*": f"image/dicom-rle; transfer-syntax={RLELossless}"}
    assert content_type.startswith(expected.get(accept or "", MULTIPART))


def lossy() -> tuple[Dataset, np.ndarray, bytes]:
    pixels = (np.arange(40 * 48) % 251).astype("u1").reshape(40, 48)
    dataset = image(40, 48, BitsAllocated=8, BitsStored=8, HighBit=7)
    return dataset, pixels, picture(pixels, "JPEG", quality=95)


def test_lossy_frames_are_decoded_or_sent_as_stored_by_name_of_their_syntax(dicomweb: Service) -> None:
    dataset, pixels, codestream = lossy()
    dicomweb.store(encapsulated(dataset, codestream, JPEGBaseline8Bit))
    path = f"{path_of(dataset)}/frames/1"

    (native,) = frames(dicomweb, dataset, "1")
    assert abs(np.frombuffer(native, "u1").reshape(40, 48).astype(int) - pixels).mean() < 3
    # image/jpeg without a transfer syntax is JPEG Lossless (Table 8.7.3-5).
    assert dicomweb.get(path, "image/jpeg").status_code == 406
    answer = dicomweb.get(path, f"image/jpeg; transfer-syntax={JPEGBaseline8Bit}")
    assert answer.content.rstrip(b"\0") == codestream.rstrip(b"\0")


def test_lossless_frames_without_a_decoder_are_406_unless_their_syntax_is_named(dicomweb: Service) -> None:
    dataset, _ = cine(1, 8, 8)
    dicomweb.store(encapsulated(dataset, b"\xff\xd8junk", JPEGLSLossless))

    assert dicomweb.get(f"{path_of(dataset)}/frames/1", MULTIPART).status_code == 406
    assert frames(dicomweb, dataset, "1", f"{MULTIPART}; transfer-syntax=*") == [b"\xff\xd8junk"]
    assert frames(dicomweb, dataset, "1", 'multipart/related; type="image/jls"') == [b"\xff\xd8junk"]


def test_frames_that_do_not_decode_meet_a_wildcard_as_stored(dicomweb: Service) -> None:
    dataset, _ = cine(1, 8, 8)
    dicomweb.store(encapsulated(dataset, b"\xff\xd8junk", JPEGBaseline8Bit))

    ((fields, body),) = parts_in(dicomweb.get(f"{path_of(dataset)}/frames/1"))

    assert (fields["content-type"], body) == (f"{OCTETS}; transfer-syntax={JPEGBaseline8Bit}", b"\xff\xd8junk")


def test_frames_have_no_metadata(dicomweb: Service) -> None:
    dataset, _ = cine()
    dicomweb.store(dataset)

    assert dicomweb.get(f"{path_of(dataset)}/frames/1/metadata").status_code == 404


def test_freedoms_of_lists(with_freedom: Callable[..., Service]) -> None:
    dataset, values = cine()
    together, strict = with_freedom("frames-in-one-part"), with_freedom("frame-lists-strict")
    for service in (together, strict):
        service.store(dataset)

    ((fields, body),) = parts_in(together.get(f"{path_of(dataset)}/frames/1,3", MULTIPART))
    assert (body, fields["content-location"][-3:]) == (values[0] + values[2], "1,3")
    statuses = [
        strict.get(f"{path_of(dataset)}/frames/{numbers}").status_code for numbers in ("2,1", "1,1", "4", "1,2")
    ]
    assert statuses == [400, 400, 400, 200]


def test_missing_frames_left_out(with_freedom: Callable[..., Service]) -> None:
    dataset, values = cine()
    service = with_freedom("missing-frames-left-out")
    service.store(dataset)
    path = f"{path_of(dataset)}/frames"

    answer = service.get(f"{path}/1,4", OCTETS)
    assert (answer.status_code, answer.content) == (206, values[0])
    assert service.get(f"{path}/1,2,4", MULTIPART).status_code == 206
    assert service.get(f"{path}/4", MULTIPART).status_code == 404
    assert service.get(f"{path}/1,4/rendered").status_code == 404


def test_freedoms_of_media_types(with_freedom: Callable[..., Service]) -> None:
    dataset, _, codestream = lossy()
    names = ("single-part-bulk-data-not-offered", "single-part-preferred", "compressed-types-not-offered")
    services = [with_freedom(name) for name in (*names, "any-syntax-of-a-media-type", "lossy-frames-as-stored")]
    for service in services:
        service.store(encapsulated(dataset, codestream, JPEGBaseline8Bit))
    path = f"{path_of(dataset)}/frames/1"

    multipart_only, single_first, octets_only, any_syntax, as_stored = services
    assert multipart_only.get(path, OCTETS).status_code == 406
    assert single_first.get(path, f"{MULTIPART}, {OCTETS}").headers["Content-Type"] == OCTETS
    assert octets_only.get(path, "image/jpeg; transfer-syntax=*").status_code == 406
    jpeg = f"transfer-syntax={JPEGBaseline8Bit}"
    assert any_syntax.get(path, "image/jpeg").headers["Content-Type"] == f"image/jpeg; {jpeg}"
    ((fields, body),) = parts_in(as_stored.get(path, MULTIPART))
    assert (fields["content-type"], body.rstrip(b"\0")) == (f"{OCTETS}; {jpeg}", codestream.rstrip(b"\0"))
