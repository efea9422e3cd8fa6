"""How the images of the corpus look when they are rendered (PS3.3 C.7.6.3.1.2, C.11.2), up to brightness and contrast.

Only for data of the suite's own: nothing that a target sent is decoded here.
"""

from __future__ import annotations

import numpy as np
from pydicom.pixels.processing import apply_color_lut
from pydicom.pixels.utils import pixel_array

from dicomweb_conformance.pictures import Samples
from dicomweb_fixtures.entities import Instance


def frames_of(instance: Instance) -> tuple[Samples, ...]:
    """Return each frame as rows x columns x red, green and blue, from 0 to 255; MONOCHROME1 begins with white."""
    dataset = instance.dataset
    stored = pixel_array(dataset)
    if dataset.PhotometricInterpretation == "PALETTE COLOR":
        stored = apply_color_lut(stored, dataset)
        stored = stored / (257 if stored.max() > 255 else 1)
    else:
        stored = stored * (255 / (2 ** int(dataset.BitsStored) - 1))
    frames = stored if int(dataset.get("NumberOfFrames") or 1) > 1 else stored[np.newaxis]
    if dataset.SamplesPerPixel == 1 and frames.ndim == 3:
        frames = np.stack([frames] * 3, axis=3)
    if dataset.PhotometricInterpretation == "MONOCHROME1":
        frames = 255 - frames
    return tuple(np.asarray(frame, np.float64) for frame in frames)


def windowed(instance: Instance, center: float, width: float, function: str) -> Samples:
    """Return the grey levels of an image in a window, from 0 to 255 (PS3.3 C.11.2.1.2, C.11.2.1.3).

    Args:
        instance: of one frame of MONOCHROME2, its Modality LUT being the identity.
        center: of the window.
        width: of the window.
        function: linear, linear-exact or sigmoid.
    """
    values = pixel_array(instance.dataset).astype(np.float64)
    match function:
        case "sigmoid":
            shown = 1 / (1 + np.exp(np.clip(-4 * (values - center) / width, -700, 700)))
        case "linear-exact":
            shown = np.clip((values - center) / width + 0.5, 0, 1)
        case _:
            shown = np.clip((values - (center - 0.5)) / (width - 1) + 0.5, 0, 1)
    return np.asarray(shown * 255, np.float64)
