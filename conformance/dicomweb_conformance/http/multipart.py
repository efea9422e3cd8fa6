"""multipart/related (RFC 2046 5.1, RFC 2387, PS3.18 8.6.1.2).

Reading what the target sent, piece by piece and in constant memory; writing what the suite sends. The reader names
every fault of the envelope with its place and goes on as far as the rest can be told apart; `parts_of` takes none.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache
from typing import NamedTuple, TypeAlias

from dicomweb_conformance.http import limits, media_types
from dicomweb_conformance.http.exchanges import Headers
from dicomweb_conformance.http.unreadable import Form, TooLargeError, UnreadableError

LONGEST_BOUNDARY = 70

_PIECE = 1 << 16
"""Octets that are handed on at a time: few enough that their memory is used again."""
_QUOTED = 80
_BOUNDARY = re.compile(r"[0-9A-Za-z'()+_,\-./:=? ]*")
_HEADER = re.compile(rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*([\t\x20-\x7e\x80-\xff]*?)[ \t]*")
_TEXT = re.compile(rb"[\t\x20-\x7e\x80-\xff]*")
_REST_OF_LINE = re.compile(rb"(--)?([ \t]{0,256})(\r\n|\n|\r|\Z)")
_SHORT_BLOCK = 512
_MANY = 64
"""Boundaries in payload, one after the other, after which they are looked for with what surrounds a delimiter."""


class MultipartError(UnreadableError):
    """A body that is no multipart of the boundary named; says where (octet offset) and what was expected."""

    def __init__(self, why: str) -> None:
        super().__init__(Form.MULTIPART, why)


class Kind(Enum):
    """What can be wrong with an envelope, or be worth a word though it is allowed; the value says it to people."""

    BOUNDARY_ABSENT = "Content-Type has no boundary"
    BOUNDARY_TOO_LONG = "the boundary is longer than 70 characters"
    BOUNDARY_CHARACTER = "the boundary has a character that RFC 2046 5.1.1 does not allow"
    BOUNDARY_ENDS_IN_BLANK = "the boundary ends in a blank"
    NO_DELIMITER = "no delimiter line of the boundary occurs in the body"
    BARE_LINE_END = "a line of the envelope does not end in CRLF"
    NO_CLOSING_DELIMITER = "the body ends without a closing delimiter"
    TRUNCATED_PART = "the body ends before the part has the octets that its Content-Length announces"
    MALFORMED_HEADER = "a header line of the part is no name: value"
    NO_BLANK_LINE = "no blank line between the part's headers and its body"
    HEADERS_TOO_LONG = "the part's header section is larger than this suite reads"
    NO_PARTS = "the envelope holds no part"
    PREAMBLE = "octets before the first delimiter"
    EPILOGUE = "octets after the closing delimiter"
    PADDING = "blanks between a boundary and its line end"
    NO_CONTENT_TYPE = "the part has no Content-Type"
    CONTENT_TYPE_UNREADABLE = "the part's Content-Type is no media type"
    NESTED = "the part is itself a multipart"
    LENGTH_NO_NUMBER = "the part's Content-Length is no number"
    LENGTH_DIFFERS = "the part's Content-Length is not the number of its octets"


FRAMING = frozenset(
    {
        Kind.NO_DELIMITER,
        Kind.BARE_LINE_END,
        Kind.NO_CLOSING_DELIMITER,
        Kind.TRUNCATED_PART,
        Kind.MALFORMED_HEADER,
        Kind.NO_BLANK_LINE,
    }
)
"""The faults by which parts are lost or cut; an envelope without parts is read (SEARCH-011 permits it)."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of an envelope.

    Attributes:
        kind: what it is.
        offset: octets of the body before the place.
        part: number of the part, from 1; 0 outside of all parts.
        line: the delimiter or header line, short; never octets of a payload.
    """

    kind: Kind
    offset: int = 0
    part: int = 0
    line: str = ""

    def __str__(self) -> str:
        where = f"part {self.part}" if self.part else f"octet {self.offset}"
        return f"{where}: {self.kind.value}" + (f": {self.line!r}" if self.line else "")


class PartBegins(NamedTuple):  # a tuple, since a body may have parts by the hundred thousand
    """The header block of a part was read; its first line stands at `offset`, its body at `body_offset`."""

    number: int
    offset: int
    body_offset: int
    headers: Headers


class Octets(NamedTuple):
    """The next octets of the part that began last."""

    octets: bytes

    def __repr__(self) -> str:
        return f"Octets({len(self.octets)})"


class PartEnds(NamedTuple):
    """A part has `length` octets; `complete` where a delimiter ended it, not the end of the body."""

    number: int
    length: int
    complete: bool


Event: TypeAlias = Fault | PartBegins | Octets | PartEnds


@dataclass(frozen=True)
class Part:
    """One body part; `announced` is what the whole says of its parts (RFC 2387 3.1)."""

    headers: Headers
    body: bytes = field(repr=False)
    announced: str = field(default="", compare=False)

    @property
    def content_type(self) -> str:
        """The part's Content-Type as sent, empty where there was none."""
        return self.headers.get("Content-Type") or ""

    @property
    def kind(self) -> str:
        """What to read the part as: where it has no Content-Type, which MULTIPART-012 tells, what the whole says."""
        return self.content_type or self.announced


