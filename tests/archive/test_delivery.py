"""A study is on the target when all of it is seen there; what is in its way is said, and blamed on no other check."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from starlette.responses import Response

from dicomweb_conformance.archive.delivery import Delivery
from dicomweb_conformance.checks.judgement import Inconclusive
from dicomweb_conformance.record.recorder import Recorder
from dicomweb_conformance.record.redaction import Redaction
from dicomweb_conformance.service.ledger import Ledger
from dicomweb_conformance.service.ownership import Own
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_fixtures.corpus import Corpus
from dicomweb_fixtures.entities import Study
from dicomweb_reference import elements
from dicomweb_reference.levels import Level
from dicomweb_reference.messages import Refusal, Request
from dicomweb_reference.outcomes import Received
from dicomweb_reference.server import Reference
from dicomweb_reference.serving import running
from tests.transport.raw_peer import client

GRACE = 0.3
"""Seconds: the reference server shows at once what it keeps."""


class LosesTheSecond(Reference):
    """The second instance of a series is lost behind a 200."""

    def keep(self, received: Received) -> None:
        if elements.text_of(received.elements, "00200013") != "2":
            super().keep(received)


class Blind(Reference):
    """Neither instances of a series can be searched for, nor studies retrieved."""

    def search(self, request: Request, level: Level) -> Response:
        if request.resource.series:
            raise Refusal(500, "An exception.")
        return super().search(request, level)

    def retrieve(self, request: Request) -> Response:
        raise Refusal(500, "An exception.")


@contextmanager
def delivery_to(server: Reference, directory: Path) -> Iterator[Callable[[Study], None]]:
    state = directory / "state"
    state.mkdir()
    own = Own(1)
    with running(server) as url, client(url, directory) as asking:
        service = StudiesService(asking, Ledger(directory / "ledger.jsonl", url, 1), own)
        recorder = Recorder(directory, "delivery", Redaction())
        yield Delivery(service, own, recorder, state, GRACE, lambda _: None).has
        recorder.close()


def two_instances() -> Study:
    studies: list[Study] = []
    _ = Corpus(1, studies.append).ct_pair
    return studies[0]


def test_a_study_of_which_an_instance_is_lost_is_not_there(tmp_path: Path) -> None:
    with (
        delivery_to(LosesTheSecond(), tmp_path) as has,
        pytest.raises(Inconclusive, match="answered 200 OK, and only 1 of 2 instances visible afterwards"),
    ):
        has(two_instances())


def test_a_study_is_there_where_finding_it_is_all_that_works(tmp_path: Path) -> None:
    with delivery_to(Blind(), tmp_path) as has:
        has(two_instances())
