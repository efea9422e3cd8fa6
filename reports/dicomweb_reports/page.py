"""What a reader is shown of a run: what in full, what in short, in which order; never more than a page holds."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

from dicomweb_reports.causes import Cause, causes, resource
from dicomweb_reports.evidence import (
    answers,
    at_stake,
    because,
    exhibits,
    reasons,
    repeat,
    status_line,
    where,
    without_text,
)
from dicomweb_reports.evidence import findings as findings_of
from dicomweb_reports.excerpt import Excerpt, excerpt
from dicomweb_reports.headings import heading, shortened, with_short_uids
from dicomweb_reports.model import Exchange, Finding, Requirement, Result
from dicomweb_reports.pictures import pictures
from dicomweb_reports.places import NOWHERE, Place, place
from dicomweb_reports.summary import not_concluded, outcome, requirement_verdicts, service

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from dicomweb_reports.evidence import Answer
    from dicomweb_reports.model import Message, Run
    from dicomweb_reports.pictures import Shown

# Characters of one value; of the findings and exchanges on the whole page, after which results are shown in short.
VALUE = 500
EVIDENCE = 900_000
# Results that are shown in full, after which a line must do.
CARDS = 500

FINDINGS = 12
PLACES = 40
ANSWERS = 50
EXHIBITS = 3
HEADERS = 40
BODY_LINES = 30
BODY_WIDTH = 240
# Lines of a dump of octets that are no text.
ROWS = 4
TRACEBACK_LINES = 40
CHECKS = 30
CASES = 12

_ASKS = frozenset({"accept", "content-type", "range"})
BY_CAUSE = ("fail", "known", "deviation")
ONE_BY_ONE = ("fixed", "error")
_NOTE = frozenset({"note", *BY_CAUSE, "fixed"})


@dataclass(frozen=True)
class ShownFinding:
    """Findings of a check that say the same, told once, with the places where it was found.

    With all answers that would have been accepted, why it is no fail where that needs a reason, and the pictures that
    were compared.
    """

    finding: Finding
    places: tuple[str, ...]
    times: int
    answers: tuple[Answer, ...]
    because: str
    pictures: tuple[Shown, ...] = ()


@dataclass(frozen=True)
class ShownMessage:
    """The header fields of a message, each with whether a finding is about it, and lines of its body."""

    headers: tuple[tuple[str, str, bool], ...]
    more_headers: int
    body: Excerpt | None


@dataclass(frozen=True)
class ShownExchange:
    """An exchange with parts of its bodies and the command that repeats it.

    `line` is the request below the base URL, with short UIDs: the command has it whole. `asked`: the header fields of
    the request that an answer hangs on most. `place` is what a finding is about; `absent` names header fields that it
    misses.
    """

    exchange: Exchange
    line: str
    status_line: str
    request: ShownMessage
    response: ShownMessage | None
    command: str
    where: str
    asked: tuple[tuple[str, str], ...] = ()
    place: Place = NOWHERE
    absent: tuple[str, ...] = ()


@dataclass(frozen=True)
class Card:
    """What is shown of one result; `heading` says what was observed."""

    anchor: str
    heading: str
    result: Result
    service: str
    requirements: tuple[Requirement, ...]
    findings: tuple[ShownFinding, ...]
    more_findings: int
    exchanges: tuple[ShownExchange, ...]
    reasons: tuple[str, ...]
    traceback: tuple[str, ...]


@dataclass(frozen=True)
class ShownCause:
    """What has one cause: the result that shows it best, the others, and those for which only a line is left.

    `heading` says what was observed, `request` of what; "" where the heading has it all.
    """

    number: int
    anchor: str
    heading: str
    request: str
    cause: Cause
    first: Card
    others: tuple[Card, ...]
    in_short: tuple[Card, ...]


@dataclass(frozen=True)
class Noted:
    """A note that several checks make: what was observed, and each check with where and what was received."""

    requirement: Requirement
    observation: str
    cases: tuple[tuple[str, str, str], ...]
    more: int


@dataclass(frozen=True)
class Group:
    """Checks that ended without a judgement for the same reason, and what they blame."""

    reason: str
    results: tuple[Result, ...]
    blamed: tuple[str, ...]


@dataclass(frozen=True)
class Row:
    """A requirement, its verdict, its checks that did not pass as (claim, outcome), and how many passed or are left."""

    id: str
    requirement: Requirement | None
    verdict: str
    checks: tuple[tuple[str, str], ...]
    passed: int
    more: int


class Page:
    """What is shown of the results of a run, within what a page holds: what is asked for first has most room.

    Args:
        run: whose results they are.
    """

    def __init__(self, run: Run) -> None:
        self.run = run
        self.anchors: dict[str, str] = {}
        self._causes = causes(run)
        self._room = EVIDENCE
        self._cards = 0

    def causes(self, verdict: str) -> tuple[ShownCause, ...]:
        """Return what was found against the target with one of the verdicts in `BY_CAUSE`, by cause."""
        found = [cause for cause in self._causes if cause.verdict == verdict]
        return tuple(self._cause(number, each) for number, each in enumerate(found, start=1))

    def cards(self, verdict: str) -> tuple[Card, ...]:
        """Return the results with a verdict one by one: core checks first, within that by service.

        Of a verdict in `BY_CAUSE` those that no finding shows.
        """
        results = [result for result in self.run.results if result.verdict == verdict]
        if verdict in BY_CAUSE:
            told = {each.check for cause in self._causes for each in cause.at_fault}
            results = [result for result in results if result.check not in told]
        results.sort(key=lambda result: (not result.core, service(result, self.run)))
        return tuple(
            self._card(f"{verdict}-of-its-own-{number}", each, findings_of(each))
            for number, each in enumerate(results, start=1)
        )

    def _cause(self, number: int, cause: Cause) -> ShownCause:
        anchor = f"{cause.verdict}-{number}"
        by_check: dict[str, tuple[Result, list[Finding]]] = {}
        for result, finding in cause.shown:
            by_check.setdefault(result.check, (result, []))[1].append(finding)
        cards: list[Card] = []
        in_short: list[Card] = []
        for place_, (result, findings) in enumerate(by_check.values(), start=1):
            full = self._room > 0 and self._cards < CARDS
            card = self._card(f"{anchor}-{place_}", result, findings)
            (cards if full or not cards else in_short).append(card)
        said = shortened(cause.observation)
        return ShownCause(
            *(number, anchor, said, self._request(cause, said), cause, cards[0], tuple(cards[1:]), tuple(in_short))
        )

    def _request(self, cause: Cause, heading_: str) -> str:
        named = (self.run.exchanges.get(finding.exchange or "") for _, finding in cause.shown)
        exchange = next((each for each in named if each), None)
        if exchange is None:
            return ""
        is_said = "?" not in exchange.url and f"{exchange.method} {resource(exchange.url, self.run)}" in heading_
        return "" if is_said else _line(exchange, self.run)

    def _card(self, anchor: str, result: Result, findings: Sequence[Finding]) -> Card:
        card = _card(anchor, result, findings, self.run, in_full=self._room > 0)
        self._room -= _length(card)
        self._cards += 1
        self.anchors.setdefault(result.check, anchor)
        return card


def noted(run: Run) -> tuple[Noted, ...]:
    """Return the notes that checks made, also beside what is worse, each told once: the most common first."""
    found: dict[tuple[str, str], list[tuple[str, str, str]]] = {}
    for result in run.results:
        for finding in result.findings if result.verdict in _NOTE else ():
            if finding.verdict != "note":
                continue
            case = (result.check, finding.where, finding.received)
            found.setdefault((finding.requirement, finding.observation), []).append(case)
    return tuple(
        Noted(
            run.requirements.get(requirement) or without_text(requirement),
            observation,
            tuple(cases[:CASES]),
            max(len(cases) - CASES, 0),
        )
        for (requirement, observation), cases in sorted(found.items(), key=lambda item: -len(item[1]))
    )


def passed(run: Run) -> dict[str, list[Result]]:
    """Return the results that passed, by service."""
    found: dict[str, list[Result]] = {}
    for result in run.results:
        if result.verdict == "pass":
            found.setdefault(service(result, run), []).append(result)
    return dict(sorted(found.items()))


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
        others = [each for each in found if each[1] != "pass"]
        row = Row(
            name,
            requirement,
            verdict,
            tuple(others[:CHECKS]),
            len(found) - len(others),
            max(len(others) - CHECKS, 0),
        )
        table.setdefault(family, []).append(row)
    return dict(sorted(table.items()))


def _card(anchor: str, result: Result, findings: Sequence[Finding], run: Run, *, in_full: bool) -> Card:
    shown = list(_each_once(findings, run))
    most = FINDINGS if in_full else 1
    own = dict.fromkeys(each.exchange for each in findings if each.exchange in run.exchanges)
    exchanges = [run.exchanges[name] for name in own if name is not None] or list(exhibits(result, run))
    of = {each.exchange: each for each in reversed(findings)}
    return Card(
        anchor=anchor,
        heading=heading(result, findings, run),
        result=result,
        service=service(result, run),
        requirements=tuple(
            each
            for each in at_stake(result, run)
            if not findings or each.id in {finding.requirement for finding in findings}
        )[:FINDINGS],
        findings=tuple(shown[:most]),
        more_findings=max(len(shown) - most, 0),
        exchanges=tuple(_exchange(exchange, run, of.get(exchange.id)) for exchange in exchanges[:EXHIBITS])
        if in_full
        else (),
        reasons=reasons(result, run),
        traceback=tuple(result.reason.splitlines()[-TRACEBACK_LINES:]) if result.verdict == "error" else (),
    )


def _each_once(findings: Sequence[Finding], run: Run) -> Iterable[ShownFinding]:
    """Tell findings that differ in nothing but their place once."""
    alike: dict[tuple[object, ...], list[Finding]] = {}
    for finding in findings:
        said = (
            finding.requirement,
            finding.code,
            finding.observation,
            finding.verdict,
            finding.expected,
            finding.received,
        )
        alike.setdefault(said, []).append(finding)
    for same in alike.values():
        yield ShownFinding(
            same[0],
            tuple(dict.fromkeys(each.where for each in same if each.where))[:PLACES],
            sum(each.times for each in same),
            answers(same[0], run)[:ANSWERS],
            because(same[0], run),
            pictures(same[0], run),
        )


def _exchange(exchange: Exchange, run: Run, finding: Finding | None) -> ShownExchange:
    command = repeat(exchange, run)
    at = place(finding, exchange) if finding else NOWHERE
    in_body = Place(item=at.item, tags=at.tags, nested=at.nested, text=at.text, octet=at.octet)
    present = {name.lower() for name, _ in exchange.response.headers} if exchange.response else set()
    return ShownExchange(
        exchange=exchange,
        line=_line(exchange, run),
        status_line=status_line(exchange),
        request=_message(exchange.request, run),
        response=_message(exchange.response, run, in_body, at.fields) if exchange.response else None,
        command=command,
        where=where(command),
        asked=tuple(header for header in exchange.request.headers if header[0].lower() in _ASKS),
        place=at,
        absent=tuple(sorted(at.fields - present)),
    )


def _line(exchange: Exchange, run: Run) -> str:
    """Return the request below the base URL, with short UIDs."""
    return f"{exchange.method} {with_short_uids(exchange.url.removeprefix(run.target.url.rstrip('/')))}"


def _message(message: Message, run: Run, at: Place = NOWHERE, fields: frozenset[str] = frozenset()) -> ShownMessage:
    headers = [(name, value, name.lower() in fields) for name, value in message.headers]
    return ShownMessage(
        headers=tuple(sorted(headers, key=lambda header: not header[2]))[:HEADERS],
        more_headers=max(len(message.headers) - HEADERS, 0),
        body=excerpt(message, run, lines=BODY_LINES, width=BODY_WIDTH, at=at, rows=ROWS),
    )


def _blamed(name: str, run: Run) -> str:
    exchange = run.exchanges.get(name)
    if exchange is None:
        return f"check {name}"
    return f"{exchange.method} {exchange.url}: {status_line(exchange)} ({exchange.id})"


def _length(card: Card) -> int:
    """Return about how many characters a card takes."""
    texts: list[str] = [*card.traceback, *(shown.command for shown in card.exchanges)]
    for finding in card.findings:
        texts += [finding.finding.where, finding.finding.received, *(answer.text for answer in finding.answers)]
    for message in chain.from_iterable((shown.request, shown.response) for shown in card.exchanges):
        if message:
            texts += [text for name, value, _ in message.headers for text in (name, value)]
            texts += [*message.body.lines, *message.body.dump] if message.body else []
    files = sum(len(picture.url) for finding in card.findings for picture in finding.pictures)
    return files + sum(min(len(text), VALUE) for text in texts)
