"""Servers side by side."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from dicomweb_conformance.cli import main
from tests.reports.realistic_run import HOSTILE_NAME
from tests.reports.run_directory import RunDirectory, finding


def run_of(path: Path, name: str, *results: tuple[str, str, dict[str, Any]], left_out: int = 0, **header: Any) -> str:
    path.mkdir()
    run = RunDirectory(path)
    product = {"vendor": "", "name": name, "version": "", "build": ""}
    run.header(target={"url": "https://pacs.example/x", "product": product}, **header)
    run.plan(*((check, "SEARCH-069", f"Claim of {check}.") for check, _, _ in results), left_out=left_out)
    for check, verdict, fields in results:
        run.result(check, "SEARCH-069", f"Claim of {check}.", verdict, **fields)
    run.footer()
    return str(path)


def pages(tmp_path: Path, *runs: str) -> tuple[str, str]:
    ended = CliRunner().invoke(main, ["matrix", *runs, "--to", str(tmp_path / "out")])
    assert ended.exit_code == 0, ended.output
    html, markdown = ((tmp_path / "out" / f"matrix.{kind}").read_text("utf-8") for kind in ("html", "md"))
    return html, markdown


def rows(html: str) -> list[list[str]]:
    """The cells of each row of the page, as words."""
    found = re.findall(r"<tr>(.*?)</tr>", html, re.DOTALL)
    cells = [re.split(r"</t[hd]>", row)[:-1] for row in found]
    return [[" ".join(unescape(re.sub(r"<[^>]+>", " ", cell)).split()) for cell in row] for row in cells]


def test_servers_stand_side_by_side_and_what_differs_is_told(tmp_path: Path) -> None:
    fails = {"findings": [finding("SEARCH-069", "more objects")]}
    first = run_of(tmp_path / "a", "One", ("caps", "fail", fails), ("same", "pass", {}), ("gone", "pass", {}))
    other = run_of(tmp_path / "b", "Two", ("caps", "pass", {}), ("same", "pass", {}), ("gone", "not-applicable", {}))

    html, markdown = pages(tmp_path, first, other)

    assert ["caps Claim of caps.", "fail SEARCH-069 more-objects", "pass"] in rows(html)
    assert ["search", "1 fail, 2 pass", "2 pass, 1 not-applicable"] in rows(html)
    assert not any("same" in cell for row in rows(html) for cell in row)
    assert r"| `caps` | **fail** SEARCH-069 more-objects | pass |" in markdown
    assert "2 checks passed, or did not apply, everywhere." in markdown


def test_what_makes_runs_hard_to_compare_is_said(tmp_path: Path) -> None:
    first = run_of(tmp_path / "a", "One", ("caps", "pass", {}), profile="google")
    other = run_of(tmp_path / "b", "One", ("caps", "pass", {}), left_out=3)

    html, markdown = pages(tmp_path, first, other)

    for page in (html, markdown):
        assert "different profiles: dicom, google" in page
        assert "left out 3 checks of its profile" in page
    assert "One (2)" in html


def test_a_page_fetches_nothing_and_obeys_no_server(tmp_path: Path) -> None:
    hostile = run_of(tmp_path / "a", HOSTILE_NAME, ("caps", "inconclusive", {"reason": HOSTILE_NAME}))

    html, markdown = pages(tmp_path, hostile)

    assert "<script" not in html + markdown.replace(r"\<", "")
    assert "\x1b" not in html + markdown
    assert not re.search(r"(src|href)=|url\(|@import", html)


def test_what_is_no_report_ends_it_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "report.json").write_text("[1, 2")

    ended = CliRunner().invoke(main, ["matrix", str(tmp_path), "--to", str(tmp_path)])

    assert (ended.exit_code, "is no JSON" in ended.output) == (4, True)
    assert not (tmp_path / "matrix.html").exists()
