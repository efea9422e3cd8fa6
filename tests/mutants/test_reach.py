"""What proofs are spared rests on what a clean run reached: it is found out early, and by one process for all."""

from collections.abc import Callable

import pytest

from dicomweb_reference.google import Google
from dicomweb_reference.server import Reference
from tests.mutants.reach import Reach, steps_of

FEW = 10
"""Checks at most that ask for what is no resource, or what the web framework answers."""


@pytest.mark.parametrize("flavour", [Reference, Google], ids=lambda flavour: flavour.__name__)
def test_each_check_reaches_a_step_of_a_flavour(
    flavour: type[Reference], reach_of: Callable[[type[Reference]], Reach]
) -> None:
    reach = reach_of(flavour)

    asking = {check for check in reach.scenarios if reach.exchanges.get(check)}
    without = sorted(check for check in asking if not reach.by_check.get(check))
    steps = {step for steps in reach.by_check.values() for step in steps if not step.startswith("free:")}
    assert len(without) <= FEW < len(asking), without
    assert not [check for check, told in reach.told.items() if told.verdict == "error"]
    assert steps <= steps_of(flavour)
