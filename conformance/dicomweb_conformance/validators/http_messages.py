"""All rows of scope "message" that HTTP itself carries: framing, statuses, labels, multipart."""

from __future__ import annotations

from collections.abc import Iterator

from dicomweb_conformance.answers import Answer
from dicomweb_conformance.observation import Observation, Stumble, careful
from dicomweb_conformance.validators import coding, envelope, framing, labels, parts, statuses
from dicomweb_conformance.validators.survey import survey

OWNED = (*framing.OWNED, *coding.OWNED, *statuses.OWNED, *labels.OWNED, *envelope.OWNED, *parts.OWNED)


_OF_THE_BODY = (*labels.OWNED, *envelope.OWNED, *parts.OWNED)


def observe(answer: Answer) -> Iterator[Observation | Stumble]:
    """Yield what an answer shows of the rows in `OWNED`: per row its faults, or once that it is met.

    Of a target that is busy only HTTP-024 speaks: all other rows are inconclusive for that exchange.
    """
    if answer.status in statuses.BUSY:
        yield from careful(statuses.OWNED, statuses.observe(answer))
        return
    yield from careful(framing.OWNED, framing.observe(answer))
    if not answer.head_is_whole:
        return
    yield from careful(statuses.OWNED, statuses.observe(answer))
    if answer.status == 0:
        return
    yield from careful(coding.OWNED, coding.observe(answer))
    yield from careful(_OF_THE_BODY, _of_the_body(answer))


def _of_the_body(answer: Answer) -> Iterator[Observation | Stumble]:
    seen = survey(answer)
    yield from careful(labels.OWNED, labels.observe(answer, seen))
    if seen is not None:
        yield from careful(envelope.OWNED, envelope.observe(answer, seen))
        yield from careful(parts.OWNED, parts.observe(answer, seen))
