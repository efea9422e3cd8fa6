"""What a check says of a response. All findings of one response are collected, then raised once.

A finding quotes the code of an observation that its requirement lists, and the list it stands in is its verdict; or it
describes one that is not listed, and the requirement's level decides. No check chooses a verdict.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NoReturn

from pydicom import Dataset

from dicomweb_conformance.catalogue.requirements import Requirement
from dicomweb_conformance.catalogue.statuses import status_observation
from dicomweb_conformance.catalogue.verdicts import Verdict
from dicomweb_conformance.checks.judgement import (
    CheckFailed,
    Finding,
    Inconclusive,
    Judgement,
    NotApplicable,
    SuiteError,
    current,
)
from dicomweb_conformance.dicom import json_model
from dicomweb_conformance.dicom.json_model import DataSet
from dicomweb_conformance.http import media_types, multipart, quoting
from dicomweb_conformance.http.exchanges import Response
from dicomweb_conformance.http.observed import REDIRECTS
from dicomweb_conformance.http.quoting import Harmless
from dicomweb_conformance.http.unreadable import Form, UnreadableError, writable
from dicomweb_conformance.http.urls import UrlError
from dicomweb_conformance.reading import json_documents, part10_files
from dicomweb_conformance.record import abridging
from dicomweb_conformance.validators.observation import Observation
from dicomweb_reports.messages import check_id

BUSY = frozenset({429, 502, 503, 504})
DISCARDED = "discarded-as-warned"
NOT_FOLLOWED = "a-url-that-cannot-be-followed"
"""What rows list for a URL that is none, or that two clients read differently: `urls` says which those are."""
_MORE = re.compile("additional|remain|more results", re.IGNORECASE)
_EXCERPT = 200
_NAMED = 10


class _Concluded(Exception):  # noqa: N818 - it is no error
    """Ends a block, as nothing more can be said of this response; where `whole`, nor of anything after it."""

    def __init__(self, *, whole: bool) -> None:
        super().__init__()
        self.whole = whole


@dataclass(frozen=True)
class Matches:
    """The results of a search: those of this run's data, and how many there were of other people's."""

    own: tuple[DataSet, ...]
    foreign: int

    def __len__(self) -> int:
        return len(self.own) + self.foreign

    def uids(self, tag: str) -> list[str]:
        """Return the value of a unique key of each own result, in the order of the results."""
        return [json_model.text(each, tag) for each in self.own]


class Expectation:
    """Findings on one response; the methods that return something end the block where it cannot be had."""

    def __init__(self, response: Response, judgement: Judgement, *, breaks: bool = False) -> None:
        self.response = response
        self._judgement = judgement
        self._breaks = breaks

    def observes(
        self,
        observation: str,
        *,
        where: str = "",
        expected: Sequence[str] = (),
        received: str = "",
        of: str | None = None,
    ) -> None:
        """Report an observation that the requirement lists.

        Args:
            observation: its code.
            where: the place in the response: a tag, a part, a header field.
            expected: what would have been accepted here; by default what the requirement lists as pass.
            received: what was there.
            of: which of the check's requirements; by default the first.

        Raises:
            SuiteError: the requirement does not list it.
        """
        requirement = self._judgement.requirement(of)
        verdict = requirement.verdict_of(observation)
        if verdict is None:
            raise SuiteError(f"{requirement.id} lists no observation {observation!r}")
        self._note(requirement, observation, verdict, where, expected, received)

    def loses(
        self,
        observation: str,
        *,
        where: str = "",
        expected: Sequence[str] = (),
        received: str = "",
        of: str | None = None,
    ) -> None:
        """Report that an element is lost: by this observation, or by that for one which the server said it discards.

        PS3.18 Table I.2-1 lets a store succeed with Warning Reason B006H, elements discarded.
        """
        quote = DISCARDED if self._judgement.discards else observation
        self.observes(quote, where=where, expected=expected, received=received, of=of)

    def not_followed(
        self,
        url: str,
        why: UrlError | str,
        *,
        where: str = "",
        expected: Sequence[str] = ("an http or https URL that every client reads alike",),
        of: str | None = None,
    ) -> None:
        """Report a URL that cannot be followed."""
        self.observes(NOT_FOLLOWED, where=where, expected=expected, received=f"{url}: {why}", of=of)

    def reports(self, observations: Iterable[Observation]) -> None:
        """Report what a judge of one message saw; an observation that its row does not list falls to the row's level.

        Raises:
            SuiteError: one belongs to a requirement that the check does not verify.
        """
        for observation in observations:
            requirement = self._judgement.requirement(observation.requirement)
            verdict = requirement.judge(observation.observation)
            self._note(
                requirement,
                observation.observation,
                verdict,
                observation.where,
                observation.expected,
                observation.received,
            )

    def finds(
        self,
        observation: str,
        *,
        where: str = "",
        expected: Sequence[str] = (),
        received: str = "",
        of: str | None = None,
    ) -> None:
        """Report an observation that the requirement does not list: its level decides."""
        requirement = self._judgement.requirement(of)
        self._note(requirement, observation, requirement.judge(observation), where, expected, received)

    def on(self, response: Response) -> Expectation:
        """Return the expectation on another response: its findings are collected together with those of this one."""
        return Expectation(response, self._judgement, breaks=self._breaks)

    def shows(self, pictures: Callable[[], Iterable[bytes]]) -> None:
        """Let what is found of this response be shown in pictures, too.

        Args:
            pictures: makes the files: the picture expected, the one received, their difference. It is called where
                something is found, and where the response is proved to be of this run.
        """
        self._judgement.pictures[self.response.exchange] = pictures

    def as_client(self, *, breaks: bool) -> Expectation:
        """Return the expectation of a client in use: whether what it finds breaks the client, or degrades it only.

        Where that client must work, what breaks it is a fail; else the row says what it is.
        """
        return Expectation(self.response, self._judgement, breaks=breaks)

    def leaves_to(self, owner: str, because: str, *, observation: str = "") -> NoReturn:
        """End a check of what a client sends: it breaks here for what another check tells, which is one failure.

        Args:
            owner: the other check.
            because: what is wrong, as a reason.
            observation: what the client sees; by default the status.

        Raises:
            Inconclusive: always; blames the owner.
        """
        requirement, status = self._judgement.requirement(None), self.response.status
        observation = observation or status_observation(requirement, status) or f"status {status}"
        self._breaks = True
        self._note(requirement, observation, Verdict.NOTE, "", (), self.status_line)
        raise Inconclusive(f"{because}; see check {owner}", owner)

    def concludes(self) -> None:
        """End the block: nothing that follows could be said of this response."""
        raise _Concluded(whole=False)

    def has_status(self, *accepted: int, of: str | None = None) -> None:
        """Go on with one of these statuses; any other is judged by what the requirement lists, and ends the block.

        Raises:
            Inconclusive: as `is_one_of` does.
        """
        if not self.is_one_of(*accepted, of=of):
            raise _Concluded(whole=True)

    def is_one_of(self, *accepted: int, remark: str = "", of: str | None = None) -> bool:
        """Tell whether the status is one of these, and report what the requirement lists of another.

        Args:
            accepted: the statuses.
            remark: what else is to be said of another.
            of: which of the check's requirements; by default the first.

        Raises:
            Inconclusive: the target was busy (429, 502, 503, 504), or gave no response (HTTP-002), one that is larger
                than this suite reads, or a redirect that is not followed.
        """
        received = Harmless("; ".join(filter(None, (self.status_line, remark))))
        response, requirement = self.response, self._judgement.requirement(of)
        if response.exceeded and response.status in {0, *accepted}:
            raise Inconclusive(f"{response.request_line}: {response.error}", response.exchange)
        if response.status in accepted and not response.error:
            return True
        if response.status in BUSY:
            raise Inconclusive(
                f"the target was busy: {response.request_line} was answered with {response.status}", response.exchange
            )
        if response.status == 0:
            raise Inconclusive(f"{response.request_line} had no response: {response.error}", check_id("HTTP-002"))
        if response.status in accepted:
            self.finds("the body broke off", expected=["a whole body"], received=response.error, of=of)
        elif (observation := status_observation(requirement, response.status)) is not None:
            self.observes(observation, received=received, of=of)
        elif response.status in REDIRECTS:
            raise Inconclusive(
                f"{response.request_line} is redirected ({response.status}), which is permitted (HTTP-020); "
                "followed are a GET, and a POST that stays one (307, 308), both only on the target's own origin",
                response.exchange,
            )
        else:
            self.finds(f"status {response.status}", received=received, of=of)
        return False

    @property
    def status_line(self) -> str:
        """Status, reason and media type of the response, for a reader: without the boundary, always another one."""
        response = self.response
        if not response.proved:
            return Harmless(f"{response.status}, {media_types.name_of(response.content_type) or 'no media type'}")
        kind = f", {media_types.without_boundary(response.content_type)}" if response.content_type else ""
        return Harmless(f"{response.status} {response.reason}".strip() + kind)

    def is_a_list_of_matches(self, *, of: str | None = None) -> Matches:
        """Return the results of a search: 200 with a JSON array, or nothing under 204 or an empty 200."""
        self.has_status(200, 204, of=of)
        if not self.response.body.strip():
            return Matches((), 0)
        from_target = self._objects("an array of DICOM JSON objects", of)
        own = tuple(each for each in from_target if _is_own(each))
        return Matches(own, len(from_target) - len(own))

    def is_metadata(self, *, of: str | None = None) -> list[DataSet]:
        """Return the objects of a metadata response: 200 with a JSON array."""
        self.has_status(200, of=of)
        return self._objects("an array of DICOM JSON objects, one for each instance", of)

    def is_a_json_object(self, *, of: str | None = None) -> DataSet:
        """Return the one data set of a store response, bare or in an array of one (both are in use)."""
        wanted = "a DICOM JSON data set"
        try:
            value = json_documents.value_of(self.response.body)
        except UnreadableError as error:
            self.cannot_read(error, wanted, of=of)
        if isinstance(value, list) and len(value) == 1:
            value = value[0]
        if not isinstance(value, dict):
            self.cannot_read(UnreadableError(Form.JSON, "it is no object"), wanted, of=of)
        data_set: DataSet = value
        return data_set

    def is_multipart_dicom(self, *, of: str | None = None) -> list[Dataset]:
        """Return the data sets of a multipart/related; type="application/dicom" answer, in the order of its parts."""
        self.has_status(200, of=of)
        try:
            return read_parts(self.response)
        except UnreadableError as error:
            self.cannot_read(error, f"multipart/related with {media_types.DICOM} parts", of=of)

    def is_one_instance(self, *, of: str | None = None) -> Dataset:
        """Return the data set of a multipart answer with one part; end the check where it has another number."""
        found = self.is_multipart_dicom(of=of)
        if len(found) != 1:
            self.finds("not one part", expected=["one part"], received=f"{len(found)} parts", of=of)
            raise _Concluded(whole=True)
        return found[0]

    def lists_exactly(
        self,
        matches: Matches,
        tag: str,
        expected: Collection[str],
        *,
        none: str | None = None,
        incomplete: str | None = None,
        excess: str | None = None,
        other: str | None = None,
        of: str | None = None,
    ) -> None:
        """Compare the unique keys of search results with those that must be there.

        Args:
            matches: the results.
            tag: the unique key: 0020000D, 0020000E or 00080018.
            expected: the UIDs that must be there.
            none: the observation where nothing was found. An observation that is not given is described instead, and
                the requirement's level decides.
            incomplete: the observation where some are missing.
            excess: the observation where there are more, of this run or of others.
            other: the observation where some are missing and others are there instead.
            of: which of the check's requirements.

        Raises:
            Inconclusive: some are missing, no other is there, and the target says that it has more than it gives at
                once (8.3.4.4.1).
        """
        wanted, found = set(expected), set(matches.uids(tag))
        missing, surplus = wanted - found, (found - wanted) or matches.foreign
        if not missing and not surplus:
            return
        if missing and not surplus and len(matches) and _is_a_page(self.response):
            because = f"the target gives {len(matches)} results at once, and says that there are more"
            raise Inconclusive(because, self.response.exchange)
        if not len(matches):
            quote, described = none, "nothing found"
        elif not surplus:
            quote, described = incomplete or none, "entities missing"
        elif not missing:
            quote, described = excess or other, "entities too many"
        else:
            quote, described = other or excess, "other entities"
        received = f"{len(found)} of this run" + (f", {matches.foreign} that are not" if matches.foreign else "")
        received += _named("missing", missing) + _named("too many", found - wanted)
        report = self.finds if quote is None else self.observes
        report(
            quote or described,
            where=_tag(tag),
            expected=[f"exactly {len(wanted)}: {', '.join(sorted(wanted))}"],
            received=received,
            of=of,
        )

    def lists_nothing_but(
        self, matches: Matches, tag: str, allowed: Collection[str], *, else_: str, of: str | None = None
    ) -> None:
        """Report `else_` where search results hold an entity that is not among those allowed."""
        surplus = sorted(set(matches.uids(tag)) - set(allowed))
        if surplus or matches.foreign:
            others = f" and {matches.foreign} that are not of this run" if matches.foreign else ""
            self.observes(
                else_,
                where=_tag(tag),
                expected=[f"only {', '.join(allowed)}"],
                received=", ".join(surplus) + others,
                of=of,
            )

    def lists_each_once(self, matches: Matches, tag: str, *, twice: str, of: str | None = None) -> None:
        """Report `twice` where two search results have the same unique key."""
        counts = Counter(matches.uids(tag))
        doubled = sorted(uid for uid, count in counts.items() if count > 1)
        if doubled:
            self.observes(
                twice,
                where=_tag(tag),
                expected=["each once"],
                received=", ".join(f"{uid} {counts[uid]} times" for uid in doubled),
                of=of,
            )

    def is_readable_json(self) -> bool:
        """Tell whether the body is JSON, without a finding."""
        try:
            json_documents.value_of(self.response.body)
        except UnreadableError:
            return False
        return True

    def is_json(self, otherwise: str, *, of: str | None = None) -> None:
        """Report `otherwise` where the body is no JSON."""
        try:
            json_documents.value_of(self.response.body)
        except UnreadableError as error:
            self.observes(otherwise, expected=["JSON"], received=quoted(error), of=of)

    def _objects(self, wanted: str, of: str | None) -> list[DataSet]:
        try:
            return json_model.objects(self.response.body)
        except UnreadableError as error:
            self.cannot_read(error, wanted, of=of)

    def cannot_read(
        self, error: UnreadableError, wanted: str, *, otherwise: str = "", of: str | None = None
    ) -> NoReturn:
        """End the check over a body that cannot be read.

        Args:
            error: why it cannot.
            wanted: what would have been read.
            otherwise: the observation where no row of scope "message" tells of it, which then is the check's own to
                tell; what the body is not, by default.
            of: which of the check's requirements.

        Raises:
            Inconclusive: a row of scope "message" tells of it: one cause is one failure.
        """
        owner = self._judgement.told_by(error, self.response)
        why = quoted(error)
        if owner is not None and self._judgement.verdict is not Verdict.FAIL:
            raise Inconclusive(f"{why}; see {owner}", owner)
        body = self.response.body
        if not body:
            received: str = Harmless(f"{self.status_line}; the body is empty")
        elif self._is_proved:
            received = f"{self.status_line}; {why}; it begins {body[:_EXCERPT].decode('utf-8', 'backslashreplace')!r}"
        else:
            received = Harmless(f"{self.status_line}; {why}; its {len(body)} octets are {quoting.WITHHELD}")
        if owner is None:
            report = self.observes if otherwise else self.finds
            quote = otherwise or "the body is not what was asked for"
            report(quote, where=error.where, expected=[wanted], received=received, of=of)
        raise _Concluded(whole=True)

    def _note(
        self,
        requirement: Requirement,
        observation: str,
        verdict: Verdict,
        where: str,
        expected: Sequence[str],
        received: str,
    ) -> None:
        if self._breaks and self._judgement.must_work:
            verdict = Verdict.FAIL
        if verdict is Verdict.PASS:
            self._judgement.observed[requirement.id, requirement.sentence(observation)] = None
            return
        because = requirement.because(observation)
        if because and because.owner and self._judgement.tell(because.owner, self.response, "status line"):
            self._judgement.observed[requirement.id, requirement.sentence(observation)] = None
            return
        told = self._judgement.told
        self._judgement.findings.append(
            Finding(
                requirement=requirement.id,
                code=requirement.code(observation),
                observation=requirement.sentence(observation),
                verdict=verdict,
                where=told(abridging.text(writable(quoting.place(where, proved=self._is_proved)))),
                expected=tuple(told(abridging.text(writable(each))) for each in expected) or requirement.passes,
                received=told(abridging.text(writable(quoting.received(received, proved=self._is_proved))))
                or self.status_line,
                exchange=self.response.exchange,
                breaks=self._breaks,
                pictures=self._pictures(),
            )
        )

    def _pictures(self) -> tuple[str, ...]:
        made = self._judgement.pictures.get(self.response.exchange) if self._is_proved else None
        names = [self._judgement.keep(each) for each in made()] if made else []
        return tuple(names) if all(names) else ()

    @property
    def _is_proved(self) -> bool:
        """Whether all that the check has seen is this run's, and may be quoted."""
        return self.response.proved and self._judgement.proved


