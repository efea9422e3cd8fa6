"""What may be recorded of a response, as a value: whoever records it need not know why."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Screened:
    """What may be recorded of an answer.

    Attributes:
        octets: of its body; None for nothing.
        proved: whether all of the answer is this run's, so that findings may quote it.
        reason: of the status line.
        fields: of the head.
        lines: the head as received, status line first.
        foreign: the values of other people's data sets in it, as far as it could be read.
    """

    octets: bytes | None
    proved: bool
    reason: str = ""
    fields: tuple[tuple[str, str], ...] = ()
    lines: tuple[str, ...] = ()
    foreign: frozenset[str] = frozenset()
