"""Writing all reports of a run beside its record."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING

from dicomweb_reports.record import load
from dicomweb_reports.report_har import write_har
from dicomweb_reports.report_html import html
from dicomweb_reports.report_json import report
from dicomweb_reports.report_markdown import markdown

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def write_reports(directory: Path) -> Path:
    """Render the run in `directory` to report.json, report.html, report.md and exchanges.har there.

    Returns the path of report.html. Each file is whole or as it was before. Raises RecordError where the record cannot
    be read, OSError where a file cannot be written.
    """
    run = load(directory)
    with _whole(directory / "report.json") as file:
        json.dump(report(run), file, indent=1, ensure_ascii=False)
        file.write("\n")
    with _whole(directory / "report.html") as file:
        file.write(html(run))
    with _whole(directory / "report.md") as file:
        file.write(markdown(run))
    with _whole(directory / "exchanges.har") as file:
        write_har(run, file)
    return directory / "report.html"


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
