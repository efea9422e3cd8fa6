"""One result as plain text, for the terminal."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from dicomweb_reports.evidence import (
    answers,
    at_stake,
    because,
    exhibits,
    extent,
    findings,
    named,
    reasons,
    repeat,
    status_line,
    where,
)
from dicomweb_reports.excerpt import excerpt
from dicomweb_reports.visible import visible

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dicomweb_reports.model import Exchange, Finding, Result, Run

FINDINGS = 8
EXHIBITS = 2
BODY_LINES = 12
VALUE = 400
TRACEBACK_LINES = 30

_COLUMN = 13


def failure_text(result: Result, run: Run, *, width: int = 100) -> str:
    """Return what a person needs to understand a result and to repeat it.

    The claim, the requirement, each finding with all acceptable answers, the exchange with the beginning of its answer,
    why it matters, a curl line. Lines are at most `width` wide, but for URLs and the curl line, which must stay whole.
    """
    blocks = [
        _head(result),
        *_requirements(result, run, width),
        *_reason(result, width),
        *_findings(result, run, width),
        *_exchanges(result, run, width),
        *(_labelled("Why", reason, width) for reason in reasons(result, run)),
        *(_repeat(repeat(exhibit, run)) for exhibit in exhibits(result, run)[:1]),
    ]
    return "\n\n".join(blocks)


def _head(result: Result) -> str:
    number = f" ({extent(result.messages)})" if result.messages else ""
    return f"{visible(result.title, VALUE)}\n{result.verdict}: {visible(result.check, VALUE)}{number}"


def _requirements(result: Result, run: Run, width: int) -> Iterator[str]:
    for requirement in at_stake(result, run):
        row = visible(" ".join(filter(None, (requirement.id, requirement.level, requirement.clause))), VALUE)
        yield f"{_label('Requirement')}{row}\n{_labelled('', requirement.text, width)}"


def _reason(result: Result, width: int) -> Iterator[str]:
    if result.verdict == "error":
        yield _labelled("Reason", "An error of this suite, not of the server. Please report it.", width)
        lines = result.reason.splitlines()
        yield "\n".join(f"    {visible(line, width)}" for line in lines[-TRACEBACK_LINES:])
    elif result.verdict == "fixed":
        text = "It is listed as a known failure and passed. Take its row out of the known failures."
        yield _labelled("Reason", text, width)
    elif result.reason:
        yield _labelled("Reason", result.reason, width)
    for row in result.known:
        yield _labelled("Known", " ".join(filter(None, (row.requirement, row.code, row.reason, row.link))), width)


def _findings(result: Result, run: Run, width: int) -> Iterator[str]:
    found = findings(result)
    for number, finding in enumerate(found[:FINDINGS], start=1):
        yield _finding(f"Finding {number}" if len(found) > 1 else "Finding", finding, run, width)
    if len(found) > FINDINGS:
        yield _labelled("", f"{len(found) - FINDINGS} more findings are in the report.", width)


def _finding(label: str, finding: Finding, run: Run, width: int) -> str:
    first, *others = [str(answer) for answer in answers(finding, run)] or ["what the requirement says"]
    lines = [
        _labelled(label, f"{named(finding)} ({finding.verdict})", width),
        _labelled("  expected", first, width),
        *(_labelled("", f"or {other}", width) for other in others),
        _labelled("  received", finding.received or finding.observation, width),
        *([_labelled("  no fail", f"as {reason}", width)] if (reason := because(finding, run)) else []),
    ]
    return "\n".join(lines)


def _exchanges(result: Result, run: Run, width: int) -> Iterator[str]:
    shown = exhibits(result, run)
    for exchange in shown[:EXHIBITS]:
        yield _exchange(exchange, run, width)
    if len(shown) > EXHIBITS:
        yield _labelled("", f"{len(shown) - EXHIBITS} more exchanges are in the report.", width)


def _exchange(exchange: Exchange, run: Run, width: int) -> str:
    lines = [
        f"{_label('Exchange')}{visible(exchange.method, VALUE)} {visible(exchange.url, 2 * VALUE)}",
        _labelled("", f"{status_line(exchange)}, {exchange.seconds:.3f} s ({exchange.id})", width),
    ]
    shown = excerpt(exchange.response, run, lines=BODY_LINES, width=width - 6) if exchange.response else None
    if shown:
        lines += [f"    | {line}" for line in shown.lines]
        lines += [f"    | [{shown.rest}]"] if shown.rest else []
    return "\n".join(lines)


def _repeat(command: str) -> str:
    place = where(command)
    return f"{_label('Repeat')}{place}\n{command}" if place else f"{_label('Repeat')}{command}"


def _label(label: str) -> str:
    return f"{label:<{_COLUMN}}"


def _labelled(label: str, text: str, width: int) -> str:
    return textwrap.fill(
        visible(text, VALUE),
        max(width, 2 * _COLUMN),
        initial_indent=_label(label),
        subsequent_indent=_label(""),
        break_on_hyphens=False,
    )
