"""The catalogue of requirements: its rows as they are read from the files, and what an observation means by them.

The rows are data, a file per service in `rows/`. A row with `see` leaves its observations to the row named
there. Each of the others lists what passes, what is a note, a deviation, a fail; what is in no list falls to the row's
level. "5xx" leaves out 502, 503 and 504: these and 429 tell that the target is busy (HTTP-024). `source` says what the
row was read in; where it says nothing, the `source` at the head of its file does. `why.toml` puts every row in one
family and says why a client or a patient cares.
"""

from __future__ import annotations

import json
import re
import tomllib
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Literal

from dicomweb_conformance.catalogue.verdicts import Level, Verdict, of_level

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

Tier = Literal["core", "extended", "large", "unsafe", "delete"]
Scope = Literal["check", "message"]

SERVICES = (
    "HTTP",
    "ERROR",
    "CAPABILITIES",
    "NEGOTIATION",
    "MULTIPART",
    "JSON",
    "XML",
    "RETRIEVE",
    "METADATA",
    "BULKDATA",
    "FRAMES",
    "RENDERED",
    "THUMBNAIL",
    "URI",
    "STORE",
    "SEARCH",
    "DELETE",
    "UPS",
    "LRO",
    "GOOGLE",
)
BUSY = frozenset({429, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class Requirement:
    """A row of the catalogue; `why` is the reason that its family gives, `service` the prefix of its id."""

    id: str
    clause: str
    level: Level
    text: str
    tier: Tier
    capability: str
    observe: str
    passes: tuple[str, ...] = ()
    note: tuple[str, ...] = ()
    deviation: tuple[str, ...] = ()
    fail: tuple[str, ...] = ()
    see: str | None = None
    scope: Scope = "check"
    confirmed: bool = True
    source: str = ""
    replaces: tuple[str, ...] = ()
    not_tested: str | None = None
    service: str = ""
    why: str = ""

    @property
    def observations(self) -> tuple[str, ...]:
        """Every observation listed, the best first."""
        return (*self.passes, *self.note, *self.deviation, *self.fail)

    def verdict_of(self, observation: str) -> Verdict | None:
        """Return the verdict of an observation that is listed word for word; None for any other."""
        if observation in self.passes:
            return Verdict.PASS
        if observation in self.note:
            return Verdict.NOTE
        if observation in self.deviation:
            return Verdict.DEVIATION
        return Verdict.FAIL if observation in self.fail else None

    def judge(self, observation: str) -> Verdict:
        """Return the verdict of any observation: as listed, else by the level.

        Raises:
            ValueError: another row owns what is observed here.

        """
        if self.see is not None:
            raise ValueError(f"{self.id} gives no verdict: its observations are those of {self.see}")
        return self.verdict_of(observation) or of_level(self.level)


class Catalogue(Mapping[str, Requirement]):
    """All rows by their id, in the order of the files."""

    def __init__(self, rows: Iterable[Requirement]) -> None:
        self._rows = {row.id: row for row in rows}

    def __getitem__(self, identifier: str) -> Requirement:
        return self._rows[identifier]

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def owner(self, identifier: str) -> Requirement:
        """Return the row that judges what `identifier` observes: itself, or the one it refers to.

        Raises:
            KeyError: no such row.

        """
        row = self[identifier]
        return row if row.see is None else self[row.see]

    def why(self, identifier: str) -> str:
        """Return why a client or a patient cares.

        Raises:
            KeyError: no such row.

        """
        return self[identifier].why


@cache
def load() -> Catalogue:
    """Return the catalogue that comes with this package."""
    return read(packaged())


def read(directory: Traversable) -> Catalogue:
    """Return the catalogue in a directory that `lint` finds nothing wrong with."""
    reasons = {row: family["why"] for family in families(directory) for row in family["rows"]}
    return Catalogue(_requirement(row, service, source, reasons) for service, source, row in raw_rows(directory))


def packaged() -> Traversable:
    """Return the directory of the rows that come with this package."""
    return files(__package__) / "rows"


def _requirement(row: Mapping[str, Any], service: str, source: str, reasons: Mapping[str, str]) -> Requirement:
    return Requirement(
        id=row["id"],
        clause=row["clause"],
        level=row["level"],
        text=row["text"],
        tier=row["tier"],
        capability=row["capability"],
        observe=row["observe"],
        passes=tuple(row.get("pass", ())),
        note=tuple(row.get("note", ())),
        deviation=tuple(row.get("deviation", ())),
        fail=tuple(row.get("fail", ())),
        see=row.get("see"),
        scope=row["scope"],
        confirmed=row["confirmed"],
        source=row.get("source", source),
        replaces=tuple(row.get("replaces", ())),
        not_tested=row.get("not_tested"),
        service=service,
        why=reasons[row["id"]],
    )


def raw_rows(directory: Traversable) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield service, the file's default source, and row."""
    for service in SERVICES:
        content = _read_tables((directory / f"{service.lower()}.toml").read_text("utf-8"), "requirement", KEYS)
        for row in content["requirement"]:
            yield service, content.get("source", ""), row


def families(directory: Traversable) -> Iterator[dict[str, Any]]:
    """Yield the families of `why.toml` in a directory of rows."""
    yield from _read_tables((directory / "why.toml").read_text("utf-8"), "family", _FAMILY_KEYS)["family"]


LISTS = ("pass", "note", "deviation", "fail")
REQUIRED = ("id", "clause", "level", "text", "tier", "capability", "observe", "scope", "confirmed")
KEYS = frozenset({*REQUIRED, *LISTS, "see", "source", "replaces", "not_tested"})
_FAMILY_KEYS = frozenset({"name", "why", "rows"})


def _read_tables(text: str, name: str, keys: Iterable[str]) -> dict[str, Any]:
    # tomllib would take a quarter of a second for all files. The tables keep to what is TOML and, but for signs, JSON;
    # what does not is no JSON either, and read in the slow way.
    heading = f"\n[[{name}]]"
    head, _, tables = text.partition(heading)
    for key in keys:
        tables = tables.replace(f"\n{key} = ", f',"{key}":')
    members = tables.replace(",\n]", "\n]").replace(f"{heading},", "},{").removeprefix(",")
    try:
        return {**tomllib.loads(head), name: json.loads("[{" + members + "}]")}
    except json.JSONDecodeError:
        return tomllib.loads(text)


# -- codes of observations

_LONGEST = 60
_SIGNS = (
    ("[{}]", " list of an empty object "),
    ("[null]", " list of null "),
    ('[""]', " list of an empty string "),
    ("[]", " empty list "),
    ("{}", " empty object "),
    ("*", " star "),
)


def code_of(observation: str) -> str:
    """Return the slug that stands for an observation in known failures: 60 characters of words and hyphens."""
    for sign, words in _SIGNS:
        observation = observation.replace(sign, words)
    plain = unicodedata.normalize("NFKD", observation).encode("ascii", "ignore").decode().lower()
    slug = "-".join(re.findall(r"[a-z0-9]+", plain))
    return slug if len(slug) <= _LONGEST else slug[: _LONGEST + 1].rpartition("-")[0] or slug[:_LONGEST]
