"""Metadata: every element that was stored, at the top, within sequences and private (PS3.18 10.4.3.3.2)."""

from __future__ import annotations

import base64

from dicomweb_conformance.checks.expect import Expectation, assume, expect
from dicomweb_conformance.checks.verifies import Variant, verifies
from dicomweb_conformance.dicom import differences, json_model
from dicomweb_conformance.dicom.differences import Difference
from dicomweb_conformance.scenarios.metadata.one_object import (
    is_empty,
    lost_without_value,
    of_every_vr_or,
    only,
)
from dicomweb_conformance.scenarios.metadata.stored_values import is_list_as_text, is_told
from dicomweb_conformance.scenarios.steps.returned import octets_of
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_fixtures.corpus import Corpus
from dicomweb_fixtures.entities import Instance, Study

BINARY_ABSENT = "bulk-element-absent"


@verifies("METADATA-006", id="metadata-holds-every-element")
def test_holds_every_element(dicomweb: StudiesService, corpus: Corpus) -> None:
    """The metadata hold every standard element of the top level, with its value or a URI of it."""
    instance = corpus.elements.instances[0]

    response = dicomweb.metadata(instance)

    with expect(response) as it:
        found = only(it, instance)
        for each in differences.with_json(instance.dataset, found):
            if each.private or "/" in each.path or lost_without_value(each, instance.dataset):
                continue
            if each.kind == "changed" and is_told(each.path, instance, found):
                continue  # which test_values tells by what became of it
            if each.vr in differences.BINARY and json_model.values(found, each.path):
                continue  # which JSON-042 tells: octets are no Value
            _tell(it, each)


def _tell(it: Expectation, difference: Difference) -> None:
    is_lost = difference.kind == "lost"
    if is_lost and difference.vr in differences.BINARY:
        quote = BINARY_ABSENT
    else:
        quote = "element-of-any-other-vr-absent" if is_lost else "value-differs-from-the-stored-one"
    report = it.loses if is_lost else it.observes
    where, expected = f"{difference.path} {difference.vr}", [difference.stored]
    report(quote, where=where, expected=expected, received=difference.received, of="METADATA-006")


KINDS = tuple(
    Variant(kind, "METADATA-006", entry)
    for kind, entry in (
        ("document", "pdf"),
        ("waveform", "ecg"),
        ("float-pixels", "parametric_map"),
        ("overlays", "overlays"),
        ("palettes", "ultrasound_colours"),
        ("annotations", "annotations"),
        ("segmentation", "segmentation"),
        ("segmented-palettes", "segmented_palettes"),
        ("groups-of-frames", "enhanced"),
        ("colour-profile", "whole_slide_colour"),
        ("presentation-state", "grey_scales"),
    )
)


