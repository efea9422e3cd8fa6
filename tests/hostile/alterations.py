"""Answers of the reference server made into others; a behaviour's `alter` names the function.

What is `made` of what a behaviour gives: `before`, then `times` times `open`, then `core`, `times` times `close`, and
`after`; in all of them stand the names of placeholders.py.
"""

from __future__ import annotations

import gzip
import json
import random
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from tests.hostile import hostile_files
from tests.hostile.altered_server import Alteration, Answer, Ask, Asked
from tests.hostile.foreigners import NAME, ROOT, foreign_file
from tests.hostile.placeholders import filled, placeholders

ALTERATIONS: dict[str, Alteration] = {}
FOREIGN: set[str] = set()
"""Alterations that add what is of other patients."""
_BOUNDARY = "hostile-boundary"
_HELD = '"$held$"'


def _alteration(name: str, *, foreign: bool = False) -> Callable[[Alteration], Alteration]:
    def noted(function: Alteration) -> Alteration:
        ALTERATIONS[name] = function
        if foreign:
            FOREIGN.add(name)
        return function

    return noted


def _names(asked: Asked) -> dict[str, str]:
    return placeholders(asked.base, asked.elsewhere, asked.headers)


def _made(asked: Asked) -> str:
    given, names = asked.given, _names(asked)
    before, opened, core, closed, after = (
        filled(str(given.get(each, "")), names) for each in ("before", "open", "core", "close", "after")
    )
    times = int(given.get("times", 1))
    return before + opened * times + core + closed * times + after


def _fields(asked: Asked) -> tuple[tuple[str, str], ...]:
    return tuple((name, filled(value, _names(asked))) for name, value in asked.given.get("headers", ()))


@_alteration("answer")
async def _answer(asked: Asked, _: Ask) -> Answer:
    """Answer with `status`, `headers` and what is made, and do nothing of what was asked."""
    return Answer(asked.given["status"], _fields(asked), _made(asked).encode())


@_alteration("body")
async def _body(asked: Asked, ask: Ask) -> Answer:
    """Put what is made in the place of the body, compressed where `gzip`, and other `headers`."""
    answer = await ask()
    body, fields = _made(asked).encode(), dict(_fields(asked))
    if asked.given.get("gzip"):
        body, fields["Content-Encoding"] = gzip.compress(body, 6, mtime=0), "gzip"
    return replace(answer, headers=_other(answer, fields), body=body)


@_alteration("headers")
async def _headers(asked: Asked, ask: Ask) -> Answer:
    """Put other `headers` in the place of those of the same names."""
    answer = await ask()
    return replace(answer, headers=_other(answer, dict(_fields(asked))))


@_alteration("field")
async def _field(asked: Asked, ask: Ask) -> Answer:
    """Add the header field `name`, its value what is made; `many` times, numbered."""
    answer, name, many = await ask(), str(asked.given["name"]), int(asked.given.get("many", 1))
    more = [(name if many == 1 else f"{name}-{number}", _made(asked)) for number in range(many)]
    return replace(answer, headers=(*answer.headers, *more))


@_alteration("texts")
async def _texts(asked: Asked, ask: Ask) -> Answer:
    """Put other texts in the place of `texts`, regular expressions, in the body."""
    answer = await ask()
    body = answer.body
    for old, new in asked.given["texts"]:
        text = filled(new, _names(asked)).encode()
        body = re.sub(old.encode(), lambda _, text=text: text, body)
    return replace(answer, body=body)


@_alteration("element")
async def _element(asked: Asked, ask: Ask) -> Answer:
    """Have the element `tag` of every object of a DICOM JSON answer be what is made."""
    answer = await ask()
    if "json" not in answer.field("Content-Type") or not answer.body:
        return answer
    read = json.loads(answer.body)
    objects = read if isinstance(read, list) else [read]
    for each in objects:
        each[asked.given["tag"]] = json.loads(_HELD)
    ordered = [dict(sorted(each.items())) for each in objects]
    body = json.dumps(ordered if isinstance(read, list) else ordered[0])
    return replace(answer, body=body.replace(_HELD, _made(asked)).encode())


@_alteration("attributes")
async def _attributes(asked: Asked, ask: Ask) -> Answer:
    """Give the first object of a DICOM JSON answer `many` attributes more."""
    answer = await ask()
    more = b"".join(b'"%08X":{"vr":"LO"},' % (0x00090000 + number) for number in range(int(asked.given["many"])))
    return replace(answer, body=answer.body.replace(b"[{", b"[{" + more, 1))


@_alteration("rows")
async def _rows(asked: Asked, ask: Ask) -> Answer:
    """Repeat what the body lists `rows` times."""
    answer = await ask()
    row = answer.body.strip()[1:-1]
    return replace(answer, body=b"[" + b",".join([row] * int(asked.given["rows"])) + b"]")


@_alteration("flipped")
async def _flipped(asked: Asked, ask: Ask) -> Answer:
    """Have `octets` of the body be others; the same for the same `seed`. Not in its first and last `spared`."""
    answer = await ask()
    chance, body = random.Random(int(asked.given["seed"])), bytearray(answer.body)  # noqa: S311 - no secret
    spared = int(asked.given.get("spared", 0))
    for _ in range(int(asked.given["octets"]) if len(body) > 2 * spared else 0):
        body[chance.randrange(spared, len(body) - spared)] = chance.randrange(256)
    return replace(answer, body=bytes(body))


