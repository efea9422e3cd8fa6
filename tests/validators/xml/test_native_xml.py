"""Good and bad Native DICOM Models: each fault, seen and named, with the place where it is."""

import socket
import tracemalloc
from pathlib import Path

import pytest

from dicomweb_conformance.validators import tally
from dicomweb_conformance.validators.xml import native_xml
from tests.validators.validating import against, passes, said

NAMESPACE = "http://dicom.nema.org/PS3.19/models/NativeDICOM"
DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'


def document(content: str, root: str = f'xmlns="{NAMESPACE}" xml:space="preserve"') -> bytes:
    return f"{DECLARATION}<NativeDicomModel {root}>{content}</NativeDicomModel>".encode()


UID = (
    '<DicomAttribute tag="00080018" vr="UI" keyword="SOPInstanceUID"><Value number="1">2.25.1</Value></DicomAttribute>'
)
NAME = """<DicomAttribute tag="00100010" vr="PN" keyword="PatientName">
  <PersonName number="1"><Alphabetic><FamilyName>Doe</FamilyName><GivenName>Jane</GivenName></Alphabetic></PersonName>
</DicomAttribute>"""
GOOD = f"""{UID}
<DicomAttribute tag="00080008" vr="CS" keyword="ImageType">
  <Value number="1">ORIGINAL</Value><Value number="2">PRIMARY</Value><Value number="3"/><Value number="4">AXIAL</Value>
</DicomAttribute>
<DicomAttribute tag="00080050" vr="SH" keyword="AccessionNumber"/>
<DicomAttribute tag="00081199" vr="SQ" keyword="ReferencedSOPSequence">
  <Item number="1">
    <DicomAttribute tag="00081155" vr="UI" keyword="ReferencedSOPInstanceUID">
      <Value number="1">1.2</Value>
    </DicomAttribute>
  </Item>
  <Item number="2"/>
</DicomAttribute>
<DicomAttribute tag="00090001" vr="UN" privateCreator="A"><InlineBinary>AAE=</InlineBinary></DicomAttribute>
<DicomAttribute tag="00090001" vr="LO" privateCreator="B"><Value number="1">x</Value></DicomAttribute>
<DicomAttribute tag="00090000" vr="LO" privateCreator="B"><Value number="1">x</Value></DicomAttribute>
{NAME}
<DicomAttribute tag="00280009" vr="AT" keyword="FrameIncrementPointer">
  <Value number="1">00181063</Value>
</DicomAttribute>
<DicomAttribute tag="7FE00010" vr="OW" keyword="PixelData"><BulkData uri="bulk/1"/></DicomAttribute>"""


def test_nothing_speaks_against_a_good_document() -> None:
    found = list(native_xml.judge(document(GOOD), url="http://h/metadata"))
    assert against(found) == []
    assert {row for row in (*native_xml.OWNED, *native_xml.ALSO) if row not in passes(found)} == {"XML-008"}


def seen(content: str, **options: str) -> set[tuple[str, str]]:
    return said(native_xml.judge(document(UID + content), url="http://h/", **options))  # type: ignore[arg-type]  # by name, as the caller has it


def element(content: str = "", attributes: str = 'tag="00100020" vr="LO" keyword="PatientID"') -> str:
    return f"<DicomAttribute {attributes}>{content}</DicomAttribute>"


OTHER_LETTERS = "name-in-other-letters"
FURTHER = "name-unknown-to-the-schema"
BULK = 'tag="7FE00010" vr="OW" keyword="PixelData"'
SEVERAL = "several-models-in-one-part"
WRONG_VR = "another-vr-than-the-dictionary-s"
CREATOR = '<DicomAttribute tag="00090010" vr="LO"><Value number="1">A</Value></DicomAttribute>'
CREATOR_NOTE = ("XML-012", "a-creator-element-of-vr-lo")
AT = 'tag="00280009" vr="AT" keyword="FrameIncrementPointer"'
PN = 'tag="00101001" vr="PN" keyword="OtherPatientNames"'


