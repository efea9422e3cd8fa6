"""What the proofs share: which checks a change of the reference server can show in."""

from collections.abc import Callable
from functools import cache

import pytest
from reach import Reach, traced

from dicomweb_reference.server import Reference


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--every-check",
        action="store_true",
        help="show each mutant and freedom to every check, and not only to those in which it can show",
    )


@pytest.fixture(scope="session")
def every_check(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--every-check"))


@pytest.fixture(scope="session")
def reach_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[type[Reference]], Reach]:
    """What each check reaches of a flavour; found out when it is first asked for."""
    return cache(lambda flavour: traced(tmp_path_factory.mktemp("reach"), flavour))


@pytest.fixture(scope="session")
def reach(reach_of: Callable[[type[Reference]], Reach]) -> Reach:
    return reach_of(Reference)
