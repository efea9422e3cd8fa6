"""No false alarm: whatever the standard leaves open may be done either way, and nothing fails for it."""

from collections.abc import Callable, Collection
from dataclasses import replace
from pathlib import Path

import pytest

from dicomweb_reference import elements
from dicomweb_reference.elements import PIXEL_DATA
from dicomweb_reference.freedoms import FREEDOMS
from dicomweb_reference.outcomes import Received
from dicomweb_reference.server import Reference
from dicomweb_reference.transfer_syntaxes import TRANSFER_SYNTAXES
from dicomweb_reports.record import Run
from tests.mutants.bundles import ALONE, Shown, bundles, to_blame
from tests.mutants.harness import is_message, judged
from tests.mutants.reach import Reach

RLE = "1.2.840.10008.1.2.5"

CONCLUDED = {"pass", "note", "deviation"}
GRACE = "--dicomweb-grace=3"

# What the reference server shows without any freedom: it answers without Accept, as nearly every server does, and has
# no colour space but sRGB for iccprofile.
ALWAYS = {"NEGOTIATION-001", "NEGOTIATION-002", "RENDERED-037"}

# Freedoms of what no check asks for yet.
UNSEEN: dict[str, str] = {}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Show freedoms in bundles, or each alone."""
    if "freedoms" in metafunc.fixturenames:
        shown = sorted(set(FREEDOMS) - set(UNSEEN))
        each = metafunc.config.getoption("--each-freedom")
        twice = bool(metafunc.config.getoption("--freedoms-twice"))
        sets = [frozenset({name}) for name in shown] if each else bundles(shown, twice=twice)
        metafunc.parametrize("freedoms", sets, ids=shown if each else [f"bundle-{n + 1}" for n in range(len(sets))])


def test_permitted_answers_are_no_failures(
    freedoms: frozenset[str], tmp_path: Path, reach_of: Callable[[type[Reference]], Reach], every_check: bool
) -> None:
    shown = Shown()
    # All but a few checks meet with one or another of a bundle; a single freedom shows in those that ask for it.
    alone = len(freedoms) == 1 and not every_check
    concerned = reach_of(Reference).checks({f"free:{name}" for name in freedoms}) if alone else None
    run = judged(shown.server(freedoms), tmp_path / "all", GRACE, checks=concerned, plugins=[shown])

    if wrong := accusations(run, freedoms):
        checks = shown_in(run, {check for check, _ in wrong})

        def goes_wrong(some: frozenset[str]) -> bool:
            run = judged(Reference(some), tmp_path / str(len(some)), GRACE, checks=checks)
            return bool(accusations(run, some))

        blamed = to_blame(freedoms, goes_wrong) if checks else freedoms
        told = "\n".join(text for _, text in wrong)
        pytest.fail(f"{', '.join(sorted(blamed))}:\n{told}", pytrace=False)
    concluded = {result.check for result in run.results if result.verdict in CONCLUDED}
    assert concluded, "the run broke down before any check concluded"
    hidden = {name for name in freedoms - shown.everywhere if not shown.met[name] & concluded}
    assert not hidden, "no check that concluded met with these: the others beside them hide them"


def shown_in(run: Run, accusing: Collection[str]) -> set[str]:
    """The checks in which accusations show: those that accuse, and those that sent what a message accuses of."""
    sent = {
        run.exchanges[finding.exchange].check
        for result in run.results
        if result.check in accusing and is_message(result.check)
        for finding in result.findings
        if finding.exchange in run.exchanges
    }
    return {check for check in {*accusing, *sent} if check and not is_message(check)}


def accusations(run: Run, freedoms: frozenset[str]) -> list[tuple[str, str]]:
    """What a run says against a server that does nothing but what is permitted: check, and the accusation in words.

    That a client in use trips over something accuses nobody.
    """
    wrong = []
    for result in run.results:
        if result.verdict in {"fail", "error", "inconclusive"}:
            found = [(finding.requirement, finding.observation) for finding in result.findings]
            wrong.append((result.check, f"{result.check}: {result.verdict} {result.reason} {found}"))
    allowed = ALWAYS.union(*(FREEDOMS[name].allows for name in freedoms))
    return wrong + [
        (result.check, f"{result.check}: {finding.requirement} is not said to show {finding.observation}")
        for result in run.results
        for finding in result.findings
        if finding.requirement not in allowed
        and result.verdict in {"note", "deviation"}
        and result.scenario != "persona"
    ]


def test_each_freedom_is_shown_twice_or_alone() -> None:
    shown = set(FREEDOMS) - set(UNSEEN)
    counts = {name: sum(name in bundle for bundle in bundles(shown)) for name in shown}
    assert counts == {name: 1 if name in ALONE else 2 for name in shown}


@pytest.mark.parametrize("wrong", [{"a"}, {"d"}, {"b", "c"}, {"a", "b", "c", "d"}])
def test_a_bundle_is_halved_down_to_what_goes_wrong(wrong: set[str]) -> None:
    blamed = to_blame(frozenset("abcd"), lambda some: wrong <= some)
    assert wrong <= blamed
    assert len(blamed) < 4 or len(wrong) > 1


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
    assert not [result.check for result in run.results if result.verdict in {"fail", "error", "inconclusive"}]
