"""Which steps of the reference server answer which check: a defect in a step can show only in checks that reach it."""

from __future__ import annotations

import functools
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from dicomweb_conformance.archive import delivery
from dicomweb_conformance.archive.delivery import Delivery
from dicomweb_conformance.run.planning import JUDGEMENT
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_fixtures.corpus import Corpus
from dicomweb_fixtures.entities import Study
from dicomweb_reference.google import Google
from dicomweb_reference.server import Reference
from dicomweb_reference.transactions.store_bulk_data import StoreBulkData
from dicomweb_reference.transactions.store_metadata import StoreMetadata
from dicomweb_reports.record import Run
from tests.mutants.google.access import WantsAToken
from tests.mutants.harness import judged
from tests.mutants.mutant import flavour_of

# Steps in which the content of what is kept can change; in the others of a store an instance is kept or not.
_SHAPING = frozenset({"keep", "coerced", "examine"})
# Steps of a store that shape what that check alone looks at: no study of the corpus comes as metadata.
OF_METADATA = {name for each in (StoreMetadata, StoreBulkData) for name in vars(each) if not name.startswith("_")}


class Told(NamedTuple):
    """What a clean run said of a check, or of all messages by a requirement."""

    scenario: str
    verdict: str
    reason: str
    found: tuple[str, ...]
    """The requirements of its findings."""


