"""XML: metadata as Native DICOM Models (PS3.18 10.4.1.1.2, PS3.19 Annex A)."""

from __future__ import annotations

import re

from dicomweb_conformance.checks.expect import Expectation, assume, control, expect
from dicomweb_conformance.checks.verifies import Variant, verifies
from dicomweb_conformance.dicom import differences, json_model, xml_differences
from dicomweb_conformance.dicom.differences import Difference
from dicomweb_conformance.dicom.json_model import DataSet
from dicomweb_conformance.http import media_types
from dicomweb_conformance.scenarios.steps.xml_models import BARE, MULTIPART_XML, documents_of, is_markup, models_of
from dicomweb_conformance.service.absence import declines_xml
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_fixtures.corpus import Corpus
from dicomweb_fixtures.entities import Instance, Series, Study

INSTANCE = "00080018"
TEXTS = xml_differences.TEXTS
NAMES_AND_TEXTS = frozenset({"PN", "LO", "SH", "LT", "ST", "UT", "UC"})


@verifies("METADATA-003", id="xml-metadata", needs="metadata")
def test_metadata(dicomweb: StudiesService, corpus: Corpus) -> None:
    """Metadata are available as XML: one part for each instance of a series, and one for a single instance."""
    series = corpus.two_series.series[1]
    resources: tuple[Series | Instance, ...] = (series, series.instances[0])
    control(dicomweb.metadata(series), because="there are no metadata of a stored series")

    for resource in resources:
        response = dicomweb.metadata(resource, accept=MULTIPART_XML)
        number = len(resource.instances) if isinstance(resource, Series) else 1
        with expect(response) as it:
            if response.status == 200 and declines_xml(response):
                it.observes("200-with-application-dicom-json", where="Content-Type")
                it.concludes()
            it.has_status(200)
            documents = documents_of(it)
            if not all(map(is_markup, documents)):
                it.observes("parts-that-are-not-xml", received=it.status_line)
                it.concludes()
            found = [json_model.text(each, INSTANCE) for each in models_of(it)]
            if len(found) != number:
                it.observes(
                    "parts-are-not-the-instances",
                    expected=[f"{number} parts"],
                    received=f"{len(found)} parts: {', '.join(found)}",
                )
            elif media_types.name_of(response.content_type) in BARE:
                it.observes("200-with-one-bare-xml-document", where="Content-Type")
        if response.status != 200 or declines_xml(response):
            return  # one finding for all of XML


WHOLE = (Variant("study", "METADATA-005"), Variant("series", "METADATA-005"))


