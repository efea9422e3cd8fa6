"""Store: what is taken, what is refused, and what the answer says of it (PS3.18 10.5, Annex I)."""

from __future__ import annotations

from urllib.parse import urljoin, urlsplit

from dicomweb_conformance import dicom_json, media_types, multipart, resources, store_answer
from dicomweb_conformance.archive import Archive
from dicomweb_conformance.checks import Variant, verifies
from dicomweb_conformance.exchanges import Headers, Response
from dicomweb_conformance.expect import Expectation, assume, control, expect, offered
from dicomweb_conformance.store_answer import StoreAnswer
from dicomweb_conformance.studies_service import StudiesService
from dicomweb_fixtures.entities import Instance
from dicomweb_fixtures.fresh import Fresh

WARNED = "202 with a WarningReason"

# What is taken


@verifies("STORE-005", id="store-multipart", smoke=True)
def test_multipart(dicomweb: StudiesService, archive: Archive, fresh: Fresh) -> None:
    """One Part 10 file in a multipart/related message is stored."""
    instance = fresh.instance()

    response = dicomweb.store([instance])

    with expect(response) as it:
        it.has_status(200, 202)
        _is_stored(it, archive, instance)
        if response.status == 202:
            it.observes(WARNED)


def _is_stored(
    it: Expectation, archive: Archive, *instances: Instance, otherwise: str | None = None, of: str | None = None
) -> None:
    """Look whether the target holds the instances: an answer alone proves nothing."""
    held = archive.held(instances)
    missing = [each.sop_instance_uid for each in instances if each.sop_instance_uid not in held]
    if missing:
        report = it.finds if otherwise is None else it.observes
        report(
            otherwise or "not retrievable within the grace time",
            expected=["every instance retrievable"],
            received=f"not retrievable: {', '.join(missing)}",
            of=of,
        )


@verifies("STORE-001", id="store-two-studies")
def test_two_studies(dicomweb: StudiesService, archive: Archive, fresh: Fresh) -> None:
    """Instances of two studies are stored by one request to `/studies`."""
    one, other = fresh.study(name="one").instances[0], fresh.study(name="other").instances[0]

    response = dicomweb.store([one, other])

    with expect(response) as it:
        it.has_status(200, 202)
        _is_stored(
            it, archive, one, other, otherwise="200 or 202 and one of the two not retrievable within the grace time"
        )
        if response.status == 202:
            it.observes("202 with a WarningReason, both retrievable")


@verifies("STORE-002", id="store-into-study")
def test_into_study(dicomweb: StudiesService, archive: Archive, fresh: Fresh) -> None:
    """An instance is stored by a request to `/studies/{study}` of its own study."""
    instance = fresh.instance()

    response = dicomweb.store([instance], study=instance.study_instance_uid)

    with expect(response) as it:
        it.has_status(200, 202)
        _is_stored(it, archive, instance, otherwise="2xx and the instance not retrievable")
        if response.status == 202:
            it.observes("202 with a WarningReason, instance retrievable")


@verifies("STORE-008", id="store-single-part")
def test_single_part(dicomweb: StudiesService, archive: Archive, fresh: Fresh) -> None:
    """A bare application/dicom body is stored, or refused as unsupported."""
    control(dicomweb.store([fresh.instance(name="control")]), 200, 202, because="a plain store does not work")
    instance = fresh.instance()

    response = dicomweb.store_single_part(instance)

    with expect(response) as it:
        it.has_status(200, 202)
        _is_stored(
            it, archive, instance, otherwise="2xx and the instance not retrievable or different from the one sent"
        )


@verifies("STORE-046", "STORE-009", id="store-three-parts")
def test_three_parts(dicomweb: StudiesService, archive: Archive, fresh: Fresh) -> None:
    """Three parts of one series are three stored instances, and the answer to them is 200."""
    instances = fresh.study(instances=3).instances
    alone = fresh.instance(name="alone")
    control(dicomweb.store([alone]), 200, 202, because="a part alone is not stored")

    response = dicomweb.store(instances)

    with expect(response) as it:
        if 400 <= response.status < 500:
            it.observes("the request is refused although each part alone is stored", received=it.status_line)
            it.concludes()
        it.has_status(200, 202)
        _is_stored(
            it, archive, *instances, otherwise="fewer stored than sent under 200" if response.status == 200 else None
        )
        answer = store_answer.of_body(response.body)
        if answer and response.status == 200 and (answer.failed or answer.other_failures):
            it.observes("200 with an item in FailedSOPSequence or OtherFailuresSequence", of="STORE-009")


