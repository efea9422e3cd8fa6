"""Studies that are put into a server, and not sent to it: where what would happen is known, since a clean run saw it.

Half of what a run asks of a server is the store of a study, and three looks whether it came. A server that has all
steps of these as the reference server has them answers them as it does. So the study is put where its store would put
it, and it is looked for only in those ways that the server has otherwise. Where one of them does not show the study
whole, it is brought as in any run.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager

import pytest

from dicomweb_conformance.archive import delivery
from dicomweb_conformance.archive.delivery import Delivered, Delivery
from dicomweb_fixtures.entities import Instance, Study
from dicomweb_reference.archive import Instance as Kept
from dicomweb_reference.archive import Resource
from dicomweb_reference.server import Reference
from tests.mutants.mutant import flavour_of
from tests.mutants.reach import INDEX, STORE, Reach, overridden, steps_of

_AT_ONCE = next(iter(delivery.WAYS))


def spared(server: Reference, reach: Reach) -> frozenset[str]:
    """Return what of `Reach.bringing` a server does in every step as the reference server does it.

    Nothing unless the store is among it: what is stored in another way may look otherwise, too.
    """
    flavour = flavour_of(type(server))
    foreign = [each for each in type(server).__mro__ if not issubclass(flavour, each) and not issubclass(each, flavour)]
    steps, freedoms = overridden(type(server)), {f"free:{name}" for name in server.freedoms}
    own = steps | freedoms
    # What no clean run follows, what makes a server, and what is kept of an instance, may show in anything.
    if foreign or "free" in own or not steps <= steps_of(flavour) or reach.everywhere & own:
        return frozenset()
    same = frozenset(way for way, reached in reach.bringing.items() if not reached & own)
    return same if STORE in same else frozenset()


Send = Callable[[Delivery, Study], Delivered]
"""How a delivery brings a study to the target."""


@contextmanager
def put_where_that_is_the_same(server: Reference, reach: Reach | None) -> Iterator[None]:
    """Have the studies that a run brings to a server put into it, and looked for as far as that may say anything.

    Args:
        server: judged in this process.
        reach: what a clean run reached of its flavour; None: all is brought as in any run.
    """
    known = spared(server, reach) if reach is not None else frozenset()
    if not known:
        yield
        return
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Delivery, "_send", functools.partialmethod(_put, server, known, Delivery._send))
        if INDEX in known:
            patch.setattr(Delivery, "_await_index", lambda *_: None)
        yield


def _put(delivering: Delivery, server: Reference, known: Collection[str], send: Send, study: Study) -> Delivered:
    for kept, octets in _as_kept(flavour_of(type(server)), study.instances):
        server.archive.add(kept, octets)
    changes = delivering._store._client._changes
    assert changes is not None
    changes.note()  # what was answered before stands no more
    uids = {instance.sop_instance_uid for instance in study.instances}
    looks = delivery.ways_of_looking(delivering._look, study)
    if not all(delivery._looked(look) == uids for name, look in looks.items() if name not in known):
        return send(delivering, study)
    (delivering._state / delivery._ONE_ARRIVED).touch()
    delivering._arrival_by(_AT_ONCE).touch()
    return delivering._delivered(study, _AT_ONCE, [], [], list(looks), 0.0)


@functools.lru_cache(maxsize=512)
def _as_kept(flavour: type[Reference], instances: tuple[Instance, ...]) -> tuple[tuple[Kept, bytes], ...]:
    """Return instances as a flavour of the reference server keeps them, with their data sets."""
    server = flavour()
    for instance in instances:
        received = server.examine(instance.part10, None).received
        assert received, instance
        server.keep(received)
    found = server.archive.instances(Resource())
    kept = tuple((each, server.archive.octets(each)) for each in found)
    server.close()
    return kept
