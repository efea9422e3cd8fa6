"""PersonName elements of the Native DICOM Model (PS3.19 Table A.1.5-3): XML-022, XML-023."""

from __future__ import annotations

from collections.abc import Iterable

from lxml import etree

from dicomweb_conformance.dicom.xml_model import local_name, text_of
from dicomweb_conformance.validators.tally import shown
from dicomweb_conformance.validators.xml.element_names import COMPONENTS, GROUPS, Context, judge_names, meant


def judge(context: Context, person: etree._Element, path: str) -> None:
    """Judge one PersonName."""
    tally, own, row = context.tally, context.own, "XML-022"
    if _has_text(person):
        tally.sees(row, "text-in-personname-itself", path, shown(text_of(person).strip(), own=own), own=own)
    seen = set()
    for child in person:
        name, there = meant(child), f"{path}/{local_name(child)[:40]}"
        if name not in GROUPS:
            tally.sees(row, "other-elements", there, local_name(child)[:40], own=own)
            continue
        judge_names(context, child, there)
        if name in seen:
            tally.sees(row, "a-group-twice", there, own=own)
        seen.add(name)
        if not len(child) and not _has_text(child):
            tally.sees(row, "an-empty-group-element", there, own=own)
            continue
        tally.meets(row, "name-groups-each-once")
        _judge_group(context, child, there)


def _judge_group(context: Context, group: etree._Element, path: str) -> None:
    tally, own, row = context.tally, context.own, "XML-023"
    if _has_text(group):
        tally.sees(row, "text-in-the-group-itself", path, shown(text_of(group).strip(), own=own), own=own)
    names = []
    for child in group:
        name, there = meant(child), f"{path}/{local_name(child)[:40]}"
        judge_names(context, child, there)
        if name not in COMPONENTS:
            continue
        names.append(name)
        text = text_of(child)
        tally.meets(row, "name-components-with-content")
        if "^" in text:
            whole = name == "FamilyName"
            observation = "the-whole-name-in-familyname-with-in-it" if whole else "'^' inside a component"
            tally.sees(row, observation, there, shown(text, own=own), own=own)
        elif not text:
            tally.sees(row, "an-empty-component-element", there, own=own)
    positions = [COMPONENTS.index(name) for name in names]
    if len(set(positions)) < len(positions):
        tally.sees(row, "a component twice", path, ", ".join(names), own=own)
    elif positions != sorted(positions):
        tally.sees(
            row,
            "name-components-in-another-order",
            path,
            ", ".join(names),
            own=own,
        )


def _has_text(element: etree._Element) -> bool:
    texts: Iterable[str | None] = (element.text, *(child.tail for child in element))
    return any(text and text.strip() for text in texts)
