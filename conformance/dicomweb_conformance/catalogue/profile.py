"""Profiles: which requirements of the catalogue count for a target, and which of them are core."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from dicomweb_conformance.catalogue.requirements import SERVICES, Tier, load

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from importlib.resources.abc import Traversable

    from dicomweb_conformance.catalogue.requirements import Requirement

OPT_IN_TIERS = ("large", "unsafe", "delete")


class ProfileError(ValueError):
    """A profile that is not there or cannot be used; the message is for the person who named it."""


@dataclass(frozen=True)
class Profile:
    """What counts: the services whose rows are judged, which tiers are core or extended, which opt-in tiers are on.

    `judges` tells of a row whether anything judges it; a row that nothing judges takes no other's place.
    """

    name: str
    title: str
    services: tuple[str, ...]
    core_tiers: tuple[Tier, ...]
    extended_tiers: tuple[Tier, ...]
    include: tuple[Tier, ...]
    judges: Callable[[str], bool] = lambda _: True

    @property
    def flavour(self) -> str:
        """The flavour of the embedded reference server that this profile judges."""
        return "google" if "GOOGLE" in self.services else "dicom"

    def counts(self, requirement: Requirement, include: Collection[str] = ()) -> bool:
        """Tell whether a requirement is judged; `include` names the opt-in tiers that the user asks for."""
        tiers = {*self.core_tiers, *self.extended_tiers, *self.include, *include}
        return self.has(requirement) and requirement.tier in tiers

    def has(self, requirement: Requirement) -> bool:
        """Tell whether a requirement is of this profile: of its services, and not replaced by another row of them."""
        return requirement.service in self.services and requirement.id not in self.replaced

    @cached_property
    def replaced(self) -> frozenset[str]:
        """The rows in whose place another row of the profile is judged."""
        replacing = (row for row in load().values() if row.service in self.services and row.replaces)
        return frozenset(each for row in replacing if self.judges(row.id) for each in row.replaces)

    def is_core(self, requirement: Requirement) -> bool:
        """Tell whether the exit code hangs on a conclusion about this requirement."""
        return self.has(requirement) and requirement.tier in self.core_tiers


def load_profile(name_or_path: str) -> Profile:
    """Return a profile of this package by its name, or one from a TOML file.

    Args:
        name_or_path: `dicom`, or a path; what ends in .toml or holds a separator is a path.

    Raises:
        ProfileError: it is not there, no TOML, or says something that no profile can say.

    """
    if name_or_path.endswith(".toml") or Path(name_or_path).name != name_or_path:
        return _read(Path(name_or_path), name_or_path)
    known = {each.name.removesuffix(".toml"): each for each in _packaged().iterdir() if each.name.endswith(".toml")}
    if name_or_path not in known:
        raise ProfileError(
            f"there is no profile {name_or_path!r}: name a .toml file, or one of {', '.join(sorted(known))}"
        )
    return _read(known[name_or_path], name_or_path)


def _packaged() -> Traversable:
    return files(__package__) / "profiles"


def _read(file: Traversable, label: str) -> Profile:
    try:
        content = tomllib.loads(file.read_text("utf-8"))
    except OSError as error:
        raise ProfileError(f"the profile {label} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise ProfileError(f"the profile {label} is no TOML: {error}") from error
    try:
        return _profile(content)
    except ProfileError as error:
        raise ProfileError(f"the profile {label}: {error}") from None


def _profile(content: Mapping[str, Any]) -> Profile:
    _knows(content, {"name", "title", "services", "tiers"}, "")
    tiers = content.get("tiers")
    if not isinstance(tiers, dict):
        raise ProfileError("a table [tiers] is missing, with core, extended and include")
    _knows(tiers, {"core", "extended", "include"}, "tiers.")
    profile = Profile(
        name=_text(content, "name"),
        title=_text(content, "title"),
        services=_words(content, "services", SERVICES),
        core_tiers=_words(tiers, "core", get_args(Tier)),
        extended_tiers=_words(tiers, "extended", get_args(Tier)),
        include=_words(tiers, "include", OPT_IN_TIERS),
    )
    twice = set(profile.core_tiers) & set(profile.extended_tiers)
    if twice:
        raise ProfileError(f"a tier is core or extended, not both: {', '.join(sorted(twice))}")
    return profile


def _knows(table: Mapping[str, object], keys: set[str], prefix: str) -> None:
    if unknown := sorted(table.keys() - keys):
        raise ProfileError(f"{prefix}{unknown[0]} is no key of a profile; known here: {', '.join(sorted(keys))}")


def _text(table: Mapping[str, object], key: str) -> str:
    value = table.get(key)
    if not isinstance(value, str) or not value.strip():
        raise ProfileError(f"{key} is missing, or no text")
    return value


def _words(table: Mapping[str, object], key: str, known: tuple[Any, ...]) -> tuple[Any, ...]:
    value = table.get(key)
    if not isinstance(value, list):
        raise ProfileError(f"{key} is missing, or no list")
    for each in value:
        if each not in known:
            raise ProfileError(f"{key} names {each!r}, which is none of {', '.join(known)}")
    return tuple(value)
