"""What a long-running operation must be (google.longrunning.Operation in proto3 JSON, OperationMetadata of the API).

Documents in, observations of the LRO rows out. A run of documents is what was answered about one operation in turn: to
the request that began it, then to each poll.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, TypeAlias

from dicomweb_conformance.http.unreadable import UnreadableError
from dicomweb_conformance.reading import json_documents
from dicomweb_conformance.validators.observation import Observation

Document: TypeAlias = dict[str, Any]

# A segment is one of a URL (RFC 3986 3.3), and neither "." nor "..", so that a poll goes where the name says.
_SEGMENT = r"(?!\.{1,2}(?:/|\Z))(?:[A-Za-z0-9\-._~!$&'()*+,;=:@]|%[0-9A-Fa-f]{2})+"
NAME = re.compile(rf"projects/{_SEGMENT}/locations/{_SEGMENT}/datasets/{_SEGMENT}/operations/{_SEGMENT}")
_EMPTY = "type.googleapis.com/google.protobuf.Empty"
_METADATA = "type.googleapis.com/google.cloud.healthcare.{}.OperationMetadata"
_DELETE_STUDY = "google.cloud.healthcare.v1.dicomweb.DicomWebService.DeleteStudy"
_COUNTERS = ("success", "failure", "pending", "secondarySuccess", "secondaryFailure")
_DIGITS = 20
"""More than a 64-bit integer has."""
_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)")


def read(body: bytes) -> Document | None:
    """Return the JSON object that a body is, or None."""
    try:
        value = json_documents.value_of(body)
    except UnreadableError:
        return None
    return value if isinstance(value, dict) else None


def name_of(document: Document | None) -> str:
    """Return the name of an operation where it is one that can be polled, else an empty text."""
    name = document.get("name") if document else None
    return name if isinstance(name, str) and NAME.fullmatch(name) else ""


def is_done(document: Document) -> bool:
    """Tell whether an operation is over."""
    return document.get("done") is True


def failures(document: Document) -> int:
    """Return how many failures an operation counts; 0 where it counts none, or in no number."""
    metadata = document.get("metadata")
    counter = metadata.get("counter") if isinstance(metadata, dict) else None
    said = str(counter.get("failure", "")) if isinstance(counter, dict) else ""
    return int(said) if said.isdecimal() and said.isascii() and len(said) < _DIGITS else 0


def named(documents: Sequence[Document], dataset: str) -> Iterator[Observation]:
    """Judge the names in a run of documents (LRO-003, LRO-004); `dataset`: the name of that of the base URL."""
    names = [document.get("name") for document in documents]
    for where, name in zip(_places(documents), names, strict=True):
        if not isinstance(name, str):
            yield Observation("LRO-003", "not-a-string", f"{where}: name", received=_shown(name))
            return
        if not NAME.fullmatch(name):
            yield Observation("LRO-003", "no-match", f"{where}: name", received=name)
    if len(set(names)) > 1:
        yield Observation(
            "LRO-003",
            "differs-between-delete-answer-and-polls",
            "name",
            received=", ".join(dict.fromkeys(map(str, names))),
        )
    yield from _placed(str(names[0]), dataset)


def _placed(name: str, dataset: str) -> Iterator[Observation]:
    expected, found = dataset.split("/"), name.split("/")
    if "dicomStores" in found:
        yield Observation("LRO-004", "the-name-lies-under-dicomstores", "name", (f"{dataset}/operations/...",), name)
    elif len(found) >= 6 and found[2:6] != expected[2:6]:
        yield Observation("LRO-004", "another-location-or-dataset", "name", (f"{dataset}/operations/...",), name)
    elif len(found) >= 6 and found[1] != expected[1]:
        quote = "project-as-number-and-as-id"
        numbers = [found[1].isdecimal(), expected[1].isdecimal()]
        observation = quote if any(numbers) and not all(numbers) else "another project"
        yield Observation("LRO-004", observation, "name", (f"{dataset}/operations/...",), name)


def described(documents: Sequence[Document], version: str, *, of_study: bool) -> Iterator[Observation]:
    """Judge what metadata say of the operation (LRO-008, LRO-009, LRO-015).

    Args:
        documents: the answer to the delete, then those to the polls.
        version: that of the API in the base URL.
        of_study: the delete is that of a study.
    """
    wanted = _METADATA.format(version)
    if not any("metadata" in document for document in documents[1:]):
        yield Observation("LRO-008", "no-metadata-in-any-poll", received="metadata is absent")
        return
    if "metadata" not in documents[0]:
        yield Observation("LRO-008", "no-metadata-in-the-delete-answer-itself", received="metadata is absent")
    for where, metadata in _metadata(documents):
        if not isinstance(metadata, dict):
            yield Observation("LRO-008", "metadata-is-not-an-object", where, received=_shown(metadata))
            continue
        kind = metadata.get("@type")
        if kind is None:
            yield Observation("LRO-008", "metadata-without-type", where, (wanted,), "@type is absent")
        elif kind != wanted:
            observation = "type-of-another-version" if _is_metadata_type(kind) else "another-at-type"
            yield Observation("LRO-008", observation, f"{where}.@type", (wanted,), _shown(kind))
        yield from _method(metadata, where, of_study=of_study)
        if not isinstance(metadata.get("logsUrl", ""), str) or not isinstance(
            metadata.get("cancelRequested", False), bool
        ):
            given = {name: metadata[name] for name in ("logsUrl", "cancelRequested") if name in metadata}
            yield Observation("LRO-015", "another-json-type", where, received=_shown(given))


def _is_metadata_type(kind: object) -> bool:
    pattern = re.escape(_METADATA).replace(re.escape("{}"), "[a-z0-9]+")
    return isinstance(kind, str) and re.fullmatch(pattern, kind) is not None


def _method(metadata: Document, where: str, *, of_study: bool) -> Iterator[Observation]:
    method = metadata.get("apiMethodName")
    if method is None:
        yield Observation("LRO-009", "absent", where, received="apiMethodName is absent")
    elif not isinstance(method, str):
        yield Observation("LRO-009", "not-a-string", f"{where}.apiMethodName", received=_shown(method))
    elif of_study and method != _DELETE_STUDY:
        yield Observation("LRO-009", "another-string-for-a-study", f"{where}.apiMethodName", received=method)


def timed(documents: Sequence[Document]) -> Iterator[Observation]:
    """Judge createTime and endTime (LRO-010, LRO-011)."""
    created: list[str] = []
    for (where, metadata), done in zip(_objects(documents), _done(documents), strict=True):
        begin, end = metadata.get("createTime"), metadata.get("endTime")
        if begin is not None:
            created.append(str(begin))
            if moment(begin) is None:
                yield Observation("LRO-010", "not-rfc-3339", f"{where}.createTime", received=_shown(begin))
        if end is not None and not done:
            yield Observation("LRO-011", "present-while-done-is-not-true", f"{where}.endTime", received=_shown(end))
        elif end is not None and moment(end) is None:
            yield Observation("LRO-011", "not-rfc-3339", f"{where}.endTime", received=_shown(end))
        elif end is None and done:
            yield Observation("LRO-011", "absent-when-done", where, received="endTime is absent")
        elif end is not None and (first := moment(begin)) and (last := moment(end)) and last < first:
            yield Observation(
                "LRO-011", "earlier-than-createtime", f"{where}.endTime", (f"not before {begin}",), str(end)
            )
    if not created:
        yield Observation("LRO-010", "absent", "metadata", received="createTime is absent")
    elif len(set(created)) > 1:
        changes = ", ".join(dict.fromkeys(created))
        yield Observation("LRO-010", "changes-between-polls", "metadata.createTime", received=changes)


def moment(value: object) -> datetime | None:
    """Return the time that an RFC 3339 timestamp with Z or an offset names, or None; nanoseconds are cut."""
    if not isinstance(value, str) or not _TIMESTAMP.fullmatch(value):
        return None
    try:
        return datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", value.upper().replace("Z", "+00:00")))
    except ValueError:
        return None


def counted(documents: Sequence[Document], instances: int) -> Iterator[Observation]:
    """Judge the counters (LRO-012 to LRO-014); `instances`: how many there were to delete."""
    for (where, metadata), done in zip(_objects(documents), _done(documents), strict=True):
        counter = metadata.get("counter")
        if counter is None:
            continue
        if not isinstance(counter, dict):
            yield Observation("LRO-012", "counter-is-not-an-object", f"{where}.counter", received=_shown(counter))
            continue
        faults = [*_members(counter, f"{where}.counter")]
        yield from faults
        if done and not faults:
            yield from _sums(counter, f"{where}.counter", instances)


def _members(counter: Document, where: str) -> Iterator[Observation]:
    for name in (each for each in _COUNTERS if each in counter):
        value, place = counter[name], f"{where}.{name}"
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            yield Observation("LRO-012", "json-numbers", place, received=_shown(value))
        elif not isinstance(value, str) or not re.fullmatch(r"-?[0-9]+", value):
            yield Observation("LRO-012", "strings-that-are-no-integers", place, received=_shown(value))
        elif value.startswith("-"):
            yield Observation("LRO-012", "negative-values", place, received=value)
        elif int(value) == 0:
            yield Observation("LRO-013", "zero-members-given-as-0", place, received=value)


def _sums(counter: Document, where: str, instances: int) -> Iterator[Observation]:
    if int(counter.get("pending", "0")):
        yield Observation("LRO-014", "pending-above-0-when-done", where, received=_shown(counter))
    if int(counter.get("success", "0")) != instances:
        yield Observation("LRO-014", "another-success", where, (f"success is {instances}",), _shown(counter))


def concluded(documents: Sequence[Document]) -> Iterator[Observation]:
    """Judge how operations end (LRO-016 to LRO-019)."""
    for where, document in zip(_places(documents), documents, strict=True):
        done = document.get("done", False)
        if not isinstance(done, bool):
            kind = "another-type-string-number-null"
            yield Observation("LRO-016", kind, f"{where}: done", ("true", "false", "absent"), _shown(done))
            continue
        ways = [each for each in ("response", "error") if each in document]
        if done and len(ways) != 1:
            yield Observation(
                "LRO-017", "done-with-both" if ways else "done-without-either", where, received=_shown(document)
            )
        elif not done and ways:
            yield Observation("LRO-017", "running-with-either", where, received=", ".join(ways))
        if done and "error" in document:
            yield from failed(document["error"], f"{where}: error")
        elif done and "response" in document:
            yield from _empty(document["response"], f"{where}: response")


def _empty(response: object, where: str) -> Iterator[Observation]:
    if not isinstance(response, dict):
        yield Observation("LRO-018", "not-an-object", where, received=_shown(response))
    elif response == {}:
        yield Observation("LRO-018", "empty-object-without-type", where, received="{}")
    elif response.get("@type") != _EMPTY:
        yield Observation("LRO-018", "another-at-type", where, (_EMPTY,), _shown(response.get("@type")))


def failed(error: object, where: str) -> Iterator[Observation]:
    """Judge the error of an operation that failed or was cancelled (LRO-019)."""
    status = error if isinstance(error, dict) else {}
    code = status.get("code")
    if isinstance(code, bool) or not isinstance(code, int) or not 1 <= code <= 16:
        observation = "code-absent-0-a-string-or-above-16"
        yield Observation("LRO-019", observation, where, ("an integer from 1 to 16",), _shown(error))
    if "message" not in status:
        yield Observation("LRO-019", "message-absent", where, received=_shown(error))
    details = status.get("details", [])
    if not isinstance(details, list) or not all(isinstance(detail, dict) and "@type" in detail for detail in details):
        yield Observation("LRO-019", "details-without-type", f"{where}.details", received=_shown(details))


def _places(documents: Sequence[Document]) -> list[str]:
    return ["delete response", *(f"poll {number}" for number in range(1, len(documents)))]


def _done(documents: Sequence[Document]) -> list[bool]:
    return [is_done(document) for document in documents if isinstance(document.get("metadata"), dict)]


def _metadata(documents: Sequence[Document]) -> Iterator[tuple[str, Any]]:
    for where, document in zip(_places(documents), documents, strict=True):
        if "metadata" in document:
            yield f"{where}: metadata", document["metadata"]


def _objects(documents: Sequence[Document]) -> Iterator[tuple[str, Document]]:
    return ((where, each) for where, each in _metadata(documents) if isinstance(each, dict))


def _shown(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 200 else f"{text[:200]}..."
