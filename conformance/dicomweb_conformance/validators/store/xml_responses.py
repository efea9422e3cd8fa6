"""The answer to a store in XML (GOOGLE-027): a Store Instances Response Module as a Native DICOM Model."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from dicomweb_conformance.dicom.json_model import DataSet, items, text
from dicomweb_conformance.dicom.xml_model import local_name
from dicomweb_conformance.reading import xml_octets
from dicomweb_conformance.validators.observation import Observation

_ROW = "GOOGLE-027"
_RETRIEVE_URL, _REFERENCED, _SOP_CLASS, _SOP_INSTANCE = "00081190", "00081199", "00081150", "00081155"


def module(body: bytes) -> DataSet | None:
    """Return the data set of a document by its local names, in the shape of DICOM JSON; None where it is none."""
    root = xml_octets.read(body).root
    return None if root is None else _data_set(root)


def names_keywords(body: bytes) -> bool:
    """Tell whether a document names Referenced SOP Sequence, and Retrieve URL below it, by keyword, as dcmweb reads."""
    root = xml_octets.read(body).root
    named = [] if root is None else [each for each in root if each.get("keyword") == "ReferencedSOPSequence"]
    return any(below.get("keyword") == "RetrieveURL" for each in named for below in each.iter())


def judge(body: bytes, sop_class_uid: str, sop_instance_uid: str) -> Iterator[Observation]:
    """Judge the answer to a store of one instance.

    Args:
        body: the document.
        sop_class_uid: that of the instance.
        sop_instance_uid: that of the instance.
    """
    root = xml_octets.read(body).root
    if root is None:
        excerpt = body[:200].decode("utf-8", "backslashreplace")
        yield Observation(_ROW, "not-well-formed", received=f"it begins {excerpt!r}")
        return
    if local_name(root) != "NativeDicomModel":
        yield Observation(_ROW, "another root", expected=("NativeDicomModel",), received=local_name(root))
    if root.nsmap or body.lstrip().startswith(b"<?xml"):
        yield Observation(_ROW, "namespace-or-xml-declaration-present")
    data_set = _data_set(root)
    tags = [tag for tag in data_set if tag in {_RETRIEVE_URL, _REFERENCED}]
    for missing in {_RETRIEVE_URL, _REFERENCED} - set(tags):
        yield Observation(_ROW, "an-attribute-missing", missing, received="absent")
    if tags == [_REFERENCED, _RETRIEVE_URL]:
        yield Observation(_ROW, "another-order-of-attributes", received=", ".join(tags))
    references = items(data_set, _REFERENCED)
    for number, item in enumerate(references, 1):
        for missing in sorted({_SOP_CLASS, _SOP_INSTANCE, _RETRIEVE_URL} - set(item)):
            yield Observation(_ROW, "an-attribute-missing", f"{_REFERENCED}[{number}]/{missing}", received="absent")
    named = [(text(reference, _SOP_CLASS), text(reference, _SOP_INSTANCE)) for reference in references]
    if _REFERENCED in data_set and named != [(sop_class_uid, sop_instance_uid)]:
        yield Observation(
            _ROW,
            "reference-does-not-name-instance-sent",
            _REFERENCED,
            (f"{sop_class_uid}, {sop_instance_uid}",),
            "; ".join(", ".join(each) for each in named) or "no item",
        )
    yield from _form(root)


def _form(root: etree._Element) -> Iterator[Observation]:
    """Judge names and numbers of all attributes, values and items."""
    for attribute in root.iter("{*}DicomAttribute"):
        tag = attribute.get("tag", "")
        absent = [name for name in ("tag", "vr", "keyword") if not attribute.get(name)]
        if absent and not attribute.get("privateCreator"):
            yield Observation(
                _ROW, f"DicomAttribute without {absent[0]}", tag, received=", ".join(map(str, attribute.attrib))
            )
        for kind in ("Value", "Item"):
            numbers = [each.get("number") for each in attribute if local_name(each) == kind]
            if numbers != [str(number) for number in range(1, len(numbers) + 1)]:
                yield Observation(_ROW, "not numbered from 1", tag, received=f"{kind} {', '.join(map(str, numbers))}")


def _data_set(parent: etree._Element) -> DataSet:
    return {
        each.get("tag", "").upper(): {"vr": each.get("vr", ""), "Value": [_value(one) for one in each]}
        for each in parent
        if local_name(each) == "DicomAttribute"
    }


def _value(element: etree._Element) -> object:
    return _data_set(element) if local_name(element) == "Item" else (element.text or "").strip()
