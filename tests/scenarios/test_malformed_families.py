"""Each malformed payload of the corpus is sent, by one check, and judged in the words of a row."""

import json
from collections import Counter
from types import SimpleNamespace
from typing import Any, cast

import pytest

from dicomweb_conformance.catalogue import requirements
from dicomweb_conformance.http import multipart
from dicomweb_conformance.http.exchanges import Headers, Response
from dicomweb_conformance.http.multipart import Part
from dicomweb_conformance.run.coverage import checks
from dicomweb_conformance.scenarios.store.malformed_payloads import (
    FAMILIES,
    LAWFUL,
    SENT_BY_OTHERS,
    WORDS,
    Kept,
    Outcome,
    Sent,
    kept,
    outcome,
    words,
)
from dicomweb_conformance.service import resources
from dicomweb_fixtures.fresh import Fresh
from dicomweb_fixtures.payloads import malformed
from dicomweb_fixtures.payloads.malformed.payload import Malformed

ABSENT, THERE = Kept(), Kept(True, True, True, True, frozenset({"1.2"}))
REFERENCED = b'{"00081199":{"vr":"SQ","Value":[{"00081155":{"vr":"UI","Value":["1.2"]}}]}}'
WARNED = REFERENCED.replace(b'{"00081155"', b'{"00081196":{"vr":"US","Value":[45063]},"00081155"')
FAILED = b'{"00081198":{"vr":"SQ","Value":[{"00081197":{"vr":"US","Value":[272]}}]}}'
BOTH = REFERENCED[:-1] + b"," + FAILED[1:]


def answered(status: int, body: bytes = b"") -> Sent:
    headers = Headers((("Content-Type", "application/dicom+json"),))
    payload = Malformed("fault", "Something is wrong.", "multipart/related", b"", b"")
    return Sent(payload, Response("1", "POST", "http://x/studies", status=status, headers=headers, body=body))


def test_every_fault_is_asked_for_once() -> None:
    counted = Counter(fault for family in FAMILIES for fault in family.faults)
    counted.update(SENT_BY_OTHERS.keys())
    counted.update(LAWFUL.keys())

    assert dict(counted) == dict.fromkeys(malformed.FAULTS, 1)


def test_what_others_send_is_a_check() -> None:
    assert set(SENT_BY_OTHERS.values()) <= {check for check, _ in checks()}


def test_rows_list_the_words() -> None:
    rows = requirements.load()

    missing = [
        (row, word) for row, said in WORDS.items() for word in said.values() if word not in rows[row].observations
    ]
    assert not missing
    assert {family.requirement for family in FAMILIES} == set(WORDS)


@pytest.mark.parametrize(
    ("sent", "there", "expected"),
    [
        (answered(400), ABSENT, Outcome.REFUSED),
        (answered(409, FAILED), ABSENT, Outcome.REFUSED),
        (answered(409, FAILED), THERE, Outcome.HIDDEN),
        (answered(400, BOTH), THERE, Outcome.LISTED_ALL_THE_SAME),
        (answered(202, FAILED), ABSENT, Outcome.REPORTED),
        (answered(202, FAILED), THERE, Outcome.HIDDEN),
        (answered(202, BOTH), THERE, Outcome.LISTED_AMONG_OTHERS),
        (answered(204), ABSENT, Outcome.MISSING),
        (answered(204), THERE, Outcome.BORNE),
        (answered(501), ABSENT, Outcome.NOT_SAID),
        (answered(501), THERE, Outcome.HIDDEN),
        (answered(500), ABSENT, Outcome.BROKEN),
        (answered(500), THERE, Outcome.BROKEN),
        (answered(302), ABSENT, Outcome.OTHER),
        (answered(202, WARNED), THERE, Outcome.WARNED),
        (answered(200, REFERENCED), THERE, Outcome.BORNE),
        (answered(200, REFERENCED), ABSENT, Outcome.MISSING),
        (answered(200, b"{}"), ABSENT, Outcome.MISSING),
        (answered(200, REFERENCED), Kept(found=True), Outcome.MISSING),
        (answered(200, REFERENCED), Kept(found=True, retrievable=True), Outcome.UNREADABLE),
        (answered(200, REFERENCED), Kept(True, True, True, True, frozenset({"1.3"})), Outcome.MISSING),
        (answered(200, REFERENCED), Kept(True, True, True, False, frozenset({"1.2"})), Outcome.WITHOUT_PIXELS),
    ],
)
def test_what_became_of_a_payload(sent: Sent, there: Kept, expected: Outcome) -> None:
    assert outcome(sent, there) is expected


@pytest.mark.parametrize(
    ("status", "body", "there", "said"),
    [
        (200, b"", ABSENT, "200-for-either-request"),
        (202, FAILED, ABSENT, "202-for-garbage-alone"),
        (204, b"", ABSENT, "204-with-nothing-stored"),
        (409, FAILED, ABSENT, "4xx-for-garbage-alone"),
        (400, b"", THERE, "a-new-instance-appears-that-was-not-sent"),
        (500, b"", ABSENT, ""),
    ],
)
def test_what_is_no_file_is_judged_as_garbage(status: int, body: bytes, there: Kept, said: str) -> None:
    (garbage,) = [family for family in FAMILIES if family.requirement == "STORE-016b"]

    assert words(garbage, answered(status, body), there) == said


def test_what_is_listed_without_its_uid_is_retrieved_by_the_one_it_was_sent_with() -> None:
    payload = malformed.make("uid_with_letters", Fresh(1, "malformed"))
    *_, sent_with = payload.study_uids
    content_type, body = multipart.write([Part(Headers((("Content-Type", "application/dicom"),)), b"a file")], "b")
    stored = SimpleNamespace(status=200, error="", body=b"{}")
    listed = SimpleNamespace(status=200, body=json.dumps([{"00100020": {"vr": "LO", "Value": ["A"]}}]).encode())
    asked: list[str] = []

    def retrieve(path: str, **_: object) -> SimpleNamespace:
        asked.append(path)
        there = path == resources.study(sent_with)
        return SimpleNamespace(status=200 if there else 404, error="", content_type=content_type, body=body)

    service: Any = SimpleNamespace(
        search=lambda *_: listed, retrieve=retrieve, is_own=lambda _: True, lacks=list, found_malformed=set
    )
    service.for_purpose = lambda _: service
    archive: Any = SimpleNamespace(time_until=lambda seen, **_: seen())

    ((_, there),) = kept(service, archive, [Sent(payload, cast("Any", stored))])

    assert there.retrievable
    assert asked[-1] == resources.study(sent_with)
