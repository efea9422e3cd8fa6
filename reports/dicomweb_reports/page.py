"""What a reader is shown of a run: what in full, what in short, in which order; never more than a page holds."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

from dicomweb_reports.evidence import (
    answers,
    at_stake,
    because,
    exhibits,
    findings,
    reasons,
    repeat,
    status_line,
    where,
)
from dicomweb_reports.excerpt import Excerpt, excerpt
from dicomweb_reports.model import Exchange, Finding, Requirement, Result
from dicomweb_reports.summary import not_concluded, outcome, requirement_verdicts, service

if TYPE_CHECKING:
    from dicomweb_reports.evidence import Answer
    from dicomweb_reports.model import Message, Run

# Characters of one value; of the findings and exchanges on the whole page, after which results are shown in short.
VALUE = 500
EVIDENCE = 900_000

FINDINGS = 12
ANSWERS = 50
EXHIBITS = 3
HEADERS = 40
BODY_LINES = 30
BODY_WIDTH = 240
TRACEBACK_LINES = 40
CHECKS = 30

IN_FULL = ("fail", "fixed", "known", "deviation", "error", "note")


@dataclass(frozen=True)
class ShownFinding:
    """A finding with all answers that would have been accepted, and why it is no fail where that needs a reason."""

    finding: Finding
    answers: tuple[Answer, ...]
    because: str


@dataclass(frozen=True)
class ShownMessage:
    """The header fields of a message and the beginning of its body."""

    headers: tuple[tuple[str, str], ...]
    more_headers: int
    body: Excerpt | None


@dataclass(frozen=True)
class ShownExchange:
    """An exchange with the beginnings of its bodies and the command that repeats it."""

    exchange: Exchange
    status_line: str
    request: ShownMessage
    response: ShownMessage | None
    command: str
    where: str


@dataclass(frozen=True)
class Card:
    """What is shown of one result."""

    anchor: str
    result: Result
    service: str
    requirements: tuple[Requirement, ...]
    findings: tuple[ShownFinding, ...]
    exchanges: tuple[ShownExchange, ...]
    reasons: tuple[str, ...]
    traceback: tuple[str, ...]


@dataclass(frozen=True)
class Group:
    """Checks that ended without a judgement for the same reason, and what they blame."""

    reason: str
    results: tuple[Result, ...]
    blamed: tuple[str, ...]


@dataclass(frozen=True)
class Row:
    """A requirement, its verdict, and its checks as (claim, verdict), of which `more` are left out."""

    id: str
    requirement: Requirement | None
    verdict: str
    checks: tuple[tuple[str, str], ...]
    more: int


def cards(run: Run) -> dict[str, tuple[Card, ...]]:
    """Return what is shown of the results of each verdict in `IN_FULL`: core checks first, within that by service."""
    results = [result for result in run.results if result.verdict in IN_FULL]
    results.sort(key=lambda each: (IN_FULL.index(each.verdict), not each.core, service(each, run)))
    shown: dict[str, list[Card]] = {verdict: [] for verdict in IN_FULL}
    room = EVIDENCE
    for number, result in enumerate(results, start=1):
        card = _card(f"result-{number}", result, run, in_full=room > 0)
        room -= _length(card)
        shown[result.verdict].append(card)
    return {verdict: tuple(each) for verdict, each in shown.items()}


def groups(run: Run, verdict: str) -> tuple[Group, ...]:
    """Return the results of a verdict, or those not included, by their reason, the most common first."""
    by_reason: dict[str, list[Result]] = {}
    for result in run.results:
        if outcome(result) == verdict:
            by_reason.setdefault(result.reason, []).append(result)
    return tuple(
        Group(reason, tuple(results), tuple(dict.fromkeys(_blamed(each.blame, run) for each in results if each.blame)))
        for reason, results in sorted(by_reason.items(), key=lambda item: -len(item[1]))
    )


def rows(run: Run) -> dict[str, list[Row]]:
    """Return the requirements of each service with their verdicts."""
    checks: dict[str, dict[str, tuple[str, str]]] = {}
    for check in not_concluded(run):
        for name in check.requirements:
            checks.setdefault(name, {})[check.check] = (check.title, "not concluded")
    for result in run.results:
        for name in result.requirements:
            checks.setdefault(name, {})[result.check] = (result.title, outcome(result))
    table: dict[str, list[Row]] = {}
    for name, verdict in requirement_verdicts(run).items():
        requirement = run.requirements.get(name)
        family = requirement.service if requirement and requirement.service else name.rpartition("-")[0].lower()
        found = tuple(checks.get(name, {}).values())
        row = Row(name, requirement, verdict, found[:CHECKS], max(len(found) - CHECKS, 0))
        table.setdefault(family, []).append(row)
    return dict(sorted(table.items()))


def _card(anchor: str, result: Result, run: Run, *, in_full: bool) -> Card:
    return Card(
        anchor=anchor,
        result=result,
        service=service(result, run),
        requirements=at_stake(result, run)[:FINDINGS],
        findings=tuple(
            ShownFinding(finding, answers(finding, run)[:ANSWERS], because(finding, run))
            for finding in findings(result)[: FINDINGS if in_full else 1]
        ),
        exchanges=tuple(_exchange(each, run) for each in exhibits(result, run)[:EXHIBITS]) if in_full else (),
        reasons=reasons(result, run),
        traceback=tuple(result.reason.splitlines()[-TRACEBACK_LINES:]) if result.verdict == "error" else (),
    )


def _exchange(exchange: Exchange, run: Run) -> ShownExchange:
    command = repeat(exchange, run)
    return ShownExchange(
        exchange=exchange,
        status_line=status_line(exchange),
        request=_message(exchange.request, run),
        response=_message(exchange.response, run) if exchange.response else None,
        command=command,
        where=where(command),
    )


def _message(message: Message, run: Run) -> ShownMessage:
    return ShownMessage(
        headers=message.headers[:HEADERS],
        more_headers=max(len(message.headers) - HEADERS, 0),
        body=excerpt(message, run, lines=BODY_LINES, width=BODY_WIDTH),
    )


def _blamed(name: str, run: Run) -> str:
    exchange = run.exchanges.get(name)
    if exchange is None:
        return f"check {name}"
    return f"{exchange.method} {exchange.url}: {status_line(exchange)} ({exchange.id})"


def _length(card: Card) -> int:
    """Return about how many characters a card takes."""
    texts: list[str] = [*card.traceback, *(shown.command for shown in card.exchanges)]
    for each in card.findings:
        texts += [each.finding.where, each.finding.received, *(answer.text for answer in each.answers)]
    for message in chain.from_iterable((shown.request, shown.response) for shown in card.exchanges):
        if message:
            texts += [*chain.from_iterable(message.headers), *(message.body.lines if message.body else ())]
    return sum(min(len(text), VALUE) for text in texts)
