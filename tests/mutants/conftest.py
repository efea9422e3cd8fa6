"""What the proofs share: which checks a change of the reference server can show in."""

import pytest
from reach import Reach, traced


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
def reach(tmp_path_factory: pytest.TempPathFactory) -> Reach:
    return traced(tmp_path_factory.mktemp("reach"))
