"""Images that were brought into another transfer syntax, held against the pixels that were stored (PS3.5 8.2)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from dicomweb_conformance.checks.expect import Expectation
from dicomweb_conformance.http.exchanges import Response
from dicomweb_fixtures.building.transfer_syntaxes import Syntax

_LESS_QUALITY = 4
"""How much further from the pixels a server may come than the tolerance of a syntax, which is for the encoder of the
corpus: JPEG of quality 50, JPEG 2000 of 30 dB, JPEG-LS of NEAR 8 and JPEG XL of distance 3 are within it."""
_REFUSED = range(400, 500)


def is_refused(response: Response) -> bool:
    """Tell whether a server says that it does not bring an image into what was asked for."""
    return response.status in _REFUSED or response.status == 501


def bound(stored: Syntax, asked: Syntax) -> int:
    """Return how far a sample may be from the one that was stored; 0 where neither syntax loses anything."""
    return stored.tolerance + _LESS_QUALITY * asked.tolerance


def is_near(it: Expectation, found: NDArray[Any], expected: NDArray[Any], most: int, place: str) -> None:
    """Report whether samples are those that were stored, each within a bound, by the codes of the two rows of this.

    `place` says what was stored and what was asked for.
    """
    if found.shape != expected.shape:
        received = f"{found.shape} samples"
        it.observes("another-image", where=place, expected=[f"{expected.shape} samples"], received=received)
    elif (apart := int(np.abs(found.astype(int) - expected.astype(int)).max())) > most:
        it.observes(
            "another-image",
            where=place,
            expected=[f"each sample within {most} of the one that was stored"],
            received=f"{apart} apart",
        )
    else:
        it.observes("the-pixels-that-were-stored")
