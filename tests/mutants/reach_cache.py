"""Which checks reach which steps, kept between processes and runs: finding it out takes a whole run of the suite.

What is kept counts as long as the sources of suite, fixtures and server are the same. Where only modules of checks were
edited, those are traced anew and nothing else.
"""

from __future__ import annotations

import hashlib
import importlib
import json
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from filelock import FileLock

import dicomweb_conformance
from dicomweb_reference.server import Reference
from tests.mutants.harness import is_message
from tests.mutants.reach import Reach, Told, traced

_PACKAGES = ("dicomweb_conformance", "dicomweb_fixtures", "dicomweb_reference")
_INSTRUMENTS = ("reach.py", "reach_cache.py", "harness.py", "google/access.py")


def kept_or_traced(flavour: type[Reference], directory: Path, work: Path) -> Reach:
    """Return what each check reaches of a flavour of the reference server.

    Args:
        flavour: the reference server, or its google flavour.
        directory: where it is kept; several processes may share it.
        work: an empty directory for the run that finds it out.
    """
    path = directory / f"{flavour.__name__}.json"
    with FileLock(path.with_suffix(".lock")):
        before = _read(path)
        common, checks = _digests()
        if before is None or before["common"] != common:
            found, stale = traced(work, flavour), set(checks)
        else:
            found = _reach(before)
            stale = {name for name, digest in checks.items() if before["checks"].get(name) != digest}
            _forget(found, stale | (set(before["checks"]) - set(checks)))
            if stale:
                _merge(found, traced(work, flavour, sorted(stale)))
        if stale:
            path.write_text(json.dumps({"common": common, "checks": checks, **_json(found)}), encoding="utf-8")
    return found


def _read(path: Path) -> dict[str, Any] | None:
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return content


def _digests() -> tuple[str, dict[str, str]]:
    """Return a digest of all that every check depends on, and one for each module of checks."""
    scenarios = Path(dicomweb_conformance.__file__).parent / "scenarios"
    modules = sorted(scenarios.rglob("test_*.py"))
    roots = [Path(str(importlib.import_module(name).__file__)).parent for name in _PACKAGES]
    sources = sorted(path for root in roots for path in root.rglob("*") if path.suffix in {".py", ".toml", ".json"})
    instruments = [Path(__file__).parent / name for name in _INSTRUMENTS]
    common = hashlib.sha256()
    for path in (*(source for source in sources if source not in set(modules)), *instruments):
        common.update(path.name.encode() + b"\0" + path.read_bytes())
    return common.hexdigest(), {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in modules}


def _json(reach: Reach) -> dict[str, Any]:
    return {
        "by_check": {check: sorted(steps) for check, steps in reach.by_check.items()},
        "everywhere": sorted(reach.everywhere),
        "scenarios": reach.scenarios,
        "files": reach.files,
        "entries": {check: sorted(entries) for check, entries in reach.entries.items()},
        "exchanges": reach.exchanges,
        "bringing": {way: sorted(steps) for way, steps in reach.bringing.items()},
        "told": reach.told,
    }


def _reach(content: Mapping[str, Any]) -> Reach:
    return Reach(
        defaultdict(set, {check: set(steps) for check, steps in content["by_check"].items()}),
        set(content["everywhere"]),
        dict(content["scenarios"]),
        dict(content["files"]),
        defaultdict(set, {check: set(entries) for check, entries in content["entries"].items()}),
        dict(content["exchanges"]),
        defaultdict(set, {way: set(steps) for way, steps in content["bringing"].items()}),
        {check: Told(*told[:3], tuple(told[3])) for check, told in content["told"].items()},
    )


def _forget(reach: Reach, files: set[str]) -> None:
    for check in [check for check, file in reach.files.items() if file in files]:
        for table in (reach.by_check, reach.scenarios, reach.files, reach.entries, reach.exchanges, reach.told):
            table.pop(check, None)


def _merge(reach: Reach, more: Reach) -> None:
    reach.by_check.update(more.by_check)
    reach.everywhere |= more.everywhere
    reach.scenarios.update(more.scenarios)
    reach.files.update(more.files)
    reach.entries.update(more.entries)
    reach.exchanges.update(more.exchanges)
    for way, steps in more.bringing.items():
        reach.bringing[way] |= steps
    # What some checks show of messages adds to what all have shown, and takes nothing of it away.
    reach.told.update(
        {check: told for check, told in more.told.items() if not is_message(check) or told.verdict != "pass"}
    )