@pytest.mark.parametrize(
    ("content", "row", "observation"),
    [
        (element(attributes='Tag="00100020" vr="LO" keyword="PatientID"'), "XML-006", OTHER_LETTERS),
        (element(attributes='tag="00100020" VR="LO" keyword="PatientID"'), "XML-006", OTHER_LETTERS),
        ('<dicomAttribute tag="00100020" vr="LO" keyword="PatientID"/>', "XML-006", OTHER_LETTERS),
        (element(attributes='tag="00100020" vr="LO" keyword="PatientID" name="x"'), "XML-006", FURTHER),
        ("<Comment/>", "XML-006", FURTHER),
        (element("<Comment/>"), "XML-006", FURTHER),
        (
            element('<BulkData uri="file:///x"/>', 'tag="7FE00010" keyword="PixelData"'),
            "XML-014",
            "vr-missing",
        ),
        (element(attributes='tag="00090000" vr="UL"'), "XML-007", "a-group-length-attribute"),
        (
            element('<Value number="1"><b>x</b></Value>'),
            "XML-006",
            "an element or attribute in a place where the model has none",
        ),
        ('<Value number="1">x</Value>', "XML-006", "an element or attribute in a place where the model has none"),
        (element(attributes='tag="00100000" vr="UL"'), "XML-007", "a-group-length-attribute"),
        (element(attributes='vr="LO"'), "XML-009", "no-tag"),
        (element(attributes='tag="0008103e" vr="LO" keyword="SeriesDescription"'), "XML-009", "lower-case-letters"),
        (element(attributes='tag="(0010,0020)" vr="LO"'), "XML-009", "comma-parentheses-or-another-length"),
        (element(attributes='tag="00090001" vr="LO" privateCreator=""'), "XML-010", "an-empty-or-wrong-privatecreator"),
        (element(attributes='tag="00090001" vr="LO"'), "XML-010", "no-privatecreator-and-no-creator-element"),
        (element(attributes='tag="00091001" vr="LO"'), "XML-010", "no-privatecreator-and-no-creator-element"),
        (element(attributes='tag="00090101" vr="LO" privateCreator="A"'), "XML-010", "a tag in no block"),
        (
            element(attributes='tag="00100020" vr="LO" keyword="PatientID" privateCreator="A"'),
            "XML-011",
            "a-privatecreator-with-a-value",
        ),
        (
            element(attributes='tag="00100020" vr="LO" keyword="PatientID" privateCreator=""'),
            "XML-011",
            "an-empty-privatecreator",
        ),
        (
            element(attributes='tag="00100020" vr="LO" keyword="PatientsID"'),
            "XML-013",
            "a-keyword-of-an-earlier-edition",
        ),
        (
            element(attributes='tag="00100020" vr="LO" keyword="PatientName"'),
            "XML-013",
            "keyword-of-another-attribute",
        ),
        (
            element(attributes='tag="00100020" vr="LO" keyword="Patient ID"'),
            "XML-013",
            "keyword-of-another-attribute",
        ),
        (
            element(attributes='tag="00100020" vr="LO"'),
            "XML-013",
            "keyword-missing-on-some",
        ),
        (
            element(attributes='tag="00100020" keyword="PatientID"'),
            "XML-014",
            "vr-missing",
        ),
        (
            element(attributes='tag="00100020" vr="lo" keyword="PatientID"'),
            "XML-014",
            "vr-no-code",
        ),
        (element(attributes='tag="00100020" vr="SH" keyword="PatientID"'), "XML-014", WRONG_VR),
        (
            element(attributes='tag="00100020" vr="UN" keyword="PatientID"'),
            "XML-014",
            "un-in-place-of-the-dictionary-s-vr",
        ),
        (element(attributes='tag="00104000" vr="UT" keyword="PatientComments"'), "XML-014", "lt-st-and-ut-exchanged"),
        (element('<Value number="1">x</Value><InlineBinary>AAE=</InlineBinary>'), "XML-015", "two-kinds-together"),
        (element("x"), "XML-015", "text-beside-the-elements"),
        (element('<Value number="1">x</Value>y'), "XML-015", "text-beside-the-elements"),
        (element('<Item number="1"/>'), "XML-015", "item-outside-sq-or-personname-outside-pn"),
        (element('<PersonName number="1"/>'), "XML-015", "item-outside-sq-or-personname-outside-pn"),
        (
            element('<Value number="1">x</Value>', 'tag="00081199" vr="SQ" keyword="ReferencedSOPSequence"'),
            "XML-016",
            "value-under-sq",
        ),
        (element('<Value number="1">Doe^Jane</Value>', PN), "XML-016", "value-under-pn-the-name-as-one-string"),
        (element("<Value>x</Value>"), "XML-017", "no-number"),
        (element('<Value number="0">x</Value><Value number="1">y</Value>'), "XML-017", "counted-from-0"),
        (element('<Value number="1">x</Value><Value number="1">y</Value>'), "XML-017", "a-number-twice"),
        (element('<Value number="1">x</Value><Value number="3">y</Value>'), "XML-017", "a-gap"),
        (element('<Value number="one">x</Value>'), "XML-017", "a number that is none"),
        (
            element('<Value number="2">x</Value><Value number="1">y</Value>'),
            "XML-017",
            "numbers-in-another-document-order",
        ),
        (element('<Value number="1">0018106a</Value>', AT), "XML-020", "lower-case-letters"),
        (element('<Value number="1">(0018,1063)</Value>', AT), "XML-020", "comma-parentheses-or-a-keyword"),
        (element('<PersonName number="1">Doe</PersonName>', PN), "XML-022", "text-in-personname-itself"),
        (element('<PersonName number="1"><FamilyName>Doe</FamilyName></PersonName>', PN), "XML-022", "other-elements"),
        (
            element('<PersonName number="1"><Phonetic/><Phonetic/></PersonName>', PN),
            "XML-022",
            "a-group-twice",
        ),
        (element('<PersonName number="1"><Phonetic/></PersonName>', PN), "XML-022", "an-empty-group-element"),
        (
            element('<PersonName number="1"><Alphabetic>Doe</Alphabetic></PersonName>', PN),
            "XML-023",
            "text-in-the-group-itself",
        ),
        (
            element(
                '<PersonName number="1"><Alphabetic><FamilyName>Doe^Jane</FamilyName></Alphabetic></PersonName>', PN
            ),
            "XML-023",
            "the-whole-name-in-familyname-with-in-it",
        ),
        (
            element('<PersonName number="1"><Alphabetic><GivenName>A^B</GivenName></Alphabetic></PersonName>', PN),
            "XML-023",
            "'^' inside a component",
        ),
        (
            element('<PersonName number="1"><Alphabetic><GivenName/></Alphabetic></PersonName>', PN),
            "XML-023",
            "an-empty-component-element",
        ),
        (
            element(
                '<PersonName number="1"><Alphabetic><GivenName>J</GivenName><GivenName>J</GivenName></Alphabetic>'
                "</PersonName>",
                PN,
            ),
            "XML-023",
            "a component twice",
        ),
        (
            element(
                '<PersonName number="1"><Alphabetic><GivenName>J</GivenName><FamilyName>D</FamilyName></Alphabetic>'
                "</PersonName>",
                PN,
            ),
            "XML-023",
            "name-components-in-another-order",
        ),
        (
            element('<PersonName number="1"><Alphabetic><Given>J</Given></Alphabetic></PersonName>', PN),
            "XML-006",
            FURTHER,
        ),
        (element('<BulkData uuid="1"/>', BULK), "XML-024", "uuid-in-place-of-uri"),
        (element('<BulkData uuid="1" uri="http://h/1"/>', BULK), "XML-024", "both"),
        (element("<BulkData/>", BULK), "XML-024", "neither"),
        (element('<BulkData uri="http://h/1"/><BulkData uri="http://h/2"/>', BULK), "XML-025", "one-for-each-value"),
        (element('<BulkData uri="file:///x"/>', BULK), "BULKDATA-003", "file"),
        (
            element('<BulkData uri="http://h/1"/>'),
            "JSON-043",
            "uri-on-a-vr-that-must-not",
        ),
        (element("<InlineBinary>AAE</InlineBinary>", BULK), "XML-026", "no-base64-or-wrong-padding"),
        (
            element("<InlineBinary>AAE=</InlineBinary><InlineBinary>AAE=</InlineBinary>", BULK),
            "XML-026",
            "two-in-one-dicomattribute",
        ),
        (element("<InlineBinary>AAE=</InlineBinary>"), "XML-026", "on-any-other-vr"),
        (
            element("<InlineBinary>AAE=</InlineBinary>", 'tag="00280010" vr="US" keyword="Rows"'),
            "XML-026",
            "on-at-fd-fl-sl-ss-sv-ul-us-or-uv",
        ),
        (element() + element(), "XML-030b", "a-standard-tag-twice"),
        (
            '<DicomAttribute tag="00090001" vr="LO" privateCreator="A"/>' * 2,
            "XML-030b",
            "private-tag-twice-with-same-creator",
        ),
        (UID, "XML-004", "instances-merged-in-one-model"),
    ],
)
def test_a_wrong_attribute(content: str, row: str, observation: str) -> None:
    assert (row, observation) in seen(content)
    if row != "XML-004":
        inside = f'<Item number="1">{UID}{content}</Item>'
        sequence = element(inside, 'tag="00081199" vr="SQ" keyword="ReferencedSOPSequence"')
        assert (row, observation) in seen(sequence)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (
            CREATOR + element(attributes='tag="00091001" vr="LO"'),
            {("XML-010", "full-tag-without-private-creator")},
        ),
        (
            CREATOR + element(attributes='tag="00091001" vr="LO" privateCreator="A"'),
            {("XML-010", "full-tag-with-private-creator")},
        ),
        (
            CREATOR + element(attributes='tag="00091001" vr="LO" privateCreator="B"'),
            {("XML-010", "an-empty-or-wrong-privatecreator")},
        ),
        (
            CREATOR + element(attributes='tag="00090001" vr="LO" privateCreator="B"'),
            {("XML-010", "an-empty-or-wrong-privatecreator")},
        ),
        (CREATOR + element(attributes='tag="00090001" vr="LO" privateCreator="A"'), set()),
    ],
)
def test_private_creators_as_elements(content: str, expected: set[tuple[str, str]]) -> None:
    assert seen(content) == expected | {CREATOR_NOTE}


