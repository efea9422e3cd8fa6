"""Clean-up takes a bounded time whatever the target does, and says of each study that it left why."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import cast

import pytest

from dicomweb_conformance.archive.cleaning import Cleaned, clean
from dicomweb_conformance.http.exchanges import Response
from dicomweb_conformance.service.ledger import Entry
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_fixtures.identifiers import uid

SEED = 4711
ENTRIES = [Entry("http://pacs.example", SEED, uid(SEED, str(each))) for each in range(200)]
TAKES = 0.5
"""Seconds of the target's for each answer."""

Answer = Callable[["Target", str, str], tuple[int, str]]


def deletes(_: Target, _path: str, _uid: str) -> tuple[int, str]:
    return 204, "No Content"


Listing = Callable[["Target", Sequence[str], int], tuple[int, str, bytes]]


def rows(studies: Sequence[str]) -> tuple[int, str, bytes]:
    found = [{"0020000D": {"vr": "UI", "Value": [study]}} for study in studies]
    return 200, "OK", json.dumps(found).encode()


def lists(target: Target, wanted: Sequence[str], limit: int) -> tuple[int, str, bytes]:
    return rows([study for study in wanted if study in target.held][:limit])


@dataclass
class Target:
    """A target in which time passes only while it answers, or is waited for."""

    answers: Answer = deletes
    lists: Listing = lists
    keeps: Callable[[str], bool] = lambda _: False
    held: set[str] = field(default_factory=lambda: {entry.study_uid for entry in ENTRIES})
    now: float = 0.0
    asked: Counter[str] = field(default_factory=Counter)
    clients: int = 1

    def for_purpose(self, purpose: str) -> Target:
        assert purpose == "clean"
        return self

    def use_at_once(
        self, uses: Sequence[Callable[[StudiesService], None]], when_interrupted: Callable[[], None]
    ) -> None:
        self.clients = max(self.clients, len(uses))
        try:
            for use in uses:
                use(cast(StudiesService, self))
        except KeyboardInterrupt:
            when_interrupted()
            raise

    def _answered(self, method: str, path: str, status: int, reason: str = "", body: bytes = b"") -> Response:
        self.now += TAKES
        self.asked[method] += 1
        return Response("main-1", method, path, status=status, reason=reason, body=body, error="" if status else "gone")

    def delete(self, path: str) -> Response:
        study = path.rpartition("/")[2]
        status, reason = self.answers(self, path, study)
        if status in {200, 202, 204} and not self.keeps(study):
            self.held.discard(study)
        return self._answered("DELETE", path, status, reason)

    def search(self, path: str, StudyInstanceUID: str = "", limit: int = 1) -> Response:  # noqa: N803 - a keyword of DICOM
        wanted = StudyInstanceUID or path.split("/")[1]
        return self._answered("GET", path, *self.lists(self, [each for each in wanted.split(",") if each], limit))

    def metadata(self, path: str) -> Response:
        return self._answered("GET", path, 200 if path.rpartition("/")[2] in self.held else 404)

    def pause(self, seconds: float) -> None:
        self.now += seconds

    def clean(
        self, grace: float = 10, longest: float = 300, entries: list[Entry] = ENTRIES, clients: int = 1
    ) -> Cleaned:
        service = cast(StudiesService, self)
        return clean(service, entries, grace, longest, clients, clock=lambda: self.now, pause=self.pause)


def reasons(cleaned: Cleaned) -> Counter[str]:
    return Counter(each.reason for each in cleaned.left)


def test_what_a_target_deletes_is_looked_for_by_a_few_searches() -> None:
    target = Target()

    cleaned = target.clean()

    assert (cleaned.removed, cleaned.absent, cleaned.left) == (200, 0, ())
    assert set(cleaned.gone) == set(ENTRIES)
    assert target.asked == {"DELETE": 200, "GET": 19}


def test_what_never_came_to_be_is_seen_not_to_be_there_by_the_same_searches() -> None:
    target = Target(lambda asked, _path, study: (204, "") if study in asked.held else (404, "Not Found"))
    target.held = {entry.study_uid for number, entry in enumerate(ENTRIES) if number % 3}

    cleaned = target.clean()

    assert (cleaned.removed, cleaned.absent, cleaned.left) == (133, 67, ())
    assert target.asked["GET"] < 25


def knows_no_lists(target: Target, wanted: Sequence[str], limit: int) -> tuple[int, str, bytes]:
    return lists(target, wanted if len(wanted) == 1 else [], limit)


def refuses_lists(target: Target, wanted: Sequence[str], limit: int) -> tuple[int, str, bytes]:
    return lists(target, wanted, limit) if len(wanted) == 1 else (400, "Bad Request", b"")


