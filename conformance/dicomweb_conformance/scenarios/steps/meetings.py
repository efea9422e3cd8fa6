"""Clients that do something at the same time, again and again: whether they hinder each other is chance each time.

A verdict must not be, so that they meet until a fault is seen, or often enough that its absence says something.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence

LEAST, USUAL, MOST = 3, 6, 20
"""How often clients meet: of a slow target, of others, and where something says that they do hinder each other."""
SECONDS = 10.0
"""A target that takes longer for its meetings has the least of them only."""


def meetings(
    usual: int = USUAL, hints: Sequence[object] = (), clock: Callable[[], float] = time.monotonic
) -> Iterator[int]:
    """Yield the number of each meeting; who sees the fault ends them.

    Args:
        usual: how often clients meet where nothing tells against it.
        hints: what was seen so far that is no fault, and is seen of targets which have it.
        clock: tells the time in seconds.
    """
    until = clock() + SECONDS
    for number in range(MOST):
        if number >= LEAST and clock() > until:
            return
        if number >= usual and not hints:
            return
        yield number
