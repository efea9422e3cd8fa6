"""What to say where -m, -k and whatever else selects left no check: which word is unknown, and what is nearly it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from difflib import get_close_matches

import pytest

_WORD = re.compile(r"[^\W\d][\w\[\].-]*")
_OPERATORS = frozenset({"and", "or", "not", "True", "False"})


def advice(config: pytest.Config, checks: Iterable[str]) -> str:
    """Return in a sentence why nothing is selected, as far as words tell, and what was meant perhaps.

    Args:
        config: pytest's.
        checks: the ids of those that could have been selected.
    """
    markers = [line.partition(":")[0].partition("(")[0].strip() for line in config.getini("markers")]
    ids = sorted(set(checks))
    names = sorted({*ids, *(each.partition("[")[0] for each in ids), *markers})
    said = [
        *_unknown("-m", config.getoption("markexpr"), markers, "marker"),
        *(_unknown("-k", config.getoption("keyword"), names, "check")),
    ]
    return f"No check is selected{': ' if said else '.'}{'; '.join(said)}{'.' if said else ''}"


def _unknown(option: str, expression: str, names: list[str], kind: str) -> Iterator[str]:
    for word in _WORD.findall(expression or ""):
        if word in _OPERATORS or any(word.lower() in name.lower() for name in names):
            continue
        near = get_close_matches(word, names, n=1, cutoff=0.5)
        yield f"{option}: no {kind} is called {word}" + (f" (perhaps {near[0]})" if near else "")
