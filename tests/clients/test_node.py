"""The clients that applications in JavaScript use work with the reference server: Google's, and that of OHIF."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.clients.conftest import Place

HERE = Path(__file__).parent / "node"
pytestmark = pytest.mark.skipif(
    not shutil.which("node") or not (HERE / "node_modules").is_dir(),
    reason="Node.js or its packages are not there: npm ci --prefix tests/clients/node",
)


def done(script: str, place: Place, file: Path) -> dict[str, Any]:
    """Run a script on a server, and return what it saw."""
    one = place.instance
    uids = (one.study_instance_uid, one.series_instance_uid, one.sop_instance_uid)
    run = subprocess.run(
        ["node", str(HERE / script), place.url, str(file), *uids],  # noqa: S607 - Node.js, wherever it is
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    seen: dict[str, Any] = json.loads(run.stdout)
    return seen


def test_dicomweb_client(place: Place, file: Path) -> None:
    seen = done("dicomweb_client.mjs", place, file)
    sizes = [seen.pop("instance"), *seen.pop("ofSeries"), *seen.pop("ofStudy")]

    assert min(sizes) > len(place.instance.frames[0])
    assert seen == {
        "studies": [place.instance.study_instance_uid],
        "series": [place.instance.series_instance_uid],
        "instances": [place.instance.sop_instance_uid],
        "metadata": [place.instance.sop_instance_uid],
        "frames": [len(place.instance.frames[0])],
        "rendered": True,
    }


def test_google_healthcare(google: Place, file: Path) -> None:
    seen = done("healthcare.mjs", google, file)

    assert seen["instances"] == seen["metadata"] == [google.instance.sop_instance_uid]
    assert seen["studies"] == [google.instance.study_instance_uid]
    assert seen["instance"] == len(google.instance.part10) < seen["ofStudy"]
    assert bytes(seen["picture"]) == b"\x89PNG"
    assert seen["deleted"]["name"].startswith("projects/")
