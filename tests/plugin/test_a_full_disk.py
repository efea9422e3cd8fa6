"""A disk that is full, at whatever moment: nothing is stored that is not on record, and what was concluded stays."""

import random
import resource
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.plugin.sites import STORES_AND_READS, Site, site

MOMENTS = 20
ENOUGH = 5 << 20
"""Octets that a run of the checks below and its reports take."""


@contextmanager
def small_disk(mount: Path, octets: int) -> Iterator[Path]:
    """A file system with room for so much, where this user may mount one."""
    mount.mkdir()
    if (command := shutil.which("mount")) is None or (undo := shutil.which("umount")) is None:
        pytest.skip("there is no mount here")
    options = ["-t", "tmpfs", "-o", f"size={octets}", "none", str(mount)]
    mounted = subprocess.run([command, *options], capture_output=True, text=True, check=False)
    if mounted.returncode:
        pytest.skip(f"no disk can be made here: {mounted.stderr.strip()}")
    try:
        yield mount
    finally:
        subprocess.run([undo, "--lazy", str(mount)], check=True)


def is_well(archive: Site, report: Path, status: int, printed: str, elsewhere: Path) -> None:
    """There is a report, or the sentence that says how to get one; and nothing that was stored is unnamed."""
    assert "Traceback" not in printed, printed
    assert "conforms" not in printed, printed
    assert status in {0, 3, 4}, printed
    if status == 4:
        assert "cannot be written" in printed or "cannot take a report" in printed, printed
    elif status == 3:
        assert "The run did not end: " in printed
    if status != 4 and not (report / "report.html").exists():
        assert f"dicomweb-conformance render {report} --to DIR" in printed
        rendered, said = archive.command("render", str(report), "--to", str(elsewhere))
        assert rendered == 0, said
        assert (elsewhere / "report.html").exists()
    left = archive.studies()
    if left:
        cleaned, said = archive.clean(f"--dicomweb-report={report}")
        assert cleaned == 0, said
        assert archive.studies() == set()


@pytest.mark.parametrize("workers", ["0", "2"])
@pytest.mark.parametrize("moment", range(MOMENTS))
def test_a_run_whose_disk_is_full_at_any_moment(moment: int, workers: str, every_moment: bool, tmp_path: Path) -> None:
    if not every_moment and (moment % 5, workers) != (3, "0"):
        pytest.skip("one of many moments: --every-moment tries it")
    # As many moments early, when little is written at all, as late.
    octets = int(4096 * (ENOUGH / 4096) ** ((moment + random.Random(moment).random()) / MOMENTS))  # noqa: S311 - no secret
    with small_disk(tmp_path / "disk", octets) as disk, site(tmp_path) as archive:
        report = disk / "report"
        status, printed = archive.run(*STORES_AND_READS, "-n", workers, f"--dicomweb-report={report}")

        is_well(archive, report, status, printed, tmp_path / "elsewhere")


def test_a_study_that_the_ledger_cannot_name_is_not_sent(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(
        "from dicomweb_conformance.service.ledger import Ledger\n"
        "def full(self, study_uids):\n"
        "    raise OSError(28, 'No space left on device', str(self.path))\n"
        "Ledger._append = full\n"
    )

    with site(tmp_path) as archive:
        status, printed = archive.run(*STORES_AND_READS)

        assert status == 3, printed
        assert "POST" not in archive.reference.seen
        assert f"{archive.report / 'ledger.jsonl'} cannot be written: no space left on device" in printed
        assert archive.told()["overall"]["verdict"] == "nothing concluded"
        assert "error" not in {each["verdict"] for each in archive.told()["results"]}


@pytest.mark.parametrize("workers", ["0", "2"])
def test_a_record_that_takes_no_more_ends_the_run(workers: str, tmp_path: Path) -> None:
    def limited() -> None:
        # More than the metadata of 120 instances, which are a file of their own; the record grows beyond it.
        resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))

    with site(tmp_path) as archive:
        status, printed = archive.end(archive.begin("-m", "metadata", "-n", workers, preexec_fn=limited))

        assert status == 3, printed
        assert "Traceback" not in printed
        assert "run.jsonl cannot be written: file too large" in printed
        told = archive.told()
        assert told["interrupted"] in {True, None}
        assert told["overall"]["verdict"] == "partial"
        assert {each["verdict"] for each in told["results"]} <= {"pass", "note", "not-applicable"}
        assert archive.studies() == set()
