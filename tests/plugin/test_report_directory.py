"""`--dicomweb-report=DIR` never deletes or replaces what no run made."""

import hashlib
import json
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from dicomweb_conformance.run.report_directory import NoReportDirectoryError, clear, take
from dicomweb_conformance.service.ledger import Ledger
from tests.plugin.runs import Run

URL = "--dicomweb-url=embedded"
SELECTED = ("-q", "dicomweb_conformance/scenarios/search/test_paging.py", "-k", "search-limit-caps")
HEADER = '{"event": "header", "format": 1, "suite": {"name": "dicomweb-conformance", "version": "0.1.0"}}\n'
REPORTS = (
    "report.json",
    "report.html",
    "report.md",
    "conformance-statement.md",
    "report.sarif",
    "badge.svg",
    "badge.json",
    "exchanges.har",
)


def everything(directory: Path) -> dict[str, str]:
    """What stands in a directory, and in which words."""
    return {
        str(path.relative_to(directory)): f"-> {path.readlink()}"
        if path.is_symlink()
        else path.read_text(errors="replace")
        for path in sorted(directory.rglob("*"))
        if path.is_symlink() or path.is_file()
    }


def taken(directory: Path) -> None:
    with ExitStack() as closing:
        take(directory, closing)
        clear(directory)


def old_run(directory: Path) -> None:
    """The files of an earlier run."""
    (directory / "bodies").mkdir(parents=True)
    (directory / "run.jsonl").write_text(HEADER)
    for name in REPORTS:
        (directory / name).write_text("old")
    (directory / "bodies" / hashlib.sha256(b"old").hexdigest()).write_text("old")


@pytest.mark.parametrize(
    "files",
    [
        ["report.html"],
        ["report.json", "report.md"],
        ["bodies/precious"],
        [".state/precious"],
        ["run.jsonl"],
        ["exchanges.har", "run.jsonl"],
        ["thesis.tex"],
    ],
    ids=", ".join,
)
def test_a_directory_that_holds_what_no_run_made_is_refused_and_left_as_it_is(
    run: Run, tmp_path: Path, files: list[str]
) -> None:
    theirs = tmp_path / "theirs"
    for name in files:
        (theirs / name).parent.mkdir(parents=True, exist_ok=True)
        (theirs / name).write_text("precious")
    before = everything(theirs)

    ended = run(URL, *SELECTED, "--dicomweb-report=theirs")

    assert ended.returncode == 4, ended.stdout
    first = min(files).partition("/")[0]
    assert f"{theirs} holds what no run of this suite made ({first}" in ended.stderr
    assert "nothing in it is touched; --dicomweb-report=DIR names" in ended.stderr
    assert "Traceback" not in ended.stdout + ended.stderr
    assert everything(theirs) == before


def test_what_else_lies_in_the_directory_of_a_run_stays(run: Run, tmp_path: Path) -> None:
    latest = tmp_path / "reports/latest"
    old_run(latest)
    theirs = {"notes.txt": "mine", "bodies/README": "mine", "bodies/folder/file": "mine", "report.pdf": "mine"}
    for name, text in theirs.items():
        (latest / name).parent.mkdir(exist_ok=True)
        (latest / name).write_text(text)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "file").write_text("mine")
    (latest / "bodies" / ("a" * 64)).symlink_to(elsewhere / "file")
    (latest / "link").symlink_to(elsewhere)

    ended = run(URL, *SELECTED)

    assert ended.returncode == 0, ended.stdout + ended.stderr
    found = everything(latest)
    assert theirs.items() <= found.items()
    assert found["link"] == f"-> {elsewhere}"
    assert (elsewhere / "file").read_text() == "mine"
    assert found["report.html"] != "old"
    assert f"bodies/{hashlib.sha256(b'old').hexdigest()}" not in found


def test_the_reports_of_a_run_replace_a_link_and_not_what_it_leads_to(run: Run, tmp_path: Path) -> None:
    latest = tmp_path / "reports/latest"
    old_run(latest)
    published = tmp_path / "published.html"
    published.write_text("mine")
    (latest / "report.html").unlink()
    (latest / "report.html").symlink_to(published)

    ended = run(URL, *SELECTED)

    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert published.read_text() == "mine"


@pytest.mark.parametrize("name", ["bodies", ".state"])
def test_a_link_in_place_of_a_folder_is_refused(tmp_path: Path, name: str) -> None:
    latest = tmp_path / "latest"
    old_run(latest)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / ("b" * 64)).write_text("mine")
    for path in (latest / "bodies").iterdir():
        path.unlink()
    (latest / "bodies").rmdir()
    (latest / name).symlink_to(elsewhere)

    with pytest.raises(NoReportDirectoryError, match=f"has a {name} that no run made"):
        taken(latest)

    assert everything(elsewhere) == {"b" * 64: "mine"}


