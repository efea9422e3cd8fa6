"""Loads as a user starts them: small, against a reference server in the test's own process."""

import importlib.util

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if importlib.util.find_spec("locust") is None:
        skip = pytest.mark.skip(reason="Locust is not installed: pip install '.[load]'")
        for item in items:
            if "tests/load/" in item.nodeid and "without_locust" not in item.nodeid:
                item.add_marker(skip)
