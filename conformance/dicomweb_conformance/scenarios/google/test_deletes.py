"""What deletes of the Cloud Healthcare API do: to what is named, to everything else, and while they run."""

from __future__ import annotations

from dicomweb_conformance.archive.contents import Archive
from dicomweb_conformance.checks.expect import assume, control, expect, offered
from dicomweb_conformance.checks.verifies import Variant, verifies
from dicomweb_conformance.http import media_types
from dicomweb_conformance.scenarios.google.deletions import (
    GONE,
    UNUSED,
    are_whole,
    are_whole_or_gone,
    assume_done,
    assume_operations_end,
    begun,
    deletion_of,
    is_listed,
    stored,
)
from dicomweb_conformance.service import resources
from dicomweb_conformance.service.long_running import Operations
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_conformance.validators.operations import failed, failures, is_done, name_of, read
from dicomweb_fixtures.fresh import Fresh


@verifies("GOOGLE-101", id="google-delete-instance")
def test_delete_instance(dicomweb: StudiesService, archive: Archive, fresh: Fresh) -> None:
    """DELETE of an instance is answered with 200 and an empty JSON object."""
    study = stored(dicomweb, archive, fresh.study(instances=2))

    response = dicomweb.delete(study.instances[0])

    with expect(response) as it:
        if response.status >= 400:
            of_study = dicomweb.delete(study).status
            assume(of_study != response.status, f"a delete of a study is answered {of_study}, too", "lro-delete-study")
        it.has_status(200, 204)
        document = read(response.body)
        if response.status == 204:
            it.observes("204")
        elif not response.body.strip():
            it.observes("200-with-an-empty-body")
        elif document and "name" in document:
            it.observes("200-with-an-operation", received=str(document["name"]))
        elif document != {} or media_types.name_of(response.content_type) != media_types.JSON:
            it.finds("another body", expected=["{} as application/json"], received=it.status_line)


@verifies("GOOGLE-102", id="google-delete-instance-removes")
def test_delete_instance_removes(dicomweb: StudiesService, archive: Archive, fresh: Fresh) -> None:
    """A deleted instance is gone, and the other instance of its series is still there."""
    study = stored(dicomweb, archive, fresh.study(instances=2))
    one, other = study.instances

    response = dicomweb.delete(one)

    control(response, 200, 204, because="DELETE of an instance does not work")
    with expect(response) as it:
        if archive.time_until(lambda: dicomweb.retrieve(one).status in GONE) is None:
            it.observes("still-retrievable")
        if archive.time_until(lambda: not is_listed(dicomweb, one)) is None:
            it.observes("still-listed-after-the-grace-time")
        are_whole(it, dicomweb, (other,), "sibling-gone-or-changed")


@verifies("GOOGLE-103", id="google-delete-absent-instance")
def test_delete_absent_instance(dicomweb: StudiesService, archive: Archive, fresh: Fresh) -> None:
    """DELETE of an instance that does not exist does no harm."""
    study = stored(dicomweb, archive, fresh.study(instances=2))
    one, other = study.instances
    control(dicomweb.delete(one), 200, 204, because="DELETE of an instance that is there does not work")

    response = dicomweb.delete(fresh.another_in(study.series[0]))

    with expect(response) as it:
        if response.status == 200:
            it.observes("200-with-empty-object", received=it.status_line)
        else:
            it.has_status(404, 403)
        are_whole(it, dicomweb, (other,), "something-stored-is-gone")


@verifies("GOOGLE-105", id="google-error-body")
def test_error_body(dicomweb: StudiesService, archive: Archive, operations: Operations, fresh: Fresh) -> None:
    """Errors of operations come as an object with code, message and status."""
    study = stored(dicomweb, archive, fresh.study())
    known = name_of(read(begun(dicomweb, study).body))

    response = operations.poll(f"{known.rpartition('/')[0]}/{UNUSED}")

    assume(response.status >= 400, "GET of an operation that never existed is not an error", "lro-unknown-operation")
    with expect(response) as it:
        document = read(response.body)
        error = document.get("error") if document else None
        is_json = media_types.name_of(response.content_type) == media_types.JSON and response.body.strip()
        if document is None and response.body.lstrip().startswith(b"["):
            it.observes("an-array-of-one-such-object", received=it.status_line)
        elif document is None and is_json:
            it.observes("json-content-type-whose-body-is-not-json", received=it.status_line)
        elif not isinstance(error, dict) or not {"code", "message", "status"} <= set(error):
            it.observes("another-body-or-none", received=it.status_line)
        elif error["code"] != response.status:
            it.observes("code-differs-from-the-http-status", received=f"code {error['code']}, status {response.status}")


