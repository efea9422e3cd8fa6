"""No check changes a study of the corpus: others compare with it what came back, in whatever process it was sent."""

from __future__ import annotations

from pathlib import Path

from dicomweb_fixtures.corpus import Corpus
from dicomweb_fixtures.entities import Instance, Study
from dicomweb_reference.server import Reference
from tests.mutants.harness import judged

SEED = 1
LONG = "any-query or malformed or at-once or while-storing or changes"
"""Checks that take long, and make for themselves what they send."""


def test_no_check_changes_a_study_of_the_corpus(tmp_path: Path) -> None:
    Corpus.forget()
    run = judged(Reference(), tmp_path, f"-k not ({LONG})")
    assert len(run.results) > 1000

    used = {study.name: written_anew(study) for study in Corpus(SEED).all_studies()}
    Corpus.forget()
    assert not [study.name for study in Corpus(SEED).all_studies() if written_anew(study) != used[study.name]]


def written_anew(study: Study) -> list[bytes]:
    """Return the files of a study as its data sets are now, whatever they were when it was sent."""
    return [Instance(each.dataset).part10 for each in study.instances]
