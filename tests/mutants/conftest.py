"""What the proofs share: which checks a change of the reference server can show in."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from dicomweb_reference.server import Reference
from tests.mutants.reach import Reach
from tests.mutants.reach_cache import kept_or_traced


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--every-check",
        action="store_true",
        help="show each mutant to every check, and not only to those in which it can show",
    )
    parser.addoption("--each-alone", action="store_true", help="show each mutant of search to each of its checks alone")
    parser.addoption("--each-freedom", action="store_true", help="show each freedom alone, and not in bundles")
    parser.addoption("--freedoms-twice", action="store_true", help="show each freedom in two bundles")


@pytest.fixture(scope="session")
def every_check(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--every-check"))


@pytest.fixture(scope="session")
def reach_of(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[type[Reference]], Reach]:
    """What each check reaches of a flavour; found out when it is first asked for, and kept until sources change."""
    kept = getattr(request.config, "cache", None)  # without the plugin of that name there is none
    directory = Path(kept.mkdir("dicomweb-reach")) if kept else tmp_path_factory.mktemp("kept")
    return cache(lambda flavour: kept_or_traced(flavour, directory, tmp_path_factory.mktemp("reach")))