def test_group_0002() -> None:
    meta = element(attributes='tag="00020010" vr="UI" keyword="TransferSyntaxUID"')
    metadata = "group-0002-in-metadata-or-store-answer"
    assert seen(meta) == {("JSON-010", metadata)}
    search = "group-0002-in-a-search-result"
    assert seen(meta, resource="search") == {("JSON-010", search)}


def test_keywords_missing_on_all_or_where_a_store_answer_needs_them() -> None:
    bare = '<DicomAttribute tag="00081190" vr="UR"/>'
    assert said(native_xml.judge(document(bare))) == {("XML-013", "missing-on-all-of-them")}
    needed = "keyword-missing-in-store-answer"
    assert seen(bare, resource="store") == {("XML-013", needed)}


@pytest.mark.parametrize(
    ("root", "row", "observation"),
    [
        ('xml:space="preserve"', "XML-002", "no-namespace-as-in-examples-of-ps3-18"),
        ('xmlns="urn:x" xml:space="preserve"', "XML-002", "another-namespace"),
        (f'xmlns="{NAMESPACE}"', "XML-003", "it-is-nowhere"),
        (f'xmlns="{NAMESPACE}" xml:space="default"', "XML-003", "xml-space-default"),
        (f'xmlns="{NAMESPACE}" xml:space="keep"', "XML-003", "another xml:space"),
    ],
)
def test_a_wrong_root(root: str, row: str, observation: str) -> None:
    assert said(native_xml.judge(document(GOOD, root), url="http://h")) == {(row, observation)}