@verifies("METADATA-003", id="xml-metadata-is-whole", each=WHOLE)
def test_is_whole(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """The XML metadata of a study or series cover all its instances and no others, each once."""
    study = corpus.two_series
    resource: Study | Series = study if case.id == "study" else study.series[1]
    wanted = {instance.sop_instance_uid for instance in resource.instances}

    response = dicomweb.metadata(resource, accept=MULTIPART_XML)

    with expect(response) as it:
        found = [json_model.text(each, INSTANCE) for each in models_of(it)]
        expected, received = [", ".join(sorted(wanted))], ", ".join(found) or "nothing"
        if wanted - set(found):
            it.observes("instance-missing", expected=expected, received=received)
        if set(found) - wanted:
            it.observes("instance-of-another-series-or-study", expected=expected, received=received)
        if len(found) != len(set(found)):
            it.observes("the-same-instance-twice", expected=expected, received=received)


def _only(it: Expectation, instance: Instance) -> DataSet:
    """Return the model of the instance asked for."""
    found = [each for each in models_of(it) if json_model.text(each, INSTANCE) == instance.sop_instance_uid]
    assume(found, "the XML metadata do not hold the instance asked for", "xml-metadata-is-whole[series]")
    return found[0]


def _in_json(dicomweb: StudiesService, instance: Instance) -> None:
    control(dicomweb.metadata(instance), because="there are no metadata of this instance as JSON, which is the default")


VALUES = (Variant("elements", "XML-027"), Variant("document", "XML-027"), Variant("gaps", "XML-027"))


@verifies(id="xml-metadata-values", each=VALUES)
def test_values(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """The values of standard elements, at the top and in items, are those that were stored."""
    instance = _instance(corpus, case.id)
    _in_json(dicomweb, instance)

    response = dicomweb.metadata(instance, accept=MULTIPART_XML)

    with expect(response) as it:
        received = _only(it, instance)
        for each in xml_differences.with_xml(instance.dataset, received):
            if each.private or each.vr == "SQ" or _has_a_row_of_its_own(each):
                continue
            found = json_model.text(received, each.path)
            if each.vr in {"DA", "DT", "TM"} and re.search(r"\d[-:T]\d", found):
                quote = "dates-in-iso-8601-form"
            else:
                quote = "a-value-lost-or-cut" if each.kind == "lost" or _is_cut(each) else "another-value"
            it.observes(quote, where=f"{each.path} {each.vr}", expected=[each.stored], received=each.received)


def _instance(corpus: Corpus, name: str) -> Instance:
    studies = {"elements": corpus.elements, "gaps": corpus.gaps} if name != "document" else {}
    return studies[name].instances[0] if name in studies else corpus.with_documents().two_series.instances[1]


def _has_a_row_of_its_own(difference: Difference) -> bool:
    """Whether binary elements are absent (METADATA-006), empty ones are (XML-019), or white space is lost (XML-028)."""
    if difference.kind == "lost":
        return difference.vr in differences.BINARY or difference.stored == "no value"
    return difference.vr in TEXTS and difference.stored.split() == difference.received.split()


def _is_cut(difference: Difference) -> bool:
    return "Value" not in difference.received and "InlineBinary" not in difference.received


@verifies("XML-018", id="xml-metadata-empty-value-among-several")
def test_empty_value_among_several(dicomweb: StudiesService, corpus: Corpus) -> None:
    """An empty value between others keeps its place: ORIGINAL, PRIMARY, nothing, AXIAL."""
    instance = corpus.gaps.instances[0]
    stored = [str(each) for each in instance.dataset.ImageType]
    _in_json(dicomweb, instance)

    response = dicomweb.metadata(instance, accept=MULTIPART_XML)

    with expect(response) as it:
        found = [str(each or "") for each in json_model.values(_only(it, instance), "00080008")]
        expected, received = ["\\".join(stored)], "\\".join(found) or "absent"
        if found == [each for each in stored if each]:
            it.observes(
                "the-third-left-out-later-values-move-up", where="00080008", expected=expected, received=received
            )
        elif found != stored:
            it.finds("other values", where="00080008", expected=expected, received=received)


EMPTY = {
    "00100010": "PatientName",
    "00100030": "PatientBirthDate",
    "00100040": "PatientSex",
    "00080050": "AccessionNumber",
}


@verifies("XML-019", id="xml-metadata-empty-attributes")
def test_empty_attributes(dicomweb: StudiesService, corpus: Corpus) -> None:
    """An attribute that was stored without a value appears without one."""
    instance = corpus.empty_values.instances[0]
    _in_json(dicomweb, instance)

    response = dicomweb.metadata(instance, accept=MULTIPART_XML)

    with expect(response) as it:
        model = _only(it, instance)
        for tag, keyword in EMPTY.items():
            where = f"{tag} {keyword}"
            if tag not in model:
                it.observes("the-attribute-is-missing", where=where, received="absent")
            elif any(json_model.values(model, tag)):
                value = json_model.text(model, tag)
                it.observes("a-value-that-nobody-stored", where=where, expected=["no value"], received=value)
            elif json_model.values(model, tag):
                it.observes("one-empty-value-personname-or-item-in-it", where=where)


@verifies("XML-021", id="xml-metadata-sequences")
def test_sequences(dicomweb: StudiesService, corpus: Corpus) -> None:
    """Sequences have the items that were stored, in their order, an empty one too, four levels deep."""
    for instance in (corpus.elements.instances[0], corpus.empty_item.instances[0]):
        _in_json(dicomweb, instance)

        response = dicomweb.metadata(instance, accept=MULTIPART_XML)

        with expect(response) as it:
            _tell_sequences(it, instance, _only(it, instance))


def _tell_sequences(it: Expectation, instance: Instance, model: json_model.DataSet) -> None:
    for difference in xml_differences.with_xml(instance.dataset, model):
        if difference.private or difference.vr != "SQ" or difference.stored == "0 items":
            continue
        stored = instance.dataset[difference.path].value if "/" not in difference.path else []
        filled = sum(1 for item in stored if len(item))
        it.observes(
            "the-empty-item-dropped"
            if stored and difference.received == f"{filled} items" and filled < len(stored)
            else "items-missing-merged-or-in-another-order",
            where=difference.path,
            expected=[difference.stored],
            received=difference.received,
        )
    stored_order = [str(item.get("DisplaySetNumber", "")) for item in instance.dataset.DisplaySetsSequence]
    found = [json_model.text(item, "00720202") for item in json_model.items(model, "00720200")]
    if sorted(found) == sorted(stored_order) and found != stored_order:
        it.observes("items-missing-merged-or-in-another-order", where="00720200", received=", ".join(found))


@verifies("XML-028", id="xml-metadata-white-space")
def test_white_space(dicomweb: StudiesService, corpus: Corpus) -> None:
    """Leading blanks and line ends of texts are kept, and none is added."""
    instance = corpus.elements.instances[0]
    _in_json(dicomweb, instance)

    response = dicomweb.metadata(instance, accept=MULTIPART_XML)

    with expect(response) as it:
        model = _only(it, instance)
        for element in instance.dataset:
            tag = f"{element.tag:08X}"
            if element.VR not in TEXTS or "BulkDataURI" in model.get(tag, {}):
                continue
            stored = xml_differences.line_feeds(str(element.value)).rstrip(" ")
            values = json_model.values(model, tag)
            received = xml_differences.line_feeds(str(values[0] if values else "")).rstrip(" ")
            if stored != received and stored.split() == received.split():
                it.observes(_white_space(stored, received), where=tag, expected=[repr(stored)], received=repr(received))


def _white_space(stored: str, received: str) -> str:
    if received.count("\n") > stored.count("\n") or len(received) > len(stored):
        return "white-space-added-by-printing"
    return "leading-blanks-gone" if stored.lstrip() == received.lstrip() else "lines-joined"


CHARACTER_SETS = (
    Variant("ISO_IR-100", "XML-029", "ISO_IR 100"),
    Variant("ISO-2022-IR-87", "XML-029", "ISO 2022 IR 87"),
    Variant("GB18030", "XML-029", "GB18030"),
    Variant("ISO_IR-192", "XML-029", "ISO_IR 192"),
)


@verifies(id="xml-metadata-text", each=CHARACTER_SETS, needs="xml")
def test_text(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """Names and texts are the characters that were stored, in the encoding that the document declares."""
    study = next(each for each in corpus.names.studies if case.value in each.value("SpecificCharacterSet"))
    instance = study.instances[0]

    response = dicomweb.metadata(instance, accept=MULTIPART_XML)

    with expect(response) as it:
        for each in xml_differences.with_xml(instance.dataset, _only(it, instance)):
            if each.vr in NAMES_AND_TEXTS:
                it_reads_otherwise(it, each)


def it_reads_otherwise(it: Expectation, difference: Difference) -> None:
    """Report text that is not what was stored, by what seems to have become of it."""
    where, expected = f"{difference.path} {difference.vr}", [difference.stored]
    received = difference.received
    if difference.kind == "lost":
        it.finds("text that was stored is absent", where=where, expected=expected, received=received)
    elif re.search("\x1b|\\$B|\\(B", received):
        it.observes("escape-sequences-in-the-text", where=where, expected=expected, received=received)
    elif "?" in received or "\ufffd" in received:
        it.observes("or-u-fffd-in-place-of-letters", where=where, expected=expected, received=received)
    else:
        it.observes(
            "text-in-wrong-letters",
            where=where,
            expected=expected,
            received=received,
        )


SAME = (Variant("elements", "METADATA-019"), Variant("document", "METADATA-019"))


@verifies(id="xml-metadata-equal-json", each=SAME)
def test_equal_json(dicomweb: StudiesService, corpus: Corpus, case: Variant) -> None:
    """The metadata of an instance as XML and as JSON are the same data set."""
    instance = _instance(corpus, case.id)
    in_json = dicomweb.metadata(instance)
    control(in_json, because="there are no metadata of this instance as JSON, which is the default")

    response = dicomweb.metadata(instance, accept=MULTIPART_XML)

    with expect(in_json) as other:
        objects = other.is_metadata()
    assume(objects, "the metadata as JSON are empty", "metadata-one-object-per-instance")
    with expect(response) as it:
        for model in xml_differences.models(objects[0], _only(it, instance)):
            it.observes(
                "inline-in-one-form-uri-in-the-other"
                if model.kind == xml_differences.INLINED
                else "tag-vr-or-value-differs",
                where=model.path,
                expected=[f"as in JSON: {model.stored}"],
                received=model.received,
            )
