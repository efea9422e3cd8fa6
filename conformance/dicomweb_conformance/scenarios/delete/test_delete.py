"""DELETE of instances, series and studies, synchronous: no part of PS3.18, but what many servers offer."""

from __future__ import annotations

from functools import partial

from dicomweb_conformance.archive.contents import Archive
from dicomweb_conformance.checks.expect import Expectation, assume, control, expect, offered
from dicomweb_conformance.checks.verifies import Variant, verifies
from dicomweb_conformance.dicom import json_model
from dicomweb_conformance.http.exchanges import Response
from dicomweb_conformance.http.unreadable import UnreadableError
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_fixtures.entities import Instance, Series, Study
from dicomweb_fixtures.fresh import Fresh

DONE = frozenset({200, 202, 204})
NOT_OFFERED = frozenset({401, 403, 404, 405, 501})
_FEW = 10
"""As much as a search need return to show that something is still there: a server may not look at its key."""


def _stored(dicomweb: StudiesService, archive: Archive, study: Study) -> Study:
    """Store a study for the sake of deleting it.

    Raises:
        Inconclusive: it cannot be stored.
    """
    control(dicomweb.store(study.instances), 200, 202, because="what is to be deleted cannot be stored")
    assume(archive.holds(*study.instances), "what is to be deleted does not become visible", "store-multipart")
    return study


LEVELS = (Variant("instance", "DELETE-001"), Variant("series", "DELETE-001"), Variant("study", "DELETE-001"))
GONE = tuple(Variant(each.id, "DELETE-002") for each in LEVELS)
SIBLINGS = (Variant("instance", "DELETE-002b"), Variant("series", "DELETE-002b"), Variant("study", "DELETE-002b"))


def _resource(study: Study, level: str) -> Study | Series | Instance:
    match level:
        case "study":
            return study
        case "series":
            return study.series[1]
        case _:
            return study.series[1].instances[0]


@verifies(id="delete-is-answered", each=LEVELS)
def test_is_answered(dicomweb: StudiesService, archive: Archive, fresh: Fresh, case: Variant) -> None:
    """DELETE of a stored resource succeeds, or is refused as not offered."""
    study = _stored(dicomweb, archive, fresh.study(series=2, instances=2))

    response = dicomweb.delete(_resource(study, case.id))

    with expect(response) as it:
        it.has_status(*DONE)


@verifies(id="delete-removes", each=GONE)
def test_removes(dicomweb: StudiesService, archive: Archive, fresh: Fresh, case: Variant) -> None:
    """What was deleted is gone: neither it nor an instance of it is retrieved or found by a search."""
    study = _stored(dicomweb, archive, fresh.study(series=2, instances=2))
    resource = _resource(study, case.id)
    instances = resource.instances if isinstance(resource, (Study, Series)) else (resource,)
    deleted = _deleted(dicomweb, resource)

    took = archive.time_until(
        lambda: dicomweb.retrieve(resource).status in {404, 410} and not _listed(dicomweb, resource)
    )

    with expect(deleted) as it:
        if took is None:
            _says_what_stays(it, dicomweb, resource)
        if any(dicomweb.retrieve(instance).status == 200 for instance in instances):
            it.observes("an-instance-of-it-is-still-retrievable")


def _says_what_stays(it: Expectation, dicomweb: StudiesService, resource: Study | Series | Instance) -> None:
    again = dicomweb.retrieve(resource)
    if again.status == 200:
        it.observes(
            "200-after-the-grace-time", expected=["404", "410"], received=f"{again.status} to {again.request_line}"
        )
    elif again.status not in {404, 410}:
        with expect(again) as retrieved:
            retrieved.has_status(404, 410)
    if _listed(dicomweb, resource):
        it.observes("a-search-lists-it-after-the-grace-time")


def _deleted(dicomweb: StudiesService, resource: Study | Series | Instance) -> Response:
    """DELETE something for the sake of what can be seen afterwards.

    Raises:
        NotApplicable: DELETE is not offered.
        Inconclusive: it does not work.
    """
    response = dicomweb.delete(resource)
    said = f"DELETE: {response.error or f'status {response.status}'}"
    offered(response.status not in NOT_OFFERED, f"DELETE is not offered: {said}", "delete")
    assume(response.status in DONE, said, "delete-is-answered[study]")
    return response


def _listed(dicomweb: StudiesService, resource: Study | Series | Instance) -> bool:
    """Tell whether a search still lists the resource: one below what it lies in, or one of all series or instances."""
    match resource:
        case Study():
            uid, tag = resource.study_instance_uid, "0020000D"
            searches = [
                dicomweb.search("studies", StudyInstanceUID=uid),
                dicomweb.search("instances", StudyInstanceUID=uid, limit=_FEW),
            ]
        case Series():
            uid, tag = resource.uid, "0020000E"
            searches = [
                dicomweb.search(f"studies/{resource.study_instance_uid}/series"),
                dicomweb.search("series", SeriesInstanceUID=uid, limit=_FEW),
                dicomweb.search("instances", SeriesInstanceUID=uid, limit=_FEW),
            ]
        case Instance():
            uid, tag = resource.sop_instance_uid, "00080018"
            path = f"studies/{resource.study_instance_uid}/series/{resource.series_instance_uid}/instances"
            searches = [dicomweb.search(path), dicomweb.search("instances", SOPInstanceUID=uid, limit=_FEW)]
    return any(_lists(response, tag, uid) for response in searches)


