"""An edition of PS3.18 decides where editions differ, and every report says that it did."""

from pathlib import Path

import pytest

from dicomweb_reference.server import Reference
from dicomweb_reports.write import write_reports
from tests.mutants.harness import judged

NO_MATCH = "search-no-match[PatientID]"


@pytest.mark.parametrize(
    ("edition", "verdict"), [("", "pass"), ("2019e", "fail"), ("2024e", "fail"), ("2025b", "pass"), ("2026a", "pass")]
)
def test_an_empty_list_is_right_where_the_edition_has_it(edition: str, verdict: str, tmp_path: Path) -> None:
    chosen = [f"--dicomweb-edition={edition}"] if edition else []

    run = judged(Reference(frozenset({"empty-search-is-200"})), tmp_path, *chosen, checks={NO_MATCH})

    (told,) = [result for result in run.results if result.check == NO_MATCH]
    assert told.verdict == verdict
    assert run.edition == (edition or None)
    assert [finding.observation for finding in told.findings] == (
        [f"200 with [] (decided by PS3.18 {edition}: it is right since 2026a)"] if verdict == "fail" else []
    )


def test_reports_say_which_edition_decided_and_what_it_does_not_have(tmp_path: Path) -> None:
    judged(Reference(frozenset({"empty-search-is-200"})), tmp_path, "--dicomweb-edition=2019e", checks={NO_MATCH})

    write_reports(tmp_path / "report")

    for name in ("report.md", "report.html"):
        text = (tmp_path / "report" / name).read_text(encoding="utf-8")
        assert "2019e" in text
        assert "decided by PS3.18 2019e" in text
        assert "PS3.18 2019e does not have it: it is there since 2023e" in text
