"""Judging every exchange of a run, whatever check it was for, by the requirements of scope "message".

Each process judges its own exchanges. What a message shows goes into the run record as it happens, a few examples of
each kind; how many messages were judged goes there when the process ends. Reports make one result of it for each
requirement, and the check that carried a message is never failed for it.
"""

from __future__ import annotations

import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any, TypeAlias

from dicomweb_conformance.answers import Answer
from dicomweb_conformance.catalogue import Requirement, code_of
from dicomweb_conformance.judgement import Finding
from dicomweb_conformance.observation import Observation
from dicomweb_conformance.recorder import Recorder, now
from dicomweb_conformance.validators import http_messages, representations
from dicomweb_conformance.verdicts import Verdict, worst
from dicomweb_reports.messages import EXAMPLES, SCENARIO, check_id

IsOwn: TypeAlias = Callable[[dict[str, Any]], bool]
Judge: TypeAlias = Callable[[Answer, IsOwn], Iterable[Observation]]


def _http(answer: Answer, _own: IsOwn) -> Iterable[Observation]:
    return http_messages.observe(answer)


JUDGES: tuple[Judge, ...] = (_http, representations.observe)
OWNED = frozenset({*http_messages.OWNED, *representations.OWNED})
"""The requirements that messages are judged by."""
AFTER_CHECKS = frozenset({"ERROR-010"})
"""Those that count a message only where no check has it as a finding of its own: all of theirs are recorded."""


class Observers:
    """Shows each exchange to every judge.

    Args:
        judges: what judges a message; each owns its requirements.
        rows: the catalogue: what an observation means.
        recorder: told what was seen.
        own: whether a data set, in the shape of DICOM JSON, is one of this run; of others no value is recorded.
        counts: whether a row is of the profile that the target is judged by.
    """

    def __init__(
        self,
        judges: Sequence[Judge],
        rows: Mapping[str, Requirement],
        recorder: Recorder,
        own: IsOwn,
        counts: Callable[[Requirement], bool] = lambda _: True,
    ) -> None:
        self._own = own
        self._judges = judges
        self._counts = counts
        self._rows = rows
        self._recorder = recorder
        self._judged: Counter[str] = Counter()
        self._at_fault: Counter[str] = Counter()
        self._told: Counter[tuple[str, str]] = Counter()

    def look(self, answer: Answer, exchange: str) -> None:
        """Judge one exchange, of which `exchange` is the id in the run record.

        An exception in a judge is an error of this suite: recorded as such, and no verdict on anybody.
        """
        verdicts: dict[str, list[Verdict]] = {}
        for judge in self._judges:
            try:
                for observation in judge(answer, self._own):
                    row = self._rows[observation.requirement]
                    if not self._counts(row):
                        continue
                    verdict = row.judge(observation.observation)
                    verdicts.setdefault(observation.requirement, []).append(verdict)
                    self._tell(observation, verdict, exchange)
            except Exception as error:  # whatever a judge stumbles over, the run goes on
                self._fault(judge, error, exchange)
        for requirement, found in verdicts.items():
            self._judged[requirement] += 1
            self._at_fault[requirement] += worst(found) in {Verdict.FAIL, Verdict.DEVIATION, Verdict.NOTE}

    def close(self) -> None:
        """Record how many messages were judged; nothing is judged after this."""
        judges, self._judges = self._judges, ()
        if not judges:
            return
        self._recorder.event(
            "tally",
            requirements={
                name: {"judged": judged, "at_fault": self._at_fault[name]} for name, judged in self._judged.items()
            },
        )

    def _tell(self, observation: Observation, verdict: Verdict, exchange: str) -> None:
        key = (observation.requirement, observation.observation)
        self._told[key] += 1
        first_ones = 1 if verdict is Verdict.PASS else EXAMPLES
        if self._told[key] > first_ones and (verdict is Verdict.PASS or observation.requirement not in AFTER_CHECKS):
            return
        finding = Finding(
            requirement=observation.requirement,
            code=code_of(observation.observation),
            observation=observation.observation,
            verdict=verdict,
            where=observation.where,
            expected=observation.expected,
            received=observation.received,
            exchange=exchange,
        )
        self._recorder.event("observed", **asdict(finding))

    def _fault(self, judge: Judge, error: Exception, exchange: str) -> None:
        name = getattr(judge, "__qualname__", type(judge).__name__)
        self._told["", name] += 1
        if self._told["", name] > 1:
            return
        self._recorder.event(
            "result",
            check=check_id(name),
            scenario=SCENARIO,
            title=f"{name} judges messages.",
            core=False,
            requirements=[],
            verdict=Verdict.ERROR.value,
            findings=[],
            observed=[],
            exchanges=[exchange],
            started=now(),
            seconds=0.0,
            reason="".join(traceback.format_exception(error)),
            blame=None,
            known=[],
        )
