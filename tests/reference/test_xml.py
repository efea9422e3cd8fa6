from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from pydicom.dataset import Dataset

from tests.reference.payloads import STUDY, Service, image, instance, parts_of, path_of

XML = 'multipart/related; type="application/dicom+xml"'
N = "{http://dicom.nema.org/PS3.19/models/NativeDICOM}"
SPACE = "{http://www.w3.org/XML/1998/namespace}space"


def documents(dicomweb: Service, path: str) -> list[ET.Element]:
    answer = dicomweb.get(path, XML)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"].startswith(XML)
    return [ET.fromstring(part) for part in parts_of(answer.headers["Content-Type"], answer.content)]  # noqa: S314 - our own document


def attribute(model: ET.Element, tag: str) -> ET.Element:
    (found,) = [each for each in model if each.get("tag") == tag]
    return found


def stored(dicomweb: Service, dataset: Dataset) -> ET.Element:
    dicomweb.store(dataset)
    (model,) = documents(dicomweb, f"{path_of(dataset)}/metadata")
    return model


def test_each_instance_is_a_part_that_names_its_metadata(dicomweb: Service) -> None:
    first, second = instance(), instance()
    dicomweb.store(first, second)

    answer = dicomweb.get(f"/studies/{STUDY}/metadata", XML)

    models = [ET.fromstring(part) for part in parts_of(answer.headers["Content-Type"], answer.content)]  # noqa: S314 - our own document
    assert [attribute(model, "00080018")[0].text for model in models] == [first.SOPInstanceUID, second.SOPInstanceUID]
    assert f"Content-Location: {dicomweb.base}{path_of(second)}/metadata".encode() in answer.content
    assert b"\r\nContent-Type: application/dicom+xml\r\n" in answer.content


def test_root_is_a_native_dicom_model(dicomweb: Service) -> None:
    model = stored(dicomweb, instance())

    assert (model.tag, model.get(SPACE)) == (f"{N}NativeDicomModel", "preserve")


@pytest.mark.parametrize(
    ("keyword", "value", "expected"),
    [
        ("PatientID", "007", ["007"]),
        ("PatientSex", "", []),
        ("ImageType", ["ORIGINAL", "PRIMARY", "", "AXIAL"], ["ORIGINAL", "PRIMARY", None, "AXIAL"]),
        ("PatientComments", "  a\\b\n\tc & <d>", ["  a\\b\n\tc & <d>"]),
        ("PatientComments", "a\fb", ["a b"]),
        ("PixelSpacing", ["0.5", "2"], ["0.5", "2"]),
        ("FrameIncrementPointer", [0x00181063, 0x0018106A], ["00181063", "0018106A"]),
        ("StudyDate", "20200131", ["20200131"]),
    ],
)
def test_values(dicomweb: Service, keyword: str, value: Any, expected: list[str | None]) -> None:
    dataset = instance(**{keyword: value})

    element = attribute(stored(dicomweb, dataset), f"{dataset[keyword].tag:08X}")

    assert (element.get("keyword"), element.get("vr")) == (keyword, dataset[keyword].VR)
    assert [(each.tag, each.get("number"), each.text) for each in element] == [
        (f"{N}Value", str(number), text) for number, text in enumerate(expected, 1)
    ]


def test_names_are_in_their_components(dicomweb: Service) -> None:
    dataset = instance(SpecificCharacterSet="ISO_IR 192", PatientName="Doe^John^Q^Dr^Jr=王^小東")

    (name,) = attribute(stored(dicomweb, dataset), "00100010")

    assert (name.tag, name.get("number")) == (f"{N}PersonName", "1")
    assert [(group.tag, [(part.tag, part.text) for part in group]) for group in name] == [
        (
            f"{N}Alphabetic",
            [
                (f"{N}FamilyName", "Doe"),
                (f"{N}GivenName", "John"),
                (f"{N}MiddleName", "Q"),
                (f"{N}NamePrefix", "Dr"),
                (f"{N}NameSuffix", "Jr"),
            ],
        ),
        (f"{N}Ideographic", [(f"{N}FamilyName", "王"), (f"{N}GivenName", "小東")]),
    ]