def test_attributes_of_other_vocabularies_are_no_fault() -> None:
    root = f'xmlns="{NAMESPACE}" xml:space="preserve" xmlns:xsi="urn:xsi" xsi:schemaLocation="urn:a urn:b"'
    assert said(native_xml.judge(document(GOOD, root), url="http://h")) == set()


def test_a_prefix_is_as_good_as_none() -> None:
    start = f'<d:NativeDicomModel xmlns:d="{NAMESPACE}" xml:space="preserve">'
    attribute = '<d:DicomAttribute tag="00100020" vr="LO" keyword="PatientID"/>'
    end = "</d:NativeDicomModel>"
    assert said(native_xml.judge((start + attribute + end).encode())) == set()
    (found,) = against(native_xml.judge((start + attribute + '<d:Value number="1"/>' + end).encode()))
    assert (found.requirement, found.where) == ("XML-006", "/NativeDicomModel")


def test_elements_in_different_namespaces() -> None:
    other = '<DicomAttribute xmlns="" tag="00100020" vr="LO" keyword="PatientID"/>'
    assert ("XML-002", "namespaces-mixed") in seen(other)


def test_space_in_the_declaration_is_mended_and_told() -> None:
    body = document(GOOD, "").replace(b'"UTF-8"', b'"UTF-8" xml:space="preserve"')
    assert said(native_xml.judge(body, url="http://h")) == {
        ("XML-002", "no-namespace-as-in-examples-of-ps3-18"),
        ("XML-003", "namespace-in-the-declaration"),
    }