# -- reading


def boundary_faults(boundary: str | None) -> Iterator[Fault]:
    """Yield what RFC 2046 5.1.1 finds wrong with the value of a boundary parameter, quotation marks undone."""
    if not boundary:
        yield Fault(Kind.BOUNDARY_ABSENT)
        return
    if len(boundary) > LONGEST_BOUNDARY:
        yield Fault(Kind.BOUNDARY_TOO_LONG, line=boundary)
    if not _BOUNDARY.fullmatch(boundary):
        yield Fault(Kind.BOUNDARY_CHARACTER, line=boundary)
    if boundary.endswith(" "):
        yield Fault(Kind.BOUNDARY_ENDS_IN_BLANK, line=boundary)


def read(
    chunks: Iterable[bytes], boundary: bytes, *, bare_line_ends: bool = False, header_limit: int = limits.PART_HEAD
) -> Iterator[Event]:
    r"""Read a multipart body as it arrives; memory is bounded by one chunk and one header block.

    A line that begins with the delimiter and goes on with something else than blanks is payload. So is a delimiter
    after a bare LF or CR, as a payload may hold one, unless the first delimiter line ends so: then the whole envelope
    is written in such lines.

    Args:
        chunks: the body, cut anywhere.
        boundary: the value of the boundary parameter.
        bare_line_ends: take a delimiter after a bare LF or CR for one, and report it.
        header_limit: the octets after which a header block that does not end is taken for payload.

    Yields:
        per part `PartBegins`, `Octets` until it is whole, `PartEnds`; each `Fault` where it is noticed.
    """
    return _Reader(chunks, boundary, bare_line_ends, header_limit).events()


def parts_of(content_type: str, body: bytes) -> list[Part]:
    """Return the parts of a multipart message in their order.

    Args:
        content_type: the message's Content-Type with its boundary parameter.
        body: the whole payload.

    Raises:
        MultipartError: the Content-Type is no multipart, has no boundary, or the body leaves the grammar.
        TooLargeError: it has more parts, or header fields, than are read.
    """
    boundary = _boundary_of(content_type)
    announced = media_types.read(content_type).media_type.parameter("type") or ""
    parts: list[Part] = []
    begun = PartBegins(0, 0, 0, Headers())
    fields = 0
    for event in read([body], boundary.encode("latin-1", "replace")):
        match event:
            case Fault() if event.kind is Kind.HEADERS_TOO_LONG:
                raise TooLargeError(Form.MULTIPART, f"{event}: {limits.shown(limits.PART_HEAD)}")
            case Fault() if event.kind in FRAMING:
                raise MultipartError(f"{event} (boundary {boundary!r})")
            case PartBegins():
                begun = event
                fields += len(event.headers.fields)
                if too_much(event.number, fields):
                    raise TooLargeError(Form.MULTIPART, too_much(event.number, fields))
            case PartEnds():
                parts.append(Part(begun.headers, body[begun.body_offset : begun.body_offset + event.length], announced))
    return parts


