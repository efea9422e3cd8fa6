"""The gate: a run fails only by what got worse since an earlier one."""

from __future__ import annotations

from pathlib import Path

from dicomweb_conformance.catalogue import requirements
from dicomweb_reports import concluded, summary
from dicomweb_reports.comparison import Renamed, compare, gates
from dicomweb_reports.concluded import Concluded
from dicomweb_reports.json_fields import RecordError
from dicomweb_reports.model import Comparison, Run

_FAILED = frozenset({"fail", "fixed", "error"})


class BaselineError(ValueError):
    """A baseline that cannot be used; says which file and why."""


def baseline(path: Path | None, profile: str) -> Concluded | None:
    """Read the report that a run by a profile is to be held against; None where there is none.

    Raises:
        BaselineError: it cannot be read, is of another profile, or of a run that judged nothing.
    """
    if path is None:
        return None
    try:
        earlier = concluded.read(path)
    except RecordError as error:
        raise BaselineError(f"--dicomweb-baseline: {error}") from None
    if earlier.profile != profile:
        raise BaselineError(
            f"--dicomweb-baseline: {path} was judged by profile {earlier.profile}, this run judges by {profile}; "
            "make a baseline with this profile"
        )
    if not any(check.outcome in concluded.JUDGED for check in earlier.checks.values()):
        raise BaselineError(f"--dicomweb-baseline: {path} is of a run that judged nothing; expected one that did")
    return earlier


def renamed() -> Renamed:
    """Return the names that reports of the last release still use."""
    return Renamed(requirements.renamed_checks(), requirements.renamed())


def hold(run: Run, earlier: Concluded) -> Comparison:
    """Hold a run against an earlier one."""
    return compare(earlier, concluded.of_run(run, str(run.directory)), renamed())


def exit_status(run: Run, compared: Comparison, failed: int, *, strict: bool) -> int:
    """Return 0, 1, 3 or 5, as `summary.exit_status`, but for what the baseline has already.

    Args:
        run: the run.
        compared: with its baseline.
        failed: how many tests pytest counts as failed: one that is no result of the run is never excused.
        strict: whether what new checks find counts, too.
    """
    outcomes = [summary.outcome(result) for result in run.results]
    elsewhere = failed > sum(outcome in _FAILED for outcome in outcomes)
    if {"fixed", "error"} & set(outcomes) or elsewhere or gates(compared, strict=strict):
        return 1
    status = summary.exit_status(run, strict=False)
    return 0 if status == 1 else status
