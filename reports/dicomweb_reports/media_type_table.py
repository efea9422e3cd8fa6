"""What comes of each media type, by the resource that was asked for in it, or the store it was sent to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dicomweb_reports.statement import media_type, transaction

if TYPE_CHECKING:
    from dicomweb_reports.model import Exchange, Run

SENT = "sent to a store"
_BULK_DATA = "bulk data"
_STORE = "store"
COLUMNS = (
    *(SENT, "answer to a store", "search", "metadata"),
    *("study, series, instance", "frames", _BULK_DATA, "rendered", "thumbnail"),
)
_LAST = {"metadata": "metadata", "frames": "frames", "rendered": "rendered", "thumbnail": "thumbnail"}
# Those that PS3.18 8.7.3 names; others, which checks make up, are shown where they are served.
_NAMED = (
    *(f"application/{each}" for each in ("dicom", "dicom+json", "dicom+xml", "octet-stream", "pdf")),
    *(f"image/{each}" for each in ("dicom-rle", "gif", "jls", "jp2", "jpeg", "jph", "jphc", "jpx", "jxl", "png")),
    *(f"video/{each}" for each in ("mpeg", "mp4", "H265")),
    *(f"text/{each}" for each in ("html", "plain", "rtf", "xml")),
)
# What is said of a cell where several responses differ: the first that any of them shows.
YES, OTHER, ERROR, REFUSED = "yes", "other", "error", "refused"
TONES = {YES: "pass", OTHER: "note", ERROR: "fail", REFUSED: "not-applicable", "": ""}
_NOT_THERE = frozenset({404, 405, 410})


@dataclass(frozen=True)
class Row:
    """What came of one media type; a word for each of `COLUMNS`, empty where nothing was asked."""

    media_type: str
    words: tuple[str, ...]

    @property
    def title(self) -> str:
        """The media type in short: that of the parts, and whether it comes in parts."""
        parts = _parts(self.media_type)
        return self.media_type if parts == self.media_type else f"{parts}, in parts"


def media_types(run: Run) -> tuple[Row, ...]:
    """Return a row for each media type that a check asked for alone, or sent.

    Neither a choice of several types nor a request for what is not there says anything of one.
    """
    found: dict[str, dict[str, set[str]]] = {}
    of_bulk_data = {each.check for each in run.planned if each.scenario == "bulkdata"}
    base = run.target.url.rstrip("/")
    for exchange in run.exchanges.values():
        status = exchange.status
        if exchange.purpose != "check" or exchange.response is None or status in _NOT_THERE:
            continue
        column = _column(exchange, base, is_bulk_data=exchange.check in of_bulk_data)
        sent, asked = exchange.request.header("Content-Type"), exchange.request.header("Accept")
        if column == _STORE:
            if sent and status != 409:
                found.setdefault(media_type(sent), {}).setdefault(SENT, set()).add(_taken(exchange))
            column = COLUMNS[1]
        if column and asked and "," not in asked and "*" not in asked and status != 409:
            found.setdefault(media_type(asked), {}).setdefault(column, set()).add(_came(exchange, media_type(asked)))
    rows = [Row(name, tuple(_word(cells.get(column, set())) for column in COLUMNS)) for name, cells in found.items()]
    shown = [row for row in rows if YES in row.words or (any(row.words) and _parts(row.media_type) in _NAMED)]
    return tuple(sorted(shown, key=lambda row: (_parts(row.media_type), row.media_type)))


def _column(exchange: Exchange, base: str, *, is_bulk_data: bool) -> str:
    known = transaction(exchange, base)
    if known is None:
        return _BULK_DATA if is_bulk_data and exchange.method == "GET" else ""
    if exchange.method != "GET":
        return _STORE if exchange.method == "POST" else ""
    segments = [each for each in known.path.split("/") if each and each[0] != "{"]
    return "search" if known.keys else _LAST.get(segments[-1], "study, series, instance")


def _taken(exchange: Exchange) -> str:
    status = exchange.status or 0
    return YES if 200 <= status < 300 else ERROR if status >= 500 and status != 501 else REFUSED


def _came(exchange: Exchange, asked: str) -> str:
    if _taken(exchange) != YES:
        return _taken(exchange)
    response = exchange.response
    received = response.header("Content-Type") if response and response.body and response.body.size else None
    if received is None:
        return ""
    got = media_type(received)
    # Parts of a multipart may be told by its own type alone.
    return YES if got == asked or got == asked.partition(";")[0] or got.partition(";")[0] == asked else OTHER


def _word(seen: set[str]) -> str:
    return next((each for each in (YES, OTHER, ERROR, REFUSED) if each in seen), "")


def _parts(name: str) -> str:
    """Return the media type of the parts of a multipart; of anything else its own."""
    outer, _, inner = name.partition(";")
    return inner.partition("=")[2].strip('"') or outer
