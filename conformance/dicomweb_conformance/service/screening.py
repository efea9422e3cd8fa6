"""What may be recorded of an answer: what the request could have returned decides, not how the answer is labelled.

A data set is kept where everything that identifies it is this run's. What no content proves (frames, bulk data,
pictures, words) is kept where the request names nothing but this run's data. Of all else there remain length and
digest. A target that ignores the keys of a search gives other people's rows, so that these are looked at one by one
whatever was asked for.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from http import HTTPStatus
from typing import Any, TypeAlias

from dicomweb_conformance.dicom import xml_model
from dicomweb_conformance.http import media_types, multipart, urls
from dicomweb_conformance.http.exchanges import Headers, Response
from dicomweb_conformance.http.limits import BODY_RECORDED
from dicomweb_conformance.http.multipart import Kind, Part
from dicomweb_conformance.http.screened import Screened
from dicomweb_conformance.http.unreadable import TooLargeError, UnreadableError
from dicomweb_conformance.http.urls import UrlError
from dicomweb_conformance.reading import json_documents
from dicomweb_conformance.service.ownership import PATIENT_ID, Own
from dicomweb_conformance.validators.http.error_responses import Resource, resource_of
from dicomweb_conformance.validators.part10 import part10_octets

ROW = {"not of this run": "not recorded"}
"""What stands in the record for a data set of somebody else."""
MOST_NOTED = 100_000
"""Values of others that are remembered at most, so that no text tells them."""
NOT_RECORDED = "not proved to be of this run: not recorded"

_OPAQUE: frozenset[Resource] = frozenset({"frames", "bulkdata", "rendered", "instances", "uri"})
_UNDONE = frozenset({"", "identity", "gzip", "x-gzip", "deflate"})
_GZIP = b"\x1f\x8b"
_BOMS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_BEFORE = b" \t\r\n\0" + b"".join(_BOMS)
_TAG = re.compile(r"[0-9A-Fa-f]{8}")
# The tags of Annex I, and of errors: they describe nobody.
_OF_STORES = re.compile(r"000811[59][0-9A-Fa-f]|0000[0-9A-Fa-f]{4}|0074[0-9A-Fa-f]{4}")
_DATA_SET = re.compile(rb'"vr"\s*:|"[0-9A-Fa-f]{8}"\s*:|DicomAttribute')
_CONTROL = re.compile(rb"[\0-\x08\x0e-\x1f]")
_FIELD_NAME = re.compile(
    r"etag|link|location|set-cookie|content-(?:disposition|location)|(?:access-control|x)-[a-z-]{1,40}", re.IGNORECASE
)
_FIRST_LINE = re.compile(rb"\s{0,4}--([^\r\n]{1,200}?)[ \t]*\r?\n")
_VERSION = re.compile(r"HTTP/\d\.\d")
_REASONS = frozenset(each.phrase for each in HTTPStatus)
# As RFC 9110 and its like define them: nothing of them speaks of a patient.
DEFINED_BY_HTTP = frozenset(
    {
        *("accept", "accept-patch", "accept-post", "accept-ranges", "age", "allow", "alt-svc", "cache-control"),
        *("connection", "content-encoding", "content-language", "content-length", "content-type", "date", "expires"),
        *("keep-alive", "last-modified", "mime-version", "pragma", "proxy-authenticate", "retry-after", "server"),
        *("strict-transport-security", "te", "trailer", "transfer-encoding", "upgrade", "vary", "via", "warning"),
        *("www-authenticate", "x-content-type-options", "x-frame-options", "x-powered-by"),
    }
)
_ENVELOPE = frozenset(
    {
        *(Kind.BARE_LINE_END, Kind.PADDING, Kind.NO_CONTENT_TYPE, Kind.CONTENT_TYPE_UNREADABLE),
        *(Kind.LENGTH_NO_NUMBER, Kind.LENGTH_DIFFERS),
    }
)
"""Faults of an envelope that leave no doubt which octets are whose."""

Octets: TypeAlias = bytes | memoryview


class Screening:
    """Screens the answers of one target.

    Args:
        own: what is this run's.
        base_url: of the Studies Service, without a slash at its end.
    """

    def __init__(self, own: Own, base_url: str) -> None:
        self._own = own
        self._base_url = base_url
        self._given: set[str] = set()
        self._resolved: set[str] = set()

    def screen(self, response: Response) -> Screened:
        """Return what may be recorded of an answer."""
        path, _, query = response.url.removeprefix(self._base_url).partition("?")
        limited = self._own.limits(response.method, response.url, self._base_url)
        resource = resource_of(response.method, path, query)
        seen = _Answer(self._own, response, limited, resource)
        try:
            octets = seen.screened()
        except Exception:  # the net below all: what this suite stumbles over it cannot prove
            octets = None
        whole = octets is response.body and (limited or seen.holds_own)
        # Where a search gives no rows, nothing tells whose a resource is to which its head leads.
        leads = resource == "search" and not seen.holds_own
        located = [
            value
            for name in ("Location", "Content-Location")
            for value in response.headers.all(name)
            if self._says_more(value, response.url)
        ]
        proved = whole and not (leads and located)
        if not proved:
            self._note(response, [*seen.uris, *located])
        return Screened(
            octets,
            proved,
            response.reason if proved or response.reason in _REASONS else "",
            tuple(self._fields(response.headers.fields, proved=proved and not leads)),
            tuple(self._head(response, proved=proved and not leads)),
            frozenset(seen.foreign.union([] if proved else located)),
        )

    def url(self, url: str) -> str:
        """Return a URL as it may be shown: one that a target gave may name other people's data."""
        if self._is_given(url):
            return f"{self._base_url}/(a URL that the target gave with data that are not of this run)"
        return self._own.masked(url)

    def _is_given(self, url: str) -> bool:
        return bool(self._given) and (url in self._given or _below(url) in self._given)

    def _says_more(self, uri: str, asked: str) -> bool:
        """Tell whether a URL in a head names more than that of the request, which may be shown: a slash at its end."""
        if self._is_given(asked):
            return True
        try:
            there, here = urls.resolve(uri, asked), urls.resolve(asked, asked)
        except UrlError:
            return True
        return there != replace(here, path=there.path) or there.path.rstrip("/") != here.path.rstrip("/")

    def text(self, text: str) -> str:
        """Return words without the UIDs of other people's data."""
        return self._own.masked(text)

    def _note(self, response: Response, uris: Iterable[str]) -> None:
        for uri in uris:
            known = uri if "://" in uri else f"{response.url} {uri}"
            if known in self._resolved or len(self._resolved) >= MOST_NOTED:
                continue
            self._resolved.add(known)
            for base in (response.url, f"{self._base_url}/"):
                try:
                    given = str(urls.resolve(uri, base))
                except UrlError:
                    break  # nobody follows it
                self._given |= {given, _below(given)}

    def _fields(self, fields: Iterable[tuple[str, str]], *, proved: bool) -> Iterator[tuple[str, str]]:
        for name, value in fields:
            if proved or name.lower() in DEFINED_BY_HTTP:
                yield name, self._own.masked(value)
            else:
                yield _field_name(name), f"({len(value)} characters, {NOT_RECORDED})"

    def _head(self, response: Response, *, proved: bool) -> Iterator[str]:
        wire = response.wire
        if wire is None:
            return
        if proved:
            yield from map(self._own.masked, (wire.status_line, *wire.header_lines))
            return
        version = wire.version if _VERSION.fullmatch(wire.version) else "(no version)"
        yield f"{version} {response.status or ''}".rstrip()
        for line in wire.header_lines:
            name, colon, value = line.partition(":")
            if colon and name.strip().lower() in DEFINED_BY_HTTP:
                yield self._own.masked(line)
            else:
                yield f"{_field_name(name)}: ({len(value or line)} characters, {NOT_RECORDED})"


