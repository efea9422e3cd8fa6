"""The curl line: what it says, and what curl really sends for it."""

from __future__ import annotations

import shutil
import socket
import subprocess
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from dicomweb_reports.curl import curl_line
from tests.reports.run_directory import JSON, RunDirectory

if TYPE_CHECKING:
    from collections.abc import Iterator

needs_curl = pytest.mark.skipif(not (shutil.which("curl") and shutil.which("sh")), reason="needs curl and a shell")

ACCEPT = ("Accept", "application/dicom+json")
AGENT = ("User-Agent", "dicomweb-conformance/0.1.0")


def line_of(directory: RunDirectory, *args: Any, settings: dict[str, Any] | None = None, **fields: Any) -> str:
    directory.header(settings=settings or {})
    name = directory.exchange(*args, **fields)
    run = directory.load()
    return curl_line(run.exchanges[name], run)


def test_a_search(directory: RunDirectory) -> None:
    line = line_of(directory, path="/studies?limit=2&PatientName=A*", sent=(ACCEPT, AGENT))

    assert line == (
        "curl -sS -i --http1.1 -H 'Accept: application/dicom+json' -H 'User-Agent: dicomweb-conformance/0.1.0' "
        "'https://pacs.example/dicom-web/studies?limit=2&PatientName=A*'"
    )


@pytest.mark.parametrize(
    ("field", "word"),
    [
        (("Authorization", "Bearer ***"), '-H "Authorization: Bearer $DICOMWEB_TOKEN"'),
        (("authorization", "Basic ***"), '-u "$DICOMWEB_USER:$DICOMWEB_PASSWORD"'),
        (("Authorization", "***"), '-H "Authorization: $DICOMWEB_AUTHORIZATION"'),
        (("X-Api-Key", "***"), '-H "X-Api-Key: $DICOMWEB_X_API_KEY"'),
        (("X-Token", 'key="***"; $HOME'), "-H 'X-Token: key=\"'\"$DICOMWEB_X_TOKEN\"'\"; $HOME'"),
    ],
)
def test_secrets_are_variables(directory: RunDirectory, field: tuple[str, str], word: str) -> None:
    line = line_of(directory, sent=(ACCEPT, AGENT, field))

    assert word in line
    assert "***" not in line


def test_what_curl_would_add_is_suppressed(directory: RunDirectory) -> None:
    line = line_of(directory, "POST", sent=(), body=bytes(2000))

    assert "-H 'User-Agent:' -H 'Accept:' -H 'Content-Type:' -H 'Expect:'" in line
    assert " -X " not in line


def test_a_body_that_was_not_recorded_is_said(directory: RunDirectory) -> None:
    request: dict[str, Any] = {"headers": [], "body": {"sha256": "", "size": 5000, "kept": 0}}

    line = line_of(directory, "POST", request=request)

    assert "--data-binary @BODY " in line
    assert line.endswith("  # BODY: 5000 octets that were not recorded")


def test_a_body_that_was_cut_is_said(directory: RunDirectory) -> None:
    request: dict[str, Any] = {"headers": [], "body": directory.body(b"12345", size=50)}

    assert line_of(directory, "POST", request=request).endswith("  # recorded: the first 5 of 50 octets of the body")


def test_an_untrusted_certificate_stays_accepted(directory: RunDirectory) -> None:
    assert " -k " in line_of(directory, settings={"insecure": True})


def test_nothing_in_the_exchange_can_run_or_move_the_cursor(directory: RunDirectory) -> None:
    line = line_of(
        directory, "G'; rm -rf $HOME", "/x'$(id)`id`\x1b[2J\u202e\n;id", sent=(("X'\x07", "`id`\x1b]0;x\x07$(id)"),)
    )

    assert line.isprintable()


