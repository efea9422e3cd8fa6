"""How a profile departs from the one that it starts from: what it leaves out, selects and judges otherwise, and why."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, get_args

from dicomweb_conformance.catalogue.requirements import LISTS, Catalogue, Listed, Requirement, Tier, listed
from dicomweb_conformance.catalogue.statuses import is_status
from dicomweb_conformance.catalogue.verdicts import Level, Verdict

SURE = ("documented", "reported", "inferred")
"""How sure a reason is: its source says so, clients report it, or it follows from something else."""
_GROUNDS = frozenset({"reason", "link", "sure"})
_LINK = re.compile(r"https?://[^\s<>\"]+")


class ProfileError(ValueError):
    """A profile that is not there or cannot be used; the message is for the person who named it."""


@dataclass(frozen=True)
class Named:
    """Rows and checks by name: in full, with `*` for any letters, and a check made from data without its cases."""

    rows: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()

    def has_row(self, identifier: str) -> bool:
        """Tell whether a row is among them."""
        return any(_fits(row, identifier) for row in self.rows)

    def has_check(self, identifier: str) -> bool:
        """Tell whether a check is among them."""
        whole = identifier.partition("[")[0]
        return any(_fits(check, identifier) or _fits(check, whole) for check in self.checks)

    def unknown_checks(self, known: Collection[str]) -> tuple[str, ...]:
        """Return the names that fit none of these checks."""
        return tuple(check for check in self.checks if not any(Named(checks=(check,)).has_check(one) for one in known))


@dataclass(frozen=True)
class Grounds:
    """Why a profile departs from another: in a sentence, where that can be read, and how sure it is."""

    reason: str
    link: str = ""
    sure: str = ""


@dataclass(frozen=True)
class Omission:
    """What a profile leaves out, and why."""

    named: Named
    grounds: Grounds


@dataclass(frozen=True)
class Change:
    """Rows that a profile judges otherwise, and why.

    `verdicts` maps observations that the rows list to their verdicts here; `statuses` are listed beside them.
    """

    rows: Named
    grounds: Grounds
    level: Level | None = None
    tier: Tier | None = None
    verdicts: Mapping[str, Verdict] = field(default_factory=dict)
    statuses: Mapping[str, Listed] = field(default_factory=dict)

    def of(self, row: Requirement) -> Requirement:
        """Return a row as it is judged here.

        Raises:
            ProfileError: the row does not list an observation that is given another verdict.
        """
        if not self.rows.has_row(row.id):
            return row
        if (self.verdicts or self.statuses) and row.see:
            raise ProfileError(f"change: {row.id} leaves its observations to {row.see}: change that")
        if unknown := sorted(set(self.verdicts) - set(row.listed)):
            raise ProfileError(
                f"change: {row.id} lists no observation {unknown[0]!r}; "
                f"`dicomweb-conformance requirements {row.id}` shows its codes"
            )
        changed = {
            code: Listed(self.verdicts.get(code, each.verdict), each.sentence) for code, each in row.listed.items()
        }
        order = list(LISTS.values())
        best_first = sorted(changed.items(), key=lambda each: order.index(each[1].verdict))
        # Of two that mean one status the first counts.
        observations = {**self.statuses, **{code: each for code, each in best_first if code not in self.statuses}}
        return replace(row, level=self.level or row.level, tier=self.tier or row.tier, listed=observations)


def changed(rows: Catalogue, changes: Iterable[Change]) -> Catalogue:
    """Return rows as these changes have them.

    Raises:
        ProfileError: a change cannot be made.
    """
    for change in changes:
        rows = Catalogue(change.of(row) for row in rows.values())
    return rows


def selections(content: Mapping[str, Any], rows: Collection[str]) -> tuple[Named, ...]:
    """Return what the table `[select]` of a profile names: nothing else is judged.

    Raises:
        ProfileError: the table cannot be read; says what was expected.
    """
    table = content.get("select")
    if table is None:
        return ()
    if not isinstance(table, dict):
        raise ProfileError("select is no table [select] with rows or checks")
    known_keys(table, {"rows", "checks"}, "select.")
    return (_named(table, rows, "select"),)


def omissions(content: Mapping[str, Any], rows: Collection[str]) -> tuple[Omission, ...]:
    """Return what the tables `[[leave-out]]` of a profile name.

    Raises:
        ProfileError: a table cannot be read; says what was expected.
    """
    found = []
    for where, table in _tables(content, "leave-out"):
        known_keys(table, {"rows", "checks", *_GROUNDS}, f"{where}: ")
        found.append(Omission(_named(table, rows, where), _grounds(table, where)))
    return tuple(found)


def changes(content: Mapping[str, Any], rows: Collection[str]) -> tuple[Change, ...]:
    """Return what the tables `[[change]]` of a profile say; each needs a link.

    Raises:
        ProfileError: a table cannot be read; says what was expected.
    """
    found = []
    for where, table in _tables(content, "change"):
        known_keys(table, {"rows", "level", "tier", "verdicts", *LISTS, *_GROUNDS}, f"{where}: ")
        grounds = _grounds(table, where)
        if not grounds.link:
            raise ProfileError(f"{where}: link is missing: where can a reader see that the reason holds?")
        change = Change(
            _named(table, rows, where),
            grounds,
            level=_one_of(table, "level", get_args(Level), where),
            tier=_one_of(table, "tier", get_args(Tier), where),
            verdicts=_verdicts(table.get("verdicts", {}), where),
            statuses=_statuses(table, where),
        )
        if not (change.level or change.tier or change.verdicts or change.statuses):
            raise ProfileError(
                f"{where} changes nothing: level, tier, verdicts, or pass, note, deviation, fail .status"
            )
        found.append(change)
    return tuple(found)


def known_keys(table: Mapping[str, object], keys: Collection[str], prefix: str) -> None:
    """See that a table has no other keys.

    Raises:
        ProfileError: it has; names one, and those that are known.
    """
    if unknown := sorted(table.keys() - set(keys)):
        raise ProfileError(f"{prefix}{unknown[0]} is no key of a profile; known here: {', '.join(sorted(keys))}")


def _fits(pattern: str, identifier: str) -> bool:
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), identifier) is not None


def _tables(content: Mapping[str, Any], key: str) -> Iterable[tuple[str, Mapping[str, Any]]]:
    tables = content.get(key, [])
    if not isinstance(tables, list) or not all(isinstance(each, dict) for each in tables):
        raise ProfileError(f"{key} is no list of tables [[{key}]]")
    return [(f"{key} {number}", table) for number, table in enumerate(tables, 1)]


def _named(table: Mapping[str, Any], rows: Collection[str], where: str) -> Named:
    named = Named(_texts(table, "rows", where), _texts(table, "checks", where))
    if not named.rows and not named.checks:
        raise ProfileError(f"{where} names neither rows nor checks")
    for each in named.rows:
        if not any(_fits(each, row) for row in rows):
            raise ProfileError(f"{where}: there is no row {each}; `dicomweb-conformance requirements` lists them")
    return named


def _texts(table: Mapping[str, Any], key: str, where: str) -> tuple[str, ...]:
    value = table.get(key, [])
    if not isinstance(value, list) or not all(isinstance(each, str) and each for each in value):
        raise ProfileError(f"{where}: {key} is no list of texts")
    return tuple(value)


def _grounds(table: Mapping[str, Any], where: str) -> Grounds:
    given = {key: table.get(key, "") for key in ("reason", "link", "sure")}
    if not all(isinstance(each, str) for each in given.values()):
        raise ProfileError(f"{where}: reason, link and sure are texts")
    if not given["reason"].strip():
        raise ProfileError(f"{where}: reason is missing: whoever reads the report asks for it")
    if given["link"] and not _LINK.fullmatch(given["link"]):
        raise ProfileError(f"{where}: link is {given['link']!r}, no URL")
    if given["sure"] and given["sure"] not in SURE:
        raise ProfileError(f"{where}: sure is {given['sure']!r}, which is none of {', '.join(SURE)}")
    return Grounds(**given)


def _one_of(table: Mapping[str, Any], key: str, known: tuple[Any, ...], where: str) -> Any:
    value = table.get(key)
    if value is not None and value not in known:
        raise ProfileError(f"{where}: {key} is {value!r}, which is none of {', '.join(known)}")
    return value


def _verdicts(table: Any, where: str) -> Mapping[str, Verdict]:
    if not isinstance(table, dict):
        raise ProfileError(f'{where}: verdicts is no table of codes: verdicts.CODE = "note"')
    for code, verdict in table.items():
        if verdict not in LISTS:
            raise ProfileError(f"{where}: verdicts.{code} is {verdict!r}, which is none of {', '.join(LISTS)}")
    return {code: LISTS[verdict] for code, verdict in table.items()}


def _statuses(table: Mapping[str, Any], where: str) -> Mapping[str, Listed]:
    found: dict[str, Listed] = {}
    for key, verdict in LISTS.items():
        given = table.get(key, {})
        if not isinstance(given, dict) or set(given) - {"status"}:
            raise ProfileError(f'{where}: {key} has {key}.status = ["404"] and nothing else here')
        for text in _texts(given, "status", f"{where}, {key}"):
            if not is_status(text):
                raise ProfileError(f"{where}: {text!r} in {key}.status is no status")
        found |= dict(listed(given, verdict))
    return found
