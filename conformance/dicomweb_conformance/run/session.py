"""A conformance run as pytest sees it, from the first look at the target to the reports.

One process controls the run: pytest itself, or the controller of pytest-xdist. It looks whether the target can be
judged, starts the embedded server, cleans up and renders the reports. Checks run there or in workers; all write to one
run record.
"""

from __future__ import annotations

import contextlib
import functools
import os
import platform
import sys
import time
from collections.abc import Callable, Generator
from contextlib import ExitStack
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from dicomweb_conformance.catalogue.profile import Profile, ProfileError, load_profile
from dicomweb_conformance.checks import known_failures
from dicomweb_conformance.checks.known_failures import KnownError
from dicomweb_conformance.probes.preflight import CannotBeJudged, first_question, preflight
from dicomweb_conformance.record.disk import NotWrittenError
from dicomweb_conformance.record.recorder import now
from dicomweb_conformance.run import (
    coverage,
    embedded,
    exclusion,
    gate,
    own_scenarios,
    profile_facts,
    report_directory,
    selection,
    workers,
)
from dicomweb_conformance.run.ending import Ending, Step, Trouble, reason
from dicomweb_conformance.run.finishing import Finishing
from dicomweb_conformance.run.gate import BaselineError
from dicomweb_conformance.run.instruments import LOG, MAIN, VERSION, Instruments, instruments, started
from dicomweb_conformance.run.isolated import is_isolated
from dicomweb_conformance.run.judging import Judging
from dicomweb_conformance.run.output import Output, cleaned_logs
from dicomweb_conformance.run.own_scenarios import ScenarioError
from dicomweb_conformance.run.planning import Planning, every_check, record_plan
from dicomweb_conformance.run.report_directory import NoReportDirectoryError
from dicomweb_conformance.run.reporting import CheckNames, JUnitNames, Outcomes
from dicomweb_conformance.run.terminal import failed_lines, render_line, terminal_lines, verdict_line
from dicomweb_conformance.run.termination import HangupError, leave_readers, taken_as_interrupt
from dicomweb_conformance.scenarios.persona.clients import OPERATIONS, clients
from dicomweb_conformance.settings.auth import CredentialsError
from dicomweb_conformance.settings.options import Settings
from dicomweb_conformance.settings.table import OptionError
from dicomweb_reports import summary


