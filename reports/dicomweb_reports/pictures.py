"""The pictures that a finding is about, within the page: what was to be seen, what was, and where they differ."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dicomweb_reports.model import Body

if TYPE_CHECKING:
    from dicomweb_reports.model import Finding, Run

TITLES = ("Expected", "Received", "Difference")
# Octets of a file; one of 256 x 256 pixels takes less.
LARGEST = 300_000
_PNG = b"\x89PNG\r\n\x1a\n"
_SIZE = slice(16, 24)


@dataclass(frozen=True)
class Shown:
    """A picture with its title, its size, and a URL that holds it."""

    title: str
    width: int
    height: int
    url: str


def pictures(finding: Finding, run: Run) -> tuple[Shown, ...]:
    """Return the pictures of a finding; none where the record does not hold all of them as PNG files."""
    shown = [_shown(*each, run) for each in zip(TITLES, finding.pictures, strict=False)]
    return tuple(each for each in shown if each) if len(shown) == len(TITLES) and all(shown) else ()


def _shown(title: str, name: str, run: Run) -> Shown | None:
    octets = run.body(Body(name, LARGEST, LARGEST), first=LARGEST + 1)
    if octets is None or len(octets) > LARGEST or not octets.startswith(_PNG):
        return None
    size = octets[_SIZE]
    width, height = int.from_bytes(size[:4], "big"), int.from_bytes(size[4:], "big")
    return Shown(title, width, height, f"data:image/png;base64,{b64encode(octets).decode()}")
