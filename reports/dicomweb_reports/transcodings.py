"""What came of an image in each transfer syntax, by the one that was asked for, where a run asked for all of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dicomweb_reports.model import Exchange, Result, Run

_CHECK = re.compile(r"retrieve-in-every-syntax\[(?P<stored>[a-z0-9_]+)\]")
_ASKED = re.compile(r"transfer-syntax=\"?(?P<uid>[0-9.]+)")
_ROOT = "1.2.840.10008.1.2"
ASKED = {
    f"{_ROOT}.1.98": "uncompressed, encapsulated",
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
    f"{_ROOT}.8.1": "Deflated Image Frame",
}
"""The transfer syntaxes that are asked for, in the order of the columns."""
_REFUSED = {*range(400, 500), 501}
TRANSCODED, REFUSED, OTHER, WRONG = "transcoded", "refused", "other", "wrong"
TONES = {TRANSCODED: "pass", REFUSED: "not-applicable", OTHER: "note", WRONG: "fail", "": ""}


@dataclass(frozen=True)
class Row:
    """What came of images in one transfer syntax; a word for each of `ASKED`, empty where nothing was asked."""

    stored: str
    words: tuple[str, ...]


def transcodings(run: Run) -> tuple[Row, ...]:
    """Return a row for each transfer syntax in which an image was stored and asked for in the others."""
    return tuple(
        Row(match["stored"].replace("_", " "), _words(result, run))
        for result in sorted(run.results, key=lambda each: each.check)
        if (match := _CHECK.fullmatch(result.check)) and result.exchanges
    )


def _words(result: Result, run: Run) -> tuple[str, ...]:
    verdicts = {each.exchange: each.verdict for each in result.findings}
    found: dict[str, str] = {}
    for name in result.exchanges:
        exchange = run.exchanges.get(name)
        if exchange is not None and (asked := _ASKED.search(exchange.request.header("Accept") or "")):
            found[asked["uid"]] = _word(exchange, verdicts.get(name))
    return tuple(found.get(uid, "") for uid in ASKED)


def _word(exchange: Exchange, verdict: str | None) -> str:
    if verdict is not None:
        return OTHER if verdict == "note" else WRONG
    if exchange.status == 200:
        return TRANSCODED
    # What a check finds in the same words several times names the first of them alone.
    return REFUSED if exchange.status in _REFUSED else WRONG
