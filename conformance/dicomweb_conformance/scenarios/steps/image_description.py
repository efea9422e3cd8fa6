"""What metadata say of the pixels of an image, where a server arranges them in another way than they were stored in."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from dicomweb_conformance.dicom.json_model import objects, text
from dicomweb_conformance.http.unreadable import UnreadableError
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_fixtures.entities import Instance

_PHOTOMETRIC_INTERPRETATION, _PLANAR_CONFIGURATION = "00280004", "00280006"
_TO_YBR = np.array([[0.299, 0.587, 0.114], [-0.168736, -0.331264, 0.5], [0.5, -0.418688, -0.081312]])
"""PS3.3 C.7.6.3.1.2."""
_ROUNDING = 1


def fits_metadata(dicomweb: StudiesService, instance: Instance, found: bytes, frame: bytes) -> bool:
    """Tell whether octets are a colour frame by plane rather than by pixel, or the other way round, as metadata say.

    Metadata are asked for only where octets are arranged so: an arrangement that nobody tells of is another picture.
    """
    if instance.value("SamplesPerPixel") != "3" or len(found) != len(frame):
        return False
    size = int(instance.value("BitsAllocated")) // 8
    other = 0 if instance.value("PlanarConfiguration") == "1" else 1
    return found == _rearranged(frame, size, by_plane=bool(other)) and str(other) == _described(
        dicomweb, instance, _PLANAR_CONFIGURATION
    )


def is_ybr_as_described(dicomweb: StudiesService, instance: Instance, found: bytes, frame: bytes) -> bool:
    """Tell whether 8-bit samples are those of an RGB frame in YBR_FULL, and metadata call them so."""
    if instance.value("SamplesPerPixel") != "3" or len(found) != len(frame):
        return False
    expected = as_ybr(np.frombuffer(frame, np.uint8).reshape(-1, 3))
    samples = np.frombuffer(found, np.uint8).reshape(-1, 3)
    near = bool(np.abs(samples - expected).max() <= _ROUNDING)
    return near and _described(dicomweb, instance, _PHOTOMETRIC_INTERPRETATION) == "YBR_FULL"


def as_ybr(samples: NDArray[Any]) -> NDArray[np.float64]:
    """Return RGB samples of 8 bits in YBR_FULL."""
    return np.asarray((samples @ _TO_YBR.T + (0, 128, 128)).clip(0, 255), np.float64)


def _described(dicomweb: StudiesService, instance: Instance, tag: str) -> str:
    """Return a value of the metadata of an instance as text; empty where it cannot be had."""
    response = dicomweb.metadata(instance)
    try:
        (described,) = objects(response.body) if response.status == 200 else [{}]
    except (UnreadableError, ValueError):
        return ""
    return text(described, tag)


def _rearranged(frame: bytes, size: int, *, by_plane: bool) -> bytes:
    samples = np.frombuffer(frame, f"V{size}")
    return (samples.reshape(-1, 3).T if by_plane else samples.reshape(3, -1).T).tobytes()