@verifies("STORE-045", id="store-adds-to-series")
def test_adds_to_series(dicomweb: StudiesService, archive: Archive, fresh: Fresh) -> None:
    """A second instance of a stored series joins the first in the same study and series."""
    series = fresh.study().series[0]
    first = series.instances[0]
    control(dicomweb.store([first]), 200, 202, because="the first instance is not stored")
    assume(archive.holds(first), "the first instance does not become visible", "store-multipart")
    second = fresh.another_in(series)

    response = dicomweb.store([second])

    with expect(response) as it:
        it.has_status(200, 202)
        _is_stored(it, archive, second, otherwise="the second instance is not below its series")
        _is_stored(it, archive, first, otherwise="the first instance is gone")
        found = dicomweb.search("studies", StudyInstanceUID=first.study_instance_uid)
        with expect(found) as listed:
            studies = listed.is_a_list_of_matches().uids("0020000D")
        if len(studies) > 1:
            it.observes("a second study or series entry with the same UID appears", received=f"{len(studies)} studies")


GRAMMAR = tuple(
    Variant(each, "STORE-063")
    for each in (
        "type-quoted",
        "type-unquoted",
        "boundary-quoted",
        "boundary-of-70-characters",
        "preamble",
        "headers-in-other-order",
        "headers-in-other-case",
    )
)


@verifies(id="store-multipart-grammar", each=GRAMMAR)
def test_multipart_grammar(dicomweb: StudiesService, archive: Archive, fresh: Fresh, case: Variant) -> None:
    """Every way in which RFC 2046 and RFC 2387 let a multipart message be written is understood."""
    instance = fresh.instance()
    content_type, body = _written(case.id, instance)

    response = dicomweb.store_payload(content_type, body, [instance])

    with expect(response) as it:
        if 400 <= response.status < 500:
            refused = {
                "type-quoted": "quoted boundary or quoted type refused",
                "boundary-quoted": "quoted boundary or quoted type refused",
                "type-unquoted": "type without quotes refused with 4xx",
                "preamble": "preamble refused with 4xx",
                "headers-in-other-order": "refusal because of header order or case",
                "headers-in-other-case": "refusal because of header order or case",
            }.get(case.id)
            report = it.finds if refused is None else it.observes
            report(refused or "refused", expected=["stored"], received=it.status_line)
            it.concludes()
        it.has_status(200, 202)
        _is_stored(it, archive, instance, otherwise="2xx and the content differs")


def _written(variant: str, instance: Instance) -> tuple[str, bytes]:
    """Return Content-Type and body of one good request, written in another way."""
    extra = ("Content-Location", f"/instances/{instance.sop_instance_uid}")
    part = multipart.part(instance.part10)
    boundary = "b" * 70 if variant == "boundary-of-70-characters" else None
    kind = ("Content-Type", media_types.DICOM)
    if variant == "headers-in-other-order":
        part = multipart.Part(Headers((extra, kind)), instance.part10)
    elif variant == "headers-in-other-case":
        part = multipart.Part(Headers((("content-TYPE", media_types.DICOM),)), instance.part10)
    chosen, body = multipart.write([part], boundary)
    content_type = media_types.multipart_related(media_types.DICOM, chosen)
    match variant:
        case "type-unquoted":
            content_type = f"multipart/related; type=application/dicom; boundary={chosen}"
        case "boundary-quoted":
            content_type = f'multipart/related; boundary="{chosen}"; type="application/dicom"'
        case "preamble":
            body = b"This is a message of several parts.\r\n" + body
    return content_type, body


@verifies("STORE-065", id="store-implicit")
def test_implicit(dicomweb: StudiesService, archive: Archive, fresh: Fresh) -> None:
    """A file in Implicit VR Little Endian is stored, or refused with a reason."""
    control(dicomweb.store([fresh.instance(name="control")]), 200, 202, because="a plain store does not work")
    instance = fresh.implicit()

    response = dicomweb.store([instance])

    with expect(response) as it:
        if response.status in {400, 409}:
            answer = store_answer.of_body(response.body)
            report = it.observes if answer and answer.failed else it.finds
            report("409 or 400 with a failure item", received=it.status_line)
            it.concludes()
        it.has_status(200, 202)
        _is_stored(it, archive, instance, otherwise="2xx and values differ on retrieval")


@verifies("STORE-068", id="store-empty-patient-id")
def test_empty_patient_id(dicomweb: StudiesService, archive: Archive, fresh: Fresh) -> None:
    """An instance without a Patient ID is stored, or refused."""
    control(dicomweb.store([fresh.instance(name="control")]), 200, 202, because="a plain store does not work")
    instance = fresh.with_empty_patient_id()

    response = dicomweb.store([instance])

    with expect(response) as it:
        it.has_status(200, 202)
        _is_stored(it, archive, instance, otherwise="2xx and not retrievable")


