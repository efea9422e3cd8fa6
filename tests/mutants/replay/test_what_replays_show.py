"""Whatever a row of scope "message" lists, a replay has a run produce; what none does is named, with its reason."""

from __future__ import annotations

from collections.abc import Iterator

from dicomweb_conformance.catalogue import requirements
from dicomweb_conformance.catalogue.requirements import Requirement
from dicomweb_conformance.catalogue.verdicts import Verdict
from dicomweb_conformance.checks.observers import OWNED, TOLD_BY_CHECKS
from tests.mutants.replay.tables import REPLAYS

UNSHOWN = {
    # tests/checks/test_unreadable_answers.py shows it in a run.
    "RETRIEVE-008b a-value-that-is-none-of-its-vr": "told where a check reads the value, which no observer does",
    # tests/odd shows a server that refuses all of its resources with 400.
    "NEGOTIATION-009b 406": "a check knows where 406 belongs, and no observer does",
    "NEGOTIATION-009b another-4xx-for-406": "likewise",
    # tests/odd shows a server that breaks of documents.
    "STORE-076 stored-or-refused": "the run knows that a study is valid, and no observer does",
    "STORE-076 valid-study-answered-with-5xx": "likewise",
    "STORE-077 all-is-there-or-told-of": "the run looks for what was stored, and no observer does",
    "STORE-077 200-and-instances-are-lost": "likewise",
}
SHOWN = {replay.shows for replay in REPLAYS}


def judged() -> Iterator[Requirement]:
    """The rows that messages are judged by, but for those that leave it to another row, or say why they are not."""
    rows = requirements.load().values()
    return (row for row in rows if row.scope == "message" and row.see is None and row.not_tested is None)


def test_each_observation_of_a_message_is_one_that_a_run_produces() -> None:
    listed = {f"{row.id} {code}" for row in judged() for code in row.observations}

    assert listed - SHOWN == set(UNSHOWN)


def test_each_row_is_told_by_a_replay() -> None:
    """A row that can only be met, whatever comes, would say nothing."""
    told = {replay.row for replay in REPLAYS if replay.verdict is not Verdict.PASS} | set(TOLD_BY_CHECKS)

    silent = {row.id for row in judged()} - told
    assert silent == {
        row.id for row in judged() if all(row.verdict_of(code) is Verdict.PASS for code in row.observations)
    }


def test_each_row_that_is_judged_has_an_owner() -> None:
    assert {row.id for row in judged()} <= set(OWNED)
