"""Starts a throw-away Orthanc with its DICOMweb plugin on 127.0.0.1, where Debian's packages are installed."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PLUGIN = Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")
START = 30.0


def missing() -> str:
    """Say what is missing to start Orthanc; empty where nothing is."""
    if program() is None:
        return "Orthanc is not installed (apt-get install orthanc orthanc-dicomweb)"
    return (
        "" if PLUGIN.exists() else "the DICOMweb plugin of Orthanc is not installed (apt-get install orthanc-dicomweb)"
    )


def program() -> str | None:
    return shutil.which("Orthanc") or shutil.which("Orthanc", path="/usr/sbin")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


@contextmanager
def running(directory: Path) -> Iterator[str]:
    """Run Orthanc with its storage below a directory; yield the base URL of its Studies Service."""
    port = free_port()
    (directory / "plugins").mkdir()
    (directory / "plugins" / PLUGIN.name).symlink_to(PLUGIN)
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
    (directory / "db").mkdir()
    (directory / "orthanc.json").write_text(json.dumps(settings))
    executable = program()
    assert executable is not None
    url = f"http://127.0.0.1:{port}/dicom-web"
    with (
        (directory / "log").open("wb") as log,
        subprocess.Popen(
            [executable, str(directory / "orthanc.json")],
            stdout=log,
            stderr=log,
            stdin=subprocess.DEVNULL,
            cwd=directory,
        ) as process,
    ):
        try:
            wait_for(url, process, directory / "log")
            yield url
        finally:
            process.terminate()
            process.wait(timeout=10)


def wait_for(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{url}/studies?limit=1", timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)  # between two questions of a bounded wait
    raise RuntimeError(f"Orthanc did not answer: {log.read_text(errors='replace')[-2000:]}")