def lists_others(target: Target, wanted: Sequence[str], limit: int) -> tuple[int, str, bytes]:
    return lists(target, wanted, limit) if len(wanted) == 1 else rows(["2.25.1", *sorted(target.held)][:limit])


def lists_nothing_that_can_be_read(target: Target, wanted: Sequence[str], limit: int) -> tuple[int, str, bytes]:
    return lists(target, wanted, limit) if len(wanted) == 1 else (200, "OK", b"<html>welcome</html>")


@pytest.mark.parametrize("listing", [knows_no_lists, refuses_lists, lists_others, lists_nothing_that_can_be_read])
def test_a_target_that_does_not_list_several_is_asked_for_each(listing: Listing) -> None:
    kept = {entry.study_uid for entry in ENTRIES[-3:]}
    target = Target(lists=listing, keeps=kept.__contains__)

    cleaned = target.clean()

    assert {each.study_uid for each in cleaned.left} == kept
    assert cleaned.removed == 197
    assert 200 <= target.asked["GET"] <= 220


def test_a_search_that_lists_several_only_before_they_are_deleted_proves_nothing() -> None:
    def fails_later(target: Target, wanted: Sequence[str], limit: int) -> tuple[int, str, bytes]:
        return (500, "No", b"") if target.asked["DELETE"] > 1 and len(wanted) > 1 else lists(target, wanted, limit)

    kept = {entry.study_uid for entry in ENTRIES[3:6]}

    cleaned = Target(lists=fails_later, keeps=kept.__contains__).clean()

    assert {each.study_uid for each in cleaned.left} == kept


@pytest.mark.parametrize("clients", [1, 2, 8])
def test_several_clients_do_what_one_does(clients: int) -> None:
    target = Target()

    cleaned = target.clean(clients=clients)

    assert (cleaned.removed, set(cleaned.gone), cleaned.left) == (200, set(ENTRIES), ())
    assert target.asked["DELETE"] == 200
    assert target.asked["GET"] < 40
    assert target.clients == clients


def test_what_one_client_is_refused_no_other_asks_for() -> None:
    cleaned = (target := Target(lambda asked, *_: (403, "No") if asked.asked["DELETE"] > 20 else (204, ""))).clean(
        clients=4
    )

    assert target.asked["DELETE"] == 22
    assert cleaned.removed == 21
    assert reasons(cleaned) == {"403 No to DELETE": 179}


def test_an_interruption_ends_all_clients() -> None:
    def interrupted(target: Target, *_: str) -> tuple[int, str]:
        if target.asked["DELETE"] == 30:
            raise KeyboardInterrupt
        return 204, ""

    cleaned = (target := Target(interrupted)).clean(clients=4)

    assert cleaned.interrupted
    assert target.asked["DELETE"] == 30
    assert (cleaned.removed, len(cleaned.left)) == (25, 175)
    assert reasons(cleaned)["204 to DELETE, but it was not seen to be gone"] == 5


def test_a_delete_that_lies_is_waited_for_once_and_not_once_for_each_study() -> None:
    target = Target(keeps=lambda _: True)

    cleaned = target.clean(grace=10)

    assert reasons(cleaned) == {"204 No Content to DELETE, but it was not seen to be gone": 200}
    assert cleaned.gone == ()
    assert target.now <= 200 * TAKES + 200 * TAKES + 10 + 3 * TAKES
    assert target.asked["GET"] <= 200 + 20


def test_those_that_are_gone_are_told_from_those_that_a_delete_lied_about() -> None:
    kept = {entry.study_uid for entry in ENTRIES[:3]}

    cleaned = Target(keeps=kept.__contains__).clean()

    assert cleaned.removed == 197
    assert {each.study_uid for each in cleaned.left} == kept


@pytest.mark.parametrize("status", [405, 501])
def test_a_target_that_does_not_offer_delete_is_asked_for_it_once(status: int) -> None:
    target = Target(lambda *_: (status, "No"))

    cleaned = target.clean()

    assert target.asked["DELETE"] == 1
    assert reasons(cleaned) == {f"{status} No to DELETE": 200}


def test_what_never_came_to_be_is_no_leftover_where_delete_is_not_offered() -> None:
    target = Target(lambda *_: (405, "No"))
    target.held = {entry.study_uid for entry in ENTRIES[:7]}

    cleaned = target.clean()

    assert (cleaned.removed, cleaned.absent, len(cleaned.left)) == (0, 193, 7)


def test_a_refusal_of_one_study_is_no_refusal_of_the_others() -> None:
    def refuses_one(_target: Target, _path: str, study: str) -> tuple[int, str]:
        return (409, "Conflict") if study == ENTRIES[0].study_uid else (204, "No Content")

    cleaned = Target(refuses_one).clean()

    assert [(each.study_uid, each.reason) for each in cleaned.left] == [
        (ENTRIES[0].study_uid, "409 Conflict to DELETE")
    ]


