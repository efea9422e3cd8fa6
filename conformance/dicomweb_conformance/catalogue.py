"""The catalogue of requirements: its rows, what an observation means by them, and whether the files are sound.

The rows are data, a file per service in `requirements/`. A row with `see` leaves its observations to the row named
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
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Literal, get_args

from dicomweb_conformance.verdicts import Level, Verdict, of_level

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
    return read(_packaged())


def read(directory: Traversable) -> Catalogue:
    """Return the catalogue in a directory that `lint` finds nothing wrong with."""
    reasons = {row: family["why"] for family in _families(directory) for row in family["rows"]}
    return Catalogue(_requirement(row, service, source, reasons) for service, source, row in _raw_rows(directory))


def _packaged() -> Traversable:
    return files(__package__) / "requirements"


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


def _raw_rows(directory: Traversable) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield service, the file's default source, and row."""
    for service in SERVICES:
        content = _read_tables((directory / f"{service.lower()}.toml").read_text("utf-8"), "requirement", _KEYS)
        for row in content["requirement"]:
            yield service, content.get("source", ""), row


def _families(directory: Traversable) -> Iterator[dict[str, Any]]:
    yield from _read_tables((directory / "why.toml").read_text("utf-8"), "family", _FAMILY_KEYS)["family"]


_LISTS = ("pass", "note", "deviation", "fail")
_REQUIRED = ("id", "clause", "level", "text", "tier", "capability", "observe", "scope", "confirmed")
_KEYS = frozenset({*_REQUIRED, *_LISTS, "see", "source", "replaces", "not_tested"})
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


# -- observations that are statuses

_REMARKS = re.compile(r"(?:(?<=204) without body)?(?: \([^()]*\))*\Z")
_TERM = re.compile(
    r"(?P<code>\d{3})"
    r"|(?:(?P<article>any|another|other) )?(?P<family>[1-5])xx"
    r"(?: other than (?P<first>\d{3})(?: to (?P<last>\d{3}))?| than (?P<than>\d{3}))?"
)
_CODE = re.compile(r"(?<!\d)[1-5]\d\d(?!\d)")
_REGISTERED = frozenset(status.value for status in HTTPStatus)


@dataclass(frozen=True, slots=True)
class _Term:
    """One code, or the codes of a family but for some; `rest`: but for all that the row names."""

    codes: frozenset[int]
    rest: bool = False

    def specificity(self, status: int, named: frozenset[int]) -> int:
        """Return 0 where the status is not meant, else the more the fewer codes are."""
        if status not in self.codes or (self.rest and status in named):
            return 0
        return 3 if len(self.codes) == 1 else 2 if self.rest else 1


def status_observation(row: Requirement, status: int) -> str | None:
    """Return the listed observation that means this status and nothing else, remarks in parentheses apart.

    A code goes before a family of codes. "another 4xx" means those that the row names nowhere; 501 is one of "5xx";
    "204 without body" is any 204, as what follows one is judged by HTTP-005.

    Returns:
        The observation as listed; None where there is none, and for 429, 502, 503 and 504, which are never a verdict.

    """
    if status in BUSY:
        return None
    named = frozenset(int(code) for each in row.observations for code in _CODE.findall(each))
    best, found = 0, None
    for observation in row.observations:
        specificity = max((term.specificity(status, named) for term in _statuses_of(observation)), default=0)
        if specificity > best:
            best, found = specificity, observation
    return found


def is_status(observation: str) -> bool:
    """Tell whether an observation consists of nothing but statuses, so that `status_observation` may return it."""
    return bool(_statuses_of(observation))


@cache
def _statuses_of(observation: str) -> tuple[_Term, ...]:
    matches = [_TERM.fullmatch(part) for part in re.split(r", | or ", _REMARKS.sub("", observation))]
    terms = tuple(_term(match) for match in matches if match)
    return terms if len(terms) == len(matches) and all(term.codes for term in terms) else ()


def _term(match: re.Match[str]) -> _Term:
    if match["code"]:
        return _Term(frozenset({int(match["code"])}) & _REGISTERED)
    hundred = int(match["family"]) * 100
    first = int(match["first"] or match["than"] or 0)
    excluded = range(first, int(match["last"] or first) + 1)
    codes = frozenset(range(hundred, hundred + 100)) - BUSY - frozenset(excluded)
    return _Term(codes, rest=match["article"] in {"another", "other"})


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


