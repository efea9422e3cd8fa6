"""What becomes of values on their way into DICOM JSON: by what can go wrong, each with the elements that show it."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import cast

from dicomweb_conformance.checks.expect import Expectation
from dicomweb_conformance.dicom import json_model
from dicomweb_conformance.dicom.json_model import DataSet
from dicomweb_conformance.scenarios.steps.returned import octets_of
from dicomweb_fixtures.entities import Instance

Judge = Callable[[Expectation, Instance, DataSet, str], None]
"""What looks at the value of one tag, which the metadata have."""
GROUPS = ("Alphabetic", "Ideographic", "Phonetic")
_WORDS = {"OW": 2, "OF": 4, "OL": 4, "OD": 8, "OV": 8}
_ALMOST = Decimal("1e-6")


def _stored(instance: Instance, tag: str) -> list[str]:
    """Return the values of an element as text, one without a value as an empty text."""
    element = instance.dataset[tag]
    found = element.value if element.VM > 1 else [element.value]
    written = [getattr(each, "original_string", None) for each in found]  # of a decimal, before it became a number
    return [
        text if isinstance(text, str) else "" if each is None else str(each)
        for each, text in zip(found, written, strict=True)
    ]


def _shown(found: object) -> str:
    return str(found)[:200]


def _entries(it: Expectation, instance: Instance, found: DataSet, tag: str) -> None:
    stored = _stored(instance, tag)
    received = ["" if each is None else str(each) for each in json_model.values(found, tag)]
    if received == stored:
        return
    if len(received) == 1 and "\\" in received[0]:
        quote = "entries-joined-by-backslash"
    elif received == [each for each in stored if each]:
        quote = "empty-entry-dropped"
    elif received == stored[:1]:
        quote = "only-the-first-value"
    elif received == stored[: len(received)] and not any(stored[len(received) :]):
        quote = "a-trailing-empty-value-left-out"
    elif sorted(received) == sorted(stored):
        quote = "another-order"
    else:
        quote = "values-merged-or-made-unique"
    it.observes(quote, where=tag, expected=[_shown(stored)], received=_shown(received))


def _decimals(it: Expectation, instance: Instance, found: DataSet, tag: str) -> None:
    received = json_model.values(found, tag)
    stored = _stored(instance, tag)
    for number, text in enumerate(stored):
        other = received[number] if number < len(received) else None
        if quote := _decimal(text, other):
            it.observes(quote, where=f"{tag}, value {number + 1}", expected=[text], received=_shown(other))


def _decimal(text: str, other: object) -> str:
    """Say how a number differs from the text that was stored; empty where it does not."""
    if isinstance(other, str) and other.strip() == text:
        return ""
    try:
        before, after = Decimal(text), Decimal(str(other).strip())
    except InvalidOperation:
        return "null-0-or-no-entry-where-number-stored"
    if before == after or (not isinstance(other, str) and float(text) == float(after)):
        return "another-spelling-of-the-same-number" if isinstance(other, str) else ""
    if not after:
        return "null-0-or-no-entry-where-number-stored"
    if before and abs(after / before - 1) < _ALMOST:
        return "differs-below-one-in-a-million"
    ratio = abs(after / before)
    is_of_ten = ratio == Decimal(10) ** ratio.adjusted()
    return "another-sign-or-exponent" if is_of_ten else "a-larger-difference"


def _names(it: Expectation, instance: Instance, found: DataSet, tag: str) -> None:
    received = json_model.values(found, tag)
    for number, text in enumerate(_stored(instance, tag)):
        other = received[number] if number < len(received) else None
        if not isinstance(other, Mapping):
            continue  # how a name is written is JSON-030
        if "=" in str(other.get(GROUPS[0])):
            continue  # that groups are not set apart is JSON-031
        groups = dict(zip(GROUPS, text.split("="), strict=False))
        for group in GROUPS:
            wanted, said = groups.get(group, "").rstrip("^"), str(other.get(group) or "").rstrip("^")
            if wanted != said:
                moved = bool(said) and said in {each.rstrip("^") for name, each in groups.items() if name != group}
                quote = "components-reordered-or-dropped" if said else "a-group-missing"
                quote = "group-under-another-s-name" if moved else quote
                where = f"{tag}, value {number + 1}, {group}"
                it.observes(quote, where=where, expected=[wanted], received=said or "nothing")


def _items(it: Expectation, _: Instance, found: DataSet, tag: str) -> None:
    received = json_model.values(found, tag)
    if len(received) == 2:
        it.observes("the-empty-item-dropped", where=tag, expected=["three items"], received="two items")
    elif len(received) == 3 and received[1] is None:
        it.observes("null-in-its-place", where=f"{tag}[2]", expected=["{}"], received="null")


def _octets(it: Expectation, instance: Instance, found: DataSet, tag: str) -> None:
    element = found[tag]
    if not isinstance(element, dict) or not isinstance(element.get("InlineBinary"), str):
        return
    try:
        received = base64.b64decode(element["InlineBinary"], validate=True)
    except ValueError:
        return  # which is JSON-038
    stored = octets_of(instance.dataset[tag], instance.dataset)
    if received.rstrip(b"\0") == stored.rstrip(b"\0"):
        return
    size = _WORDS.get(instance.dataset[tag].VR, 1)
    swapped = b"".join(stored[at : at + size][::-1] for at in range(0, len(stored), size))
    if received == swapped:
        it.observes("the-words-with-their-octets-reversed", where=tag, of="JSON-040")
        return
    quote = "other-octets" if len(received) == len(stored) else "a-shorter-or-longer-value"
    quote = "headers-within-the-octets" if stored in received else quote
    said = f"{len(received)} octets {received[:20].hex()}"
    it.observes(quote, where=tag, expected=[f"{len(stored)} octets {stored[:20].hex()}"], received=said, of="JSON-041")


def _text(it: Expectation, instance: Instance, found: DataSet, tag: str) -> None:
    (stored,) = _stored(instance, tag)
    received = json_model.text(found, tag).rstrip(" ")
    stored = stored.rstrip(" ")
    if received == stored:
        return
    if received == stored.replace("\r\n", "\n"):
        quote = "cr-lf-come-back-as-lf-alone"
    elif "\\" in stored:
        quote = "backslash-doubled-or-dropped"
    elif received == stored.lstrip(" "):
        quote = "leading-blanks-gone"
    else:
        quote = "lines-joined-or-cut-after-the-first"
    it.observes(quote, where=tag, expected=[repr(stored)], received=repr(received)[:200])


def _integers(it: Expectation, instance: Instance, found: DataSet, tag: str) -> None:
    received = json_model.values(found, tag)
    for number, text in enumerate(_stored(instance, tag)):
        wanted, other = int(text), received[number] if number < len(received) else None
        exact = other == wanted or (isinstance(other, str) and other.strip() == text)
        if exact and not isinstance(other, float):
            continue
        if other is None:
            quote = "null-or-no-entry"
        elif isinstance(other, float) and exact:
            quote = "an-exact-value-written-with-an-exponent"
        else:
            quote = "negative-uv-or-sv-with-sign-lost" if _sign(str(other)) != _sign(text) else "a-rounded-value"
        it.observes(quote, where=f"{tag}, value {number + 1}", expected=[text], received=_shown(other))


def _sign(text: str) -> bool:
    return text.lstrip().startswith("-")


def _signs(it: Expectation, instance: Instance, found: DataSet, tag: str) -> None:
    element = found[tag]
    vr = element.get("vr") if isinstance(element, dict) else None
    received = json_model.values(found, tag)
    for number, text in enumerate(_stored(instance, tag)):
        wanted, other = int(text), received[number] if number < len(received) else None
        where = f"{tag}, value {number + 1}"
        if isinstance(other, int) and abs(other - wanted) == 1 << 16:
            it.observes("63536-for-2000-or-5536-for-60000", where=where, expected=[text], received=str(other))
        elif wanted < 0 and vr == "US":
            it.observes("vr-us-for-a-negative-value", where=where, expected=["SS"], received="US")


JUDGES: Mapping[str, tuple[Judge, tuple[str, ...]]] = {
    "multiplicity": (_entries, ("00080008", "00720066", "0072006C", "0072005E", "00720062")),
    "decimals": (_decimals, ("00720072",)),
    "names": (_names, ("0072006A",)),
    "empty-item": (_items, ("00720200",)),
    "octets": (_octets, ("00720065", "00720067", "00720069", "0072006D", "00720073", "00720075", "00720081")),
    "text": (_text, ("00720068", "0072006E", "00720070", "00204000")),
    "64-bit": (_integers, ("00720082", "00720083")),
    "signs": (_signs, ("00280106", "0072007A", "0072007E")),
}
"""What judges the values of `Corpus.elements`, and at which tags."""


def is_list_as_text(found: DataSet, tag: str) -> bool:
    """Tell whether a value is a list written as text, where JSON-020b tells of such values in these metadata."""
    told = any(_is(json_model.is_told_list, element) for element in found.values())
    return told and _is(json_model.is_list_as_text, found.get(tag))


def _is(question: Callable[[str, object], bool], element: object) -> bool:
    return isinstance(element, dict) and question(str(element.get("vr")), element.get("Value"))


class _Heard:
    """Takes what a judge observes, and keeps only that it did."""

    def __init__(self) -> None:
        self.anything = False

    def observes(self, *_: object, **__: object) -> None:
        self.anything = True


def is_told(tag: str, instance: Instance, found: DataSet) -> bool:
    """Tell whether one of `JUDGES` says what became of the value of a tag, which the metadata have, or JSON-020b."""
    if is_list_as_text(found, tag) and instance.dataset[tag].VM > 1:
        return True
    heard = _Heard()
    for judge, tags in JUDGES.values():
        if tag in tags:
            judge(cast("Expectation", heard), instance, found, tag)
    return heard.anything
