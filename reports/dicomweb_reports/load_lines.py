"""A load in lines of text, for the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dicomweb_reports import load
from dicomweb_reports.evidence import repeat, where
from dicomweb_reports.visible import visible

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dicomweb_reports.model import Run

SHOWN = 12
"""Kinds of faults that are told with what repeats them."""
_VALUE = 300


def lines(run: Run) -> Iterator[str]:
    """Yield what a load came to: the kinds of transactions, what is wrong with what repeats it, and the verdict."""
    if run.load is None:
        return
    table = [("transaction", "requests", "wrong", "errors", "50 of 100", "95 of 100", "longest")]
    for line in load.lines(run):
        times = (load.took(each) for each in (line.shares[50], line.shares[95], line.longest))
        shown = times if line.seconds else ("-", "-", "-")
        table.append((line.name, str(line.requests), str(line.wrong), str(sum(line.errors.values())), *shown))
    widths = [max(len(row[column]) for row in table) for column in range(len(table[0]))]
    for name, *figures in table:
        yield "  ".join((name.ljust(widths[0]), *map(str.rjust, figures, widths[1:])))
    found = load.wrong(run)
    for each in found[:SHOWN]:
        finding = each.finding
        yield ""
        yield f"{finding.requirement} {visible(finding.observation, _VALUE)}, {load.when(each)} ({each.result.check})"
        yield f"  expected {visible(load.accepted(each, run), _VALUE)}"
        yield f"  received {visible(load.received(each), _VALUE)}"
        if exchange := run.exchanges.get(finding.exchange or ""):
            command = repeat(exchange, run)
            yield from (f"  {each}" for each in filter(None, (where(command), command)))
    if len(found) > SHOWN:
        yield f"and {len(found) - SHOWN} more kinds of faults, in the report"
    yield ""
    yield ": ".join(load.verdict(run))
