"""Edits of DICOM JSON: an attribute, a data set, the value as a whole."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from tests.mutants.replay.edits import Step, changed

DataSet = dict[str, Any]


def value(change: Callable[[Any], Any]) -> Step:
    """Put another JSON value in the place of the body's."""
    return changed(lambda body: json.dumps(change(json.loads(body)), ensure_ascii=False).encode())


def data_set(change: Callable[[DataSet], DataSet | None]) -> Step:
    """Change the first data set, in place or for another."""

    def edit(found: Any) -> Any:
        first = found[0] if isinstance(found, list) else found
        other = change(first)
        if other is None:
            return found
        return [other, *found[1:]] if isinstance(found, list) else other

    return value(edit)


def put(tag: str, attribute: Any, **more: Any) -> Step:
    """Put an attribute in its place in the first data set; `more` are others, each name an x and a tag."""
    put_in = {tag: attribute, **{name[1:]: each for name, each in more.items()}}
    return data_set(lambda found: dict(sorted({**found, **put_in}.items())))


def first_item(change: Callable[[DataSet], DataSet], sequence: str) -> Step:
    """Change the first item of a sequence of the first data set."""

    def edit(found: DataSet) -> None:
        found[sequence]["Value"][0] = change(found[sequence]["Value"][0])

    return data_set(edit)


def of_somebody_else(step: Step) -> Step:
    """Edit a data set that is not the run's."""
    others = {
        "00080018": ("UI", "1.2.826.0.1.3680043.2.1125.1.1"),
        "00100020": ("LO", "4711"),
        "0020000D": ("UI", "1.2.826.0.1.3680043.2.1125.1.2"),
        "0020000E": ("UI", "1.2.826.0.1.3680043.2.1125.1.3"),
    }
    theirs = data_set(
        lambda found: found | {tag: {"vr": vr, "Value": [text]} for tag, (vr, text) in others.items() if tag in found}
    )
    return lambda message: step(theirs(message))
