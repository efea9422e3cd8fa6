"""Store: the media type of the answer, by what Accept says of it (PS3.18 8.7.5 to 8.7.8, 10.5.4)."""

from __future__ import annotations

from dicomweb_conformance.archive.contents import Archive
from dicomweb_conformance.catalogue.statuses import BAD_REQUEST
from dicomweb_conformance.checks.expect import control, expect, offered
from dicomweb_conformance.checks.verifies import Variant, verifies
from dicomweb_conformance.http import media_types
from dicomweb_conformance.scenarios.steps.storing import is_stored
from dicomweb_conformance.scenarios.steps.xml_models import is_xml, type_of
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_conformance.validators.store.response_module import module_of
from dicomweb_fixtures.fresh import Fresh

JSON, XML = media_types.DICOM_JSON, media_types.DICOM_XML
WEIGHTS = (
    Variant("json-over-xml", "NEGOTIATION-015", f"{XML};q=0.2, {JSON};q=0.9"),
    Variant("xml-over-json", "NEGOTIATION-015", f"{JSON};q=0.2, {XML};q=0.9"),
)


@verifies(id="store-answer-of-highest-quality", each=WEIGHTS, needs="xml.store")
def test_answer_of_highest_quality(dicomweb: StudiesService, fresh: Fresh, case: Variant) -> None:
    """A store response comes in JSON or XML, whichever has the higher weight in Accept, in whatever order."""
    control(dicomweb.store([fresh.instance(name="control")]), 200, 202, because="the store does not work with JSON")
    alone = dicomweb.store([fresh.instance(name="control")], accept=XML)
    offered(alone.status in {200, 202} and is_xml(alone), "the store response is not offered in XML", "xml.store")
    wanted, other = (JSON, XML) if case.id.startswith("json") else (XML, JSON)

    response = dicomweb.store([fresh.instance()], accept=case.value)

    with expect(response) as it:
        if response.status in {406, *BAD_REQUEST}:
            it.observes("406-or-400", received=it.status_line)
            it.concludes()
        it.has_status(200, 202)
        kind = type_of(response)
        if kind != wanted:
            it.observes(
                "the-type-with-the-lower-weight" if kind == other else "another-type",
                where="Content-Type",
                expected=[wanted],
                received=response.content_type or "no Content-Type",
            )
        elif module_of(response.content_type, response.body) is None:
            it.finds("the body is no Store Instances Response Module", expected=[wanted], received=it.status_line)


@verifies("NEGOTIATION-001", "STORE-067", id="store-without-accept")
def test_without_accept(dicomweb: StudiesService, archive: Archive, fresh: Fresh) -> None:
    """A store without Accept is answered in the default type, or refused with 406 and not kept."""
    control(dicomweb.store([fresh.instance(name="control")]), 200, 202, because="the store does not work with Accept")
    instance = fresh.instance()

    response = dicomweb.store([instance], accept=None)

    with expect(response) as it:
        if response.status not in {200, 202}:
            it.has_status(406)
            if archive.holds_now(instance):
                it.observes("406-and-stored-all-the-same", of="STORE-067")
            it.concludes()
        is_stored(it, archive, instance, otherwise="2xx-and-not-stored", of="STORE-067")
        match type_of(response):
            case media_types.DICOM_JSON:
                it.observes("200-with-dicom-json")
            case media_types.JSON:
                it.observes("200-with-application-json", where="Content-Type")
            case media_types.DICOM_XML:
                it.observes("200-with-multipart-application-dicom-xml", where="Content-Type")
            case _ if not response.body:
                it.observes("200-or-204-with-an-empty-body")
            case kind:
                it.observes("200-with-type-outside-table-of-resource", where="Content-Type", received=kind)


@verifies("NEGOTIATION-019", id="store-malformed-accept")
def test_malformed_accept(dicomweb: StudiesService, archive: Archive, fresh: Fresh) -> None:
    """A store ignores an element of Accept that is not a media type, and heeds the rest."""
    control(dicomweb.store([fresh.instance(name="control")]), 200, 202, because="the store does not work with JSON")
    instance = fresh.instance()

    response = dicomweb.store([instance], accept=f"bogus, {JSON}")

    with expect(response) as it:
        it.has_status(200, 202)
        is_stored(it, archive, instance)
        if type_of(response) != JSON:
            received = response.content_type or "no Content-Type"
            it.observes("200-with-another-type", where="Content-Type", received=received)
        elif module_of(response.content_type, response.body) is None:
            it.finds("the body is no Store Instances Response Module", received=it.status_line)
