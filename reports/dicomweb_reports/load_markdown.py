"""`load.md`: a load in GitHub's Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dicomweb_reports import load
from dicomweb_reports.evidence import repeat, status_line, where
from dicomweb_reports.markdown_text import code, plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dicomweb_reports.model import Run

SHOWN = 40
"""Kinds of faults that are shown with what repeats them."""


def markdown(run: Run) -> str:
    """Return the page.

    Raises:
        ValueError: the run is no load.
    """
    return "\n\n".join(_blocks(run)) + "\n"


def _blocks(run: Run) -> Iterator[str]:
    word, sentence = load.verdict(run)
    yield f"# Load: {plain(word)}"
    yield plain(sentence, 1000)
    for trouble in run.troubles:
        yield f"**Not the whole load.** {plain(trouble, 1000)}"
    yield "\n".join(
        ["| | |", "|---|---|", *(f"| {plain(name)} | {plain(value, 400)} |" for name, value in load.facts(run))]
    )
    yield "## Transactions"
    heads = [
        "transaction",
        "requests",
        "wrong",
        "errors of load",
        *(f"{each} of 100" for each in load.SHARES),
        "longest",
    ]
    rows = [
        [
            plain(line.name),
            f"{line.requests:,}",
            f"**{line.wrong:,}**" if line.wrong else "0",
            ", ".join(f"{number} {name}" for name, number in line.errors.items()) or "0",
            *(load.took(line.shares[each]) for each in load.SHARES),
            load.took(line.longest),
        ]
        for line in load.lines(run)
    ]
    yield "\n".join(f"| {' | '.join(row)} |" for row in [heads, ["---"] * len(heads), *rows])
    yield plain(load.DELAY, 400)
    yield from _wrong(run)
    assert run.load is not None
    if run.load.left_out:
        yield f"## Not asked ({len(run.load.left_out)})"
        yield "\n".join(f"- {code(name)}: {plain(why)}" for name, why in run.load.left_out.items())


def _wrong(run: Run) -> Iterator[str]:
    found = load.wrong(run)
    if not found:
        return
    yield f"## What is wrong ({len(found)})"
    for each in found[:SHOWN]:
        finding, row = each.finding, run.requirements.get(each.finding.requirement)
        clause = f", {row.level}, {row.clause}" if row else ""
        said = f"**{plain(finding.requirement)}**{plain(clause)}: {plain(finding.observation)}"
        lines = [
            f"- {said} ({code(each.result.check)}, {load.when(each)})",
            f"  expected {code(load.accepted(each, run))}; received {code(load.received(each))}",
        ]
        exchange = run.exchanges.get(finding.exchange or "")
        if exchange:
            command = repeat(exchange, run)
            lines.append(f"  {code(f'{exchange.method} {exchange.url}')}: {plain(status_line(exchange))}")
            lines += ["", "  ```sh", *([f"  # {where(command)}"] if where(command) else []), f"  {command}", "  ```"]
        yield "\n".join(lines)
    if len(found) > SHOWN:
        yield f"and {len(found) - SHOWN} more, in load.html."
