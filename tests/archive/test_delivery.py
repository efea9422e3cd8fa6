"""A study is on the target when all of it is seen there; what is in its way is said, and blamed on no other check."""

import hashlib
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from filelock import FileLock
from starlette.responses import Response

from dicomweb_conformance.archive.delivery import Delivery
from dicomweb_conformance.archive.patience import Patience
from dicomweb_conformance.checks.judgement import Inconclusive, Judgement, judging
from dicomweb_conformance.http.exchanges import Response as Answer
from dicomweb_conformance.record.recorder import Recorder
from dicomweb_conformance.record.redaction import Redaction
from dicomweb_conformance.service.ledger import Ledger
from dicomweb_conformance.service.ownership import Own
from dicomweb_conformance.service.polling import wait_until
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_fixtures.corpus import Corpus
from dicomweb_fixtures.entities import Study
from dicomweb_fixtures.fresh import Fresh
from dicomweb_reference import elements
from dicomweb_reference.levels import Level
from dicomweb_reference.messages import Refusal, Request
from dicomweb_reference.outcomes import Reason, Received
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
def delivery_to(server: Reference, directory: Path) -> Iterator[Callable[[Sequence[Study]], None]]:
    state = directory / "state"
    state.mkdir(exist_ok=True)
    own = Own(1)
    with running(server) as url, client(url, directory) as asking:
        service = StudiesService(asking, Ledger(directory / "ledger.jsonl", url, 1), own)
        recorder = Recorder(directory, "delivery", Redaction())
        yield Delivery(service, own, recorder, state, GRACE, lambda _: None, patience=Patience(state)).has
        recorder.close()


def two_instances() -> Study:
    studies: list[Study] = []
    _ = Corpus(1, studies.extend).ct_pair
    return studies[0]


def test_a_study_of_which_an_instance_is_lost_is_not_there(tmp_path: Path) -> None:
    with (
        delivery_to(LosesTheSecond(), tmp_path) as has,
        pytest.raises(Inconclusive, match="answered 200 OK, and only 1 of 2 instances visible afterwards"),
    ):
        has([two_instances()])


class RefusesTheSecond(Reference):
    """The second instance of a series is refused."""

    def unwelcome(self, received: Received) -> Reason | None:
        return Reason.SOP_CLASS_NOT_SUPPORTED if elements.text_of(received.elements, "00200013") == "2" else None


def test_why_a_study_was_refused_is_told(tmp_path: Path) -> None:
    with (
        delivery_to(RefusesTheSecond(), tmp_path) as has,
        pytest.raises(Inconclusive, match="answered 202 Accepted, 1 refused with 0122H, and only 1 of 2 instances"),
    ):
        has([two_instances()])


class WithoutDocuments(Reference):
    """What has no pixels is refused for its SOP Class."""

    stores = 0

    def store(self, request: Request) -> Response:
        self.stores += 1
        return super().store(request)

    def unwelcome(self, received: Received) -> Reason | None:
        return None if "7FE00010" in received.elements else Reason.SOP_CLASS_NOT_SUPPORTED


def test_images_take_the_place_of_documents_that_are_refused_for_their_class(tmp_path: Path) -> None:
    server = WithoutDocuments()
    with delivery_to(server, tmp_path) as has:
        corpus = Corpus(1, has)
        assert corpus.ct_pair.name == "ct_pair"
        began = time.monotonic()
        images = corpus.two_series

        assert images.name == "two_series.of_images"
        assert corpus.two_series is images
        # One for the pair, one that was refused in part by a way that works, one for what takes its place.
        assert server.stores == 3
        assert time.monotonic() - began < GRACE  # what was refused is not waited for
        with pytest.raises(Inconclusive, match=r"two_series could not be stored: .*3 refused with 0122H"):
            _ = corpus.with_documents().two_series


def test_a_study_is_there_where_finding_it_is_all_that_works(tmp_path: Path) -> None:
    with delivery_to(Blind(), tmp_path) as has:
        has([two_instances()])


class KeepsNothing(Reference):
    """A store is answered 200, and nothing is kept until a test says so."""

    keeps = False
    stores = 0

    def store(self, request: Request) -> Response:
        self.stores += 1
        return super().store(request)

    def keep(self, received: Received) -> None:
        if self.keeps:
            super().keep(received)


