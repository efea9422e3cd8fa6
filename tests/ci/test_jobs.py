"""The action for GitHub, the job for GitLab and the container: their steps, run as the scripts that they are."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from dicomweb_reports.write import write_reports
from tests.reports.run_directory import RunDirectory

ROOT = Path(__file__).parents[2]
ACTION = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
GITLAB = yaml.safe_load((ROOT / "ci/gitlab.yml").read_text("utf-8"))[".dicomweb-conformance"]
PROGRAM = (
    '#!/bin/sh\nfor each in "$@"; do echo "argument $each"; done\necho "baseline ${DICOMWEB_BASELINE:-}"\nexit 7\n'
)

pytestmark = pytest.mark.skipif(not shutil.which("bash"), reason="bash is not installed")


def shell(script: str, directory: Path, *, real: bool = False, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a script, with a program in place of the suite that says what it is asked; with `real`, the suite."""
    programs = directory / "programs"
    programs.mkdir(exist_ok=True)
    program = programs / "dicomweb-conformance"
    text = f"#!{sys.executable}\nfrom dicomweb_conformance.cli import main\nmain()\n" if real else PROGRAM
    program.write_text(text, encoding="utf-8")
    program.chmod(0o755)
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("DICOMWEB_", "PYTEST_", "GITHUB_"))
    }
    kept["PATH"] = f"{programs}{os.pathsep}{kept['PATH']}"
    command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script]
    return subprocess.run(
        command, cwd=directory, env=kept | environment, capture_output=True, text=True, timeout=240, check=False
    )


def step(name: str, **inputs: str) -> tuple[str, dict[str, str]]:
    """Return the script of a step of the action and its environment, with its inputs as GitHub puts them in."""
    found = next(each for each in ACTION["runs"]["steps"] if each["name"] == name)
    given = {key: value.get("default", "") for key, value in ACTION["inputs"].items()} | inputs

    def filled(text: str) -> str:
        return re.sub(r"\$\{\{ inputs\.(\w+) \}\}", lambda match: given[match[1]], text)

    return filled(found["run"]), {key: filled(str(value)) for key, value in found["env"].items()}


def judge(directory: Path, *, real: bool = False, **inputs: str) -> subprocess.CompletedProcess[str]:
    script, environment = step("Judge", **inputs)
    return shell(script, directory, real=real, GITHUB_ACTION_PATH=str(ROOT), **environment)


def test_the_action_hands_its_inputs_to_the_suite_and_ends_as_it_does(tmp_path: Path) -> None:
    (tmp_path / "base line.json").write_text("{}")

    ended = judge(tmp_path, url="https://pacs.example/x", baseline="base line.json", arguments="-m smoke")

    assert ended.returncode == 7, ended.stderr
    assert ended.stdout.splitlines() == [
        *("argument run", "argument https://pacs.example/x", "argument -m", "argument smoke", "argument -q"),
        *("argument --dicomweb-report=dicomweb-report", "argument --junitxml=dicomweb-report/junit.xml"),
        "baseline base line.json",
    ]


def test_a_target_file_takes_the_place_of_the_url(tmp_path: Path) -> None:
    ended = judge(tmp_path, target="ci/target.toml")

    assert ended.stdout.splitlines()[:2] == ["argument run", "argument --dicomweb-target=ci/target.toml"]


def test_without_a_baseline_yet_the_first_run_says_what_to_keep(tmp_path: Path) -> None:
    ended = judge(tmp_path, url="embedded", baseline="baseline.json")

    assert "There is no baseline baseline.json yet" in ended.stdout
    assert "commit\ndicomweb-report/report.json" in ended.stdout
    assert ended.stdout.endswith("baseline \n")


def test_a_job_that_says_nobody_to_judge_ends_in_a_sentence(tmp_path: Path) -> None:
    ended = judge(tmp_path)

    assert (ended.returncode, ended.stdout) == (4, "")
    assert "Who is to be judged?" in ended.stderr


