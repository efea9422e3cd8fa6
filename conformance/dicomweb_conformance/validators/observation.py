"""What a message shows of a requirement: the common word of everything that judges octets and values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from dicomweb_conformance.http.unreadable import TooLargeError


@dataclass(frozen=True, slots=True)
class Observation:
    """One thing seen in one message.

    Attributes:
        requirement: id of the row that it belongs to.
        observation: its code, where the row lists it; or own words, and then the row's level decides.
        where: JSON path, XML path, part number and octet, header field; empty where it is the whole message.
        expected: every acceptable answer, where the row's own `pass` list does not say it well enough.
        received: what was there instead, short enough to be read.
    """

    requirement: str
    observation: str
    where: str = ""
    expected: tuple[str, ...] = ()
    received: str = ""


@dataclass(frozen=True, slots=True)
class Stumble:
    """An exception while a message was judged: this suite's own fault, never the server's.

    Attributes:
        requirements: the rows by which the message was not judged to the end.
        error: the exception.
    """

    requirements: tuple[str, ...]
    error: Exception


def careful(
    requirements: tuple[str, ...], observations: Iterable[Observation | Stumble]
) -> Iterator[Observation | Stumble]:
    """Yield what a judge of these rows observes; where it stumbles, say so and end, so that other judges go on.

    What is larger than is read is judged no further.
    """
    try:
        yield from observations
    except TooLargeError:
        return
    except Exception as error:  # the net below all: whatever a judge stumbles over, the rest is judged
        yield Stumble(requirements, error)
