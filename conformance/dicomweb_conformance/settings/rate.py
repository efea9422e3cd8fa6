"""How many requests a target may be sent in a time, as a setting says it."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Rate:
    """At most `requests` in `seconds`."""

    requests: int
    seconds: float

    def __str__(self) -> str:
        return f"{self.requests}/{self.seconds:g}"


def rate(text: str) -> Rate:
    """Return the rate that a setting names: `10/s`, or `5/2` for five requests in two seconds.

    Raises:
        ValueError: it is none; says what was expected.
    """
    written = re.fullmatch(r"\s*([0-9]{1,6})\s*/\s*(s|[0-9]{1,5}(?:\.[0-9]{1,3})?)\s*", text)
    requests, seconds = (int(written[1]), 1.0 if written[2] == "s" else float(written[2])) if written else (0, 0.0)
    if not requests or not seconds:
        raise ValueError(f"{text!r} is no rate: expected N/s or N/SECONDS, such as 10/s or 5/2")
    return Rate(requests, seconds)
