import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import requests
from numpy.typing import NDArray
from PIL import Image
from pydicom.dataset import Dataset
from pydicom.uid import MPEG4HP41, JPEGBaseline8Bit, JPEGLSLossless, RLELossless

from tests.reference.payloads import (
    SERIES,
    STUDY,
    Service,
    compressed,
    encapsulated,
    image,
    instance,
    parts_in,
    path_of,
    picture,
)

Pixels = NDArray[Any]
JPEG, PNG, GIF = "image/jpeg", "image/png", "image/gif"


def multipart(name: str) -> str:
    return f'multipart/related; type="{name}"'


def shown(answer: requests.Response) -> Pixels:
    """The picture of an answer that succeeds and says truly what it is."""
    assert answer.status_code == 200, answer.text
    file = Image.open(io.BytesIO(answer.content))
    assert Image.MIME[file.format or ""] == answer.headers["Content-Type"]
    return np.asarray(file).astype(int)


def rendered(dicomweb: Service, dataset: Dataset, query: str = "", accept: str = PNG) -> Pixels:
    return shown(dicomweb.get(f"{path_of(dataset)}/rendered{query}", accept))


def grey8(pixels: Pixels, **attributes: Any) -> Dataset:
    rows, columns = pixels.shape[-2:]
    described = {"BitsAllocated": 8, "BitsStored": 8, "HighBit": 7} | attributes
    dataset = image(rows, columns, **described)
    dataset.add_new("PixelData", "OB", pixels.astype("u1").tobytes())
    return dataset


def colours(pixels: Pixels, photometric: str = "RGB", bits: int = 8) -> Dataset:
    dataset = image(*pixels.shape[:2], BitsAllocated=bits, BitsStored=bits, HighBit=bits - 1, SamplesPerPixel=3)
    dataset.PlanarConfiguration, dataset.PhotometricInterpretation = 0, photometric
    dataset.add_new("PixelData", "OB" if bits == 8 else "OW", pixels.astype(f"<u{bits // 8}").tobytes())
    return dataset


def quadrants() -> Dataset:
    pixels = np.zeros((64, 64), "u1")
    pixels[:32, 32:], pixels[32:, :32], pixels[32:, 32:] = 80, 160, 240
    return grey8(pixels)


def cine(frames: int = 3) -> Dataset:
    pixels = np.stack([np.tile(np.arange(8) * 10 + 60 * number, (8, 1)) for number in range(frames)])
    return grey8(pixels, NumberOfFrames=frames)


RAMP = np.tile(np.arange(48), (40, 1)) * 5


@pytest.mark.parametrize("resource", ["/rendered", "/frames/1/rendered"])
@pytest.mark.parametrize(
    ("accept", "expected"), [(JPEG, JPEG), (PNG, PNG), (GIF, GIF), ("*/*", JPEG), ("image/*", JPEG), (None, JPEG)]
)
def test_single_frame_comes_as_one_picture_of_its_size(
    dicomweb: Service, resource: str, accept: str | None, expected: str
) -> None:
    dataset = grey8(RAMP)
    dicomweb.store(dataset)

    answer = dicomweb.get(path_of(dataset) + resource, accept)

    assert answer.headers["Content-Type"] == expected
    assert answer.headers["Content-Location"] == f"{dicomweb.base}{path_of(dataset)}{resource}"
    assert shown(answer).shape == (40, 48)
    if expected != GIF:
        assert abs(shown(answer) - RAMP).max() <= 4


@pytest.mark.parametrize(
    ("query", "accept", "expected"),
    [
        ("?accept=image/png", f"{JPEG}, {PNG}, */*", PNG),
        ("?Accept=image/png", JPEG, JPEG),
        ("", f"{PNG}, {JPEG};q=0.1", PNG),
        ("", f"image/*;q=0.9, {JPEG};q=0.1", PNG),
        ("", f"{JPEG}; transfer-syntax=1.2.840.10008.1.2.4.50", JPEG),
        ("", multipart(PNG), multipart(PNG)),
    ],
)
def test_negotiation(dicomweb: Service, query: str, accept: str, expected: str) -> None:
    dataset = grey8(RAMP)
    dicomweb.store(dataset)

    answer = dicomweb.get(f"{path_of(dataset)}/rendered{query}", accept)

    assert answer.headers["Content-Type"].startswith(expected)


