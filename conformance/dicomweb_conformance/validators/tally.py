"""What a validator sees in one message: bounded, and a pass only where nothing speaks against a row."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import count
from typing import Any

from dicomweb_conformance.catalogue import requirements
from dicomweb_conformance.catalogue.verdicts import Verdict
from dicomweb_conformance.http import quoting
from dicomweb_conformance.http.quoting import Harmless
from dicomweb_conformance.validators.observation import Observation

FOREIGN = "fault-in-a-foreign-dataset"
# An answer in which every element has the same fault is one finding with examples, not a hundred thousand.
EXAMPLES = 20
_LONGEST = 60
_LONGEST_TEXT = 300


class Tally:
    """The observations on one message, in the order in which they were made."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str], list[tuple[int, Observation]]] = {}
        self._numbers = count()
        self._against: set[str] = set()
        self._passed: dict[str, str] = {}
        self._tables: set[int] = set()

    def sees(
        self,
        requirement: str,
        observation: str,
        where: str = "",
        received: str = "",
        *,
        expected: tuple[str, ...] = (),
        own: bool = True,
    ) -> None:
        """Note something that is not a pass.

        Args:
            requirement: id of the row.
            observation: its code in the row, or own words.
            where: the place in the message.
            received: what was there.
            expected: what the row's list of passes does not say well enough.
            own: whether the data set is one that the suite stored. A row may be milder with those of others.
        """
        if not own:
            row = requirements.load()[requirement]
            if row.verdict_of(FOREIGN) is Verdict.NOTE and row.judge(observation) is Verdict.FAIL:
                kept = f": {received}" if quoting.is_harmless(received) else ""
                received, observation = Harmless(row.sentence(observation) + kept), FOREIGN
        self._against.add(requirement)
        seen = Observation(requirement, observation, _writable(where), expected, _writable(received))
        alike = self._found.setdefault((requirement, observation), [])
        alike.append((next(self._numbers), seen))
        if len(alike) >= 2 * EXAMPLES:
            alike[:] = _first_of(alike)

    def meets(self, requirement: str, observation: str) -> None:
        """Note that the message shows a row to be met; the first observation of each row is the one reported."""
        self._passed.setdefault(requirement, observation)

    def meets_all(self, passes: dict[str, str]) -> None:
        """Note that the message shows these rows to be met: observation by row, in a table that is never changed."""
        if id(passes) in self._tables:
            return
        self._tables.add(id(passes))
        for requirement, observation in passes.items():
            self._passed.setdefault(requirement, observation)

    def speaks_against(self, requirement: str) -> bool:
        """Whether anything but a pass was seen for a row."""
        return requirement in self._against

    @property
    def rows_spoken_against(self) -> frozenset[str]:
        """The rows of which anything but a pass was seen."""
        return frozenset(self._against)

    def observations(self) -> Iterator[Observation]:
        """Yield what was seen, then one pass for each row that is met everywhere."""
        found = [each for alike in self._found.values() for each in _first_of(alike)]
        yield from (seen for _, seen in sorted(found, key=lambda each: each[0]))
        for requirement, observation in self._passed.items():
            if requirement not in self._against:
                yield Observation(requirement, observation)


def _first_of(alike: list[tuple[int, Observation]]) -> list[tuple[int, Observation]]:
    """Return the first examples, in the order of what they say: a server may list results in another in each run."""
    by_words = sorted(alike, key=lambda each: (quoting.within(each[1].where), each[1].received))
    if all(quoting.within(seen.where) == seen.where for _, seen in alike):
        by_words = alike
    numbers = sorted(number for number, _ in alike)
    return [(number, seen) for number, (_, seen) in zip(numbers, by_words, strict=True)][:EXAMPLES]


def _writable(text: str) -> str:
    """Return a text cut to what a reader follows, and without the lone surrogates that no file can hold."""
    text = text if len(text) <= _LONGEST_TEXT else f"{text[:_LONGEST_TEXT]}..."
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode("utf-8")


def kind(value: Any) -> Harmless:
    """Name the JSON type of a value."""
    match value:
        case None:
            return Harmless("null")
        case bool():
            return Harmless("a boolean")
        case int() | float():
            return Harmless("a number")
        case str():
            return Harmless("a string")
        case list():
            return Harmless(f"an array of {len(value)}")
    return Harmless("an object")


def shown(value: Any, *, own: bool = True) -> str:
    """Return a value as a reader may see it: its JSON, cut; of other patients' data only its type."""
    if not own or isinstance(value, list | dict):
        return kind(value)
    text = json.dumps(value[: _LONGEST + 1] if isinstance(value, str) else value, default=kind, ensure_ascii=False)
    return text if len(text) <= _LONGEST + 2 else f"{text[:_LONGEST]}..."
