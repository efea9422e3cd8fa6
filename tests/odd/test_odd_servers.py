"""A server that is strange in one way fails of that, and of nothing else: its whole report is held against it."""

import importlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock

from dicomweb_conformance.catalogue.verdicts import Verdict
from dicomweb_conformance.scenarios.store.malformed_payloads import FAMILIES
from dicomweb_fixtures.corpus import Corpus
from dicomweb_reference.server import Reference
from dicomweb_reports import record
from dicomweb_reports.causes import causes
from dicomweb_reports.evidence import answers
from dicomweb_reports.record import Run
from tests.mutants.brought import put_where_that_is_the_same
from tests.mutants.harness import judged
from tests.mutants.reach import Reach
from tests.nodes import file_of, files_of
from tests.odd.late_servers import what_hangs_given_up_soon
from tests.odd.odd import Odd, deserved, outcome, words

SEED, ANOTHER = 1, 2
FAULTS = frozenset(name for family in FAMILIES for name in family.faults)
CAUSES = 2
"""To repair, at most, in a report of a server that is strange in one way."""
ODD: tuple[Odd, ...] = tuple(
    each
    for path in sorted(Path(__file__).parent.glob("*_servers.py"))
    if not path.stem.startswith("test_")
    for each in importlib.import_module(f"{__package__}.{path.stem}").ODD
)


def load(server: Reference, entries: tuple[str, ...], seed: int = SEED) -> None:
    """Put entries of the corpus into a server by other means than a store."""
    for entry in entries:
        for study in getattr(Corpus(seed), entry).studies:
            for instance in study.instances:
                received = server.examine(instance.part10, None).received
                assert received, instance
                server.keep(received)


RunOf = Callable[[Odd, int], Run]
JUDGED = "judged"
"""A file that says that the run beside it has ended."""
# Of the scope of the runs: then all that is asked of a server is asked in turn, by the process that has judged it.
each_odd_server = pytest.mark.parametrize("odd", ODD, ids=lambda odd: odd.name, scope="module")


@pytest.fixture(scope="module")
def run_of(tmp_path_factory: pytest.TempPathFactory, reach_of: Callable[[type[Reference]], Reach]) -> RunOf:
    """Judge an odd server with the data of a seed, once, whichever processes ask for it."""
    own = tmp_path_factory.getbasetemp()
    shared = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "odd"
    shared.mkdir(exist_ok=True)
    runs: dict[tuple[str, int], Run] = {}

    def made(odd: Odd, seed: int) -> Run:
        if (odd.name, seed) not in runs:
            directory = shared / f"{odd.name}-{seed}"
            with FileLock(directory.with_suffix(".lock")):
                if not (directory / JUDGED).exists():
                    runs[odd.name, seed] = _judged(odd, seed, directory, reach_of(Reference))
                else:
                    runs[odd.name, seed] = record.load(directory / "report")
        return runs[odd.name, seed]

    return made


def _judged(odd: Odd, seed: int, directory: Path, reach: Reach) -> Run:
    server = odd.server(odd.freedoms)
    load(server, odd.loaded, seed)
    arguments = [*odd.arguments, f"--dicomweb-seed={seed}", *(["--dicomweb-read-only"] if odd.loaded else [])]
    # Only their files: to collect all checks takes as long as to judge an odd server by some.
    files = {*(file for name in odd.scenarios for file in files_of(name)), *map(file_of, odd.checks)}
    with put_where_that_is_the_same(server, reach), what_hangs_given_up_soon(server):
        run = judged(server, directory, *arguments, *sorted(files), plugins=[Shown(odd)])
    (directory / JUDGED).touch()
    return run


@each_odd_server
def test_an_odd_server_gets_what_it_deserves(odd: Odd, run_of: RunOf) -> None:
    run = run_of(odd, SEED)

    assert outcome(run) == deserved()[odd.name]
    assert len([cause for cause in causes(run) if cause.verdict == Verdict.FAIL]) <= CAUSES
    verdicts = {result.check: result.verdict for result in run.results}
    assert verdicts.keys() >= {*odd.checks, *odd.passes}
    # What would say nothing of the server if it were left out, or not judged.
    assert {each: verdicts.get(each) for each in odd.passes} == dict.fromkeys(odd.passes, "pass")


@each_odd_server
def test_whoever_blames_another_check_leads_to_one_that_tells(odd: Odd, run_of: RunOf) -> None:
    by_check = {result.check: result for result in run_of(odd, SEED).results}
    for check in by_check:
        led: list[str] = []
        while (result := by_check.get(check)) and result.verdict == Verdict.INCONCLUSIVE:
            assert check not in led, f"{' blames '.join([*led, check])}"
            led.append(check)
            check = result.blame or ""  # noqa: PLW2901 - it is followed to its end


@each_odd_server
def test_two_runs_say_the_same_but_for_their_own_identifiers_and_times(odd: Odd, run_of: RunOf) -> None:
    one, other = (words(run_of(odd, seed)) for seed in (SEED, ANOTHER))

    assert one == other
    assert " at 0x" not in str(one)


@each_odd_server
def test_nothing_is_told_twice(odd: Odd, run_of: RunOf) -> None:
    run = run_of(odd, SEED)
    for result in run.results:
        told = [(each.requirement, each.code, each.where, each.expected, each.received) for each in result.findings]
        assert len(set(told)) == len(told), result.check
        for finding in result.findings:
            accepted = [str(answer).lower().removesuffix(".") for answer in answers(finding, run)]
            assert len(set(accepted)) == len(accepted), result.check


def test_what_became_of_a_payload_is_told_though_the_answer_is_not_quoted(run_of: RunOf) -> None:
    (odd,) = (each for each in ODD if each.name == "nothing-said-of-what-cannot-be-read")
    (result,) = (each for each in run_of(odd, SEED).results if each.check == "store-malformed[multipart-content-type]")
    lost = [finding for finding in result.findings if finding.verdict == Verdict.FAIL]

    assert lost
    assert all(each.where in FAULTS and each.received.endswith("not there afterwards") for each in lost)


class Shown:
    """Deselects every check that an odd server is not shown to."""

    def __init__(self, odd: Odd) -> None:
        self.odd = odd

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Keep the checks of its scenarios, and those named."""
        items[:] = [
            item
            for item in items
            if any(item.get_closest_marker(scenario) for scenario in self.odd.scenarios)
            or dict(item.user_properties).get("dicomweb-check") in self.odd.checks
        ]


def test_each_odd_server_has_an_outcome_and_each_outcome_a_server() -> None:
    assert sorted(deserved()) == sorted(each.name for each in ODD)
