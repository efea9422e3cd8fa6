"""Reading what a server sends: RFC 9112 within the limits of this suite, noting every fault and stopping at none."""

from __future__ import annotations

import io
import re
from collections.abc import Callable

from dicomweb_conformance.http import limits
from dicomweb_conformance.http.wire_facts import Fault, WireFacts

_STATUS_LINE = re.compile(r"(HTTP/[0-9]\.[0-9]) ([0-9]{3}) (.*)", re.DOTALL)
_LENIENT_STATUS_LINE = re.compile(r"\s*(HTTP/\S*)\s+([1-9][0-9]{2})(?:\s+(.*))?", re.DOTALL)
_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_LENGTH = re.compile(r"[0-9]{1,18}")
_NEGATIVE = re.compile(r"-[0-9]+")
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,16})[ \t]*(?:;[^\n]*)?\r\n")
_CHUNK_SIZE = re.compile(r"([0-9A-Fa-f]{1,16})[ \t]*(;.*)?", re.DOTALL)

_Step = Callable[["AnswerReader", bytes, int], int]


class AnswerReader:
    """Takes the octets of one answer as they arrive, in pieces of any size.

    Args:
        method: of the request; the answer to HEAD has no body.
        body_limit: octets of a body that are kept; where there are more, `exceeded` says so.
    """

    def __init__(self, method: str, body_limit: int = limits.BODY) -> None:
        self._method = method
        self._body_limit = body_limit
        self._faults: dict[Fault, None] = {}
        self._line = bytearray()
        self._head_size = 0
        self._status_line = ""
        self._version = ""
        self._status = 0
        self._reason = ""
        self._lines: list[str] = []
        self._trailers: list[str] = []
        self._interim: list[int] = []
        self._framing = ""
        self._announced: int | None = None
        self._left = 0
        self._received = 0
        self._after = 0
        self._body = io.BytesIO()
        self._complete = False
        self._ended = False
        self._exceeded = ""
        self._not_http = ""
        self._step: _Step = AnswerReader._head  # unbound: a reader that refers to itself would stay, with its body

    @property
    def complete(self) -> bool:
        """Whether the answer has come to its end."""
        return self._complete

    @property
    def head_ended(self) -> bool:
        """Whether the final answer's header section was read, or nothing that is still to come will be part of it."""
        return bool(self._framing) or self.ended

    @property
    def ended(self) -> bool:
        """Whether nothing that is still to come will be part of the answer."""
        given_up = self._exceeded or self._not_http or Fault.BAD_CHUNK in self._faults
        return self._complete or self._ended or bool(given_up)

    @property
    def exceeded(self) -> str:
        """How the answer is larger than this suite reads; empty where it is not."""
        return self._exceeded

    @property
    def not_http(self) -> str:
        """The line that stands where the status line should; empty where that can be read."""
        return self._not_http

    @property
    def overran(self) -> bool:
        """Whether octets came after its end."""
        return self._after > 0

    @property
    def status(self) -> int:
        """That of the final answer; 0 where none arrived."""
        return self._status

    @property
    def reason(self) -> str:
        """The reason phrase, without blanks around."""
        return self._reason.strip()

    @property
    def keeps_open(self) -> bool:
        """Whether the connection can take another request (RFC 9112 9.3)."""
        options = {each.strip().lower() for value in self._values("connection") for each in value.split(",")}
        stays = "close" not in options and (self._version != "HTTP/1.0" or "keep-alive" in options)
        return self._complete and stays and self._framing != "close" and self._status != 101 and not self.overran

    @property
    def fields(self) -> tuple[tuple[str, str], ...]:
        """The header fields: names as spelled, values without blanks around, a folded one in one line (RFC 9112 5)."""
        found: list[tuple[str, str]] = []
        for line in self._lines:
            name, colon, value = line.partition(":")
            if line[0] in " \t":
                if found:
                    before, more = found[-1], line.strip(" \t")
                    found[-1] = (before[0], f"{before[1]} {more}".strip(" "))
            elif colon:
                found.append((name.rstrip(" \t"), value.strip(" \t")))
        return tuple(found)

    def body(self) -> bytes:
        """Return the octets of the body, without the framing of chunks, as far as they were received and are kept."""
        return self._body.getvalue()

    def feed(self, octets: bytes) -> None:
        """Take the next octets."""
        at = 0
        while at < len(octets):
            at = self._step(self, octets, at)

    def end(self) -> None:
        """Learn that the server closed the connection."""
        if self._ended or self._complete:
            return
        self._ended = True
        if not self._framing:
            if self._status_line or self._line:
                self._note(Fault.HEAD_CUT_OFF)
        elif self._framing == "length":
            self._note(Fault.TOO_SHORT)
        elif self._framing == "chunked":
            if Fault.BAD_CHUNK not in self._faults:
                self._note(Fault.NO_LAST_CHUNK)
        else:
            self._complete = True

    def facts(self) -> WireFacts:
        """Return what is known so far."""
        return WireFacts(
            status_line=self._status_line,
            version=self._version,
            reason=self._reason,
            header_lines=tuple(self._lines),
            framing=self._framing,
            announced=self._announced,
            received=self._received,
            after=self._after,
            interim=tuple(self._interim),
            trailers=tuple(self._trailers),
            complete=self._complete,
            faults=tuple(self._faults),
        )

    def _note(self, fault: Fault) -> None:
        self._faults[fault] = None

    def _exceeds(self, what: str) -> None:
        """Give up on an answer that is larger than is read."""
        self._exceeded = f"{limits.LARGER}: {what}"
        self._line.clear()
        self._step = AnswerReader._ignored

    def _next_line(self, octets: bytes, at: int) -> tuple[str | None, int]:
        """Return the line that ends in `octets`, None where it does not end there, and where the next one begins."""
        end = octets.find(b"\n", at) + 1
        self._line += octets[at : end or len(octets)]
        if len(self._line) > limits.HEAD:
            where = "the framing of its body" if self._framing else "its header section"
            self._exceeds(f"a line of {where} goes on after {limits.shown(limits.HEAD)}")
            return None, len(octets)
        if not end:
            return None, len(octets)
        line = bytes(self._line)
        self._line.clear()
        if line.endswith(b"\r\n"):
            line = line[:-2]
        else:
            self._note(Fault.LF_ALONE)
            line = line[:-1]
        return line.decode("latin-1"), end

    def _head_line(self, octets: bytes, at: int) -> tuple[str | None, int]:
        """Return the next line of a header or trailer section, as `_next_line` does."""
        line, after = self._next_line(octets, at)
        self._head_size += after - at
        if not self._exceeded:
            if self._head_size > limits.HEAD:
                self._exceeds(f"its header section goes on after {limits.shown(limits.HEAD)}")
            elif len(self._lines) + len(self._trailers) > limits.HEADER_FIELDS:
                self._exceeds(f"it has more than {limits.HEADER_FIELDS:,} header fields")
        return (None, len(octets)) if self._exceeded else (line, after)

    def _head(self, octets: bytes, at: int) -> int:
        line, after = self._head_line(octets, at)
        if line is None:
            return after
        if not self._status_line:
            self._read_status_line(line)
        elif line:
            self._read_field(line)
        elif 100 <= self._status < 200 and self._status != 101:
            self._read_interim()
        else:
            self._begin_body()
        return after

    def _read_status_line(self, line: str) -> None:
        self._status_line = line
        strict = _STATUS_LINE.fullmatch(line)
        if strict is None:
            self._note(Fault.STATUS_LINE)
        if _CONTROL.search(line):
            self._note(Fault.CONTROL_CHARACTER)
        read = strict or _LENIENT_STATUS_LINE.fullmatch(line)
        if read is None:
            self._not_http, self._step = line or "an empty line", AnswerReader._ignored
        else:
            self._version, self._status, self._reason = read[1], int(read[2]), read[3] or ""

    def _read_field(self, line: str) -> None:
        self._lines.append(line)
        if _CONTROL.search(line):
            self._note(Fault.CONTROL_CHARACTER)
        if line[0] in " \t":
            self._note(Fault.FOLDED)
            return
        name, colon, _ = line.partition(":")
        if not colon:
            self._note(Fault.NO_COLON)
        elif not _TOKEN.fullmatch(name):
            self._note(Fault.FIELD_NAME)

    def _read_interim(self) -> None:
        self._read_lengths()
        self._interim.append(self._status)
        self._status_line, self._version, self._status, self._reason = "", "", 0, ""
        self._announced = None
        self._lines.clear()
        if len(self._interim) > limits.INTERIM:
            self._exceeds(f"more than {limits.INTERIM:,} responses of status 1xx come before it")

    def _values(self, name: str) -> list[str]:
        split = (line.partition(":") for line in self._lines)
        return [value.strip(" \t") for field, colon, value in split if colon and field.strip(" \t").lower() == name]

    def _read_lengths(self) -> list[str]:
        """Note what is amiss with Content-Length and Transfer-Encoding (RFC 9112 6); return the transfer codings."""
        values = [each.strip(" \t") for value in self._values("content-length") for each in value.split(",")]
        fields = self._values("transfer-encoding")
        codings = [each.strip(" \t").lower() for field in fields for each in field.split(",") if each.strip(" \t")]
        numbers = [int(each) for each in values if _LENGTH.fullmatch(each)]
        self._announced = numbers[0] if numbers else None
        bodiless = 100 <= self._status < 200 or self._status == 204
        odd = {
            Fault.LENGTH_NEGATIVE: any(_NEGATIVE.fullmatch(each) for each in values),
            Fault.LENGTH_NO_NUMBER: any(
                not _LENGTH.fullmatch(each) and not _NEGATIVE.fullmatch(each) for each in values
            ),
            Fault.LENGTHS_DIFFER: len(set(values)) > 1,
            Fault.LENGTH_REPEATED: len(values) > 1 and len(set(values)) == 1,
            Fault.LENGTH_AND_CODING: bool(values and fields),
            Fault.CODING_REPEATED: len(fields) > 1,
            Fault.CODING_NOT_CHUNKED: bool(codings) and codings[-1] != "chunked",
            Fault.LENGTH_WITHOUT_BODY: bodiless and bool(self._announced),
            Fault.CODING_WITHOUT_BODY: bodiless and bool(fields),
        }
        self._faults.update({fault: None for fault, found in odd.items() if found})
        return codings

    def _begin_body(self) -> None:
        codings = self._read_lengths()
        if self._method == "HEAD" or self._status in {101, 204, 304}:
            self._framing, self._step, self._complete = "none", AnswerReader._beyond, True
        elif codings and codings[-1] == "chunked":
            self._framing, self._step = "chunked", AnswerReader._chunk_size
        elif codings or self._announced is None:
            self._framing, self._step = "close", AnswerReader._until_close
        else:
            self._framing, self._left, self._step = "length", self._announced, AnswerReader._counted
            if not self._left:
                self._finish()

    def _finish(self) -> None:
        self._complete, self._step = True, AnswerReader._beyond

    def _take(self, octets: bytes, at: int, end: int) -> int:
        """Keep a piece of the body, and return where it ends."""
        self._received += end - at
        room = self._body_limit - self._body.tell()
        self._body.write(memoryview(octets)[at : min(end, at + room)])
        if end - at > room:
            self._exceeds(f"its body goes on after {limits.shown(self._body_limit)}")
        return end

    def _counted(self, octets: bytes, at: int) -> int:
        end = min(len(octets), at + self._left)
        self._left -= end - at
        self._take(octets, at, end)
        if not self._left and not self._exceeded:
            self._finish()
        return end

    def _until_close(self, octets: bytes, at: int) -> int:
        return self._take(octets, at, len(octets))

    def _beyond(self, octets: bytes, at: int) -> int:
        self._note(Fault.BODY_WHERE_NONE if self._framing == "none" else Fault.TOO_LONG)
        self._after += len(octets) - at
        return len(octets)

    def _chunk_size(self, octets: bytes, at: int) -> int:
        if not self._line and (after := self._whole_chunks(octets, at)) > at:
            return after
        line, after = self._next_line(octets, at)
        if line is None:
            return after
        size = _CHUNK_SIZE.fullmatch(line)
        if size is None:
            return self._lost(after)
        self._left = int(size[1], 16)
        self._step = AnswerReader._chunk if self._left else AnswerReader._trailer
        return after

    def _whole_chunks(self, octets: bytes, at: int) -> int:
        """Take the chunks that stand in `octets` from beginning to end, and return where the last one ends.

        There may be millions of a few octets each.
        """
        pieces: list[bytes] = []
        while begins := _CHUNK.match(octets, at):
            end = begins.end() + int(begins[1], 16)
            if end == begins.end() or octets[end : end + 2] != b"\r\n":
                break
            pieces.append(octets[begins.end() : end])
            at = end + 2
        self._take(b"".join(pieces), 0, sum(map(len, pieces)))
        return at

    def _chunk(self, octets: bytes, at: int) -> int:
        end = min(len(octets), at + self._left)
        self._left -= end - at
        self._take(octets, at, end)
        if not self._left and not self._exceeded:
            self._step = AnswerReader._chunk_end
        return end

    def _chunk_end(self, octets: bytes, at: int) -> int:
        line, after = self._next_line(octets, at)
        if line is None:
            return after
        if line:
            return self._lost(after)
        self._step = AnswerReader._chunk_size
        return after

    def _trailer(self, octets: bytes, at: int) -> int:
        line, after = self._head_line(octets, at)
        if line is None:
            return after
        if line:
            self._trailers.append(line)
        else:
            self._finish()
        return after

    def _lost(self, at: int) -> int:
        """Give up on the framing of chunks: nothing that follows can be told from a chunk."""
        self._note(Fault.BAD_CHUNK)
        self._step = AnswerReader._ignored
        return at

    def _ignored(self, octets: bytes, _at: int) -> int:
        return len(octets)
