"""All rows of scope "message" that HTTP itself carries: framing, statuses, labels, multipart."""

from __future__ import annotations

from collections.abc import Iterator

from dicomweb_conformance.http.observed import Answer
from dicomweb_conformance.validators.http import coding, framing, labels, multipart_envelope, multipart_parts, statuses
from dicomweb_conformance.validators.http.multipart_survey import survey
from dicomweb_conformance.validators.observation import Observation, Stumble, careful

OWNED = (
    *framing.OWNED,
    *coding.OWNED,
    *statuses.OWNED,
    *labels.OWNED,
    *multipart_envelope.OWNED,
    *multipart_parts.OWNED,
)


_OF_THE_BODY = (*labels.OWNED, *multipart_envelope.OWNED, *multipart_parts.OWNED)


def observe(answer: Answer) -> Iterator[Observation | Stumble]:
    """Yield what a response shows of the rows in `OWNED`: for each row its faults, or once that it is met.

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
    if answer.is_range:
        return
    yield from careful(coding.OWNED, coding.observe(answer))
    yield from careful(_OF_THE_BODY, _of_the_body(answer))


def _of_the_body(answer: Answer) -> Iterator[Observation | Stumble]:
    seen = survey(answer)
    yield from careful(labels.OWNED, labels.observe(answer, seen))
    if seen is not None:
        yield from careful(multipart_envelope.OWNED, multipart_envelope.observe(answer, seen))
        yield from careful(multipart_parts.OWNED, multipart_parts.observe(answer, seen))