@pytest.mark.parametrize("accept", ["text/html", "application/dicom", "image/jph", f"{JPEG};q=0"])
def test_what_no_picture_can_be_is_406(dicomweb: Service, accept: str) -> None:
    dataset = grey8(RAMP)
    dicomweb.store(dataset)

    assert dicomweb.get(f"{path_of(dataset)}/rendered", accept).status_code == 406


@pytest.mark.parametrize("path", [f"/studies/{STUDY}", f"/studies/{STUDY}/series/{SERIES}", path_of(instance())])
def test_rendering_of_what_is_not_there_is_404(dicomweb: Service, path: str) -> None:
    assert dicomweb.get(f"{path}/rendered").status_code == 404


# Pixel transformation


@pytest.mark.parametrize("transfer_syntax", [None, RLELossless])
def test_monochrome1_begins_with_white(dicomweb: Service, transfer_syntax: str | None) -> None:
    dataset = grey8(RAMP, PhotometricInterpretation="MONOCHROME1")
    dicomweb.store(compressed(dataset, transfer_syntax) if transfer_syntax else dataset)

    assert np.array_equal(rendered(dicomweb, dataset), 255 - RAMP)


@pytest.mark.parametrize(("representation", "vr"), [(0, "<u2"), (1, "<i2")])
def test_without_a_window_all_values_show(dicomweb: Service, representation: int, vr: str) -> None:
    values = RAMP * 10 - 1000 * representation
    dataset = image(40, 48, PixelRepresentation=representation)
    dataset.PixelData = values.astype(vr).tobytes()
    dicomweb.store(dataset)

    assert abs(rendered(dicomweb, dataset) - RAMP * 255 / 235).max() < 1


def windowed(values: Pixels, center: float, width: float, function: str = "linear") -> Pixels:
    if function == "sigmoid":
        return 255 / (1 + np.exp(-4 * (values - center) / width))
    if function == "linear-exact":
        return np.clip((values - center) / width + 0.5, 0, 1) * 255
    return np.clip((values - (center - 0.5)) / (width - 1) + 0.5, 0, 1) * 255


@pytest.mark.parametrize("function", ["linear", "linear-exact", "sigmoid"])
@pytest.mark.parametrize(("center", "width"), [(40, 400), (100.5, 3), (0, 100000)])
def test_window_parameter_counts_in_rescaled_values(
    dicomweb: Service, center: float, width: float, function: str
) -> None:
    dataset = image(40, 48, RescaleSlope="2", RescaleIntercept="-100", WindowCenter="7", WindowWidth="9")
    dataset.PixelData = RAMP.astype("<u2").tobytes()
    dicomweb.store(dataset)

    grey = rendered(dicomweb, dataset, f"?window={center},{width},{function}")

    assert abs(grey - windowed(RAMP * 2 - 100, center, width, function)).max() <= 1


def test_stored_windows_are_applied(dicomweb: Service) -> None:
    item, groups = Dataset(), Dataset()
    item.WindowCenter, item.WindowWidth, item.VOILUTFunction = ["100", "1"], ["50", "1"], "LINEAR_EXACT"
    groups.FrameVOILUTSequence = [item]
    top = grey8(RAMP, WindowCenter="100", WindowWidth="50", VOILUTFunction="LINEAR_EXACT")
    enhanced = grey8(RAMP, SharedFunctionalGroupsSequence=[groups])
    dicomweb.store(top, enhanced)

    for dataset in (top, enhanced):
        assert abs(rendered(dicomweb, dataset) - windowed(RAMP, 100, 50, "linear-exact")).max() <= 1


def test_look_up_tables_are_applied(dicomweb: Service) -> None:
    table = Dataset()
    table.LUTDescriptor = [256, 0, 8]
    table.add_new("LUTData", "US", list(range(255, -1, -1)))
    dataset = grey8(RAMP, VOILUTSequence=[table])
    dicomweb.store(dataset)

    assert np.array_equal(rendered(dicomweb, dataset), 255 - RAMP)


COLOURS = np.random.default_rng(1).integers(0, 255, (5, 7, 3))


@pytest.mark.parametrize("bits", [8, 16])
def test_rgb(dicomweb: Service, bits: int) -> None:
    dataset = colours(COLOURS * (257 if bits == 16 else 1), bits=bits)
    dicomweb.store(dataset)

    assert np.array_equal(rendered(dicomweb, dataset), COLOURS)


