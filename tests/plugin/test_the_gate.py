"""A run that is held against an earlier one, as a job of CI does it."""

import json
from collections.abc import Sequence
from pathlib import Path
from urllib.request import urlopen

from click.testing import CliRunner
from lxml import etree

from dicomweb_conformance.cli import main
from dicomweb_reference.archive import Instance
from dicomweb_reference.server import Reference
from dicomweb_reference.serving import running
from dicomweb_reports.write import write_reports
from tests.nodes import selecting
from tests.plugin.runs import Run
from tests.reports.run_directory import RunDirectory, finding


class NoLimit(Reference):
    """`limit` is not looked at."""

    def page(self, matches: Sequence[Instance], limit: int | None, offset: int) -> Sequence[Instance]:
        return matches[offset:]


def test_a_failure_that_the_baseline_has_passes_the_gate(run: Run, tmp_path: Path) -> None:
    (tmp_path / "earlier").mkdir()
    earlier = RunDirectory(tmp_path / "earlier")
    earlier.header()
    earlier.plan(("search-limit-caps", "SEARCH-069", "Limit."), ("search-fuzzy", "SEARCH-036", "Fuzzy."))
    shown = finding("SEARCH-069", "more objects than limit")
    earlier.result("search-limit-caps", "SEARCH-069", "Limit.", "fail", findings=[shown])
    earlier.result("search-fuzzy", "SEARCH-036", "Fuzzy.")
    earlier.footer()
    write_reports(earlier.path)

    with running(NoLimit()) as url:
        ended = run(
            *("-q", *selecting("search-limit-caps"), f"--dicomweb-url={url}", "--junitxml=junit.xml"),
            "--dicomweb-baseline=earlier/report.json",
            GITHUB_STEP_SUMMARY=str(tmp_path / "summary.md"),
        )

    told = json.loads((tmp_path / "reports/latest/report.json").read_text("utf-8"))
    assert (ended.returncode, told["exit"], told["counts"]["fail"]) == (0, 0, 1), ended.stdout + ended.stderr
    assert "Nothing got worse than the baseline" in ended.stdout
    assert told["baseline"]["worse"] == []
    assert told["baseline"]["not_asked"] == 1
    assert (tmp_path / "summary.md").read_bytes() == (tmp_path / "reports/latest/report.md").read_bytes()
    cases = {element.get("name"): element for element in etree.parse(tmp_path / "junit.xml").iter("testcase")}
    properties = {element.get("name"): element.get("value") for element in cases["search-limit-caps"].iter("property")}
    assert properties["dicomweb-requirements"] == "SEARCH-069"
    assert "PS3.18" in (properties["dicomweb-clauses"] or "")
    assert (properties["dicomweb-levels"], properties["dicomweb-verdict"]) == ("shall", "fail")
    messages = {element.get("name"): element.get("value") for element in cases["message[HTTP-004]"].iter("property")}
    assert messages["dicomweb-levels"] == "shall"


def test_what_is_kept_is_on_the_target_and_clean_removes_it(run: Run, tmp_path: Path) -> None:
    archive = Reference()
    with running(archive) as url:
        ended = run("-q", *selecting("search-limit-caps"), f"--dicomweb-url={url}", "--dicomweb-keep")
        kept = json.loads((tmp_path / "reports/latest/report.json").read_text("utf-8"))["kept"]
        with urlopen(f"{url}/studies") as response:
            there = len(json.load(response))
        clean = CliRunner().invoke(main, ["clean", f"--dicomweb-report={tmp_path / 'reports/latest'}"])
        with urlopen(f"{url}/studies") as response:
            left = response.status, response.read()

    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert f"kept on the target, as asked: {kept} studies" in ended.stdout
    assert 0 < there <= kept
    assert clean.exit_code == 0, clean.output
    assert left in {(200, b"[]"), (204, b"")}
