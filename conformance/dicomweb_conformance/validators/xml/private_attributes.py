"""Private attributes of a Native DICOM Model (PS3.19 Table A.1.5-2): XML-010 to XML-012."""

from __future__ import annotations

from lxml import etree

from dicomweb_conformance.dicom.xml_model import text_of
from dicomweb_conformance.validators.tally import shown
from dicomweb_conformance.validators.vr import definitions as vrs
from dicomweb_conformance.validators.xml.element_names import Context, attribute


def judge(context: Context, attributes: list[tuple[etree._Element, str]]) -> None:
    """Judge the privateCreator of all attributes of one data set.

    Args:
        context: what the document is judged by.
        attributes: the DicomAttribute elements with their paths.
    """
    private = []
    creators: dict[str, str] = {}
    for element, path in attributes:
        tag, creator = (attribute(element, "tag") or "").upper(), attribute(element, "privateCreator")
        if not vrs.TAG.fullmatch(tag):
            continue
        if not vrs.is_private(tag):
            _judge_standard(context, tag, creator, path)
        elif creator is None and "0010" <= tag[4:] <= "00FF" and attribute(element, "vr") in {"LO", None}:
            context.tally.sees("XML-012", "a-creator-element-of-vr-lo", path)
            creators[tag] = "".join(text_of(value).strip() for value in element)
        elif not tag.endswith("0000"):
            private.append((tag, creator, path))
    if private and not creators:
        context.tally.meets("XML-012", "none")
    for tag, creator, path in private:
        _judge_private(context, tag, creator, creators, path)


def _judge_standard(context: Context, tag: str, creator: str | None, path: str) -> None:
    if creator is not None and int(tag[3], 16) % 2 == 0:
        observation = "a-privatecreator-with-a-value" if creator.strip() else "an-empty-privatecreator"
        context.tally.sees("XML-011", observation, path, shown(creator, own=context.own), own=context.own)
    context.tally.meets("XML-011", "no-privatecreator")


def _judge_private(context: Context, tag: str, creator: str | None, creators: dict[str, str], path: str) -> None:
    tally, own, row = context.tally, context.own, "XML-010"
    full = tag[4:] >= "1000"
    if creator is None:
        if full and f"{tag[:4]}00{tag[4:6]}" in creators:
            tally.sees(row, "full-tag-without-private-creator", path, own=own)
        else:
            tally.sees(row, "no-privatecreator-and-no-creator-element", path, own=own)
        return
    of_group = {value for each, value in creators.items() if each[:4] == tag[:4]}
    named = creators.get(f"{tag[:4]}00{tag[4:6]}") if full else None
    wrong = named != creator.strip() if named is not None else bool(of_group) and creator.strip() not in of_group
    if not creator.strip() or wrong:
        tally.sees(row, "an-empty-or-wrong-privatecreator", path, shown(creator, own=own), own=own)
    elif full:
        tally.sees(row, "full-tag-with-private-creator", path, own=own)
    elif tag[4:6] != "00":
        tally.sees(row, "a tag in no block", path, own=own)
    else:
        tally.meets(row, "short-tag-with-private-creator")
