"""All rows of scope "message" that HTTP itself carries: framing, statuses, labels, multipart."""

from __future__ import annotations

from collections.abc import Iterator

from dicomweb_conformance.answers import Answer
from dicomweb_conformance.observation import Observation
from dicomweb_conformance.validators import coding, envelope, framing, labels, parts, statuses
from dicomweb_conformance.validators.survey import survey

OWNED = (*framing.OWNED, *coding.OWNED, *statuses.OWNED, *labels.OWNED, *envelope.OWNED, *parts.OWNED)


def observe(answer: Answer) -> Iterator[Observation]:
    """Yield what an answer shows of the rows in `OWNED`: per row its faults, or once that it is met.

    Of a target that is busy only HTTP-024 speaks: all other rows are inconclusive for that exchange.
    """
    if answer.status in statuses.BUSY:
        yield from statuses.observe(answer)
        return
    yield from framing.observe(answer)
    yield from statuses.observe(answer)
    if answer.status == 0:
        return
    yield from coding.observe(answer)
    seen = survey(answer)
    yield from labels.observe(answer, seen)
    if seen is not None:
        yield from envelope.observe(answer, seen)
        yield from parts.observe(answer, seen)
