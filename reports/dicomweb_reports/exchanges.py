"""The exchanges of a run that may hold more of them than fit into memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from dicomweb_reports.model import Exchange

# So many are held; the others are read from the record again each time they are asked for.
HELD = 10_000


@dataclass(frozen=True, slots=True)
class Line:
    """Where the event of an exchange stands in a record, in octets, and when the exchange started."""

    offset: int
    length: int
    started: datetime


class Recorded(Mapping[str, "Exchange"]):
    """The exchanges of a record by their ids, in the order in which they were written down.

    Args:
        path: of the record, to which lines may be appended meanwhile, but of which none may change.
        lines: where each exchange stands.
        held: those that need not be read again.
        read: makes an exchange of its line; the second argument names its place.
    """

    def __init__(
        self,
        path: Path,
        lines: Mapping[str, Line],
        held: Mapping[str, Exchange],
        read: Callable[[bytes, str], Exchange],
    ) -> None:
        self._path = path
        self._lines = lines
        self._held = held
        self._read = read

    def __getitem__(self, name: str) -> Exchange:
        if name in self._held:
            return self._held[name]
        line = self._lines[name]
        with self._path.open("rb") as file:
            file.seek(line.offset)
            return self._read(file.read(line.length), f"{self._path}, exchange {name}")

    def __contains__(self, name: object) -> bool:
        return name in self._lines

    def __iter__(self) -> Iterator[str]:
        return iter(self._lines)

    def __len__(self) -> int:
        return len(self._lines)

    def by_start(self) -> Iterator[Exchange]:
        """Yield all, in the order of their start."""
        for name in sorted(self._lines, key=lambda line: self._lines[line].started):
            yield self[name]


def by_start(exchanges: Mapping[str, Exchange]) -> Iterator[Exchange]:
    """Yield exchanges in the order of their start, without holding them all where a record holds them."""
    if isinstance(exchanges, Recorded):
        return exchanges.by_start()
    return iter(sorted(exchanges.values(), key=lambda exchange: exchange.started))
