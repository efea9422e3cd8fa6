"""The reference server before which something spoils its answers with other people's data."""

from __future__ import annotations

import gzip
import itertools
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dicomweb_reference.server import Reference
from tests.foreign import others

JSON = "application/dicom+json"


@dataclass(frozen=True)
class Answer:
    """An answer on its way out."""

    path: str
    query: str
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    @property
    def content_type(self) -> str:
        return dict(self.headers).get("content-type", "")

    @property
    def is_single(self) -> bool:
        return not self.content_type.startswith("multipart")

    @property
    def is_search(self) -> bool:
        return self.path.rstrip("/").rsplit("/", 1)[-1] in {"studies", "series", "instances"}

    @property
    def rows(self) -> list[Any]:
        """The rows of a search answer, or of metadata."""
        found = json.loads(self.body) if self.body and self.content_type.startswith(JSON) else []
        return found if isinstance(found, list) else [found]

    def with_(self, body: bytes, content_type: str | None = "", *headers: tuple[str, str], status: int = 200) -> Answer:
        """Another body, another label (None: without any), further fields."""
        kept = [header for header in self.headers if header[0] not in {"content-type", "content-length"}]
        if content_type is not None:
            kept.append(("content-type", content_type or self.content_type or JSON))
        return replace(self, status=status, headers=(*kept, *headers), body=body)


Spoil = Callable[[Answer], Answer]


class Spoiled:
    """An ASGI application: each answer to a GET that succeeds is spoiled in the next of the ways that concern it."""

    def __init__(self, app: ASGIApp, ways: Sequence[Spoil], concerned: Callable[[Answer], bool]) -> None:
        self.app = app
        self.ways: Iterator[Spoil] = itertools.cycle(ways)
        self.concerned = concerned
        self.spoiled = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "GET":
            await self.app(scope, receive, send)
            return
        begun: Message = {}
        body = bytearray()

        async def collect(message: Message) -> None:
            if message["type"] == "http.response.start":
                begun.update(message)
            else:
                body.extend(message.get("body", b""))

        await self.app(scope, receive, collect)
        fields = tuple((name.decode().lower(), value.decode("latin-1")) for name, value in begun["headers"])
        answer = Answer(scope["path"], scope["query_string"].decode(), begun["status"], fields, bytes(body))
        if answer.status in {200, 204} and self.concerned(answer):
            answer = next(self.ways)(answer)
            self.spoiled += 1
        headers = [header for header in answer.headers if header[0] != "content-length"]
        if answer.status != 204:
            headers.append(("content-length", str(len(answer.body))))
        coded = [(name.encode(), value.encode("latin-1")) for name, value in headers]
        await send({"type": "http.response.start", "status": answer.status, "headers": coded})
        await send({"type": "http.response.body", "body": answer.body})


def searches(answer: Answer) -> bool:
    """Every search but those by which a run looks whether its studies have arrived."""
    looking = (answer.query.startswith("StudyInstanceUID=") and "&" not in answer.query) or "PREFLIGHT" in answer.query
    return answer.is_search and not looking


def metadata(answer: Answer) -> bool:
    return answer.path.endswith("/metadata")


def retrievals(answer: Answer) -> bool:
    return "application/dicom" in answer.content_type and "+" not in answer.content_type


def _foreign(rows: int) -> list[dict[str, Any]]:
    return [others.row(number) for number in range(rows)]


def _members(*tags: str) -> dict[str, Any]:
    return {tag: others.row(1)[tag] for tag in tags}


def _mixed(answer: Answer, rows: int = 30) -> list[Any]:
    """Own rows and others', the others first."""
    return [*_foreign(rows), *answer.rows]


def labelled(content_type: str | None, encoding: str = "utf-8", **dumped: Any) -> Spoil:
    """The keys were ignored, and the answer has this label, in this encoding."""
    return lambda answer: answer.with_(json.dumps(_mixed(answer), **dumped).encode(encoding), content_type)


