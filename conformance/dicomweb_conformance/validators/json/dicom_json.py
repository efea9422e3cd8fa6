"""The DICOM JSON Model (PS3.18 Annex F): judges octets that claim to be application/dicom+json.

The lenient reader that checks use is `dicomweb_conformance.dicom.json_model`; here nothing is forgiven and nothing
raised.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from dicomweb_conformance.http import media_types
from dicomweb_conformance.http.unreadable import DEEPEST
from dicomweb_conformance.validators.json import grammar, private_blocks, value_arrays
from dicomweb_conformance.validators.json.value_arrays import BareToken, Place
from dicomweb_conformance.validators.observation import Observation
from dicomweb_conformance.validators.tally import Tally, kind, shown
from dicomweb_conformance.validators.vr import definitions as vrs
from dicomweb_conformance.validators.vr import inline_binary

Resource = Literal["search", "metadata", "store"]

OWNED = (
    *(f"JSON-{number:03}" for number in range(1, 16)),
    *(f"JSON-{number:03}" for number in (17, 18, 19, 21, 22, 23, 24, 25, 27, 28, 29, 30, 31, 33, 34, 37, 38, 39)),
    *(f"JSON-{number:03}" for number in (42, 43, 44, 45, 47, 48, 49, 50, 52)),
    "JSON-020b",
    "JSON-024b",
    "BULKDATA-003",
    # These leave their observations to rows above.
    "METADATA-007",
    "METADATA-008",
    "METADATA-009",
    "METADATA-010",
    "METADATA-018",
    "SEARCH-009",
)

_EXCLUSIVE = ("Value", "BulkDataURI", "InlineBinary")
_MEMBERS = frozenset({"vr", *_EXCLUSIVE})
_MISSPELLED = re.compile(r"[-_ ]*(?:vr|values?|bulk[-_ ]*data[-_ ]*ur[il]|inline[-_ ]*binary)[-_ ]*", re.IGNORECASE)
_TAG_LIKE = re.compile(r"\(?(?:0x)?[0-9A-Fa-f]{1,4}[,. ]?(?:0x)?[0-9A-Fa-f]{0,4}\)?")
_NUMERIC_VRS = frozenset({"AT", "FD", "FL", "SL", "SS", "SV", "UL", "US", "UV"})


def _everything(_data_set: dict[str, Any]) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class _Answer:
    resource: Resource
    url: str
    tally: Tally
    plain: set[tuple[str, str]]


def judge(
    body: bytes,
    content_type: str = media_types.DICOM_JSON,
    *,
    resource: Resource = "metadata",
    url: str = "",
    accept_charset: str = "",
    own: Callable[[dict[str, Any]], bool] = _everything,
) -> Iterator[Observation]:
    """Judge one answer by the rows of `OWNED`.

    Args:
        body: the payload, any content coding undone; not empty.
        content_type: the Content-Type as it was sent, empty where there was none.
        resource: whose representation it is; search and metadata are arrays, the shape of a store answer is free.
        url: of the request, against which a relative BulkDataURI is resolved; empty where it is not known.
        accept_charset: what the request asked for.
        own: whether a data set of the array is one that the suite stored. Of others no value is quoted.

    Yields:
        What speaks against a row, at most `tally.EXAMPLES` times each; and one pass for each row that is met.
    """
    tally = Tally()
    value = grammar.read(tally, body, content_type, accept_charset)
    if resource == "store" and value is not grammar.UNREADABLE and not _holds_attributes(value):
        return  # JSON of the server's own in place of the module, which STORE-019 tells of
    if value is not grammar.UNREADABLE:
        answer = _Answer(resource, url, tally, set())
        # A server says itself what it stored.
        data_sets = list(_data_sets(answer, value, (lambda _: True) if resource == "store" else own))
        grammar.judge_strings(tally, body, ((path, data_set, ours) for data_set, path, ours in data_sets))
        for data_set, path, ours in data_sets:
            _judge_tree(answer, data_set, path, ours)
    yield from tally.observations()


def _data_sets(
    answer: _Answer, value: Any, own: Callable[[dict[str, Any]], bool]
) -> Iterator[tuple[dict[str, Any], str, bool]]:
    """Yield the data sets at the top with their paths, and say what is wrong with the shape."""
    tally, row = answer.tally, "JSON-004"
    if isinstance(value, list):
        if not value and answer.resource == "search":
            tally.meets(row, "an-empty-array-from-a-search")
        for number, entry in enumerate(value):
            path = f"[{number}]"
            if isinstance(entry, dict):
                tally.meets(row, "one-array-whose-entries-are-all-objects")
                ours = own(entry)
                named = _uid(entry) if ours and answer.resource == "search" and len(value) > 1 else ""
                yield entry, f"[{named or number}].", ours
            elif isinstance(entry, list):
                tally.sees(row, "an-array-inside-the-array", path, kind(entry))
            else:
                tally.sees(row, "an-array-with-an-entry-that-is-no-object", path, kind(entry))
    elif isinstance(value, dict):
        if answer.resource != "store" and not _wraps(tally, value):
            tally.sees(row, "one-bare-object-also-for-single-instance", received="an object")
        if answer.resource == "store" or not tally.speaks_against(row) or _looks_like_data_set(value):
            yield value, "", own(value)
    elif isinstance(value, str) and value.lstrip()[:1] in {"[", "{"}:
        tally.sees(row, "a-json-string-that-itself-holds-json", received="a string")
    else:
        tally.sees(row, "neither an array nor an object", received=kind(value))


def _uid(result: Mapping[str, Any]) -> str:
    """Return the UID by which a reader finds a result, wherever a server lists it; empty where it has none of ours."""
    for tag in ("00080018", "0020000E", "0020000D"):
        attribute = result.get(tag)
        values = attribute.get("Value") if isinstance(attribute, dict) else None
        if isinstance(values, list) and values and isinstance(values[0], str) and _OWN_UID.fullmatch(values[0]):
            return values[0]
    return ""


_OWN_UID = re.compile(r"2\.25\.\d{1,39}")


def _holds_attributes(value: Any) -> bool:
    return any(
        vrs.TAG.fullmatch(name.upper()) or (isinstance(member, dict) and "vr" in member)
        for entry in (value if isinstance(value, list) else [value])
        if isinstance(entry, dict)
        for name, member in entry.items()
    )


def _looks_like_data_set(value: Mapping[str, Any]) -> bool:
    return any(vrs.TAG.fullmatch(name.upper()) for name in value)


def _wraps(tally: Tally, value: Mapping[str, Any]) -> bool:
    """Tell whether an object is a wrapper around the array, and say so."""
    if _looks_like_data_set(value):
        return False
    arrays = [name for name, member in value.items() if isinstance(member, list)]
    if not arrays:
        return False
    tally.sees("JSON-004", "array-wrapped-in-an-object", received=shown(arrays[0]))
    return True


def _judge_tree(answer: _Answer, data_set: dict[str, Any], path: str, own: bool) -> None:
    """Judge a data set and everything in it, without recursion."""
    waiting = [(data_set, path, 0)]
    while waiting:
        one, where, depth = waiting.pop()
        if depth > DEEPEST:
            answer.tally.sees("JSON-034", f"items nested more than {DEEPEST} deep", where[:200], own=own)
            continue
        # What failed is named as the client sent it, however malformed; STORE-070 holds it against what was sent.
        refused = answer.resource == "store" and bool(_FAILED.match(where))
        for name, attribute in _attributes(answer, one, where, own=own, nested=depth > 0):
            if refused and name in _NAMED_BY_THE_CLIENT:
                continue
            if _judge_plain(answer, name, attribute, where, own):
                continue
            for item, there in _judge_attribute(answer, name, attribute, where, own):
                waiting.append((item, there, depth + 1))


_FAILED = re.compile(r"(\[\d+\]\.)?00081198\b")
_NAMED_BY_THE_CLIENT = frozenset({"00081150", "00081155"})


def _judge_plain(answer: _Answer, name: str, attribute: dict[str, Any], path: str, own: bool) -> bool:
    """Judge an attribute object of vr and Value alone, whose like was judged before; tell whether it is one.

    That is most of every answer, and the reason that a large one takes no longer.
    """
    vr, value = attribute.get("vr"), attribute.get("Value")
    if type(vr) is not str or type(value) is not list or not value or len(attribute) != 2:
        return False
    if (name, vr) not in answer.plain or type(attribute) is not dict:
        return False
    value_arrays.judge(answer.tally, Place(path, name, vr, own), value)
    return True


def _attributes(
    answer: _Answer, data_set: dict[str, Any], path: str, *, own: bool, nested: bool
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield tag and attribute object of each member, and say what is wrong with the members themselves."""
    tally = answer.tally
    if isinstance(data_set, grammar.Doubled):
        for name in data_set.doubled:
            tally.sees("JSON-008", "a-tag-twice-in-one-dataset", path + _named(name, own), own=own)
    rightly = [name for name in data_set if vrs.is_tag(name)]
    if rightly:
        tally.meets_all(_NAMES_PASS)
    if rightly != sorted(rightly):
        observation = "not-ascending-inside-an-item" if nested else "not-ascending-at-top-level-of-dataset"
        tally.sees("JSON-007", observation, path.removesuffix("."), _disorder(rightly), own=own)
    if len(rightly) < len(data_set):
        _judge_names(tally, data_set, path, own=own, rightly=bool(rightly))
    private_blocks.judge(tally, data_set, rightly, path, own=own)
    for name, attribute in data_set.items():
        if not vrs.is_tag(name) and not vrs.is_tag(name.upper()):
            if isinstance(attribute, dict) and "vr" in attribute:
                yield name, attribute
        elif not isinstance(attribute, dict):
            tally.sees(
                "JSON-005",
                "attribute-is-no-object",
                path + name,
                shown(attribute, own=own),
                own=own,
            )
        else:
            yield name, attribute


