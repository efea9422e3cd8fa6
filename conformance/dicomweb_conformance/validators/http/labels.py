"""What header fields say of a payload, against the payload: media type, transfer syntax, charset, location."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator

from dicomweb_conformance.http import media_types
from dicomweb_conformance.http.media_types import Reading, Written
from dicomweb_conformance.http.observed import Answer
from dicomweb_conformance.validators.http import coding, locations
from dicomweb_conformance.validators.http.multipart_survey import Survey
from dicomweb_conformance.validators.http.part10_extent import TRANSFER_SYNTAX, ExtentReader
from dicomweb_conformance.validators.observation import Observation

OWNED = ("HTTP-004", "HTTP-010", "NEGOTIATION-028", "NEGOTIATION-048", "NEGOTIATION-051")

_MOST_EXAMPLES = 3
_DECLARED_INSIDE = re.compile(rb"(?:charset|encoding)\s*=\s*[\"']?\s*([A-Za-z0-9._:\-]+)", re.IGNORECASE)
_HEAD = 1024
_DIFFERS = "differs-from-0002-0010"


def observe(answer: Answer, seen: Survey | None) -> Iterator[Observation]:
    """Yield the observations of all rows owned here."""
    yield from _content_type(answer)
    yield from _content_location(answer)
    yield from _transfer_syntax(answer, seen)
    yield from _charset(answer)
    yield from _charsets(answer, seen)


_OF_DICOM = frozenset({media_types.DICOM, media_types.DICOM_JSON, media_types.DICOM_XML})


def _charsets(answer: Answer, seen: Survey | None) -> Iterator[Observation]:
    """NEGOTIATION-051: a DICOM media type has one charset parameter at most (8.7.9)."""
    labels = [("Content-Type", media_types.read(answer.content_type))]
    labels += [(part.where, part.content_type) for part in seen.parts] if seen else []
    of_dicom = [(where, reading.media_type.all("charset")) for where, reading in labels if reading.name in _OF_DICOM]
    several = [(where, values) for where, values in of_dicom if len(values) > 1]
    for where, values in several[:_MOST_EXAMPLES]:
        alike = len({value.lower() for value in values}) == 1
        text = "the-same-twice" if alike else "different-charsets"
        yield Observation("NEGOTIATION-051", text, where, received=", ".join(values)[:80])
    if of_dicom and not several:
        yield Observation("NEGOTIATION-051", "at-most-one", "Content-Type")


def _content_type(answer: Answer) -> Iterator[Observation]:
    """HTTP-004: one Content-Type on every body, and it parses.

    How a boundary is written is MULTIPART-005.
    """
    if not answer.may_have_body or answer.is_empty:
        return
    values = answer.headers.all("Content-Type")
    readings = [media_types.read(value) for value in values]
    if not values:
        text = "no-content-type-on-a-non-empty-body"
    elif len(set(values)) > 1:
        text = "two-different-content-type-values"
    elif not readings[0].name or "*" in readings[0].name:
        text = "a-value-without-type-subtype"
    elif len(values) > 1:
        text = "the-same-content-type-twice"
    elif len(readings[0].faults) > (readings[0].how("boundary") is Written.UNQUOTED):
        text = "parameter-does-not-parse"
    else:
        text = "one-well-formed-content-type"
    yield Observation("HTTP-004", text, "Content-Type", received=", ".join(values)[:200])


def _content_location(answer: Answer) -> Iterator[Observation]:
    """HTTP-010: Content-Location of an answer that represents a resource; a path suffix, never the host."""
    if not answer.asked.is_retrieve or answer.status != 200:
        return
    value = answer.headers.get("Content-Location")
    if value is None:
        yield Observation("HTTP-010", "absent", "Content-Location")
        return
    named = locations.resource(value, answer.asked.url)
    if not locations.is_reference(value):
        text = "value-does-not-parse-as-uri-reference"
    elif locations.path(value, answer.asked.url).endswith("/" + answer.asked.path):
        text = "path-ends-in-the-resource-asked-for"
    elif not named:
        return
    elif locations.contradict(named, locations.resource("/" + answer.asked.path)):
        text = "names-another-resource"
    else:
        text = "another-path-to-the-resource"
    yield Observation("HTTP-010", text, "Content-Location", received=value[:200])


def _transfer_syntax(answer: Answer, seen: Survey | None) -> Iterator[Observation]:
    """NEGOTIATION-028, and -029: the transfer-syntax parameter of application/dicom against (0002,0010)."""
    message = media_types.read(answer.content_type)
    labelled: list[tuple[str, Reading, str]] = []
    if seen is not None:
        labelled = [
            (part.where, part.content_type, part.extent.uids.get(TRANSFER_SYNTAX, ""))
            for part in seen.parts
            if part.extent is not None
        ]
    elif message.name == media_types.DICOM and answer.may_have_body and not answer.is_empty:
        reader = ExtentReader()
        for chunk in coding.representation(answer):
            reader.feed(chunk)
        labelled = [("Content-Type", message, reader.close().uids.get(TRANSFER_SYNTAX, ""))]
    found = [(where, text, received) for each in labelled for where, text, received in _judged(*each)]
    if seen is not None and labelled and message.media_type.all("transfer-syntax"):
        syntaxes = {held for _, _, held in labelled if held}
        if len(syntaxes) > 1:
            text = "on-a-multipart-of-several-syntaxes"
            found.append(("Content-Type", text, ", ".join(sorted(syntaxes))))
        else:
            found += _judged("Content-Type", message, next(iter(syntaxes), ""))
    worse = [each for each in found if each[1] not in _TRUE]
    for text in dict.fromkeys(text for _, text, _ in worse):
        for where, _, received in [each for each in worse if each[1] == text][:_MOST_EXAMPLES]:
            yield Observation("NEGOTIATION-028", text, where, received=received)
    if found and not worse:
        yield Observation("NEGOTIATION-028", found[0][1], found[0][0], received=found[0][2])


_TRUE = frozenset({"no-parameter", "one-parameter-equal-to-0002-0010"})


def _judged(where: str, reading: Reading, held: str) -> list[tuple[str, str, str]]:
    values = reading.media_type.all("transfer-syntax")
    received = f"{', '.join(values)}; (0002,0010) is {held}"
    if not values:
        return [(where, "no-parameter", "")]
    if len(values) > 1:
        return [(where, "given-twice", received)]
    if values[0] == "*":
        return [(where, "star", received)]
    if not held:
        return []  # RETRIEVE-008: no Part 10 file that says
    return [(where, "one-parameter-equal-to-0002-0010" if values[0] == held else _DIFFERS, received)]


def _charset(answer: Answer) -> Iterator[Observation]:
    """NEGOTIATION-048: text in the charset declared, where the client did not wish for one; errors are ERROR-002."""
    message = media_types.read(answer.content_type)
    if not message.name.startswith("text/") or not 200 <= answer.status < 300 or not answer.may_have_body:
        return
    if answer.is_empty or answer.is_cut or _wishes_charset(answer):
        return
    declared = message.media_type.parameter("charset") or _declared_inside(answer)
    decodes = _decodes(answer, declared or "utf-8")
    if declared:
        text = "declared-charset-decodes-the-octets" if decodes else "octets-do-not-decode-in-declared-charset"
    elif decodes:
        text = "undeclared-utf-8"
    else:
        text = "undeclared-and-not-utf-8"
    yield Observation("NEGOTIATION-048", text, "Content-Type", received=answer.content_type)


def _wishes_charset(answer: Answer) -> bool:
    asked = answer.asked
    wished = asked.headers.get("Accept-Charset") is not None or "charset" in (asked.accept or "").lower()
    return wished or "charset" in asked.query.lower()


def _declared_inside(answer: Answer) -> str:
    """Return the charset that an XML declaration or an HTML meta element names."""
    head = b""
    for chunk in coding.representation(answer):
        head += chunk[:_HEAD]
        if len(head) >= _HEAD:
            break
    if not head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        return ""
    found = _DECLARED_INSIDE.search(head[:_HEAD])
    return found[1].decode("ascii") if found else ""


def _decodes(answer: Answer, charset: str) -> bool:
    try:
        decoder = codecs.getincrementaldecoder(charset)("strict")
        for chunk in coding.representation(answer):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except (LookupError, ValueError):
        return False
    return True
