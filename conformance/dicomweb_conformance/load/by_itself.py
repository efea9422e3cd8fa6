"""What is asked while nobody else asks: each request once before the load, and what was wrong once more after it."""

from __future__ import annotations

import time
from dataclasses import replace
from random import Random

from dicomweb_conformance.checks.judgement import Inconclusive, NotApplicable
from dicomweb_conformance.load import mix, users
from dicomweb_conformance.load.account import Account, Judged
from dicomweb_conformance.load.mix import Asking, Modality, Shelf
from dicomweb_conformance.load.state import Load
from dicomweb_conformance.load.transactions import Alone
from dicomweb_conformance.load.users import Act, Seat, Session, Stack, Store
from dicomweb_fixtures.building.codecs import NotAvailableError
from dicomweb_fixtures.entities import Study
from dicomweb_fixtures.fresh import Fresh

_NOT_AGAIN = frozenset({"load-store", "load-stored-search"})
"""What tells nothing when it is asked once more: a study is stored once, and what was lost then is lost afterwards."""
_NO_STUDY = (Inconclusive, NotApplicable, NotAvailableError)


def prepare(load: Load) -> None:
    """Bring what users open to the target, and have each request answered once while nobody else asks."""
    tools = load.tools
    viewers = mix.viewers(load.only)
    studies: list[Study] = []
    for name in mix.ENTRIES:
        try:
            studies += getattr(tools.corpus, name).studies
        except _NO_STUDY as error:
            load.left_out[f"studies of {name}"] = str(error)
    special: dict[str, Study] = {}
    for name in mix.needs(viewers):
        try:
            special[name] = getattr(tools.corpus, name)
        except _NO_STUDY as error:
            load.left_out[f"study {name}"] = str(error)
    if not studies:
        return
    alone = Alone(Shelf(tuple(studies), special))
    load.phase = "asking alone"
    load.say(f"load: asking alone for what {len(viewers)} clients ask for ...")
    seat = load.seat("probe")
    try:
        for viewer in viewers:
            asks = tuple(each for each in viewer.asks if _is_offered(load, each, alone, seat))
            if asks:
                load.viewers.append(replace(viewer, asks=asks))
        if not load.settings.target.read_only:
            _prepare_stores(load, alone, seat)
    finally:
        seat.close()
    load.alone = alone


def _is_offered(load: Load, asked: Asking, alone: Alone, seat: Seat) -> bool:
    """Tell whether a target gives a client what it asks for while nobody else asks, and remember what is wrong then."""
    if asked.step.about not in {"ct_pair", *alone.shelf.special}:
        return False
    subjects = alone.shelf.subjects(asked.step)
    of_pictures = asked.step.reads == "picture"
    for subject in subjects if of_pictures else subjects[:1]:
        judged = users.done(users.asking(asked, subject, alone), seat, load.account)
        response = judged.response
        if judged.error:
            load.account.note(asked.check, judged)
        if response is None or response.status not in asked.step.status or response.error:
            status = response and (response.error or f"status {response.status}")
            load.left_out[asked.id] = f"not given alone: {status or 'nothing was sent'}"
            return False
        load.account.note_alone(asked.check, judged)
    return True


def _prepare_stores(load: Load, alone: Alone, seat: Seat) -> None:
    """Have each client store one instance alone, one of them as many as under load, and make what is stored then."""
    fresh, many = Fresh(load.settings.seed, "load"), load.bounds.instances
    for modality in mix.modalities(load.only):
        if _stores_alone(load, modality, fresh.study(), alone, seat, f"store of {modality.client}"):
            load.modalities.append(modality)
    if not load.modalities or not load.bounds.stores:
        return
    load.say(f"load: making {load.bounds.stores} studies of {many} instances ...")
    if not _stores_alone(load, load.modalities[0], fresh.study(many), alone, seat, f"stores of {many} instances"):
        load.modalities.clear()
        return
    load.stack.waiting = [fresh.study(many) for _ in range(load.bounds.stores)]
    load.spare = fresh.study(many)
    for study in load.stack.waiting:
        for instance in study.instances:
            _ = instance.part10  # it takes longer than to send it


def _stores_alone(load: Load, modality: Modality, study: Study, alone: Alone, seat: Seat, what: str) -> bool:
    """Tell whether a client stores a study, and finds it, while nobody else asks; what else is wrong is remembered."""
    stack, draw = Stack([study]), Random(load.settings.seed)  # noqa: S311 - no secret
    done = _one_after_the_other(users.storing(modality, stack, alone, draw, load.settings.grace), seat, load.account)
    (store,) = stack.sent
    response = done[0][1].response
    if not (store.taken and store.seen):
        status = response.error or response.status if response else 0
        load.left_out[what] = "what it stored was not found alone" if store.taken else f"not taken alone: {status}"
        return False
    for act, judged in done:
        if judged.response is None or judged.response.status not in {200, 202}:
            load.stack.not_offered.add(act.check)
            load.left_out[act.of] = f"not given alone: status {judged.response.status if judged.response else 0}"
        else:
            load.account.note_alone(act.check, judged)
    return True


def _one_after_the_other(session: Session, seat: Seat, account: Account) -> list[tuple[Act, Judged]]:
    seen: list[tuple[Act, Judged]] = []
    try:
        act = next(session)
        while True:
            time.sleep(act.pause)
            judged = users.done(act, seat, account)
            seen.append((act, judged))
            act = session.send(judged)
    except StopIteration:
        return seen


def ask_again(load: Load) -> None:
    """Ask again alone for what was wrong, and look for what was stored and not found while others asked."""
    load.phase = "asking again, alone"
    seat = load.seat("probe")
    try:
        for act in load.suspects.values():
            if act.check not in _NOT_AGAIN:
                load.account.note_alone(act.check, users.done(act, seat, load.account))
        if load.alone and load.spare and any(check == "load-store" for check, _ in load.suspects):
            act = users.storing_one(load.modalities[0], load.spare, load.alone)
            load.account.note_alone(act.check, users.done(act, seat, load.account))
        for store in load.stack.sent:
            if store.taken and not store.seen:
                _look_for(load, store, seat)
    finally:
        seat.close()


def _look_for(load: Load, store: Store, seat: Seat) -> None:
    session = users.waiting_for(store, load.settings.grace)
    for act, judged in _one_after_the_other(session, seat, load.account):
        if judged.wrong:
            load.account.note(act.check, judged)
