"""Reading along with what a server sends: RFC 9112 in constant memory, noting every fault and stopping at none."""

from __future__ import annotations

import re
from collections.abc import Callable

from dicomweb_conformance.wire_facts import Fault, WireFacts

HEAD_CAP = 1 << 16
"""Octets of heads and trailers that are kept of one answer."""

_STATUS_LINE = re.compile(r"(HTTP/[0-9]\.[0-9]) ([0-9]{3}) (.*)", re.DOTALL)
_LENIENT_STATUS_LINE = re.compile(r"\s*(\S*)\s+(-?[0-9]+)\s*(.*)", re.DOTALL)
_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_LENGTH = re.compile(r"[0-9]{1,18}")
_NEGATIVE = re.compile(r"-[0-9]+")
_CHUNK_SIZE = re.compile(r"([0-9A-Fa-f]{1,16})[ \t]*(;.*)?", re.DOTALL)

_Step = Callable[[memoryview], memoryview]


class AnswerReader:
    """Takes the octets of one answer as they arrive, in pieces of any size.

    Args:
        method: of the request; the answer to HEAD has no body.
    """

    def __init__(self, method: str) -> None:
        self._method = method
        self._faults: dict[Fault, None] = {}
        self._line = bytearray()
        self._kept = 0
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
        self._complete = False
        self._ended = False
        self._step: _Step = self._head

    @property
    def complete(self) -> bool:
        """Whether the answer has come to its end."""
        return self._complete

    @property
    def overran(self) -> bool:
        """Whether octets came after its end."""
        return self._after > 0

    def feed(self, octets: bytes | bytearray | memoryview) -> None:
        """Take the next octets."""
        rest = memoryview(octets)
        while rest:
            rest = self._step(rest)

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

    def _next_line(self, octets: memoryview) -> tuple[str | None, memoryview]:
        """Return the line that ends in `octets`, None where it does not end yet, and what comes after it."""
        piece = bytes(octets[: HEAD_CAP + 1])
        at = piece.find(b"\n")
        taken = piece if at < 0 else piece[: at + 1]
        # A line without an end is not kept for ever.
        self._line += taken[: max(0, HEAD_CAP - len(self._line))]
        if at < 0:
            return None, octets[len(taken) :]
        line = bytes(self._line)
        self._line.clear()
        if line.endswith(b"\r\n"):
            line = line[:-2]
        elif line.endswith(b"\n"):
            self._note(Fault.LF_ALONE)
            line = line[:-1]
        return line.decode("latin-1"), octets[len(taken) :]

    def _head(self, octets: memoryview) -> memoryview:
        line, rest = self._next_line(octets)
        if line is None:
            return rest
        if not self._status_line:
            self._read_status_line(line)
        elif line:
            self._read_field(line)
        elif 100 <= self._status < 200 and self._status != 101:
            self._read_interim()
        else:
            self._begin_body()
        return rest

    def _read_status_line(self, line: str) -> None:
        if not line:
            self._note(Fault.STATUS_LINE)  # RFC 9112 2.2 forgives an empty line before a request, not before an answer
            return
        self._status_line = line
        self._kept += len(line)
        strict = _STATUS_LINE.fullmatch(line)
        if strict is None:
            self._note(Fault.STATUS_LINE)
        if _CONTROL.search(line):
            self._note(Fault.CONTROL_CHARACTER)
        read = strict or _LENIENT_STATUS_LINE.fullmatch(line)
        if read:
            self._version, self._status, self._reason = read[1], int(read[2][:9]), read[3]

    def _read_field(self, line: str) -> None:
        self._kept += len(line)
        if self._kept <= HEAD_CAP:
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
            self._framing, self._step, self._complete = "none", self._beyond, True
        elif codings and codings[-1] == "chunked":
            self._framing, self._step = "chunked", self._chunk_size
        elif codings or self._announced is None:
            self._framing, self._step = "close", self._until_close
        else:
            self._framing, self._left, self._step = "length", self._announced, self._counted
            if not self._left:
                self._finish()

    def _finish(self) -> None:
        self._complete, self._step = True, self._beyond

    def _counted(self, octets: memoryview) -> memoryview:
        taken = min(len(octets), self._left)
        self._left -= taken
        self._received += taken
        if not self._left:
            self._finish()
        return octets[taken:]

    def _until_close(self, octets: memoryview) -> memoryview:
        self._received += len(octets)
        return octets[len(octets) :]

    def _beyond(self, octets: memoryview) -> memoryview:
        self._note(Fault.BODY_WHERE_NONE if self._framing == "none" else Fault.TOO_LONG)
        self._after += len(octets)
        return octets[len(octets) :]

    def _chunk_size(self, octets: memoryview) -> memoryview:
        line, rest = self._next_line(octets)
        if line is None:
            return rest
        size = _CHUNK_SIZE.fullmatch(line)
        if size is None:
            return self._lost(rest)
        self._left = int(size[1], 16)
        self._step = self._chunk if self._left else self._trailer
        return rest

    def _chunk(self, octets: memoryview) -> memoryview:
        taken = min(len(octets), self._left)
        self._left -= taken
        self._received += taken
        if not self._left:
            self._step = self._chunk_end
        return octets[taken:]

    def _chunk_end(self, octets: memoryview) -> memoryview:
        line, rest = self._next_line(octets)
        if line is None:
            return rest
        if line:
            return self._lost(rest)
        self._step = self._chunk_size
        return rest

    def _trailer(self, octets: memoryview) -> memoryview:
        line, rest = self._next_line(octets)
        if line is None:
            return rest
        if not line:
            self._finish()
        elif self._kept + len(line) <= HEAD_CAP:
            self._kept += len(line)
            self._trailers.append(line)
        return rest

    def _lost(self, octets: memoryview) -> memoryview:
        """Give up on the framing of chunks: nothing that follows can be told from a chunk."""
        self._note(Fault.BAD_CHUNK)
        self._step = self._ignored
        return octets

    def _ignored(self, octets: memoryview) -> memoryview:
        return octets[len(octets) :]
