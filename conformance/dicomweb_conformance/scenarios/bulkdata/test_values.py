"""Bulk data: the values that metadata give by a URI (PS3.18 10.4.1.1.5, 8.7.3.3)."""

from __future__ import annotations

import base64

from dicomweb_conformance.checks.expect import Expectation, assume, control, expect, offered, quoted
from dicomweb_conformance.checks.verifies import Variant, verifies
from dicomweb_conformance.http import media_types
from dicomweb_conformance.scenarios.bulkdata.bulk_values import (
    is_value,
    reference_to,
    references_of,
    stored_value,
    value_at,
)
from dicomweb_conformance.scenarios.steps import pixel_octets
from dicomweb_conformance.scenarios.steps.pixel_octets import items_in, joined
from dicomweb_conformance.service import bulk_data
from dicomweb_conformance.service.bulk_data import PIXEL_DATA
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_fixtures.corpus import Corpus


@verifies("BULKDATA-001", "BULKDATA-008", "METADATA-017", id="bulkdata-by-uri", smoke=True)
def test_by_uri(dicomweb: StudiesService, corpus: Corpus) -> None:
    """Every bulk data URI in the metadata of an instance leads to something, nested ones too."""
    image = corpus.two_series.instances[0]
    given = [
        (each, reference)
        for each in (image, corpus.bulk_data.instances[0])
        for _, found in references_of(dicomweb, each)
        for reference in found
    ]
    offered(given, "the metadata give no value by a URI", "bulkdata")

    for instance, reference in given:
        with expect(reference.metadata) as it:
            if reference.refusal:
                it.not_followed(reference.uri, reference.refusal, where=reference.path)
        response = value_at(dicomweb, reference)
        with expect(response) as it:
            if response.status in {404, 410}:
                it.observes("404-or-410-for-a-uri-given", where=reference.path)
                it.concludes()
            if response.status == 406:
                it.observes("406-although-both-forms-were-acceptable", where=reference.path)
                it.concludes()
            it.has_status(200)
            found = joined(items_in(it))
            if instance is image and reference.path == PIXEL_DATA:
                it.observes("bulkdatauri", of="METADATA-017")
                _is_value(it, found, stored_value(instance, reference.path), of="BULKDATA-008")


def _is_value(it: Expectation, found: bytes, value: bytes, *, of: str | None = None) -> None:
    if is_value(found, value):
        return
    received = pixel_octets.difference(found, value)
    if value.startswith(found):
        it.observes("octets-truncated-or-empty", received=received, of=of)
    elif base64.b64encode(value) in found or (found.lstrip()[:2] == b"--" and value in found):
        it.observes("envelope-or-base64-octets", received=received, of=of)
    else:
        it.observes("octets-of-another-element-or-instance", received=received, of=of)


NESTED = "00720022[1]/00720065"
WITHIN = (Variant("series", "BULKDATA-001"), Variant("study", "BULKDATA-001"))


