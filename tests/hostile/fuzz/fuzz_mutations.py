"""Faults in real answers: each takes an answer and chance, and returns another answer."""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from tests.hostile.fuzz.fuzz_oddities import (
    ELEMENT_VALUES,
    KEYS,
    NAMES,
    SCALARS,
    STATUSES,
    SYNTAXES,
    TAGS,
    TOKENS,
    TYPES,
    URLS,
    VALUES,
    VRS,
    XML_ATTRIBUTES,
    XML_NAMES,
    XML_PIECES,
)

Fields = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Message:
    """An answer; `others` are bodies of other answers, from which parts may come in."""

    status: int
    headers: Fields
    body: bytes
    others: Sequence[bytes] = ()

    @property
    def content_type(self) -> str:
        """The first Content-Type."""
        return next((value for name, value in self.headers if name.lower() == "content-type"), "")

    def with_field(self, name: str, value: str) -> Message:
        """Return it with one header field of that name."""
        kept = tuple(header for header in self.headers if header[0].lower() != name.lower())
        return replace(self, headers=(*kept, (name, value)))


Mutation = Callable[[Random, Message], Message]


def _span(chance: Random, body: bytes, longest: int = 64) -> tuple[int, int]:
    at = chance.randrange(len(body) + 1)
    return at, min(len(body), at + chance.randint(1, longest))


def flip_bits(chance: Random, message: Message) -> Message:
    """A few bits are others."""
    body = bytearray(message.body)
    for _ in range(chance.randint(1, 8)):
        if body:
            body[chance.randrange(len(body))] ^= 1 << chance.randrange(8)
    return replace(message, body=bytes(body))


def cut_off(chance: Random, message: Message) -> Message:
    """The body ends early, or begins late."""
    at = chance.randrange(len(message.body) + 1)
    return replace(message, body=message.body[:at] if chance.random() < 0.8 else message.body[at:])


def leave_out(chance: Random, message: Message) -> Message:
    """Some octets are missing."""
    at, end = _span(chance, message.body, 512)
    return replace(message, body=message.body[:at] + message.body[end:])


def put_in(chance: Random, message: Message) -> Message:
    """Some octets stand where they do not belong."""
    at, end = _span(chance, message.body)
    more = chance.choice((chance.choice(TOKENS), chance.randbytes(chance.randint(1, 16)), message.body[at:end]))
    return replace(message, body=message.body[:at] + more + message.body[end if chance.random() < 0.3 else at :])


def put_behind(chance: Random, message: Message) -> Message:
    """Something stands behind the body."""
    return replace(message, body=message.body + chance.choice((*TOKENS, b"hello world, text", bytes(40), message.body)))


def splice(chance: Random, message: Message) -> Message:
    """The body goes on as that of another answer, or is that."""
    other = chance.choice(message.others) if message.others else b""
    at, begin = chance.randrange(len(message.body) + 1), chance.randrange(len(other) + 1)
    whole = chance.random() < 0.3
    return replace(message, body=other if whole else message.body[:at] + other[begin:])


def lie_of_a_length(chance: Random, message: Message) -> Message:
    """A number of two or four octets is another, as a length may be."""
    body = bytearray(message.body)
    if len(body) < 8:
        return message
    at = chance.randrange(len(body) - 4)
    lie = chance.choice((0, 1, 3, 255, 0xFFFF, 0xFFFFFFFF, 0x7FFFFFFF, chance.randrange(1 << 16)))
    body[at : at + 4] = (
        struct.pack("<L", lie) if chance.random() < 0.5 else struct.pack("<H", lie & 0xFFFF) + body[at + 2 : at + 4]
    )
    return replace(message, body=bytes(body))


_ELEMENT = re.compile(
    rb"..[\x00-\xff][\x00-\xff](?:AE|AS|AT|CS|DA|DS|DT|FD|FL|IS|LO|LT|OB|OD|OF|OL|OV|OW|PN|SH|SL|SQ|SS|ST|SV|TM|UC|UI|UL|UN|UR|US|UT|UV)",
    re.DOTALL,
)


def _element(chance: Random, body: bytes) -> int | None:
    """Return where the VR of an element in Explicit VR stands."""
    start = max(body.find(b"DICM"), 0)
    found = [match.end() - 2 for match in _ELEMENT.finditer(body, start)]
    return chance.choice(found) if found else None


def change_a_vr(chance: Random, message: Message) -> Message:
    """An element has another VR."""
    at = _element(chance, message.body)
    if at is None:
        return flip_bits(chance, message)
    return replace(message, body=message.body[:at] + chance.choice(VRS) + message.body[at + 2 :])


