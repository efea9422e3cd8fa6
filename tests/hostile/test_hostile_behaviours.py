"""Whatever a server does, a run ends in its bounds with what it concluded, and nobody comes to harm by it."""

from __future__ import annotations

import json
from dataclasses import astuple
from pathlib import Path

import pytest

from tests.hostile.hostile_behaviour import Behaviour
from tests.hostile.hostile_run import shown
from tests.hostile.hostile_table import Row
from tests.hostile.invariants import complaints

ROW = "hostile-row"


def test_a_run_bears_with(behaviour: Behaviour, tmp_path: Path, record_property: pytest.RecordProperty) -> None:
    outcome = shown(behaviour, tmp_path)

    said = list(complaints(behaviour, outcome))
    row = Row(
        behaviour.name,
        behaviour.kind,
        outcome.seconds,
        outcome.processor,
        outcome.status,
        outcome.megabytes,
        outcome.disk,
        tuple(outcome.verdicts.values()),
        ("pending" if behaviour.pending else f"no: {len(said)}") if said else "yes",
    )
    record_property(ROW, json.dumps(astuple(row)))
    assert not said, "\n".join([behaviour.story, *said, outcome.stdout[-1500:], outcome.stderr[-1500:]])
