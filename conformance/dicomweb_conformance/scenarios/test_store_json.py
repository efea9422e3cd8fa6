"""Store of metadata in DICOM JSON with bulk data beside it (PS3.18 10.5.1.4, 10.5.2)."""

from __future__ import annotations

from dicomweb_conformance.archive import Archive
from dicomweb_conformance.checks import Variant, verifies
from dicomweb_conformance.expect import control, expect
from dicomweb_conformance.scenarios.storing import changes, is_there, pixels, retrieved
from dicomweb_conformance.scenarios.storing_metadata import (
    NOT_OFFERED,
    are_there_with_their_pixels,
    has_its_pixels,
    is_refused,
    is_taken,
    keeps_jpegs,
    lacks,
    nothing_stored,
    reports_a_failure,
    works,
)
from dicomweb_conformance.studies_service import StudiesService
from dicomweb_conformance.validators import jpeg
from dicomweb_fixtures import bulk_kinds, json_bulk
from dicomweb_fixtures.fresh import Fresh

REFUSED = "415, 409 or 400, nothing stored (type optional by Table 10.5.4-1)"


@verifies("STORE-006", id="store-json-bulk")
def test_json_bulk(dicomweb: StudiesService, archive: Archive, fresh: Fresh) -> None:
    """Metadata in JSON and pixels beside them are stored as an instance."""
    payload = json_bulk.native(fresh.place())

    response = dicomweb.store_metadata(payload)

    with expect(response) as it:
        if response.status in NOT_OFFERED:
            it.observes("415, 406, 400, 405 or 501 (form not offered)", received=it.status_line)
            it.concludes()
        it.has_status(200, 202)
        if response.status == 202:
            it.observes("202 with a WarningReason, content equal")
        if is_there(it, archive, payload.instance, otherwise="2xx and the instance not retrievable"):
            has_its_pixels(it, dicomweb, payload.instance, "2xx and pixel data missing or different")


@verifies("RETRIEVE-012", "STORE-006", id="store-json-attributes")
def test_attributes(dicomweb: StudiesService, archive: Archive, fresh: Fresh) -> None:
    """The instance has the attributes that the metadata gave it."""
    payload = json_bulk.native(fresh.place())

    response = dicomweb.store_metadata(payload)

    control(response, 200, 202, because="plain metadata with pixels do not work")
    with expect(response) as it:
        if not is_there(
            it, archive, payload.instance, otherwise="2xx and the instance not retrievable", of="STORE-006"
        ):
            it.concludes()
        for each in changes(payload.instance, retrieved(dicomweb, payload.instance)):
            lost = " lost: " in each
            it.observes("element lost" if lost else "value changed and not recorded in (0400,0561)", received=each)


@verifies("STORE-049", id="store-json-file-meta", needs="store.json-bulk")
def test_file_meta(dicomweb: StudiesService, archive: Archive, fresh: Fresh) -> None:
    """The server makes File Meta Information that fits, where the metadata have no group 0002."""
    payload = json_bulk.native(fresh.place())

    response = dicomweb.store_metadata(payload)

    with expect(response) as it:
        it.has_status(200, 202)
        if not archive.holds(payload.instance):
            it.finds("2xx and not retrievable")
            it.concludes()
        received = retrieved(dicomweb, payload.instance)
        meta = received.file_meta
        named = (meta.get("MediaStorageSOPClassUID"), meta.get("MediaStorageSOPInstanceUID"))
        if named != (payload.instance.sop_class_uid, payload.instance.sop_instance_uid):
            it.observes("File Meta missing or with other UIDs", received=", ".join(map(str, named)))
        if jpeg.is_encapsulated(received):
            it.observes("transfer syntax that does not fit the pixel octets", received=str(meta.TransferSyntaxUID))


@verifies("STORE-047", id="store-json-two-instances", needs="store.json-bulk")
def test_two_instances(dicomweb: StudiesService, archive: Archive, fresh: Fresh) -> None:
    """An array of two objects and their bulk data are two instances, each with its own pixels."""
    works(dicomweb, json_bulk.native(fresh.place()))
    payload = json_bulk.native(fresh.place(), fresh.place())

    response = dicomweb.store_metadata(payload)

    with expect(response) as it:
        if is_refused(response):
            nothing_stored(it, dicomweb, archive, fresh, payload)
            it.observes("4xx (only one object per request supported), nothing stored", received=it.status_line)
            it.concludes()
        it.has_status(200, 202)
        are_there_with_their_pixels(
            it,
            dicomweb,
            archive,
            payload,
            missing="only one stored under 200",
            differ="pixel data of one in the other",
        )


@verifies("STORE-048", id="store-json-by-location", needs="store.json-bulk")
def test_by_location(dicomweb: StudiesService, archive: Archive, fresh: Fresh) -> None:
    """Bulk data belong to the metadata that name their Content-Location, in whatever order they come."""
    works(dicomweb, json_bulk.native(fresh.place()))
    payload = json_bulk.in_reversed_order(json_bulk.native(fresh.place(), fresh.place()))

    response = dicomweb.store_metadata(payload)

    with expect(response) as it:
        if is_refused(response):
            nothing_stored(it, dicomweb, archive, fresh, payload)
            it.observes("4xx, nothing stored", received=it.status_line)
            it.concludes()
        it.has_status(200, 202)
        if not archive.holds(*payload.instances):
            it.finds("2xx and an instance not retrievable")
            it.concludes()
        for each in payload.instances:
            has_its_pixels(it, dicomweb, each, "pixel data swapped or missing")


