"""One request and its answer as the rows of scope "message" look at them: what was asked, what came, and how."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from dicomweb_conformance.exchanges import Headers

SEARCHED = frozenset({"studies", "series", "instances"})


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request asked for.

    Attributes:
        method: the HTTP method.
        path: of the resource, below the base URL, without slashes at its ends and without the query.
        query: as sent, without "?".
        url: the whole URL, against which references in the answer are resolved.
        headers: the fields sent.
        size: octets of the payload sent.
    """

    method: str = "GET"
    path: str = ""
    query: str = ""
    url: str = ""
    headers: Headers = field(default_factory=Headers)
    size: int = 0

    @property
    def accept(self) -> str | None:
        """The Accept header field, lists in several lines joined; None where there was none."""
        fields = self.headers.all("Accept")
        return ", ".join(fields) if fields else None

    @property
    def is_store(self) -> bool:
        """Whether it is a Store transaction (10.5)."""
        return self.method == "POST" and self.path.partition("/")[0] == "studies"

    @property
    def is_search(self) -> bool:
        """Whether it is a Search transaction (10.6): its path ends in a collection."""
        return self.method in {"GET", "HEAD"} and self.path.rpartition("/")[2] in SEARCHED

    @property
    def is_retrieve(self) -> bool:
        """Whether it is a Retrieve transaction (10.4)."""
        inside = self.method in {"GET", "HEAD"} and self.path.startswith("studies/")
        return inside and not self.is_search


@dataclass(frozen=True, slots=True)
class WireFacts:
    """What only the octets on the wire show of an answer.

    Attributes:
        version: "HTTP/1.1", or the protocol that was negotiated ("HTTP/2"); empty where no status line came.
        status_line: as received, without its line end; empty where the protocol has none.
        reason: the reason phrase.
        fields: header lines as received, repeats and order kept; a line without a colon is a name without a value.
        bare_line_ends: whether a line of the head ends in a bare LF.
        received: octets of the body as sent: before content decoding, without chunk framing.
        after_body: octets that came on the connection after the end of the body.
        last_chunk: whether a chunked body had its last chunk.
        chunk_faults: where chunk framing leaves RFC 9112 7.1, a sentence each.
        ended_by: what ended the body.
        stopped: the suite stopped reading (a limit, its own timeout), so that nothing is known of the end.
    """

    version: str = ""
    status_line: bytes = b""
    reason: str = ""
    fields: tuple[tuple[bytes, bytes], ...] = ()
    bare_line_ends: bool = False
    received: int = 0
    after_body: int = 0
    last_chunk: bool = False
    chunk_faults: tuple[str, ...] = ()
    ended_by: Literal["nothing", "length", "chunks", "close", "stays open"] = "length"
    stopped: bool = False

    def values(self, name: str) -> tuple[str, ...]:
        """Return every value of a field, one for each line that has it."""
        wanted = name.lower().encode("ascii")
        return tuple(value.strip().decode("latin-1") for key, value in self.fields if key.strip().lower() == wanted)

    @property
    def announced(self) -> int | None:
        """Octets that Content-Length announces; None where it is absent, no number, or not one number."""
        numbers = {each.strip() for value in self.values("Content-Length") for each in value.split(",")}
        only = next(iter(numbers)) if len(numbers) == 1 else ""
        return int(only) if only.isascii() and only.isdigit() else None

    @property
    def chunked(self) -> bool:
        """Whether the last transfer coding is chunked."""
        codings = ",".join(self.values("Transfer-Encoding")).lower().split(",")
        return codings[-1].strip() == "chunked"

    @property
    def cut(self) -> bool:
        """Whether octets of the body are missing, or may be."""
        if self.stopped:
            return True
        if self.chunked:
            return not self.last_chunk
        return self.announced is not None and self.received < self.announced


@dataclass(frozen=True, slots=True)
class Redirection:
    """Where a redirect led: the URLs visited after the first, and how that ended."""

    hops: tuple[str, ...] = ()
    outcome: Literal["answer", "loop", "too many hops", "no answer", "not followed"] = "not followed"


@dataclass(frozen=True, slots=True)
class Course:
    """What happened around an answer, where one message alone does not tell.

    Attributes:
        broke_off: how the exchange ended without a complete head.
        repeat: what became of the one repetition.
        control_answered: whether a known good request was answered after that.
        retries: repetitions because the target was busy; the answer is that of the last one.
        redirection: where a 3xx led.
        retrievable_afterwards: after a 413, whether the instances of the request can be retrieved; None: not looked.
    """

    broke_off: Literal["", "no answer in time", "no status line", "header section cut off"] = ""
    repeat: Literal["", "answered", "broke off"] = ""
    control_answered: bool = False
    retries: int = 0
    redirection: Redirection = Redirection()
    retrievable_afterwards: bool | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer with all that is known of it.

    Attributes:
        asked: the request.
        status: 0 where none came.
        headers: fields as sent.
        body: the octets, in chunks of any size; it is iterated more than once.
        coded: whether `body` still is in its Content-Encoding.
        coding_fault: what was wrong where somebody else undid the Content-Encoding.
        facts: what the wire showed; None where nobody looked.
        course: what happened around it.
    """

    asked: Asked
    status: int
    headers: Headers = field(default_factory=Headers)
    body: Iterable[bytes] = field(default=(), repr=False)
    coded: bool = True
    coding_fault: str = ""
    facts: WireFacts | None = None
    course: Course = Course()

    @property
    def content_type(self) -> str:
        """The first Content-Type as sent, empty where there is none."""
        return self.headers.get("Content-Type") or ""

    @property
    def may_have_body(self) -> bool:
        """Whether HTTP lets it have a body (RFC 9110 6.4.1)."""
        return self.asked.method != "HEAD" and self.status >= 200 and self.status not in {204, 304}

    @property
    def is_empty(self) -> bool:
        """Whether there is not one octet of a body."""
        return not any(self.body)

    @property
    def is_cut(self) -> bool:
        """Whether the wire shows that octets of the body are missing, so that its end shows nothing else."""
        return self.facts is not None and self.facts.cut
