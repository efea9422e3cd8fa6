"""What a run consists of: which of the collected tests are checks of the profile, and what is written down of them."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from dicomweb_conformance.catalogue.profile import Profile
from dicomweb_conformance.catalogue.requirements import Requirement
from dicomweb_conformance.catalogue.verdicts import Verdict
from dicomweb_conformance.checks.judgement import Judgement
from dicomweb_conformance.checks.verifies import claim_of
from dicomweb_conformance.record.recorder import Recorder
from dicomweb_conformance.run import coverage, profile_facts
from dicomweb_conformance.run.own_scenarios import OwnScenarios, unknown_row

CHECK_PROPERTY = "dicomweb-check"
SCENARIO_PROPERTY = "dicomweb-scenario"
REQUIREMENTS_PROPERTY = "dicomweb-requirements"
CLAUSES_PROPERTY = "dicomweb-clauses"
LEVELS_PROPERTY = "dicomweb-levels"
VERDICT_PROPERTY = "dicomweb-verdict"
_MARKER_OF = {"store.json-bulk": "json_bulk", "store.xml-bulk": "xml_bulk"}

JUDGEMENT = pytest.StashKey[Judgement]()
"""What a check has come to; items without it are not ours."""
CORE = pytest.StashKey[bool]()
"""Whether the profile counts the check as core."""


@dataclass(frozen=True, eq=False)  # pytest keeps plugins in sets
class Planning:
    """A plugin that makes checks of the tests collected, and deselects those of other profiles.

    `personas`: clients in use that must work; what any other needs never counts for the exit code.
    """

    profile: Profile
    own: OwnScenarios = field(default_factory=OwnScenarios)
    personas: frozenset[str] = frozenset()

    @pytest.hookimpl(wrapper=True)
    def pytest_pycollect_makeitem(self, collector: pytest.Collector) -> Generator[None, Any, Any]:
        """See in a worker of pytest-xdist that checks verify rows that there are: later it would be taken for a crash.

        Raises:
            CollectError: one does not.
        """
        made = yield
        if hasattr(collector.config, "workerinput"):
            for item in made if isinstance(made, list) else ():
                if said := self._unknown_row(item):
                    raise collector.CollectError(said)
        return made

    def _unknown_row(self, item: pytest.Item) -> str:
        """Say that a check verifies a row that is not there; "" where all are."""
        marks = list(item.iter_markers("verifies"))
        unknown = [name for mark in marks for name in mark.args if name not in self.profile.rows]
        return unknown_row(marks[0].kwargs["id"], unknown[0], item.path, self.profile.name) if unknown else ""

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Give each check its judgement, keywords, markers and properties."""
        elsewhere = [item for item in items if not self._plan(item, self.profile.rows)]
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
        check = str(marks[0].kwargs["id"])
        if said := self._unknown_row(item):
            raise pytest.UsageError(said)
        requirements = tuple(rows[identifier] for identifier in identifiers)
        if not self.profile.takes(check, requirements):
            return False
        scenario = self.own.scenario(item.path) if self.own.has(item.path) else item.path.parent.name
        needs = next((mark.kwargs["needs"] for mark in marks if mark.kwargs.get("needs")), "")
        persona = next((mark.kwargs["persona"] for mark in marks if mark.kwargs.get("persona")), "")
        judgement = Judgement(check, scenario, _title(item), requirements, needs=needs)
        judgement.must_work = persona in self.personas
        judgement.afresh = any(mark.kwargs.get("afresh") for mark in marks)
        item.stash[JUDGEMENT] = judgement
        in_core = any(requirement.tier in self.profile.core_tiers for requirement in requirements)
        item.stash[CORE] = judgement.must_work if persona else in_core
        item.extra_keyword_matches.update({judgement.check, scenario, *identifiers})
        by_capability = (_MARKER_OF[capability] for capability in judgement.capabilities if capability in _MARKER_OF)
        for marker in (scenario, *by_capability):
            item.add_marker(marker)
        item.user_properties += [
            (CHECK_PROPERTY, judgement.check),
            (SCENARIO_PROPERTY, scenario),
            (REQUIREMENTS_PROPERTY, " ".join(identifiers)),
            (CLAUSES_PROPERTY, "; ".join(dict.fromkeys(requirement.clause for requirement in requirements))),
            (LEVELS_PROPERTY, " ".join(dict.fromkeys(requirement.level for requirement in requirements))),
        ]
        return True


def _title(item: pytest.Function) -> str:
    title = claim_of(item.function)
    return f"{title.removesuffix('.')} ({item.callspec.id})." if hasattr(item, "callspec") else title


def record_plan(recorder: Recorder, profile: Profile, own: OwnScenarios, items: Sequence[pytest.Item]) -> None:
    """Write down which checks are planned, and each requirement that the run can say something of.

    Whoever reads a report must see what it leaves out: how many checks of the profile nobody asked for is written, too.
    """
    checks = [(item.stash[JUDGEMENT], item.stash[CORE]) for item in items if JUDGEMENT in item.stash]
    requirements = {requirement.id: requirement for check, _ in checks for requirement in check.requirements}
    of_messages = [row for row in profile.rows.values() if row.scope == "message" and profile.has(row)]
    requirements |= {of_message.id: of_message for of_message in of_messages}
    recorder.event(
        "planned",
        checks=[
            {
                "check": check.check,
                "scenario": check.scenario,
                "title": check.title,
                "requirements": [requirement.id for requirement in check.requirements],
                "core": core,
            }
            for check, core in checks
        ],
        requirements={identifier: written(each) for identifier, each in requirements.items()},
        left_out=len(every_check(profile, own)) - len(checks),
    )


def every_check(profile: Profile, own: OwnScenarios) -> set[str]:
    """Return every check of a profile: of the suite's, and of a vendor's own."""
    return profile_facts.taken(profile, [*coverage.checks(), *((check.id, check.requirements) for check in own.checks)])


def written(requirement: Requirement) -> dict[str, Any]:
    """Return a requirement as the run record has it."""
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
        "because": {code: str(each.because) for code, each in requirement.listed.items() if each.because},
    }
