from collections.abc import Callable

import pytest
from pydicom.dataset import Dataset
from pydicom.uid import MPEG4HP41, JPEGLSLossless, RLELossless

from tests.reference.payloads import STUDY, Service, compressed, encapsulated, image, instance, parts_in, path_of

OCTETS = "application/octet-stream"
MULTIPART = f'multipart/related; type="{OCTETS}"'
LEVELS = ("study", "series", "instance")


def level(dataset: Dataset, name: str) -> str:
    path = path_of(dataset)
    return {"study": path.split("/series")[0], "series": path.split("/instances")[0], "instance": path}[name]


@pytest.fixture
def mixed(dicomweb: Service) -> Dataset:
    """An image with an icon and a private binary element, beside an object without pixels."""
    icon = Dataset()
    icon.add_new("PixelData", "OW", b"\1\2\3\4")
    dataset = image(IconImageSequence=[icon])
    dataset.private_block(0x0009, "ACME", create=True).add_new(1, "OB", bytes(300))
    dicomweb.store(dataset, instance(EncapsulatedDocument=bytes(500)))
    return dataset


@pytest.mark.parametrize("name", LEVELS)
def test_all_bulk_data_of_a_level_name_the_uri_of_the_metadata(dicomweb: Service, mixed: Dataset, name: str) -> None:
    parts = parts_in(dicomweb.get(f"{level(mixed, name)}/bulkdata", MULTIPART))

    expected = [bytes(300), b"\1\2\3\4", mixed.PixelData] + ([] if name == "instance" else [bytes(500)])
    assert [body for _, body in parts] == expected
    for fields, body in parts:
        path = fields["content-location"].removeprefix(dicomweb.base)
        assert [value for _, value in parts_in(dicomweb.get(path, MULTIPART))] == [body]


@pytest.mark.parametrize("name", LEVELS)
def test_pixel_data_of_a_level_are_those_of_the_top_level(dicomweb: Service, mixed: Dataset, name: str) -> None:
    ((fields, body),) = parts_in(dicomweb.get(f"{level(mixed, name)}/pixeldata", MULTIPART))

    assert body == mixed.PixelData
    assert fields["content-location"] == f"{dicomweb.base}{path_of(mixed)}/bulkdata/7FE00010"


@pytest.mark.parametrize("resource", ["bulkdata", "pixeldata"])
def test_levels_without_bulk_data_are_404(dicomweb: Service, resource: str) -> None:
    dicomweb.store(instance())

    assert dicomweb.get(f"/studies/{STUDY}/{resource}").status_code == 404
    assert dicomweb.get(f"/studies/2.25.9/{resource}").status_code == 404


def test_each_part_of_a_level_has_a_type_that_was_listed(dicomweb: Service) -> None:
    dicomweb.store(compressed(image(), RLELossless), part := instance(EncapsulatedDocument=bytes(500)))

    accept = f'multipart/related; type="image/dicom-rle", {MULTIPART};q=0.5'
    parts = parts_in(dicomweb.get(f"{level(part, 'study')}/bulkdata", accept))

    types = [fields["content-type"] for fields, _ in parts]
    assert types == [f"image/dicom-rle; transfer-syntax={RLELossless}", OCTETS]
    only_images = dicomweb.get(f"{level(part, 'study')}/bulkdata", 'multipart/related; type="image/dicom-rle"')
    assert only_images.status_code == 406


def test_compressed_pixel_data_are_decoded_as_a_whole_or_come_frame_by_frame(dicomweb: Service) -> None:
    dataset = image(NumberOfFrames=3)
    dataset.PixelData = dataset.PixelData * 3
    dicomweb.store(compressed(dataset, RLELossless))
    path = f"{path_of(dataset)}/bulkdata/7FE00010"

    assert [body for _, body in parts_in(dicomweb.get(path, MULTIPART))] == [dataset.PixelData]
    assert dicomweb.get(path, OCTETS).content == dataset.PixelData
    stored = parts_in(dicomweb.get(path, 'multipart/related; type="image/dicom-rle"; transfer-syntax=*'))
    assert len(stored) == 3
    assert dicomweb.get(path, "image/dicom-rle").status_code == 406


