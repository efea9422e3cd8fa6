"""Deletes of the Cloud Healthcare API: studies and series by long-running operations, instances at once."""

from __future__ import annotations

from dicomweb_conformance.archive.contents import Archive
from dicomweb_conformance.checks.expect import Expectation, assume, control, expect
from dicomweb_conformance.checks.verifies import verifies
from dicomweb_conformance.http import media_types
from dicomweb_conformance.scenarios.google.deletions import (
    UNUSED,
    assume_done,
    assume_operations_end,
    begun,
    deletion_of,
    stored,
)
from dicomweb_conformance.service.long_running import Operations
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_conformance.validators.operations import (
    concluded,
    counted,
    described,
    failed,
    is_done,
    name_of,
    named,
    read,
    timed,
)
from dicomweb_fixtures.fresh import Fresh


def _is_an_operation(it: Expectation, done: str) -> None:
    """Look at the answer to a delete; `done` is the observation of an operation that is over at once."""
    it.has_status(200, 202)
    document = read(it.response.body)
    if document is None or "name" not in document:
        it.observes("204-or-200-without-name", received=it.status_line)
        it.concludes()
    elif it.response.status == 202:
        it.observes("202-with-an-operation")
    elif is_done(document):
        it.observes(done)


# The answer to a delete


@verifies("LRO-001", id="lro-delete-study")
def test_delete_study(dicomweb: StudiesService, archive: Archive, fresh: Fresh) -> None:
    """DELETE of a study is answered with 200 and an operation."""
    study = stored(dicomweb, archive, fresh.study())

    response = dicomweb.delete(study)

    with expect(response) as it:
        if response.status == 204:
            it.observes("204-or-200-without-name", received=it.status_line)
            it.concludes()
        _is_an_operation(it, "200-with-name-and-done-already-true")


@verifies("LRO-002", id="lro-delete-series")
def test_delete_series(dicomweb: StudiesService, archive: Archive, fresh: Fresh) -> None:
    """DELETE of a series is answered with 200 and an operation."""
    study = stored(dicomweb, archive, fresh.study(series=2))

    response = dicomweb.delete(study.series[1])

    with expect(response) as it:
        if response.status == 204:
            it.observes("204-or-200-without-name", received=it.status_line)
            it.concludes()
        _is_an_operation(it, "done-already-true")


@verifies("LRO-006", id="lro-json")
def test_json(dicomweb: StudiesService, archive: Archive, operations: Operations, fresh: Fresh) -> None:
    """Operations are sent as application/json."""
    study = stored(dicomweb, archive, fresh.study())

    deletion = deletion_of(dicomweb, operations, study)

    for answer in (deletion.deleted, deletion.polls[-1]):
        with expect(answer) as it:
            kind = media_types.name_of(answer.content_type)
            if not answer.content_type:
                it.observes("no-content-type")
            elif kind != media_types.JSON:
                it.observes("another-json-type", received=answer.content_type)
            if read(answer.body) is None:
                it.observes("body-is-not-json", received=it.status_line)


# The operation


@verifies("LRO-003", "LRO-004", id="lro-name")
def test_name(dicomweb: StudiesService, archive: Archive, operations: Operations, fresh: Fresh) -> None:
    """The operation is named projects/P/locations/L/datasets/D/operations/ID, in the dataset of the store."""
    study = stored(dicomweb, archive, fresh.study())

    response = dicomweb.delete(study)

    control(response, 200, 202, because="DELETE does not work")
    document = read(response.body)
    assume(document is not None and "name" in document, "DELETE names no operation", "lro-delete-study")
    with expect(response) as it:
        again = read(operations.poll(name_of(document)).body) if name_of(document) else None
        documents = [each for each in (document, again) if each is not None and "name" in each]
        it.reports(named(documents, operations.dataset))


@verifies("LRO-005", id="lro-names-differ")
def test_names_differ(dicomweb: StudiesService, archive: Archive, fresh: Fresh) -> None:
    """The operations of two deletes have different names."""
    one = stored(dicomweb, archive, fresh.study(name="one"))
    other = stored(dicomweb, archive, fresh.study(name="other"))
    first = begun(dicomweb, one)

    second = begun(dicomweb, other)

    with expect(second) as it:
        if name_of(read(first.body)) == name_of(read(second.body)):
            it.observes("the-same-name-twice", expected=["two names"], received=name_of(read(second.body)))


