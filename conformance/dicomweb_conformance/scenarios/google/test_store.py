"""Store as the Cloud Healthcare API has it: XML answers, 409 for whatever is refused, one content for each UID."""

from __future__ import annotations

from pydicom import Dataset

from dicomweb_conformance.archive.contents import Archive
from dicomweb_conformance.checks.expect import Expectation, assume, control, expect
from dicomweb_conformance.checks.verifies import Variant, verifies
from dicomweb_conformance.dicom import json_model, store_response
from dicomweb_conformance.dicom.differences import data_sets
from dicomweb_conformance.http import media_types, multipart, urls
from dicomweb_conformance.http.exchanges import Response
from dicomweb_conformance.http.urls import UrlError
from dicomweb_conformance.reading import part10_files, values
from dicomweb_conformance.scenarios.steps.likewise import leave_to_the_first
from dicomweb_conformance.scenarios.steps.links import leads_to
from dicomweb_conformance.scenarios.steps.storing import (
    PARTS_PASSED_OVER,
    is_there,
    names_nothing,
    passes_over_parts,
    stored_for,
)
from dicomweb_conformance.scenarios.steps.xml_models import kind_of, type_of
from dicomweb_conformance.service import resources
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_conformance.validators.operations import read
from dicomweb_conformance.validators.store import xml_responses
from dicomweb_fixtures.entities import Instance
from dicomweb_fixtures.fresh import Fresh

FAILURE_DETAIL = "00091097"


@verifies("GOOGLE-007", id="google-single-part-store")
def test_single_part_store(dicomweb: StudiesService, archive: Archive, fresh: Fresh) -> None:
    """A single Part 10 file as body with Content-Type: application/dicom is stored."""
    instance = fresh.instance()

    response = dicomweb.store_single_part(instance)

    with expect(response) as it:
        it.has_status(200)
        if is_there(it, archive, instance, otherwise="2xx-and-not-retrievable-or-different"):
            found = dicomweb.retrieve(instance)
            with expect(found) as retrieved:
                received = retrieved.is_one_instance()
            if [*data_sets(instance.dataset, received)]:
                it.observes("2xx-and-not-retrievable-or-different", received="another data set")


@verifies("GOOGLE-023", id="google-storage-class")
def test_storage_class(dicomweb: StudiesService, archive: Archive, fresh: Fresh) -> None:
    """A store may name the storage class of its instances in the header field Storage-Class."""
    instance = fresh.instance()
    stored_for(dicomweb, archive, fresh.instance(name="control"))

    response = dicomweb.store([instance], headers=[("Storage-Class", "STANDARD")])

    with expect(response) as it:
        if response.status in {400, 403}:
            it.observes("400-or-403", received=it.status_line)
            it.concludes()
        it.has_status(200)
        if not archive.holds(instance):
            it.observes("2xx-and-not-retrievable")


WITHOUT = (Variant("missing", "GOOGLE-041"), Variant("empty", "GOOGLE-041"))


@verifies(id="google-no-patient-id", each=WITHOUT)
def test_no_patient_id(dicomweb: StudiesService, archive: Archive, fresh: Fresh, case: Variant) -> None:
    """An instance with its three UIDs is stored, be its Patient ID empty or missing."""
    whole = fresh.instance(name="whole")
    stored_for(dicomweb, archive, whole)
    empty = fresh.with_empty_patient_id()
    instance = empty if case.id == "empty" else fresh.without(empty, "PatientID")

    response = dicomweb.store([instance])

    with expect(response) as it:
        it.has_status(200)
        if not archive.holds(instance):
            it.finds("2xx and not retrievable")


QUOTES = (
    Variant("quoted", "GOOGLE-008", 'type="application/dicom"'),
    Variant("bare", "GOOGLE-008", "type=application/dicom"),
)