_NAMES_PASS = {
    "JSON-005": "every-member-value-is-an-object",
    "JSON-006": "eight-capital-hex-digits",
    "JSON-007": "ascending-at-every-depth",
    "JSON-008": "each-name-once",
    "JSON-009": "no-name-ends-in-0000",
    "JSON-010": "no-name-begins-with-0002",
}


def _named(name: str, own: bool) -> str:
    """Return a member's name for a path; where it is no tag it may be a value of others' data."""
    return name[:40] if own or vrs.TAG.fullmatch(name.upper()) else "*"


def _disorder(names: list[str]) -> str:
    first = next(at for at, name in enumerate(names) if name > names[at + 1])
    return f"{names[first]} before {names[first + 1]}"


def _judge_names(tally: Tally, data_set: dict[str, Any], path: str, *, own: bool, rightly: bool) -> None:
    for name, member in data_set.items():
        if vrs.TAG.fullmatch(name):
            continue
        attribute = isinstance(member, dict) and "vr" in member
        if vrs.TAG.fullmatch(name.upper()):
            observation = "lower-case-hexadecimal-letters"
        elif attribute and _TAG_LIKE.fullmatch(name):
            observation = "tag-in-another-notation"
        elif attribute:
            observation = "a-keyword-as-name"
        elif rightly:
            observation = "member-that-is-no-attribute"
        else:
            observation = "members that are no attributes, and none that is"
        tally.sees("JSON-006", observation, path + _named(name, own), kind(member), own=own)