LABELS: dict[str, Spoil] = {
    "dicom+json": labelled(JSON),
    "all 2000": lambda answer: answer.with_(json.dumps(_mixed(answer, others.STUDIES)).encode(), JSON),
    "text/plain": labelled("text/plain"),
    "text/html": labelled("text/html; charset=iso-8859-1"),
    "octet-stream": labelled("application/octet-stream"),
    "image/jpeg": labelled("image/jpeg"),
    "multipart without an envelope": labelled('multipart/related; type="application/dicom+xml"; boundary=x'),
    "no label": labelled(None),
    "another charset": labelled("application/dicom+json; charset=utf-16"),
    "UTF-8 with BOM": labelled(JSON, "utf-8-sig"),
    "UTF-16": labelled("application/dicom+json; charset=utf-16", "utf-16"),
    "UTF-32": labelled(JSON, "utf-32-le", ensure_ascii=False),
    "nothing but others": lambda answer: answer.with_(json.dumps(_foreign(5)).encode(), JSON),
    "gzip without a label": lambda answer: answer.with_(gzip.compress(json.dumps(_mixed(answer)).encode()), JSON),
    "an object of one row": lambda answer: answer.with_(json.dumps(others.row(1)).encode(), JSON),
    "rows in an object": lambda answer: answer.with_(
        json.dumps({"total": "KANARIE", "results": _mixed(answer)}).encode(), JSON
    ),
    "rows by the name of the patient": lambda answer: answer.with_(
        json.dumps({f"KANARIE{number}": each for number, each in enumerate(_mixed(answer))}).encode(), JSON
    ),
    "rows in arrays": lambda answer: answer.with_(json.dumps([[each] for each in _mixed(answer)]).encode(), JSON),
    "rows of keywords": lambda answer: answer.with_(
        json.dumps([*answer.rows, {"PatientName": "KANARIE", "PatientID": "KANARIE"}]).encode(), JSON
    ),
    "words among the rows": lambda answer: answer.with_(json.dumps([*answer.rows, "KANARIE", 18930417]).encode(), JSON),
    "a merged row": lambda answer: answer.with_(
        json.dumps([{**others.row(1), **{tag: row[tag] for tag in ("00100020",) if tag in row}} for row in answer.rows]
        or [others.row(1)]).encode(), JSON,
    ),
    "others inside own rows": lambda answer: answer.with_(
        json.dumps([row | {"00081115": {"vr": "SQ", "Value": [others.row(1)]}} for row in answer.rows]).encode(), JSON
    ),
    "others in VR": lambda answer: answer.with_(
        json.dumps([{tag: each | {"vr": "KANARIE"} for tag, each in others.row(1).items()}]).encode(), JSON
    ),
    "an HTML page": lambda answer: answer.with_(b"<html><body><td>KANARIE^Patient 1</td></body></html>", "text/html"),
    "CSV": lambda answer: answer.with_(b"name;id\r\nKANARIE^Patient 1;KANARIE-1\r\n", "text/csv"),
    "XML": lambda answer: answer.with_(_document(others.row(1)), "application/dicom+xml"),
    "XML of another root": lambda answer: answer.with_(b"<KANARIE>KANARIE</KANARIE>", "application/dicom+xml"),
}  # fmt: skip


@cache
def _writer() -> Reference:
    return Reference()


def _document(model: dict[str, Any]) -> bytes:
    return _writer().xml_document(model)


def _text(answer: Answer) -> bytes:
    return json.dumps(_mixed(answer, 3)).encode()


def _cut(at: float) -> Spoil:
    return lambda answer: answer.with_(_text(answer)[: int(at * len(_text(answer)))], JSON)


def _with(old: bytes, new: bytes) -> Spoil:
    return lambda answer: answer.with_(_text(answer).replace(old, new), JSON)


BROKEN: dict[str, Spoil] = {
    **{f"cut at {at}": _cut(at) for at in (0.004, 0.05, 0.17, 0.33, 0.6, 0.97)},
    "cut inside a name": lambda answer: answer.with_(_text(answer)[: _text(answer).find(b"KANARIE^Pat") + 9], JSON),
    "a lone surrogate": _with(b"KANARIE^Patient", b"KANARIE\\ud800^Patient"),
    "half of a surrogate pair in UTF-8": _with(b"KANARIE^Patient", b"KANARIE\xed\xa0\x80"),
    "NaN": _with(b"61.80339887", b"NaN"),
    "a control character": _with(b"KANARIE^Patient", b"KANARIE\x01Patient"),
    "octets of Latin-1": _with(b"KANARIE^Patient", b"KANARIE\xe9Patient"),
    "single quotes": _with(b'"', b"'"),
    "a name twice": _with(b'"00100040"', b'"00100020"'),
    "trailing garbage": lambda answer: answer.with_(_text(answer) + b"KANARIE", JSON),
    "leading garbage": lambda answer: answer.with_(b"KANARIE" + _text(answer), JSON),
    "a comma too many": _with(b"]}, ", b"]},, "),
    "concatenated": lambda answer: answer.with_(b"".join(json.dumps(each).encode() for each in _mixed(answer)), JSON),
    "NDJSON": lambda answer: answer.with_(b"\n".join(json.dumps(each).encode() for each in _mixed(answer)), JSON),
    "nested deep": lambda answer: answer.with_(b"[" * 5000 + _text(answer) + b"]" * 5000, JSON),
    "JSON in a JSON string": lambda answer: answer.with_(json.dumps(_text(answer).decode()).encode(), JSON),
    "JSON with digits without end": _with(b"61.80339887", b"6180339887" * 1000),
    "JSONP": lambda answer: answer.with_(b"callback(" + _text(answer) + b")", "text/javascript"),
}  # fmt: skip

BOUNDARY = "spoiled"


