"""The figures in README.md, from the suite itself: `python -m tests.readme_figures` writes them.

They are rounded down to two digits, so that they stay true while the suite grows.
"""

from __future__ import annotations

import re
from pathlib import Path

from dicomweb_conformance.catalogue.profile import load_profile
from dicomweb_conformance.catalogue.requirements import load
from dicomweb_conformance.run import coverage, profile_facts
from dicomweb_fixtures.corpus import Corpus

PAGE = Path(__file__).parents[1] / "README.md"
NAMES = ("rows", "checks", "studies", "instances")
FIGURE = re.compile(rf"over ([\d,]+) ({'|'.join(NAMES)})")


def figures() -> dict[str, int]:
    """Return how much there is of each."""
    studies = {study.study_instance_uid: study for study in Corpus(7).all_studies()}
    return {
        "rows": len(load()),
        "checks": len(profile_facts.taken(load_profile("dicom"), list(coverage.checks()))),
        "studies": len(studies),
        "instances": sum(len(study.instances) for study in studies.values()),
    }


def rounded(number: int) -> int:
    """Return a number rounded down to two digits, and at least one below it."""
    step = 10 ** max(len(str(number - 1)) - 2, 0)
    return (number - 1) // step * step


if __name__ == "__main__":
    known = figures()
    text = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(FIGURE.sub(lambda found: f"over {rounded(known[found[2]]):,} {found[2]}", text), encoding="utf-8")