NOT_WELL_FORMED = "xml-not-well-formed"
CONTRADICTS = "octets-that-contradict-the-encoding"
UNKNOWN = "character-not-of-xml-1-0"
MODEL = document(UID).decode()


@pytest.mark.parametrize(
    ("body", "row", "observation"),
    [
        (b"<NativeDicomModel>", "XML-005", NOT_WELL_FORMED),
        (b" ", "XML-005", NOT_WELL_FORMED),
        (b"{}", "XML-005", NOT_WELL_FORMED),
        (b"<?xml", "XML-005", NOT_WELL_FORMED),
        (b"<!-- ", "XML-005", NOT_WELL_FORMED),
        (MODEL.encode() + b"text", "XML-005", NOT_WELL_FORMED),
        (MODEL.replace("2.25.1", "a & b").encode(), "XML-005", NOT_WELL_FORMED),
        (MODEL.replace("2.25.1", "&nbsp;").encode(), "XML-005", NOT_WELL_FORMED),
        (MODEL.replace("2.25.1", "é").encode("latin-1"), "XML-005", CONTRADICTS),
        (MODEL.replace("UTF-8", "zlib").encode(), "XML-005", CONTRADICTS),
        (MODEL.replace("2.25.1", "\x0b").encode(), "XML-005", UNKNOWN),
        (MODEL.replace("2.25.1", "&#0;").encode(), "XML-005", UNKNOWN),
        (MODEL.replace("UTF-8", "ISO-8859-1").encode(), "XML-005", "another-encoding-declared"),
        (b"<!-- x --><!DOCTYPE NativeDicomModel>" + MODEL.split("\n")[1].encode(), "XML-005", "a-doctype"),
        (MODEL.encode() + MODEL.split("\n")[1].encode(), "XML-004", SEVERAL),
        (f"<all>{MODEL.split(chr(10))[1]}</all>".encode(), "XML-004", SEVERAL),
        (b"<html/>", "XML-001", "another-root-element"),
        (MODEL.replace("NativeDicomModel", "nativeDicomModel").encode(), "XML-006", OTHER_LETTERS),
    ],
)
def test_a_wrong_document(body: bytes, row: str, observation: str) -> None:
    assert said(native_xml.judge(body)) == {(row, observation)}


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig"])
def test_a_byte_order_mark_tells_the_encoding(encoding: str) -> None:
    assert (
        said(native_xml.judge(MODEL.replace("UTF-8", "UTF-16" if "16" in encoding else "UTF-8").encode(encoding)))
        == set()
    )


