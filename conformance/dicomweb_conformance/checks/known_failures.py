"""Known failures.

Differences that somebody has explained. They are run anyway; one that is gone must leave the file.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dicomweb_conformance.catalogue import requirements
from dicomweb_conformance.catalogue.verdicts import Verdict
from dicomweb_conformance.checks.judgement import Finding
from dicomweb_reports.model import Run

SOMETIMES = "sometimes"
TABLE = "known-failures"
"""What the tables are called, in a file of their own as in target.toml."""
_EARLIER = "known"
"""What a file of their own called them up to 0.1.0."""


class KnownError(ValueError):
    """A file of known failures that cannot be used; says which row and why."""


@dataclass(frozen=True)
class KnownFailure:
    """One known failure: the check, the requirement and the code of the finding, and why it is accepted.

    `formerly` is the code that the file gives, where the catalogue has renamed it since. `sometimes`: it depends on
    chance, such as which of two clients came first, so that its absence in one run says nothing.
    """

    check: str
    requirement: str
    code: str
    reason: str
    link: str = ""
    sometimes: bool = False
    formerly: str = ""


def load(path: Path) -> tuple[KnownFailure, ...]:
    """Read known failures.

    Raises:
        KnownError: the file cannot be read, a row lacks a key or its reason, or a row stands there twice.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise KnownError(f"known failures: {path} cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise KnownError(f"known failures: {path} is no TOML: {error}") from None
    if others := set(table) - {TABLE, _EARLIER}:
        raise KnownError(f"known failures: {path} has {', '.join(sorted(others))}; expected [[{TABLE}]] tables only")
    if len(table) > 1:
        raise KnownError(f"known failures: {path} has [[{_EARLIER}]] tables, too; expected [[{TABLE}]] tables only")
    return rows(next(iter(table.values()), []), str(path))


def rows(tables: Any, where: str) -> tuple[KnownFailure, ...]:
    """Read the rows of known failures from parsed TOML.

    Raises:
        KnownError: as `load`.
    """
    if not isinstance(tables, Sequence) or isinstance(tables, str):
        raise KnownError(f"known failures: {where}: expected [[{TABLE}]] tables")
    found: dict[tuple[str, str, str], KnownFailure] = {}
    for number, table in enumerate(tables, 1):
        row = _row(table, f"{where}, row {number}")
        key = (row.check, row.requirement, row.code)
        if key in found and row.formerly == found[key].formerly:
            raise KnownError(
                f"known failures: {where}, row {number}: {row.check}, {row.requirement}, {row.code} stands there twice"
            )
        found[key] = row
    return tuple(found.values())


def _row(table: Any, where: str) -> KnownFailure:
    keys = ("check", "requirement", "code", "reason", "link")
    if not isinstance(table, Mapping) or not all(
        isinstance(value, bool if key == SOMETIMES else str) for key, value in table.items()
    ):
        raise KnownError(
            f"known failures: {where}: expected {', '.join(keys)}, each a string, and {SOMETIMES}, a boolean"
        )
    unknown = sorted(set(table) - {*keys, SOMETIMES})
    missing = [key for key in keys[:4] if not str(table.get(key, "")).strip()]
    if unknown or missing:
        problem = f"unknown {', '.join(unknown)}" if unknown else f"no {', '.join(missing)}"
        raise KnownError(
            f"known failures: {where} ({table.get('check', '?')}): {problem}; "
            f"each row has {', '.join(keys[:4])}, and may have link and {SOMETIMES}"
        )
    code = requirements.renamed().get(table["requirement"], {}).get(table["code"])
    return KnownFailure(**table) if code is None else KnownFailure(**{**table, "code": code}, formerly=table["code"])


def notice(known: Sequence[KnownFailure]) -> str:
    """Return what to say of codes that have been renamed; "" where none has."""
    old = [each for each in known if each.formerly]
    if not old:
        return ""
    first = old[0]
    count = "1 known failure is" if len(old) == 1 else f"{len(old)} known failures are"
    return (
        f"{count} named by an earlier code, such as {first.requirement} {first.formerly}, which is now {first.code}. "
        "That counts for this release; --dicomweb-write-known=FILE writes the codes of today"
    )


def write(path: Path, failures: Iterable[KnownFailure]) -> None:
    """Write rows in the form that `load` reads, in the order of their checks."""
    lines = ["# Known failures of one target: run anyway. Replace each reason by what explains it, and add a link.", ""]
    for row in sorted(failures, key=lambda failure: (failure.check, failure.requirement, failure.code)):
        lines.append(f"[[{TABLE}]]")
        fields = {
            "check": row.check,
            "requirement": row.requirement,
            "code": row.code,
            "reason": row.reason,
            "link": row.link,
        }
        lines.extend(f"{name} = {_quoted(value)}" for name, value in fields.items() if value)
        if row.sometimes:
            lines.append(f"{SOMETIMES} = true")
        lines.append("")
    path.write_text("\n".join(lines), encoding="utf-8")


def judge(
    check: str, verdict: Verdict, findings: Sequence[Finding], known: Sequence[KnownFailure]
) -> tuple[Verdict, list[KnownFailure], list[KnownFailure]]:
    """Hold a concluded check against the known failures.

    Args:
        check: its id.
        verdict: pass, note, deviation or fail.
        findings: what it found.
        known: all rows.

    Returns:
        the verdict (known: each fail is explained; fixed: rows are there, but nothing fails any more), the rows that
        explain, and the rows of this check that nothing shows any more.
    """
    rows_here = [each for each in known if each.check == check]
    if not rows_here:
        return verdict, [], []
    seen = {(finding.requirement, finding.code) for finding in findings}
    explaining = [each for each in rows_here if (each.requirement, each.code) in seen]
    stale = [each for each in rows_here if each not in explaining and not each.sometimes]
    explained = {(each.requirement, each.code) for each in explaining}
    if verdict is Verdict.FAIL:
        unexplained = [
            finding
            for finding in findings
            if finding.verdict is Verdict.FAIL and (finding.requirement, finding.code) not in explained
        ]
        return (Verdict.FAIL if unexplained else Verdict.KNOWN), explaining, stale
    return (Verdict.FIXED if stale else verdict), explaining, stale


def reason(verdict: Verdict, explaining: Sequence[KnownFailure], stale: Sequence[KnownFailure]) -> str:
    """Say why a check is known to fail, or which of its rows nothing shows any more; "" for any other verdict."""
    if verdict is Verdict.KNOWN:
        return "; ".join(f"{each.reason} {each.link}".strip() for each in explaining)
    if verdict is not Verdict.FIXED:
        return ""
    rows_gone = "; ".join(f"{each.requirement} {each.code} ({each.reason})" for each in stale)
    return f"a known failure is gone: take its row out of the file of known failures: {rows_gone}"


def stale(known: Sequence[KnownFailure], run: Run, there: Collection[str]) -> list[tuple[KnownFailure, str]]:
    """Return the rows that a run shows to be out of date, and why; what the run did not conclude is not looked at.

    Args:
        known: the rows.
        run: the run.
        there: the ids of all requirements that there are.
    """
    found = []
    results = {each.check: each for each in run.results}
    for row in known:
        if row.requirement not in there:
            found.append((row, f"there is no requirement {row.requirement}"))
        if row.sometimes:
            continue
        result = results.get(row.check)
        if result is None or result.verdict in {Verdict.INCONCLUSIVE, Verdict.NOT_APPLICABLE, Verdict.ERROR}:
            continue
        if (row.requirement, row.code) not in {(finding.requirement, finding.code) for finding in result.findings}:
            found.append((row, "the check found nothing of the kind"))
    return found


def of_run(run: Run, known: Sequence[KnownFailure], reason: str) -> list[KnownFailure]:
    """Return a row for each fail of a run: the one that is known already, or a new one with that reason."""
    earlier = {(each.check, each.requirement, each.code): each for each in known}
    failures = {
        (result.check, finding.requirement, finding.code): KnownFailure(
            result.check, finding.requirement, finding.code, reason
        )
        for result in run.results
        for finding in result.findings
        if finding.verdict == Verdict.FAIL
    }
    return [earlier.get(key, row) for key, row in failures.items()]


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return (
        '"' + "".join(f"\\u{ord(each):04x}" if ord(each) < 32 or ord(each) == 127 else each for each in escaped) + '"'
    )