def change_a_length(chance: Random, message: Message) -> Message:
    """An element has another length than its value."""
    at = _element(chance, message.body)
    if at is None:
        return lie_of_a_length(chance, message)
    wrong = struct.pack("<H", chance.choice((0, 1, 3, 5, 7, 255, 0xFFFF, chance.randrange(200))))
    return replace(message, body=message.body[:at] + message.body[at : at + 2] + wrong + message.body[at + 4 :])


def add_an_element(chance: Random, message: Message) -> Message:
    """An element stands among the others that is none."""
    at = _element(chance, message.body)
    if at is None:
        return put_in(chance, message)
    nested = b""
    for _ in range(chance.choice((1, 40, 300))):
        nested = (
            struct.pack("<HH2sHL", 0x40, 0xA730, b"SQ", 0, 0xFFFFFFFF) + b"\xfe\xff\x00\xe0\xff\xff\xff\xff" + nested
        )
        nested += b"\xfe\xff\x0d\xe0\0\0\0\0\xfe\xff\xdd\xe0\0\0\0\0"
    value = chance.choice(ELEMENT_VALUES)
    vr = chance.choice(VRS)
    tag = chance.choice(TAGS)
    plain = struct.pack("<HH2sH", *tag, vr, len(value)) + value
    more = chance.choice((nested, plain))
    return replace(message, body=message.body[: at - 4] + more + message.body[at - 4 :])


def claim_another_syntax(chance: Random, message: Message) -> Message:
    """A file claims a transfer syntax that it does not have, or none."""
    found = list(re.finditer(rb"\x02\x00\x10\x00UI(..)(1[0-9.]+\x00?)", message.body, re.DOTALL))
    if not found:
        return change_a_vr(chance, message)
    each = chance.choice(found)
    uid = chance.choice(SYNTAXES)
    uid += b"\0" * (len(uid) % 2)
    new = b"\x02\x00\x10\x00UI" + struct.pack("<H", len(uid)) + uid if chance.random() < 0.9 else b""
    return replace(message, body=message.body[: each.start()] + new + message.body[each.end() :])


def change_a_json_value(chance: Random, message: Message) -> Message:
    """A value of JSON is of another type, a name is another, something is missing or doubled."""
    try:
        value = json.loads(message.body)
    except ValueError:
        return put_in(chance, message)
    for _ in range(chance.randint(1, 4)):
        value = _changed(chance, value)
    text = json.dumps(value)
    if chance.random() < 0.3:
        numbers = list(re.finditer(r"(?<=[\[ ])[0-9]+(?=[,\]}])", text))
        if numbers:
            at = chance.choice(numbers)
            odd = chance.choice(("NaN", "-Infinity", "7" * 5000, "1e999", "-0", "00", "1.0", "[" * 400 + "]" * 400))
            text = text[: at.start()] + odd + text[at.end() :]
    return replace(message, body=text.encode("utf-8", "surrogatepass") if chance.random() < 0.1 else text.encode())


def _changed(chance: Random, value: Any) -> Any:
    """Return a value with one change somewhere in it."""
    if isinstance(value, dict) and value and chance.random() < 0.85:
        name = chance.choice(list(value))
        how = chance.random()
        rest = {key: each for key, each in value.items() if key != name}
        if how < 0.1:
            return rest
        if how < 0.25:
            return rest | {chance.choice(KEYS): value[name]}
        if how < 0.35:
            return value | {chance.choice(KEYS): chance.choice(SCALARS)}
        return value | {name: _changed(chance, value[name])}
    if isinstance(value, list) and value and chance.random() < 0.85:
        at = chance.randrange(len(value))
        how = chance.random()
        if how < 0.1:
            return value[:at] + value[at + 1 :]
        if how < 0.2:
            return [*value, value[at]]
        return [*value[:at], _changed(chance, value[at]), *value[at + 1 :]]
    if chance.random() < 0.15:
        for _ in range(chance.choice((1, 2, 300))):
            value = [{"0040A730": {"vr": "SQ", "Value": value}}] if chance.random() < 0.5 else [value]
    return value if isinstance(value, list) and len(value) == 1 and chance.random() < 0.5 else chance.choice(SCALARS)


_TAG = re.compile(rb"<(/?)([A-Za-z:]+)([^<>]*)>")


def change_an_xml_node(chance: Random, message: Message) -> Message:
    """A tag of XML is missing, doubled, another, or has another attribute; or something stands between."""
    tags = list(_TAG.finditer(message.body))
    if not tags:
        return put_in(chance, message)
    body = message.body
    tag = chance.choice(tags)
    new = chance.choice(
        (
            b"",
            tag[0] * 2,
            b"<" + tag[1] + chance.choice(XML_NAMES) + tag[3] + b">",
            b"<" + tag[1] + tag[2] + b" " + chance.choice(XML_ATTRIBUTES) + b">",
            tag[0] + chance.choice(XML_PIECES),
            re.sub(
                rb'"[^"]*"', b'"' + chance.choice((b"", b"x", b"00100010", b"-1", b"9" * 50)) + b'"', tag[0], count=1
            ),
        )
    )
    body = body[: tag.start()] + new + body[tag.end() :]
    if chance.random() < 0.2:
        encoding = chance.choice((b"utf-16", b"x-none", b"iso-8859-1", b"us-ascii", b"utf-7", b"hex"))
        body = b'<?xml version="1.0" encoding="' + encoding + b'"?>' + body
    return replace(message, body=body)


