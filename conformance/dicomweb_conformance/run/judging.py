"""One check as pytest runs it: what it is given, what it need not be asked, and the verdict that it comes to."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Collection, Generator, Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import pytest

from dicomweb_conformance.archive.contents import Archive
from dicomweb_conformance.catalogue.profile import OPT_IN_TIERS, Profile
from dicomweb_conformance.catalogue.verdicts import Verdict
from dicomweb_conformance.checks import known_failures
from dicomweb_conformance.checks.judgement import (
    CheckFailed,
    Finding,
    Inconclusive,
    Judgement,
    NotApplicable,
    NotIncluded,
    each_once,
    judging,
)
from dicomweb_conformance.checks.known_failures import KnownFailure
from dicomweb_conformance.http import limits, quoting
from dicomweb_conformance.http.unreadable import NoDecoderError, TooLargeError
from dicomweb_conformance.probes.capabilities import State
from dicomweb_conformance.record.disk import NotWrittenError, why
from dicomweb_conformance.record.recorder import now
from dicomweb_conformance.run.instruments import Instruments
from dicomweb_conformance.run.planning import CORE, JUDGEMENT, VERDICT_PROPERTY
from dicomweb_conformance.run.reporting import Telling
from dicomweb_conformance.run.terminal import USED_UP
from dicomweb_conformance.service.long_running import Operations
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_conformance.settings.auth import CredentialsError
from dicomweb_conformance.settings.options import Settings
from dicomweb_conformance.transport.client import ReadOnlyError
from dicomweb_fixtures.building.codecs import NotAvailableError
from dicomweb_fixtures.corpus import Corpus
from dicomweb_fixtures.fresh import Fresh
from dicomweb_reports import summary
from dicomweb_reports.messages import check_id

ATTEMPTS = 4
"""How often a check is begun at most where the target is away meanwhile."""
MUST_WORK = "--dicomweb-persona names this client: what breaks it fails the run, whatever the standard permits"

_JUDGED = frozenset({Verdict.PASS, Verdict.NOTE, Verdict.DEVIATION, Verdict.FAIL})
_ENDS = (
    *(CheckFailed, NotApplicable, Inconclusive, CredentialsError, TooLargeError, NoDecoderError, NotAvailableError),
    *(ReadOnlyError, NotIncluded),
)
"""What ends a check with a verdict; whatever else comes out of it is a mistake of this suite."""
_started = pytest.StashKey[tuple[str, float]]()


@dataclass(frozen=True)
class _Conclusion:
    verdict: Verdict
    reason: str = ""
    blame: str | None = None
    explaining: Sequence[KnownFailure] = ()
    included: bool = True

    @property
    def outcome(self) -> str:
        """The verdict in the words of reports."""
        return self.verdict.value if self.included else summary.NOT_INCLUDED


class Judging:
    """The fixtures of checks, and the hooks around each.

    Args:
        settings: of the run.
        profile: which requirements count.
        instruments: what this process judges with.
        known_failures: differences that somebody has explained.
        every_check: returns the ids of all checks of the profile.

    Attributes:
        stopped: why nothing more is asked of the target, "" while checks go on.
    """

    def __init__(
        self,
        settings: Settings,
        profile: Profile,
        instruments: Instruments,
        known_failures: Sequence[KnownFailure],
        every_check: Callable[[], Collection[str]],
    ) -> None:
        self.settings = settings
        self.profile = profile
        self.instruments = instruments
        self.known = known_failures
        self.every_check = every_check
        self.telling = Telling(settings.report, instruments.recorder)
        self.stopped = ""

    @pytest.fixture(name="dicomweb")
    def _dicomweb(self) -> StudiesService:
        """The Studies Service of the target."""
        return self.instruments.service

    @pytest.fixture(name="corpus")
    def _corpus(self) -> Corpus:
        """The synthetic studies; each is on the target once it is named."""
        return self.instruments.corpus

    @pytest.fixture(name="archive")
    def _archive(self) -> Archive:
        """What the target really holds."""
        return self.instruments.archive

    @pytest.fixture(name="operations")
    def _operations(self) -> Operations:
        """The long-running operations of the target."""
        return self.instruments.operations

    @pytest.fixture(name="beside")
    def _beside(self, request: pytest.FixtureRequest) -> frozenset[str]:
        """The checks of this run: what none of them tells a check may have to tell itself."""
        return frozenset(item.stash[JUDGEMENT].check for item in request.session.items if JUDGEMENT in item.stash)

    @pytest.fixture(name="explore")
    def _explore(self) -> int | None:
        """How many queries to draw where a check draws them; None for a few, always the same."""
        return self.settings.explore

    @pytest.fixture(name="fresh")
    def _fresh(self, request: pytest.FixtureRequest) -> Fresh:
        """Instances that nobody stored yet, of this check alone."""
        return Fresh(self.settings.seed, request.node.stash[JUDGEMENT].check)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Note when a check begins."""
        item.stash[_started] = now(), time.monotonic()
        return (yield)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, object, object]:
        """Run a check where the target has to answer it; once more where the target was away meanwhile."""
        judgement = item.stash.get(JUDGEMENT, None)
        if judgement is None:
            return (yield)
        liveness = self.instruments.liveness
        judgement.is_own = self.instruments.own.has
        judgement.told_by = self.instruments.observers.told_by
        judgement.tell = self.instruments.observers.tell
        judgement.masked = self.instruments.own.masked
        judgement.keep = self.instruments.recorder.picture
        epoch = liveness.epoch
        turns = self.instruments.turns
        with turns.taken() if turns else nullcontext(), judging(judgement):
            self._gate(item, judgement)
            try:
                result = yield
            except Exception:
                if liveness.epoch == epoch or judgement.deadly:
                    raise
            if liveness.epoch == epoch:
                return result
            self._judge_again(item, judgement)
            return None

    def _judge_again(self, item: pytest.Item, judgement: Judgement) -> None:
        """Repeat a check during which the target was away: it may have lost what the check had stored.

        A request that the target dies of is sent twice, so that this can happen twice for one cause.
        """
        liveness = self.instruments.liveness
        for attempt in range(1, ATTEMPTS):
            epoch = liveness.epoch
            judgement.findings.clear()
            judgement.observed.clear()
            if isinstance(item, pytest.Function) and "fresh" in item.funcargs:
                item.funcargs["fresh"] = Fresh(self.settings.seed, f"{judgement.check} {attempt}")
            try:
                item.runtest()
            except Exception:
                if liveness.epoch == epoch or judgement.deadly:
                    raise
            if liveness.epoch == epoch:
                return
        reason = f"the target was away {ATTEMPTS} times while this check ran; message[HTTP-002] names the request"
        raise Inconclusive(reason, check_id("HTTP-002"))

    def _gate(self, item: pytest.Item, judgement: Judgement) -> None:
        """End a check that the target need not answer, before it asks anything."""
        if gone := self.instruments.liveness.gone:
            raise Inconclusive(gone, check_id("HTTP-002"))
        if ended := self.instruments.access.ended:
            raise Inconclusive(ended)
        if self.instruments.budget.used_up:
            raise Inconclusive(f"{self.instruments.budget} {USED_UP}")
        included = {*self.profile.include, *self.settings.include}
        for requirement in judgement.requirements:
            if requirement.tier in OPT_IN_TIERS and requirement.tier not in included:
                raise NotIncluded(
                    f"tier {requirement.tier} is not included: --dicomweb-include={requirement.tier} runs it"
                )
        for name in judgement.capabilities:
            owner = self.instruments.capabilities.owner(name)
            capability = self.instruments.capabilities.of(name) if owner != judgement.check else None
            if capability is None or capability.state is State.OFFERED:
                continue
            if item.stash[CORE] and capability.declared is not False and owner not in self.every_check():
                continue  # the profile has no other check that would tell
            if capability.state is State.ABSENT:
                raise NotApplicable(f"the target does not offer {name}: {capability.reason}", name)
            raise Inconclusive(f"{name} does not work ({capability.reason}); see check {owner}", owner)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Conclude a check: its verdict goes to the run record, and to the report of pytest."""
        if JUDGEMENT in item.stash and call.excinfo is not None and isinstance(call.excinfo.value, _ENDS):
            # pytest would read the source of the check and quote it, in place of which the verdict is told.
            item.repr_failure = _untold  # type: ignore[method-assign, assignment]  # of this item alone
        report = yield
        judgement = item.stash.get(JUDGEMENT, None)
        if judgement is None or not _concludes(call):
            return report
        try:
            if lost := self._not_written(call):
                raise lost
            conclusion = self._recorded(item, judgement, call)
        except NotWrittenError as error:
            self._stop(item, report, str(error))
            return report
        item.user_properties.append((VERDICT_PROPERTY, conclusion.outcome))
        report.user_properties = list(item.user_properties)
        try:
            self.telling.dress(report, item, judgement.check, conclusion.verdict, conclusion.reason)
        except Exception as error:  # the verdict is recorded, and stands however it is told
            report.outcome = "failed"
            report.longrepr = (
                f"{judgement.check}: {conclusion.verdict.value}. It cannot be told here ({type(error).__name__}); "
                f"the report in {self.settings.report} does"
            )
        if not judgement.proved:
            # pytest's own words hold the values of variables, and what was logged meanwhile.
            report.sections.clear()
            if conclusion.verdict is Verdict.ERROR:
                report.longrepr = conclusion.reason
        return report

    def _not_written(self, call: pytest.CallInfo[None]) -> NotWrittenError | None:
        """Return what ended a check that could not write down what it has to: that is nobody's verdict."""
        error = call.excinfo.value if call.excinfo else None
        if isinstance(error, NotWrittenError):
            return error
        name = error.filename if isinstance(error, OSError) else None
        if isinstance(error, OSError) and isinstance(name, str) and Path(name).is_relative_to(self.settings.report):
            return NotWrittenError(f"{name} cannot be written: {why(error)}")
        return None

    def _stop(self, item: pytest.Item, report: pytest.TestReport, reason: str) -> None:
        """End the run in good order: what cannot be put on record must not be stored."""
        self.stopped = self.stopped or reason
        item.session.shouldstop = self.stopped
        path, line, _ = item.location
        report.outcome, report.longrepr = "skipped", (path, line or 0, f"not concluded: {reason}")
        report.sections.clear()  # what was printed or logged meanwhile may quote anybody's answer

    def _recorded(self, item: pytest.Item, judgement: Judgement, call: pytest.CallInfo[None]) -> _Conclusion:
        """Come to the conclusion of a check and write it down; where that fails, it is a mistake of this suite."""
        try:
            concluded = self._concluded(judgement, call)
            conclusion = self._held_against_known(
                judgement, replace(concluded, reason=judgement.told(concluded.reason))
            )
            self._record(item, judgement, conclusion)
        except NotWrittenError:
            raise
        except Exception as error:  # such as a finding that no JSON can hold
            judgement.findings.clear()
            judgement.observed.clear()
            conclusion = _error(error, judgement)
            self._record(item, judgement, conclusion)
        return conclusion

    def _concluded(self, judgement: Judgement, call: pytest.CallInfo[None]) -> _Conclusion:
        if call.excinfo is None:
            return _Conclusion(judgement.verdict)
        match call.excinfo.value:
            case CheckFailed():
                named = judgement.must_work and judgement.verdict is Verdict.FAIL
                return _Conclusion(judgement.verdict, MUST_WORK if named else "")
            case NotApplicable() as end:
                return self._not_applicable(judgement, end)
            case Inconclusive() as end:
                return _Conclusion(Verdict.INCONCLUSIVE, end.reason, end.blame)
            case CredentialsError() as end:
                self.instruments.access.end(str(end))
                return _Conclusion(Verdict.INCONCLUSIVE, str(end))
            case TooLargeError() as end:
                return _Conclusion(Verdict.INCONCLUSIVE, str(end), next(iter(judgement.exchanges[-1:]), None))
            case NoDecoderError() | NotAvailableError() as end:
                return _Conclusion(Verdict.INCONCLUSIVE, str(end))
            case ReadOnlyError() | NotIncluded() as end:
                return _Conclusion(Verdict.NOT_APPLICABLE, str(end), included=False)
            case error:
                return _error(error, judgement)

    def _not_applicable(self, judgement: Judgement, end: NotApplicable) -> _Conclusion:
        """Return not-applicable, or a fail where the vendor declared that the capability is there."""
        if end.capability is None or not self.settings.target.declares(end.capability):
            return _Conclusion(Verdict.NOT_APPLICABLE, end.reason)
        judgement.findings.append(
            Finding(
                requirement=judgement.requirements[0].id,
                code="declared-but-not-offered",
                observation="declared, but not offered",
                verdict=Verdict.FAIL,
                where=end.capability,
                expected=(f"{end.capability}, as it is declared",),
                received=judgement.told(end.reason),
                exchange=next(iter(judgement.exchanges[-1:]), None),
            )
        )
        return _Conclusion(Verdict.FAIL)

    def _held_against_known(self, judgement: Judgement, conclusion: _Conclusion) -> _Conclusion:
        if conclusion.verdict not in _JUDGED:
            return conclusion
        verdict, explaining, stale = known_failures.judge(
            judgement.check, conclusion.verdict, judgement.findings, self.known
        )
        reason = known_failures.reason(verdict, explaining, stale) or conclusion.reason
        return _Conclusion(verdict, reason, conclusion.blame, explaining)

    def _record(self, item: pytest.Item, judgement: Judgement, conclusion: _Conclusion) -> None:
        started, clock = item.stash[_started]
        self.instruments.recorder.event(
            "result",
            check=judgement.check,
            scenario=judgement.scenario,
            title=judgement.title,
            core=item.stash[CORE],
            requirements=[each.id for each in judgement.requirements],
            verdict=conclusion.verdict.value,
            findings=[asdict(each) for each in _kept(judgement.findings)],
            observed=[
                {"requirement": requirement, "observation": observation}
                for requirement, observation in judgement.observed
            ],
            exchanges=judgement.exchanges,
            started=started,
            seconds=round(time.monotonic() - clock, 4),
            reason=conclusion.reason,
            blame=conclusion.blame,
            included=conclusion.included,
            known=[
                {"requirement": each.requirement, "code": each.code, "reason": each.reason, "link": each.link}
                for each in conclusion.explaining
            ],
        )


