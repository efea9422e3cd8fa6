"""Which requirements the suite judges, and how: the way from a row of the catalogue to the checks that verify it."""

from __future__ import annotations

import importlib
import pkgutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from types import ModuleType
from typing import Any

import dicomweb_conformance.scenarios
from dicomweb_conformance.catalogue import requirements as catalogue
from dicomweb_conformance.catalogue.requirements import Requirement
from dicomweb_conformance.checks.observers import OWNED
from dicomweb_reports.messages import check_id


@dataclass(frozen=True)
class Coverage:
    """What the suite does with one row.

    Attributes:
        requirement: the row.
        checks: ids of the checks that verify it, or of those that verify the row which it refers to; of a row that
            messages are judged by the id of that.
    """

    requirement: Requirement
    checks: tuple[str, ...]

    @property
    def state(self) -> str:
        """`checked`, `not tested` (the row says why), or `open` (no check yet)."""
        if self.checks:
            return "checked"
        return "not tested" if self.requirement.not_tested else "open"


def coverage() -> list[Coverage]:
    """Return the coverage of every row, in the order of the catalogue."""
    rows = catalogue.load()
    verified: dict[str, list[str]] = {}
    for each in OWNED:
        if rows[each].not_tested is None:
            verified[each] = [check_id(each)]
    for check, requirements in checks():
        for requirement in requirements:
            verified.setdefault(requirement, []).append(check)
    return [Coverage(row, tuple(verified.get(rows.owner(row.id).id, ()))) for row in rows.values()]


def is_judged(requirement: str) -> bool:
    """Tell whether a check or an observer of messages judges a row, or the row which it refers to."""
    return requirement in _judged()


@cache
def _judged() -> frozenset[str]:
    return frozenset(each.requirement.id for each in coverage() if each.checks)


@cache
def checks() -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return id and requirements of every check of the scenarios, cases of data each on its own."""
    scenarios = dicomweb_conformance.scenarios
    modules = (each.name for each in pkgutil.walk_packages(scenarios.__path__, f"{scenarios.__name__}."))
    of_checks = (name for name in modules if name.rpartition(".")[2].startswith("test_"))
    return tuple(check for name in of_checks for check in checks_of(importlib.import_module(name)))


def checks_of(module: ModuleType) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield id and requirements of every check in a module."""
    for member in vars(module).values():
        marks = getattr(member, "pytestmark", [])
        own = [mark for mark in marks if mark.name == "verifies"]
        cases = [case for mark in marks if mark.name == "parametrize" for case in mark.args[1]]
        if own and not cases:
            yield own[0].kwargs["id"], own[0].args
        for case in cases if own else ():
            yield from _of_case(case, own[0].args)


def _of_case(case: Any, of_all: tuple[str, ...]) -> Iterator[tuple[str, tuple[str, ...]]]:
    for mark in case.marks:
        if mark.name == "verifies":
            yield mark.kwargs["id"], (*mark.args, *of_all)


def lines(rows: list[Coverage]) -> Iterator[str]:
    """Tell the coverage: a line for each service, then the rows that no check verifies, in words."""
    services: dict[str, Counter[str]] = {}
    for row in rows:
        services.setdefault(row.requirement.service, Counter())[row.state] += 1
    states = ("checked", "not tested", "open")
    yield f"{'service':14}" + "".join(f"{state:>12}" for state in states)
    for service, counts in services.items():
        yield f"{service:14}" + "".join(f"{counts[state]:>12}" for state in states)
    total = Counter(row.state for row in rows)
    yield f"{'all':14}" + "".join(f"{total[state]:>12}" for state in states)
    unchecked = [row.requirement for row in rows if not row.checks]
    for (service, reason), group in groupby(unchecked, _unchecked_why):
        alike = list(group)
        if reason and len(alike) > 1:
            yield f"{alike[0].id} to {alike[-1].id}, {len(alike)} rows of {service}: {reason}"
            continue
        for each in alike:
            yield f"{each.id}: {(each.not_tested or 'no check yet').rstrip('.')}. {each.text}"


def _unchecked_why(row: Requirement) -> tuple[str, str | None]:
    return row.service, row.not_tested
