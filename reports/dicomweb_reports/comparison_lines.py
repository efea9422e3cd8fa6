"""A comparison of two runs in lines: for a terminal, and for a summary in Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dicomweb_reports.comparison import gates

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from dicomweb_reports.model import Comparison, Difference

NAMED = 10
"""Checks that are named at most where many changed for one reason."""


def verdict(comparison: Comparison, *, strict: bool = False) -> str:
    """Return in a sentence whether a run got worse, and by how much."""
    many = len(gates(comparison, strict=strict))
    of = f"{comparison.source}, of {comparison.started}"
    if not many:
        return f"Nothing got worse than the baseline ({of})."
    return f"{many:,} {'thing' if many == 1 else 'things'} got worse than the baseline ({of})."


def lines(comparison: Comparison, plain: Callable[[str], str], code: Callable[[str], str]) -> Iterator[str]:
    """Yield what changed: a heading, then a line for each finding, and one for many checks of one reason.

    Args:
        comparison: what to tell.
        plain: makes text that others wrote harmless where it is shown.
        code: likewise, of names.
    """
    for heading, differences in (
        ("worse", comparison.worse),
        ("better", comparison.better),
        ("new, so no gate unless strict", comparison.new),
        ("not judged this time", comparison.unjudged),
    ):
        if differences:
            yield f"{heading} ({len(differences):,}):"
            yield from (f"  {line}" for line in _told(differences, plain, code))
    if comparison.not_asked:
        yield f"not held against it, as this run was not asked for them: {comparison.not_asked:,} checks"


def _told(differences: Iterable[Difference], plain: Callable[[str], str], code: Callable[[str], str]) -> Iterator[str]:
    alike: dict[tuple[str, ...], list[Difference]] = {}
    for difference in differences:
        own = difference.check if difference.requirement else difference.blame or ""
        alike.setdefault(
            (difference.before, difference.after, difference.requirement, difference.code, difference.what, own), []
        ).append(difference)
    for group in alike.values():
        first = group[0]
        names = ", ".join(code(each.check) for each in group[:NAMED])
        more = f" and {len(group) - NAMED} more" if len(group) > NAMED else ""
        times = f", {len(group)} x" if len(group) > 1 else ""
        row = f" ({plain(first.requirement)} {code(first.code)})" if first.requirement else ""
        hangs = f" (see {code(first.blame)})" if first.blame else ""
        what = f": {plain(first.what)}" if first.what else ""
        yield f"{first.before} -> {first.after}{times}: {names}{more}{row}{what}{hangs}"
