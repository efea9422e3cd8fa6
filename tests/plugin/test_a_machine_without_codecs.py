"""What a machine lacks is no verdict about a server: it is inconclusive, with the line that puts it right."""

import sys
from pathlib import Path

import pytest

from dicomweb_fixtures.building.transfer_syntaxes import SYNTAXES
from dicomweb_reference.server import Reference
from tests.mutants.harness import judged

NEED_NO_CODEC = {"implicit_vr_little_endian", "explicit_vr_little_endian", "encapsulated_uncompressed", "deflated"}
NEED_NO_CODEC |= {"jpeg_baseline", "rle_lossless", "deflated_image_frame"}


def test_without_imagecodecs_nothing_is_not_applicable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "imagecodecs", None)
    checks = {
        syntax.key: f"store-round-trip[encoded.{syntax.key}]" for syntax in SYNTAXES.values() if not syntax.retired
    }

    # A seed of its own: no other test of this process has made the studies already.
    run = judged(Reference(), tmp_path, "--dicomweb-seed=4712", checks=checks.values())

    verdicts = {result.check: result.verdict for result in run.results if result.check in checks.values()}
    assert verdicts == {check: "pass" if key in NEED_NO_CODEC else "inconclusive" for key, check in checks.items()}
    reasons = {result.reason for result in run.results if result.verdict == "inconclusive"}
    assert all("pip install 'imagecodecs" in reason for reason in reasons), reasons
