"""Answers of the reference server made into others; a behaviour's `alter` names the function."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

from altered_server import Alteration, Answer, Ask, Asked
from foreigners import NAME, ROOT

ALTERATIONS: dict[str, Alteration] = {}
FOREIGN: set[str] = set()
"""Alterations that add what is of other patients."""


def _alteration(name: str, *, foreign: bool = False) -> Callable[[Alteration], Alteration]:
    def noted(function: Alteration) -> Alteration:
        ALTERATIONS[name] = function
        if foreign:
            FOREIGN.add(name)
        return function

    return noted


@_alteration("answer")
async def _answer(asked: Asked, _: Ask) -> Answer:
    """Answer with `status`, `headers` and `body`, and do nothing of what was asked."""
    given = asked.given
    names = {"ELSEWHERE": asked.elsewhere, "BASE": asked.base}
    texts = [str(given.get("body", "")), *(value for _, value in given.get("headers", ()))]
    for name, value in names.items():
        texts = [text.replace(f"${name}", value) for text in texts]
    fields = tuple((name, text) for (name, _), text in zip(given.get("headers", ()), texts[1:], strict=True))
    return Answer(given["status"], fields, texts[0].encode())


@_alteration("replace")
async def _replace(asked: Asked, ask: Ask) -> Answer:
    """Put other texts in the place of `texts` in the body, and other header fields in the place of `headers`."""
    answer = await ask()
    body = answer.body
    for old, new in asked.given.get("texts", ()):
        body = body.replace(old.encode(), new.replace("$ELSEWHERE", asked.elsewhere).encode())
    fields = dict(asked.given.get("headers", ()))
    kept = tuple(each for each in answer.headers if each[0].lower() not in {name.lower() for name in fields})
    return replace(answer, headers=(*kept, *fields.items()), body=body)


@_alteration("field")
async def _field(asked: Asked, ask: Ask) -> Answer:
    """Add a header field `name` with `text`, `times` over."""
    answer = await ask()
    value = asked.given["text"] * asked.given.get("times", 1)
    return replace(answer, headers=(*answer.headers, (asked.given["name"], value)))


@_alteration("patient name")
async def _patient_name(asked: Asked, ask: Ask) -> Answer:
    """Name every patient `text`."""
    answer = await ask()
    if "json" not in answer.field("Content-Type") or not answer.body:
        return answer
    rows = json.loads(answer.body)
    for row in rows if isinstance(rows, list) else []:
        row["00100010"] = {"vr": "PN", "Value": [{"Alphabetic": asked.given["text"]}]}
    return replace(answer, body=json.dumps(rows).encode())


@_alteration("foreign rows", foreign=True)
async def _foreign_rows(asked: Asked, ask: Ask) -> Answer:
    """Add rows of other patients to every search, labelled `type`."""
    answer = await ask()
    rows = json.loads(answer.body or b"[]")
    rows += [
        {
            "00080018": {"vr": "UI", "Value": [f"{ROOT}.{number}.2"]},
            "0020000D": {"vr": "UI", "Value": [f"{ROOT}.{number}.0"]},
            "0020000E": {"vr": "UI", "Value": [f"{ROOT}.{number}.1"]},
            "00100010": {"vr": "PN", "Value": [{"Alphabetic": f"{NAME}^Patient {number}"}]},
            "00100020": {"vr": "LO", "Value": [f"{NAME}-{number}"]},
        }
        for number in range(int(asked.given["rows"]))
    ]
    return Answer(200, answer.headers_with(content_type=asked.given["type"]), json.dumps(rows).encode())
