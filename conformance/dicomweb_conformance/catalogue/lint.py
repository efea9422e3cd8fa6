"""Whether the files of the catalogue are sound: each fault in one sentence."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, get_args

from dicomweb_conformance.catalogue.requirements import (
    KEYS,
    LISTS,
    REQUIRED,
    SERVICES,
    Scope,
    Tier,
    families,
    packaged,
    raw_rows,
)
from dicomweb_conformance.catalogue.verdicts import Level

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable


_ID = re.compile(r"([A-Z]+)-\d{3}[a-z]?")
_REFERENCE = re.compile(
    rf"\b(?P<prefix>{'|'.join(SERVICES)})-(?P<full>\d{{3}}[a-z]?)\b|(?<=[ ,])-(?P<short>\d{{3}}[a-z]?)\b"
)
_VALUES = {"level": get_args(Level), "tier": get_args(Tier), "scope": get_args(Scope)}


def lint(directory: Traversable | None = None) -> list[str]:
    """Return what is wrong with the files of a catalogue (this package's by default), one sentence each."""
    directory = directory or packaged()
    raw = list(raw_rows(directory))
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
    yield from (f"{key} is missing" for key in REQUIRED if key not in row)
    for key, value in row.items():
        if key not in KEYS:
            yield f"{key} is no key of a row"
        elif key in {*LISTS, "replaces"}:
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
    listed = Counter(each for key in LISTS for each in row.get(key, ()))
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
        *(each for key in LISTS for each in row.get(key, ())),
    ]
    for text in texts:
        prefix = row["id"].partition("-")[0]
        for match in _REFERENCE.finditer(text):
            prefix = match["prefix"] or prefix
            referred = f"{prefix}-{match['full'] or match['short']}"
            if referred not in rows:
                yield f"it mentions {referred}, which is no row"


def _in_families(directory: Traversable, rows: Mapping[str, object]) -> Iterator[str]:
    counted = Counter(row for family in families(directory) for row in family["rows"])
    yield from (f"{each}: it is in no family of why.toml" for each in rows if each not in counted)
    for each, count in counted.items():
        if each not in rows:
            yield f"why.toml: {each} is no row"
        elif count > 1:
            yield f"{each}: it is in {count} families of why.toml"
