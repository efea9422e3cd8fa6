"""The catalogue of requirements: its rows as they are read from the files, and what an observation means by them.

The rows are data, a file per service in `rows/`. A row with `see` leaves its observations to the row named
there. Each of the others lists what passes, what is a note, a deviation, a fail, as `fail.CODE = "sentence"`: the code
is what checks quote and what users' known failures name, and never changes; the sentence is for readers. Observations
that are statuses and nothing else stand in `fail.status = [...]`, and their codes are made of them. What is in no list
falls to the row's level. "5xx" leaves out 502, 503 and 504: these and 429 tell that the target is busy (HTTP-024).
Under a shall a deviation, and a note that relaxes the text, says why it is no fail: `because.CODE`, or
`because.deviation` and `because.note` for the rest of a list, is "kind: sentence", or the name of a reason in
`because.toml`. `since` and `until` say which editions have the row, `right.CODE` which of them have an answer right
(`editions`). `source` says what the row was read in; where it says nothing, the `source` at the head of its file
does, as do its `[defaults]`. `why.toml` says of each family of rows why a client or a patient cares.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Literal

import tomli  # Python's tomllib, compiled: each process of a run reads all rows

from dicomweb_conformance.catalogue.verdicts import Level, Verdict, of_level

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

Tier = Literal["core", "extended", "large", "huge", "unsafe", "delete"]
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
    "SERVICE",
    "LRO",
    "GOOGLE",
    "PERSONA",
)
BUSY = frozenset({429, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class Because:
    """Why what the text rules out is no fail: one of `KINDS`, and a sentence.

    `owner`: the row of scope "message" that tells of it, once for all resources; None where the row itself does.
    """

    kind: str
    sentence: str
    owner: str | None = None

    def __str__(self) -> str:
        return f"{KINDS[self.kind]}: {self.sentence}"


KINDS: Mapping[str, str] = {
    "ambiguous": "the text is ambiguous",
    "editions-differ": "editions differ",
    "the-field-does-otherwise": "known servers do otherwise, and known clients cope",
    "measured": "what shows it is not certain",
    "told-elsewhere": "another requirement tells of it",
}
"""Why a departure from the text is no fail, in the words of reports."""


@dataclass(frozen=True, slots=True)
class Span:
    """From which edition on something is so, and up to which: each as the two editions read between which it changed.

    `since`: the last edition that was read in which it was not so, and the first in which it was. `until`: the last in
    which it was so, and the first in which it was not.
    """

    since: tuple[str, str] | None = None
    until: tuple[str, str] | None = None

    def __str__(self) -> str:
        since = f"since {self.since[1]}" if self.since else ""
        until = f"up to {self.until[0]}" if self.until else ""
        return " and ".join(filter(None, (since, until)))


@dataclass(frozen=True, slots=True)
class Listed:
    """An observation that a row lists: what it means, how it is said to a reader, and why it is no fail."""

    verdict: Verdict
    sentence: str
    because: Because | None = None


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
    listed: Mapping[str, Listed] = field(default_factory=dict)
    see: str | None = None
    scope: Scope = "check"
    confirmed: bool = True
    source: str = ""
    replaces: tuple[str, ...] = ()
    not_tested: str | None = None
    editions: Span | None = None
    right: Mapping[str, Span] = field(default_factory=dict)
    service: str = ""
    why: str = ""

    @property
    def observations(self) -> tuple[str, ...]:
        """The code of every observation listed, the best first."""
        return tuple(self.listed)

    @property
    def passes(self) -> tuple[str, ...]:
        """What passes, in sentences."""
        return self.sentences(Verdict.PASS)

    def sentences(self, verdict: Verdict) -> tuple[str, ...]:
        """Return the sentences of the observations that are listed with a verdict."""
        return tuple(each.sentence for each in self.listed.values() if each.verdict is verdict)

    def sentence(self, observation: str) -> str:
        """Return the sentence of an observation that is listed by this code; one in own words as it is."""
        listed = self.listed.get(observation)
        return listed.sentence if listed else observation

    def code(self, observation: str) -> str:
        """Return the code of an observation: listed by it, or in own words."""
        return observation if observation in self.listed else code_of(observation)

    def verdict_of(self, observation: str) -> Verdict | None:
        """Return the verdict of an observation that is listed by this code; None for any other."""
        listed = self.listed.get(observation)
        return listed.verdict if listed else None

    def because(self, observation: str) -> Because | None:
        """Return why an observation that is listed by this code is no fail; None where nothing is said of it."""
        listed = self.listed.get(observation)
        return listed.because if listed else None

    def judge(self, observation: str) -> Verdict:
        """Return the verdict of any observation: as listed by its code, else (in own words) by the level.

        Raises:
            ValueError: another row owns what is observed here, or it is a code (one without spaces) that is not listed.

        """
        if self.see is not None:
            raise ValueError(f"{self.id} gives no verdict: its observations are those of {self.see}")
        if " " not in observation and observation not in self.listed:
            raise ValueError(f"{self.id} lists no observation {observation!r}")
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
    reasons = {family["name"]: family["why"] for family in families(directory)}
    excuses = named_reasons(directory)
    rows = raw_rows(directory)
    return Catalogue(requirement(row, service, source, reasons, excuses) for service, source, row in rows)


def packaged() -> Traversable:
    """Return the directory of the rows that come with this package."""
    return files(__package__) / "rows"


def requirement(
    row: Mapping[str, Any],
    service: str,
    source: str,
    reasons: Mapping[str, str],
    excuses: Mapping[str, Because],
) -> Requirement:
    """Return a raw row that `lint` finds nothing wrong with as a value.

    `reasons` says why each family matters, `excuses` has the reasons by name why an observation is no fail.
    """
    return Requirement(
        id=row["id"],
        clause=row["clause"],
        level=row["level"],
        text=row["text"],
        tier=row["tier"],
        capability=row["capability"],
        observe=row["observe"],
        listed={
            code: Listed(verdict, each.sentence, because_of(row, key, code, excuses))
            for key, verdict in LISTS.items()
            for code, each in listed(row.get(key, {}), verdict)
        },
        see=row.get("see"),
        scope=row["scope"],
        confirmed=row["confirmed"],
        source=row.get("source", source),
        replaces=tuple(row.get("replaces", ())),
        not_tested=row.get("not_tested"),
        editions=span(row),
        right={code: found for code, table in row.get("right", {}).items() if (found := span(table))},
        service=service,
        why=reasons[row["family"]],
    )


def listed(observations: Mapping[str, Any], verdict: Verdict) -> Iterator[tuple[str, Listed]]:
    """Yield the observations in one list of a raw row, each with its code."""
    for code, said in observations.items():
        if code == STATUS:
            yield from ((code_of(status), Listed(verdict, status)) for status in said)
        else:
            yield code, Listed(verdict, said)


def because_of(row: Mapping[str, Any], key: str, code: str, excuses: Mapping[str, Because]) -> Because | None:
    """Return why an observation in a list of a raw row is no fail; None where the row does not say it."""
    said = row.get("because", {})
    reason = said.get(code, said.get(key) if key in EXCUSED else None)
    if reason is None:
        return None
    kind, colon, sentence = str(reason).partition(": ")
    because = Because(kind, sentence) if colon else excuses[kind]
    right = span(row.get("right", {}).get(code, {}))
    return replace(because, sentence=f"{because.sentence} It is right {right}.") if right else because


def span(table: Mapping[str, Any]) -> Span | None:
    """Return what a raw row, or a table of it, says of editions; None where it says nothing."""
    since, until = (tuple(table[key]) if key in table else None for key in EDITIONS)
    return Span(since, until) if since or until else None


def named_reasons(directory: Traversable) -> dict[str, Because]:
    """Return the reasons of `because.toml` in a directory of rows, which several rows share, by their names."""
    content = tomli.loads((directory / "because.toml").read_text("utf-8"))
    return {name: Because(each["kind"], each["says"], each.get("owner")) for name, each in content.items()}


def raw_rows(directory: Traversable) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield service, the file's default source, and row, its defaults filled in."""
    for service in SERVICES:
        yield from rows_of(service, tomli.loads((directory / f"{service.lower()}.toml").read_text("utf-8")))


