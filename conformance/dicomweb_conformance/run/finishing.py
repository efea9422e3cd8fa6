"""What the process that controls a run does when its last check is over, a step at a time."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import pytest

from dicomweb_conformance.archive import cleaning
from dicomweb_conformance.checks import known_failures
from dicomweb_conformance.checks.known_failures import KnownFailure
from dicomweb_conformance.record.disk import NotWrittenError
from dicomweb_conformance.record.recorder import now
from dicomweb_conformance.run import gate, message_results, step_summary, turns
from dicomweb_conformance.run.ending import Ending, Step, reason
from dicomweb_conformance.run.instruments import VERSION, Instruments, sweeping
from dicomweb_conformance.run.report_directory import STATE
from dicomweb_conformance.run.terminal import clean_line, render_line
from dicomweb_conformance.service.ledger import Entry
from dicomweb_conformance.settings.auth import CredentialsError
from dicomweb_conformance.settings.options import Settings
from dicomweb_reports import record, summary
from dicomweb_reports.concluded import Concluded
from dicomweb_reports.write import Unwritten, write_reports

_ENDED = frozenset({pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.NO_TESTS_COLLECTED})


@dataclass
class Finishing:
    """The end of a run, from the first thing that is concluded to the last report.

    Attributes:
        session: pytest's.
        settings: of the run; the target has its URL.
        tools: what it was judged with.
        known: rows of known failures.
        requirements: the ids of all that there are.
        began: when the run did, by the monotonic clock.
        ending: takes the steps, and knows what went wrong before.
        stopped: why the run ended before its last check, where it could not write down what it has to.
        baseline: the earlier run that this one is held against, if any.
        processes: how many began to judge the target.
        stale: the rows of known failures that no longer hold.
        run: as the reports tell it; None where the record cannot be read.
        unwritten: the names of reports that could not be written.
        remarks: what else is to be told at the end.
    """

    session: pytest.Session
    settings: Settings
    tools: Instruments
    known: Sequence[KnownFailure]
    requirements: Collection[str]
    began: float
    ending: Ending
    stopped: str = ""
    baseline: Concluded | None = None
    processes: int = 1
    stale: list[tuple[KnownFailure, str]] = field(default_factory=list)
    run: record.Run | None = None
    unwritten: frozenset[str] = frozenset()
    remarks: list[str] = field(default_factory=list)
    _status: int = 0
    _gone: tuple[Entry, ...] = ()
    _left: tuple[str, ...] = ()

    def conclude(self, status: int) -> None:
        """Do what has to come before the other plugins of pytest end.

        Args:
            status: the exit status by which pytest ends the session.
        """
        self._status = status
        self.tools.recorder.tolerate_losses()
        self.tools.corpus.forget()  # its place in memory is for what reads the record
        workers: Any = self.session.config.pluginmanager.getplugin("dsession")
        if workers is not None and status not in _ENDED:
            # What they still write is part of what is concluded, and what they still store has to be removed.
            end = Step("ending the workers", workers.pytest_sessionfinish, "what they did last may not be reported")
            self.ending.take(end)
        self.ending.take(
            Step("putting the record back", self._restore_record, "it holds less than was seen"),
            Step("putting the ledger back", self.tools.ledger.restore, "it may not name all that is on the target"),
            Step(
                "concluding what all messages showed",
                partial(
                    message_results.conclude,
                    self.session,
                    self.tools.recorder,
                    self.known,
                    self.tools.observers,
                    self.recorded,
                ),
                "known failures of message[...] are not taken into account, and JUnit may lack some of these results",
            ),
        )

    def close(self) -> None:
        """Do the rest: clean up, settle the exit status, end the record, write the reports."""
        report = self.settings.report
        clean = f"`{clean_line(report, self.settings.url)}`"
        self.ending.take(
            Step("clean-up", self._clean, f"what is left on the target is named in the ledger, and {clean} removes it"),
            Step("putting the record back", self._restore_record, "it holds less than was seen"),
            Step("settling the ledger", self._settle_ledger, f"it is not known what is left, which {clean} finds out"),
            Step("the record", self._record_troubles, "it holds less than was seen"),
            Step("settling the exit status", self._settle, "the record is damaged"),
            Step("ending the record", self._record_footer, "reports call it a run that broke off"),
            Step("--dicomweb-write-known", self._write_known, "the file is as it was"),
            Step("writing the reports", self._write_reports, f"`{render_line(report)}` writes them elsewhere"),
            Step("tidying up", partial(shutil.rmtree, report / STATE, ignore_errors=True), f"{report / STATE} can go"),
        )
        self.session.exitstatus = self.status

    @cached_property
    def recorded(self) -> record.Growing:
        """What reads the run record: it grows while the run ends."""
        return record.Growing(self.settings.report)

    @property
    def status(self) -> int:
        """The exit status: 3 where something went wrong with the run itself, whatever was concluded."""
        if self.ending.troubles:
            return int(pytest.ExitCode.INTERNAL_ERROR)
        return int(pytest.ExitCode.INTERRUPTED if self.ending.interruptions else self._status)

    def _restore_record(self) -> None:
        if self.tools.recorder.restore():
            self.stopped = ""
            self.ending.note(
                f"{self.settings.report} was removed or moved while the run went on: the record was put back, and what "
                "it says is all that was done; bodies are lost"
            )
        elif self.stopped:
            self.ending.note(
                f"{self.stopped}. What is stored has to be on record, so nothing more was asked of the target; make "
                "room, or name another directory with --dicomweb-report=DIR, and run it again"
            )

    def _clean(self) -> None:
        entries = self.tools.ledger.of_this_run()
        if self.settings.keep:
            self._left = tuple(entry.study_uid for entry in entries)
            self.tools.recorder.event("kept", studies=len(entries))
            return
        left = self.tools.budget.left
        longest = cleaning.LONGEST if left is None else min(cleaning.LONGEST, max(left, self.settings.grace))
        refused = self.tools.access.ended
        # As many as have asked until now, and never several where the target was found not to serve them.
        clients = self.processes if turns.are_served_together(self.settings.report / STATE) else 1
        cleaned = cleaning.Cleaned(0, ())
        if not refused:
            try:
                with sweeping(self.settings, self.tools, longest) as service:
                    cleaned = cleaning.clean(service, entries, self.settings.grace, longest, clients)
            except CredentialsError as error:
                refused = str(error)
        if refused:
            cleaned = cleaning.Cleaned(0, tuple(cleaning.Left(entry.study_uid, refused) for entry in entries))
        self._gone, self._left = cleaned.gone, tuple(each.study_uid for each in cleaned.left)
        for each in cleaned.left:
            self.tools.recorder.event("left", study_uid=each.study_uid, reason=each.reason)
        self.tools.recorder.event("cleaned", studies=cleaned.removed)
        if cleaned.interrupted:
            self.ending.interruptions.append("clean-up was interrupted")

    def _settle_ledger(self) -> None:
        # First what is left: a disk that is full forgets none of it.
        self.tools.ledger.restore(self._left)
        self.tools.ledger.strike(self._gone)

    def _record_troubles(self) -> None:
        for trouble in self.ending.troubles:
            self.tools.recorder.event("trouble", what=trouble.what, traceback=trouble.traceback)
        if self.tools.recorder.lost and not self.ending.troubles:
            raise NotWrittenError(self.tools.recorder.lost)

    def _settle(self) -> None:
        run = self.recorded.run()
        ended, interrupted = self._status in _ENDED, self._status == pytest.ExitCode.INTERRUPTED
        self.stale = [] if interrupted else known_failures.stale(self.known, run, self.requirements)
        compared = gate.hold(run, self.baseline) if self.baseline else None
        if compared is not None:
            self.tools.recorder.event("baseline", **asdict(compared))
        if not (ended and run.planned):
            return
        if self.stale:
            self._status = 1
        elif compared is not None:
            self._status = gate.exit_status(run, compared, self.session.testsfailed, strict=self.settings.strict)
        elif self._status != pytest.ExitCode.TESTS_FAILED:
            self._status = summary.exit_status(run, self.settings.strict)

    def _record_footer(self) -> None:
        stale = [
            {
                "check": each.check,
                "requirement": each.requirement,
                "code": each.code,
                "reason": each.reason,
                "why": why,
            }
            for each, why in self.stale
        ]
        written = self.tools.recorder.event(
            "footer",
            finished=now(),
            exit=self.status,
            seconds=round(time.monotonic() - self.began, 3),
            interrupted=pytest.ExitCode.INTERRUPTED in {self._status, self.status},
            stale=stale,
        )
        if not written:
            raise NotWrittenError(self.tools.recorder.lost)

    def _write_known(self) -> None:
        if self.settings.write_known:
            seen = f"seen on {now()[:10]} with dicomweb-conformance {VERSION}; not yet explained"
            run = self.recorded.run()
            known_failures.write(self.settings.write_known, known_failures.of_run(run, self.known, seen))

    def _write_reports(self) -> None:
        written = write_reports(self.settings.report, run=self.recorded.run())
        self.run = written.run
        self.unwritten = frozenset(each.name for each in written.unwritten)
        alike: dict[str, list[Unwritten]] = {}
        for each in written.unwritten:
            alike.setdefault(reason(each.error), []).append(each)
        for why, failed in alike.items():
            names = ", ".join(each.name for each in failed)
            elsewhere = f"`{render_line(self.settings.report)}` writes all reports elsewhere"
            self.ending.note(f"{names} could not be written ({why}); {elsewhere}", failed[0].error)
        summary_file = os.environ.get(step_summary.VARIABLE)
        if summary_file and "report.md" not in self.unwritten:
            try:
                step_summary.append(self.settings.report / "report.md", Path(summary_file))
            except OSError as error:
                # A summary that cannot be shown is no trouble of the run: report.md is written.
                self.remarks.append(f"{step_summary.VARIABLE} takes no summary: {reason(error)}")
