"""What a client sees of a response as it reads it, by the codes of observations; its rules say what becomes of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from dicomweb_conformance.dicom import json_model, store_response
from dicomweb_conformance.dicom.json_model import DataSet
from dicomweb_conformance.http import media_types
from dicomweb_conformance.http.exchanges import Response
from dicomweb_conformance.http.quoting import Harmless
from dicomweb_conformance.http.unreadable import UnreadableError
from dicomweb_conformance.http.urls import Url, UrlError, resolve
from dicomweb_conformance.reading import json_documents, part10_files, picture_files, values, xml_octets
from dicomweb_conformance.scenarios.persona import parts
from dicomweb_conformance.scenarios.persona.clients import Step
from dicomweb_conformance.validators.store import xml_responses
from dicomweb_fixtures.entities import Instance, Study

LEVELS = {"study": "0020000D", "series": "0020000E", "instance": "00080018"}
_RETRIEVE_URL = "00081190"
NOTHING = Harmless()
_PARTIAL = 206


@dataclass(frozen=True)
class Seen:
    """One thing that a client would rather not see; `received` quotes nothing but what the run made."""

    code: str
    where: str = ""
    expected: tuple[str, ...] = ()
    received: Harmless = NOTHING


@dataclass(frozen=True)
class Subject:
    """What a request is about: an instance, and the study that it is of."""

    study: Study
    instance: Instance

    def uid(self, level: str) -> str:
        """Return its UID at a level: `study`, `series` or `instance`."""
        return {
            "study": self.instance.study_instance_uid,
            "series": self.instance.series_instance_uid,
            "instance": self.instance.sop_instance_uid,
        }[level]

    def below(self, step: Step) -> set[str]:
        """Return the SOP Instance UIDs of what a step asks for."""
        named = f"{step.head.target} {{{step.level}}}"
        if "{instance}" in named:
            return {self.instance.sop_instance_uid}
        series = self.instance.series_instance_uid if "{series}" in named else ""
        return {
            instance.sop_instance_uid
            for instance in self.study.instances
            if series in {"", instance.series_instance_uid}
        }


Reader: TypeAlias = Callable[[Response, Step, Subject], Iterator[Seen]]


def of(response: Response, step: Step, subject: Subject) -> Iterator[Seen]:
    """Yield what a client sees of the response to a step, its status apart.

    Raises:
        TooLargeError: the response holds more than this suite reads.
    """
    kind = media_types.name_of(response.content_type)
    if step.types and response.body.strip() and kind not in step.types:
        yield Seen("another-type", expected=step.types, received=Harmless(kind or "no media type"))
        return
    yield from _READERS[step.reads](response, step, subject)


def link_of(response: Response, step: Step, subject: Subject) -> Url | str | None:
    """Return what a response leads to: by BulkDataURI in metadata of an instance, by Retrieve URL in a row of a search.

    Returns:
        the first URL; why nobody follows it, None without one.

    Raises:
        TooLargeError: the response holds more than this suite reads.
    """
    level = step.finds or "instance"
    try:
        rows = [row for row in _objects(response) if json_model.text(row, LEVELS[level]) == subject.uid(level)]
    except UnreadableError:
        rows = []
    given = (json_model.text(row, _RETRIEVE_URL) for row in rows) if step.reads == "rows" else _bulk_data(rows)
    text = next(filter(None, given), None)
    try:
        return None if text is None else resolve(text, response.url)
    except UrlError as error:
        return str(error)


def _bulk_data(rows: Sequence[DataSet]) -> Iterator[str]:
    for element in (each for row in rows for each in row.values()):
        uri = element.get("BulkDataURI") if isinstance(element, dict) else None
        if isinstance(uri, str):
            yield uri


# JSON


def _rows(response: Response, step: Step, subject: Subject) -> Iterator[Seen]:
    yield from _seen_in(response, step, subject, step.finds, "result")


def _metadata(response: Response, step: Step, subject: Subject) -> Iterator[Seen]:
    yield from _seen_in(response, step, subject, "instance", "object")


def _seen_in(response: Response, step: Step, subject: Subject, level: str, noun: str) -> Iterator[Seen]:
    """Yield what a client sees in the objects of an array: of those that it looks for by a UID, or of all.

    Where anybody's studies may be among them, what others have stored is no fault of the server: that of the subject
    is looked at, and where it is not there what all of them show.
    """
    number, seen = 0, _Elements(step, noun)
    own = _Elements(step, noun)
    try:
        for row in _objects(response):
            number += 1
            if not level or json_model.text(row, LEVELS[level]) == subject.uid(level):
                seen.look(row)
            if step.asks_for_anybodys and json_model.text(row, LEVELS["study"]) == subject.uid("study"):
                own.look(row)
    except UnreadableError:
        yield _not_json(response)
        return
    if level and not seen.number:
        yield Seen("not-found", _place(LEVELS[level]), (subject.uid(level),), _number(number, noun))
    elif step.asks_for_anybodys and not level:
        yield from (own if own.number else seen).told(of_all=True)
    else:
        yield from seen.told()


def _objects(response: Response) -> Iterator[DataSet]:
    """Yield the objects of a JSON array; none of a body that is empty.

    Raises:
        UnreadableError: it is something else.
    """
    if response.body.strip():
        yield from json_model.each_object(response.body)


def _not_json(response: Response) -> Seen:
    kind = media_types.name_of(response.content_type) or "no media type"
    return Seen("not-json", received=Harmless(f"{len(response.body)} octets of {kind}"))


class _Elements:
    """Counts in how many objects a client misses what it needs, or finds what it does not expect."""

    def __init__(self, step: Step, noun: str) -> None:
        self.number = 0
        self._noun = noun
        self._refused = step.refuses
        named = (("no-value", step.needs), ("no-value-to-show", step.shows))
        self._wanted = [(code, tags) for code, each in named for tags in each]
        self._lacking: Counter[tuple[str, str]] = Counter()
        self._having: Counter[str] = Counter()

    def look(self, row: DataSet) -> None:
        """Look at one object."""
        self.number += 1
        self._lacking.update(each for each in self._wanted if not any(_has(row, tag) for tag in each[1].split(" or ")))
        self._having.update(tag for tag in self._refused if _has(row, tag))

    def told(self, *, of_all: bool = False) -> Iterator[Seen]:
        """Yield what was missed or found, in the order of the client's file; `of_all`: in each of the objects."""
        least = self.number if of_all else 1
        for code, tags in self._wanted:
            if (lacking := self._lacking[code, tags]) and lacking >= least:
                yield Seen(code, _place(tags), ("a value",), Harmless(f"none in {self._of(lacking)}"))
        for tag in self._refused:
            if (having := self._having[tag]) and having >= least:
                received = Harmless(f"one in {self._of(having)}")
                yield Seen("a-value-of-a-deeper-level", _place(tag), ("none",), received)

    def _of(self, some: int) -> str:
        return f"{some} of {_number(self.number, self._noun)}"