@pytest.mark.parametrize(
    ("content_type", "observation"),
    [
        ("text/xml", "xml-type-on-native-model"),
        ("text/html", "other-type-on-xml"),
    ],
)
def test_a_wrong_content_type(content_type: str, observation: str) -> None:
    assert said(native_xml.judge(document(UID), content_type)) == {("XML-001", observation)}


def test_a_part_without_content_type_is_the_business_of_another_row() -> None:
    assert said(native_xml.judge(document(UID), "")) == set()


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 30))


def test_entities_are_neither_expanded_nor_fetched(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("to be kept")
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0)
        host = f"http://127.0.0.1:{server.getsockname()[1]}"
        bodies = (
            f'<!DOCTYPE x [<!ENTITY l0 "ha">{LAUGHS}]><NativeDicomModel a="&l29;">&l29;</NativeDicomModel>',
            f'<!DOCTYPE x [<!ENTITY x SYSTEM "{secret.as_uri()}">]><NativeDicomModel>&x;</NativeDicomModel>',
            f'<!DOCTYPE x [<!ENTITY x SYSTEM "{host}/x">]><NativeDicomModel>&x;</NativeDicomModel>',
            f'<!DOCTYPE x SYSTEM "{host}/x.dtd"><NativeDicomModel>&x;</NativeDicomModel>',
        )
        tracemalloc.start()
        for body in bodies:
            found = list(native_xml.judge(body.encode()))
            assert ("XML-005", "a-doctype") in {(each.requirement, each.observation) for each in found}
            assert "to be kept" not in repr(found)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 20_000_000
        with pytest.raises(BlockingIOError):
            server.accept()


def test_depth_ends_in_an_observation() -> None:
    body = b"<NativeDicomModel>" + b"<Item>" * 50_000
    assert said(native_xml.judge(body)) == {("XML-005", "elements nested more than 255 deep")}


def test_a_value_longer_than_is_read_is_no_fault() -> None:
    octets = "A" * 12_000_000
    body = document(element(f"<InlineBinary>{octets}</InlineBinary>", BULK))
    assert said(native_xml.judge(body)) == set()


DOE = "Doe"


@pytest.mark.parametrize(
    "content",
    [
        element(f'<Value number="{DOE}">{DOE}</Value>'),
        element(f"<InlineBinary>{DOE}</InlineBinary>", BULK),
        element(f'<BulkData uri="file:///{DOE}"/>', BULK),
        element(f'<PersonName number="1">{DOE}</PersonName>', PN),
        element(f'<PersonName number="1"><Alphabetic>{DOE}</Alphabetic></PersonName>', PN),
        element(f'<PersonName number="1"><Alphabetic><GivenName>{DOE}^</GivenName></Alphabetic></PersonName>', PN),
        element(f'<Value number="1">{DOE}</Value>', AT),
        element(attributes=f'tag="{DOE}" vr="{DOE}" privateCreator="{DOE}"'),
        element(attributes=f'tag="00100020" vr="LO" keyword="{DOE}" privateCreator="{DOE}"'),
        element(f"{DOE} & {DOE}"),
    ],
)
def test_nothing_of_other_patients_is_quoted(content: str) -> None:
    found = against(native_xml.judge(document(UID + content), own=False, url="http://h"))
    assert found
    assert not [each for each in found if DOE in f"{each.where}{each.received}"]


def test_rows_are_milder_with_data_of_others() -> None:
    content = UID + element(attributes='tag="00100020" vr="SH" keyword="PatientID"')
    (found,) = against(native_xml.judge(document(content), own=False))
    assert (found.observation, found.received) == (
        tally.FOREIGN,
        "another VR than the dictionary's for an attribute stored with the dictionary's: SH",
    )


def test_the_place_is_a_path() -> None:
    wrong = element(attributes='tag="00100020" vr="SH" keyword="PatientID"')
    sequence = element(f'<Item number="1">{wrong}</Item>', 'tag="00081199" vr="SQ" keyword="ReferencedSOPSequence"')
    (found,) = against(native_xml.judge(document(UID + sequence)))
    assert found.where == ("/NativeDicomModel/DicomAttribute[@tag='00081199']/Item[1]/DicomAttribute[@tag='00100020']")
