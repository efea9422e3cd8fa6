"""The end of a load: cleaned up, concluded, recorded and reported, each step whatever becomes of the others."""

from __future__ import annotations

import shutil
from dataclasses import asdict, dataclass, field
from functools import partial

from dicomweb_conformance.archive import cleaning
from dicomweb_conformance.load.state import Load
from dicomweb_conformance.record.recorder import now
from dicomweb_conformance.run import message_results
from dicomweb_conformance.run.ending import Ending, Step, reason
from dicomweb_conformance.run.instruments import sweeping
from dicomweb_conformance.run.report_directory import STATE
from dicomweb_conformance.run.terminal import clean_line, render_line
from dicomweb_reports import record
from dicomweb_reports.load import Outcome, outcome
from dicomweb_reports.write import write_reports

RIGHT, WRONG, INTERRUPTED, TROUBLE, CANNOT, NOTHING = range(6)
"""The exit statuses, those of a run."""
_STATUS = {Outcome.RIGHT: RIGHT, Outcome.WRONG: WRONG, Outcome.GONE: WRONG, Outcome.NOTHING: NOTHING}


@dataclass
class Closing:
    """The end of a load.

    Attributes:
        load: what ends.
        ending: what went wrong with the load itself.
        interrupted: whether somebody asked to end.
    """

    load: Load
    ending: Ending = field(default_factory=Ending)
    interrupted: bool = False
    _status: int = NOTHING

    def close(self) -> int:
        """Take every step, and return the exit status."""
        tools, report = self.load.tools, self.load.settings.report
        tools.recorder.tolerate_losses()
        clean = f"`{clean_line(report, self.load.settings.url)}`"
        self.ending.take(
            Step("clean-up", self._clean, f"what is left on the target is in the ledger, and {clean} removes it"),
            Step("concluding what was seen", self._conclude, "the report holds less than was seen"),
            Step("the record", self._record_troubles, "it holds less than was seen"),
            Step("ending the record", self._record_footer, "the report does not say how it ended"),
            Step("writing the reports", self._write_reports, f"`{render_line(report)}` writes them elsewhere"),
            Step("tidying up", partial(shutil.rmtree, report / STATE, ignore_errors=True), f"{report / STATE} can go"),
        )
        for line in (*(each.what for each in self.ending.troubles), *self.ending.interruptions):
            self.load.say(f"load: {line}")
        return self.status

    @property
    def status(self) -> int:
        """The exit status: 3 where something went wrong with the load itself, whatever was concluded."""
        if self.ending.troubles:
            return TROUBLE
        return INTERRUPTED if self.interrupted or self.ending.interruptions else self._status

    def _clean(self) -> None:
        tools, settings = self.load.tools, self.load.settings
        entries = tools.ledger.of_this_run()
        if settings.keep:
            tools.recorder.event("kept", studies=len(entries))
            return
        if entries:
            self.load.say(f"load: removing {_studies(len(entries))} ...")
        with sweeping(settings, tools, cleaning.LONGEST) as service:
            cleaned = cleaning.clean(service, entries, settings.grace, cleaning.LONGEST)
        for each in cleaned.left:
            tools.recorder.event("left", study_uid=each.study_uid, reason=each.reason)
        tools.recorder.event("cleaned", studies=cleaned.removed)
        if cleaned.left:
            why = ", ".join(sorted({each.reason for each in cleaned.left})[:3])
            again = f"`{clean_line(settings.report, settings.url)}` removes them where that can be done"
            self.load.say(f"load: left on the target: {_studies(len(cleaned.left))} ({why}); {again}")
        # First what is left: a disk that is full forgets none of it.
        tools.ledger.restore(tuple(each.study_uid for each in cleaned.left))
        tools.ledger.strike(cleaned.gone)
        if cleaned.interrupted:
            self.ending.interruptions.append("clean-up was interrupted")

    def _conclude(self) -> None:
        tools, report = self.load.tools, self.load.settings.report
        self.load.account.record(tools.recorder)
        record_load(self.load)
        tools.observers.close()
        for result in message_results.settled(record.load(report), ()):
            message_results.record_result(tools.recorder, result)
        self._status = _STATUS[outcome(record.load(report))]

    def _record_troubles(self) -> None:
        for trouble in self.ending.troubles:
            self.load.tools.recorder.event("trouble", what=trouble.what, traceback=trouble.traceback)

    def _record_footer(self) -> None:
        took = self.load.ran.seconds if self.load.ran else 0.0
        self.load.tools.recorder.event(
            "footer", finished=now(), exit=self.status, seconds=took, interrupted=self.status == INTERRUPTED, stale=[]
        )

    def _write_reports(self) -> None:
        for each in write_reports(self.load.settings.report).unwritten:
            self.ending.note(f"{each.name} could not be written ({reason(each.error)})", each.error)


def record_load(load: Load) -> None:
    """Write down what the load is and what came of it so far: what is written last counts."""
    load.tools.recorder.event(
        "load",
        bounds=asdict(load.bounds),
        clients=[
            *({"name": each.client, "title": each.title, "does": "reads"} for each in load.viewers),
            *({"name": each.client, "title": each.title, "does": "stores"} for each in load.modalities),
        ],
        left_out=load.left_out,
        stores={"sent": len(load.stack.sent), "found": len(load.stack.seen())},
        ran=asdict(load.ran) if load.ran else None,
        **load.account.facts(),
    )


def _studies(number: int) -> str:
    return f"{number} stud{'y' if number == 1 else 'ies'}"
