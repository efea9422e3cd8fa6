"""Pictures as a server renders them (PS3.18 8.7.4): octets in, facts out, nothing judged.

Compared are shapes and brightness, never samples: the grey scale and colour space of a rendering are nowhere defined,
and JPEG is lossy.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms, ImageSequence

from dicomweb_conformance import media_types

Samples: TypeAlias = NDArray[np.float64]

LARGEST = 16_000_000
"""Pixels, of all frames together, beyond which a picture is not decoded: the corpus has nothing near it."""
MOST_FRAMES = 500
_FORMATS = {
    "JPEG": "image/jpeg",
    "PNG": "image/png",
    "GIF": "image/gif",
    "JPEG2000": "image/jp2",
    "BMP": "image/bmp",
    "WEBP": "image/webp",
}
_FLAT = 2.0
"""A picture whose brightness varies less than this (standard deviation, of 255) shows nothing."""


_SAME = 24.0
"""What squares of the corpus may differ by after a rough JPEG; they are made to differ by 20 at the least."""


class PictureError(ValueError):
    """The octets are no picture that can be decoded, or one that is too large to be."""


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
        PictureError: it is none, it breaks off, or it has more than LARGEST pixels or MOST_FRAMES frames.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow warns of large pictures before it is asked to decode one
            with Image.open(io.BytesIO(octets), formats=tuple(_FORMATS)) as file:
                return _decoded(file)
    except PictureError:
        raise
    except Exception as error:  # Pillow's decoders raise whatever they stumble over
        raise PictureError(f"no picture that decodes: {type(error).__name__}: {error}") from error


def _decoded(file: Image.Image) -> Picture:
    pixels = file.width * file.height
    frames: list[Samples] = []
    # The size is known before anything is unpacked, and the frames are counted as they come.
    for frame in ImageSequence.Iterator(file) if file.format == "GIF" else (file,):
        if pixels * (len(frames) + 1) > LARGEST or len(frames) == MOST_FRAMES:
            raise PictureError(f"{file.width} x {file.height} pixels in at least {len(frames) + 1} frames: too many")
        frames.append(_samples(frame))
    profile: Any = file.info.get("icc_profile")
    # A JPEG with further pictures behind it is MPO to Pillow.
    return Picture(
        _FORMATS.get(file.format or "", media_types.JPEG),
        tuple(frames),
        profile if isinstance(profile, bytes) else None,
    )


def _samples(frame: Image.Image) -> Samples:
    if frame.mode.startswith("I"):  # 16 bits, which Pillow would clip rather than scale
        grey = np.asarray(frame, np.float64) / 257
        return np.stack([grey] * 3, axis=2)
    return np.asarray(frame.convert("RGB"), np.float64)


def profile_name(profile: bytes) -> str:
    """Return the description in an ICC profile.

    Raises:
        PictureError: it does not parse.
    """
    try:
        return str(ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(io.BytesIO(profile)))).strip()
    except Exception as error:  # as above
        raise PictureError(f"no ICC profile: {error}") from error


def is_flat(samples: Samples) -> bool:
    """Tell whether a picture shows nothing: one colour all over."""
    channels = samples.reshape(-1, samples.shape[2] if samples.ndim == 3 else 1)
    return bool(channels.std(axis=0).max() < _FLAT)


def correlation(found: Samples, expected: Samples) -> float:
    """Return the lowest correlation of a channel with what is expected of it, between -1 and 1.

    1 says that the two are the same up to brightness and contrast; a channel that should vary and does not has 0. Any
    picture has 0 with one of another size.
    """
    if found.shape != expected.shape:
        return 0.0
    one, other = (each.reshape(-1, each.shape[2] if each.ndim == 3 else 1) for each in (found, expected))
    return min(_correlation(one[:, channel], other[:, channel]) for channel in range(one.shape[1]))


def _correlation(one: Samples, other: Samples) -> float:
    one, other = one - one.mean(), other - other.mean()
    size = float(np.sqrt((one**2).sum() * (other**2).sum()))
    return float((one * other).sum()) / size if size else 0.0


def difference(one: Samples, other: Samples) -> float:
    """Return how much two pictures of one size differ, as mean of all samples; 255 where their sizes differ."""
    return float(np.abs(one - other).mean()) if one.shape == other.shape else 255.0


def nearest(found: Samples, candidates: dict[str, Samples]) -> str:
    """Return the name of the candidate that a picture differs from least; the first of equals."""
    return min(candidates, key=lambda name: difference(found, candidates[name]))


def levels(grey: Samples, side: int) -> list[float]:
    """Return the brightness in the middle of each square of so many pixels, row by row."""
    rows, columns = grey.shape
    inset = side // 4
    return [
        float(grey[row + inset : row + side - inset, column + inset : column + side - inset].mean())
        for row in range(0, rows - side + 1, side)
        for column in range(0, columns - side + 1, side)
    ]


def rises(values: Sequence[float], slack: float = 2.0) -> bool:
    """Tell whether no value lies more than `slack` below the one before it."""
    return all(after >= before - slack for before, after in pairwise(values))


def scaled(samples: Samples, size: tuple[int, int]) -> Samples:
    """Return a picture in another width and height, each sample that of the nearest pixel."""
    rows, columns = samples.shape[:2]
    width, height = size
    down = (np.arange(height) * rows // height).clip(max=rows - 1)
    across = (np.arange(width) * columns // width).clip(max=columns - 1)
    return np.asarray(samples[down][:, across], np.float64)


def kept(found: Samples, before: Samples, side: int) -> float:
    """Return which part of the squares of so many pixels is as bright in a picture as it was before."""
    one, other = levels(found, side), levels(before, side)
    return sum(abs(now - then) < _SAME for now, then in zip(one, other, strict=True)) / max(len(other), 1)
