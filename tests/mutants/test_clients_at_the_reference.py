"""The clients in use at the reference server: what each trips over there, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from dicomweb_reference.google import Google
from dicomweb_reference.server import Reference
from dicomweb_reports import personas
from tests.mutants.harness import judged

# It sends Host without the port, and BulkDataURI is made of that.
PORT = {("persona-bulkdata[python-dicomweb-client]", "elsewhere")}
# Its boundary is three characters longer than RFC 2046 5.1.1 allows.
BOUNDARY = {("persona-store[orthanc]", "4xx")}

MOST = 300
"""Requests that they may take, deliveries and all: a run takes more than 3,000 without them."""
EXPECTED = {
    Reference: PORT
    | BOUNDARY
    | {
        # It reads XML where anything will do, and 200 with JSON of a delete: as the Cloud Healthcare API answers.
        ("persona-store[dcmweb]", "not-readable"),
        ("persona-delete[dcmweb]", "2xx-other-than-200"),
    },
    Google: PORT
    | BOUNDARY
    | {
        # No wild cards, no attributes that are counted, and no thumbnails.
        ("persona-search[ohif]", "4xx"),
        ("persona-search[ohif]", "not-found"),
        ("persona-search[ohif]", "no-value-to-show"),
        ("persona-thumbnail[js-dicomweb-client]", "4xx"),
        ("persona-thumbnail[weasis]", "4xx"),
    },
}


@pytest.mark.parametrize("flavour", EXPECTED)
def test_clients_trip_over_nothing_but_what_is_known(flavour: type[Reference], tmp_path: Path) -> None:
    run = judged(flavour(), tmp_path, "-m", "persona")

    of_clients = [result for result in run.results if result.scenario == "persona"]
    assert {(of_client.check, finding.code) for of_client in of_clients for finding in of_client.findings} == EXPECTED[
        flavour
    ]
    assert {of_client.verdict for of_client in of_clients} == {"pass", "note"}
    assert len(run.exchanges) < MOST
    assert {row.outcome for row in personas.rows(run)} <= {"works", "degrades", "breaks"}
