"""Check ids are a public contract: they never change, and new ones are added here on purpose."""

from pathlib import Path

from conftest import Run

GOLDEN = Path(__file__).parents[1] / "golden" / "check_ids.txt"


def test_the_ids_are_those_of_the_golden_file(run: Run, tmp_path: Path) -> None:
    run("--dicomweb-url=embedded", "-q", "--dicomweb-timeout=10", "-x", "-n", "2")

    from dicomweb_reports import record

    planned = sorted({each.check for each in record.load(tmp_path / "reports/latest").planned})
    assert planned == GOLDEN.read_text(encoding="utf-8").splitlines()
