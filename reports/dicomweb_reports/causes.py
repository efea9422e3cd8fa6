"""What to repair first: what a run found against the target, by cause, the most harmful first.

Two findings have one cause where they are the same observation of the same requirement, or the same refusal: the same
status in answer to the same kind of request. What hangs on a check that failed has the cause of that check. Causes that
only look alike from outside stay one; causes that merely may be one stay apart.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

from dicomweb_reports import personas
from dicomweb_reports.evidence import findings, status_line
from dicomweb_reports.messages import SCENARIO as MESSAGES

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator

    from dicomweb_reports.model import Exchange, Finding, Result, Run

_AGAINST = ("fail", "known", "deviation")
_LEVELS = frozenset({"studies", "series", "instances", "frames", "bulkdata"})
_STATUS = re.compile(r"(?<![a-z0-9])[45](?:\d\d|xx)(?![a-z0-9])")
_NO_SUCH_RESOURCE = frozenset({404, 405, 410, 501})
_NOT_ACCEPTABLE, _BAD = 406, 400
# What of an Accept a server may stumble over: several media types, a range of them, a weight.
_CHOICE = re.compile(r",|\*|;\s*q=")
_DECIDED_BY = {406: "Accept", 415: "Content-Type"}


@dataclass(frozen=True)
class Cause:
    """What was found against the target for one reason.

    Attributes:
        verdict: fail, known or deviation: the worst that it came to.
        observation: what was observed: a refused request, or the words of its own row.
        claim: what its own check claims; "" where it is a requirement of all messages.
        requirements: the ids of the requirements concerned, its own first.
        at_fault: the results that show it, its own first.
        waiting: the inconclusive results that hang on it.
        shown: each finding with the result that it is of, its own first.
        clients: the clients in use that cannot go on at the same observation, or at the same refusal.
    """

    verdict: str
    observation: str
    claim: str
    requirements: tuple[str, ...]
    at_fault: tuple[Result, ...]
    waiting: tuple[Result, ...]
    shown: tuple[tuple[Result, Finding], ...] = ()
    clients: tuple[str, ...] = ()

    @property
    def checks(self) -> int:
        """How many checks it fails or keeps from a verdict."""
        return len(self.at_fault) + len(self.waiting)


def causes(run: Run) -> tuple[Cause, ...]:
    """Return what was found against the target, by cause.

    Fails come before deviations, what breaks most clients before the rest, then what is core, then what costs most
    checks.
    """
    shown = [
        (result, finding)
        for result in run.results
        if result.verdict in _AGAINST
        for finding in findings(result)
        if finding.verdict in _AGAINST
    ]
    groups = _joined([tuple(_kinds(result, finding, run)) for result, finding in shown])
    hanging, broken = _hanging(run), _broken_clients(run)
    found = [_cause([shown[index] for index in group], hanging, broken, run) for group in groups]
    return tuple(
        sorted(found, key=lambda each: (_AGAINST.index(each.verdict), -len(each.clients), -_core(each), -each.checks))
    )


def _broken_clients(run: Run) -> dict[Hashable, list[str]]:
    """Return the clients in use that cannot go on, by what keeps them from it."""
    found: defaultdict[Hashable, list[str]] = defaultdict(list)
    for result in run.results:
        client = personas.client(result)
        for finding in result.findings if client else ():
            if finding.breaks or finding.verdict == "fail":
                for habit in _habits(finding, run):
                    found[habit].append(client)
    return found


def _habits(finding: Finding, run: Run) -> Iterator[Hashable]:
    """Return what a client meets: an observation, or a resource that is refused, whatever else was asked."""
    yield finding.requirement, finding.code
    exchange = run.exchanges.get(finding.exchange or "")
    if exchange is not None and _is_refused(finding, exchange):
        yield exchange.method, resource(exchange.url, run), exchange.status


def _kinds(result: Result, finding: Finding, run: Run) -> Iterator[Hashable]:
    """Return what makes a finding one with others that share any of it."""
    yield "requirement", finding.requirement, finding.code
    yield "check", result.check.partition("[")[0], finding.code
    exchange = run.exchanges.get(finding.exchange or "")
    if exchange is not None and _is_refused(finding, exchange):
        yield "refusal", _refused(exchange, run)


def _is_refused(finding: Finding, exchange: Exchange) -> bool:
    """Tell whether what was found is the status of the response, which is one of the client's or server's errors."""
    status = exchange.status or 0
    return status >= 400 and bool({str(status), f"{status // 100}xx"} & set(_STATUS.findall(finding.code)))


def _refused(exchange: Exchange, run: Run) -> Hashable:
    """Return what a refusal hangs on: the resource alone, or what was said of media types, or the query too."""
    refused = exchange.method, resource(exchange.url, run), exchange.status
    if exchange.status in _NO_SUCH_RESOURCE:
        return refused
    if exchange.status in _DECIDED_BY:
        return *refused, _media_type(exchange.request.header(_DECIDED_BY[exchange.status]))
    names = frozenset(name for name, _ in parse_qsl(urlsplit(exchange.url).query, keep_blank_values=True))
    return *refused, names, *(_media_type(exchange.request.header(each)) for each in _DECIDED_BY.values())


def resource(url: str, run: Run) -> str:
    """Return the path below the base URL, with a star for whatever names one study, series, instance or frame."""
    path = urlsplit(url).path
    base = urlsplit(run.target.url).path.rstrip("/")
    below = path.removeprefix(base).strip("/").split("/")
    return "/" + "/".join(
        "*" if index and below[index - 1] in _LEVELS and each not in _LEVELS else each
        for index, each in enumerate(below)
    )


def _media_type(field: str | None) -> str:
    """Return a field's media types without what is drawn anew for each request."""
    return re.sub(r"""\s*;\s*boundary=("[^"]*"|[^;,]*)""", "", (field or "").lower())


