"""Exchanges with the target. What is sent is what was asked for and nothing else; what comes back is never judged here.

requests adds headers, follows redirects and reads settings from its surroundings; all of that is switched off: a header
that a check did not set would make it check something else, and a redirect could carry credentials to another host.
"""

from __future__ import annotations

import contextlib
import time
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.util import SKIP_HEADER

from dicomweb_conformance.exchanges import Headers, Response
from dicomweb_conformance.recorder import Recorder, now
from dicomweb_conformance.target import Target

BODY_LIMIT = 512 << 20
_CHUNK = 1 << 16

Screen = Callable[[Response], bytes | None]


class Client:
    """Sends requests to one target and records each exchange.

    Args:
        target: who is asked.
        recorder: where exchanges are written.
        user_agent: how the suite names itself.
        screen: returns what may be recorded of an answer's body (other patients' data may not), or None for nothing.
        on_exchange: told the id of each exchange, before its answer is looked at.
    """

    def __init__(
        self,
        target: Target,
        recorder: Recorder,
        *,
        user_agent: str,
        screen: Screen = lambda response: response.body,
        on_exchange: Callable[[str], str | None] = lambda _: None,
    ) -> None:
        self.target = target
        self._recorder = recorder
        self._user_agent = user_agent
        self._screen = screen
        self._on_exchange = on_exchange
        self._wire = _Wire()
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.headers.clear()
        self._session.verify = target.verify
        self._session.cert = str(target.certificate) if target.certificate else None
        if target.proxy:
            self._session.proxies = {"http": target.proxy, "https": target.proxy}
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, _Adapter(self._wire))
        if target.insecure:
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)

    def close(self) -> None:
        """Close every connection."""
        self._session.close()

    def send(
        self,
        method: str,
        url: str,
        *,
        headers: Sequence[tuple[str, str]] = (),
        body: bytes | Iterable[bytes] | None = None,
        purpose: str = "check",
    ) -> Response:
        """Send one request and return its answer.

        A GET that breaks off without an answer is repeated once: a kept-alive connection may have been closed
        meanwhile.

        Args:
            method: the HTTP method.
            url: the whole URL, percent-encoded already.
            headers: the fields to send beside Host, User-Agent, credentials and framing.
            body: the payload; an iterable is sent chunked.
            purpose: why it is sent: check, store, confirm, probe, preflight, clean.

        Returns:
            the answer; its status is 0 where none came.
        """
        response = self._once(method, url, headers, body, purpose)
        if response.status == 0 and method in {"GET", "HEAD"}:
            return self._once(method, url, headers, body, purpose)
        return response

    def _once(
        self,
        method: str,
        url: str,
        headers: Sequence[tuple[str, str]],
        body: bytes | Iterable[bytes] | None,
        purpose: str,
    ) -> Response:
        exchange = self._recorder.next_exchange()
        check = self._on_exchange(exchange)
        sent = self._headers_to_send(headers)
        self._wire.head = b""
        started, clock = now(), time.monotonic()
        response = self._answer(exchange, method, url, sent, body, clock + self.target.timeout)
        self._recorder.event(
            "exchange",
            id=exchange,
            check=check,
            purpose=purpose,
            started=started,
            seconds=round(response.seconds, 4),
            method=method,
            url=url,
            request={
                "headers": self._recorder.headers(self._wire.fields() or sent.items()),
                "body": self._recorder.body(body) if isinstance(body, bytes) else None,
            },
            response=self._recorded(response) if response.status else None,
            error=response.error or None,
        )
        return response

    def _recorded(self, response: Response) -> dict[str, Any]:
        return {
            "status": response.status,
            "reason": response.reason,
            "version": self._wire.version,
            "headers": self._recorder.headers(response.headers.fields),
            "body": self._recorder.body(self._screen(response), len(response.body)),
        }

    def _headers_to_send(self, headers: Sequence[tuple[str, str]]) -> dict[str, str]:
        fields = {"User-Agent": self._user_agent, **dict(self.target.headers), **dict(headers)}
        if self.target.credentials.authorization:
            fields["Authorization"] = self.target.credentials.authorization
        return fields

    def _answer(
        self,
        exchange: str,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | Iterable[bytes] | None,
        deadline: float,
    ) -> Response:
        began = time.monotonic()

        def broken(error: BaseException, **known: Any) -> Response:
            return Response(
                exchange, method, url, seconds=time.monotonic() - began, error=describe(error), **{"status": 0, **known}
            )

        # urllib3 adds Accept-Encoding unless told to skip it; requests adds nothing to a cleared session but framing.
        fields: dict[str, Any] = {"Accept-Encoding": SKIP_HEADER, **headers}
        try:
            prepared = requests.Request(method, url, headers=fields, data=body).prepare()
            prepared.headers.update(fields)
            settings = self._session.merge_environment_settings(prepared.url, {}, True, None, None)
            answer = self._session.send(prepared, timeout=self.target.timeout, allow_redirects=False, **settings)
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            return broken(error)
        raw = answer.raw
        self._wire.version = {10: "HTTP/1.0", 11: "HTTP/1.1", 20: "HTTP/2"}.get(raw.version, "HTTP/?")
        known: dict[str, Any] = {
            "status": answer.status_code,
            "reason": answer.reason or "",
            "headers": Headers(tuple((str(name), str(value)) for name, value in raw.headers.items())),
        }
        octets = bytearray()
        try:
            with contextlib.closing(answer):
                for chunk in raw.stream(_CHUNK, decode_content=False):
                    octets += chunk
                    if len(octets) > BODY_LIMIT:
                        raise TimeoutError(f"the body goes on after {BODY_LIMIT >> 20} MiB; the rest was not read")
                    if time.monotonic() > deadline:
                        raise TimeoutError(
                            f"the body was still coming after {self.target.timeout:g} s; the rest was not read"
                        )
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            return broken(error, body=bytes(octets), **known)
        response = Response(exchange, method, url, seconds=time.monotonic() - began, body=bytes(octets), **known)
        return _decoded(response)


