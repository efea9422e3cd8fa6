"""Clients in use are noted, and count for the exit status where the user names them.

Of the embedded server dcmweb cannot read the response to a store: that is in JSON where anything will do.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.nodes import selecting
from tests.plugin.runs import Run

JUDGED = ("--dicomweb-url=embedded", "-q", *selecting("persona-store"))
BROKEN = "persona-store[dcmweb]"


def reported(directory: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((directory / "reports/latest/report.json").read_text(encoding="utf-8"))
    return document


def result(document: dict[str, Any], check: str) -> dict[str, Any]:
    found: dict[str, Any] = next(each for each in document["results"] if each["check"] == check)
    return found


def test_a_client_that_breaks_is_a_note_and_no_core_check(run: Run, tmp_path: Path) -> None:
    ended = run(*JUDGED)

    assert ended.returncode == 0, ended.stdout
    found = result(reported(tmp_path), BROKEN)
    assert (found["verdict"], found["core"]) == ("note", False)
    assert found["findings"][0]["breaks"]


def test_a_client_that_must_work_and_breaks_fails_the_run(run: Run, tmp_path: Path) -> None:
    ended = run(*JUDGED, "--dicomweb-persona=dcmweb")

    assert ended.returncode == 1, ended.stdout
    document = reported(tmp_path)
    found = result(document, BROKEN)
    assert (found["verdict"], found["core"], found["findings"][0]["verdict"]) == ("fail", True, "fail")
    assert {row["client"]: row["outcome"] for row in document["personas"] if row["must_work"]} == {"dcmweb": "breaks"}
    assert document["settings"]["persona"] == ["dcmweb"]


def test_clients_that_must_work_are_named_together_or_one_by_one(run: Run, tmp_path: Path) -> None:
    ended = run(*JUDGED, "--dicomweb-persona=ohif, slicer", "--dicomweb-persona=weasis")

    assert ended.returncode == 0, ended.stdout
    document = reported(tmp_path)
    assert document["settings"]["persona"] == ["ohif", "slicer", "weasis"]
    assert result(document, "persona-store[ohif]")["core"]
    assert not result(document, BROKEN)["core"]


def test_a_profile_without_clients_takes_none_that_must_work(run: Run, tmp_path: Path) -> None:
    profile = tmp_path / "mine.toml"
    profile.write_text(
        'name = "mine"\ntitle = "Search"\nservices = ["SEARCH"]\n'
        '[tiers]\ncore = ["core"]\nextended = []\ninclude = []\n'
    )

    ended = run("--dicomweb-url=embedded", f"--dicomweb-profile={profile}", "--dicomweb-persona=ohif")

    assert ended.returncode == 4
    assert "the profile mine leaves clients out" in ended.stdout + ended.stderr
