"""Writing all reports of a run, beside its record or elsewhere."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

from dicomweb_reports.record import load
from dicomweb_reports.visible import visible_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from dicomweb_reports.model import Run


def _report_json(run: Run, file: IO[str]) -> None:
    from dicomweb_reports.report_json import members  # noqa: PLC0415 - who writes no report need not wait for renderers

    file.writelines(map(visible_json, _json(members(run))))


def _html(run: Run, file: IO[str]) -> None:
    from dicomweb_reports.report_html import html  # noqa: PLC0415 - nor for a template engine

    file.write(html(run))


def _markdown(run: Run, file: IO[str]) -> None:
    from dicomweb_reports.report_markdown import markdown  # noqa: PLC0415 - likewise

    file.write(markdown(run))


def _statement(run: Run, file: IO[str]) -> None:
    from dicomweb_reports.statement_markdown import markdown  # noqa: PLC0415 - likewise

    file.write(markdown(run))


def _sarif(run: Run, file: IO[str]) -> None:
    from dicomweb_reports.report_sarif import sarif  # noqa: PLC0415 - likewise

    file.write(visible_json(json.dumps(sarif(run), indent=1, ensure_ascii=False)))


def _badge(run: Run, file: IO[str]) -> None:
    from dicomweb_reports.badge import svg  # noqa: PLC0415 - likewise

    file.write(svg(run))


def _shields(run: Run, file: IO[str]) -> None:
    from dicomweb_reports.badge import shields  # noqa: PLC0415 - likewise

    file.write(json.dumps(shields(run)) + "\n")


def _load_html(run: Run, file: IO[str]) -> None:
    from dicomweb_reports.load_html import html  # noqa: PLC0415 - likewise

    file.write(html(run))


def _load_markdown(run: Run, file: IO[str]) -> None:
    from dicomweb_reports.load_markdown import markdown  # noqa: PLC0415 - likewise

    file.write(markdown(run))


def _load_json(run: Run, file: IO[str]) -> None:
    from dicomweb_reports.load_json import members  # noqa: PLC0415 - likewise

    file.writelines(map(visible_json, _json(members(run))))


def _har(run: Run, file: IO[str]) -> None:
    from dicomweb_reports.report_har import write_har  # noqa: PLC0415 - likewise

    write_har(run, file)


_RENDERERS: dict[str, Callable[[Run, IO[str]], object]] = {
    "report.json": _report_json,
    "report.html": _html,
    "report.md": _markdown,
    "conformance-statement.md": _statement,
    "report.sarif": _sarif,
    "badge.svg": _badge,
    "badge.json": _shields,
    "exchanges.har": _har,
}
_OF_A_LOAD: dict[str, Callable[[Run, IO[str]], object]] = {
    "load.json": _load_json,
    "load.html": _load_html,
    "load.md": _load_markdown,
    "exchanges.har": _har,
}
REPORTS = tuple(dict.fromkeys((*_RENDERERS, *_OF_A_LOAD)))
"""The files that are written, by name: those of a run, or those of a load."""


@dataclass(frozen=True)
class Unwritten:
    """A report that could not be written; the file of that name is as it was before."""

    name: str
    error: Exception


@dataclass(frozen=True)
class Written:
    """A run, and which of its reports could not be written."""

    run: Run
    unwritten: tuple[Unwritten, ...]


def write_reports(directory: Path, to: Path | None = None, run: Run | None = None) -> Written:
    """Render the run in `directory` to those of the files that REPORTS names which are of its kind, there or in `to`.

    Each file is whole or as it was before, and none depends on another. `run`: what its record holds, where that has
    been read. Raises RecordError where the record cannot be read, OSError where `to` cannot be made.
    """
    run = run or load(directory)
    there = to or directory
    there.mkdir(parents=True, exist_ok=True)
    unwritten = []
    for name, render in (_OF_A_LOAD if run.load else _RENDERERS).items():
        try:
            with _whole(there / name) as file:
                render(run, file)
        except Exception as error:  # whatever one renderer stumbles over, the other reports are written
            unwritten.append(Unwritten(name, error))
    return Written(run, tuple(unwritten))


def _json(document: dict[str, Any]) -> Iterator[str]:
    """Yield JSON with one result, exchange or requirement a line: it is compared by people too."""
    before = "{\n"
    for name, value in document.items():
        yield f"{before}{json.dumps(name)}: "
        yield from _member(value)
        before = ",\n"
    yield "\n}\n"


def _member(value: object) -> Iterator[str]:
    match value:
        case [dict(), *_]:
            yield from _lines("[]", (_line(each) for each in value))
        case dict() if any(isinstance(each, dict) for each in value.values()):
            yield from _lines("{}", (f"{_line(name)}: {_line(each)}" for name, each in value.items()))
        case Iterator():
            yield from _lines("{}", (f"{_line(name)}: {_line(each)}" for name, each in value))
        case _:
            yield _line(value)


def _lines(brackets: str, lines: Iterable[str]) -> Iterator[str]:
    before = f"{brackets[0]}\n"
    for line in lines:
        yield f"{before}{line}"
        before = ",\n"
    # Nothing was yielded where there is nothing to bracket.
    yield brackets if before != ",\n" else f"\n{brackets[1]}"


def _line(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


@contextmanager
def _whole(path: Path) -> Iterator[IO[str]]:
    """Open a file that takes the place of `path` only once it is complete."""
    part = path.with_name(f"{path.name}.part")
    part.unlink(missing_ok=True)
    try:
        with part.open("x", encoding="utf-8", newline="\n") as file:
            yield file
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
