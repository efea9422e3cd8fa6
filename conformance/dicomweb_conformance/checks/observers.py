"""Judging every exchange of a run, whatever check it was for, by the requirements of scope "message".

Each process judges its own exchanges. What a message shows goes into the run record as it happens, a few examples of
each kind; how many messages were judged goes there when the process ends. Reports make one result of it for each
requirement, and the check that carried a message is never failed for it.
"""

from __future__ import annotations

import functools
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias

from dicomweb_conformance.catalogue.requirements import Requirement
from dicomweb_conformance.catalogue.verdicts import Verdict, worst
from dicomweb_conformance.checks.judgement import Finding
from dicomweb_conformance.http import media_types, quoting
from dicomweb_conformance.http.exchanges import Response
from dicomweb_conformance.http.observed import Answer
from dicomweb_conformance.http.unreadable import Form, UnreadableError
from dicomweb_conformance.record.recorder import Recorder, now
from dicomweb_conformance.validators import representations
from dicomweb_conformance.validators.http import messages
from dicomweb_conformance.validators.observation import Observation, Stumble, careful
from dicomweb_conformance.validators.part10 import part10_octets
from dicomweb_reports.messages import EXAMPLES, SCENARIO, check_id

IsOwn: TypeAlias = Callable[[dict[str, Any]], bool]
Judge: TypeAlias = Callable[[Answer, IsOwn], Iterable[Observation | Stumble]]


def _http(answer: Answer, _own: IsOwn) -> Iterable[Observation | Stumble]:
    return messages.observe(answer)


JUDGES: tuple[Judge, ...] = (_http, representations.observe)
TOLD_BY_CHECKS: Mapping[str, str] = {
    "NEGOTIATION-009b": "another-4xx-for-406",
    "STORE-076": "valid-study-answered-with-5xx",
    "STORE-077": "200-and-instances-are-lost",
}
"""The requirements by which checks have a message told of, with the observation: one habit is told once."""
OWNED = frozenset({*messages.OWNED, *representations.OWNED, *TOLD_BY_CHECKS})
"""The requirements that messages are judged by."""
AFTER_CHECKS = frozenset({"ERROR-010"})
"""Those that count a message only where no check has it as a finding of its own: all of theirs are recorded."""
READABILITY: Mapping[Form, tuple[str, ...]] = {
    Form.MULTIPART: tuple(f"MULTIPART-{number:03}" for number in (1, 3, 4, 5, 6, 8, 9, 11, 20)),
    Form.JSON: ("JSON-003", "JSON-002", "JSON-004"),
    Form.XML: ("XML-005", "XML-004", "XML-001"),
    Form.DICOM: ("RETRIEVE-008", "RETRIEVE-008b", "MULTIPART-007", "MULTIPART-011", "MULTIPART-023"),
}
"""The requirements that a message is at fault by where what it holds cannot be read."""


_AT_FAULT = frozenset({Verdict.FAIL, Verdict.DEVIATION, Verdict.NOTE})


