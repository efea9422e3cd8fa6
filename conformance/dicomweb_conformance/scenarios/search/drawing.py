"""Drawing examples within a check: the same ones in every run, wherever it is and whatever else is installed.

A library that draws for tests may draw otherwise in its next version, or beside other modules; what a server is asked
may depend on neither.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from random import Random
from typing import TypeVar

_T = TypeVar("_T")
_ALWAYS = 20
"""What examples follow from where no other number is given."""


class Draws:
    """Draws one thing after the other, which all follow from one number."""

    def __init__(self, number: int) -> None:
        self._random = Random(number)  # noqa: S311 - it guards nothing

    def one_of(self, choices: Sequence[_T]) -> _T:
        """Return one of several: of `random` this alone promises to be the same in each version of Python."""
        return choices[int(self._random.random() * len(choices))]

    def shuffled(self, choices: Iterable[_T]) -> list[_T]:
        """Return all in an order that is drawn."""
        return [each for _, _, each in sorted((self._random.random(), at, each) for at, each in enumerate(choices))]

    def up_to(self, most: int, *, least: int = 1) -> int:
        """Return a number between two, both included."""
        return self.one_of(range(least, most + 1))


def drawn(example: Callable[[Draws], _T], ask: Callable[[_T], bool], *, most: int, number: int | None) -> None:
    """Draw examples until there are enough or `ask` says that it is.

    Args:
        example: draws one.
        ask: looks at one and returns whether to go on; what it raises comes out.
        most: how many are drawn.
        number: what they follow from; None for always the same.
    """
    draws = Draws(_ALWAYS if number is None else number)
    for _ in range(most):
        if not ask(example(draws)):
            return
