"""A conformance run as pytest sees it, from the first look at the target to the reports.

One process controls the run: pytest itself, or the controller of pytest-xdist. It looks whether the target can be
judged, starts the embedded server, cleans up and renders the reports. Checks run there or in workers; all write to one
run record.
"""

from __future__ import annotations

import os
import platform
import shutil
import sys
import time
from contextlib import ExitStack
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock, Timeout

from dicomweb_conformance import catalogue, cleaning, embedded, exclusion, known
from dicomweb_conformance.auth import CredentialsError
from dicomweb_conformance.concluding import ConcludingMessages
from dicomweb_conformance.instruments import LOG, STATE, VERSION, Instruments, instruments, started
from dicomweb_conformance.judging import Judging
from dicomweb_conformance.known import KnownError, KnownFailure
from dicomweb_conformance.options import OptionError, Settings
from dicomweb_conformance.outcomes import JUnitNames, Outcomes
from dicomweb_conformance.output import Output, cleaned_logs
from dicomweb_conformance.planning import Planning, record_plan
from dicomweb_conformance.preflight import CannotBeJudged, preflight
from dicomweb_conformance.profile import Profile, ProfileError, load_profile
from dicomweb_conformance.recorder import now
from dicomweb_conformance.terminal import terminal_lines
from dicomweb_conformance.termination import taken_as_interrupt
from dicomweb_reports import record, summary
from dicomweb_reports.write import write_reports

_RUN_FILES = ("run.jsonl", "report.json", "report.html", "report.md", "exchanges.har")
_ENDED = frozenset({pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.NO_TESTS_COLLECTED})


