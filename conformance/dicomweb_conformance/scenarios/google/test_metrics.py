"""Metrics of the Cloud Healthcare API: what a study or series takes."""

from __future__ import annotations

from dicomweb_conformance.checks.expect import control, expect, offered
from dicomweb_conformance.checks.verifies import Variant, verifies
from dicomweb_conformance.http.unreadable import UnreadableError
from dicomweb_conformance.reading import json_documents
from dicomweb_conformance.service import resources
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_fixtures.corpus import Corpus

COUNTERS = ("structuredStorageSizeBytes", "blobStorageSizeBytes", "instanceCount", "seriesCount")
METHODS = (Variant("study", "GOOGLE-108", "getStudyMetrics"), Variant("series", "GOOGLE-108", "getSeriesMetrics"))
_NOT_OFFERED = frozenset({400, 403, 404, 501})


@verifies(id="google-metrics", afresh=True, each=METHODS)
def test_metrics(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """The metrics of a study or series, where they are offered, give each counter as a string of digits."""
    study = corpus.ct_pair
    resource = study if case.id == "study" else study.series[0]
    control(dicomweb.metadata(resource), because="the study cannot be retrieved")

    response = dicomweb.get(f"{resources.path(resource)}:{case.value}")

    offered(response.status not in _NOT_OFFERED, f"the metrics of a {case.id} are refused")
    with expect(response) as it:
        it.has_status(200)
        try:
            document = json_documents.value_of(response.body)
        except UnreadableError as error:
            it.cannot_read(error, "a JSON object")
        counters = {name: document[name] for name in COUNTERS if name in document} if isinstance(document, dict) else {}
        if not counters:
            it.finds("no counters", expected=["an object with one of", *COUNTERS], received=it.status_line)
        for name, value in counters.items():
            if isinstance(value, (int, float)):
                it.observes("json-numbers", where=name, expected=["digits in quotes"], received=str(value))
            elif not (isinstance(value, str) and value.isdecimal()):
                it.finds("a counter that is no string of digits", where=name, received=str(value))
        instances = counters.get("instanceCount", "")
        if isinstance(instances, str) and instances.isdecimal() and int(instances) != len(study.instances):
            it.observes("counters-lag", where="instanceCount", expected=[str(len(study.instances))], received=instances)
