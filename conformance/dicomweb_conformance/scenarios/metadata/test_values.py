"""Metadata: values as they were stored, by what DICOM JSON can do to them (PS3.18 Annex F)."""

from __future__ import annotations

from dicomweb_conformance.archive.contents import shows
from dicomweb_conformance.checks.expect import assume, control, expect, kept, offered
from dicomweb_conformance.checks.verifies import Variant, verifies
from dicomweb_conformance.dicom import json_model
from dicomweb_conformance.dicom.json_model import DataSet
from dicomweb_conformance.scenarios.metadata.stored_values import JUDGES, is_list_as_text
from dicomweb_conformance.scenarios.steps.returned import octets_of
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_fixtures.corpus import Corpus

CASES = (
    Variant("multiplicity", "JSON-020"),
    Variant("decimals", "JSON-026"),
    Variant("names", "JSON-032"),
    Variant("empty-item", "JSON-035"),
    Variant("octets", "JSON-040"),
    Variant("text", "JSON-049b"),
    Variant("64-bit", "JSON-053"),
    Variant("signs", "JSON-054"),
)


@verifies("JSON-041", id="metadata-values", each=CASES, needs="metadata")
def test_values(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """Values are in the metadata as they were stored: in number and order, digits, signs, letters and octets."""
    instance = (corpus.empty_item if case.id == "empty-item" else corpus.elements).instances[0]
    judge, tags = JUDGES[case.id]

    response = dicomweb.metadata(instance)
    if response.status != 200 and case.id == "empty-item":
        plain = dicomweb.metadata(corpus.delimiters.instances[0])
        control(plain, because="the metadata of another image cannot be had")
        with expect(response) as it:
            it.has_status(200, of=case.requirement)
        return
    if response.status != 200:  # over a VR that is rare; plainer elements are judged all the same
        instance = corpus.delimiters.instances[0]
        response = dicomweb.metadata(instance)

    assume(shows(response, [instance.sop_instance_uid]), "the metadata cannot be had", "metadata-holds-every-element")
    with expect(response) as it:
        found: DataSet = next(iter(it.is_metadata()), {})
        stored = [tag for tag in tags if tag in instance.dataset]
        assume(stored, "the metadata of an instance of every VR cannot be had", "metadata-holds-every-element")
        there = [tag for tag in stored if isinstance(found.get(tag), dict)]
        assume(there, "none of the elements is in the metadata", "metadata-holds-every-element")
        there = [tag for tag in there if not is_list_as_text(found, tag) or instance.dataset[tag].VM == 1]
        assume(there, "the values are lists, written as text", "message[JSON-020b]")
        if case.id == "octets":
            there = [tag for tag in there if "InlineBinary" in found[tag]]
            if instance not in corpus.elements.instances:
                assume(there, "the binary values are in metadata that cannot be had", "metadata-holds-every-element")
            offered(there, "the metadata give the octets by URIs, as they may, and none inline")
        whole = [tag for tag in there if case.id != "text" or len(json_model.values(found, tag)) < 2]
        for tag in whole:
            judge(it, instance, found, tag)
        assume(len(whole) == len(there), "a text is cut at its backslash", "message[JSON-049]")


@verifies("JSON-046", id="metadata-sequence-as-un", needs="metadata")
def test_sequence_as_un(dicomweb: StudiesService, corpus: Corpus) -> None:
    """A private sequence that was stored as UN is there as a sequence of its items, or as UN with its octets."""
    instance = corpus.sequence_as_un.instances[0]

    response = dicomweb.metadata(instance)

    assume(shows(response, [instance.sop_instance_uid]), "the metadata cannot be had", "metadata-holds-every-element")
    with expect(response) as it:
        found: DataSet = next(iter(it.is_metadata()), {})
        element = found.get("00111010")
        lost = "the metadata do not have this private element"
        kept(isinstance(element, dict), lost, "metadata-holds-private-elements")
        assert isinstance(element, dict)
        items = [each for each in json_model.values(found, "00111010") if isinstance(each, dict)]
        codes = [json_model.text(item, "00080100") for item in items]
        as_octets = element.get("vr") != "SQ" and bool(element.get("InlineBinary") or element.get("BulkDataURI"))
        if codes != ["X-1", "X-2"] and not as_octets:
            stored = octets_of(instance.dataset["00111010"], instance.dataset)
            quote = "form-in-stored-items-can-no-longer-read"
            expected = [f"two items, or {len(stored)} octets"]
            it.observes(quote, where="00111010", expected=expected, received=str(element)[:200])
