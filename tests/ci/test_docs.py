"""The documentation builds as one site, and no link in it leads nowhere."""

from __future__ import annotations

import logging
import re
import shutil
from pathlib import Path

import pytest
from mkdocs.commands.build import build
from mkdocs.config import load_config
from mkdocs.exceptions import Abort

ROOT = Path(__file__).parents[2]


def built(directory: Path, root: Path = ROOT) -> Path:
    logging.getLogger("mkdocs").setLevel(logging.WARNING)
    config = load_config(str(root / "ci/docs/mkdocs.yml"), strict=True, site_dir=str(directory))
    build(config)
    return directory


@pytest.mark.filterwarnings("ignore")  # those of mkdocs and its theme
def test_the_site_builds_with_strict_links_and_holds_catalogue_and_checks(tmp_path: Path) -> None:
    site = built(tmp_path / "site")

    search = (site / "catalogue/search/index.html").read_text("utf-8")
    assert 'id="search-069"' in search
    assert "more-objects-than-limit" in search
    ids = set((ROOT / "tests/golden/check_ids.txt").read_text("utf-8").split())
    listed = set(re.findall(r"<td><code>([^<]+)</code></td>", (site / "checks/index.html").read_text("utf-8")))
    assert listed == ids


@pytest.mark.filterwarnings("ignore")
def test_a_link_that_leads_nowhere_fails_the_build(tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(ROOT / "docs", copy / "docs")
    shutil.copytree(ROOT / "ci", copy / "ci")
    for page in ("README.md", "CONTRIBUTING.md", "ARCHITECTURE.md"):
        shutil.copy(ROOT / page, copy / page)
    page = copy / "docs/verdicts.md"
    page.write_text(page.read_text("utf-8") + "\n[nowhere](gate-in-ci.md#no-such-part)\n", encoding="utf-8")

    with pytest.raises(Abort):
        built(tmp_path / "site", copy)
