"""A whole run against a server in whose answers no URL is what it should be."""

import html
import itertools
import json
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from dicomweb_reference.google import Google
from dicomweb_reference.server import Reference
from dicomweb_reference.serving import running
from tests import warm
from tests.nodes import selecting
from tests.transport.other_origins import elsewhere, table

TOKEN, KEY = "token-of-the-target", "key-of-the-target"
SELECTED = {
    "dicom": "retrieve-url or by-uri or uri-resolves or thumbnail-redirect or thumbnail-of or what-was-created "
    "or content-location or xml-metadata-is-whole",
    "google": "retrieve-url or by-uri or what-was-created or lro-name or lro-poll or lro-cancel or lro-list",
}


class GivesUrls:
    """What makes of each URL in the answers of a reference server the next one of the table."""

    def __init__(self, door: int) -> None:
        self.door = door
        self.port = 0
        self.rows = itertools.cycle(table())
        self.given: set[str] = set()

    def next(self, path: str, *, in_a_field: bool = False) -> str:
        while True:
            row = next(self.rows)
            text = row.at(self.port, self.door, path)
            if not in_a_field or (text.isascii() and text.isprintable()):
                self.given.add(row.why)
                return text

    async def altered(self, answer: Response) -> Response:
        own = re.compile(rf"https?://127\.0\.0\.1:{self.port}(/[^\s\"<>]*)".encode())
        kind = answer.headers.get("Content-Type", "")
        body = b""
        if isinstance(answer, StreamingResponse):
            async for piece in answer.body_iterator:
                body += bytes(piece) if not isinstance(piece, str) else piece.encode()
        else:
            body = bytes(answer.body)

        def instead(match: re.Match[bytes]) -> bytes:
            text = self.next(match[1].decode(), in_a_field="multipart" in kind and "xml" not in kind)
            if "json" in kind:
                return json.dumps(text)[1:-1].encode()
            clean = "".join(each for each in text if each.isprintable())
            return (html.escape(clean) if "xml" in kind else clean).encode()

        body = own.sub(instead, body)
        if "json" in kind and b'"name": "projects/' in body:
            body = re.sub(rb'("name": ")(projects/[^"]*)', lambda found: found[1] + found[2] + b"@evil/../..", body)
        for name in ("Location", "Content-Location"):
            if name in answer.headers:
                answer.headers[name] = self.next(urlsplit(answer.headers[name]).path, in_a_field=True)
        fields = {name: value for name, value in answer.headers.items() if name != "content-length"}
        return Response(body, answer.status_code, fields)


@contextmanager
def giving(flavour: type[Reference], door: int) -> Iterator[tuple[GivesUrls, str]]:
    gives = GivesUrls(door)

    class Giving(flavour):  # type: ignore[misc,valid-type]  # either flavour
        async def exchange(self, steps, http: Request) -> Response:  # type: ignore[no-untyped-def]  # as overridden
            return await gives.altered(await super().exchange(steps, http))

    with running(Giving(frozenset({"thumbnail-redirects"} if flavour is Reference else ()))) as url:
        gives.port = urlsplit(url).port or 0
        yield gives, url


@pytest.mark.parametrize("profile", ["dicom", "google"])
def test_no_secret_leaves_for_another_origin(profile: str, tmp_path: Path) -> None:
    with elsewhere() as other, giving(Google if profile == "google" else Reference, other.door) as (gives, url):
        command = [sys.executable, "-m", "pytest", f"--dicomweb-url={url}", f"--dicomweb-profile={profile}", "-q"]
        command += ["--dicomweb-auth=bearer", "--dicomweb-header=X-Api-Key: $KEY", "--dicomweb-grace=1"]
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("DICOMWEB_", "PYTEST_"))}
        ended = warm.run(
            [*command, *selecting(SELECTED[profile])],
            cwd=tmp_path,
            env=kept | {"DICOMWEB_TOKEN": TOKEN, "KEY": KEY},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    assert ended.returncode == 1, ended.stdout + ended.stderr
    assert other.received == []
    results = json.loads((tmp_path / "reports/latest/report.json").read_text())["results"]
    assert {result["check"] for result in results if result["verdict"] == "error"} == set()
    if profile == "dicom":
        assert len(gives.given) > 100
    said = {finding["observation"] for result in results for finding in result["findings"]}
    assert "a URL that cannot be followed" in said
