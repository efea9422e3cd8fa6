"""Strings against the definition of their VR (PS3.5 6.2), in the words of JSON-021, -028, -029 and -048."""

from __future__ import annotations

import re
from collections.abc import Iterator

_ONE_LINE = r"[^\x00-\x1f\\]"
_DATE = r"[0-9]{4}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])"
_SECONDS = r"(?:[0-5][0-9]|60)(?:\.[0-9]{1,6})?"
_TIME = rf"(?:[01][0-9]|2[0-3])(?:[0-5][0-9](?:{_SECONDS})?)?"
_DATE_TIME = (
    rf"[0-9]{{4}}(?:(?:0[1-9]|1[0-2])(?:(?:0[1-9]|[12][0-9]|3[01])(?:{_TIME})?)?)?(?:[+-][0-1][0-9][0-5][0-9])?"
)


def _unpadded(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"(?! )(?:{pattern})(?<! )")


_FORMS = {
    "AE": _unpadded(rf"{_ONE_LINE}{{1,16}}"),
    "AS": re.compile(r"[0-9]{3}[DWMY]"),
    "CS": _unpadded(r"[A-Z0-9 _]{1,16}"),
    "DA": re.compile(_DATE),
    "DT": re.compile(_DATE_TIME),
    "LO": _unpadded(rf"{_ONE_LINE}{{1,64}}"),
    "PN": _unpadded(r"[^\x00-\x1f\\=]{1,64}"),
    "SH": _unpadded(rf"{_ONE_LINE}{{1,16}}"),
    "TM": re.compile(_TIME),
    "UC": re.compile(rf"{_ONE_LINE}+"),
    "UI": re.compile(r"[0-9.]{1,64}"),
    "UR": re.compile(rf"(?! ){_ONE_LINE}+(?<! )"),
}
_LENGTHS = {"AE": 16, "CS": 16, "LO": 64, "PN": 64, "SH": 16}
_PADDED = frozenset({"AE", "AS", "CS", "DA", "DT", "LO", "PN", "SH", "TM", "UR"})
_CONTROL = re.compile(r"[\x00-\x1f]")
_HYPHENS = re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}")
_COLONS = re.compile(r"[0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?")
_LOCALE = re.compile(r"[0-9]{1,4}[/.][0-9]{1,2}[/.][0-9]{1,4}.*", re.DOTALL)
_SEPARATED = re.compile(r"[-0-9TZ:+.\s]+")
# The sign of an offset is no separator.
_OFFSET = re.compile(r"[+-][0-9]{4}\Z")

PADDING = ("JSON-021", "one-meaningless-blank")
NUL = ("JSON-021", "a-string-that-ends-in-u-0000")
_NUL_IN_UID = ("JSON-021", "ui-value-with-blank-or-u-0000-anywhere")
_TOO_LONG = ("JSON-028", "longer-than-the-vr-allows-yet-as-stored")
_FORM = {
    "AS": "as-other-than-nnnd-nnnw-nnnm-nnny",
    "CS": "cs-with-lower-case-letters-or-backslash",
    "DA": "da-that-is-not-eight-digits-of-a-date",
    "DT": "tm-or-dt-out-of-form",
    "TM": "tm-or-dt-out-of-form",
    "UI": "no-uid-in-ui",
}
_CS_REPERTOIRE = re.compile(r"[^a-z\\]*")
_DECIMAL = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?")
# Longer is no number of any VR, and Python would take its time over it.
_LONGEST_NUMBER = 64

PASSES = {
    **{vr: {"JSON-021": "no-padding", "JSON-028": "fits-the-vr-s-form-and-repertoire"} for vr in _FORMS},
    **{vr: {"JSON-021": "trailing-blanks-kept"} for vr in ("LT", "ST", "UT", "UC")},
    "IS": {"JSON-021": "no-padding"},
    "DS": {"JSON-021": "no-padding"},
}
PASSES["DA"] |= {"JSON-029": "20200131"}
PASSES["TM"] |= {"JSON-029": "134530-25"}
PASSES["DT"] |= {"JSON-029": "20200131134530-0100"}
for _vr in ("SH", "LO", "PN", "UC"):
    PASSES[_vr] = {**PASSES[_vr], "JSON-048": "no-backslash"}


def faults(vr: str, value: str) -> Iterator[tuple[str, str]]:
    """Yield row and observation of each thing wrong with a non-empty string of a VR of text, date or name group."""
    form = _FORMS.get(vr)
    if form is not None and form.fullmatch(value):
        return
    if vr == "UI" and ("\x00" in value or " " in value):
        yield _NUL_IN_UID
        return
    if value.endswith("\x00"):
        yield NUL
        value = value.rstrip("\x00")
    if form is None or not value:
        return
    if vr in _PADDED and (stripped := value.strip(" ")) != value:
        yield PADDING
        value = stripped
    if value and not form.fullmatch(value):
        yield _of_form(vr, value)


def _of_form(vr: str, value: str) -> tuple[str, str]:
    if _CONTROL.search(value):
        return "JSON-028", "a-control-character-in-a-one-line-vr"
    if "\\" in value and vr in {"SH", "LO", "PN", "UC"}:
        return "JSON-048", "a-backslash-inside-an-entry"
    if vr in {"DA", "TM", "DT"} and (separated := _separators(value)):
        return "JSON-029", separated
    if len(value) > _LENGTHS.get(vr, len(value)):
        return _TOO_LONG
    if vr == "PN":
        return "JSON-031", "inside-a-group-the-groups-were-not-split"
    if vr == "CS" and _CS_REPERTOIRE.fullmatch(value):
        return "JSON-028", "CS with a character outside of A-Z, 0-9, blank and underscore"
    return "JSON-028", _FORM.get(vr, f"{vr} with a backslash")


def _separators(value: str) -> str | None:
    if _HYPHENS.fullmatch(value):
        return "2020-01-31"
    if _COLONS.fullmatch(value):
        return "13-45-30"
    if _LOCALE.fullmatch(value):
        return "locale-s-form"
    if _SEPARATED.fullmatch(value) and any(sign in _OFFSET.sub("", value) for sign in "-:TZ"):
        return "iso-8601-form"
    return None


def is_number(vr: str, value: str) -> bool:
    """Tell whether a string of IS, DS, SV or UV, padding apart, is one number in decimal notation."""
    if len(value) > _LONGEST_NUMBER or not _DECIMAL.fullmatch(value):
        return False
    return vr in {"DS", "IS"} or value.lstrip("+-").isdigit()
