"""What comes of images in each transfer syntax, by the ways to ask for them: refused, decoded, as stored, or wrong."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dicomweb_reports.model import Result, Run

COLUMNS = {
    "retrieve-decoded": ("instance, decoded", "decoded"),
    "retrieve-in-own-syntax": ("instance, as stored", "as stored"),
    "frames-of-lossless": ("frame, decoded", "decoded"),
    "frames-in-own-type": ("frame, in its type", "as stored"),
    "rendered-of-encoded": ("rendered", "rendered"),
}
"""The check of each column: what it asks for, and what comes where it passes."""
_CHECK = re.compile(rf"(?P<column>{'|'.join(COLUMNS)})\[(?P<syntax>[a-z0-9_]+)\]")
_STATUS = re.compile(r"\d{3}(?:-\d{3}|-or|-and)*")
_BY_CODE = {"stored-codestream-with-its-syntax": "as stored", "explicit-vr-le-although-only-x": "decoded"}
_TRANSCODED = "another codestream of the syntax that decodes to the same pixels"
_BY_SENTENCE = {"406": "refused", f"{_TRANSCODED}, within the tolerance of a lossy one": "transcoded"}
_BY_VERDICT = {
    **dict.fromkeys(("fail", "known", "fixed"), "wrong"),
    "not-applicable": "not taken",
    "inconclusive": "not judged",
    "error": "not judged",
}


@dataclass(frozen=True)
class Cell:
    """What comes of one way to ask: in a word; `verdict` is that of the check, and both are empty where none asks."""

    word: str = ""
    verdict: str = ""


@dataclass(frozen=True)
class Row:
    """What comes of images in one transfer syntax; a cell for each of `COLUMNS`."""

    syntax: str
    cells: tuple[Cell, ...]


def syntaxes(run: Run) -> tuple[Row, ...]:
    """Return a row for each transfer syntax that a check asked for, in the order of the run; nothing where none did."""
    found: dict[str, dict[str, Result]] = {}
    for result in run.results:
        if match := _CHECK.fullmatch(result.check):
            found.setdefault(match["syntax"], {})[match["column"]] = result
    return tuple(
        Row(
            syntax.replace("_", " "),
            tuple(_cell(results[column], column) if column in results else Cell() for column in COLUMNS),
        )
        for syntax, results in sorted(found.items())
    )


def _cell(result: Result, column: str) -> Cell:
    word = _BY_VERDICT.get(result.verdict) or _of_findings(result) or _of_observed(result) or COLUMNS[column][1]
    return Cell(word, result.verdict)


def _of_findings(result: Result) -> str:
    for finding in result.findings:
        if finding.code in _BY_CODE:
            return _BY_CODE[finding.code]
        return "refused" if _STATUS.fullmatch(finding.code) else "otherwise"
    return ""


def _of_observed(result: Result) -> str:
    return next((_BY_SENTENCE[each.observation] for each in result.observed if each.observation in _BY_SENTENCE), "")