@pytest.mark.parametrize("photometric", ["YBR_FULL", "YBR_FULL_422"])
def test_ybr_becomes_rgb(dicomweb: Service, photometric: str) -> None:
    ybr = np.asarray(Image.new("RGB", (8, 6), (200, 40, 10)).convert("YCbCr"))
    dataset = colours(ybr, photometric)
    if photometric == "YBR_FULL_422":
        dataset.PixelData = np.array([ybr[0, 0, 0], ybr[0, 0, 0], *ybr[0, 0, 1:]] * 24, "u1").tobytes()
    dicomweb.store(dataset)

    assert abs(rendered(dicomweb, dataset) - [200, 40, 10]).max() <= 3


def test_images_that_do_not_hold_what_they_say_are_406(with_freedom: Callable[..., Service]) -> None:
    dicomweb = with_freedom("faults-borne-with")
    no_palette, short = grey8(RAMP, PhotometricInterpretation="PALETTE COLOR"), image()
    short.PixelData = b"\1\2"
    dicomweb.store(no_palette, short)

    for dataset in (no_palette, short):
        assert dicomweb.get(f"{path_of(dataset)}/rendered").status_code == 406
    assert dicomweb.get(f"{path_of(short)}/frames/1").status_code == 406


@pytest.mark.parametrize("bits", [8, 16])
def test_palettes_are_applied(dicomweb: Service, bits: int) -> None:
    dataset = grey8(np.array([[0, 1], [2, 3]]), PhotometricInterpretation="PALETTE COLOR")
    entries = np.array([[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255]])
    for name, channel in zip(("Red", "Green", "Blue"), entries.T, strict=True):
        setattr(dataset, f"{name}PaletteColorLookupTableDescriptor", [4, 0, bits])
        octets = (channel * (257 if bits == 16 else 1)).astype(f"<u{bits // 8}").tobytes()
        dataset.add_new(f"{name}PaletteColorLookupTableData", "OW", octets)
    dicomweb.store(dataset)

    assert np.array_equal(rendered(dicomweb, dataset).reshape(4, 3), entries)


def test_one_bit_pixels(dicomweb: Service) -> None:
    dataset = image(1, 8, BitsAllocated=1, BitsStored=1, HighBit=0)
    dataset.add_new("PixelData", "OB", b"\x0f\0")
    dicomweb.store(dataset)

    assert rendered(dicomweb, dataset).tolist() == [[255] * 4 + [0] * 4]


def test_lossy_images_are_rendered_and_undecodable_ones_are_406(dicomweb: Service) -> None:
    lossy, broken = grey8(RAMP), grey8(RAMP)
    dicomweb.store(encapsulated(lossy, picture(RAMP.astype("u1"), "JPEG", quality=95), JPEGBaseline8Bit))
    dicomweb.store(encapsulated(broken, b"\xff\xd8junk", JPEGLSLossless))

    assert abs(rendered(dicomweb, lossy) - RAMP).mean() < 3
    assert dicomweb.get(f"{path_of(broken)}/rendered").status_code == 406


# Several frames


def test_frames_are_rendered_in_list_order(dicomweb: Service) -> None:
    dataset = cine(5)
    dataset.PixelData = dataset.PixelData[:320]
    dicomweb.store(dataset)

    parts = parts_in(dicomweb.get(f"{path_of(dataset)}/frames/3,5/rendered", multipart(PNG)))

    levels = [np.asarray(Image.open(io.BytesIO(body)))[0, 0] for _, body in parts]
    assert levels == [120, 240]
    assert [fields["content-location"].removeprefix(dicomweb.base) for fields, _ in parts] == [
        f"{path_of(dataset)}/frames/{number}/rendered" for number in (3, 5)
    ]
    assert dicomweb.get(f"{path_of(dataset)}/frames/3,5/rendered", JPEG).status_code == 406


@pytest.mark.parametrize(("numbers", "status"), [("0", 404), ("4", 404), ("abc", 400), ("3", 200)])
def test_frames_that_are_not_there(dicomweb: Service, numbers: str, status: int) -> None:
    dataset = cine()
    dicomweb.store(dataset)

    assert dicomweb.get(f"{path_of(dataset)}/frames/{numbers}/rendered").status_code == status


