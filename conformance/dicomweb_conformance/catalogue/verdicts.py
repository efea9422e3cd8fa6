"""The verdicts that the suite can reach, and their order."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable

Level = Literal["shall", "should", "may"]


class Verdict(StrEnum):
    """What an observation, a check or a requirement comes to; declared worst first, as the exit code sees it."""

    FAIL = "fail"
    ERROR = "error"
    FIXED = "fixed"
    INCONCLUSIVE = "inconclusive"
    KNOWN = "known"
    DEVIATION = "deviation"
    NOTE = "note"
    PASS = "pass"  # noqa: S105 - a verdict, no password
    NOT_APPLICABLE = "not-applicable"


_RANK = {verdict: rank for rank, verdict in enumerate(Verdict)}
_OF_LEVEL: dict[Level, Verdict] = {"shall": Verdict.FAIL, "should": Verdict.DEVIATION, "may": Verdict.NOTE}


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """Return the worst of at least one verdict.

    Raises:
        ValueError: there is none; what nothing was concluded about has no verdict.

    """
    return min(verdicts, key=_RANK.__getitem__)


def of_level(level: Level) -> Verdict:
    """Return what an observation comes to that a requirement of this level does not list."""
    return _OF_LEVEL[level]
