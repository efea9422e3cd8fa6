"""No false alarm: whatever the standard leaves open may be done either way, and nothing fails for it."""

from pathlib import Path

import pytest
from harness import judged

from dicomweb_reference.freedoms import FREEDOMS
from dicomweb_reference.server import Reference

# What the reference server shows without any freedom: it answers without Accept, as nearly every server does.
ALWAYS = {"NEGOTIATION-001"}


@pytest.mark.parametrize("name", sorted(FREEDOMS))
def test_a_permitted_answer_is_no_failure(name: str, tmp_path: Path) -> None:
    run = judged(Reference({name}), tmp_path, "--dicomweb-grace=3")

    wrong = [
        f"{each.check}: {each.verdict} {each.reason} {[(one.requirement, one.observation) for one in each.findings]}"
        for each in run.results
        if each.verdict in {"fail", "error", "inconclusive"}
    ]
    assert not wrong, "\n".join(wrong)
    told = {finding.requirement for each in run.results for finding in each.findings}
    unexpected = told - ALWAYS - set(FREEDOMS[name].allows)
    assert not unexpected, f"{FREEDOMS[name].behaviour} ({FREEDOMS[name].clause}) is not said to show in {unexpected}"
