"""What a process of a run judges with, put together from the settings of the run."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial

from dicomweb_conformance.archive.contents import Archive
from dicomweb_conformance.archive.delivery import Delivery
from dicomweb_conformance.archive.patience import Patience
from dicomweb_conformance.catalogue.profile import Profile
from dicomweb_conformance.checks.judgement import (
    Inconclusive,
    current,
    is_judging,
    note_exchange,
    note_screened,
    takes_anothers_answer,
)
from dicomweb_conformance.checks.observers import JUDGES, Observers
from dicomweb_conformance.http.exchanges import Examined, Response
from dicomweb_conformance.http.observed import Course, answer_of
from dicomweb_conformance.probes.capabilities import Capabilities, questions_of
from dicomweb_conformance.probes.hanging import Hanging
from dicomweb_conformance.probes.liveness import Liveness
from dicomweb_conformance.probes.preflight import first_question
from dicomweb_conformance.record.recorder import Recorder
from dicomweb_conformance.run import target_process
from dicomweb_conformance.run.report_directory import STATE
from dicomweb_conformance.run.turns import Turns, fails_beside_another
from dicomweb_conformance.service import ledger
from dicomweb_conformance.service.ledger import Ledger
from dicomweb_conformance.service.long_running import Operations
from dicomweb_conformance.service.ownership import Own
from dicomweb_conformance.service.screening import Screening
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_conformance.settings.options import Settings
from dicomweb_conformance.transport.access import Access
from dicomweb_conformance.transport.client import Client, Request, Streamed
from dicomweb_conformance.transport.pace import Budget, Pace
from dicomweb_conformance.transport.repeatable import Asked, Changes, Repeatable
from dicomweb_fixtures.corpus import Corpus
from dicomweb_fixtures.entities import Study
from dicomweb_fixtures.fresh import Fresh

VERSION = importlib.metadata.version("dicomweb-conformance")
MAIN = "main"
"""The name of the process that controls a run."""
LOG = "target.log"
"""The file of a report in which stands what commands that start and restart the target printed."""
_USER_AGENT = f"dicomweb-conformance/{VERSION}"
_PATIENCE = 6
"""How many times the grace time an operation may take."""
_PATIENCE_AT_FIRST = 5.0
"""Seconds that a busy target is waited for in all before it is judged, and where only its presence is asked for."""


@dataclass(frozen=True)
class Instruments:
    """Everything that talks to the target, or knows of it; `watching` asks it on no check's account."""

    recorder: Recorder
    observers: Observers
    liveness: Liveness
    access: Access
    budget: Budget
    pace: Pace
    own: Own
    screening: Screening
    ledger: Ledger
    watching: StudiesService
    service: StudiesService
    archive: Archive
    corpus: Corpus
    capabilities: Capabilities
    operations: Operations
    turns: Turns | None


def instruments(
    settings: Settings, profile: Profile, process: str, say: Callable[[str], None], exit_stack: ExitStack
) -> Instruments:
    """Put together what a process judges with.

    Args:
        settings: of the run; the target has its URL.
        profile: which requirements count.
        process: the name of the process, in ids of exchanges.
        say: shows a line to the person who waits.
        exit_stack: closes what was opened.
    """
    state = settings.report / STATE
    recorder = Recorder(settings.report, process, settings.redaction)
    exit_stack.callback(recorder.close)
    pace = Pace(settings.rate, state)
    exit_stack.callback(pace.close)
    changes = Changes(state)
    exit_stack.callback(changes.close)
    own = Own(settings.seed)
    screening = Screening(own, settings.target.url)
    led = Ledger(settings.report / ledger.FILE, settings.url, settings.seed)
    watching = Client(
        settings.target,
        recorder,
        user_agent=_USER_AGENT,
        screen=screening.screen,
        shown_url=screening.url,
        patience=_PATIENCE_AT_FIRST,
    )
    exit_stack.callback(watching.close)
    liveness = Liveness(
        lambda: watching.send("GET", f"{settings.target.url}/studies?limit=1", purpose="liveness"),
        _way_back(settings),
        state,
        settings.grace,
        say,
    )
    preparing = StudiesService(watching, led, own, "preflight")
    watched = preparing.for_purpose("liveness")
    hanging = Hanging(settings.target.url, state)
    access = Access(lambda: first_question(watched, settings.seed), settings.target.credentials, state, say)
    observers = Observers(JUDGES, profile.rows, recorder, own.has, profile.has, own.masked)

    def wait_for_turn() -> None:
        liveness.wait_for_turn()
        pace.wait()

    def observe(request: Request, response: Response, course: Course) -> None:
        hanging.note(response)
        # What was sent malformed and kept so is judged by the check that sent it.
        if not own.holds_malformed(response):
            size = len(request.body) if isinstance(request.body, (bytes, Streamed)) else 0
            observers.look(answer_of(response, request.headers, size, course, settings.target.url), response.exchange)
        wanted = response.status == 0 or 200 <= response.status < 300
        if response.exceeded and wanted and request.purpose == "check" and is_judging():
            raise Inconclusive(f"{response.request_line}: {response.error}", response.exchange)

    lasting = tuple(f"{settings.target.url}/{each}" for each in ("studies", "series", "instances"))

    def may_stand(asked: Asked) -> bool:
        # What is not below these goes on by itself, as operations do.
        return asked[0].startswith(lasting) and takes_anothers_answer(asked)

    client = Client(
        settings.target,
        recorder,
        user_agent=_USER_AGENT,
        screen=screening.screen,
        shown_url=screening.url,
        on_screened=note_screened,
        on_exchange=note_exchange,
        may_ask=hanging.refuse,
        wait_for_turn=wait_for_turn,
        on_answer=observe,
        examine=partial(_examine, liveness, hanging),
        doubt=partial(_doubt, access),
        changes=changes,
        repeatable=Repeatable(changes, lambda: liveness.epoch, may_stand),
    )
    exit_stack.callback(client.close)
    service = StudiesService(client, led, own)
    patience = Patience(state)
    delivery = Delivery(
        service,
        own,
        recorder,
        state,
        settings.grace,
        say,
        lambda: liveness.epoch,
        patience=patience,
        reads_only=settings.target.read_only,
        loaded=settings.corpus,
    )
    corpus = Corpus(settings.seed, delivery.has)
    capabilities = Capabilities(
        settings.target, service, lambda: _control(corpus), recorder, state, questions_of(profile, settings.seed)
    )
    return Instruments(
        recorder=recorder,
        observers=observers,
        liveness=liveness,
        access=access,
        budget=Budget(settings.budget, state),
        pace=pace,
        own=own,
        screening=screening,
        ledger=led,
        watching=preparing,
        service=service,
        archive=Archive(service, settings.grace, patience),
        corpus=corpus,
        capabilities=capabilities,
        operations=Operations(service, _PATIENCE * settings.grace),
        turns=_turns(settings, process, preparing.for_purpose("at-once"), say),
    )


