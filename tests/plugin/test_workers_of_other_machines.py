"""Workers behind a gateway, as on another machine: with an environment and a file system of their own."""

import ast
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.plugin.sites import site
from tests.plugin.test_report_directory import old_run

CHECKS = ("-q", "-k", "search-limit-caps or search-studies", "--dicomweb-seed=4711")
ALONE = ("unshare", "--map-root-user", "--mount")
"""What gives a process a view of the file system of its own."""


@contextmanager
def gateway(directory: Path, before: Sequence[str] = ()) -> Iterator[str]:
    """Serve a gateway of execnet that knows nothing of the settings of this machine; yield what `--tx` calls it."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("DICOMWEB_", "PYTEST_"))}
    server = [sys.executable, "-u", "-m", "execnet.script.socketserver", "127.0.0.1:0"]
    directory.mkdir()
    with subprocess.Popen(
        [*before, *server], cwd=directory, env=kept, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        try:
            assert process.stdout
            said = process.stdout.readline()
            address = ast.literal_eval(said[said.index("(") :])
            yield f"--tx=socket={address[0]}:{address[1]}"
        finally:
            process.kill()


def can_be_alone() -> bool:
    found = shutil.which(ALONE[0])
    return bool(found) and not subprocess.run([*ALONE, "true"], capture_output=True, check=False).returncode


def test_settings_of_the_environment_count_for_workers_that_lack_them(tmp_path: Path) -> None:
    report = tmp_path / "elsewhere"
    given = {"DICOMWEB_REPORT": str(report), "DICOMWEB_INCLUDE": "delete", "DICOMWEB_PROFILE": "google"}
    with site(tmp_path) as archive, gateway(tmp_path / "another") as other:
        status, printed = archive.run("-d", other, "-q", "-k", "delete-instance", env=given)

        assert status in {0, 1}, printed
        assert (report / "report.json").exists()
        assert not (tmp_path / "reports").exists(), "one report, where it was asked for"
        assert "by google, a profile of the suite" in printed
        assert archive.studies() == set()


def test_a_secret_that_a_worker_lacks_ends_the_run_before_anything_is_judged(tmp_path: Path) -> None:
    given = {"DICOMWEB_AUTH": "bearer", "DICOMWEB_TOKEN": "a-token-of-this-machine"}
    old_run(tmp_path / "reports/latest")
    with site(tmp_path) as archive, gateway(tmp_path / "one") as one, gateway(tmp_path / "another") as other:
        status, printed = archive.run("-d", one, other, *CHECKS, env=given)

        assert status == 4, printed
        assert (archive.report / "report.html").read_text(encoding="utf-8") == "old", "that of the last run stays"
        assert re.search(r"worker gw[01] \(socket=127\.0\.0\.1:\d+\) cannot take part", printed)
        assert "DICOMWEB_TOKEN" in printed
        assert "Traceback" not in printed
        assert "POST" not in archive.reference.seen


@pytest.mark.skipif(not can_be_alone(), reason="no unshare that gives a process mounts of its own")
def test_a_worker_that_sees_another_directory_of_that_name_ends_the_run_before_anything_is_judged(
    tmp_path: Path,
) -> None:
    report = tmp_path / "report"
    report.mkdir()
    hidden = (*ALONE, "sh", "-c", 'mount -t tmpfs none "$0" && mkdir "$0/.state" && exec "$@"', str(report))
    with (
        site(tmp_path) as archive,
        gateway(tmp_path / "one") as one,
        gateway(tmp_path / "another", hidden) as another,
    ):
        status, printed = archive.run("-d", one, another, *CHECKS, f"--dicomweb-report={report}")

        assert status == 4, printed
        assert (
            f"worker gw1 ({another.removeprefix('--tx=')}) cannot take part: {report} is not the directory" in printed
        )
        assert "Traceback" not in printed
        assert "POST" not in archive.reference.seen
