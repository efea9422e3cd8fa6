"""Whether a response holds just the instances that belong to what was asked for, each once, and whose they are."""

from __future__ import annotations

from pydicom import Dataset

from dicomweb_conformance.checks.expect import Expectation, assume
from dicomweb_conformance.dicom import differences, json_model
from dicomweb_conformance.dicom.json_model import DataSet
from dicomweb_conformance.http import media_types
from dicomweb_conformance.http.exchanges import Response
from dicomweb_conformance.reading import values
from dicomweb_conformance.scenarios.steps.listing import differing, listed
from dicomweb_conformance.service.absence import CLEAN_REFUSALS
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_fixtures.corpus import Corpus
from dicomweb_fixtures.entities import Instance, Series, Study

_OF_ALL_LEVELS = "retrieve-instance-series-study"
INSTANCE = "00080018"
IDENTIFIERS = ("00100020", "0020000D", "0020000E", INSTANCE, "00080016")


def covers(it: Expectation, resource: Study | Series, *, of: str | None = None) -> list[DataSet]:
    """Report where metadata do not cover a study or series, and return their objects; the row is METADATA-005."""
    wanted = sorted(instance.sop_instance_uid for instance in resource.instances)
    objects = it.is_metadata(of=of)
    found = [json_model.text(each, INSTANCE) for each in objects]
    expected, received = [listed(wanted)], differing(wanted, found)
    if set(wanted) - set(found):
        it.observes("instance-missing", expected=expected, received=received, of=of)
    if set(found) - set(wanted):
        it.observes("instance-of-another-series-or-study", expected=expected, received=received, of=of)
    if len(found) != len(set(found)):
        it.observes("the-same-instance-twice", expected=expected, received=received, of=of)
    return objects


def leave_to_plainest_retrieve(dicomweb: StudiesService, corpus: Corpus, response: Response) -> None:
    """Leave what comes in place of DICOM files, or a refusal, to the plainest retrieves, where one meets with it, too.

    Raises:
        Inconclusive: it does, and `retrieve-instance-series-study` tells of it.
    """
    kind = media_types.name_of(response.content_type)
    refused = response.status in CLEAN_REFUSALS
    if not refused and (response.status != 200 or kind in {media_types.MULTIPART_RELATED, media_types.DICOM}):
        return
    study = corpus.two_series
    plainest = [dicomweb.retrieve(each) for each in (study.series[0], study)]
    if refused:
        met = any(each.status == response.status for each in plainest)
        assume(not met, f"a study or a series is answered with {response.status}, whichever it is", _OF_ALL_LEVELS)
        return
    others = {media_types.name_of(each.content_type) for each in plainest if each.status == 200}
    assume(kind not in others, f"{kind or 'no media type'} comes in place of a multipart", _OF_ALL_LEVELS)


def holds_exactly(
    it: Expectation, instances: tuple[Instance, ...], *, foreign: str, of: str | None = None
) -> list[Dataset]:
    """Report where the files of a study or series are not just those stored, and return what is in them.

    Args:
        it: the expectation on the response.
        instances: those stored.
        foreign: the observation for an instance of another study or series.
        of: RETRIEVE-005 or RETRIEVE-006.
    """
    files = it.is_multipart_dicom(of=of)
    found = [str(each.get("SOPInstanceUID", "")) for each in files]
    wanted = {instance.sop_instance_uid for instance in instances}
    expected, received = [f"parts of {listed(sorted(wanted))}"], differing(sorted(wanted), found)
    if wanted - set(found):
        it.observes("200-with-an-instance-missing", expected=expected, received=received, of=of)
    if set(found) - wanted:
        it.observes(foreign, expected=expected, received=received, of=of)
    if len(found) != len(set(found)):
        it.observes("the-same-instance-twice", expected=expected, received=received, of=of)
    return files


def are_as_alone(
    it: Expectation, dicomweb: StudiesService, instances: tuple[Instance, ...], found: list[Dataset]
) -> None:
    """Report an instance of a study or series that is otherwise than when it is retrieved alone.

    Of instances that differ alike from what was stored one is retrieved alone.
    """
    by_uid = {each.sop_instance_uid: each for each in instances}
    known: set[frozenset[str]] = {frozenset()}
    for number, received in enumerate(found, 1):
        instance = by_uid.get(str(received.get("SOPInstanceUID", "")))
        if instance is None or (differing := _otherwise(instance, received)) in known:
            continue
        known.add(differing)
        alone = it.on(dicomweb.retrieve(instance)).is_one_instance()
        if places := sorted(differing - _otherwise(instance, alone)):
            received_of = f"{', '.join(places[:3])} of {instance.sop_instance_uid} otherwise"
            it.observes("otherwise-than-alone", where=f"part {number}", received=received_of)


def _otherwise(instance: Instance, received: Dataset) -> frozenset[str]:
    """Return the elements of an image in a native syntax that differ from what was stored."""
    places = {each.path for each in differences.data_sets(instance.dataset, received)}
    octets = values.octets(received, "PixelData").rstrip(b"\0")
    if not values.is_encapsulated(values.syntax(received)) and octets != instance.dataset.PixelData.rstrip(b"\0"):
        places.add("7FE00010")
    return frozenset(places)


def has_identifiers(
    it: Expectation, instance: Instance, found: DataSet, *, of: str | None = None, uids: str = "METADATA-013"
) -> None:
    """Report each identifier of an instance that its metadata have otherwise.

    Args:
        it: the expectation on the response.
        instance: as it was stored.
        found: its metadata.
        of: METADATA-012.
        uids: the row of UIDs.
    """
    for tag in IDENTIFIERS:
        stored, value = str(instance.dataset[tag].value), json_model.text(found, tag)
        if not value:
            it.observes("absent-or-empty-though-stored", where=tag, expected=[stored], received="absent", of=of)
        elif value != stored and tag in {"00100020", "00080016"}:
            it.observes("another-value", where=tag, expected=[stored], received=value, of=of)
        elif value != stored:
            it.observes("another-uid", where=tag, expected=[stored], received=value, of=uids)