def _joined(kinds: list[tuple[Hashable, ...]]) -> list[list[int]]:
    """Return the indices of `kinds` in groups: those that share one, and those that share one with these."""
    group_of: dict[Hashable, int] = {}
    groups: dict[int, list[int]] = {}
    members: defaultdict[int, list[Hashable]] = defaultdict(list)
    for index, own in enumerate(kinds):
        groups[index], members[index] = [index], [*own]
        for other in {group_of[kind] for kind in own if kind in group_of}:
            groups[index] = groups.pop(other) + groups[index]
            members[index] += members.pop(other)
        group_of.update(dict.fromkeys(members[index], index))
    return list(groups.values())


def _hanging(run: Run) -> dict[str, list[Result]]:
    """Return the inconclusive results by what they blame in the end: a check's id, or an exchange's."""
    results = {each.check: each for each in run.results}
    found: defaultdict[str, list[Result]] = defaultdict(list)
    for result in run.results:
        if result.verdict != "inconclusive" or not result.blame:
            continue
        blame, seen = result.blame, {result.check}
        while (
            blame not in seen and (blamed := results.get(blame)) and blamed.verdict == "inconclusive" and blamed.blame
        ):
            seen.add(blame)
            blame = blamed.blame
        found[blame].append(result)
    return found


def _cause(
    shown: list[tuple[Result, Finding]],
    hanging: dict[str, list[Result]],
    broken: dict[Hashable, list[str]],
    run: Run,
) -> Cause:
    shown = sorted(
        shown,
        key=lambda each: (_AGAINST.index(each[1].verdict), each[0].scenario != MESSAGES, not each[0].core),
    )
    at_fault = {result.check: result for result, _ in shown}
    first, own = shown[0]
    blamed = [*at_fault, *(finding.exchange for _, finding in shown if finding.exchange)]
    waiting = {each.check: each for name in dict.fromkeys(blamed) for each in hanging.get(name, ())}
    verdict = min((_verdict(result, finding) for result, finding in shown), key=_AGAINST.index)
    return Cause(
        verdict=verdict,
        observation=observed(own, run),
        claim="" if first.messages else first.title,
        requirements=tuple(dict.fromkeys(finding.requirement for _, finding in shown)),
        at_fault=tuple(at_fault.values()),
        waiting=tuple(each for check, each in waiting.items() if check not in at_fault),
        shown=tuple(shown),
        clients=_clients(shown, broken, run) if verdict == "fail" else (),
    )


def _clients(shown: list[tuple[Result, Finding]], broken: dict[Hashable, list[str]], run: Run) -> tuple[str, ...]:
    own = {client for result, _ in shown if (client := personas.client(result))}
    met = {client for _, finding in shown for habit in _habits(finding, run) for client in broken.get(habit, ())}
    return tuple(sorted(own | met))


def observed(finding: Finding, run: Run) -> str:
    """Return what was observed in words that stand alone."""
    exchange = run.exchanges.get(finding.exchange or "")
    if exchange is None or not _is_refused(finding, exchange):
        return finding.observation
    said, asked = exchange.request.header("Content-Type"), exchange.request.header("Accept")
    of = f" of {_media_type(said)}" if said and exchange.method not in {"GET", "HEAD"} else ""
    hangs = exchange.status == _NOT_ACCEPTABLE or (exchange.status == _BAD and _CHOICE.search(asked or ""))
    with_ = f" with Accept: {asked}" if asked not in {None, "*/*"} and hangs and exchange.method == "GET" else ""
    return f"{exchange.method} {resource(exchange.url, run)}{of}{with_} is answered {status_line(exchange)}"


def _verdict(result: Result, finding: Finding) -> str:
    """Return what a finding counts as: a fail that is known counts as known."""
    known = {(row.requirement, row.code) for row in result.known}
    return "known" if finding.verdict == "fail" and (finding.requirement, finding.code) in known else finding.verdict


def _core(cause: Cause) -> bool:
    return any(each.core for each in (*cause.at_fault, *cause.waiting))
