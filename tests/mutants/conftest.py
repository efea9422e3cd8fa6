"""What the proofs share: which checks a change of the reference server can show in."""

import pytest


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