@verifies("LRO-022", id="lro-removes-study")
def test_removes_study(dicomweb: StudiesService, archive: Archive, operations: Operations, fresh: Fresh) -> None:
    """When the operation is done, all instances of the study are gone."""
    study = stored(dicomweb, archive, fresh.study(series=2, instances=2))

    deletion = deletion_of(dicomweb, operations, study)

    assume_done(deletion)
    assume(deletion.succeeded, "the operation ended with an error", "lro-result")
    assume(not failures(deletion.documents[-1]), "the operation counts failures", "lro-partly-failed")
    with expect(deletion.polls[-1]) as it:
        left = [instance.sop_instance_uid for instance in study.instances if dicomweb.retrieve(instance).status == 200]
        if left or dicomweb.retrieve(study).status == 200:
            it.observes("an-instance-is-still-retrievable", received=", ".join(left) or resources.path(study))
        if archive.time_until(lambda: not is_listed(dicomweb, study)) is None:
            it.observes("a-search-lists-it-after-the-grace-time")


@verifies("LRO-023", id="lro-spares-others")
def test_spares_others(dicomweb: StudiesService, archive: Archive, operations: Operations, fresh: Fresh) -> None:
    """The delete of a study does not change other studies."""
    neighbour = stored(dicomweb, archive, fresh.study(instances=2, name="neighbour"))
    study = stored(dicomweb, archive, fresh.study(name="deleted"))

    deletion = deletion_of(dicomweb, operations, study)

    assume_done(deletion)
    with expect(deletion.polls[-1]) as it:
        are_whole(it, dicomweb, neighbour.instances, "a-neighbour-is-gone-or-changed")


@verifies("LRO-024", "LRO-022", id="lro-removes-series")
def test_removes_series(dicomweb: StudiesService, archive: Archive, operations: Operations, fresh: Fresh) -> None:
    """The delete of one series removes its instances, and leaves the study with its other series."""
    study = stored(dicomweb, archive, fresh.study(series=2, instances=2))
    left, deleted = study.series

    deletion = deletion_of(dicomweb, operations, deleted)

    assume_done(deletion)
    with expect(deletion.polls[-1]) as it:
        if any(dicomweb.retrieve(instance).status == 200 for instance in deleted.instances):
            it.observes("an-instance-is-still-retrievable", of="LRO-022")
        if archive.time_until(lambda: not is_listed(dicomweb, deleted)) is None:
            it.observes("deleted-series-still-listed")
        if archive.time_until(lambda: is_listed(dicomweb, study)) is None:
            it.observes("the-study-is-gone", received="no search lists it")
        are_whole(it, dicomweb, left.instances, "the-other-series-is-gone")


@verifies("LRO-025", id="lro-removes-every-series")
def test_removes_every_series(dicomweb: StudiesService, archive: Archive, operations: Operations, fresh: Fresh) -> None:
    """When both series of a study were deleted, none of its instances is left."""
    study = stored(dicomweb, archive, fresh.study(series=2))
    assume_done(deletion_of(dicomweb, operations, study.series[0]))

    deletion = deletion_of(dicomweb, operations, study.series[1])

    assume_done(deletion)
    assume(deletion.succeeded, "the operation ended with an error", "lro-result")
    with expect(deletion.polls[-1]) as it:
        left = [instance.sop_instance_uid for instance in study.instances if dicomweb.retrieve(instance).status == 200]
        if left:
            it.observes("an-instance-is-still-retrievable", received=", ".join(left))
        elif archive.time_until(lambda: not is_listed(dicomweb, study)) is None:
            it.observes("an-empty-study-is-listed")


@verifies("LRO-036", id="lro-partly-failed")
def test_partly_failed(dicomweb: StudiesService, archive: Archive, operations: Operations, fresh: Fresh) -> None:
    """Where an operation counts instances that it failed to delete, those that are left are still whole."""
    study = stored(dicomweb, archive, fresh.study(instances=3))

    deletion = deletion_of(dicomweb, operations, study)

    assume_done(deletion)
    last = deletion.documents[-1]
    offered(failures(last), "the operation counts no failure")
    with expect(deletion.polls[-1]) as it:
        if "response" in last:
            it.observes("response-although-failures-counted")
        are_whole_or_gone(it, dicomweb, archive, study.instances, "an-instance-listed-but-not-retrievable")


@verifies("LRO-030", id="lro-cancelled-leaves-no-halves")
def test_cancelled_leaves_no_halves(
    dicomweb: StudiesService, archive: Archive, operations: Operations, fresh: Fresh
) -> None:
    """After a delete was cancelled each instance is there as a whole or gone, and nothing else is gone."""
    neighbour = stored(dicomweb, archive, fresh.study(name="neighbour"))
    study = stored(dicomweb, archive, fresh.study(instances=2, name="deleted"))
    assume_operations_end(dicomweb, archive, operations, fresh)
    name = name_of(read(begun(dicomweb, study).body))
    control(operations.cancel(name), because="an operation cannot be asked to stop")

    ended = operations.polled(name)[-1]

    last = read(ended.body) or {}
    assume(is_done(last), "the operation that was asked to stop does not end", "lro-cancel")
    offered("error" in last, "the operation was done before it could be cancelled")
    with expect(ended) as it:
        are_whole_or_gone(it, dicomweb, archive, study.instances, "listed-not-retrievable")
        are_whole(it, dicomweb, neighbour.instances, "a-foreign-entity-is-gone")