@verifies("STORE-048b", id="store-json-missing-part", needs="store.json-bulk")
def test_missing_part(dicomweb: StudiesService, archive: Archive, fresh: Fresh) -> None:
    """Metadata that refer to bulk data which are not in the request are not stored as if whole."""
    is_taken(dicomweb, json_bulk.photograph(fresh.place()))
    broken = json_bulk.without_part(json_bulk.photograph(fresh.place()))

    response = dicomweb.store_metadata(broken)

    with expect(response) as it:
        if response.status == 202 and not reports_a_failure(response):
            it.observes("202 without a failure item", received=it.status_line)
        elif not is_refused(response) and response.status != 202:
            it.has_status(400, 409)
        if not lacks(dicomweb, archive, fresh, broken):
            it.observes("the instance is retrievable without its pixel data")


@verifies("STORE-050", id="store-json-two-values", needs="store.json-bulk")
def test_two_values(dicomweb: StudiesService, archive: Archive, fresh: Fresh) -> None:
    """Two bulk values of one instance come back unchanged, each sent as a part of its own."""
    works(dicomweb, json_bulk.native(fresh.place()))
    payload = json_bulk.with_icc_profile(json_bulk.native(fresh.place()), bytes(range(250)) * 5)

    response = dicomweb.store_metadata(payload)

    with expect(response) as it:
        if is_refused(response):
            nothing_stored(it, dicomweb, archive, fresh, payload)
            it.observes("4xx, nothing stored", received=it.status_line)
            it.concludes()
        it.has_status(200, 202)
        lost = "a value is missing, empty or different under 2xx"
        if not is_there(it, archive, payload.instance, otherwise=lost):
            it.concludes()
        received = retrieved(dicomweb, payload.instance)
        if bytes(received.get("ICCProfile") or b"").rstrip(b"\0") != payload.instance.dataset.ICCProfile.rstrip(b"\0"):
            it.observes(lost, where="(0028,2000)")
        if pixels(received) != pixels(payload.instance.dataset):
            it.observes(lost, where="(7FE0,0010)")


JPEGS = (Variant("colour", "STORE-052"), Variant("grayscale", "STORE-052"))


@verifies(id="store-json-jpeg", each=JPEGS, needs="store.json-bulk")
def test_jpeg(dicomweb: StudiesService, archive: Archive, fresh: Fresh, case: Variant) -> None:
    """A JPEG beside metadata is kept as it is, in a transfer syntax that fits it."""
    works(dicomweb, json_bulk.native(fresh.place()))
    payload = json_bulk.photograph(fresh.place(), colour=case.id == "colour")

    response = dicomweb.store_metadata(payload)

    with expect(response) as it:
        if response.status in {400, 409, 415, 501}:
            it.observes("501" if response.status == 501 else REFUSED, received=it.status_line)
            nothing_stored(it, dicomweb, archive, fresh, payload)
            it.concludes()
        it.has_status(200, 202)
        if not archive.holds(payload.instance):
            it.finds("2xx and not retrievable")
            it.concludes()
        keeps_jpegs(it, dicomweb, payload.instance, payload.bulk_data[0].octets)


DERIVED = ("SamplesPerPixel", "PhotometricInterpretation", "Rows", "Columns", "BitsAllocated", "BitsStored", "HighBit")


@verifies("STORE-054", id="store-json-derives-description", needs="store.json-bulk")
def test_derives_description(dicomweb: StudiesService, archive: Archive, fresh: Fresh) -> None:
    """What the metadata leave out of the description of the pixels is that of the JPEG, or all is refused."""
    is_taken(dicomweb, json_bulk.photograph(fresh.place()))
    payload = json_bulk.photograph(fresh.place())
    sent = bulk_kinds.without_description(payload)

    response = dicomweb.store_metadata(sent)

    with expect(response) as it:
        if response.status in {400, 409, 415}:
            it.observes("415, 409 or 400, nothing stored", received=it.status_line)
            nothing_stored(it, dicomweb, archive, fresh, payload)
            it.concludes()
        it.has_status(200, 202)
        if not archive.holds(payload.instance):
            it.finds("2xx and not retrievable", received=it.status_line)
            it.concludes()
        received = retrieved(dicomweb, payload.instance)
        for keyword in DERIVED:
            expected, found = payload.instance.dataset.get(keyword), received.get(keyword)
            if found != expected:
                it.observes(
                    "2xx and attributes missing or wrong", where=keyword, expected=[str(expected)], received=str(found)
                )


@verifies("STORE-047b", id="store-json-bare-object")
def test_bare_object(dicomweb: StudiesService, archive: Archive, fresh: Fresh) -> None:
    """Metadata that are an object, not an array of them, are bad syntax, or taken for an array of one."""
    works(dicomweb, json_bulk.native(fresh.place()))
    payload = json_bulk.BareObject.of(json_bulk.native(fresh.place()))

    response = dicomweb.store_metadata(payload)

    with expect(response) as it:
        if is_refused(response):
            it.observes("400, nothing stored" if response.status == 400 else "another 4xx, nothing stored")
            nothing_stored(it, dicomweb, archive, fresh, payload)
            it.concludes()
        it.has_status(200, 202)
        it.observes("stored as if it stood in an array", received=it.status_line)
        are_there_with_their_pixels(
            it,
            dicomweb,
            archive,
            payload,
            missing="2xx and the instance not retrievable",
            differ="2xx and pixel data missing or different",
        )