def _boundary_of(content_type: str) -> str:
    """Return the boundary that a Content-Type names.

    Raises:
        MultipartError: it is no multipart, or has no boundary.
    """
    reading = media_types.read(content_type)
    if not reading.name:
        raise MultipartError(f"Content-Type: {reading.faults[0]}")
    if not reading.name.startswith("multipart/"):
        raise MultipartError(f"Content-Type is {content_type!r}, not multipart/related")
    boundary = reading.media_type.parameter("boundary")
    if not boundary:
        raise MultipartError(f"Content-Type {content_type!r} has no boundary parameter")
    if " " in boundary and reading.how("boundary") is media_types.Written.UNQUOTED:
        raise MultipartError(f"Content-Type {content_type!r} has a boundary with a blank that is not quoted")
    return boundary


def too_much(parts: int, fields: int) -> str:
    """Say how an envelope of so many parts, with so many header fields in all, is larger than is read; "" if not."""
    if parts > limits.PARTS:
        return f"it has more than {limits.PARTS:,} parts"
    return f"its parts have more than {limits.PART_FIELDS:,} header fields" if fields > limits.PART_FIELDS else ""


@dataclass(frozen=True, slots=True)
class _Delimiter:
    """A delimiter line: the offset of its hyphens, and whether it closes the envelope."""

    offset: int
    closing: bool


@dataclass(slots=True)
class _Passed:
    """What was passed on the way to a delimiter."""

    octets: int = 0
    line_ends_only: bool = True


@dataclass(frozen=True, slots=True)
class _Line:
    """A header line: where it begins and ends, without its line end, and whether that is a bare LF."""

    at: int
    end: int
    text: bytes
    bare: bool

    @property
    def shown(self) -> str:
        return self.text[:_QUOTED].decode("latin-1")


