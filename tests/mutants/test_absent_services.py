"""Absent is not broken: what a server lacks is told once for each service, and what builds on it is not applicable."""

from collections import Counter
from pathlib import Path

from dicomweb_reference.server import Reference
from tests.mutants.harness import judged

LACKING = frozenset({"xml-not-offered", "thumbnail-not-offered", "delete-not-offered"})


def test_a_server_that_lacks_services_has_one_verdict_for_each(tmp_path: Path) -> None:
    run = judged(Reference(LACKING), tmp_path)

    verdicts = Counter(result.verdict for result in run.results)
    wrong = [
        f"{result.check}: {result.reason}" for result in run.results if result.verdict in {"inconclusive", "error"}
    ]
    assert not wrong, "\n".join(wrong)
    against = [result for result in run.results if result.verdict in {"fail", "deviation"}]
    told = Counter(each.requirements[0].partition("-")[0] for each in against)
    assert all(count == 1 for count in told.values()), [each.check for each in against]
    assert verdicts["not-applicable"] > len(against)