@verifies("STORE-018", id="store-ignores-query")
def test_ignores_query(dicomweb: StudiesService, archive: Archive, fresh: Fresh) -> None:
    """A query parameter on a store changes nothing."""
    control(
        dicomweb.store([fresh.instance(name="control")]),
        200,
        202,
        because="the same store without a query does not work",
    )
    instance = fresh.instance()

    response = dicomweb.store([instance], query=[("x_probe", "1")])

    with expect(response) as it:
        if 400 <= response.status < 500:
            it.observes("400 or another 4xx", received=it.status_line)
            it.concludes()
        it.has_status(200, 202)
        _is_stored(it, archive, instance, otherwise="2xx and the instance not stored")


@verifies("HTTP-023", id="store-chunked")
def test_chunked(dicomweb: StudiesService, archive: Archive, fresh: Fresh) -> None:
    """A store without Content-Length, sent in chunks, is taken or answered 411."""
    whole, in_chunks = fresh.instance(name="whole"), fresh.instance(name="chunked")
    with_length = dicomweb.store([whole])
    control(with_length, 200, 202, because="the same store with Content-Length does not work")

    response = dicomweb.store([in_chunks], chunked=True)

    with expect(response) as it:
        if response.status == 411:
            it.observes("with Content-Length stored, chunked 411")
            it.concludes()
        if response.status in {400, 501}:
            it.observes("chunked 400 or 501", received=it.status_line)
            it.concludes()
        it.has_status(200, 202)
        _is_stored(it, archive, in_chunks, otherwise="2xx to the chunked request and the instance is not retrievable")


@verifies("STORE-060", id="store-twice")
def test_twice(dicomweb: StudiesService, archive: Archive, fresh: Fresh) -> None:
    """An instance that is sent twice is there once, whatever the second answer is."""
    instance = fresh.instance()
    control(dicomweb.store([instance]), 200, 202, because="the first store does not work")
    assume(archive.holds(instance), "the instance does not become visible", "store-multipart")

    response = dicomweb.store([instance])

    with expect(response) as it:
        if not (400 <= response.status < 500 and response.status != 409):
            it.has_status(200, 202, 409)
        else:
            it.observes("another 4xx, content unchanged", received=it.status_line)
        _is_stored(it, archive, instance, otherwise="content changed or gone")
        listed = dicomweb.search(resources.path(instance).rpartition("/")[0])
        with expect(listed) as found:
            times = found.is_a_list_of_matches().uids("00080018").count(instance.sop_instance_uid)
        if times > 1:
            it.observes("two instances with that UID", received=f"listed {times} times")


@verifies("STORE-061", "STORE-061b", id="store-other-version")
def test_other_version(dicomweb: StudiesService, archive: Archive, fresh: Fresh) -> None:
    """After another data set under the same UID was sent, one of the two is there whole."""
    first = fresh.instance()
    second = fresh.other_version(first)
    control(dicomweb.store([first]), 200, 202, because="the first store does not work")
    assume(archive.holds(first), "the instance does not become visible", "store-multipart")

    response = dicomweb.store([second])

    with expect(response) as it:
        if 400 <= response.status < 500 and response.status != 409:
            it.observes("another 4xx", received=it.status_line)
        elif response.status >= 500:
            it.has_status(200, 202, 409)
        archive.settles(lambda: second.dataset.PixelData in dicomweb.retrieve(first).body)
        found = dicomweb.retrieve(first)
        if found.status in {404, 410}:
            it.observes("the instance is gone", of="STORE-061b", received=f"{found.status} to {found.request_line}")
            it.concludes()
        with expect(found) as retrieved:
            parts = retrieved.is_multipart_dicom(of="STORE-061b")
        if len(parts) > 1:
            it.observes("two entries for one UID", of="STORE-061b", received=f"{len(parts)} parts")
            it.concludes()
        versions = [each for each in (first, second) if _is_version(parts[0], each)]
        if not versions:
            it.observes(
                "elements or pixels of both versions mixed",
                of="STORE-061b",
                expected=["the old data set whole", "the new data set whole"],
                received="neither",
            )
        elif versions == [first] and response.status == 200 and not _warns(response):
            it.observes(
                "200 without WarningReason and the old data set is still returned", expected=["the new data set", "409"]
            )


