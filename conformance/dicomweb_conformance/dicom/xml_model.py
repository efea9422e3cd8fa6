"""Reading the Native DICOM Model (PS3.19 Annex A) as a check needs it: in the shape of DICOM JSON (PS3.18 Annex F).

So the same functions compare both. Whether the model holds is judged elsewhere; odd content is read as well as it can.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lxml import etree

from dicomweb_conformance.dicom.json_model import DataSet
from dicomweb_conformance.http.unreadable import Form, TooLargeError, UnreadableError
from dicomweb_conformance.reading import xml_octets

MODEL = "NativeDicomModel"
_INTEGERS = frozenset({"IS", "SL", "SS", "SV", "UL", "US", "UV"})
_FLOATS = frozenset({"DS", "FD", "FL"})
_COMPONENTS = ("FamilyName", "GivenName", "MiddleName", "NamePrefix", "NameSuffix")
_GROUPS = ("Alphabetic", "Ideographic", "Phonetic")
_FIRST_BLOCK, _LAST_BLOCK = 0x10, 0xFF
_LONGEST_NUMBER = 64
_DIGITS, _MOST_LEFT_OUT = 9, 16


def data_set_of(octets: bytes) -> DataSet:
    """Return the data set of one document: tag -> vr with Value, InlineBinary or BulkDataURI.

    Private attributes get their full tag: the block of their creator element, or the next free one.

    Raises:
        UnreadableError: the octets are no XML, or the root is no NativeDicomModel.
        TooLargeError: they are more than is read.
    """
    document = xml_octets.read(octets)
    if document.fault == xml_octets.TOO_LARGE:
        raise TooLargeError(Form.XML, document.detail)
    if document.root is None:
        raise UnreadableError(Form.XML, f"{document.fault} ({document.detail})", document.where)
    name = local_name(document.root)
    if name != MODEL:
        raise UnreadableError(Form.XML, f"the root is {name[:40]}, not {MODEL}")
    return _data_set(document.root)


def local_name(element: etree._Element) -> str:
    """Return the name of an element without its namespace; empty for what is no element (an entity reference)."""
    tag: object = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def children(element: etree._Element, name: str) -> Iterator[etree._Element]:
    """Yield the children of that local name."""
    return (child for child in element if local_name(child) == name)


def text_of(element: etree._Element) -> str:
    """Return the text of an element."""
    return element.text or ""


def _data_set(parent: etree._Element) -> DataSet:
    found: DataSet = {}
    blocks = _Blocks()
    attributes = list(children(parent, "DicomAttribute"))
    for attribute in attributes:
        blocks.note(attribute)
    for attribute in attributes:
        tag = blocks.full_tag(attribute)
        found[tag] = _attribute(attribute)
    for tag, creator in blocks.added.items():
        found[tag] = {"vr": "LO", "Value": [creator]}
    return dict(sorted(found.items()))


class _Blocks:
    """The private blocks of one data set: which creator has which."""

    def __init__(self) -> None:
        self._of: dict[tuple[str, str], int] = {}
        self._taken: set[tuple[str, int]] = set()
        self.added: dict[str, str] = {}

    def note(self, attribute: etree._Element) -> None:
        """Take note of a creator element."""
        tag = attribute.get("tag", "").upper()
        group, element = tag[:4], tag[4:]
        if not attribute.get("privateCreator") and len(tag) == 8 and tag[3] in "13579BDF" and element[:2] == "00":
            creator = next((text_of(value).strip() for value in children(attribute, "Value")), "")
            try:
                block = int(element, 16)
            except ValueError:
                return
            self._taken.add((group, block))
            self._of.setdefault((group, creator), block)

    def full_tag(self, attribute: etree._Element) -> str:
        """Return the tag of an attribute with its block."""
        tag = attribute.get("tag", "").upper()
        creator = attribute.get("privateCreator", "").strip()
        group, element = tag[:4], tag[4:]
        if not creator or len(tag) != 8 or element[:2] != "00":
            return tag
        if (group, creator) not in self._of:
            free = (block for block in range(_FIRST_BLOCK, _LAST_BLOCK + 1) if (group, block) not in self._taken)
            block = next(free, _LAST_BLOCK)
            self._of[group, creator] = block
            self._taken.add((group, block))
            self.added[f"{group}00{block:02X}"] = creator
        return f"{group}{self._of[group, creator]:02X}{element[2:]}"


def _attribute(attribute: etree._Element) -> dict[str, Any]:
    vr = attribute.get("vr", "UN")
    found: dict[str, Any] = {"vr": vr}
    if vr == "SQ":
        values = _placed([(each, _data_set(each)) for each in children(attribute, "Item")], {})
    elif names := [(each, _name(each)) for each in children(attribute, "PersonName")]:
        values = _placed(names, None)
    else:
        values = _placed([(each, _value(vr, text_of(each))) for each in children(attribute, "Value")], None)
    if values:
        found["Value"] = values
    for each in children(attribute, "InlineBinary"):
        found["InlineBinary"] = "".join(text_of(each).split())
    for each in children(attribute, "BulkData"):
        found["BulkDataURI"] = each.get("uri") or each.get("uuid") or ""
    return found


def _placed(values: list[tuple[etree._Element, Any]], empty: Any) -> list[Any]:
    """Return values with `empty` where number leaves a few out, which keeps the places of those that follow."""
    placed: list[Any] = []
    for element, value in values:
        number = element.get("number", "")
        left_out = int(number) - 1 - len(placed) if number.isdecimal() and len(number) <= _DIGITS else 0
        placed += [empty] * (left_out if 0 < left_out <= _MOST_LEFT_OUT else 0)
        placed.append(value)
    return placed


def _value(vr: str, text: str) -> Any:
    """Return a value as DICOM JSON has it: numbers as numbers where they are ones, null for an empty value."""
    if not text:
        return None
    if len(text) <= _LONGEST_NUMBER:
        try:
            if vr in _INTEGERS:
                return int(text)
            if vr in _FLOATS:
                return float(text)
        except ValueError:
            return text
    return text


def _name(person: etree._Element) -> dict[str, str]:
    groups = {}
    for group in _GROUPS:
        for element in children(person, group):
            texts = ["".join(text_of(part) for part in children(element, name)) for name in _COMPONENTS]
            if joined := "^".join(texts).rstrip("^"):
                groups[group] = joined
    return groups
