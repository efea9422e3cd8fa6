"""Whenever a run is killed, clean-up finds what it left, and touches nothing else."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests
from starlette.requests import Request
from starlette.responses import Response

from dicomweb_conformance.http import multipart
from dicomweb_conformance.http.media_types import DICOM, DICOM_JSON, multipart_related
from dicomweb_conformance.service.ledger import Entry, Ledger
from dicomweb_fixtures.entities import Instance
from dicomweb_fixtures.fresh import Fresh
from dicomweb_fixtures.identifiers import uid
from dicomweb_reference.server import Reference
from dicomweb_reference.serving import running
from tests import warm

SEED = 4711
SCENARIOS = "dicomweb_conformance/scenarios"
STORE_AND_DELETE = ("-m", "store or delete", f"{SCENARIOS}/store", f"{SCENARIOS}/delete")
SENT_BY_A_RUN = 380
"""Requests of a run of the checks of store and delete, its own clean-up among them."""


class Deadly(Reference):
    """A reference server at whose n-th request the run that sent it dies: before it is handled, or answered."""

    def __init__(self, deadly: int = 0, before: bool = True, freedoms: frozenset[str] = frozenset()) -> None:
        super().__init__(freedoms)
        self.deadly = deadly
        self.before = before
        self.counted = 0
        self.victim: int | None = None

    async def exchange(self, steps, http: Request) -> Response:  # type: ignore[no-untyped-def]  # as overridden
        if self.victim is None:
            return await super().exchange(steps, http)
        self.counted += 1
        mine = self.counted == self.deadly
        if mine and self.before:
            os.killpg(self.victim, signal.SIGKILL)
        try:
            return await super().exchange(steps, http)
        finally:
            if mine and not self.before:
                os.killpg(self.victim, signal.SIGKILL)


@dataclass
class Site:
    """An archive that holds somebody's study already, and the directory in which suites are run against it."""

    reference: Deadly
    url: str
    directory: Path
    foreign: Instance

    def command(self, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("DICOMWEB_", "PYTEST_"))}
        return warm.Popen(
            [sys.executable, *arguments],
            cwd=self.directory,
            env=kept | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def judge(self, *arguments: str) -> tuple[int, str]:
        """Run the suite and return its exit status and what it printed."""
        options = [f"--dicomweb-url={self.url}", f"--dicomweb-seed={SEED}", "--dicomweb-include=delete", "-q"]
        started = self.command("-m", "pytest", *options, *arguments)
        self.reference.victim = started.pid
        printed, _ = started.communicate(timeout=120)
        self.reference.victim = None
        return started.returncode, printed

    def clean(self, *arguments: str) -> tuple[int, str]:
        """Clean up and return exit status and what was printed."""
        run = "from dicomweb_conformance.cli import main; main()"
        ended = self.command("-c", run, "clean", "--dicomweb-grace=0.2", *arguments)
        printed, _ = ended.communicate(timeout=120)
        return ended.returncode, printed

    @property
    def ledger(self) -> Path:
        return self.directory / "reports/latest/ledger.jsonl"

    def studies(self) -> set[str]:
        """Return the Study Instance UIDs of all that the archive holds."""
        found = requests.get(f"{self.url}/studies", headers={"Accept": DICOM_JSON}, timeout=10)
        return {each["0020000D"]["Value"][0] for each in found.json()} if found.content else set()

    def store(self, instance: Instance) -> None:
        boundary, body = multipart.write([multipart.part(instance.part10)])
        headers = {"Content-Type": multipart_related(DICOM, boundary), "Accept": DICOM_JSON}
        assert requests.post(f"{self.url}/studies", body, headers=headers, timeout=10).status_code == 200


@contextmanager
def site(reference: Deadly, directory: Path) -> Iterator[Site]:
    with running(reference) as url:
        made = Site(reference, url, directory, Fresh(1, "foreign").instance())
        made.store(made.foreign)
        yield made


@pytest.mark.parametrize("before", [True, False], ids=["before it is handled", "before it is answered"])
@pytest.mark.parametrize("moment", range(5))
def test_a_killed_run_leaves_nothing_that_clean_does_not_find(moment: int, before: bool, tmp_path: Path) -> None:
    deadly = 10 + (2 * moment + before) * (SENT_BY_A_RUN - 20) // 9
    with site(Deadly(deadly, before), tmp_path) as archive:
        status, printed = archive.judge(*STORE_AND_DELETE)
        assert status == -signal.SIGKILL, printed
        assert archive.ledger.exists()

        status, printed = archive.clean()

        assert status == 0, printed
        assert archive.studies() == {archive.foreign.study_instance_uid}
        assert not archive.ledger.exists()


def test_all_processes_of_a_run_are_killed(tmp_path: Path) -> None:
    with site(Deadly(100), tmp_path) as archive:
        status, printed = archive.judge(*STORE_AND_DELETE, "-n", "2")
        assert status == -signal.SIGKILL, printed

        status, printed = archive.clean(f"--seed={SEED}", "--dicomweb-report=reports/latest/ledger.jsonl")

        assert status == 0, printed
        assert archive.studies() == {archive.foreign.study_instance_uid}


def test_the_record_of_a_killed_run_is_left_as_it_was(tmp_path: Path) -> None:
    with site(Deadly(60), tmp_path) as archive:
        archive.judge("-m", "store", f"{SCENARIOS}/store")
        record = (tmp_path / "reports/latest/run.jsonl").read_bytes()
        archive.clean()

        assert (tmp_path / "reports/latest/run.jsonl").read_bytes() == record


def test_what_cannot_be_removed_is_listed(tmp_path: Path) -> None:
    with site(Deadly(freedoms=frozenset({"delete-not-offered"})), tmp_path) as archive:
        archive.judge("-m", "store and smoke", f"{SCENARIOS}/store/test_taken.py")
        stored = archive.studies() - {archive.foreign.study_instance_uid}
        assert stored

        status, printed = archive.clean()

        assert status == 1
        assert f"{len(stored)} are left" in printed
        table = [line.split(maxsplit=1) for line in printed.splitlines() if line.startswith("2.25.")]
        assert {each for each, _ in table} == stored
        assert {why for _, why in table} == {"405 Method Not Allowed to DELETE"}
        assert {entry.study_uid for entry in Ledger(archive.ledger, "", 0).entries()} == stored


def test_what_the_seed_did_not_make_is_never_deleted(tmp_path: Path) -> None:
    with site(Deadly(), tmp_path) as archive:
        archive.ledger.parent.mkdir(parents=True)
        Ledger(archive.ledger, archive.url, SEED).enter([archive.foreign.study_instance_uid, "*", "../studies"])

        status, printed = archive.clean()

        assert status == 1
        assert printed.count(f"not a UID of the run of seed {SEED}: not touched") == 3
        assert archive.studies() == {archive.foreign.study_instance_uid}


def test_other_targets_and_seeds_are_left_alone(tmp_path: Path) -> None:
    with site(Deadly(), tmp_path) as archive:
        archive.ledger.parent.mkdir(parents=True)
        kept = [Entry("http://other.example/x", 5, uid(5, "a")), Entry(archive.url, 6, uid(6, "a"))]
        for each in (*kept, Entry(archive.url, SEED, uid(SEED, "a"))):
            Ledger(archive.ledger, each.target, each.seed).enter([each.study_uid])

        status, printed = archive.clean()
        assert status == 2
        assert "names several targets" in printed

        status, printed = archive.clean(f"--dicomweb-url={archive.url}", f"--seed={SEED}")
        assert status == 0
        assert "2 studies of other targets or seeds, which were left alone" in printed
        assert Ledger(archive.ledger, "", 0).entries() == kept


def test_a_target_that_does_not_answer_is_asked_once(tmp_path: Path) -> None:
    with site(Deadly(), tmp_path) as archive:
        archive.ledger.parent.mkdir(parents=True)
        Ledger(archive.ledger, "http://127.0.0.1:9/x", SEED).enter([uid(SEED, str(each)) for each in range(50)])

        status, printed = archive.clean()

        assert status == 1
        assert "50 are left" in printed
        assert "no response" in printed


def test_what_was_on_the_embedded_server_is_gone_with_it(tmp_path: Path) -> None:
    with site(Deadly(), tmp_path) as archive:
        archive.ledger.parent.mkdir(parents=True)
        Ledger(archive.ledger, "embedded", SEED).enter([uid(SEED, "a")])

        status, printed = archive.clean()

        assert status == 0
        assert "gone with the embedded server" in printed
        assert not archive.ledger.exists()


def test_no_ledger_is_nothing_to_do(tmp_path: Path) -> None:
    with site(Deadly(), tmp_path) as archive:
        status, printed = archive.clean()

    assert status == 0
    assert "nothing to clean up" in printed


def test_settings_come_from_where_a_run_takes_them(tmp_path: Path) -> None:
    with site(Deadly(), tmp_path) as archive:
        (tmp_path / "target.toml").write_text(f'url = "{archive.url}"\nauth = "bearer"\n')
        archive.ledger.parent.mkdir(parents=True)
        Ledger(archive.ledger, archive.url, SEED).enter([uid(SEED, "a")])

        status, printed = archive.clean("--dicomweb-target=target.toml")

    assert status == 2
    assert "DICOMWEB_TOKEN is not set" in printed
    assert json.loads(archive.ledger.read_text())["seed"] == SEED


def test_a_directory_that_is_not_there_is_no_clean_target(tmp_path: Path) -> None:
    with site(Deadly(), tmp_path) as archive:
        status, printed = archive.clean("--dicomweb-report=reports/latset")

    assert status == 2
    assert "there is no directory" in printed
