"""The reference server, some of whose answers are made into others before they leave."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tests.hostile.hostile_behaviour import Behaviour
from tests.hostile.hostile_meeting import Meeting

Fields = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Asked:
    """A request: `target` is path and query below the prefix; `headers` have lower-case names."""

    method: str
    target: str
    headers: Mapping[str, str]
    base: str
    elsewhere: str
    given: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Answer:
    """An answer, whose Content-Length is counted when it leaves, unless its header fields have one."""

    status: int
    headers: Fields = ()
    body: bytes = b""

    def field(self, name: str) -> str:
        """Return the first value of a header field, empty where there is none."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), "")

    def headers_with(self, **values: str) -> Fields:
        """Return the header fields with others in their place; `_` stands for `-`."""
        named = {name.replace("_", "-").lower(): value for name, value in values.items()}
        return (*(header for header in self.headers if header[0].lower() not in named), *named.items())


Ask = Callable[[], Awaitable[Answer]]
Alteration = Callable[[Asked, Ask], Awaitable[Answer]]


@dataclass(frozen=True)
class Altered:
    """An ASGI application around another.

    Attributes:
        app: the application that answers.
        prefix: of its service.
        behaviour: what befalls its answers.
        meeting: which of them.
        alteration: makes other answers of them.
        elsewhere: the origin of another server.
    """

    app: ASGIApp
    prefix: str
    behaviour: Behaviour
    meeting: Meeting
    alteration: Alteration | None
    elsewhere: str

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        path = scope["raw_path"].decode("latin-1")
        query = scope["query_string"].decode("latin-1")
        target = path.removeprefix(self.prefix) + (f"?{query}" if query else "")
        if not self.meeting.meets(scope["method"], target) or self.alteration is None:
            await self.app(scope, receive, send)
            return
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        base = f"http://{headers['host']}{self.prefix}"
        asked = Asked(scope["method"], target, headers, base, self.elsewhere, self.behaviour.given)
        answer = await self.alteration(asked, lambda: self._answer(scope, receive))
        fields = [(name.encode("latin-1"), value.encode("utf-8")) for name, value in answer.headers]
        if not answer.field("Content-Length") and answer.status != 204:
            fields.append((b"content-length", str(len(answer.body)).encode()))
        await send({"type": "http.response.start", "status": answer.status, "headers": fields})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else answer.body})

    async def _answer(self, scope: Scope, receive: Receive) -> Answer:
        status, headers, pieces = 0, (), []

        async def keep(message: Message) -> None:
            nonlocal status, headers
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in message["headers"])
            else:
                pieces.append(message.get("body", b""))

        await self.app(scope, receive, keep)
        kept = tuple((name, value) for name, value in headers if name.lower() != "content-length")
        return Answer(status, kept, b"".join(pieces))
