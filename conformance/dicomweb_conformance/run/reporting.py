"""How pytest tells of a verdict: the outcome of a report and its words, on the terminal and in JUnit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dicomweb_conformance.catalogue.verdicts import Verdict
from dicomweb_conformance.record.recorder import Recorder
from dicomweb_conformance.run.planning import CHECK_PROPERTY, SCENARIO_PROPERTY, VERDICT_PROPERTY
from dicomweb_conformance.run.terminal import STATUS
from dicomweb_reports import record
from dicomweb_reports.failure import failure_text
from dicomweb_reports.messages import SCENARIO as MESSAGES


class Outcomes:
    """A plugin that gives verdicts their letters, and tests the names of their checks; in every process of a run."""

    @pytest.hookimpl(tryfirst=True)
    def pytest_report_teststatus(self, report: pytest.CollectReport | pytest.TestReport) -> tuple[str, str, Any] | None:
        """Return category, letter and word of a verdict."""
        verdict = dict(getattr(report, "user_properties", ())).get(VERDICT_PROPERTY)
        if not isinstance(verdict, str):
            return None
        if report.when == "call" or (report.when == "setup" and report.failed):
            category = STATUS[verdict][0]
            # One that could not be told is shown as pytest shows what failed.
            return None if report.failed and category == "passed" else STATUS[verdict]
        return None


class CheckNames:
    """A plugin that has pytest's terminal name checks and their scenarios, where there are no files that a user knows.

    Args:
        config: pytest's.
    """

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.checks: dict[str, str] = {}

    @pytest.hookimpl(trylast=True)
    def pytest_sessionstart(self) -> None:
        """Have the terminal ask here for names."""
        config: Any = self.config
        terminal: Any = config.pluginmanager.getplugin("terminalreporter")
        named, write = config.cwd_relative_nodeid, getattr(terminal, "write_fspath_result", None)
        config.cwd_relative_nodeid = lambda nodeid: self._name(str(nodeid)) or named(nodeid)
        if write is not None:
            # It writes paths as they are from there.
            terminal.startpath = self.config.rootpath
            terminal.write_fspath_result = lambda nodeid, *told, **how: write(_group(str(nodeid)), *told, **how)

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Learn the names of the checks."""
        for item in session.items:
            self._learn(item.nodeid, item.user_properties)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Learn the name of a check that a worker tells of."""
        self._learn(report.nodeid, report.user_properties)

    def _name(self, nodeid: str) -> str:
        """Return the id of a check; "" for what is none."""
        return self.checks.get(nodeid) or nodeid.partition(f"/{MESSAGES}::")[2]

    def _learn(self, nodeid: str, properties: Sequence[tuple[str, object]]) -> None:
        if check := dict(properties).get(CHECK_PROPERTY):
            self.checks[nodeid] = str(check)


def _group(nodeid: str) -> str:
    """Return what a line of progress is about: a scenario, and the file of it, as far as there is one."""
    place = nodeid.partition("::")[0].removeprefix("dicomweb_conformance/").removeprefix("scenarios/")
    return place.removesuffix(".py").replace("/test_", "/")


class JUnitNames:
    """A plugin that has JUnit call a test by the name of its check rather than by its file, and say the profile.

    Args:
        config: pytest's.
        properties: of the run as a whole.
    """

    def __init__(self, config: pytest.Config, properties: Mapping[str, str]) -> None:
        self.config = config
        self.properties = properties

    @pytest.hookimpl(trylast=True)
    def pytest_sessionstart(self) -> None:
        """Name what was judged by."""
        from _pytest.junitxml import xml_key  # noqa: PLC0415 - there is no public way that works under xdist

        junit = self.config.stash.get(xml_key, None)
        if junit is not None:
            for name, value in self.properties.items():
                junit.add_global_property(name, value)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Name the test case by scenario and check."""
        properties = dict(report.user_properties)
        if CHECK_PROPERTY not in properties:
            return
        from _pytest.junitxml import xml_key  # noqa: PLC0415 - there is no public way that works under xdist

        junit = self.config.stash.get(xml_key, None)
        if junit is not None:
            reporter = junit.node_reporter(report)
            reporter.add_attribute("classname", str(properties[SCENARIO_PROPERTY]))
            reporter.add_attribute("name", str(properties[CHECK_PROPERTY]))


class Telling:
    """Prints a failure as soon as it happens, from the run record and nothing else."""

    def __init__(self, directory: Path, recorder: Recorder) -> None:
        self.directory = directory
        self.recorder = recorder
        self.plan: record.Run | None = None

    def dress(self, report: pytest.TestReport, item: pytest.Item, check: str, verdict: Verdict, reason: str) -> None:
        """Give a report the outcome and the words of its verdict."""
        match verdict:
            case Verdict.PASS | Verdict.NOTE | Verdict.DEVIATION:
                report.outcome, report.longrepr = "passed", None
            case Verdict.FAIL:
                run = self._told(check)
                report.outcome, report.longrepr = "failed", failure_text(run.results[0], run)
            case Verdict.FIXED:
                report.outcome, report.longrepr = "failed", reason
            case Verdict.ERROR:
                report.outcome, report.longrepr = "failed", report.longrepr or reason
            case _:
                path, line, _ = item.location
                report.outcome, report.longrepr = "skipped", (path, line or 0, reason)
                if verdict is Verdict.KNOWN:
                    report.wasxfail = reason

    def _told(self, check: str) -> record.Run:
        """Return the run with nothing but the check that has just ended: what a failure is told from."""
        # Another worker may be about to write down what is planned.
        if self.plan is None or not self.plan.planned:
            self.plan = record.load_plan(self.directory)
        run = record.with_events(self.plan, self.recorder.of_check(check))
        if all(finding.exchange in run.exchanges for finding in run.results[0].findings if finding.exchange):
            return run
        whole = record.load(self.directory)
        return replace(whole, results=run.results)
