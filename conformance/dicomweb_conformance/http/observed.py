"""One request and its answer as the rows of scope "message" look at them: what was asked, what came, and how."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from dicomweb_conformance.http import urls
from dicomweb_conformance.http.exchanges import Headers, Response
from dicomweb_conformance.http.wire_facts import Fault, WireFacts

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


REDIRECTS = frozenset({301, 302, 303, 307, 308})
"""Statuses of which Location says where to go (RFC 9110 15.4)."""


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
    """

    broke_off: Literal["", "no answer in time", "no status line", "header section cut off"] = ""
    repeat: Literal["", "answered", "broke off"] = ""
    control_answered: bool = False
    retries: int = 0
    redirection: Redirection = Redirection()


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer with all that is known of it.

    Attributes:
        asked: the request.
        status: 0 where none came.
        headers: fields as sent.
        body: the octets, in chunks of any size; it is iterated more than once.
        coded: whether `body` still is in its Content-Encoding.
        broken: whether something kept the body from coming whole, be it the target or the suite.
        facts: what the wire showed; None where nobody looked.
        course: what happened around it.
        proved: whether it is known to be this run's, and may be quoted.
        timed_out: whether the time that an exchange may take was over before its end.
    """

    asked: Asked
    status: int
    headers: Headers = field(default_factory=Headers)
    body: Iterable[bytes] = field(default=(), repr=False)
    coded: bool = True
    broken: bool = False
    facts: WireFacts | None = None
    course: Course = Course()
    proved: bool = False
    timed_out: bool = False

    @property
    def content_type(self) -> str:
        """The first Content-Type as sent, empty where there is none."""
        return self.headers.get("Content-Type") or ""

    @property
    def may_have_body(self) -> bool:
        """Whether HTTP lets it have a body (RFC 9110 6.4.1)."""
        return self.asked.method != "HEAD" and self.status >= 200 and self.status not in {204, 304}

    @property
    def is_range(self) -> bool:
        """Whether its body is a range of a payload (RFC 9110 15.3.7), of which nothing else can be said."""
        return self.status == 206 and self.headers.get("Content-Range") is not None

    @property
    def is_empty(self) -> bool:
        """Whether there is not one octet of a body."""
        return not any(self.body)

    @property
    def head_is_whole(self) -> bool:
        """Whether the header section was read to its end, so that what it does not say is not there."""
        return self.facts is None or bool(self.facts.framing)

    @property
    def is_cut(self) -> bool:
        """Whether octets of the body are missing, so that its end shows nothing else."""
        return self.broken or (self.facts is not None and self.facts.framing != "close" and not self.facts.complete)


CODING_FAULTS = frozenset({Fault.CODED_CUT_OFF, Fault.NOT_DECODABLE})


def answer_of(
    response: Response, sent: tuple[tuple[str, str], ...], size: int, course: Course, base_url: str
) -> Answer:
    """Return an exchange as the rows look at it.

    Args:
        response: the answer, its Content-Encoding undone.
        sent: header fields of the request.
        size: octets of its payload.
        course: what happened around it.
        base_url: of the Studies Service, without a slash at its end. The path of a URL that is not below it (one that
            the target gave) stays whole.
    """
    asked = urls.resolved("", response.url)
    path = asked.path
    if response.url.startswith(base_url):
        path = path.removeprefix(urls.resolved("", base_url).path)
    return Answer(
        asked=Asked(response.method, path.strip("/"), asked.query or "", response.url, Headers(sent), size),
        status=response.status,
        headers=response.headers,
        body=(response.body,) if response.body else (),
        coded=False,
        broken=bool(response.error) and not (response.wire and CODING_FAULTS & set(response.wire.faults)),
        facts=response.wire,
        course=course,
        proved=response.proved,
        timed_out="timed out" in response.error,
    )
