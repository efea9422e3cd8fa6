"""What a replay is: one exchange of a clean run with one edit, and what a run must tell of it."""

from __future__ import annotations

from dataclasses import dataclass

from dicomweb_conformance.catalogue import requirements
from dicomweb_conformance.catalogue.verdicts import Verdict, of_level
from tests.mutants.replay.edits import Edit


@dataclass(frozen=True)
class Replay:
    """An edited exchange.

    Attributes:
        shows: what must be seen, as `ROW code`.
        of: the name of the exchange.
        edit: what is done to it.
        rides: what else is seen where this is: other rows that the same octets offend.
        at: the place that is told of it; empty where the whole message is.
    """

    shows: str
    of: str
    edit: Edit
    rides: tuple[str, ...] = ()
    at: str = ""

    @property
    def name(self) -> str:
        """How it is called in tests."""
        return f"{self.shows} in {self.of}"

    @property
    def row(self) -> str:
        """The row that it is about."""
        return self.shows.partition(" ")[0]

    @property
    def verdict(self) -> Verdict:
        """What the row says of what is shown: as listed, else (own words) by its level."""
        row, _, code = self.shows.partition(" ")
        found = requirements.load()[row]
        return found.verdict_of(code) or of_level(found.level)


def replay(shows: str, of: str, edit: Edit, *rides: str, at: str = "") -> Replay:
    """Return a replay; `rides` are further observations as `ROW code`."""
    return Replay(shows, of, edit, rides, at)
