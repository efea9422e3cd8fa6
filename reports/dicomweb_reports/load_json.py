"""`load.json`: a load for programs."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC
from typing import TYPE_CHECKING, Any

from dicomweb_reports import load
from dicomweb_reports.evidence import repeat

if TYPE_CHECKING:
    from dicomweb_reports.model import Run

SCHEMA = "dicomweb-conformance-load/1"


def members(run: Run) -> dict[str, Any]:
    """Return a load as JSON values: figures by kind of transaction, and what is wrong with the exchange that shows it.

    Raises:
        ValueError: the run is no load.
    """
    word, sentence = load.verdict(run)
    assert run.load is not None
    return {
        "schema": SCHEMA,
        "suite": asdict(run.suite),
        "target": asdict(run.target),
        "profile": run.profile,
        "edition": run.edition,
        "seed": run.seed,
        "settings": dict(run.settings),
        "started": run.started.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "exit": run.footer.exit if run.footer else None,
        "interrupted": run.footer.interrupted if run.footer else None,
        "verdict": word,
        "reason": sentence,
        "bounds": dict(run.load.bounds),
        "ended": run.load.ended,
        "gone": run.load.gone,
        "seconds": round(run.load.seconds, 3),
        "users": run.load.users,
        "own_delay": dict(zip(("median", "95", "most"), run.load.late, strict=True)),
        "clients": [asdict(each) for each in run.load.clients],
        "left_out": dict(run.load.left_out),
        "stores": {"sent": run.load.sent, "found": run.load.found},
        "transactions": [
            {
                "check": line.check,
                "requests": line.requests,
                "wrong": line.wrong,
                "errors": dict(line.errors),
                "seconds": {**{str(share): took for share, took in line.shares.items()}, "most": line.longest},
            }
            for line in load.lines(run)
        ],
        "wrong": [_wrong(each, run) for each in load.wrong(run)],
        "cleaned": run.cleaned,
        "kept": run.kept,
        "left": [asdict(each) for each in run.left],
        "troubles": list(run.troubles),
    }


def _wrong(each: load.Wrong, run: Run) -> dict[str, Any]:
    exchange = run.exchanges.get(each.finding.exchange or "")
    return {
        **asdict(each.finding),
        "check": each.result.check,
        "seen_alone": each.alone,
        "repeat": repeat(exchange, run) if exchange else None,
    }