class ConformanceSession:
    """The beginning and the end of a run.

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
        self.exit_stack = ExitStack()
        self.instruments: Instruments | None = None
        self.stale: list[tuple[KnownFailure, str]] = []
        self.run: record.Run | None = None
        self.output = Output(config, settings.redaction)
        config.pluginmanager.register(self.output, "dicomweb-output")
        self.exit_stack.enter_context(cleaned_logs(self.output.shown))
        try:
            self.profile: Profile = load_profile(settings.profile)
            self.known = (known.load(settings.known) if settings.known else ()) + known.rows(
                settings.known_in_target, "target.toml"
            )
        except (ProfileError, KnownError) as error:
            raise OptionError(str(error)) from None
        capabilities = {row.capability for row in catalogue.load().values() if row.capability}
        if unknown := sorted({name for name, _ in settings.target.declared} - capabilities):
            raise OptionError(
                f"[capabilities]: no requirement asks for {', '.join(unknown)}; "
                f"known are {', '.join(sorted(capabilities))}"
            )
        config.pluginmanager.register(Planning(self.profile), "dicomweb-planning")
        config.pluginmanager.register(Outcomes(), "dicomweb-outcomes")
        if self.controls:
            config.pluginmanager.register(JUnitNames(config), "dicomweb-junit")
        if from_controller:
            self._judge_at(from_controller["url"], config.workerinput["workerid"])  # type: ignore[attr-defined]  # set by xdist

    def _judge_at(self, url: str, process: str) -> Instruments:
        """Take up the instruments of this process, and give them to the checks."""
        self.settings = replace(self.settings, target=replace(self.settings.target, url=url))
        self.instruments = instruments(self.settings, self.profile, process, self._say, self.exit_stack)
        judging = Judging(self.settings, self.profile, self.instruments, self.known)
        self.config.pluginmanager.register(judging, "dicomweb-judging")
        return self.instruments

    def _say(self, line: str) -> None:
        """Show a line at once: standard error reaches the person from a worker, too."""
        line = self.output.shown(line)
        capture: Any = self.config.pluginmanager.getplugin("capturemanager")
        if capture is None:
            sys.stderr.write(f"\n{line}\n")
            return
        with capture.global_and_fixture_disabled():
            sys.stderr.write(f"\n{line}\n")
            sys.stderr.flush()

    # Before the first check

    @pytest.hookimpl
    def pytest_sessionstart(self) -> None:
        """Make the report's directory, start what is to be started, and see whether the target can be judged."""
        if not self.controls or self.config.getoption("collectonly"):
            return
        self.exit_stack.enter_context(taken_as_interrupt())
        self._keep_others_out()
        self._prepare_directory()
        if self.settings.write_known:
            self._prepare_known(self.settings.write_known)
        self.exit_stack.callback(self._clean_log)
        if self.settings.start:
            started(self.settings).start()
            self.exit_stack.callback(started(self.settings).stop)
        url = self.settings.target.url
        if self.settings.embedded:
            server = embedded.start(self.profile.flavour)
            self.exit_stack.callback(server.stop)
            url = server.url
        tools = self._judge_at(url, "main")
        self._record_header(tools)
        self.config.pluginmanager.register(
            ConcludingMessages(tools.recorder, self.known, tools.observers), "dicomweb-messages"
        )
        self.began = time.monotonic()
        try:
            if self.settings.start:
                tools.liveness.wait()
            preflight(tools.watching, self.settings.target, self.settings.seed)
        except (CannotBeJudged, CredentialsError) as problem:
            raise pytest.UsageError(self.output.shown(str(problem))) from None

    def _keep_others_out(self) -> None:
        """See that no other run makes and deletes the same studies on the target; the embedded server is our own."""
        if self.settings.embedded or self.settings.target.read_only:
            return
        try:
            self.exit_stack.enter_context(exclusion.alone(self.settings.target.url, self.settings.seed))
        except exclusion.GoesOnError as problem:
            raise pytest.UsageError(str(problem)) from None

    def _prepare_directory(self) -> None:
        report = self.settings.report
        in_use = FileLock(report / ".in-use.lock")
        try:
            report.mkdir(parents=True, exist_ok=True)
            in_use.acquire(timeout=0)
        except Timeout:
            raise pytest.UsageError(
                f"another run writes to {report}: --dicomweb-report=DIR names another directory"
            ) from None
        except OSError as error:
            raise pytest.UsageError(
                f"{report} cannot take a report: {error.strerror}; --dicomweb-report=DIR names another directory"
            ) from None
        self.exit_stack.callback(in_use.release)
        for name in _RUN_FILES:
            (report / name).unlink(missing_ok=True)
        for directory in (report / "bodies", report / STATE):
            shutil.rmtree(directory, ignore_errors=True)
        (report / STATE).mkdir()

    def _clean_log(self) -> None:
        """Take secrets out of what the target itself printed: servers log header fields."""
        log = self.settings.report / LOG
        if not log.exists():
            return
        part = log.with_suffix(".part")
        try:
            with log.open("rb") as said, part.open("wb") as kept:
                while line := said.readline(1 << 20):
                    kept.write(self.settings.redaction.octets(line))
            part.replace(log)
        except OSError as error:
            self._say(f"{log} may hold secrets: it could not be rewritten without them ({error.strerror})")

    def _prepare_known(self, path: Path) -> None:
        """See before the first check, not after the last, whether the known failures can be written."""
        if path.is_dir() or not os.access(path if path.exists() else path.parent, os.W_OK):
            raise pytest.UsageError(f"--dicomweb-write-known: {path} cannot be written")

    def _record_header(self, tools: Instruments) -> None:
        target = self.settings.target
        tools.recorder.event(
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

    def pytest_report_header(self) -> list[str]:
        """Say who is judged, how to repeat it, and where to look meanwhile."""
        settings, too_short = self.settings, self.settings.redaction.has_too_short
        return [
            f"dicomweb: judging {settings.target.url} by profile {self.profile.name}, suite {VERSION}",
            f"dicomweb: --dicomweb-seed={settings.seed} makes the same data again",
            f"dicomweb: the record grows in {settings.report}",
            *(["dicomweb: a secret has fewer than 4 characters: only header fields hide it"] if too_short else []),
        ]

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Hand a worker of pytest-xdist what only the controller knows."""
        node.workerinput["dicomweb"] = {
            "url": self.settings.target.url,
            "seed": self.settings.seed,
            "directory": str(self.config.invocation_params.dir),
        }

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Write down what is planned; under xdist every worker collects the same, and the first one tells."""
        if self.instruments is not None and self.instruments.recorder.process in {"main", "gw0"}:
            record_plan(self.instruments.recorder, self.profile, session.items)

    # After the last check

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Clean up, settle the exit status and write the reports."""
        tools = self.instruments
        if tools is None:
            return
        if not self.controls:
            tools.observers.close()
        if not self.controls or exitstatus == pytest.ExitCode.USAGE_ERROR:
            return
        self._clean(tools)
        run = record.load(self.settings.report)
        interrupted = exitstatus == pytest.ExitCode.INTERRUPTED
        self.stale = [] if interrupted else known.stale(self.known, run)
        if exitstatus in _ENDED and run.planned:
            failed = bool(self.stale) or exitstatus == pytest.ExitCode.TESTS_FAILED
            session.exitstatus = 1 if failed else summary.exit_status(run, self.settings.strict)
        tools.recorder.event(
            "footer",
            finished=now(),
            exit=int(session.exitstatus),
            seconds=round(time.monotonic() - self.began, 3),
            interrupted=interrupted,
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
        self.run = write_reports(self.settings.report)
        shutil.rmtree(self.settings.report / STATE, ignore_errors=True)

    def _clean(self, tools: Instruments) -> None:
        of_this_run = tools.ledger.of_this_run()
        refused = tools.access.ended
        try:
            if not refused:
                cleaned = cleaning.clean(tools.service, tools.ledger, of_this_run, self.settings.grace)
        except CredentialsError as error:
            refused = str(error)
        if refused:
            cleaned = cleaning.Cleaned(0, tuple(cleaning.Left(each.study_uid, refused) for each in of_this_run))
        for each in cleaned.left:
            tools.recorder.event("left", study_uid=each.study_uid, reason=each.reason)
        tools.recorder.event("cleaned", studies=cleaned.removed)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Tell the run in a screen."""
        if self.run is None:
            return
        terminalreporter.section("DICOMweb conformance")
        for line in terminal_lines(self.run):
            terminalreporter.write_line(line)
        for row, why in self.stale:
            terminalreporter.write_line(
                f"stale known failure: {row.check}, {row.requirement}, {row.code}: {why}", red=True
            )

    @pytest.hookimpl(trylast=True)
    def pytest_unconfigure(self) -> None:
        """End what was started; the last line printed is the path of the report."""
        self.exit_stack.close()
        if self.run is not None:
            sys.stdout.write(f"{self.settings.report / 'report.html'}\n")
            sys.stdout.flush()
