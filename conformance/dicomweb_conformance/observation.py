"""What a message shows of a requirement: the common word of everything that judges octets and values."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Observation:
    """One thing seen in one message.

    Attributes:
        requirement: id of the row that it belongs to.
        observation: as the row lists it, word for word; or in own words, and then the row's level decides.
        where: JSON path, XML path, part number and octet, header field; empty where it is the whole message.
        expected: every acceptable answer, where the row's own `pass` list does not say it well enough.
        received: what was there instead, short enough to be read.
    """

    requirement: str
    observation: str
    where: str = ""
    expected: tuple[str, ...] = ()
    received: str = ""
