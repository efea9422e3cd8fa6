"""The page's samples in the page's order, each as each of its clients sends it."""

from __future__ import annotations

from dicomweb_conformance.archive.contents import Archive
from dicomweb_conformance.checks.expect import Expectation, expect
from dicomweb_conformance.checks.verifies import verifies
from dicomweb_conformance.dicom import json_model, store_response
from dicomweb_conformance.http import media_types
from dicomweb_conformance.http.unreadable import UnreadableError
from dicomweb_conformance.reading import part10_files, picture_files, values
from dicomweb_conformance.scenarios.seed import elsewhere, samples
from dicomweb_conformance.scenarios.seed.samples import Sample
from dicomweb_conformance.scenarios.seed.sending import has_type, polled, request_file, sent, stored
from dicomweb_conformance.scenarios.steps.storing import stored_for
from dicomweb_conformance.service.long_running import Operations
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_conformance.validators.operations import is_done, name_of, read
from dicomweb_conformance.validators.store import xml_responses
from dicomweb_fixtures.corpus import Corpus
from dicomweb_fixtures.entities import Instance
from dicomweb_fixtures.fresh import Fresh
from dicomweb_fixtures.payloads import json_bulk

SALLY = "Sally Zhang"
GONE = frozenset({403, 404, 410})
FEW = 100
"""Results below the smallest limit that a search without `limit` has in this API."""


@verifies(id="seed-store", each=samples.of("store"))
def test_store(dicomweb: StudiesService, archive: Archive, fresh: Fresh, case: Sample) -> None:
    """A .dcm file sent as Google's samples send it is stored, and the client can read the response."""
    instances = fresh.study(instances=case.files).instances

    responses = stored(dicomweb, case, [each.part10 for each in instances], instances)

    with expect(responses[0]) as it:
        elsewhere.leave_refused(it, elsewhere.single_part_store(dicomweb, fresh))
        for response, instance in zip(responses, instances, strict=True):
            _is_answered(it.on(response), case, instance)
        if not archive.holds(*instances):
            it.observes("200-and-not-retrievable")


@verifies(id="seed-store-json", each=samples.of("store-json"))
def test_store_json(dicomweb: StudiesService, archive: Archive, fresh: Fresh, case: Sample) -> None:
    """Metadata in JSON and a JPEG sent as Google's samples do are stored, and answered as the samples print it."""
    payload = json_bulk.page(fresh.place())

    (response,) = stored(dicomweb, case, [request_file(payload)], payload.instances)

    with expect(response) as it:
        _is_answered(it, case, payload.instance)
        if not archive.holds(payload.instance):
            it.observes("200-and-not-retrievable")


def _is_answered(it: Expectation, case: Sample, instance: Instance) -> None:
    """Look whether the answer to a store can be read by a client that reads it."""
    it.has_status(200)
    if not has_type(it, case, "another-type") or not case.types:
        return
    body = it.response.body
    if media_types.DICOM_JSON in case.types:
        answer = store_response.of_body(body)
        module = answer.module if answer else None
    else:
        module = xml_responses.module(body)
        if module is not None and not xml_responses.names_keywords(body):
            it.observes("no-keyword", expected=["keyword RetrieveURL and ReferencedSOPSequence"])
    if module is None:
        it.observes("not-readable", received=it.status_line)
        return
    references = json_model.items(module, store_response.REFERENCED_SOP_SEQUENCE)
    named = {json_model.text(reference, store_response.SOP_INSTANCE): reference for reference in references}
    if instance.sop_instance_uid not in named:
        it.observes("no-reference", expected=[instance.sop_instance_uid], received=", ".join(named) or "none")
    elif not json_model.text(named[instance.sop_instance_uid], store_response.RETRIEVE_URL):
        it.observes("no-retrieve-url", where="(0008,1190)")


@verifies(id="seed-search-instances", each=samples.of("search-instances"))
def test_search_instances(dicomweb: StudiesService, corpus: Corpus, case: Sample) -> None:
    """A search for all instances gives a client of Google's samples instances, as JSON."""
    (instance,) = corpus.sally_zhang.instances

    response = sent(dicomweb, case, instance)

    with expect(response) as it:
        it.has_status(200)
        if not has_type(it, case, "another-type"):
            it.concludes()
        matches = it.is_a_list_of_matches()
        if any(not json_model.text(each, "00080018") for each in matches.own):
            it.observes("no-sop-instance-uid", where="(0008,0018)")
        if not len(matches):
            it.observes("none")
        elif len(matches) < FEW and instance.sop_instance_uid not in matches.uids("00080018"):
            it.observes("one-is-not-listed", expected=[instance.sop_instance_uid], received=f"{len(matches)} instances")


