"""From Pixel Data to frames and samples (PS3.5 8, A.4): what a decoder stumbles over, and how much it may unpack."""

from __future__ import annotations

import io
import math
from copy import deepcopy
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydicom import Dataset
from pydicom.encaps import encapsulate, generate_fragments, generate_frames
from pydicom.pixels.decoders.base import get_decoder
from pydicom.pixels.processing import apply_color_lut
from pydicom.pixels.utils import pixel_array
from pydicom.uid import UID, ExplicitVRLittleEndian

from dicomweb_conformance.http import limits
from dicomweb_conformance.http.unreadable import Form, NoDecoderError, TooLargeError, UnreadableError, quietly
from dicomweb_conformance.reading import codestreams, deflated, values

_COMPONENTS = 4
"""Samples of a pixel: colours, and one more."""
_AS_THEY_ARE = "1.2.840.10008.1.2.1.98"
_DEFLATED = "1.2.840.10008.1.2.8.1"
_WITHOUT_PYDICOM = frozenset({*codestreams.DECODERS, _AS_THEY_ARE, _DEFLATED})


def samples(data_set: Dataset, *, colours: bool = False) -> NDArray[Any]:
    """Return the decoded pixels of an image.

    Args:
        data_set: of a file, with its File Meta Information.
        colours: put those of a palette in place of its entries.

    Raises:
        UnreadableError: they do not decode.
        NoDecoderError: this machine has nothing that decodes their transfer syntax.
        TooLargeError: they are more than are decoded.
    """
    with quietly():
        try:
            _must_be_few(data_set)
            found = pixel_array(_decodable(data_set))
            return apply_color_lut(found, data_set) if colours else found
        except (UnreadableError, NoDecoderError, TooLargeError):
            raise
        except Exception as error:  # pydicom and its decoders raise whatever they stumble over
            raise UnreadableError(Form.PIXELS, f"{type(error).__name__}: {error}", "(7FE0,0010)") from error


def samples_of_frame(codestream: bytes, syntax: str, description: Dataset) -> NDArray[Any]:
    """Return the decoded pixels of one frame of an image.

    Args:
        codestream: the frame by itself.
        syntax: the transfer syntax that it is in.
        description: the image that it is a frame of, whatever its own transfer syntax.

    Raises:
        UnreadableError: it does not decode.
        NoDecoderError: this machine has nothing that decodes it.
    """
    data_set = deepcopy(description)
    with quietly():
        data_set.file_meta.TransferSyntaxUID = UID(syntax)
        data_set.NumberOfFrames = 1
        try:
            data_set.PixelData = encapsulate([codestream])
        except ValueError as error:
            raise _no_fragments(error) from error
    return samples(data_set)


def _decodable(data_set: Dataset) -> Dataset:
    """Return an image that pydicom decodes: itself, or one of the same pixels in native form."""
    syntax = values.syntax(data_set)
    if syntax in _WITHOUT_PYDICOM:
        return _native(data_set, syntax)
    if values.is_encapsulated(syntax):
        try:
            there = bool(get_decoder(UID(syntax)).is_available)
        except NotImplementedError:
            there = False
        if not there:
            raise NoDecoderError(f"this suite has no decoder for transfer syntax {syntax}")
    return data_set


def _native(data_set: Dataset, syntax: str) -> Dataset:
    number, samples_per_pixel = (
        values.number(data_set, keyword, 1) or 1 for keyword in ("NumberOfFrames", "SamplesPerPixel")
    )
    decoded = [_frame(frame, syntax, data_set) for frame in frames(data_set.PixelData, number)]
    if len(decoded) != number:
        raise UnreadableError(Form.PIXELS, f"{len(decoded)} frames rather than {number}", "(7FE0,0010)")
    native = deepcopy(data_set)
    native.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    native.PixelData = b"".join(decoded)
    native.PixelData += b"\0" * (len(native.PixelData) % 2)
    native["PixelData"].is_undefined_length = False
    if samples_per_pixel > 1:
        native.PlanarConfiguration = 0
        colours = values.text(data_set, "PhotometricInterpretation")
        if colours in {"YBR_ICT", "YBR_RCT"} or syntax in codestreams.JPEG_XL:  # the decoder has undone it
            native.PhotometricInterpretation = "RGB"
        elif colours in {"YBR_FULL_422", "YBR_PARTIAL_420"}:  # a decoder gives each pixel its own
            native.PhotometricInterpretation = "YBR_FULL"
    return native


