import base64
from collections.abc import Callable
from typing import Any

import pytest
from pydicom.dataset import Dataset

from tests.reference.payloads import Service, image, instance, parts_of, path_of

OCTET_STREAM = 'multipart/related; type="application/octet-stream", application/octet-stream;q=0.5'


def metadata(dicomweb: Service, dataset: Dataset) -> dict[str, Any]:
    assert dicomweb.store(dataset).status_code == 200
    (model,) = dicomweb.metadata(path_of(dataset))
    return model


@pytest.mark.parametrize(
    ("keyword", "vr", "stored", "expected"),
    [
        ("PatientID", "LO", "007", ["007"]),
        ("PatientSex", "CS", "", None),
        ("ImageType", "CS", ["ORIGINAL", "PRIMARY", "", "AXIAL"], ["ORIGINAL", "PRIMARY", None, "AXIAL"]),
        ("PatientComments", "LT", "  a\\b\r\n\tc ", ["  a\\b\r\n\tc"]),
        ("PatientName", "PN", "Doe^John^^Dr", [{"Alphabetic": "Doe^John^^Dr"}]),
        ("PatientName", "PN", "Wang^Xiao=WX", [{"Alphabetic": "Wang^Xiao", "Ideographic": "WX"}]),
        ("PatientName", "PN", "=I^1=P^1", [{"Ideographic": "I^1", "Phonetic": "P^1"}]),
        ("OtherPatientNames", "PN", ["A^B", "", "C^D"], [{"Alphabetic": "A^B"}, None, {"Alphabetic": "C^D"}]),
        ("StudyDate", "DA", "20200131", ["20200131"]),
        ("StudyTime", "TM", "134530.25", ["134530.25"]),
        ("AcquisitionDateTime", "DT", "20200131134530+0100", ["20200131134530+0100"]),
        ("PatientAge", "AS", "012Y", ["012Y"]),
        ("SeriesNumber", "IS", "+12", [12]),
        ("PixelSpacing", "DS", ["0.5", "0.25"], [0.5, 0.25]),
        ("FrameTimeVector", "DS", ["1.50", "+2", "1E-05", "0.3333333333333"], [1.5, 2, 0.00001, 0.3333333333333]),
        ("FrameIncrementPointer", "AT", [0x00181063, 0x0018106A], ["00181063", "0018106A"]),
        ("ExposureTimeInms", "FD", [1.5, float("inf")], [1.5, None]),
        ("RecommendedDisplayFrameRateInFloat", "FL", 0.5, [0.5]),
        ("PixelPaddingValue", "SS", -2000, [-2000]),
        ("SmallestImagePixelValue", "US", 60000, [60000]),
        ("ReferencePixelX0", "SL", -70000, [-70000]),
        ("SimpleFrameList", "UL", [1, 4000000000], [1, 4000000000]),
        ("SelectorSVValue", "SV", [-(2**62) - 1], [-(2**62) - 1]),
        ("SelectorUVValue", "UV", [2**64 - 1, 2**53 + 1], [2**64 - 1, 2**53 + 1]),
        ("LongCodeValue", "UC", "a  ", ["a"]),
        ("URNCodeValue", "UR", "http://a/b?c=d", ["http://a/b?c=d"]),
        ("ReferencedStudySequence", "SQ", [], None),
    ],
)
def test_values(dicomweb: Service, keyword: str, vr: str, stored: Any, expected: Any) -> None:
    dataset = instance()
    dataset.add_new(keyword, vr, stored)
    tag = f"{dataset[keyword].tag:08X}"

    attribute = metadata(dicomweb, dataset)[tag]

    assert attribute == ({"vr": vr} if expected is None else {"vr": vr, "Value": expected})


def test_only_the_data_set_and_all_of_it_in_ascending_order(dicomweb: Service) -> None:
    dataset = image()
    dataset.add_new(0x00100000, "UL", 10)
    dataset.add_new(0x00080000, "UL", 10)

    model = metadata(dicomweb, dataset)

    assert list(model) == [f"{element.tag:08X}" for element in dataset if element.tag.element]


@pytest.mark.parametrize(
    ("charset", "name"),
    [
        ("ISO_IR 100", "Müller^Jörg"),
        ("ISO_IR 192", "Wang^XiaoDong=王^小東"),
        ("GB18030", "Wang^XiaoDong=王^小东"),
        ("ISO_IR 144", "Жуков^Илья"),
        (["", "ISO 2022 IR 87"], "Yamada^Tarou=山田^太郎=やまだ^たろう"),
        (["", "ISO 2022 IR 149"], "Hong^Gildong=洪^吉洞=홍^길동"),
    ],
)
def test_text_is_utf8_whatever_the_data_set_was_in(dicomweb: Service, charset: Any, name: str) -> None:
    item = Dataset()
    item.CodeMeaning = name.rsplit("=", maxsplit=1)[-1]
    dataset = instance(SpecificCharacterSet=charset, PatientName=name, ProcedureCodeSequence=[item])

    model = metadata(dicomweb, dataset)

    assert "=".join(model["00100010"]["Value"][0].values()) == name
    assert model["00081032"]["Value"][0]["00080104"]["Value"] == [name.rsplit("=", maxsplit=1)[-1]]
    assert model["00080005"]["Value"] == ["ISO_IR 192"]
    (result,) = dicomweb.found("/studies")
    assert result["00100010"] == model["00100010"]


