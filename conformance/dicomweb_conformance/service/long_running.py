"""Long-running operations of the target: asked for until they are over. Nothing is judged here."""

from __future__ import annotations

import time
from collections.abc import Sequence
from urllib.parse import quote

from dicomweb_conformance.http.exchanges import Response
from dicomweb_conformance.service.polling import wait_until
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_conformance.validators import operations

_TIMES = 3
"""Operations in a row that are waited for in vain."""


class Operations:
    """The operations of the dataset that the target's store is in.

    Args:
        service: asked for them.
        patience: how long an operation may take, in seconds. Where three in a row did not end, the next ones have twice
            as long as the slowest that did.
    """

    def __init__(self, service: StudiesService, patience: float) -> None:
        self._service = service
        self._patience = patience
        self._slowest = 0.0
        self._in_vain = 0

    @property
    def dataset(self) -> str:
        """The name of the dataset, `projects/P/locations/L/datasets/D`; empty where the base URL has none."""
        before, found, after = self._service.base_url.partition("/projects/")
        parts = after.split("/")
        return f"projects/{'/'.join(parts[:5])}" if found and before and len(parts) >= 5 else ""

    @property
    def version(self) -> str:
        """The version of the API in the base URL, such as v1; empty where there is none."""
        return self._root.rpartition("/")[2] if self.dataset else ""

    @property
    def _root(self) -> str:
        """What comes before names: everything before /projects/ in the base URL."""
        before, found, _ = self._service.base_url.partition("/projects/")
        return before if found else str(self._service.base.origin)

    def poll(self, name: str, headers: Sequence[tuple[str, str]] = ()) -> Response:
        """GET an operation by its name; none is asked for but those that this run began, or that do not exist."""
        url = f"{self._root}/{name}"
        self._service.claim_url(url)
        return self._service.get_url(url, headers=headers)

    def polled(self, name: str, headers: Sequence[tuple[str, str]] = ()) -> list[Response]:
        """GET an operation again and again, in growing intervals, until it is done or time is over.

        What is no operation, such as a 404, ends it too.
        """
        answers: list[Response] = []

        def over() -> bool:
            answers.append(self.poll(name, headers))
            document = operations.read(answers[-1].body) if answers[-1].status == 200 else None
            return document is None or operations.is_done(document)

        began = time.monotonic()
        if wait_until(over, 2 * self._slowest if self._in_vain >= _TIMES else self._patience):
            self._in_vain = 0
            self._slowest = max(self._slowest, time.monotonic() - began)
        else:
            self._in_vain += 1
        return answers

    def page(self, size: int, token: str = "") -> Response:
        """GET a page of the operations of the dataset."""
        query = f"pageSize={size}" + (f"&pageToken={quote(token, safe='')}" if token else "")
        return self._service.get_url(f"{self._root}/{self.dataset}/operations?{query}")

    def cancel(self, name: str) -> Response:
        """Ask an operation to stop."""
        return self._service.post_url(f"{self._root}/{name}:cancel", {})
