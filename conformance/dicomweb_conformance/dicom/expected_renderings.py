"""How the images of the corpus look when they are rendered, in the form in which pictures are compared.

What they show is computed in `dicomweb_fixtures.expected.renderings`; checks compare it up to brightness and contrast.
"""

from __future__ import annotations

import numpy as np

from dicomweb_conformance.reading.picture_files import Samples
from dicomweb_fixtures.entities import Instance
from dicomweb_fixtures.expected import renderings
from dicomweb_fixtures.expected.grey_levels import Window


def frames_of(instance: Instance) -> tuple[Samples, ...]:
    """Return each frame as rows x columns x red, green and blue, from 0 to 255, in its first window if it has some."""
    return tuple(renderings.alternatives(instance, number)[0].samples for number in range(1, len(instance.frames) + 1))


def presented(state: Instance, image: Instance) -> Samples:
    """Return a grey image as a presentation state shows it."""
    return renderings.presented(state, image)[0].samples


def stored_values(instance: Instance) -> Samples:
    """Return the stored values of a grey image in the shape of a picture: all of them, in no window."""
    return np.repeat(renderings.stored_values(instance), 3, axis=2)


def windowed(instance: Instance, center: float, width: float, function: str) -> Samples:
    """Return the grey levels of a grey image in a window, from 0 to 255.

    Args:
        instance: of one frame.
        center: of the window.
        width: of the window.
        function: linear, linear-exact or sigmoid, as a request has it (PS3.18 8.3.5.1.4).
    """
    window = Window(center, width, function.upper().replace("-", "_"))
    return np.asarray(renderings.windowed(instance, window).samples[..., 0], np.float64)
