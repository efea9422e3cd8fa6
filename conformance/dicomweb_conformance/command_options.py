"""Settings as options of a command: under the names that a run knows them by."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

import click

from dicomweb_conformance.settings.table import OPTIONS


def settings_of(
    names: Collection[str], helps: Mapping[str, str] | None = None
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Return what offers these settings of a run as options of a command.

    Args:
        names: of the settings.
        helps: what is said of some of them in place of what a run says.
    """
    said = helps or {}

    def offering(command: Callable[..., None]) -> Callable[..., None]:
        for option in reversed([each for each in OPTIONS if each.name in names]):
            flags = [option.flag, option.ini] + (["--seed"] if option.name == "seed" else [])
            kind: dict[str, Any] = {"metavar": option.metavar}
            if option.kind == "flag":
                kind = {"is_flag": True, "default": None}
            elif option.kind == "list":
                kind = {"multiple": True, "metavar": option.metavar}
            command = click.option(*flags, help=said.get(option.name, option.help), **kind)(command)
        return command

    return offering


def given(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a command was given, as `options.resolve` takes it."""
    return {name: list(value) if isinstance(value, tuple) else value for name, value in settings.items()}
