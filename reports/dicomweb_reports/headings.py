"""What was observed, in one line: the heading of a failure, and its line on the terminal."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from dicomweb_reports.causes import observed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dicomweb_reports.model import Finding, Result, Run

LENGTH = 180

_LONG_UID = re.compile(r"(?<![\d.])([0-2]\.\d+\.)[\d.]{14,}(\d{4})(?![\d.])")
_WITHHELD = "not quoted"


def heading(result: Result, findings: Sequence[Finding], run: Run) -> str:
    """Return what the first of a result's findings observed, with what was received; its claim where it has none."""
    if not findings:
        return result.title
    said, found = observed(findings[0], run), findings[0]
    if said != found.observation or found.received.startswith(_WITHHELD):
        return shortened(said)
    known = {_bare(word) for word in said.split()}
    is_news = any(_bare(word) not in known for word in found.received.split())
    return shortened(f"{said}: {found.received}" if is_news else said)


def shortened(text: str) -> str:
    """Return a text as a heading: with short UIDs, of bounded length, and a capital letter."""
    text = with_short_uids(text)
    text = text if len(text) <= LENGTH else f"{text[:LENGTH]}…"
    return text[:1].upper() + text[1:]


def with_short_uids(text: str) -> str:
    """Return a text in which of long UIDs the beginning and the end are left."""
    return _LONG_UID.sub(r"\1…\2", text)


def _bare(word: str) -> str:
    return word.strip(".,:;'\"").lower()
