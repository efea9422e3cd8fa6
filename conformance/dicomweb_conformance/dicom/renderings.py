"""Pictures as a server renders them (PS3.18 8.7.4), compared: facts out, nothing judged.

Compared are shapes and brightness, never samples: the grey scale and colour space of a rendering are nowhere defined,
and JPEG is lossy.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from dicomweb_conformance.reading.picture_files import Samples, png

_FLAT = 2.0
"""A picture whose brightness varies less than this (standard deviation, of 255) shows nothing."""
_SAME = 24.0
"""What squares of the corpus may differ by after a rough JPEG; they are made to differ by 20 at the least."""
_SHOWN = 256
"""Rows and columns of what a reader is shown of a picture."""


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
    """Return the share of the squares of `side` pixels that are as bright in a rendered image as they were before."""
    one, other = levels(found, side), levels(before, side)
    return sum(abs(now - then) < _SAME for now, then in zip(one, other, strict=True)) / max(len(other), 1)


def side_by_side(found: Samples, expected: Samples) -> tuple[bytes, bytes, bytes]:
    """Return as files for a reader the picture expected, the one found, and where they differ, which is bright there.

    The one found keeps its shape; for the difference it is brought to the size of the other.
    """
    expected, found = _visible(expected), _visible(found)
    difference = np.abs(scaled(found, expected.shape[1::-1]) - expected).max(axis=2)
    return png(_small(expected)), png(_small(found)), png(_small(difference))


def _visible(samples: Samples) -> Samples:
    """Return samples in three colours, and from 0 to 255 where they are not: stored values, for one."""
    colours = samples if samples.ndim == 3 else np.repeat(samples[:, :, np.newaxis], 3, axis=2)
    low, high = float(colours.min()), float(colours.max())
    return colours if low >= 0 and high <= 255 else (colours - low) * (255 / max(high - low, 1.0))


def _small(samples: Samples) -> Samples:
    rows, columns = samples.shape[:2]
    times = max(rows, columns) / _SHOWN
    return samples if times <= 1 else scaled(samples, (max(1, int(columns / times)), max(1, int(rows / times))))
