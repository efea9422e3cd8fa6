"""What shows a result: the answers that would have been accepted, the exchanges, the requirement's reason."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dicomweb_reports.curl import curl_line
from dicomweb_reports.model import BODIES, FINDING_VERDICTS, Requirement

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dicomweb_reports.model import Exchange, Finding, Messages, Result, Run

COMMAND = 4000


@dataclass(frozen=True)
class Answer:
    """An answer that the requirement accepts, and the reservation with which it does ("" without one)."""

    text: str
    reservation: str

    def __str__(self) -> str:
        return f"{self.text} ({self.reservation})" if self.reservation else self.text


def answers(finding: Finding, run: Run) -> tuple[Answer, ...]:
    """Return all acceptable answers: what the check expected, then what the requirement lists as pass or as note.

    Of those that say the same in the same words, the first.
    """
    requirement = run.requirements.get(finding.requirement)
    listed = [*finding.expected, *(requirement.pass_ if requirement else ())]
    noted = requirement.note if requirement and not finding.breaks else ()
    each_once: dict[str, Answer] = {}
    for text, reservation in [*((text, "") for text in listed), *((text, "with a note") for text in noted)]:
        each_once.setdefault(_words(text), Answer(text, reservation))
    return tuple(each_once.values())


def _words(text: str) -> str:
    """Return a text without what makes no difference to its meaning: case, articles, blanks, a period at its end."""
    return " ".join(re.sub(r"\b(?:an?|the|status)\b", "", text.lower().rstrip(".")).split())


def named(finding: Finding) -> str:
    """Return what was observed, where, and how often."""
    said = f"{finding.observation}, at {finding.where}" if finding.where else finding.observation
    return f"{said}, {finding.times} times" if finding.times > 1 else said


def because(finding: Finding, run: Run) -> str:
    """Return why a deviation or note is no fail though the text rules it out; "" where it does not, or is one."""
    requirement = run.requirements.get(finding.requirement)
    return requirement.because.get(finding.code, "") if requirement and finding.verdict != "fail" else ""


def extent(messages: Messages) -> str:
    """Return how many messages were judged and how many of them are at fault, in a sentence."""
    judged = f"{messages.judged:,} message{'' if messages.judged == 1 else 's'} judged"
    return f"{judged}, {messages.at_fault:,} not so." if messages.at_fault else f"{judged}."


def findings(result: Result) -> tuple[Finding, ...]:
    """Return the findings of a result, the worst first."""
    return tuple(sorted(result.findings, key=lambda finding: FINDING_VERDICTS.index(finding.verdict)))


def exhibits(result: Result, run: Run) -> tuple[Exchange, ...]:
    """Return the exchanges that show a result.

    They are those that its findings name, worst finding first; without any, the exchange that it blames, or its last.
    """
    named = _recorded([finding.exchange for finding in findings(result)], run)
    return named or _recorded([result.blame, *result.exchanges[-1:]], run)[:1]


def at_stake(result: Result, run: Run) -> tuple[Requirement, ...]:
    """Return the requirements that a result is about: those of its findings, or all that its check verifies."""
    names = [finding.requirement for finding in findings(result)] or result.requirements
    return tuple(run.requirements.get(name) or without_text(name) for name in dict.fromkeys(names))


def reasons(result: Result, run: Run) -> tuple[str, ...]:
    """Return why the findings of a result matter to a client, each reason once."""
    if not result.findings:
        return ()
    return tuple(dict.fromkeys(requirement.why for requirement in at_stake(result, run) if requirement.why))


def status_line(exchange: Exchange) -> str:
    """Return what came back, in one line; what broke the exchange where nothing did."""
    if exchange.response is None:
        return exchange.error or "no response"
    line = f"{exchange.response.status} {exchange.response.reason}".rstrip()
    if exchange.wire and exchange.wire.faults:
        line += f" (on the wire: {'; '.join(exchange.wire.faults)})"
    return f"{line}, then {exchange.error}" if exchange.error else line


def repeat(exchange: Exchange, run: Run) -> str:
    """Return the command that repeats an exchange; where to find the request if that is too long to show."""
    if run.settings.get("captured") and run.settings.get("with_values") is not True:
        return "# cannot be repeated: what the exchange says of patients is left out"
    line = curl_line(exchange, run)
    return line if len(line) <= COMMAND else f"# too long to show: see {exchange.id} in exchanges.har"


def where(command: str) -> str:
    """Return where a command has to be run, if it matters: it reads a body that was recorded beside the report."""
    return f"In the directory of the report, where {BODIES}/ is:" if f"@{BODIES}/" in command else ""


def _recorded(names: Iterable[str | None], run: Run) -> tuple[Exchange, ...]:
    return tuple(run.exchanges[name] for name in dict.fromkeys(names) if name is not None and name in run.exchanges)


def without_text(name: str) -> Requirement:
    """Return a requirement of which nothing but the id is known."""
    text = "The record holds no text of this requirement."
    return Requirement(name, "", "", "", "", text, "", pass_=(), note=(), deviation=(), fail=())