@verifies(id="google-type-parameter", each=QUOTES)
def test_type_parameter(dicomweb: StudiesService, archive: Archive, fresh: Fresh, case: Variant) -> None:
    """The parameter type of multipart/related is understood with and without quotes."""
    instance = fresh.instance()
    boundary, body = multipart.write([multipart.part(instance.part10)])

    response = dicomweb.store_payload(f"multipart/related; {case.value}; boundary={boundary}", body, [instance])

    with expect(response) as it:
        if 400 <= response.status < 500:
            it.observes("4xx-for-either", received=it.status_line)
            it.concludes()
        it.has_status(200)
        if not archive.holds(instance):
            it.finds("2xx and not retrievable")


DEFAULT = (Variant("no-accept", "GOOGLE-025"), Variant("any", "GOOGLE-025", "*/*"))


@verifies(id="google-store-answers-xml", each=DEFAULT)
def test_store_answers_xml(dicomweb: StudiesService, fresh: Fresh, case: Variant) -> None:
    """A store response is application/dicom+xml unless another type is asked for."""

    def answered(accepted: Variant) -> Response:
        return dicomweb.store([fresh.instance(name=accepted.id)], accept=accepted.value or None)

    response = answered(case)

    with expect(response) as it:
        leave_to_the_first(
            "google-store-answers-xml", case, DEFAULT, _is_no_xml(response), lambda each: _is_no_xml(answered(each))
        )
        it.has_status(200)
        kind = type_of(response)
        if kind == media_types.DICOM_JSON:
            asked = dicomweb.store([fresh.instance(name="asked for XML")], accept=media_types.DICOM_XML)
            comes = asked.status == 200 and type_of(asked) == media_types.DICOM_XML
            assume(comes, "no store response is XML, even if asked for", "google-store-answer-by-accept[xml]")
            it.observes("json", received=response.content_type)
        elif kind != media_types.DICOM_XML:
            it.finds("another media type", expected=[media_types.DICOM_XML], received=response.content_type)
        elif xml_responses.module(response.body) is None:
            it.observes("body-is-not-xml", received=it.status_line)


def _is_no_xml(response: Response) -> str:
    kind = type_of(response)
    if response.status != 200 or kind == media_types.DICOM_XML:
        return ""
    return f"a store is answered in {kind or 'no media type'}"


ASKED = (
    Variant("json", "GOOGLE-026", media_types.DICOM_JSON),
    Variant("xml", "GOOGLE-026", media_types.DICOM_XML),
)


@verifies(id="google-store-answer-by-accept", each=ASKED)
def test_store_answer_by_accept(dicomweb: StudiesService, fresh: Fresh, case: Variant) -> None:
    """A store response is of the type that is asked for."""
    response = dicomweb.store([fresh.instance()], accept=case.value)

    with expect(response) as it:
        it.has_status(200)
        kind = kind_of(response)
        module = store_response.of_body if case.id == "json" else xml_responses.module
        if kind in {each.value for each in ASKED} - {case.value}:
            it.observes("the-other-type", expected=[case.value], received=response.content_type)
        elif kind != case.value:
            it.finds("another media type", expected=[case.value], received=response.content_type)
        elif module(response.body) is None:
            it.observes("body-does-not-fit-its-content-type", received=it.status_line)


@verifies("GOOGLE-027", id="google-store-xml")
def test_store_xml(dicomweb: StudiesService, fresh: Fresh) -> None:
    """The store response in XML is a bare NativeDicomModel with the instance and its Retrieve URLs."""
    instance = fresh.instance()

    response = dicomweb.store([instance], accept=media_types.DICOM_XML)

    control(response, because="a store with Accept: application/dicom+xml does not work")
    comes = type_of(response) == media_types.DICOM_XML
    assume(comes, "no store response is XML, even if asked for", "google-store-answer-by-accept[xml]")
    with expect(response) as it:
        it.reports(xml_responses.judge(response.body, instance.sop_class_uid, instance.sop_instance_uid))