class _Reader:
    """What has arrived and is not yet read, and how to go on.

    That is `_data` from `_begin`, which is octet `_offset` of the body; positions are counted from there.
    """

    def __init__(self, chunks: Iterable[bytes], boundary: bytes, bare_line_ends: bool, header_limit: int) -> None:
        self._pieces = _pieces(chunks)
        self._marker = b"--" + boundary
        self._bare = bare_line_ends
        self._header_limit = header_limit
        self._data = b""
        self._begin = 0
        self._offset = 0
        self._ended = False

    def events(self) -> Iterator[Event]:
        preamble = _Passed()
        delimiter = yield from self._until_delimiter(preamble, 0)
        if delimiter is None:
            yield Fault(Kind.NO_DELIMITER)
            return
        if not preamble.line_ends_only:
            yield Fault(Kind.PREAMBLE, line=f"{preamble.octets} octets")
        if delimiter.closing:
            yield Fault(Kind.NO_PARTS, delimiter.offset)
        number = 0
        while not delimiter.closing:
            number, closing = yield from self._plain_parts(number)
            if closing:
                break
            number += 1
            following = yield from self._part(number)
            if following is None:
                yield Fault(Kind.NO_CLOSING_DELIMITER, self._offset, number)
                return
            delimiter = following
        yield from self._epilogue()

    def _plain_parts(self, number: int) -> Generator[Event, None, tuple[int, bool]]:
        """Read parts in which nothing is odd, while they have arrived whole, as most are and have.

        Whatever is not as plain as that is left where it begins to `_part`, which reads any.

        Returns:
            the number of the last part that was read, and whether the delimiter after it closes the envelope.
        """
        if self._bare:
            return number, False
        data, marker, new = self._data, self._marker, tuple.__new__
        find, startswith = data.find, data.startswith
        before, limit = b"\r\n" + marker, min(_SHORT_BLOCK, self._header_limit)
        size = len(before)
        begin, ahead = self._begin, self._offset - self._begin
        end = find(b"\r\n\r\n", begin, begin + limit)
        while end >= 0:
            block = data[begin:end]
            known = None if marker in block else _plain(block)
            if known is None or known.odd:
                break
            headers, announced = known.headers, known.length
            # Parts of one message mostly have the same header block, which then need not be looked for.
            line_end_and_block = b"\r\n" + block + b"\r\n\r\n"
            alike = True
            while alike:
                body = begin + len(line_end_and_block) - 2
                # From the blank line on: a delimiter may be the first of a body.
                after = find(before, body - 2)
                length = after - body
                following = after + size
                alike = startswith(line_end_and_block, following)
                closing = not alike and startswith(b"--\r\n", following)
                is_plain = length >= 0 and (alike or closing or startswith(b"\r\n", following))
                if not is_plain or (announced is not None and announced != length):
                    end = -1
                    break
                number += 1
                # As the class would make it, in half the time.
                yield new(PartBegins, (number, ahead + begin, ahead + body, headers))
                if 0 < length <= _PIECE:
                    yield new(Octets, (data[body:after],))
                else:
                    for at in range(body, after, _PIECE):
                        yield new(Octets, (data[at : min(at + _PIECE, after)],))
                begin = following + (4 if closing else 2)
                yield new(PartEnds, (number, length, True))
                if closing:
                    self._begin, self._offset = begin, ahead + begin
                    return number, True
            else:
                end = find(b"\r\n\r\n", begin, begin + limit)
        self._begin, self._offset = begin, ahead + begin
        return number, False

    def _part(self, number: int) -> Generator[Event, None, _Delimiter | None]:
        begin = self._offset
        headers = yield from self._headers(number)
        yield PartBegins(number, begin, self._offset, headers)
        yield from _faults_of_labels(headers, number, begin)
        passed = _Passed()
        delimiter = yield from self._until_delimiter(passed, number)
        yield from _faults_of_length(headers, passed.octets, number, begin, complete=delimiter is not None)
        yield PartEnds(number, passed.octets, delimiter is not None)
        return delimiter

    def _epilogue(self) -> Iterator[Event]:
        begin, passed = self._offset, _Passed()
        while self._held or self._more():
            yield from self._pass(self._held, passed, 0)
        if not passed.line_ends_only:
            yield Fault(Kind.EPILOGUE, begin, line=f"{passed.octets} octets")

    # delimiters

    def _until_delimiter(self, passed: _Passed, number: int) -> Generator[Event, None, _Delimiter | None]:
        """Pass everything up to the next delimiter, and that too; None where the body ends before one."""
        # As much as may be the beginning of a delimiter that has not arrived whole.
        kept = len(self._marker) + 1
        searched = in_payload = 0
        while True:
            at = self._next_marker(searched, number, surrounded=in_payload > _MANY)
            if at < 0:
                yield from self._pass(self._held - kept, passed, number)
                searched = 0
                if not self._more():
                    yield from self._pass(self._held, passed, number)
                    return None
                continue
            rest = self._rest_of_line(at + len(self._marker))
            before = self._line_end_before(at, passed, number)
            if rest is None or before is None:
                searched = at + 1
                in_payload += 1
                continue
            yield from self._pass(at - len(before), passed, number)
            offset = self._offset + len(before)
            line = (self._marker + (rest[1] or b"")).decode("latin-1")
            if {before, rest[3]} & {b"\n", b"\r"}:
                yield Fault(Kind.BARE_LINE_END, offset, number, line)
                self._bare |= number == 0 and rest[3] in {b"\n", b"\r"}
            if rest[2]:
                yield Fault(Kind.PADDING, offset, number, line)
            self._skip(len(before) + len(self._marker) + len(rest[0]))
            return _Delimiter(offset, rest[1] is not None)

    def _next_marker(self, searched: int, number: int, *, surrounded: bool) -> int:
        """Return where the boundary stands next, or where it does so surrounded as in a delimiter; -1 where nowhere."""
        if not surrounded:
            return max(self._data.find(self._marker, self._begin + searched) - self._begin, -1)
        line_end = rb"(?<=[\r\n])" if self._bare or number == 0 else rb"(?<=\r\n)"
        marker = re.escape(self._marker) + rb"(?:-?\Z|(?:--)?[ \t]{0,256}(?:[\r\n]|\Z))"
        found = re.compile(line_end + marker).search(self._data, self._begin + searched)
        return found.start() - self._begin if found else -1

    def _rest_of_line(self, at: int) -> re.Match[bytes] | None:
        """Match what follows a boundary up to its line's end; None where the line is no delimiter."""
        while True:
            rest = _REST_OF_LINE.match(self._data, self._begin + at)
            known = self._held - at
            # Two octets tell whether it closes; a line end that may go on, or has not come yet, tells nothing.
            open_end = rest is not None and rest.end() == len(self._data) and rest[3] in {b"", b"\r"}
            if known >= 2 and not open_end:
                return rest
            if not self._more():
                return rest

    def _line_end_before(self, at: int, passed: _Passed, number: int) -> bytes | None:
        """Return the line end that belongs to a delimiter at `at`; None where it does not begin a line.

        Before a body stands its blank line, so that a delimiter may be the first of it.
        """
        if at == 0:
            return None if passed.octets else b""
        two = self._piece(max(at - 2, 0), at)
        if two == b"\r\n":
            return two
        before = two[-1:]
        return before if before in {b"\n", b"\r"} and (self._bare or number == 0) else None

    # headers

    def _headers(self, number: int) -> Generator[Event, None, Headers]:
        """Read a header block and its blank line; what cannot belong to one stays to be read as body."""
        if (plain := self._plain_headers()) is not None:
            return plain
        lines, broken = self._header_lines()
        fields: list[tuple[str, str]] = []
        malformed: _Line | None = None
        for line in lines:
            if parsed := _HEADER.fullmatch(line.text):
                fields.append((parsed[1].decode("latin-1"), parsed[2].decode("latin-1")))
            elif line.text[:1] in {b" ", b"\t"} and fields:
                fields[-1] = (fields[-1][0], f"{fields[-1][1]} {line.text.strip().decode('latin-1')}".strip())
            elif line.text:
                malformed = malformed or line
        if bare := next((line for line in lines if line.bare), None):
            yield Fault(Kind.BARE_LINE_END, self._offset + bare.at, number, bare.shown)
        at = lines[-1].end if lines else 0
        if broken is Kind.NO_BLANK_LINE and malformed:
            # What was taken for header lines belongs to the body, which no blank line sets apart.
            at = malformed.at
        elif malformed:
            yield Fault(Kind.MALFORMED_HEADER, self._offset + malformed.at, number, malformed.shown)
        if broken:
            yield Fault(broken, self._offset + at, number)
        self._skip(at)
        return Headers(tuple(fields))

    def _plain_headers(self) -> Headers | None:
        """Read a short header block in which nothing is odd, as most are; None for any other, of which nothing is read.

        Parts of one message have the same few, which are looked at once.
        """
        end = self._data.find(b"\r\n\r\n", self._begin, self._begin + min(_SHORT_BLOCK, self._header_limit))
        block = self._data[self._begin : end] if end >= 0 else self._marker
        known = None if self._marker in block else _plain(block)
        if known is None:
            return None
        self._skip(len(block) + 4)
        return known.headers

    def _header_lines(self) -> tuple[list[_Line], Kind | None]:
        """Return the lines up to the blank one, and why there is none."""
        lines: list[_Line] = []
        at = 0
        while end := self._line_end(at):
            bare = self._piece(max(end - 2, 0), end) != b"\r\n"
            text = self._piece(at, end - (1 if bare else 2))
            if not _TEXT.fullmatch(text) or self._is_delimiter(at):
                return lines, Kind.NO_BLANK_LINE
            lines.append(_Line(at, end, text, bare))
            if not text:
                return lines, None
            at = end
        if self._is_delimiter(at):
            return lines, Kind.NO_BLANK_LINE
        if self._ended:
            return lines, None
        text_only = _TEXT.fullmatch(self._data, self._begin + at, self._begin + self._header_limit)
        return lines, Kind.HEADERS_TOO_LONG if text_only else Kind.NO_BLANK_LINE

    def _line_end(self, at: int) -> int | None:
        """Return where the line at `at` ends; None where that is not within the limit."""
        while (found := self._data.find(b"\n", self._begin + at)) < 0:
            if self._held > self._header_limit or not self._more():
                return None
        end = found - self._begin
        return None if end > self._header_limit else end + 1

    def _is_delimiter(self, at: int) -> bool:
        after = at + len(self._marker)
        return self._data.startswith(self._marker, self._begin + at) and self._rest_of_line(after) is not None

    # octets

    @property
    def _held(self) -> int:
        """How many octets have arrived and are not yet read."""
        return len(self._data) - self._begin

    def _piece(self, at: int, end: int) -> bytes:
        return self._data[self._begin + at : self._begin + end]

    def _more(self) -> bool:
        piece = next(self._pieces, None)
        if piece is None:
            self._ended = True
            return False
        rest = self._data[self._begin :]
        self._data = rest + piece if rest else piece
        self._begin = 0
        return True

    def _skip(self, length: int) -> None:
        self._begin += length
        self._offset += length

    def _pass(self, length: int, passed: _Passed, number: int) -> Iterator[Event]:
        """Hand on the next octets of a part; drop those outside of all parts."""
        if length <= 0:
            return
        passed.octets += length
        for at in range(0, length, _PIECE):
            octets = self._piece(at, min(at + _PIECE, length))
            passed.line_ends_only = passed.line_ends_only and not number and not octets.strip(b"\r\n")
            if number:
                yield Octets(octets)
        self._skip(length)


