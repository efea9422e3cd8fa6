"""curl, called as the page calls it, works with the google flavour."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.clients.conftest import Place

pytestmark = pytest.mark.skipif(not shutil.which("curl"), reason="curl is not installed")


def curl(*arguments: str) -> bytes:
    done = subprocess.run(
        ["curl", "--fail-with-body", "--silent", "--show-error", "--noproxy", "*", "--max-time", "20", *arguments],  # noqa: S607 - curl, wherever it is
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode() + done.stdout.decode(errors="replace")
    return done.stdout


def test_the_page_from_store_to_delete(google: Place, file: Path) -> None:
    base = google.url

    answer = curl("-X", "POST", "-H", "Content-Type: application/dicom", f"{base}/studies", "--data-binary", f"@{file}")
    assert b'keyword="ReferencedSOPSequence"' in answer

    (found,) = json.loads(curl("-X", "GET", f"{base}/studies?PatientName=Sally%20Zhang"))
    assert found["00100010"]["Value"] == [{"Alphabetic": "Sally Zhang"}]
    assert len(json.loads(curl("-X", "GET", f"{base}/instances"))) == 1

    whole = "Accept: multipart/related; type=application/dicom; transfer-syntax=*"
    assert google.instance.part10 in curl("-X", "GET", "-H", whole, f"{base}/{google.study}")
    one = "Accept: application/dicom; transfer-syntax=*"
    assert curl("-X", "GET", "-H", one, f"{base}/{google.path}") == google.instance.part10
    assert curl("-X", "GET", "-H", "Accept: image/png", f"{base}/{google.path}/rendered").startswith(b"\x89PNG")
    assert len(json.loads(curl("-X", "GET", f"{base}/{google.path}/metadata"))) == 1

    operation = json.loads(curl("-X", "DELETE", f"{base}/{google.study}"))
    while not operation.get("done"):
        operation = json.loads(curl("-X", "GET", f"{google.api}/v1/{operation['name']}"))
    assert "error" not in operation
    assert curl("-X", "GET", f"{base}/studies") == b""
