"""`report.json`: the run for programs. Its shape is `report.schema.json`."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from dicomweb_reports import personas, samples
from dicomweb_reports.causes import Cause, causes
from dicomweb_reports.evidence import because
from dicomweb_reports.repeating import before
from dicomweb_reports.rules import judged_by
from dicomweb_reports.summary import counts, overall, requirement_verdicts, services

if TYPE_CHECKING:
    from dicomweb_reports.model import Exchange, Message, PlannedCheck, Result, Run, Wire

SCHEMA = "dicomweb-conformance-report/1"


def report(run: Run) -> dict[str, Any]:
    """Return the report as JSON values: what was concluded and on what grounds, without headers and bodies."""
    found = members(run)
    return {**found, "exchanges": dict(found["exchanges"])}


def members(run: Run) -> dict[str, Any]:
    """Return the report as `report` does, but for the exchanges: they come one by one, as (id, values)."""
    footer = run.footer
    return {
        "schema": SCHEMA,
        "suite": asdict(run.suite),
        "target": asdict(run.target),
        "profile": run.profile,
        "rules": asdict(run.rules) if run.rules else None,
        "judged_by": judged_by(run),
        "edition": run.edition,
        "seed": run.seed,
        "settings": dict(run.settings),
        "python": run.python,
        "platform": run.platform,
        "started": _time(run.started),
        "finished": _time(footer.finished) if footer else None,
        "interrupted": footer.interrupted if footer else None,
        "exit": footer.exit if footer else None,
        "seconds": footer.seconds if footer else None,
        "overall": asdict(overall(run)),
        "counts": counts(run),
        "services": services(run),
        "planned": [asdict(check) for check in run.planned],
        "left_out": run.left_out,
        "results": [_result(result, run) for result in run.results],
        "causes": [_cause(cause) for cause in causes(run)],
        "samples": [asdict(row) for row in samples.rows(run)],
        "personas": [asdict(row) for row in personas.rows(run)],
        "requirements": _requirements(run),
        "exchanges": ((name, _exchange(exchange)) for name, exchange in run.exchanges.items()),
        "capabilities": [asdict(capability) for capability in run.capabilities],
        "stored": [asdict(stored) for stored in run.stored],
        "baseline": asdict(run.baseline) if run.baseline else None,
        "left": [asdict(left) for left in run.left],
        "cleaned": run.cleaned,
        "kept": run.kept,
        "before_repeating": asdict(first) if (first := before(run)) else None,
        "troubles": list(run.troubles),
        "stale": [asdict(stale) for stale in footer.stale] if footer else [],
    }


def _time(time: datetime) -> str:
    return time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _result(result: Result, run: Run) -> dict[str, Any]:
    found = [{**asdict(finding), "because": because(finding, run)} for finding in result.findings]
    return {**asdict(result), "findings": found, "started": _time(result.started)}


def _cause(cause: Cause) -> dict[str, Any]:
    """Return a cause with the ids of its checks, whose results stand elsewhere."""
    return {
        "verdict": cause.verdict,
        "observation": cause.observation,
        "claim": cause.claim,
        "requirements": list(cause.requirements),
        "at_fault": [each.check for each in cause.at_fault],
        "waiting": [each.check for each in cause.waiting],
        "clients": list(cause.clients),
    }


def _requirements(run: Run) -> dict[str, dict[str, Any]]:
    checks: dict[str, dict[str, None]] = {}
    every: tuple[PlannedCheck | Result, ...] = (*run.planned, *run.results)
    for check in every:
        for name in check.requirements:
            checks.setdefault(name, {})[check.check] = None
    entries: dict[str, dict[str, Any]] = {}
    for name, verdict in requirement_verdicts(run).items():
        row = run.requirements.get(name)
        entries[name] = {
            "verdict": verdict,
            "checks": list(checks.get(name, ())),
            "clause": row.clause if row else None,
            "level": row.level if row else None,
            "text": row.text if row else None,
            "tier": row.tier if row else None,
            "service": row.service if row else None,
        }
    return entries


def _exchange(exchange: Exchange) -> dict[str, Any]:
    return {
        "method": exchange.method,
        "url": exchange.url,
        "status": exchange.status,
        "seconds": exchange.seconds,
        "started": _time(exchange.started),
        "check": exchange.check,
        "purpose": exchange.purpose,
        "error": exchange.error,
        "retry_of": exchange.retry_of,
        "wire": _wire(exchange.wire) if exchange.wire else None,
        "request": _message(exchange.request),
        "response": _message(exchange.response) if exchange.response else None,
    }


def _wire(wire: Wire) -> dict[str, Any]:
    """Return what was odd on the wire; the head itself stays in the record, as the headers do."""
    return {name: value for name, value in asdict(wire).items() if name != "lines"}


def _message(message: Message) -> dict[str, Any]:
    return {"content_type": message.header("Content-Type"), "octets": message.body.size if message.body else 0}
