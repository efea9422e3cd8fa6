"""The beginning of a recorded body, as a person can read it."""

from __future__ import annotations

import codecs
import re
import zlib
from dataclasses import dataclass
from itertools import islice, takewhile
from typing import TYPE_CHECKING

from dicomweb_reports.model import BODIES
from dicomweb_reports.places import NOWHERE, Place, marked
from dicomweb_reports.visible import visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dicomweb_reports.model import Body, Message, Run

READ = 8192
# What is read where a certain place is looked for.
READ_FOR_A_PLACE = 131_072
# Lines shown before a marked one.
BEFORE = 6
INLINE = 100
# Octets in a line of a dump.
ROW = 16

# Fewer readable octets than this before the first binary line are a file's signature.
SIGNATURE = 32

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"?|[\[\]{},:]|[^\s"\[\]{},:]+', re.DOTALL)
_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]")


@dataclass(frozen=True)
class Excerpt:
    """Lines of a body, safe to show, and what there is beyond them ("" where that is all).

    `passed` lines stand before them; `marked` numbers those of them, from 0, that a finding is about. `dump` shows
    octets that are no text, in hexadecimal.
    """

    lines: tuple[str, ...]
    rest: str
    passed: int = 0
    marked: frozenset[int] = frozenset()
    dump: tuple[str, ...] = ()


def excerpt(
    message: Message, run: Run, *, lines: int, width: int, at: Place = NOWHERE, rows: int = 0
) -> Excerpt | None:
    """Return `lines` of a message's body, each cut after `width` characters; None where it has no body.

    They are the first, or those around the first that `at` is in. What the octets are is seen from them, not from
    Content-Type, which may be what is wrong. JSON is broken into lines anew, token by token, and XML that is written on
    one line, too; nothing else is changed. Of octets that are no text `rows` are dumped.
    """
    body = message.body
    if body is None or body.size == 0:
        return None
    octets = run.body(body, first=READ if at == NOWHERE else READ_FOR_A_PLACE)
    if octets is None:
        return Excerpt((), f"{body.size:,} octets, {not_recorded(body)}")
    content = _inflated(octets, READ if at == NOWHERE else READ_FOR_A_PLACE)
    # The piece behind the last line break of a body that was cut may be half a line; it is shown all the same.
    readable = list(takewhile(_is_text, content.split(b"\n")))
    shown = b"\n".join(readable)
    if not content.strip():
        return Excerpt((), _described(body, "of white space"))
    if len(shown) < min(len(content), SIGNATURE):
        return Excerpt((), _described(body, "of binary data"), dump=tuple(_dump(content, at.octet or 0, rows)))
    text = codecs.getincrementaldecoder("utf-8")("backslashreplace").decode(shown)
    found = list(islice(_lines(text), lines + 1 if at == NOWHERE else None))
    places = marked(found, at) if at != NOWHERE else ()
    passed = max(places[0] - BEFORE, 0) if places and places[0] >= lines else 0
    whole = len(found) <= passed + lines and len(shown) == len(content) and len(octets) == body.size
    binary = len(shown) + 1 if len(shown) < len(content) else None
    start = at.octet if at.octet is not None else binary
    return Excerpt(
        tuple(visible(line.rstrip("\r").expandtabs(4), width) for line in found[passed : passed + lines]),
        "" if whole else _described(body, "in all"),
        passed=passed,
        marked=frozenset(place - passed for place in places if passed <= place < passed + lines),
        dump=() if start is None else tuple(_dump(content, start, rows)),
    )


def _dump(content: bytes, start: int, rows: int) -> Iterator[str]:
    """Yield lines of a dump around an octet: its row and those after, from a multiple of `ROW` on."""
    first = max(start - start % ROW, 0)
    for offset in range(first, min(first + rows * ROW, len(content)), ROW):
        row = content[offset : offset + ROW]
        characters = "".join(chr(each) if 0x20 <= each < 0x7F else "." for each in row)
        yield f"{offset:08x}  {row.hex(' '):<{3 * ROW - 1}}  {characters}"


def not_recorded(body: Body) -> str:
    """Say that a body is not recorded, and why, where its digest is: nothing proves that it is of the run."""
    return f"not recorded: not proved to be of this run (SHA-256 {body.sha256})" if body.sha256 else "not recorded"


def _described(body: Body, what: str) -> str:
    kept = "" if body.kept >= body.size else f" (the first {body.kept:,})"
    return f"{body.size:,} octets {what}, in {BODIES}/{body.sha256[:12]}…{kept}"


def _inflated(octets: bytes, most: int) -> bytes:
    if not octets.startswith(b"\x1f\x8b"):
        return octets
    try:
        return zlib.decompressobj(wbits=31).decompress(octets, most)
    except zlib.error:
        return octets


def _is_text(line: bytes) -> bool:
    """Tell whether a line can be read: no NUL, and few octets that are no UTF-8 or control the terminal."""
    if b"\0" in line:
        return False
    undecodable = line.decode("utf-8", "replace").count("\ufffd")
    return (undecodable + len(_CONTROL.findall(line))) * 5 <= len(line)


def _lines(text: str) -> Iterable[str]:
    first = text.lstrip("\ufeff \t\r\n").partition("\n")[0]
    if first[:1] in ("[", "{"):
        return _json_lines(text)
    if len(first) > INLINE and first[0] == "<":
        return text.replace("><", ">\n<").split("\n")
    return text.rstrip("\r\n").split("\n")


def _json_lines(text: str) -> Iterator[str]:
    """Break JSON into lines between its tokens, so that even what is cut or wrong stays; short values stay inline."""
    tokens = _TOKEN.findall(text)
    closing = _closing(tokens)
    line, depth, inline_to = "", 0, -1
    for index, each in enumerate(tokens):
        if index <= inline_to:
            line += each + " " * (each in ":,")
            continue
        if each in {"[", "{"}:
            end = closing.get(index)
            if end is not None and sum(map(len, tokens[index : min(end, index + INLINE) + 1])) <= INLINE:
                inline_to = end
                line += each
                continue
            yield line + each
            depth += 1
            line = "  " * depth
        elif each in {"]", "}"}:
            if line.strip():
                yield line
            depth = max(depth - 1, 0)
            line = "  " * depth + each
        elif each == ",":
            yield line + each
            line = "  " * depth
        else:
            line += each + " " * (each == ":")
    yield line


def _closing(tokens: list[str]) -> dict[int, int]:
    """Return for each opening bracket the index of the one that closes it."""
    closing: dict[int, int] = {}
    opened: list[int] = []
    for index, each in enumerate(tokens):
        if each in {"[", "{"}:
            opened.append(index)
        elif each in {"]", "}"} and opened:
            closing[opened.pop()] = index
    return closing