@verifies("LRO-007", id="lro-poll")
def test_poll(dicomweb: StudiesService, archive: Archive, operations: Operations, fresh: Fresh) -> None:
    """The operation's URL is what comes before /projects/ in the base URL, and its name."""
    study = stored(dicomweb, archive, fresh.study())
    name = name_of(read(begun(dicomweb, study).body))

    response = operations.poll(name)

    with expect(response) as it:
        it.has_status(200)
        document = read(response.body)
        if document is None or "name" not in document:
            it.observes("body-is-not-an-operation", received=it.status_line)
        elif document["name"] != name:
            it.observes("another-name", expected=[name], received=str(document["name"]))


@verifies("LRO-008", "LRO-009", "LRO-015", id="lro-metadata")
def test_metadata(dicomweb: StudiesService, archive: Archive, operations: Operations, fresh: Fresh) -> None:
    """The metadata of an operation are those of this API version, and name the method that was called."""
    study = stored(dicomweb, archive, fresh.study())

    deletion = deletion_of(dicomweb, operations, study)

    with expect(deletion.polls[-1]) as it:
        it.reports(described(deletion.documents, operations.version, of_study=True))


@verifies("LRO-010", "LRO-011", id="lro-times")
def test_times(dicomweb: StudiesService, archive: Archive, operations: Operations, fresh: Fresh) -> None:
    """The createTime stays the same, and endTime comes with the end of the operation."""
    study = stored(dicomweb, archive, fresh.study())

    deletion = deletion_of(dicomweb, operations, study)

    with expect(deletion.polls[-1]) as it:
        it.reports(timed(deletion.documents))


@verifies("LRO-012", "LRO-013", "LRO-014", id="lro-counters")
def test_counters(dicomweb: StudiesService, archive: Archive, operations: Operations, fresh: Fresh) -> None:
    """Counters, where there are any, are 64-bit integers as JSON strings, and add up."""
    study = stored(dicomweb, archive, fresh.study(instances=2))

    deletion = deletion_of(dicomweb, operations, study)

    with expect(deletion.polls[-1]) as it:
        it.reports(counted(deletion.documents, len(study.instances)))


@verifies("LRO-016", "LRO-017", "LRO-018", "LRO-019", id="lro-result")
def test_result(dicomweb: StudiesService, archive: Archive, operations: Operations, fresh: Fresh) -> None:
    """The member done is a boolean; a response or an error comes when it is true, and not before."""
    study = stored(dicomweb, archive, fresh.study())

    deletion = deletion_of(dicomweb, operations, study)

    with expect(deletion.polls[-1]) as it:
        it.reports(concluded(deletion.documents))


@verifies("LRO-020", id="lro-ends")
def test_ends(dicomweb: StudiesService, archive: Archive, operations: Operations, fresh: Fresh) -> None:
    """An operation ends."""
    study = stored(dicomweb, archive, fresh.study())

    deletion = deletion_of(dicomweb, operations, study)

    with expect(deletion.polls[-1]) as it:
        if it.response.status == 404:
            it.observes("the-poll-turns-into-404", received=it.status_line)
            it.concludes()
        if it.response.status >= 500 and operations.poll(deletion.name).status >= 500:
            it.observes("5xx-on-a-poll-again-after-a-retry", received=it.status_line)
            it.concludes()
        it.has_status(200)
        if not is_done(deletion.documents[-1]):
            it.observes("not-done-at-the-deadline", received=f"{len(deletion.polls)} polls, the last one not done")


@verifies("LRO-021", id="lro-stays")
def test_stays(dicomweb: StudiesService, archive: Archive, operations: Operations, fresh: Fresh) -> None:
    """A finished operation can still be read, and stays as it is."""
    study = stored(dicomweb, archive, fresh.study())
    deletion = deletion_of(dicomweb, operations, study)
    assume_done(deletion)
    before = deletion.documents[-1]

    for _ in range(2):
        response = operations.poll(deletion.name)

        with expect(response) as it:
            it.has_status(200)
            after = read(response.body) or {}
            if not is_done(after):
                it.observes("done-turns-false-or-is-gone", received=f"done is {after.get('done', 'absent')}")
            elif [each in after for each in ("response", "error")] != [
                each in before for each in ("response", "error")
            ]:
                it.observes("response-turns-into-error-or-back", received=", ".join(after))
            elif after != before:
                it.observes("metadata-differs-result-the-same")