def test_every_input_of_the_action_is_used_and_every_step_knows_its_inputs() -> None:
    text = (ROOT / "action.yml").read_text("utf-8")

    assert set(re.findall(r"inputs\.(\w+)", text)) == set(ACTION["inputs"])
    assert {each["shell"] for each in ACTION["runs"]["steps"]} == {"bash"}
    script, environment = step("Install")
    assert "$GITHUB_ACTION_PATH" in script
    assert environment == {"PYTHON": "python3"}


def test_the_job_for_gitlab_asks_the_same(tmp_path: Path) -> None:
    environment = {name: str(value) for name, value in GITLAB["variables"].items()}
    environment |= {"DICOMWEB_URL": "https://pacs.example/x", "DICOMWEB_BASELINE": "none.json", "ARGUMENTS": "-m smoke"}

    ended = shell("\n".join(GITLAB["script"]), tmp_path, **environment)

    assert ended.returncode == 7, ended.stderr
    assert "There is no baseline none.json yet" in ended.stdout
    assert ended.stdout.splitlines()[1:] == [
        *("argument run", "argument https://pacs.example/x", "argument -q"),
        *("argument --dicomweb-report=dicomweb-report", "argument --junitxml=dicomweb-report/junit.xml"),
        *("argument -m", "argument smoke", "baseline "),
    ]
    assert GITLAB["artifacts"]["reports"]["junit"] == "$DICOMWEB_REPORT/junit.xml"
    assert GITLAB["artifacts"]["when"] == "always"


def test_what_the_container_copies_is_there_and_is_all_that_the_wheel_needs() -> None:
    lines = (ROOT / "ci/Containerfile").read_text("utf-8").splitlines()
    copied = [each for line in lines if line.startswith("COPY ") for each in line.split()[1:-1]]

    assert all((ROOT / each).exists() for each in copied)
    packages = re.findall(r'"(\w+)/dicomweb_\w+",', (ROOT / "pyproject.toml").read_text("utf-8"))
    assert set(packages) <= set(copied)
    assert {"README.md", "LICENSE", "pyproject.toml", "ci/judge.sh"} <= set(copied)


def test_a_job_with_a_baseline_judges_and_leaves_its_reports(tmp_path: Path) -> None:
    (tmp_path / "earlier").mkdir()
    earlier = RunDirectory(tmp_path / "earlier")
    earlier.header()
    earlier.plan(("search-limit-caps", "SEARCH-069", "Limit."))
    earlier.result("search-limit-caps", "SEARCH-069", "Limit.")
    earlier.footer()

    write_reports(earlier.path)

    ended = judge(tmp_path, real=True, url="embedded", baseline="earlier/report.json", arguments="-k search-limit-caps")

    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "Nothing got worse than the baseline" in ended.stdout
    report = json.loads((tmp_path / "dicomweb-report/report.json").read_text("utf-8"))
    assert report["counts"]["pass"] > 0
    named: list[Any] = [path.name for path in (tmp_path / "dicomweb-report").iterdir()]
    assert {"report.md", "report.sarif", "junit.xml", "badge.svg"} <= set(named)


def test_reports_of_a_matrix_of_jobs_stand_side_by_side(tmp_path: Path) -> None:
    reports = ["reports/one", "reports/two"]

    for report in reports:
        ended = judge(tmp_path, real=True, url="embedded", report=report, arguments="-k search-limit-caps")
        assert ended.returncode == 0, ended.stdout + ended.stderr
    ended = shell("dicomweb-conformance matrix reports/* --to comparison", tmp_path, real=True)

    assert ended.returncode == 0, ended.stdout + ended.stderr
    page = (tmp_path / "comparison/matrix.md").read_text("utf-8")
    assert "## Services" in page
    assert page.count("left out") == len(reports), "what a run of a selection left out is said of each"
