"""A conformance run as pytest sees it: what is collected, what each check comes to, and what is told at the end.

One process controls the run: pytest itself, or the controller of pytest-xdist. It looks whether the target can be
judged, starts the embedded server, cleans up and renders the reports. Checks run there or in workers; all write to one
run record.
"""

from __future__ import annotations

import importlib.metadata
import platform
import shutil
import sys
import time
import traceback
from collections.abc import Callable, Generator
from contextlib import ExitStack
from dataclasses import asdict, replace
from functools import partial
from typing import Any

import pytest
from filelock import FileLock, Timeout

from dicomweb_conformance import catalogue, cleaning, embedded, known, ledger, startup
from dicomweb_conformance.answers import Course, answer_of
from dicomweb_conformance.archive import Archive
from dicomweb_conformance.auth import CredentialsError
from dicomweb_conformance.capabilities import Capabilities, State, questions_of
from dicomweb_conformance.checks import claim_of
from dicomweb_conformance.client import Client, Request
from dicomweb_conformance.concluding import (
    CHECK_PROPERTY,
    REQUIREMENTS_PROPERTY,
    SCENARIO_PROPERTY,
    VERDICT_PROPERTY,
    ConcludingMessages,
)
from dicomweb_conformance.delivery import Delivery
from dicomweb_conformance.exchanges import Examined, Response
from dicomweb_conformance.judgement import (
    CheckFailed,
    Finding,
    Inconclusive,
    Judgement,
    NotApplicable,
    current,
    is_judging,
    judging,
    note_exchange,
)
from dicomweb_conformance.known import KnownError, KnownFailure
from dicomweb_conformance.ledger import Ledger
from dicomweb_conformance.liveness import Liveness
from dicomweb_conformance.long_running import Operations
from dicomweb_conformance.observers import JUDGES, Observers
from dicomweb_conformance.options import OptionError, Settings
from dicomweb_conformance.ownership import Own
from dicomweb_conformance.pace import Budget, Pace
from dicomweb_conformance.preflight import CannotBeJudged, preflight
from dicomweb_conformance.profile import OPT_IN_TIERS, Profile, ProfileError, load_profile
from dicomweb_conformance.recorder import Recorder, now
from dicomweb_conformance.studies_service import StudiesService
from dicomweb_conformance.terminal import STATUS, terminal_lines
from dicomweb_conformance.verdicts import Verdict
from dicomweb_fixtures.corpus import Corpus
from dicomweb_fixtures.fresh import Fresh
from dicomweb_fixtures.identifiers import patient_id_prefix
from dicomweb_reports import record, summary
from dicomweb_reports.failure import failure_text
from dicomweb_reports.messages import check_id
from dicomweb_reports.write import write_reports

VERSION = importlib.metadata.version("dicomweb-conformance")
_RUN_FILES = ("run.jsonl", "report.json", "report.html", "report.md", "exchanges.har")
_MARKER_OF = {"store.json-bulk": "json_bulk"}
_PATIENCE = 6
"""How many times the grace time an operation may take."""
ATTEMPTS = 4
"""How often a check is begun at most where the target is away meanwhile."""

_judgement = pytest.StashKey[Judgement]()
_core = pytest.StashKey[bool]()
_started = pytest.StashKey[tuple[str, float]]()


