"""From octets to the samples of a picture: JPEG, PNG, GIF and JPEG 2000 files, and what else Pillow reads well."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms, ImageSequence, UnidentifiedImageError

from dicomweb_conformance.http import limits, media_types
from dicomweb_conformance.http.unreadable import Form, TooLargeError, UnreadableError, quietly

Samples: TypeAlias = NDArray[np.float64]

_FORMATS = {
    "JPEG": "image/jpeg",
    "PNG": "image/png",
    "GIF": "image/gif",
    "JPEG2000": "image/jp2",
    "BMP": "image/bmp",
    "WEBP": "image/webp",
}


@dataclass(frozen=True, eq=False)
class Picture:
    """A decoded picture.

    Attributes:
        media_type: what the octets are, whatever their Content-Type says.
        frames: samples as rows x columns x red, green and blue, from 0 to 255; several for an animation.
        icc_profile: the profile in the file, None without one.
    """

    media_type: str
    frames: tuple[Samples, ...]
    icc_profile: bytes | None = None

    @property
    def samples(self) -> Samples:
        """Those of the first frame."""
        return self.frames[0]

    @property
    def grey(self) -> Samples:
        """Brightness of the first frame, as rows x columns."""
        return np.asarray(self.samples.mean(axis=2), np.float64)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""
        rows, columns = self.samples.shape[:2]
        return columns, rows


def read(octets: bytes) -> Picture:
    """Decode a picture.

    Args:
        octets: a JPEG, PNG, GIF or JPEG 2000 file (other types that Pillow reads well are named, too).

    Raises:
        UnreadableError: it is none, or it breaks off.
        TooLargeError: it has more pixels or frames than are decoded.
    """
    with quietly():
        try:
            with Image.open(io.BytesIO(octets), formats=tuple(_FORMATS)) as file:
                return _decoded(file)
        except (UnreadableError, TooLargeError):
            raise
        except Image.DecompressionBombError as error:
            raise TooLargeError(Form.PICTURE, str(error)) from None
        except Exception as error:  # Pillow's decoders raise whatever they stumble over
            raise _unreadable(error) from error


def _unreadable(error: Exception) -> UnreadableError:
    if isinstance(error, UnidentifiedImageError):
        return UnreadableError(Form.PICTURE, f"it is of none of the types {', '.join(_FORMATS.values())}")
    return UnreadableError(Form.PICTURE, f"{type(error).__name__}: {error}")


def _decoded(file: Image.Image) -> Picture:
    frames: list[Samples] = []
    # The size is known before anything is unpacked, and the frames are counted as they come.
    for frame in ImageSequence.Iterator(file) if file.format == "GIF" else (file,):
        _must_be_small(file, len(frames) + 1)
        frames.append(_samples(frame))
    profile: Any = file.info.get("icc_profile")
    # A JPEG with further pictures behind it is MPO to Pillow.
    return Picture(
        _FORMATS.get(file.format or "", media_types.JPEG),
        tuple(frames),
        profile if isinstance(profile, bytes) else None,
    )


def _must_be_small(file: Image.Image, frames: int) -> None:
    if file.width * file.height * frames > limits.PIXELS or frames > limits.FRAMES:
        raise TooLargeError(Form.PICTURE, f"{file.width} x {file.height} pixels in at least {frames} frames")


def _samples(frame: Image.Image) -> Samples:
    if frame.mode.startswith("I"):  # 16 bits, which Pillow would clip rather than scale
        grey = np.asarray(frame, np.float64) / 257
        return np.stack([grey] * 3, axis=2)
    return np.asarray(frame.convert("RGB"), np.float64)


def png(samples: Samples) -> bytes:
    """Return samples, as rows x columns x 3 or rows x columns, as a PNG file."""
    file = io.BytesIO()
    Image.fromarray(samples.clip(0, 255).round().astype(np.uint8)).save(file, "PNG", optimize=True)
    return file.getvalue()


def profile_name(profile: bytes) -> str:
    """Return the description in an ICC profile.

    Raises:
        UnreadableError: it does not parse.
    """
    with quietly():
        try:
            return str(ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(io.BytesIO(profile)))).strip()
        except Exception as error:  # as above
            raise UnreadableError(Form.PICTURE, f"its ICC profile does not parse: {error}") from error


def samples_as_stored(octets: bytes) -> bytes:
    """Return the samples of the picture in a JPEG file as they are, in its own colours and bits.

    Raises:
        UnreadableError: it does not decode.
        TooLargeError: it has more pixels than are decoded.
    """
    with quietly():
        try:
            with Image.open(io.BytesIO(octets), formats=("JPEG",)) as file:
                _must_be_small(file, 1)
                return file.tobytes()
        except (UnreadableError, TooLargeError):
            raise
        except Image.DecompressionBombError as error:
            raise TooLargeError(Form.PICTURE, str(error)) from None
        except Exception as error:  # as above
            raise _unreadable(error) from error