@verifies("LRO-032", id="lro-store-again")
def test_store_again(dicomweb: StudiesService, archive: Archive, operations: Operations, fresh: Fresh) -> None:
    """What was deleted can be stored again."""
    study = stored(dicomweb, archive, fresh.study())
    assume_done(deletion_of(dicomweb, operations, study))

    response = dicomweb.store(study.instances)

    with expect(response) as it:
        if response.status == 409:
            later = archive.time_until(lambda: dicomweb.store(study.instances).status == 200)
            it.observes("409-for-ever" if later is None else "409-within-the-grace-time-200-later")
            it.concludes()
        it.has_status(200)
        if not archive.holds(*study.instances):
            it.observes("2xx-and-not-retrievable")


@verifies("LRO-031", id="lro-adds-nothing")
def test_adds_nothing(dicomweb: StudiesService, archive: Archive, operations: Operations, fresh: Fresh) -> None:
    """While the delete of a study runs, nothing is added to the study."""
    study = stored(dicomweb, archive, fresh.study())
    late = fresh.another_in(study.series[0])
    deleted = begun(dicomweb, study)

    response = dicomweb.store([late])

    with expect(response) as it:
        polls = operations.polled(name_of(read(deleted.body)))
        if 200 <= response.status < 300:
            first = read(polls[0].body)
            if first and is_done(first):
                it.observes("the-delete-was-done-before-the-post")
            elif not archive.holds(late):
                it.observes("2xx-and-the-instance-is-gone-after-done")
        elif not 400 <= response.status < 500:
            it.has_status(200)


@verifies("LRO-034", id="lro-second-delete")
def test_second_delete(dicomweb: StudiesService, archive: Archive, operations: Operations, fresh: Fresh) -> None:
    """A second delete of the same study does no harm, and ends too."""
    study = stored(dicomweb, archive, fresh.study())
    neighbour = stored(dicomweb, archive, fresh.study(name="neighbour"))
    assume_operations_end(dicomweb, archive, operations, fresh)
    first = begun(dicomweb, study)

    response = dicomweb.delete(study)

    with expect(response) as it:
        if response.status >= 500:
            it.observes("5xx", received=it.status_line)
        for name in filter(None, (name_of(read(first.body)), name_of(read(response.body)))):
            last = read(operations.polled(name)[-1].body)
            if last is None or not is_done(last):
                it.observes("one-never-ends", where=name)
            elif "error" in last and name != name_of(read(first.body)):
                it.observes("the-second-operation-ends-with-error")
        are_whole(it, dicomweb, neighbour.instances, "a-neighbour-is-gone")


@verifies("LRO-033", "LRO-019", id="lro-absent-study")
def test_absent_study(dicomweb: StudiesService, archive: Archive, operations: Operations, fresh: Fresh) -> None:
    """The delete of a study that does not exist does no harm, and an operation that it begins ends."""
    study = stored(dicomweb, archive, fresh.study())
    begun(dicomweb, study)

    response = dicomweb.delete(fresh.study(name="never stored"))

    with expect(response) as it:
        name = name_of(read(response.body))
        if response.status != 200:
            it.has_status(404, 403)
        elif not name:
            it.observes("200-with-empty-object", received=it.status_line)
        else:
            last = read(operations.polled(name)[-1].body) or {}
            if not is_done(last):
                it.observes("an-operation-that-never-ends", where=name)
            elif "error" in last:
                it.reports(failed(last["error"], "error"))


DELETED = (Variant("study", "LRO-035"), Variant("neighbour", "LRO-035"))


@verifies(id="lro-goes-on", each=DELETED)
def test_goes_on(dicomweb: StudiesService, archive: Archive, fresh: Fresh, case: Variant) -> None:
    """While a delete runs, retrieves are answered, those of what is deleted and those of other studies."""
    study = stored(dicomweb, archive, fresh.study())
    neighbour = stored(dicomweb, archive, fresh.study(name="neighbour"))
    begun(dicomweb, study)

    response = dicomweb.retrieve(study if case.id == "study" else neighbour)

    with expect(response) as it:
        if response.status >= 500:
            it.observes("5xx", received=it.status_line)
        elif case.id == "neighbour" and response.status != 200:
            it.observes("the-neighbour-is-missing-or-damaged", received=it.status_line)
        elif response.status == 409:
            it.observes("409-for-the-study")
        elif response.status == 200:
            parts = it.is_multipart_dicom()
            if len(parts) != 1 and case.id == "neighbour":
                it.observes("the-neighbour-is-missing-or-damaged", received=f"{len(parts)} parts")
