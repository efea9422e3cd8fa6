"""The forms in which a DICOM store of the Cloud Healthcare API sends an image, whatever it was stored in."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dicomweb_conformance.checks.expect import Expectation, assume, control, expect, read_parts
from dicomweb_conformance.checks.verifies import Variant, verifies
from dicomweb_conformance.http import media_types
from dicomweb_conformance.http.exchanges import Response
from dicomweb_conformance.http.unreadable import UnreadableError
from dicomweb_conformance.reading import picture_files, pixel_data, values
from dicomweb_conformance.scenarios.steps import pixel_octets
from dicomweb_conformance.scenarios.steps.likewise import leave_to_the_first
from dicomweb_conformance.scenarios.steps.returned import fits, has_pixels
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_conformance.validators.images import jpeg
from dicomweb_fixtures.corpus import Corpus
from dicomweb_fixtures.entities import Instance

_ROOT = "1.2.840.10008.1.2"
_ALIKE = 0.9
"""How far samples go up and down with those stored after a lossy compression, as a correlation: much more than that."""

SYNTAXES = tuple(
    Variant(name, "GOOGLE-077", f"{_ROOT}{suffix}")
    for name, suffix in (
        ("implicit", ""),
        ("explicit", ".1"),
        ("jpeg-lossless", ".4.70"),
        ("jpeg-ls-lossless", ".4.80"),
        ("jpeg-2000-lossless", ".4.90"),
        ("rle", ".5"),
        ("jpeg-baseline", ".4.50"),
        ("jpeg-ls", ".4.81"),
        ("jpeg-2000", ".4.91"),
    )
)
LOSSY = frozenset({f"{_ROOT}.4.50", f"{_ROOT}.4.81", f"{_ROOT}.4.91"})


@verifies(id="google-transfer-syntax", each=SYNTAXES)
def test_transfer_syntax(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """A native grey image comes in each transfer syntax of the service's list that is asked for."""
    instance = corpus.pictures.instances[0]
    control(dicomweb.retrieve(instance), because="the image cannot be retrieved without a transfer syntax")

    def asked(syntax: Variant) -> Response:
        return dicomweb.retrieve(instance, accept=f"{media_types.MULTIPART_DICOM}; transfer-syntax={syntax.value}")

    response = asked(case)

    with expect(response) as it:
        in_its_place = _in_place_of(case, response)
        leave_to_the_first(
            "google-transfer-syntax", case, SYNTAXES, in_its_place, lambda each: _in_place_of(each, asked(each))
        )
        received = it.is_one_instance()
        syntax = values.syntax(received)
        if syntax != case.value or not fits(received):
            form = syntax if syntax != case.value else f"{syntax}, which the data set does not fit"
            it.observes("another-transfer-syntax", where="(0002,0010)", expected=[case.value], received=form)
        elif case.value not in LOSSY:
            differ = "pixels-differ-for-a-lossless-one"
            has_pixels(it, instance, received, differ=differ, missing=differ)
        else:
            try:
                found = pixel_data.samples(received)
            except UnreadableError as error:
                it.cannot_read(error, "pixels that decode")
            _shows(it, found, instance)


def _in_place_of(case: Variant, response: Response) -> str:
    """Say what came in the place of a transfer syntax that was asked for; empty where it came, or nothing legible."""
    if response.status >= 400:
        return f"the transfer syntax is answered with {response.status}"
    try:
        received = {values.syntax(read_part) for read_part in read_parts(response)}
    except UnreadableError:
        return ""
    return "" if case.value in received else f"{' and '.join(sorted(received)) or 'no instance'} comes"


