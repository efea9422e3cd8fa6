"""Check ids are a public contract: they never change, and new ones are added here on purpose."""

from pathlib import Path

from tests.plugin.runs import Run

GOLDEN = Path(__file__).parents[1] / "golden" / "check_ids.txt"


def planned(run: Run, directory: Path, profile: str) -> set[str]:
    """The ids of the checks that a run by a profile plans; none of them is carried out, as its time is over at once."""
    report = directory / profile
    run(
        "--dicomweb-url=embedded",
        f"--dicomweb-profile={profile}",
        f"--dicomweb-report={report}",
        "--dicomweb-budget=0.001",
        "-q",
    )

    from dicomweb_reports import record

    return {each.check for each in record.load(report).planned}


def test_the_ids_are_those_of_the_golden_file(run: Run, tmp_path: Path) -> None:
    dicom, google = planned(run, tmp_path, "dicom"), planned(run, tmp_path, "google")

    golden = set(GOLDEN.read_text(encoding="utf-8").splitlines())
    assert dicom | google == golden
    assert google - dicom == {each for each in golden if each.startswith(("google-", "lro-", "seed-"))}