def envelope(root: str, *parts: tuple[str, bytes], before: bytes = b"", after: bytes = b"") -> tuple[bytes, str]:
    body = before
    for content_type, octets in parts:
        body += f"--{BOUNDARY}\r\nContent-Type: {content_type}\r\n\r\n".encode() + octets + b"\r\n"
    return body + f"--{BOUNDARY}--\r\n".encode() + after, f'multipart/related; type="{root}"; boundary={BOUNDARY}'


DICOM = "application/dicom"
XML = "application/dicom+xml"


METADATA: dict[str, Spoil] = {
    "others beside": lambda answer: answer.with_(json.dumps(_mixed(answer, 2)).encode(), JSON),
    "others instead": lambda answer: answer.with_(json.dumps(_foreign(1)).encode(), JSON),
    "as text": lambda answer: answer.with_(json.dumps(_mixed(answer, 2)).encode(), "text/plain"),
    "as octets": lambda answer: answer.with_(json.dumps(_mixed(answer, 2)).encode(), "application/octet-stream"),
    "cut": _cut(0.4),
    "in an envelope": lambda answer: answer.with_(
        *envelope(JSON, (JSON, answer.body), (JSON, json.dumps(_foreign(1)).encode()))
    ),
    "XML of others": lambda answer: answer.with_(_document(others.row(3)), XML),
    "XML of others in an envelope": lambda answer: answer.with_(
        *envelope(XML, (XML, _document(others.row(3))), ("text/plain", b"KANARIE"))
    ),
    "XML in text": lambda answer: answer.with_(_document(others.row(3)), "text/html"),
    "XML that breaks off": lambda answer: answer.with_(_document(others.row(3))[:-30], XML),
    "XML with a comment": lambda answer: answer.with_(
        _document((answer.rows or [{}])[0]).replace(b"<DicomAttribute", b"<!-- KANARIE --><DicomAttribute"), XML
    ),
    "URIs of others": lambda answer: answer.with_(
        json.dumps([row | _members("7FE00010", "00081190") for row in answer.rows]).encode(), JSON
    ),
    "a file": lambda answer: answer.with_(others.part10(1), DICOM),
    "a page": lambda answer: answer.with_(b"<!doctype html><title>KANARIE</title>", "text/html"),
}  # fmt: skip

RETRIEVE: dict[str, Spoil] = {
    "others instead": lambda answer: answer.with_(*envelope(DICOM, (DICOM, others.part10(1)))),
    "others beside": lambda answer: answer.with_(
        *envelope(DICOM, *([(DICOM, answer.body)] if answer.is_single else []), (DICOM, others.part10(1)))
    ),
    "bare": lambda answer: answer.with_(others.part10(1), DICOM),
    "without a label": lambda answer: answer.with_(others.part10(1), None),
    "as text": lambda answer: answer.with_(others.part10(1), "text/plain"),
    "as a picture": lambda answer: answer.with_(others.part10(1), "image/jpeg"),
    "an envelope without its label": lambda answer: answer.with_(
        envelope(DICOM, (DICOM, others.part10(1)))[0], "application/octet-stream"
    ),
    "two files in a row": lambda answer: answer.with_(answer.body + others.part10(1), answer.content_type),
    "a data set without a preamble": lambda answer: answer.with_(others.part10(1)[132:], DICOM),
    "cut": lambda answer: answer.with_(others.part10(1)[:-300], DICOM),
    "words around the envelope": lambda answer: answer.with_(
        *envelope(DICOM, (DICOM, others.part10(1)), before=b"KANARIE\r\n", after=b"KANARIE")
    ),
    "metadata": lambda answer: answer.with_(json.dumps(_foreign(1)).encode(), DICOM),
    "a list": lambda answer: answer.with_(b"KANARIE^Patient 1, KANARIE^Patient 2", DICOM),
}  # fmt: skip

_HEAD = (
    ("location", f"/dicom-web/studies/{others.uid(5, 0)}?name=KANARIE"),
    ("content-location", f"/dicom-web/studies/{others.uid(5, 0)}"),
    ("etag", '"KANARIE"'),
    ("content-disposition", 'attachment; filename="KANARIE^Patient.dcm"'),
    ("link", f"</dicom-web/studies?PatientID=KANARIE&after={others.uid(5, 0)}>; rel=next"),
    ("x-patient", "KANARIE 18930417"),
)

HEADS: dict[str, Spoil] = {
    "fields beside others": lambda answer: answer.with_(json.dumps(_foreign(2)).encode(), JSON, *_HEAD),
    "UIDs beside own": lambda answer: replace(answer, headers=(*answer.headers, *_HEAD[1:2])),
    "an error": lambda answer: answer.with_(json.dumps(_foreign(2)).encode(), JSON, *_HEAD, status=500),
    "an error in words": lambda answer: answer.with_(
        f"No rights to {others.uid(5, 0)} of KANARIE".encode(), "text/plain", *_HEAD, status=403
    ),
    "an error that breaks off": lambda answer: answer.with_(json.dumps(_foreign(2))[:700].encode(), JSON, status=500),
    "a redirect": lambda answer: answer.with_(b"", None, *_HEAD, status=302),
}  # fmt: skip
