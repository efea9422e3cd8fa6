import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pydicom.dataset import Dataset
from pydicom.uid import GrayscaleSoftcopyPresentationStateStorage

from tests.reference.payloads import Service, image, instance, parts_in, path_of

PNG = "image/png"
RAMP = np.tile(np.arange(48), (40, 1)) * 5


def ramp(**attributes: Any) -> Dataset:
    dataset = image(40, 48, BitsAllocated=8, BitsStored=8, HighBit=7, **attributes)
    dataset.add_new("PixelData", "OB", RAMP.astype("u1").tobytes())
    return dataset


def state(*images: Dataset, window: tuple[str, str] | None = None, **attributes: Any) -> Dataset:
    """A presentation state of images; the window is the first one's only."""
    series, references = Dataset(), []
    for dataset in images:
        reference = Dataset()
        reference.ReferencedSOPClassUID, reference.ReferencedSOPInstanceUID = (
            dataset.SOPClassUID,
            dataset.SOPInstanceUID,
        )
        references.append(reference)
    series.SeriesInstanceUID, series.ReferencedImageSequence = images[0].SeriesInstanceUID, references
    if window:
        item = Dataset()
        item.WindowCenter, item.WindowWidth = window
        item.ReferencedImageSequence = references[:1]
        attributes["SoftcopyVOILUTSequence"] = [item]
    return instance(
        series="2.25.1.9",
        SOPClassUID=GrayscaleSoftcopyPresentationStateStorage,
        ReferencedSeriesSequence=[series],
        **attributes,
    )


def windowed(values: np.ndarray, center: int) -> np.ndarray:
    return np.clip((values - (center - 0.5)) / 50 + 0.5, 0, 1) * 255


def shown(octets: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(octets))).astype(int)


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ({}, RAMP),
        ({"ImageHorizontalFlip": "Y", "ImageRotation": 0}, RAMP[:, ::-1]),
        ({"ImageHorizontalFlip": "N", "ImageRotation": 90}, np.rot90(RAMP, -1)),
        ({"ImageHorizontalFlip": "Y", "ImageRotation": 270}, np.rot90(RAMP, 1)[:, ::-1]),
        ({"PresentationLUTShape": "INVERSE"}, 255 - RAMP),
        ({"window": ("100", "51")}, windowed(RAMP, 100)),
        ({"window": ("300", "51"), "RescaleSlope": "2", "RescaleIntercept": "100"}, windowed(RAMP * 2 + 100, 300)),
    ],
)
@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
def test_image_is_shown_as_the_state_says_and_not_as_it_says_itself(
    dicomweb: Service, attributes: dict[str, Any], expected: np.ndarray, photometric: str
) -> None:
    dataset = ramp(WindowCenter="1", WindowWidth="1", RescaleSlope="3", PhotometricInterpretation=photometric)
    presentation = state(dataset, **attributes)
    dicomweb.store(dataset, presentation)

    answer = dicomweb.get(f"{path_of(presentation)}/rendered", PNG)

    assert abs(shown(answer.content) - expected).max() <= 1


def test_images_are_parts_in_the_order_of_their_positions(dicomweb: Service) -> None:
    above, below = ramp(ImagePositionPatient=[0, 0, 10]), ramp(ImagePositionPatient=[0, 0, 5])
    presentation = state(above, below, window=("0", "1"))
    dicomweb.store(above, below, presentation)

    parts = parts_in(dicomweb.get(f"{path_of(presentation)}/rendered", f'multipart/related; type="{PNG}"'))

    locations = [fields["content-location"].removeprefix(dicomweb.base) for fields, _ in parts]
    assert locations == [f"{path_of(dataset)}/rendered" for dataset in (below, above)]
    assert [shown(body)[0, 1] for _, body in parts] == [5, 255]


@pytest.mark.parametrize(
    ("query", "status"),
    [("window=40,400,linear", 400), ("viewport=64,64,0,0,32,32", 400), ("viewport=20,20", 200), ("quality=5", 200)],
)
def test_parameters_that_the_state_decides_are_400(dicomweb: Service, query: str, status: int) -> None:
    dataset = ramp()
    presentation = state(dataset)
    dicomweb.store(dataset, presentation)

    assert dicomweb.get(f"{path_of(presentation)}/rendered?{query}", PNG).status_code == status


def test_state_of_images_that_are_not_here_is_406(dicomweb: Service) -> None:
    presentation = state(ramp())
    dicomweb.store(presentation)

    assert dicomweb.get(f"{path_of(presentation)}/rendered", PNG).status_code == 406


def test_presentation_states_not_rendered(with_freedom: Callable[..., Service]) -> None:
    service = with_freedom("presentation-states-not-rendered")
    dataset = ramp()
    presentation = state(dataset)
    service.store(dataset, presentation)

    assert service.get(f"{path_of(presentation)}/rendered").status_code == 406
