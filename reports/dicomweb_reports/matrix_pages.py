"""Servers side by side on one page: `matrix.html`, without scripts and without anything to fetch, and `matrix.md`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jinja2 import Environment, PackageLoader, StrictUndefined

from dicomweb_reports.markdown_text import code, plain
from dicomweb_reports.report_html import OUTCOME_TONES, TONES
from dicomweb_reports.visible import visible

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dicomweb_reports.matrix import Cell, Line, Matrix

TEXT = 240
LISTED = 200
"""Checks in Markdown; the page has all."""


def html(matrix: Matrix) -> str:
    """Return the whole page."""
    environment = Environment(
        loader=PackageLoader("dicomweb_reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: visible(value, TEXT) if type(value) is str else value,
    )
    return environment.get_template("matrix.html.jinja").render(matrix=matrix, tones=TONES, clients=OUTCOME_TONES)


def markdown(matrix: Matrix) -> str:
    """Return the page in GitHub's Markdown."""
    blocks = ["# Servers side by side", *(plain(remark) for remark in matrix.remarks)]
    names = [column.name for column in matrix.columns]
    facts = {
        "verdict": [column.run.verdict for column in matrix.columns],
        "URL": [column.run.url for column in matrix.columns],
        "profile": [column.run.profile for column in matrix.columns],
        "suite": [column.run.suite for column in matrix.columns],
        "started": [column.run.started for column in matrix.columns],
    }
    blocks.append(_table(["", *names], ([plain(name), *map(plain, row)] for name, row in facts.items())))
    blocks += ["## Services", _table(["service", *names], map(_counts, matrix.services))]
    if matrix.clients:
        blocks += ["## Clients in use", _table(["client", *names], map(_row, matrix.clients))]
    lines = [line for there in matrix.checks.values() for line in there]
    if lines:
        blocks.append(f"## Checks that did not pass everywhere ({len(lines)})")
        blocks.append(_table(["check", *names], map(_check, lines[:LISTED])))
    if len(lines) > LISTED:
        blocks.append(f"and {len(lines) - LISTED} more, in matrix.html.")
    blocks.append(f"{sum(matrix.alike.values()):,} checks passed, or did not apply, everywhere.")
    return "\n\n".join(blocks) + "\n"


def _table(head: list[str], rows: Iterator[list[str]] | map[list[str]]) -> str:
    lines = [[plain(each) for each in head], ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(row)} |" for row in lines)


def _counts(line: Line) -> list[str]:
    return [plain(line.name), *(plain(cell.text) for cell in line.cells)]


def _row(line: Line) -> list[str]:
    return [plain(line.name), *(_word(cell) for cell in line.cells)]


def _check(line: Line) -> list[str]:
    return [code(line.name), *(f"{_word(cell)} {plain(cell.text, 80)}".strip() for cell in line.cells)]


def _word(cell: Cell) -> str:
    return f"**{plain(cell.outcome)}**" if cell.outcome in {"fail", "breaks", "error"} else plain(cell.outcome)
