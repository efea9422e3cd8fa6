"""Every row that messages are judged by can fail in a run: an edited exchange is noticed, by its row and no other."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from dicomweb_conformance.catalogue.verdicts import Verdict
from tests.mutants.replay import exchanges
from tests.mutants.replay.message import Message
from tests.mutants.replay.passing import Heard, heard
from tests.mutants.replay.recording import Recording, recorded
from tests.mutants.replay.replays import Replay
from tests.mutants.replay.tables import REPLAYS


@pytest.fixture(scope="session")
def exchange(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], tuple[Message, Recording]]:
    """Find an exchange of a name in the one clean run of its flavour."""

    @cache
    def run(flavour: str) -> Recording:
        return recorded(flavour, tmp_path_factory.mktemp("recorded"), exchanges.CHECKS[flavour])

    @cache
    def found(name: str) -> tuple[Message, Recording]:
        recording = run(exchanges.EXCHANGES[name].flavour)
        return exchanges.of(name, recording.messages, recording.base_url), recording

    return found


@pytest.fixture(scope="session")
def clean(
    exchange: Callable[[str], tuple[Message, Recording]], tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Heard]:
    """Say what a run tells of an exchange before it is edited."""

    @cache
    def told(name: str) -> Heard:
        message, recording = exchange(name)
        return heard([message], recording, tmp_path_factory.mktemp("clean"))

    return told


def place(where: str) -> str:
    """A place without the numbers of octets and columns, which the data of the corpus decide."""
    return re.sub(r"(octet|column|character) \d+", r"\1 N", where)


@pytest.mark.parametrize("replay", REPLAYS, ids=[f"{each.name} {number}" for number, each in enumerate(REPLAYS)])
def test_an_edited_exchange_is_told_of(
    replay: Replay,
    exchange: Callable[[str], tuple[Message, Recording]],
    clean: Callable[[str], Heard],
    tmp_path: Path,
) -> None:
    message, recording = exchange(replay.of)
    edited = replay.edit(message)

    seen = heard(edited if isinstance(edited, tuple) else [edited], recording, tmp_path)

    told = {what: place(where) for what, where in seen.spoken.items() if what not in clean(replay.of).spoken}
    if replay.verdict is Verdict.PASS:
        assert replay.shows in seen.passed
        assert set(told) == set(replay.rides)
    else:
        assert set(told) == {replay.shows, *replay.rides}
        assert told[replay.shows] == replay.at
        assert seen.results[replay.row] == replay.verdict


@pytest.mark.parametrize("name", list(exchanges.EXCHANGES))
def test_nothing_is_told_of_a_clean_exchange(name: str, clean: Callable[[str], Heard]) -> None:
    assert clean(name).spoken == {}