def studies(number: int) -> list[Study]:
    return [Fresh(1, "delivery", str(each)).study(instances=2) for each in range(number)]


def lost(has: Callable[[Sequence[Study]], None], study: Study) -> tuple[str, float]:
    began = time.monotonic()
    with pytest.raises(Inconclusive) as caught:
        has([study])
    return caught.value.reason, time.monotonic() - began


def test_what_never_becomes_visible_is_waited_for_three_times_and_then_told_at_once(tmp_path: Path) -> None:
    server = KeepsNothing()
    with delivery_to(server, tmp_path) as has:
        waited = [lost(has, study) for study in studies(3)]
        stores = server.stores
        reason, took = lost(has, Fresh(1, "the fourth").study())

    assert all(took >= GRACE for _, took in waited)
    assert reason.endswith(
        "multipart: answered 200 OK, and not visible afterwards, which was waited for 3 times before"
    )
    assert server.stores == stores + 1
    assert took < GRACE


def test_what_becomes_visible_after_all_is_waited_for_again(tmp_path: Path) -> None:
    server = KeepsNothing()
    with delivery_to(server, tmp_path) as has:
        for study in studies(3):
            lost(has, study)
        server.keeps = True
        has([Fresh(1, "the fourth").study()])
        server.keeps = False
        _, took = lost(has, Fresh(1, "the fifth").study())

    assert took >= GRACE


@pytest.mark.parametrize(("late", "told"), [(0.0, [("STORE-077", 200)]), (0.6 * GRACE, [])])
def test_what_is_lost_behind_a_200_is_told_unless_others_take_their_time(
    tmp_path: Path, late: float, told: list[tuple[str, int]]
) -> None:
    server = KeepsNothing()
    said: list[tuple[str, int]] = []

    def tell(row: str, response: Answer, where: str) -> bool:
        said.append((row, response.status))
        assert where == "study fresh, 2 of 2 instances"
        return True

    server.archive.delay = late
    with delivery_to(server, tmp_path) as has, judging(Judgement("a", "store", "", (), tell=tell)):
        server.keeps = True
        has([Fresh(1, "one that is kept").study()])
        server.keeps = False
        with pytest.raises(Inconclusive) as caught:
            has([Fresh(1, "one that is lost").study(instances=2)])

    assert said == told
    assert (caught.value.blame == "message[STORE-077]") is bool(told)


def test_what_a_refusal_names_was_not_promised(tmp_path: Path) -> None:
    def tell(row: str, _response: Answer, _where: str) -> bool:
        pytest.fail(f"{row} was told")

    with delivery_to(RefusesTheSecond(), tmp_path) as has, judging(Judgement("a", "store", "", (), tell=tell)):
        has([Fresh(1, "one that is kept").study()])
        with pytest.raises(Inconclusive):
            has([two_instances()])


class Remembers(Reference):
    """Says whose studies it was sent."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: list[str] = []

    def keep(self, received: Received) -> None:
        super().keep(received)
        self.kept.append(elements.text_of(received.elements, "0020000D"))


def test_what_another_process_is_bringing_is_waited_for_at_last(tmp_path: Path) -> None:
    server = Remembers()
    first, second = studies = [Fresh(1, name).study() for name in ("brought by another", "brought here")]
    digest = hashlib.sha256(f"{first.study_instance_uid} {first.name}".encode()).hexdigest()[:16]

    with delivery_to(server, tmp_path) as has, ThreadPoolExecutor(1) as pool:
        with FileLock(tmp_path / "state" / f"{digest}-0.lock"):
            waiting = pool.submit(has, studies)
            assert wait_until(lambda: bool(server.kept), 10)
            assert not waiting.done()
        waiting.result(10)

    assert server.kept == [second.study_instance_uid, first.study_instance_uid]


class CountsSearches(Reference):
    """Counts the searches by Patient ID."""

    by_patient = 0

    def search(self, request: Request, level: Level) -> Response:
        self.by_patient += "PatientID=" in request.query
        return super().search(request, level)


def test_what_one_process_found_indexed_no_other_waits_for(tmp_path: Path) -> None:
    server = CountsSearches()
    study = Fresh(1, "an indexed one").study()

    with judging(Judgement("a", "search", "", (), needs="search.studies")):
        for _ in range(2):
            with delivery_to(server, tmp_path) as has:
                has([study])

    assert server.by_patient == 1
