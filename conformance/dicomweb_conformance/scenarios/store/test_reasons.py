"""Store: what a server need not take or keep as it is, and what it says of that (PS3.18 10.5.3, Annex I.2)."""

from __future__ import annotations

from dicomweb_conformance.archive.contents import Archive, shows
from dicomweb_conformance.checks.expect import BUSY, Expectation, assume, control, expect, offered
from dicomweb_conformance.checks.verifies import Variant, verifies
from dicomweb_conformance.dicom import json_model, store_response
from dicomweb_conformance.http import urls
from dicomweb_conformance.scenarios.steps.links import leads_to
from dicomweb_conformance.scenarios.steps.storing import AS_STORED, retrieved
from dicomweb_conformance.service import resources
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_fixtures.entities import Instance
from dicomweb_fixtures.fresh import Fresh

_COERCION = 0xB000
_OF_THE_TABLE = {_COERCION, 0xB006, 0xB007}


def _reason(it: Expectation, instance: Instance) -> int | None:
    """Return the Failure Reason of an instance; None where the answer does not list it with one."""
    answer = store_response.of_body(it.response.body)
    for item in answer.failed if answer else []:
        reason = json_model.first(item, store_response.FAILURE_REASON)
        if json_model.text(item, store_response.SOP_INSTANCE) == instance.sop_instance_uid and isinstance(reason, int):
            return reason
    return None


def _is_taken(it: Expectation, dicomweb: StudiesService, archive: Archive, instance: Instance, otherwise: str) -> bool:
    """Tell whether an instance was stored, and report `otherwise` where the answer says so and it is not there."""
    if it.response.status not in {200, 202}:
        return False
    if it.response.status == 202 and _reason(it, instance) is not None:
        return False
    uid = instance.sop_instance_uid
    is_there = archive.settles(lambda: shows(dicomweb.retrieve(instance, accept=AS_STORED), [uid]))
    if not is_there and not archive.holds(instance):
        it.observes(otherwise, received=f"{it.status_line}; not retrievable")
    return True


@verifies("STORE-034", id="store-image-without-rows")
def test_image_without_rows(dicomweb: StudiesService, archive: Archive, fresh: Fresh) -> None:
    """An image without Rows and Columns is stored, or refused with a reason that fits."""
    control(dicomweb.store([fresh.instance(name="control")]), 200, 202, because="a whole image is not stored")
    instance = fresh.without_rows_and_columns()

    response = dicomweb.store([instance])

    with expect(response) as it:
        if _is_taken(it, dicomweb, archive, instance, "2xx-although-instance-not-retrievable"):
            it.concludes()
        _is_refused(it)
        reason = _reason(it, instance)
        if reason is not None and reason != 0x0110 and reason not in {*range(0xA900, 0xAA00), *range(0xC000, 0xD000)}:
            it.observes("another-reason", where="00081197", received=f"{reason:04X}H")


def _is_refused(it: Expectation) -> None:
    """Go on where an instance was refused; whether a refusal has a module is for the server to say."""
    if it.response.status == 202 or (400 <= it.response.status < 500 and it.response.status not in BUSY):
        return
    it.has_status(200, 202)


@verifies("STORE-036", id="store-unknown-transfer-syntax")
def test_unknown_transfer_syntax(dicomweb: StudiesService, archive: Archive, fresh: Fresh) -> None:
    """An instance in an unknown transfer syntax is stored as it is, or refused for that reason."""
    control(dicomweb.store([fresh.instance(name="control")]), 200, 202, because="a plain store does not work")
    instance = fresh.in_unknown_transfer_syntax()

    response = dicomweb.store([instance])

    with expect(response) as it:
        otherwise = "2xx-and-not-retrievable-in-any-syntax"
        if _is_taken(it, dicomweb, archive, instance, otherwise):
            it.concludes()
        _is_refused(it)
        reason = _reason(it, instance)
        if reason is None:
            it.observes("refused-without-module", received=it.status_line)
        elif reason != 0x0110 and reason not in range(0xC000, 0xD000):
            it.observes("another-reason", where="00081197", received=f"{reason:04X}H")


@verifies("STORE-038", "ERROR-009", id="store-private-sop-class")
def test_private_sop_class(dicomweb: StudiesService, archive: Archive, fresh: Fresh) -> None:
    """An instance of a SOP Class that PS3.4 does not have is stored, or refused for that reason."""
    control(dicomweb.store([fresh.instance(name="control")]), 200, 202, because="a plain store does not work")
    instance = fresh.of_private_sop_class()

    response = dicomweb.store([instance])

    with expect(response) as it:
        if _is_taken(it, dicomweb, archive, instance, "2xx-although-instance-not-retrievable"):
            it.concludes()
        if response.status != 202:
            if archive.holds_now(instance) and response.status in {409, 501}:
                it.observes("409-or-501-although-instance-retrievable", received=it.status_line, of="ERROR-009")
            it.has_status(409, 501, of="ERROR-009")
        reason = _reason(it, instance)
        if reason is None:
            it.observes("refused-without-module", received=it.status_line)
        elif reason != 0x0122:
            it.observes("another-reason", where="00081197", received=f"{reason:04X}H")


@verifies("STORE-041", id="store-coercion-is-recorded")
def test_coercion_is_recorded(dicomweb: StudiesService, archive: Archive, fresh: Fresh) -> None:
    """Where the response warns of coercion, the stored Original Attributes Sequence says what was changed."""
    instance = fresh.instance()

    response = dicomweb.store([instance])

    with expect(response) as it:
        control(response, 200, 202, because="the store does not work")
        answer = store_response.of_body(response.body)
        warnings = [json_model.first(each, store_response.WARNING_REASON) for each in answer.stored] if answer else []
        offered(any(warning is not None for warning in warnings), "a plain store is answered without a warning")
        if any(warning not in _OF_THE_TABLE for warning in warnings if isinstance(warning, int)):
            it.observes("another-code", where="00081196", received=f"{warnings[0]:04X}H")
        if _COERCION not in warnings:
            it.concludes()
        assume(archive.holds(instance), "the instance does not become visible", "store-multipart")
        if "OriginalAttributesSequence" in retrieved(dicomweb, instance):
            it.observes("45056-and-04000561-in-the-stored-object")
        else:
            it.observes("coercion-claimed-not-seen", where="04000561")


LOCATIONS = (Variant("location", "STORE-057", "Location"), Variant("content-location", "STORE-057", "Content-Location"))


@verifies(id="store-names-what-was-created", each=LOCATIONS)
def test_names_what_was_created(dicomweb: StudiesService, archive: Archive, fresh: Fresh, case: Variant) -> None:
    """Location and Content-Location, where a store response has them, lead to what the store created."""
    instance = fresh.instance()

    response = dicomweb.store([instance])

    with expect(response) as it:
        control(response, 200, 202, because="the store does not work")
        url = response.headers.get(case.value)
        if url is None:
            it.observes("absent", where=case.value)
            it.concludes()
            return
        assume(archive.holds(instance), "the instance does not become visible", "store-multipart")
        path = urls.path_of(url, response.url)
        whole = resources.path(instance)
        created = [whole, whole.partition("/instances/")[0], f"studies/{instance.study_instance_uid}"]
        if not any(path.endswith(f"/{each}") for each in created) and path.endswith("/studies"):
            it.observes("leads-to-a-resource-above-the-study", where=case.value, received=url)
            it.concludes()
        leads_to(
            it,
            url,
            next((each for each in created if path.endswith(f"/{each}")), created[-1]),
            dicomweb,
            because="target-is-another-study",
            gone="uri-dead-while-instance-lives",
        )