def test_sequences_keep_empty_items(dicomweb: Service) -> None:
    item = Dataset()
    item.CodeValue = "X"

    items = attribute(stored(dicomweb, instance(ProcedureCodeSequence=[item, Dataset(), item])), "00081032")

    assert [(each.tag, each.get("number"), len(each)) for each in items] == [
        (f"{N}Item", "1", 1),
        (f"{N}Item", "2", 0),
        (f"{N}Item", "3", 1),
    ]


def test_private_elements_name_their_creator_in_place_of_the_block(dicomweb: Service) -> None:
    dataset = instance()
    dataset.private_block(0x0009, "ACME", create=True).add_new(1, "LO", "outer")

    model = stored(dicomweb, dataset)

    private = [each.attrib for each in model if each.attrib["tag"].startswith("0009")]
    assert private == [{"tag": "00090001", "vr": "LO", "privateCreator": "ACME"}]


def test_binary_values_are_inline_or_by_uri(dicomweb: Service) -> None:
    dataset = image(EncapsulatedDocument=b"\1\2\3\4")

    model = stored(dicomweb, dataset)

    (inline,), (bulk,) = attribute(model, "00420011"), attribute(model, "7FE00010")
    assert (inline.tag, inline.text) == (f"{N}InlineBinary", "AQIDBA==")
    assert (bulk.tag, bulk.attrib) == (
        f"{N}BulkData",
        {"uri": f"{dicomweb.base}{path_of(dataset)}/bulkdata/7FE00010"},
    )


def test_each_match_of_a_search_is_a_part(dicomweb: Service) -> None:
    dicomweb.store(instance(), instance("2.25.2", "2.25.2.1"))

    found = [attribute(model, "0020000D")[0].text for model in documents(dicomweb, "/studies?PatientID=PAT-1")]

    assert found == [STUDY, "2.25.2"]
    assert dicomweb.get("/studies?PatientID=nobody", XML).status_code == 204


def test_store_answers_in_xml_bare_or_in_one_part(dicomweb: Service) -> None:
    bare = dicomweb.store(instance(), Accept="application/dicom+xml")
    assert (bare.status_code, bare.headers["Content-Type"]) == (200, "application/dicom+xml")
    (item,) = attribute(ET.fromstring(bare.content), "00081199")  # noqa: S314 - our own document
    assert attribute(item, "00081155").get("keyword") == "ReferencedSOPInstanceUID"

    wrapped = dicomweb.store(instance(), Accept=XML)
    (part,) = parts_of(wrapped.headers["Content-Type"], wrapped.content)
    assert attribute(ET.fromstring(part), "00081190").get("keyword") == "RetrieveURL"  # noqa: S314 - our own document


@pytest.mark.parametrize(
    ("query", "accept", "expected"),
    [
        ("", f"{XML};q=0.2, application/dicom+json;q=0.9", "application/dicom+json"),
        ("", f"{XML};q=0.9, application/dicom+json;q=0.2", XML),
        ("", "application/dicom+json;q=0, */*;q=0.1", XML),
        ("?accept=multipart/related;%20type=%22application/dicom%2Bxml%22", "*/*", XML),
        ("", f"{XML}; charset=utf-8", XML),
    ],
)
def test_negotiation(dicomweb: Service, query: str, accept: str, expected: str) -> None:
    dicomweb.store(instance())

    answer = dicomweb.get(f"/studies/{STUDY}/metadata{query}", accept, Accept_Charset="iso-8859-1;q=0.5, utf-8")

    assert answer.headers["Content-Type"].startswith(expected)


def test_xml_not_offered(with_freedom: Callable[..., Service]) -> None:
    service = with_freedom("xml-not-offered")

    assert service.store(instance(), Accept="application/dicom+xml").status_code == 406
    service.store(instance())
    for path in ("/studies", f"/studies/{STUDY}/metadata"):
        assert service.get(path, XML).status_code == 406