@verifies(id="seed-search-studies", each=samples.of("search-studies"))
def test_search_studies(dicomweb: StudiesService, corpus: Corpus, case: Sample) -> None:
    """A search by the name Sally Zhang in Google's samples gives her study, as JSON, and none of other names."""
    study = corpus.sally_zhang

    response = sent(dicomweb, case, study.instances[0])

    with expect(response) as it:
        it.has_status(200, 204)
        if response.status == 204 or not response.body.strip():
            elsewhere.leave_not_found(it, dicomweb, study)
            it.observes("none", expected=[study.study_instance_uid], received=it.status_line)
            it.concludes()
        if not has_type(it, case, "another-type"):
            it.concludes()
        matches = it.is_a_list_of_matches()
        found = {json_model.text(each, "0020000D"): json_model.text(each, "00100010") for each in matches.own}
        others = sorted(name for name in found.values() if name.rstrip("^ ") not in {"", SALLY})
        if study.study_instance_uid not in found and len(matches) < FEW:
            elsewhere.leave_not_found(it, dicomweb, study)
            it.observes("none", expected=[study.study_instance_uid], received=f"{len(matches)} studies")
        if others:
            it.observes("others", where="(0010,0010)", expected=[SALLY], received=", ".join(others[:3]))


@verifies(id="seed-retrieve-study", each=samples.of("retrieve-study"))
def test_retrieve_study(dicomweb: StudiesService, corpus: Corpus, case: Sample) -> None:
    """A study comes back to a client of Google's samples as a multipart message of its files."""
    study = corpus.ct_pair

    response = sent(dicomweb, case, study.instances[0])

    with expect(response) as it:
        elsewhere.leave_refused(it, elsewhere.retrieve(dicomweb, case, study))
        it.has_status(200)
        if not has_type(it, case, "another-type"):
            it.concludes()
        received = {values.text(each, "SOPInstanceUID") for each in it.is_multipart_dicom()}
        missing = {instance.sop_instance_uid for instance in study.instances} - received
        if missing:
            it.observes("instances-missing", received=", ".join(sorted(missing)))


@verifies(id="seed-retrieve-instance", each=samples.of("retrieve-instance"))
def test_retrieve_instance(dicomweb: StudiesService, corpus: Corpus, case: Sample) -> None:
    """An instance comes back to a client of Google's samples as the file that it writes to disk."""
    (instance,) = corpus.sally_zhang.instances

    response = sent(dicomweb, case, instance)

    with expect(response) as it:
        elsewhere.leave_refused(it, elsewhere.retrieve(dicomweb, case, instance))
        it.has_status(200)
        if not has_type(it, case, "another-type"):
            it.concludes()
        if media_types.name_of(response.content_type) == media_types.MULTIPART_RELATED:
            received = it.is_one_instance()
            it.observes("multipart-where-anything-would-do")
        else:
            try:
                received = part10_files.read(response.body)
            except UnreadableError as error:
                it.cannot_read(error, "a Part 10 file", otherwise="not-readable")
        if values.text(received, "SOPInstanceUID") != instance.sop_instance_uid:
            it.observes("another-instance", received=values.text(received, "SOPInstanceUID"))


@verifies(id="seed-rendered", each=samples.of("rendered"))
def test_rendered(dicomweb: StudiesService, corpus: Corpus, case: Sample) -> None:
    """A rendered image comes back to a client of Google's samples, as PNG where it asks for that."""
    (instance,) = corpus.sally_zhang.instances

    response = sent(dicomweb, case, instance)

    with expect(response) as it:
        elsewhere.leave_refused(it, elsewhere.rendered(dicomweb, case, instance))
        it.has_status(200)
        if not has_type(it, case, "another-type"):
            it.concludes()
        try:
            picture = picture_files.read(response.body)
        except UnreadableError as error:
            it.cannot_read(error, "an image", otherwise="not-readable")
        if picture.media_type not in case.types:
            it.observes("another-type", expected=case.types, received=f"the octets are {picture.media_type}")
        elif picture.media_type != media_types.PNG:
            it.observes("no-png-where-anything-would-do", received=picture.media_type)


