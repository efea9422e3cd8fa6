"""Names of elements and attributes of the Native DICOM Model (PS3.19 A.1.1): XML-006."""

from __future__ import annotations

from dataclasses import dataclass

from lxml import etree

from dicomweb_conformance.dicom.xml_model import MODEL, local_name
from dicomweb_conformance.validators.tally import Tally

GROUPS = ("Alphabetic", "Ideographic", "Phonetic")
COMPONENTS = ("FamilyName", "GivenName", "MiddleName", "NamePrefix", "NameSuffix")
_ELEMENTS = (MODEL, "DicomAttribute", "Value", "Item", "PersonName", "BulkData", "InlineBinary", *GROUPS, *COMPONENTS)
_ATTRIBUTES = ("tag", "vr", "keyword", "privateCreator", "number", "uuid", "uri")
_BY_LETTERS = {name.lower(): name for name in (*_ELEMENTS, *_ATTRIBUTES)}
_OTHER_LETTERS = "name-in-other-letters"
_FURTHER = "name-unknown-to-the-schema"


@dataclass(frozen=True, slots=True)
class Context:
    """What a document is judged by: where observations go, what was asked for, and whose data it is."""

    tally: Tally
    resource: str
    url: str
    own: bool


def meant(element: etree._Element) -> str:
    """Return the name of the model that an element's name stands for, whatever its letters; or its own."""
    name = local_name(element)
    return _BY_LETTERS.get(name.lower(), name)


def attribute(element: etree._Element, name: str) -> str | None:
    """Return the value of an attribute, whatever the letters of its name; None where it has none."""
    value = element.get(name)
    if value is not None:
        return value
    lowered = name.lower()
    return next((str(text) for key, text in element.attrib.items() if str(key).lower() == lowered), None)


def judge_names(context: Context, element: etree._Element, path: str) -> None:
    """Judge the name of an element and those of its attributes."""
    tally, name = context.tally, local_name(element)
    if not name:
        return
    tally.meets(
        "XML-006",
        "names-of-the-schema",
    )
    if name not in _ELEMENTS:
        observation = _OTHER_LETTERS if name.lower() in _BY_LETTERS else _FURTHER
        tally.sees("XML-006", observation, path, name[:40])
    for key in element.attrib:
        known = str(key)
        if known not in _ATTRIBUTES and not known.startswith("{"):
            observation = _OTHER_LETTERS if known.lower() in _BY_LETTERS else _FURTHER
            tally.sees("XML-006", observation, path, known[:40])