def _turns(settings: Settings, process: str, service: StudiesService, say: Callable[[str], None]) -> Turns | None:
    """Return what keeps the processes of a run apart; None where there is one, or nothing is stored."""
    if process == MAIN or settings.target.read_only:
        return None
    fresh = Fresh(settings.seed, "two processes at once")
    return Turns(settings.report / STATE, lambda: fails_beside_another(service, fresh), say)


def _control(corpus: Corpus) -> Study:
    """Return a study that is on the target, which probes are held against: another where the usual one is not whole.

    Raises:
        Inconclusive: none is there; says of the usual one why.
    """
    try:
        return corpus.two_series
    except Inconclusive:
        with suppress(Inconclusive):
            return corpus.ct_pair
        raise


@contextmanager
def sweeping(settings: Settings, tools: Instruments, longest: float) -> Iterator[StudiesService]:
    """Yield the service for clean-up: its responses are not judged, and no target is brought back for it.

    Args:
        settings: of the run; the target has its URL.
        tools: of the run.
        longest: seconds that one exchange may take at most.
    """
    target = replace(settings.target, timeout=min(settings.target.timeout, longest))
    client = Client(
        target,
        tools.recorder,
        user_agent=_USER_AGENT,
        screen=tools.screening.screen,
        shown_url=tools.screening.url,
        wait_for_turn=tools.pace.wait,
        doubt=partial(_doubt, tools.access),
    )
    with closing(client):
        yield StudiesService(client, tools.ledger, tools.own, "clean")


def of_a_user(settings: Settings, tools: Instruments, looks: list[Callable[[], None]]) -> Client:
    """Return a client of one user among many, which sends each request once: to try again is the user's to decide.

    Where a response came, it is for the observers to see: when is the user's to decide, too. What becomes of other
    requests is counted, and judged by nobody.

    Args:
        settings: of the run; the target has its URL.
        tools: of the run.
        looks: gets what shows each response to the observers.
    """

    def observe(request: Request, response: Response, course: Course) -> None:
        if response.status and "timed out" not in response.error:
            size = len(request.body) if isinstance(request.body, (bytes, Streamed)) else 0
            answer = answer_of(response, request.headers, size, course, settings.target.url)
            looks.append(partial(tools.observers.look, answer, response.exchange))

    return Client(
        settings.target,
        tools.recorder,
        user_agent=_USER_AGENT,
        screen=tools.screening.screen,
        shown_url=tools.screening.url,
        on_screened=note_screened,
        on_exchange=note_exchange,
        wait_for_turn=tools.pace.wait,
        on_answer=observe,
        examine=lambda _broken, _repeat: Examined(None, control_answered=False),
        doubt=partial(_doubt, tools.access),
        patience=0.0,
    )


def started(settings: Settings) -> target_process.Started:
    """Return the target that `--dicomweb-start` runs."""
    report = settings.report
    return target_process.Started(settings.start, report / LOG, report / ".target.pid")


def _way_back(settings: Settings) -> Callable[[], None] | None:
    """Return what brings the target back, None where nobody said how."""
    if settings.restart:
        return partial(target_process.run_restart, settings.restart, settings.report / LOG)
    return started(settings).restart if settings.start else None


def _examine(liveness: Liveness, hanging: Hanging, suspect: Response, repeat: Callable[[], Response]) -> Examined:
    """Find out whether the target died of a request; where it is gone, end the check that asked.

    What is known not to answer in time is not repeated, which was told before and takes as long again.
    """
    examined = liveness.examine(suspect, None if hanging.is_known(suspect) else repeat)
    if is_judging():
        current().deadly |= examined.repeat is not None and examined.repeat.status == 0
        if gone := liveness.gone:
            raise Inconclusive(gone, suspect.exchange)
    return examined


def _doubt(access: Access, suspect: Response, used: str) -> bool:
    """Find out whether an answer was due to the credentials; where these are no longer taken, end the check."""
    again = access.examine(suspect, used)
    if is_judging() and (ended := access.ended):
        raise Inconclusive(ended, suspect.exchange)
    return again