@verifies("GOOGLE-028", id="google-retrieve-urls")
def test_retrieve_urls(dicomweb: StudiesService, archive: Archive, fresh: Fresh) -> None:
    """Retrieve URLs of a store response are absolute and hold the whole path of the store."""
    instance = fresh.instance()

    response = dicomweb.store([instance])

    control(response, because="a plain store does not work")
    answer = store_response.of_body(response.body)
    assume(answer is not None and answer.stored, "the response names no stored instance", "store-referenced-sequence")
    assume(archive.holds(instance), "the instance does not become visible", "store-multipart")
    assert answer is not None
    with expect(response) as it:
        study = f"studies/{instance.study_instance_uid}"
        for url, path in (
            (json_model.text(answer.module, store_response.RETRIEVE_URL), study),
            (json_model.text(answer.stored[0], store_response.RETRIEVE_URL), resources.path(instance)),
        ):
            _is_whole(it, dicomweb, url, path)


def _is_whole(it: Expectation, dicomweb: StudiesService, url: str, path: str) -> None:
    """Look whether a Retrieve URL is absolute, on this host, and leads to the resource of that path."""
    base = dicomweb.base
    if not url:
        it.observes("absent", expected=[f"{dicomweb.base_url}/{path}"], received="no value")
        return
    try:
        there = urls.resolve(url, it.response.url)
        if urls.read(url).authority is None:
            it.observes("relative", expected=[f"{dicomweb.base_url}/{path}"], received=url)
        elif there.origin.authority != base.origin.authority:
            it.observes("other-host-than-the-base", received=url)
        if there.path.endswith(f"/{path}") and not there.path.endswith(f"{base.path.rstrip('/')}/{path}"):
            expected = [f"{base.path.rstrip('/')}/{path}"]
            it.finds("without the whole path of the store", expected=expected, received=url)
    except UrlError:
        pass  # reported where it would be followed
    leads_to(it, url, path, dicomweb, because="another-resource", gone="404-when-fetched-while-resource-there")


@verifies("GOOGLE-030", id="google-partly-stored")
def test_partly_stored(dicomweb: StudiesService, archive: Archive, fresh: Fresh) -> None:
    """A store with one refused instance is answered with 409, and the response lists the one that was stored."""
    first = fresh.instance(name="first")
    stored_for(dicomweb, archive, first)
    good = fresh.instance(name="good")

    response = dicomweb.store([good, fresh.other_version(first)])

    answer = store_response.of_body(response.body)
    accepted = response.status == 200 and answer is not None and len(answer.stored) == 2 and not answer.failed
    assume(not accepted, "a changed duplicate is not refused", "google-changed-again")
    with expect(response) as it:
        _is_partly_stored(it, archive, good)


@verifies("GOOGLE-030", id="google-partly-foreign")
def test_partly_foreign(dicomweb: StudiesService, archive: Archive, fresh: Fresh) -> None:
    """A store below a study, with one instance of another, is answered with 409, and lists the one stored."""
    control(
        dicomweb.store([one := fresh.instance()], study=one.study_instance_uid),
        because="a store below a study does not work",
    )
    good, foreign = fresh.instance(name="good"), fresh.instance(name="foreign")

    response = dicomweb.store([good, foreign], study=good.study_instance_uid)

    with expect(response) as it:
        _is_partly_stored(it, archive, good)


def _is_partly_stored(it: Expectation, archive: Archive, good: Instance) -> None:
    """Judge the answer to a store of this instance and of one that is refused."""
    it.has_status(409, 202)
    answer = store_response.of_body(it.response.body)
    both = answer is not None and answer.stored_uids == [good.sop_instance_uid] and answer.failed_uids
    if it.response.status == 202 and both:
        it.observes("202-with-both-sequences")
    if not archive.holds(good):
        it.observes("the-good-one-is-not-stored")
    elif not both:
        it.observes(
            "409-without-the-stored-one",
            received=f"{it.status_line}; stored {answer.stored_uids if answer else 'no module'}",
        )


