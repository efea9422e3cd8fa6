"""Store of XML metadata with bulk data: the Native DICOM Model in, and the same instance as from JSON out."""

from collections.abc import Callable
from functools import partial

import pytest

from dicomweb_fixtures.building import transfer_syntaxes
from dicomweb_fixtures.corpus import Corpus
from dicomweb_fixtures.expected.native_xml import native_xml
from dicomweb_fixtures.identifiers import Branch
from dicomweb_fixtures.payloads import bulk_kinds, json_bulk, xml_bulk
from dicomweb_fixtures.payloads.json_bulk import Payload
from dicomweb_fixtures.payloads.xml_bulk import XmlPayload
from tests.reference.payloads import Service
from tests.reference.store_metadata import codestreams, posted, stored

PLACE = Branch(3, "reference xml")


def without(octets: bytes, payload: XmlPayload) -> XmlPayload:
    return changed(payload, lambda document: document.replace(octets, b""))


def changed(payload: XmlPayload, change: Callable[[bytes], bytes]) -> XmlPayload:
    return XmlPayload(tuple(map(change, payload.documents)), payload.bulk_data, payload.instances)


@pytest.mark.parametrize("name", ["elements", "names", "empty_values", "pdf", "ct_pair"])
def test_what_a_document_says_is_stored(dicomweb: Service, name: str) -> None:
    for study in getattr(Corpus(3), name).studies:
        for instance in study.instances:
            if "PixelData" in instance.dataset and instance.dataset.file_meta.TransferSyntaxUID.is_encapsulated:
                continue
            answer = posted(dicomweb, XmlPayload((native_xml(instance.dataset),), (), (instance,)))

            assert answer.status_code == 200, answer.text
            received = stored(dicomweb, XmlPayload((), (), (instance,)))
            expected = {each.tag for each in instance.dataset if each.tag.element} - {0x00080005}
            assert expected <= {each.tag for each in received}
            assert (received.get("PatientName") or "") == (instance.dataset.get("PatientName") or "")
            assert received.get("PixelData") == instance.dataset.get("PixelData")


@pytest.mark.parametrize(
    "octets", [b' xmlns="http://dicom.nema.org/PS3.19/models/NativeDICOM"', b' xml:space="preserve"', b' vr="LO"']
)
def test_what_examples_and_the_model_leave_out_may_be_missing(dicomweb: Service, octets: bytes) -> None:
    payload = without(octets, xml_bulk.native(PLACE))

    assert posted(dicomweb, payload).status_code == 200

    assert stored(dicomweb, payload).PatientID == payload.instance.dataset.PatientID


def test_values_come_in_the_order_of_their_numbers(dicomweb: Service) -> None:
    values = b'<Value number="1">ORIGINAL</Value><Value number="2">PRIMARY</Value>'
    turned = b'<Value number="2">PRIMARY</Value><Value number="1">ORIGINAL</Value>'
    payload = changed(xml_bulk.native(PLACE), lambda document: document.replace(values, turned))

    assert posted(dicomweb, payload).status_code == 200

    assert stored(dicomweb, payload).ImageType == ["ORIGINAL", "PRIMARY"]


def test_private_attributes_get_a_block_of_their_creator(dicomweb: Service) -> None:
    private = b"".join(
        b'<DicomAttribute tag="00110001" vr="LO" privateCreator="%b"><Value number="1">%b</Value></DicomAttribute>'
        % (creator, creator.lower())
        for creator in (b"ONE", b"OTHER")
    )
    payload = changed(
        xml_bulk.native(PLACE),
        lambda document: document.replace(b'<DicomAttribute tag="00200', private + b'<DicomAttribute tag="00200', 1),
    )

    assert posted(dicomweb, payload).status_code == 200

    received = stored(dicomweb, payload)
    assert received.private_block(0x0011, "ONE")[0x01].value == "one"
    assert received.private_block(0x0011, "OTHER")[0x01].value == "other"


@pytest.mark.parametrize("colour", [True, False])
def test_the_jpeg_is_kept_octet_for_octet(dicomweb: Service, colour: bool) -> None:
    payload = xml_bulk.photograph(PLACE, colour=colour)

    assert posted(dicomweb, payload).status_code == 200

    received = stored(dicomweb, payload)
    assert received.file_meta.TransferSyntaxUID == transfer_syntaxes.JPEG_BASELINE
    assert codestreams(received) == codestreams(payload.instance.dataset)


def test_each_instance_gets_the_bulk_data_that_its_document_names(dicomweb: Service) -> None:
    payload = xml_bulk.of(json_bulk.in_reversed_order(json_bulk.native(PLACE / "1", PLACE / "2")))

    assert posted(dicomweb, payload).status_code == 200

    for number, instance in enumerate(payload.instances):
        assert stored(dicomweb, payload, number).PixelData == instance.dataset.PixelData


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        (json_bulk.without_part, 409),
        (json_bulk.without_reference, 400),
        (json_bulk.not_a_jpeg, 409),
        (partial(json_bulk.claiming, transfer_syntax_uid="1.2.840.10008.1.2.1"), 409),
        (partial(json_bulk.without_attribute, tag="0020000D"), 409),
        (partial(json_bulk.without_attribute, tag="00080016"), 409),
        (partial(bulk_kinds.with_value, tag="00280010", vr="US", value=99), 409),
    ],
    ids=["no part", "no reference", "not a JPEG", "another syntax", "no study", "no SOP class", "other rows"],
)
def test_a_broken_pair_is_refused_and_nothing_is_stored(
    dicomweb: Service, fault: Callable[[Payload], Payload], status: int
) -> None:
    answer = posted(dicomweb, xml_bulk.of(fault(json_bulk.photograph(PLACE))))

    assert answer.status_code == status, answer.text
    assert dicomweb.found("/instances") == []


@pytest.mark.parametrize(
    "change",
    [
        lambda _document: b"",
        lambda document: document[:400],
        lambda document: document.replace(b"NativeDicomModel", b"DicomDataSet"),
        lambda document: document.replace(b"models/NativeDICOM", b"models/Other"),
        lambda document: document.replace(b"<Native", b"<!DOCTYPE NativeDicomModel [<!ENTITY e 'x'>]><Native", 1),
        lambda document: document.replace(b"<DicomAttribute", b"<Value number='1' /><DicomAttribute", 1),
        lambda document: document.replace(b'number="1"', b'number="2"'),
        lambda document: document.replace(b"DicomAttribute", b"Attribute"),
    ],
    ids=["empty", "cut", "root", "namespace", "document type", "a value", "numbers", "attribute"],
)
def test_documents_of_another_kind_are_400(dicomweb: Service, change: Callable[[bytes], bytes]) -> None:
    answer = posted(dicomweb, changed(xml_bulk.native(PLACE), change))

    assert answer.status_code == 400, answer.text
    assert dicomweb.found("/instances") == []


def test_the_form_can_be_refused(with_freedom: Callable[..., Service]) -> None:
    service = with_freedom("xml-bulk-store-refused")

    assert posted(service, xml_bulk.native(PLACE)).status_code == 415
    assert posted(service, json_bulk.native(PLACE)).status_code == 200
