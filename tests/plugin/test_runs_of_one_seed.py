"""Two runs of one seed on one target would delete each other's studies: the second does not begin."""

import subprocess
import sys
from pathlib import Path

import pytest

from dicomweb_conformance.run.exclusion import GoesOnError, alone
from tests.nodes import selecting
from tests.plugin.runs import Run

CHECK = "search-limit-caps"


def going_on(url: str, seed: int, cache: Path) -> "subprocess.Popen[str]":
    """A process that is the one run of a seed on a target until its input ends."""
    code = (
        "import sys; from dicomweb_conformance.run.exclusion import alone\n"
        f"with alone({url!r}, {seed}): print('begun', flush=True); sys.stdin.read()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={"XDG_CACHE_HOME": str(cache), "HOME": str(cache)},
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "begun\n"
    return process


def test_the_second_run_is_refused_and_the_report_of_the_first_stays(run: Run, tmp_path: Path) -> None:
    (tmp_path / "reports/latest").mkdir(parents=True)
    (tmp_path / "reports/latest/report.html").write_text("of the run before")
    url = "http://127.0.0.1:9/dicom-web"
    cache = {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    with going_on("HTTP://127.0.0.1:9/dicom-web/", 7, tmp_path / "cache") as first:
        ended = run(f"--dicomweb-url={url}", "--dicomweb-seed=7", *selecting(CHECK), **cache)
        other = run(f"--dicomweb-url={url}", "--dicomweb-seed=8", *selecting(CHECK), "--dicomweb-report=other", **cache)
        first.kill()
        first.communicate()
    after = run(f"--dicomweb-url={url}", "--dicomweb-seed=7", *selecting(CHECK), "--dicomweb-report=after", **cache)

    printed = ended.stdout + ended.stderr
    assert ended.returncode == 4
    assert "a run of seed 7 on http://127.0.0.1:9/dicom-web goes on" in printed
    assert "Traceback" not in printed
    assert (tmp_path / "reports/latest/report.html").read_text() == "of the run before"
    assert "nothing listens" in other.stdout + other.stderr, "another seed disturbs nobody"
    assert "nothing listens" in after.stdout + after.stderr, "a run that was killed keeps nobody out"


def test_two_runs_at_the_embedded_server_have_one_each(run: Run, tmp_path: Path) -> None:
    with going_on("embedded", 7, tmp_path) as first:
        ended = run("--dicomweb-url=embedded", "--dicomweb-seed=7", *selecting(CHECK), XDG_CACHE_HOME=str(tmp_path))
        first.communicate("")

    assert ended.returncode == 0, ended.stdout


def test_where_no_lock_can_be_kept_nobody_is_kept_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "cache").write_text("a file in the way")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))

    with alone("http://127.0.0.1:9", 7):
        pass


@pytest.mark.parametrize(
    "other", ["http://[::1]/x", "http://127.0.0.1/X", "https://127.0.0.1/x", "http://127.0.0.1/x/y"]
)
def test_another_target_is_another(other: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with going_on("http://127.0.0.1/x", 7, tmp_path) as first:
        with alone(other, 7):
            pass
        with pytest.raises(GoesOnError), alone("http://127.0.0.1:80/x", 7):
            pass
        first.communicate("")
