"""Profiles: which requirements of the catalogue count for a target, and which of them are core.

A profile of a vendor starts from another (`extends`), and says with a reason what it leaves out and judges otherwise
(`rules`); rows of its own stand in files beside it (`own_rows`).
"""

from __future__ import annotations

import hashlib
import re
import tomllib
import unicodedata
from dataclasses import dataclass, field, replace
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from dicomweb_conformance.catalogue import editions, own_rows, rules
from dicomweb_conformance.catalogue.requirements import SERVICES, Catalogue, Tier, load
from dicomweb_conformance.catalogue.rules import Change, Named, Omission, ProfileError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
    from importlib.resources.abc import Traversable

    from dicomweb_conformance.catalogue.requirements import Requirement

__all__ = ["OPT_IN_TIERS", "Profile", "ProfileError", "load_profile", "shipped"]

OPT_IN_TIERS = ("large", "huge", "unsafe", "delete")
BASE = "dicom"
"""The profile that others are held against: what they leave out is told."""
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,39}")
_KEYS = {"name", "title", "extends", "services", "tiers", "rows", "select", "leave-out", "change"}


@dataclass(frozen=True)
class Profile:
    """What counts: the services whose rows are judged, which tiers are core or extended, which opt-in tiers are on.

    `judges` tells of a row whether anything judges it; a row that nothing judges takes no other's place. `rows` is the
    catalogue as the profile has it, and `own` names those that it brings. `file` is where it was read, `digest` the
    SHA-256 of all that it is made of, and `shipped` whether the suite brings it. `edition` is that of PS3.18 by which
    it judges; None for all current ones together.
    """

    name: str
    title: str
    services: tuple[str, ...]
    core_tiers: tuple[Tier, ...]
    extended_tiers: tuple[Tier, ...]
    include: tuple[Tier, ...]
    judges: Callable[[str], bool] = lambda _: True
    rows: Catalogue = field(default_factory=load, repr=False)
    own: tuple[str, ...] = ()
    selections: tuple[Named, ...] = ()
    omissions: tuple[Omission, ...] = ()
    changes: tuple[Change, ...] = ()
    extends: Profile | None = None
    file: str = ""
    digest: str = ""
    shipped: bool = False
    edition: str | None = None

    @property
    def flavour(self) -> str:
        """The flavour of the embedded reference server that this profile judges."""
        return "google" if "GOOGLE" in self.services else "dicom"

    def counts(self, requirement: Requirement, include: Collection[str] = ()) -> bool:
        """Tell whether a requirement is judged; `include` names the opt-in tiers that the user asks for."""
        tiers = {*self.core_tiers, *self.extended_tiers, *self.include, *include}
        return self.has(requirement) and requirement.tier in tiers

    def has(self, requirement: Requirement) -> bool:
        """Tell whether a requirement is of this profile.

        It is of its services and tiers, selected where only some are, not left out, and not replaced by another row.
        Tiers that have to be asked for are part of any profile.
        """
        return self._keeps(requirement) and all(selection.has_row(requirement.id) for selection in self.selections)

    def takes(self, check: str, requirements: Iterable[Requirement]) -> bool:
        """Tell whether a check is of this profile: all that it verifies is, or it is selected by its own name."""
        every = tuple(requirements)
        if any(omission.named.has_check(check) for omission in self.omissions):
            return False
        chosen = (
            selection.has_check(check) or all(selection.has_row(row.id) for row in every)
            for selection in self.selections
        )
        return all(map(self._keeps, every)) and all(chosen)

    def of_edition(self, edition: str | None) -> Profile:
        """Return the profile as an edition of PS3.18 has it; None for all current ones together, as it is."""
        if edition is None:
            return self
        return replace(
            self,
            rows=editions.judged_by(self.rows, edition),
            omissions=(*self.omissions, *editions.omissions(self.rows, edition)),
            changes=(*self.changes, *editions.changes(self.rows, edition)),
            edition=edition,
        )

    def _keeps(self, requirement: Requirement) -> bool:
        return (
            requirement.service in self.services
            and requirement.tier in self._tiers
            and requirement.id not in self.replaced
            and not self._omits(requirement)
        )

    @cached_property
    def _tiers(self) -> frozenset[str]:
        return frozenset({*self.core_tiers, *self.extended_tiers, *OPT_IN_TIERS})

    def _omits(self, requirement: Requirement) -> bool:
        return any(omission.named.has_row(requirement.id) for omission in self.omissions)

    @cached_property
    def replaced(self) -> frozenset[str]:
        """The rows in whose place another row of the profile is judged."""
        replacing = (
            row for row in self.rows.values() if row.service in self.services and row.replaces and not self._omits(row)
        )
        return frozenset(each for row in replacing if self.judges(row.id) for each in row.replaces)

    def is_core(self, requirement: Requirement) -> bool:
        """Tell whether the exit code hangs on a conclusion about this requirement."""
        return self.has(requirement) and requirement.tier in self.core_tiers

    def unknown_checks(self, known: Collection[str]) -> tuple[str, ...]:
        """Return the checks that the profile names and that are none of these."""
        named = (*self.selections, *(omission.named for omission in self.omissions))
        return tuple(check for each in named for check in each.unknown_checks(known))


