"""Drawing examples with Hypothesis within a check: so many, always the same, and nothing kept of them."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from typing import TypeVar

from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings
from hypothesis import strategies as st
from hypothesis.configuration import set_hypothesis_home_dir

_T = TypeVar("_T")


def drawn(examples: st.SearchStrategy[_T], ask: Callable[[_T], bool], *, most: int, number: int | None) -> None:
    """Draw examples until there are enough or `ask` says that it is.

    Args:
        examples: what is drawn from.
        ask: looks at one and returns whether to go on; what it raises comes out.
        most: how many are drawn.
        number: what they follow from; None for always the same.
    """
    goes_on, raised = True, None

    def asked(example: _T) -> None:
        nonlocal goes_on, raised
        try:
            goes_on = goes_on and ask(example)
        except Exception as error:  # Hypothesis would take it for a failure to be reproduced
            goes_on, raised = False, error

    drawing = given(examples)(asked)
    if number is not None:
        drawing = seed(number)(drawing)
    # What it keeps goes nowhere: a run writes into its own report and into no other directory.
    with tempfile.TemporaryDirectory() as nowhere:
        set_hypothesis_home_dir(nowhere)
        settings(
            max_examples=most,
            derandomize=number is None,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            verbosity=Verbosity.quiet,
            suppress_health_check=list(HealthCheck),
        )(drawing)()
        set_hypothesis_home_dir(None)
    if raised is not None:
        raise raised