@verifies(id="seed-metadata", each=samples.of("metadata"))
def test_metadata(dicomweb: StudiesService, corpus: Corpus, case: Sample) -> None:
    """The metadata of an instance come back to a client of Google's samples, as JSON."""
    (instance,) = corpus.sally_zhang.instances

    response = sent(dicomweb, case, instance)

    with expect(response) as it:
        it.has_status(200)
        if not has_type(it, case, "another-type"):
            it.concludes()
        received = [json_model.text(each, "00080018") for each in it.is_metadata()]
        if received != [instance.sop_instance_uid]:
            it.observes("another-instance", expected=[instance.sop_instance_uid], received=", ".join(received))


@verifies(id="seed-delete-study", each=samples.of("delete-study"))
def test_delete_study(
    dicomweb: StudiesService, archive: Archive, operations: Operations, fresh: Fresh, case: Sample
) -> None:
    """DELETE of a study gives an operation, as Google's samples read it; then that study and no other is gone."""
    neighbour = fresh.instance(name="neighbour")
    study = fresh.study(instances=2, name="deleted")
    stored_for(dicomweb.for_purpose("store"), archive, neighbour)
    stored_for(dicomweb.for_purpose("store"), archive, *study.instances)

    response = sent(dicomweb, case, study.instances[0])

    with expect(response) as it:
        if _is_done(it, operations, case):
            _are_gone(it, dicomweb, study.instances)
            _is_there(it, dicomweb, neighbour)


@verifies(id="seed-delete-series", each=samples.of("delete-series"))
def test_delete_series(
    dicomweb: StudiesService, archive: Archive, operations: Operations, fresh: Fresh, case: Sample
) -> None:
    """The delete of a series gives a client an operation; once done, the series and no other is gone."""
    study = fresh.study(series=2, instances=2)
    stored_for(dicomweb.for_purpose("store"), archive, *study.instances)
    left, deleted = study.series

    response = sent(dicomweb, case, deleted.instances[0])

    with expect(response) as it:
        if _is_done(it, operations, case):
            _are_gone(it, dicomweb, deleted.instances)
            _is_there(it, dicomweb, left.instances[0])


def _is_done(it: Expectation, operations: Operations, case: Sample) -> bool:
    """Tell whether an operation came of a delete, and was done without an error while the client waited for it."""
    it.has_status(200)
    name = name_of(read(it.response.body))
    if not name:
        it.observes("no-operation", expected=["a JSON object with the name of an operation"], received=it.status_line)
        return False
    has_type(it, case, "another-type")
    if case.poll is None:
        return False
    last = polled(operations, case, name)[-1]
    document = read(last.body) if last.status == 200 else None
    if document is None or not is_done(document):
        it.on(last).observes("not-done")
    elif "error" in document:
        it.on(last).observes("done-with-an-error", received=str(document["error"]))
    elif "response" not in document:
        it.on(last).observes("done-without-response")
    return document is not None and is_done(document) and "error" not in document


def _are_gone(it: Expectation, dicomweb: StudiesService, instances: tuple[Instance, ...]) -> None:
    looking = dicomweb.for_purpose("confirm")
    left = [instance.sop_instance_uid for instance in instances if looking.retrieve(instance).status == 200]
    if left:
        it.observes("an-instance-is-left", received=", ".join(left))


def _is_there(it: Expectation, dicomweb: StudiesService, instance: Instance) -> None:
    found = dicomweb.for_purpose("confirm").retrieve(instance)
    if found.status in GONE:
        it.observes("another-is-gone", received=f"{found.status} to {found.request_line}")


@verifies(id="seed-delete-instance", each=samples.of("delete-instance"))
def test_delete_instance(dicomweb: StudiesService, archive: Archive, fresh: Fresh, case: Sample) -> None:
    """The delete of an instance is answered with an empty object, and the instance is gone, and no other."""
    study = fresh.study(instances=2)
    stored_for(dicomweb.for_purpose("store"), archive, *study.instances)
    one, other = study.instances

    response = sent(dicomweb, case, one)

    with expect(response) as it:
        elsewhere.leave_refused(it, elsewhere.instance_delete(dicomweb, one))
        it.has_status(200, *([204] if case.prints else []))
        if case.prints and not response.body.strip():
            it.observes("no-body-which-the-client-does-not-read", expected=["{}"], received=it.status_line)
        elif read(response.body) != {}:
            it.observes("no-empty-object", expected=["{}"], received=it.status_line)
        looking = dicomweb.for_purpose("confirm")
        if archive.time_until(lambda: looking.retrieve(one).status in GONE) is None:
            it.observes("an-instance-is-left", received=one.sop_instance_uid)
        _is_there(it, dicomweb, other)