def _is_version(received: object, version: Instance) -> bool:
    data_set = version.dataset
    return all(
        str(getattr(received, each, "")) == str(getattr(data_set, each, ""))
        for each in ("ImageComments", "AcquisitionNumber")
    ) and bytes(getattr(received, "PixelData", b"")).rstrip(b"\0") == bytes(data_set.PixelData).rstrip(b"\0")


def _warns(response: Response) -> bool:
    answer = store_answer.of_body(response.body)
    return bool(answer and answer.warns)


# What is refused


@verifies("STORE-003", id="store-foreign-study")
def test_foreign_study(dicomweb: StudiesService, archive: Archive, fresh: Fresh) -> None:
    """An instance of another study than the one in the path is not stored."""
    instance, elsewhere = fresh.instance(), fresh.study(name="elsewhere")

    response = dicomweb.store([instance], study=elsewhere.study_instance_uid)

    with expect(response) as it:
        if 200 <= response.status < 300:
            it.observes("200 or 202", expected=["409"], received=it.status_line)
        elif response.status in {400, 403, 404, 422}:
            it.observes("400, 403, 404 or 422, nothing stored", received=it.status_line)
        else:
            it.has_status(409)
            answer = store_answer.of_body(response.body)
            if answer is None:
                it.observes("409 without a module")
            elif instance.sop_instance_uid not in answer.failed_uids:
                it.finds(
                    "the refused instance is not in FailedSOPSequence",
                    where="00081198",
                    expected=[instance.sop_instance_uid],
                    received=", ".join(answer.failed_uids) or "no item",
                )
        _stays_away(
            it,
            dicomweb,
            archive,
            fresh,
            instance,
            otherwise="the instance is retrievable afterwards under either study",
        )


def _stays_away(
    it: Expectation,
    dicomweb: StudiesService,
    archive: Archive,
    fresh: Fresh,
    *instances: Instance,
    otherwise: str,
    of: str | None = None,
) -> None:
    """Look whether the target holds what it must not: judged once a sibling that was sent later has become visible."""
    sibling = fresh.instance(name="sent later")
    control(dicomweb.store([sibling]), 200, 202, because="a good instance is not stored afterwards")
    assume(
        archive.holds(sibling), "a good instance that was sent afterwards does not become visible", "store-multipart"
    )
    if not archive.lacks(*instances, after=sibling):
        it.observes(otherwise, expected=["not stored"], received="retrievable", of=of)


@verifies("STORE-004", id="store-partly-foreign-study")
def test_partly_foreign_study(dicomweb: StudiesService, archive: Archive, fresh: Fresh) -> None:
    """Of an instance of the study in the path and one of another, one is stored and the other reported as failed."""
    matching, foreign = fresh.instance(name="matching"), fresh.study(name="foreign").instances[0]

    response = dicomweb.store([matching, foreign], study=matching.study_instance_uid)

    with expect(response) as it:
        answer = store_answer.of_body(response.body)
        if response.status in {400, 409}:
            _refused_in_part(it, archive, answer, matching, foreign)
        elif response.status == 200:
            it.observes("200", expected=["202 with one item in ReferencedSOPSequence and one in FailedSOPSequence"])
        else:
            it.has_status(202)
            if answer is None or foreign.sop_instance_uid not in answer.failed_uids:
                it.observes("202 without an item for the refused instance", where="00081198")
            elif matching.sop_instance_uid not in answer.stored_uids:
                it.finds(
                    "the stored instance is not in ReferencedSOPSequence",
                    where="00081199",
                    expected=[matching.sop_instance_uid],
                )
        _stays_away(it, dicomweb, archive, fresh, foreign, otherwise="the foreign instance is retrievable")


def _refused_in_part(
    it: Expectation, archive: Archive, answer: StoreAnswer | None, matching: Instance, foreign: Instance
) -> None:
    there = archive.holds(matching)
    if not there:
        it.observes("409 or 400 and neither instance stored (all or nothing)", received=it.status_line)
    elif answer and matching.sop_instance_uid in answer.stored_uids and foreign.sop_instance_uid in answer.failed_uids:
        it.observes(
            "409 whose module lists the matching one as stored and the other as failed, and it is so",
            received=it.status_line,
        )
    else:
        it.observes("409 or 400 without module although one was stored", received=it.status_line)


@verifies("STORE-012", id="store-without-study-uid")
def test_without_study_uid(dicomweb: StudiesService, fresh: Fresh) -> None:
    """An instance without a Study Instance UID is refused."""
    instance = fresh.without_study_uid()

    response = dicomweb.store([instance])

    with expect(response) as it:
        if response.status == 202:
            it.observes(
                "202 with a WarningReason and a UID given by the server"
                if _warns(response)
                else "202 without WarningReason"
            )
        else:
            it.has_status(409)


