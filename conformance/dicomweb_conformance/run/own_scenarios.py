"""Checks of a vendor's own, in the vendor's repository, which join those of the suite: `--dicomweb-scenarios=DIR`."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import pytest
from _pytest.pathlib import import_path

from dicomweb_conformance.catalogue.requirements import Requirement
from dicomweb_conformance.run import coverage

_SCENARIO = re.compile(r"[a-z][a-z0-9_]*")


class ScenarioError(ValueError):
    """Checks of a vendor that cannot be used; says which file, and what was expected."""


@dataclass(frozen=True)
class OwnCheck:
    """A check of a vendor's: its id, what it verifies, and the file that it stands in."""

    id: str
    requirements: tuple[str, ...]
    file: Path


@dataclass(frozen=True)
class OwnScenarios:
    """The checks in a directory; none by default."""

    directory: Path | None = None
    files: tuple[Path, ...] = ()
    checks: tuple[OwnCheck, ...] = ()

    @property
    def scenarios(self) -> frozenset[str]:
        """The names of the scenarios, which are markers."""
        return frozenset(self.scenario(file) for file in self.files)

    def has(self, file: Path) -> bool:
        """Tell whether a file is one of them."""
        return file in self.files

    def scenario(self, file: Path) -> str:
        """Return the scenario that a file belongs to: its folder, or in the directory itself the file's own name."""
        return file.stem.removeprefix("test_") if file.parent == self.directory else file.parent.name

    def judge(self, requirement: str) -> bool:
        """Tell whether a check of them verifies a requirement."""
        return any(requirement in check.requirements for check in self.checks)


def read(directory: Path | None, config: pytest.Config) -> OwnScenarios:
    """Return the checks in a directory; its modules are loaded as pytest will load them.

    Raises:
        ScenarioError: there are none, or a file of them cannot be used.
    """
    if directory is None:
        return OwnScenarios()
    if not directory.is_dir():
        raise ScenarioError(f"there is no directory {directory}")
    directory = directory.resolve()
    files = tuple(sorted(directory.rglob("test_*.py")))
    _see_that_none_is_overlooked(directory, files)
    if not files:
        raise ScenarioError(f"{directory} holds no test_NAME.py")
    own = OwnScenarios(directory, files)
    for file in files:
        if not _SCENARIO.fullmatch(own.scenario(file)):
            raise ScenarioError(
                f"{file}: the scenario would be called {own.scenario(file)!r}: lower-case letters, digits and '_', "
                "beginning with a letter. It is the name of the folder, or that of the file after test_"
            )
    checks = [check for file in files for check in _checks_in(file, config)]
    if not checks:
        raise ScenarioError(f"{directory} holds no function with @verifies")
    return OwnScenarios(directory, files, tuple(checks))


def hold_against(own: OwnScenarios, rows: Mapping[str, Requirement], profile: str) -> None:
    """See that every check of a vendor has an id of its own and verifies rows that there are.

    Raises:
        ScenarioError: one does not.
    """
    if not own.checks:
        return
    taken = {check: "the suite" for check, _ in coverage.checks()}
    for each in own.checks:
        if each.id in taken:
            raise ScenarioError(
                f"{each.file}: the id {each.id} is that of a check of {taken[each.id]}: give it another"
            )
        taken[each.id] = str(each.file)
    for each in own.checks:
        if unknown := [name for name in each.requirements if name not in rows]:
            raise ScenarioError(unknown_row(each.id, unknown[0], each.file, profile))


def unknown_row(check: str, requirement: str, file: Path, profile: str) -> str:
    """Say that a check verifies a row that is not there."""
    return (
        f"{file}: the check {check} verifies {requirement}, which is neither in the catalogue "
        f"(`dicomweb-conformance requirements`) nor in a file that the profile {profile} names in rows"
    )


def _see_that_none_is_overlooked(directory: Path, files: Iterable[Path]) -> None:
    """See that checks stand in files that are collected, lest they are taken for passed."""
    for file in sorted(set(directory.rglob("*.py")) - set(files)):
        if any(_verifying(file)):
            raise ScenarioError(
                f"{file} holds a check, but is not called test_NAME.py, as files of checks are: it would not be run"
            )


def _verifying(file: Path) -> Iterator[ast.FunctionDef]:
    try:
        tree = ast.parse(file.read_bytes())
    except (SyntaxError, ValueError, OSError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and any("verifies" in ast.unparse(each) for each in node.decorator_list):
            yield node


def _checks_in(file: Path, config: pytest.Config) -> Iterator[OwnCheck]:
    module = _loaded(file, config)
    for name, member in inspect.getmembers(module, inspect.isfunction):
        marked = any(mark.name == "verifies" for mark in getattr(member, "pytestmark", []))
        if name.startswith("test") and member.__module__ == module.__name__ and not marked:
            raise ScenarioError(
                f"{file}: {name} is no check, as no @verifies says which row it is about and what it is called"
            )
    for check, requirements in coverage.checks_of(module):
        yield OwnCheck(check, requirements, file)


def _loaded(file: Path, config: pytest.Config) -> ModuleType:
    try:
        return import_path(
            file,
            mode=config.getoption("importmode"),
            root=config.rootpath,
            consider_namespace_packages=config.getini("consider_namespace_packages"),
        )
    except Exception as error:  # whatever a module of somebody else's raises
        where = f", line {error.lineno}" if isinstance(error, SyntaxError) else ""
        said = error.msg if isinstance(error, SyntaxError) else " ".join(str(error).split())
        raise ScenarioError(f"{file}{where} cannot be loaded: {type(error).__name__}: {said}") from error
