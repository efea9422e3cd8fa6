"""What a run says as a whole: counts, the verdict of each requirement, the verdict over all, the exit status."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dicomweb_reports.messages import SCENARIO as MESSAGES
from dicomweb_reports.model import VERDICTS
from dicomweb_reports.rules import is_home_made

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from dicomweb_reports.model import PlannedCheck, Result, Run

NOT_CONCLUDED = "not concluded"
NOT_INCLUDED = "not included"
OUTCOMES = (*VERDICTS, NOT_INCLUDED, NOT_CONCLUDED)

CONFORMS = "conforms"
DEVIATES = "conforms with deviations"
CONFORMS_TO_ITS_OWN = "conforms to a home-made profile"
DEVIATES_FROM_ITS_OWN = "conforms to a home-made profile with deviations"
PARTIAL = "partial"
DOES_NOT_CONFORM = "does not conform"
NOTHING_CONCLUDED = "nothing concluded"

# Services that the reason of a verdict names; tables have all.
NAMED = 3

# Verdicts that say something about the target, and those against it.
_JUDGED = frozenset({"fail", "fixed", "known", "deviation", "note", "pass"})
_AGAINST = frozenset({"fail", "known"})
_UNDECIDED = ("inconclusive", "error", NOT_CONCLUDED)

# Of a requirement: what was seen for certain stands before what is open, and that before what is harmless.
_WORST_FIRST = (
    *("fail", "known", "fixed", "error", "inconclusive", NOT_CONCLUDED),
    *("deviation", "note", "pass", "not-applicable", NOT_INCLUDED),
)


@dataclass(frozen=True)
class Overall:
    """The verdict over all, and why in one sentence."""

    verdict: str
    reason: str


@dataclass(frozen=True)
class Share:
    """What became of the core or of the extended checks: how many, in words, and the verdict that stands for these.

    `checks` counts all of them, `of_messages` those among them that judge all messages.
    """

    name: str
    checks: int
    of_messages: int
    became: tuple[tuple[int, str, str], ...]


def product(run: Run) -> str:
    """Return vendor, name and version of the product; "" where it is not declared."""
    declared = run.target.product
    return product_name(declared.vendor, declared.name, declared.version) if declared else ""


def product_name(vendor: str, name: str, version: str) -> str:
    """Return what a product is called; a name that begins with the vendor's says it once."""
    is_said = name.lower().startswith(vendor.lower())
    return " ".join(filter(None, ("" if is_said else vendor, name, version)))


def broken(run: Run) -> str:
    """Return in a sentence why the run is not whole; "" where it is."""
    planned, missing = len(run.planned), len(not_concluded(run))
    concluded = f"{planned - missing:,} of {planned:,} planned checks concluded."
    if run.troubles:
        return f"The run did not end: {' '.join(map(_sentence, run.troubles))} {concluded}"
    if run.footer is None:
        return f"This run broke off: its record has no end. {concluded}"
    if run.footer.interrupted:
        return f"This run was interrupted. {concluded}"
    return f"This run stopped before its end. {concluded}" if missing else ""


def so_far(run: Run) -> str:
    """Return in a sentence what a run came to that did not end."""
    planned, failed = len(run.planned), counts(run)["fail"]
    concluded = planned - len(not_concluded(run))
    return f"{concluded:,} of {planned:,} planned checks concluded, and {failed:,} failed."


def not_concluded(run: Run) -> tuple[PlannedCheck, ...]:
    """Return the planned checks without a result."""
    concluded = {result.check for result in run.results}
    return tuple(check for check in run.planned if check.check not in concluded)


def outcome(result: Result) -> str:
    """Return the verdict of a result, or that the run was not asked for one."""
    return result.verdict if result.included else NOT_INCLUDED


def counts(run: Run) -> dict[str, int]:
    """Return the number of checks per outcome: a verdict, not included, not concluded; each is there, worst first."""
    return {**dict.fromkeys(OUTCOMES, 0), **Counter(verdict for _, verdict in _outcomes(run))}


def services(run: Run) -> dict[str, dict[str, int]]:
    """Return `counts` for each service. A check belongs to the service of the first requirement that it names."""
    table: dict[str, Counter[str]] = {}
    for check, verdict in _outcomes(run):
        table.setdefault(service(check, run), Counter())[verdict] += 1
    return {name: {**dict.fromkeys(OUTCOMES, 0), **row} for name, row in sorted(table.items())}


def service(check: PlannedCheck | Result, run: Run) -> str:
    """Return the service that a check belongs to; its scenario where its requirement tells of none."""
    for name in check.requirements:
        requirement = run.requirements.get(name)
        if requirement and requirement.service:
            return requirement.service
        family, dash, _ = name.rpartition("-")
        if dash:
            return family.lower()
    return check.scenario


