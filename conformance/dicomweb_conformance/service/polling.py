"""Asking again until something holds: bounded in time, in growing intervals."""

from __future__ import annotations

import time
from collections.abc import Callable

PAUSES = (0.02, 0.05, 0.1, 0.2, 0.5, 1.0)


def wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    """Ask again and again, in growing intervals, until the condition holds or the time is over.

    Tell whether it held.
    """
    deadline = time.monotonic() + seconds
    pauses = iter(PAUSES)
    while not condition():
        left = deadline - time.monotonic()
        if left <= 0:
            return False
        time.sleep(min(next(pauses, PAUSES[-1]), left))
    return True