def _judge_group(answer: _Answer, tag: str, where: str, own: bool) -> None:
    """Judge group 0002 (JSON-010) and group lengths (JSON-009)."""
    if tag.startswith("0002"):
        observation = (
            "group-0002-in-a-search-result" if answer.resource == "search" else "group-0002-in-metadata-or-store-answer"
        )
        answer.tally.sees("JSON-010", observation, where, own=own)
    elif tag.endswith("0000"):
        answer.tally.sees("JSON-009", "a-group-length-attribute-gggg0000", where, own=own)


def _judge_attribute(
    answer: _Answer, name: str, attribute: dict[str, Any], path: str, own: bool
) -> Iterator[tuple[dict[str, Any], str]]:
    """Judge one attribute object; yield the items of a sequence."""
    tally = answer.tally
    tag = name.upper()
    _judge_group(answer, tag, path + name, own)
    if isinstance(attribute, grammar.Doubled):
        tally.sees("JSON-008", "member-twice-in-an-attribute", path + _named(name, own), own=own)
    if not attribute.keys() <= _MEMBERS:
        _judge_members(tally, attribute, path + _named(name, own), own)
    vr = _vr(tally, tag, attribute, path + _named(name, own), own)
    if len(attribute) > 2 and sum(member in attribute for member in _EXCLUSIVE) > 1:
        together = ", ".join(member for member in _EXCLUSIVE if member in attribute)
        tally.sees("JSON-014", "two-or-three-of-them-together", path + _named(name, own), together, own=own)
    place = Place(path, _named(name, own), vr, own)
    if "BulkDataURI" in attribute:
        _judge_uri(answer, place, attribute["BulkDataURI"])
    if "InlineBinary" in attribute:
        _judge_octets(tally, place, attribute["InlineBinary"])
    if "Value" in attribute:
        yield from _judge_value(answer, place, attribute["Value"])
    elif len(attribute) == 1:
        tally.meets("JSON-017", "no-value-at-all-on-an-empty-attribute")
    if vr in vrs.BINARY and "Value" not in attribute:
        tally.meets("JSON-042", "no-value")


