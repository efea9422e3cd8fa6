"""The summary of a step of GitHub Actions: report.md, appended to the file that GITHUB_STEP_SUMMARY names."""

from __future__ import annotations

from pathlib import Path

VARIABLE = "GITHUB_STEP_SUMMARY"
MOST = 1_000_000
"""Octets: GitHub shows no summary of more than 1 MiB."""


def append(report: Path, file: Path) -> None:
    """Append a report in Markdown to a file, cut at a line where it is too long for a summary.

    Raises:
        OSError: one of them cannot be read or written.
    """
    text = report.read_bytes()
    taken = file.stat().st_size if file.exists() else 0
    room = MOST - taken
    if len(text) > room:
        text = text[: max(text.rfind(b"\n", 0, max(room - 200, 0)), 0)]
        fence = b"\n  ```" if text.count(b"```") % 2 else b""
        text += fence + b"\n\nThe rest is in report.md, among the artifacts of the job if it keeps them.\n"
    with file.open("ab") as summary:
        summary.write(text)
