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


def test_all_stores_are_told_of_by_the_plainest_one_where_that_breaks(directory: RunDirectory) -> None:
    plainest = ("store-multipart", "STORE-001", "One is stored.")
    first, second = stored(directory, b"first", plainest[0]), stored(directory, b"second", OTHER[0])
    elsewhere = directory.exchange("GET", "/studies", status=500, check=OTHER[0])
    fails(directory, plainest, first)
    directory.result(*OTHER, "inconclusive", blame=second)

    assert of_messages(directory, first, second, elsewhere) == (elsewhere,)


def test_what_was_looked_for_is_told_of_by_the_check_that_finds_a_part_of_it_broken(directory: RunDirectory) -> None:
    study, frame = "/studies/2.25.7", "/studies/2.25.7/series/2.25.8/instances/2.25.9/frames/1"
    looked = directory.exchange("GET", study, status=500, purpose="confirm", check=STORE[0])
    other = directory.exchange("GET", "/studies/2.25.70", status=500, purpose="confirm", check=STORE[0])
    part = directory.exchange("GET", frame, status=500, check=STORE[0])
    fails(directory, STORE, part)

    assert of_messages(directory, looked, part, other) == (other,)


def test_what_a_check_asked_for_is_told_of_though_a_part_of_it_is_broken(directory: RunDirectory) -> None:
    asked = directory.exchange("GET", "/studies/2.25.7", status=500, check=OTHER[0])
    part = directory.exchange("GET", "/studies/2.25.7/rendered", status=500, check=STORE[0])
    fails(directory, STORE, part)

    assert of_messages(directory, asked, part) == (asked,)
