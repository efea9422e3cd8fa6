"""Every check can fail: a mutant is noticed by the checks that must notice it, and by none where it cannot matter."""

import hashlib
import importlib
from collections.abc import Callable, Collection
from pathlib import Path

import pytest

from dicomweb_conformance.catalogue import requirements
from dicomweb_conformance.catalogue.verdicts import Verdict
from dicomweb_conformance.checks.observers import OWNED, TOLD_BY_CHECKS
from dicomweb_reference.server import Reference
from dicomweb_reports.messages import check_id
from tests.mutants.brought import put_where_that_is_the_same
from tests.mutants.harness import is_message, judged
from tests.mutants.mutant import Mutant, flavour_of
from tests.mutants.reach import Reach, overridden
from tests.mutants.replay.tables import REPLAYS

GOLDEN = Path(__file__).parents[1] / "golden" / "check_ids.txt"
TRIPPED = {"fail", "deviation"}
OF_CLIENTS = "persona"
"""The scenario whose checks note what clients in use trip over, and never fail a server for it."""
MESSAGES = "messages"
_RESOURCES = frozenset({"search", "retrieve", "metadata", "store", "rendered", "frames"})
RIDING = {
    **dict.fromkeys(("xml", "negotiation", "charset"), _RESOURCES),
    "rendered": frozenset({"frames"}),
    "thumbnail": frozenset({"frames", "rendered"}),
}
"""Scenarios that put their question to the resources of others, and trip over what is wrong there."""
DRAWN = "search-any-query["
"""Checks that draw their queries, and so trip over whatever is wrong with a search."""
HISTORIES = "search-follows-"
"""Checks that draw what they store and delete, and so trip over whatever is wrong with a delete, too."""
SURPRISES, CARRIERS = 6, 10
"""Checks that a mutant is shown to at most, beside those that must notice it, and to carry messages."""
FEW = 8
"""Requests of a check that is cheap to show a mutant to."""
MUTANTS: tuple[Mutant, ...] = tuple(
    mutant
    for path in sorted(Path(__file__).parent.glob("*/*.py"))
    if path.stem != "__init__" and path.parent.name != "replay"
    for mutant in importlib.import_module(f"{__package__}.{path.parent.name}.{path.stem}").MUTANTS
)


def sample(checks: Collection[str], number: int, mutant: Mutant, reach: Reach) -> set[str]:
    """Return as many of the checks as a proof can show a mutant to, always the same; --every-check shows it to all.

    Those come first that need no study of the corpus beside those which the checks that must notice it need, and few
    requests: bringing studies to the server is what takes the time.
    """
    needed = set().union(*(reach.entries[check] for check in mutant.kills))

    def order(check: str) -> tuple[int, bool, bytes]:
        many = reach.exchanges.get(check, 0) > FEW
        return len(reach.entries[check] - needed), many, hashlib.sha256(f"{mutant.name} {check}".encode()).digest()

    return set(sorted(checks, key=order)[:number])


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_mutant_is_noticed(
    mutant: Mutant,
    tmp_path: Path,
    reach_of: Callable[[type[Reference]], Reach],
    every_check: bool,
) -> None:
    reach = reach_of(flavour_of(mutant.server))
    reached = reach.checks(overridden(mutant.server))
    # What every message must be shows in the messages of any check.
    carriers = sample(reached, CARRIERS, mutant, reach) if any(is_message(kill) for kill in mutant.kills) else set()
    concerned = {*mutant.may_trip, *(reach.scenarios[check] for check in mutant.kills if check in reach.scenarios)}
    tripping = {check for check in reached if reach.scenarios[check] in {*mutant.may_trip, OF_CLIENTS}}
    if "search" in concerned:
        tripping |= {check for check in reached if check.startswith(DRAWN)}
    if "delete" in concerned:
        tripping |= {check for check in reached if check.startswith(HISTORIES)}
    surprising = sample(reached - tripping, SURPRISES, mutant, reach)
    server = mutant.server(mutant.freedoms)
    with put_where_that_is_the_same(server, None if every_check else reach):
        run = judged(
            server,
            tmp_path,
            f"--dicomweb-include={','.join(['delete', *mutant.tiers])}",
            checks=None if every_check else {*mutant.kills, *mutant.shows_in, *surprising, *carriers},
            files=reach.files,
        )

    noted = {result.check: result for result in run.results if result.scenario == OF_CLIENTS and result.findings}
    tripped = noted | {result.check: result for result in run.results if result.verdict in TRIPPED}
    unnoticed = [check for check in mutant.kills if check not in tripped]
    elsewhere = [each for each in tripped.values() if each.check not in mutant.kills]
    riding = {scenario for scenario, ridden in RIDING.items() if ridden & concerned}
    expected = {*mutant.may_trip, *riding, MESSAGES, OF_CLIENTS}
    surprises = sorted(each.check for each in elsewhere if each.scenario not in expected and each.check not in tripping)
    errors = [f"{result.check}: {result.reason}" for result in run.results if result.verdict == "error"]
    assert not errors, "\n".join(errors)
    assert not unnoticed, f"{mutant.defect} Not noticed by {unnoticed}; tripped: {sorted(tripped)}"
    assert not surprises, f"{mutant.defect} A surprise in {surprises}"


def test_mutants_have_names_of_their_own() -> None:
    names = [mutant.name for mutant in MUTANTS]
    assert len(names) == len(set(names))


def test_each_check_is_killed_by_a_mutant() -> None:
    """And each requirement of messages, where a whole server would say no more, by an exchange that was edited."""
    killed = {check for mutant in MUTANTS for check in mutant.kills}
    killed |= {check_id(replay.row) for replay in REPLAYS if replay.verdict in {Verdict.FAIL, Verdict.DEVIATION}}
    every = {*GOLDEN.read_text(encoding="utf-8").splitlines(), *messages_that_can_fail()}
    missing, unknown = sorted(every - killed), sorted(killed - every)
    assert not missing, f"no mutant is killed by: {', '.join(missing)}"
    assert not unknown, f"mutants name checks that there are not: {', '.join(unknown)}"


def messages_that_can_fail() -> set[str]:
    """The ids of all requirements by which a message is found at fault: they list a fail or a deviation.

    What checks have told of a message is shown by odd servers.
    """
    rows = requirements.load()
    at_fault = {Verdict.FAIL, Verdict.DEVIATION}
    judged = (rows[each] for each in OWNED - set(TOLD_BY_CHECKS) if rows[each].not_tested is None)
    return {check_id(row.id) for row in judged if at_fault & {row.verdict_of(code) for code in row.observations}}
