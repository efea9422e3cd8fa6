"""Text of others in Markdown: neither markup nor code, and of bounded length."""

from __future__ import annotations

import re

from dicomweb_reports.visible import pieces, visible

VALUE = 240
"""Characters of a value that are shown."""


def claim(text: str) -> str:
    """Return a sentence of the suite or of a vendor, what stands between its backticks as code."""
    return "".join(code(piece) if index % 2 else plain(piece) for index, piece in enumerate(pieces(text, VALUE)))


def plain(text: str, limit: int = VALUE) -> str:
    """Return text that Markdown and the HTML in it leave alone."""
    return re.sub(r"([\\`*_{}\[\]<>#|~&])", r"\\\1", visible(text, limit))


def code(text: str) -> str:
    """Return text as code, between more backticks than it holds in a row."""
    shown = visible(text, VALUE)
    fence = "`" * (max(map(len, re.findall("`+", shown)), default=0) + 1)
    space = " " if shown.startswith("`") or shown.endswith("`") else ""
    return f"{fence}{space}{shown}{space}{fence}" if shown else "nothing"
