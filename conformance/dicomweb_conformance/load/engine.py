"""Users at once, by Locust: this module alone knows it, and runs in a process whose sockets it has made its own."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from random import Random
from types import FrameType
from typing import Any

import gevent
import gevent.event
import locust
import locust.env
import locust.exception

from dicomweb_conformance.load import users
from dicomweb_conformance.load.account import Account, Judged, Sent, trouble_of
from dicomweb_conformance.load.bounds import Allowance, Bounds
from dicomweb_conformance.load.state import Ran
from dicomweb_conformance.load.users import Act, Seat, Session
from dicomweb_conformance.record.disk import NotWrittenError
from dicomweb_conformance.settings.auth import CredentialsError
from dicomweb_conformance.transport import busy

_TICK = 0.05
"""Seconds between two looks whether it is over."""
_BEAT = 0.02
"""Seconds between two beats by which it shows how late this process comes to what waits for it."""
_BETWEEN = 0.01
"""Seconds between two sessions of a user: one with nothing to do yet looks again."""
HELD, HELD_AT_MOST = 64 << 20, 20_000
"""Octets of responses, and responses, that are kept until users are done, so that judging one delays no other."""
_BACK_OFF = 0.5
"""Seconds that a user waits after an error of load, where the target does not say how long."""


@dataclass(frozen=True)
class Role:
    """What some of the users are: `weight` is their share, and `session` makes what the next of so many does."""

    name: str
    weight: int
    session: Callable[[int, Random], Session]


@dataclass
class Ground:
    """What all users share.

    Attributes:
        bounds: of all that is asked.
        account: judges.
        note: told of each request and what became of it.
        seat: makes what a user has.
        seed: by which users draw.
        refused: why the target takes no credentials any more, "" while it does.
        timeout: seconds that an exchange may take.
        begin: called once a signal ends the load in good order.
        held: responses that are judged once nobody waits for this process any more.
    """

    bounds: Bounds
    account: Account
    note: Callable[[Act, Judged], None]
    seat: Callable[[], Seat]
    seed: int
    refused: Callable[[], str]
    timeout: float
    begin: Callable[[], None]
    held: list[tuple[Act, Sent]] = field(default_factory=list)
    _octets: int = 0
    _over: gevent.event.Event = field(default_factory=gevent.event.Event)
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def __post_init__(self) -> None:
        self.allowance = Allowance(self.bounds)

    def draws(self) -> Random:
        """Return by what one more user draws."""
        return Random(f"{self.seed} {next(self._numbers)}")  # noqa: S311 - which study is opened is no secret

    def wait(self, seconds: float) -> None:
        """Wait so long, or until it is over."""
        if seconds > 0:
            self._over.wait(seconds)

    def is_over(self) -> bool:
        """Tell whether users are no longer waited for."""
        return bool(self._over.is_set())

    def end(self) -> None:
        """Wake everybody who waits."""
        self._over.set()

    def do(self, act: Act, seat: Seat) -> Judged:
        """Have a request of a user answered; it is judged at once only where the user goes by it, or nothing more fits.

        Raises:
            CredentialsError: the target takes no credentials any more.
        """
        of_it = users.sent(act, seat, self.account)
        response = of_it.response
        self.allowance.note(answered=response is not None and response.status != 0)
        size = len(response.body) if response is not None else 0
        if act.tells or self._octets + size > HELD or len(self.held) >= HELD_AT_MOST:
            found = users.judged(act, of_it, self.account)
            self.note(act, found)
            return found
        self._octets += size
        self.held.append((act, of_it))
        return Judged(response, "held")


def run(roles: Sequence[Role], ground: Ground) -> Ran:
    """Let users use a target until the bounds are reached, or somebody asks to end; what is under way ends.

    Args:
        roles: what users are.
        ground: what they share; what it holds then is to be judged.
    """
    bounds, allowance = ground.bounds, ground.allowance
    environment = locust.env.Environment(
        user_classes=[_user(role, ground) for role in roles], stop_timeout=ground.timeout + 1, reset_stats=False
    )
    runner = environment.create_local_runner()
    began = time.monotonic()
    late: list[float] = []
    most = 0
    with _signals_end(allowance):
        ground.begin()
        beating = gevent.spawn(_beat, ground, late)
        runner.start(bounds.users, spawn_rate=bounds.ramp)
        while not allowance.is_over():
            gevent.sleep(_TICK)
            most = max(most, runner.user_count)
        seconds = time.monotonic() - began
        ground.end()
        runner.quit()
        beating.join()
    late.sort()
    of_100 = [late[min(len(late) * share // 100, len(late) - 1)] if late else 0.0 for share in (50, 95, 100)]
    return Ran(seconds, allowance.why, allowance.gone, most, *of_100)


def _user(role: Role, ground: Ground) -> Any:
    """Return a class of users, as Locust wants it."""
    of_role = count()

    class OneUser(locust.User):  # type: ignore[misc]  # Locust is optional: nothing is known of its types
        weight = role.weight

        def on_start(self) -> None:
            self.number, self.draw, self.seat = next(of_role), ground.draws(), ground.seat()

        def on_stop(self) -> None:
            self.seat.close()

        def wait(self) -> None:
            """Wait for nothing between sessions: each request has its own time to think."""

        @locust.task  # type: ignore[untyped-decorator]  # as said
        def use(self) -> None:
            _use(role.session(self.number, self.draw), ground, self.seat, self.draw)

    OneUser.__name__ = OneUser.__qualname__ = role.name
    return OneUser


def _use(session: Session, ground: Ground, seat: Seat, draw: Random) -> None:
    """Do what a session has to do.

    Raises:
        StopUser: nothing more may be sent.
    """
    busy_for = 0.0
    try:
        act = next(session)
        while True:
            ground.wait(act.pause + busy_for + draw.uniform(0, 2 * ground.bounds.think))
            if not ground.allowance.take():
                raise locust.exception.StopUser
            found = ground.do(act, seat)
            busy_for = _back_off(found)
            if ended := ground.refused():
                ground.allowance.end(ended)
            act = session.send(found)
    except StopIteration:
        ground.wait(_BETWEEN)
    except (CredentialsError, NotWrittenError) as error:
        ground.allowance.end(str(error))
        raise locust.exception.StopUser from None


def _back_off(judged: Judged) -> float:
    """Return the seconds that a user waits after a response that is an error of load."""
    if judged.response is None or not trouble_of(judged.response):
        return 0.0
    said = busy.retry_after(judged.response)
    return _BACK_OFF if said is None else said


def _beat(ground: Ground, late: list[float]) -> None:
    while not ground.is_over():
        then = time.monotonic() + _BEAT
        gevent.sleep(_BEAT)
        late.append(max(0.0, time.monotonic() - then))


def take_interrupts_in_silence() -> None:
    """Let a KeyboardInterrupt, wherever it comes up, reach who waits for it without being printed on its way."""
    hub = gevent.get_hub()
    hub.NOT_ERROR = (*hub.NOT_ERROR, KeyboardInterrupt)


@contextmanager
def _signals_end(allowance: Allowance) -> Iterator[None]:
    """Let Ctrl-C, and what else asks to end, end the load in good order: what is under way is judged."""

    def ends(number: int, _frame: FrameType | None) -> None:
        allowance.end(f"{INTERRUPTED} ({signal.Signals(number).name})")

    before = {}
    if threading.current_thread() is threading.main_thread():
        for name in ("SIGINT", "SIGTERM", "SIGHUP"):
            number = getattr(signal, name, None)
            if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
                before[number] = signal.signal(number, ends)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


INTERRUPTED = "interrupted"
"""How the reason begins where a signal ended it."""
