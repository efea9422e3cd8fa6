"""Codings are undone one within the other; under one that is not undone nobody judges what a body holds."""

import gzip
import zlib

import pytest

from dicomweb_conformance.http.content_coding import decoded
from dicomweb_conformance.http.exchanges import Headers, Response

PLAIN = b'[{"00080005":{"vr":"CS"}}]'


def response(body: bytes, *codings: str) -> Response:
    headers = Headers([("Content-Encoding", coding) for coding in codings])
    return Response("1", "GET", "http://pacs.example/studies", 200, headers=headers, body=body)


@pytest.mark.parametrize(
    ("body", "codings"),
    [
        (PLAIN, ()),
        (PLAIN, ("identity",)),
        (gzip.compress(PLAIN), ("gzip",)),
        (gzip.compress(PLAIN), ("identity, x-GZIP",)),
        (gzip.compress(PLAIN[:9]) + gzip.compress(PLAIN[9:]), ("gzip",)),
        (zlib.compress(PLAIN), ("deflate",)),
        (gzip.compress(zlib.compress(PLAIN)), ("deflate, gzip",)),
        (gzip.compress(zlib.compress(PLAIN)), ("deflate", "gzip")),
    ],
    # Not the octets themselves, which hold the time at which they were packed.
    ids=["none", "identity", "gzip", "x-gzip", "two-members", "deflate", "deflate-then-gzip", "two-fields"],
)
def test_what_was_applied_is_undone(body: bytes, codings: tuple[str, ...]) -> None:
    undone = decoded(response(body, *codings), 1 << 20)

    assert (undone.body, undone.error) == (PLAIN, "")


def test_what_follows_a_large_member_is_not_lost() -> None:
    blanks = b" " * 30_000_000

    undone = decoded(response(gzip.compress(blanks) + gzip.compress(b"[") + gzip.compress(b"]"), "gzip"), 1 << 26)

    assert (len(undone.body), undone.body[-2:], undone.error) == (len(blanks) + 2, b"[]", "")


@pytest.mark.parametrize(
    ("codings", "said"),
    [
        ("br", "Content-Encoding br, which this suite does not undo"),
        ("gzip, zstd, br", "Content-Encoding br, zstd, which this suite does not undo"),
        (", ".join(["gzip"] * 100), "100 codings in Content-Encoding, which this suite does not undo"),
    ],
)
def test_under_a_coding_that_is_not_undone_nobody_is_blamed(codings: str, said: str) -> None:
    left = decoded(response(PLAIN, codings), 1 << 20)

    assert (left.body, left.error, left.exceeded) == (PLAIN, said, True)
