"""Text that came over the wire, safe to show: nothing in it moves the cursor, hides, turns direction or has no end."""

from __future__ import annotations

import re

_UNSEEN = re.compile("[\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")

# Room for the words that say how much is left out.
_MORE = 32


def visible(text: str, limit: int) -> str:
    r"""Return `text` on one line of at most `limit` characters, what cannot be seen escaped: `\n`, `\x1b`, `\u202e`."""
    shown, length = _escaped(text, limit)
    if length == len(text):
        return shown
    shown, length = _escaped(text, max(limit - _MORE, 0))
    return f"{shown}… ({len(text) - length:,} more characters)"


def visible_lines(text: str) -> str:
    """Return `text`, however long, with its line breaks and tabs, and what else cannot be seen escaped."""
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() or each in "\n\t" else _escape(each) for each in text)


def visible_json(document: str) -> str:
    r"""Return JSON that means the same, with what a terminal obeys, and what is no Unicode, as escapes: `\u009b`."""
    return _UNSEEN.sub(lambda match: f"\\u{ord(match[0]):04x}", document)


def pieces(text: str, limit: int) -> list[str]:
    """Return `text`, safe to show, cut at its backticks: every second piece is code. An odd one marks none."""
    shown = visible(text, limit)
    return shown.split("`") if shown.count("`") % 2 == 0 else [shown]


def _escaped(text: str, limit: int) -> tuple[str, int]:
    """Return what of `text` fits into `limit` characters once it is escaped, and how many characters that was."""
    cut = text[:limit]
    if cut.isprintable():
        return cut, len(cut)
    shown: list[str] = []
    room = limit
    for each in cut:
        piece = each if each.isprintable() else _escape(each)
        room -= len(piece)
        if room < 0:
            break
        shown.append(piece)
    return "".join(shown), len(shown)


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode()