CUT = (Variant("cut-off", "STORE-013"), Variant("boundary-that-never-occurs", "STORE-013"))


@verifies(id="store-broken-multipart", each=CUT)
def test_broken_multipart(dicomweb: StudiesService, archive: Archive, fresh: Fresh, case: Variant) -> None:
    """A multipart message that is cut off, or whose boundary never occurs, is refused and nothing of it stored."""
    whole, instance = fresh.instance(name="whole"), fresh.instance()
    control(dicomweb.store([whole]), 200, 202, because="the same request in whole is not stored")
    boundary, body = multipart.write([multipart.part(instance.part10)])
    content_type = media_types.multipart_related(media_types.DICOM, boundary)
    if case.id == "cut-off":
        body = body[: len(body) // 2]
    else:
        content_type = media_types.multipart_related(media_types.DICOM, "another-boundary")

    response = dicomweb.store_payload(content_type, body, [instance])

    with expect(response) as it:
        if response.status == 204:
            it.observes("204", expected=["400"])
        elif 200 <= response.status < 300:
            it.observes("200 or 202", expected=["400"], received=it.status_line)
        else:
            it.has_status(400, 409)
        _stays_away(it, dicomweb, archive, fresh, instance, otherwise="the instance is retrievable afterwards")


UNSUPPORTED = (
    Variant("image-bmp", "STORE-014", "image/bmp"),
    Variant("text-plain", "STORE-014", "text/plain"),
    Variant("multipart-of-text", "STORE-014", 'multipart/related; type="text/plain"'),
)


@verifies(id="store-unsupported-media-type", each=UNSUPPORTED)
def test_unsupported_media_type(dicomweb: StudiesService, fresh: Fresh, case: Variant) -> None:
    """A request in a media type that is no DICOM is answered 415."""
    control(dicomweb.store([fresh.instance()]), 200, 202, because="a store in a supported media type does not work")
    boundary, body = multipart.write([multipart.part(b"hello", "text/plain")])
    content_type = f"{case.value}; boundary={boundary}" if case.id == "multipart-of-text" else case.value

    response = dicomweb.store_payload(content_type, body if case.id == "multipart-of-text" else b"hello", [])

    with expect(response) as it:
        if 400 <= response.status < 500 and response.status != 415:
            it.observes("400, 406, 409 or another 4xx", expected=["415"], received=it.status_line)
        elif 200 <= response.status < 300:
            it.observes("2xx", expected=["415"], received=it.status_line)
        else:
            it.has_status(415)


EMPTY = (Variant("multipart-without-parts", "STORE-017"), Variant("no-body", "STORE-017"))


@verifies(id="store-nothing", each=EMPTY)
def test_nothing(dicomweb: StudiesService, fresh: Fresh, case: Variant) -> None:
    """A store request that holds nothing is refused."""
    control(dicomweb.store([fresh.instance()]), 200, 202, because="a store of something does not work")
    content_type = media_types.multipart_related(media_types.DICOM, "nothing")

    response = dicomweb.store_payload(content_type, b"" if case.id == "no-body" else b"--nothing--\r\n", [])

    with expect(response) as it:
        if response.status in {200, 202}:
            it.observes("200 or 202", expected=["any 4xx"], received=it.status_line)
        else:
            it.has_status(400)


@verifies("STORE-016b", "STORE-016", id="store-garbage")
def test_garbage(dicomweb: StudiesService, fresh: Fresh) -> None:
    """A part that is not DICOM is refused."""
    control(dicomweb.store([fresh.instance()]), 200, 202, because="a store of a good instance does not work")
    boundary, body = multipart.write([multipart.part(b"hello")])

    response = dicomweb.store_payload(media_types.multipart_related(media_types.DICOM, boundary), body, [])

    with expect(response) as it:
        answer = store_answer.of_body(response.body)
        if answer and answer.stored:
            it.observes(
                "an item in ReferencedSOPSequence for the garbage part",
                where="00081199",
                received=", ".join(answer.stored_uids),
            )
        if response.status == 200:
            it.observes("200 for either request", expected=["4xx"])
        elif response.status == 202:
            it.observes("202 for garbage alone", expected=["4xx"])
        elif response.status == 204:
            it.observes("204 with nothing stored", expected=["4xx"])
        else:
            it.has_status(400, 409, of="STORE-016")


@verifies("STORE-016b", "STORE-042", id="store-garbage-beside-good")
def test_garbage_beside_good(dicomweb: StudiesService, archive: Archive, fresh: Fresh) -> None:
    """Of a good instance and a part that is not DICOM, the answer never says that both were stored."""
    control(dicomweb.store([fresh.instance(name="control")]), 200, 202, because="a plain store does not work")
    instance = fresh.instance()
    boundary, body = multipart.write([multipart.part(instance.part10), multipart.part(b"hello")])

    response = dicomweb.store_payload(media_types.multipart_related(media_types.DICOM, boundary), body, [instance])

    with expect(response) as it:
        answer = store_answer.of_body(response.body)
        if response.status == 200:
            it.observes("200 for either request", expected=["202 for the mixture", "4xx with nothing stored"])
        elif 400 <= response.status < 500:
            if archive.holds_now(instance):
                it.finds(
                    "4xx although the good instance is stored",
                    expected=["202 for the mixture", "4xx with nothing stored"],
                )
            it.concludes()
        else:
            it.has_status(202)
        if answer and len(answer.stored) > 1:
            it.observes(
                "an item in ReferencedSOPSequence for the garbage part",
                where="00081199",
                received=", ".join(answer.stored_uids),
            )
        if response.status == 202:
            if answer is None or not (answer.other_failures or answer.failed):
                it.observes("202 with no item for the garbage part", of="STORE-042")
            elif any(store_answer.FAILURE_REASON not in each for each in answer.other_failures):
                it.observes("0008119A item without 00081197", of="STORE-042")


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
            it.observes(
                "200 or 202 and the instance is retrievable (boundary guessed)"
                if there
                else "200 or 202 and the instance is not retrievable"
            )
            it.concludes()
        it.has_status(400, 415)
        _stays_away(it, dicomweb, archive, fresh, instance, otherwise="4xx and the instance is retrievable")


# What the answer says


def _answer(it: Expectation, *statuses: int) -> StoreAnswer:
    """The module of a store that must have worked.

    Raises:
        Inconclusive: the store did not work, or its answer holds no module.
    """
    response = it.response
    control(response, *(statuses or (200, 202)), because="the store does not work")
    answer = store_answer.of_body(response.body)
    assume(
        answer is not None, "the answer to a store holds no Store Instances Response Module", "store-answer-is-a-module"
    )
    assert answer is not None
    return answer


@verifies("STORE-019", "STORE-022", "STORE-024", id="store-answer-is-a-module")
def test_answer_is_a_module(dicomweb: StudiesService, fresh: Fresh) -> None:
    """The answer to a store is a Store Instances Response Module."""
    instance = fresh.instance()

    response = dicomweb.store([instance])

    with expect(response) as it:
        control(response, 200, 202, because="the store does not work")
        if not response.body.strip():
            it.observes("200 with an empty body and the instance stored")
            it.concludes()
        _is_json_object(it)
        answer = store_answer.of_body(response.body)
        if answer is None:
            it.observes(
                "body is something else (HTML, plain text, vendor JSON)",
                expected=["00081190, 00081198, 00081199 or 0008119A"],
                received=f"{it.status_line}; {response.body[:120]!r}",
            )
            it.concludes()
            return
        if store_answer.RETRIEVE_URL not in answer.module:
            it.observes("absent", where="00081190", of="STORE-024")
            it.concludes()
        vr = answer.module[store_answer.RETRIEVE_URL].get("vr")
        if vr == "UT":
            it.observes("vr UT", where="00081190", of="STORE-024")
        elif vr != "UR" or len(dicom_json.values(answer.module, store_answer.RETRIEVE_URL)) > 1:
            it.observes(
                "present with another vr or with more than one value",
                where="00081190",
                received=str(answer.module[store_answer.RETRIEVE_URL])[:200],
                of="STORE-024",
            )


def _is_json_object(it: Expectation) -> None:
    """Judge the top level of a JSON store answer: one object, or an array of one."""
    if "json" not in media_types.name_of(it.response.content_type):
        it.observes(
            "body is something else (HTML, plain text, vendor JSON)", where="Content-Type", received=it.status_line
        )
        it.concludes()
    try:
        value = dicom_json.value_of(it.response.body)
    except dicom_json.DicomJsonError as error:
        it.observes("body does not parse as its Content-Type says", received=str(error))
        it.concludes()
        return
    if isinstance(value, dict):
        it.observes("one object", of="STORE-022")
    elif isinstance(value, list):
        single = len(value) == 1 and isinstance(value[0], dict)
        shape = (
            "an array with exactly one object"
            if single
            else "an array with several objects"
            if value
            else "an empty array"
        )
        it.observes(shape, received=f"{len(value)} objects", of="STORE-022")
    else:
        it.observes("neither object nor array", of="STORE-022")


ACCEPTS = (Variant("dicom-json", "STORE-020", media_types.DICOM_JSON), Variant("anything", "STORE-020", "*/*"))


@verifies(id="store-answer-is-json", each=ACCEPTS)
def test_answer_is_json(dicomweb: StudiesService, fresh: Fresh, case: Variant) -> None:
    """The answer to a store is application/dicom+json, where that or anything is acceptable."""
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
                "406 or another 4xx for Accept: application/dicom+json where the same store passes with */*",
                received=it.status_line,
            )
            it.concludes()
        it.has_status(200, 202)
        if "json" in media_types.name_of(response.content_type) and it.is_readable_json():
            has_module = store_answer.of_body(response.body) is not None
            assume(has_module, "the answer to a store holds no module", "store-answer-is-a-module")
        match media_types.name_of(response.content_type):
            case media_types.DICOM_JSON:
                it.is_json("body is not JSON under a JSON Content-Type")
            case media_types.JSON:
                it.is_json("body is not JSON under a JSON Content-Type")
                it.observes("application/json with the JSON module (see JSON-001)", where="Content-Type")
            case name if "xml" in name or name == media_types.MULTIPART_RELATED:
                it.observes(
                    "XML for */*" if case.id == "anything" else "XML although only JSON was asked for",
                    where="Content-Type",
                )
            case name:
                it.finds(
                    "another media type",
                    where="Content-Type",
                    expected=[media_types.DICOM_JSON],
                    received=name or "no Content-Type",
                )