def rows_of(service: str, content: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield service, default source, and row, its defaults filled in, of what the file of a service holds."""
    for row in content["requirement"]:
        yield service, content.get("source", ""), {**_DEFAULTS, **content.get("defaults", {}), **row}


def families(directory: Traversable) -> Iterator[dict[str, Any]]:
    """Yield the families of `why.toml` in a directory of rows."""
    yield from tomli.loads((directory / "why.toml").read_text("utf-8"))["family"]


@cache
def renamed() -> Mapping[str, Mapping[str, str]]:
    """Return the codes that observations had before, by row: what users wrote down goes on counting for one release."""
    return tomli.loads((packaged() / "renamed.toml").read_text("utf-8"))


@cache
def renamed_checks() -> Mapping[str, str]:
    """Return the ids that checks had before, likewise; "" where the suite has dropped one."""
    return tomli.loads((packaged() / "renamed_checks.toml").read_text("utf-8"))


STATUS = "status"
"""The key under which a row lists observations that are statuses and nothing else."""
LISTS = {"pass": Verdict.PASS, "note": Verdict.NOTE, "deviation": Verdict.DEVIATION, "fail": Verdict.FAIL}
EXCUSED = ("deviation", "note")
"""The lists whose observations can be what the text rules out."""
_DEFAULTS = {"scope": "check", "capability": "", "confirmed": True}
EDITIONS = ("since", "until")
REQUIRED = ("id", "clause", "level", "family", "text", "tier", "observe")
KEYS = frozenset(
    {
        *REQUIRED,
        *LISTS,
        *EDITIONS,
        "right",
        "because",
        "capability",
        "scope",
        "confirmed",
        "see",
        "source",
        "replaces",
        "not_tested",
    }
)


# -- codes of observations

LONGEST = 60
_SIGNS = (
    ("[{}]", " list of an empty object "),
    ("[null]", " list of null "),
    ('[""]', " list of an empty string "),
    ("[]", " empty list "),
    ("{}", " empty object "),
    ("*", " star "),
)


def code_of(observation: str) -> str:
    """Return the code of an observation in own words, or of a status: 60 characters of words and hyphens."""
    for sign, words in _SIGNS:
        observation = observation.replace(sign, words)
    plain = unicodedata.normalize("NFKD", observation).encode("ascii", "ignore").decode().lower()
    slug = "-".join(re.findall(r"[a-z0-9]+", plain))
    return slug if len(slug) <= LONGEST else slug[: LONGEST + 1].rpartition("-")[0] or slug[:LONGEST]
