"""What search must never miss: an ordinary check tells of each of these defects, and drawn queries find it alone."""

from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.mutants.harness import judged
from tests.mutants.test_mutants import DRAWN, MUTANTS

MOST = 2
"""Parameters of the smallest query that shows a defect, beside the one that confines a search to the patient."""
SEEDED = {
    "the end of a range is exclusive": "ranges-without-their-end",
    "an open range is ignored": "open-ranges-ignored",
    "a combined range of date and time is taken apart": "date-and-time-apart",
    "? matches two": "question-mark-is-two",
    "a lone * misses empty values": "lone-star-needs-avalue",
    "a wild card in a UID is taken": "wild-cards-in-uids",
    "a list of UIDs is cut after the first": "first-uid-of-list-only",
    "a key of a sequence is ignored on the second item": "second-items-ignored",
    "includefield is dropped": "all-includefields-dropped",
    "keys of the study are ignored at /instances": "study-keys-ignored-at-instances",
    "offset is applied before matching": "offset-before-matching",
    "a percent-encoded value is not decoded": "queries-not-decoded",
    "case is folded": "case-ignored",
    "a date without time zone is shifted": "dates-in-utc",
}


@pytest.mark.parametrize("defect", SEEDED)
def test_drawn_queries_alone_find_each_with_a_small_query(defect: str, tmp_path: Path) -> None:
    mutant = next(each for each in MUTANTS if each.name == SEEDED[defect])
    # Pages that go wrong without any keys are left to an ordinary check, where the run has it.
    drawn = next((kill for kill in mutant.kills if kill.startswith(DRAWN)), f"{DRAWN}studies]")
    assert [kill for kill in mutant.kills if not kill.startswith(DRAWN)], "no ordinary check must notice it"

    run = judged(mutant.server(mutant.freedoms), tmp_path, checks={drawn})

    (told,) = [result for result in run.results if result.check == drawn]
    assert told.verdict in {"fail", "deviation"}, told.reason
    queries = [urlsplit(run.exchanges[finding.exchange or ""].url) for finding in told.findings]
    assert min(_parameters(query.path, query.query) for query in queries) <= MOST


FEWEST = {"counts-only-grow": 2, "modalities-that-were": 2, "listed-for-each-series": 1}


@pytest.mark.parametrize("defect", FEWEST)
def test_a_history_is_told_with_the_fewest_changes(defect: str, tmp_path: Path) -> None:
    mutant = next(each for each in MUTANTS if each.name == defect)

    run = judged(mutant.server(mutant.freedoms), tmp_path, "--dicomweb-include=delete", checks={mutant.kills[0]})

    (told,) = [result for result in run.results if result.check == mutant.kills[0]]
    (finding,) = told.findings
    _, _, history = finding.where.partition(" after: ")
    assert len(history.split(", ")) == FEWEST[defect], history


def _parameters(path: str, query: str) -> int:
    """Count the parameters of a query but the one that confines it where its path names no study."""
    return len(query.split("&")) - ("/studies/" not in path)
