"""Store of metadata in DICOM JSON with bulk data beside it (PS3.18 10.5.1.4, 10.5.2)."""

from __future__ import annotations

from dicomweb_conformance.archive.contents import Archive
from dicomweb_conformance.checks.expect import expect
from dicomweb_conformance.checks.verifies import Variant, verifies
from dicomweb_conformance.scenarios.steps.storing import leave_to_plainest_store, retrieved
from dicomweb_conformance.scenarios.steps.storing_metadata import (
    are_there_with_their_pixels,
    is_not_offered,
    is_refused,
    is_taken,
    nothing_stored,
    works,
)
from dicomweb_conformance.scenarios.store import from_metadata
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_fixtures.corpus import Corpus
from dicomweb_fixtures.fresh import Fresh
from dicomweb_fixtures.payloads import bulk_kinds, json_bulk


@verifies("STORE-006", id="store-json-bulk")
def test_json_bulk(dicomweb: StudiesService, archive: Archive, fresh: Fresh) -> None:
    """Metadata in JSON and pixels beside them are stored as an instance."""
    payload = json_bulk.native(fresh.place())

    response = dicomweb.store_metadata(payload)

    if not is_not_offered(response):
        leave_to_plainest_store(dicomweb, fresh, response)
    with expect(response) as it:
        from_metadata.form_is_offered(it, dicomweb, archive, payload)


@verifies("RETRIEVE-012", "STORE-006", id="store-json-attributes")
def test_attributes(dicomweb: StudiesService, archive: Archive, fresh: Fresh) -> None:
    """The instance has the attributes that the metadata gave it."""
    payload = json_bulk.native(fresh.place())

    response = dicomweb.store_metadata(payload)

    with expect(response) as it:
        from_metadata.attributes_came_back(it, dicomweb, archive, payload, form="STORE-006")


@verifies("RETRIEVE-012", "RETRIEVE-014", "STORE-006", id="store-json-elements", needs="store.json-bulk")
def test_elements(dicomweb: StudiesService, archive: Archive, fresh: Fresh, corpus: Corpus) -> None:
    """The instance has elements of each VR as the metadata gave them, in sequences and private ones, too."""
    works(dicomweb, json_bulk.native(fresh.place()))
    payload = json_bulk.with_elements(fresh.place())

    response = dicomweb.store_metadata(payload)

    with expect(response) as it:
        from_metadata.elements_came_back(it, dicomweb, archive, fresh, corpus, payload, form="STORE-006")


@verifies("STORE-049", id="store-json-file-meta", needs="store.json-bulk")
def test_file_meta(dicomweb: StudiesService, archive: Archive, fresh: Fresh) -> None:
    """The server makes File Meta Information that fits, where the metadata have no group 0002."""
    payload = json_bulk.native(fresh.place())

    response = dicomweb.store_metadata(payload)

    with expect(response) as it:
        from_metadata.file_meta_fits(it, dicomweb, archive, payload)


@verifies("STORE-047", id="store-json-two-instances", needs="store.json-bulk")
def test_two_instances(dicomweb: StudiesService, archive: Archive, fresh: Fresh) -> None:
    """An array of two objects and their bulk data are two instances, each with its own pixels."""
    works(dicomweb, json_bulk.native(fresh.place()))
    payload = json_bulk.native(fresh.place(), fresh.place())

    response = dicomweb.store_metadata(payload)

    with expect(response) as it:
        from_metadata.each_object_is_an_instance(it, dicomweb, archive, fresh, payload)


@verifies("STORE-048", id="store-json-by-location", needs="store.json-bulk")
def test_by_location(dicomweb: StudiesService, archive: Archive, fresh: Fresh) -> None:
    """Bulk data belong to the metadata that name their Content-Location, in whatever order they come."""
    works(dicomweb, json_bulk.native(fresh.place()))
    payload = json_bulk.in_reversed_order(json_bulk.native(fresh.place(), fresh.place()))

    response = dicomweb.store_metadata(payload)

    with expect(response) as it:
        from_metadata.locations_count(it, dicomweb, archive, fresh, payload)


@verifies("STORE-048b", id="store-json-missing-part", needs="store.json-bulk")
def test_missing_part(dicomweb: StudiesService, archive: Archive, fresh: Fresh) -> None:
    """Metadata that refer to bulk data which are not in the request are not stored as if complete."""
    is_taken(dicomweb, json_bulk.photograph(fresh.place()))
    broken = json_bulk.without_part(json_bulk.photograph(fresh.place()))

    response = dicomweb.store_metadata(broken)

    with expect(response) as it:
        from_metadata.missing_part_is_noticed(it, dicomweb, archive, fresh, broken)


@verifies("STORE-050", id="store-json-two-values", needs="store.json-bulk")
def test_two_values(dicomweb: StudiesService, archive: Archive, fresh: Fresh) -> None:
    """Two bulk values of one instance come back unchanged, each sent as a part of its own."""
    works(dicomweb, json_bulk.native(fresh.place()))
    payload = json_bulk.with_icc_profile(json_bulk.native(fresh.place()), bytes(range(250)) * 5)

    response = dicomweb.store_metadata(payload)

    with expect(response) as it:
        from_metadata.values_came_back(it, dicomweb, archive, fresh, payload)


JPEGS = (Variant("colour", "STORE-052"), Variant("grayscale", "STORE-052"))


@verifies(id="store-json-jpeg", each=JPEGS, needs="store.json-bulk")
def test_jpeg(dicomweb: StudiesService, archive: Archive, fresh: Fresh, case: Variant) -> None:
    """A JPEG beside metadata is kept as it is, in a transfer syntax that fits it."""
    works(dicomweb, json_bulk.native(fresh.place()))
    payload = json_bulk.photograph(fresh.place(), colour=case.id == "colour")

    response = dicomweb.store_metadata(payload)

    with expect(response) as it:
        from_metadata.jpeg_is_kept(it, dicomweb, archive, fresh, payload)


@verifies("STORE-054", id="store-json-derives-description", needs="store.json-bulk")
def test_derives_description(dicomweb: StudiesService, archive: Archive, fresh: Fresh) -> None:
    """The server takes from the JPEG what the metadata leave out of the pixels' description, or refuses all."""
    is_taken(dicomweb, json_bulk.photograph(fresh.place()))
    payload = json_bulk.photograph(fresh.place())
    sent = bulk_kinds.without_description(payload)

    response = dicomweb.store_metadata(sent)

    with expect(response) as it:
        from_metadata.type_is_taken(it, dicomweb, archive, fresh, payload)
        from_metadata.is_described(it, retrieved(dicomweb, payload.instance), payload.instance)


@verifies("STORE-047b", id="store-json-bare-object")
def test_bare_object(dicomweb: StudiesService, archive: Archive, fresh: Fresh) -> None:
    """Metadata that are a bare object instead of an array are bad syntax, or are taken for an array of one."""
    works(dicomweb, json_bulk.native(fresh.place()))
    payload = json_bulk.BareObject.of(json_bulk.native(fresh.place()))

    response = dicomweb.store_metadata(payload)

    with expect(response) as it:
        if is_refused(response):
            it.observes("400-nothing-stored" if response.status == 400 else "another-4xx-nothing-stored")
            nothing_stored(it, dicomweb, archive, fresh, payload)
            it.concludes()
        it.has_status(200, 202)
        it.observes("stored-as-if-it-stood-in-an-array", received=it.status_line)
        are_there_with_their_pixels(
            it,
            dicomweb,
            archive,
            payload,
            missing="2xx-and-the-instance-not-retrievable",
            differ="2xx-and-pixel-data-missing-or-different",
        )
