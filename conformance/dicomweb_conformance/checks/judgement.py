"""The check that is running: its findings as they are made, and the ways in which it can end before its last line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from typing import Any

from dicomweb_conformance.catalogue.requirements import Requirement
from dicomweb_conformance.catalogue.verdicts import Verdict, worst
from dicomweb_conformance.http import quoting
from dicomweb_conformance.http.exchanges import Response
from dicomweb_conformance.http.quoting import Harmless
from dicomweb_conformance.http.screened import Screened
from dicomweb_conformance.http.unreadable import UnreadableError


@dataclass(frozen=True)
class Finding:
    """One difference: what was observed, where, and what would have been accepted.

    `breaks`: a client in use cannot go on there, whatever the verdict on the server. `times`: how often a check found
    just this. `pictures`: what was to be seen, what was, and their difference, by the names that the record has for
    these files.
    """

    requirement: str
    code: str
    observation: str
    verdict: Verdict
    where: str
    expected: tuple[str, ...]
    received: str
    exchange: str | None
    breaks: bool = False
    times: int = 1
    pictures: tuple[str, ...] = ()


def each_once(findings: Iterable[Finding]) -> list[Finding]:
    """Return findings without those that say just what another says; the first one stands for all, with their count."""
    times: Counter[Finding] = Counter()
    first_of: dict[Finding, Finding] = {}
    for finding in findings:
        told = replace(finding, exchange=None, pictures=())
        times[told] += finding.times
        first_of.setdefault(told, finding)
    return [replace(each, times=times[told]) for told, each in first_of.items()]


class CheckFailed(Exception):  # noqa: N818 - it is a verdict, not an error
    """The check ends here, with the verdict of its findings."""


class Inconclusive(Exception):  # noqa: N818 - it is a verdict, not an error
    """A precondition or a positive control did not hold; `blame` is the check or exchange that shows it."""

    def __init__(self, reason: str, blame: str | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.blame = blame


class NotAsked(Inconclusive):
    """A request was not sent, since it was sent in vain often enough."""


class NotApplicable(Exception):  # noqa: N818 - it is a verdict, not an error
    """The target does not have what the check is about; `capability` names it where a vendor can declare it."""

    def __init__(self, reason: str, capability: str | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.capability = capability


class NotIncluded(Exception):  # noqa: N818 - it is a verdict, not an error
    """This run was not asked to judge it; says nothing of the target."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class SuiteError(Exception):
    """A mistake of this suite: never the target's fault. Its words are the suite's own, and quote no response."""

    def __init__(self, said: str) -> None:
        super().__init__(Harmless(said))


@dataclass
class Judgement:
    """What one running check has seen so far.

    `told_by`: which result of scope "message" tells that a response cannot be read, None where none does. `tell`: has a
    row of scope "message" tell of a place in a response, and returns whether the profile has that row. `deadly`: a
    request of its own broke off twice. `discards`: the response to a store that it builds on warned that elements were
    discarded. `needs`: a capability beside those of its requirements. `must_work`: what breaks the client that the
    check is about is a fail, for the user named it. `proved`: every response so far is proved to be of this run;
    `foreign` are the values of others in those that are not. `masked` takes the UIDs of others out of a text.
    `afresh`: it takes no answer to what another check asked; `asked` is what it has asked itself, or would have.
    `pictures`: for an exchange whose picture was compared, what makes the files that show how; `keep` puts such a file
    on record, and returns its name there ("" where it does not).
    """

    check: str
    scenario: str
    title: str
    requirements: tuple[Requirement, ...]
    is_own: Callable[[dict[str, Any]], bool] = lambda _: True
    told_by: Callable[[UnreadableError, Response], str | None] = lambda _error, _response: None
    tell: Callable[[str, Response, str], bool] = lambda _row, _response, _where: False
    findings: list[Finding] = field(default_factory=list)
    observed: dict[tuple[str, str], None] = field(default_factory=dict)
    exchanges: list[str] = field(default_factory=list)
    deadly: bool = False
    discards: bool = False
    needs: str = ""
    must_work: bool = False
    afresh: bool = False
    asked: set[object] = field(default_factory=set)
    proved: bool = True
    foreign: set[str] = field(default_factory=set)
    masked: Callable[[str], str] = lambda text: text
    pictures: dict[str | None, Callable[[], Iterable[bytes]]] = field(default_factory=dict)
    keep: Callable[[bytes], str] = lambda _octets: ""

    def quoted(self, words: object) -> str:
        """Return what a response, or its reader, says; only what is harmless where it may be another patient's."""
        return quoting.received(quoting.of_reader(words), proved=self.proved)

    def told(self, text: str) -> str:
        """Return words of the check as they may be recorded: without the values of other patients."""
        return self.masked(quoting.without(text, self.foreign))

    def requirement(self, identifier: str | None) -> Requirement:
        """Return the requirement named; without a name the first, which is what the check is mainly about.

        Raises:
            SuiteError: the check does not verify that requirement.
        """
        if identifier is None:
            return self.requirements[0]
        for each in self.requirements:
            if each.id == identifier:
                return each
        raise SuiteError(f"check {self.check} judges {identifier}, which its @verifies does not name")

    @property
    def capabilities(self) -> tuple[str, ...]:
        """What the target has to offer for the check to say anything."""
        return tuple(filter(None, (self.needs, *(requirement.capability for requirement in self.requirements))))

    @property
    def verdict(self) -> Verdict:
        """The worst of the findings; pass where there is none."""
        return worst([Verdict.PASS, *(finding.verdict for finding in self.findings)])


_current: ContextVar[Judgement | None] = ContextVar("judgement", default=None)


@contextmanager
def judging(judgement: Judgement) -> Iterator[Judgement]:
    """Make `judgement` the one that findings and exchanges go to."""
    token = _current.set(judgement)
    try:
        yield judgement
    finally:
        _current.reset(token)


def current() -> Judgement:
    """Return the judgement of the check that is running.

    Raises:
        SuiteError: no check is running.
    """
    judgement = _current.get()
    if judgement is None:
        raise SuiteError("findings belong to a check: this code runs outside of one")
    return judgement


def note_exchange(exchange: str) -> str | None:
    """Count an exchange to the running check and return its id; None where no check is running."""
    judgement = _current.get()
    if judgement is None:
        return None
    judgement.exchanges.append(exchange)
    return judgement.check


def note_screened(screened: Screened) -> None:
    """Note what a response to the running check holds of other patients' data."""
    judgement = _current.get()
    if judgement is not None and not screened.proved:
        judgement.proved = False
        judgement.foreign |= screened.foreign


def takes_anothers_answer(asked: object) -> bool:
    """Tell whether the running check takes the answer to what another asked: once, for it may ask twice on purpose."""
    judgement = _current.get()
    if judgement is None or judgement.afresh or asked in judgement.asked:
        return False
    judgement.asked.add(asked)
    return True


def is_judging() -> bool:
    """Tell whether a check is running."""
    return _current.get() is not None
