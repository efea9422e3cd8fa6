"""Nothing is green vacuously: a server that answers everything the same is told so, and passes nothing."""

import itertools
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from dicomweb_reports.record import Run
from tests.mutants.harness import printed_and_judged_at

Answer = Callable[[BaseHTTPRequestHandler, bytes], tuple[int, str, bytes]]
FOREIGN = b'[{"0020000D":{"vr":"UI","Value":["1.2.3"]},"00100020":{"vr":"LO","Value":["SOMEBODY"]}}]'
GARBAGE = b"--b\r\nContent-Type: application/dicom\r\n\r\nhello\r\n--b--\r\n"


def constant(status: int, content_type: str = "", body: bytes = b"") -> Answer:
    return lambda _handler, _sent: (status, content_type, body)


def echo(handler: BaseHTTPRequestHandler, sent: bytes) -> tuple[int, str, bytes]:
    return 200, handler.headers.get("Content-Type") or "application/dicom+json", sent or handler.path.encode()


_moments = itertools.count()


def exception(handler: BaseHTTPRequestHandler, _sent: bytes) -> tuple[int, str, bytes]:
    """An error as a framework makes it: no two are the same to the octet."""
    error = {"timestamp": next(_moments), "status": 500, "path": handler.path}
    return 500, "application/json", json.dumps(error).encode()


def takes_no_post(handler: BaseHTTPRequestHandler, _sent: bytes) -> tuple[int, str, bytes]:
    return (200, "application/dicom+json", b"[]") if handler.command == "GET" else (405, "", b"")


ANSWERS: dict[str, Answer] = {
    **{str(status): constant(status) for status in (204, 400, 404, 406, 500, 501)},
    "500 in text": constant(500, "text/plain", b"An exception."),
    "500 that names time and path": exception,
    "503": constant(503, "text/plain", b"later"),
    "empty 200": constant(200),
    "empty array": constant(200, "application/dicom+json", b"[]"),
    "array of an empty object": constant(200, "application/dicom+json", b"[{}]"),
    "empty object": constant(200, "application/dicom+json", b"{}"),
    "empty object of JSON": constant(200, "application/json", b"{}"),
    "somebody's study": constant(200, "application/dicom+json", FOREIGN),
    "garbage in a multipart": constant(200, 'multipart/related; type="application/dicom"; boundary=b', GARBAGE),
    "XML": constant(200, "application/dicom+xml", b"<NativeDicomModel/>"),
    "page": constant(200, "text/html", b"<!DOCTYPE html><title>Our app</title><div id=app></div>"),
    "login page": constant(200, "text/html", b'<form><input type="password"></form>'),
    "echo": echo,
}
TOLD = {"404": "no Studies Service at", "page": "a web page", "login page": "a login page", "echo": "not with the"}
"""What is said of those that need no comparison."""
SECONDS = 10


@contextmanager
def answering(answer: Answer) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # head and body in one segment: else each answer waits for the client to acknowledge the head

        def reply(self) -> None:
            length = self.headers.get("Content-Length")
            if length is None and self.headers.get("Transfer-Encoding"):
                self.close_connection = True  # a chunked body is left where it is
            status, content_type, body = answer(self, self.rfile.read(int(length or 0)))
            self.send_response(status)
            if content_type:
                self.send_header("Content-Type", content_type)
            if status != 204:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_DELETE = do_OPTIONS = reply  # noqa: N815 - http.server wants these names

        def log_message(self, *_: object) -> None:
            """Print nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/dicom-web"
        server.shutdown()


def judged(answer: Answer, directory: Path, *arguments: str) -> tuple[int, str, Run]:
    with answering(answer) as url:
        return printed_and_judged_at(url, directory, "--dicomweb-grace=0.02", "--dicomweb-timeout=3", *arguments)


@pytest.mark.parametrize("name", list(ANSWERS))
@pytest.mark.parametrize("mode", ["stores", "only reads"])
def test_it_is_told_so_at_once_and_nothing_is_judged(name: str, mode: str, tmp_path: Path) -> None:
    began = time.monotonic()
    status, printed, run = judged(ANSWERS[name], tmp_path, *(["--dicomweb-read-only"] if mode == "only reads" else []))

    assert status == pytest.ExitCode.USAGE_ERROR, printed
    assert time.monotonic() - began < SECONDS
    assert not run.results
    assert TOLD.get(name, "the answer is the same: ") in printed
    assert "the base URL ends where /studies begins" in printed
    assert "SOMEBODY" not in printed
    assert "Traceback" not in printed


def test_a_server_that_takes_nothing_is_judged_and_passes_nothing(tmp_path: Path) -> None:
    status, printed, run = judged(takes_no_post, tmp_path)

    assert status in {1, 5}, printed
    assert not [
        result for result in run.results if result.verdict in {"pass", "error"} and result.scenario != "messages"
    ]