class Observers:
    """Shows each exchange to every judge.

    Args:
        judges: what judges a message; each owns its requirements.
        rows: the catalogue: what an observation means.
        recorder: told what was seen.
        own: whether a data set, in the shape of DICOM JSON, is one of this run; of others no value is recorded.
        counts: whether a row is of the profile that the target is judged by.
        masked: takes the UIDs of other people's data out of a text.
    """

    def __init__(
        self,
        judges: Sequence[Judge],
        rows: Mapping[str, Requirement],
        recorder: Recorder,
        own: IsOwn,
        counts: Callable[[Requirement], bool] = lambda _: True,
        masked: Callable[[str], str] = lambda text: text,
    ) -> None:
        self._masked = masked
        self._own = own
        self._judges = judges
        self._counts = functools.cache(lambda requirement: counts(rows[requirement]))
        self._verdict = functools.lru_cache(4096)(self._judge)
        self._rows = rows
        self._recorder = recorder
        self._judged: Counter[str] = Counter()
        self._at_fault: Counter[str] = Counter()
        self._told: Counter[tuple[str, str]] = Counter()
        self._met: set[tuple[str, str]] = set()
        self._examples: set[Finding] = set()
        self._against: dict[str, frozenset[str]] = {}

    def look(self, answer: Answer, exchange: str) -> None:
        """Judge one exchange, of which `exchange` is the id in the run record.

        An exception in a judge is an error of this suite: recorded as such, and no verdict on anybody.
        """
        verdicts: dict[str, Verdict] = {}
        for judge in self._judges:
            for seen in careful((), judge(answer, self._own)):
                if isinstance(seen, Stumble):
                    self._stumbled(seen, exchange, proved=answer.proved)
                    continue
                verdict = self._verdict(seen.requirement, seen.observation)
                if verdict is None:
                    continue
                known = verdicts.get(seen.requirement, verdict)
                verdicts[seen.requirement] = verdict if known is verdict else worst([verdict, known])
                # One example of what is met is enough, and most of what is seen is.
                if verdict is not Verdict.PASS or (seen.requirement, seen.observation) not in self._met:
                    self._tell(seen, self._rows[seen.requirement], verdict, exchange, proved=answer.proved)
        for requirement, verdict in verdicts.items():
            self._judged[requirement] += 1
            self._at_fault[requirement] += verdict in _AT_FAULT
        self._against[exchange] = frozenset(row for row, verdict in verdicts.items() if verdict is Verdict.FAIL)

    def _judge(self, requirement: str, observation: str) -> Verdict | None:
        """Return what an observation comes to; None where its row is not of the profile."""
        return self._rows[requirement].judge(observation) if self._counts(requirement) else None

    def told_by(self, error: UnreadableError, response: Response) -> str | None:
        """Return the result that tells of a response which a check cannot read; None where none does.

        Where the octets were in order and a value of a data set is none of its VR, only the check has read that far: it
        is told here, by the requirement that is about all data sets, and not by every check that needs this one.
        """
        against = self._against.get(response.exchange)
        if against is None:
            return None
        owner = next((row for row in READABILITY.get(error.form, ()) if row in against), None)
        if owner is None and error.form is Form.DICOM and _is_labelled_dicom(response):
            owner = self._tell_of_data_set(error, response, against)
        return None if owner is None else check_id(owner)

    def _tell_of_data_set(self, error: UnreadableError, response: Response, against: frozenset[str]) -> str | None:
        seen = part10_octets.unread(error)
        row = self._rows[seen.requirement]
        if not self._counts(row.id) or row.judge(seen.observation) is not Verdict.FAIL:
            return None
        self._tell(seen, row, Verdict.FAIL, response.exchange, proved=response.proved)
        self._at_fault[row.id] += 1
        self._against[response.exchange] = against | {row.id}
        return row.id

    def against(self, exchange: str) -> frozenset[str]:
        """Return the requirements that an exchange, which was looked at, is a fail by."""
        return self._against.get(exchange, frozenset())

    def tell(self, requirement: str, response: Response, where: str) -> bool:
        """Tell of a response by a requirement of `TOLD_BY_CHECKS`, and return whether the profile has it.

        Args:
            requirement: the row.
            response: what it is told of.
            where: the place, in words of the suite's own.
        """
        row = self._rows[requirement]
        if not self._counts(row.id):
            return False
        code = TOLD_BY_CHECKS[requirement]
        seen = Observation(
            requirement, code, quoting.Harmless(where), row.passes, quoting.Harmless(str(response.status))
        )
        self._tell(seen, row, row.judge(code), response.exchange, proved=response.proved)
        self._judged[requirement] += 1
        self._at_fault[requirement] += 1
        return True

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

    def _tell(
        self, observation: Observation, row: Requirement, verdict: Verdict, exchange: str, *, proved: bool
    ) -> None:
        key = (observation.requirement, observation.observation)
        left_to_checks = observation.requirement in AFTER_CHECKS and verdict is not Verdict.PASS
        if self._told[key] >= (1 if verdict is Verdict.PASS else EXAMPLES) and not left_to_checks:
            return
        finding = Finding(
            requirement=observation.requirement,
            code=row.code(observation.observation),
            observation=row.sentence(observation.observation),
            verdict=verdict,
            where=self._masked(quoting.place(observation.where, proved=proved)),
            expected=tuple(each for each in observation.expected if proved or quoting.is_harmless(each)),
            received=self._masked(quoting.received(observation.received, proved=proved)),
            exchange=exchange,
        )
        if not left_to_checks:
            # Another example has something to add; how many there were is told of all of them.
            example = replace(finding, exchange=None, where=quoting.within(finding.where))
            if example in self._examples:
                return
            self._examples.add(example)
        self._told[key] += 1
        if verdict is Verdict.PASS:
            self._met.add(key)
        self._recorder.event("observed", **vars(finding))

    def _stumbled(self, stumble: Stumble, exchange: str, *, proved: bool) -> None:
        """Record an exception in a judge, once for each place in the code."""
        last = traceback.extract_tb(stumble.error.__traceback__)[-1]
        place = f"{Path(last.filename).name}, line {last.lineno}"
        self._told["", place] += 1
        if self._told["", place] > 1:
            return
        kind, rows = type(stumble.error).__name__, ", ".join(stumble.requirements) or "some rows"
        said = f"this suite stumbled over a response ({kind} in {place}): its own fault, not the server's."
        said += f" {rows} did not judge that response, all others did."
        self._recorder.event(
            "result",
            check=check_id(place),
            scenario=SCENARIO,
            title=f"Messages are judged by {rows}.",
            core=False,
            requirements=list(stumble.requirements),
            verdict=Verdict.ERROR.value,
            findings=[],
            observed=[],
            exchanges=[exchange],
            started=now(),
            seconds=0.0,
            reason=f"{said}\n\n{quoting.traceback_of(stumble.error, proved=proved)}",
            blame=None,
            known=[],
        )


def _is_labelled_dicom(response: Response) -> bool:
    media_type = media_types.read(response.content_type).media_type
    return media_types.DICOM in {media_type.name, media_type.of_parts}
