"""All replays there are."""

from __future__ import annotations

from tests.mutants.replay import http, images, json, multipart, part10, store, xml
from tests.mutants.replay.replays import Replay

REPLAYS: tuple[Replay, ...] = tuple(
    replay for table in (http, multipart, json, xml, part10, images, store) for replay in table.REPLAYS
)
