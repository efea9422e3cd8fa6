"""Long tests first: each process begins with its share of them, so that all end at about the same time."""

from __future__ import annotations

import gc
import sys
import tomllib
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from dicomweb_reference.server import Reference
    from tests.mutants.reach import Reach

LONG = Path(__file__).with_name("long_tests.toml")


@pytest.hookimpl(tryfirst=True)
def pytest_pycollect_makemodule(module_path: Path) -> None:
    """Have Hypothesis ready before a module that draws is loaded: most draw nothing, and it takes a while to load."""
    if b"\nfrom hypothesis import" in module_path.read_bytes():
        _draw_without_hurry()


def pytest_collection_finish() -> None:
    """Have no search for garbage look at thousands of collected tests: many tests run pytest in this process."""
    gc.collect()
    gc.freeze()


@cache
def _draw_without_hurry() -> None:
    """No test is timed: a machine that does more than these tests draws slowly, and nothing is wrong with it."""
    from hypothesis import HealthCheck, settings

    settings.register_profile("tests", deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.load_profile("tests")


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Keep the plug-in of Hypothesis from loading it for a summary, where this process has drawn nothing."""
    manager = session.config.pluginmanager
    shown = manager.has_plugin("hypothesispytest")
    if shown and "hypothesis" not in sys.modules and not manager.has_plugin("dsession"):  # whose workers may draw
        manager.unregister(name="hypothesispytest")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put the tests of a worker of pytest-xdist in order, which has each process take a part of the list."""
    workers = getattr(config, "workerinput", {}).get("workercount", 1)
    if workers > 1:
        seconds: dict[str, float] = tomllib.loads(LONG.read_text(encoding="utf-8"))
        names = dealt([item.nodeid for item in items], seconds, workers)
        by_name = {item.nodeid: item for item in items}
        if len(by_name) == len(items):
            items[:] = [by_name[name] for name in names]


def dealt(names: Sequence[str], seconds: Mapping[str, float], workers: int) -> list[str]:
    """Return the tests in an order by which each of several processes begins with its share of the long ones.

    Args:
        names: node ids of all tests.
        seconds: what those take whose node ids begin so; they stay together.
        workers: how many processes there are; each takes as many tests as the others, in their order.
    """
    long = {start: [name for name in names if name.startswith(start)] for start in seconds}
    shares: list[list[str]] = [[] for _ in range(workers)]
    loads = [0.0] * workers
    for start in sorted(long, key=lambda start: -seconds[start]):
        least = loads.index(min(loads))
        shares[least] += long[start]
        loads[least] += seconds[start] if long[start] else 0
    given = {name for share in shares for name in share}
    others = iter([name for name in names if name not in given])
    left = len(names)
    ordered: list[str] = []
    for number, share in enumerate(shares):
        size = left // (workers - number)
        ordered += share
        ordered += [name for _, name in zip(range(size - len(share)), others, strict=False)]
        left -= size
    return ordered + list(others)


@pytest.fixture(scope="session")
def reach_of(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[type[Reference]], Reach]:
    """What each check reaches of a flavour; found out when it is first asked for, and kept until sources change."""
    from tests.mutants.reach_cache import kept_or_traced

    kept = getattr(request.config, "cache", None)  # without the plugin of that name there is none
    directory = Path(kept.mkdir("dicomweb-reach")) if kept else tmp_path_factory.mktemp("kept")
    return cache(lambda flavour: kept_or_traced(flavour, directory, tmp_path_factory.mktemp("reach")))
