"""What becomes of clients in use, one by one, by all that the run saw of what each does."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dicomweb_reports.outcomes import BREAKS, DEGRADES, NOT_JUDGED, WORKS, outcome
from dicomweb_reports.summary import not_concluded

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dicomweb_reports.model import Result, Run

SCENARIO = "persona"
_CHECK = re.compile(r"persona-(?P<operation>[a-z]+)\[(?P<client>[a-z0-9-]+)\]")


@dataclass(frozen=True)
class Use:
    """What becomes of a client in one of the transactions that it uses; `verdict` is that of the check."""

    operation: str
    outcome: str
    why: str
    verdict: str
    check: str


@dataclass(frozen=True)
class Persona:
    """What becomes of a client: the worst of what it does, and why.

    `must_work`: the run was asked to fail where it breaks.
    """

    client: str
    outcome: str
    why: str
    must_work: bool
    uses: tuple[Use, ...]


def client(result: Result) -> str:
    """Return the client in use whose requests a check sends; "" where it sends none's."""
    match = _CHECK.fullmatch(result.check) if result.scenario == SCENARIO else None
    return match["client"] if match else ""


def rows(run: Run) -> tuple[Persona, ...]:
    """Return what becomes of each client that was planned, by their names; nothing where none was."""
    results = {result.check: result for result in run.results if result.scenario == SCENARIO}
    planned = [each.check for each in run.planned if each.scenario == SCENARIO]
    of_clients: dict[str, dict[str, str]] = {}
    for check in dict.fromkeys([*planned, *results]):
        if (match := _CHECK.fullmatch(check)) and (check in results or check in _open(run)):
            of_clients.setdefault(match["client"], {})[check] = match["operation"]
    must_work = run.settings.get("persona")
    named = must_work if isinstance(must_work, list) else []
    found = []
    for client, checks in sorted(of_clients.items()):
        requests = [name for check in checks if check in results for name in results[check].exchanges]
        outcomes = {check: outcome(results.get(check), requests, run) for check in checks}
        uses = [Use(checks[check], each.outcome, each.why, each.verdict, check) for check, each in outcomes.items()]
        found.append(Persona(client, *_of_all(uses), client in named, tuple(uses)))
    return tuple(found)


def _open(run: Run) -> set[str]:
    return {each.check for each in not_concluded(run)}


def _of_all(uses: Sequence[Use]) -> tuple[str, str]:
    """Return what becomes of a client by what becomes of it in each transaction, and why."""
    by_outcome = {each: [use for use in uses if use.outcome == each] for each in (BREAKS, DEGRADES, WORKS, NOT_JUDGED)}
    worst = next(each for each, some in by_outcome.items() if some)
    of_worst = by_outcome[worst]
    why = [f"{of_worst[0].operation}: {of_worst[0].why}"] if of_worst[0].why else []
    if others := [each.operation for each in of_worst[1:] if each.why]:
        why.append(f"likewise in {', '.join(others)}")
    if worst != NOT_JUDGED and (left := [each.operation for each in by_outcome[NOT_JUDGED]]):
        why.append(f"not judged in {', '.join(left)}")
    return worst, "; ".join(why)
