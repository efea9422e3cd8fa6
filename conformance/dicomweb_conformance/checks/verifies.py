"""How a check names what it verifies.

`@verifies` only attaches marks: the catalogue decides what an observation means.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import pytest

from dicomweb_conformance.checks.judgement import SuiteError

_Check = TypeVar("_Check", bound=Callable[..., None])
_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*\Z")


class Case(Protocol):
    """One of the cases of a check that is made from data."""

    @property
    def id(self) -> str:
        """What stands in brackets in the check's id."""
        ...

    @property
    def requirement(self) -> str:
        """The requirement that this case verifies."""
        ...


@dataclass(frozen=True)
class Variant:
    """One way to put the question of a check; `needs` as that of `verifies`, for this way alone."""

    id: str
    requirement: str
    value: str = ""
    needs: str = ""


def verifies(
    *requirements: str,
    id: str,  # noqa: A002 - the public name
    each: Sequence[Case] = (),
    needs: str = "",
    smoke: bool = False,
    afresh: bool = False,
) -> Callable[[_Check], _Check]:
    """Declare that a function is the check `id`, and which requirements it verifies.

    Args:
        requirements: ids of the catalogue; the first is what findings belong to unless they say otherwise.
        id: a stable slug; it never changes, and holds no path, clause or position.
        each: cases of data; the check gets each as its argument `case`, and its id as `slug[case]`. Their requirements
            come first. One with a `persona` is about that client in use, and counts where the user names the client.
        needs: a capability that the check asks its question of, beside those of its requirements; without it the check
            is not applicable.
        smoke: the check belongs to the ten-second selection `-m smoke`.
        afresh: each of its requests is sent, though another check asked the same and nothing can have changed since:
            what it is about depends on when or how often it asks.

    Raises:
        SuiteError: the id is no slug, or nothing is verified, or the function makes no claim in the first line of its
            docstring.
    """
    if not _SLUG.match(id):
        raise SuiteError(f"check id {id!r} is no slug of lower-case words joined by hyphens")
    if not requirements and not each:
        raise SuiteError(f"check {id!r} verifies no requirement")

    def mark(check: _Check) -> _Check:
        claim_of(check)
        marked: Any = check
        marked.__test__ = True  # collected whatever python_functions says in the project that runs us
        marked = pytest.mark.verifies(*requirements, id=id, needs=needs, afresh=afresh)(marked)
        if smoke:
            marked = pytest.mark.smoke(marked)
        if each:
            cases = [
                pytest.param(
                    case,
                    id=case.id,
                    marks=pytest.mark.verifies(
                        case.requirement,
                        id=f"{id}[{case.id}]",
                        needs=getattr(case, "needs", ""),
                        persona=getattr(case, "persona", ""),
                    ),
                )
                for case in each
            ]
            marked = pytest.mark.parametrize("case", cases)(marked)
        result: _Check = marked
        return result

    return mark


def claim_of(check: Callable[..., Any]) -> str:
    """Return the claim of a check: the first line of its docstring.

    Raises:
        SuiteError: it has none.
    """
    first = (inspect.getdoc(check) or "").partition("\n")[0].strip()
    if not first:
        raise SuiteError(f"check {check.__name__} makes no claim: its docstring is empty")
    return first
