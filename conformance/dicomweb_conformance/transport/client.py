"""Exchanges with the target. What is sent is what was asked for and nothing else; what comes back is never judged here.

No redirect is followed unasked, and nothing is taken from the surroundings: a header that a check did not set would
make it check something else. A URL that a server gave is a value before it comes here, and what only the target may see
is added by the connection.
"""

from __future__ import annotations

import hashlib
import http.client
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any, Literal

import urllib3

from dicomweb_conformance.http import limits, urls
from dicomweb_conformance.http.content_coding import decoded
from dicomweb_conformance.http.exchanges import Examined, Headers, Response
from dicomweb_conformance.http.observed import REDIRECTS, Course, Redirection
from dicomweb_conformance.http.screened import Screened
from dicomweb_conformance.http.urls import Url, UrlError
from dicomweb_conformance.http.wire_facts import Fault
from dicomweb_conformance.record.recorder import Recorder, now
from dicomweb_conformance.settings.credentials import Credentials, Outgoing
from dicomweb_conformance.settings.target import Target
from dicomweb_conformance.transport import busy
from dicomweb_conformance.transport.access import REFUSALS
from dicomweb_conformance.transport.connections import Connections, Fields, Wire
from dicomweb_conformance.transport.repeatable import Changes, Kept, Repeatable

_IDLE = 1.0
"""Seconds after which a kept-alive connection is not trusted with a request that cannot be repeated."""


class ReadOnlyError(Exception):
    """A request that could change something, to a target that may only be read."""


Screen = Callable[[Response], Screened]
Answer = Callable[["Request"], Response]


@dataclass(frozen=True)
class Streamed:
    """A payload that is made anew each time that it is sent, and never held as a whole.

    `length` goes into Content-Length; `chunks` begins anew with each call.
    """

    length: int
    chunks: Callable[[], Iterator[bytes]]

    def __len__(self) -> int:
        return self.length

    def __iter__(self) -> Iterator[bytes]:
        return self.chunks()


Body = bytes | Streamed | Iterable[bytes] | None
Examine = Callable[[Response, Callable[[], Response]], Examined]

_SLOW = 8 << 20
"""Octets a second at which a payload of hundreds of megabytes is given the time to be sent and stored."""
_IDEMPOTENT = busy.SAFE | {"DELETE", "PUT"}
FOLLOWING: Mapping[str, frozenset[int]] = {
    "GET": REDIRECTS,
    "HEAD": REDIRECTS,
    # To go on with another method would be another request (RFC 9110 15.4.8).
    "POST": frozenset({HTTPStatus.TEMPORARY_REDIRECT, HTTPStatus.PERMANENT_REDIRECT}),
}
"""Redirects that are followed, by the method of the request."""
_OF_ONE_REQUEST = frozenset({"host", "content-length", "transfer-encoding", "connection"})
_HOPS = 10
_OF_THE_CHECK = "check"
"""The purpose of what a check itself asks; all others look, or store, for it."""
"""Redirects in a row that are followed."""


@dataclass(frozen=True)
class Request:
    """One request as it is to be sent, with the id of its exchange.

    `headers` has neither the fields of framing nor those that only the target may see, which the connection adds.
    `purpose`: why it is sent: check, store, confirm, probe, preflight, clean, load.
    """

    exchange: str
    method: str
    url: str
    headers: Fields
    body: Body
    purpose: str = "check"


