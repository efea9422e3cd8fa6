"""The rate holds over all processes, and the budget for all checks."""

import json
import os
import sys
from pathlib import Path

import pytest

from dicomweb_conformance.settings.rate import Rate, rate
from dicomweb_conformance.transport.pace import Budget, Pace
from tests import warm


class Clock:
    """Time that passes only while somebody waits."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    def wait(self, seconds: float) -> None:
        self.now += seconds


@pytest.mark.parametrize(
    ("text", "expected"),
    [("10/s", Rate(10, 1)), ("5/1", Rate(5, 1)), ("1 / 2.5", Rate(1, 2.5)), ("30/60", Rate(30, 60))],
)
def test_a_rate_is_read(text: str, expected: Rate) -> None:
    assert rate(text) == expected
    assert rate(str(expected)) == expected


@pytest.mark.parametrize("text", ["", "10", "0/s", "10/0", "ten/s", "10/m", "-1/s", "1/-1"])
def test_what_is_no_rate_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no rate: expected N/s"):
        rate(text)


def test_no_stretch_of_time_sees_more_requests_than_the_rate(tmp_path: Path) -> None:
    clock = Clock()
    paces = [Pace(Rate(10, 2), tmp_path, clock, clock.wait) for _ in range(2)]
    sent = []
    for turn in range(60):
        paces[turn % 2].wait()
        sent.append(clock.now)
        clock.now += 0.03 * (turn % 3)  # an exchange takes its time
    for pace in paces:
        pace.close()

    assert all(later - earlier >= 2 - 0.001 for earlier, later in zip(sent, sent[10:], strict=False))
    assert sent[-1] - sent[0] < 60 * 0.2 + 0.1, "and no slower than that"


def test_no_rate_waits_for_nothing(tmp_path: Path) -> None:
    def never(_: float) -> None:
        raise AssertionError

    pace = Pace(None, tmp_path, pause=never)
    pace.wait()
    pace.close()
    assert not list(tmp_path.iterdir())


def test_a_budget_is_used_up_in_all_processes_at_once(tmp_path: Path) -> None:
    clock = Clock()
    first = Budget(10, tmp_path, clock)
    clock.now += 9
    second = Budget(10, tmp_path, clock)
    assert not first.used_up
    assert not second.used_up
    clock.now += 1
    assert first.used_up
    assert second.used_up
    assert str(second) == "budget of 10 s"
    assert not Budget(None, tmp_path, clock).used_up


def test_a_budget_that_nobody_gave_suits_the_speed_of_the_target(tmp_path: Path) -> None:
    clock = Clock()
    controller, worker = Budget(None, tmp_path, clock), Budget(None, tmp_path, clock)
    controller.suit(0.3, None)

    assert str(controller) == str(worker) == "budget of 6000 s"
    assert worker.left is None, "clean-up has its own time"
    clock.now += 5999
    assert not worker.used_up
    clock.now += 1
    assert worker.used_up


@pytest.mark.parametrize(
    ("response", "limit", "seconds"),
    [(0.001, None, 900), (0.1, None, 2040), (0.001, Rate(2, 1), 2040), (3, None, 60000)],
)
def test_a_slow_target_and_a_low_rate_have_more_time(
    response: float, limit: Rate | None, seconds: float, tmp_path: Path
) -> None:
    budget = Budget(None, tmp_path)
    budget.suit(response, limit)

    assert budget.seconds == seconds


def test_a_budget_that_was_given_stays(tmp_path: Path) -> None:
    budget = Budget(10, tmp_path)
    budget.suit(3, None)

    assert budget.seconds == 10


@pytest.mark.parametrize("workers", ["0", "2"])
def test_a_run_whose_budget_is_used_up_ends_orderly(workers: str, tmp_path: Path) -> None:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("DICOMWEB_", "PYTEST_"))}
    command = [sys.executable, "-m", "pytest", "--dicomweb-url=embedded", "-q", "-m", "delete", "-n", workers]
    ended = warm.run(
        [*command, "--dicomweb-budget=0.000001", "dicomweb_conformance/scenarios/delete"],
        cwd=tmp_path,
        env=kept,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert ended.returncode == 5, ended.stdout + ended.stderr
    report = json.loads((tmp_path / "reports/latest/report.json").read_text())
    of_checks = [each for each in report["results"] if each["scenario"] != "messages"]
    assert {(of_check["verdict"], of_check["reason"]) for of_check in of_checks} == {
        ("inconclusive", "budget of 1e-06 s used up")
    }
    assert len(report["results"]) == len(report["planned"]) > 5
    assert report["finished"]
    assert "budget of 1e-06 s used up" in ended.stdout
    assert "not begun in time, " in ended.stdout
    assert "delete-" in ended.stdout.partition("not begun in time, ")[2].partition("\n")[0], "what it cut off is named"
