"""A load in figures: how long requests of each kind took, what became of them, and which findings only load brings."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from enum import Enum
from math import log10
from typing import TYPE_CHECKING

from dicomweb_reports.evidence import answers

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from dicomweb_reports.model import Exchange, Finding, Load, Result, Run

SCENARIO = "load"
_UNDER_LOAD = "load"
"""The purpose of exchanges under load; all others came before or after it."""
ERRORS = ("busy", "timed out", "refused", "broke off", "not sent")
"""What becomes of requests that is no verdict on anybody."""
MEANINGS = {
    "busy": "429, 502, 503 or 504",
    "timed out": "not over in the time that one exchange may take",
    "refused": "no connection could be opened",
    "broke off": "a connection that ended before a response",
    "not sent": "what the suite itself stumbled over",
}
SHARES = (50, 90, 95, 99)

WIDTH, LEFT, RIGHT, TOP, ROW, FOOT = 880, 122, 16, 10, 42, 28
_SPREAD = 22
"""Height over which the points of a row are spread, so that many at one place can be seen."""
_LEAST, _MOST = 1e-4, 1e3


class Outcome(Enum):
    """What a load comes to."""

    RIGHT = "every response was right"
    WRONG = "wrong responses"
    GONE = "the target no longer answers"
    NOTHING = "nothing was judged"


def outcome(run: Run) -> Outcome:
    """Return what a load comes to: a fail in a response under load makes it wrong, and so does an error of the suite.

    What was wrong only while nobody else asked is told, and for a run to decide.
    """
    counts = _load(run).outcomes.values()
    if any(each.get("wrong", 0) for each in counts) or any(result.verdict == "error" for result in run.results):
        return Outcome.WRONG
    if _load(run).gone:
        return Outcome.GONE
    return Outcome.RIGHT if any(each.get("right", 0) for each in counts) else Outcome.NOTHING


@dataclass(frozen=True)
class Line:
    """The requests of one kind under load.

    Attributes:
        check: its id.
        name: it in words.
        requests: all of them.
        wrong: those whose response was wrong.
        errors: those that no response came of which could be judged, by what became of them.
        shares: seconds within which so many of 100 responses came.
        longest: seconds.
        seconds: of each response, in the order in which they were asked for.
    """

    check: str
    name: str
    requests: int
    wrong: int
    errors: Mapping[str, int]
    shares: Mapping[int, float]
    longest: float
    seconds: tuple[float, ...]


def lines(run: Run) -> tuple[Line, ...]:
    """Return what became of the requests of each kind."""
    took: dict[str, list[tuple[object, float]]] = defaultdict(list)
    for exchange in _under_load(run):
        if exchange.response is not None and not exchange.error and not _is_busy(exchange):
            took[exchange.check or ""].append((exchange.started, exchange.seconds))
    found = []
    for check, counts in _load(run).outcomes.items():
        in_order = tuple(seconds for _, seconds in sorted(took[check], key=lambda each: str(each[0])))
        found.append(
            Line(
                check,
                check.removeprefix("load-").replace("-", " "),
                sum(counts.values()),
                counts.get("wrong", 0),
                {name: counts[name] for name in ERRORS if counts.get(name)},
                {share: within(in_order, share) for share in SHARES},
                max(in_order, default=0.0),
                in_order,
            )
        )
    return tuple(found)


def within(seconds: Sequence[float], share: int) -> float:
    """Return the seconds within which so many of 100 exchanges ended; 0 of none."""
    ordered = sorted(seconds)
    return ordered[min(len(ordered) * share // 100, len(ordered) - 1)] if ordered else 0.0


def _load(run: Run) -> Load:
    if run.load is None:
        raise ValueError("the run is no load")
    return run.load


def _under_load(run: Run) -> Iterator[Exchange]:
    for exchange in run.exchanges.values():
        if exchange.purpose == _UNDER_LOAD and (exchange.check or "").startswith("load-"):
            yield exchange


def _is_busy(exchange: Exchange) -> bool:
    return exchange.status in {429, 502, 503, 504}


# Findings


@dataclass(frozen=True)
class Wrong:
    """One kind of what is wrong: its result, a finding of it, and whether it was seen alone, too."""

    result: Result
    finding: Finding
    alone: bool


def accepted(each: Wrong, run: Run) -> str:
    """Return what would have been right."""
    return " or ".join(str(answer) for answer in answers(each.finding, run)) or "what the requirement says"


def received(each: Wrong) -> str:
    """Return what came in its place."""
    return each.finding.received or each.finding.observation


def when(each: Wrong) -> str:
    """Return in words when a fault was seen."""
    return "alone, too" if each.alone else "under load only"


def wrong(run: Run) -> tuple[Wrong, ...]:
    """Return what is wrong, each kind of finding once: first what only load brings about, then what is so anyway."""
    found: dict[tuple[str, str, str], Wrong] = {}
    for result in run.results:
        for finding in result.findings:
            if finding.verdict == "fail":
                key = result.check, finding.requirement, finding.code
                found.setdefault(key, Wrong(result, finding, _is_so_alone(run, result, finding)))
    return tuple(sorted(found.values(), key=lambda each: each.alone))


def _is_so_alone(run: Run, result: Result, finding: Finding) -> bool:
    alone = _load(run).alone
    if result.scenario == SCENARIO:
        return (result.check, finding.requirement, finding.code) in alone
    # A row of messages is seen alone where it is at fault in any response that came while nobody else asked.
    exchange = run.exchanges.get(finding.exchange or "")
    return any(row == finding.requirement and not code for _, row, code in alone) or bool(
        exchange and exchange.purpose != _UNDER_LOAD
    )


# The plot


@dataclass(frozen=True)
class Mark:
    """A line of the picture's grid, or a figure in it: where it is, and what it stands for."""

    at: float
    text: str


