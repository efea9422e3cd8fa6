"""The images that the corpus has in each transfer syntax, and the media types that go with them (PS3.18 8.7.3)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dicomweb_conformance.checks.expect import BUSY, assume
from dicomweb_conformance.http.exchanges import Response
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_fixtures.building import transfer_syntaxes as ts
from dicomweb_fixtures.building.transfer_syntaxes import SYNTAXES, Syntax
from dicomweb_fixtures.corpus import Corpus
from dicomweb_fixtures.entities import (
    EXPLICIT_VR_BIG_ENDIAN,
    EXPLICIT_VR_LITTLE_ENDIAN,
    IMPLICIT_VR_LITTLE_ENDIAN,
    Instance,
)

_TYPES = {
    ts.JPEG_BASELINE: "image/jpeg",
    ts.JPEG_EXTENDED: "image/jpeg",
    ts.JPEG_LOSSLESS: "image/jpeg",
    ts.JPEG_LOSSLESS_SV1: "image/jpeg",
    ts.RLE_LOSSLESS: "image/dicom-rle",
    ts.JPEG_LS_LOSSLESS: "image/jls",
    ts.JPEG_LS_NEAR_LOSSLESS: "image/jls",
    ts.JPEG_2000_LOSSLESS: "image/jp2",
    ts.JPEG_2000: "image/jp2",
    ts.HTJ2K_LOSSLESS: "image/jphc",
    ts.HTJ2K_LOSSLESS_RPCL: "image/jphc",
    ts.HTJ2K: "image/jphc",
    ts.JPEG_XL_LOSSLESS: "image/jxl",
    ts.JPEG_XL_RECOMPRESSION: "image/jxl",
    ts.JPEG_XL: "image/jxl",
}
"""Table 8.7.3-5."""
_NATIVE = frozenset({IMPLICIT_VR_LITTLE_ENDIAN, EXPLICIT_VR_LITTLE_ENDIAN, EXPLICIT_VR_BIG_ENDIAN, ts.DEFLATED})

ENCAPSULATED: tuple[Syntax, ...] = tuple(
    each for each in SYNTAXES.values() if not each.retired and each.uid not in _NATIVE
)
STORED = (SYNTAXES[EXPLICIT_VR_LITTLE_ENDIAN], *ENCAPSULATED)
"""Those in which an image is stored to be asked for in all of them."""
LOSSLESS = tuple(each for each in ENCAPSULATED if each.lossless)
TYPES = tuple(each for each in ENCAPSULATED if each.uid in _TYPES)
"""Those that have a media type for bulk data."""


def leave_broken_decoder(dicomweb: StudiesService, response: Response, instance: Instance, syntax: str) -> None:
    """Leave a 5xx to the check of frames, where the frames of the image are answered so, too: nothing decodes it.

    Raises:
        Inconclusive: they are.
    """
    if response.status >= 500 and response.status not in {501, *BUSY} and SYNTAXES[syntax].lossless:
        of_frames = dicomweb.frames(instance, "1").status
        because = f"a frame of the image is answered with {of_frames}, too, where it should be decoded"
        assume(of_frames != response.status, because, f"frames-of-lossless[{SYNTAXES[syntax].key}]")


def is_near(found: NDArray[np.generic], expected: NDArray[np.generic], uid: str) -> bool:
    """Tell whether samples are those expected, as near as a transfer syntax lets them come."""
    if found.shape != expected.shape:
        return False
    return int(np.abs(found.astype(int) - expected.astype(int)).max()) <= SYNTAXES[uid].tolerance


def type_of(uid: str) -> str:
    """Return the media type of a transfer syntax."""
    return _TYPES[uid]


def images_in(corpus: Corpus, uid: str) -> tuple[Instance, ...]:
    """Return two images in a transfer syntax, or one where there are no more kinds: of colour, and of most bits.

    Raises:
        NotAvailableError: this machine has no encoder of it.
    """
    images = [instance for instance in corpus.encoded(uid).instances if instance.value("Rows") != "1"]
    by_kind = {image.value("SamplesPerPixel"): image for image in images}
    return tuple(by_kind[kind] for kind in sorted(by_kind, reverse=True))
