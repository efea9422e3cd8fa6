"""What the checks of Google's deletes share: storing something to delete, beginning its operation, following it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from dicomweb_conformance.archive.contents import Archive
from dicomweb_conformance.checks.expect import Expectation, assume, control, expect
from dicomweb_conformance.dicom import json_model
from dicomweb_conformance.dicom.differences import data_sets
from dicomweb_conformance.http.exchanges import Response
from dicomweb_conformance.http.unreadable import UnreadableError
from dicomweb_conformance.reading import values
from dicomweb_conformance.service import resources
from dicomweb_conformance.service.long_running import Operations
from dicomweb_conformance.service.resources import Resource
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_conformance.validators.operations import Document, is_done, name_of, read
from dicomweb_fixtures.entities import Instance, Series, Study
from dicomweb_fixtures.fresh import Fresh

GONE = frozenset({403, 404, 410})
UNUSED = "1"
"""The id of no operation: those of the service have nineteen digits."""


@dataclass(frozen=True)
class Deletion:
    """A delete by an operation: the answer to it, and those to the polls until the operation was done."""

    deleted: Response
    polls: tuple[Response, ...]

    @property
    def documents(self) -> list[Document]:
        """Every operation document, in turn."""
        return [document for each in (self.deleted, *self.polls) if (document := read(each.body)) is not None]

    @property
    def name(self) -> str:
        """The name of the operation."""
        return name_of(read(self.deleted.body))

    @property
    def succeeded(self) -> bool:
        """Whether the operation was done, and without an error."""
        last = self.documents[-1]
        return is_done(last) and "error" not in last


def stored(dicomweb: StudiesService, archive: Archive, study: Study) -> Study:
    """Store a study for the sake of deleting it.

    Raises:
        Inconclusive: it cannot be stored.
    """
    control(dicomweb.store(study.instances), because="what is to be deleted cannot be stored")
    assume(archive.holds(*study.instances), "what is to be deleted does not become visible", "store-multipart")
    return study


def deletion_of(dicomweb: StudiesService, operations: Operations, resource: Resource) -> Deletion:
    """DELETE a study or series and follow its operation to the end.

    Raises:
        Inconclusive: no operation came of it that can be polled.
    """
    deleted = begun(dicomweb, resource)
    return Deletion(deleted, tuple(operations.polled(name_of(read(deleted.body)))))


def begun(dicomweb: StudiesService, resource: Resource) -> Response:
    """DELETE a study or series for the sake of its operation.

    Raises:
        Inconclusive: no operation came of it that can be polled.
    """
    deleted = dicomweb.delete(resource)
    control(deleted, 200, 202, because="DELETE does not work")
    assume(name_of(read(deleted.body)), "DELETE names no operation that can be polled", "lro-delete-study")
    return deleted


def assume_done(deletion: Deletion) -> None:
    """Demand that the operation came to its end, or end the check as inconclusive."""
    assume(is_done(deletion.documents[-1]), "the operation does not end", "lro-ends")


def assume_operations_end(dicomweb: StudiesService, archive: Archive, operations: Operations, fresh: Fresh) -> None:
    """Demand that an ordinary delete comes to its end, so that one which does not is due to what the check did."""
    assume_done(deletion_of(dicomweb, operations, stored(dicomweb, archive, fresh.study(name="control"))))


def is_listed(dicomweb: StudiesService, resource: Study | Series | Instance) -> bool:
    """Tell whether a search for studies, or for all instances of a series, lists any of a resource."""
    match resource:
        case Study():
            answer = dicomweb.search("studies", StudyInstanceUID=resource.study_instance_uid)
            tag, uid = "0020000D", resource.study_instance_uid
        case Series():
            answer = dicomweb.search(f"studies/{resource.study_instance_uid}/series")
            tag, uid = "0020000E", resource.uid
        case Instance():
            answer = dicomweb.search(resources.path(resource).rpartition("/")[0])
            tag, uid = "00080018", resource.sop_instance_uid
    try:
        found = json_model.objects(answer.body or b"[]")
    except UnreadableError:
        return False
    return answer.status == 200 and uid in {json_model.text(each, tag) for each in found}


def are_whole(
    it: Expectation, dicomweb: StudiesService, instances: tuple[Instance, ...], otherwise: str, of: str | None = None
) -> None:
    """Report `otherwise` for each instance that is not there as it was stored."""
    for instance in instances:
        found = dicomweb.retrieve(instance)
        if found.status != 200:
            it.observes(otherwise, where=instance.sop_instance_uid, received=f"{found.status} to a retrieve", of=of)
            continue
        with expect(found) as retrieved:
            received = retrieved.is_multipart_dicom()
        if len(received) != 1 or values.octets(received[0], "PixelData") != instance.dataset.PixelData:
            it.observes(otherwise, where=instance.sop_instance_uid, received="other pixels", of=of)
        elif changes := [change.path for change in data_sets(instance.dataset, received[0])]:
            it.observes(otherwise, where=instance.sop_instance_uid, received=f"changed: {', '.join(changes)}", of=of)


def are_whole_or_gone(
    it: Expectation, dicomweb: StudiesService, archive: Archive, instances: tuple[Instance, ...], otherwise: str
) -> None:
    """Report `otherwise` for each instance that a search goes on to list although it cannot be retrieved."""
    there = tuple(instance for instance in instances if dicomweb.retrieve(instance).status == 200)
    for instance in instances:
        if instance not in there and archive.time_until(partial(_is_not_listed, dicomweb, instance)) is None:
            it.observes(otherwise, where=instance.sop_instance_uid)
    are_whole(it, dicomweb, there, otherwise)


def _is_not_listed(dicomweb: StudiesService, instance: Instance) -> bool:
    return not is_listed(dicomweb, instance)