def _has(row: DataSet, tag: str) -> bool:
    return any(each not in (None, "") for each in json_model.values(row, tag))


def _place(tags: str) -> Harmless:
    return Harmless(" or ".join(f"({tag[:4]},{tag[4:]})" for tag in tags.split(" or ")))


def _number(number: int, noun: str) -> Harmless:
    return Harmless(f"{number} {noun}{'' if number == 1 else 's'}")


# Octets


def _files(response: Response, step: Step, subject: Subject) -> Iterator[Seen]:
    found: set[str] = set()
    for piece in _pieces(response, step, media_types.DICOM):
        if isinstance(piece, Seen):
            yield piece
            continue
        try:
            found.add(values.text(part10_files.read(piece), "SOPInstanceUID"))
        except UnreadableError:
            yield Seen("not-readable", received=Harmless(f"{len(piece)} octets"))
            return
    wanted = subject.below(step)
    if wanted - found:
        yield Seen("fewer-parts", expected=(_number(len(wanted), "instance"),), received=_of_them(wanted, found))


def _of_them(wanted: set[str], found: set[str]) -> Harmless:
    return Harmless(f"{len(wanted & found)} of them")


def _frames(response: Response, step: Step, _: Subject) -> Iterator[Seen]:
    if response.status == _PARTIAL:
        return  # the client asks for the rest, and only then takes it apart
    frames: list[bytes] = []
    for piece in _pieces(response, step, media_types.OCTET_STREAM):
        if isinstance(piece, Seen):
            yield piece
        else:
            frames.append(piece)
    if not all(frames):
        yield Seen("not-readable", received=Harmless("no octets"))
    elif len(frames) != step.frames:
        yield Seen("fewer-parts", expected=(str(step.frames),), received=_number(len(frames), "part"))


