"""Store of an instance that is too large to be held: what it is, and what is refused."""

import pytest
import requests
from pydicom.dataset import Dataset
from pydicom.uid import ImplicitVRLittleEndian, RLELossless

from dicomweb_reference import server
from tests.reference.payloads import Service, compressed, image, part10, parts_in, path_of

OCTETS = 'multipart/related; type="application/octet-stream"'


@pytest.fixture(autouse=True)
def small_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "LARGE", 100)


def loop(frames: int = 3) -> tuple[Dataset, bytes]:
    dataset = image(4, 4, NumberOfFrames=frames)
    octets = bytes(range(32 * frames))
    dataset.add_new("PixelData", "OW", octets)
    return dataset, octets


def test_an_instance_in_a_file_comes_back_frame_by_frame_and_whole(dicomweb: Service) -> None:
    dataset, octets = loop()

    assert dicomweb.store(dataset).status_code == 200

    parts = parts_in(dicomweb.get(f"{path_of(dataset)}/frames/3,1", OCTETS))
    assert [body for _, body in parts] == [octets[64:], octets[:32]]
    ((_, file),) = parts_in(dicomweb.get(path_of(dataset), 'multipart/related; type="application/dicom"'))
    assert file.endswith(octets)
    (metadata,) = dicomweb.get(f"{path_of(dataset)}/metadata", "application/dicom+json").json()
    assert metadata["00280008"]["Value"] == [3]


def test_what_was_in_a_file_and_is_stored_again_is_the_second(
    dicomweb: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset, _ = loop()
    dicomweb.store(dataset)
    monkeypatch.setattr(server, "LARGE", 1 << 20)
    dataset.PixelData = bytes(96)
    dicomweb.store(dataset)

    assert [body for _, body in parts_in(dicomweb.get(f"{path_of(dataset)}/frames/2", OCTETS))] == [bytes(32)]


def test_what_was_in_a_file_can_be_deleted(dicomweb: Service) -> None:
    dataset, _ = loop()
    dicomweb.store(dataset)

    assert requests.delete(f"{dicomweb.base}{path_of(dataset)}", timeout=10).status_code in {200, 204}
    assert dicomweb.get(f"{path_of(dataset)}/frames/1", OCTETS).status_code == 404


def test_two_at_a_time_are_too_large(dicomweb: Service) -> None:
    assert dicomweb.store(loop()[0], loop()[0]).status_code == 413


def test_another_transfer_syntax_is_too_large(dicomweb: Service) -> None:
    assert dicomweb.store(part10(loop()[0], ImplicitVRLittleEndian)).status_code == 413
    assert dicomweb.store(compressed(loop()[0], RLELossless)).status_code == 413
