"""Cases of one list that a target treats alike: the first of them tells of it, and one cause is one failure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from dicomweb_conformance.checks.expect import assume
from dicomweb_conformance.checks.judgement import Inconclusive, NotApplicable
from dicomweb_conformance.checks.verifies import Case
from dicomweb_fixtures.building.codecs import NotAvailableError

_Case = TypeVar("_Case", bound=Case)


def leave_to_the_first(
    check: str, case: _Case, cases: Sequence[_Case], treated: str, treatment: Callable[[_Case], str]
) -> None:
    """Leave what becomes of a case to the first of its list that is treated in the same way.

    Args:
        check: the check that each of the list is a case of.
        case: the one that is judged.
        cases: all of them, the plainest first.
        treated: what becomes of it, in words; empty where that is no matter of the whole list.
        treatment: asks for a case that comes before, and says the same of it.

    Raises:
        Inconclusive: one that comes before is treated so, too, and is to blame.
    """
    for each in cases[: cases.index(case)] if treated else ():
        try:
            came = treatment(each)
        except (Inconclusive, NotApplicable, NotAvailableError):
            continue  # it cannot be asked for, and so is no owner
        assume(came != treated, f"{treated}, as it is with {each.id}", f"{check}[{each.id}]")
