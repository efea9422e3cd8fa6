"""From Pixel Data to frames and samples (PS3.5 8, A.4): what a decoder stumbles over, and how much it may unpack."""

from __future__ import annotations

import io
from copy import deepcopy
from typing import Any

from numpy.typing import NDArray
from PIL import Image
from pydicom import Dataset
from pydicom.encaps import encapsulate, generate_fragments, generate_frames
from pydicom.pixels.processing import apply_color_lut
from pydicom.pixels.utils import pixel_array
from pydicom.uid import UID

from dicomweb_conformance.http import limits
from dicomweb_conformance.http.unreadable import Form, TooLargeError, UnreadableError, quietly
from dicomweb_conformance.reading import values


def samples(data_set: Dataset, *, colours: bool = False) -> NDArray[Any]:
    """Return the decoded pixels of an image.

    Args:
        data_set: of a file, with its File Meta Information.
        colours: put those of a palette in place of its entries.

    Raises:
        UnreadableError: they do not decode.
        TooLargeError: they are more than are decoded.
    """
    with quietly():
        try:
            _must_be_few(data_set)
            found = pixel_array(data_set)
            return apply_color_lut(found, data_set) if colours else found
        except (UnreadableError, TooLargeError):
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


def _must_be_few(data_set: Dataset) -> None:
    size = 1
    for keyword, default in (("Rows", 0), ("Columns", 0), ("SamplesPerPixel", 1), ("NumberOfFrames", 1)):
        value = data_set.get(keyword)
        size *= int(default if value is None else value)
    size *= -(-int(data_set.get("BitsAllocated") or 8) // 8)
    if size > limits.SAMPLES:
        raise TooLargeError(Form.PIXELS, f"they are {size:,} octets")
    if values.is_encapsulated(values.syntax(data_set)):
        for each in fragments(data_set.PixelData):
            _must_unpack_to_little(each)


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
