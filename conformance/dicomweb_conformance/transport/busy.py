"""Busy is not wrong: which answers ask for another try, of which requests, and after how long."""

from __future__ import annotations

import email.utils
from collections.abc import Iterator
from datetime import UTC, datetime

from dicomweb_conformance.http.exchanges import Response

TRIES = 4
"""How often a request is sent at most."""
LONGEST_PAUSE = 10.0
"""Seconds that are waited at most before a try, whatever Retry-After says."""
PATIENCE = 120.0
"""Seconds that one process waits for a busy target in all; then its answers are taken as they are."""

_PAUSES = (0.25, 0.5, 1.0)
_NOT_PROCESSED = frozenset({429, 503})  # RFC 6585 4 and RFC 9110 15.6.4: the request was turned away
_UNKNOWN = frozenset({502, 504})  # RFC 9110 15.6.3 and 15.6.5: a gateway that does not know what became of it
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods whose requests can be sent twice (RFC 9110 9.2.1)."""


def asks_for_another_try(response: Response) -> bool:
    """Tell whether the request can be sent again, and should be.

    What may have been processed is not: the answer to a second DELETE, or a second POST, is another answer.
    """
    return response.status in _NOT_PROCESSED or (response.status in _UNKNOWN and response.method in SAFE)


def pauses() -> Iterator[float]:
    """Return the seconds to wait before each further try where the target does not say."""
    return iter(_PAUSES[: TRIES - 1])


def retry_after(response: Response, now: datetime | None = None) -> float | None:
    """Return the seconds that Retry-After asks for (RFC 9110 10.2.3), at most LONGEST_PAUSE.

    Args:
        response: the answer.
        now: to count a date from; the answer's own Date where it has one, for clocks differ.

    Returns:
        None where there is no Retry-After, or none that can be read.
    """
    value = (response.headers.get("Retry-After") or "").strip()
    if value.isascii() and value.isdigit():
        return min(float(value[:9]), LONGEST_PAUSE)
    then = _date(value)
    if then is None:
        return None
    from_when = _date(response.headers.get("Date") or "") or now or datetime.now(UTC)
    return min(max((then - from_when).total_seconds(), 0.0), LONGEST_PAUSE)


def _date(value: str) -> datetime | None:
    try:
        parsed = email.utils.parsedate_to_datetime(value)
    except ValueError:
        return None
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