def requirement_verdicts(run: Run) -> dict[str, str]:
    """Return the verdict of each requirement that was planned: the worst of its checks.

    A pass means that all its planned checks were reached. A check that verifies several requirements counts for each
    with the findings on that one only, so that none is blamed for another.
    """
    verdicts: dict[str, list[str]] = {name: [] for name in sorted(run.requirements)}
    for result in run.results:
        for name in result.requirements:
            verdicts.setdefault(name, []).append(_verdict_on(name, result))
    for check in not_concluded(run):
        for name in check.requirements:
            verdicts.setdefault(name, []).append(NOT_CONCLUDED)
    return {name: min(found, key=_WORST_FIRST.index, default=NOT_CONCLUDED) for name, found in verdicts.items()}


def overall(run: Run) -> Overall:
    """Return the verdict over all.

    A fail, known or not, or a list of known failures that no longer holds: does not conform. An error of the suite, a
    core check left undecided, a run that is not whole, or checks of the profile that it was not asked for: partial;
    that is never held against the target. To conform to a profile that is none of the suite's is told apart.
    """
    outcomes = _outcomes(run)
    number = Counter(verdict for _, verdict in outcomes)
    undecided = _undecided(run)
    if any(number[verdict] for verdict in _AGAINST):
        return Overall(DOES_NOT_CONFORM, _against(run, number, len(outcomes)))
    if run.settings.get("captured"):
        said = f"No message of the {len(run.exchanges):,} captured exchanges is at fault; no check was run."
        return Overall(PARTIAL if number["pass"] or number["note"] or number["deviation"] else NOTHING_CONCLUDED, said)
    if not _is_judged(outcomes):
        checks = sum(check.scenario != MESSAGES for check, _ in outcomes)
        return Overall(NOTHING_CONCLUDED, f"No check of the {checks:,} planned came to a verdict on the server.")
    if run.troubles:
        return Overall(PARTIAL, f"No check failed. {broken(run)}")
    if undecided:
        return Overall(PARTIAL, f"No check failed, but {_and(_undecided_phrases(undecided))}.")
    if broken(run):
        return Overall(PARTIAL, f"No check failed. {broken(run)}")
    core = sum(check.core for check, _ in outcomes if check.scenario != MESSAGES)
    if not core:
        return Overall(PARTIAL, "No check failed, but no core check was planned.")
    reason = f"{_whole(core, 'planned core check')} concluded and none failed"
    if run.left_out:
        return Overall(PARTIAL, f"{reason}, but this run left out {_checks(run.left_out)} of the profile.")
    if number["deviation"]:
        verdict = DEVIATES_FROM_ITS_OWN if is_home_made(run) else DEVIATES
        return Overall(verdict, f"{reason}; {_checks(number['deviation'])} found deviations.")
    return Overall(CONFORMS_TO_ITS_OWN if is_home_made(run) else CONFORMS, f"{reason}.")


# What becomes of requirements, in the order in which it is told: each with the outcomes that it stands for.
_BECOME = (
    (("fails", "fail"), ("fail", "known", "fixed")),
    (("deviates", "deviate"), ("deviation",)),
    (("holds", "hold"), ("pass", "note")),
    (("could not be judged", "could not be judged"), ("inconclusive", "error", NOT_CONCLUDED)),
    (("does not apply", "do not apply"), ("not-applicable", NOT_INCLUDED)),
)


def core_and_extended(run: Run) -> tuple[Share, ...]:
    """Return what became of the core checks, and of the extended ones; only of those that there are."""
    outcomes = _outcomes(run)
    shares = []
    for name, in_core in (("core", True), ("extended", False)):
        number = Counter(verdict for check, verdict in outcomes if check.core is in_core)
        told = tuple(
            (many, becomes[many > 1], each[0])
            for becomes, each in _BECOME
            if (many := sum(number[verdict] for verdict in each))
        )
        of_messages = sum(check.scenario == MESSAGES for check, _ in outcomes if check.core is in_core)
        if told:
            shares.append(Share(name, sum(number.values()), of_messages, told))
    return tuple(shares)


def exit_status(run: Run, strict: bool) -> int:
    """Return 0, 1, 3 or 5, by what was concluded; a run that was interrupted (2) or impossible (4) is others' to tell.

    3: something went wrong with the run itself. 1: a fail, an error, an unexpected pass, a stale known row, a core
    check inconclusive or not concluded, and where `strict` a deviation from a shall, whatever excuses it. 5: nothing
    was judged. 0: none of these.
    """
    if run.troubles:
        return 3
    number = counts(run)
    stale = bool(run.footer and run.footer.stale)
    if stale or number["fail"] or number["error"] or number["fixed"] or (strict and _deviates_from_a_shall(run)):
        return 1
    if not _is_judged(_outcomes(run)):
        return 5
    return 1 if _undecided(run) else 0


