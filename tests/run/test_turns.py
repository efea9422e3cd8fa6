"""Processes of a run judge at the same time where the target serves that, and take turns where not."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from dicomweb_conformance.http.exchanges import Response
from dicomweb_conformance.run.turns import Turns, are_served_together, fails_beside_another
from dicomweb_conformance.settings.rate import Rate
from dicomweb_conformance.transport.pace import Pace
from dicomweb_fixtures.entities import Instance
from dicomweb_fixtures.fresh import Fresh

SOON = 5.0
"""Seconds in which what does not wait has happened."""


def met_within(one: Turns, other: Turns) -> bool:
    """Tell whether two processes are found to run a check at the same time."""
    both = threading.Barrier(2)
    met: list[bool] = []

    def check(turns: Turns, patience: float) -> None:
        with turns.taken():
            try:
                both.wait(patience)
            except threading.BrokenBarrierError:
                met.append(False)
            else:
                met.append(True)

    patience = SOON if one._known != "in turn" else 0.2
    threads = [threading.Thread(target=check, args=(each, patience)) for each in (one, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return all(met)


@pytest.mark.parametrize("fails", [False, True])
def test_processes_take_turns_where_the_target_fails_one_beside_another(tmp_path: Path, fails: bool) -> None:
    asked: list[str] = []
    said: list[str] = []

    def found() -> bool:
        asked.append("asked")
        return fails

    one, other = (Turns(tmp_path, found, said.append) for _ in range(2))
    with one.taken():
        pass

    assert met_within(one, other) is not fails
    assert asked == ["asked"]
    assert [line.partition(":")[0] for line in said] == (
        ["the target fails one client beside another (see store-two-clients-at-once)"] if fails else []
    )


@pytest.mark.parametrize("fails", [False, True])
def test_a_limited_rate_hides_nothing_of_that(tmp_path: Path, fails: bool) -> None:
    with closing(Pace(Rate(100, 1.0), tmp_path)) as pace:
        pace.wait()
        with Turns(tmp_path, lambda: fails, print).taken():
            pace.wait()

    assert are_served_together(tmp_path) is not fails
    assert met_within(*(Turns(tmp_path, pytest.fail, print) for _ in range(2))) is not fails


class Stub:
    """A service that answers a store alone, and stores at once, as it is told to."""

    def __init__(self, alone: int, beside: int, shown: int = 200, afterwards: int = 200) -> None:
        self._alone, self._beside, self._shown = [afterwards, alone], beside, shown

    def store(self, _instances: Sequence[Instance]) -> Any:
        return answered(self._alone.pop())

    def store_at_once(self, instances: Sequence[Sequence[Instance]]) -> Any:
        return [[answered(self._beside) for _ in of_one] for of_one in instances]

    def retrieve(self, _resource: object) -> Any:
        return answered(self._shown)


def answered(status: int) -> Any:
    answer: Callable[..., Any] = Response.__new__
    response = answer(Response)
    object.__setattr__(response, "status", status)
    return response


@pytest.mark.parametrize(
    ("service", "fails"),
    [
        (Stub(200, 200), False),
        (Stub(200, 500), True),
        (Stub(200, 503), False),
        (Stub(200, 200, shown=500), True),
        (Stub(500, 500), False),
        (Stub(200, 403, afterwards=403), False),
    ],
)
def test_what_fails_beside_another_is_what_works_alone(service: Any, fails: bool) -> None:
    assert fails_beside_another(service, Fresh(1, "two processes at once")) is fails
