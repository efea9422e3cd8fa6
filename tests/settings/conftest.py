"""Fixtures of credentials: a token endpoint that listens, and a key file that names it."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.settings.token_endpoint import TokenEndpoint


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
