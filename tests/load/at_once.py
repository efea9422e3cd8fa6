"""Reference servers that go wrong only where clients ask at the same time."""

from __future__ import annotations

import asyncio
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from dicomweb_reference.server import Reference


class Swaps(Reference):
    """Gives one client what another asks for, where both ask for the metadata of a series at the same time."""

    def __init__(self) -> None:
        super().__init__()
        self.asking: list[tuple[Any, Request]] = []

    async def exchange(self, steps: Any, http: Request) -> Response:
        if http.method != "GET" or not http.url.path.endswith("/metadata"):
            return await super().exchange(steps, http)
        self.asking.append((steps, http))
        await asyncio.sleep(0.05)
        study = http.path_params["study"]
        others = [other for of, other in self.asking if of is steps and other.path_params["study"] != study]
        try:
            return await super().exchange(steps, others[0] if others else http)
        finally:
            self.asking.remove((steps, http))


class ForgetsWhileStoring(Reference):
    """Lists one study less while somebody stores."""

    storing = 0

    async def exchange(self, steps: Any, http: Request) -> Response:
        if http.method != "POST":
            return await super().exchange(steps, http)
        self.storing += 1
        try:
            response = await super().exchange(steps, http)
            await asyncio.sleep(0.4)
            return response
        finally:
            self.storing -= 1

    def matches(self, level: Any, request: Any, query: Any) -> Any:
        found = super().matches(level, request, query)
        return found[1:] if level == "study" and self.storing else found


class Meeting(Reference):
    """Holds each store up until another one comes, for a second at most."""

    storing = 0
    _MOMENTS = 20

    async def meets(self) -> bool:
        """Tell whether two store at the same time."""
        for _ in range(self._MOMENTS):
            if self.storing > 1:
                return True
            await asyncio.sleep(1 / self._MOMENTS)
        return self.storing > 1

    async def exchange(self, steps: Any, http: Request) -> Response:
        if http.method != "POST":
            return await super().exchange(steps, http)
        self.storing += 1
        try:
            return await self.stored(steps, http, met=await self.meets())
        finally:
            self.storing -= 1

    async def stored(self, steps: Any, http: Request, *, met: bool) -> Response:
        raise NotImplementedError


class FailsAtOnce(Meeting):
    """Cannot store for several clients at the same time: `status` is what they are told."""

    def __init__(self, status: int) -> None:
        super().__init__()
        self.status = status

    async def stored(self, steps: Any, http: Request, *, met: bool) -> Response:
        if met:
            return Response(status_code=self.status, headers={"Retry-After": "1"} if self.status == 503 else {})
        return await super(Meeting, self).exchange(steps, http)


class SlowAtOnce(Reference):
    """Takes seconds to list series where several clients ask for that at the same time."""

    asking = 0

    async def exchange(self, steps: Any, http: Request) -> Response:
        if not http.url.path.endswith("/series"):
            return await super().exchange(steps, http)
        self.asking += 1
        try:
            await asyncio.sleep(0.1)
            if self.asking > 1:
                await asyncio.sleep(3)
            return await super().exchange(steps, http)
        finally:
            self.asking -= 1


class MixesUp(Meeting):
    """Gives one client the frame that another asks for, and keeps half of what two store at the same time."""

    kept = 0
    halves = False

    def __init__(self) -> None:
        super().__init__()
        self.asking: list[Request] = []

    async def stored(self, steps: Any, http: Request, *, met: bool) -> Response:
        await http.body()  # so that nothing comes between what follows
        self.halves = met
        return await super(Meeting, self).exchange(steps, http)

    def keep(self, received: Any) -> None:
        self.kept += 1
        if not (self.halves and self.kept % 2):
            super().keep(received)

    async def exchange(self, steps: Any, http: Request) -> Response:
        if not http.url.path.endswith("/frames/1"):
            return await super().exchange(steps, http)
        self.asking.append(http)
        await asyncio.sleep(0.05)
        instance = http.path_params["instance"]
        others = [other for other in self.asking if other.path_params["instance"] != instance]
        try:
            return await super().exchange(steps, others[0] if others else http)
        finally:
            self.asking.remove(http)


class OffersLess(Reference):
    """Has no metadata, whoever asks, and takes no message of more than so many octets."""

    def __init__(self, octets: int) -> None:
        super().__init__()
        self.octets = octets

    async def exchange(self, steps: Any, http: Request) -> Response:
        if http.url.path.endswith("/metadata"):
            return Response(status_code=404)
        if http.method == "POST" and len(await http.body()) > self.octets:
            return Response(status_code=413)
        return await super().exchange(steps, http)
