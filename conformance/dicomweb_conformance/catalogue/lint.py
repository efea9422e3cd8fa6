"""Whether the files of the catalogue are sound: each fault in one sentence."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, get_args

from dicomweb_conformance.catalogue.requirements import (
    EDITIONS,
    EXCUSED,
    KEYS,
    KINDS,
    LISTS,
    LONGEST,
    REQUIRED,
    SERVICES,
    STATUS,
    Because,
    Scope,
    Tier,
    families,
    listed,
    named_reasons,
    packaged,
    raw_rows,
)
from dicomweb_conformance.catalogue.statuses import is_status
from dicomweb_conformance.catalogue.verdicts import Level

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable


_ID = re.compile(r"([A-Z]+)-\d{3}[a-z]?")
_REFERENCE = re.compile(
    rf"\b(?P<prefix>{'|'.join(SERVICES)})-(?P<full>\d{{3}}[a-z]?)\b|(?<=[ ,])-(?P<short>\d{{3}}[a-z]?)\b"
)
_OBSERVATION_CODE = re.compile(rf"(?!{STATUS}\Z)[a-z0-9](?:[a-z0-9-]{{0,{LONGEST - 2}}}[a-z0-9])?")
_VALUES = {"level": get_args(Level), "tier": get_args(Tier), "scope": get_args(Scope)}


def lint(directory: Traversable | None = None) -> list[str]:
    """Return what is wrong with the files of a catalogue (this package's by default), one sentence each."""
    directory = directory or packaged()
    raw = list(raw_rows(directory))
    rows = {str(row.get("id")): row for _, _, row in raw}
    excuses = named_reasons(directory)
    return [
        *lint_rows(raw, excuses=excuses),
        *(f"{identifier}: {each}" for identifier, row in rows.items() for each in _unexcused(row)),
        *_of_reasons(raw, excuses, rows),
        *_in_families(directory, rows),
    ]


def lint_rows(
    raw: Sequence[tuple[str, str, Mapping[str, Any]]],
    others: Mapping[str, Mapping[str, Any]] | None = None,
    *,
    excuses: Mapping[str, Because],
) -> list[str]:
    """Return what is wrong with rows, one sentence each.

    `others` are rows that they may refer to, `excuses` the reasons by name why an observation is no fail.
    """
    rows = {**(others or {}), **{str(row.get("id")): row for _, _, row in raw}}
    problems = [
        f"{each}: the id stands {count} times"
        for each, count in Counter(row.get("id") for _, _, row in raw).items()
        if count > 1
    ]
    for service, source, row in raw:
        malformed = [*_form(service, source, row)]
        problems += [
            f"{row.get('id', service)}: {each}"
            for each in malformed or (*_content(row), *_because(row, excuses), *_references(row, rows))
        ]
    return problems


def _form(service: str, source: str, row: Mapping[str, Any]) -> Iterator[str]:
    yield from (f"{key} is missing" for key in REQUIRED if key not in row)
    for key, value in row.items():
        if key not in KEYS:
            yield f"{key} is no key of a row"
        elif key in LISTS:
            yield from _form_of_list(key, value)
        elif key in _FORMS:
            is_so, said = _FORMS[key]
            if not is_so(value):
                yield f"{key} is {said}"
        elif not isinstance(value, bool if key == "confirmed" else str):
            yield f"{key} is of another type"
        elif key in _VALUES and value not in _VALUES[key]:
            yield f"{key} is {value!r}, not one of {', '.join(_VALUES[key])}"
    matched = _ID.fullmatch(str(row.get("id")))
    if not matched or matched[1] != service:
        yield f"the id is not {service}-nnn"
    if not row.get("source", source):
        yield "neither the row nor its file names a source"


def _are_strings(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(each, str) and each for each in value)


def _are_reasons(value: object) -> bool:
    return isinstance(value, dict) and all(isinstance(each, str) and each for each in value.values())


def _are_editions(value: object) -> bool:
    """Tell whether these are two editions, the earlier first."""
    return _are_strings(value) and isinstance(value, list) and len(value) == 2 and value == sorted(set(value))


def _are_spans(value: object) -> bool:
    return isinstance(value, dict) and all(
        isinstance(each, dict) and each and set(each) <= set(EDITIONS) and all(map(_are_editions, each.values()))
        for each in value.values()
    )


_FORMS: Mapping[str, tuple[Callable[[object], bool], str]] = {
    **dict.fromkeys(
        EDITIONS, (_are_editions, 'not two editions, the last without and the first with: ["2020b", "2023e"]')
    ),
    "right": (_are_spans, 'no table of answers: right.CODE.since = ["2020b", "2023e"], or .until'),
    "because": (_are_reasons, 'no table of reasons: because.CODE = "name", or "kind: sentence"'),
    "replaces": (_are_strings, "no list of strings, or empty"),
}


def _form_of_list(key: str, value: object) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f'{key} is no table of codes: {key}.CODE = "sentence", {key}.{STATUS} = [...]'
        return
    for code, said in value.items():
        if code == STATUS:
            if not _are_strings(said):
                yield f"{key}.{STATUS} is no list of strings, or empty"
                continue
            yield from (
                f"{each!r} in {key}.{STATUS} is no status: give it a code" for each in said if not is_status(each)
            )
        elif not isinstance(said, str) or not said:
            yield f"{key}.{code} has no sentence"
        elif not _OBSERVATION_CODE.fullmatch(code):
            yield f"{key}.{code} is no code: lower-case words and digits with hyphens, {LONGEST} characters at most"
        elif is_status(said):
            yield f"{said!r} is a status: it belongs into {key}.{STATUS}"


def _content(row: Mapping[str, Any]) -> Iterator[str]:
    lists = {key: [*listed(row.get(key, {}), verdict)] for key, verdict in LISTS.items()}
    counted = Counter(code for each in lists.values() for code, _ in each)
    yield from (f"{each!r} is listed {count} times" for each, count in counted.items() if count > 1)
    yield from (
        f"right.{each} is about no observation of this row" for each in row.get("right", {}) if each not in counted
    )
    if "see" in row:
        if counted:
            yield f"it leaves its observations to {row['see']} and lists some itself"
    elif "not_tested" not in row:
        if not lists["pass"]:
            yield "no observation passes"
        if len(lists["pass"]) == len(counted) and row["level"] != "may":
            yield "no observation is worse than a pass, though it is no freedom (level may)"


def _because(row: Mapping[str, Any], excuses: Mapping[str, Because]) -> Iterator[str]:
    """Yield what is wrong with the reasons of a row."""
    lists = {key: [code for code, _ in listed(row.get(key, {}), LISTS[key])] for key in EXCUSED}
    for about, reason in row.get("because", {}).items():
        kind, colon, sentence = reason.partition(": ")
        if about not in {*(key for key in EXCUSED if lists[key]), *lists["deviation"], *lists["note"]}:
            yield f"because.{about} is about no deviation or note of this row"
        if not colon and kind not in excuses:
            yield f"because.{about}: because.toml has no reason {reason!r}"
        elif colon and (kind not in KINDS or not sentence.endswith(".")):
            yield f"because.{about} is no sentence of one of the kinds {', '.join(KINDS)}"


def _unexcused(row: Mapping[str, Any]) -> Iterator[str]:
    """Yield which deviation under a shall says nowhere why it is no fail."""
    deviations, said = row.get("deviation"), row.get("because", {})
    if row.get("level") != "shall" or not isinstance(deviations, dict) or not isinstance(said, dict):
        return
    for code, _ in listed(deviations, LISTS["deviation"]):
        if not {code, "deviation"} & set(said):
            yield f"deviation {code!r} under a shall says nowhere why it is no fail: because.{code}"


def _of_reasons(
    raw: Iterable[tuple[str, str, Mapping[str, Any]]],
    excuses: Mapping[str, Because],
    rows: Mapping[str, Mapping[str, Any]],
) -> Iterator[str]:
    used = {reason for _, _, row in raw for reason in row.get("because", {}).values()}
    for name, each in excuses.items():
        if name not in used:
            yield f"because.toml: no row says {name}"
        if each.kind not in KINDS or not each.sentence.endswith("."):
            yield f"because.toml: {name} is no sentence of one of the kinds {', '.join(KINDS)}"
        if each.owner is not None and rows.get(each.owner, {}).get("scope") != "message":
            yield f"because.toml: {name} is told by {each.owner}, which is no row of scope message"


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
        *(each.sentence for key, verdict in LISTS.items() for _, each in listed(row.get(key, {}), verdict)),
    ]
    for text in texts:
        prefix = row["id"].partition("-")[0]
        for match in _REFERENCE.finditer(text):
            prefix = match["prefix"] or prefix
            referred = f"{prefix}-{match['full'] or match['short']}"
            if referred not in rows:
                yield f"it mentions {referred}, which is no row"


def _in_families(directory: Traversable, rows: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    counted = Counter(family["name"] for family in families(directory))
    yield from (f"why.toml: {each} stands {count} times" for each, count in counted.items() if count > 1)
    named = {str(row.get("family")) for row in rows.values()}
    for identifier, row in rows.items():
        if (family := row.get("family")) is not None and family not in counted:
            yield f"{identifier}: why.toml has no family {family}"
    yield from (f"why.toml: no row is of {each}" for each in counted if each not in named)
