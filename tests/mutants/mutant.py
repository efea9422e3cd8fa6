"""What a mutant is: the reference server with one named defect, and the checks that must notice it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from dicomweb_reference.elements import Elements
from dicomweb_reference.google import Google
from dicomweb_reference.server import Reference
from dicomweb_reference.transfer_syntaxes import TransferSyntax


def flavour_of(server: type[Reference]) -> type[Reference]:
    """Return the flavour of the reference server that a mutant is one of."""
    return Google if issubclass(server, Google) else Reference


def profile_of(server: type[Reference]) -> str:
    """Return the profile that a server is judged by."""
    return "google" if issubclass(server, Google) else "dicom"


class Unexamined(Reference):
    """A server that does not look whether a data set is sound: else the defect would be refused before it shows."""

    def fault_of(self, content: Elements, syntax: TransferSyntax) -> str:
        return ""


EVERYWHERE = (
    *("store", "search", "retrieve", "metadata", "frames", "bulkdata", "rendered", "thumbnail"),
    *("xml", "negotiation", "charset", "delete", "capabilities", "http", "google", "seed", "persona", "messages"),
)
"""Every scenario: for defects of what all of them build on."""


@dataclass(frozen=True)
class Mutant:
    """A server with one defect.

    `kills` are the checks that must fail (or, where the row says so, deviate). In the scenarios of `may_trip` other
    checks may trip over it too; a trip anywhere else is a surprise, and fails the test. `freedoms` are those under
    which the defect shows, `tiers` those beside delete in which the checks are. `shows_in` are checks whose messages
    show it, where not every message would.
    """

    name: str
    defect: str
    server: type[Reference]
    kills: tuple[str, ...]
    may_trip: tuple[str, ...]
    freedoms: frozenset[str] = frozenset()
    tiers: tuple[str, ...] = ()
    shows_in: tuple[str, ...] = ()


def mutant(
    *kills: str,
    may_trip: Iterable[str] = (),
    freedoms: Iterable[str] = (),
    tiers: Iterable[str] = (),
    shows_in: Iterable[str] = (),
    into: list[Mutant],
    name: str = "",
) -> Callable[[type[Reference]], type[Reference]]:
    """Add a class to a list of mutants: its name, in words, is the mutant's; its docstring says what is wrong."""

    def added(server: type[Reference]) -> type[Reference]:
        words = name or re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", server.__name__).lower()
        defect = (server.__doc__ or "").strip()
        into.append(
            Mutant(words, defect, server, kills, tuple(may_trip), frozenset(freedoms), tuple(tiers), tuple(shows_in))
        )
        return server

    return added
