"""A report in a browser: nothing that axe finds, a page that fits a phone, and scripts that only help."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from dicomweb_reports.report_html import html
from tests.reports.run_directory import RunDirectory

HERE = Path(__file__).parent / "browser"
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = pytest.mark.skipif(
    not CHROMIUM or not shutil.which("node") or not (HERE / "node_modules").is_dir(),
    reason="no Chromium, no Node.js, or not its packages: npm ci --prefix tests/reports/browser",
)


@pytest.fixture(scope="module")
def seen(faulty: RunDirectory, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a browser sees of the report on a server with faults."""
    page = tmp_path_factory.mktemp("page") / "report.html"
    page.write_text(html(faulty.load()), encoding="utf-8")
    ended = subprocess.run(
        ["node", str(HERE / "look.mjs"), str(CHROMIUM), str(page)],  # noqa: S607 - Node.js, wherever it is
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    found: dict[str, Any] = json.loads(ended.stdout)
    return found


def test_axe_finds_nothing_in_light_and_dark_on_a_screen_and_on_a_phone(seen: dict[str, Any]) -> None:
    assert seen["violations"] == []


def test_nothing_is_wider_than_the_screen(seen: dict[str, Any]) -> None:
    assert seen["wide"] == []


def test_its_own_script_runs_under_its_policy_and_nothing_is_fetched(seen: dict[str, Any]) -> None:
    assert seen["errors"] == []


def test_what_is_typed_is_found_and_everything_comes_back(seen: dict[str, Any]) -> None:
    assert seen["articles"] == 9
    assert seen["found"]["articles"] == 1
    assert int(seen["found"]["told"].split()[0]) >= 1
    assert seen["afterwards"] == seen["articles"]


def test_all_can_be_unfolded(seen: dict[str, Any]) -> None:
    assert seen["folded"] == 0


def test_without_scripts_everything_is_there(seen: dict[str, Any]) -> None:
    assert seen["withoutScripts"] == seen["articles"]


def test_passes_stay_off_paper(seen: dict[str, Any]) -> None:
    assert seen["printed"] == {"passes": False, "failures": True}
