"""Defects that show where two clients store at once, or one goes away."""

from __future__ import annotations

from starlette.requests import ClientDisconnect
from starlette.requests import Request as HttpRequest

from dicomweb_reference.messages import Request
from dicomweb_reference.outcomes import Received
from dicomweb_reference.server import Reference
from tests.mutants.mutant import Mutant, mutant

MUTANTS: list[Mutant] = []


@mutant("store-two-clients-at-once", into=MUTANTS)
class StudyBelongsToItsFirstClient(Reference):
    """What another connection stores into a study is lost behind a 200."""

    def __init__(self, freedoms: frozenset[str] | set[str] = frozenset()) -> None:
        super().__init__(freedoms)
        self.port = 0
        self.first: dict[str, int] = {}

    def request_of(self, http: HttpRequest, body: bytes) -> Request:
        self.port = http.client.port if http.client else 0
        return super().request_of(http, body)

    def keep(self, received: Received) -> None:
        if self.first.setdefault(received.identity.study, self.port) == self.port:
            super().keep(received)


@mutant("store-broken-off", into=MUTANTS)
class FillsUpWhatBreaksOff(Reference):
    """A request that breaks off is filled up with zeros to the length that it announced, and its instances stored."""

    async def body_of(self, http: HttpRequest) -> bytes:
        arrived = b""
        try:
            async for chunk in http.stream():
                arrived += chunk
        except ClientDisconnect:
            boundary = http.headers["content-type"].rpartition("boundary=")[2].strip('"')
            end = f"\r\n--{boundary}--\r\n".encode()
            arrived += bytes(int(http.headers["content-length"]) - len(arrived) - len(end)) + end
        return arrived
