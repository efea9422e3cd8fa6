"""`--dicomweb-auth=oauth2:TOKEN_URL`: client credentials, as Azure and Keycloak take them."""

import base64
import json
import sys
from pathlib import Path

import pytest

from dicomweb_conformance.settings.auth import Beside, Credentials, CredentialsError, credentials
from dicomweb_reference.serving import running
from tests import warm
from tests.settings.test_credentials_that_expire import Guarded, judge
from tests.settings.token_endpoint import PREFIX, TokenEndpoint

CLIENT, SECRET = "suite-client", "s3cret~of/the+client"
SCOPE = "https://dicom.healthcareapis.azure.com/.default"


def found(endpoint: TokenEndpoint, **beside: str) -> Credentials:
    return credentials(
        f"oauth2:{endpoint.url}", {"DICOMWEB_CLIENT_SECRET": SECRET}, Beside(**{"client": CLIENT, **beside})
    )


def test_a_token_is_asked_for_when_it_is_needed_and_serves_many_requests(endpoint: TokenEndpoint) -> None:
    login = found(endpoint, scope=SCOPE, resource="urn:archive")
    assert endpoint.asked == []

    assert [login.authorization for _ in range(3)] == [f"Bearer {PREFIX}1"] * 3

    assert endpoint.asked == [{"grant_type": ["client_credentials"], "scope": [SCOPE], "resource": ["urn:archive"]}]
    pair = base64.b64decode(endpoint.authorizations[0].removeprefix("Basic ")).decode()
    assert pair == "suite-client:s3cret~of%2Fthe%2Bclient", "form-encoded (RFC 6749 2.3.1)"


@pytest.mark.parametrize(("seconds", "asked"), [(3600, 1), ("3599", 1), (None, 1), (30, 2)])
def test_a_token_is_replaced_before_it_expires(endpoint: TokenEndpoint, seconds: int | str | None, asked: int) -> None:
    endpoint.seconds = seconds
    login = found(endpoint)

    assert [login.authorization for _ in range(2)] == [f"Bearer {PREFIX}1", f"Bearer {PREFIX}{asked}"]


def test_a_token_that_was_refused_is_replaced_once(endpoint: TokenEndpoint) -> None:
    login = found(endpoint)
    refused = login.authorization

    assert login.renew(refused)
    assert login.authorization == f"Bearer {PREFIX}2"
    assert login.are_others_than(refused)
    assert not login.are_others_than(f"Bearer {PREFIX}2")


def test_what_the_endpoint_says_is_told(endpoint: TokenEndpoint) -> None:
    endpoint.status = 401
    endpoint.error = {"error": "invalid_client", "error_description": "AADSTS7000215: Invalid client secret provided."}

    with pytest.raises(CredentialsError) as raised:
        _ = found(endpoint).authorization

    assert "the client credentials of suite-client give no access token" in str(raised.value)
    assert "answered 401 (invalid_client: AADSTS7000215: Invalid client secret provided.)" in str(raised.value)


def test_an_endpoint_that_is_not_there_is_told() -> None:
    login = credentials("oauth2:http://127.0.0.1:9/token", {"DICOMWEB_CLIENT_SECRET": SECRET}, Beside(client=CLIENT))

    with pytest.raises(CredentialsError, match=r"http://127\.0\.0\.1:9/token cannot be asked \(.*refused"):
        _ = login.authorization


@pytest.mark.parametrize(
    ("spec", "client", "environ", "said"),
    [
        ("oauth2:https://login.example/token", "", {}, "no client is named: --dicomweb-client=ID"),
        ("oauth2:https://login.example/token", CLIENT, {}, "DICOMWEB_CLIENT_SECRET is not set"),
        (
            "oauth2:http://login.example/token",
            CLIENT,
            {"DICOMWEB_CLIENT_SECRET": SECRET},
            "expected oauth2:https://HOST",
        ),
        ("oauth2:https://me:pw@login.example/t", CLIENT, {"DICOMWEB_CLIENT_SECRET": SECRET}, "end up in logs"),
        ("oauth2:token", CLIENT, {"DICOMWEB_CLIENT_SECRET": SECRET}, "expected oauth2:https://HOST"),
        ("oauth2", CLIENT, {}, "expected none, basic:USER"),
    ],
)
def test_a_setting_that_is_missing_is_named(spec: str, client: str, environ: dict[str, str], said: str) -> None:
    with pytest.raises(CredentialsError, match=said):
        credentials(spec, environ, Beside(client=client))


def test_a_long_run_has_its_token_renewed_and_leaves_no_secret(endpoint: TokenEndpoint, tmp_path: Path) -> None:
    server = Guarded(40)
    with running(server) as url:
        report, printed = judge(
            url,
            tmp_path,
            f"--dicomweb-auth=oauth2:{endpoint.url}",
            f"--dicomweb-client={CLIENT}",
            "--log-file=log.txt",
            "--log-file-level=DEBUG",
            DICOMWEB_CLIENT_SECRET=SECRET,
        )

    assert report["status"] == 0, printed
    assert report["counts"]["inconclusive"] == 0
    assert report["settings"]["auth"] == "oauth2"
    assert len(endpoint.asked) == len(server.taken) > 2, "a token is renewed once where it is refused"
    pair = endpoint.authorizations[0].removeprefix("Basic ")
    for file in [path for path in tmp_path.rglob("*") if path.is_file()]:
        content = file.read_text("utf-8", "replace")
        assert [each for each in (SECRET, pair, PREFIX) if each in content] == [], file
    assert [each for each in (SECRET, pair, PREFIX) if each in printed] == []


def test_a_client_that_is_refused_judges_nobody(endpoint: TokenEndpoint, tmp_path: Path) -> None:
    endpoint.status = 401
    endpoint.error = {"error": "invalid_client", "error_description": f"no client has {SECRET}"}
    command = [
        sys.executable,
        "-m",
        "pytest",
        "--dicomweb-url=embedded",
        f"--dicomweb-auth=oauth2:{endpoint.url}",
        "-q",
    ]
    environment = {"DICOMWEB_CLIENT_SECRET": SECRET, "DICOMWEB_CLIENT": CLIENT, "PATH": "/usr/bin:/bin"}

    ended = warm.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120, check=False)

    assert ended.returncode == 4, ended.stdout + ended.stderr
    assert "give no access token" in ended.stderr
    assert "invalid_client: no client has ***" in ended.stderr
    assert "Traceback" not in ended.stdout + ended.stderr
    assert SECRET not in ended.stdout + ended.stderr + json.dumps(str(list(tmp_path.rglob("*"))))