@verifies("METADATA-014", id="metadata-holds-what-a-kind-has", each=KINDS)
def test_holds_what_a_kind_has(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """The metadata of an object that is no plain image hold all that it is made of, or URIs of it."""
    entry: Study = getattr(corpus, case.value)
    instance = entry.instances[-1]
    told = _differing_anywhere(dicomweb, corpus.elements.instances[0])

    response = dicomweb.metadata(instance)

    with expect(response) as it:
        found = only(it, instance)
        for each in differences.with_json(instance.dataset, found):
            if each.private or (each.vr, each.kind) in told or lost_without_value(each, instance.dataset):
                continue
            if "/" in each.path:
                _tell_nested(it, each)
            else:
                _tell(it, each)


def _differing_anywhere(dicomweb: StudiesService, instance: Instance) -> frozenset[tuple[str, str]]:
    """What is wrong with the metadata of an instance of every VR, as VR and kind: other checks tell of it."""
    response = dicomweb.metadata(instance)
    if response.status != 200:
        return frozenset()
    with expect(response) as it:
        found = only(it, instance)
    differing = differences.with_json(instance.dataset, found)
    return frozenset((each.vr, each.kind) for each in differing if not lost_without_value(each, instance.dataset))


@verifies("METADATA-014", id="metadata-holds-nested-data-sets")
def test_holds_nested_data_sets(dicomweb: StudiesService, corpus: Corpus) -> None:
    """Sequences are complete: items, order, elements and values, three levels deep."""
    instance, response = of_every_vr_or(dicomweb, corpus, lambda: corpus.reports.series[1].instances[1])

    with expect(response) as it:
        for difference in _nested_differences(it, instance):
            _tell_nested(it, difference)


@verifies("METADATA-014", id="metadata-holds-delimited-sequences")
def test_holds_delimited_sequences(dicomweb: StudiesService, corpus: Corpus) -> None:
    """Sequences whose items end with delimiters are as complete as those whose lengths are given."""
    plain, response = of_every_vr_or(dicomweb, corpus, lambda: corpus.reports.series[1].instances[1])
    with expect(response) as it:
        told = {difference.path for difference in _nested_differences(it, plain)}

    every_vr = plain.sop_instance_uid == corpus.elements.instances[0].sop_instance_uid
    instance = corpus.delimited.instances[0]
    response = dicomweb.metadata(instance)

    with expect(response) as it:
        because = "the metadata of an instance of every VR cannot be had with lengths of its sequences, either"
        assume(every_vr or response.status == 200, because, "metadata-holds-every-element")
        for difference in _nested_differences(it, instance):
            owner = "metadata-holds-nested-data-sets"
            assume(difference.path not in told, "with their lengths they are not complete, either", owner)
            _tell_nested(it, difference)


def _nested_differences(it: Expectation, instance: Instance) -> list[Difference]:
    """What of standard sequences, and within them, is not as it was stored, and no other check tells.

    What becomes of values of a VR outside of sequences, too, `metadata-holds-every-element` tells.
    """
    found = only(it, instance)
    differing = [each for each in differences.with_json(instance.dataset, found) if not each.private]
    outside = {(difference.vr, difference.kind) for difference in differing if "/" not in difference.path}
    return [
        difference
        for difference in differing
        if (difference.vr == "SQ" or ("/" in difference.path and (difference.vr, difference.kind) not in outside))
        and not (difference.kind == "changed" and is_told(difference.path, instance, found))
        and not lost_without_value(difference, instance.dataset)
    ]


def _tell_nested(it: Expectation, difference: Difference) -> None:
    is_lost = difference.kind == "lost"
    if is_lost and difference.vr in differences.BINARY:
        quote = "nested-bulk-element-absent"
    elif is_lost:
        quote = "nested-element-of-another-vr-absent"
    else:
        quote = "item-lost" if difference.vr == "SQ" else "nested-value-differs"
    report = it.loses if is_lost else it.observes
    report(
        quote,
        where=f"{difference.path} {difference.vr}",
        expected=[difference.stored],
        received=difference.received,
        of="METADATA-014",
    )


@verifies("METADATA-015", id="metadata-holds-private-elements")
def test_holds_private_elements(dicomweb: StudiesService, corpus: Corpus) -> None:
    """The metadata hold private elements and their creators."""
    instance, response = of_every_vr_or(dicomweb, corpus, lambda: corpus.sequence_as_un.instances[0])
    # Of a sequence as UN a server may make one (PS3.5 6.2.2 Note 2).
    only_lost = instance not in corpus.elements.instances

    with expect(response) as it:
        found = only(it, instance)
        for each in differences.with_json(instance.dataset, found):
            if not each.private or _is_un_with_the_octets(each, instance, found):
                continue
            if only_lost and each.kind != "lost":
                continue
            if "/" not in each.path and is_list_as_text(found, each.path):
                continue  # which JSON-020b tells
            lost_binary = each.kind == "lost" and each.vr in differences.BINARY
            quote = "private-value-differs"
            if each.kind == "lost":
                quote = "private-element-of-vr-un-ob-or-ow-absent" if lost_binary else "private-text-element-absent"
            report = it.loses if each.kind == "lost" else it.observes
            report(quote, where=f"{each.path} {each.vr}", expected=[each.stored], received=each.received)


@verifies("JSON-016", id="metadata-keeps-empty-attributes")
def test_keeps_empty_attributes(dicomweb: StudiesService, corpus: Corpus) -> None:
    """An attribute that was stored without a value is there without one."""
    instance = corpus.empty_and_filled.studies[0].instances[0]

    response = dicomweb.metadata(instance)

    with expect(response) as it:
        found = only(it, instance)
        filled = json_model.text(found, "00100010") == instance.value("PatientName")
        assume(filled, "an attribute with a value is not in the metadata either", "metadata-holds-every-element")
        _keeps_empty(it, instance, found)

    # The same of every VR, sequences among them, at the top and within items: where a server knows them all.
    whole, instance = corpus.elements.instances[0], corpus.empty_elements.instances[0]
    if dicomweb.metadata(whole).status != 200:
        return
    told = _differing_anywhere(dicomweb, whole)
    response = dicomweb.metadata(instance)
    if response.status == 200:
        with expect(response) as it:
            _keeps_empty(it, instance, only(it, instance), told)


def _keeps_empty(
    it: Expectation,
    instance: Instance,
    found: json_model.DataSet,
    told: frozenset[tuple[str, str]] = frozenset(),
) -> None:
    for each in differences.with_json(instance.dataset, found):
        if (each.vr, each.kind) in told:
            continue
        if lost_without_value(each, instance.dataset):
            it.observes("the-attribute-is-missing-from-metadata", where=f"{each.path} {each.vr}")
        elif each.kind == "changed" and is_empty(each, instance.dataset):
            it.observes("a-value-nobody-stored", where=f"{each.path} {each.vr}", received=each.received)


def _is_un_with_the_octets(difference: Difference, instance: Instance, received: json_model.DataSet) -> bool:
    """Whether a private element has VR UN and the octets stored, as one may that is retrieved so (RETRIEVE-014)."""
    element = received.get(difference.path)
    if not isinstance(element, dict) or element.get("vr") != "UN":
        return False
    try:
        octets = base64.b64decode(element.get("InlineBinary", ""), validate=True)
    except (ValueError, TypeError):
        return False
    stored = octets_of(instance.dataset[difference.path], instance.dataset)
    return octets.rstrip(b"\0 ") == stored.rstrip(b"\0 ")
