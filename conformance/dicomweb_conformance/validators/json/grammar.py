"""The octets of a DICOM JSON message: character set, JSON grammar, repeated names (RFC 8259)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from dicomweb_conformance.http import character_sets, limits, media_types
from dicomweb_conformance.http.quoting import Harmless
from dicomweb_conformance.http.unreadable import TooLargeError, UnreadableError
from dicomweb_conformance.reading import json_documents
from dicomweb_conformance.reading.json_documents import JsonSyntaxError
from dicomweb_conformance.validators.json.value_arrays import BareToken
from dicomweb_conformance.validators.tally import Tally, shown

UNREADABLE = object()
_BOM = b"\xef\xbb\xbf"
_LONE_SURROGATE = re.compile(r"[\ud800-\udfff]")
# U+FFFD, a high surrogate without a low one behind it, a low one without a high one in front.
_ESCAPED = re.compile(
    rb"\\u(?:fffd|d[89ab][0-9a-f]{2}(?!\\ud[c-f]))|(?<!\\ud[89ab][0-9a-f]{2})\\ud[c-f]", re.IGNORECASE
)
_GRAMMAR = "json-does-not-parse"
_CONTRADICTS = "charset-parameter-contradicts-octets"


class Doubled(dict[str, Any]):
    """An object in which a name stands twice; `doubled` are those names."""

    doubled: tuple[str, ...] = ()


def read(tally: Tally, body: bytes, content_type: str, accept_charset: str) -> Any:
    """Return the JSON value of a body, with `Doubled` and `BareToken` where the grammar was stretched.

    Returns:
        `UNREADABLE` where there is none, or more than is read.
    """
    charset = _media_type(tally, content_type)
    text = _text(tally, body, charset, accept_charset)
    try:
        return _parsed(tally, text)
    except TooLargeError:
        return UNREADABLE


def _media_type(tally: Tally, content_type: str) -> str:
    """Judge the Content-Type (JSON-001) and return its charset parameter in lower case."""
    try:
        media_type = media_types.parse(content_type)
    except media_types.MediaTypeError:
        return ""  # HTTP-004 speaks of it
    charset = (media_type.parameter("charset") or "").lower()
    if media_type.name == media_types.DICOM_JSON:
        if media_type.parameter("transfer-syntax") is not None:
            tally.meets("JSON-001", "dicom-json-with-transfer-syntax")
        elif charset == "utf-8":
            tally.meets("JSON-001", "the-same-with-charset-utf-8")
        else:
            tally.meets("JSON-001", "dicom-json-in-any-case")
    elif media_type.name == media_types.JSON:
        tally.sees("JSON-001", "application-json-on-a-dicom-json-body", "Content-Type", shown(content_type))
    else:
        tally.sees(
            "JSON-001",
            "another-type-on-dicom-json",
            "Content-Type",
            shown(content_type),
        )
    return charset


def _text(tally: Tally, body: bytes, charset: str, accept_charset: str) -> str:
    """Decode a body, and judge its octets against the charset parameter (JSON-002)."""
    row = "JSON-002"
    if body.startswith(_BOM):
        tally.sees(row, "a-byte-order-mark-in-front", "octet 0")
        body = body[len(_BOM) :]
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        if charset in {"", "utf-8", "utf8"}:
            tally.sees(
                row,
                "octets-are-not-utf-8",
                f"octet {error.start}",
                Harmless(f"0x{body[error.start]:02X}"),
            )
            return body.decode("utf-8", "replace")
        return _other(tally, body, charset, accept_charset)
    if charset == "us-ascii":
        if text.isascii():
            tally.meets(row, "us-ascii-truly-named")
        else:
            tally.sees(row, _CONTRADICTS, "Content-Type", "octets above 7F under charset=us-ascii")
    elif charset not in {"", "utf-8", "utf8"} and not text.isascii():
        tally.sees(row, _CONTRADICTS, "Content-Type", f"UTF-8 under charset={charset[:40]}")
    tally.meets(row, "octets-decode-strictly-as-utf-8")
    return text


def _other(tally: Tally, body: bytes, charset: str, accept_charset: str) -> str:
    try:
        text = character_sets.decode(body, charset)
    except (LookupError, ValueError):
        tally.sees("JSON-002", _CONTRADICTS, "Content-Type", f"charset={charset[:40]}")
        return body.decode("utf-8", "replace")
    asked = charset in accept_charset.lower()
    observation = "another-charset-asked-for" if asked else "another character set, which the request did not ask for"
    tally.sees("JSON-002", observation, "Content-Type", f"charset={charset[:40]}")
    return text


def _pairs(members: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(members)
    if len(found) == len(members):
        return found
    counts = Counter(name for name, _ in members)
    doubled = Doubled(found)
    doubled.doubled = tuple(name for name, count in counts.items() if count > 1)
    return doubled


def _parsed(tally: Tally, text: str) -> Any:
    constants: list[str] = []

    def constant(token: str) -> BareToken:
        constants.append(token)
        return BareToken()

    value = _attempt(tally, text, constant)
    if value is not UNREADABLE:
        if constants:
            tally.sees("JSON-003", "nan-infinity-or-infinity-as-a-bare-token", received=Harmless(constants[0]))
        tally.meets("JSON-003", "parses-by-the-rfc-8259-grammar")
        tally.meets("JSON-050", "none-control-characters-are-escaped")
    return value


def _attempt(tally: Tally, text: str, constant: Callable[[str], BareToken]) -> Any:
    try:
        return json_documents.parsed(text, pairs=_pairs, constant=constant)
    except JsonSyntaxError as error:
        fault = error
    except UnreadableError as error:
        tally.sees("JSON-003", "nested too deep to be read", received=Harmless(error.why))
        return UNREADABLE
    if fault.fault.startswith("Invalid control character"):
        received = f"U+{ord(text[fault.at]):04X}"
        tally.sees("JSON-050", "a-raw-control-character-inside-a-string", fault.where, received)
        try:
            return json_documents.parsed(text, pairs=_pairs, constant=constant, control_characters=True)
        except JsonSyntaxError as error:
            fault = error
    tally.sees("JSON-003", _fault(fault, text), fault.where, Harmless(fault.why))
    return UNREADABLE


def _fault(error: JsonSyntaxError, text: str) -> str:
    before = not text[: error.at].strip() and text[error.at : error.at + 1] not in {"", "'", "/", "<"}
    around = error.fault == "Extra data" or (before and ("{" in text or "[" in text))
    return "text-before-or-after-the-json-value" if around else _GRAMMAR


def judge_strings(tally: Tally, body: bytes, data_sets: Iterable[tuple[str, Any, bool]]) -> None:
    """Look for U+FFFD and lone surrogates in the strings of data sets, where the octets give reason to (JSON-002).

    Args:
        tally: takes the observations.
        body: as it was received.
        data_sets: path, data set, and whether it is the suite's own.
    """
    if b"\xef\xbf\xbd" not in body and not (b"\\u" in body and _ESCAPED.search(body)):
        return
    odd = 0
    for path, data_set, own in data_sets:
        waiting: list[tuple[str, Any]] = [(path, data_set)]
        while waiting and odd < limits.ODD_STRINGS:
            where, value = waiting.pop()
            if isinstance(value, dict):
                inside = where.removesuffix(".")
                waiting.extend((f"{inside}.{name[:40]}" if inside else name[:40], each) for name, each in value.items())
            elif isinstance(value, list):
                waiting.extend((f"{where}[{number}]", each) for number, each in enumerate(value))
            elif isinstance(value, str):
                odd += _is_odd(tally, where, value, own)


def _is_odd(tally: Tally, where: str, value: str, own: bool) -> bool:
    """Tell whether a string holds what none should, and note it."""
    if _LONE_SURROGATE.search(value):
        tally.sees(
            "JSON-002",
            "an-escaped-lone-surrogate-in-a-string",
            where if own else "a value of others",
            shown(value, own=own),
            own=own,
        )
    elif "\ufffd" in value:
        tally.sees(
            "JSON-002", "u-fffd-inside-a-value", where if own else "a value of others", shown(value, own=own), own=own
        )
    else:
        return False
    return True
