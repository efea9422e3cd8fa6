"""A reference server for the tests of this folder, empty at the start of each."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
import requests

from dicomweb_reference.archive import Resource
from dicomweb_reference.server import Reference
from dicomweb_reference.serving import running
from tests.reference.payloads import Service


@pytest.fixture(scope="session")
def http() -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        yield session


@pytest.fixture(scope="session")
def shared(http: requests.Session) -> Iterator[tuple[Reference, Service]]:
    reference = Reference()
    with running(reference) as base:
        yield reference, Service(base, http)


@pytest.fixture
def dicomweb(shared: tuple[Reference, Service]) -> Service:
    reference, service = shared
    reference.archive.remove(Resource())
    return service


@pytest.fixture
def serving(http: requests.Session) -> Iterator[Callable[[Reference], Service]]:
    with ExitStack() as stack:
        yield lambda reference: Service(stack.enter_context(running(reference)), http)


@pytest.fixture
def with_freedom(serving: Callable[[Reference], Service]) -> Callable[..., Service]:
    return lambda *names: serving(Reference(frozenset(names)))