@pytest.mark.parametrize("seen", [False, True], ids=["that a run left", "that a run left before it began"])
def test_a_directory_of_a_run_is_taken_again_with_its_ledger(tmp_path: Path, seen: bool) -> None:
    if seen:
        taken(tmp_path)
        (tmp_path / "target.log").touch()
        (tmp_path / "run.jsonl").touch()
        (tmp_path / "bodies").mkdir()
    else:
        old_run(tmp_path)
    Ledger(tmp_path / "ledger.jsonl", "http://pacs.example", 1).enter(["2.25.1"])

    taken(tmp_path)

    assert not set(REPORTS) & set(everything(tmp_path))
    assert json.loads((tmp_path / "ledger.jsonl").read_text())["study_uid"] == "2.25.1"


def test_a_link_to_a_directory_of_runs_is_followed(tmp_path: Path) -> None:
    old_run(tmp_path / "run-17")
    (tmp_path / "latest").symlink_to("run-17")

    taken(tmp_path / "latest")

    assert not (tmp_path / "run-17/report.html").exists()


@pytest.mark.parametrize(
    ("directory", "told"),
    [
        ("/", "/ is the root of the file system: nothing in it is touched"),
        ("home", "is a home directory: nothing in it is touched"),
        ("file", "cannot take a report: not a directory"),
        ("file/below", "cannot take a report: not a directory"),
        ("dangling", "cannot take a report: file exists"),
        ("loop", "cannot take a report: "),
        ("/proc/self/reports", "cannot take a report: no such file or directory"),
        ("n" * 300, "cannot take a report: file name too long"),
    ],
)
def test_no_directory_at_all_is_told_in_a_sentence(run: Run, tmp_path: Path, directory: str, told: str) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "file").touch()
    (tmp_path / "dangling").symlink_to("nowhere")
    (tmp_path / "loop").symlink_to("loop")

    ended = run(URL, *SELECTED, f"--dicomweb-report={directory}", HOME=str(tmp_path / "home"))

    assert ended.returncode == 4, ended.stdout
    assert told in ended.stderr
    assert len(ended.stderr.splitlines()) < 4
    assert "Traceback" not in ended.stderr


def test_a_run_that_does_not_begin_leaves_the_report_of_the_last_one(run: Run, tmp_path: Path) -> None:
    old_run(tmp_path / "reports/latest")
    (tmp_path / "conftest.py").write_text(
        "from dicomweb_conformance.run import embedded\n"
        "def start(flavour):\n"
        "    raise RuntimeError('the embedded reference server did not start')\n"
        "embedded.start = start\n"
    )

    ended = run(URL, *SELECTED)

    assert ended.returncode == 3, ended.stdout
    assert "the run did not begin (RuntimeError: the embedded reference server did not start)" in ended.stderr
    assert "Traceback" not in ended.stdout + ended.stderr
    assert (tmp_path / "reports/latest/report.html").read_text() == "old"


def rendered(*arguments: str) -> subprocess.CompletedProcess[str]:
    program = "from dicomweb_conformance.cli import main; main()"
    command = [sys.executable, "-c", program, "render", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def test_reports_are_rendered_elsewhere_and_never_over_a_file_of_another(run: Run, tmp_path: Path) -> None:
    run(URL, *SELECTED)
    record = tmp_path / "reports/latest"
    taken_by_others = tmp_path / "site"
    taken_by_others.mkdir()
    (taken_by_others / "report.html").write_text("mine")

    elsewhere = rendered(str(record), "--to", str(tmp_path / "new/place"))
    again = rendered(str(record), "--to", str(tmp_path / "new/place"))
    refused = rendered(str(record), "--to", str(taken_by_others))

    assert (elsewhere.returncode, again.returncode) == (0, 0), elsewhere.stderr + again.stderr
    assert elsewhere.stdout.strip() == str(tmp_path / "new/place/report.html")
    assert sorted(path.name for path in (tmp_path / "new/place").iterdir()) == sorted(REPORTS)
    assert refused.returncode == 1
    assert f"{taken_by_others} has a report.html already, which this suite did not write" in refused.stderr
    assert everything(taken_by_others) == {"report.html": "mine"}


def test_reports_that_cannot_be_rendered_are_told_in_a_sentence(run: Run, tmp_path: Path) -> None:
    run(URL, *SELECTED)
    record = tmp_path / "reports/latest"
    (record / "report.md").unlink()
    (record / "report.md").mkdir()

    ended = rendered(str(record))
    nowhere = rendered(str(record), "--to", "/proc/self/nowhere")

    assert ended.returncode == 1
    assert "report.md could not be written (is a directory" in ended.stderr
    assert "--to DIR names another directory" in ended.stderr
    assert nowhere.returncode == 1
    assert "cannot take reports: no such file or directory" in nowhere.stderr
    assert "Traceback" not in ended.stderr + nowhere.stderr