@verifies("BULKDATA-008", id="bulkdata-by-uri-of", each=WITHIN)
def test_by_uri_of(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """The bulk data URIs in the metadata of a study or series lead to the values of their instances."""
    given = []
    for study, paths in ((corpus.ct_pair, {PIXEL_DATA}), (corpus.bulk_data, {NESTED})):
        by_uid = {each.sop_instance_uid: each for each in study.instances}
        found = references_of(dicomweb, study if case.id == "study" else study.series[0])
        given += [
            (by_uid[uid], each) for uid, of_one in found if uid in by_uid for each in of_one if each.path in paths
        ]
    offered(given, "the metadata give no pixel data by a URI")

    for instance, reference in given:
        response = value_at(dicomweb, reference)
        with expect(response) as it:
            if response.status in {404, 410}:
                it.observes("404-or-410-for-a-uri-given", received=reference.uri)
                it.concludes()
            it.has_status(200)
            _is_value(it, joined(items_in(it)), stored_value(instance, reference.path), of="BULKDATA-008")


VALUES = (
    Variant("OB", "BULKDATA-008", "00720065"),
    Variant("OF", "BULKDATA-008", "00720067"),
    Variant("OW", "BULKDATA-008", "00720069"),
    Variant("UN", "BULKDATA-008", "0072006D"),
    Variant("OD", "BULKDATA-008", "00720073"),
    Variant("OL", "BULKDATA-008", "00720075"),
    Variant("OV", "BULKDATA-008", "00720081"),
    Variant("nested", "BULKDATA-008", NESTED),
    Variant("private", "BULKDATA-008", "00111005"),
)


@verifies("BULKDATA-009", "BULKDATA-010", "BULKDATA-011", id="bulkdata-is-the-value", each=VALUES)
def test_is_the_value(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """Bulk data are the octets of the value that the URI stands for, little endian, and nothing else."""
    instance = corpus.bulk_data.instances[0]
    reference = reference_to(dicomweb, instance, case.value)
    value = stored_value(instance, case.value)

    response = value_at(dicomweb, reference)

    assume(response.status == 200, f"the URI of {case.value} does not lead to anything", "bulkdata-by-uri")
    with expect(response) as it:
        items = items_in(it)
        found = joined(items)
        received = pixel_octets.difference(found, value) if len(found) != len(value) or found != value else ""
        if len(items) > 1:
            it.observes("too-many-parts-for-a-native-value", received=f"{len(items)} parts")
        elif is_value(found, value):
            it.observes("first-octets-are-those-of-the-value", of="BULKDATA-009")
            it.observes(
                "octets-with-the-pad-octet" if found == value else "octets-without-the-pad-octet", of="BULKDATA-011"
            )
        elif found[128:132] == b"DICM":
            it.observes("a-part-10-file-in-place-of-the-value", received=received, of="BULKDATA-009")
        elif found.endswith(value) and found[:2] == bytes.fromhex(case.value[-8:])[1::-1]:
            it.observes("tag-vr-or-length-in-front-of-the-value", received=received, of="BULKDATA-009")
        elif any(_swapped(found, size) == value for size in (2, 4, 8)):
            it.observes("octets-swapped", received=received, of="BULKDATA-010")
        else:
            _is_value(it, found, value)


def _swapped(octets: bytes, size: int) -> bytes:
    return b"".join(octets[at : at + size][::-1] for at in range(0, len(octets), size))


@verifies("BULKDATA-004", id="bulkdata-uri-resolves")
def test_uri_resolves(dicomweb: StudiesService, corpus: Corpus) -> None:
    """A relative bulk data URI is resolved against the URL of the metadata."""
    instance = corpus.ct_pair.instances[0]
    reference = reference_to(dicomweb, instance)
    assume(
        not reference.refusal,
        f"{quoted(reference.uri)} cannot be followed: {quoted(reference.refusal)}",
        "bulkdata-by-uri",
    )
    offered(dicomweb.is_targets(reference.url), f"{quoted(reference.uri)} leads to another origin, which is not asked")

    response = dicomweb.get_url(reference.url, accept=bulk_data.EITHER_FORM)

    if response.status != 200:
        control(
            bulk_data.below_base(dicomweb, reference) if reference.is_relative else response,
            because="the URI leads nowhere, see check bulkdata-by-uri",
        )
    with expect(response) as it:
        if response.status != 200:
            it.observes("uri-relative-to-the-service-root", received=reference.uri)
            it.concludes()
        value = stored_value(instance, PIXEL_DATA)
        assume(value in response.body, "the URI does not lead to the value", "bulkdata-by-uri-of[study]")
        it.observes("relative-uri-works-against-metadata-url" if reference.is_relative else "absolute-uri")


@verifies("BULKDATA-005", id="bulkdata-multipart")
def test_multipart(dicomweb: StudiesService, corpus: Corpus) -> None:
    """Bulk data come as multipart application/octet-stream."""
    instance = corpus.ct_pair.instances[0]
    reference = reference_to(dicomweb, instance)

    response = value_at(dicomweb, reference, media_types.MULTIPART_OCTETS)

    with expect(response) as it:
        it.has_status(200)
        name = media_types.name_of(response.content_type)
        if name == media_types.OCTET_STREAM:
            it.observes("200-single-part-application-octet-stream", where="Content-Type")
        elif name != media_types.MULTIPART_RELATED or {each.name for each in items_in(it)} != {
            media_types.OCTET_STREAM
        }:
            it.observes("200-with-another-type", where="Content-Type")
            it.concludes()
        if not is_value(joined(items_in(it)), stored_value(instance, PIXEL_DATA)):
            it.finds("the parts are not the pixel data", received=f"{len(joined(items_in(it)))} octets")


@verifies("BULKDATA-006b", "BULKDATA-006", id="bulkdata-single-part", needs="bulkdata")
def test_single_part(dicomweb: StudiesService, corpus: Corpus) -> None:
    """One value asked for as bare application/octet-stream is the value itself, or refused with 406."""
    instance = corpus.ct_pair.instances[0]
    reference = reference_to(dicomweb, instance)
    control(
        value_at(dicomweb, reference, media_types.MULTIPART_OCTETS), because="the multipart form cannot be retrieved"
    )

    response = value_at(dicomweb, reference, media_types.OCTET_STREAM)

    with expect(response) as it:
        if response.status == 404:
            it.observes("404-although-multipart-form-gives-200", of="BULKDATA-006")
            it.concludes()
        it.has_status(200, 406, of="BULKDATA-006")
        if response.status == 406:
            it.observes("406", of="BULKDATA-006")
            it.concludes()
        value, found = stored_value(instance, PIXEL_DATA), response.body
        name = media_types.name_of(response.content_type)
        if name == media_types.MULTIPART_RELATED and is_value(joined(items_in(it)), value):
            it.observes("multipart-although-single-part-asked")
        elif name == media_types.OCTET_STREAM and is_value(found, value):
            it.observes("octet-stream-with-the-value")
        elif not found:
            it.observes("empty-body")
        elif found.lstrip()[:2] == b"--" and value in found:
            it.observes("multipart-body-under-octet-stream", received=it.status_line)
        elif name == media_types.OCTET_STREAM:
            it.observes("octets-differ", received=pixel_octets.difference(found, value))
        else:
            it.finds("200 with another type", where="Content-Type", received=response.content_type)
