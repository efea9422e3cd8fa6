"""A 500 is told of once: by the check that found it, or by the row of all messages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dicomweb_conformance.run.message_results import settled
from tests.reports.run_directory import ROWS, RunDirectory, finding

STORE = ("store-two", "STORE-001", "Two are stored.")
OTHER = ("store-one", "STORE-001", "One is stored.")
MESSAGES = ("message[ERROR-010]", "ERROR-010", "There is no 500.")


@pytest.fixture
def directory(tmp_path: Path) -> RunDirectory:
    made = RunDirectory(tmp_path)
    made.header()
    made.plan(STORE, OTHER, MESSAGES, rows={**ROWS, "ERROR-010": ROWS["STORE-001"]})
    return made


def of_messages(directory: RunDirectory, *exchanges: str) -> tuple[str | None, ...]:
    """Return the exchanges that are left to the row of all messages, where it was seen in these."""
    for exchange in exchanges:
        directory.event("observed", **finding("ERROR-010", "500", exchange=exchange))
    directory.event("tally", requirements={"ERROR-010": {"judged": 9, "at_fault": len(exchanges)}})
    directory.footer()
    (result,) = (each for each in settled(directory.load(), []) if each.check == "message[ERROR-010]")
    return result.exchanges


def stored(directory: RunDirectory, payload: bytes, check: str) -> str:
    return directory.exchange("POST", status=500, body=payload, check=check)


def fails(directory: RunDirectory, check: tuple[str, str, str], exchange: str, **fields: Any) -> None:
    directory.result(*check, "fail", findings=[finding("STORE-001", "5xx", exchange=exchange)], **fields)


def test_what_a_check_found_is_told_by_it_and_another_payload_is_not(directory: RunDirectory) -> None:
    first = stored(directory, b"first", STORE[0])
    again, second = stored(directory, b"first", OTHER[0]), stored(directory, b"second", OTHER[0])
    fails(directory, STORE, first)
    directory.result(*OTHER)

    assert of_messages(directory, first, again, second) == (second,)


def test_what_is_left_to_a_check_that_fails_is_told_by_that(directory: RunDirectory) -> None:
    first, second = stored(directory, b"first", STORE[0]), stored(directory, b"second", OTHER[0])
    fails(directory, STORE, first)
    directory.result(*OTHER, "inconclusive", blame=STORE[0])

    assert of_messages(directory, first, second) == ()
