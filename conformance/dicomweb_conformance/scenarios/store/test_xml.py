"""Store of metadata in the Native DICOM Model with bulk data beside it (PS3.18 10.5.1.4, PS3.19 A.1)."""

from __future__ import annotations

from dicomweb_conformance.archive.contents import Archive
from dicomweb_conformance.checks.expect import expect
from dicomweb_conformance.checks.verifies import Variant, verifies
from dicomweb_conformance.scenarios.steps.storing import leave_to_plainest_store
from dicomweb_conformance.scenarios.steps.storing_metadata import is_not_offered, works
from dicomweb_conformance.scenarios.store import from_metadata
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_fixtures.corpus import Corpus
from dicomweb_fixtures.fresh import Fresh
from dicomweb_fixtures.payloads import json_bulk, xml_bulk

XML = "store.xml-bulk"


@verifies("STORE-007", id="store-xml-bulk")
def test_xml_bulk(dicomweb: StudiesService, archive: Archive, fresh: Fresh) -> None:
    """Metadata in XML and pixels beside them are stored as an instance."""
    payload = xml_bulk.native(fresh.place())

    response = dicomweb.store_metadata(payload)

    if not is_not_offered(response):
        leave_to_plainest_store(dicomweb, fresh, response)
    with expect(response) as it:
        from_metadata.form_is_offered(it, dicomweb, archive, payload)


@verifies("RETRIEVE-012", "STORE-007", id="store-xml-attributes")
def test_attributes(dicomweb: StudiesService, archive: Archive, fresh: Fresh) -> None:
    """The instance has the attributes that the document gave it."""
    payload = xml_bulk.native(fresh.place())

    response = dicomweb.store_metadata(payload)

    with expect(response) as it:
        from_metadata.attributes_came_back(it, dicomweb, archive, payload, form="STORE-007")


@verifies("RETRIEVE-012", "RETRIEVE-014", "STORE-007", id="store-xml-elements", needs=XML)
def test_elements(dicomweb: StudiesService, archive: Archive, fresh: Fresh, corpus: Corpus) -> None:
    """The instance has elements of each VR as the document gave them, in sequences and private ones, too."""
    works(dicomweb, xml_bulk.native(fresh.place()))
    payload = xml_bulk.of(json_bulk.with_elements(fresh.place()))

    response = dicomweb.store_metadata(payload)

    with expect(response) as it:
        from_metadata.elements_came_back(it, dicomweb, archive, fresh, corpus, payload, form="STORE-007")


@verifies("STORE-049", id="store-xml-file-meta", needs=XML)
def test_file_meta(dicomweb: StudiesService, archive: Archive, fresh: Fresh) -> None:
    """The server makes File Meta Information that fits, where the document has no group 0002."""
    payload = xml_bulk.native(fresh.place())

    response = dicomweb.store_metadata(payload)

    with expect(response) as it:
        from_metadata.file_meta_fits(it, dicomweb, archive, payload)


@verifies("STORE-047", id="store-xml-two-instances", needs=XML)
def test_two_instances(dicomweb: StudiesService, archive: Archive, fresh: Fresh) -> None:
    """Two documents, a part each, and their bulk data are two instances, each with its own pixels."""
    works(dicomweb, xml_bulk.native(fresh.place()))
    payload = xml_bulk.native(fresh.place(), fresh.place())

    response = dicomweb.store_metadata(payload)

    with expect(response) as it:
        from_metadata.each_object_is_an_instance(it, dicomweb, archive, fresh, payload)


@verifies("STORE-048", id="store-xml-by-location", needs=XML)
def test_by_location(dicomweb: StudiesService, archive: Archive, fresh: Fresh) -> None:
    """Bulk data belong to the document whose uri is their Content-Location, in whatever order they come."""
    works(dicomweb, xml_bulk.native(fresh.place()))
    payload = xml_bulk.of(json_bulk.in_reversed_order(json_bulk.native(fresh.place(), fresh.place())))

    response = dicomweb.store_metadata(payload)

    with expect(response) as it:
        from_metadata.locations_count(it, dicomweb, archive, fresh, payload)


@verifies("STORE-048b", id="store-xml-missing-part", needs=XML)
def test_missing_part(dicomweb: StudiesService, archive: Archive, fresh: Fresh) -> None:
    """A document that refers to bulk data which are not in the request is not stored as if complete."""
    works(dicomweb, xml_bulk.native(fresh.place()))
    broken = xml_bulk.of(json_bulk.without_part(json_bulk.native(fresh.place())))

    response = dicomweb.store_metadata(broken)

    with expect(response) as it:
        from_metadata.missing_part_is_noticed(it, dicomweb, archive, fresh, broken)


@verifies("STORE-050", id="store-xml-two-values", needs=XML)
def test_two_values(dicomweb: StudiesService, archive: Archive, fresh: Fresh) -> None:
    """Two bulk values of one document come back unchanged, each sent as a part of its own."""
    works(dicomweb, xml_bulk.native(fresh.place()))
    payload = xml_bulk.of(json_bulk.with_icc_profile(json_bulk.native(fresh.place()), bytes(range(250)) * 5))

    response = dicomweb.store_metadata(payload)

    with expect(response) as it:
        from_metadata.values_came_back(it, dicomweb, archive, fresh, payload)


JPEGS = (Variant("colour", "STORE-052"), Variant("grayscale", "STORE-052"))


@verifies(id="store-xml-jpeg", each=JPEGS, needs=XML)
def test_jpeg(dicomweb: StudiesService, archive: Archive, fresh: Fresh, case: Variant) -> None:
    """A JPEG beside a document is kept as it is, in a transfer syntax that fits it."""
    works(dicomweb, xml_bulk.native(fresh.place()))
    payload = xml_bulk.photograph(fresh.place(), colour=case.id == "colour")

    response = dicomweb.store_metadata(payload)

    with expect(response) as it:
        from_metadata.jpeg_is_kept(it, dicomweb, archive, fresh, payload)