def test_multi_frame_instance_is_its_first_frame_or_parts_or_an_animation(dicomweb: Service) -> None:
    dataset = cine()
    dicomweb.store(dataset)
    path = f"{path_of(dataset)}/rendered"

    assert abs(shown(dicomweb.get(path, JPEG)) - np.arange(8) * 10).max() <= 4
    assert np.array_equal(shown(dicomweb.get(path, PNG))[0], np.arange(8) * 10)
    assert len(parts_in(dicomweb.get(path, multipart(JPEG)))) == 3
    animation = Image.open(io.BytesIO(dicomweb.get(path, GIF).content))
    levels = []
    for number in range(getattr(animation, "n_frames", 1)):
        animation.seek(number)
        levels.append(np.asarray(animation.convert("L"))[0, 0])
    assert levels == [0, 60, 120]


def test_study_is_a_part_for_each_image(dicomweb: Service) -> None:
    first, second, other = grey8(RAMP), grey8(RAMP), instance(EncapsulatedDocument=b"\1\2")
    dicomweb.store(first, other, second)
    path = f"/studies/{STUDY}/rendered"

    parts = parts_in(dicomweb.get(path, multipart(JPEG)))

    assert [fields["content-location"].removeprefix(dicomweb.base) for fields, _ in parts] == [
        f"{path_of(dataset)}/rendered" for dataset in (first, second)
    ]
    assert dicomweb.get(path, JPEG).status_code == 406
    assert dicomweb.get(path, "*/*").headers["Content-Type"].startswith(multipart(JPEG))


def test_video_comes_as_it_is(dicomweb: Service) -> None:
    dataset = image(NumberOfFrames=25)
    dicomweb.store(encapsulated(dataset, b"\0\0\0\x18ftyp", MPEG4HP41))

    answer = dicomweb.get(f"{path_of(dataset)}/rendered", "video/mp4")

    assert (answer.headers["Content-Type"], answer.content) == ("video/mp4", b"\0\0\0\x18ftyp")
    assert dicomweb.get(f"{path_of(dataset)}/rendered", JPEG).status_code == 406


# Query parameters


@pytest.mark.parametrize(
    ("viewport", "size"),
    [("100,50", (50, 50)), ("256,256", (256, 256)), ("32,32,0,0,32,64", (32, 16)), ("1,1", (1, 1))],
)
def test_viewport_is_filled_without_distortion(dicomweb: Service, viewport: str, size: tuple[int, int]) -> None:
    dataset = quadrants()
    dicomweb.store(dataset)

    assert rendered(dicomweb, dataset, f"?viewport={viewport}").shape == size


@pytest.mark.parametrize(
    ("viewport", "expected"),
    [
        ("32,32,0,0,32,32", [[0, 0], [0, 0]]),
        ("32,32,32,32,32,32", [[240, 240], [240, 240]]),
        ("64,64,,,32,32", [[0, 0], [0, 0]]),
        ("32,32,32,0,32", [[80, 80], [240, 240]]),
        ("32,32,32.0,3.2e1", [[240, 240], [240, 240]]),
        ("64,64,0,0,-64,64", [[80, 0], [240, 160]]),
        ("64,64,0,0,64,-64", [[160, 240], [0, 80]]),
        ("64,64,0,0,999,999", [[0, 80], [160, 240]]),
    ],
)
def test_region_of_the_viewport(dicomweb: Service, viewport: str, expected: list[list[int]]) -> None:
    dataset = quadrants()
    dicomweb.store(dataset)

    shown_pixels = rendered(dicomweb, dataset, f"?viewport={viewport}")

    corners = shown_pixels[:: shown_pixels.shape[0] - 1, :: shown_pixels.shape[1] - 1]
    assert corners.tolist() == expected


def test_window_comes_before_region_and_scaling(dicomweb: Service) -> None:
    dataset = quadrants()
    dicomweb.store(dataset)

    both = rendered(dicomweb, dataset, "?window=160,160,linear-exact&viewport=16,16,32,32,32,32")

    assert (both == 255).all()
    assert both.shape == (16, 16)


