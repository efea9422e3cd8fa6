"""`--dicomweb-auth=google:FILE`: tokens are fetched from the key file's own address, and reach no file of a run."""

import base64
import json
import sys
from pathlib import Path

import pytest

from dicomweb_conformance.record.redaction import Redaction
from dicomweb_conformance.settings.auth import Beside, CredentialsError, credentials
from dicomweb_conformance.settings.credentials import Outgoing
from tests import warm
from tests.settings.token_endpoint import PREFIX, TokenEndpoint


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
        ("{}", "no file of credentials"),
        ("hello", "no file of credentials"),
        ('{"type": 1}', "no file of credentials"),
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

    ended = warm.run(command, cwd=directory, capture_output=True, text=True, timeout=120, check=False)

    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert endpoint.asked
    record = (directory / "reports/latest/run.jsonl").read_text()
    assert "Bearer ***" in record
    (directory / "key.json").unlink()
    left = [path for path in directory.rglob("*") if path.is_file()]
    assert len(left) > 5
    key = private_key.splitlines()[1].encode()
    assert [each for each in left if PREFIX.encode() in each.read_bytes() or key in each.read_bytes()] == []
    assert PREFIX not in ended.stdout + ended.stderr


def test_a_token_that_cannot_be_had_judges_nobody(endpoint: TokenEndpoint, key_file: Path, tmp_path: Path) -> None:
    endpoint.status = 401
    command = [sys.executable, "-m", "pytest", "--dicomweb-url=embedded", f"--dicomweb-auth=google:{key_file}", "-q"]

    ended = warm.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)

    assert ended.returncode == 4, ended.stdout + ended.stderr
    assert "give no access token" in ended.stderr


def test_a_users_login_is_loaded_and_its_secrets_are_known(endpoint: TokenEndpoint, tmp_path: Path) -> None:
    file = tmp_path / "user.json"
    user = {"client_id": "id", "client_secret": "user-client-secret", "refresh_token": "user-refresh-token"}
    file.write_text(json.dumps({"type": "authorized_user", "token_uri": endpoint.url, **user}))
    found = credentials(f"google:{file}", {})
    assert {"user-client-secret", "user-refresh-token"} <= set(found.secrets), "before a token is asked for"

    # google-auth asks Google itself for a user's token, whatever the file says.
    assert found.provider is not None
    found.provider._credentials._token_uri = endpoint.url  # type: ignore[attr-defined]  # of google-auth

    assert found.authorization == f"Bearer {PREFIX}1"
    assert endpoint.asked[0]["refresh_token"] == ["user-refresh-token"]


def test_workload_identity_that_impersonates_an_account(endpoint: TokenEndpoint, tmp_path: Path) -> None:
    subject = tmp_path / "subject.txt"
    subject.write_text("subject-token-of-the-workload")
    account = "suite@example.iam.gserviceaccount.com"
    file = tmp_path / "workload.json"
    pool = "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/pool/providers/provider"
    file.write_text(
        json.dumps(
            {
                "type": "external_account",
                "audience": pool,
                "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
                "token_url": endpoint.url,
                "credential_source": {"file": str(subject)},
                "service_account_impersonation_url": f"{endpoint.url}/{account}:generateAccessToken",
            }
        )
    )
    found = credentials(f"google:{file}", {}, Beside(scope="https://www.googleapis.com/auth/cloud-platform"))

    assert found.authorization == f"Bearer {PREFIX}2"

    exchanged = endpoint.asked[0]
    assert exchanged["subject_token"] == ["subject-token-of-the-workload"]
    assert exchanged["audience"] == [pool]
    assert endpoint.authorizations == ["", f"Bearer {PREFIX}1"]
    assert {f"{PREFIX}1", f"{PREFIX}2"} <= set(found.secrets)


def test_a_scope_is_asked_for_in_the_place_of_that_of_the_api(endpoint: TokenEndpoint, key_file: Path) -> None:
    for scope in ("", "https://www.googleapis.com/auth/cloud-platform"):
        _ = credentials(f"google:{key_file}", {}, Beside(scope=scope)).authorization

    claims = [each["assertion"][0].split(".")[1] for each in endpoint.asked]
    scopes = [json.loads(base64.urlsafe_b64decode(claim + "==="))["scope"] for claim in claims]
    assert scopes == [
        "https://www.googleapis.com/auth/cloud-healthcare",
        "https://www.googleapis.com/auth/cloud-platform",
    ]


def test_the_project_that_pays_is_named_where_the_file_names_one(endpoint: TokenEndpoint, tmp_path: Path) -> None:
    file = tmp_path / "user.json"
    user = {
        "client_id": "id",
        "client_secret": "its-secret",
        "refresh_token": "its-refresh",
        "quota_project_id": "payer",
    }
    file.write_text(json.dumps({"type": "authorized_user", **user}))
    found = credentials(f"google:{file}", {})
    assert found.provider is not None
    found.provider._credentials._token_uri = endpoint.url  # type: ignore[attr-defined]  # of google-auth

    fields = dict(found.fields(Outgoing("GET", "https://pacs.example")))

    assert fields == {"Authorization": f"Bearer {PREFIX}1", "x-goog-user-project": "payer"}


def test_impersonation_by_a_users_login_is_loaded(tmp_path: Path) -> None:
    user = {"type": "authorized_user", "client_id": "id", "client_secret": "its-secret", "refresh_token": "its-refresh"}
    account = "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/a@b.example:generateAccessToken"
    file = tmp_path / "impersonation.json"
    about = {"type": "impersonated_service_account", "service_account_impersonation_url": account}
    file.write_text(json.dumps({**about, "source_credentials": user}))

    assert {"its-secret", "its-refresh"} <= set(credentials(f"google:{file}", {}).secrets)