def _kept(findings: Sequence[Finding]) -> list[Finding]:
    """Return the findings that are recorded: of those that say the same of another place, the first ones."""
    alike: Counter[tuple[str, str]] = Counter()
    kept = []
    for each in each_once(findings):
        alike[each.requirement, each.code] += 1
        if alike[each.requirement, each.code] <= limits.FINDINGS_ALIKE:
            kept.append(each)
    if len(kept) <= limits.BRIEF_ITEMS:
        return kept
    # Where an event is cut to its first few, each kind is among them.
    firsts = {(each.requirement, each.code): each for each in reversed(kept)}
    return sorted(kept, key=lambda each: firsts[each.requirement, each.code] is not each)


def _untold(_excinfo: object, _style: object = None) -> str:
    return ""


def _error(error: BaseException, judgement: Judgement) -> _Conclusion:
    return _Conclusion(Verdict.ERROR, quoting.traceback_of(error, proved=judgement.proved))


def _concludes(call: pytest.CallInfo[None]) -> bool:
    """Tell whether a check ends with this call: its own, or a set-up that failed; an interruption concludes nothing."""
    error = call.excinfo.value if call.excinfo else None
    if isinstance(error, KeyboardInterrupt | pytest.exit.Exception):
        return False
    return call.when == "call" or (call.when == "setup" and error is not None)
