"""`--dicomweb-auth=google:FILE`: tokens are fetched from the key file's own address, and reach no file of a run."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from dicomweb_conformance.auth import CredentialsError, credentials
from dicomweb_conformance.redaction import Redaction

PREFIX = "ya29.secret-token-"


class TokenEndpoint(ThreadingHTTPServer):
    """Gives a new token to each request, valid for `seconds`; one status other than 200 refuses."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[dict[str, list[str]]] = []
        self.seconds = 3600
        self.status = 200

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/token"


class Handler(BaseHTTPRequestHandler):
    server: TokenEndpoint

    def do_POST(self) -> None:
        self.server.asked.append(parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode()))
        token = {
            "access_token": f"{PREFIX}{len(self.server.asked)}",
            "expires_in": self.server.seconds,
            "token_type": "Bearer",
        }
        body = json.dumps(token if self.server.status == 200 else {"error": "invalid_grant"}).encode()
        self.send_response(self.server.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def endpoint() -> Iterator[TokenEndpoint]:
    server = TokenEndpoint()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join(5)


@pytest.fixture(scope="module")
def private_key() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


@pytest.fixture
def key_file(endpoint: TokenEndpoint, private_key: str, tmp_path: Path) -> Path:
    file = tmp_path / "key.json"
    account = {
        "type": "service_account",
        "client_email": "suite@example.invalid",
        "private_key_id": "1",
        "private_key": private_key,
        "token_uri": endpoint.url,
    }
    file.write_text(json.dumps(account))
    return file


def test_no_token_is_fetched_before_it_is_needed_and_one_serves_many_requests(
    endpoint: TokenEndpoint, key_file: Path
) -> None:
    found = credentials(f"google:{key_file}", {})
    assert endpoint.asked == []

    assert [found.authorization for _ in range(3)] == [f"Bearer {PREFIX}1"] * 3

    (asked,) = endpoint.asked
    assert asked["grant_type"] == ["urn:ietf:params:oauth:grant-type:jwt-bearer"]


def test_a_token_that_expires_is_replaced_and_both_are_secrets(endpoint: TokenEndpoint, key_file: Path) -> None:
    endpoint.seconds = 1  # google-auth counts a token as expired minutes before it is
    found = credentials(f"google:{key_file}", {})

    assert [found.authorization, found.authorization] == [f"Bearer {PREFIX}1", f"Bearer {PREFIX}2"]

    redaction = Redaction(issued=lambda: found.secrets)
    assert redaction.text(f"{PREFIX}1 and {PREFIX}2") == "*** and ***"
    assert PREFIX not in repr(found)


def test_a_refused_token_is_explained(endpoint: TokenEndpoint, key_file: Path) -> None:
    endpoint.status = 400
    found = credentials(f"google:{key_file}", {})

    with pytest.raises(CredentialsError, match=r"suite@example\.invalid give no access token.*invalid_grant"):
        _ = found.authorization


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "cannot be read: No such file"),
        ("{}", "no key file"),
        ("hello", "no key file"),
        ('{"type": 1}', "no key"),
    ],
)
def test_a_file_that_is_no_key_is_explained(tmp_path: Path, content: str | None, message: str) -> None:
    file = tmp_path / "key.json"
    if content is not None:
        file.write_text(content)

    with pytest.raises(CredentialsError, match=message):
        credentials(f"google:{file}", {})


def test_no_default_credentials_are_explained(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "absent.json"))

    with pytest.raises(CredentialsError, match="gcloud auth application-default login"):
        credentials("google", {})


@pytest.mark.usefixtures("endpoint")
def test_default_credentials_are_those_of_the_environment(key_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(key_file))

    assert credentials("google", {}).authorization == f"Bearer {PREFIX}1"


def test_a_run_sends_the_token_and_leaves_it_in_no_file(
    endpoint: TokenEndpoint, key_file: Path, private_key: str, tmp_path: Path
) -> None:
    directory = tmp_path / "run"
    directory.mkdir()
    (directory / "key.json").write_bytes(key_file.read_bytes())
    command = [sys.executable, "-m", "pytest", "--dicomweb-url=embedded", "--dicomweb-profile=google", "-q"]
    command += ["--dicomweb-auth=google:key.json", "--junitxml=junit.xml", "-k", "google-base-url or google-error-body"]

    ended = subprocess.run(command, cwd=directory, capture_output=True, text=True, timeout=120, check=False)

    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert endpoint.asked
    record = (directory / "reports/latest/run.jsonl").read_text()
    assert "Bearer ***" in record
    (directory / "key.json").unlink()
    left = [each for each in directory.rglob("*") if each.is_file()]
    assert len(left) > 5
    key = private_key.splitlines()[1].encode()
    assert [each for each in left if PREFIX.encode() in each.read_bytes() or key in each.read_bytes()] == []
    assert PREFIX not in ended.stdout + ended.stderr


def test_a_token_that_cannot_be_had_judges_nobody(endpoint: TokenEndpoint, key_file: Path, tmp_path: Path) -> None:
    endpoint.status = 401
    command = [sys.executable, "-m", "pytest", "--dicomweb-url=embedded", f"--dicomweb-auth=google:{key_file}", "-q"]

    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)

    assert ended.returncode == 4, ended.stdout + ended.stderr
    assert "give no access token" in ended.stderr
