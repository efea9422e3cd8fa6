"""Whether a response holds just the instances that belong to what was asked for, each once, and whose they are."""

from __future__ import annotations

from dicomweb_conformance.checks.expect import Expectation
from dicomweb_conformance.dicom import json_model
from dicomweb_conformance.dicom.json_model import DataSet
from dicomweb_conformance.scenarios.steps.listing import differing, listed
from dicomweb_fixtures.entities import Instance, Series, Study

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


def holds_exactly(it: Expectation, instances: tuple[Instance, ...], *, foreign: str, of: str | None = None) -> None:
    """Report where the files of a study or series are not just those stored.

    Args:
        it: the expectation on the response.
        instances: those stored.
        foreign: the observation for an instance of another study or series.
        of: RETRIEVE-005 or RETRIEVE-006.
    """
    found = [str(each.get("SOPInstanceUID", "")) for each in it.is_multipart_dicom(of=of)]
    wanted = {instance.sop_instance_uid for instance in instances}
    expected, received = [f"parts of {listed(sorted(wanted))}"], differing(sorted(wanted), found)
    if wanted - set(found):
        it.observes("200-with-an-instance-missing", expected=expected, received=received, of=of)
    if set(found) - wanted:
        it.observes(foreign, expected=expected, received=received, of=of)
    if len(found) != len(set(found)):
        it.observes("the-same-instance-twice", expected=expected, received=received, of=of)


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
