"""Text that came over the wire, safe to show: nothing in it moves the cursor, hides, turns direction or has no end."""

from __future__ import annotations


def visible(text: str, limit: int) -> str:
    r"""Return `text` on one line, cut after `limit` characters, what cannot be seen escaped: `\n`, `\x1b`, `\u202e`."""
    cut = text[:limit]
    if not cut.isprintable():
        cut = "".join(each if each.isprintable() else _escape(each) for each in cut)
    return f"{cut}… ({len(text) - limit:,} more characters)" if len(text) > limit else cut


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode()