TYPES = tuple(
    Variant(name, "GOOGLE-081", value)
    for name, value in (
        ("jpeg", "image/jpeg"),
        ("jpeg-lossless", f"image/jpeg; {_ROOT}.4.70"),
        ("png", "image/png"),
        ("jls", f"image/jls; {_ROOT}.4.80"),
        ("jp2", f"image/jp2; {_ROOT}.4.90"),
        ("rle", f"image/dicom-rle; {_ROOT}.5"),
    )
)
_LOOKS_LIKE = {
    "image/jpeg": (b"\xff\xd8\xff",),
    "image/png": (b"\x89PNG",),
    "image/jls": (b"\xff\xd8\xff",),
    "image/jp2": (b"\xff\x4f\xff\x51", b"\0\0\0\x0cjP  "),
    "image/dicom-rle": (b"\x01\0\0\0",),
}
"""How the octets of a grey frame of 8 bits begin in each media type."""


@verifies(id="google-frame-type", each=TYPES)
def test_frame_type(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """A frame of a native grey image comes in each media type of the service's list that is asked for."""
    instance = corpus.pictures.instances[0]
    kind, _, syntax = case.value.partition("; ")
    control(dicomweb.frames(instance, "1"), because="the frame cannot be retrieved as application/octet-stream")
    accept = f'multipart/related; type="{kind}"' + (f"; transfer-syntax={syntax}" if syntax else "")

    response = dicomweb.frames(instance, "1", accept=accept)

    with expect(response) as it:
        if response.status >= 400 and syntax:
            _is_encoded(dicomweb, instance, syntax)
        it.has_status(200)
        try:
            items = pixel_octets.items_of(response)
        except UnreadableError as error:
            it.cannot_read(error, f"multipart/related with a part of {kind}")
        octets = pixel_octets.joined(items)
        labels = {item.name for item in items}
        if labels != {kind}:
            it.finds("another type than asked for", expected=[kind], received=", ".join(labels))
            it.concludes()
        if not octets.startswith(_LOOKS_LIKE[kind]):
            received = f"{octets[:8].hex(' ') or 'nothing'} under {kind}"
            it.observes("body-does-not-fit-its-type", expected=[kind], received=received)
            it.concludes()
        process = jpeg.process(octets) if kind == "image/jpeg" else None
        lossless = syntax or (f"{_ROOT}.4.70" if process == _LOSSLESS else "")
        try:
            if lossless:
                found = pixel_data.samples_of_frame(octets, lossless, instance.dataset)
            else:
                found = picture_files.read(octets).grey
        except UnreadableError as error:
            it.observes("body-does-not-fit-its-type", expected=[kind], received=str(error))
            it.concludes()
        if not lossless and kind == "image/jpeg":
            _shows(it, found, instance)
        elif not np.array_equal(found, pixel_data.samples(instance.dataset)):
            it.observes("pixels-differ-for-a-lossless-type", received="other samples than those stored")


_LOSSLESS = 0xC3


def _is_encoded(dicomweb: StudiesService, instance: Instance, syntax: str) -> None:
    """Demand that an image as a whole comes in the transfer syntax of a frame that is refused.

    Raises:
        Inconclusive: it does not, which another check tells.
    """
    (whole,) = (each for each in SYNTAXES if each.value == syntax)
    response = dicomweb.retrieve(instance, accept=f"{media_types.MULTIPART_DICOM}; transfer-syntax={syntax}")
    assume(
        response.status == 200,
        f"an image does not come in the transfer syntax {syntax} at all",
        f"google-transfer-syntax[{whole.id}]",
    )


def _shows(it: Expectation, found: NDArray[np.generic], instance: Instance) -> None:
    """Report samples that do not show an image.

    What compresses with loss may move and stretch all values alike, and say so by Rescale Intercept and Slope.
    """
    stored = pixel_data.samples(instance.dataset)
    alike = 0.0
    if found.shape == stored.shape and np.ptp(found.astype(float)):
        alike = float(np.corrcoef(found.astype(float).ravel(), stored.astype(float).ravel())[0, 1])
    if alike < _ALIKE:
        expected, received = ["the picture that was stored"], f"samples that correlate by {alike:.2f} with those stored"
        it.finds("another picture", expected=expected, received=received)
