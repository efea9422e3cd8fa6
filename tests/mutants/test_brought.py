"""What is put into a server instead of sent to it is what it would have kept, and never where it could matter."""

from collections import defaultdict
from dataclasses import replace

import pytest
from starlette.responses import Response

from dicomweb_fixtures.corpus import Corpus
from dicomweb_reference.archive import Resource
from dicomweb_reference.google import Google
from dicomweb_reference.levels import Level
from dicomweb_reference.messages import Request
from dicomweb_reference.outcomes import Received
from dicomweb_reference.server import Reference
from tests.mutants import brought
from tests.mutants.reach import STORE, Reach

SEARCH, RETRIEVE = "search for studies", "retrieve"
REACH = Reach(
    everywhere={"resources", "free:cors-not-offered"},
    bringing=defaultdict(
        set,
        {
            STORE: {"store", "keep", "answer", "free:all-or-nothing"},
            SEARCH: {"search", "answer"},
            RETRIEVE: {"retrieve", "answer"},
        },
    ),
)
ALL = frozenset({STORE, SEARCH, RETRIEVE})


class Deletes(Reference):
    def delete(self, request: Request) -> Response:
        return super().delete(request)


class Searches(Reference):
    def search(self, request: Request, level: Level) -> Response:
        return super().search(request, level)


class Keeps(Reference):
    def keep(self, received: Received) -> None:
        super().keep(replace(received))


class Frees(Reference):
    def free(self, name: str) -> bool:
        return super().free(name)


class Begins(Reference):
    def __init__(self) -> None:
        super().__init__()


class Resources(Deletes):
    prefix = "/elsewhere"


class Mixed:
    def store(self, request: Request) -> Response:
        raise NotImplementedError  # no server of it is started


class MixedIn(Mixed, Reference):
    pass


@pytest.mark.parametrize(
    ("server", "spared"),
    [
        (Reference(), ALL),
        (Deletes(), ALL),
        (Searches(), ALL - {SEARCH}),
        (Keeps(), frozenset()),
        (Frees(), frozenset()),
        (Begins(), frozenset()),
        (Resources(), frozenset()),
        (MixedIn(), frozenset()),
        (Reference({"errors-in-html"}), ALL),
        (Reference({"all-or-nothing"}), frozenset()),
        (Reference({"cors-not-offered"}), frozenset()),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Reference) else None,
)
def test_what_a_server_does_otherwise_is_asked_of_it(server: Reference, spared: frozenset[str]) -> None:
    assert brought.spared(server, REACH) == spared


@pytest.mark.parametrize("flavour", [Reference, Google])
def test_it_is_kept_as_a_store_keeps_it(flavour: type[Reference]) -> None:
    instances = Corpus(1).two_series.instances
    stored, put = flavour(), flavour()
    for instance in instances:
        received = stored.examine(instance.part10, None).received
        assert received
        stored.keep(received)

    for kept, octets in brought._as_kept(flavour, instances):
        put.archive.add(kept, octets)

    one, other = ((each.archive.instances(Resource()), each.archive) for each in (stored, put))
    assert len(one[0]) == len(instances)
    assert [(each, one[1].octets(each)) for each in one[0]] == [(each, other[1].octets(each)) for each in other[0]]