class _Plain(NamedTuple):
    """A header block whose every line is a field: these, the length that they announce, and whether that is all right.

    `odd`: there is more to say of its labels, or of its length, than whether the part is as long.
    """

    headers: Headers
    length: int | None
    odd: bool


@lru_cache(256)
def _plain(block: bytes) -> _Plain | None:
    """Return what a header block says; None where any line of it is no field."""
    lines = [_HEADER.fullmatch(line) for line in block.split(b"\r\n")]
    headers = Headers(tuple((line[1].decode("latin-1"), line[2].decode("latin-1")) for line in lines if line))
    if len(headers.fields) != len(lines):
        return None
    lengths = headers.all("Content-Length")
    is_number = len(lengths) == 1 and lengths[0].isascii() and lengths[0].isdigit()
    odd = any(_faults_of_labels(headers, 0, 0)) or (bool(lengths) and not is_number)
    return _Plain(headers, int(lengths[0]) if is_number else None, odd)


def _pieces(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield chunks in pieces; the first is left as it is, as nothing has to be put before it."""
    is_first = True
    for chunk in chunks:
        if is_first or len(chunk) <= _PIECE:
            if chunk:
                yield chunk
                is_first = False
        else:
            view = memoryview(chunk)
            for at in range(0, len(chunk), _PIECE):
                yield bytes(view[at : at + _PIECE])


def _faults_of_labels(headers: Headers, number: int, offset: int) -> Iterator[Fault]:
    content_type = headers.get("Content-Type")
    if content_type is None:
        yield Fault(Kind.NO_CONTENT_TYPE, offset, number)
        return
    name = media_types.read(content_type).name
    if not name:
        yield Fault(Kind.CONTENT_TYPE_UNREADABLE, offset, number, f"Content-Type: {content_type}"[:_QUOTED])
    elif name.startswith("multipart/"):
        yield Fault(Kind.NESTED, offset, number, f"Content-Type: {content_type}"[:_QUOTED])


def _faults_of_length(headers: Headers, octets: int, number: int, offset: int, *, complete: bool) -> Iterator[Fault]:
    for value in headers.all("Content-Length"):
        line = f"Content-Length: {value}"[:_QUOTED]
        if not (value.isascii() and value.isdigit()):
            yield Fault(Kind.LENGTH_NO_NUMBER, offset, number, line)
        elif not complete and int(value) > octets:
            yield Fault(Kind.TRUNCATED_PART, offset, number, line)
        elif complete and int(value) != octets:
            yield Fault(Kind.LENGTH_DIFFERS, offset, number, line)


# -- writing


def part(body: bytes, content_type: str = media_types.DICOM, *headers: tuple[str, str]) -> Part:
    """Make a part to send."""
    return Part(Headers((("Content-Type", content_type), *headers)), body)


def write(parts: Sequence[Part], boundary: str | None = None) -> tuple[str, bytes]:
    """Return boundary and body of a multipart message; a boundary that is not given is one that no part contains."""
    chosen = boundary or _boundary_for(parts)
    delimiter = b"--" + chosen.encode("ascii")
    lines: list[bytes] = []
    for each in parts:
        lines.append(delimiter)
        lines.extend(f"{name}: {value}".encode("latin-1") for name, value in each.headers.fields)
        lines.extend((b"", each.body))
    lines.extend((delimiter + b"--", b""))
    return chosen, b"\r\n".join(lines)


def _boundary_for(parts: Sequence[Part]) -> str:
    attempt = 0
    while True:
        seed = b"".join(hashlib.sha256(each.body).digest() for each in parts)
        boundary = "dicomweb-" + hashlib.sha256(seed + bytes([attempt])).hexdigest()[:32]
        if not any(boundary.encode() in each.body for each in parts):
            return boundary
        attempt += 1