def _deviates_from_a_shall(run: Run) -> bool:
    found = (finding for result in run.results for finding in result.findings if finding.verdict == "deviation")
    rows = [run.requirements.get(each.requirement) for each in found]
    return any(row is None or row.level == "shall" for row in rows)


def _outcomes(run: Run) -> list[tuple[PlannedCheck | Result, str]]:
    return [
        *((result, outcome(result)) for result in run.results),
        *((check, NOT_CONCLUDED) for check in not_concluded(run)),
    ]


def _is_judged(outcomes: Iterable[tuple[PlannedCheck | Result, str]]) -> bool:
    """Tell whether a check came to a verdict on the target: well-formed messages alone are none."""
    return any(verdict in _JUDGED for check, verdict in outcomes if check.scenario != MESSAGES)


def _undecided(run: Run) -> Counter[str]:
    """Count what leaves the run partial: undecided core checks, and errors of the suite in any check.

    A check that is inconclusive only because of a known failure is explained by that one, and not counted.
    """
    by_check = {result.check: result for result in run.results}
    excused = {result.check for result in run.results if _is_explained(result, by_check)}
    return Counter(
        verdict
        for check, verdict in _outcomes(run)
        if verdict in _UNDECIDED and (check.core or verdict == "error") and check.check not in excused
    )


def _is_explained(result: Result, by_check: Mapping[str, Result]) -> bool:
    """Tell whether a result is inconclusive only because of a known failure, be it by others that hang on that one."""
    seen = {result.check}
    while result.verdict == "inconclusive" and (name := result.blame or "") in by_check and name not in seen:
        seen.add(name)
        result = by_check[name]
    return len(seen) > 1 and result.verdict == "known"


def _verdict_on(name: str, result: Result) -> str:
    """Return what one check says about one of its requirements."""
    if result.verdict == "fixed":
        return "fixed" if name in {row.requirement for row in result.known} or not result.known else "pass"
    if result.verdict not in {"fail", "known", "deviation", "note"}:
        return outcome(result)
    known = {(row.requirement, row.code) for row in result.known}
    found = [
        "known" if finding.verdict == "fail" and (name, finding.code) in known else finding.verdict
        for finding in result.findings
        if finding.requirement == name
    ]
    if found:
        return min(found, key=_WORST_FIRST.index)
    if not result.findings:
        return result.verdict
    # A check ends at its first fail: what it says nothing on may not have been reached.
    seen = any(each.requirement == name for each in result.observed)
    return "pass" if seen or result.verdict in {"deviation", "note"} else NOT_CONCLUDED


def _against(run: Run, number: Counter[str], total: int) -> str:
    where = Counter(service(result, run) for result in run.results if result.verdict == "fail")
    parts = ["No check failed that was not known to fail"]
    if where:
        named = _and([f"{many} in {name}" for name, many in where.most_common(NAMED)] + _others(where))
        parts = [f"{number['fail']:,} of {_checks(total)} failed: {named}"]
    if number["known"]:
        parts.append(f"{_checks(number['known'])} failed as known")
    if number["fixed"]:
        parts.append(f"{_checks(number['fixed'])} known to fail passed, so the list of known failures is out of date")
    return f"{'; '.join(parts)}."


def _others(where: Counter[str]) -> list[str]:
    left = [many for _, many in where.most_common()][NAMED:]
    services_ = "another service" if len(left) == 1 else f"{len(left)} other services"
    return [f"{sum(left)} in {services_}"] if left else []


def _undecided_phrases(undecided: Counter[str]) -> list[str]:
    core = {"inconclusive": "inconclusive", NOT_CONCLUDED: "not concluded"}
    phrases = [
        f"{_checks(undecided[verdict], 'core check')} {'is' if undecided[verdict] == 1 else 'are'} {word}"
        for verdict, word in core.items()
        if undecided[verdict]
    ]
    if undecided["error"]:
        phrases.append(f"{_checks(undecided['error'])} ended in an error of the suite")
    return phrases


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _whole(number: int, noun: str) -> str:
    return f"The only {noun}" if number == 1 else f"All {_checks(number, noun)}"


def _checks(number: int, noun: str = "check") -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _and(parts: Iterable[str]) -> str:
    *most, last = parts
    return f"{', '.join(most)} and {last}" if most else last