def nest_xml(chance: Random, message: Message) -> Message:
    """Items stand in items, far deeper than any."""
    at = message.body.find(b"</NativeDicomModel>")
    depth = chance.choice((3, 60, 120, 300))
    opening = b'<DicomAttribute tag="0040A730" vr="SQ"><Item number="1">' * depth
    more = opening + b"</Item></DicomAttribute>" * depth
    return replace(message, body=message.body[:at] + more + message.body[at:]) if at > 0 else put_in(chance, message)


_PART_HEADER = re.compile(rb"(?m)^(Content-[A-Za-z-]+): ([^\r\n]*)\r?$")


def change_the_envelope(chance: Random, message: Message) -> Message:
    """A delimiter or a header line of a part is another, or missing."""
    headers = list(_PART_HEADER.finditer(message.body))
    delimiters = list(re.finditer(rb"(?:\r\n)?--[^\r\n]{1,70}\r\n", message.body))
    places = headers + delimiters
    if not places:
        return put_in(chance, message)
    each = chance.choice(places)
    new = chance.choice(
        (
            b"",
            each[0] * 2,
            each[0].replace(b"\r\n", b"\n"),
            each[0][:-2],
            b"Content-Type: " + chance.choice(TYPES).encode("latin-1")[:200],
            b"Content-Location: " + chance.choice(URLS).encode("latin-1")[:200],
            b"Content-Transfer-Encoding: base64",
            b"Content-Length: 3",
            b"\xff: \xfe",
        )
    )
    return replace(message, body=message.body[: each.start()] + new + message.body[each.end() :])


def relabel(chance: Random, message: Message) -> Message:
    """The body says that it is of another type."""
    types = [*TYPES, message.content_type.split(";")[0], message.content_type + "; boundary=other"]
    kept = re.search(r"boundary=[^;]+", message.content_type)
    if kept:
        types += [
            f'multipart/related; type="{each}"; {kept[0]}' for each in ("application/dicom+xml", "image/jpeg", "*/*")
        ]
    return message.with_field("Content-Type", chance.choice(types))


def change_a_field(chance: Random, message: Message) -> Message:
    """A header field is missing, doubled, added, or has an odd value."""
    names = [name for name, _ in message.headers if name.lower() not in {"content-length", "transfer-encoding"}]
    name = chance.choice([*names, *NAMES])
    how = chance.random()
    if how < 0.2:
        return replace(message, headers=tuple(header for header in message.headers if header[0] != name))
    value = chance.choice(URLS if "ocation" in name else (*VALUES, *URLS))
    if how < 0.4:
        return replace(message, headers=(*message.headers, (name, value)))
    return message.with_field(name, value)


def change_the_status(chance: Random, message: Message) -> Message:
    """The status is another."""
    status = chance.choice(STATUSES)
    changed = replace(message, status=status, body=b"" if status in {204, 304} else message.body)
    return changed.with_field("Location", chance.choice(URLS)) if 300 <= status < 400 else changed


ANYWHERE: tuple[Mutation, ...] = (
    *(flip_bits, cut_off, leave_out, put_in, put_behind, splice, lie_of_a_length, relabel, change_a_field),
    change_the_status,
)
OF_KIND: dict[str, tuple[Mutation, ...]] = {
    "dicom": (change_a_vr, change_a_length, add_an_element, claim_another_syntax, change_the_envelope),
    "json": (change_a_json_value,),
    "xml": (change_an_xml_node, nest_xml, change_the_envelope),
    "multipart": (change_the_envelope,),
    "other": (),
}


def kind_of(message: Message) -> str:
    """Say what an answer holds."""
    content_type = message.content_type.lower()
    for kind in ("json", "xml"):
        if kind in content_type:
            return kind
    if b"DICM" in message.body:
        return "dicom"
    return "multipart" if "multipart" in content_type else "other"


def mutated(chance: Random, message: Message) -> tuple[Message, list[str]]:
    """Return an answer with one to three faults in it, and their names."""
    own = OF_KIND[kind_of(message)]
    names = []
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        mutation = chance.choice(own) if own and chance.random() < 0.6 else chance.choice(ANYWHERE)
        names.append(mutation.__name__)
        message = mutation(chance, message)
    return message, names