@_alteration("cut")
async def _cut(asked: Asked, ask: Ask) -> Answer:
    """Have each part of a multipart answer, or the body, end after `octets`; for less than none, before its end."""
    answer = await ask()
    octets = int(asked.given["octets"])
    if not answer.field("Content-Type").startswith("multipart/"):
        return replace(answer, body=answer.body[:octets])
    boundary = answer.field("Content-Type").rpartition("boundary=")[2].strip('"')
    between = f"\r\n--{boundary}".encode()
    first, *parts, last = (b"\r\n" + answer.body).split(between)
    heads = (part.partition(b"\r\n\r\n") for part in parts)
    shorter = [head + blank + content[:octets] for head, blank, content in heads]
    return replace(answer, body=between.join([first, *shorter, last]).removeprefix(b"\r\n"))


@_alteration("file")
async def _file(asked: Asked, ask: Ask) -> Answer:
    """Have every part of the answer, or the body, be `file` (hostile_files.py)."""
    answer = await ask()
    if not 200 <= answer.status < 300:
        return answer
    octets = hostile_files.FILES[asked.given["file"]](answer.body)
    kind = str(asked.given.get("type", answer.field("Content-Type")))
    if not kind.startswith("multipart/"):
        return Answer(answer.status, answer.headers_with(content_type=kind), octets)
    return _in_parts(answer, "application/dicom", octets)


@_alteration("parts")
async def _parts(asked: Asked, ask: Ask) -> Answer:
    """Answer who accepts `type` in multipart, the body what is made; `$BOUNDARY` is the boundary."""
    answer = await ask()
    if asked.given["type"] not in asked.headers.get("accept", ""):
        return answer
    kind = f'multipart/related; type="{asked.given["type"]}"; boundary={_BOUNDARY}'
    fields = answer.headers_with(content_type=str(asked.given.get("content-type", kind)))
    return Answer(200, fields, _made(asked).replace("$BOUNDARY", _BOUNDARY).encode())


@_alteration("foreign rows", foreign=True)
async def _foreign_rows(asked: Asked, ask: Ask) -> Answer:
    """Add `rows` of other patients to every search, labelled `type`, with a `status`; cut off where `broken`."""
    answer = await ask()
    rows = [*(json.loads(answer.body or b"[]")), *(_foreign_row(number) for number in range(int(asked.given["rows"])))]
    if asked.given.get("first"):
        rows.reverse()
    body = json.dumps(rows)
    fields = answer.headers_with(content_type=asked.given["type"])
    broken = asked.given.get("broken")
    return Answer(asked.given.get("status", 200), fields, (body[:-3] if broken else body).encode())


@_alteration("foreign text", foreign=True)
async def _foreign_text(asked: Asked, ask: Ask) -> Answer:
    """Answer with what is made, `$FOREIGN` in it a name of another patient; header fields likewise."""
    answer = await ask()
    name = f"{NAME}^Patient 1"
    fields = {key: value.replace("$FOREIGN", name) for key, value in _fields(asked)}
    body = _made(asked).replace("$FOREIGN", name).encode() or answer.body
    return Answer(asked.given.get("status", answer.status), _other(answer, fields), body)


@_alteration("foreign file", foreign=True)
async def _foreign_file(_: Asked, ask: Ask) -> Answer:
    """Add an instance of another patient to a retrieval."""
    answer = await ask()
    content = answer.field("Content-Type")
    boundary = content.rpartition("boundary=")[2].strip('"')
    if not content.startswith("multipart/") or not answer.body:
        return Answer(200, answer.headers, foreign_file(1))
    end = f"\r\n--{boundary}--".encode()
    part = f"\r\n--{boundary}\r\nContent-Type: application/dicom\r\n\r\n".encode() + foreign_file(1)
    return replace(answer, body=answer.body.replace(end, part + end))


def _foreign_row(number: int) -> Mapping[str, Any]:
    return {
        "00080018": {"vr": "UI", "Value": [f"{ROOT}.{number}.2"]},
        "0020000D": {"vr": "UI", "Value": [f"{ROOT}.{number}.0"]},
        "0020000E": {"vr": "UI", "Value": [f"{ROOT}.{number}.1"]},
        "00100010": {"vr": "PN", "Value": [{"Alphabetic": f"{NAME}^Patient {number}"}]},
        "00100020": {"vr": "LO", "Value": [f"{NAME}-{number}"]},
    }


def _in_parts(answer: Answer, kind: str, octets: bytes) -> Answer:
    head = f"--{_BOUNDARY}\r\nContent-Type: {kind}\r\n\r\n".encode()
    fields = answer.headers_with(content_type=f'multipart/related; type="{kind}"; boundary={_BOUNDARY}')
    return Answer(answer.status, fields, head + octets + f"\r\n--{_BOUNDARY}--\r\n".encode())


def _other(answer: Answer, fields: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    replaced = {name.lower() for name in fields}
    return (*(header for header in answer.headers if header[0].lower() not in replaced), *fields.items())