class Judging:
    """The hooks and fixtures of a conformance run.

    Args:
        config: pytest's.
        settings: what was asked for.
        from_controller: what the controller of pytest-xdist hands to this worker; None in the controller, and without
            xdist.

    Raises:
        OptionError: the profile or the known failures cannot be used.
    """

    def __init__(self, config: pytest.Config, settings: Settings, from_controller: dict[str, Any] | None) -> None:
        self.config = config
        self.settings = settings
        self.controls = from_controller is None
        self.process = config.workerinput["workerid"] if not self.controls else "main"  # type: ignore[attr-defined]  # set by xdist
        self.state = settings.report / ".state"
        self.exit_stack = ExitStack()
        self.server: embedded.Embedded | None = None
        self.recorder: Recorder | None = None
        self.stale: list[tuple[KnownFailure, str]] = []
        self.plan: record.Run | None = None
        try:
            self.profile: Profile = load_profile(settings.profile)
            self.known = (known.load(settings.known) if settings.known else ()) + known.rows(
                settings.known_in_target, "target.toml"
            )
        except (ProfileError, KnownError) as error:
            raise OptionError(str(error)) from None
        if from_controller:
            self.settings = replace(settings, target=replace(settings.target, url=from_controller["url"]))
            self._connect()

    # What the run consists of

    def _connect(self) -> None:
        settings = self.settings
        self.recorder = Recorder(settings.report, self.process, settings.redaction)
        self.budget = Budget(settings.budget, self.state)
        pace = Pace(settings.rate, self.state)
        prefix = patient_id_prefix(settings.seed)
        self.own = Own(prefix)
        user_agent = f"dicomweb-conformance/{VERSION}"
        self.watching = Client(settings.target, self.recorder, user_agent=user_agent, screen=self.own.screen)
        self.liveness = Liveness(
            lambda: self.watching.send("GET", f"{settings.target.url}/studies?limit=1", purpose="liveness"),
            self._way_back(),
            self.state,
            settings.grace,
            self._say,
        )

        def wait_for_turn() -> None:
            self.liveness.wait_for_turn()
            pace.wait()

        self.client = Client(
            settings.target,
            self.recorder,
            user_agent=user_agent,
            screen=self.own.screen,
            on_exchange=note_exchange,
            wait_for_turn=wait_for_turn,
            on_answer=self._observe,
            examine=self._examine,
        )
        self.exit_stack.callback(self.watching.close)
        self.exit_stack.callback(pace.close)
        self.observers = Observers(JUDGES, catalogue.load(), self.recorder, self.own.has, self.profile.has)
        self.exit_stack.callback(self.client.close)
        self.exit_stack.callback(self.recorder.close)
        self.ledger = Ledger(settings.report / ledger.FILE, settings.url, settings.seed)
        self.service = StudiesService(self.client, self.ledger, self.own)
        self.archive = Archive(self.service, settings.grace)
        self.delivery = Delivery(
            self.service, self.own, self.recorder, self.state, settings.grace, self._say, lambda: self.liveness.epoch
        )
        self.corpus = Corpus(settings.seed, self.delivery.has)
        self.capabilities = Capabilities(
            settings.target,
            self.service,
            lambda: self.corpus.two_series,
            self.recorder,
            self.state,
            questions_of(self.profile, settings.seed),
        )
        self.operations = Operations(self.service, _PATIENCE * settings.grace)

    def _observe(self, request: Request, response: Response, course: Course) -> None:
        size = len(request.body) if isinstance(request.body, bytes) else 0
        answer = answer_of(response, request.headers, size, course, self.settings.target.url)
        self.observers.look(answer, response.exchange)

    def _way_back(self) -> Callable[[], None] | None:
        """Return what brings the target back, None where nobody said how."""
        log = self.settings.report / "target.log"
        if self.settings.restart:
            return partial(startup.run_restart, self.settings.restart, log)
        return self._started().restart if self.settings.start else None

    def _started(self) -> startup.Started:
        return startup.Started(
            self.settings.start, self.settings.report / "target.log", self.settings.report / ".target.pid"
        )

    def _examine(self, suspect: Response, repeat: Callable[[], Response]) -> Examined:
        """Find out whether the target died of a request; where it is gone, end the check that asked."""
        examined = self.liveness.examine(suspect, repeat)
        if is_judging():
            current().deadly |= examined.repeat is not None and examined.repeat.status == 0
            if gone := self.liveness.gone:
                raise Inconclusive(gone, suspect.exchange)
        return examined

    def _say(self, line: str) -> None:
        """Show a line at once: standard error reaches the person from a worker, too."""
        capture: Any = self.config.pluginmanager.getplugin("capturemanager")
        if capture is None:
            sys.stderr.write(f"\n{line}\n")
            return
        with capture.global_and_fixture_disabled():
            sys.stderr.write(f"\n{line}\n")
            sys.stderr.flush()

    @pytest.fixture(name="dicomweb")
    def _dicomweb(self) -> StudiesService:
        """The Studies Service of the target."""
        return self.service

    @pytest.fixture(name="corpus")
    def _corpus(self) -> Corpus:
        """The synthetic studies; each is on the target once it is named."""
        return self.corpus

    @pytest.fixture(name="archive")
    def _archive(self) -> Archive:
        """What the target really holds."""
        return self.archive

    @pytest.fixture(name="operations")
    def _operations(self) -> Operations:
        """The long-running operations of the target."""
        return self.operations

    @pytest.fixture(name="fresh")
    def _fresh(self, request: pytest.FixtureRequest) -> Fresh:
        """Instances that nobody stored yet, of this check alone."""
        return Fresh(self.settings.seed, request.node.stash[_judgement].check)

    # Before the first check

    @pytest.hookimpl
    def pytest_sessionstart(self) -> None:
        if not self.controls or self.config.getoption("collectonly"):
            return
        self._prepare_directory()
        if self.settings.start:
            self._started().start()
            self.exit_stack.callback(self._started().stop)
        if self.settings.embedded:
            self.server = embedded.start(self.profile.flavour)
            self.exit_stack.callback(self.server.stop)
            self.settings = replace(self.settings, target=replace(self.settings.target, url=self.server.url))
        self._connect()
        assert self.recorder is not None
        target = self.settings.target
        self.recorder.event(
            "header",
            format=1,
            suite={"name": "dicomweb-conformance", "version": VERSION},
            python=platform.python_version(),
            platform=platform.platform(),
            started=now(),
            profile=self.profile.name,
            edition=None,
            seed=self.settings.seed,
            settings=self.settings.shown(),
            target={"url": target.url, "product": asdict(target.product) if target.product else None},
        )
        self.config.pluginmanager.register(
            ConcludingMessages(self.recorder, self.known, self.observers), "dicomweb-messages"
        )
        self.began = time.monotonic()
        try:
            if self.settings.start:
                self.liveness.wait()
            preflight(
                StudiesService(self.watching, self.ledger, self.own, "preflight"),
                target,
                f"{patient_id_prefix(self.settings.seed)}-PREFLIGHT",
            )
        except (CannotBeJudged, CredentialsError) as problem:
            raise pytest.UsageError(str(problem)) from None

    def _prepare_directory(self) -> None:
        report = self.settings.report
        report.mkdir(parents=True, exist_ok=True)
        in_use = FileLock(report / ".in-use.lock")
        try:
            in_use.acquire(timeout=0)
        except Timeout:
            raise pytest.UsageError(
                f"another run writes to {report}: --dicomweb-report=DIR names another directory"
            ) from None
        self.exit_stack.callback(in_use.release)
        for name in _RUN_FILES:
            (report / name).unlink(missing_ok=True)
        for directory in (report / "bodies", self.state):
            shutil.rmtree(directory, ignore_errors=True)
        self.state.mkdir()

    def pytest_report_header(self) -> list[str]:
        settings = self.settings
        return [
            f"dicomweb: judging {settings.target.url} by profile {self.profile.name}, suite {VERSION}",
            f"dicomweb: --dicomweb-seed={settings.seed} makes the same data again",
            f"dicomweb: the record grows in {settings.report}",
        ]

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Hand a worker of pytest-xdist what only the controller knows."""
        node.workerinput["dicomweb"] = {
            "url": self.settings.target.url,
            "seed": self.settings.seed,
            "directory": str(self.config.invocation_params.dir),
        }

    # What is collected

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        rows = catalogue.load()
        elsewhere: list[pytest.Item] = []  # checks of other profiles
        for item in items:
            marks = list(item.iter_markers("verifies"))[::-1]  # that of the case, which pytest puts last, counts first
            if not marks or not isinstance(item, pytest.Function):
                continue
            identifiers = list(dict.fromkeys(name for mark in marks for name in mark.args))
            scenario = item.path.stem.split("_")[1]
            requirements = tuple(rows[each] for each in identifiers)
            if not all(self.profile.has(each) for each in requirements):
                elsewhere.append(item)
                continue
            check = marks[0].kwargs["id"]
            title = claim_of(item.function)
            if hasattr(item, "callspec"):
                title = f"{title.removesuffix('.')} ({item.callspec.id})."
            needs = next((mark.kwargs["needs"] for mark in marks if mark.kwargs.get("needs")), "")
            judgement = Judgement(check, scenario, title, requirements, self._is_own, needs=needs)
            item.stash[_judgement] = judgement
            item.stash[_core] = any(each.tier in self.profile.core_tiers for each in requirements)
            item.extra_keyword_matches.update({judgement.check, scenario, *identifiers})
            for marker in (
                scenario,
                *(_MARKER_OF[each.capability] for each in requirements if each.capability in _MARKER_OF),
            ):
                item.add_marker(marker)
            item.user_properties += [
                (CHECK_PROPERTY, judgement.check),
                (SCENARIO_PROPERTY, scenario),
                (REQUIREMENTS_PROPERTY, " ".join(identifiers)),
            ]
        if elsewhere:
            self.config.hook.pytest_deselected(items=elsewhere)
            items[:] = [item for item in items if item not in elsewhere]

    def _is_own(self, match: dict[str, Any]) -> bool:
        return self.own.has(match)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Write down what is planned; under xdist every worker collects the same, and the first one tells."""
        if self.recorder is None or self.process not in {"main", "gw0"}:
            return
        checks = [item for item in session.items if _judgement in item.stash]
        requirements = {each.id: each for item in checks for each in item.stash[_judgement].requirements}
        judged = [each for each in catalogue.load().values() if each.scope == "message" and self.profile.has(each)]
        requirements |= {each.id: each for each in judged}
        self.recorder.event(
            "planned",
            checks=[
                {
                    "check": item.stash[_judgement].check,
                    "scenario": item.stash[_judgement].scenario,
                    "title": item.stash[_judgement].title,
                    "requirements": [each.id for each in item.stash[_judgement].requirements],
                    "core": item.stash[_core],
                }
                for item in checks
            ],
            requirements={
                identifier: {
                    "clause": each.clause,
                    "level": each.level,
                    "tier": each.tier,
                    "service": each.service,
                    "text": each.text,
                    "why": each.why,
                    "pass": each.passes,
                    "note": each.note,
                    "deviation": each.deviation,
                    "fail": each.fail,
                }
                for identifier, each in requirements.items()
            },
        )

    # One check

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        item.stash[_started] = now(), time.monotonic()
        return (yield)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, object, object]:
        judgement = item.stash.get(_judgement, None)
        if judgement is None:
            return (yield)
        epoch = self.liveness.epoch
        with judging(judgement):
            self._gate(judgement)
            try:
                result = yield
            except Exception:
                if self.liveness.epoch == epoch or judgement.deadly:
                    raise
            if self.liveness.epoch == epoch:
                return result
            self._judge_again(item, judgement)
            return None

    def _judge_again(self, item: pytest.Item, judgement: Judgement) -> None:
        """Repeat a check during which the target was away: it may have lost what the check had stored.

        A request that the target dies of is sent twice, so that this can happen twice for one cause.
        """
        for attempt in range(1, ATTEMPTS):
            epoch = self.liveness.epoch
            judgement.findings.clear()
            judgement.observed.clear()
            if isinstance(item, pytest.Function) and "fresh" in item.funcargs:
                item.funcargs["fresh"] = Fresh(self.settings.seed, f"{judgement.check} {attempt}")
            try:
                item.runtest()
            except Exception:
                if self.liveness.epoch == epoch or judgement.deadly:
                    raise
            if self.liveness.epoch == epoch:
                return
        reason = f"the target was away {ATTEMPTS} times while this check ran; message[HTTP-002] names the request"
        raise Inconclusive(reason, check_id("HTTP-002"))

    def _gate(self, judgement: Judgement) -> None:
        """End a check that the target need not answer, before it asks anything."""
        if gone := self.liveness.gone:
            raise Inconclusive(gone, check_id("HTTP-002"))
        if self.budget.used_up:
            raise Inconclusive(f"{self.budget} used up")
        for each in judgement.requirements:
            if each.tier in OPT_IN_TIERS and each.tier not in {*self.profile.include, *self.settings.include}:
                raise NotApplicable(f"tier {each.tier} is not included: --dicomweb-include={each.tier} runs it")
        for name in judgement.capabilities:
            owner = self.capabilities.owner(name)
            capability = self.capabilities.of(name) if owner != judgement.check else None
            if capability is None or capability.state is State.OFFERED:
                continue
            if capability.state is State.ABSENT:
                raise NotApplicable(f"the target does not offer {name}: {capability.reason}", name)
            raise Inconclusive(f"{name} does not work ({capability.reason}); see check {owner}", owner)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        judgement = item.stash.get(_judgement, None)
        if judgement is None or not _concludes(call):
            return report
        verdict, reason, blame = self._concluded(judgement, call)
        verdict, explaining, stale = (
            known.judge(judgement.check, verdict, judgement.findings, self.known)
            if verdict in _JUDGED
            else (verdict, [], [])
        )
        reason = known.reason(verdict, explaining, stale) or reason
        self._record_result(item, judgement, verdict, reason, blame, explaining)
        item.user_properties.append((VERDICT_PROPERTY, verdict.value))
        report.user_properties = list(item.user_properties)
        self._dress(report, item, verdict, reason)
        return report

    def _concluded(self, judgement: Judgement, call: pytest.CallInfo[None]) -> tuple[Verdict, str, str | None]:
        """Return verdict, reason and whom to blame of a check that ended as `call` says."""
        if call.excinfo is None:
            return judgement.verdict, "", None
        match call.excinfo.value:
            case CheckFailed():
                return judgement.verdict, "", None
            case NotApplicable() as end:
                return self._not_applicable(judgement, end)
            case Inconclusive() as end:
                return Verdict.INCONCLUSIVE, end.reason, end.blame
            case error:
                return Verdict.ERROR, "".join(traceback.format_exception(error)), None

    def _not_applicable(self, judgement: Judgement, end: NotApplicable) -> tuple[Verdict, str, str | None]:
        """Return not-applicable, or a fail where the vendor declared that the capability is there."""
        if end.capability is None or not self.settings.target.declares(end.capability):
            return Verdict.NOT_APPLICABLE, end.reason, None
        judgement.findings.append(
            Finding(
                requirement=judgement.requirements[0].id,
                code="declared-but-not-offered",
                observation="declared, but not offered",
                verdict=Verdict.FAIL,
                where=end.capability,
                expected=(f"{end.capability}, as it is declared",),
                received=end.reason,
                exchange=next(iter(judgement.exchanges[-1:]), None),
            )
        )
        return Verdict.FAIL, "", None

    def _record_result(
        self,
        item: pytest.Item,
        judgement: Judgement,
        verdict: Verdict,
        reason: str,
        blame: str | None,
        explaining: list[KnownFailure],
    ) -> None:
        assert self.recorder is not None
        started, clock = item.stash[_started]
        self.recorder.event(
            "result",
            check=judgement.check,
            scenario=judgement.scenario,
            title=judgement.title,
            core=item.stash[_core],
            requirements=[each.id for each in judgement.requirements],
            verdict=verdict.value,
            findings=[asdict(each) for each in judgement.findings],
            observed=[
                {"requirement": requirement, "observation": observation}
                for requirement, observation in judgement.observed
            ],
            exchanges=judgement.exchanges,
            started=started,
            seconds=round(time.monotonic() - clock, 4),
            reason=reason,
            blame=blame,
            known=[
                {"requirement": each.requirement, "code": each.code, "reason": each.reason, "link": each.link}
                for each in explaining
            ],
        )

    def _dress(self, report: pytest.TestReport, item: pytest.Item, verdict: Verdict, reason: str) -> None:
        """Give a report the outcome and the words of its verdict."""
        match verdict:
            case Verdict.PASS | Verdict.NOTE | Verdict.DEVIATION:
                report.outcome, report.longrepr = "passed", None
            case Verdict.FAIL:
                run = self._told(item.stash[_judgement].check)
                report.outcome, report.longrepr = "failed", failure_text(run.results[0], run)
            case Verdict.FIXED:
                report.outcome, report.longrepr = "failed", reason
            case Verdict.ERROR:
                report.outcome = "failed"
            case _:
                path, line, _ = item.location
                report.outcome, report.longrepr = "skipped", (path, line or 0, reason)
                if verdict is Verdict.KNOWN:
                    report.wasxfail = reason

    def _told(self, check: str) -> record.Run:
        """Return the run with nothing but the check that has just ended: what a failure is told from."""
        assert self.recorder is not None
        # Another worker may be about to write down what is planned.
        if self.plan is None or not self.plan.planned:
            self.plan = record.load_plan(self.settings.report)
        run = record.with_events(self.plan, self.recorder.of_check(check))
        if all(each.exchange in run.exchanges for each in run.results[0].findings if each.exchange):
            return run
        whole = record.load(self.settings.report)
        return replace(whole, results=run.results)

    @pytest.hookimpl(tryfirst=True)
    def pytest_report_teststatus(self, report: pytest.CollectReport | pytest.TestReport) -> tuple[str, str, Any] | None:
        verdict = dict(getattr(report, "user_properties", ())).get(VERDICT_PROPERTY)
        if not isinstance(verdict, str):
            return None
        if report.when == "call" or (report.when == "setup" and report.failed):
            return STATUS[verdict]
        return None

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Have JUnit call a test by the names of its check: the file that it lives in is nobody's business."""
        properties = dict(report.user_properties)
        if not self.controls or CHECK_PROPERTY not in properties:
            return
        from _pytest.junitxml import xml_key  # noqa: PLC0415 - there is no public way that works under xdist

        junit = self.config.stash.get(xml_key, None)
        if junit is not None:
            reporter = junit.node_reporter(report)
            reporter.add_attribute("classname", str(properties[SCENARIO_PROPERTY]))
            reporter.add_attribute("name", str(properties[CHECK_PROPERTY]))

    # After the last check

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        if self.recorder is None:
            return
        if not self.controls:
            self.observers.close()
        if not self.controls or exitstatus == pytest.ExitCode.USAGE_ERROR:
            return
        left = self._clean()
        run = record.load(self.settings.report)
        self.stale = [] if exitstatus == pytest.ExitCode.INTERRUPTED else known.stale(self.known, run)
        judged = summary.exit_status(run, self.settings.strict) if run.planned else int(exitstatus)
        if (
            exitstatus in {pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.NO_TESTS_COLLECTED}
            and run.planned
        ):
            session.exitstatus = 1 if self.stale or exitstatus == pytest.ExitCode.TESTS_FAILED else judged
        self.recorder.event(
            "footer",
            finished=now(),
            exit=int(session.exitstatus),
            seconds=round(time.monotonic() - self.began, 3),
            interrupted=exitstatus == pytest.ExitCode.INTERRUPTED,
            stale=[
                {
                    "check": each.check,
                    "requirement": each.requirement,
                    "code": each.code,
                    "reason": each.reason,
                    "why": why,
                }
                for each, why in self.stale
            ],
        )
        if self.settings.write_known:
            reason = f"seen on {now()[:10]} with dicomweb-conformance {VERSION}; not yet explained"
            known.write(self.settings.write_known, known.of_run(run, self.known, reason))
        self.left = left
        write_reports(self.settings.report)
        shutil.rmtree(self.state, ignore_errors=True)

    def _clean(self) -> tuple[cleaning.Left, ...]:
        assert self.recorder is not None
        try:
            cleaned = cleaning.clean(self.service, self.ledger, self.ledger.of_this_run(), self.settings.grace)
        except CredentialsError as error:
            left = tuple(cleaning.Left(each.study_uid, str(error)) for each in self.ledger.of_this_run())
            cleaned = cleaning.Cleaned(0, left)
        for each in cleaned.left:
            self.recorder.event("left", study_uid=each.study_uid, reason=each.reason)
        self.recorder.event("cleaned", studies=cleaned.removed)
        return cleaned.left

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if not self.controls or self.recorder is None or not (self.settings.report / "report.json").exists():
            return
        run = record.load(self.settings.report)
        terminalreporter.section("DICOMweb conformance")
        for line in terminal_lines(run):
            terminalreporter.write_line(line)
        for row, why in self.stale:
            terminalreporter.write_line(
                f"stale known failure: {row.check}, {row.requirement}, {row.code}: {why}", red=True
            )

    @pytest.hookimpl(trylast=True)
    def pytest_unconfigure(self) -> None:
        report = self.settings.report / "report.html"
        finished = self.controls and self.recorder is not None and report.exists()
        self.exit_stack.close()
        if finished:
            sys.stdout.write(f"{report}\n")
            sys.stdout.flush()


_JUDGED = frozenset({Verdict.PASS, Verdict.NOTE, Verdict.DEVIATION, Verdict.FAIL})


def _concludes(call: pytest.CallInfo[None]) -> bool:
    """Tell whether a check ends with this call: its own, or a set-up that failed; an interruption concludes nothing."""
    error = call.excinfo.value if call.excinfo else None
    if error is not None and not isinstance(error, Exception):
        return False
    return call.when == "call" or (call.when == "setup" and error is not None)