@verifies("GOOGLE-032", "GOOGLE-033", "GOOGLE-034", id="google-failure")
def test_failure(dicomweb: StudiesService, archive: Archive, fresh: Fresh) -> None:
    """A refused instance has a reason and a private text; the response has the Retrieve URL of the study."""
    first = fresh.instance()
    stored_for(dicomweb, archive, first)

    response = dicomweb.store([fresh.other_version(first)])

    answer = store_response.of_body(response.body)
    assume(
        response.status == 409 and answer and answer.failed,
        "a changed duplicate is not refused",
        "google-changed-again",
    )
    assert answer is not None
    with expect(response) as it:
        item = answer.failed[0]
        private = [tag for tag in item if json_model.is_private(tag)]
        if FAILURE_DETAIL not in item:
            it.observes("under-another-private-element" if private else "absent", of="GOOGLE-032")
        reason = json_model.first(item, store_response.FAILURE_REASON)
        if isinstance(reason, bool) or not isinstance(reason, int) or not 0 <= reason <= 0xFFFF:
            it.observes("no-integer-0-to-65535", received=str(reason), of="GOOGLE-033")
        elif reason != 272:
            it.observes("another-reason-of-the-table", received=str(reason), of="GOOGLE-033")
        if store_response.RETRIEVE_URL not in answer.module:
            it.observes("absent", of="GOOGLE-034")


MALFORMED = (
    Variant("image", "GOOGLE-035", "image/bmp"),
    Variant("text", "GOOGLE-035", "text/plain"),
    Variant("multipart-of-text", "GOOGLE-035", 'multipart/related; type="text/plain"; boundary=b'),
    Variant("cut", "GOOGLE-035"),
    Variant("no-boundary", "GOOGLE-035"),
    Variant("empty", "GOOGLE-035"),
)


@verifies(id="google-bad-request", each=MALFORMED)
def test_bad_request(dicomweb: StudiesService, archive: Archive, fresh: Fresh, case: Variant) -> None:
    """A store in an unsupported media type, or of a malformed message, is answered with 400."""
    instance, control_instance = fresh.instance(), fresh.instance(name="control")
    stored_for(dicomweb, archive, control_instance)
    content_type, body = _malformed(case, instance)

    response = dicomweb.store_payload(content_type, body, [instance])

    with expect(response) as it:
        assume(
            case.value or not names_nothing(response) or not passes_over_parts(dicomweb, archive, fresh),
            "a message in which no part is found is answered as a success",
            PARTS_PASSED_OVER,
        )
        if response.status == 415 and case.value:
            it.observes("415-for-the-media-type", received=it.status_line)
        elif 400 < response.status < 500:
            it.observes("another-4xx", received=it.status_line)
        else:
            it.has_status(400)


