"""Frames with one bit for each pixel, which need not end where octets end (PS3.5 8.1.1, PS3.18 8.7.3.3.1)."""

from __future__ import annotations

from collections.abc import Sequence


def is_packed(found: bytes, frames: Sequence[bytes], bits: int) -> bool:
    """Tell whether octets hold frames one behind the other, without padding between them.

    Args:
        found: the octets; what the last of them has beside the bits, and one more to make them even, is free.
        frames: each in octets of its own, the first pixel in the lowest bit.
        bits: pixels of a frame.
    """
    packed = 0
    for place, frame in enumerate(frames):
        packed |= (int.from_bytes(frame, "little") & (1 << bits) - 1) << place * bits
    count = bits * len(frames)
    octets = -(-count // 8)
    return octets <= len(found) <= octets + octets % 2 and int.from_bytes(found, "little") & (1 << count) - 1 == packed


def of_frames(found: bytes, frames: Sequence[bytes]) -> list[tuple[bytes, bytes]]:
    """Return the octets of each frame beside it, where each begins with an octet of its own."""
    size = -(-len(found) // len(frames))
    return [(found[place * size : (place + 1) * size], frame) for place, frame in enumerate(frames)]
