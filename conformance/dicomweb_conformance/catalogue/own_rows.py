"""Rows that a profile brings: files beside it, in the form of the catalogue's own, with their families in them."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from importlib.resources.abc import Traversable
from typing import Any

from dicomweb_conformance.catalogue.lint import lint_rows
from dicomweb_conformance.catalogue.requirements import (
    SERVICES,
    Requirement,
    families,
    named_reasons,
    packaged,
    raw_rows,
    requirement,
    rows_of,
)
from dicomweb_conformance.catalogue.rules import ProfileError

_SERVICE = re.compile(r"[A-Z]{2,20}")


def read(name: str, file: Traversable) -> tuple[str, list[Requirement]]:
    """Return the service that a file of rows is about, which is the name of the file, and its rows.

    Args:
        name: of the file, for a person.
        file: has `[[requirement]]` tables, `[defaults]` and `source` as the files of the catalogue have them, and
            `[[family]]` tables with `name` and `why` for families that the catalogue has not.

    Raises:
        ProfileError: it cannot be read, or is not sound; says each fault in a sentence.
    """
    service = file.name.removesuffix(".toml").upper()
    if not file.name.endswith(".toml") or not _SERVICE.fullmatch(service):
        raise ProfileError(f"rows: {name} has to be called by the prefix of its rows, such as acme.toml for ACME-001")
    if service in SERVICES:
        raise ProfileError(f"rows: {name}: the rows of {service} are the suite's; give yours another prefix")
    content = _content(name, file)
    reasons = {str(family["name"]): str(family["why"]) for family in families(packaged())}
    reasons |= _families(content.get("family", []), name)
    rows = content.get("requirement")
    if not isinstance(rows, list) or not rows or not all(isinstance(each, dict) for each in rows):
        raise ProfileError(f"rows: {name} has no [[requirement]] tables")
    if not all(isinstance(each.get("id"), str) for each in rows):
        raise ProfileError(f"rows: {name}: each [[requirement]] has an id, such as {service}-001")
    raw = list(rows_of(service, content))
    excuses = named_reasons(packaged())
    problems = lint_rows(raw, {str(row["id"]): row for _, _, row in raw_rows(packaged())}, excuses=excuses)
    for _, _, row in raw:
        identifier = row.get("id", service)
        if row.get("family") not in reasons:
            problems.append(f"{identifier}: there is no family {row.get('family')}: [[family]] with name and why")
        if row.get("scope") == "message":
            problems.append(f"{identifier}: scope is 'message', but only the suite judges all messages")
    if problems:
        raise ProfileError(f"rows: {name}: {'; '.join(problems)}")
    return service, [requirement(row, service, source, reasons, excuses) for _, source, row in raw]


def _content(name: str, file: Traversable) -> Mapping[str, Any]:
    try:
        content = tomllib.loads(file.read_text("utf-8"))
    except OSError as error:
        raise ProfileError(f"rows: {name} cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise ProfileError(f"rows: {name} is no TOML: {error}") from None
    if unknown := sorted(set(content) - {"requirement", "defaults", "source", "family"}):
        raise ProfileError(f"rows: {name} has {unknown[0]}; expected requirement, defaults, source, family")
    if not isinstance(content.get("defaults", {}), dict) or not isinstance(content.get("source", ""), str):
        raise ProfileError(f"rows: {name}: defaults is a table, source a text")
    return content


def _families(tables: Any, name: str) -> dict[str, str]:
    if not isinstance(tables, list):
        raise ProfileError(f"rows: {name}: family is no list of tables [[family]]")
    found = {}
    for table in tables:
        if (
            not isinstance(table, dict)
            or set(table) != {"name", "why"}
            or not all(map(str.strip, map(str, table.values())))
        ):
            raise ProfileError(f"rows: {name}: each [[family]] has name and why")
        found[str(table["name"])] = str(table["why"])
    return found
