"""Servers side by side: services, clients in use, and the checks that did not pass everywhere."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dicomweb_reports.summary import OUTCOMES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dicomweb_reports.concluded import Check, Concluded

ABSENT = "not planned"
_UNREMARKABLE = frozenset({"pass", "not-applicable", ABSENT})


@dataclass(frozen=True)
class Column:
    """A server: a name that no other has, and its run."""

    name: str
    run: Concluded


@dataclass(frozen=True)
class Cell:
    """What one server came to: the word of the worst outcome, and the rest of what is to be said."""

    outcome: str
    text: str


@dataclass(frozen=True)
class Line:
    """A service, client or check, with a cell for each server; `name` is its id, `title` its claim."""

    name: str
    title: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Matrix:
    """Servers side by side.

    Attributes:
        columns: the servers.
        remarks: what makes them hard to compare, in a sentence each.
        services: counts of outcomes of each service.
        clients: what becomes of each client in use.
        checks: by service, the checks that are not unremarkable everywhere.
        alike: by service, how many are.
    """

    columns: tuple[Column, ...]
    remarks: tuple[str, ...]
    services: tuple[Line, ...]
    clients: tuple[Line, ...]
    checks: dict[str, tuple[Line, ...]]
    alike: dict[str, int]


def matrix(runs: Sequence[Concluded]) -> Matrix:
    """Put runs side by side, in the order given."""
    columns = tuple(Column(name, run) for name, run in zip(_names(runs), runs, strict=True))
    every: dict[str, Check] = {name: check for run in runs for name, check in run.checks.items()}
    of_service: dict[str, list[Check]] = {}
    for check in sorted(every.values(), key=lambda each: (each.of_messages, each.check)):
        of_service.setdefault(check.service, []).append(check)
    checks: dict[str, tuple[Line, ...]] = {}
    alike: dict[str, int] = {}
    for service, there in sorted(of_service.items()):
        lines = [
            Line(each.check, each.title, tuple(_cell(run.checks.get(each.check)) for run in runs)) for each in there
        ]
        told = tuple(line for line in lines if not {cell.outcome for cell in line.cells} <= _UNREMARKABLE)
        alike[service] = len(lines) - len(told)
        if told:
            checks[service] = told
    return Matrix(
        columns=columns,
        remarks=tuple(_remarks(runs)),
        services=tuple(_service(name, there, runs) for name, there in sorted(of_service.items())),
        clients=tuple(
            Line(client, "", tuple(Cell(run.clients.get(client, "not judged"), "") for run in runs))
            for client in dict.fromkeys(client for run in runs for client in run.clients)
        ),
        checks=checks,
        alike=alike,
    )


def _names(runs: Sequence[Concluded]) -> list[str]:
    """Return what each is called: by product or URL, and where two have the same name by their place, too."""
    many = Counter(run.target for run in runs)
    return [run.target if many[run.target] == 1 else f"{run.target} ({number})" for number, run in enumerate(runs, 1)]


def _remarks(runs: Sequence[Concluded]) -> list[str]:
    said = []
    for what, values in (
        ("profiles", {run.profile for run in runs}),
        ("versions of the suite", {run.suite for run in runs}),
    ):
        if len(values) > 1:
            said.append(f"These were judged by different {what}: {', '.join(sorted(values))}.")
    for run in runs:
        if not run.ended:
            said.append(f"The run of {run.target} did not come to its end.")
        elif run.left_out:
            said.append(f"The run of {run.target} left out {run.left_out:,} checks of its profile.")
    return said


def _service(name: str, checks: Sequence[Check], runs: Sequence[Concluded]) -> Line:
    cells = []
    for run in runs:
        number = Counter(run.checks[check.check].outcome for check in checks if check.check in run.checks)
        there = [outcome for outcome in OUTCOMES if number[outcome]]
        said = ", ".join(f"{number[outcome]} {outcome}" for outcome in there)
        cells.append(Cell(there[0] if there else ABSENT, said or ABSENT))
    return Line(name, "", tuple(cells))


def _check(check: Check, runs: Sequence[Concluded]) -> Line:
    return Line(check.check, check.title, tuple(_cell(run.checks.get(check.check)) for run in runs))


def _cell(check: Check | None) -> Cell:
    if check is None:
        return Cell(ABSENT, "")
    found = "; ".join(f"{row} {code}" for (row, code), _ in check.findings.items())
    return Cell(check.outcome, found or check.reason.strip().partition("\n")[0])
