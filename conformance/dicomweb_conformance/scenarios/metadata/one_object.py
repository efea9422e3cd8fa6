"""The metadata of one instance, and what of them is not as it was stored."""

from __future__ import annotations

from collections.abc import Callable

from pydicom import Dataset

from dicomweb_conformance.checks.expect import Expectation, assume
from dicomweb_conformance.dicom import differences, json_model
from dicomweb_conformance.dicom.differences import Difference
from dicomweb_conformance.http.exchanges import Response
from dicomweb_conformance.scenarios.steps.returned import element_at
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_fixtures.corpus import Corpus
from dicomweb_fixtures.entities import Instance, Series, Study

INSTANCE = "00080018"


def only(it: Expectation, instance: Instance) -> json_model.DataSet:
    """Return the object of an instance in the metadata that were asked for; without it the check is inconclusive."""
    named = [found for found in it.is_metadata() if json_model.text(found, INSTANCE) == instance.sop_instance_uid]
    assume(named, "the metadata do not hold the instance asked for", "metadata-holds-identifiers")
    return named[0]


def of_every_vr_or(
    dicomweb: StudiesService, corpus: Corpus, plainer: Callable[[], Instance]
) -> tuple[Instance, Response]:
    """Return the metadata of an instance of every VR; where they cannot be had, those of one without rare VRs."""
    instance = corpus.elements.instances[0]
    response = dicomweb.metadata(instance)
    if response.status != 200:
        instance = plainer()
        response = dicomweb.metadata(instance)
    owner = "metadata-holds-every-element"
    assume(response.status == 200, "the metadata of an instance of every VR cannot be had, nor plainer ones", owner)
    return instance, response


def is_empty(difference: Difference, stored: Dataset) -> bool:
    """Whether what differs was stored without a value."""
    element = element_at(stored, difference.path)
    return element is not None and element.is_empty


def lost_without_value(difference: Difference, stored: Dataset) -> bool:
    """Whether what is absent is an element that was stored without a value, which is JSON-016."""
    return difference.kind == "lost" and is_empty(difference, stored)


def are_as_alone(
    it: Expectation, dicomweb: StudiesService, resource: Study | Series, found: list[json_model.DataSet]
) -> None:
    """Report an object in the metadata of a study or series that is otherwise than the metadata of its instance.

    Of objects that differ alike from what was stored the metadata of one instance are asked for. METADATA-005.
    """
    by_uid = {each.sop_instance_uid: each for each in resource.instances}
    known: set[frozenset[str]] = {frozenset()}
    for number, received in enumerate(found, 1):
        instance = by_uid.get(json_model.text(received, INSTANCE))
        if instance is None or (differing := _otherwise(instance, received)) in known:
            continue
        known.add(differing)
        alone = _otherwise(instance, only(it.on(dicomweb.metadata(instance)), instance))
        if places := sorted(differing - alone):
            expected = ["what the metadata of the instance have"]
            received_of = f"{', '.join(places[:3])} of {instance.sop_instance_uid} otherwise, or not at all"
            it.observes("otherwise-than-alone", where=f"object {number}", expected=expected, received=received_of)


def _otherwise(instance: Instance, found: json_model.DataSet) -> frozenset[str]:
    """Return the attributes that differ from what was stored, those without a value apart."""
    differing = differences.with_json(instance.dataset, found)
    return frozenset(each.path for each in differing if not lost_without_value(each, instance.dataset))
