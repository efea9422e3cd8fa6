"""Text that came over the wire, safe to show: nothing in it moves the cursor, hides, turns direction or has no end."""

from __future__ import annotations


def visible(text: str, limit: int) -> str:
    r"""Return `text` on one line of about `limit` characters; what cannot be seen is escaped: `\n`, `\x1b`, `\u202e`."""
    shown, length = text[:limit], min(len(text), limit)
    if not shown.isprintable():
        shown, length = _escaped(shown, limit)
    return f"{shown}… ({len(text) - length:,} more characters)" if length < len(text) else shown


def _escaped(text: str, limit: int) -> tuple[str, int]:
    """Return what of `text` fits into `limit` characters once it is escaped, and how many characters that was."""
    pieces: list[str] = []
    room = limit
    for each in text:
        piece = each if each.isprintable() else each.encode("unicode_escape").decode()
        room -= len(piece)
        if room < 0:
            break
        pieces.append(piece)
    return "".join(pieces), len(pieces)
