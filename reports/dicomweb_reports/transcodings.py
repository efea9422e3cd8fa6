"""What came of an image in each transfer syntax, by what was asked for, where a run asked for all of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dicomweb_reports.model import Exchange, Result, Run

_UID = re.compile(r"transfer-syntax=\"?(?P<asked>[0-9.]+)")
_TYPE = re.compile(r"(?P<asked>[a-z]+/[a-z0-9]+)")
_ROOT = "1.2.840.10008.1.2"
_OF_FRAMES = {
    f"{_ROOT}.4.50": "JPEG Baseline",
    f"{_ROOT}.4.51": "JPEG Extended",
    f"{_ROOT}.4.57": "JPEG Lossless",
    f"{_ROOT}.4.70": "JPEG Lossless SV1",
    f"{_ROOT}.4.80": "JPEG-LS Lossless",
    f"{_ROOT}.4.81": "JPEG-LS near-lossless",
    f"{_ROOT}.4.90": "JPEG 2000 Lossless",
    f"{_ROOT}.4.91": "JPEG 2000",
    f"{_ROOT}.4.110": "JPEG XL Lossless",
    f"{_ROOT}.4.111": "JPEG XL recompression",
    f"{_ROOT}.4.112": "JPEG XL",
    f"{_ROOT}.4.201": "HTJ2K Lossless",
    f"{_ROOT}.4.202": "HTJ2K Lossless RPCL",
    f"{_ROOT}.4.203": "HTJ2K",
    f"{_ROOT}.5": "RLE Lossless",
}
ASKED = {f"{_ROOT}.1.98": "uncompressed, encapsulated", **_OF_FRAMES, f"{_ROOT}.8.1": "Deflated Image Frame"}
"""The transfer syntaxes that instances are asked for in, in the order of the columns."""
_REFUSED = {*range(400, 500), 501}
TRANSCODED, REFUSED, OTHER, WRONG = "transcoded", "refused", "other", "wrong"
TONES = {TRANSCODED: "pass", REFUSED: "not-applicable", OTHER: "note", WRONG: "fail", "": ""}


@dataclass(frozen=True)
class _Question:
    """What a check asks of every image: its caption, what an Accept is read by, and the columns."""

    caption: str
    asked: re.Pattern[str]
    columns: Mapping[str, str]


_QUESTIONS = {
    "retrieve-in-every-syntax": _Question(
        "Images as they are stored, by the transfer syntax that was asked for", _UID, ASKED
    ),
    "frames-in-every-syntax": _Question(
        "Frames of images as they are stored, by the transfer syntax that was asked for",
        _UID,
        {f"{_ROOT}.1": "octets", **_OF_FRAMES},
    ),
    "rendered-in-every-format": _Question(
        "Images as they are stored, by the format in which they were to be rendered",
        _TYPE,
        {f"image/{each}": each.upper() for each in ("jpeg", "png", "gif", "jp2")},
    ),
}
_CHECK = re.compile(rf"(?P<question>{'|'.join(_QUESTIONS)})\[(?P<stored>[a-z0-9_]+)\]")


@dataclass(frozen=True)
class Row:
    """What came of images in one transfer syntax; a word for each column, empty where nothing was asked."""

    stored: str
    words: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """What came of images in each transfer syntax, where all were asked for in the same ways."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]


def transcodings(run: Run) -> tuple[Table, ...]:
    """Return a table for instances, one for frames and one for renderings, those without a row left out."""
    rows: dict[str, list[Row]] = {each: [] for each in _QUESTIONS}
    for result in sorted(run.results, key=lambda each: each.check):
        if (match := _CHECK.fullmatch(result.check)) and result.exchanges:
            question = match["question"]
            rows[question].append(Row(match["stored"].replace("_", " "), _words(result, run, _QUESTIONS[question])))
    return tuple(
        Table(question.caption, tuple(question.columns.values()), tuple(rows[name]))
        for name, question in _QUESTIONS.items()
        if rows[name]
    )


def _words(result: Result, run: Run, question: _Question) -> tuple[str, ...]:
    verdicts = {finding.exchange: finding.verdict for finding in result.findings}
    found: dict[str, str] = {}
    for name in result.exchanges:
        exchange = run.exchanges.get(name)
        if exchange is not None and (asked := question.asked.search(exchange.request.header("Accept") or "")):
            found[asked["asked"]] = _word(exchange, verdicts.get(name))
    return tuple(found.get(column, "") for column in question.columns)


def _word(exchange: Exchange, verdict: str | None) -> str:
    if verdict is not None:
        return OTHER if verdict in {"note", "deviation"} else WRONG
    if exchange.status == 200:
        return TRANSCODED
    # What a check finds in the same words several times names the first of them alone.
    return REFUSED if exchange.status in _REFUSED else WRONG
