"""What became of the samples of the Cloud Healthcare API's page: a row for each operation and client."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dicomweb_reports.outcomes import outcome
from dicomweb_reports.summary import not_concluded

if TYPE_CHECKING:
    from dicomweb_reports.model import Result, Run

SCENARIO = "seed"
_CHECK = re.compile(r"seed-(?P<operation>[a-z-]+)\[(?P<client>[a-z-]+)\]")


@dataclass(frozen=True)
class Row:
    """What became of one sample: `works`, `degrades`, `breaks` or `not judged`, and why; "" where it works.

    `verdict` is that of its check.
    """

    operation: str
    client: str
    outcome: str
    why: str
    verdict: str


def rows(run: Run) -> tuple[Row, ...]:
    """Return what became of each sample that was planned, in the order of the page; nothing where none was."""
    concluded = {result.check: result for result in run.results if result.scenario == SCENARIO}
    open_ = {each.check for each in not_concluded(run)}
    order = [each.check for each in run.planned if each.scenario == SCENARIO]
    matched = {check: _CHECK.fullmatch(check) for check in dict.fromkeys([*order, *concluded])}
    return tuple(
        _row(match["operation"], match["client"], concluded.get(check), run)
        for check, match in matched.items()
        if match and (check in concluded or check in open_)
    )


def _row(operation: str, client: str, result: Result | None, run: Run) -> Row:
    found = outcome(result, result.exchanges if result else (), run)
    return Row(operation.replace("-", " "), client, found.outcome, found.why, found.verdict)
