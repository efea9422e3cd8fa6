"""What is different between a data set and its Native DICOM Model (PS3.19 Annex A), or two models of one data set.

Models are in the shape of DICOM JSON, as `xml_model` reads them. Private attributes are told apart by their creators,
as XML does not give their blocks (Table A.1.5-2).
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

from pydicom import Dataset

from dicomweb_conformance.dicom import differences
from dicomweb_conformance.dicom.differences import Difference
from dicomweb_conformance.dicom.json_model import DataSet, first, values

TEXTS = frozenset({"LT", "ST", "UT"})
INLINED = "inlined"
_CHARACTER_SET = "00080005"


def with_xml(stored: Dataset, received: DataSet) -> Iterator[Difference]:
    """Compare a data set that was stored with its model; line ends are what XML makes of them (XML 1.0 2.11)."""
    sent = copy.deepcopy(stored)
    for element in sent.iterall():
        if element.VR in TEXTS and isinstance(element.value, str):
            element.value = line_feeds(element.value)
    return differences.with_json(sent, line_feeds(received), decimals=differences.FIFTEEN_DIGITS)


def models(one: DataSet, other: DataSet, path: str = "") -> Iterator[Difference]:
    """Compare two models of one data set: tags, VRs and values; `one` is called stored, `other` received.

    A value that one gives by BulkDataURI and the other as it is makes a difference of kind INLINED.
    """
    before, after = _keyed(line_feeds(one)), _keyed(line_feeds(other))
    for key in sorted(before.keys() | after.keys()):
        here = f"{path}{key}"
        if key not in after:
            yield Difference(here, _vr(before[key]), "lost", _shown(before[key]), "absent")
        elif key not in before:
            yield Difference(here, _vr(after[key]), "added", "absent", _shown(after[key]))
        else:
            yield from _attributes(before[key], after[key], here)


def line_feeds(value: Any) -> Any:
    """Return text with LF for each line end, in all values of a model too."""
    if isinstance(value, str):
        return value.replace("\r\n", "\n").replace("\r", "\n")
    if isinstance(value, dict):
        return {name: line_feeds(each) for name, each in value.items()}
    return [line_feeds(each) for each in value] if isinstance(value, list) else value


def _attributes(one: DataSet, other: DataSet, here: str) -> Iterator[Difference]:
    vr = _vr(one)
    if vr != _vr(other):
        yield Difference(here, vr, "vr", vr or "no vr", _vr(other) or "no vr")
    elif vr == "SQ":
        yield from _items(one, other, here)
    elif ("BulkDataURI" in one) != ("BulkDataURI" in other):
        yield Difference(here, vr, INLINED, _shown(one), _shown(other))
    elif "BulkDataURI" not in one and not differences.same_values(one, other, vr):
        yield Difference(here, vr, "changed", _shown(one), _shown(other))


def _items(one: DataSet, other: DataSet, here: str) -> Iterator[Difference]:
    # An item that is no object is judged elsewhere.
    before, after = (
        [value if isinstance(value, dict) else {} for value in values({"": whole}, "")] for whole in (one, other)
    )
    if len(before) != len(after):
        yield Difference(here, "SQ", "changed", f"{len(before)} items", f"{len(after)} items")
        return
    for number, (item, its) in enumerate(zip(before, after, strict=True), 1):
        yield from models(item, its, f"{here}[{number}]/")


def _keyed(model: DataSet) -> dict[str, DataSet]:
    """Return the attributes by tag, private ones by group, creator and element.

    Left out are private creators, group 0002, group lengths, and Specific Character Set.
    """
    found = {}
    for tag, attribute in model.items():
        if not isinstance(attribute, dict) or len(tag) != len(_CHARACTER_SET):
            continue
        group, element = tag[:4], tag[4:]
        if group == "0002" or element == "0000" or tag == _CHARACTER_SET:
            continue
        if group[3] not in "13579BDF":
            found[tag] = attribute
        elif element[:2] != "00":
            creator = first(model, f"{group}00{element[:2]}") or f"block {element[:2]}"
            found[f"{group},{str(creator).strip()},{element[2:]}"] = attribute
    return found


def _vr(attribute: DataSet) -> str:
    vr = attribute.get("vr", "")
    return vr if isinstance(vr, str) else ""


def _shown(attribute: DataSet) -> str:
    text = str({name: each for name, each in attribute.items() if name != "vr"})
    return text if len(text) <= 200 else f"{text[:200]}... ({len(text)} characters)"
