"""The reference server, some of whose answers have faults in them when they leave."""

from __future__ import annotations

import hashlib
import re
from collections import Counter, deque
from dataclasses import dataclass, field
from random import Random

from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.types import Message as Event

from tests.hostile.fuzz.fuzz_mutations import Message, mutated

_SPARED = 3
"""Answers at the beginning that are left as they are, by which a run sees that there is a server at all."""
_NOT_IN_A_FIELD = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


@dataclass
class Fuzzing:
    """An ASGI application around another.

    Attributes:
        app: the application that answers.
        seed: where chance comes from; the same requests get the same faults.
        share: which part of the answers has faults.
        told: method, target and faults of each answer that had some.
    """

    app: ASGIApp
    seed: int
    share: float
    told: list[str] = field(default_factory=list)
    _asked: Counter[str] = field(default_factory=Counter)
    _bodies: deque[bytes] = field(default_factory=lambda: deque(maxlen=40))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        status, fields, pieces = 0, (), []

        async def keep(event: Event) -> None:
            nonlocal status, fields
            if event["type"] == "http.response.start":
                status = event["status"]
                fields = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in event["headers"])
            else:
                pieces.append(event.get("body", b""))

        await self.app(scope, receive, keep)
        message = Message(status, fields, b"".join(pieces), list(self._bodies))
        if message.body:
            self._bodies.append(message.body)
        target = f"{scope['method']} {scope['raw_path'].decode('latin-1')}?{scope['query_string'].decode('latin-1')}"
        self._asked[target] += 1
        chance = Random(hashlib.sha256(f"{self.seed} {self._asked[target]} {target}".encode()).digest())  # noqa: S311 - a test
        if self._asked.total() > _SPARED and scope["method"] != "HEAD" and chance.random() < self.share:
            message, names = mutated(chance, message)
            self.told.append(f"{target}: {', '.join(names)}")
        headers = [
            (name.encode("latin-1"), _NOT_IN_A_FIELD.sub("", value).strip(" \t").encode("latin-1"))
            for name, value in message.headers
            if name.lower() not in {"content-length", "transfer-encoding"}
        ]
        bare = message.status in {204, 304}
        if not bare:
            headers.append((b"content-length", str(len(message.body)).encode()))
        await send({"type": "http.response.start", "status": message.status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if bare or scope["method"] == "HEAD" else message.body})