@verifies("STORE-026", "STORE-029", "STORE-070", id="store-answer-names-what-was-stored")
def test_answer_names_what_was_stored(dicomweb: StudiesService, archive: Archive, fresh: Fresh) -> None:
    """The answer lists each stored instance once, and no other; nothing is listed as failed."""
    instances = fresh.study(instances=2).instances
    sent = {each.sop_instance_uid for each in instances}

    response = dicomweb.store(instances)

    with expect(response) as it:
        answer = _answer(it)
        held = archive.held(instances)
        found = answer.stored_uids
        expected, received = [", ".join(sorted(sent))], ", ".join(found) or "no item"
        if held and store_answer.REFERENCED_SOP_SEQUENCE not in answer.module:
            it.observes("the sequence is absent although something was stored", where="00081199", expected=expected)
        elif held - set(found):
            it.observes(
                "a stored instance is missing from the sequence", where="00081199", expected=expected, received=received
            )
        if response.status == 200 and store_answer.FAILED_SOP_SEQUENCE in answer.module:
            it.observes(
                "present with items" if answer.failed else "present without items", where="00081198", of="STORE-029"
            )
        if set(found) - sent - {""}:
            it.observes(
                "a UID that was not sent", where="00081199", expected=expected, received=received, of="STORE-070"
            )
        if len(found) != len(set(found)):
            it.observes(
                "a UID twice in one sequence", where="00081199", expected=expected, received=received, of="STORE-070"
            )
        if set(found) & set(answer.failed_uids):
            it.observes("a UID in both sequences", expected=expected, received=received, of="STORE-070")


