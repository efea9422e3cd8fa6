"""Nothing is green vacuously: a server that answers everything the same passes no check."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.mutants.harness import printed_and_judged_at

Answer = Callable[[BaseHTTPRequestHandler, bytes], tuple[int, str, bytes]]
FOREIGN = b'[{"0020000D":{"vr":"UI","Value":["1.2.3"]},"00100020":{"vr":"LO","Value":["SOMEBODY"]}}]'
GARBAGE = b"--b\r\nContent-Type: application/dicom\r\n\r\nhello\r\n--b--\r\n"


def constant(status: int, content_type: str = "", body: bytes = b"") -> Answer:
    return lambda _handler, _sent: (status, content_type, body)


def echo(handler: BaseHTTPRequestHandler, sent: bytes) -> tuple[int, str, bytes]:
    return 200, handler.headers.get("Content-Type") or "application/dicom+json", sent or handler.path.encode()


ANSWERS: dict[str, Answer] = {
    **{str(status): constant(status) for status in (204, 400, 404, 406, 500, 501)},
    "500 in text": constant(500, "text/plain", b"An exception."),
    "empty 200": constant(200),
    "empty array": constant(200, "application/dicom+json", b"[]"),
    "array of an empty object": constant(200, "application/dicom+json", b"[{}]"),
    "empty object": constant(200, "application/dicom+json", b"{}"),
    "somebody's study": constant(200, "application/dicom+json", FOREIGN),
    "garbage in a multipart": constant(200, 'multipart/related; type="application/dicom"; boundary=b', GARBAGE),
    "login page": constant(200, "text/html", b'<form><input type="password"></form>'),
    "echo": echo,
}


@contextmanager
def answering(answer: Answer) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

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


@pytest.mark.parametrize("name", list(ANSWERS))
def test_no_check_passes(name: str, tmp_path: Path) -> None:
    with answering(ANSWERS[name]) as url:
        status, printed, run = printed_and_judged_at(url, tmp_path, "--dicomweb-grace=0.02", "--dicomweb-timeout=3")

    assert status in {1, 4, 5}, printed
    assert "INTERNALERROR" not in printed
    passed = [
        f"{each.check} {[one.observation for one in each.observed]}"
        for each in run.results
        if each.verdict == "pass" and each.scenario != "messages"  # a constant answer may well be good HTTP
    ]
    errors = [f"{each.check}: {each.reason}" for each in run.results if each.verdict == "error"]
    assert not passed
    assert not errors
