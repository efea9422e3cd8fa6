"""How long each exchange took, as a picture and in figures."""

from __future__ import annotations

from dataclasses import dataclass
from math import log10
from typing import TYPE_CHECKING

from dicomweb_reports.exchanges import by_start

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from dicomweb_reports.model import Exchange, Run

WIDTH, HEIGHT = 880, 260
LEFT, RIGHT, TOP, BOTTOM = 62, 8, 8, 30
# From a tenth of a millisecond to a little over a quarter of an hour.
_LEAST, _MOST = 1e-4, 1e3
SLOWEST = 8


@dataclass(frozen=True)
class Mark:
    """A line of the picture's grid: where it is, and what it stands for."""

    at: float
    text: str


@dataclass(frozen=True)
class Timing:
    """The time of each exchange over the time of the run, as paths of an SVG whose size is `WIDTH` by `HEIGHT`.

    Attributes:
        paths: a path of points for each class of outcomes: 2xx, 3xx, 4xx, 5xx, none.
        marks: of the seconds that exchanges took, from bottom to top.
        times: of the run, from left to right.
        number: of exchanges.
        median: seconds.
        most: seconds within which 95 of 100 exchanges ended.
        slowest: exchanges that took longest.
    """

    paths: Mapping[str, str]
    marks: tuple[Mark, ...]
    times: tuple[Mark, ...]
    number: int
    median: float
    most: float
    slowest: tuple[Exchange, ...]


def timing(run: Run) -> Timing | None:
    """Return how long the exchanges of a run took; None where there was none.

    Points that would cover each other are drawn once, so that the picture does not grow with the run.
    """
    if not run.exchanges:
        return None
    facts: list[tuple[float, float, str, str]] = []
    begun = None
    for each in by_start(run.exchanges):
        begun = begun or each.started
        facts.append(((each.started - begun).total_seconds(), each.seconds, _outcome(each), each.id))
    seconds = sorted(took for _, took, _, _ in facts)
    least = 10.0 ** _floor(max(seconds[0], _LEAST))
    most = 10.0 ** (_floor(min(max(seconds[-1], 1e-2), _MOST)) + 1)
    long = max(facts[-1][0], 1.0)
    points: dict[str, dict[tuple[int, int], None]] = {"2xx": {}, "3xx": {}, "4xx": {}, "5xx": {}, "none": {}}
    for at, took, outcome, _ in facts:
        spot = round(_across(at, long)), round(_up(took, least, most))
        points[outcome][spot] = None
    slowest = sorted(facts, key=lambda fact: -fact[1])[:SLOWEST]
    return Timing(
        paths={name: "".join(f"M{x} {y}h0" for x, y in spots) for name, spots in points.items() if spots},
        marks=tuple(Mark(_up(power, least, most), _said(power)) for power in _powers(least, most)),
        times=tuple(Mark(_across(long * part / 4, long), _said(long * part / 4)) for part in range(5)),
        number=len(facts),
        median=seconds[len(seconds) // 2],
        most=seconds[min(len(seconds) * 95 // 100, len(seconds) - 1)],
        slowest=tuple(run.exchanges[name] for _, _, _, name in slowest),
    )


def _outcome(exchange: Exchange) -> str:
    family = (exchange.status or 0) // 100
    return f"{family}xx" if family in {2, 3, 4, 5} else "none"


def _floor(seconds: float) -> int:
    return int(log10(seconds) // 1)


def _powers(least: float, most: float) -> Iterator[float]:
    for power in range(_floor(least * 1.001), _floor(most * 1.001) + 1):
        yield 10.0**power


def _across(at: float, long: float) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * at / long


def _up(took: float, least: float, most: float) -> float:
    within = min(max(took, least), most)
    part = log10(within / least) / log10(most / least)
    return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * part


def _said(seconds: float) -> str:
    if seconds == 0:
        return "0 s"
    return f"{seconds * 1000:g} ms" if seconds < 1 else f"{seconds:,.0f} s"
