"""What became of the samples of the Cloud Healthcare API's page: a row for each operation and client."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dicomweb_reports.evidence import findings, named
from dicomweb_reports.summary import not_concluded

if TYPE_CHECKING:
    from dicomweb_reports.model import Finding, Result, Run

SCENARIO = "seed"
_CHECK = re.compile(r"seed-(?P<operation>[a-z-]+)\[(?P<client>[a-z-]+)\]")
_BROKEN = frozenset({"fail", "known"})


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
    concluded = {each.check: each for each in run.results if each.scenario == SCENARIO}
    open_ = {each.check for each in not_concluded(run)}
    order = [each.check for each in run.planned if each.scenario == SCENARIO]
    matched = {check: _CHECK.fullmatch(check) for check in dict.fromkeys([*order, *concluded])}
    return tuple(
        _row(match["operation"], match["client"], concluded.get(check), run)
        for check, match in matched.items()
        if match and (check in concluded or check in open_)
    )


def _row(operation: str, client: str, result: Result | None, run: Run) -> Row:
    words = operation.replace("-", " ")
    if result is None:
        return Row(words, client, "not judged", "not concluded", "not concluded")
    found = findings(result)
    if result.verdict in _BROKEN:
        why = _why(found[0], result, run) if found else result.reason
        return Row(words, client, "breaks", why, result.verdict)
    if found:
        return Row(words, client, "degrades", named(found[0]), result.verdict)
    if result.verdict in {"pass", "fixed"}:
        return Row(words, client, "works", "", result.verdict)
    return Row(words, client, "not judged", result.reason.strip().partition("\n")[0], result.verdict)


def _why(finding: Finding, result: Result, run: Run) -> str:
    """Return at which request of the client it breaks, and because of what."""
    own = [
        each
        for each in (run.exchanges.get(name) for name in result.exchanges)
        if each is not None and each.purpose == "check"
    ]
    first_tries = [each.id for each in own if each.retry_of is None]
    tries = {each.id: each.retry_of or each.id for each in own}
    asked = tries.get(finding.exchange or "")
    place = f"at request {first_tries.index(asked) + 1} " if asked in first_tries else ""
    received = f"; received {finding.received}" if finding.received else ""
    return f"{place}because: {named(finding)}{received}"
