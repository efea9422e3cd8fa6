"""What a run consists of: which of the collected tests are checks of the profile, and what is written down of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from dicomweb_conformance.catalogue import requirements as catalogue
from dicomweb_conformance.catalogue.profile import Profile
from dicomweb_conformance.catalogue.requirements import Requirement
from dicomweb_conformance.catalogue.verdicts import Verdict
from dicomweb_conformance.checks.judgement import Judgement
from dicomweb_conformance.checks.verifies import claim_of
from dicomweb_conformance.record.recorder import Recorder
from dicomweb_conformance.run import coverage

CHECK_PROPERTY = "dicomweb-check"
SCENARIO_PROPERTY = "dicomweb-scenario"
REQUIREMENTS_PROPERTY = "dicomweb-requirements"
VERDICT_PROPERTY = "dicomweb-verdict"
_MARKER_OF = {"store.json-bulk": "json_bulk", "store.xml-bulk": "xml_bulk"}

JUDGEMENT = pytest.StashKey[Judgement]()
"""What a check has come to; items without it are not ours."""
CORE = pytest.StashKey[bool]()
"""Whether the profile counts the check as core."""


@dataclass(frozen=True)
class Planning:
    """A plugin that makes checks of the tests collected, and deselects those of other profiles."""

    profile: Profile

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Give each check its judgement, keywords, markers and properties."""
        rows = catalogue.load()
        elsewhere = [item for item in items if not self._plan(item, rows)]
        if elsewhere:
            config.hook.pytest_deselected(items=elsewhere)
            unplanned = set(elsewhere)
            items[:] = [item for item in items if item not in unplanned]

    def _plan(self, item: pytest.Item, rows: Mapping[str, Requirement]) -> bool:
        """Make a check of a test that is marked as one; return False for a check of another profile."""
        marks = list(item.iter_markers("verifies"))[::-1]  # that of the case, which pytest puts last, counts first
        if not marks or not isinstance(item, pytest.Function):
            return True
        identifiers = list(dict.fromkeys(name for mark in marks for name in mark.args))
        requirements = tuple(rows[each] for each in identifiers)
        if not all(self.profile.has(each) for each in requirements):
            return False
        scenario = item.path.parent.name
        needs = next((mark.kwargs["needs"] for mark in marks if mark.kwargs.get("needs")), "")
        judgement = Judgement(marks[0].kwargs["id"], scenario, _title(item), requirements, needs=needs)
        item.stash[JUDGEMENT] = judgement
        item.stash[CORE] = any(each.tier in self.profile.core_tiers for each in requirements)
        item.extra_keyword_matches.update({judgement.check, scenario, *identifiers})
        by_capability = (_MARKER_OF[each] for each in judgement.capabilities if each in _MARKER_OF)
        for marker in (scenario, *by_capability):
            item.add_marker(marker)
        item.user_properties += [
            (CHECK_PROPERTY, judgement.check),
            (SCENARIO_PROPERTY, scenario),
            (REQUIREMENTS_PROPERTY, " ".join(identifiers)),
        ]
        return True


def _title(item: pytest.Function) -> str:
    title = claim_of(item.function)
    return f"{title.removesuffix('.')} ({item.callspec.id})." if hasattr(item, "callspec") else title


def record_plan(recorder: Recorder, profile: Profile, items: Sequence[pytest.Item]) -> None:
    """Write down which checks are planned, and each requirement that the run can say something of.

    Whoever reads a report must see what it leaves out: how many checks of the profile nobody asked for is written, too.
    """
    checks = [(item.stash[JUDGEMENT], item.stash[CORE]) for item in items if JUDGEMENT in item.stash]
    requirements = {each.id: each for check, _ in checks for each in check.requirements}
    of_messages = [each for each in catalogue.load().values() if each.scope == "message" and profile.has(each)]
    requirements |= {each.id: each for each in of_messages}
    recorder.event(
        "planned",
        checks=[
            {
                "check": check.check,
                "scenario": check.scenario,
                "title": check.title,
                "requirements": [each.id for each in check.requirements],
                "core": core,
            }
            for check, core in checks
        ],
        requirements={identifier: _written(each) for identifier, each in requirements.items()},
        left_out=sum(_is_of(profile, each) for _, each in coverage.checks()) - len(checks),
    )


def _is_of(profile: Profile, requirements: Sequence[str]) -> bool:
    rows = catalogue.load()
    return all(profile.has(rows[each]) for each in requirements)


def _written(requirement: Requirement) -> dict[str, Any]:
    return {
        "clause": requirement.clause,
        "level": requirement.level,
        "tier": requirement.tier,
        "service": requirement.service,
        "text": requirement.text,
        "why": requirement.why,
        "pass": requirement.passes,
        "note": requirement.sentences(Verdict.NOTE),
        "deviation": requirement.sentences(Verdict.DEVIATION),
        "fail": requirement.sentences(Verdict.FAIL),
    }
