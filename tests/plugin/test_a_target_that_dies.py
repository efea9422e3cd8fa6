"""A target that dies of a request is brought back, the request is named, and all else is concluded."""

import json
import socket
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.plugin.runs import Run

SERVER = Path(__file__).with_name("dying_server.py")
SELECTED = "search-limit or search-offset or search-pages or search-invalid or metadata-missing"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def answers(port: int) -> bool:
    with socket.socket() as asking:
        return asking.connect_ex(("127.0.0.1", port)) == 0


def report(directory: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((directory / "reports/latest/report.json").read_text(encoding="utf-8"))
    return found


@pytest.mark.parametrize("workers", ["0", "2"])
def test_the_request_is_named_and_the_rest_concluded(workers: str, run: Run, tmp_path: Path) -> None:
    port = free_port()
    start = f"exec {sys.executable} {SERVER} {port} limit=0"

    ended = run(
        f"--dicomweb-url=http://127.0.0.1:{port}/dicom-web",
        f"--dicomweb-start={start}",
        "--dicomweb-timeout=10",
        "-q",
        "-k",
        SELECTED,
        "-n",
        workers,
    )

    assert ended.returncode == 1, ended.stdout + ended.stderr
    assert not answers(port), "what was started for the run ends with it"
    results = {each["check"]: each for each in report(tmp_path)["results"]}
    named = results["message[HTTP-002]"]
    assert named["verdict"] == "fail"
    exchanges = report(tmp_path)["exchanges"]
    assert {
        exchanges[each["exchange"]]["url"].rpartition("?")[2].rpartition("&")[2]
        for each in named["findings"]
        if each["verdict"] == "fail"
    } == {"limit=0"}
    assert results["search-limit-zero"]["verdict"] == "inconclusive"
    others = {
        check: each["verdict"]
        for check, each in results.items()
        if check not in {"search-limit-zero", "message[HTTP-002]"}
    }
    assert len(others) > 20
    assert set(others.values()) <= {"pass", "note"}, others


def test_a_target_that_stays_away_ends_the_run_orderly(run: Run, tmp_path: Path) -> None:
    port = free_port()
    died = tmp_path / "died"
    once = f"test ! -e {died} && touch {died} && exec {sys.executable} {SERVER} {port} limit=0"

    ended = run(
        f"--dicomweb-url=http://127.0.0.1:{port}/dicom-web",
        f"--dicomweb-start={once}",
        "--dicomweb-restart=false",
        "--dicomweb-timeout=10",
        "-q",
        "-k",
        SELECTED,
    )

    assert ended.returncode == 1, ended.stdout + ended.stderr
    verdicts = {each["check"]: each for each in report(tmp_path)["results"] if each["scenario"] != "messages"}
    gone = verdicts["search-limit-zero"]
    assert gone["verdict"] == "inconclusive"
    assert "limit=0" in gone["reason"]
    assert "fail" not in {verdict["verdict"] for verdict in verdicts.values()}
    assert report(tmp_path)["left"], "what stays on a target that is gone is told"
