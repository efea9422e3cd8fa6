"""Store: what is refused, and that nothing of it is kept (PS3.18 10.5.3)."""

from __future__ import annotations

from dicomweb_conformance.archive.contents import Archive
from dicomweb_conformance.checks.expect import Expectation, assume, control, expect
from dicomweb_conformance.checks.verifies import Variant, verifies
from dicomweb_conformance.dicom import store_response
from dicomweb_conformance.dicom.store_response import StoreAnswer
from dicomweb_conformance.http import media_types, multipart
from dicomweb_conformance.scenarios.steps.storing import (
    PARTS_PASSED_OVER,
    leave_to_plainest_store,
    names_nothing,
    passes_over_parts,
    stays_away,
    warns,
)
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_fixtures.entities import Instance
from dicomweb_fixtures.fresh import Fresh


@verifies("STORE-003", id="store-foreign-study", needs="store.study")
def test_foreign_study(dicomweb: StudiesService, archive: Archive, fresh: Fresh) -> None:
    """An instance of another study than the one in the path is not stored."""
    instance, elsewhere = fresh.instance(), fresh.study(name="elsewhere")

    response = dicomweb.store([instance], study=elsewhere.study_instance_uid)

    with expect(response) as it:
        if 200 <= response.status < 300:
            it.observes("200-or-202", expected=["409"], received=it.status_line)
        elif response.status in {400, 403, 404, 422}:
            it.observes("400-403-404-or-422-nothing-stored", received=it.status_line)
        else:
            it.has_status(409)
            answer = store_response.of_body(response.body)
            if answer is None:
                it.observes("409-without-a-module")
            elif instance.sop_instance_uid not in answer.failed_uids:
                it.finds(
                    "the refused instance is not in FailedSOPSequence",
                    where="00081198",
                    expected=[instance.sop_instance_uid],
                    received=", ".join(answer.failed_uids) or "no item",
                )
        stays_away(
            it,
            dicomweb,
            archive,
            fresh,
            instance,
            otherwise="retrievable-under-either-study",
        )


@verifies("STORE-004", id="store-partly-foreign-study", needs="store.study")
def test_partly_foreign_study(dicomweb: StudiesService, archive: Archive, fresh: Fresh) -> None:
    """A store of an instance of the path's study and one of another stores the first and reports the other."""
    matching, foreign = fresh.instance(name="matching"), fresh.study(name="foreign").instances[0]

    response = dicomweb.store([matching, foreign], study=matching.study_instance_uid)

    with expect(response) as it:
        answer = store_response.of_body(response.body)
        if response.status in {400, 409}:
            _refused_in_part(it, archive, answer, matching, foreign)
        elif response.status == 200:
            it.observes("200", expected=["202 with one item in ReferencedSOPSequence and one in FailedSOPSequence"])
        else:
            it.has_status(202)
            if answer is None or foreign.sop_instance_uid not in answer.failed_uids:
                it.observes("202-without-item-for-refused-instance", where="00081198")
            elif matching.sop_instance_uid not in answer.stored_uids:
                it.finds(
                    "the stored instance is not in ReferencedSOPSequence",
                    where="00081199",
                    expected=[matching.sop_instance_uid],
                )
        stays_away(it, dicomweb, archive, fresh, foreign, otherwise="the-foreign-instance-is-retrievable")


def _refused_in_part(
    it: Expectation, archive: Archive, answer: StoreAnswer | None, matching: Instance, foreign: Instance
) -> None:
    there = archive.holds(matching)
    if not there:
        it.observes("all-or-nothing", received=it.status_line)
    elif answer and matching.sop_instance_uid in answer.stored_uids and foreign.sop_instance_uid in answer.failed_uids:
        it.observes(
            "4xx-and-stored-in-part-as-reported",
            received=it.status_line,
        )
    else:
        it.observes("4xx-without-module-although-one-stored", received=it.status_line)


