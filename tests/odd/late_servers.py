"""Servers on which not all is there, or not yet."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import pytest
from starlette.requests import Request as HttpRequest
from starlette.responses import Response, StreamingResponse

from dicomweb_conformance.http.urls import Url
from dicomweb_conformance.transport.client import Client
from dicomweb_reference import levels
from dicomweb_reference.archive import Instance, Resource
from dicomweb_reference.levels import Level
from dicomweb_reference.matching import Query
from dicomweb_reference.messages import Request
from dicomweb_reference.outcomes import Received
from dicomweb_reference.server import Reference, Step
from dicomweb_reference.transfer_syntaxes import TRANSFER_SYNTAXES
from tests.odd.odd import Odd, odd

ODD: list[Odd] = []
DELAY = 0.3
"""Seconds after which the index has what was stored: less than the grace that the harness gives."""


@odd(
    into=ODD,
    checks=(
        *("search-by-keyword", "search-exact-name", "search-optional-key", "search-one-of-several-values"),
        *("search-matches-study[StudyDate]", "search-matches-series[Modality]", "search-uid-list"),
        *("search-limit-caps", "search-returns[study-PatientName]", "search-returns[series-Modality]"),
    ),
)
class AttributesFollowLate(Reference):
    """What is stored is found by its UIDs at once, and by other attributes a while later."""

    since: Mapping[str, float] = {}

    def keep(self, received: Received) -> None:
        self.since = {**self.since, received.identity.study: time.monotonic()}
        super().keep(received)

    def match(self, entity: Instance, query: Query) -> bool:
        by_uids = all(key.tag in levels.UNIQUE_KEYS for key in query.keys)
        return (by_uids or time.monotonic() - self.since[entity.study] > DELAY) and super().match(entity, query)


@odd(
    checks=("store-two-clients-at-once", "search-instances-that-disagree", "search-finds-what-was-just-stored"),
    passes=("store-two-clients-at-once", "search-instances-that-disagree", "search-finds-what-was-just-stored"),
    into=ODD,
)
class SearchesFollowLate(AttributesFollowLate):
    """What is stored is retrieved at once, and found a while later."""

    def keep(self, received: Received) -> None:
        self.since = {**self.since, received.identity.instance: time.monotonic()}
        super().keep(received)

    def matches(self, level: Level, request: Request, query: Query) -> Sequence[Instance]:
        found = super().matches(level, request, query)
        return [one for one in found if time.monotonic() - self.since[one.instance] > DELAY]


@odd("metadata", loaded=("two_series", "ct_pair", "elements", "rle", "rle_loop", "jpeg"), into=ODD)
class OneInstanceDidNotArrive(Reference):
    """It was loaded with a corpus, but for the last of four instances of a study."""

    def keep(self, received: Received) -> None:
        if len(self.archive.instances(Resource(received.identity.study))) < 3:
            super().keep(received)


HANGS = 4.0
"""Seconds that an answer takes which nobody waits for: more than the time-out of a run that it is shown to."""
IMPATIENT = ("--dicomweb-timeout=1.5",)
SURELY = 0.3
"""Seconds that are waited for what surely comes too late: as good as the whole time-out, which others may need."""


class Hangs(Reference):
    """A server that answers some requests too late."""

    asked = 0

    def hangs(self, path: str) -> bool:
        """Tell whether a GET of this path is one of them."""
        return False

    def hangs_of(self, payload: bytes) -> bool:
        """Tell whether a POST with this payload is one of them."""
        return False

    async def exchange(self, steps: dict[str, Step], http: HttpRequest) -> Response:
        if self.hangs(http.url.path) if http.method == "GET" else self.hangs_of(await http.body()):
            self.asked += 1
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.sleep(HANGS)
        return await super().exchange(steps, http)


@odd("metadata", arguments=IMPATIENT, into=ODD)
class MetadataHang(Hangs):
    """Metadata come too late."""

    def hangs(self, path: str) -> bool:
        return path.endswith("/metadata")


@odd("frames", arguments=IMPATIENT, into=ODD)
class FramesOfCompressedImagesHang(Hangs):
    """Frames of what is compressed come too late, others at once."""

    def hangs(self, path: str) -> bool:
        before, _, below = path.partition("/instances/")
        instance = below.partition("/")[0]
        stored = self.archive.instances(Resource(instance=instance)) if "/frames/" in below and before else []
        return any(TRANSFER_SYNTAXES[each.transfer_syntax].encapsulated for each in stored)


STORES = ("store-multipart", "store-three-parts", "store-malformed[multipart-part-headers]", "store-into-study")


@odd(
    checks=(*STORES, "store-malformed[multipart-delimiters]", "store-malformed[multipart-second-part]"),
    passes=STORES,
    arguments=IMPATIENT,
    into=ODD,
)
class MessagesWithoutAnEndHang(Hangs):
    """Of a multipart message without its closing delimiter the rest is waited for."""

    def hangs_of(self, payload: bytes) -> bool:
        return payload.startswith(b"--malformed-boundary") and b"--malformed-boundary--" not in payload


@odd(
    into=ODD,
    arguments=IMPATIENT,
    checks=("persona-search[ez-wsi]", "persona-search[slicer]", "persona-search[dcmweb]"),
    passes=("persona-search[dcmweb]",),
)
class AllComeTooLate(Reference):
    """Of a search for all studies that it holds, without key or limit, the beginning comes in time."""

    def search(self, request: Request, level: Level) -> Response:
        named = {name for name, _ in request.parameters()}
        if level != "study" or not named <= {"includefield", "offset"}:
            return super().search(request, level)
        return StreamingResponse(self.late(super().search(request, level)), media_type="application/dicom+json")

    async def late(self, response: Response) -> AsyncIterator[bytes]:
        assert isinstance(response, StreamingResponse)
        async for chunk in response.body_iterator:
            octets = chunk if isinstance(chunk, bytes) else bytes(str(chunk), "utf-8")
            yield octets[:100]
            await asyncio.sleep(HANGS)
            yield octets[100:]


@odd("delete", checks=("store-multipart", "store-two-studies", "store-three-parts", "search-studies"), into=ODD)
class NothingIsKept(Reference):
    """Every store is answered as if it had succeeded, and nothing is ever there."""

    def keep(self, received: Received) -> None:
        pass


@contextlib.contextmanager
def what_hangs_given_up_soon(server: Reference) -> Iterator[None]:
    """Have a client in this process give up at once what a server that hangs answers too late."""
    if not isinstance(server, Hangs):
        yield
        return
    once = Client._once

    def impatient(client: Client, method: str, to: Url, url: str, *arguments: Any) -> Any:
        patient = client.target
        payload = arguments[1] if method == "POST" else None
        if server.hangs_of(payload) if isinstance(payload, bytes) else server.hangs(urlsplit(url).path):
            client.target = replace(patient, timeout=SURELY)
        try:
            return once(client, method, to, url, *arguments)
        finally:
            client.target = patient

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Client, "_once", impatient)
        yield
