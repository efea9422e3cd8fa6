"""Private blocks in DICOM JSON (PS3.5 7.8.1, PS3.18 F.2.2): JSON-044."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from dicomweb_conformance.validators.tally import Tally
from dicomweb_conformance.validators.vr import definitions as vrs

_BLOCK = "private-element-with-its-creator"


def judge(tally: Tally, data_set: dict[str, Any], names: Iterable[str], path: str, *, own: bool) -> None:
    """Judge the private elements of one data set.

    Args:
        tally: takes the observations.
        data_set: as it was parsed.
        names: those of its names that are tags.
        path: where the data set is.
        own: whether the suite stored it.
    """
    private = [name for name in names if name[3] in "13579BDF" and vrs.is_private(name)]
    if not private:
        return
    blocks = set()
    for name in private:
        if name[4:] >= "1000":
            continue
        if _is_creator(name) and _creates(data_set[name]):
            blocks.add(name[:4] + name[6:])
        elif fault := _fault_below_1000(name):
            tally.sees("JSON-044", fault, path + name, own=own)
    used = {name[:6] for name in private if name[4:] >= "1000"}
    if used & blocks:
        tally.meets("JSON-044", _BLOCK)
    for block in sorted(blocks - used):
        tally.sees("JSON-044", "creator-without-elements-of-block", f"{path}{block[:4]}00{block[4:]}")
    for name in private:
        # A creator that is there and wrong has been spoken of.
        if name[4:] >= "1000" and name[:6] not in blocks and f"{name[:4]}00{name[4:6]}" not in data_set:
            tally.sees("JSON-044", "private-element-without-creator", path + name, own=own)


def _is_creator(name: str) -> bool:
    return "0010" <= name[4:] <= "00FF"


def _fault_below_1000(name: str) -> str | None:
    if name.endswith("0000"):
        return None
    if _is_creator(name):
        return "creator-of-another-vr-or-without-value"
    return "private-block-lost" if name[4:] < "0010" else "a private element in no block"


def _creates(attribute: Any) -> bool:
    match attribute:
        case {"vr": "LO", "Value": [str(creator)]}:
            return bool(creator.strip())
    return False
