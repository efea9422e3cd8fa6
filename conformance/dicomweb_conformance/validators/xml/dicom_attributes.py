"""The data sets of a Native DICOM Model: every DicomAttribute and what is in it (PS3.19 Tables A.1.5-2, A.1.5-3)."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from dicomweb_conformance.dicom.xml_model import local_name, text_of
from dicomweb_conformance.validators.tally import shown
from dicomweb_conformance.validators.vr import definitions as vrs
from dicomweb_conformance.validators.vr import inline_binary
from dicomweb_conformance.validators.xml import person_names, private_attributes
from dicomweb_conformance.validators.xml.element_names import Context, attribute, judge_names, meant

_CONTENTS = ("Value", "Item", "PersonName", "BulkData", "InlineBinary")
_NUMBERED = frozenset({"Value", "Item", "PersonName"})
_NUMERIC_VRS = frozenset({"AT", "FD", "FL", "SL", "SS", "SV", "UL", "US", "UV"})
_SOP_INSTANCE_UID = "00080018"
_NEEDED_OF_STORE = frozenset({"00081199", "00081190"})


def path_of(element: etree._Element) -> str:
    """Return an XML path that a reader can follow: attributes by tag, the rest by number."""
    steps = []
    at: etree._Element | None = element
    while at is not None:
        steps.append(_step(at))
        at = at.getparent()
    return "".join(reversed(steps))


def _step(element: etree._Element) -> str:
    name = local_name(element)[:40]
    tag, number = attribute(element, "tag"), attribute(element, "number")
    if tag is not None and vrs.TAG.fullmatch(tag.upper()):
        return f"/{name}[@tag='{tag}']"
    if number is not None and number.isascii() and number.isdigit():
        return f"/{name}[{number[:6]}]"
    return f"/{name}"


def judge(context: Context, root: etree._Element) -> None:
    """Judge the data set below the root, and those of its items, without recursion."""
    keywords: dict[bool, list[str]] = {True: [], False: []}
    waiting = [(root, f"/{local_name(root)}")]
    while waiting:
        parent, path = waiting.pop()
        attributes: list[tuple[etree._Element, str]] = []
        for child in parent:
            there = path + _step(child)
            judge_names(context, child, there)
            if meant(child) == "DicomAttribute":
                attributes.append((child, there))
        if merged := _judge_doubles(context, attributes, top=parent is root):
            context.tally.sees("XML-004", "instances-merged-in-one-model", path, merged)
        private_attributes.judge(context, attributes)
        for element, there in attributes:
            waiting.extend(_judge_attribute(context, element, there, keywords))
    _judge_keywords(context, keywords)


def _judge_doubles(context: Context, attributes: list[tuple[etree._Element, str]], *, top: bool) -> str:
    """Judge repeated tags of one data set (XML-030, -030b); say so where it is several data sets in one (XML-004)."""
    seen: dict[tuple[str, str], str] = {}
    tags: dict[str, int] = {}
    doubled = []
    for element, there in attributes:
        key = (attribute(element, "privateCreator") or "", (attribute(element, "tag") or "").upper())
        if key[1] and key in seen:
            doubled.append((key, there))
        elif key[1] in tags and key[1]:
            context.tally.meets("XML-030", "the-same-tag-with-different-creators")
        seen[key] = there
        tags[key[1]] = 1
    if attributes and not doubled:
        context.tally.meets("XML-030b", "each-once")
    if top and any(tag == _SOP_INSTANCE_UID for (_, tag), _ in doubled):
        return f"SOPInstanceUID {1 + sum(tag == _SOP_INSTANCE_UID for (_, tag), _ in doubled)} times"
    for (_, tag), there in doubled:
        private = bool(vrs.TAG.fullmatch(tag)) and vrs.is_private(tag)
        observation = "private-tag-twice-with-same-creator" if private else "a-standard-tag-twice"
        context.tally.sees("XML-030b", observation, there, own=context.own)
    return ""


def _judge_attribute(
    context: Context, element: etree._Element, path: str, keywords: dict[bool, list[str]]
) -> Iterator[tuple[etree._Element, str]]:
    """Judge one DicomAttribute; yield its items."""
    tag, vr = _judge_tag(context, element, path), attribute(element, "vr")
    if tag:
        _judge_keyword(context, element, tag, path, keywords)
    vr = _judge_vr(context, vr, tag, path)
    contents: dict[str, list[tuple[etree._Element, str]]] = {}
    for child in element:
        there = path + _step(child)
        judge_names(context, child, there)
        if (name := meant(child)) in _CONTENTS:
            contents.setdefault(name, []).append((child, there))
    _judge_kinds(context, element, vr, list(contents), path)
    for name, found in contents.items():
        if name in _NUMBERED:
            _judge_numbers(context, [each for each, _ in found], name, path)
    for value, there in contents.get("Value", ()):
        _judge_value(context, vr, value, there)
    for person, there in contents.get("PersonName", ()):
        person_names.judge(context, person, there)
    _judge_bulk_data(context, vr, contents.get("BulkData", []), path)
    _judge_inline(context, vr, contents.get("InlineBinary", []), path)
    yield from contents.get("Item", ())


def _judge_tag(context: Context, element: etree._Element, path: str) -> str:
    """Judge the tag (XML-009) and what it must not be; return it in upper case, empty where it is none."""
    tally, own, tag = context.tally, context.own, attribute(element, "tag")
    if tag is None:
        tally.sees("XML-009", "no-tag", path, own=own)
        return ""
    if not vrs.TAG.fullmatch(tag.upper()):
        tally.sees("XML-009", "comma-parentheses-or-another-length", path, shown(tag, own=own), own=own)
        return ""
    if not vrs.TAG.fullmatch(tag):
        tally.sees("XML-009", "lower-case-letters", path, tag, own=own)
        tag = tag.upper()
    tally.meets("XML-009", "0-9a-f-8")
    if tag.startswith("0002"):
        observation = (
            "group-0002-in-a-search-result"
            if context.resource == "search"
            else "group-0002-in-metadata-or-store-answer"
        )
        tally.sees("JSON-010", observation, path, own=own)
    elif tag.endswith("0000") and attribute(element, "privateCreator") is None:  # gggg00ee of a block can end so
        tally.sees("XML-007", "a-group-length-attribute", path, own=own)
    tally.meets("JSON-010", "no-name-begins-with-0002")
    tally.meets("XML-007", "none-ends-in-0000")
    return tag


def _judge_keyword(
    context: Context, element: etree._Element, tag: str, path: str, keywords: dict[bool, list[str]]
) -> None:
    expected, keyword = vrs.keyword(tag), attribute(element, "keyword")
    if not expected:
        return
    keywords[keyword is not None].append(f"{path}\n{tag}")
    if keyword is None or keyword == expected:
        return
    if " " in keyword or not keyword or vrs.tag_of(keyword):
        observation = "keyword-of-another-attribute"
    else:
        observation = "a-keyword-of-an-earlier-edition"
    context.tally.sees(
        "XML-013", observation, path, shown(keyword, own=context.own), expected=(expected,), own=context.own
    )


def _judge_keywords(context: Context, keywords: dict[bool, list[str]]) -> None:
    """Judge missing keywords (XML-013) for the document as a whole."""
    tally, missing = context.tally, keywords[False]
    if keywords[True]:
        tally.meets("XML-013", "the-ps3-6-keyword")
    if not missing:
        return
    path, _, tag = missing[0].partition("\n")
    needed = [each for each in missing if each[-8:] in _NEEDED_OF_STORE] if context.resource == "store" else []
    if not keywords[True]:
        tally.sees(
            "XML-013", "missing-on-all-of-them", path, f"{len(missing)} without keyword", expected=(vrs.keyword(tag),)
        )
    elif needed:
        tally.sees("XML-013", "keyword-missing-in-store-answer", needed[0].partition("\n")[0])
    else:
        observation = "keyword-missing-on-some"
        tally.sees("XML-013", observation, path, f"{len(missing)} without keyword", expected=(vrs.keyword(tag),))


def _judge_vr(context: Context, vr: str | None, tag: str, path: str) -> str:
    """Judge the VR (XML-014); return it, empty where it is none of PS3.5."""
    tally, own = context.tally, context.own
    if vr is None:
        tally.sees("XML-014", "vr-missing", path, own=own)
        return ""
    if vrs.vr_fault(vr):
        tally.sees("XML-014", "vr-no-code", path, shown(vr, own=own), own=own)
        return ""
    tally.meets("XML-014", "vr-of-ps3-5-dictionary-s-or-as-stored")
    if not tag or vrs.fits_dictionary(tag, vr):
        return vr
    allowed = vrs.dictionary_vrs(tag)
    if vr == "UN":
        observation = "un-in-place-of-the-dictionary-s-vr"
    elif vrs.exchange_of_texts(vr, allowed):
        observation = "lt-st-and-ut-exchanged"
    else:
        observation = "another-vr-than-the-dictionary-s"
    tally.sees("XML-014", observation, path, vr, expected=tuple(sorted(allowed)), own=own)
    return vr


_KINDS_PASS = {
    "Value": "value-elements-only",
    "Item": "item-elements-only",
    "PersonName": "person-name-elements-only",
    "BulkData": "one-inlinebinary-or-one-bulkdata",
    "InlineBinary": "one-inlinebinary-or-one-bulkdata",
}


def _judge_kinds(context: Context, element: etree._Element, vr: str, kinds: list[str], path: str) -> None:
    """Judge what kinds of content there are (XML-015, -016). XML-016 alone tells of a Value without a place."""
    tally, own = context.tally, context.own
    if len({*kinds} - ({"Value"} if vr in {"SQ", "PN"} else set())) > 1:
        tally.sees("XML-015", "two-kinds-together", path, ", ".join(kinds), own=own)
    if text_of(element).strip() or any((child.tail or "").strip() for child in element):
        tally.sees("XML-015", "text-beside-the-elements", path, own=own)
    if ("Item" in kinds and vr not in {"SQ", ""}) or ("PersonName" in kinds and vr not in {"PN", ""}):
        tally.sees(
            "XML-015", "item-outside-sq-or-personname-outside-pn", path, f"{' and '.join(kinds)} under {vr}", own=own
        )
    tally.meets("XML-015", _KINDS_PASS[kinds[0]] if kinds else "nothing")
    if vr in {"SQ", "PN"}:
        if "Value" in kinds:
            observation = "value-under-sq" if vr == "SQ" else "value-under-pn-the-name-as-one-string"
            tally.sees("XML-016", observation, path, own=own)
        tally.meets("XML-016", "no-value")


def _judge_numbers(context: Context, elements: list[etree._Element], name: str, path: str) -> None:
    """Judge the number attributes of the elements of one kind (XML-017)."""
    tally, own, row = context.tally, context.own, "XML-017"
    numbers = []
    for element in elements:
        text = attribute(element, "number")
        if text is None:
            tally.sees(row, "no-number", path, name, own=own)
            return
        digits = text.strip().removeprefix("+")
        if not (digits.isascii() and digits.isdigit() and len(digits) < 10):
            tally.sees(row, "a number that is none", path, shown(text, own=own), own=own)
            return
        numbers.append(int(digits))
    wanted = list(range(1, len(numbers) + 1))
    if numbers == wanted:
        tally.meets(row, "1-2-n-in-document-order")
        return
    received = ", ".join(map(str, numbers[:10]))
    if sorted(numbers) == wanted:
        observation = "numbers-in-another-document-order"
    elif 0 in numbers:
        observation = "counted-from-0"
    elif len(set(numbers)) < len(numbers):
        observation = "a-number-twice"
    else:
        observation = "a-gap"
    tally.sees(row, observation, path, f"{name} {received}", own=own)


def _judge_value(context: Context, vr: str, value: etree._Element, path: str) -> None:
    text = text_of(value)
    if vr != "AT" or not text:
        return
    if vrs.TAG.fullmatch(text):
        context.tally.meets("XML-020", "0-9a-f-8")
        return
    lower = bool(vrs.TAG.fullmatch(text.upper()))
    observation = "lower-case-letters" if lower else "comma-parentheses-or-a-keyword"
    context.tally.sees("XML-020", observation, path, shown(text, own=context.own), own=context.own)


def _judge_bulk_data(context: Context, vr: str, found: list[tuple[etree._Element, str]], path: str) -> None:
    """Judge references to bulk data (XML-024, -025, JSON-043, BULKDATA-003)."""
    tally, own = context.tally, context.own
    if len(found) > 1:
        tally.sees("XML-025", "one-for-each-value", path, f"{len(found)} BulkData", own=own)
    for element, there in found:
        tally.meets("XML-025", "one-at-most")
        uri, uuid = attribute(element, "uri"), attribute(element, "uuid")
        if uri is not None and uuid is None:
            tally.meets("XML-024", "uri-and-no-uuid")
        else:
            observation = (
                "neither" if uri is None and uuid is None else "uuid-in-place-of-uri" if uri is None else "both"
            )
            tally.sees("XML-024", observation, there, own=own)
        if uri is not None:
            inline_binary.judge_scheme(tally, uri, context.url, f"{there}/@uri", own=own)
        if vr in vrs.BULK_DATA:
            tally.meets(
                "JSON-043",
                "uri-on-a-vr-that-may",
            )
        elif vr:
            tally.sees(
                "JSON-043",
                "uri-on-a-vr-that-must-not",
                there,
                vr,
                own=own,
            )


def _judge_inline(context: Context, vr: str, found: list[tuple[etree._Element, str]], path: str) -> None:
    """Judge octets in place (XML-026)."""
    tally, own, row = context.tally, context.own, "XML-026"
    if len(found) > 1:
        tally.sees(row, "two-in-one-dicomattribute", path, f"{len(found)} InlineBinary", own=own)
    for element, there in found:
        tally.meets(row, "base64-on-ob-od-of-ol-ov-ow-or-un")
        if vr in _NUMERIC_VRS:
            tally.sees(row, "on-at-fd-fl-sl-ss-sv-ul-us-or-uv", there, vr, own=own)
        elif vr and vr not in vrs.BINARY:
            tally.sees(row, "on-any-other-vr", there, vr, own=own)
        octets = "".join(text_of(element).split())
        if octets and inline_binary.base64_fault(octets):
            tally.sees(row, "no-base64-or-wrong-padding", there, shown(octets, own=own), own=own)