def test_pixel_data_without_a_decoder_name_their_transfer_syntax(dicomweb: Service) -> None:
    dataset = image()
    dicomweb.store(encapsulated(dataset, b"\xff\xd8junk", JPEGLSLossless))

    ((fields, body),) = parts_in(dicomweb.get(f"{path_of(dataset)}/bulkdata/7FE00010", MULTIPART))

    assert (fields["content-type"], body) == (f"{OCTETS}; transfer-syntax={JPEGLSLossless}", b"\xff\xd8junk")


def test_video_is_one_stream(dicomweb: Service) -> None:
    dataset = image(NumberOfFrames=25)
    stream = bytes(range(200))
    dicomweb.store(encapsulated(dataset, stream, MPEG4HP41, fragments_per_frame=2))

    answer = dicomweb.get(f"{path_of(dataset)}/bulkdata/7FE00010", 'multipart/related; type="video/mp4"')

    assert [body for _, body in parts_in(answer)] == [stream]


@pytest.mark.parametrize(
    ("asked", "status", "named", "expected"),
    [
        ("bytes=0-99", 206, "bytes 0-99/500", slice(0, 100)),
        ("bytes=490-", 206, "bytes 490-499/500", slice(490, 500)),
        ("bytes=-10", 206, "bytes 490-499/500", slice(490, 500)),
        ("bytes=400-999", 206, "bytes 400-499/500", slice(400, 500)),
        ("bytes=500-", 416, "bytes */500", None),
        ("bytes=5-2", 200, None, slice(0, 500)),
        ("bytes=0-1,5-6", 200, None, slice(0, 500)),
        ("octets=0-1", 200, None, slice(0, 500)),
    ],
)
def test_ranges_of_single_part_values(
    dicomweb: Service, asked: str, status: int, named: str | None, expected: slice | None
) -> None:
    octets = bytes(range(250)) * 2
    dataset = instance(EncapsulatedDocument=octets)
    dicomweb.store(dataset)

    answer = dicomweb.get(f"{path_of(dataset)}/bulkdata/00420011", OCTETS, Range=asked)

    assert (answer.status_code, answer.headers.get("Content-Range")) == (status, named)
    if expected:
        assert answer.content == octets[expected]


def test_nested_encapsulated_pixels_are_a_codestream(dicomweb: Service) -> None:
    outer = image()
    icon = Dataset()
    icon.add_new("PixelData", "OB", b"\xfe\xff\x00\xe0\0\0\0\0\xfe\xff\x00\xe0\4\0\0\0\xff\xd8\xff\xd9")
    icon["PixelData"].is_undefined_length = True
    outer.IconImageSequence = [icon]
    dicomweb.store(encapsulated(outer, b"\xff\xd8junk", JPEGLSLossless))

    path = f"{path_of(outer)}/bulkdata/00880200/1/7FE00010"

    assert dicomweb.get(path, OCTETS).content == b"\xff\xd8\xff\xd9"


def test_freedoms_of_bulk_data(with_freedom: Callable[..., Service]) -> None:
    dataset = image(20, 20)
    elsewhere, no_levels = with_freedom("bulk-data-elsewhere"), with_freedom("bulk-data-levels-not-offered")
    no_ranges = with_freedom("ranges-not-served")
    for service in (elsewhere, no_levels, no_ranges):
        service.store(dataset)

    (model,) = elsewhere.metadata(path_of(dataset))
    uri = model["7FE00010"]["BulkDataURI"]
    assert uri.startswith(f"{elsewhere.base}/bulk/")
    assert elsewhere.get(uri.removeprefix(elsewhere.base), OCTETS).content == dataset.PixelData
    assert no_levels.get(f"{path_of(dataset)}/bulkdata").status_code == 404
    assert no_ranges.get(f"{path_of(dataset)}/frames/1", OCTETS, Range="bytes=0-1").status_code == 200
