"""Replays of the Native DICOM Model (PS3.19 Annex A)."""

from __future__ import annotations

import re

from tests.mutants.replay.edits import Step, unedited
from tests.mutants.replay.part_edits import octets, of_part
from tests.mutants.replay.replays import Replay, replay

DOCUMENT, FOUND, STORED = "metadata in XML", "search in XML", "stored in XML"
ROOT, END = (
    b'<NativeDicomModel xmlns="http://dicom.nema.org/PS3.19/models/NativeDICOM" xml:space="preserve">',
    b"</NativeDicomModel>",
)
DECLARATION = b"<?xml version='1.0' encoding='utf-8'?>"
ONE = '<Value number="1">{}</Value>'
CREATOR = '<DicomAttribute tag="00090010" vr="LO"><Value number="1">ACME</Value></DicomAttribute>'


def attribute(tag: str, vr: str, content: str = "", **others: str) -> str:
    """Write a DicomAttribute; without a keyword where none is given."""
    names = {"tag": tag, "vr": vr, **others}
    written = " ".join(f'{name}="{text}"' for name, text in names.items())
    return f"<DicomAttribute {written}>{content}</DicomAttribute>"


def swapped(old: bytes, new: bytes) -> Step:
    """Put something else in the place of the first such octets of the document."""
    return octets(lambda found: found.replace(old, new, 1))


def put(xml: str) -> Step:
    """Put something behind the last attribute."""
    return swapped(END, xml.encode() + END)


def place(tag: str, rest: str = "") -> str:
    """Return the path of an attribute."""
    return f"/NativeDicomModel/DicomAttribute[@tag='{tag}']{rest}"


def shows(what: str, xml: str, *rides: str, rest: str = "") -> Replay:
    """A replay of metadata with what is put behind the last attribute, and told of with its tag."""
    tags = re.findall('tag="([^"]*)"', xml)
    return replay(what, DOCUMENT, put(xml), *rides, at=place(tags[-1], rest) if tags else "")


def named(what: str, name: str, *rides: str, rest: str = "") -> Replay:
    """A replay of metadata with a person's name written so."""
    return shows(what, attribute("00081050", "PN", name, keyword="PerformingPhysicianName"), *rides, rest=rest)


def person(components: str) -> str:
    """Write a PersonName with these components."""
    return f'<PersonName number="1"><Alphabetic>{components}</Alphabetic></PersonName>'


def binary(content: str, tag: str = "00420011", vr: str = "OB", keyword: str = "EncapsulatedDocument") -> str:
    """Write an attribute of octets."""
    return attribute(tag, vr, content, keyword=keyword)


def foreign(row: str, xml: str, tag: str) -> Replay:
    """A replay of a search result of somebody else."""

    def edit(found: bytes) -> bytes:
        others = re.sub(rb">2\.25\.[0-9]+<", b">1.2.826.0.1.3680043.2.1125.1<", found).replace(b">DWC-", b">ABC-")
        return others.replace(END, xml.encode() + END)

    return replay(f"{row} fault-in-a-foreign-dataset", FOUND, octets(edit), at=place(tag))


DIAGNOSIS = {"tag": "00081080", "vr": "LO", "keyword": "AdmittingDiagnosesDescription"}
PRIVATE = "<Value number='1'>x</Value>"