@dataclass
class Reach:
    """What one run of the whole suite reached; a freedom that a step asks for counts as a step `free:name`.

    `by_check` holds the steps behind each check's exchanges. What is in `everywhere` can show in any check: steps that
    make the server, and those that shape what is kept. `files` are those that hold the checks,
    `entries` those of the corpus that a check uses, `exchanges` how many requests it takes. `bringing` holds the steps
    behind what brings studies of the corpus to the server: the store, and each way of looking whether it came. `told`
    is what the run said.
    """

    by_check: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    everywhere: set[str] = field(default_factory=set)
    scenarios: dict[str, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    entries: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    exchanges: dict[str, int] = field(default_factory=dict)
    bringing: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    told: dict[str, Told] = field(default_factory=dict)

    def checks(self, steps: Collection[str]) -> set[str]:
        """Return the checks in which a change of these steps can show."""
        if self.everywhere & set(steps):
            return set(self.scenarios)
        return {check for check, reached in self.by_check.items() if reached & set(steps)}


class _Tracer:
    """Follows the suite as a plugin, and a server of a flavour as the class `server`."""

    def __init__(self, flavour: type[Reference], server: type[Reference]) -> None:
        self.reach = Reach()
        self.check = ""
        self.bringing = ""
        self.shaping = 1
        traced = {name: self._traced(name, getattr(flavour, name)) for name in steps_of(flavour)}
        self.server: type[Reference] = type("Traced", (server,), traced)

    def _traced(self, name: str, step: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(step)
        def call(server: Reference, *arguments: Any, **named: Any) -> Any:
            self.shaping += name in _SHAPING
            self._note(f"free:{arguments[0]}" if name == "free" else name)
            try:
                return step(server, *arguments, **named)
            finally:
                self.shaping -= name in _SHAPING

        return call

    def _note(self, step: str) -> None:
        if self.bringing:
            self.reach.bringing[self.bringing].add(step)
        if self.shaping and step not in OF_METADATA:
            self.reach.everywhere.add(step)
        elif self.check:
            self.reach.by_check[self.check].add(step)

    def pytest_runtest_logstart(self) -> None:
        self.check = ""

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        properties = dict(item.user_properties)
        self.check = str(properties["dicomweb-check"])
        item.stash[JUDGEMENT].afresh = True  # what it would have reached, had nobody asked before
        self.reach.scenarios[self.check] = str(properties["dicomweb-scenario"])
        self.reach.files[self.check] = str(item.path)


def steps_of(server: type[Reference]) -> set[str]:
    """Return the names of the steps of the reference server, which a mutant may override."""
    return {name for name in dir(server) if callable(getattr(server, name)) and not name.startswith("_")}


def overridden(server: type[Reference]) -> set[str]:
    """Return the steps that a server has in another way than the flavour of the reference server that it is one of."""
    flavour = flavour_of(server)
    own = [each for each in server.__mro__ if issubclass(each, flavour) and each is not flavour]
    return {name for each in own for name in vars(each) if hasattr(flavour, name) and name not in _OF_EVERY_CLASS}


_OF_EVERY_CLASS = frozenset(vars(type("Plain", (), {}))) | {"__annotations__"}


STORE = "store"
"""What brings a study to the server; all else in `Reach.bringing` are ways of looking."""
INDEX = "search by attributes"
"""How it is found out that an index follows what is stored."""


@contextmanager
def _bringing_noted(tracer: _Tracer) -> Iterator[None]:
    """Have the tracer note which steps bring studies of the corpus to the server."""

    def noted(name: str, exchange: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            tracer.bringing = name
            try:
                return exchange(*arguments)
            finally:
                tracer.bringing = ""

        return call

    looking = delivery.ways_of_looking

    def ways_of_looking(service: StudiesService, study: Study) -> dict[str, Callable[[], set[str]]]:
        return {name: noted(name, look) for name, look in looking(service, study).items()}

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(delivery, "WAYS", {name: noted(STORE, way) for name, way in delivery.WAYS.items()})
        patch.setattr(delivery, "ways_of_looking", ways_of_looking)
        patch.setattr(Delivery, "_await_index", noted(INDEX, Delivery._await_index))
        yield


def _name(make: Callable[[int], Any]) -> str:
    """Return the name of what makes an entry; of one that is made in a way of several, with the way."""
    if isinstance(make, functools.partial):
        return f"{_name(make.func)}[{', '.join(str(getattr(arg, 'key', arg)) for arg in make.args)}]"
    return f"{make.__module__}.{make.__qualname__}"


@contextmanager
def _use_noted(tracer: _Tracer) -> Iterator[None]:
    """Have the tracer note which entries of the corpus a check uses."""
    used = Corpus._each_used

    def noted(corpus: Corpus, make: Callable[[int], Any]) -> Any:
        tracer.reach.entries[tracer.check].add(_name(make))
        return used(corpus, make)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Corpus, "_each_used", noted)
        yield


def traced(directory: Path, flavour: type[Reference] = Reference, files: Sequence[str] = ()) -> Reach:
    """Judge a flavour of the reference server with the suite, or some of its files; say what each check reached.

    The google flavour is followed where it wants a token. Checks whose requests it refuses for the lack of it are
    followed where it wants none, too.
    """
    if flavour is not Google:
        return _traced(directory, flavour, flavour, files)
    reach = _traced(directory, flavour, WantsAToken, files)
    refused = {reach.files[check] for check, steps in reach.by_check.items() if "unauthenticated" in steps}
    if refused:
        open_to_all = _traced(directory / "open", flavour, flavour, sorted(refused))
        reach.everywhere |= open_to_all.everywhere
        for check, steps in open_to_all.by_check.items():
            reach.by_check[check] |= steps
    return reach


def _traced(directory: Path, flavour: type[Reference], traced_server: type[Reference], files: Sequence[str]) -> Reach:
    tracer = _Tracer(flavour, traced_server)
    server = tracer.server()
    tracer.shaping = 0
    with _use_noted(tracer), _bringing_noted(tracer):
        run = judged(server, directory, *files, plugins=[tracer])
    left_out = {each.check for each in run.planned} - {result.check for result in run.results}
    assert not left_out, f"the run that was to be followed did not come to its end: it lacks {sorted(left_out)}"
    tracer.reach.exchanges = {result.check: len(result.exchanges) for result in run.results}
    tracer.reach.told = told(run)
    return tracer.reach


def told(run: Run) -> dict[str, Told]:
    """Return what a run says of each check, and of messages."""
    return {
        result.check: Told(
            result.scenario, result.verdict, result.reason, tuple(sorted({one.requirement for one in result.findings}))
        )
        for result in run.results
    }