@verifies("STORE-030", id="store-answer-refers-by-class-and-instance")
def test_answer_refers_by_class_and_instance(dicomweb: StudiesService, fresh: Fresh) -> None:
    """The items of the answer refer by SOP Class UID and SOP Instance UID, as they were sent."""
    instance = fresh.instance()

    response = dicomweb.store([instance])

    with expect(response) as it:
        answer = _answer(it)
        assume(answer.stored, "the answer has no Referenced SOP Sequence", "store-answer-names-what-was-stored")
        for tag, sent, wrong in (
            (store_answer.SOP_CLASS, instance.sop_class_uid, "00080016"),
            (store_answer.SOP_INSTANCE, instance.sop_instance_uid, "00080018"),
        ):
            found = dicom_json.text(answer.stored[0], tag)
            if not found and wrong in answer.stored[0]:
                it.observes("00080016 or 00080018 instead", where=tag, expected=[sent], received=f"{wrong} instead")
            elif not found:
                it.observes(
                    "either is missing or empty where the instance sent had it",
                    where=tag,
                    expected=[sent],
                    received="absent",
                )
            elif found != sent:
                it.observes("values differ from those sent", where=tag, expected=[sent], received=found)


@verifies("STORE-025", id="store-retrieve-url-of-study")
def test_retrieve_url_of_study(dicomweb: StudiesService, archive: Archive, fresh: Fresh) -> None:
    """The Retrieve URL of the answer, where it has a value, leads to the study."""
    instance = fresh.instance()

    response = dicomweb.store([instance])

    with expect(response) as it:
        url = dicom_json.text(_answer(it).module, store_answer.RETRIEVE_URL)
        offered(url, "the answer has no Retrieve URL of the study")
        assume(archive.holds(instance), "the instance does not become visible", "store-multipart")
        study = f"studies/{instance.study_instance_uid}"
        control(dicomweb.retrieve(study), because="the study cannot be retrieved under its own path")
        if not _is_on_this_host(dicomweb, url):
            it.observes("other host or scheme than the base, same path suffix", where="00081190", received=url)
        it.leads_to(
            url,
            study,
            dicomweb,
            because="the URL is that of another study",
            gone="404, 410 or another 4xx while the study itself is retrievable",
        )


