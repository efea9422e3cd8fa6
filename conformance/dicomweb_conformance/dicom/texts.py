"""Texts as keys and values of a search: patterns, numbers and names (PS3.4 C.2.2.2)."""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal, InvalidOperation


def pattern(text: str) -> re.Pattern[str]:
    """Return what a text with wild cards matches: `*` any characters or none, `?` one (C.2.2.2.4)."""
    return re.compile("".join({"*": ".*", "?": "."}.get(each, re.escape(each)) for each in text), re.DOTALL)


def number(text: str) -> Decimal | None:
    """Return the number that a text is; None where it is none."""
    try:
        return Decimal(text.strip())
    except InvalidOperation:
        return None


def may_be_named(wanted: str, name: str) -> bool:
    """Tell whether a server may find a name by this one (C.2.2.2.1.1).

    It may look away from case, accents, the order of components, and groups, and take any part of a name for the whole;
    how it takes wild cards is its own affair. No reading finds a name in which a component of the key is nowhere.
    """
    if {"*", "?"} & set(wanted):
        folded = _folded(name)
        return all(part in folded for part in re.split(r"[*?^=, ]+", _folded(wanted)))
    asked, given = _components(wanted), _components(name)
    return asked <= given or given <= asked


def _components(name: str) -> set[str]:
    return {each for each in re.split(r"[\^=, ]+", _folded(name)) if each}


def _folded(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(each for each in decomposed if not unicodedata.combining(each))
