"""The terminal names checks, never goes back, and a selection of nothing leaves the report of the run before."""

import re
from pathlib import Path

import pytest

from dicomweb_conformance.run.terminal import failed_lines
from tests.plugin.test_isolated_run import judged
from tests.reports.run_directory import RunDirectory, finding


def test_checks_are_named_by_their_ids_and_progress_never_goes_back(tmp_path: Path) -> None:
    ended = judged(tmp_path, "embedded", "-k", "search-limit-caps or search-offset-skips", "-v")

    lines = ended.stdout.splitlines()
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert [line for line in lines if re.match(r"search-limit-caps PASSED +\[ *\d+%\]", line)]
    assert "message[SEARCH-001] PASSED" in lines or any(line.startswith("message[JSON-") for line in lines)
    assert not re.search(r"test_\w+\.py", ended.stdout)
    assert "warning" not in ended.stdout.lower()
    shown = [int(element) for element in re.findall(r"\[ *(\d+)%\]", ended.stdout)]
    assert shown == sorted(shown)


@pytest.mark.parametrize(
    ("selection", "said"),
    [
        (("-m", "serch"), "No check is selected: -m: no marker is called serch (perhaps search)."),
        (("-k", "limitcaps", "-n", "2"), "No check is selected: -k: no check is called limitcaps"),
    ],
)
def test_a_selection_of_nothing_leaves_the_report_of_the_run_before(
    tmp_path: Path, selection: tuple[str, ...], said: str
) -> None:
    assert judged(tmp_path, "embedded", "-k", "search-limit-caps").returncode == 0
    latest = tmp_path / "reports/latest"
    before = {path.name: path.read_bytes() for path in latest.rglob("*") if path.is_file() and path.suffix != ".lock"}

    ended = judged(tmp_path, "embedded", *selection)

    after = {path.name: path.read_bytes() for path in latest.rglob("*") if path.is_file() and path.suffix != ".lock"}
    assert ended.returncode == 5, ended.stdout + ended.stderr
    assert said in ended.stdout
    assert f"The report in {latest} is that of the run before." in ended.stdout
    assert after == before


def test_a_selection_of_nothing_leaves_no_report_where_there_was_none(tmp_path: Path) -> None:
    ended = judged(tmp_path, "embedded", "-m", "serch")

    assert ended.returncode == 5
    assert "is that of the run before" not in ended.stdout
    assert not (tmp_path / "reports/latest/report.html").exists()


def test_what_failed_is_told_by_check_and_observation(tmp_path: Path) -> None:
    directory = RunDirectory(tmp_path)
    directory.header()
    found = finding("SEARCH-069", "more objects than limit", received="4 objects")
    directory.result("search-limit-caps", "SEARCH-069", "A limit holds.", "fail", findings=[found])
    directory.result("a", "SEARCH-069", "A claim.", "error", reason="Traceback:\nKeyError: 'x'")
    directory.result("b", "SEARCH-069", "A claim.", "pass")

    assert list(failed_lines(directory.load())) == [
        "FAILED search-limit-caps - More objects than limit: 4 objects",
        "ERROR a - an error of the suite: KeyError: 'x'",
    ]
