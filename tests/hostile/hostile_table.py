"""The table of all behaviours: what each took, how the run ended, what it concluded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

HEAD = ("behaviour", "kind", "seconds", "processor", "exit", "peak MB", "report MB", "verdicts", "as it must be")


@dataclass(frozen=True)
class Row:
    """One behaviour in the table."""

    name: str
    kind: str
    seconds: float
    processor: float
    exit: int
    megabytes: float
    disk: float
    verdicts: tuple[str, ...]
    said: str

    def cells(self) -> tuple[str, ...]:
        """Return it as texts."""
        counts = ", ".join(f"{number} {verdict}" for verdict, number in sorted(Counter(self.verdicts).items()))
        return (
            self.name,
            self.kind,
            f"{self.seconds:.1f}",
            f"{self.processor:.1f}",
            str(self.exit),
            f"{self.megabytes:.0f}",
            f"{self.disk:.1f}",
            counts or "none",
            self.said,
        )


def markdown(rows: Iterable[Row]) -> str:
    """Return the table in Markdown."""
    ordered = sorted(rows, key=lambda row: (row.kind, row.name))
    lines = [HEAD, ("---",) * len(HEAD), *(each.cells() for each in ordered)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines) + "\n"