_ATTRIBUTE_PASS = {
    "JSON-011": "vr-is-there-and-is-a-string",
    "JSON-012": "a-vr-of-ps3-5",
    "JSON-014": "none-or-one-of-the-three",
    "JSON-015": "members-spelled-right",
    "JSON-052": "only-vr-value-bulkdatauri-inlinebinary",
}


def _judge_members(tally: Tally, attribute: dict[str, Any], path: str, own: bool) -> None:
    for member in attribute.keys() - _MEMBERS:
        if len(member) < 20 and _MISSPELLED.fullmatch(member):
            tally.sees(
                "JSON-015",
                "members-spelled-otherwise",
                path,
                member,
                own=own,
            )
        else:
            tally.sees("JSON-052", "member-keyword-name-or-length", path, shown(member, own=own), own=own)


def _vr(tally: Tally, tag: str, attribute: dict[str, Any], path: str, own: bool) -> str:
    """Return the VR by which the attribute is judged: empty where it has none that PS3.5 knows."""
    if "vr" not in attribute:
        observation = "no-vr" if attribute else "an-empty-object-as-attribute-object"
        tally.sees("JSON-011", observation, path, own=own)
        return ""
    vr = attribute["vr"]
    if not isinstance(vr, str):
        tally.sees("JSON-011", "vr-is-not-a-string", path, shown(vr, own=own), own=own)
        return ""
    tally.meets_all(_ATTRIBUTE_PASS)
    if fault := vrs.vr_fault(vr):
        tally.sees("JSON-012", fault, path, shown(vr, own=own), own=own)
        return ""
    if vrs.TAG.fullmatch(tag):
        _judge_vr(tally, tag, vr, attribute, path, own)
    return vr


def _judge_vr(tally: Tally, tag: str, vr: str, attribute: dict[str, Any], path: str, own: bool) -> None:
    """Judge a VR by the dictionary (JSON-013)."""
    allowed = vrs.dictionary_vrs(tag)
    if vrs.fits_dictionary(tag, vr):
        if allowed:
            tally.meets("JSON-013", "the-dictionary-s-vr")
        return
    if vr == "UN":
        if allowed.isdisjoint(vrs.LONG_LENGTH) and _is_long(attribute):
            tally.meets("JSON-013", "un-for-a-long-value")
            return
        observation = "un-in-place-of-the-dictionary-s-vr"
    elif vrs.exchange_of_texts(vr, allowed):
        observation = "lt-st-and-ut-exchanged"
    else:
        observation = "another-vr-than-the-dictionary-s"
    tally.sees("JSON-013", observation, path, vr, expected=tuple(sorted(allowed)), own=own)


def _is_long(attribute: dict[str, Any]) -> bool:
    """Tell whether a value is, or may be, too long for a 16-bit length."""
    octets = attribute.get("InlineBinary")
    if isinstance(octets, str):
        return len(octets) // 4 * 3 > vrs.LONGEST_OF_SHORT_LENGTH
    return "BulkDataURI" in attribute


def _judge_uri(answer: _Answer, place: Place, uri: Any) -> None:
    tally, where, own = answer.tally, f"{place.path}{place.name}", place.own
    if place.vr and place.vr not in vrs.BULK_DATA:
        tally.sees(
            "JSON-043",
            "uri-on-a-vr-that-must-not",
            where,
            place.vr,
            own=own,
        )
    if not isinstance(uri, str):
        if not isinstance(uri, BareToken):
            tally.sees(
                "JSON-043",
                "null-object-array-number-or-boolean",
                f"{where}.BulkDataURI",
                shown(uri, own=own),
                own=own,
            )
        return
    tally.meets(
        "JSON-043",
        "uri-on-a-vr-that-may",
    )
    inline_binary.judge_scheme(tally, uri, answer.url, f"{where}.BulkDataURI", own=own)