def describe(error: BaseException) -> str:
    """Say in one line what ended an exchange: the innermost cause that names something."""
    chain: list[BaseException] = []
    current: BaseException | None = error
    while current is not None and current not in chain:
        chain.append(current)
        inner = next((argument for argument in current.args if isinstance(argument, BaseException)), None)
        reason = getattr(current, "reason", None)
        current = reason if isinstance(reason, BaseException) else inner or current.__cause__
    text = next((str(each) for each in reversed(chain) if str(each)), "")
    return f"{type(chain[-1]).__name__}: {text}" if text else type(chain[-1]).__name__


def _decoded(response: Response) -> Response:
    coding = (response.headers.get("Content-Encoding") or "").strip().lower()
    if coding not in {"gzip", "x-gzip", "deflate"} or not response.body:
        return response
    body, error = b"", ""
    for window in (zlib.MAX_WBITS | 32, -zlib.MAX_WBITS):
        decoder = zlib.decompressobj(window)
        try:
            body = decoder.decompress(response.body, BODY_LIMIT)
        except zlib.error as fault:
            error = f"the body does not decode as {coding}: {fault}"
            continue
        error = (
            "" if decoder.eof else f"the {coding} body ends too early, or unpacks to more than {BODY_LIMIT >> 20} MiB"
        )
        break
    return Response(
        response.exchange,
        response.method,
        response.url,
        response.status,
        response.reason,
        response.headers,
        body,
        response.seconds,
        error,
    )


class _Wire:
    """What went over the wire last: the head of the request, and the version of the answer."""

    def __init__(self) -> None:
        self.head = b""
        self.version = ""

    def fields(self) -> list[tuple[str, str]]:
        lines = self.head.decode("latin-1").split("\r\n")[1:]
        return [(name, value.strip()) for name, colon, value in (line.partition(":") for line in lines) if colon]


class _Adapter(HTTPAdapter):
    def __init__(self, wire: _Wire) -> None:
        self._wire = wire
        super().__init__(max_retries=urllib3.Retry(0, redirect=0, status=0))

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _pools(self._wire)

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> urllib3.ProxyManager:
        manager: urllib3.ProxyManager = super().proxy_manager_for(proxy, **kwargs)
        manager.pool_classes_by_scheme = _pools(self._wire)
        return manager


def _pools(wire: _Wire) -> dict[str, type[urllib3.HTTPConnectionPool]]:
    class Connection(urllib3.connection.HTTPConnection):
        def send(self, data: Any) -> None:
            if not wire.head and isinstance(data, (bytes, bytearray)):
                wire.head = bytes(data).partition(b"\r\n\r\n")[0]
            super().send(data)

    class SecureConnection(urllib3.connection.HTTPSConnection):
        def send(self, data: Any) -> None:
            if not wire.head and isinstance(data, (bytes, bytearray)):
                wire.head = bytes(data).partition(b"\r\n\r\n")[0]
            super().send(data)

    class Pool(urllib3.HTTPConnectionPool):
        ConnectionCls = Connection

    class SecurePool(urllib3.HTTPSConnectionPool):
        ConnectionCls = SecureConnection

    return {"http": Pool, "https": SecurePool}