class Client:
    """Sends requests to one target and records each exchange.

    Args:
        target: who is asked.
        recorder: where exchanges are written.
        user_agent: how the suite names itself.
        screen: returns what may be recorded of an answer: other patients' data may not.
        shown_url: returns a URL as it may be recorded: a target can give one that names other patients' data.
        on_screened: told what may be recorded of each answer.
        on_exchange: told the id of each exchange, before its answer is looked at.
        may_ask: told method and URL of each request before it is sent; raises where it must not be.
        wait_for_turn: returns when the next request may be sent.
        pause: waits for so many seconds.
        body_limit: octets of a body that are read at most, and to which it may unpack.
        on_answer: shown each answer, with what was asked and what happened around it, once it is recorded; of several
            tries because the target was busy the last.
        examine: finds out why an exchange broke off, and has it repeated.
        doubt: told of an answer of 401 or 403 to the credentials of the settings, and the Authorization that was sent;
            returns whether the request is to be sent again.
        patience: seconds that a busy target is waited for in all.
        changes: told when a request begins and ends that may change something.
        repeatable: answers that stand for others; None where each request is sent.
    """

    def __init__(
        self,
        target: Target,
        recorder: Recorder,
        *,
        user_agent: str,
        screen: Screen,
        shown_url: Callable[[str], str] = lambda url: url,
        on_screened: Callable[[Screened], None] = lambda _: None,
        on_exchange: Callable[[str], str | None] = lambda _: None,
        may_ask: Callable[[str, str], None] = lambda _method, _url: None,
        wait_for_turn: Callable[[], None] = lambda: None,
        pause: Callable[[float], None] = time.sleep,
        body_limit: int = limits.BODY,
        on_answer: Callable[[Request, Response, Course], None] = lambda _asked, _answer, _course: None,
        examine: Examine | None = None,
        doubt: Callable[[Response, str], bool] | None = None,
        patience: float = busy.PATIENCE,
        changes: Changes | None = None,
        repeatable: Repeatable | None = None,
    ) -> None:
        self.target = target
        self.wire = Wire()
        self.body_limit = body_limit
        self._recorder = recorder
        self._user_agent = user_agent
        self._screen = screen
        self._shown_url = shown_url
        self._on_screened = on_screened
        self._on_exchange = on_exchange
        self._may_ask = may_ask
        self._wait_for_turn = wait_for_turn
        self._pause = pause
        self._patience = patience
        self._on_answer = on_answer
        self._examine = examine
        self._doubt = doubt
        self._changes = changes
        self._repeatable = repeatable
        self._screened: Screened | None = None
        self._exchanges = 0
        self._last = 0.0
        self._check: str | None = None
        self._taken = 0
        self.connections = Connections(self.wire, target)
        if target.insecure:
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)

    def close(self) -> None:
        """Close every connection."""
        self.connections.close()

    def must_be_allowed(self, method: str) -> None:
        """Refuse a method that is not safe (RFC 9110 9.2.1) where the target may only be read.

        Raises:
            ReadOnlyError: it is refused.
        """
        if self.target.read_only and method not in busy.SAFE:
            raise ReadOnlyError(f"the run only reads: no {method} is sent")

    def at_once(
        self, sends: Sequence[Callable[[Client], list[Response]]], when_interrupted: Callable[[], None] = lambda: None
    ) -> list[list[Response]]:
        """Have several clients of the same target send at the same time, each over connections of its own.

        Args:
            sends: what each does with its client; none begins before all are ready.
            when_interrupted: called at Ctrl-C, before the clients are waited for: has them end early.

        Returns:
            the answers of each, in that order. They are judged, and their exchanges counted, as those of this client.
        """
        ready = threading.Barrier(len(sends))
        seen: list[tuple[Request, Response, Course]] = []

        def note(asked: Request, answer: Response, course: Course) -> None:
            seen.append((asked, answer, course))

        clients = [self._beside(note) for _ in sends]

        def sent(number: int) -> list[Response]:
            ready.wait()
            return sends[number](clients[number])

        try:
            with ThreadPoolExecutor(len(sends)) as pool:
                # Exchanges belong to the check that runs, which a thread of its own would not know.
                begun = [pool.submit(copy_context().run, sent, number) for number in range(len(sends))]
                try:
                    answers = [each.result() for each in begun]
                except KeyboardInterrupt:
                    when_interrupted()
                    raise
        finally:
            for client in clients:
                client.close()
        for asked, response, course in seen:
            self._on_answer(asked, response, course)
        return answers

    def without_credentials(self) -> Client:
        """Return another client of the same target, whose requests carry no credentials; 401 ends nothing for it."""
        return self._of(replace(self.target, credentials=Credentials()), self._on_answer, None)

    def _beside(self, on_answer: Callable[[Request, Response, Course], None]) -> Client:
        """Return another client of the same target, which finds out for nobody why an exchange broke off."""
        return self._of(self.target, on_answer, self._doubt)

    def _of(
        self,
        target: Target,
        on_answer: Callable[[Request, Response, Course], None],
        doubt: Callable[[Response, str], bool] | None,
    ) -> Client:
        return Client(
            target,
            self._recorder,
            user_agent=self._user_agent,
            screen=self._screen,
            shown_url=self._shown_url,
            on_screened=self._on_screened,
            on_exchange=self._on_exchange,
            wait_for_turn=self._wait_for_turn,
            pause=self._pause,
            body_limit=self.body_limit,
            on_answer=on_answer,
            doubt=doubt,
            changes=self._changes,
        )

    def send(
        self,
        method: str,
        url: Url | str,
        *,
        headers: Sequence[tuple[str, str]] = (),
        body: Body = None,
        purpose: str = "check",
        follow: bool = False,
    ) -> Response:
        """Send one request and return its answer.

        A request that breaks off without an answer is repeated once, and a GET then has the second answer; so is one
        that went to a kept-alive connection which had been closed meanwhile, unless it is a POST. Where the target is
        busy (429, 502, 503, 504) the request is sent again, if it cannot have been processed or may be twice; and where
        its credentials were refused and others can be had. Each try is an exchange of its own in the record, and so is
        each hop of a redirect. Where an answer stands for this one (`repeatable`), nothing is sent.

        Args:
            method: the HTTP method.
            url: the whole URL; what a server gave comes as a value, from `urls.resolve`.
            headers: the fields to send beside Host, User-Agent, credentials and framing.
            body: the payload; an iterable that is not `Streamed` is sent chunked, and only once if it can be iterated
                over only once.
            purpose: why it is sent: check, store, confirm, probe, preflight, clean, load.
            follow: whether a request goes where a redirect leads to, as long as that is the target (`FOLLOWING`).

        Returns:
            the last answer; its status is 0 where none came.

        Raises:
            UrlError: a text is no URL, or none that is followed.
            ReadOnlyError: the target may only be read.
        """
        to = urls.parse(url) if isinstance(url, str) else url
        fields = {name.lower(): (name, value) for name, value in (*self.own_fields, *headers)}
        hops = self.answered if follow and method in FOLLOWING else None
        is_plain = method == "GET" and body is None and follow and all(each.lower() == "accept" for each, _ in headers)
        if is_plain and purpose == _OF_THE_CHECK and self._repeatable is not None:
            return self._sent_or_standing(self._repeatable, to, tuple(fields.values()))
        return self.exchange(method, to, str(to), tuple(fields.values()), body, purpose, self.answered, follow=hops)

    def _sent_or_standing(self, repeatable: Repeatable, to: Url, fields: Fields) -> Response:
        """Return the answer that stands for that to a GET, or send it and let its own stand for the next."""
        asked, as_of = (str(to), fields), repeatable.now()
        if standing := repeatable.answer_to(asked):
            self._on_exchange(standing.response.exchange)
            self._on_screened(standing.screened)
            return standing.response
        exchanges = self._exchanges
        response = self.exchange("GET", to, str(to), fields, None, _OF_THE_CHECK, self.answered, follow=self.answered)
        # Neither a redirect nor a second try: what those have to show is shown to whoever asks.
        if self._exchanges == exchanges + 1 and self._screened is not None:
            repeatable.keep(asked, Kept(response, self._screened), as_of)
        return response

    def exchange(
        self,
        method: str,
        to: Url,
        url: str,
        headers: Fields,
        body: Body,
        purpose: str,
        answer: Answer,
        *,
        follow: Answer | None = None,
    ) -> Response:
        """Have one request answered, as often as `send` says, and record each try.

        Args:
            method: the HTTP method.
            to: where the connection leads.
            url: what is recorded as the URL.
            headers: all header fields but those of framing, and those that only the target may see.
            body: the payload.
            purpose: why it is sent.
            answer: sends the request, and turns whatever goes wrong into a Response.
            follow: sends the requests to where a redirect leads; None where it is not followed.

        Raises:
            ReadOnlyError: the target may only be read.
        """
        self.must_be_allowed(method)
        self._may_ask(method, url)

        def once(retry_of: str | None) -> Response:
            return self._once(method, to, url, headers, body, purpose, answer, retry_of)

        response = once(None)
        if response.status == 0 and method in _IDEMPOTENT and self.wire.was_stale:
            response = once(response.exchange)
        if response.status == 0 and not response.exceeded and not isinstance(body, Iterator):
            response = self._broken_off(Request(response.exchange, method, url, headers, body, purpose), response, once)
        first, usual, retries = response.exchange, busy.pauses(), 0
        while busy.asks_for_another_try(response) and not isinstance(body, Iterator):
            default = next(usual, None)
            said = busy.retry_after(response)
            pause = default if said is None else said
            if default is None or pause is None or pause > self._patience:
                break
            self._patience -= pause
            self._pause(pause)
            # A busy target may close what it kept open, and a POST that meets with that cannot be repeated.
            self.connections.close()
            response = once(first)
            retries += 1
        if self._doubts(response, to, headers) and not isinstance(body, Iterator):
            response = once(response.exchange)
        if response.status or response.exceeded:
            asked = Request(response.exchange, method, url, headers, body, purpose)
            led, last = self._led(asked, response, to, follow) if follow else (Redirection(), response)
            self._on_answer(asked, response, Course(retries=retries, redirection=led))
            return last
        return response

    def _led(self, asked: Request, response: Response, to: Url, answer: Answer) -> tuple[Redirection, Response]:
        """Go where a redirect leads to (RFC 9110 15.4), ten hops at most and never to another origin."""
        hops: list[Url] = []
        # Host and framing of a hop are its own.
        fields = tuple(header for header in asked.headers if header[0].lower() not in _OF_ONE_REQUEST)
        while response.status in FOLLOWING.get(asked.method, ()):
            there = self._redirected(response)
            if there is None or isinstance(asked.body, Iterator):
                return Redirection(tuple(map(str, hops)), "not followed"), response
            if there in {to, *hops}:
                return Redirection(tuple(map(str, hops)), "loop"), response
            if len(hops) == _HOPS:
                return Redirection(tuple(map(str, hops)), "too many hops"), response
            hops.append(there)
            response = self.exchange(asked.method, there, str(there), fields, asked.body, asked.purpose, answer)
        return Redirection(tuple(map(str, hops)), "answer" if response.status else "no answer"), response

    def _redirected(self, response: Response) -> Url | None:
        """Return where a redirect leads to; None where that is another origin, or nowhere."""
        try:
            there = urls.resolve(response.headers.get("Location") or "", response.url)
        except UrlError:
            return None
        return there if response.headers.get("Location") and self.is_targets(there) else None

    def _doubts(self, response: Response, to: Url, headers: Fields) -> bool:
        """Tell whether a request is to be sent again for the sake of its credentials, which a check has not chosen."""
        if response.status not in REFUSALS or self._doubt is None or not self.is_targets(to):
            return False
        if any(name.lower() == "authorization" for name, _ in headers):
            return False
        return self._doubt(response, dict(self.wire.secrets).get("Authorization", ""))

    def _broken_off(self, asked: Request, response: Response, once: Callable[[str | None], Response]) -> Response:
        """Have a request repeated that broke off; return the second answer where the method is safe."""
        if self._examine is None:
            hopeful = asked.method in busy.SAFE and "timed out" not in response.error
            repeat: Response | None = once(response.exchange) if hopeful else None
        else:
            examined = self._examine(response, lambda: once(response.exchange))
            repeat = examined.repeat
            self._on_answer(asked, response, _course(response, examined))
        return repeat if repeat is not None and asked.method in busy.SAFE else response

    def _time_for(self, body: Body) -> float:
        """Return the seconds that an exchange may take: for a payload that is made while it is sent so many more."""
        return self.target.timeout + (len(body) / _SLOW if isinstance(body, Streamed) else 0)

    def _once(
        self,
        method: str,
        to: Url,
        url: str,
        headers: Fields,
        body: Body,
        purpose: str,
        answer: Answer,
        retry_of: str | None,
    ) -> Response:
        self._wait_for_turn()
        if method not in busy.SAFE and time.monotonic() - self._last > _IDLE:
            self.connections.close()
        exchange = self._recorder.next_exchange()
        check = self._on_exchange(exchange)
        if isinstance(body, Iterator) and self.target.credentials.provider is not None:
            body = tuple(body)  # whoever signs it iterates over it, too
        secrets = self._secrets(Outgoing(method, url, headers, body), to)
        self.wire.begin(self._time_for(body), to, secrets, self._room(check, purpose))
        changes = self._changes if method not in busy.SAFE else None
        if changes is not None:
            changes.note()
        started, clock = now(), time.monotonic()
        response = answer(Request(exchange, method, url, headers, body, purpose))
        self._last = time.monotonic()
        if changes is not None:
            changes.note()
        response = self._held(replace(response, seconds=self._last - clock), purpose)
        screened, shown = self._screen(response), self._shown_url(url)
        response = replace(response, proved=screened.proved, shown_url="" if shown == url else shown)
        self._screened, self._exchanges = screened, self._exchanges + 1
        self._on_screened(screened)
        self._recorder.event(
            "exchange",
            id=exchange,
            check=check,
            purpose=purpose,
            started=started,
            seconds=round(response.seconds, 4),
            method=method,
            url=shown,
            request={
                "headers": self._recorder.headers(self.wire.sent() or (*headers, *secrets)),
                "body": self._recorder.body(body) if isinstance(body, bytes) else None,
            },
            response=self._recorded(response, screened) if response.status else None,
            error=response.error or None,
            **({"retry_of": retry_of} if retry_of else {}),
            **self._oddities(response, screened),
        )
        return response

    def _room(self, check: str | None, purpose: str) -> int:
        """Return how many octets of a body may be read for a check, after those that it has received already.

        What is only looked at, to see whether a study is there, is not held, however often it is asked for.
        """
        if check is None or check != self._check:
            self._check, self._taken = check, 0
        if purpose != _OF_THE_CHECK:
            return self.body_limit
        return min(self.body_limit, limits.OF_A_CHECK - self._taken)

    def _held(self, response: Response, purpose: str) -> Response:
        """Return a response as it is held: of what nobody may judge, as much as the record keeps."""
        if response.exceeded:
            left = self.wire.body_limit < self.body_limit
            said = f" (in one check {limits.shown(limits.OF_A_CHECK)} of bodies are read)" if left else ""
            response = replace(response, body=response.body[: limits.BODY_RECORDED], error=response.error + said)
        self._taken += len(response.body) if purpose == _OF_THE_CHECK else 0
        return response

    def _recorded(self, response: Response, screened: Screened) -> dict[str, Any]:
        wire = response.wire
        digest = "" if screened.octets else hashlib.sha256(response.body).hexdigest()
        return {
            "status": response.status,
            "reason": screened.reason,
            "version": wire.version if wire else "",
            "headers": self._recorder.headers(screened.fields),
            "body": self._recorder.body(screened.octets, len(response.body), digest),
        }

    def _oddities(self, response: Response, screened: Screened) -> dict[str, Any]:
        """Return what the record has to say of an answer beside status, headers and body: mostly nothing."""
        wire = response.wire
        if wire is None or not wire.odd:
            return {}
        said = {
            "faults": [str(fault) for fault in wire.faults],
            "lines": [*screened.lines[:1], *self._recorder.header_lines(screened.lines[1:])],
            "framing": wire.framing,
            "announced": wire.announced,
            "received": wire.received,
            "after": wire.after,
            "interim": list(wire.interim),
        }
        return {"wire": {name: value for name, value in said.items() if value not in (None, [], "")}}

    @property
    def own_fields(self) -> Fields:
        """The header fields that every request carries, wherever it goes."""
        return (("User-Agent", self._user_agent),)

    def _secrets(self, outgoing: Outgoing, to: Url) -> Fields:
        """Return the fields that only the target may see, but for those that a check sends otherwise.

        Raises:
            CredentialsError: they cannot be had.
        """
        if not self.is_targets(to):
            return ()
        whole = replace(outgoing, headers=(*outgoing.headers, *self.target.headers))
        fields = (*self.target.headers, *self.target.credentials.fields(whole))
        secrets = {name.lower(): (name, value) for name, value in fields}
        given = {name.lower() for name, _ in outgoing.headers}
        return tuple(field for name, field in secrets.items() if name not in given)

    def is_targets(self, url: Url) -> bool:
        """Tell whether a URL is of the target's origin (RFC 6454 4)."""
        return url.origin == self.target.base.origin

    def answered(self, asked: Request) -> Response:
        """Send one request once, and turn whatever goes wrong into a Response."""
        fields = (*_framing(asked.method, asked.body), *asked.headers)
        answer: urllib3.BaseHTTPResponse | None = None
        error = ""
        try:
            answer = self.connections.ask(asked.method, fields, asked.body, self._time_for(asked.body))
            self.wire.receive_body()
            answer.release_conn()
        except (urllib3.exceptions.HTTPError, OSError) as problem:
            error = describe(problem)
            if answer is not None:
                answer.close()
        return self.received(asked, error)

    def received(self, asked: Request, error: str) -> Response:
        """Return what came back in the wire's exchange, its Content-Encoding undone.

        Args:
            asked: the request.
            error: what ended the exchange; empty where nothing did.
        """
        reader, wire = self.wire.reader, self.wire.facts()
        head = reader if reader is not None and reader.head_ended and not reader.not_http else None
        cut = wire is not None and Fault.HEAD_CUT_OFF in wire.faults
        if head is None or not head.status or cut:
            exceeded = bool(reader and reader.exceeded)
            said = reader.exceeded if reader and exceeded else error or (wire.broke_off if wire else "")
            return Response(asked.exchange, asked.method, asked.url, 0, error=said, exceeded=exceeded, wire=wire)
        response = Response(
            asked.exchange,
            asked.method,
            asked.url,
            head.status,
            head.reason,
            Headers(head.fields),
            head.body(),
            error=head.exceeded or error or (wire.broke_off if wire else ""),
            exceeded=bool(head.exceeded),
            wire=wire,
        )
        return decoded(response, self.wire.body_limit)


