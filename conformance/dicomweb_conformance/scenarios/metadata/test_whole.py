"""Metadata: that those of studies and series are whole, of many instances and after more were added, too."""

from __future__ import annotations

from dicomweb_conformance.archive.contents import Archive
from dicomweb_conformance.checks.expect import assume, expect
from dicomweb_conformance.checks.verifies import Variant, verifies
from dicomweb_conformance.dicom import json_model
from dicomweb_conformance.http.exchanges import Response
from dicomweb_conformance.http.unreadable import UnreadableError
from dicomweb_conformance.scenarios.metadata.one_object import are_as_alone
from dicomweb_conformance.scenarios.steps.storing import asked_again
from dicomweb_conformance.scenarios.steps.wholeness import covers
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_fixtures.corpus import Corpus
from dicomweb_fixtures.entities import Series, Study
from dicomweb_fixtures.fresh import Fresh


@verifies("METADATA-004", id="metadata-one-object-per-instance")
def test_one_object_per_instance(dicomweb: StudiesService, corpus: Corpus) -> None:
    """The array of metadata holds one object for each instance, also for a single one."""
    study = corpus.two_series

    for resource, number in ((study, 4), (study.series[1], 3), (study.instances[0], 1)):
        response = dicomweb.metadata(resource)
        _leave_refusal(dicomweb, corpus, response)
        with expect(response) as it:
            found = len(it.is_metadata())
            if found != number:
                it.observes(
                    "fewer-objects-than-instances" if found < number else "more-objects-than-instances",
                    expected=[f"{number} objects"],
                    received=f"{found} objects",
                )


_OF_ALL_LEVELS = "metadata-of-instance-series-study"
WHOLE = (Variant("study", "METADATA-005"), Variant("series", "METADATA-005"))


@verifies("METADATA-005", id="metadata-of-many-is-whole")
def test_of_many_is_whole(dicomweb: StudiesService, corpus: Corpus) -> None:
    """The metadata of a series cover all its 120 instances, however many a page of a search holds."""
    series = corpus.many_slices.series[0]

    response = dicomweb.metadata(series)

    _leave_refusal(dicomweb, corpus, response)
    with expect(response) as it:
        are_as_alone(it, dicomweb, series, covers(it, series))


def _leave_refusal(dicomweb: StudiesService, corpus: Corpus, response: Response, own: str = "") -> None:
    """Leave a status of an error to the plainest check that meets with it, too.

    Args:
        dicomweb: asks for metadata.
        corpus: has a study of two series.
        response: metadata, or a refusal.
        own: the check that is judged.

    Raises:
        Inconclusive: another check tells of it.
    """
    study = corpus.two_series
    above: tuple[Study | Series, ...] = (study, study.series[1])
    for case, resource in zip(WHOLE, above, strict=True):
        if response.status < 400 or dicomweb.metadata(resource).status != response.status:
            continue
        # That check begins with an instance, and ends where nothing can be made of its metadata.
        owner = _OF_ALL_LEVELS if _is_a_list(dicomweb, study) else f"metadata-is-whole[{case.id}]"
        assume(own == owner, f"metadata of a {case.id} are answered with {response.status}, too", owner)
        return


def _is_a_list(dicomweb: StudiesService, study: Study) -> bool:
    try:
        return bool(json_model.objects(dicomweb.metadata(study.instances[0]).body))
    except UnreadableError:
        return False


@verifies(id="metadata-is-whole", each=WHOLE)
def test_is_whole(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """The metadata of a study or series cover all its instances and no others, each once."""
    study = corpus.two_series
    resource: Study | Series = study if case.id == "study" else study.series[1]

    response = dicomweb.metadata(resource)

    _leave_refusal(dicomweb, corpus, response, f"metadata-is-whole[{case.id}]")
    with expect(response) as it:
        are_as_alone(it, dicomweb, resource, covers(it, resource))


@verifies("METADATA-005", id="metadata-follows-stores")
def test_follows_stores(dicomweb: StudiesService, archive: Archive, fresh: Fresh) -> None:
    """The metadata of a series that were asked for before hold an instance that was added since."""
    series, response = asked_again(dicomweb, archive, fresh, dicomweb.metadata)

    with expect(response) as it:
        covers(it, series)
