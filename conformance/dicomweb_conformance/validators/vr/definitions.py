"""Value Representations (PS3.5 6.2) and the data dictionary (PS3.6), as validators of every encoding need them."""

from __future__ import annotations

import re
from functools import lru_cache

from pydicom import datadict

BINARY = frozenset({"OB", "OD", "OF", "OL", "OV", "OW", "UN"})
STRINGS = frozenset({"AE", "AS", "CS", "DA", "DT", "LO", "SH", "TM", "UC", "UI", "UR", "ST", "LT", "UT"})
# One value, in which a backslash is a backslash.
TEXTS = frozenset({"ST", "LT", "UT", "UR"})
INTEGERS = {
    "SS": range(-(2**15), 2**15),
    "US": range(2**16),
    "SL": range(-(2**31), 2**31),
    "UL": range(2**32),
}
LONG_INTEGERS = {"SV": range(-(2**63), 2**63), "UV": range(2**64)}
INTEGER_STRING = range(-(2**31), 2**31)
FLOATS = frozenset({"FL", "FD"})
DECIMALS = frozenset({"DS", "IS", "SV", "UV"})
LARGEST_FLOAT = {"FL": 3.4028235677973366e38, "FD": 1.7976931348623157e308}
VRS = frozenset({*BINARY, *STRINGS, *INTEGERS, *FLOATS, *DECIMALS, "AT", "PN", "SQ"})
# PS3.18 10.4.3.3.2: what may be replaced by a reference to bulk data.
BULK_DATA = frozenset({*BINARY, *INTEGERS, *FLOATS, *DECIMALS, "LT", "ST", "UC", "UT"})
# PS3.5 7.1.2: in Explicit VR these have a 32-bit length; of the others, a longer value turns UN (6.2.2).
LONG_LENGTH = frozenset({*BINARY, "SQ", "SV", "UC", "UR", "UT", "UV"})
LONGEST_OF_SHORT_LENGTH = 65534

TAG = re.compile(r"[0-9A-F]{8}")


@lru_cache(8192)
def _is_tag(name: str) -> bool:
    return TAG.fullmatch(name) is not None


def is_tag(name: str) -> bool:
    """Tell whether a name is eight hexadecimal digits in upper case; quick, as it is asked of every name."""
    return len(name) == 8 and _is_tag(name)


# PS3.5 7.8: groups 0001 to 0007 and FFFF are not for private use.
_NOT_PRIVATE = frozenset({"0001", "0003", "0005", "0007", "FFFF"})


def is_private(tag: str) -> bool:
    """Tell whether a tag (eight digits in upper case) has an odd group that is free for private use."""
    return tag[3] in "13579BDF" and tag[:4] not in _NOT_PRIVATE


@lru_cache(8192)
def dictionary_vrs(tag: str) -> frozenset[str]:
    """Return the VRs that a standard attribute may have.

    Empty where nothing can be said: private and unknown tags, and retired attributes, which may have any VR that they
    once had.
    """
    try:
        vr, _, _, retired, _ = datadict.get_entry(int(tag, 16))
    except KeyError:
        return frozenset()
    return frozenset() if retired or vr == "NONE" else frozenset(vr.split(" or "))


@lru_cache(8192)
def keyword(tag: str) -> str:
    """Return the PS3.6 keyword of a tag; empty where the dictionary does not know it."""
    return datadict.keyword_for_tag(int(tag, 16))


def tag_of(name: str) -> str:
    """Return the tag of a PS3.6 keyword; empty where it is none."""
    tag = datadict.tag_for_keyword(name)
    return "" if tag is None else f"{tag:08X}"


def vr_fault(vr: str) -> str | None:
    """Say what is wrong with a VR in the words of JSON-012; None for one of PS3.5."""
    if vr in VRS:
        return None
    if not vr:
        return "an-empty-string"
    if vr in {"xs", "ox", "OX", "XS", "??"}:
        return "toolkit-s-own-vr-code"
    if vr.upper() in VRS:
        return "lower-case-letters"
    parts = re.split(r" or |[/\\|, ]", vr)
    if len(parts) > 1 and VRS.issuperset(parts):
        return "two-vrs-in-one-string"
    return "any-other-string"


def exchange_of_texts(vr: str, allowed: frozenset[str]) -> bool:
    """Tell whether LT, ST and UT were exchanged."""
    return vr in {"LT", "ST", "UT"} and not allowed.isdisjoint({"LT", "ST", "UT"})


def fits_dictionary(tag: str, vr: str) -> bool:
    """Tell whether a known VR is one that the dictionary gives the tag, or nothing can be said.

    RetrieveURL is judged by SEARCH-152, and UR took the place of UT in other attributes likewise.
    """
    allowed = dictionary_vrs(tag)
    return not allowed or vr in allowed or (vr == "UT" and "UR" in allowed) or tag == "00081190"
