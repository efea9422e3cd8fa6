"""Operations are waited for until they end; where none does, three times."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import cast

from dicomweb_conformance.http.exchanges import Response
from dicomweb_conformance.service.long_running import Operations
from dicomweb_conformance.service.studies_service import StudiesService

PATIENCE = 0.3


@dataclass
class Target:
    """A target whose operations end, or never."""

    ends: bool = False
    base_url: str = "http://127.0.0.1/v1/projects/p/locations/l/datasets/d/dicomStores/s/dicomWeb"
    asked: list[str] = field(default_factory=list)

    def claim_url(self, url: str) -> None:
        """Nothing is recorded."""

    def get_url(self, url: str, **_: object) -> Response:
        self.asked.append(url)
        body = b'{"name": "projects/p/operations/1", "done": %s}' % (b"true" if self.ends else b"false")
        return Response("main-1", "GET", url, 200, body=body)


def took(operations: Operations) -> float:
    began = time.monotonic()
    assert operations.polled("projects/p/operations/1")
    return time.monotonic() - began


def test_operations_that_never_end_are_waited_for_three_times() -> None:
    operations = Operations(cast(StudiesService, Target()), PATIENCE)

    assert all(took(operations) >= PATIENCE for _ in range(3))
    assert took(operations) < PATIENCE


def test_one_that_ends_after_all_has_the_next_ones_waited_for() -> None:
    target = Target()
    operations = Operations(cast(StudiesService, target), PATIENCE)
    for _ in range(3):
        took(operations)
    target.ends = True
    took(operations)
    target.ends = False

    assert took(operations) >= PATIENCE
