"""No false alarm: whatever the standard leaves open may be done either way, and nothing fails for it."""

from dataclasses import replace
from pathlib import Path

import pytest
from harness import judged
from reach import Reach

from dicomweb_reference import elements
from dicomweb_reference.elements import PIXEL_DATA
from dicomweb_reference.freedoms import FREEDOMS
from dicomweb_reference.outcomes import Received
from dicomweb_reference.server import Reference
from dicomweb_reference.transfer_syntaxes import TRANSFER_SYNTAXES

RLE = "1.2.840.10008.1.2.5"

# What the reference server shows without any freedom: it answers without Accept, as nearly every server does, and has
# no colour space but sRGB for iccprofile.
ALWAYS = {"NEGOTIATION-001", "NEGOTIATION-002", "RENDERED-037"}

# Freedoms of what no check asks for yet.
UNSEEN = {
    "presentation-states-not-rendered": "no study of the corpus has a presentation state",
    "empty-values-unsupported": "no check asks for Empty Value Matching",
    "multiple-values-unsupported": "no check asks for Multiple Value Matching",
}


def test_a_check_gets_to_see_each_freedom(reach: Reach) -> None:
    assert {name for name in FREEDOMS if not reach.checks({f"free:{name}"})} == set(UNSEEN)


@pytest.mark.parametrize("name", sorted(set(FREEDOMS) - set(UNSEEN)))
def test_a_permitted_answer_is_no_failure(name: str, tmp_path: Path, reach: Reach, every_check: bool) -> None:
    checks = None if every_check else reach.checks({f"free:{name}"})
    run = judged(Reference({name}), tmp_path, "--dicomweb-grace=3", checks=checks, files=reach.files)

    wrong = [
        f"{each.check}: {each.verdict} {each.reason} {[(one.requirement, one.observation) for one in each.findings]}"
        for each in run.results
        if each.verdict in {"fail", "error", "inconclusive"}
    ]
    assert not wrong, "\n".join(wrong)
    told = {finding.requirement for each in run.results for finding in each.findings}
    unexpected = told - ALWAYS - set(FREEDOMS[name].allows)
    assert not unexpected, f"{FREEDOMS[name].behaviour} ({FREEDOMS[name].clause}) is not said to show in {unexpected}"


class Compressing(Reference):
    """Keeps native pixels in RLE, which loses nothing."""

    def coerced(self, received: Received) -> Received:
        if TRANSFER_SYNTAXES[received.transfer_syntax].encapsulated or PIXEL_DATA not in received.elements:
            return received
        content = self.encoded(received.elements, RLE)
        return replace(received, elements=content, octets=elements.write(content), transfer_syntax=RLE)


def test_pixels_may_be_kept_in_another_transfer_syntax(tmp_path: Path) -> None:
    run = judged(Compressing(), tmp_path, "-m", "json_bulk")

    assert run.results
    assert not [each.check for each in run.results if each.verdict in {"fail", "error", "inconclusive"}]