@contextmanager
def listener() -> Iterator[tuple[int, list[bytes]]]:
    """Take one request on a port of this machine, as octets."""
    received: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(20)

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.settimeout(20)
                octets = b""
                while not _is_whole(octets) and (more := connection.recv(65536)):
                    octets += more
                received.append(octets)
                connection.sendall(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")

        thread = threading.Thread(target=serve)
        thread.start()
        yield server.getsockname()[1], received
        thread.join(30)


def _is_whole(octets: bytes) -> bool:
    head, blank, body = octets.partition(b"\r\n\r\n")
    if b"chunked" in head:
        return body.endswith(b"0\r\n\r\n")
    length = next((line.split(b":")[1] for line in head.lower().split(b"\r\n") if b"content-length" in line), b"0")
    return bool(blank) and len(body) >= int(length)


HOST = ("Host", "127.0.0.1:{port}")
DICOM = ("Content-Type", 'multipart/related; type="application/dicom"')


@needs_curl
@pytest.mark.parametrize(
    ("method", "target", "sent", "body"),
    [
        ("GET", "/studies?limit=2&00100010=Z%5EA*", [HOST, ACCEPT, AGENT], None),
        ("GET", "/studies", [HOST], None),
        ("GET", "/studies?a={b}&c[]=1", [HOST, ACCEPT], None),
        ("GET", "/studies/../studies/./1", [HOST, ACCEPT], None),
        ("GET", "/studies", [HOST, ACCEPT, ACCEPT, ("X-Empty", ""), ("X-Quote", 'it\'s "$HOME" `id` \\')], None),
        ("GET", "/studies", [HOST, ("Accept", "*/*"), ("Authorization", "Bearer s3cret!")], None),
        ("GET", "/studies", [HOST, ("Accept", "*/*"), ("X-Name", "Andr\u00e9")], None),
        ("GET", "/studies", [("Host", "elsewhere.example"), ("Accept", "*/*")], None),
        ("OPTIONS", "/studies", [HOST, ("Accept", "*/*")], None),
        ("DELETE", "/studies/1", [HOST], None),
        ("HEAD", "/studies", [HOST, ACCEPT], None),
        ("POST", "/studies", [HOST, DICOM, ("Content-Length", "4")], b"\0\r\n\xff"),
        ("POST", "/studies", [HOST, ("Content-Length", "2000000")], bytes(2_000_000)),
        ("POST", "/studies", [HOST, ("Content-Length", "0")], None),
        ("PUT", "/studies/1", [HOST, DICOM, ("Content-Length", "4")], b"@abc"),
        ("POST", "/studies", [HOST, DICOM, ("Transfer-Encoding", "chunked")], b"abcd"),
    ],
)
def test_curl_sends_what_was_sent(
    directory: RunDirectory, method: str, target: str, sent: list[tuple[str, str]], body: bytes | None
) -> None:
    with listener() as (port, received):
        fields = [(name, value.format(port=port)) if name == "Host" else (name, value) for name, value in sent]
        recorded = [(name, "Bearer ***" if name == "Authorization" else value) for name, value in fields]
        line = line_of(
            directory,
            method,
            url=f"http://127.0.0.1:{port}{target}",
            request={"headers": recorded, "body": directory.body(body)},
        )
        environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(directory.path), "DICOMWEB_TOKEN": "s3cret!"}
        done = subprocess.run(
            ["sh", "-c", line],  # noqa: S607 - the user's own shell, as found
            cwd=directory.path,
            env=environment,
            capture_output=True,
            timeout=30,
            check=False,
        )

    assert done.returncode == 0, done.stderr
    head, _, content = received[0].partition(b"\r\n\r\n")
    request_line, *lines = head.decode("latin-1").split("\r\n")
    assert request_line == f"{method} {target} HTTP/1.1"
    assert sorted(lines) == sorted(f"{name}: {value}".rstrip() for name, value in fields)
    assert content == (b"4\r\nabcd\r\n0\r\n\r\n" if b"chunked" in head else body or b"")


def test_the_header_fields_of_the_answer_do_not_matter(directory: RunDirectory) -> None:
    assert "dicom+json" not in line_of(directory, sent=(AGENT,), headers=(JSON,))
