"""What a report says of the profile that a target was judged by: which file that is, and what it leaves out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, replace
from typing import Any

from dicomweb_conformance.catalogue.profile import BASE, Profile, load_profile
from dicomweb_conformance.catalogue.rules import Change
from dicomweb_conformance.run import coverage


def base_of(profile: Profile) -> Profile | None:
    """Return the profile that another is held against: that of the suite which it starts from; None for that itself."""
    first = profile
    while first.extends is not None:
        first = first.extends
    if first is profile and profile.shipped and profile.name == BASE:
        return None
    base = first if first.shipped and first is not profile else load_profile(BASE)
    return replace(base, judges=profile.judges)


def facts(profile: Profile) -> dict[str, Any]:
    """Return what the run record says of a profile."""
    base = base_of(profile)
    changed = [row for row in profile.rows if any(change.rows.has_row(row) for change in profile.changes)]
    gone: list[str] = []
    replaced: list[str] = []
    checks = 0
    if base is not None:
        judged = [row.id for row in base.rows.values() if base.has(row) and base.judges(row.id)]
        missing = [each for each in judged if not profile.has(profile.rows[each])]
        replaced = [each for each in missing if each in profile.replaced]
        gone = [each for each in missing if each not in profile.replaced]
        every = list(coverage.checks())
        checks = len(taken(base, every) - taken(profile, every))
    return {
        "title": profile.title,
        "file": profile.file,
        "sha256": profile.digest,
        "shipped": profile.shipped,
        "base": base.name if base else None,
        "numbers": {
            "rows_left_out": len(gone),
            "checks_left_out": checks,
            "replaced": len(replaced),
            "changed": len(changed),
            "added": len(profile.own),
        },
        "left_out_of": Counter(profile.rows[each].service for each in gone),
        "rows_left_out": gone,
        "omissions": [
            {"rows": omission.named.rows, "checks": omission.named.checks, **asdict(omission.grounds)}
            for omission in profile.omissions
        ],
        "changes": [_change(change) for change in profile.changes],
    }


def taken(profile: Profile, checks: Iterable[tuple[str, tuple[str, ...]]]) -> set[str]:
    """Return the checks that are of a profile."""
    return {check for check, names in checks if profile.takes(check, (profile.rows[name] for name in names))}


def _change(change: Change) -> dict[str, Any]:
    return {
        "rows": change.rows.rows,
        "level": change.level,
        "tier": change.tier,
        "verdicts": {
            **{code: verdict.value for code, verdict in change.verdicts.items()},
            **{status.sentence: status.verdict.value for status in change.statuses.values()},
        },
        **asdict(change.grounds),
    }
