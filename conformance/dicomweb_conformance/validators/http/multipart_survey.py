"""One walk over a multipart body: what its rows need of each part, and none of the octets that belong to patients."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from dicomweb_conformance.http import media_types, multipart
from dicomweb_conformance.http.exchanges import Headers
from dicomweb_conformance.http.multipart import Fault, Kind
from dicomweb_conformance.http.observed import Answer
from dicomweb_conformance.validators.http import coding
from dicomweb_conformance.validators.http.part10_extent import Extent, ExtentReader

METADATA = frozenset({media_types.DICOM_JSON, media_types.DICOM_XML, media_types.JSON, "application/xml", "text/xml"})

_HEAD = 1024
_METADATA_KEPT = 1 << 20
_BEGINS = re.compile(rb"(?:\r?\n)?(--?|)([0-9A-Za-z'()+_,\-./:=?*;%$@!&|~#^`{} ]{1,200}?)(--)?[ \t]*\r?\n")
_PART_HEADERS = re.compile(rb"(?:[!-9;-~]+:[^\r\n]*\r?\n)*content-[a-z]+:", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class SurveyedPart:
    """What was seen of a part.

    Attributes:
        number: from 1.
        offset: octets of the body before its first header line.
        body_offset: octets before its own body.
        length: octets of its body.
        headers: its fields.
        complete: whether a delimiter ended it.
        ascii: whether all octets are ASCII.
        extent: how the DICOM file in an application/dicom part ends; None for other types.
        metadata: the octets of a metadata part that stands behind bulk data, empty otherwise.
    """

    number: int
    offset: int
    body_offset: int
    length: int
    headers: Headers
    complete: bool
    ascii: bool
    extent: Extent | None
    metadata: bytes = b""

    @property
    def content_type(self) -> media_types.Reading:
        """Its Content-Type as far as it can be read."""
        return media_types.read(self.headers.get("Content-Type") or "")

    @property
    def where(self) -> str:
        """Its place in the words of findings: where its octets begin depends on the UIDs of a run."""
        return f"part {self.number}"


@dataclass(frozen=True, slots=True)
class Survey:
    """What was seen of an answer that is, or says it is, a multipart envelope.

    Attributes:
        content_type: of the message.
        labelled: whether Content-Type says multipart.
        first_line: the line that looks like the first delimiter, decoded; empty where the body begins otherwise.
        boundary: the one by which the body was read; it may differ from the parameter where that does not occur.
        faults: all faults of the envelope, those of the parameter first.
        parts: in their order.
        cut: octets of the message are missing or were not read, so that its end shows nothing.
    """

    content_type: media_types.Reading
    labelled: bool
    first_line: str
    boundary: str
    faults: tuple[Fault, ...]
    parts: tuple[SurveyedPart, ...]
    cut: bool

    def has(self, *kinds: Kind) -> bool:
        """Tell whether there is a fault of one of the kinds."""
        return any(fault.kind in kinds for fault in self.faults)

    def of(self, *kinds: Kind) -> tuple[Fault, ...]:
        """Return the faults of the kinds."""
        return tuple(fault for fault in self.faults if fault.kind in kinds)

    @property
    def whole_parts(self) -> tuple[SurveyedPart, ...]:
        """The parts whose end can be judged."""
        return tuple(part for part in self.parts if part.complete)


def survey(answer: Answer) -> Survey | None:
    """Look over a multipart answer.

    Returns:
        what was seen; None where neither the Content-Type nor the body is that of a multipart, where there is no
        body, or where it holds ranges (RFC 9110 14.6), which is another thing.
    """
    reading = media_types.read(answer.content_type)
    labelled = reading.name.startswith("multipart/")
    if not answer.may_have_body or reading.name == "multipart/byteranges":
        return None
    head = _head(coding.representation(answer))
    begins = _BEGINS.match(head)
    first_line = (begins[1] + begins[2]).decode("latin-1") if begins else ""
    envelope = begins is not None and begins[1] == b"--" and _PART_HEADERS.match(head, begins.end()) is not None
    if not head or not (labelled or envelope):
        return None
    parameter = reading.media_type.parameter("boundary")
    faults = tuple(multipart.boundary_faults(parameter))
    boundary = parameter or ""
    found = _Look()
    if boundary:
        found = _look(answer, boundary)
    absent = not boundary or any(fault.kind is Kind.NO_DELIMITER for fault in found.faults)
    if absent and envelope:
        boundary = first_line.removeprefix("--")
        again = _look(answer, boundary)
        found = replace(again, faults=found.faults + again.faults)
    cut = answer.is_cut or found.ended
    return Survey(reading, labelled, first_line, boundary, faults + found.faults, found.parts, cut)


@dataclass(frozen=True, slots=True)
class _Look:
    """What one reading of a body showed; `ended` where it ended because there is more than is read."""

    faults: tuple[Fault, ...] = ()
    parts: tuple[SurveyedPart, ...] = ()
    ended: bool = False


def _look(answer: Answer, boundary: str) -> _Look:
    """Read the body; once more, with bare line ends taken for delimiters, where only so it comes to its end."""
    octets = boundary.encode("latin-1", "replace")
    found = _read(coding.representation(answer), octets, bare_line_ends=False)
    if any(fault.kind is Kind.NO_CLOSING_DELIMITER for fault in found.faults):
        again = _read(coding.representation(answer), octets, bare_line_ends=True)
        if not any(fault.kind is Kind.NO_CLOSING_DELIMITER for fault in again.faults):
            return again
    return found


def _read(chunks: Iterable[bytes], boundary: bytes, *, bare_line_ends: bool) -> _Look:
    faults: list[Fault] = []
    parts: list[SurveyedPart] = []
    begun = multipart.PartBegins(0, 0, 0, Headers())
    ascii_only, kept = True, bytearray()
    extent: ExtentReader | None = None
    keep = bulk_before = False
    fields = 0
    for event in multipart.read(chunks, boundary, bare_line_ends=bare_line_ends):
        match event:
            case Fault() if event.kind is Kind.HEADERS_TOO_LONG:
                return _Look(tuple(faults), tuple(parts), ended=True)
            case Fault():
                faults.append(event)
            case multipart.PartBegins():
                name = media_types.name_of(event.headers.get("Content-Type") or "")
                fields += len(event.headers.fields)
                if multipart.too_much(event.number, fields):
                    return _Look(tuple(faults), tuple(parts), ended=True)
                begun, ascii_only, kept = event, True, bytearray()
                extent = ExtentReader() if name == media_types.DICOM else None
                keep = bulk_before and name in METADATA
                bulk_before = bulk_before or (bool(name) and name not in METADATA)
            case multipart.Octets():
                ascii_only = ascii_only and event.octets.isascii()
                if extent:
                    extent.feed(event.octets)
                if keep and len(kept) < _METADATA_KEPT:
                    kept += event.octets
            case _:
                parts.append(
                    SurveyedPart(
                        event.number,
                        begun.offset,
                        begun.body_offset,
                        event.length,
                        begun.headers,
                        event.complete,
                        ascii_only,
                        extent.close() if extent else None,
                        bytes(kept),
                    )
                )
    if parts and _is_nothing(parts[-1]):
        parts.pop()
    return _Look(tuple(faults), tuple(parts))


def _is_nothing(part: SurveyedPart) -> bool:
    """Tell whether a part is nothing but what follows a last delimiter that does not close the message."""
    return not part.complete and not part.length and not part.headers.fields


def _head(chunks: Iterable[bytes]) -> bytes:
    head = b""
    for chunk in chunks:
        head += chunk[:_HEAD]
        if len(head) >= _HEAD:
            break
    return head[:_HEAD]
