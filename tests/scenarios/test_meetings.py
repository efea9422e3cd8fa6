"""Clients meet until enough of it is seen, and no longer than a target has time for."""

from __future__ import annotations

from itertools import count

import pytest

from dicomweb_conformance.scenarios.steps import meetings as subject


@pytest.mark.parametrize(
    ("seconds_each", "hints", "times"),
    [
        (0.0, (), subject.USUAL),
        (0.0, ("put off",), subject.MOST),
        (subject.SECONDS + 1, (), subject.LEAST),
        (subject.SECONDS + 1, ("put off",), subject.LEAST),
    ],
)
def test_clients_meet_so_often(seconds_each: float, hints: tuple[str, ...], times: int) -> None:
    clock = (number * seconds_each for number in count())

    assert list(subject.meetings(hints=hints, clock=lambda: next(clock))) == list(range(times))


def test_what_is_seen_while_they_meet_makes_them_meet_more_often() -> None:
    hints: list[str] = []
    met = 0
    for _ in subject.meetings(hints=hints):
        met += 1
        if met == subject.USUAL:
            hints.append("put off")

    assert met == subject.MOST
