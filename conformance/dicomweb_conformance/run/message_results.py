"""Concluding what all messages of a run showed: a test report and a result for each requirement of scope "message"."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from dicomweb_conformance.archive.contents import LOOKING, PLAINEST
from dicomweb_conformance.catalogue.verdicts import Verdict
from dicomweb_conformance.checks import known_failures as known
from dicomweb_conformance.checks.judgement import Finding
from dicomweb_conformance.checks.known_failures import KnownFailure
from dicomweb_conformance.checks.observers import AFTER_CHECKS, TOLD_BY_CHECKS, Observers
from dicomweb_conformance.http import quoting
from dicomweb_conformance.record.recorder import Recorder
from dicomweb_conformance.run.planning import (
    CHECK_PROPERTY,
    CLAUSES_PROPERTY,
    LEVELS_PROPERTY,
    REQUIREMENTS_PROPERTY,
    SCENARIO_PROPERTY,
    VERDICT_PROPERTY,
)
from dicomweb_reports.failure import failure_text
from dicomweb_reports.messages import EXAMPLES, SCENARIO
from dicomweb_reports.model import VERDICTS, Known, Messages, Result, Run
from dicomweb_reports.model import Finding as ReportedFinding
from dicomweb_reports.record import Growing

_OUTCOMES = {Verdict.FAIL: "failed", Verdict.FIXED: "failed", Verdict.ERROR: "failed", Verdict.KNOWN: "skipped"}


def conclude(
    session: pytest.Session,
    recorder: Recorder,
    known_failures: Sequence[KnownFailure],
    observers: Observers,
    recorded: Growing,
) -> None:
    """Report each requirement that messages of the run were judged by.

    That comes before everything else that ends a session, so that terminal, JUnit and exit status count its results;
    and all are in the record before the first is told.

    Args:
        session: pytest's, of the process that controls the run.
        recorder: holds the run record.
        known_failures: differences that somebody has explained.
        observers: what this process saw; they end with it.
        recorded: reads the run record.

    Raises:
        RecordError: the record cannot be read.
    """
    observers.close()
    run = recorded.run()
    results = settled(run, known_failures)
    for result in results:
        record_result(recorder, result)
    session.testscollected += len(results)
    terminal: Any = session.config.pluginmanager.getplugin("terminalreporter")
    if terminal is not None:
        terminal.ensure_newline()
        # All checks are told: more of them would have the progress fall back from 100 %.
        terminal._show_progress_info = False
    for result in results:
        _report(session.config, result, run)


def settled(run: Run, known_failures: Sequence[KnownFailure]) -> list[Result]:
    """Return what messages showed of each requirement, held against what checks found and what is known."""
    of_messages = [result for result in run.results if result.scenario == SCENARIO]
    place = _places(run)
    return [
        _judged(_told_once(_after_checks(_in_order(of_message, place), run)), known_failures)
        for of_message in of_messages
    ]


def record_result(recorder: Recorder, result: Result) -> None:
    """Write a result down."""
    # As `asdict` has it, which copies every value; an event is read, and that at once.
    told = {
        **vars(result),
        "findings": [vars(finding) for finding in result.findings],
        "observed": [vars(observation) for observation in result.observed],
        "known": [vars(row) for row in result.known],
        "messages": vars(result.messages) if result.messages else None,
        "started": result.started.isoformat(timespec="milliseconds"),
    }
    recorder.event("result", **told)


def _judged(result: Result, known_failures: Sequence[KnownFailure]) -> Result:
    """Hold a result against the known failures."""
    if result.verdict == Verdict.ERROR:
        return result
    findings = [Finding(**{**vars(finding), "verdict": Verdict(finding.verdict)}) for finding in result.findings]
    verdict, explaining, stale = known.judge(result.check, Verdict(result.verdict), findings, known_failures)
    return replace(
        result,
        verdict=verdict.value,
        reason=known.reason(verdict, explaining, stale),
        known=tuple(Known(each.requirement, each.code, each.reason, each.link) for each in explaining),
    )


def _places(run: Run) -> Callable[[str | None], int]:
    """Return what tells where in the plan the check of an exchange stands; what is of no check comes first."""
    places = {each.check: place for place, each in enumerate(run.planned)}

    def place(exchange: str | None) -> int:
        sent = run.exchanges.get(exchange or "")
        return places.get(sent.check or "", -1) if sent else -1

    return place


def _in_order(result: Result, place: Callable[[str | None], int]) -> Result:
    """Put what was seen into the order of the plan: which process wrote it down first is chance.

    Each process judges its checks in that order, and records the first examples of its own: the first of all are among
    these, so that a run of several processes tells the same ones as a run of one.
    """
    findings = sorted(result.findings, key=lambda each: (VERDICTS.index(each.verdict), place(each.exchange)))
    observed = sorted(result.observed, key=lambda each: each.observation)
    return replace(result, findings=tuple(findings), observed=tuple(observed))


def _after_checks(result: Result, run: Run) -> Result:
    """Take out of a result what checks found themselves, where its requirement leaves that to them."""
    if not AFTER_CHECKS & set(result.requirements) or result.messages is None:
        return result

    told = _told_by_checks(run)
    findings = tuple(finding for finding in result.findings if not told(finding.exchange))
    of_each: dict[object, ReportedFinding] = {}
    for finding in findings:
        of_each.setdefault(replace(finding, exchange=None), finding)
    examples = tuple(of_each.values())[:EXAMPLES]
    return replace(
        result,
        findings=examples,
        verdict=min((finding.verdict for finding in findings), key=VERDICTS.index, default="pass"),
        exchanges=tuple(dict.fromkeys(example.exchange for example in examples if example.exchange)),
        messages=Messages(result.messages.judged, len(findings)),
    )


def _told_once(result: Result) -> Result:
    """Keep a few examples of each kind, and none that says what another does: each process recorded its own."""
    kinds: dict[str, dict[object, ReportedFinding]] = {}
    for finding in result.findings:
        said = replace(finding, exchange=None, where=quoting.within(finding.where))
        kinds.setdefault(finding.code, {}).setdefault(said, finding)
    examples = tuple(example for of_kind in kinds.values() for example in [*of_kind.values()][:EXAMPLES])
    if examples == result.findings:
        return result
    exchanges = tuple(dict.fromkeys(example.exchange for example in examples if example.exchange))
    return replace(result, findings=examples, exchanges=exchanges)


def _told_by_checks(run: Run) -> Callable[[str | None], bool]:
    """Return what tells whether a check says of an exchange what is wrong with it.

    It does where it, or another, has a finding on that very request, be it sent again; where it has one on another to
    the same URL, since alike findings are not all kept; and where it leaves its judgement to a check that has findings.
    Another payload that goes wrong at the same URL is another matter, but where the plainest store goes wrong so. So is
    another resource, but where the run only looked whether it is there, and what a check found wrong is part of it.
    """
    of_checks = [each for each in run.results if each.scenario != SCENARIO]
    of_messages = [each for each in run.results if TOLD_BY_CHECKS.keys() & set(each.requirements)]
    found = {_request(run, finding.exchange) for each in (*of_checks, *of_messages) for finding in each.findings}
    by_check = {each.check: each for each in (*of_checks, *of_messages)}
    own = {(of_check.check, _target(run, finding.exchange)) for of_check in of_checks for finding in of_check.findings}
    broken = {
        (of_check.check, _target(run, finding.exchange))
        for of_check in of_checks
        for finding in of_check.findings
        if _is_broken(run, finding.exchange)
    }

    def is_left(check: str) -> bool:
        seen: set[str] = set()
        while (result := by_check.get(check)) and result.verdict == Verdict.INCONCLUSIVE and check not in seen:
            seen.add(check)
            check = result.blame or ""
        return bool(seen) and check in by_check and bool(by_check[check].findings)

    def is_part_of_a_cause(exchange: str | None) -> bool:
        """Tell whether no store works at all, or what was looked for holds what a check found broken."""
        sent = run.exchanges.get(exchange or "")
        if sent is None or not _is_broken(run, exchange):
            return False
        below = f"{sent.url}/"
        parts = (target[1] for _, target in broken if target)
        return (PLAINEST, (sent.method, sent.url)) in broken or (
            sent.purpose == LOOKING and any(part.startswith(below) for part in parts)
        )

    def is_told(exchange: str | None) -> bool:
        sent = run.exchanges.get(exchange or "")
        check = (sent.check if sent else None) or ""
        if _request(run, exchange) in found or (check, _target(run, exchange)) in own:
            return True
        return is_left(check) or is_part_of_a_cause(exchange)

    return is_told


def _is_broken(run: Run, exchange: str | None) -> bool:
    sent = run.exchanges.get(exchange or "")
    return sent is not None and sent.status is not None and sent.status >= 500


def _target(run: Run, exchange: str | None) -> tuple[str, str] | None:
    sent = run.exchanges.get(exchange or "")
    return (sent.method, sent.url) if sent else None


def _request(run: Run, exchange: str | None) -> tuple[str, str, str, str] | None:
    """Return what makes one request like another: method, URL, what is acceptable, and the payload."""
    sent = run.exchanges.get(exchange or "")
    if sent is None:
        return None
    payload = sent.request.body.sha256 if sent.request.body else ""
    return sent.method, sent.url, sent.request.header("Accept") or "", payload


def _report(config: pytest.Config, result: Result, run: Run) -> None:
    verdict = Verdict(result.verdict)
    outcome = _OUTCOMES.get(verdict, "passed")
    rows = [run.requirements[requirement] for requirement in result.requirements if requirement in run.requirements]
    node_id = f"dicomweb_conformance/{SCENARIO}::{result.check}"
    location = (f"dicomweb_conformance/{SCENARIO}", 0, result.check)
    config.hook.pytest_runtest_logstart(nodeid=node_id, location=location)
    for when in ("call", "teardown"):
        report = pytest.TestReport(
            nodeid=node_id,
            location=location,
            keywords={},
            outcome=outcome if when == "call" else "passed",  # type: ignore[arg-type]  # one of pytest's three words
            longrepr=None,
            when=when,
            user_properties=[
                (CHECK_PROPERTY, result.check),
                (SCENARIO_PROPERTY, SCENARIO),
                (REQUIREMENTS_PROPERTY, " ".join(result.requirements)),
                (CLAUSES_PROPERTY, "; ".join(row.clause for row in rows)),
                (LEVELS_PROPERTY, " ".join(row.level for row in rows)),
                (VERDICT_PROPERTY, result.verdict),
            ],
        )
        if when == "call" and outcome == "failed":
            report.longrepr = failure_text(result, run)
        elif when == "call" and outcome == "skipped":
            report.longrepr = (location[0], 0, result.reason)
            report.wasxfail = result.reason
        config.hook.pytest_runtest_logreport(report=report)
    config.hook.pytest_runtest_logfinish(nodeid=node_id, location=location)
