"""A token endpoint, as google-auth and OAuth 2.0 clients ask it."""

from __future__ import annotations

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

PREFIX = "ya29.secret-token-"


class TokenEndpoint(ThreadingHTTPServer):
    """Gives a new token to each request, valid for `seconds`; one status other than 200 refuses."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[dict[str, list[str]]] = []
        self.authorizations: list[str] = []
        self.seconds: int | str | None = 3600
        self.status = 200
        self.error = {"error": "invalid_grant"}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/token"


class Handler(BaseHTTPRequestHandler):
    server: TokenEndpoint

    def do_POST(self) -> None:
        self.server.asked.append(parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode()))
        self.server.authorizations.append(self.headers.get("Authorization", ""))
        value = f"{PREFIX}{len(self.server.asked)}"
        token: dict[str, object] = {"access_token": value, "expires_in": self.server.seconds, "token_type": "Bearer"}
        if self.server.seconds is None:
            del token["expires_in"]
        if self.path.endswith(":generateAccessToken"):
            token = {"accessToken": value, "expireTime": "2099-01-01T00:00:00Z"}
        body = json.dumps(token if self.server.status == 200 else self.server.error).encode()
        self.send_response(self.server.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""
