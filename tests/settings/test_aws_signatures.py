"""`--dicomweb-auth=aws`: every request is signed as it is sent, by botocore."""

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("botocore", reason="the extra `aws` is not installed")

from dicomweb_conformance.settings.auth import Beside, Credentials, CredentialsError, credentials
from dicomweb_conformance.settings.credentials import Outgoing
from dicomweb_reference.serving import running
from tests import warm
from tests.settings.signatures import KEY, KEY_ID, SESSION, Signed
from tests.settings.test_credentials_that_expire import judge

KEYS = {"AWS_ACCESS_KEY_ID": KEY_ID, "AWS_SECRET_ACCESS_KEY": KEY, "AWS_SESSION_TOKEN": SESSION}
HERE = "https://dicom-medical-imaging.eu-west-2.amazonaws.com/datastore/1"


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_REGION", raising=False)
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none-either"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


def login(spec: str = "aws", url: str = HERE) -> Credentials:
    return credentials(spec, {}, Beside(url=url))


@pytest.mark.parametrize(
    ("spec", "url", "scope"),
    [
        ("aws", HERE, "eu-west-2/medical-imaging"),
        ("aws:us-east-1", HERE, "us-east-1/medical-imaging"),
        ("aws:us-gov-west-1:execute-api", "https://pacs.example", "us-gov-west-1/execute-api"),
    ],
)
def test_region_and_service_are_those_given_or_of_the_host(spec: str, url: str, scope: str) -> None:
    signed = dict(login(spec, url).fields(Outgoing("GET", f"{url}/studies")))

    assert f"/{scope}/aws4_request" in signed["Authorization"]
    assert signed["X-Amz-Security-Token"] == SESSION


def test_the_embedded_server_is_of_no_region() -> None:
    found = login(url="embedded")  # as `clean` reads settings before it knows the target

    assert found.fields(Outgoing("GET", "http://127.0.0.1:9/dicom-web/studies"))


def test_keys_and_signatures_are_secrets() -> None:
    found = login()
    (signed,) = [value for name, value in found.fields(Outgoing("GET", HERE)) if name == "Authorization"]

    assert {KEY, SESSION, signed.rpartition("=")[2]} <= set(found.secrets)
    assert KEY not in repr(found)
    assert found.authorization == ""
    assert not found.are_others_than(signed), "each request has its own: that is no new login"


def test_keys_that_change_are_found_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    found = login()
    assert not found.renew("")

    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "another")

    assert found.renew("")


@pytest.mark.parametrize(
    ("missing", "url", "said"),
    [
        ("AWS_ACCESS_KEY_ID", HERE, "botocore finds no keys: AWS_ACCESS_KEY_ID with"),
        ("AWS_SECRET_ACCESS_KEY", HERE, "its keys cannot be had: Partial credentials found"),
        ("", "https://pacs.example/x", "no region is in https://pacs.example/x: aws:REGION or AWS_REGION"),
    ],
)
def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch, missing: str, url: str, said: str) -> None:
    if missing:
        monkeypatch.delenv(missing)

    with pytest.raises(CredentialsError, match=said):
        login(url=url)


def run(server: Signed, directory: Path, selected: str, **environment: str) -> tuple[dict[str, Any], str]:
    with running(server) as url:
        return judge(
            url,
            directory,
            "--dicomweb-auth=aws:us-east-1",
            "--dicomweb-include=delete",
            "--log-file=log.txt",
            "--log-file-level=DEBUG",
            selected=selected,
            **environment,
        )


def test_all_that_a_run_sends_is_signed_and_leaves_no_secret(tmp_path: Path) -> None:
    server = Signed()
    selected = (
        "search-by-keyword or search-limit or search-returns or store-multipart or store-chunked or chunked or "
        "retrieve-instance or frames-of or delete-study or search-key or bulkdata-by-uri"
    )

    report, printed = run(server, tmp_path, selected)

    assert report["status"] == 0, printed
    assert server.refused == []
    assert server.seen == {"us-east-1/medical-imaging"}
    assert report["counts"]["pass"] > 30
    record = [json.loads(line) for line in (tmp_path / "reports/latest/run.jsonl").read_text().splitlines()]
    sent = [dict(each["request"]["headers"]) for each in record if each["event"] == "exchange"]
    assert {each["Authorization"] for each in sent} == {"AWS4-HMAC-SHA256 ***"}
    for file in [path for path in tmp_path.rglob("*") if path.is_file()]:
        content = file.read_text("utf-8", "replace")
        assert [each for each in (KEY, SESSION, "Signature=") if each in content] == [], file


def test_keys_that_are_refused_end_the_run_with_the_cause(tmp_path: Path) -> None:
    server = Signed()
    server.revoked = True
    with running(server) as url:
        command = [sys.executable, "-m", "pytest", f"--dicomweb-url={url}", "--dicomweb-auth=aws:us-east-1", "-q"]
        ended = warm.run(
            command, cwd=tmp_path, env=dict(os.environ), capture_output=True, text=True, timeout=120, check=False
        )

    assert ended.returncode == 4
    assert "403 Forbidden; aws credentials were sent" in ended.stderr
    assert "InvalidSignatureException" in ended.stderr
