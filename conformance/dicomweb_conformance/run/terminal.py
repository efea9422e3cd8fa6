"""What a run shows on the terminal: a letter for each verdict, and a screen at the end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from shlex import quote
from typing import Any

from dicomweb_conformance.catalogue.verdicts import Verdict
from dicomweb_reports import comparison_lines, personas, record, rules, summary
from dicomweb_reports.causes import causes
from dicomweb_reports.evidence import because, findings
from dicomweb_reports.headings import heading
from dicomweb_reports.visible import visible

_SENTENCES = 1000
VALUE = 400
"""Characters of a reason that are shown."""

STATUS: dict[str, tuple[str, str, Any]] = {
    Verdict.PASS: ("passed", ".", "PASSED"),
    Verdict.FAIL: ("failed", "F", "FAILED"),
    Verdict.DEVIATION: ("deviation", "d", ("DEVIATION", {"yellow": True})),
    Verdict.NOTE: ("note", "n", ("NOTE", {"cyan": True})),
    Verdict.INCONCLUSIVE: ("inconclusive", "i", ("INCONCLUSIVE", {"yellow": True})),
    Verdict.NOT_APPLICABLE: ("not applicable", "s", ("NOT APPLICABLE", {"yellow": True})),
    summary.NOT_INCLUDED: ("not included", "s", ("NOT INCLUDED", {"yellow": True})),
    Verdict.KNOWN: ("known", "k", ("KNOWN", {"yellow": True})),
    Verdict.FIXED: ("failed", "F", ("FIXED", {"red": True})),
    Verdict.ERROR: ("error", "E", ("ERROR", {"red": True})),
}
"""Outcome: category in the last line, letter, word."""

_COLUMNS = (
    "pass",
    "note",
    "deviation",
    "fail",
    "known",
    "fixed",
    "error",
    "inconclusive",
    "not-applicable",
    summary.NOT_INCLUDED,
    summary.NOT_CONCLUDED,
)


_CAUSES = 5
"""Causes of fails that are told at most."""

USED_UP = "used up"
"""How the reason of a check ends that did not begin in time."""
_NAMED = 10
"""Checks that are named at most: the rest is in the reports."""
_DEVIATIONS = 5
"""Kinds of deviations, likewise."""


def terminal_lines(run: record.Run) -> Iterator[str]:
    """Tell a run in a screen: services by verdict, what is open, and what stayed on the target."""
    rows = summary.services(run)
    columns = [column for column in _COLUMNS if any(row.get(column) for row in rows.values())]
    width = max([len("service"), *map(len, rows)])
    yield f"{'service':{width}}  " + "  ".join(columns)
    for name, row in rows.items():
        yield f"{name:{width}}  " + "  ".join(f"{row.get(column) or '-':>{len(column)}}" for column in columns)
    yield ""
    yield from _to_repair(run)
    yield from _excused(run)
    yield from _clients(run)
    reasons = Counter(
        (summary.outcome(result), result.reason.partition("\n")[0])
        for result in run.results
        if result.verdict in {Verdict.INCONCLUSIVE, Verdict.NOT_APPLICABLE}
    )
    for (verdict, reason), times in reasons.most_common():
        yield f"{verdict}, {times} x: {visible(reason, VALUE)}"
    slow = [each for each in run.stored if each.delay > 1]
    if slow:
        yield f"stored studies became visible after up to {max(each.delay for each in slow):.1f} s"
    if open_ := summary.not_concluded(run):
        yield f"not concluded, {len(open_)} x: {_named([each.check for each in open_])}"
    late = [
        result for result in run.results if result.verdict == Verdict.INCONCLUSIVE and result.reason.endswith(USED_UP)
    ]
    if late:
        named = _named([each.check for each in late])
        yield f"not begun in time, {len(late)} x: {named}; --dicomweb-budget=S gives more"
    if run.left:
        yield f"left on the target: {len(run.left)} studies, named in {run.directory / 'ledger.jsonl'}"
        for reason, times in Counter(each.reason for each in run.left).most_common(5):
            yield f"  {times} x: {visible(reason, VALUE)}"
        yield f"  to try again: {clean_line(run.directory, str(run.settings.get('url', run.target.url)))}"
    if run.kept:
        yield f"kept on the target, as asked: {run.kept} studies, named in {run.directory / 'ledger.jsonl'}"
        yield f"  to remove them: {clean_line(run.directory, str(run.settings.get('url', run.target.url)))}"
    if run.baseline:
        yield ""
        yield from comparison_lines.lines(run.baseline, _shown, _shown)


def _shown(text: str) -> str:
    return visible(text, VALUE)


def failed_lines(run: record.Run) -> Iterator[str]:
    """Tell in a line each what failed, and what ended in an error of the suite: the check, and what was observed."""
    for result in run.results:
        if result.verdict == Verdict.FAIL:
            yield f"FAILED {result.check} - {visible(heading(result, findings(result), run), VALUE)}"
        elif result.verdict == Verdict.FIXED:
            yield f"FAILED {result.check} - listed as a known failure, and passed"
        elif result.verdict == Verdict.ERROR:
            last = (result.reason.strip() or "no reason").splitlines()[-1]
            yield f"ERROR {result.check} - an error of the suite: {visible(last, VALUE)}"


def _named(checks: Sequence[str]) -> str:
    more = f" and {len(checks) - _NAMED} more" if len(checks) > _NAMED else ""
    return ", ".join(checks[:_NAMED]) + more


def _to_repair(run: record.Run) -> Iterator[str]:
    """Tell the causes of what failed, those that cost most checks first."""
    found = [cause for cause in causes(run) if cause.verdict == Verdict.FAIL]
    if not found:
        return
    yield f"to repair first, of {len(found)} causes:" if len(found) > _CAUSES else "to repair:"
    for cause in found[:_CAUSES]:
        hang = f", {len(cause.waiting)} hang on it" if cause.waiting else ""
        claim = f"{visible(cause.claim.removesuffix('.'), VALUE)}: " if cause.claim else ""
        more = ", ..." if len(cause.requirements) > 1 else ""
        place = f"{cause.requirements[0]}{more} in {cause.at_fault[0].check}"
        yield f"  {len(cause.at_fault)} x{hang}: {claim}{visible(cause.observation, VALUE)} ({place})"
    yield ""


def _excused(run: record.Run) -> Iterator[str]:
    """Tell of deviations why they are no fail, the most frequent first."""
    found = Counter(
        (finding.requirement, finding.observation, because(finding, run))
        for result in run.results
        for finding in result.findings
        if finding.verdict == Verdict.DEVIATION
    )
    for (requirement, observation, reason), times in found.most_common(_DEVIATIONS):
        why = f"; no fail, as {visible(reason, VALUE)}" if reason else ""
        yield f"deviation, {times} x: {visible(observation, VALUE)} ({requirement}){why}"
    if len(found) > _DEVIATIONS:
        yield f"deviations of {len(found) - _DEVIATIONS} more kinds are in the report"


def _clients(run: record.Run) -> Iterator[str]:
    """Tell in a line which clients in use work."""
    by_outcome: dict[str, list[str]] = {}
    for row in personas.rows(run):
        by_outcome.setdefault(row.outcome, []).append(f"{row.client} (must work)" if row.must_work else row.client)
    if by_outcome:
        yield "clients in use: " + "; ".join(f"{each}: {', '.join(named)}" for each, named in by_outcome.items())


def verdict_line(run: record.Run) -> str:
    """Return the verdict over all, by which profile that is, and how it compares with the baseline."""
    strict = run.settings.get("strict") is True
    gate = comparison_lines.verdict(run.baseline, strict=strict) if run.baseline else ""
    return "\n".join(
        filter(None, (_verdict(run), visible(rules.judged_by(run), _SENTENCES), visible(gate, _SENTENCES)))
    )


def _verdict(run: record.Run) -> str:
    overall = summary.overall(run)
    if "conform" in overall.verdict:
        return f"The target {overall.verdict}: {overall.reason}"
    return f"{overall.verdict.capitalize()}: {overall.reason}"


def clean_line(directory: Path, url: str) -> str:
    """Return the command that removes what a run left on a target."""
    return f"dicomweb-conformance clean --dicomweb-report={quote(str(directory))} --dicomweb-url={quote(url)}"


def render_line(directory: Path) -> str:
    """Return the command that writes the reports of a run to another directory."""
    return f"dicomweb-conformance render {quote(str(directory))} --to DIR"
