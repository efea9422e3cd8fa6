"""How users behave: a person opens one study after the other, a device stores and looks at what it stored."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from random import Random
from typing import TypeAlias

from dicomweb_conformance.checks.expect import Expectation, expect
from dicomweb_conformance.http.exchanges import Response
from dicomweb_conformance.load import transactions
from dicomweb_conformance.load.account import Account, Judged, Sent
from dicomweb_conformance.load.mix import Asking, Modality, on_its_frames
from dicomweb_conformance.load.transactions import Alone
from dicomweb_conformance.scenarios.persona.readings import Subject
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_fixtures.entities import Study

_FRAMES = 4
"""Frames that a person looks at of a study, one request each."""
_LOOK_AGAIN = 0.3
"""Seconds after which a device looks again for what it stored."""


@dataclass(frozen=True)
class Act:
    """One request of a user, and how its response is judged.

    `pause`: seconds that the user waits for it beside the time to think. `tells`: what the user does next depends on
    what became of it.
    """

    check: str
    of: str
    perform: Callable[[StudiesService], Response]
    judge: Callable[[Expectation], None]
    pause: float = 0.0
    tells: bool = False


Session: TypeAlias = Generator[Act, Judged, None]
"""What a user does, one request after the other, told of each what became of it."""


@dataclass(frozen=True)
class Seat:
    """What a user has: a service of its own, what its client hands to the observers, and what ends it."""

    service: StudiesService
    looks: list[Callable[[], None]]
    close: Callable[[], None]


def sent(act: Act, seat: Seat, account: Account) -> Sent:
    """Send what a user asks for, and judge nothing yet.

    Raises:
        CredentialsError: the target takes no credentials any more.
    """
    return account.send(act.check, lambda: act.perform(seat.service), seat.looks)


def judged(act: Act, of_it: Sent, account: Account) -> Judged:
    """Judge what was sent."""

    def judge(response: Response) -> None:
        with expect(response) as it:
            act.judge(it)

    return account.judge(of_it, judge)


def done(act: Act, seat: Seat, account: Account) -> Judged:
    """Send what a user asks for, and judge the response.

    Raises:
        CredentialsError: the target takes no credentials any more.
    """
    return judged(act, sent(act, seat, account), account)


def asking(what: Asking, subject: Subject, alone: Alone) -> Act:
    """Return the act of a client that asks for something about a subject."""
    about = on_its_frames(what, subject)
    return Act(
        what.check,
        what.id,
        partial(transactions.ask, step=what.step, subject=about),
        partial(transactions.judge, asking=what, subject=about, alone=alone),
    )


def viewing(asks: Sequence[Asking], alone: Alone, draw: Random) -> Session:
    """Open a study as a person does with a client: find it, list it, look at some of its frames."""
    study = draw.choice(alone.shelf.studies)
    for each in asks:
        of_study = [subject for subject in alone.shelf.subjects(each.step) if subject.study is study]
        for _ in range(_FRAMES if each.step.reads == "frames" else 1):
            subject = draw.choice(of_study or alone.shelf.subjects(each.step))
            yield asking(each, subject, alone)


@dataclass
class Store:
    """A study that is sent, and what became of it.

    `taken`: the target said that it has it. `seen`: it was found, whole.
    """

    study: Study
    taken: bool = False
    seen: bool = False


@dataclass
class Stack:
    """The studies that devices store, one after the other, and those that they have stored.

    `not_offered`: the kinds of looks at what was stored that the target does not give to anybody.
    """

    waiting: list[Study]
    sent: list[Store] = field(default_factory=list)
    not_offered: set[str] = field(default_factory=set)

    def take(self) -> Store | None:
        """Return the next study, None where all are sent."""
        if not self.waiting:
            return None
        store = Store(self.waiting.pop())
        self.sent.append(store)
        return store

    def seen(self) -> list[Store]:
        """Return those that were found, whole."""
        return [store for store in self.sent if store.seen]


def storing(modality: Modality, stack: Stack, alone: Alone, draw: Random, grace: float) -> Session:
    """Store a study as a device does and look for it; look at an earlier one where all are sent."""
    store = stack.take()
    if store is not None:
        what = yield storing_one(modality, store.study, alone)
        store.taken = what.response is not None and what.response.status in {200, 202} and not what.findings
        if store.taken:
            yield from waiting_for(store, grace)
    else:
        store = draw.choice(stack.seen() or [None])
    if store is not None and store.seen:
        looks = looking_at(store.study, alone, draw)
        yield from (look for look in looks if look.check not in stack.not_offered)


def storing_one(modality: Modality, study: Study, alone: Alone) -> Act:
    """Return the act of a device that stores a study."""
    return Act(
        "load-store",
        f"store of {modality.client}",
        partial(transactions.store, step=modality.step, study=study),
        partial(transactions.judge_store, study=study, alone=alone),
        tells=True,
    )


def waiting_for(store: Store, grace: float) -> Session:
    """Look for what was stored until all of it is found, for the grace time at most."""
    (series,) = store.study.series
    until = time.monotonic() + grace
    over = False

    def judge(it: Expectation) -> None:
        store.seen = transactions.lists_all(it, series)
        if over and not store.seen:
            transactions.is_lost(it, series)

    def look(service: StudiesService) -> Response:
        nonlocal over
        over = time.monotonic() >= until
        return service.search_in(series, "instances")

    pause = 0.0
    while not (store.seen or over):
        yield Act("load-stored-search", "search for what was stored", look, judge, pause, tells=True)
        pause = _LOOK_AGAIN


def looking_at(study: Study, alone: Alone, draw: Random) -> Iterator[Act]:
    """Look at a study that was stored under load: its metadata, and a frame."""
    (series,) = study.series
    instance = draw.choice(series.instances)

    def metadata(it: Expectation) -> None:
        transactions.is_answered(it, (200,))
        transactions.is_its_own(it, study, alone)
        transactions.metadata_of(it, series)

    def frame(it: Expectation) -> None:
        transactions.is_answered(it, (200,))
        transactions.frames_of(it, instance, (1,), alone)

    yield Act("load-stored-metadata", "metadata of what was stored", lambda service: service.metadata(series), metadata)
    yield Act("load-stored-frame", "frame of what was stored", lambda service: service.frames(instance, "1"), frame)