class ConformanceSession:
    """The beginning and the end of a run.

    Args:
        config: pytest's.
        settings: what was asked for.
        from_controller: what the controller of pytest-xdist hands to this worker; None in the controller, and without
            xdist.

    Raises:
        OptionError: the profile, the vendor's own checks or the known failures cannot be used.
    """

    def __init__(self, config: pytest.Config, settings: Settings, from_controller: dict[str, Any] | None) -> None:
        self.config = config
        self.settings = settings
        self.controls = from_controller is None
        self.exit_stack = ExitStack()
        self.instruments: Instruments | None = None
        self.output = Output(config, settings.redaction)
        config.pluginmanager.register(self.output, "dicomweb-output")
        self.exit_stack.enter_context(cleaned_logs(self.output.shown))
        self.judging: Judging | None = None
        self.finishing: Finishing | None = None
        self.ending = Ending()
        self.stopped = ""
        self.told = False
        self.nothing = ""
        self.pace = ""
        self.processes = 0
        try:
            self.own = own_scenarios.read(settings.scenarios, config)
            self.profile: Profile = replace(load_profile(settings.profile), judges=self._is_judged).of_edition(
                settings.edition
            )
            own_scenarios.hold_against(self.own, self.profile.rows, self.profile.name)
            self._see_that_something_is_planned()
            self.baseline = gate.baseline(settings.baseline, self.profile.name) if self.controls else None
            self.known = (known_failures.load(settings.known) if settings.known else ()) + known_failures.rows(
                settings.known_in_target, "target.toml"
            )
        except ScenarioError as error:
            raise OptionError(f"--dicomweb-scenarios: {error}") from None
        except (ProfileError, KnownError, BaselineError) as error:
            raise OptionError(str(error)) from None
        capabilities = {row.capability for row in self.profile.rows.values() if row.capability}
        if unknown := sorted({name for name, _ in settings.target.declared} - capabilities):
            raise OptionError(
                f"[capabilities]: no requirement asks for {', '.join(unknown)}; "
                f"known are {', '.join(sorted(capabilities))}"
            )
        for scenario in sorted(self.own.scenarios):
            config.addinivalue_line("markers", f"{scenario}: checks in {self.own.directory}")
        config.pluginmanager.register(Planning(self.profile, self.own, self._personas()), "dicomweb-planning")
        config.pluginmanager.register(Outcomes(), "dicomweb-outcomes")
        if is_isolated(config):
            config.pluginmanager.register(CheckNames(config), "dicomweb-check-names")
        if self.controls:
            config.pluginmanager.register(JUnitNames(config, self._named()), "dicomweb-junit")
            workers.share_out_evenly(config)
        if from_controller:
            workers.must_share(settings.report, from_controller["mark"])
            try:
                self._judge_at(from_controller["url"], config.workerinput["workerid"])  # type: ignore[attr-defined]  # set by xdist
            except (OSError, NotWrittenError) as error:
                # Such as of a directory that is removed at this moment.
                raise OptionError(f"{settings.report} cannot be written: {reason(error)}") from None

    def _is_judged(self, requirement: str) -> bool:
        return self.own.judge(requirement) or coverage.is_judged(requirement)

    def _named(self) -> dict[str, str]:
        """Return what other reports than ours say of the profile."""
        profile = self.profile
        whose = "of the suite" if profile.shipped else "home-made"
        return {
            "dicomweb-profile": f"{profile.name} ({whose}): {self.output.shown(profile.title)}",
            "dicomweb-profile-file": f"{profile.file}, SHA-256 {profile.digest}",
        }

    @functools.cache  # noqa: B019 - there is one session
    def _every_check(self) -> frozenset[str]:
        return frozenset(every_check(self.profile, self.own))

    def _see_that_something_is_planned(self) -> None:
        """See that a profile plans a check, before anything is asked of a target; those of the suite do.

        Raises:
            ProfileError: it plans none, or names a check that is not there.
        """
        if self.profile.shipped or not self.controls:
            return
        known = {check for check, _ in coverage.checks()} | {each.id for each in self.own.checks}
        if unknown := self.profile.unknown_checks(known):
            raise ProfileError(f"the profile {self.profile.file}: there is no check {unknown[0]}")
        if not self._every_check():
            raise ProfileError(
                f"the profile {self.profile.file} plans nothing: no check verifies what its services, tiers, select "
                "and leave-out come to"
            )

    def _personas(self) -> frozenset[str]:
        """Return the clients that must work.

        Raises:
            OptionError: nobody knows one of them, or the profile does not judge by them.
        """
        named = self.settings.personas
        if unknown := sorted(named - clients().keys()):
            raise OptionError(
                f"--dicomweb-persona: no client is called {', '.join(unknown)}; known are {', '.join(clients())}"
            )
        if named and not any(self.profile.has(self.profile.rows[operation]) for operation in OPERATIONS.values()):
            raise OptionError(
                f"--dicomweb-persona: the profile {self.profile.name} leaves clients out; its services need PERSONA"
            )
        return named

    def _judge_at(self, url: str, process: str) -> Instruments:
        """Take up the instruments of this process, and give them to the checks."""
        self.settings = replace(self.settings, target=replace(self.settings.target, url=url))
        self.instruments = instruments(self.settings, self.profile, process, self._say, self.exit_stack)
        self.judging = Judging(self.settings, self.profile, self.instruments, self.known, self._every_check)
        self.config.pluginmanager.register(self.judging, "dicomweb-judging")
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
        """Take the report's directory, start what is to be started, and see whether the target can be judged."""
        if self.config.getoption("collectonly"):
            return
        self.exit_stack.enter_context(taken_as_interrupt())
        if not self.controls:
            return
        try:
            self._begin()
        except (CannotBeJudged, CredentialsError, NoReportDirectoryError, NotWrittenError) as problem:
            raise pytest.UsageError(self.output.shown(str(problem))) from None
        except (pytest.UsageError, pytest.exit.Exception):
            raise
        except KeyboardInterrupt:
            said = "interrupted while the target was first looked at: nothing was judged, and nothing stored"
            pytest.exit(said, returncode=pytest.ExitCode.INTERRUPTED)
        except Exception as error:  # whatever it stumbles over, it is told without a traceback
            self.ending.note(f"the run did not begin ({reason(error)}): nothing was judged", error)
            trouble = self.ending.troubles[-1]
            if self.instruments is not None:
                self.instruments.recorder.tolerate_losses()
                self.instruments.recorder.event("trouble", what=trouble.what, traceback=trouble.traceback)
            pytest.exit(self.output.shown(trouble.what), returncode=pytest.ExitCode.INTERNAL_ERROR)

    def _begin(self) -> None:
        if said := known_failures.notice(self.known):
            self._say(f"dicomweb: {said}")
        self._keep_others_out()
        report_directory.take(self.settings.report, self.exit_stack)
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
        report_directory.clear(self.settings.report)
        workers.mark(self.settings.report)
        tools = self._judge_at(url, MAIN)
        self._record_header(tools)
        self.began = time.monotonic()
        if self.settings.start:
            tools.liveness.wait()
        first = preflight(tools.watching, self.settings.target, self.settings.seed)
        # A target may wake up for its first response.
        again = first_question(tools.watching, self.settings.seed)
        takes = min(each.seconds for each in (first, again) if each.status)
        tools.budget.suit(takes, self.settings.rate)
        self.pace = f"{tools.budget} for checks to begin; the first responses took {1000 * takes:.0f} ms"

    def _keep_others_out(self) -> None:
        """See that no other run makes and deletes the same studies on the target; the embedded server is our own."""
        if self.settings.embedded or self.settings.target.read_only:
            return
        try:
            self.exit_stack.enter_context(exclusion.alone(self.settings.target.url, self.settings.seed))
        except exclusion.GoesOnError as problem:
            raise pytest.UsageError(str(problem)) from None

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
        product = target.product or (embedded.product(VERSION) if self.settings.embedded else None)
        tools.recorder.event(
            "header",
            format=1,
            suite={"name": "dicomweb-conformance", "version": VERSION},
            python=platform.python_version(),
            platform=platform.platform(),
            started=now(),
            profile=self.profile.name,
            rules=profile_facts.facts(self.profile),
            edition=self.profile.edition,
            seed=self.settings.seed,
            settings=self.settings.shown(),
            target={"url": target.url, "product": asdict(product) if product else None},
        )

    def pytest_report_header(self) -> list[str]:
        """Say who is judged, how to repeat it, and where to look meanwhile."""
        settings, too_short = self.settings, self.settings.redaction.has_too_short
        return [
            f"dicomweb: judging {settings.target.url} by profile {self.profile.name}, suite {VERSION}",
            *([f"dicomweb: by PS3.18 {settings.edition} and no other edition"] if settings.edition else []),
            *([] if self.profile.shipped else [f"dicomweb: the profile is {self.profile.file}, none of the suite's"]),
            f"dicomweb: --dicomweb-seed={settings.seed} makes the same data again",
            f"dicomweb: the record grows in {settings.report}",
            *([f"dicomweb: {self.pace}; --dicomweb-budget=S sets another"] if self.pace else []),
            *(["dicomweb: a secret has fewer than 4 characters: only header fields hide it"] if too_short else []),
        ]

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Hand a worker of pytest-xdist what only the controller knows."""
        node.workerinput["dicomweb"] = workers.handed(self.config, self.settings)
        self.processes += 1

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Write down what is planned; under xdist every worker collects the same, and the first one tells."""
        if self.instruments is not None and self.instruments.recorder.process in {MAIN, "gw0"}:
            # A worker does not know whether the others can take part.
            if session.items and self.controls:
                report_directory.forget(self.settings.report)
            # The first check then finds out, too, and ends the run in good order.
            with contextlib.suppress(NotWrittenError):
                record_plan(self.instruments.recorder, self.profile, self.own, session.items)

    # After the last check

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any, error: object | None) -> None:
        """Hear from a worker of pytest-xdist what went wrong in it; one that died says nothing."""
        refusal = workers.refusal(node)
        if refusal and not workers.is_marked(self.settings.report):
            # No fault of the worker's: to the controller it is as if it had been taken away a moment later.
            self.stopped = f"{self.settings.report} was removed or moved while the run went on"
            pytest.exit(self.output.shown(self.stopped), returncode=pytest.ExitCode.INTERNAL_ERROR)
        if refusal:
            # No check has begun: workers wait until all of them have collected.
            with contextlib.suppress(OSError):
                report_directory.put_back(self.settings.report)
            raise pytest.UsageError(self.output.shown(refusal))
        said = getattr(node, "workeroutput", {}).get("dicomweb", {})
        for what, trace in said.get("troubles", ()):
            self.ending.add(Trouble(what, trace))
        self.stopped = self.stopped or said.get("stopped", "")
        if error and not hasattr(node, "workeroutput"):
            self.ending.note(f"worker {node.gateway.id} died: what it had not written down by then is lost")

    @pytest.hookimpl
    def pytest_internalerror(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Remember that pytest, or a plugin of it, broke down."""
        self.ending.note(f"pytest ended with an internal error ({reason(excinfo.value)})", excinfo.value)

    @pytest.hookimpl
    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Say nothing more to readers that are gone: that would break off all that is still to be done."""
        terminal = self.config.pluginmanager.getplugin("terminalreporter")
        if isinstance(excinfo.value, HangupError):
            leave_readers()
            if terminal is not None:
                self.config.pluginmanager.unregister(terminal)

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> Generator[None, object, object]:
        """Conclude, let the other plugins end, then do the rest; nothing that fails keeps anything else from it."""
        tools = self.instruments
        self._spare_hypothesis()
        if tools is None or exitstatus == pytest.ExitCode.USAGE_ERROR:
            return (yield)
        self.stopped = self.stopped or (self.judging.stopped if self.judging else "") or tools.recorder.lost
        if not self.controls:
            self._end_worker(tools)
            return (yield)
        if exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED and not self.ending.troubles:
            self._select_nothing()
            return (yield)
        report_directory.forget(self.settings.report)
        self.finishing = Finishing(
            session,
            self.settings,
            tools,
            self.known,
            self.profile.rows,
            self.began,
            self.ending,
            self.stopped,
            baseline=self.baseline,
            processes=max(1, self.processes),
        )
        self.finishing.conclude(exitstatus)
        try:
            return (yield)
        except pytest.exit.Exception:
            raise
        except (Exception, KeyboardInterrupt) as error:
            # Such as that of a JUnit file for which there is no room.
            self.ending.note(f"another plugin of pytest failed at the end of the run ({reason(error)})", error)
            return []
        finally:
            self.finishing.close()

    def _spare_hypothesis(self) -> None:
        """Keep Hypothesis's plug-in from loading all of it for a summary, where nothing has been drawn."""
        plugin = self.config.pluginmanager.getplugin("hypothesispytest")
        if plugin is not None and "hypothesis" not in sys.modules:
            self.config.pluginmanager.unregister(plugin)

    def _select_nothing(self) -> None:
        """Leave the report of the run before as it was: this one has nothing to put in its place."""
        self.nothing = selection.advice(self.config, self._every_check())
        try:
            if report_directory.put_back(self.settings.report):
                self.nothing += f" The report in {self.settings.report} is that of the run before."
        except OSError as error:
            self.nothing += f" The report of the run before could not be put back ({reason(error)})."

    def _end_worker(self, tools: Instruments) -> None:
        """Write down what this process knows, and leave the rest to the controller."""
        tools.recorder.tolerate_losses()
        self.ending.take(
            Step("counting messages", tools.observers.close, "the numbers of messages judged are too low"),
            Step("putting the ledger back", tools.ledger.restore, "it may not name all that is on the target"),
        )
        self.config.workeroutput["dicomweb"] = {  # type: ignore[attr-defined]  # set by xdist
            "stopped": self.stopped,
            "troubles": [[trouble.what, trouble.traceback] for trouble in self.ending.troubles],
        }

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Tell the run in a screen."""
        if self.nothing:
            terminalreporter.write_line(self.output.shown(self.nothing), red=True)
        if self.finishing is not None:
            self._tell_failures(self.finishing, terminalreporter)
            terminalreporter.section("DICOMweb conformance")
            self._tell(self.finishing, terminalreporter.write_line)

    def _tell_failures(self, finishing: Finishing, terminal: pytest.TerminalReporter) -> None:
        """Tell in a line each what failed, in place of pytest's lines, which have neither check nor observation."""
        lines = list(failed_lines(finishing.run)) if finishing.run else []
        if not lines:
            return
        terminal.reportchars = terminal.reportchars.replace("f", "").replace("E", "")
        terminal.section("what failed")
        for line in lines:
            terminal.write_line(line)

    def _tell(self, finishing: Finishing, write: Callable[..., None]) -> None:
        self.told = True
        run = finishing.run

        def summarise() -> None:
            for line in terminal_lines(run) if run else ():
                write(line)

        self.ending.take(Step("the summary", summarise, "report.html has it"))
        for row, why in finishing.stale:
            write(f"stale known failure: {row.check}, {row.requirement}, {row.code}: {why}", red=True)
        for remark in finishing.remarks:
            write(self.output.shown(remark))
        for interruption in self.ending.interruptions:
            write(f"{interruption}.", red=True)
        for trouble in self.ending.troubles:
            write(f"The run did not end: {self.output.shown(trouble.what)}.", red=True)
        if run is not None:
            write(f"Until then: {summary.so_far(run)}" if self.ending.troubles else verdict_line(run))
        finishing.session.exitstatus = finishing.status

    @pytest.hookimpl(trylast=True)
    def pytest_unconfigure(self) -> None:
        """End what was started; the last line printed is the path of the report."""
        self.ending.take(Step("ending what was started", self.exit_stack.close, "see whether it still runs"))
        finishing = self.finishing
        if finishing is None:
            return
        finishing.session.exitstatus = finishing.status
        # Whoever reads it may be gone.
        with contextlib.suppress(OSError):
            if not self.told:
                self._tell(finishing, lambda line, **_: print(line))  # noqa: T201 - nobody else prints any more
            if finishing.run is not None and "report.html" not in finishing.unwritten:
                sys.stdout.write(f"{self.settings.report / 'report.html'}\n")
            else:
                sys.stdout.write(f"{render_line(self.settings.report)}\n")
            sys.stdout.flush()
