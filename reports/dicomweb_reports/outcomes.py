"""What becomes of a client whose requests a check sends: it works, degrades, or breaks at one of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dicomweb_reports.evidence import findings, named

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dicomweb_reports.model import Exchange, Finding, Result, Run

PATH = 80
WORKS, DEGRADES, BREAKS, NOT_JUDGED = "works", "degrades", "breaks", "not judged"
_UID = re.compile(r"(?<![\d.])[0-2](?:\.\d+){2,}")
_BROKEN = frozenset({"fail", "known"})


@dataclass(frozen=True)
class Outcome:
    """`works`, `degrades`, `breaks` or `not judged`, and why; "" where it works. `verdict` is that of the check."""

    outcome: str
    why: str
    verdict: str


def outcome(result: Result | None, requests: Iterable[str], run: Run) -> Outcome:
    """Return what becomes of a client by the result of a check; None where it was not concluded.

    Args:
        result: of the check.
        requests: the exchanges of the client in the order in which it made them, which are counted from 1.
        run: that they belong to.
    """
    if result is None:
        return Outcome(NOT_JUDGED, "not concluded", "not concluded")
    found = findings(result)
    breaking = next((each for each in found if each.breaks), None)
    if breaking or result.verdict in _BROKEN:
        first = breaking or next(iter(found), None)
        why = _why(first, requests, run) if first else result.reason
        return Outcome(BREAKS, why, result.verdict)
    if found:
        return Outcome(DEGRADES, _why(found[0], requests, run), result.verdict)
    if result.verdict in {"pass", "fixed"}:
        return Outcome(WORKS, "", result.verdict)
    return Outcome(NOT_JUDGED, result.reason.strip().partition("\n")[0], result.verdict)


def _why(finding: Finding, requests: Iterable[str], run: Run) -> str:
    """Return which request of the client shows something, and what that is."""
    own = [
        each for each in (run.exchanges.get(name) for name in requests) if each is not None and each.purpose == "check"
    ]
    first_tries = [each.id for each in own if each.retry_of is None]
    tries = {each.id: each.retry_of or each.id for each in own}
    asked = tries.get(finding.exchange or "")
    received = f"; received {finding.received}" if finding.received else ""
    told = f"{named(finding)}{received}"
    if asked not in first_tries:
        return told
    return f"at request {first_tries.index(asked) + 1} ({_request(run.exchanges[asked], run)}) because: {told}"


def _request(exchange: Exchange, run: Run) -> str:
    """Return method and path of a request, without what makes it long: the base URL, UIDs, and what is beyond."""
    path = _UID.sub("…", exchange.url.removeprefix(run.target.url))
    return f"{exchange.method} {path if len(path) <= PATH else path[:PATH] + '…'}"
