"""Servers on which not all is there, or not yet."""

from __future__ import annotations

import time
from collections.abc import Mapping

from dicomweb_reference import levels
from dicomweb_reference.archive import Instance, Resource
from dicomweb_reference.matching import Query
from dicomweb_reference.outcomes import Received
from dicomweb_reference.server import Reference
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


@odd("metadata", loaded=("two_series", "ct_pair", "elements", "rle", "rle_loop", "jpeg"), into=ODD)
class OneInstanceDidNotArrive(Reference):
    """It was loaded with a corpus, but for the last of four instances of a study."""

    def keep(self, received: Received) -> None:
        if len(self.archive.instances(Resource(received.identity.study))) < 3:
            super().keep(received)
