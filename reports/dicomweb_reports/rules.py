"""What the profile of a run is, and how it departs from the one that it is held against."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dicomweb_reports.model import Rules, Run

SHORT = 16
"""Hexadecimal digits of a digest that a sentence shows."""


@dataclass(frozen=True)
class Departure:
    """One thing that a profile does otherwise: with what, how, why, where to read that, and how sure it is."""

    what: str
    how: str
    reason: str
    link: str
    sure: str


def is_home_made(run: Run) -> bool:
    """Tell whether the profile is none of the suite's, so that to conform to it says what its maker wanted."""
    return run.rules is not None and not run.rules.shipped


def judged_by(run: Run) -> str:
    """Return in a few sentences by what profile a run judged, and what that leaves out; "" where nothing is known."""
    rules = run.rules
    if rules is None:
        return ""
    whose = "a profile of the suite" if rules.shipped else "a profile that is none of the suite's"
    said = (
        f"Judged by {run.profile}, {whose}: {rules.title.rstrip('.')} ({rules.file}, SHA-256 {rules.sha256[:SHORT]})."
    )
    parts = list(_parts(rules))
    return f"{said} Held against the profile {rules.base} it {_and(parts)}." if parts else said


def departures(run: Run) -> tuple[Departure, ...]:
    """Return what a profile does otherwise, and why."""
    if run.rules is None:
        return ()
    omitted = [
        Departure(
            ", ".join((*omission.rows, *omission.checks)), "left out", omission.reason, omission.link, omission.sure
        )
        for omission in run.rules.omissions
    ]
    changed = []
    for change in run.rules.changes:
        how = [f"{name} {value}" for name, value in (("level", change.level), ("tier", change.tier)) if value]
        how += [f"{observation}: {verdict}" for observation, verdict in change.verdicts.items()]
        changed.append(Departure(", ".join(change.rows), "; ".join(how), change.reason, change.link, change.sure))
    return (*omitted, *changed)


def _parts(rules: Rules) -> Iterator[str]:
    number = rules.numbers
    if number["rows_left_out"]:
        services = ", ".join(f"{service} ({many})" for service, many in sorted(rules.left_out_of.items()))
        yield f"leaves out {_many(number['rows_left_out'], 'requirement')}: {services}"
    for what, verb in (("replaced", "replaces"), ("changed", "judges otherwise"), ("added", "adds")):
        if number[what]:
            yield f"{verb} {_many(number[what], 'requirement')}"
    if number["checks_left_out"]:
        yield f"does not run {_many(number['checks_left_out'], 'check')}"


def _many(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _and(parts: list[str]) -> str:
    return f"{'; '.join(parts[:-1])}; and {parts[-1]}" if len(parts) > 1 else parts[0]