@pytest.mark.parametrize(
    "query",
    [
        *("viewport=abc", "viewport=100", "viewport=0,0", "viewport=-5,10", "viewport=1,1,1,1,1,1,1"),
        *("viewport=1,1,a", "viewport=1,1,0,0,0,0", "viewport=1,1,99,99", "viewport=9999,1", "viewport="),
        *("window=40,400", "window=40,x,linear", "window=40,400,cubic", "window=40,0,linear", "window=40,0.5,linear"),
        *("window=40,0,linear-exact", "window=40,0,sigmoid", "window=", "window=nan,1,linear", "window=1,2,LINEAR"),
        *("quality=0", "quality=101", "quality=abc", "quality=", "annotation=", "annotation=patient,,technique"),
        *("iccprofile=adobergb", "iccprofile=x", "iccprofile="),
    ],
)
def test_ill_formed_parameters_are_400(dicomweb: Service, query: str) -> None:
    dataset = quadrants()
    dicomweb.store(dataset)

    assert dicomweb.get(f"{path_of(dataset)}/rendered?{query}", JPEG).status_code == 400


def test_quality_matters_for_jpeg_only(dicomweb: Service) -> None:
    dataset = grey8(np.random.default_rng(1).integers(0, 255, (64, 64)))
    dicomweb.store(dataset)
    path = f"{path_of(dataset)}/rendered"

    small, large = (len(dicomweb.get(f"{path}?quality={quality}", JPEG).content) for quality in (5, 95))
    assert small < large
    assert dicomweb.get(f"{path}?quality=5", PNG).content == dicomweb.get(path, PNG).content


def test_annotations_are_burned_in(dicomweb: Service) -> None:
    dataset = quadrants()
    dicomweb.store(dataset)
    plain, again = rendered(dicomweb, dataset), rendered(dicomweb, dataset, "?x_probe=1")

    for keywords in ("patient", "technique", "patient,technique"):
        assert not np.array_equal(rendered(dicomweb, dataset, f"?annotation={keywords}"), plain)
    assert np.array_equal(plain, again)
    answer = dicomweb.get(f"{path_of(dataset)}/rendered?annotation=patient,zzz", PNG)
    assert answer.headers["Warning"] == (f"299 {dicomweb.base}: The following annotation values are not supported: zzz")


@pytest.mark.parametrize("accept", [JPEG, PNG])
@pytest.mark.parametrize(("value", "present"), [("no", False), ("yes", True), ("srgb", True)])
def test_icc_profiles(dicomweb: Service, accept: str, value: str, present: bool) -> None:
    dataset = colours(COLOURS)
    dicomweb.store(dataset)

    answer = dicomweb.get(f"{path_of(dataset)}/rendered?iccprofile={value}", accept)

    assert ("icc_profile" in Image.open(io.BytesIO(answer.content)).info) == present
    assert dicomweb.get(f"{path_of(dataset)}/rendered?iccprofile=srgb", GIF).status_code == 400


# Freedoms


def test_freedoms_of_media_types(with_freedom: Callable[..., Service]) -> None:
    jpeg_only, gif_only = with_freedom("rendered-as-jpeg-only"), with_freedom("multi-frame-rendered-as-gif-only")
    one = with_freedom("level-rendered-as-one-picture")
    dataset = cine()
    for service in (jpeg_only, gif_only, one):
        service.store(dataset)

    refusing = with_freedom("rendered-multi-frame-406")
    refusing.store(dataset)
    paths = (f"{path_of(dataset)}/rendered", f"{path_of(dataset)}/frames/1/rendered")
    assert [refusing.get(path).status_code for path in paths] == [406, 200]
    assert jpeg_only.get(f"{path_of(dataset)}/frames/1/rendered", PNG).status_code == 406
    assert gif_only.get(f"{path_of(dataset)}/rendered", JPEG).status_code == 406
    assert gif_only.get(f"{path_of(dataset)}/rendered", GIF).status_code == 200
    assert len(parts_in(one.get(f"/studies/{STUDY}/rendered", multipart(JPEG)))) == 1


def test_freedoms_of_parameters(with_freedom: Callable[..., Service]) -> None:
    ignoring, strict = with_freedom("rendering-parameters-ignored"), with_freedom("unknown-annotation-is-400")
    no_profile = with_freedom("icc-profile-ignored")
    dataset = colours(COLOURS)
    for service in (ignoring, strict, no_profile):
        service.store(dataset)

    query = "?viewport=abc&window=1&quality=0&annotation="
    assert np.array_equal(rendered(ignoring, dataset, query), rendered(ignoring, dataset))
    assert strict.get(f"{path_of(dataset)}/rendered?annotation=patient,zzz").status_code == 400
    answer = no_profile.get(f"{path_of(dataset)}/rendered?iccprofile=srgb", PNG)
    assert "icc_profile" not in Image.open(io.BytesIO(answer.content)).info
