"""Bringing the corpus to the target: each study on first use, by the first way that works, and confirmed by looking."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence, Set
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path

from filelock import FileLock, Timeout

from dicomweb_conformance.archive.contents import (
    LOOKING,
    METADATA,
    PLAINEST,
    STUDY_SEARCH,
    alone,
    described,
    listed,
    ways_of_looking,
)
from dicomweb_conformance.archive.patience import TIMES, Patience
from dicomweb_conformance.checks.expect import BUSY
from dicomweb_conformance.checks.judgement import Inconclusive, Judgement, NotApplicable, NotAsked, current, is_judging
from dicomweb_conformance.dicom import store_response
from dicomweb_conformance.http import media_types, multipart
from dicomweb_conformance.http.exchanges import Response
from dicomweb_conformance.record import disk
from dicomweb_conformance.record.recorder import Recorder
from dicomweb_conformance.service.absence import CLEAN_REFUSALS
from dicomweb_conformance.service.ownership import Own
from dicomweb_conformance.service.polling import wait_until
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_conformance.settings.loaded_corpus import LoadedCorpus
from dicomweb_fixtures.corpus import SopClassNotSupportedError
from dicomweb_fixtures.entities import EXPLICIT_VR_LITTLE_ENDIAN, Study

_ONE_ARRIVED = "one-arrived"
"""What a file is called that says that a study was brought to the target; with a way behind it, by that way."""
_NAMED = 5
"""Instances named at most where some of a study are lacking."""
ANSWERED = "STORE-076"
"""The row that tells of a valid study that is answered with an error of the server."""
LOST = "STORE-077"
"""The row that tells of a valid study that is answered 200, and lost."""
_NO_FAULT = CLEAN_REFUSALS | BUSY
_LOOKS_AGAIN = 0.01
"""Seconds after which a process looks again whether another has brought a study."""
SILENCE = 1.0
"""Seconds after which a store that still goes on is announced."""


@dataclass(frozen=True)
class Delivered:
    """How one study reached the target; `way` is None where it did not, and `reason` says why.

    `unsupported`: all that is not there was refused for its SOP Class.
    `told_by`: which result of scope "message" tells that it did not, or the store that was answered as if it had.
    """

    study: str
    study_uid: str
    instances: int
    way: str | None = None
    tried: tuple[dict[str, str], ...] = ()
    confirmed: str | None = None
    delay: float = 0.0
    reason: str = ""
    refused: bool = False
    unsupported: bool = False
    told_by: str = ""
    discards: bool = False
    exchanges: tuple[str, ...] = field(default=())


class Unsupported(Inconclusive, SopClassNotSupportedError):  # noqa: N818 - it is a verdict, not an error
    """A study is not there whole, since the target does not support a SOP Class of it."""


def _with_quotation_marks(service: StudiesService, study: Study) -> list[Response]:
    """Store a study as clients do that write a boundary in quotation marks, which need none."""
    boundary, body = multipart.write([multipart.part(each.part10) for each in study.instances])
    content_type = f'multipart/related; type="{media_types.DICOM}"; boundary="{boundary}"'
    return [service.store_payload(content_type, body, study.instances)]


Way = Callable[[StudiesService, Study], list[Response]]
WAYS: dict[str, Way] = {
    "multipart": lambda service, study: [service.store(study.instances)],
    "single part": lambda service, study: [service.store_single_part(instance) for instance in study.instances],
    "one by one": lambda service, study: [service.store([instance]) for instance in study.instances],
    "boundary in quotation marks": _with_quotation_marks,
}


@dataclass(frozen=True)
class _Sight:
    """What looking showed: the ways that saw a study whole, and the instances that another saw at most."""

    whole: tuple[str, ...]
    shown: frozenset[str] = frozenset()

    @property
    def instances(self) -> int:
        """How many instances a way saw at most that did not see all."""
        return len(self.shown)

    @property
    def is_whole(self) -> bool:
        """Whether the study is there: to find it among the studies is not enough where another way misses some."""
        return bool(set(self.whole) - {STUDY_SEARCH}) or (bool(self.whole) and not self.instances)


class Delivery:
    """Stores each study once, whichever of the run's processes asks first.

    Args:
        service: the target's.
        own: told of each study that is used, by whichever process it was stored.
        recorder: told how each study got there.
        state: a directory that the run's processes share.
        grace: how long a stored study may take to become visible, in seconds.
        say: shows a line to the person who waits.
        epoch: how often the target was away so far: what it holds has to be found out anew each time.
        patience: how often a way of storing was waited for in vain.
        reads_only: nothing is stored: what is to be there was loaded before.
        loaded: what was loaded, where somebody says so.
    """

    def __init__(
        self,
        service: StudiesService,
        own: Own,
        recorder: Recorder,
        state: Path,
        grace: float,
        say: Callable[[str], None],
        epoch: Callable[[], int] = lambda: 0,
        *,
        patience: Patience,
        reads_only: bool = False,
        loaded: LoadedCorpus | None = None,
    ) -> None:
        self._store = service.for_purpose("store")
        self._look = service.for_purpose(LOOKING)
        self._own = own
        self._recorder = recorder
        self._state = state
        self._grace = grace
        self._say = say
        self._epoch = epoch
        self._patience = patience
        self._slowest = 0.0
        self._reads_only = reads_only
        self._loaded = loaded
        self._known: dict[tuple[int, str, str], Delivered] = {}
        self._indexed: set[str] = set()

    def has(self, studies: Sequence[Study]) -> None:
        """Have studies on the target, one after the other.

        Those that another process is bringing at the moment are waited for at last: several that want the same bring
        a part of them each.

        Raises:
            Unsupported: instances of the first that is not there were refused for their SOP Class.
            Inconclusive: it could not be stored, or was not seen afterwards; says what was tried.
        """
        if len(studies) > 1:
            for study in studies:
                try:
                    delivered = self._known_or_brought(study, patience=0)
                except Timeout:
                    continue
                if delivered.confirmed is None:
                    break
        for study in studies:
            self._has(study)

    def _known_or_brought(self, study: Study, patience: float = -1) -> Delivered:
        """Return how a study reached the target.

        Raises:
            Timeout: another process is still bringing it when the patience, in seconds, is over.
        """
        key = (self._epoch(), *_identity(study))
        delivered = self._known.get(key)
        if delivered is None:
            self._own.claim(study.instances)
            delivered = self._known[key] = self._once(study, key[0], patience)
        return delivered

    def _has(self, study: Study) -> None:
        delivered = self._known_or_brought(study)
        if delivered.discards and is_judging():
            current().discards = True
        if delivered.confirmed is None and delivered.refused and (syntax := _optional_syntax(study)):
            raise NotApplicable(f"the target does not take transfer syntax {syntax}, and need not: {delivered.reason}")
        if delivered.confirmed is not None and is_judging() and _searches(current()):
            self._await_index(study)
        if delivered.confirmed is None:
            what = "is not there" if self._reads_only else "could not be stored"
            verdict = Unsupported if delivered.unsupported else Inconclusive
            raise verdict(f"study {study.name} {what}: {delivered.reason}", self._to_blame(delivered))

    def _to_blame(self, delivered: Delivered) -> str | None:
        """Return what is to blame for a study that is not there: the plainest store, where it brought none so far."""
        if self._reads_only or (self._state / _ONE_ARRIVED).exists():
            return delivered.told_by or next(iter(delivered.exchanges), None)
        return PLAINEST

    def _await_index(self, study: Study) -> None:
        """Wait until a study is found by an attribute: an index may follow behind what is stored.

        Only the first study that is not found within the grace time is waited for.
        """
        patient, uid = study.patient_id, study.study_instance_uid
        indexed = self._state / f"indexed-{uid}"
        if not patient or uid in self._indexed or indexed.exists() or "attributes" in self._blind():
            return
        self._indexed.add(uid)
        began = time.monotonic()
        looks = 0

        def is_found() -> bool:
            nonlocal looks
            looks += 1
            return uid in listed(self._look.search("studies", PatientID=patient), "0020000D")

        if not wait_until(is_found, self._grace):
            (self._state / "blind-attributes").touch()
            self._say(f"study {study.name} is not found by its Patient ID within {self._grace:g} s")
            return
        indexed.touch()
        if looks > 1:
            took = time.monotonic() - began
            self._say(f"study {study.name} was found by its Patient ID {took:.1f} s after it was there")

    def _once(self, study: Study, epoch: int, patience: float) -> Delivered:
        digest = hashlib.sha256(" ".join(_identity(study)).encode()).hexdigest()[:16]
        path = self._state / f"{digest}-{epoch}.json"
        with FileLock(path.with_suffix(".lock")).acquire(patience, _LOOKS_AGAIN):
            if path.exists():
                return Delivered(**json.loads(path.read_text(encoding="utf-8")))
            doing = "looking for" if self._reads_only else "storing"
            announcement = threading.Timer(
                SILENCE, self._say, [f"{doing} study {study.name} ({len(study.instances)} instances) ..."]
            )
            announcement.daemon = True
            announcement.start()
            try:
                delivered = self._found(study) if self._reads_only else self._brought(study, epoch)
            finally:
                announcement.cancel()
            disk.put(path, json.dumps(self._recorder.recordable(asdict(delivered))))
        self._recorder.event("stored", **asdict(delivered))
        return delivered

    def _brought(self, study: Study, epoch: int) -> Delivered:
        return (self._still_there(study) if epoch else None) or self._send(study)

    def _found(self, study: Study) -> Delivered:
        """Look for a study that was loaded by other means; one that was not loaded counts as not taken."""
        lacking = self._loaded.lacks(study) if self._loaded else ""
        sight = self._seen(study, 0) if not lacking else _Sight(())
        if sight.is_whole:
            return self._delivered(study, "loaded before the run", [], [], sight.whole, 0.0)
        return Delivered(
            study.name,
            study.study_instance_uid,
            len(study.instances),
            reason=lacking or f"{self._what_is_there(study, sight)} on the target, and the run only reads",
            refused=not sight.instances,
        )

    def _what_is_there(self, study: Study, sight: _Sight) -> str:
        """Say how much of a study is there, and name what is not."""
        if not sight.instances:
            return "neither search, retrieve nor metadata show it"
        missing = [
            instance.sop_instance_uid for instance in study.instances if instance.sop_instance_uid not in sight.shown
        ]
        named = [self._loaded.name_of(uid) if self._loaded else uid for uid in missing]
        some = f"only {sight.instances} of its {len(study.instances)} instances are"
        return f"{some} (not {', '.join(named[:_NAMED])}{', ...' if len(named) > _NAMED else ''})"

    def _still_there(self, study: Study) -> Delivered | None:
        """Return how a study is seen that was stored before the target was away; None where it is lost."""
        sight = self._seen(study, 0)
        if not sight.is_whole:
            return None
        return self._delivered(study, "stored before the target was away", [], [], sight.whole, 0.0)

    def _send(self, study: Study) -> Delivered:
        tried: list[dict[str, str]] = []
        exchanges: list[str] = []
        received: list[Response] = []
        refusals: list[bool] = []
        accepted_by: list[str] = []
        promised: list[Response] = []
        shown: set[str] = set()
        unsupported: set[str] = set()
        for way in self._ways():
            responses = WAYS[way](self._store, study)
            exchanges.extend(response.exchange for response in responses)
            if self._brings(way):
                received.extend(responses)
            refusals.append(_is_refused(study, responses))
            accepted = all(200 <= response.status < 300 for response in responses)
            given_up = bool(self._patience.blame(way))
            grace = 2 * self._slowest if given_up else self._grace
            began = time.monotonic()
            unsupported |= _unsupported(responses)
            sight = self._seen(study, grace if accepted else 0, unsupported)
            shown |= sight.shown
            is_explained = bool(unsupported) and _uids(study) <= shown | unsupported
            if sight.is_whole:
                self._patience.rewarded(way)
                took = time.monotonic() - began
                self._slowest = max(self._slowest, took)
                delivered = self._delivered(study, way, tried, exchanges, sight.whole, took)
                (self._state / _ONE_ARRIVED).touch()
                self._arrival_by(way).touch()
                answers = [store_response.of_body(response.body) for response in responses]
                return replace(delivered, discards=any(each is not None and each.discards for each in answers))
            answer = next((response for response in responses if not 200 <= response.status < 300), responses[0])
            said = (answer.error or f"{answer.status} {answer.reason}".strip()) + _refusals_told(responses)
            visible = f"only {sight.instances} of {len(study.instances)} instances" if sight.instances else "not"
            if accepted:
                accepted_by.append(exchanges[-1])
                if not is_explained:
                    self._patience.in_vain(way, study.study_instance_uid, exchanges[0])
                if self._brings(way) and not given_up:
                    promised += [each for each in responses if _promises_all(each)]
                said += f", and {visible} visible afterwards"
                said += f", which was waited for {TIMES} times before" if given_up else ""
            tried.append({"way": way, "reason": f"answered {said}"})
            if is_explained and self._brings(way):
                break  # a SOP Class is refused whatever the way
        reason = "; ".join(f"{each['way']}: {each['reason']}" for each in tried)
        return Delivered(
            study.name,
            study.study_instance_uid,
            len(study.instances),
            None,
            tuple(tried),
            reason=reason,
            refused=all(refusals),
            unsupported=is_explained,
            told_by=self._told_by(study, received) or self._told_lost(study, promised) or next(iter(accepted_by), ""),
            exchanges=tuple(exchanges),
        )

    def _arrival_by(self, way: str) -> Path:
        return self._state / f"{_ONE_ARRIVED}-{way.replace(' ', '-')}"

    def _brings(self, way: str) -> bool:
        """Tell whether a study was stored in a way: one that never works says nothing of a study."""
        return self._arrival_by(way).exists()

    def _told_by(self, study: Study, received: Sequence[Response]) -> str:
        """Have it told that a valid study is answered with an error of the server, where others are stored."""
        broken = next((each for each in received if each.status >= 500 and each.status not in _NO_FAULT), None)
        if broken is None or not is_judging() or not (self._state / _ONE_ARRIVED).exists():
            return ""
        return f"message[{ANSWERED}]" if current().tell(ANSWERED, broken, f"study {study.name}") else ""

    def _told_lost(self, study: Study, promised: Sequence[Response]) -> str:
        """Have it told that instances of a valid study are lost behind a 200, where others are stored.

        They were waited for after each way to store them, and are looked for one by one at last. A target that takes
        half of the grace time for others may take longer than that for these.
        """
        if not promised or not is_judging() or 2 * self._slowest >= self._grace:
            return ""
        shown = self._seen(study, 0)
        missing = [each for each in study.instances if each.sop_instance_uid not in shown.shown]
        if shown.is_whole or all(_looked(partial(alone, self._look, each)) for each in missing[:_NAMED]):
            return ""
        place = f"study {study.name}, {len(missing)} of {len(study.instances)} instances"
        return f"message[{LOST}]" if current().tell(LOST, promised[0], place) else ""

    def _ways(self) -> list[str]:
        """Return the ways to try: none by which studies were lost again and again, unless that is all of them."""
        return [way for way in WAYS if not self._patience.blame(way)] or [next(iter(WAYS))]

    @staticmethod
    def _delivered(
        study: Study, way: str, tried: list[dict[str, str]], exchanges: list[str], seen: Sequence[str], delay: float
    ) -> Delivered:
        return Delivered(
            study.name,
            study.study_instance_uid,
            len(study.instances),
            way,
            tuple(tried),
            ", ".join(seen),
            round(delay, 3),
            exchanges=tuple(exchanges),
        )

    def _seen(self, study: Study, grace: float, refused: Set[str] = frozenset()) -> _Sight:
        """Look in all ways that work on this target, until all show the study whole or the time is over.

        Instances that were refused are not waited for. What none of them shows at all may still be there: its metadata
        are asked for at last.
        """
        waiting = {name: look for name, look in ways_of_looking(self._look, study).items() if name not in self._blind()}
        whole: list[str] = []
        partly: dict[str, set[str]] = {}
        uids = _uids(study)

        def seen_everywhere() -> bool:
            for name, look in list(waiting.items()):
                shown = _looked(look)
                if shown == uids:
                    whole.append(name)
                else:
                    partly[name] = shown
                if shown >= uids - refused:
                    del waiting[name]
            return not waiting

        wait_until(seen_everywhere, grace)
        most = max((partly[name] for name in partly if name not in whole), key=len, default=set())
        if not whole and not most:
            most = _looked(lambda: described(self._look, study.instances))
            whole = [METADATA] if most == uids else []
        sight = _Sight(tuple(whole), frozenset(most))
        if sight.is_whole and grace:
            for name in waiting:
                (self._state / f"blind-{name.replace(' ', '-')}").touch()
        return sight

    def _blind(self) -> set[str]:
        """The ways of looking that did not work for an earlier study, though others did: not waited for again."""
        return {path.name.removeprefix("blind-").replace("-", " ") for path in self._state.glob("blind-*")}


def _uids(study: Study) -> set[str]:
    return {instance.sop_instance_uid for instance in study.instances}


def _identity(study: Study) -> tuple[str, str]:
    """Return what tells a study from others, and from the same study with images in place of documents."""
    return study.study_instance_uid, study.name


def _unsupported(responses: Iterable[Response]) -> set[str]:
    answers = (store_response.of_body(response.body) for response in responses)
    return {uid for answer in answers if answer is not None for uid in answer.unsupported_uids}


def _looked(look: Callable[[], set[str]]) -> set[str]:
    """Return what a way of looking shows: nothing where its requests are not sent any more."""
    try:
        return look()
    except NotAsked:
        return set()


def _promises_all(response: Response) -> bool:
    """Tell whether a response says that all was stored (Table 10.5.3-1), and names nothing that failed."""
    answer = store_response.of_body(response.body)
    return response.status == 200 and (answer is None or not (answer.failed or answer.other_failures))


def _searches(judgement: Judgement) -> bool:
    """Tell whether a check asks its question of an index."""
    return any(capability.startswith("search.") for capability in judgement.capabilities)


def _refusals_told(responses: Iterable[Response]) -> str:
    """Say how many instances were refused, by their Failure Reasons; nothing where no answer tells."""
    told = filter(None, (store_response.of_body(response.body) for response in responses))
    reasons = Counter(reason for each in told for reason in each.failure_reasons)
    return "".join(f", {number} refused with {reason:04X}H" for reason, number in sorted(reasons.items()))


def _is_refused(study: Study, responses: Sequence[Response]) -> bool:
    """Tell whether a study is refused, or what of it is in a transfer syntax that need not be taken."""
    optional = {
        instance.sop_instance_uid
        for instance in study.instances
        if instance.transfer_syntax_uid != EXPLICIT_VR_LITTLE_ENDIAN
    }

    def is_refused(response: Response) -> bool:
        answer = store_response.of_body(response.body) if response.status == 202 else None
        failed = set(answer.failed_uids) if answer else set()
        return 400 <= response.status < 500 or bool(failed and failed <= optional)

    some = len(responses) > 1 and any(map(is_refused, responses))  # sent one by one, others may have been taken
    return all(is_refused(each) or (some and 200 <= each.status < 300) for each in responses)


def _optional_syntax(study: Study) -> str:
    """Return a transfer syntax of the study that a server need not take (PS3.18 Table 8.7.3-2); empty where none is."""
    syntaxes = {instance.transfer_syntax_uid for instance in study.instances}
    return next(iter(syntaxes - {EXPLICIT_VR_LITTLE_ENDIAN}), "")