def load_profile(name_or_path: str) -> Profile:
    """Return a profile of this package by its name, or one from a TOML file.

    Args:
        name_or_path: `dicom`, or a path; what ends in .toml or holds a separator is a path.

    Raises:
        ProfileError: it is not there, no TOML, or says something that no profile can say.

    """
    return _named(name_or_path, None, ())


def shipped() -> tuple[str, ...]:
    """Return the names of the profiles that the suite brings."""
    names = (path.name for path in _packaged().iterdir())
    return tuple(sorted(name.removesuffix(".toml") for name in names if name.endswith(".toml")))


def is_path(name_or_path: str) -> bool:
    """Tell whether a profile is named by a path."""
    return name_or_path.endswith(".toml") or Path(name_or_path).name != name_or_path


def _packaged() -> Traversable:
    return files(__package__) / "profiles"


def _named(name_or_path: str, beside: Path | None, before: tuple[str, ...]) -> Profile:
    """Return a profile by name or path; a path is relative to the folder of the profile that extends it."""
    if is_path(name_or_path):
        path = beside / name_or_path if beside else Path(name_or_path)
        return _read(path, str(path), before)
    known = shipped()
    if name_or_path not in known:
        raise ProfileError(f"there is no profile {name_or_path!r}: name a .toml file, or one of {', '.join(known)}")
    return _read(_packaged() / f"{name_or_path}.toml", name_or_path, before)


