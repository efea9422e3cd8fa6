"""Bulk data: what is not there, and what need not be there (PS3.18 10.4.1.1.5)."""

from __future__ import annotations

from dicomweb_conformance.checks.expect import Expectation, assume, control, expect, offered
from dicomweb_conformance.checks.verifies import Variant, verifies
from dicomweb_conformance.http import media_types
from dicomweb_conformance.http.exchanges import Response
from dicomweb_conformance.scenarios.bulkdata.bulk_values import is_value, reference_to, stored_value, value_at
from dicomweb_conformance.scenarios.steps.pixel_octets import items_in, joined
from dicomweb_conformance.service import resources
from dicomweb_conformance.service.bulk_data import PIXEL_DATA, Reference
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_conformance.validators.http import locations
from dicomweb_fixtures.corpus import Corpus
from dicomweb_fixtures.entities import Instance, Series, Study

LEVELS = ("instance", "series", "study")


@verifies("BULKDATA-022", id="bulkdata-unknown")
def test_unknown(dicomweb: StudiesService, corpus: Corpus) -> None:
    """A bulk data URI that does not exist is answered with 404."""
    instance = corpus.ct_pair.instances[0]
    reference = reference_to(dicomweb, instance)
    value = stored_value(instance, PIXEL_DATA)
    working = value_at(dicomweb, reference)
    control(working, because="the bulk data that exist cannot be retrieved")
    assume(value in working.body, "the URI does not lead to the value", "bulkdata-by-uri")
    above, _, _ = reference.uri.partition("?")[0].rpartition("/")
    offered(above, "the URI has no path whose last segment could be changed")

    response = value_at(dicomweb, Reference(reference.path, f"{above}/no-such-bulk-data", reference.metadata))

    with expect(response) as it:
        if response.status == 200:
            quote = "200-with-other-octets"
            if value in response.body:
                quote = "200-with-the-octets-of-the-unchanged-uri"
            elif not response.body:
                quote = "200-with-an-empty-body"
            it.observes(quote, received=f"{it.status_line}, {len(response.body)} octets")
        else:
            it.has_status(404, 410, 400)


@verifies("BULKDATA-017", id="bulkdata-content-location")
def test_content_location(dicomweb: StudiesService, corpus: Corpus) -> None:
    """The Content-Location of a part, where present, is the URI that the metadata give."""
    instance = corpus.ct_pair.instances[0]
    reference = reference_to(dicomweb, instance)

    response = value_at(dicomweb, reference, media_types.MULTIPART_OCTETS)

    control(response, because="bulk data cannot be retrieved as multipart")
    with expect(response) as it:
        items = items_in(it)
        assume(
            is_value(joined(items), stored_value(instance, PIXEL_DATA)),
            "the response does not hold the value",
            "bulkdata-multipart",
        )
        for number, item in enumerate(items, 1):
            where = f"part {number}: Content-Location"
            if item.location is None:
                it.observes("content-location-absent-one-element", where=where)
                continue
            path = locations.path(item.location, response.url).partition("/frames/")[0]
            if path == locations.path(reference.uri, reference.metadata.url):
                it.observes("content-location-is-the-uri")
            elif locations.contradict(
                _named(instance), locations.resource(item.location, response.url)
            ) or not _ends_alike(path, reference):
                it.observes("content-location-of-another-element", where=where, received=item.location)


def _named(instance: Instance) -> dict[str, str]:
    return {
        "studies": instance.study_instance_uid,
        "series": instance.series_instance_uid,
        "instances": instance.sop_instance_uid,
    }


def _ends_alike(path: str, reference: Reference) -> bool:
    """Tell whether a path ends as the URI does: a proxy may change what is before that."""
    _, _, below = locations.path(reference.uri, reference.metadata.url).rpartition("/studies/")
    return bool(below) and path.endswith(below)


BULK_LEVELS = tuple(Variant(level, "BULKDATA-018", "bulkdata") for level in LEVELS)


PIXEL_LEVELS = tuple(Variant(level, "BULKDATA-019", "pixeldata") for level in LEVELS)


def _of_level(it: Expectation, study: Study, level: str, *, of: str, missing: str) -> None:
    """Judge a 200 of bulkdata or pixeldata: what there is of an instance, a series or a study."""
    wanted = [instance.frames[0] for instance in _instances(study, level)]
    found = [each.octets for each in items_in(it, of=of)]
    others = [instance.frames[0] for instance in study.instances if instance.frames[0] not in wanted]
    if any(not any(is_value(each, value) for each in found) for value in wanted):
        near = any(abs(len(each) - len(wanted[0])) <= 1 and each not in others for each in found)
        it.observes(
            "octets-differ" if near and len(found) == len(wanted) else missing,
            expected=[f"the pixel data of {len(wanted)} images"],
            received=f"{len(found)} parts of {', '.join(str(len(each)) for each in found)} octets",
            of=of,
        )
    if any(is_value(each, value) for each in found for value in others):
        it.observes("octets-that-belong-to-another-instance", received=f"{len(found)} parts", of=of)


def _instances(study: Study, level: str) -> tuple[Instance, ...]:
    return study.instances[:1] if level == "instance" else study.instances


def _get_level(dicomweb: StudiesService, study: Study, level: str, resource: str) -> Response:
    """GET bulkdata or pixeldata of a level, once a bulk data URI is known to work."""
    reference = reference_to(dicomweb, study.instances[0])
    working = value_at(dicomweb, reference)
    control(working, because="bulk data cannot be retrieved by their URI")
    assume(study.instances[0].frames[0] in working.body, "the URI does not lead to the value", "bulkdata-by-uri")
    above: dict[str, Instance | Series | Study] = {
        "instance": study.instances[0],
        "series": study.series[0],
        "study": study,
    }
    return dicomweb.get(f"{resources.path(above[level])}/{resource}", accept=media_types.MULTIPART_OCTETS)


@verifies("BULKDATA-018b", id="bulkdata-of", each=BULK_LEVELS, needs="bulkdata")
def test_bulk_data_of(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """A server that has bulkdata resources returns all bulk data of an instance, series or study together."""
    study = corpus.ct_pair

    response = _get_level(dicomweb, study, case.id, case.value)

    with expect(response) as it:
        it.has_status(200)
        _of_level(it, study, case.id, of="BULKDATA-018b", missing="an-element-missing")


@verifies("BULKDATA-019b", id="bulkdata-pixels-of", each=PIXEL_LEVELS, needs="bulkdata")
def test_pixel_data_of(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """A server that has pixeldata resources returns all pixel data of an instance, series or study together."""
    study = corpus.ct_pair

    response = _get_level(dicomweb, study, case.id, case.value)

    with expect(response) as it:
        it.has_status(200)
        _of_level(it, study, case.id, of="BULKDATA-019b", missing="an-instance-or-frame-missing")