def _course(broken: Response, examined: Examined) -> Course:
    """Say what happened around an exchange that broke off."""
    if "timed out" in broken.error:
        how: Literal["", "no answer in time", "no status line", "header section cut off"] = "no answer in time"
    elif broken.wire and broken.wire.status_line:
        # A status line that cannot be read is a matter of what it holds: nothing broke off.
        how = "header section cut off" if Fault.HEAD_CUT_OFF in broken.wire.faults else ""
    else:
        how = "no status line"
    again = examined.repeat
    return Course(
        broke_off=how,
        repeat="" if again is None else "answered" if again.status else "broke off",
        control_answered=examined.control_answered,
    )


def _framing(method: str, body: Body) -> Fields:
    """Return the header field that says how a payload ends (RFC 9112 6)."""
    if isinstance(body, (bytes, Streamed)) and len(body):
        return (("Content-Length", str(len(body))),)
    if not body:
        return () if method in {"GET", "HEAD"} else (("Content-Length", "0"),)
    return (("Transfer-Encoding", "chunked"),)


def _said(error: BaseException) -> str:
    """Return the words of an error; where they are the target's own, only how many."""
    if type(error) in {http.client.BadStatusLine, http.client.UnknownProtocol}:
        return f"{len(error.args[0]) if error.args else 0} characters that are no status line"
    if isinstance(error, urllib3.exceptions.InvalidChunkLength):
        return "a chunk whose size is no number"
    return str(error)


def describe(error: BaseException) -> str:
    """Say in one line what ended an exchange: the innermost cause that names something."""
    chain: list[BaseException] = []
    current: BaseException | None = error
    while current is not None and current not in chain:
        chain.append(current)
        inner = next((argument for argument in current.args if isinstance(argument, BaseException)), None)
        reason = getattr(current, "reason", None)
        current = reason if isinstance(reason, BaseException) else inner or current.__cause__
    text = next((said for each in reversed(chain) if (said := _said(each))), "")
    return f"{type(chain[-1]).__name__}: {text}" if text else type(chain[-1]).__name__
