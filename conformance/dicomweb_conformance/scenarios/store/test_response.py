"""Store: what the answer says of each instance (PS3.18 10.5.3, Annex I)."""

from __future__ import annotations

from dicomweb_conformance.archive.contents import Archive
from dicomweb_conformance.checks.expect import Expectation, assume, control, expect, offered
from dicomweb_conformance.checks.verifies import Variant, verifies
from dicomweb_conformance.dicom import json_model, store_response
from dicomweb_conformance.dicom.store_response import StoreAnswer
from dicomweb_conformance.http import media_types
from dicomweb_conformance.http.exchanges import Response
from dicomweb_conformance.http.unreadable import UnreadableError
from dicomweb_conformance.reading import json_documents
from dicomweb_conformance.scenarios.steps.likewise import leave_to_the_first
from dicomweb_conformance.scenarios.steps.links import is_elsewhere, leads_to
from dicomweb_conformance.scenarios.steps.storing import is_stored
from dicomweb_conformance.scenarios.steps.xml_models import kind_of
from dicomweb_conformance.service import resources
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_fixtures.fresh import Fresh


def _answer(it: Expectation, *statuses: int) -> StoreAnswer:
    """The module of a store that must have worked.

    Raises:
        Inconclusive: the store did not work, or its answer holds no module.
    """
    response = it.response
    control(response, *(statuses or (200, 202)), because="the store does not work")
    answer = store_response.of_body(response.body)
    assume(
        answer is not None, "the store response holds no Store Instances Response Module", "store-answer-is-a-module"
    )
    assert answer is not None
    return answer


@verifies("STORE-019", "STORE-022", "STORE-024", id="store-answer-is-a-module")
def test_answer_is_a_module(dicomweb: StudiesService, fresh: Fresh) -> None:
    """A store response is a Store Instances Response Module."""
    instance = fresh.instance()

    response = dicomweb.store([instance])

    with expect(response) as it:
        control(response, 200, 202, because="the store does not work")
        if not response.body.strip():
            it.observes("200-with-empty-body-and-instance-stored")
            it.concludes()
        _is_json_object(it)
        answer = store_response.of_body(response.body)
        if answer is None:
            it.observes(
                "body-is-no-store-module",
                expected=["00081190, 00081198, 00081199 or 0008119A"],
                received=f"{it.status_line}; {response.body[:120]!r}",
            )
            it.concludes()
            return
        if store_response.RETRIEVE_URL not in answer.module:
            it.observes("absent", where="00081190", of="STORE-024")
            it.concludes()
        vr = answer.module[store_response.RETRIEVE_URL].get("vr")
        if vr == "UT":
            it.observes("vr-ut", where="00081190", of="STORE-024")
        elif vr != "UR" or len(json_model.values(answer.module, store_response.RETRIEVE_URL)) > 1:
            it.observes(
                "another-vr-or-several-values",
                where="00081190",
                received=str(answer.module[store_response.RETRIEVE_URL])[:200],
                of="STORE-024",
            )


def _is_json_object(it: Expectation) -> None:
    """Judge the top level of a JSON store answer: one object, or an array of one."""
    # What is a module under another name is told of by store-answer-is-json.
    if "json" not in kind_of(it.response) and store_response.of_body(it.response.body) is None:
        it.observes("body-is-no-store-module", where="Content-Type", received=it.status_line)
        it.concludes()
    try:
        value = json_documents.value_of(it.response.body)
    except UnreadableError as error:
        it.observes("body-does-not-parse-as-content-type-says", received=str(error))
        it.concludes()
        return
    if isinstance(value, dict):
        it.observes("one-object", of="STORE-022")
    elif isinstance(value, list):
        single = len(value) == 1 and isinstance(value[0], dict)
        shape = (
            "an-array-with-exactly-one-object"
            if single
            else "an-array-with-several-objects"
            if value
            else "an-empty-array"
        )
        it.observes(shape, received=f"{len(value)} objects", of="STORE-022")
    else:
        it.observes("neither-object-nor-array", of="STORE-022")


ACCEPTS = (Variant("dicom-json", "STORE-020", media_types.DICOM_JSON), Variant("anything", "STORE-020", "*/*"))


