"""What brings back the studies that the requests of a run ask for."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING
from urllib.request import urlopen

import pytest

from dicomweb_conformance.settings.options import resolve
from dicomweb_conformance.settings.table import OptionError
from dicomweb_fixtures.corpus import Corpus
from dicomweb_reference.server import Reference
from dicomweb_reference.serving import running
from dicomweb_reports.repeating import before
from dicomweb_reports.report_markdown import markdown
from tests.reports.run_directory import RunDirectory, finding

if TYPE_CHECKING:
    from pathlib import Path


def failing(directory: RunDirectory, **fields: object) -> None:
    directory.header(**fields)
    directory.plan(("search-limit-caps", "SEARCH-069", "`limit` caps."))
    exchange = directory.exchange(sent=(("Authorization", "Bearer ***"), ("Accept", "application/dicom+json")))
    shown = [finding("SEARCH-069", "more objects", exchange=exchange)]
    directory.result("search-limit-caps", "SEARCH-069", "`limit` caps.", "fail", findings=shown)


def test_nothing_has_to_be_done_where_the_studies_stayed(directory: RunDirectory) -> None:
    failing(directory)
    directory.event("kept", studies=12)
    directory.footer()

    run = directory.load()

    assert (before(run), run.kept) == (None, 12)
    assert "Before a request is sent again" not in markdown(run)


def test_two_lines_bring_back_what_was_removed_before_the_failures_are_told(directory: RunDirectory) -> None:
    failing(directory)
    directory.event("cleaned", studies=7)
    directory.footer()

    first = before(directory.load())
    text = markdown(directory.load())

    assert first is not None
    assert first.lines[0] == "dicomweb-conformance corpus export studies --seed 1234"
    assert '-H "Authorization: Bearer $DICOMWEB_TOKEN"' in first.lines[1]
    assert text.index(first.lines[0]) < text.index("## Failures")


def test_the_embedded_server_is_started_again_where_it_was(directory: RunDirectory) -> None:
    failing(directory, settings={"url": "embedded"}, target={"url": "http://127.0.0.1:4711/dicom-web", "product": None})
    directory.footer()

    first = before(directory.load())

    assert first is not None
    assert first.lines[0] == "dicomweb-conformance serve --port 4711"


@pytest.mark.skipif(not shutil.which("curl"), reason="curl is not installed")
def test_the_line_stores_every_file_in_a_shell(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    directory = RunDirectory(tmp_path / "run")
    study = Corpus(7).two_series
    (tmp_path / "studies/it's 1").mkdir(parents=True)
    for number, instance in enumerate(study.instances):
        (tmp_path / f"studies/it's 1/{number}.dcm").write_bytes(instance.part10)
    with running(Reference()) as url:
        failing(directory, target={"url": url, "product": None})
        directory.event("cleaned", studies=7)
        first = before(directory.load())
        assert first is not None
        shell = ["sh", "-c", first.lines[1]]
        ended = subprocess.run(shell, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
        with urlopen(f"{url}/studies/{study.study_instance_uid}/instances") as response:
            asked = response.read().decode()

    assert [line[:3] for line in ended.stdout.splitlines()] == ["200"] * len(study.instances), ended.stderr
    assert all(each.sop_instance_uid in asked for each in study.instances)


def test_what_ends_with_the_run_cannot_be_kept(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="the embedded server ends with the run"):
        resolve({"dicomweb_url": "embedded", "dicomweb_keep": True}, {}, {}, tmp_path)