def _frame(octets: bytes, syntax: str, data_set: Dataset) -> bytes:
    """Return a frame in native form, without padding; one of another shape than its image has is not of it."""
    samples_per_pixel = values.number(data_set, "SamplesPerPixel", 1)
    if syntax in codestreams.DECODERS:
        return _as_described(codestreams.frame(octets, syntax, samples_per_pixel), data_set, samples_per_pixel)
    native = deflated.inflated(octets)[0] if syntax == _DEFLATED else octets
    described = (values.number(data_set, "Rows"), values.number(data_set, "Columns"), samples_per_pixel)
    length = math.prod(described) * values.number(data_set, "BitsAllocated", 8) // 8
    if not length <= len(native) <= length + 1:
        raise UnreadableError(Form.PIXELS, f"a frame of {len(native):,} octets rather than {length:,}")
    return native[:length]


def _as_described(frame: NDArray[Any], data_set: Dataset, samples_per_pixel: int) -> bytes:
    colours = (samples_per_pixel,) if samples_per_pixel > 1 else ()
    shape = (values.number(data_set, "Rows"), values.number(data_set, "Columns"), *colours)
    allocated = values.number(data_set, "BitsAllocated", 8)
    if frame.shape != shape or frame.itemsize * 8 > allocated or allocated not in {8, 16, 32}:
        found = f"a frame of {' x '.join(map(str, frame.shape))} samples of {frame.itemsize * 8} bits"
        raise UnreadableError(Form.PIXELS, f"{found} rather than {' x '.join(map(str, shape))} of {allocated}")
    signed = values.number(data_set, "PixelRepresentation") == 1
    kind = np.dtype(f"<{'i' if signed else 'u'}{allocated // 8}")
    unused = allocated - values.number(data_set, "BitsStored", allocated)
    if signed and frame.dtype.kind == "u" and 0 < unused < allocated:
        frame = frame.astype(kind) << unused >> unused  # the sign of a number that was encoded as if it had none
    return frame.astype(kind).tobytes()


def _must_be_few(data_set: Dataset) -> None:
    size = 1
    for keyword, default in (("Rows", 0), ("Columns", 0), ("SamplesPerPixel", 1), ("NumberOfFrames", 1)):
        value = data_set.get(keyword)
        size *= int(default if value is None else value)
    size *= -(-int(data_set.get("BitsAllocated") or 8) // 8)
    if size > limits.SAMPLES:
        raise TooLargeError(Form.PIXELS, f"they are {size:,} octets")
    syntax = values.syntax(data_set)
    if syntax in codestreams.DECODERS:
        for frame in frames(data_set.PixelData, values.number(data_set, "NumberOfFrames", 1) or 1):
            width, height, components = codestreams.size(frame)
            if len(frame) > limits.CODESTREAM or width * height > limits.PIXELS or components > _COMPONENTS:
                said = (
                    f"a compressed frame of {len(frame):,} octets, {width} x {height} pixels, {components} components"
                )
                raise TooLargeError(Form.PIXELS, said)
    elif values.is_encapsulated(syntax):
        for fragment in fragments(data_set.PixelData):
            _must_unpack_to_little(fragment)


def _must_unpack_to_little(codestream: bytes) -> None:
    """Demand of a compressed frame that it is not larger than its data set lets one expect."""
    if len(codestream) > limits.CODESTREAM:
        raise TooLargeError(Form.PIXELS, f"a compressed frame of {len(codestream):,} octets")
    try:
        with Image.open(io.BytesIO(codestream), formats=("JPEG", "JPEG2000")) as picture:
            pixels = picture.width * picture.height
    except Image.DecompressionBombError as error:
        raise TooLargeError(Form.PIXELS, str(error)) from None
    except Exception:  # whatever it is, it tells no size
        return
    if pixels > limits.PIXELS:
        raise TooLargeError(Form.PIXELS, f"a compressed frame of {pixels:,} pixels")


def fragments(octets: bytes) -> list[bytes]:
    """Return the items of encapsulated Pixel Data, the first of which is the Basic Offset Table.

    Raises:
        UnreadableError: what is there is no item.
    """
    with quietly():
        try:
            return list(generate_fragments(octets))
        except Exception as error:  # as above
            raise _no_fragments(error) from error


def frames(octets: bytes, number: int) -> list[bytes]:
    """Return the codestreams of so many frames of encapsulated Pixel Data.

    Raises:
        UnreadableError: they cannot be told apart.
    """
    with quietly():
        try:
            return list(generate_frames(octets, number_of_frames=number))
        except Exception as error:  # as above
            raise _no_fragments(error) from error


def _no_fragments(error: Exception) -> UnreadableError:
    return UnreadableError(
        Form.PIXELS, f"its fragments cannot be told apart ({type(error).__name__}: {error})", "(7FE0,0010)"
    )