@verifies(id="store-answer-is-json", each=ACCEPTS)
def test_answer_is_json(dicomweb: StudiesService, fresh: Fresh, case: Variant) -> None:
    """A store response is application/dicom+json, where that or anything is acceptable."""
    control(
        dicomweb.store([fresh.instance(name="control")], accept="*/*"),
        200,
        202,
        because="the store does not work with Accept: */*",
    )

    response = dicomweb.store([fresh.instance()], accept=case.value)

    with expect(response) as it:
        if 400 <= response.status < 500 and case.id == "dicom-json":
            it.observes(
                "dicom-json-not-acceptable",
                received=it.status_line,
            )
            it.concludes()
        it.has_status(200, 202)
        assume(response.body.strip(), "the store response is empty", "store-answer-is-a-module")
        if "json" in kind_of(response) and it.is_readable_json():
            has_module = store_response.of_body(response.body) is not None
            assume(has_module, "the store response holds no module", "store-answer-is-a-module")
        match kind_of(response):
            case media_types.DICOM_JSON:
                it.is_json("body-not-json-under-json-content-type")
            case media_types.JSON:
                it.is_json("body-not-json-under-json-content-type")
                it.observes("application-json-with-module", where="Content-Type")
            case name if "xml" in name or name == media_types.MULTIPART_RELATED:
                it.observes(
                    "xml-for-star-star" if case.id == "anything" else "xml-although-only-json-was-asked-for",
                    where="Content-Type",
                )
            case name:
                leave_to_the_first(
                    "store-answer-is-json",
                    case,
                    ACCEPTS,
                    _answered_in(response),
                    lambda each: _answered_in(dicomweb.store([fresh.instance()], accept=each.value)),
                )
                it.finds(
                    "another media type",
                    where="Content-Type",
                    expected=[media_types.DICOM_JSON],
                    received=name or "no Content-Type",
                )


def _answered_in(response: Response) -> str:
    return f"a store is answered in {kind_of(response) or 'no media type'}"


@verifies("STORE-026", "STORE-029", "STORE-070", id="store-answer-names-what-was-stored")
def test_answer_names_what_was_stored(dicomweb: StudiesService, archive: Archive, fresh: Fresh) -> None:
    """A store response lists each stored instance once, and no other; it lists nothing as failed."""
    instances = fresh.study(instances=2).instances
    sent = {instance.sop_instance_uid for instance in instances}

    response = dicomweb.store(instances)

    with expect(response) as it:
        answer = _answer(it)
        held = archive.held(instances)
        found = answer.stored_uids
        expected, received = [", ".join(sorted(sent))], ", ".join(found) or "no item"
        if held and store_response.REFERENCED_SOP_SEQUENCE not in answer.module:
            it.observes("sequence-absent-though-stored", where="00081199", expected=expected)
        elif held - set(found):
            it.observes("stored-instance-missing-from-sequence", where="00081199", expected=expected, received=received)
        if response.status == 200 and store_response.FAILED_SOP_SEQUENCE in answer.module:
            it.observes(
                "present-with-items" if answer.failed else "present-without-items", where="00081198", of="STORE-029"
            )
        if set(found) - sent - {""}:
            it.observes(
                "a-uid-that-was-not-sent", where="00081199", expected=expected, received=received, of="STORE-070"
            )
        if len(found) != len(set(found)):
            it.observes(
                "a-uid-twice-in-one-sequence", where="00081199", expected=expected, received=received, of="STORE-070"
            )
        if set(found) & set(answer.failed_uids):
            it.observes("a-uid-in-both-sequences", expected=expected, received=received, of="STORE-070")


@verifies("STORE-030", id="store-answer-refers-by-class-and-instance")
def test_answer_refers_by_class_and_instance(dicomweb: StudiesService, fresh: Fresh) -> None:
    """The items of a store response name SOP Class UID and SOP Instance UID, as they were sent."""
    instances = fresh.study(instances=2).instances
    sent = {
        store_response.SOP_CLASS: [instance.sop_class_uid for instance in instances],
        store_response.SOP_INSTANCE: [instance.sop_instance_uid for instance in instances],
    }

    response = dicomweb.store(instances)

    with expect(response) as it:
        answer = _answer(it)
        assume(answer.stored, "the response has no Referenced SOP Sequence", "store-answer-names-what-was-stored")
        for number, item in enumerate(answer.stored, 1):
            for tag, wrong in ((store_response.SOP_CLASS, "00080016"), (store_response.SOP_INSTANCE, "00080018")):
                found, where, expected = json_model.text(item, tag), f"item {number}, {tag}", sorted(set(sent[tag]))
                if not found and wrong in item:
                    it.observes(
                        "00080016-or-00080018-instead", where=where, expected=expected, received=f"{wrong} instead"
                    )
                elif not found:
                    it.observes(
                        "either-missing-or-empty",
                        where=where,
                        expected=expected,
                        received="absent",
                    )
                elif found not in sent[tag]:
                    it.observes("values-differ-from-those-sent", where=where, expected=expected, received=found)


@verifies("STORE-025", id="store-retrieve-url-of-study")
def test_retrieve_url_of_study(dicomweb: StudiesService, archive: Archive, fresh: Fresh) -> None:
    """The Retrieve URL of a store response, where it has a value, leads to the study."""
    instance = fresh.instance()

    response = dicomweb.store([instance])

    with expect(response) as it:
        url = json_model.text(_answer(it).module, store_response.RETRIEVE_URL)
        offered(url, "the response has no Retrieve URL of the study")
        assume(archive.holds(instance), "the instance does not become visible", "store-multipart")
        study = f"studies/{instance.study_instance_uid}"
        control(dicomweb.retrieve(study), because="the study cannot be retrieved under its own path")
        if is_elsewhere(dicomweb, url):
            it.observes("other-host-same-path", where="00081190", received=url)
        leads_to(
            it,
            url,
            study,
            dicomweb,
            because="the-url-is-that-of-another-study",
            gone="4xx-while-study-is-retrievable",
        )


