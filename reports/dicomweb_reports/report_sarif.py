"""`report.sarif`: what was found, in the Static Analysis Results Interchange Format 2.1.0 (OASIS), for code scanning.

A server has no source here, so results are anchored at the file that describes it in its repository: `target.toml`.
"""

from __future__ import annotations

import hashlib
from datetime import UTC
from typing import TYPE_CHECKING, Any

from dicomweb_reports.evidence import answers, because, exhibits, findings, named, repeat
from dicomweb_reports.summary import overall

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dicomweb_reports.model import Finding, Requirement, Result, Run

VERSION = "2.1.0"
SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
ANCHOR = "target.toml"
RESULTS = 5000
"""Results at most: GitHub takes no more of one run in one file."""
TEXT = 2000
_LEVELS = {"fail": "error", "deviation": "warning", "note": "note"}
_WORST_FIRST = ("fail", "deviation", "note")


def sarif(run: Run) -> dict[str, Any]:
    """Return the log as JSON values: a rule for each requirement at fault, a result for each kind of finding."""
    shown = sorted(_shown(run), key=lambda each: _WORST_FIRST.index(each[1].verdict))[:RESULTS]
    rules = list(dict.fromkeys(finding.requirement for _, finding in shown))
    number = {name: index for index, name in enumerate(rules)}
    return {
        "$schema": SCHEMA,
        "version": VERSION,
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": run.suite.name,
                        "version": run.suite.version,
                        "rules": [_rule(name, run.requirements.get(name)) for name in rules],
                    }
                },
                "automationDetails": {"id": f"{run.suite.name}/{run.profile}/"},
                "invocations": [_invocation(run)],
                "results": [_result(result, finding, number[finding.requirement], run) for result, finding in shown],
                "properties": {"verdict": overall(run).verdict, "target": run.target.url, "seed": run.seed},
            }
        ],
    }


def _shown(run: Run) -> Iterator[tuple[Result, Finding]]:
    """Yield the first finding of each kind of each check."""
    for result in run.results:
        kinds = {(finding.requirement, finding.code): finding for finding in reversed(findings(result))}
        yield from ((result, kind) for kind in kinds.values())


def _rule(name: str, row: Requirement | None) -> dict[str, Any]:
    if row is None:
        return {"id": name}
    return {
        "id": name,
        "shortDescription": {"text": row.text[:TEXT] or name},
        "fullDescription": {"text": f"{row.text} ({row.clause})"[:TEXT]},
        "help": {"text": (row.why or row.text or name)[:TEXT]},
        "properties": {"clause": row.clause, "level": row.level, "tier": row.tier, "tags": ["DICOMweb", row.service]},
    }


def _result(result: Result, finding: Finding, rule: int, run: Run) -> dict[str, Any]:
    known = next((each for each in result.known if (each.requirement, each.code) == _key(finding)), None)
    kind = "\0".join((result.check, *_key(finding)))
    told: dict[str, Any] = {
        "ruleId": finding.requirement,
        "ruleIndex": rule,
        "level": _LEVELS[finding.verdict],
        "message": {"text": _message(result, finding, run)},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": _anchor(run), "uriBaseId": "%SRCROOT%"},
                    "region": {"startLine": 1},
                },
                "logicalLocations": [{"name": result.check, "fullyQualifiedName": f"{result.scenario}/{result.check}"}],
            }
        ],
        "partialFingerprints": {"checkRequirementCode/v1": hashlib.sha256(kind.encode()).hexdigest()},
        "properties": {"check": result.check, "code": finding.code, "verdict": result.verdict},
    }
    if known:
        why = " ".join(filter(None, (known.reason, known.link)))
        told["suppressions"] = [{"kind": "external", "status": "accepted", "justification": why}]
    return told


def _key(finding: Finding) -> tuple[str, str]:
    return finding.requirement, finding.code


def _anchor(run: Run) -> str:
    named = run.settings.get("target_file")
    return named if isinstance(named, str) and named else ANCHOR


def _message(result: Result, finding: Finding, run: Run) -> str:
    accepted = " or ".join(str(answer) for answer in answers(finding, run)[:8])
    lines = [f"{named(finding)}. {result.title}", f"Expected: {accepted}", f"Received: {finding.received}"]
    if reason := because(finding, run):
        lines.append(f"No fail, as {reason}")
    lines += [f"Repeat it: {repeat(exhibit, run)}" for exhibit in exhibits(result, run)[:1]]
    return "\n".join(line[:TEXT] for line in lines)


def _invocation(run: Run) -> dict[str, Any]:
    ended = run.footer is not None and not run.footer.interrupted and not run.troubles
    told: dict[str, Any] = {"executionSuccessful": ended, "startTimeUtc": _time(run)}
    if run.footer:
        told["exitCode"] = run.footer.exit
    notes = [
        *run.troubles,
        *(f"{result.check}: {result.reason}" for result in run.results if result.verdict == "error"),
    ]
    if notes:
        told["toolExecutionNotifications"] = [
            {"level": "error", "message": {"text": (text.strip() or "an error of the suite")[-TEXT:]}} for text in notes
        ]
    return told


def _time(run: Run) -> str:
    return f"{run.started.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
