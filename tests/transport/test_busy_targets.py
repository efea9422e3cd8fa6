"""A busy target is asked again, a bounded number of times, and never for what it may have done already."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dicomweb_conformance.http.exchanges import Headers, Response
from dicomweb_conformance.transport import busy
from tests.transport.raw_peer import answers, client, peer

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]"


def busy_answer(status: int, *fields: str) -> bytes:
    return "\r\n".join([f"HTTP/1.1 {status} Busy", *fields, "Content-Length: 0", "", ""]).encode()


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_get_is_sent_until_it_is_answered(status: int, tmp_path: Path) -> None:
    pauses: list[float] = []
    with (
        peer(answers(busy_answer(status), busy_answer(status), OK)) as listening,
        client(listening.url, tmp_path, pause=pauses.append) as asking,
    ):
        response = asking.send("GET", f"{listening.url}/studies")

    assert (response.status, response.exchange) == (200, "main-3")
    assert pauses == [0.25, 0.5]
    recorded = [json.loads(line) for line in (tmp_path / "run.jsonl").read_text().splitlines()]
    assert [(each["id"], each["response"]["status"], each.get("retry_of")) for each in recorded] == [
        ("main-1", status, None),
        ("main-2", status, "main-1"),
        ("main-3", 200, "main-1"),
    ]


def test_the_last_answer_is_taken_after_four_tries(tmp_path: Path) -> None:
    with (
        peer(answers(busy_answer(503))) as listening,
        client(listening.url, tmp_path, pause=lambda _: None) as asking,
    ):
        response = asking.send("GET", f"{listening.url}/studies")

    assert (response.status, response.exchange) == (503, "main-4")
    assert len(listening.requests) == 4


@pytest.mark.parametrize(
    ("method", "status", "tries"),
    [
        ("POST", 503, 4),
        ("POST", 429, 4),
        ("POST", 502, 1),
        ("POST", 504, 1),
        ("DELETE", 504, 1),
        ("DELETE", 503, 4),
        ("HEAD", 504, 4),
        ("GET", 500, 1),
        ("GET", 501, 1),
        ("GET", 404, 1),
    ],
)
def test_what_may_have_been_processed_is_not_sent_again(method: str, status: int, tries: int, tmp_path: Path) -> None:
    body = b"x" if method == "POST" else None
    with (
        peer(answers(busy_answer(status))) as listening,
        client(listening.url, tmp_path, pause=lambda _: None) as asking,
    ):
        assert asking.send(method, f"{listening.url}/studies", body=body).status == status

    assert len(listening.requests) == tries
    assert len(set(listening.requests)) == 1, "each try is the same request"


def test_a_post_that_breaks_off_is_not_sent_again(tmp_path: Path) -> None:
    with peer(answers(b"")) as listening, client(listening.url, tmp_path) as asking:
        assert asking.send("POST", f"{listening.url}/studies", body=b"x").status == 0

    assert len(listening.requests) == 1


def test_a_get_that_breaks_off_is_sent_once_more(tmp_path: Path) -> None:
    with peer(answers(b"", OK)) as listening, client(listening.url, tmp_path) as asking:
        assert asking.send("GET", f"{listening.url}/studies").status == 200

    assert '"retry_of": "main-1"' in (tmp_path / "run.jsonl").read_text()


def test_chunks_in_a_list_are_sent_again_and_a_stream_is_not(tmp_path: Path) -> None:
    with (
        peer(answers(busy_answer(503), OK, busy_answer(503), keeps_open=True)) as listening,
        client(listening.url, tmp_path, pause=lambda _: None) as asking,
    ):
        assert asking.send("POST", f"{listening.url}/studies", body=[b"a", b"b"]).status == 200
        assert asking.send("POST", f"{listening.url}/studies", body=iter([b"a", b"b"])).status == 503

    assert all(request.endswith(b"1\r\na\r\n1\r\nb\r\n0\r\n\r\n") for request in listening.requests)


def test_retry_after_is_honoured_and_capped(tmp_path: Path) -> None:
    pauses: list[float] = []
    with (
        peer(answers(busy_answer(503, "Retry-After: 3"), busy_answer(503, "Retry-After: 86400"), OK)) as listening,
        client(listening.url, tmp_path, pause=pauses.append) as asking,
    ):
        asking.send("GET", f"{listening.url}/studies")

    assert pauses == [3.0, busy.LONGEST_PAUSE]


def test_patience_ends(tmp_path: Path) -> None:
    pauses: list[float] = []
    with (
        peer(answers(busy_answer(503, "Retry-After: 10"), keeps_open=True)) as listening,
        client(listening.url, tmp_path, pause=pauses.append) as asking,
    ):
        for _ in range(20):
            asking.send("GET", f"{listening.url}/studies")

    assert sum(pauses) == busy.PATIENCE


NOW = datetime(2026, 11, 25, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("fields", "seconds"),
    [
        ([("Retry-After", "0")], 0.0),
        ([("retry-after", " 7 ")], 7.0),
        ([("Retry-After", "Wed, 25 Nov 2026 12:00:05 GMT")], 5.0),
        ([("Retry-After", "Wed, 25 Nov 2026 11:00:00 GMT")], 0.0),
        ([("Retry-After", "Wed, 25 Nov 2026 13:00:00 GMT")], busy.LONGEST_PAUSE),
        ([("Retry-After", "Tue, 01 Jan 2030 00:00:04 GMT"), ("Date", "Tue, 01 Jan 2030 00:00:00 GMT")], 4.0),
        ([("Retry-After", "Wednesday, 25-Nov-26 12:00:05 GMT")], 5.0),
        ([("Retry-After", "soon")], None),
        ([("Retry-After", "-1")], None),
        ([("Retry-After", "1.5")], None),
        ([("Retry-After", "9" * 5000)], busy.LONGEST_PAUSE),
        ([], None),
    ],
)
def test_retry_after_is_read(fields: list[tuple[str, str]], seconds: float | None) -> None:
    response = Response("main-1", "GET", "http://a/", 503, headers=Headers(tuple(fields)))
    assert busy.retry_after(response, NOW) == seconds
