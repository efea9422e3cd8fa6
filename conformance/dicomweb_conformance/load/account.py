"""What became of each request, and what is wrong with the responses: one result for each kind of transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from dicomweb_conformance.catalogue.profile import Profile
from dicomweb_conformance.catalogue.requirements import Requirement
from dicomweb_conformance.catalogue.verdicts import Verdict, worst
from dicomweb_conformance.checks.expect import BUSY
from dicomweb_conformance.checks.judgement import (
    CheckFailed,
    Finding,
    Inconclusive,
    Judgement,
    NotApplicable,
    each_once,
    judging,
)
from dicomweb_conformance.http import quoting
from dicomweb_conformance.http.exchanges import Response
from dicomweb_conformance.http.unreadable import NoDecoderError, TooLargeError
from dicomweb_conformance.load.transactions import TRANSACTIONS
from dicomweb_conformance.record.disk import NotWrittenError
from dicomweb_conformance.record.recorder import Recorder, now
from dicomweb_conformance.run.instruments import Instruments
from dicomweb_conformance.settings.auth import CredentialsError

SCENARIO = "load"
KEPT = 6
"""Findings of one kind of transaction that are recorded, each with its exchange."""
_ENDS = (CheckFailed, Inconclusive, NotApplicable, TooLargeError, NoDecoderError)


@dataclass(frozen=True)
class Kind:
    """One way in which a response is wrong: by a row and, where a transaction tells of it, the observation."""

    requirement: str
    code: str = ""


@dataclass(frozen=True)
class Judged:
    """One request of a user and what was found.

    `wrong`: what is a fail. `outcome`: `right`, `wrong`, or the error of load that it is.
    """

    response: Response | None
    outcome: str
    findings: tuple[Finding, ...] = ()
    wrong: frozenset[Kind] = frozenset()
    error: str = ""


@dataclass(frozen=True)
class Sent:
    """A request of a user and its response, which nobody has judged yet.

    `looks` show it to the observers; `error`: what the suite itself stumbled over.
    """

    check: str
    judgement: Judgement
    response: Response | None
    looks: tuple[Callable[[], None], ...]
    error: str = ""


@dataclass
class Tally:
    """What became of the requests of one kind."""

    outcomes: Counter[str] = field(default_factory=Counter)
    findings: list[Finding] = field(default_factory=list)
    exchanges: list[str] = field(default_factory=list)
    errors: dict[str, None] = field(default_factory=dict)


class Account:
    """The results of a load.

    Args:
        tools: of the run.
        profile: which requirements count.

    Attributes:
        alone: what is wrong with responses while nobody else asks, by the check.
    """

    def __init__(self, tools: Instruments, profile: Profile) -> None:
        self._tools = tools
        self._profile = profile
        self.tallies: dict[str, Tally] = {}
        self.alone: dict[str, set[Kind]] = {}
        self.started = now()

    @property
    def wrong(self) -> int:
        """How many responses were wrong under load."""
        return sum(tally.outcomes["wrong"] for tally in self.tallies.values())

    def send(self, check: str, perform: Callable[[], Response], looks: list[Callable[[], None]]) -> Sent:
        """Send a request as a check does.

        Args:
            check: the kind of transaction.
            perform: sends it.
            looks: has what shows its response to the observers once it is sent, and is emptied.

        Raises:
            CredentialsError: the target takes no credentials any more.
        """
        judgement = self._judgement(check)
        response, error = None, ""
        looks.clear()
        with judging(judgement):
            try:
                response = perform()
            except _ENDS:
                pass
            except (CredentialsError, NotWrittenError):
                raise
            except Exception as stumbled:  # a mistake of this suite, and no verdict on anybody
                error = quoting.traceback_of(stumbled, proved=judgement.proved)
        return Sent(check, judgement, response, tuple(looks), error)

    def judge(self, sent: Sent, judge: Callable[[Response], None]) -> Judged:
        """Judge what was sent, as a check does.

        Args:
            sent: the request and its response.
            judge: makes findings, and ends with a verdict by raising it.
        """
        error = sent.error
        with judging(sent.judgement):
            for look in sent.looks:
                look()
            try:
                if sent.response is not None:
                    judge(sent.response)
            except _ENDS:
                pass
            except NotWrittenError:
                raise
            except Exception as stumbled:  # as said
                error = quoting.traceback_of(stumbled, proved=sent.judgement.proved)
        of_profile = (each for each in sent.judgement.findings if self._profile.has(self._rows[each.requirement]))
        findings = tuple(of_profile)
        wrong = self._wrong(sent.response, findings)
        # What a clause rules out is wrong whatever else it is: a 503 need not be there, and has to be a whole message.
        outcome = "wrong" if wrong else trouble_of(sent.response) or "right"
        return Judged(sent.response, outcome, findings, wrong, error)

    @property
    def _rows(self) -> Mapping[str, Requirement]:
        return self._profile.rows

    def _judgement(self, check: str) -> Judgement:
        transaction = TRANSACTIONS[check]
        own, observers = self._tools.own, self._tools.observers
        return Judgement(
            check=check,
            scenario=SCENARIO,
            title=transaction.title,
            requirements=tuple(self._rows[row] for row in transaction.rows),
            is_own=own.has,
            told_by=observers.told_by,
            tell=observers.tell,
            masked=own.masked,
            keep=self._tools.recorder.picture,
            afresh=True,
        )

    def _wrong(self, response: Response | None, findings: Iterable[Finding]) -> frozenset[Kind]:
        of_messages = self._tools.observers.against(response.exchange) if response is not None else ()
        of_check = (Kind(each.requirement, each.code) for each in findings if each.verdict is Verdict.FAIL)
        return frozenset((*map(Kind, of_messages), *of_check))

    def note(self, check: str, judged: Judged) -> None:
        """Count what was judged under load."""
        tally = self.tallies.setdefault(check, Tally())
        tally.outcomes[judged.outcome] += 1
        if judged.error:
            tally.errors[judged.error] = None
        if judged.outcome == "wrong" and judged.response is not None and len(tally.exchanges) < KEPT:
            tally.exchanges.append(judged.response.exchange)
        tally.findings = _examples((*tally.findings, *judged.findings))

    def note_alone(self, check: str, judged: Judged) -> None:
        """Note what is wrong with a response that came while nobody else asked."""
        self.alone.setdefault(check, set()).update(judged.wrong)

    def record(self, recorder: Recorder) -> None:
        """Write one result for each kind of transaction."""
        for check, tally in sorted(self.tallies.items()):
            transaction = TRANSACTIONS[check]
            verdict = worst([Verdict.PASS, *(each.verdict for each in tally.findings)])
            if tally.errors:
                verdict = Verdict.ERROR
            elif not tally.outcomes["right"] and not tally.outcomes["wrong"]:
                verdict = Verdict.INCONCLUSIVE
            recorder.event(
                "result",
                check=check,
                scenario=SCENARIO,
                title=f"{transaction.title}.",
                core=True,
                requirements=list(transaction.rows),
                verdict=verdict.value,
                findings=[asdict(each) for each in tally.findings],
                observed=[],
                exchanges=tally.exchanges,
                started=self.started,
                seconds=0.0,
                reason="\n\n".join(tally.errors)
                or ("no response came that could be judged" if verdict is Verdict.INCONCLUSIVE else ""),
                blame=None,
                known=[],
            )

    def facts(self) -> dict[str, Any]:
        """Return what is counted, as the run record has it."""
        return {
            "outcomes": {check: dict(tally.outcomes) for check, tally in sorted(self.tallies.items())},
            "alone": [
                {"check": check, "requirement": kind.requirement, "code": kind.code}
                for check, kinds in sorted(self.alone.items())
                for kind in sorted(kinds, key=lambda kind: (kind.requirement, kind.code))
            ],
        }


def trouble_of(response: Response | None) -> str:
    """Return which error of load came of a request: nobody's verdict by itself; "" where there is none."""
    if response is None:
        return "not sent"
    if response.status in BUSY:
        return "busy"
    if "timed out" in response.error:
        return "timed out"
    if response.status:
        return ""
    return "refused" if "refused" in response.error else "broke off"


def _examples(findings: Iterable[Finding]) -> list[Finding]:
    """Return findings with those of a kind once, and of each kind no more than a reader looks at."""
    found: list[Finding] = []
    number: Counter[Kind] = Counter()
    times: Counter[Kind] = Counter()
    for each in each_once(findings):
        kind = Kind(each.requirement, each.code)
        times[kind] += each.times
        number[kind] += 1
        if number[kind] <= KEPT // 2:
            found.append(each)
            continue
        first = next(at for at, other in enumerate(found) if Kind(other.requirement, other.code) == kind)
        found[first] = replace(found[first], times=found[first].times + each.times)
    return found