def test_sequences_keep_empty_items_and_nested_ones(dicomweb: Service) -> None:
    purpose = Dataset()
    purpose.CodeValue = "121311"
    reference = Dataset()
    reference.ReferencedSOPInstanceUID = "1.2.3"
    reference.PurposeOfReferenceCodeSequence = [purpose]
    dataset = instance(ReferencedImageSequence=[reference, Dataset(), reference])

    items = metadata(dicomweb, dataset)["00081140"]["Value"]

    expected = {
        "00081155": {"vr": "UI", "Value": ["1.2.3"]},
        "0040A170": {"vr": "SQ", "Value": [{"00080100": {"vr": "SH", "Value": ["121311"]}}]},
    }
    assert items == [expected, {}, expected]


def test_private_elements_come_with_their_creators(dicomweb: Service) -> None:
    dataset = instance()
    block = dataset.private_block(0x0009, "ACME", create=True)
    inner = Dataset()
    inner.private_block(0x0009, "ACME", create=True).add_new(1, "LO", "inner")
    block.add_new(1, "LO", "outer")
    block.add_new(2, "UN", b"\1\2\3\4")
    block.add_new(3, "SQ", [inner])

    model = metadata(dicomweb, dataset)

    creator = {"vr": "LO", "Value": ["ACME"]}
    assert model["00090010"] == creator
    assert model["00091001"] == {"vr": "LO", "Value": ["outer"]}
    assert model["00091002"] == {"vr": "UN", "InlineBinary": "AQIDBA=="}
    assert model["00091003"]["Value"] == [{"00090010": creator, "00091001": {"vr": "LO", "Value": ["inner"]}}]


def test_small_binary_values_are_inline_and_empty_ones_have_no_member(dicomweb: Service) -> None:
    dataset = instance(EncapsulatedDocument=b"\1\2\3\4")
    dataset.add_new("RedPaletteColorLookupTableData", "OW", b"")

    model = metadata(dicomweb, dataset)

    assert base64.b64decode(model["00420011"]["InlineBinary"]) == b"\1\2\3\4"
    assert model["00281201"] == {"vr": "OW"}


def test_bulk_data_is_behind_its_uri(dicomweb: Service) -> None:
    icon = Dataset()
    icon.add_new("PixelData", "OW", b"\1\2\3\4")
    dataset = image(EncapsulatedDocument=bytes(range(256)) * 2, IconImageSequence=[icon])

    model = metadata(dicomweb, dataset)

    values = {
        model["7FE00010"]["BulkDataURI"]: dataset.PixelData,
        model["00420011"]["BulkDataURI"]: dataset.EncapsulatedDocument,
        model["00880200"]["Value"][0]["7FE00010"]["BulkDataURI"]: icon.PixelData,
    }
    for uri, octets in values.items():
        path = uri.removeprefix(dicomweb.base)
        assert path.startswith(f"{path_of(dataset)}/bulkdata/")
        answer = dicomweb.get(path, OCTET_STREAM)
        assert answer.headers["Content-Type"].startswith('multipart/related; type="application/octet-stream"')
        assert parts_of(answer.headers["Content-Type"], answer.content) == [octets]
        assert f"\r\nContent-Location: {uri}\r\n".encode() in answer.content
        single = dicomweb.get(path, "application/octet-stream")
        assert (single.headers["Content-Type"], single.content) == ("application/octet-stream", octets)


@pytest.mark.parametrize("name", ["7FE00099", "00100010", "00880200", "00880200/1", "00880200/9/7FE00010", "x/y/z"])
def test_bulk_data_that_is_not_there_is_404(dicomweb: Service, name: str) -> None:
    dataset = image(IconImageSequence=[Dataset()])
    dicomweb.store(dataset)

    assert dicomweb.get(f"{path_of(dataset)}/bulkdata/{name}").status_code == 404


@pytest.mark.parametrize("accept", ["application/dicom+json", 'multipart/related; type="application/dicom+xml"'])
def test_metadata_are_not_sent_again_while_their_entity_tag_is_current(dicomweb: Service, accept: str) -> None:
    first = instance()
    dicomweb.store(first)
    path = f"/studies/{first.StudyInstanceUID}/metadata"
    tag = dicomweb.get(path, accept).headers["ETag"]

    current = dicomweb.get(path, accept, If_None_Match=f'"never", {tag}')
    assert (current.status_code, current.content, current.headers["ETag"]) == (304, b"", tag)
    assert dicomweb.get(path, accept, If_None_Match='W/"never"').status_code == 200
    dicomweb.store(instance())
    assert dicomweb.get(path, accept, If_None_Match=tag).status_code == 200


def test_validators_not_offered(with_freedom: Callable[..., Service]) -> None:
    service = with_freedom("validators-not-offered")
    dataset = instance()
    service.store(dataset)

    answer = service.get(f"{path_of(dataset)}/metadata", If_None_Match="*")
    assert answer.status_code == 200
    assert "ETag" not in answer.headers
