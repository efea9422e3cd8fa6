"""Writing all reports of a run beside its record."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any

from dicomweb_reports.record import load
from dicomweb_reports.report_har import write_har
from dicomweb_reports.report_html import html
from dicomweb_reports.report_json import report
from dicomweb_reports.report_markdown import markdown
from dicomweb_reports.visible import visible_json

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from dicomweb_reports.model import Run


def write_reports(directory: Path) -> Run:
    """Render the run in `directory` to report.json, report.html, report.md and exchanges.har there.

    Returns the run. Each file is whole or as it was before. Raises RecordError where the record cannot
    be read, OSError where a file cannot be written.
    """
    run = load(directory)
    with _whole(directory / "report.json") as file:
        file.write(visible_json(_json(report(run))))
    with _whole(directory / "report.html") as file:
        file.write(html(run))
    with _whole(directory / "report.md") as file:
        file.write(markdown(run))
    with _whole(directory / "exchanges.har") as file:
        write_har(run, file)
    return run


def _json(document: dict[str, Any]) -> str:
    """Return JSON with one result, exchange or requirement a line: it is compared by people too."""
    members = (f"{json.dumps(name)}: {_member(value)}" for name, value in document.items())
    return "{{\n{}\n}}\n".format(",\n".join(members))


def _member(value: object) -> str:
    match value:
        case [dict(), *_]:
            return "[\n{}\n]".format(",\n".join(json.dumps(each, ensure_ascii=False) for each in value))
        case dict() if any(isinstance(each, dict) for each in value.values()):
            members = (
                f"{json.dumps(name, ensure_ascii=False)}: {json.dumps(each, ensure_ascii=False)}"
                for name, each in value.items()
            )
            return "{{\n{}\n}}".format(",\n".join(members))
    return json.dumps(value, ensure_ascii=False)


@contextmanager
def _whole(path: Path) -> Iterator[IO[str]]:
    """Open a file that takes the place of `path` only once it is complete."""
    part = path.with_name(f"{path.name}.part")
    try:
        with part.open("w", encoding="utf-8", newline="\n") as file:
            yield file
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
