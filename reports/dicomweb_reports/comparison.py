"""What got worse between two runs, by check, requirement and code of the observation.

From pass over note and deviation to fail is worse; so is what was judged and is not any more: a failure that nobody
looks for is no success. An error of the suite is worse than anything. What known failures explain in the later run
counts as no finding.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from dicomweb_reports.concluded import JUDGED, Check, Concluded, Key, Shown
from dicomweb_reports.model import Comparison, Difference
from dicomweb_reports.summary import NOT_CONCLUDED, NOT_INCLUDED

MISSING = "missing"
_RANK = {"pass": 0, "known": 0, "note": 1, "deviation": 2, "fail": 3}
_GOOD = frozenset({"pass", "note", "deviation"})
_GATES_IF_NEW = frozenset({"fail", "deviation"})
_UNDECIDED = frozenset({"inconclusive", NOT_CONCLUDED})


@dataclass(frozen=True)
class Renamed:
    """What had another name in an earlier release.

    Attributes:
        checks: the id of today by the earlier one; "" where the suite has dropped a check.
        codes: by requirement, the code of today by the earlier one.
    """

    checks: Mapping[str, str]
    codes: Mapping[str, Mapping[str, str]]


def compare(old: Concluded, new: Concluded, renamed: Renamed) -> Comparison:
    """Return what differs between two runs of one profile.

    Args:
        old: the earlier run.
        new: the later one.
        renamed: names that the earlier run may still use.
    """
    before = _named_as_today(old, renamed)
    worse: list[Difference] = []
    better: list[Difference] = []
    unjudged: list[Difference] = []
    fresh: list[Difference] = []
    not_asked = 0
    for name in dict.fromkeys([*new.checks, *before]):
        earlier, later = before.get(name), new.checks.get(name)
        if later is None:
            if earlier is None or earlier.outcome not in JUDGED:
                continue
            if new.left_out:
                not_asked += 1
                continue
            lost = _of_check(earlier, earlier.outcome, MISSING, "the run did not plan it")
            if earlier.of_messages:
                # It is never planned: which messages a run sees hangs on what the target sends.
                unjudged.append(replace(lost, what="no message of the run shows anything of it"))
            else:
                (worse if earlier.outcome in _GOOD else unjudged).append(lost)
        elif earlier is None:
            (fresh if _is_new(later, old) else worse).extend(_first_seen(later, old))
        else:
            _hold(earlier, later, new, worse, better, unjudged)
    return Comparison(
        source=old.source,
        started=old.started,
        suite=old.suite,
        worse=tuple(worse),
        better=tuple(better),
        new=tuple(fresh),
        unjudged=tuple(unjudged),
        not_asked=not_asked,
    )


def gates(comparison: Comparison, *, strict: bool) -> tuple[Difference, ...]:
    """Return what a run must not be let through with: what got worse, and where `strict` what new checks found."""
    new = (each for each in comparison.new if each.after in _GATES_IF_NEW or each.after in _UNDECIDED)
    lost = (each for each in comparison.unjudged if each.before in _GOOD)
    return (*comparison.worse, *new, *lost) if strict else comparison.worse


def _named_as_today(old: Concluded, renamed: Renamed) -> dict[str, Check]:
    checks: dict[str, Check] = {}
    for name, check in old.checks.items():
        today = renamed.checks.get(name, name)
        if not today:
            continue
        checks[today] = replace(
            check,
            check=today,
            findings=_coded(check.findings, renamed),
            known=frozenset((row, renamed.codes.get(row, {}).get(code, code)) for row, code in check.known),
        )
    return checks


def _coded(findings: Mapping[Key, Shown], renamed: Renamed) -> dict[Key, Shown]:
    """Return findings under the codes of today, the worst of those that came to have one."""
    coded: dict[Key, Shown] = {}
    for (row, code), shown in findings.items():
        key = row, renamed.codes.get(row, {}).get(code, code)
        if key not in coded or _RANK[coded[key].verdict] < _RANK[shown.verdict]:
            coded[key] = shown
    return coded


def _is_new(later: Check, old: Concluded) -> bool:
    """Tell whether the suite had no such check, rather than that the earlier run was not asked for it."""
    if later.outcome == "error":
        return False
    if later.of_messages:
        return not old.requirements.intersection(later.requirements)
    return not old.left_out


def _first_seen(later: Check, old: Concluded) -> Iterator[Difference]:
    """Yield what a check found that the earlier run has not; where it is not new, only what is no success."""
    new = _is_new(later, old)
    if later.outcome == "error":
        yield _of_check(later, MISSING, "error", later.reason)
        return
    for key, shown in later.findings.items():
        verdict = "known" if key in later.known else shown.verdict
        if new or verdict == "fail":
            yield _of_finding(later, key, MISSING, verdict, shown)
    if new and not later.findings:
        yield _of_check(later, MISSING, later.outcome, later.reason)


def _hold(
    earlier: Check,
    later: Check,
    new: Concluded,
    worse: list[Difference],
    better: list[Difference],
    unjudged: list[Difference],
) -> None:
    """Sort what became of a check that both runs have."""
    if later.outcome == "error":
        worse.append(_of_check(later, earlier.outcome, "error", later.reason))
    elif later.outcome not in JUDGED:
        if earlier.outcome not in JUDGED or _is_explained(later, new):
            return
        lost = _of_check(later, earlier.outcome, later.outcome, later.reason or _why_open(later.outcome))
        (worse if earlier.outcome in _GOOD else unjudged).append(lost)
    elif earlier.outcome not in JUDGED:
        fails = [(key, shown) for key, shown in later.findings.items() if _now(later, key) == "fail"]
        worse.extend(_of_finding(later, key, earlier.outcome, "fail", shown) for key, shown in fails)
        if not fails and earlier.outcome != NOT_INCLUDED:
            better.append(_of_check(later, earlier.outcome, later.outcome, ""))
    else:
        found = list(_moved(earlier, later))
        got_worse = [each for each in found if _RANK[each.after] > _RANK[each.before]]
        if later.outcome == "fail" and earlier.outcome in _GOOD and not got_worse:
            got_worse = [_of_check(later, earlier.outcome, "fail", later.reason)]
        worse += got_worse
        # A check ends at its first fail: what it does not say any more it may not have reached. Nor has a selection
        # seen the messages of a whole run.
        better += [] if got_worse or (later.of_messages and new.left_out) else found


def _moved(earlier: Check, later: Check) -> Iterator[Difference]:
    """Yield the kinds of findings whose verdict is another now."""
    for key in dict.fromkeys([*later.findings, *earlier.findings]):
        shown = later.findings.get(key) or earlier.findings[key]
        before = earlier.findings[key].verdict if key in earlier.findings else "pass"
        after = _now(later, key)
        if _RANK[before] != _RANK[after] and not (before == "fail" and after == "known"):
            yield _of_finding(later, key, before, after, shown)


def _now(later: Check, key: Key) -> str:
    if key in later.known:
        return "known"
    return later.findings[key].verdict if key in later.findings else "pass"


def _is_explained(check: Check, run: Concluded) -> bool:
    """Tell whether a check is undecided only because of another that is known to fail."""
    seen: set[str] = set()
    while (
        check.outcome == "inconclusive" and (blamed := run.checks.get(check.blame or "")) and blamed.check not in seen
    ):
        seen.add(blamed.check)
        check = blamed
        if check.outcome == "known":
            return True
    return False


def _why_open(outcome: str) -> str:
    said: Mapping[str, str] = {
        NOT_CONCLUDED: "it was planned, and the run came to no result",
        NOT_INCLUDED: "the run was not asked to judge it",
    }
    return said.get(outcome, "")


def _of_check(check: Check, before: str, after: str, what: str) -> Difference:
    return Difference(check.check, check.title, "", "", before, after, what.strip().partition("\n")[0], check.blame)


def _of_finding(check: Check, key: Key, before: str, after: str, shown: Shown) -> Difference:
    return Difference(check.check, check.title, key[0], key[1], before, after, shown.observation, None)