# Operations of the dataset


@verifies("LRO-026", id="lro-unknown-operation")
def test_unknown_operation(dicomweb: StudiesService, archive: Archive, operations: Operations, fresh: Fresh) -> None:
    """An operation that never existed is not found."""
    study = stored(dicomweb, archive, fresh.study())
    known = name_of(read(begun(dicomweb, study).body))
    control(operations.poll(known), because="an operation that is there does not answer, so a 404 says nothing")

    response = operations.poll(f"{known.rpartition('/')[0]}/{UNUSED}")

    with expect(response) as it:
        if response.status == 200 and read(response.body) is not None:
            it.observes("200-with-an-operation")
            it.concludes()
        it.has_status(404, 403)


@verifies("LRO-027", id="lro-list")
def test_list(dicomweb: StudiesService, archive: Archive, operations: Operations, fresh: Fresh) -> None:
    """The operations of the dataset can be listed."""
    study = stored(dicomweb, archive, fresh.study())
    name = name_of(read(begun(dicomweb, study).body))

    response = operations.page(100)

    with expect(response) as it:
        it.has_status(200)
        pages = [read(response.body) or {}]
        while (token := pages[-1].get("nextPageToken")) and isinstance(token, str) and len(pages) < PAGES:
            pages.append(read(operations.page(100, token).body) or {})
        listed = [page.get("operations", []) for page in pages]
        if not all(isinstance(each, list) for each in listed):
            it.observes("operations-is-not-an-array", received=it.status_line)
            it.concludes()
        if name not in {one.get("name") for each in listed for one in each if isinstance(one, dict)}:
            it.observes("200-without-own-operation-on-any-page", expected=[name])


PAGES = 20


@verifies("LRO-028", id="lro-list-paged")
def test_list_paged(dicomweb: StudiesService, archive: Archive, operations: Operations, fresh: Fresh) -> None:
    """A list of operations comes in pages, and no page comes twice."""
    for number in range(2):
        begun(dicomweb, stored(dicomweb, archive, fresh.study(name=f"deleted {number}")))

    response = operations.page(1)

    control(response, because="operations cannot be listed")
    with expect(response) as it:
        seen: list[str] = []
        answer, token = read(response.body) or {}, ""
        for _ in range(PAGES):
            names = [str(each.get("name")) for each in answer.get("operations", []) if isinstance(each, dict)]
            if len(names) > 1:
                it.observes("pagesize-ignored", expected=["one operation"], received=f"{len(names)} operations")
                it.concludes()
            if set(names) & set(seen):
                it.observes("the-same-page-again-and-again", received=", ".join(names))
                it.concludes()
            seen += names
            token = answer.get("nextPageToken", "")
            if not isinstance(token, str):
                it.observes("nextpagetoken-is-not-a-string", received=str(token))
                it.concludes()
            if not token:
                break
            following = operations.page(1, token)
            if following.status >= 500:
                it.observes("5xx", received=f"{following.status} to {following.request_line}")
                it.concludes()
            answer = read(following.body) or {}


@verifies("LRO-029", "LRO-019", id="lro-cancel")
def test_cancel(dicomweb: StudiesService, archive: Archive, operations: Operations, fresh: Fresh) -> None:
    """An operation can be asked to stop, and ends with error 1, or with a response where it was too late."""
    study = stored(dicomweb, archive, fresh.study(instances=2))
    assume_operations_end(dicomweb, archive, operations, fresh)
    name = name_of(read(begun(dicomweb, study).body))

    response = operations.cancel(name)

    with expect(response) as it:
        if response.status == 400:
            it.observes("400-because-it-is-done", received=it.status_line)
            it.concludes()
        it.has_status(200)
        if read(response.body) != {}:
            it.observes("no-empty-object-under-200", received=it.status_line)
        last = read(operations.polled(name)[-1].body) or {}
        if "response" not in last and "error" not in last:
            it.observes("neither-response-nor-error-in-the-end", received=", ".join(last))
        elif "error" in last:
            it.reports(failed(last["error"], "error"))