@contextmanager
def expect(response: Response) -> Iterator[Expectation]:
    """Collect the findings on one response.

    Raises:
        CheckFailed: at the end of the block, where one of the findings of the check is a fail, or where the response
            did not hold what the rest of the check needs.
        Inconclusive: the target was busy.
    """
    judgement = current()
    ended = False
    try:
        yield Expectation(response, judgement)
    except _Concluded as end:
        ended = end.whole
    if ended or judgement.verdict is Verdict.FAIL:
        raise CheckFailed


def quoted(words: object) -> str:
    """Return what a response, or its reader, says; only what is harmless where it may be another patient's."""
    return current().quoted(words)


def unreadable(error: Exception, response: Response, because: str) -> Inconclusive:
    """Return the end of a check that cannot read what it builds on; blames the row that tells of it, if one does."""
    owner = current().told_by(error, response) if isinstance(error, UnreadableError) else None
    return Inconclusive(f"{because}: {quoted(error)}", owner or response.exchange)


def control(response: Response, *statuses: int, because: str) -> None:
    """Require that a positive control works, or end the check as inconclusive.

    Args:
        response: the response to the control.
        statuses: the statuses with which it works; 200 by default.
        because: what does not work, and why that makes the check worthless.

    Raises:
        Inconclusive: names the exchange.
    """
    if response.status not in (statuses or (200,)) or response.error:
        outcome = f": {response.error}" if response.error else f" was answered with {response.status}"
        raise Inconclusive(f"{because}: {response.request_line}{outcome}", response.exchange)