def _below(url: str) -> str:
    """Return what a URL names of the Studies Service, whatever comes before; all of it where that cannot be told."""
    return url.rpartition("/studies/")[2]


def everything(response: Response) -> Screened:
    """Return a response as it is, for a target that holds no patients' data."""
    wire = response.wire
    lines = (wire.status_line, *wire.header_lines) if wire else ()
    return Screened(response.body, True, response.reason, response.headers.fields, lines)


def _field_name(name: str) -> str:
    return name if _FIELD_NAME.fullmatch(name) else "(a name)"


class _Unreadable(Exception):  # noqa: N818 - it is a property of the octets, not an error
    """The octets are not of the form that was tried."""


def _is_blank(octets: bytes) -> bool:
    return not octets[:1024].strip(_BEFORE) and not octets.translate(None, _BEFORE)


class _Answer:
    """One answer while it is screened, and what was seen in it."""

    def __init__(self, own: Own, response: Response, limited: bool, resource: Resource) -> None:
        self._own = own
        self._response = response
        self._limited = limited
        self._resource = resource
        # What a GET brings is data. Anything else that is said to a request of this run's is words about that.
        brings_data = response.method == "GET" and 200 <= response.status < 300 and not own.claims_url(response.url)
        self._demands_proof = brings_data or not limited
        self.holds_own = False
        self.foreign: set[str] = set()
        self.uris: set[str] = set()

    def screened(self) -> bytes | None:
        """Return what may be kept of the body: the very object where that is all of it, None for nothing."""
        octets, coding = self._response.body, (self._response.headers.get("Content-Encoding") or "").strip().lower()
        if _is_blank(octets):
            return octets
        if coding not in _UNDONE or (coding and self._response.error) or octets.startswith(_GZIP):
            return None
        if (boundary := self._boundary(octets)) is not None:
            return self._parts(octets, boundary)
        kept = self._representation(octets)
        return octets if kept is octets else None if kept is None else bytes(kept)

    # multipart, whatever Content-Type says

    def _boundary(self, octets: bytes) -> bytes | None:
        parameter = media_types.read(self._response.content_type).media_type.parameter("boundary")
        begins = _FIRST_LINE.match(octets)
        for boundary in (parameter.encode("latin-1", "replace") if parameter else b"", begins[1] if begins else b""):
            if boundary and b"--" + boundary in octets:
                return boundary
        return None

    def _parts(self, octets: bytes, boundary: bytes) -> bytes | None:
        view, begun = memoryview(octets), multipart.PartBegins(0, 0, 0, Headers())
        parts: list[tuple[Headers, Octets | None]] = []
        whole, fields = True, 0
        for event in multipart.read([octets], boundary):
            match event:
                case multipart.Fault():
                    whole = whole and event.kind in _ENVELOPE
                case multipart.PartBegins():
                    begun = event
                    fields += len(event.headers.fields)
                    if multipart.too_much(event.number, fields):
                        return None
                case multipart.PartEnds():
                    body = view[begun.body_offset : begun.body_offset + event.length]
                    kept = self._part(begun.headers, body)
                    whole = whole and kept is body
                    parts.append((begun.headers, kept))
        if whole and parts:
            return octets
        if not any(kept for _, kept in parts):
            return None
        return multipart.write([_recorded_part(*part) for part in parts], "boundary")[1]

    def _part(self, headers: Headers, body: memoryview) -> Octets | None:
        said = [value for name, value in headers.fields if name.lower() not in DEFINED_BY_HTTP]
        if any(map(self._own.foreign_uids, said)):
            return None
        return self._representation(body) if body else body

    # one representation, by what it is and not by what it is called

    def _representation(self, octets: Octets) -> Octets | None:
        """Return what may be kept: the very object where that is all of it, None for nothing."""
        for form in (self._file, self._json, self._xml):
            try:
                return form(octets)
            except _Unreadable:
                continue
        return octets if self._is_harmless(octets) else None

    def _file(self, octets: Octets) -> Octets | None:
        """Screen a Part 10 file: Study and SOP Instance must be named, and be this run's."""
        if octets[128:132] != b"DICM":
            raise _Unreadable
        found = part10_octets.identity(octets) or {}
        ours = all(
            self._own.has_patient(text) if tag == PATIENT_ID else self._own.names(text) for tag, text in found.items()
        )
        if not ours or not {"00080018", "0020000D"} <= found.keys():
            return None
        self.holds_own = True
        return octets

    def _json(self, octets: Octets) -> Octets | None:
        text = _document(octets, b'[{"')
        repeated = False

        def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
            nonlocal repeated
            found = dict(pairs)
            repeated = repeated or len(found) < len(pairs)
            return found

        try:
            decoded = text.decode(json.detect_encoding(text), "surrogatepass")
            value = json_documents.parsed(decoded, pairs=members, control_characters=True)
        except (UnicodeDecodeError, UnreadableError, TooLargeError):
            raise _Unreadable from None
        if repeated:
            # What stands first under a name is read by nobody, and may be anybody's.
            self._note(value)
            return None
        if not isinstance(value, list):
            return octets if self._is_own(value) else None
        ours = [self._is_own(each) for each in value]
        if all(ours):
            return octets
        if not any(ours):
            return None
        rows = [each if kept else ROW for each, kept in zip(value, ours, strict=True)]
        return json.dumps(rows, ensure_ascii=False).encode("utf-8", "backslashreplace")

    def _xml(self, octets: Octets) -> Octets | None:
        text = _document(octets, b"<")
        try:
            data_set = xml_model.data_set_of(text)
        except (UnreadableError, TooLargeError):
            raise _Unreadable from None
        # What comments say belongs to no data set.
        return octets if self._is_own(data_set) and b"<!" not in text else None

    def _is_own(self, value: object) -> bool:
        """Tell whether a data set, or what else stands in its place, is this run's; note its values if not."""
        said = set(self._own.identified(value))
        if said == {True} and (not self._demands_proof or _is_data_set(value)):
            self.holds_own = True
            return True
        if not said and not self._demands_proof and self._describes_nobody(value):
            return True
        self._note(value)
        return False

    def _describes_nobody(self, value: object) -> bool:
        tags = {name for name in _members(value) if _TAG.fullmatch(name)}
        texts = (text for _, text in _leaves(value))
        return all(map(_OF_STORES.fullmatch, tags)) and not any(map(self._own.foreign_uids, texts))

    def _note(self, value: object) -> None:
        if len(self.foreign) >= MOST_NOTED:
            return
        for name, text in _leaves(value):
            if not self._own.names(text):
                self.foreign.add(text)
            if name in {"BulkDataURI", "00081190"}:
                self.uris.add(text)

    # what no content proves

    def _is_harmless(self, octets: Octets) -> bool:
        """Tell whether words, or what cannot be looked into, may be kept."""
        head = bytes(octets[:BODY_RECORDED]).replace(b"\0", b"")
        if not self._limited or _DATA_SET.search(head) or self._own.foreign_uids(head.decode("latin-1")):
            return False
        if not self._demands_proof:
            return True
        return self._resource in _OPAQUE and not (self._resource == "instances" and _is_text(octets))


