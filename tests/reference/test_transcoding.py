import numpy as np
import pytest
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian, RLELossless

from tests.reference.payloads import MULTIPART, Service, compressed, image, instance, part10, path_of


@pytest.mark.parametrize("stored", [ExplicitVRLittleEndian, ImplicitVRLittleEndian, RLELossless])
@pytest.mark.parametrize("wanted", [ExplicitVRLittleEndian, DeflatedExplicitVRLittleEndian, RLELossless])
def test_instances_are_transcoded_without_loss(dicomweb: Service, stored: str, wanted: str) -> None:
    dataset = image(6, 5, NumberOfFrames=2)
    dataset.PixelData = dataset.PixelData * 2
    dicomweb.store(compressed(dataset, stored) if stored == RLELossless else part10(dataset, stored))

    (retrieved,) = dicomweb.retrieve(path_of(dataset), f"{MULTIPART}; transfer-syntax={wanted}")

    assert retrieved.file_meta.TransferSyntaxUID == wanted
    assert retrieved.pixel_array.astype("<u2").tobytes() == dataset.PixelData
    assert retrieved.PatientID == dataset.PatientID


def test_colours_by_plane_survive(dicomweb: Service) -> None:
    pixels = np.random.default_rng(1).integers(0, 255, (4, 6, 3), dtype="u1")
    dataset = image(4, 6, BitsAllocated=8, BitsStored=8, HighBit=7, SamplesPerPixel=3, PlanarConfiguration=1)
    dataset.PhotometricInterpretation = "RGB"
    dataset.add_new("PixelData", "OB", pixels.transpose(2, 0, 1).tobytes())
    dicomweb.store(dataset)

    (retrieved,) = dicomweb.retrieve(path_of(dataset), f"{MULTIPART}; transfer-syntax={RLELossless}")

    assert np.array_equal(retrieved.pixel_array, pixels)


def test_instance_without_pixels_is_not_sent_compressed(dicomweb: Service) -> None:
    dataset = instance()
    dicomweb.store(dataset)

    assert dicomweb.get(path_of(dataset), f"{MULTIPART}; transfer-syntax={RLELossless}").status_code == 406