def assume(condition: object, because: str, blame: str | None = None) -> None:
    """Require a precondition, or end the check as inconclusive.

    Raises:
        Inconclusive: names what did not hold, and the check or exchange to blame.
    """
    if not condition:
        raise Inconclusive(because, blame)


def offered(condition: object, reason: str, capability: str | None = None) -> None:
    """Demand something that a target need not have, or end the check as not applicable.

    Raises:
        NotApplicable: with that reason.
    """
    if not condition:
        raise NotApplicable(reason, capability)


def kept(condition: object, lost: str, blame: str) -> None:
    """Require something that was stored, of a target that may have said that it discards elements.

    Args:
        condition: it is there.
        lost: what is not.
        blame: the check that tells of it.

    Raises:
        NotApplicable: it is not there, and the response to its store warned that elements were discarded.
        Inconclusive: it is not there, and nobody was warned.
    """
    if current().discards:
        offered(condition, f"{lost}: elements were discarded, as the response to the store says")
    assume(condition, lost, blame)


def read_parts(response: Response) -> list[Dataset]:
    """Read the Part 10 files of a multipart response, or the one that is the body where it comes bare.

    That it comes bare though a multipart was asked for is told by `retrieve-instance-series-study`, once.

    Raises:
        UnreadableError: it is no multipart message, or a part is no file that can be read.
    """
    if media_types.name_of(response.content_type) == media_types.DICOM:
        return [part10_files.read(response.body)]
    found = []
    for number, part in enumerate(multipart.parts_of(response.content_type, response.body), 1):
        try:
            found.append(part10_files.read(part.body))
        except UnreadableError as error:
            raise error.within(f"part {number}") from None
    return found


def _tag(tag: str) -> str:
    return f"({tag[:4]},{tag[4:]})"


def _named(what: str, uids: Collection[str]) -> str:
    """Say the first few of these UIDs, and how many there are beside them: what a reader can look at."""
    named = "".join(f"; {what} {uid}" for uid in sorted(uids)[:_NAMED])
    return f"{named}; and {len(uids) - _NAMED} more" if len(uids) > _NAMED else named


def _is_a_page(response: Response) -> bool:
    """Tell whether a search that asked for no page was answered with one, as its Warning says (8.3.4.4.1)."""
    asked = "limit=" in response.url or "offset=" in response.url
    return not asked and any("299" in each and _MORE.search(each) for each in response.headers.all("Warning"))


def _is_own(match: DataSet) -> bool:
    return current().is_own(match)
