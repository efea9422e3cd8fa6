"""How an answer is framed on the wire (PS3.18 8.1, 8.4.3, 8.6; RFC 9112)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from http import HTTPStatus

from dicomweb_conformance.http import media_types
from dicomweb_conformance.http.observed import Answer
from dicomweb_conformance.http.unreadable import TooLargeError, UnreadableError
from dicomweb_conformance.http.wire_facts import Fault, WireFacts
from dicomweb_conformance.reading import json_documents
from dicomweb_conformance.validators.observation import Observation

OWNED = ("HTTP-001", "HTTP-002", "HTTP-003", "HTTP-005", "HTTP-006", "HTTP-007")

_STATUS_LINE = re.compile(r"(?P<version>HTTP/[0-9](?:\.[0-9])?) (?P<code>[^ ]*)(?: .*)?")
_VERSIONS = {
    "HTTP/1.1": "status-line-http-1-1",
    "HTTP/1.0": "http-1-0-status-line",
}
_BROKE_OFF = {
    "no answer in time": "no-answer-in-time-twice",
    "no status line": "closed-without-status-line-twice",
    "header section cut off": "header-section-cut-off-twice",
}
_HEAD = {
    Fault.LF_ALONE: "head-lines-end-in-lf",
    Fault.NO_COLON: "a-header-line-without-a-colon",
    Fault.FIELD_NAME: "a-header-line-whose-name-is-no-token",
}
_REGISTERED = frozenset(status.value for status in HTTPStatus)
_CLOSED = "body-ended-by-close"
_NO_BODY = "no-length-or-0-without-body"


def observe(answer: Answer) -> Iterator[Observation]:
    """Yield the observations of all rows owned here, as far as the wire was looked at."""
    yield from _answered(answer)
    yield from _status(answer)
    if answer.facts is None:
        return
    if answer.status or answer.facts.status_line:
        yield from _version(answer, answer.facts)
    if answer.status == 0 or not answer.head_is_whole:
        return
    yield from _without_body(answer, answer.facts)
    yield from _framing(answer, answer.facts)
    yield from _length(answer, answer.facts)


def _version(answer: Answer, facts: WireFacts) -> Iterator[Observation]:
    """HTTP-001: the version of the protocol."""
    received = facts.status_line[:100] or facts.version
    if answer.status == HTTPStatus.HTTP_VERSION_NOT_SUPPORTED:
        yield Observation("HTTP-001", "505-to-an-http-1-1-request", "status line", received=received)
    elif found := _STATUS_LINE.fullmatch(facts.status_line):
        text = _VERSIONS.get(found["version"], f"another version, {found['version']}")
        yield Observation("HTTP-001", text, "status line", received=received)
    else:
        yield Observation("HTTP-001", "no-status-line-or-one-does-not-parse", "status line", received=received)


def _answered(answer: Answer) -> Iterator[Observation]:
    """HTTP-002: a whole head comes, and its lines are header lines."""
    course = answer.course
    if course.broke_off:
        if course.repeat == "answered":
            yield Observation("HTTP-002", "broke-off-once-the-repeat-is-answered", received=course.broke_off)
        elif course.repeat == "broke off" and course.control_answered:
            yield Observation("HTTP-002", _BROKE_OFF[course.broke_off], received=course.broke_off)
        return
    if answer.status == 0:
        return
    found = {fault: text for fault, text in _HEAD.items() if answer.facts and fault in answer.facts.faults}
    for fault, text in found.items():
        yield Observation("HTTP-002", text, "header section", received=fault.value)
    if not found and answer.head_is_whole:
        yield Observation("HTTP-002", "complete-status-line-and-header-section")


def _status(answer: Answer) -> Iterator[Observation]:
    """HTTP-003: a three-digit code of the registry."""
    found = _STATUS_LINE.fullmatch(answer.facts.status_line) if answer.facts else None
    code = found["code"] if found else str(answer.status)
    if answer.status == 0 and not found:
        return
    if not re.fullmatch("[0-9]{3}", code):
        text = "not-three-digits"
    elif not 100 <= int(code) <= 599:
        text = "below-100-or-above-599"
    elif int(code) in _REGISTERED:
        text = "100-to-599-and-in-the-iana-registry"
    elif int(code) >= 200:
        text = "200-to-599-and-not-in-the-registry"
    else:
        text = "an interim code that is not in the registry"
    yield Observation("HTTP-003", text, "status line", received=code[:80])


def _without_body(answer: Answer, facts: WireFacts) -> Iterator[Observation]:
    """HTTP-005: what an answer without a body says of one; HEAD is HTTP-026."""
    if answer.asked.method == "HEAD":
        return
    received = f"{answer.status}, {facts.received + facts.after} octets"
    lengths = facts.fields("Content-Length")
    types = facts.fields("Content-Type")
    worse = False
    if not answer.may_have_body:
        # What follows a 101 is of another protocol, and no body (RFC 9110 15.2.2).
        if (facts.received or facts.after) and answer.status != HTTPStatus.SWITCHING_PROTOCOLS:
            worse = True
            yield Observation("HTTP-005", "body-octets-after-a-204-304-or-1xx", "body", received=received)
        if answer.status != HTTPStatus.NOT_MODIFIED and any(length.strip("0") for length in lengths):
            worse = True
            text = "content-length-above-0-on-a-204-or-1xx"
            yield Observation("HTTP-005", text, "Content-Length", received=", ".join(lengths))
    elif facts.received or not facts.complete:
        return
    if types:
        text = "content-type-on-204-304-or-empty-body"
        yield Observation("HTTP-005", text, "Content-Type", received=", ".join(types))
    elif not worse:
        text = "content-length-0-without-body"
        yield Observation("HTTP-005", text if lengths else "no-body-and-no-content-type", received=received)


def _framing(answer: Answer, facts: WireFacts) -> Iterator[Observation]:
    """HTTP-006: Content-Length or Transfer-Encoding, exactly one."""
    codings = facts.fields("Transfer-Encoding")
    lengths = [each.strip() for value in facts.fields("Content-Length") for each in value.split(",")]
    received = "; ".join(
        [*(f"Content-Length: {length}" for length in lengths), *(f"Transfer-Encoding: {coding}" for coding in codings)]
    )
    broken = list(_broken_framing(answer, lengths, codings))
    for text in broken:
        yield Observation("HTTP-006", text, "header fields", received=received)
    if not broken:
        for text in _sound_framing(answer, facts, lengths, codings):
            yield Observation("HTTP-006", text, "header fields", received=received)


def _broken_framing(answer: Answer, lengths: list[str], codings: tuple[str, ...]) -> Iterator[str]:
    if lengths and codings:
        yield "both-length-and-transfer-encoding"
    if any(not (length.isascii() and length.isdigit()) for length in lengths):
        yield "a-content-length-that-is-no-number"
    elif len({int(length) for length in lengths}) > 1:
        yield "different-content-length-values"
    if codings and answer.status == HTTPStatus.NO_CONTENT:
        yield "transfer-encoding-on-a-204-or-on-http-2"


def _sound_framing(answer: Answer, facts: WireFacts, lengths: list[str], codings: tuple[str, ...]) -> Iterator[str]:
    if len(lengths) > 1:
        yield "several-equal-content-length-values"
    elif not answer.may_have_body:
        # A HEAD or 304 names the length of a body that it does not have (RFC 9110 8.6).
        if not codings and not any(int(length) for length in lengths):
            yield _NO_BODY
    elif codings or lengths:
        sent = facts.received or codings or int(lengths[0])
        yield "one-of-length-and-coding" if sent else _NO_BODY
    elif facts.framing == "close" and answer.timed_out and _is_over(answer):
        yield "no-framing-and-stays-open"
    elif facts.complete:
        yield _CLOSED if facts.received else _NO_BODY


def _is_over(answer: Answer) -> bool:
    """Tell whether what came is a whole representation, so that a client waits for nothing.

    A body of a type that was announced may still come, however long that takes.
    """
    body = b"".join(answer.body)
    if not body:
        return not answer.content_type
    reading = media_types.read(answer.content_type)
    if boundary := reading.media_type.parameter("boundary"):
        return body.rstrip().endswith(f"--{boundary}--".encode("latin-1", "replace"))
    if not reading.name.endswith("json"):
        return False
    try:
        json_documents.value_of(body)
    except (UnreadableError, TooLargeError):
        return False
    return True


def _length(answer: Answer, facts: WireFacts) -> Iterator[Observation]:
    """HTTP-007: the octets announced are those that come."""
    if not answer.may_have_body:
        return
    received = f"{facts.received + facts.after} octets"
    if facts.framing == "chunked":
        if Fault.BAD_CHUNK in facts.faults:
            yield Observation("HTTP-007", "chunk framing that leaves RFC 9112 7.1", "body", received=received)
        elif Fault.NO_LAST_CHUNK in facts.faults:
            yield Observation("HTTP-007", "chunked-body-without-its-last-chunk", "body", received=received)
        elif facts.complete:
            yield Observation("HTTP-007", "chunked-body-with-its-last-chunk", "body", received=received)
    elif facts.framing == "length":
        received = f"Content-Length {facts.announced}, {received}"
        if {Fault.TOO_SHORT, Fault.TOO_LONG} & set(facts.faults):
            yield Observation("HTTP-007", "fewer-or-more-octets-than-content-length", "body", received=received)
        elif facts.complete:
            yield Observation("HTTP-007", "octets-received-equal-content-length", "body", received=received)
