"""A GET that was answered before, and that nothing can have changed since, is not sent again: its answer stands."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from dicomweb_conformance.transport.client import Client
from dicomweb_conformance.transport.repeatable import Asked, Changes, Repeatable
from tests.transport.raw_peer import answers, client, peer

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]"
JSON = [("Accept", "application/dicom+json")]


@contextmanager
def asking(
    url: str, directory: Path, may_stand: Callable[[Asked], bool] = lambda _: True, epoch: Callable[[], int] = lambda: 0
) -> Iterator[Client]:
    with ExitStack() as stack:
        changes = Changes(directory)
        stack.callback(changes.close)
        repeatable = Repeatable(changes, epoch, may_stand)
        yield stack.enter_context(client(url, directory, changes=changes, repeatable=repeatable))


def test_the_second_get_is_the_first_exchange(tmp_path: Path) -> None:
    with peer(answers(OK)) as listening, asking(listening.url, tmp_path) as client:
        both = [client.send("GET", f"{listening.url}/studies", headers=JSON, follow=True) for _ in range(2)]

    assert len(listening.requests) == 1
    assert [each.exchange for each in both] == ["main-1", "main-1"]


@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_what_may_change_something_has_it_asked_again(tmp_path: Path, method: str) -> None:
    with peer(answers(OK)) as listening, asking(listening.url, tmp_path) as client:
        client.send("GET", f"{listening.url}/studies", follow=True)
        client.send(method, f"{listening.url}/studies")
        client.send("GET", f"{listening.url}/studies", follow=True)

    assert [request.split(b" ")[0] for request in listening.requests] == [b"GET", method.encode(), b"GET"]


def test_a_change_by_another_process_counts(tmp_path: Path) -> None:
    with peer(answers(OK)) as listening, asking(listening.url, tmp_path) as client:
        client.send("GET", f"{listening.url}/studies", follow=True)
        another = Changes(tmp_path)
        another.note()
        another.close()
        client.send("GET", f"{listening.url}/studies", follow=True)

    assert len(listening.requests) == 2


def test_a_change_by_a_client_beside_counts(tmp_path: Path) -> None:
    with peer(answers(OK)) as listening, asking(listening.url, tmp_path) as client:
        client.send("GET", f"{listening.url}/studies", follow=True)
        client.at_once([lambda beside: [beside.send("POST", f"{listening.url}/studies")]])
        client.send("GET", f"{listening.url}/studies", follow=True)

    assert len(listening.requests) == 3


def test_a_target_that_came_back_is_asked_again(tmp_path: Path) -> None:
    epochs = iter(range(9))
    with (
        peer(answers(OK)) as listening,
        asking(listening.url, tmp_path, epoch=lambda: next(epochs)) as client,
    ):
        for _ in range(2):
            client.send("GET", f"{listening.url}/studies", follow=True)

    assert len(listening.requests) == 2


@pytest.mark.parametrize(
    ("fields", "purpose", "follow"),
    [
        ([("If-None-Match", '"1"')], "check", True),
        ([("Range", "bytes=0-1")], "check", True),
        ([("Cache-Control", "no-cache")], "check", True),
        (JSON, "confirm", True),
        (JSON, "check", False),
    ],
)
def test_only_a_plain_get_of_a_check_is_answered_so(
    tmp_path: Path, fields: list[tuple[str, str]], purpose: str, follow: bool
) -> None:
    with peer(answers(OK)) as listening, asking(listening.url, tmp_path) as client:
        for _ in range(2):
            client.send("GET", f"{listening.url}/studies", headers=fields, purpose=purpose, follow=follow)

    assert len(listening.requests) == 2


@pytest.mark.parametrize(
    "octets",
    [
        b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n[]",
        b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 0\r\nContent-Length: 0\r\n\r\n",
    ],
)
def test_an_answer_that_says_how_things_are_at_the_moment_stands_for_no_other(tmp_path: Path, octets: bytes) -> None:
    with peer(answers(octets)) as listening, asking(listening.url, tmp_path) as client:
        client.send("GET", f"{listening.url}/studies", follow=True)
        before = len(listening.requests)
        client.send("GET", f"{listening.url}/studies", follow=True)

    assert len(listening.requests) > before


def test_another_accept_is_another_question(tmp_path: Path) -> None:
    with peer(answers(OK)) as listening, asking(listening.url, tmp_path) as client:
        for accept in ("application/dicom+json", "application/json"):
            client.send("GET", f"{listening.url}/studies", headers=[("Accept", accept)], follow=True)

    assert len(listening.requests) == 2


def test_who_does_not_take_anothers_answer_asks(tmp_path: Path) -> None:
    with (
        peer(answers(OK)) as listening,
        asking(listening.url, tmp_path, may_stand=lambda _: False) as client,
    ):
        for _ in range(2):
            client.send("GET", f"{listening.url}/studies", follow=True)

    assert len(listening.requests) == 2
