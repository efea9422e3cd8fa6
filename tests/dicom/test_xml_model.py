"""Native DICOM Model to the shape of DICOM JSON."""

import pytest

from dicomweb_conformance.dicom.xml_model import data_set_of
from dicomweb_conformance.http.unreadable import UnreadableError


def read(content: str) -> object:
    return data_set_of(f"<NativeDicomModel>{content}</NativeDicomModel>".encode())


@pytest.mark.parametrize(
    ("content", "data_set"),
    [
        ('<DicomAttribute tag="00100020" vr="LO"/>', {"00100020": {"vr": "LO"}}),
        (
            '<DicomAttribute tag="0008103e" vr="LO"><Value number="1"> a </Value></DicomAttribute>',
            {"0008103E": {"vr": "LO", "Value": [" a "]}},
        ),
        (
            '<DicomAttribute tag="00280010" vr="US"><Value number="1">512</Value></DicomAttribute>',
            {"00280010": {"vr": "US", "Value": [512]}},
        ),
        (
            '<DicomAttribute tag="00280010" vr="US"><Value number="1">x</Value></DicomAttribute>',
            {"00280010": {"vr": "US", "Value": ["x"]}},
        ),
        (
            f'<DicomAttribute tag="00280010" vr="US"><Value number="1">{"9" * 99}</Value></DicomAttribute>',
            {"00280010": {"vr": "US", "Value": ["9" * 99]}},
        ),
        (
            '<DicomAttribute tag="00280030" vr="DS"><Value number="1">0.5</Value><Value number="2"/></DicomAttribute>',
            {"00280030": {"vr": "DS", "Value": [0.5, None]}},
        ),
        (
            '<DicomAttribute tag="00281203"><InlineBinary>AA\nE=</InlineBinary></DicomAttribute>',
            {"00281203": {"vr": "UN", "InlineBinary": "AAE="}},
        ),
        (
            '<DicomAttribute tag="00281203" vr="OW"><BulkData uri="x"/></DicomAttribute>',
            {"00281203": {"vr": "OW", "BulkDataURI": "x"}},
        ),
        (
            '<DicomAttribute tag="00281203" vr="OW"><BulkData uuid="1"/></DicomAttribute>',
            {"00281203": {"vr": "OW", "BulkDataURI": "1"}},
        ),
        (
            '<DicomAttribute tag="00281203" vr="OW"><BulkData/></DicomAttribute>',
            {"00281203": {"vr": "OW", "BulkDataURI": ""}},
        ),
        (
            '<DicomAttribute tag="00081199" vr="SQ"><Item number="1"/></DicomAttribute>',
            {"00081199": {"vr": "SQ", "Value": [{}]}},
        ),
        (
            (
                '<DicomAttribute tag="00100010" vr="PN"><PersonName number="1"><Alphabetic><FamilyName>Doe</FamilyName>'
                "<MiddleName>Q</MiddleName></Alphabetic><Phonetic/></PersonName><PersonName number='2'/>"
                "</DicomAttribute>"
            ),
            {"00100010": {"vr": "PN", "Value": [{"Alphabetic": "Doe^^Q"}, {}]}},
        ),
        (
            (
                '<DicomAttribute tag="00090001" vr="SH" privateCreator="A"/>'
                '<DicomAttribute tag="00090001" vr="LO" privateCreator="B"/>'
            ),
            {
                "00090010": {"vr": "LO", "Value": ["A"]},
                "00090011": {"vr": "LO", "Value": ["B"]},
                "00091001": {"vr": "SH"},
                "00091101": {"vr": "LO"},
            },
        ),
        (
            (
                '<DicomAttribute tag="00090010" vr="LO"><Value number="1">B</Value></DicomAttribute>'
                '<DicomAttribute tag="00090001" vr="SH" privateCreator="A"/>'
                '<DicomAttribute tag="00090001" vr="LO" privateCreator="B"/>'
                '<DicomAttribute tag="00091002" vr="LO"/>'
                '<DicomAttribute tag="000900zz" vr="LO"/>'
            ),
            {
                "000900ZZ": {"vr": "LO"},
                "00090010": {"vr": "LO", "Value": ["B"]},
                "00090011": {"vr": "LO", "Value": ["A"]},
                "00091001": {"vr": "LO"},
                "00091002": {"vr": "LO"},
                "00091101": {"vr": "SH"},
            },
        ),
    ],
)
def test_the_shape_of_dicom_json(content: str, data_set: object) -> None:
    assert read(content) == data_set


@pytest.mark.parametrize(
    ("octets", "words"),
    [
        (b"<NativeDicomModel>", "the XML document cannot be read: line 1, column 19: not well-formed"),
        (b"<html/>", "the root is html, not NativeDicomModel"),
    ],
)
def test_what_it_is_instead(octets: bytes, words: str) -> None:
    with pytest.raises(UnreadableError, match=words):
        data_set_of(octets)