@dataclass(frozen=True)
class Row:
    """One kind of transaction in the picture: its points as a path, and where half and 95 of 100 had come."""

    name: str
    at: float
    path: str
    half: float
    most: float
    wrong: int


@dataclass(frozen=True)
class Plot:
    """How long the responses of each kind took, as parts of an SVG of `WIDTH` by `height`."""

    height: int
    rows: tuple[Row, ...]
    marks: tuple[Mark, ...]


def plot(found: Sequence[Line]) -> Plot | None:
    """Return the picture; None where no response came. Points that would cover each other are drawn once."""
    shown = [line for line in found if line.seconds]
    if not shown:
        return None
    every = [seconds for line in shown for seconds in line.seconds]
    least = 10.0 ** _floor(max(min(every), _LEAST))
    most = 10.0 ** (_floor(min(max(*every, least * 1.001), _MOST)) + 1)
    rows = []
    for number, line in enumerate(shown):
        middle = TOP + ROW * number + ROW / 2
        rows.append(
            Row(
                line.name,
                middle,
                _points(line.seconds, middle, least, most),
                _across(line.shares[50], least, most),
                _across(line.shares[95], least, most),
                line.wrong,
            )
        )
    powers = range(_floor(least * 1.001), _floor(most * 1.001) + 1)
    marks = tuple(Mark(_across(10.0**power, least, most), _said(10.0**power)) for power in powers)
    return Plot(TOP + ROW * len(shown) + FOOT, tuple(rows), marks)


def _points(seconds: Sequence[float], middle: float, least: float, most: float) -> str:
    spots: dict[tuple[int, int], None] = {}
    for number, took in enumerate(seconds):
        # From top to bottom in the order in which they were asked for: so what grows slower is seen to slant.
        height = middle - _SPREAD / 2 + _SPREAD * number / max(len(seconds) - 1, 1)
        spots[round(_across(took, least, most)), round(height)] = None
    return "".join(f"M{x} {y}h0" for x, y in spots)


def _across(took: float, least: float, most: float) -> float:
    part = log10(min(max(took, least), most) / least) / log10(most / least)
    return LEFT + (WIDTH - LEFT - RIGHT) * part


def _floor(seconds: float) -> int:
    return int(log10(seconds) // 1)


def _said(seconds: float) -> str:
    return f"{seconds * 1000:g} ms" if seconds < 1 else f"{seconds:,.0f} s"


def took(seconds: float) -> str:
    """Return seconds as people read them."""
    if seconds < 0.01:
        return f"{seconds * 1000:.1f} ms"
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"


# In words


def verdict(run: Run) -> tuple[str, str]:
    """Return what the load comes to, in a word and a sentence."""
    load, found = _load(run), wrong(run)
    requests = sum(sum(counts.values()) for counts in load.outcomes.values())
    wrongs = sum(counts.get("wrong", 0) for counts in load.outcomes.values())
    errors = sum(counts.get(name, 0) for counts in load.outcomes.values() for name in ERRORS)
    how = f"{requests:,} requests of {load.users} users in {load.seconds:.1f} s"
    also = f"; {errors:,} ended in an error of load" if errors else ""
    also += "; it was interrupted" if run.footer and run.footer.interrupted else ""
    only = sum(not each.alone for each in found)
    kinds = f"{len(found)} kind{'' if len(found) == 1 else 's'} of fault"
    match outcome(run):
        case Outcome.NOTHING:
            return "nothing judged", f"No response came that could be judged: {how}{also}."
        case Outcome.GONE:
            return "target gone", f"The target no longer answered; what came before was right: {how}{also}."
        case Outcome.RIGHT:
            alone = f" {kinds} showed before or after, while nobody else asked." if found else ""
            return "nothing wrong", f"Every response under load that was judged is right: {how}{also}.{alone}"
    said = f"{wrongs:,} response{' was' if wrongs == 1 else 's were'} wrong: {kinds}, {only} of them under load only"
    return "wrong responses", f"{said}. There were {how}{also}."


def facts(run: Run) -> list[tuple[str, str]]:
    """Return what a reader has to know of a load, by name."""
    load = _load(run)
    requests = sum(sum(counts.values()) for counts in load.outcomes.values())
    rate = f"{requests / load.seconds:.1f} requests a second" if load.seconds else "none"
    median, most, latest = load.late
    return [
        ("Target", run.target.url),
        ("Judged by", f"{run.suite.name} {run.suite.version}, profile {run.profile}, seed {run.seed}"),
        ("Bounds", _bounds(load)),
        ("Ended", load.ended or ("it did not begin" if run.footer else "it broke off")),
        ("Throughput", rate),
        ("Stores", f"{load.sent} sent, {load.found} found whole"),
        ("Readers", ", ".join(each.name for each in load.clients if each.does == "reads") or "none"),
        ("Devices", ", ".join(each.name for each in load.clients if each.does == "stores") or "none"),
        ("Own delay", f"{took(median)} in the median, {took(most)} in 95 of 100 cases, {took(latest)} at most"),
        ("Cleaned up", f"{run.cleaned} studies removed, {len(run.left)} left"),
    ]


def _bounds(load: Load) -> str:
    bounds = load.bounds
    return (
        f"{bounds['users']:g} users, {bounds['ramp']:g} more each second; {bounds['requests']:g} requests, "
        f"{bounds['seconds']:g} s, {bounds['stores']:g} stores of {bounds['instances']:g} instances at most"
    )


DELAY = (
    "One process is all users, and a response waits for it while it works on another. What stands under own delay may "
    "have been added to each figure; figures of that order say nothing of the server."
)