def _lists(response: Response, tag: str, uid: str) -> bool:
    try:
        return response.status == 200 and uid in {
            json_model.text(each, tag) for each in json_model.objects(response.body or b"[]")
        }
    except UnreadableError:
        return False


@verifies(id="delete-spares-siblings", each=SIBLINGS)
def test_spares_siblings(dicomweb: StudiesService, archive: Archive, fresh: Fresh, case: Variant) -> None:
    """A DELETE removes nothing but what it names: not the other instances, series or studies of the patient."""
    study = _stored(dicomweb, archive, fresh.study(series=2, instances=2))
    sibling = _stored(dicomweb, archive, _of_the_patient_of(study, fresh.study(name="sibling"), fresh))
    resource = _resource(study, case.id)
    named = {
        each.sop_instance_uid for each in (resource.instances if isinstance(resource, (Study, Series)) else (resource,))
    }
    others = [each for each in (*study.instances, *sibling.instances) if each.sop_instance_uid not in named]
    deleted = _deleted(dicomweb, resource)
    archive.time_until(lambda: dicomweb.retrieve(resource).status in {404, 410})

    lost = [each.sop_instance_uid for each in others if dicomweb.retrieve(each).status != 200]

    with expect(deleted) as it:
        if lost:
            it.observes(
                "a-sibling-is-gone-or-changed",
                expected=[f"{len(others)} other instances still there"],
                received=f"gone: {', '.join(lost)}",
            )


def _of_the_patient_of(study: Study, other: Study, fresh: Fresh) -> Study:
    """Return a study as one of the same patient."""
    patient = {each: study.value(each) for each in ("PatientID", "PatientName")}
    series = [[fresh.with_values(each, **patient) for each in one.instances] for one in other.series]
    return Study(other.name, tuple(Series(tuple(each)) for each in series))


ABOVE = (Variant("series", "DELETE-002b"), Variant("instance", "DELETE-002b"))


@verifies(id="delete-whole-path-counts", each=ABOVE)
def test_whole_path_counts(dicomweb: StudiesService, archive: Archive, fresh: Fresh, case: Variant) -> None:
    """A DELETE of a series or instance below a study that it does not belong to leaves it where it is."""
    study = _stored(dicomweb, archive, fresh.study(series=2, instances=2))
    other = _stored(dicomweb, archive, fresh.study(name="other"))
    series, instance = study.series[1], study.series[1].instances[0]
    path = f"studies/{other.study_instance_uid}/series/{series.uid}"
    if case.id == "instance":
        path = f"{path}/instances/{instance.sop_instance_uid}"

    response = dicomweb.delete(path)

    _deleted(dicomweb, other)  # which is done after what was asked for before
    archive.time_until(partial(_is_gone, dicomweb, other))
    with expect(response) as it:
        lost = [each.sop_instance_uid for each in study.instances if dicomweb.retrieve(each).status in {404, 410}]
        if lost:
            expected, received = ["nothing of it removed"], f"gone: {', '.join(lost)}"
            it.observes("a-sibling-is-gone-or-changed", expected=expected, received=received)


@verifies("DELETE-006", id="delete-leaves-metadata-of-the-rest", needs="metadata")
def test_leaves_metadata_of_the_rest(dicomweb: StudiesService, archive: Archive, fresh: Fresh) -> None:
    """After a delete the metadata of the study are those of what is left."""
    study = _stored(dicomweb, archive, fresh.study(series=2, instances=2))
    first, second = study.series
    control(dicomweb.metadata(study), because="there are no metadata of a stored study")

    for resource, left in (
        (second.instances[0], (*first.instances, second.instances[1])),
        (second, first.instances),
    ):
        _deleted(dicomweb, resource)
        archive.time_until(partial(_is_gone, dicomweb, resource))
        metadata = dicomweb.metadata(study)
        with expect(metadata) as it:
            it.has_status(200)
            found = {json_model.text(each, "00080018") for each in it.is_metadata()}
            if found != {each.sop_instance_uid for each in left}:
                expected = [", ".join(sorted(each.sop_instance_uid for each in left))]
                it.observes("metadata-of-what-is-gone", expected=expected, received=", ".join(sorted(found)) or "none")


def _is_gone(dicomweb: StudiesService, resource: Study | Series | Instance) -> bool:
    return dicomweb.retrieve(resource).status in {404, 410}


@verifies("DELETE-003", id="delete-unknown")
def test_unknown(dicomweb: StudiesService, archive: Archive, fresh: Fresh) -> None:
    """DELETE of a study that was never stored is answered with 404."""
    study = _stored(dicomweb, archive, fresh.study())
    _deleted(dicomweb, study)

    response = dicomweb.delete(fresh.study(name="never stored"))

    with expect(response) as it:
        it.has_status(404, 410)


@verifies("DELETE-004", id="delete-last-instance")
def test_last_instance(dicomweb: StudiesService, archive: Archive, fresh: Fresh) -> None:
    """When its last instance is deleted, the study is no longer listed."""
    study = _stored(dicomweb, archive, fresh.study())
    _deleted(dicomweb, study.instances[0])

    took = archive.time_until(lambda: not _listed(dicomweb, study))

    with expect(dicomweb.search("studies", StudyInstanceUID=study.study_instance_uid)) as it:
        it.is_a_list_of_matches()
        if took is None:
            it.observes("an-empty-study-or-series-is-still-listed")
