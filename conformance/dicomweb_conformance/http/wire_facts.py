"""What an HTTP library hides of an answer: its head as received, how its body was delimited, and what was amiss there.

Facts only. Whether a server may do so is for the requirements to say.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Fault(StrEnum):
    """What RFC 9112 does not allow, or what takes two readings of a message; each value is its words in a report."""

    # The head
    STATUS_LINE = "a status line other than HTTP/n.n, three digits, reason"
    LF_ALONE = "a line that ends with LF alone"
    NO_COLON = "a header line without a colon"
    FIELD_NAME = "a field name that is no token, or a blank before the colon"
    FOLDED = "a header field folded over several lines"
    CONTROL_CHARACTER = "a control character in the head"
    HEAD_CUT_OFF = "the head breaks off"

    # Which way the body is delimited
    LENGTH_NO_NUMBER = "a Content-Length that is no number"
    LENGTH_NEGATIVE = "a negative Content-Length"
    LENGTH_REPEATED = "several equal Content-Length values"
    LENGTHS_DIFFER = "different Content-Length values"
    LENGTH_AND_CODING = "both Content-Length and Transfer-Encoding"
    CODING_REPEATED = "several Transfer-Encoding fields"
    CODING_NOT_CHUNKED = "a Transfer-Encoding whose last coding is not chunked"
    LENGTH_WITHOUT_BODY = "Content-Length above 0 on a response that has no body (1xx, 204)"
    CODING_WITHOUT_BODY = "Transfer-Encoding on a response that has no body (1xx, 204)"

    # The body
    TOO_SHORT = "fewer octets than Content-Length announces"
    TOO_LONG = "octets after the end of the body"
    BODY_WHERE_NONE = "octets of a body where none may be (HEAD, 204, 304)"
    BAD_CHUNK = "a chunk that is not size, CRLF, octets, CRLF"
    NO_LAST_CHUNK = "a chunked body without its last chunk"
    CODED_CUT_OFF = "a gzip or deflate body that breaks off"
    RAW_DEFLATE = "raw deflate data under Content-Encoding: deflate"
    NOT_DECODABLE = "a body that does not decode by its Content-Encoding"


_BROKEN_OFF = frozenset({Fault.HEAD_CUT_OFF, Fault.TOO_SHORT, Fault.BAD_CHUNK, Fault.NO_LAST_CHUNK})


@dataclass(frozen=True)
class WireFacts:
    r"""One answer as it came over the wire.

    Attributes:
        status_line: as received, without its line end; octets above 7F as Latin-1. Empty where none arrived.
        version: of the status line, as spelled ("HTTP/1.1").
        reason: of the status line, as received; may be empty.
        header_lines: every line of the head after the status line, in order, spelling and number as received, without
            its line end.
        framing: how the body was delimited: "none" (HEAD, 204, 304), "length", "chunked", "close" (by the end of the
            connection), or "" where the head did not end.
        announced: the Content-Length; None where there is none that is a number.
        received: octets of the body that arrived, before any Content-Encoding is undone and without the framing of
            chunks.
        after: octets that arrived after the end of the body, as far as they were looked at.
        interim: the statuses of the 1xx answers before this one.
        trailers: the lines of the trailer section of a chunked body.
        complete: whether the whole answer arrived; of one delimited by "close", whether the connection was ended.
        faults: what was amiss, each once, in the order found.
    """

    status_line: str = ""
    version: str = ""
    reason: str = ""
    header_lines: tuple[str, ...] = ()
    framing: str = ""
    announced: int | None = None
    received: int = 0
    after: int = 0
    interim: tuple[int, ...] = ()
    trailers: tuple[str, ...] = ()
    complete: bool = False
    faults: tuple[Fault, ...] = ()

    @property
    def odd(self) -> bool:
        """Whether there is anything that the status, the headers and the body do not tell."""
        return bool(self.faults or self.interim or self.trailers)

    @property
    def broke_off(self) -> str:
        """What shows that the answer did not come to its end, in words; empty where nothing does."""
        return next((str(fault) for fault in self.faults if fault in _BROKEN_OFF), "")

    def fields(self, name: str) -> tuple[str, ...]:
        """Return the value of each header line of the field `name` (compared without case), without blanks around."""
        split = (line.partition(":") for line in self.header_lines)
        return tuple(value.strip(" \t") for field, colon, value in split if colon and field.lower() == name.lower())