OCTETS = (
    replay("XML-001 dicom-xml-and-native-model-root", DOCUMENT, unedited),
    replay(
        "XML-001 xml-type-on-native-model",
        DOCUMENT,
        of_part("Content-Type", "application/xml"),
        "MULTIPART-014 different",
        at="Content-Type",
    ),
    replay(
        "XML-001 another-root-element", DOCUMENT, octets(lambda found: found.replace(b"NativeDicomModel", b"Model"))
    ),
    replay(
        "XML-001 other-type-on-xml",
        DOCUMENT,
        of_part("Content-Type", "application/octet-stream"),
        "MULTIPART-014 different",
        at="Content-Type",
    ),
    replay("XML-002 native-dicom-namespace", DOCUMENT, unedited),
    replay(
        "XML-002 no-namespace-as-in-examples-of-ps3-18",
        DOCUMENT,
        swapped(ROOT, b'<NativeDicomModel xml:space="preserve">'),
        at="/NativeDicomModel",
    ),
    replay(
        "XML-002 another-namespace", DOCUMENT, swapped(b"models/NativeDICOM", b"models/Native"), at="/NativeDicomModel"
    ),
    replay(
        "XML-002 namespaces-mixed",
        DOCUMENT,
        put('<DicomAttribute xmlns="" tag="00081080" vr="LO" keyword="AdmittingDiagnosesDescription"/>'),
        "XML-006 an-element-or-attribute-in-a-place-where-the-model-has-none",
        at=place("00081080"),
    ),
    replay("XML-003 xml-space-preserve-on-the-root", DOCUMENT, unedited),
    replay(
        "XML-003 namespace-in-the-declaration",
        DOCUMENT,
        octets(
            lambda found: found.replace(b' xml:space="preserve"', b"").replace(b"'?>", b'\' xml:space="preserve"?>')
        ),
        at="the XML declaration",
    ),
    replay("XML-003 it-is-nowhere", DOCUMENT, swapped(b' xml:space="preserve"', b""), at="/NativeDicomModel"),
    replay("XML-003 xml-space-default", DOCUMENT, swapped(b'"preserve"', b'"default"'), at="/NativeDicomModel"),
    replay("XML-004 one-nativedicommodel-in-each-part", DOCUMENT, unedited),
    replay(
        "XML-004 several-models-in-one-part",
        DOCUMENT,
        octets(lambda found: found + found.removeprefix(DECLARATION)),
        at="line 3, column N",
    ),
    replay(
        "XML-004 several-models-in-one-part",
        FOUND,
        octets(lambda found: found.replace(ROOT, b"<models>" + ROOT).replace(END, END + b"</models>")),
    ),
    replay(
        "XML-004 instances-merged-in-one-model",
        DOCUMENT,
        put(attribute("00080018", "UI", ONE.format("1.2"), keyword="SOPInstanceUID")),
        at="/NativeDicomModel",
    ),
    replay("XML-005 well-formed-in-the-encoding-declared", DOCUMENT, unedited),
    replay("XML-005 a-doctype", DOCUMENT, swapped(DECLARATION, DECLARATION + b"<!DOCTYPE NativeDicomModel>")),
    replay("XML-005 another-encoding-declared", DOCUMENT, swapped(b"utf-8", b"iso-8859-1")),
    replay("XML-005 xml-not-well-formed", DOCUMENT, swapped(b">SR<", b">S&R<"), at="line 2, column N"),
    replay("XML-005 octets-that-contradict-the-encoding", DOCUMENT, swapped(b">SR<", b">\xdc<"), at="octet N"),
    replay("XML-005 character-not-of-xml-1-0", DOCUMENT, swapped(b">SR<", b">S\x1fR<"), at="character N"),
    replay("XML-006 names-of-the-schema", DOCUMENT, unedited),
    replay("XML-006 name-unknown-to-the-schema", DOCUMENT, put("<Signature/>"), at="/NativeDicomModel/Signature"),
    shows(
        "XML-006 name-in-other-letters",
        '<DicomAttribute tag="00081080" VR="LO" keyword="AdmittingDiagnosesDescription"/>',
    ),
)