def _document(octets: Octets, begins: bytes) -> bytes:
    """Return the octets of what may be a JSON or XML document.

    Raises:
        _Unreadable: it begins otherwise.
    """
    first = bytes(octets[:256]).lstrip(_BEFORE)[:1]
    if not first or first not in begins:
        raise _Unreadable
    return bytes(octets)


def _is_data_set(value: object) -> bool:
    """Tell whether a JSON value has attributes as members, and nothing else."""
    return isinstance(value, dict) and bool(value) and all(map(_TAG.fullmatch, value))


def _members(value: object) -> Iterator[str]:
    """Yield the name of each member in a JSON value, at every depth."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            yield from one
            waiting.extend(one.values())
        elif isinstance(one, list):
            waiting.extend(one)


def _leaves(value: object) -> Iterator[tuple[str, str]]:
    """Yield each string and number in a JSON value as text, below the name of its member, or of that around it."""
    waiting = [("", value)]
    while waiting:
        name, one = waiting.pop()
        if isinstance(one, dict):
            for member, each in one.items():
                if member != "vr":
                    waiting.append((name if member == "Value" else member, each))
        elif isinstance(one, list):
            waiting.extend((name, each) for each in one)
        elif isinstance(one, str | int | float) and not isinstance(one, bool):
            yield name, str(one)


def _is_text(octets: Octets) -> bool:
    head = bytes(octets[:4096])
    return head.startswith(_BOMS) or not _CONTROL.search(head)


def _recorded_part(headers: Headers, kept: Octets | None) -> Part:
    if kept is not None:
        return Part(headers, bytes(kept))
    plain = [field for field in headers.fields if field[0].lower() in DEFINED_BY_HTTP - {"content-length"}]
    return Part(Headers(tuple(plain)), NOT_RECORDED.encode())