def _judge_octets(tally: Tally, place: Place, octets: Any) -> None:
    where, own, vr = f"{place.path}{place.name}.InlineBinary", place.own, place.vr
    if vr in vrs.BINARY:
        tally.meets("JSON-038", "ob-od-of-ol-ov-ow-un")
    elif vr in _NUMERIC_VRS:
        tally.sees(
            "JSON-038",
            "numeric-vr-with-empty-object",
            where,
            vr,
            own=own,
        )
    elif vr:
        tally.sees("JSON-038", "text-vr-with-empty-object", where, vr, own=own)
    if isinstance(octets, BareToken):
        return
    if not isinstance(octets, str):
        observation = (
            "an-array-one-entry-per-value" if isinstance(octets, list) else f"{kind(octets)} in place of a string"
        )
        tally.sees("JSON-039", observation, where, kind(octets), own=own)
    elif (fault := inline_binary.base64_fault(octets)) is not None:
        tally.sees("JSON-039", fault, where, shown(octets, own=own), own=own)
    else:
        tally.meets("JSON-039", "base64-with-padding")


def _judge_value(answer: _Answer, place: Place, value: Any) -> Iterator[tuple[dict[str, Any], str]]:
    tally = answer.tally
    where, own, vr = f"{place.path}{place.name}", place.own, place.vr
    if isinstance(value, BareToken):
        return
    if value is None or value == []:
        form = "value-null" if value is None else "value-empty-list"
        tally.sees("JSON-017", form, where, expected=("no Value at all on an empty attribute",), own=own)
    elif vr == "SQ":
        yield from _items(tally, place, value)
    elif not isinstance(value, list):
        tally.sees(
            "JSON-019", "a-bare-string-number-boolean-or-object", f"{where}.Value", shown(value, own=own), own=own
        )
    else:
        tally.meets_all(_VALUE_PASS)
        if vr in vrs.BINARY:
            numbers = all(isinstance(entry, int | float) for entry in value)
            observation = "value-with-numbers" if numbers else "value-with-base64-or-text"
            tally.sees("JSON-042", observation, f"{where}.Value", kind(value), own=own)
        elif vr:
            value_arrays.judge(tally, place, value)
            if _is_plain(place.name, vr):
                answer.plain.add((place.name, vr))


_VALUE_PASS = {"JSON-017": "value-holds-at-least-one-entry", "JSON-019": "an-array"}


def _is_plain(name: str, vr: str) -> bool:
    """Tell whether nothing speaks against an attribute of that name and VR but perhaps its values."""
    return vrs.is_tag(name) and vrs.fits_dictionary(name, vr) and name[:4] != "0002" and name[4:] != "0000"


def _items(tally: Tally, place: Place, value: Any) -> Iterator[tuple[dict[str, Any], str]]:
    where, own = f"{place.path}{place.name}.Value", place.own
    if not isinstance(value, list):
        observation = "an-object-in-place-of-the-array" if isinstance(value, dict) else "no array of items"
        tally.sees("JSON-034", observation, where, shown(value, own=own), own=own)
        return
    if value == [None]:
        tally.sees("JSON-017", "value-list-of-null", where.removesuffix(".Value"), own=own)
        return
    tally.meets_all(_VALUE_PASS)
    for number, item in enumerate(value):
        there = f"{where}[{number}]"
        if isinstance(item, dict):
            if _is_wrapped(item):
                tally.sees("JSON-034", "item-wrapped-in-an-object", there, own=own)
                continue
            tally.meets("JSON-034", "an-array-of-objects")
            yield item, f"{there}."
        elif item is not None and not isinstance(item, BareToken):
            # An item that is null is JSON-035.
            tally.sees("JSON-034", "items-that-are-strings-numbers-or-arrays", there, shown(item, own=own), own=own)


def _is_wrapped(item: dict[str, Any]) -> bool:
    """Tell whether an item is an object around the data set."""
    if len(item) != 1:
        return False
    ((name, member),) = item.items()
    return not vrs.TAG.fullmatch(name.upper()) and isinstance(member, dict) and _looks_like_data_set(member)