ATTRIBUTES = (
    replay("XML-007 none-ends-in-0000", DOCUMENT, unedited),
    shows("XML-007 a-group-length-attribute", attribute("00080000", "UL", ONE.format(8))),
    foreign("XML-007", attribute("00080000", "UL", ONE.format(8)), "00080000"),
    replay("XML-009 0-9a-f-8", DOCUMENT, unedited),
    replay("XML-009 no-tag", DOCUMENT, put('<DicomAttribute vr="LO"/>'), at="/NativeDicomModel/DicomAttribute"),
    shows("XML-009 lower-case-letters", attribute("0008103f", "SQ", keyword="SeriesDescriptionCodeSequence")),
    replay(
        "XML-009 comma-parentheses-or-another-length",
        DOCUMENT,
        put(attribute("0008,1080", "LO")),
        at="/NativeDicomModel/DicomAttribute",
    ),
    shows("XML-010 short-tag-with-private-creator", attribute("00090001", "LO", PRIVATE, privateCreator="ACME")),
    shows("XML-010 full-tag-with-private-creator", attribute("00091001", "LO", PRIVATE, privateCreator="ACME")),
    shows(
        "XML-010 full-tag-without-private-creator",
        CREATOR + attribute("00091001", "LO", PRIVATE),
        "XML-012 a-creator-element-of-vr-lo",
    ),
    shows("XML-010 no-privatecreator-and-no-creator-element", attribute("00091001", "LO", PRIVATE)),
    shows("XML-010 an-empty-or-wrong-privatecreator", attribute("00090001", "LO", PRIVATE, privateCreator="")),
    foreign("XML-010", attribute("00091001", "LO", PRIVATE), "00091001"),
    replay("XML-011 no-privatecreator", DOCUMENT, unedited),
    shows("XML-011 an-empty-privatecreator", attribute(**DIAGNOSIS, privateCreator="")),
    shows("XML-011 a-privatecreator-with-a-value", attribute(**DIAGNOSIS, privateCreator="ACME")),
    shows("XML-012 none", attribute("00090001", "LO", PRIVATE, privateCreator="ACME")),
    replay("XML-012 a-creator-element-of-vr-lo", DOCUMENT, put(CREATOR), at=place("00090010")),
    replay("XML-013 the-ps3-6-keyword", DOCUMENT, unedited),
    shows("XML-013 a-keyword-of-an-earlier-edition", attribute("00081080", "LO", keyword="AdmittingDiagnosis")),
    shows("XML-013 keyword-missing-on-some", attribute("00081080", "LO")),
    replay(
        "XML-013 missing-on-all-of-them",
        DOCUMENT,
        octets(lambda found: re.sub(rb' keyword="\w+"', b"", found)),
        at=place("00080016"),
    ),
    replay(
        "XML-013 keyword-missing-in-store-answer",
        STORED,
        lambda message: message.with_body(message.body.replace(b' keyword="RetrieveURL"', b"", 1)),
        at=place("00081190"),
    ),
    shows("XML-013 keyword-of-another-attribute", attribute("00081080", "LO", keyword="PatientID")),
    replay("XML-014 vr-of-ps3-5-dictionary-s-or-as-stored", DOCUMENT, unedited),
    shows("XML-014 un-in-place-of-the-dictionary-s-vr", attribute("00204000", "UN", keyword="ImageComments")),
    shows("XML-014 lt-st-and-ut-exchanged", attribute("00204000", "ST", keyword="ImageComments")),
    foreign("XML-014", attribute("00081080", "SH", keyword="AdmittingDiagnosesDescription"), "00081080"),
    shows("XML-014 vr-missing", '<DicomAttribute tag="00081080" keyword="AdmittingDiagnosesDescription"/>'),
    shows("XML-014 vr-no-code", attribute("00081080", "lo", keyword="AdmittingDiagnosesDescription")),
    shows(
        "XML-014 another-vr-than-the-dictionary-s", attribute("00081080", "SH", keyword="AdmittingDiagnosesDescription")
    ),
    *(
        replay(f"XML-015 {code}", DOCUMENT, octets(lambda _, xml=xml: DECLARATION + ROOT + xml.encode() + END))
        for code, xml in {
            "value-elements-only": attribute(**DIAGNOSIS, content=ONE.format("x")),
            "item-elements-only": attribute("00081140", "SQ", '<Item number="1"/>', keyword="ReferencedImageSequence"),
            "person-name-elements-only": attribute(
                "00081050", "PN", person("<FamilyName>A</FamilyName>"), keyword="PerformingPhysicianName"
            ),
            "one-inlinebinary-or-one-bulkdata": binary("<InlineBinary>QUFB</InlineBinary>"),
            "nothing": attribute(**DIAGNOSIS),
        }.items()
    ),
    shows("XML-015 two-kinds-together", binary('<InlineBinary>QUFB</InlineBinary><BulkData uri="bulk"/>')),
    shows("XML-015 text-beside-the-elements", attribute(**DIAGNOSIS, content="x" + ONE.format("x"))),
    shows("XML-015 item-outside-sq-or-personname-outside-pn", attribute(**DIAGNOSIS, content='<Item number="1"/>')),
    replay("XML-016 no-value", DOCUMENT, unedited),
    shows("XML-016 value-under-sq", attribute("00081140", "SQ", ONE.format("x"), keyword="ReferencedImageSequence")),
    named("XML-016 value-under-pn-the-name-as-one-string", ONE.format("A^B")),
    replay("XML-017 1-2-n-in-document-order", DOCUMENT, unedited),
    *(
        shows(
            f"XML-017 {code}",
            attribute(**DIAGNOSIS, content="".join(f"<Value{number}>x</Value>" for number in numbers)),
        )
        for code, numbers in {
            "numbers-in-another-document-order": (' number="2"', ' number="1"'),
            "no-number": ("",),
            "counted-from-0": (' number="0"', ' number="1"'),
            "a-number-twice": (' number="1"', ' number="1"'),
            "a-gap": (' number="1"', ' number="3"'),
        }.items()
    ),
    *(
        shows(
            f"XML-020 {code}",
            attribute("00280009", "AT", ONE.format(text), keyword="FrameIncrementPointer"),
            rest="" if code == "0-9a-f-8" else "/Value[1]",
        )
        for code, text in {
            "0-9a-f-8": "00181063",
            "lower-case-letters": "0018106a",
            "comma-parentheses-or-a-keyword": "(0018,1063)",
        }.items()
    ),
    shows(
        "XML-030 the-same-tag-with-different-creators",
        attribute("00090001", "LO", PRIVATE, privateCreator="ACME")
        + attribute("00090001", "LO", PRIVATE, privateCreator="OTHER"),
    ),
    replay("XML-030b each-once", DOCUMENT, unedited),
    shows("XML-030b a-standard-tag-twice", attribute(**DIAGNOSIS) * 2),
    shows(
        "XML-030b private-tag-twice-with-same-creator", attribute("00090001", "LO", PRIVATE, privateCreator="ACME") * 2
    ),
)

