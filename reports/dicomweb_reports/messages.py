"""What was seen of every message: one result for each requirement, with its count and first examples.

Each process of a run writes what its messages show as it happens, and how many it judged when it ends. A run that broke
off has no such counts, and what was seen until then stands.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dicomweb_reports.model import VERDICTS, Finding, Messages, Observation, Requirement, Result

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

SCENARIO = "messages"
EXAMPLES = 3
"""Findings of one kind that each process records."""


@dataclass(frozen=True)
class Seen:
    """One thing that one message showed; `finding` is None where the requirement was met."""

    requirement: str
    observation: str
    finding: Finding | None


@dataclass(frozen=True)
class Tally:
    """How many messages one process judged by a requirement, and how many of them were not as it says."""

    requirement: str
    judged: int
    at_fault: int


def check_id(requirement: str) -> str:
    """Return the id under which the messages judged by a requirement are reported."""
    return f"message[{requirement}]"


def results(
    seen: Iterable[Seen],
    tallies: Iterable[Tally],
    requirements: Mapping[str, Requirement],
    started: datetime,
) -> tuple[Result, ...]:
    """Return one result for each requirement that any message showed something of, in the order of their ids."""
    by_requirement: dict[str, list[Seen]] = {}
    for each in seen:
        by_requirement.setdefault(each.requirement, []).append(each)
    counted: dict[str, Messages] = {}
    for tally in tallies:
        before = counted.get(tally.requirement, Messages(0, 0))
        counted[tally.requirement] = Messages(before.judged + tally.judged, before.at_fault + tally.at_fault)
    return tuple(
        _result(name, by_requirement[name], counted.get(name), requirements.get(name), started)
        for name in sorted(by_requirement)
    )


def _result(
    name: str, seen: list[Seen], counted: Messages | None, requirement: Requirement | None, started: datetime
) -> Result:
    findings = _examples(each.finding for each in seen if each.finding)
    return Result(
        check=check_id(name),
        scenario=SCENARIO,
        title=requirement.text if requirement else name,
        core=requirement is not None and requirement.tier == "core",
        requirements=(name,),
        verdict=min((finding.verdict for finding in findings), key=VERDICTS.index, default="pass"),
        findings=findings,
        observed=tuple(
            Observation(name, text) for text in dict.fromkeys(each.observation for each in seen if each.finding is None)
        ),
        exchanges=tuple(dict.fromkeys(finding.exchange for finding in findings if finding.exchange)),
        started=started,
        seconds=0.0,
        reason="",
        blame=None,
        known=(),
        messages=counted,
    )


def _examples(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return the findings of each kind, the worst kind first; how many are recorded is the suite's to decide."""
    kinds: dict[str, list[Finding]] = {}
    for finding in findings:
        kinds.setdefault(finding.observation, []).append(finding)
    worst_first = sorted(kinds.values(), key=lambda kind: VERDICTS.index(kind[0].verdict))
    return tuple(each for kind in worst_first for each in kind)