def _malformed(case: Variant, instance: Instance) -> tuple[str, bytes]:
    boundary, body = multipart.write([multipart.part(instance.part10)])
    content_type = media_types.multipart_related(media_types.DICOM, boundary)
    match case.id:
        case "cut":
            return content_type, body[: len(body) // 2]
        case "no-boundary":
            return media_types.multipart_related(media_types.DICOM), body
        case "empty":
            return content_type, f"--{boundary}--\r\n".encode()
    return case.value, body


@verifies("GOOGLE-036", id="google-store-not-acceptable")
def test_store_not_acceptable(dicomweb: StudiesService, archive: Archive, fresh: Fresh) -> None:
    """A store whose Accept cannot be met is answered with 406."""
    stored_for(dicomweb, archive, fresh.instance(name="control"))
    instance = fresh.instance()

    response = dicomweb.store([instance], accept="image/bmp")

    with expect(response) as it:
        it.has_status(406, 200)
        if response.status == 406:
            later = fresh.instance(name="later")
            stored_for(dicomweb, archive, later)
            if not archive.lacks(instance, after=later):
                it.observes("406-and-stored-all-the-same")
        elif store_response.of_body(response.body) is None and xml_responses.module(response.body) is None:
            it.observes("another-body", received=it.status_line)
        elif not archive.holds(instance):
            it.observes("2xx-and-not-stored")
        else:
            it.observes("200-with-the-xml-or-json-answer")


@verifies("GOOGLE-037", id="google-garbage")
def test_garbage(dicomweb: StudiesService, archive: Archive, fresh: Fresh) -> None:
    """A part that is not DICOM is answered with 409, and never listed as stored."""
    good = fresh.instance()
    stored_for(dicomweb, archive, good)
    boundary, body = multipart.write([multipart.part(b"hello")])

    response = dicomweb.store_payload(media_types.multipart_related(media_types.DICOM, boundary), body, [])

    with expect(response) as it:
        answer = store_response.of_body(response.body)
        if answer and answer.stored:
            it.observes("garbage-listed-as-stored")
        if 200 <= response.status < 300:
            it.observes("2xx-for-garbage-alone", received=it.status_line)
            it.concludes()
        it.has_status(409)


@verifies("GOOGLE-038", id="google-same-again")
def test_same_again(dicomweb: StudiesService, archive: Archive, fresh: Fresh) -> None:
    """The same octets sent again are answered with 200 or 409, and change nothing."""
    instance = fresh.instance()
    stored_for(dicomweb, archive, instance)

    response = dicomweb.store([instance])

    with expect(response) as it:
        if response.status == 202 or (400 <= response.status < 500 and response.status != 409):
            it.observes("202-or-another-4xx", received=it.status_line)
        else:
            it.has_status(200, 409)
        found = dicomweb.search(resources.path(instance).rpartition("/")[0])
        with expect(found) as listed:
            times = listed.is_a_list_of_matches().uids("00080018").count(instance.sop_instance_uid)
        if times > 1:
            it.observes("two-entries", received=f"listed {times} times")
        if _is_version(_only(dicomweb.retrieve(instance)), instance) is False:
            it.observes("content-changed-or-gone")


@verifies("GOOGLE-039", id="google-changed-again")
def test_changed_again(dicomweb: StudiesService, archive: Archive, fresh: Fresh) -> None:
    """Other content under a stored UID is answered with 409, and the first version stays."""
    first = fresh.instance()
    stored_for(dicomweb, archive, first)
    second = fresh.other_version(first)

    response = dicomweb.store([second])

    with expect(response) as it:
        archive.settles(lambda: second.dataset.PixelData in dicomweb.retrieve(first).body)
        found = dicomweb.retrieve(first)
        if found.status in {403, 404, 410}:
            it.observes("gone", received=f"{found.status} to {found.request_line}, after {it.status_line}")
        elif not _is_version(_only(found), first):
            it.observes("second-version-or-mixture-returned", received=f"after {it.status_line}")
        elif 200 <= response.status < 300:
            it.observes("2xx", expected=["409"], received=it.status_line)
        else:
            it.has_status(409)


def _only(response: Response) -> Dataset | None:
    """Return the only instance of a multipart answer, or None."""
    try:
        parts = multipart.parts_of(response.content_type, response.body)
        return part10_files.read(parts[0].body) if len(parts) == 1 else None
    except ValueError:
        return None


def _is_version(received: Dataset | None, instance: Instance) -> bool:
    """Tell whether what came back is this version of an instance, pixels and all."""
    if received is None or values.octets(received, "PixelData") != instance.dataset.PixelData:
        return False
    return not [*data_sets(instance.dataset, received)]


@verifies("GOOGLE-107", id="google-conflict-body")
def test_conflict_body(dicomweb: StudiesService, archive: Archive, fresh: Fresh) -> None:
    """The body of a 409 to a store is a Store Instances Response Module."""
    first = fresh.instance()
    stored_for(dicomweb, archive, first)

    response = dicomweb.store([fresh.other_version(first)])

    assume(response.status == 409, "a changed duplicate is not refused", "google-changed-again")
    with expect(response) as it:
        answer = store_response.of_body(response.body)
        kind = media_types.name_of(response.content_type)
        if not response.body.strip():
            it.observes("empty")
        elif kind == media_types.JSON and read(response.body) is not None:
            it.observes("error-object", received=it.status_line)
        elif type_of(response) != media_types.DICOM_JSON or answer is None:
            it.observes("body-does-not-fit-its-content-type", received=it.status_line)
        elif not answer.failed:
            it.finds("a module without 00081198")