def test_a_target_that_does_not_answer_is_asked_once() -> None:
    target = Target(lambda *_: (0, ""))

    cleaned = target.clean()

    assert target.asked == {"DELETE": 1}
    assert reasons(cleaned) == {"no response to DELETE: gone": 200}


def test_clean_up_ends_when_its_time_is_over_and_says_what_it_did_not_come_to() -> None:
    target = Target()

    cleaned = target.clean(longest=30)

    assert target.now <= 30 + TAKES
    told = reasons(cleaned)
    assert cleaned.removed + told["204 No Content to DELETE, but it was not seen to be gone"] == target.asked["DELETE"]
    assert told["clean-up ended after 30 s before it came to this study"] == 200 - target.asked["DELETE"]
    assert cleaned.removed == 50


def test_waiting_for_what_is_deleted_later_ends_when_the_time_is_over() -> None:
    target = Target(keeps=lambda _: True)

    cleaned = target.clean(longest=120)

    assert target.now <= 120 + TAKES
    assert reasons(cleaned) == {"204 No Content to DELETE, but it was not seen to be gone": 200}


def test_what_is_deleted_later_is_waited_for() -> None:
    target = Target(keeps=lambda _: True)

    def vanish(seconds: float) -> None:
        target.now += seconds
        target.held.clear()

    target.pause = vanish  # type: ignore[method-assign]  # what the target holds goes while it is waited for

    cleaned = target.clean()

    assert (cleaned.removed, cleaned.left) == (200, ())


def test_a_target_that_lists_a_few_of_those_that_it_keeps_proves_nothing() -> None:
    def a_few(target: Target, wanted: Sequence[str], _limit: int) -> tuple[int, str, bytes]:
        there = [study for study in wanted if study in target.held]
        return rows(there[:5] if target.asked["DELETE"] % 48 < 24 else there[-5:])

    cleaned = Target(lists=a_few, keeps=lambda study: study != ENTRIES[0].study_uid).clean()

    assert [entry.study_uid for entry in cleaned.gone] == [ENTRIES[0].study_uid]


def test_an_exception_on_account_of_one_study_leaves_that_one() -> None:
    def stumbles(_target: Target, _path: str, study: str) -> tuple[int, str]:
        if study == ENTRIES[5].study_uid:
            raise ValueError("Port could not be cast to integer value as '99x'")
        return 204, "No Content"

    cleaned = Target(stumbles).clean()

    assert [(each.study_uid, each.reason) for each in cleaned.left] == [
        (
            ENTRIES[5].study_uid,
            "DELETE could not be sent: ValueError: Port could not be cast to integer value as '99x'",
        )
    ]


@pytest.mark.parametrize("moment", [1, 150])
def test_ctrl_c_ends_clean_up_and_what_it_did_is_told(moment: int) -> None:
    def interrupted(target: Target, _path: str, _study: str) -> tuple[int, str]:
        if target.asked["DELETE"] == moment:
            raise KeyboardInterrupt
        return 204, "No Content"

    target = Target(interrupted)

    cleaned = target.clean()

    assert cleaned.interrupted
    assert target.asked["DELETE"] == moment
    assert 0 <= moment - cleaned.removed <= 24
    assert reasons(cleaned)["clean-up was interrupted before it came to this study"] == 200 - moment


def test_what_the_seed_did_not_make_is_not_touched() -> None:
    foreign = [Entry("http://pacs.example", SEED, each) for each in ("2.25.1", "*", "../studies", "..")]

    target = Target()
    cleaned = target.clean(entries=foreign)

    assert target.asked == {}
    assert reasons(cleaned) == {f"not a UID of the run of seed {SEED}: not touched": 4}


def test_what_has_no_uid_cannot_be_deleted_and_is_told_so() -> None:
    target = Target()

    cleaned = target.clean(entries=[Entry("http://pacs.example", SEED, ""), *ENTRIES])

    assert [each.study_uid for each in cleaned.left] == [""]
    assert "no path leads to it; its Patient ID begins with DWC-" in cleaned.left[0].reason
    assert cleaned.removed == 200


def test_a_refusal_of_a_malformed_path_is_no_refusal_of_the_others() -> None:
    spoiled = Entry("http://pacs.example", SEED, f"{uid(SEED, 'a')[:30]}.007")

    def refuses_malformed(_target: Target, path: str, _study: str) -> tuple[int, str]:
        return (400, "Bad Request") if path.endswith(".007") else (204, "No Content")

    cleaned = Target(refuses_malformed).clean(entries=[spoiled, *ENTRIES])

    assert cleaned.removed == 200
