"""Starts a throw-away Orthanc with its DICOMweb plugin on 127.0.0.1, where Debian's packages are installed."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.servers.process import free_port, started

PLUGIN = Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")


def missing() -> str:
    """Say what is missing to start Orthanc; empty where nothing is."""
    if program() is None:
        return "Orthanc is not installed (apt-get install orthanc orthanc-dicomweb)"
    return (
        "" if PLUGIN.exists() else "the DICOMweb plugin of Orthanc is not installed (apt-get install orthanc-dicomweb)"
    )


def program() -> str | None:
    return shutil.which("Orthanc") or shutil.which("Orthanc", path="/usr/sbin")


@contextmanager
def running(directory: Path) -> Iterator[str]:
    """Run Orthanc with its storage below a directory; yield the base URL of its Studies Service."""
    port = free_port()
    (directory / "plugins").mkdir()
    (directory / "plugins" / PLUGIN.name).symlink_to(PLUGIN)
    (directory / "db").mkdir()
    settings = {
        "StorageDirectory": str(directory / "db"),
        "IndexDirectory": str(directory / "db"),
        "Plugins": [str(directory / "plugins")],
        "HttpPort": port,
        "HttpBindAddresses": ["127.0.0.1"],
        "RemoteAccessAllowed": False,
        "AuthenticationEnabled": False,
        "DicomServerEnabled": False,
        "DicomWeb": {"Enable": True, "Root": "/dicom-web/"},
    }
    configuration = directory / "orthanc.json"
    configuration.write_text(json.dumps(settings))
    url = f"http://127.0.0.1:{port}/dicom-web"
    with started([program() or "Orthanc", configuration], directory, answers=f"{url}/studies?limit=1"):
        yield url