CONTENTS = (
    replay("XML-022 name-groups-each-once", DOCUMENT, unedited),
    named(
        "XML-022 an-empty-group-element",
        '<PersonName number="1"><Alphabetic/></PersonName>',
        rest="/PersonName[1]/Alphabetic",
    ),
    named("XML-022 text-in-personname-itself", '<PersonName number="1">A^B</PersonName>', rest="/PersonName[1]"),
    named(
        "XML-022 other-elements",
        '<PersonName number="1"><FamilyName>A</FamilyName></PersonName>',
        rest="/PersonName[1]/FamilyName",
    ),
    named(
        "XML-022 a-group-twice",
        f'<PersonName number="1">{"<Alphabetic><FamilyName>A</FamilyName></Alphabetic>" * 2}</PersonName>',
        rest="/PersonName[1]/Alphabetic",
    ),
    replay("XML-023 name-components-with-content", DOCUMENT, unedited),
    named(
        "XML-023 an-empty-component-element",
        person("<FamilyName>A</FamilyName><GivenName/>"),
        rest="/PersonName[1]/Alphabetic/GivenName",
    ),
    named(
        "XML-023 name-components-in-another-order",
        person("<GivenName>B</GivenName><FamilyName>A</FamilyName>"),
        rest="/PersonName[1]/Alphabetic",
    ),
    named(
        "XML-023 the-whole-name-in-familyname-with-in-it",
        person("<FamilyName>A^B</FamilyName>"),
        rest="/PersonName[1]/Alphabetic/FamilyName",
    ),
    named("XML-023 text-in-the-group-itself", person("A^B"), rest="/PersonName[1]/Alphabetic"),
    shows("XML-024 uri-and-no-uuid", binary('<BulkData uri="bulk"/>')),
    shows("XML-024 uuid-in-place-of-uri", binary('<BulkData uuid="b7"/>'), rest="/BulkData"),
    shows("XML-024 both", binary('<BulkData uuid="b7" uri="bulk"/>'), rest="/BulkData"),
    shows("XML-024 neither", binary("<BulkData/>"), rest="/BulkData"),
    shows("XML-025 one-at-most", binary('<BulkData uri="bulk"/>')),
    shows("XML-025 one-for-each-value", binary('<BulkData uri="bulk/1"/><BulkData uri="bulk/2"/>')),
    shows("XML-026 base64-on-ob-od-of-ol-ov-ow-or-un", binary("<InlineBinary>QUFB</InlineBinary>")),
    shows(
        "XML-026 on-at-fd-fl-sl-ss-sv-ul-us-or-uv",
        binary("<InlineBinary>QUE=</InlineBinary>", "00280010", "US", "Rows"),
        rest="/InlineBinary",
    ),
    shows("XML-026 no-base64-or-wrong-padding", binary("<InlineBinary>QUF</InlineBinary>"), rest="/InlineBinary"),
    shows("XML-026 two-in-one-dicomattribute", binary("<InlineBinary>QUFB</InlineBinary>" * 2)),
    shows(
        "XML-026 on-any-other-vr",
        attribute(**DIAGNOSIS, content="<InlineBinary>QUFB</InlineBinary>"),
        rest="/InlineBinary",
    ),
    shows(
        "JSON-010 group-0002-in-metadata-or-store-answer",
        attribute("00020010", "UI", ONE.format("1.2.840.10008.1.2"), keyword="TransferSyntaxUID"),
    ),
    shows(
        "JSON-043 uri-on-a-vr-that-must-not", attribute(**DIAGNOSIS, content='<BulkData uri="bulk"/>'), rest="/BulkData"
    ),
    shows("BULKDATA-003 file", binary('<BulkData uri="file:///archive/7"/>'), rest="/BulkData/@uri"),
)

REPLAYS = (*OCTETS, *ATTRIBUTES, *CONTENTS)