def _read(file: Traversable, label: str, before: tuple[str, ...]) -> Profile:
    place = str(file.resolve()) if isinstance(file, Path) else label
    if place in before:
        raise ProfileError(f"the profile {label} extends itself")
    try:
        octets = file.read_bytes()
        content = tomllib.loads(octets.decode("utf-8"))
    except OSError as error:
        raise ProfileError(f"the profile {label} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise ProfileError(f"the profile {label} is no TOML: {error}") from error
    folder = file.parent if isinstance(file, Path) and is_path(label) else None
    extended = content.get("extends")
    try:
        if extended is not None and (not isinstance(extended, str) or not extended):
            raise ProfileError("extends is no name or path of a profile")
        parent = _named(extended, folder, (*before, place)) if extended else None
        return _profile(content, octets, label, folder, parent)
    except ProfileError as error:
        said = str(error)
        raise ProfileError(said if said.startswith("the profile ") else f"the profile {label}: {said}") from None


def _profile(
    content: Mapping[str, Any], octets: bytes, label: str, folder: Path | None, parent: Profile | None
) -> Profile:
    rules.known_keys(content, _KEYS, "")
    tiers = content.get("tiers", {} if parent else None)
    if not isinstance(tiers, dict):
        raise ProfileError("a table [tiers] is missing, with core, extended and include")
    rules.known_keys(tiers, {"core", "extended", "include"}, "tiers.")
    name, title = _text(content, "name"), _text(content, "title")
    if folder:
        _has_a_name_of_its_own(name, title)
    rows, own, read = _rows(content, folder, parent)
    changes = rules.changes(content, rows)
    known = dict.fromkeys((*SERVICES, *(parent.services if parent else ()), *own))
    services = _words(content, "services", tuple(known), parent.services if parent else None)
    profile = Profile(
        name=name,
        title=title,
        services=tuple(dict.fromkeys((*services, *own))),
        core_tiers=_words(tiers, "core", get_args(Tier), parent.core_tiers if parent else None),
        extended_tiers=_words(tiers, "extended", get_args(Tier), parent.extended_tiers if parent else None),
        include=_words(tiers, "include", OPT_IN_TIERS, parent.include if parent else None),
        rows=rules.changed(rows, changes),
        own=(*(parent.own if parent else ()), *(row for row in rows if row not in (parent.rows if parent else load()))),
        selections=(*(parent.selections if parent else ()), *rules.selections(content, rows)),
        omissions=(*(parent.omissions if parent else ()), *rules.omissions(content, rows)),
        changes=(*(parent.changes if parent else ()), *changes),
        extends=parent,
        file=label if folder else f"{label}.toml, of the suite",
        digest=_digest(octets, *read, parent.digest.encode() if parent else b""),
        shipped=folder is None,
    )
    twice = set(profile.core_tiers) & set(profile.extended_tiers)
    if twice:
        raise ProfileError(f"a tier is core or extended, not both: {', '.join(sorted(twice))}")
    return profile


def _has_a_name_of_its_own(name: str, title: str) -> None:
    """See that nobody takes a profile for one that the suite brings."""
    if not _NAME.fullmatch(name):
        raise ProfileError(f"name is {name!r}: expected lower-case letters, digits, '.', '_' and '-', 40 at most")
    if name in shipped():
        raise ProfileError(f"the name {name!r} is that of a profile of the suite: give yours another")
    files = {each: (_packaged() / f"{each}.toml").read_text("utf-8") for each in shipped()}
    taken = {_folded(tomllib.loads(content)["title"]): each for each, content in files.items()}
    if other := taken.get(_folded(title)):
        raise ProfileError(f"the title is that of the profile {other}: give yours another")


def _folded(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


def _rows(
    content: Mapping[str, Any], folder: Path | None, parent: Profile | None
) -> tuple[Catalogue, tuple[str, ...], list[bytes]]:
    """Return the rows that the profile starts from with those that it brings, their services, and their files."""
    rows = parent.rows if parent else load()
    names = content.get("rows", [])
    if not isinstance(names, list) or not all(isinstance(each, str) and each for each in names):
        raise ProfileError("rows is no list of paths")
    services, read = [], []
    for name in names:
        file = (folder or Path()) / name
        service, more = own_rows.read(name, file)
        if twice := [row.id for row in more if row.id in rows]:
            raise ProfileError(f"rows: {name}: there is a row {twice[0]} already")
        rows = Catalogue((*rows.values(), *more))
        services.append(service)
        read.append(file.read_bytes())
    return rows, tuple(services), read


def _digest(*parts: bytes) -> str:
    return hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()


def _text(table: Mapping[str, object], key: str) -> str:
    value = table.get(key)
    if not isinstance(value, str) or not value.strip():
        raise ProfileError(f"{key} is missing, or no text")
    return value


def _words(
    table: Mapping[str, object], key: str, known: Sequence[str], inherited: tuple[Any, ...] | None
) -> tuple[Any, ...]:
    value = table.get(key)
    if value is None and inherited is not None:
        return inherited
    if not isinstance(value, list):
        raise ProfileError(f"{key} is missing, or no list")
    for each in value:
        if each not in known:
            raise ProfileError(f"{key} names {each!r}, which is none of {', '.join(known)}")
    return tuple(value)
