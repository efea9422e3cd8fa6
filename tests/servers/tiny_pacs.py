"""Starts a throw-away tiny-pacs with its DICOMweb front end on 127.0.0.1, where the program is on the PATH."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.servers.process import free_port, started


def missing() -> str:
    """Say what is missing to start tiny-pacs; empty where nothing is."""
    if shutil.which("tiny-pacs"):
        return ""
    return "tiny-pacs is not on the PATH (pip install 'tiny-pacs[dicomweb]==0.4.1' tiny-pacs-dicomweb==0.1.0)"


@contextmanager
def running(directory: Path) -> Iterator[str]:
    """Run tiny-pacs with its files below a directory; yield the base URL of its Studies Service."""
    port = free_port()
    (directory / "files").mkdir()
    settings = {
        "ae": {"ae_title": ["TINY_PACS"], "port": free_port(), "dump_ds": False},
        "components": {
            "Database": {"on": True, "driver": "sqlite", "mode": "memory"},
            "InMemoryStorage": {"on": False},
            "FileStorage": {"on": True, "storage_dir": str(directory / "files")},
            "HttpServer": {"on": True, "host": "127.0.0.1", "port": port, "allow_remote": False},
            "DICOMWeb": {"on": True, "prefix": "/dicomweb", "auth": "none"},
        },
    }
    configuration = directory / "tiny.yaml"
    configuration.write_text(json.dumps(settings))  # every JSON is YAML
    url = f"http://127.0.0.1:{port}/dicomweb"
    program = shutil.which("tiny-pacs") or "tiny-pacs"
    with started([program, "run", "-c", configuration], directory, answers=f"{url}/studies?limit=1"):
        yield url
