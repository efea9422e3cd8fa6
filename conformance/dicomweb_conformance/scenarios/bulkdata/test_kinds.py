"""Bulk data: those that only some kinds of instances have (PS3.18 10.4.1.1.5)."""

from __future__ import annotations

from dicomweb_conformance.checks.expect import Expectation, assume, expect, offered
from dicomweb_conformance.checks.verifies import Variant, verifies
from dicomweb_conformance.http.exchanges import Response
from dicomweb_conformance.http.unreadable import UnreadableError
from dicomweb_conformance.scenarios.bulkdata.bulk_values import (
    is_value,
    reference_to,
    references_of,
    stored_value,
    value_at,
)
from dicomweb_conformance.scenarios.steps import pixel_octets
from dicomweb_conformance.scenarios.steps.pixel_octets import items_in, items_of, joined
from dicomweb_conformance.scenarios.steps.refusals import study_named
from dicomweb_conformance.service.bulk_data import PIXEL_DATA
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_fixtures.corpus import Corpus

_PLAIN = "00720065"
_MOST = 3
KINDS = tuple(
    Variant(kind, "BULKDATA-001", entry)
    for kind, entry in (
        ("palette", "pictures_of_rare_kinds 0"),
        ("waveform", "ecg 0"),
        ("annotations", "annotations 1"),
        ("colour-profile", "whole_slide_colour 0"),
        ("presentation-state", "grey_scales 12"),
        ("document", "pdf 0"),
        ("float", "parametric_map 0"),
    )
)
"""An entry of the corpus, and which of its instances, counted from 0."""


@verifies("BULKDATA-008", id="bulkdata-of-a-kind", each=KINDS)
def test_of_a_kind(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """Each URI in the metadata leads to the value that was stored, whatever it is: a table, a waveform, a document."""
    entry, number = case.value.split()
    instance = study_named(corpus, entry).instances[int(number)]
    given = [
        each for uid, found in references_of(dicomweb, instance) if uid == instance.sop_instance_uid for each in found
    ]
    binary = [each for each in given if each.path != PIXEL_DATA][:_MOST]
    offered(binary, "the metadata give no value by a URI", "bulkdata")

    for reference in binary:
        response = value_at(dicomweb, reference)
        value = stored_value(instance, reference.path)
        if response.status == 200 and is_value(_octets_in(response), value):
            continue
        assume(_plain_value_comes(dicomweb, corpus), "no bulk data come as they are", "bulkdata-is-the-value[OB]")
        with expect(response) as it:
            if response.status in {404, 410}:
                it.observes("404-or-410-for-a-uri-given", where=reference.path)
                it.concludes()
            it.has_status(200)
            _tell(it, reference.path, joined(items_in(it)), value)


def _octets_in(response: Response) -> bytes:
    try:
        return joined(items_of(response))
    except UnreadableError:
        return b""


def _plain_value_comes(dicomweb: StudiesService, corpus: Corpus) -> bool:
    """Whether a value of VR OB comes: where none does, another check tells of it."""
    instance = corpus.bulk_data.instances[0]
    response = value_at(dicomweb, reference_to(dicomweb, instance, _PLAIN))
    return response.status == 200 and is_value(_octets_in(response), stored_value(instance, _PLAIN))


def _tell(it: Expectation, where: str, found: bytes, value: bytes) -> None:
    cut = value.startswith(found)
    quote = "octets-truncated-or-empty" if cut else "octets-of-another-element-or-instance"
    it.observes(quote, where=where, received=pixel_octets.difference(found, value), of="BULKDATA-008")