@verifies("STORE-031", id="store-retrieve-url-of-instance")
def test_retrieve_url_of_instance(dicomweb: StudiesService, archive: Archive, fresh: Fresh) -> None:
    """Each stored item has a Retrieve URL, and where that has a value it leads to the instance."""
    instance = fresh.instance()

    response = dicomweb.store([instance])

    with expect(response) as it:
        stored = _answer(it).stored
        assume(stored, "the answer has no Referenced SOP Sequence", "store-answer-names-what-was-stored")
        if store_answer.RETRIEVE_URL not in stored[0]:
            it.observes("absent", where="00081190")
            it.concludes()
        if stored[0][store_answer.RETRIEVE_URL].get("vr") == "UT":
            it.observes("vr UT", where="00081190")
        url = dicom_json.text(stored[0], store_answer.RETRIEVE_URL)
        if url and not _is_on_this_host(dicomweb, url):
            it.observes("other host, same path suffix", where="00081190", received=url)
        if not url:
            it.observes("present without value", where="00081190")
            it.concludes()
        assume(archive.holds(instance), "the instance does not become visible", "store-multipart")
        control(dicomweb.retrieve(instance), because="the instance cannot be retrieved under its own path")
        it.leads_to(
            url,
            resources.path(instance),
            dicomweb,
            because="the URL gives another instance",
            gone="404 or another 4xx while the instance is retrievable under its own path",
        )


def _is_on_this_host(dicomweb: StudiesService, url: str) -> bool:
    there = urlsplit(urljoin(dicomweb.base_url + "/", url))
    return (there.scheme, there.netloc) == urlsplit(dicomweb.base_url)[:2]


@verifies("STORE-028", "STORE-027", "STORE-032", id="store-answer-names-what-was-refused")
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
        answer = store_answer.of_body(response.body)
        offered(
            answer is not None,
            f"the refusal ({response.status}) holds no Store Instances Response Module, and need not",
        )
        assert answer is not None
        if store_answer.REFERENCED_SOP_SEQUENCE in answer.module:
            it.observes(
                "present with items" if answer.stored else "present without items", where="00081199", of="STORE-027"
            )
        if instance.sop_instance_uid not in answer.failed_uids:
            elsewhere_told = bool(answer.other_failures)
            it.observes(
                "the refused instance is in OtherFailuresSequence instead"
                if elsewhere_told
                else "a refused instance is in no failure sequence",
                where="00081198",
                expected=[instance.sop_instance_uid],
            )
        for item in answer.failed:
            reason = dicom_json.first(item, store_answer.FAILURE_REASON)
            if reason is None:
                it.observes("absent or empty", where="00081197", expected=["an integer 0 to 65535"], of="STORE-032")
            elif isinstance(reason, bool) or not isinstance(reason, int) or not 0 <= reason <= 0xFFFF:
                it.observes(
                    "not an integer or out of range",
                    where="00081197",
                    expected=["an integer 0 to 65535"],
                    received=repr(reason),
                    of="STORE-032",
                )


@verifies("STORE-067", id="store-unacceptable")
def test_unacceptable(dicomweb: StudiesService, archive: Archive, fresh: Fresh) -> None:
    """A store whose answer cannot be had in an acceptable type is refused with 406, or answered in the default type."""
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
            _is_stored(it, archive, instance, otherwise="2xx and not stored")
        else:
            it.has_status(406)
            if archive.holds_now(instance):
                it.observes("406 and stored all the same")


def _answered_all_the_same(it: Expectation) -> None:
    name = media_types.name_of(it.response.content_type)
    if name in {media_types.DICOM_JSON, media_types.JSON}:
        it.observes("200 with the JSON module")
    elif "xml" in name:
        it.observes("200 with the XML module")
    else:
        it.observes("2xx with a body of another kind", where="Content-Type", received=it.status_line)
