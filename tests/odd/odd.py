"""What an odd server is: the reference server, strange in one way that a server in use was seen to be."""

from __future__ import annotations

import re
import tomllib
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from dicomweb_reference.server import Reference
from dicomweb_reports.record import Result, Run

OUTCOMES = Path(__file__).parent / "outcomes.toml"
_OF_ONE_RUN = re.compile(r"2\.25\.[0-9]+|(?:DWC-)?[0-9A-F]{6}-|127\.0\.0\.1:[0-9]+|\b[0-9.]+ s\b")
SILENT = frozenset({"pass", "not-applicable"})
"""Verdicts that hold nothing against a server."""


@dataclass(frozen=True)
class Odd:
    """A server that is strange in one way.

    `scenarios` are the markers of the checks that it is shown to, `checks` those of other scenarios. `freedoms` are
    switched on, `loaded` are entries of the corpus that it holds from the start: then the run only reads. `arguments`
    are further ones of pytest, `passes` are checks that have to pass and not only to be silent.
    """

    name: str
    behaviour: str
    server: type[Reference]
    scenarios: tuple[str, ...]
    checks: tuple[str, ...]
    freedoms: frozenset[str]
    loaded: tuple[str, ...]
    arguments: tuple[str, ...]
    passes: tuple[str, ...]


def odd(
    *scenarios: str,
    into: list[Odd],
    checks: tuple[str, ...] = (),
    freedoms: frozenset[str] = frozenset(),
    loaded: tuple[str, ...] = (),
    arguments: tuple[str, ...] = (),
    passes: tuple[str, ...] = (),
) -> Callable[[type[Reference]], type[Reference]]:
    """Add a class to a list of odd servers: its name, in words, is the server's; its docstring says what is strange."""

    def added(server: type[Reference]) -> type[Reference]:
        name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", server.__name__).lower()
        behaviour = (server.__doc__ or "").strip()
        into.append(Odd(name, behaviour, server, scenarios, checks, freedoms, loaded, arguments, passes))
        return server

    return added


@dataclass(frozen=True)
class Outcome:
    """What a run says against its target.

    `against` are the checks with a finding: verdict, and the rows and codes that it rests on. `inconclusive` are the
    checks that could not tell, by what they blame: another check, or "an exchange" of their own.
    """

    against: dict[str, str]
    inconclusive: dict[str, list[str]]


def outcome(run: Run) -> Outcome:
    """Return what a run says against its target: every check that neither passed nor was not applicable."""
    against: dict[str, str] = {}
    inconclusive: dict[str, list[str]] = defaultdict(list)
    for result in run.results:
        if result.verdict == "inconclusive":
            inconclusive[_blamed(result)].append(result.check)
        elif result.verdict not in SILENT:
            rests_on = sorted({f"{one.requirement} {one.code}" for one in result.findings})
            against[result.check] = f"{result.verdict}: {', '.join(rests_on)}"
    return Outcome(against, {blamed: sorted(checks) for blamed, checks in inconclusive.items()})


def words(run: Run) -> dict[str, list[str]]:
    """Return what a run says of each check, as any other run of the same server has to say it.

    Its own identifiers and address, which exchange shows something, and how long something took are left out.
    """
    return {
        result.check: [
            result.verdict,
            _masked(result.reason),
            _masked(_blamed(result)),
            *(
                _masked(f"{one.verdict} {one.requirement} {one.code} {one.where}: {one.received}; {one.expected}")
                for one in result.findings
            ),
        ]
        for result in run.results
    }


def _masked(text: str) -> str:
    return _OF_ONE_RUN.sub("*", text)


def deserved() -> dict[str, Outcome]:
    """Return what each odd server deserves, by its name."""
    rows = tomllib.loads(OUTCOMES.read_text(encoding="utf-8"))
    return {name: Outcome(row.get("against", {}), row.get("inconclusive", {})) for name, row in rows.items()}


def _blamed(result: Result) -> str:
    if not result.blame or re.fullmatch(r"[a-z]+\d*-\d+", result.blame):
        return "an exchange"  # which has another number in each run
    return result.blame