@verifies("STORE-031", id="store-retrieve-url-of-instance")
def test_retrieve_url_of_instance(dicomweb: StudiesService, archive: Archive, fresh: Fresh) -> None:
    """Each stored item has a Retrieve URL, and where that has a value it leads to the instance of the item."""
    instances = fresh.study(instances=2).instances
    sent = {each.sop_instance_uid: each for each in instances}

    response = dicomweb.store(instances)

    with expect(response) as it:
        stored = {json_model.text(item, store_response.SOP_INSTANCE): item for item in _answer(it).stored}
        known = [(sent[uid], item) for uid, item in stored.items() if uid in sent]
        assume(known, "the response refers to nothing that was sent", "store-answer-names-what-was-stored")
        for instance, item in known:
            if store_response.RETRIEVE_URL not in item:
                it.observes("absent", where=instance.sop_instance_uid)
                continue
            if item[store_response.RETRIEVE_URL].get("vr") == "UT":
                it.observes("vr-ut", where=instance.sop_instance_uid)
            url = json_model.text(item, store_response.RETRIEVE_URL)
            if not url:
                it.observes("present-without-value", where=instance.sop_instance_uid)
                continue
            if is_elsewhere(dicomweb, url):
                it.observes("other-host-same-path-suffix", where=instance.sop_instance_uid, received=url)
            assume(archive.holds(instance), "the instance does not become visible", "store-multipart")
            control(dicomweb.retrieve(instance), because="the instance cannot be retrieved under its own path")
            leads_to(
                it,
                url,
                resources.path(instance),
                dicomweb,
                because="the-url-gives-another-instance",
                gone="4xx-while-instance-is-retrievable",
            )


@verifies("STORE-028", "STORE-027", "STORE-032", id="store-answer-names-what-was-refused", needs="store.study")
def test_answer_names_what_was_refused(dicomweb: StudiesService, fresh: Fresh) -> None:
    """An instance that was refused is in the Failed SOP Sequence, with a reason."""
    instance, elsewhere = fresh.instance(), fresh.study(name="elsewhere")

    response = dicomweb.store([instance], study=elsewhere.study_instance_uid)

    with expect(response) as it:
        assume(
            not 200 <= response.status < 300 and response.status < 500,
            "an instance of another study than the one in the path is not refused",
            "store-foreign-study",
        )
        answer = store_response.of_body(response.body)
        offered(
            answer is not None,
            f"the refusal ({response.status}) holds no Store Instances Response Module, and need not",
        )
        assert answer is not None
        if store_response.REFERENCED_SOP_SEQUENCE in answer.module:
            it.observes(
                "present-with-items" if answer.stored else "present-without-items", where="00081199", of="STORE-027"
            )
        if instance.sop_instance_uid not in answer.failed_uids:
            elsewhere_told = bool(answer.other_failures)
            it.observes(
                "refused-among-other-failures" if elsewhere_told else "refused-instance-in-no-failure-sequence",
                where="00081198",
                expected=[instance.sop_instance_uid],
            )
        for item in answer.failed:
            reason = json_model.first(item, store_response.FAILURE_REASON)
            if reason is None:
                it.observes("absent-or-empty", where="00081197", expected=["an integer 0 to 65535"], of="STORE-032")
            elif isinstance(reason, bool) or not isinstance(reason, int) or not 0 <= reason <= 0xFFFF:
                it.observes(
                    "not-an-integer-or-out-of-range",
                    where="00081197",
                    expected=["an integer 0 to 65535"],
                    received=repr(reason),
                    of="STORE-032",
                )


@verifies("STORE-067", id="store-unacceptable")
def test_unacceptable(dicomweb: StudiesService, archive: Archive, fresh: Fresh) -> None:
    """A store that accepts no type of response that the server has is refused with 406, or answered in the default."""
    control(
        dicomweb.store([fresh.instance(name="control")]),
        200,
        202,
        because="the same store with an acceptable type does not work",
    )
    instance = fresh.instance()

    response = dicomweb.store([instance], accept="image/bmp")

    with expect(response) as it:
        if 200 <= response.status < 300:
            _answered_all_the_same(it)
            is_stored(it, archive, instance, otherwise="2xx-and-not-stored")
        else:
            it.has_status(406)
            if archive.holds_now(instance):
                it.observes("406-and-stored-all-the-same")


def _answered_all_the_same(it: Expectation) -> None:
    name = media_types.name_of(it.response.content_type)
    if name in {media_types.DICOM_JSON, media_types.JSON}:
        it.observes("200-with-the-json-module")
    elif "xml" in name:
        it.observes("200-with-the-xml-module")
    else:
        it.observes("2xx-with-a-body-of-another-kind", where="Content-Type", received=it.status_line)