# -- lint

_ID = re.compile(r"([A-Z]+)-\d{3}[a-z]?")
_REFERENCE = re.compile(
    rf"\b(?P<prefix>{'|'.join(SERVICES)})-(?P<full>\d{{3}}[a-z]?)\b|(?<=[ ,])-(?P<short>\d{{3}}[a-z]?)\b"
)
_VALUES = {"level": get_args(Level), "tier": get_args(Tier), "scope": get_args(Scope)}


def lint(directory: Traversable | None = None) -> list[str]:
    """Return what is wrong with the files of a catalogue (this package's by default), one sentence each."""
    directory = directory or _packaged()
    raw = list(_raw_rows(directory))
    rows = {str(row.get("id")): row for _, _, row in raw}
    problems = [
        f"{each}: the id stands {count} times"
        for each, count in Counter(row.get("id") for _, _, row in raw).items()
        if count > 1
    ]
    for service, source, row in raw:
        malformed = [*_form(service, source, row)]
        problems += [
            f"{row.get('id', service)}: {each}" for each in malformed or (*_content(row), *_references(row, rows))
        ]
    return problems + list(_in_families(directory, rows))


def _form(service: str, source: str, row: Mapping[str, Any]) -> Iterator[str]:
    yield from (f"{key} is missing" for key in _REQUIRED if key not in row)
    for key, value in row.items():
        if key not in _KEYS:
            yield f"{key} is no key of a row"
        elif key in {*_LISTS, "replaces"}:
            if not (isinstance(value, list) and value and all(isinstance(each, str) and each for each in value)):
                yield f"{key} is no list of strings, or empty"
        elif not isinstance(value, bool if key == "confirmed" else str):
            yield f"{key} is of another type"
        elif key in _VALUES and value not in _VALUES[key]:
            yield f"{key} is {value!r}, not one of {', '.join(_VALUES[key])}"
    matched = _ID.fullmatch(str(row.get("id")))
    if not matched or matched[1] != service:
        yield f"the id is not {service}-nnn"
    if not row.get("source", source):
        yield "neither the row nor its file names a source"


def _content(row: Mapping[str, Any]) -> Iterator[str]:
    listed = Counter(each for key in _LISTS for each in row.get(key, ()))
    yield from (f"{each!r} is listed {count} times" for each, count in listed.items() if count > 1)
    if "see" in row:
        if listed:
            yield f"it leaves its observations to {row['see']} and lists some itself"
    elif "not_tested" not in row:
        if not row.get("pass"):
            yield "no observation passes"
        if len(row.get("pass", ())) == len(listed) and row["level"] != "may":
            yield "no observation is worse than a pass, though it is no freedom (level may)"


def _references(row: Mapping[str, Any], rows: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    owner = row.get("see")
    if owner is not None and owner not in rows:
        yield f"see {owner} is no row"
    elif owner is not None and "see" in rows[owner]:
        yield f"{owner} leaves its observations to {rows[owner]['see']}: refer to that"
    yield from (f"it replaces {each}, which is no row" for each in row.get("replaces", ()) if each not in rows)
    texts = [
        row["text"],
        row["observe"],
        row.get("not_tested", ""),
        *(each for key in _LISTS for each in row.get(key, ())),
    ]
    for text in texts:
        prefix = row["id"].partition("-")[0]
        for match in _REFERENCE.finditer(text):
            prefix = match["prefix"] or prefix
            referred = f"{prefix}-{match['full'] or match['short']}"
            if referred not in rows:
                yield f"it mentions {referred}, which is no row"


def _in_families(directory: Traversable, rows: Mapping[str, object]) -> Iterator[str]:
    counted = Counter(row for family in _families(directory) for row in family["rows"])
    yield from (f"{each}: it is in no family of why.toml" for each in rows if each not in counted)
    for each, count in counted.items():
        if each not in rows:
            yield f"why.toml: {each} is no row"
        elif count > 1:
            yield f"{each}: it is in {count} families of why.toml"
