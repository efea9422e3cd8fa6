"""The reference server behind one that says in each place of its responses what no output should show as it is."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from dicomweb_reference.server import Reference
from dicomweb_reference.serving import running

_HOP_BY_HOP = {"connection", "content-length", "transfer-encoding", "host", "proxy-authorization"}


@contextmanager
def echoing(noise: str) -> Iterator[str]:
    """Serve the reference and put `noise` beside what it says; yields its base URL.

    It is its own proxy, and refuses to delete.
    """
    with running(Reference({"delete-not-offered"})) as url:
        behind = urlsplit(url)

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                asked = urlsplit(self.path)  # a proxy is asked for the whole URL
                sent = {name: value for name, value in self.headers.items() if name.lower() not in _HOP_BY_HOP}
                connection = http.client.HTTPConnection(str(behind.netloc), timeout=20)
                connection.request(
                    self.command, asked.path + (f"?{asked.query}" if asked.query else ""), body or None, sent
                )
                response = connection.getresponse()
                content = response.read()
                connection.close()
                fields = {k: v for k, v in response.getheaders() if k.lower() not in _HOP_BY_HOP}
                content = _noisy(content, fields.get("content-type", ""), noise, asked.query)
                self._send(response.status, fields, content)

            def _send(self, status: int, fields: Mapping[str, str], content: bytes) -> None:
                reason = noise.encode().decode("latin-1")
                head = [f"HTTP/1.1 {status} {reason}", *(f"{name}: {value}" for name, value in fields.items())]
                head += [f"X-Echo: {reason}", f"Location: /elsewhere?{reason.replace(' ', '+')}"]
                head += [f"Set-Cookie: session={COOKIE}; Path=/", f"X-Session: {COOKIE}"]
                head += [f"Content-Length: {len(content)}", "", ""]
                self.wfile.write("\r\n".join(head).encode("latin-1") + (content if self.command != "HEAD" else b""))

            do_GET = do_POST = do_DELETE = do_HEAD = do_OPTIONS = do_PUT = answer  # noqa: N815 - http.server wants these names

            def log_message(self, *_: object) -> None:
                """Print nothing."""

        with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
            server.daemon_threads = True
            threading.Thread(target=server.serve_forever, daemon=True).start()
            yield f"http://127.0.0.1:{server.server_port}{behind.path}"
            server.shutdown()


COOKIE = "5e551on0fth3us3r"
"""What it sets as cookie, and says elsewhere."""


def _noisy(content: bytes, kind: str, noise: str, query: str) -> bytes:
    if "limit=2" in query:
        return f'{{"{noise[:9]}": "{noise}'.encode()  # no JSON, and as an error it is quoted
    if "json" in kind and content:
        return json.dumps(_with(json.loads(content), noise), ensure_ascii=bool(len(content) % 2)).encode()
    if kind.startswith("multipart/"):
        part = f"\r\nX-Note: {noise}\r\nContent-Location: /bulk?token={noise}\r\nContent-Type:"
        return content.replace(b"\r\nContent-Type:", part.encode()).replace(b"\r\ncontent-type:", part.encode())
    return noise.encode()


def _with(value: Any, noise: str) -> Any:
    """Return JSON with noise in values that checks look at: names, comments, URLs, text where none belongs."""
    match value:
        case list():
            return [_with(each, noise) for each in value]
        case {"vr": "PN", "Value": [*_]}:
            return {**value, "Value": [{"Alphabetic": noise}]}
        case {"vr": "UR", "Value": [str(url), *_]}:
            return {**value, "Value": [f"{url}?token={noise}"]}
        case {"BulkDataURI": str(url)}:
            return {**value, "BulkDataURI": f"{url}?token={noise}"}
        case {"vr": str()}:
            return {name: _with(each, noise) for name, each in value.items()}
        case dict():
            return {name: _with(each, noise) for name, each in value.items()} | {
                "00104000": {"vr": "LT", "Value": [noise]},
                noise: {"vr": noise, "Value": [noise]},
            }
    return value
