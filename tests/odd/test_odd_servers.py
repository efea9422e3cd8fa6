"""A server that is strange in one way fails of that, and of nothing else: its whole report is held against it."""

import importlib
from pathlib import Path

import pytest

from dicomweb_conformance.catalogue.verdicts import Verdict
from dicomweb_fixtures.corpus import Corpus
from dicomweb_reference.server import Reference
from dicomweb_reports.causes import causes
from tests.mutants.harness import judged
from tests.odd.odd import Odd, deserved, outcome

SEED = 1
CAUSES = 2
"""To repair, at most, in a report of a server that is strange in one way."""
ODD: tuple[Odd, ...] = tuple(
    each
    for path in sorted(Path(__file__).parent.glob("*_servers.py"))
    if not path.stem.startswith("test_")
    for each in importlib.import_module(f"{__package__}.{path.stem}").ODD
)


def load(server: Reference, entries: tuple[str, ...]) -> None:
    """Put entries of the corpus into a server by other means than a store."""
    for entry in entries:
        for study in getattr(Corpus(SEED), entry).studies:
            for instance in study.instances:
                received = server.examine(instance.part10, None).received
                assert received, instance
                server.keep(received)


@pytest.mark.parametrize("odd", ODD, ids=lambda odd: odd.name)
def test_an_odd_server_gets_what_it_deserves(odd: Odd, tmp_path: Path) -> None:
    server = odd.server(odd.freedoms)
    load(server, odd.loaded)
    arguments = [*odd.arguments, *(["--dicomweb-read-only"] if odd.loaded else [])]
    run = judged(server, tmp_path, *arguments, plugins=[Shown(odd)])

    assert outcome(run) == deserved()[odd.name]
    assert len([cause for cause in causes(run) if cause.verdict == Verdict.FAIL]) <= CAUSES
    verdicts = {each.check: each.verdict for each in run.results}
    assert verdicts.keys() >= {*odd.checks, *odd.passes}
    # What would say nothing of the server if it were left out, or not judged.
    assert {each: verdicts.get(each) for each in odd.passes} == dict.fromkeys(odd.passes, "pass")


class Shown:
    """Deselects every check that an odd server is not shown to."""

    def __init__(self, odd: Odd) -> None:
        self.odd = odd

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Keep the checks of its scenarios, and those named."""
        items[:] = [
            each
            for each in items
            if any(each.get_closest_marker(scenario) for scenario in self.odd.scenarios)
            or dict(each.user_properties).get("dicomweb-check") in self.odd.checks
        ]


def test_each_odd_server_has_an_outcome_and_each_outcome_a_server() -> None:
    assert sorted(deserved()) == sorted(each.name for each in ODD)
