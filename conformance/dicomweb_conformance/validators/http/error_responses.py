"""Answers as a whole: status and body of errors (PS3.18 8.5, 8.6.3), and the single part of the URI service (8.7)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import parse_qs

from dicomweb_conformance.catalogue import requirements
from dicomweb_conformance.http import character_sets, media_types
from dicomweb_conformance.http.exchanges import Headers
from dicomweb_conformance.http.media_types import MediaType
from dicomweb_conformance.http.unreadable import TooLargeError, UnreadableError
from dicomweb_conformance.reading import json_documents, xml_octets
from dicomweb_conformance.validators.observation import Observation
from dicomweb_conformance.validators.tally import Tally, shown
from dicomweb_conformance.validators.vr import definitions as vrs

OWNED = (
    "ERROR-001",
    "ERROR-002",
    "ERROR-010",
    "URI-031",
    # These leave their observations to ERROR-010, and to what HTTP-004 and HTTP-006 see of every answer.
    "ERROR-008",
    "CAPABILITIES-006",
    "CAPABILITIES-006b",
    "RETRIEVE-020",
    "SEARCH-015",
    "STORE-056",
    "URI-029",
)

Resource = Literal[
    "search", "metadata", "store", "instances", "frames", "bulkdata", "rendered", "capabilities", "uri", "delete", ""
]
_LAST = {
    "studies": "search",
    "series": "search",
    "instances": "search",
    "metadata": "metadata",
    "rendered": "rendered",
    "thumbnail": "rendered",
    "pixeldata": "bulkdata",
}
_PARSED_AS = "body-parses-as-its-content-type"
_PARSES_NOT = "body-does-not-parse-as-its-type"


@dataclass(frozen=True)
class Answer:
    """One answer and what was asked.

    Attributes:
        method: of the request.
        path: below the base URL, without query.
        status: of the answer.
        headers: of the answer.
        body: any content coding undone.
        query: as it was sent, without the question mark.
        accept: the Accept of the request; empty where there was none.
        whole: whether all of the body came.
    """

    method: str
    path: str
    status: int
    headers: Headers = field(default_factory=Headers)
    body: bytes = b""
    query: str = ""
    accept: str = ""
    whole: bool = True

    @property
    def content_type(self) -> str:
        """The Content-Type as it was sent, empty where there was none."""
        return self.headers.get("Content-Type") or ""

    @property
    def resource(self) -> Resource:
        """Whose answer it is (PS3.18 10.1.1); empty where this suite does not know."""
        return resource_of(self.method, self.path, self.query)


def resource_of(method: str, path: str, query: str = "") -> Resource:
    """Return what a request is for.

    Args:
        method: GET, POST, ...
        path: below the base URL, without query.
        query: without the question mark.
    """
    steps = [step for step in path.split("/") if step]
    if method in {"OPTIONS", "DELETE"}:
        return "capabilities" if method == "OPTIONS" else "delete"
    if method == "POST":
        return "store" if steps[:1] == ["studies"] and len(steps) <= 2 else ""
    if "WADO" in parse_qs(query).get("requestType", ()):
        return "uri"
    found: Any = _LAST.get(steps[-1], "") if steps else ""
    if found:
        return found  # type: ignore[no-any-return] # a member of Resource by the table
    for step in ("bulkdata", "frames"):
        if step in steps:
            return "bulkdata" if step == "bulkdata" else "frames"
    return "instances" if len(steps) in {2, 4, 6} and steps[0] == "studies" else ""


def judge(answer: Answer, *, own: bool = True) -> Iterator[Observation]:
    """Judge one answer by the rows of `OWNED`.

    Args:
        answer: with what was asked.
        own: whether all that it may hold is the suite's; otherwise nothing of the body is quoted.
    """
    tally, status = Tally(), answer.status
    if status == 500:
        tally.sees("ERROR-010", "500", "status line", "500")
    elif 505 < status < 600:
        tally.sees("ERROR-010", "5xx-other-than-501-to-505", "status line", str(status))
    elif status not in requirements.BUSY and status >= 100:
        tally.meets("ERROR-010", "no-500")
    if answer.whole:
        _judge_error(tally, answer, own)
    if status == 200 and answer.body and answer.resource == "uri":
        name = media_types.name_of(answer.content_type)
        if name.startswith("multipart/"):
            tally.sees("URI-031", "multipart", "Content-Type", shown(answer.content_type))
        elif name:
            tally.meets("URI-031", "a-single-part-type")
    yield from tally.observations()


def _judge_error(tally: Tally, answer: Answer, own: bool) -> None:
    status = answer.status
    if 400 <= status < 500 and status != 429 and answer.method != "HEAD":
        if answer.body:
            tally.meets("ERROR-001", "non-empty-body")
        else:
            tally.sees("ERROR-001", "empty-body", "body", f"{status} with an empty body")
    if 400 <= status < 600 and status not in requirements.BUSY and answer.body:
        with suppress(TooLargeError):
            _judge_error_body(tally, answer, own)


def _judge_error_body(tally: Tally, answer: Answer, own: bool) -> None:
    row = "ERROR-002"
    try:
        media_type = media_types.parse(answer.content_type)
    except media_types.MediaTypeError:
        return  # HTTP-004 speaks of it
    name, body = media_type.name, answer.body
    excerpt = shown(body[:60].decode("utf-8", "replace"), own=own)
    if name == media_types.JSON or name.endswith("+json"):
        value = _json(body)
        if value is None:
            tally.sees(row, _PARSES_NOT, "body", excerpt)
        elif name == media_types.DICOM_JSON and not _is_dicom_json(value[0]):
            tally.sees(row, "no-dicom-json-dataset", "body", excerpt)
        else:
            tally.meets(row, _PARSED_AS)
    elif name in {"application/xml", "text/xml"} or name.endswith("+xml"):
        document = xml_octets.read(body)
        if document.fault not in {"", xml_octets.DECLARES_ENTITIES, xml_octets.TOO_LARGE}:
            tally.sees(row, _PARSES_NOT, document.where, document.fault)
        else:
            tally.meets(row, _PARSED_AS)
    elif name.startswith("text/"):
        if _decodes(media_type, body):
            tally.meets(row, "text-plain-or-text-html-with-any-text")
        else:
            tally.sees(row, "octets-do-not-decode-in-declared-charset", "body", shown(answer.content_type))


def _json(body: bytes) -> tuple[Any] | None:
    """Return the JSON value of a body in a tuple; None where it is no JSON."""
    try:
        return (json_documents.value_of(body),)
    except UnreadableError:
        return None


def _is_dicom_json(value: Any) -> bool:
    data_sets = value if isinstance(value, list) else [value]
    return all(isinstance(data_set, dict) and all(map(vrs.TAG.fullmatch, data_set)) for data_set in data_sets)


def _decodes(media_type: MediaType, body: bytes) -> bool:
    charset = media_type.parameter("charset")
    if charset is None:
        return True
    try:
        character_sets.decode(body, charset)
    except (LookupError, ValueError):
        return False
    return True