def _value(response: Response, step: Step, _: Subject) -> Iterator[Seen]:
    found: list[bytes] = []
    for piece in _pieces(response, step, media_types.OCTET_STREAM):
        if isinstance(piece, Seen):
            yield piece
        else:
            found.append(piece)
    if not all(found):
        yield Seen("not-readable", received=Harmless("no octets"))
    elif len(found) != 1:
        yield Seen("fewer-parts", expected=("1",), received=_number(len(found), "part"))


def _pieces(response: Response, step: Step, of_parts: str) -> Iterator[Seen | bytes]:
    """Yield what is odd about a body in the eyes of a client, then what the client takes for its parts."""
    if step.form == "single":
        if "multipart" in response.content_type.lower():
            yield Seen("multipart", received=Harmless(media_types.name_of(response.content_type)))
        yield response.body
        return
    opened = parts.opened(response, step.boundary, of_parts)
    for code in opened.odd:
        yield Seen(code, received=Harmless(media_types.name_of(response.content_type) or "no media type"))
    for part in opened.parts:
        yield part.body


def _picture(response: Response, *_: object) -> Iterator[Seen]:
    try:
        picture_files.read(response.body)
    except UnreadableError:
        kind = media_types.name_of(response.content_type) or "no media type"
        yield Seen("not-readable", expected=("an image",), received=Harmless(f"{len(response.body)} octets of {kind}"))


# What becomes of a store or a delete


def _stored(response: Response, step: Step, _: Subject) -> Iterator[Seen]:
    body, kind = response.body, Harmless(media_types.name_of(response.content_type) or "no media type")
    if ";" in response.content_type and body:
        yield Seen("type-with-parameters", received=Harmless(response.content_type.partition(";")[0] + "; ..."))
    if step.answer == "json":
        answer = store_response.of_body(body)
        if answer is None:
            yield Seen("not-readable", expected=("DICOM JSON",), received=kind)
        elif len(answer.stored) != 1 or answer.failed or answer.other_failures:
            failed = len(answer.failed) + len(answer.other_failures)
            received = Harmless(f"{len(answer.stored)} stored, {failed} failed")
            yield Seen("other-counts", expected=("1 stored, 0 failed",), received=received)
    elif step.answer == "keywords":
        if xml_responses.module(body) is None:
            yield Seen("not-readable", expected=("XML",), received=kind)
        elif not xml_responses.names_keywords(body):
            yield Seen(
                "no-keyword", expected=("keyword ReferencedSOPSequence, and RetrieveURL below it",), received=kind
            )
    elif step.answer == "xml" and xml_octets.read(body).root is None:
        yield Seen("not-readable", expected=("XML",), received=kind)


def _deleted(response: Response, step: Step, _: Subject) -> Iterator[Seen]:
    if step.answer != "json":
        return
    try:
        is_object = isinstance(json_documents.value_of(response.body), dict)
    except UnreadableError:
        is_object = False
    if not is_object:
        yield Seen("not-json", expected=("a JSON object",), received=Harmless(f"{len(response.body)} octets"))


_READERS: dict[str, Reader] = {
    "rows": _rows,
    "metadata": _metadata,
    "files": _files,
    "frames": _frames,
    "value": _value,
    "picture": _picture,
    "stored": _stored,
    "deleted": _deleted,
}