@verifies("STORE-012", id="store-without-study-uid")
def test_without_study_uid(dicomweb: StudiesService, fresh: Fresh) -> None:
    """An instance without a Study Instance UID is refused."""
    instance = fresh.without_study_uid()

    response = dicomweb.store([instance])

    leave_to_plainest_store(dicomweb, fresh, response)
    with expect(response) as it:
        if response.status == 202:
            it.observes("202-with-a-uid-of-the-server" if warns(response) else "202-without-warningreason")
        else:
            it.has_status(409)


CUT = (Variant("cut-off", "STORE-013"), Variant("boundary-that-never-occurs", "STORE-013"))


@verifies(id="store-broken-multipart", each=CUT)
def test_broken_multipart(dicomweb: StudiesService, archive: Archive, fresh: Fresh, case: Variant) -> None:
    """A multipart message that is cut off, or whose boundary never occurs, is refused, and nothing of it is stored."""
    whole, instance = fresh.instance(name="whole"), fresh.instance()
    control(dicomweb.store([whole]), 200, 202, because="the same request is not stored when it is whole")
    boundary, body = multipart.write([multipart.part(instance.part10)])
    content_type = media_types.multipart_related(media_types.DICOM, boundary)
    if case.id == "cut-off":
        body = body[: len(body) // 2]
    else:
        content_type = media_types.multipart_related(media_types.DICOM, "another-boundary")

    response = dicomweb.store_payload(content_type, body, [instance])

    passed_over = names_nothing(response) and passes_over_parts(dicomweb, archive, fresh)
    with expect(response) as it:
        if passed_over:
            pass
        elif response.status == 204:
            it.observes("204", expected=["400"])
        elif 200 <= response.status < 300:
            it.observes("200-or-202", expected=["400"], received=it.status_line)
        else:
            it.has_status(400, 409)
        stays_away(it, dicomweb, archive, fresh, instance, otherwise="the-instance-is-retrievable-afterwards")
    assume(not passed_over, "a message in which no part is found is answered as a success", PARTS_PASSED_OVER)


UNSUPPORTED = (
    Variant("image-bmp", "STORE-014", "image/bmp"),
    Variant("text-plain", "STORE-014", "text/plain"),
    Variant("multipart-of-text", "STORE-014", 'multipart/related; type="text/plain"'),
)


@verifies(id="store-unsupported-media-type", each=UNSUPPORTED)
def test_unsupported_media_type(dicomweb: StudiesService, fresh: Fresh, case: Variant) -> None:
    """A request in a media type that is not DICOM is answered with 415."""
    control(dicomweb.store([fresh.instance()]), 200, 202, because="a store in a supported media type does not work")
    boundary, body = multipart.write([multipart.part(b"hello", "text/plain")])
    content_type = f"{case.value}; boundary={boundary}" if case.id == "multipart-of-text" else case.value

    response = dicomweb.store_payload(content_type, body if case.id == "multipart-of-text" else b"hello", [])

    with expect(response) as it:
        if 400 <= response.status < 500 and response.status != 415:
            it.observes("400-406-409-or-another-4xx", expected=["415"], received=it.status_line)
        elif 200 <= response.status < 300:
            it.observes("2xx", expected=["415"], received=it.status_line)
        else:
            it.has_status(415)


EMPTY = (Variant("multipart-without-parts", "STORE-017"), Variant("no-body", "STORE-017"))


@verifies(id="store-nothing", each=EMPTY)
def test_nothing(dicomweb: StudiesService, fresh: Fresh, case: Variant) -> None:
    """A store request that holds nothing is refused."""
    control(dicomweb.store([fresh.instance()]), 200, 202, because="a store of an instance does not work")
    content_type = media_types.multipart_related(media_types.DICOM, "nothing")

    response = dicomweb.store_payload(content_type, b"" if case.id == "no-body" else b"--nothing--\r\n", [])

    with expect(response) as it:
        answer = store_response.of_body(response.body)
        if answer and answer.stored:
            it.observes("an-item-in-referencedsopsequence", where="00081199", received=f"{len(answer.stored)} items")
        it.has_status(400)


@verifies("STORE-016b", "STORE-016", id="store-garbage")
def test_garbage(dicomweb: StudiesService, fresh: Fresh) -> None:
    """A part that is not DICOM is refused."""
    control(dicomweb.store([fresh.instance()]), 200, 202, because="a store of a good instance does not work")
    boundary, body = multipart.write([multipart.part(b"hello")])

    response = dicomweb.store_payload(media_types.multipart_related(media_types.DICOM, boundary), body, [])

    with expect(response) as it:
        answer = store_response.of_body(response.body)
        if answer and answer.stored:
            it.observes(
                "garbage-referenced-as-stored",
                where="00081199",
                received=", ".join(answer.stored_uids),
            )
        if response.status == 200:
            it.observes("200-for-either-request", expected=["4xx"])
        elif response.status == 202:
            it.observes("202-for-garbage-alone", expected=["4xx"])
        elif response.status == 204:
            it.observes("204-with-nothing-stored", expected=["4xx"])
        else:
            it.has_status(400, 409, of="STORE-016")


@verifies("STORE-016b", "STORE-042", id="store-garbage-beside-good")
def test_garbage_beside_good(dicomweb: StudiesService, archive: Archive, fresh: Fresh) -> None:
    """The response to a good instance and a part that is not DICOM never says that both were stored."""
    control(dicomweb.store([fresh.instance(name="control")]), 200, 202, because="a plain store does not work")
    instance = fresh.instance()
    boundary, body = multipart.write([multipart.part(instance.part10), multipart.part(b"hello")])

    response = dicomweb.store_payload(media_types.multipart_related(media_types.DICOM, boundary), body, [instance])

    with expect(response) as it:
        answer = store_response.of_body(response.body)
        if response.status == 200:
            it.observes("200-for-either-request", expected=["202 for the mixture", "4xx with nothing stored"])
        elif 400 <= response.status < 500:
            if archive.holds_now(instance):
                told = bool(answer and answer.stored_uids == [instance.sop_instance_uid])
                it.observes(
                    "4xx-and-stored-in-part-as-reported" if told else "4xx-although-the-good-instance-is-stored",
                    expected=["202 for the mixture", "4xx with nothing stored"],
                    received=it.status_line,
                )
            it.concludes()
        else:
            it.has_status(202)
        if answer and len(answer.stored) > 1:
            it.observes(
                "garbage-referenced-as-stored",
                where="00081199",
                received=", ".join(answer.stored_uids),
            )
        if response.status == 202:
            if answer is None or not (answer.other_failures or answer.failed):
                it.observes("202-with-no-item-for-the-garbage-part", of="STORE-042")
            elif any(store_response.FAILURE_REASON not in other_failure for other_failure in answer.other_failures):
                it.observes("0008119a-item-without-00081197", of="STORE-042")


@verifies("ERROR-012", id="store-without-boundary")
def test_without_boundary(dicomweb: StudiesService, archive: Archive, fresh: Fresh) -> None:
    """A multipart message without the boundary parameter is refused."""
    whole, instance = fresh.instance(name="whole"), fresh.instance()
    control(dicomweb.store([whole]), 200, 202, because="the same request with its boundary is not stored")
    _, body = multipart.write([multipart.part(instance.part10)])

    response = dicomweb.store_payload(media_types.multipart_related(media_types.DICOM), body, [instance])

    with expect(response) as it:
        if response.status in {200, 202}:
            there = archive.holds(instance)
            it.observes("boundary-guessed" if there else "200-or-202-and-instance-not-retrievable")
            it.concludes()
        it.has_status(400, 415)
        stays_away(it, dicomweb, archive, fresh, instance, otherwise="4xx-and-the-instance-is-retrievable")
