"""The failures in `report.md`: all of them, each with its request and the command that repeats it, no line twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dicomweb_reports.evidence import (
    answers,
    because,
    exhibits,
    extent,
    findings,
    named,
    repeat,
    status_line,
    where,
)
from dicomweb_reports.markdown_text import claim, code, plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dicomweb_reports.model import Exchange, Result, Run

FINDINGS = 3
ANSWERS = 8
COMMANDS = 400_000
"""Characters of commands on the page; those of further failures are in report.html."""


def failures(run: Run) -> Iterator[str]:
    """Yield a heading and one list. Checks that found the same in the same words stand together."""
    failed = [result for result in run.results if result.verdict == "fail"]
    if not failed:
        return
    yield f"## Failures ({len(failed)})"
    alike: dict[tuple[str, ...], list[Result]] = {}
    for result in failed:
        alike.setdefault(tuple(found(result, run)), []).append(result)
    lines: list[str] = []
    commands = _new_commands(failed, run)
    for same, results in alike.items():
        for result in results:
            lines.append(headed(result))
            lines += [f"  {_request(exhibit)}" for exhibit in exhibits(result, run)[:1]]
        lines += same
        here = [command for result in results for command in commands.get(result.check, ())]
        if here:
            lines += ["", "  ```sh", *(f"  {each}" for each in here), "  ```", ""]
    every = [command for each in commands.values() for command in each]
    if any(where(each) for each in every):
        yield "Commands that name a file below `bodies/` work in the directory of the report."
    yield "\n".join(lines).rstrip()
    if sum(map(len, every)) >= COMMANDS:
        yield "Commands of the other failures are in report.html."


def _new_commands(failed: Sequence[Result], run: Run) -> dict[str, list[str]]:
    """Return what repeats the request of each check, each command with the first that it is of, while there is room."""
    told: dict[str, list[str]] = {}
    seen: set[str] = set()
    room = COMMANDS
    for result in failed:
        for exchange in exhibits(result, run)[:1]:
            command = repeat(exchange, run)
            if command not in seen and room > 0:
                seen.add(command)
                room -= len(command)
                told.setdefault(result.check, []).append(command)
    return told


def headed(result: Result) -> str:
    """Return the item of a result: its claim, its check, and of how many messages it speaks."""
    number = f"; {extent(result.messages)}" if result.messages else ""
    return f"- {claim(result.title)} ({code(result.check)}{number})"


def found(result: Result, run: Run) -> Iterator[str]:
    """Yield what was found, below the item of the result."""
    for finding in findings(result)[:FINDINGS]:
        row = run.requirements.get(finding.requirement)
        clause = f", {row.level}, {row.clause}" if row else ""
        accepted = " or ".join(code(str(answer)) for answer in answers(finding, run)[:ANSWERS])
        yield f"  - **{plain(finding.requirement)}**{plain(clause)}: {plain(named(finding))}"
        yield f"    expected {accepted or 'what the requirement says'}; received {code(finding.received)}"
        if reason := because(finding, run):
            yield f"    no fail, as {plain(reason)}"
    if len(result.findings) > FINDINGS:
        yield f"  - and {len(result.findings) - FINDINGS} more findings"


def _request(exchange: Exchange) -> str:
    return f"{code(f'{exchange.method} {exchange.url}')}: {plain(status_line(exchange))}"
