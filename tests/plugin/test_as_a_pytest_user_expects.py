"""The plugin behaves as a user of pytest expects."""

import json
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from tests.nodes import selecting
from tests.plugin.runs import Run

URL = "--dicomweb-url=embedded"
SCENARIOS = "dicomweb_conformance/scenarios"


def report(directory: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((directory / "reports/latest/report.json").read_text(encoding="utf-8"))
    return found


def checks(directory: Path) -> list[str]:
    """The checks that came to a result, without the requirements that all messages are judged by."""
    return [each["check"] for each in report(directory)["results"] if each["scenario"] != "messages"]


def test_an_empty_directory_is_enough(run: Run, tmp_path: Path) -> None:
    ended = run(URL, "-m", "smoke", "-q")

    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert ended.stdout.splitlines()[-1] == str(tmp_path / "reports/latest/report.html")
    assert report(tmp_path)["overall"]["verdict"] == "partial"


def test_nothing_of_a_run_is_left_on_the_target(run: Run, tmp_path: Path) -> None:
    run(URL, "-m", "store or delete", f"{SCENARIOS}/store", f"{SCENARIOS}/delete", "-q")

    assert report(tmp_path)["left"] == []
    assert not (tmp_path / "reports/latest/ledger.jsonl").exists()


def test_collecting_asks_the_target_nothing(run: Run, tmp_path: Path) -> None:
    ended = run("--dicomweb-url=http://127.0.0.1:9/dicom-web", "-m", "search", "-k", "limit", "--co", "-q")

    assert ended.returncode == 0
    assert "search/test_paging.py::test_limit_caps_the_number_of_matches" in ended.stdout
    assert "store/test_taken.py" not in ended.stdout
    assert not (tmp_path / "reports").exists()


def test_a_check_is_selected_by_its_id(run: Run, tmp_path: Path) -> None:
    run(URL, "-k", "search-limit-caps", "-q")

    assert checks(tmp_path) == ["search-limit-caps"]


def test_a_selection_is_not_said_to_conform(run: Run, tmp_path: Path) -> None:
    for selection in (["-k", "search-limit-caps"], ["dicomweb_conformance/scenarios/search/test_paging.py"]):
        ended = run(URL, *selection, "-q")

        assert ended.returncode == 0, ended.stdout
        overall = report(tmp_path)["overall"]
        assert overall["verdict"] == "partial"
        assert "checks of the profile" in overall["reason"]


def test_junit_names_checks_and_scenarios(run: Run, tmp_path: Path) -> None:
    selected = selecting("search-limit or search-uid-list")
    for workers in ("0", "2"):
        run(URL, "-m", "search", *selected, "-q", "--junitxml=junit.xml", "-n", workers)

        cases = ET.parse(tmp_path / "junit.xml").getroot().iter("testcase")  # noqa: S314 - our own file
        named = {(each.get("classname"), each.get("name")) for each in cases}
        assert ("messages", "message[JSON-001]") in named
        assert {each for each in named if each[0] != "messages"} == {
            ("search", "search-limit-caps"),
            ("search", "search-limit-in-other-case"),
            ("search", "search-limit-zero"),
            ("search", "search-uid-list"),
        }


def test_a_run_stops_at_the_first_failure_and_takes_it_up_again(run: Run, tmp_path: Path) -> None:
    known = tmp_path / "known.toml"
    known.write_text(
        '[[known]]\ncheck = "search-limit-caps"\nrequirement = "SEARCH-069"\ncode = "none"\nreason = "it was so"\n'
    )
    # What failed last is kept below this directory, whatever the directories above it hold.
    arguments = (URL, f"--dicomweb-known={known}", *selecting("search-limit"), "-q", f"--rootdir={tmp_path}")

    first = run(*arguments, "-x")
    again = run(*arguments, "--lf")

    assert first.returncode == 1
    assert "a known failure is gone" in first.stdout
    assert checks(tmp_path) == ["search-limit-caps"], (first.stdout, again.stdout, again.stderr)
    assert again.returncode == 1


def test_workers_judge_as_one_process_does(run: Run, tmp_path: Path) -> None:
    run(URL, "-m", "metadata", f"{SCENARIOS}/metadata", "-q", "--dicomweb-seed=7")
    alone = {each["check"]: each["verdict"] for each in report(tmp_path)["results"]}

    run(URL, "-m", "metadata", f"{SCENARIOS}/metadata", "-q", "--dicomweb-seed=7", "-n", "2")

    assert {each["check"]: each["verdict"] for each in report(tmp_path)["results"]} == alone


def test_a_foreign_project_keeps_its_ini_and_gets_judged(run: Run, tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text("import pytest\n\n@pytest.fixture\ndef theirs():\n    return 1\n")
    (tmp_path / "pytest.ini").write_text(
        "[pytest]\npython_files = check_*.py\npython_functions = check_*\n"
        "addopts = --strict-markers\ntestpaths = theirs\n"
    )
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs/check_theirs.py").write_text("def check_theirs(theirs):\n    assert theirs\n")

    ended = run(URL, "-k", "search-limit-caps", "-q")

    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert checks(tmp_path) == ["search-limit-caps"]


def test_the_environment_alone_changes_nothing(run: Run, tmp_path: Path) -> None:
    (tmp_path / "test_theirs.py").write_text("def test_theirs():\n    pass\n")

    ended = run("-q", DICOMWEB_URL="http://127.0.0.1:9/dicom-web")

    assert ended.returncode == 0
    assert "1 passed" in ended.stdout
    assert not (tmp_path / "reports").exists()


def test_without_a_target_the_plugin_loads_the_table_of_settings_alone(tmp_path: Path) -> None:
    program = (
        "import sys, pytest\n"
        "pytest.main(['--co', '-q', '-p', 'no:hypothesispytest'])\n"
        "print(sorted(name for name in sys.modules if name.startswith('dicomweb_')))\n"
        "print([name for name in ('requests', 'pydicom', 'lxml', 'uvicorn', 'numpy') if name in sys.modules])\n"
    )

    ended = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True)

    suite = "dicomweb_conformance"
    loaded = [suite, f"{suite}.plugin", f"{suite}.settings", f"{suite}.settings.table"]
    assert ended.stdout.splitlines()[-2:] == [str(loaded), "[]"]


@pytest.mark.parametrize("request_to_end", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_cleans_up_and_says_so(tmp_path: Path, request_to_end: signal.Signals) -> None:
    command = [sys.executable, "-m", "pytest", URL, "-q"]
    # A shell's background job ignores Ctrl-C, and so would everything that it starts.
    listening = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    with subprocess.Popen(
        command,
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=listening,  # noqa: PLW1509 - it only sets a signal back
    ) as process:
        record = tmp_path / "reports/latest/run.jsonl"
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline and not (
            record.exists() and record.read_text().count('"event": "result"') > 5
        ):
            time.sleep(0.05)  # between two looks of a bounded wait
        process.send_signal(request_to_end)
        printed, _ = process.communicate(timeout=120)

    assert process.returncode == 2, printed
    assert report(tmp_path)["left"] == []
    assert report(tmp_path)["finished"] is not None
