"""What ends a load: a number of requests and a time, both always, and whoever asks it to end."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

USERS, RAMP, REQUESTS, SECONDS, THINK = 8, 4.0, 1000, 60.0, 0.5
STORES, INSTANCES = 10, 100
"""What is sent where nobody says otherwise: little enough for a server that others use, too."""
GONE = 20
"""Requests in a row that found nobody who answers, after which nobody is asked."""


@dataclass(frozen=True)
class Bounds:
    """How much is asked of a target at most.

    Attributes:
        users: who ask at once.
        ramp: users that begin in a second.
        requests: that are sent under load, all users together; those that are under way end.
        seconds: in which they may begin.
        think: seconds that a user waits before a request in the mean, between nothing and twice that.
        stores: that are sent at most.
        instances: of each store.
    """

    users: int = USERS
    ramp: float = RAMP
    requests: int = REQUESTS
    seconds: float = SECONDS
    think: float = THINK
    stores: int = STORES
    instances: int = INSTANCES

    def __str__(self) -> str:
        return (
            f"{self.users} users, {self.ramp:g} more each second, until {self.requests} requests are sent or "
            f"{self.seconds:g} s are over, whichever comes first; each waits {self.think:g} s before a request, and "
            f"{self.stores} stores of {self.instances} instances at most"
        )


@dataclass
class Allowance:
    """What is left of the bounds while they are used up.

    Attributes:
        bounds: what there was.
        begun: requests that were sent.
        why: what ended it, "" while it goes on.
        gone: whether that was a target that answers nobody any more.
    """

    bounds: Bounds
    clock: Callable[[], float] = time.monotonic
    begun: int = 0
    why: str = ""
    gone: bool = False
    _unanswered: int = 0
    _until: float = field(init=False)

    def __post_init__(self) -> None:
        self._until = self.clock() + self.bounds.seconds

    def take(self) -> bool:
        """Take a request out of what is left; tell whether there was one."""
        if self.is_over():
            return False
        self.begun += 1
        return True

    def is_over(self) -> bool:
        """Tell whether nothing more may be sent."""
        if not self.why and self.begun >= self.bounds.requests:
            self.why = f"{self.bounds.requests} requests were sent"
        if not self.why and self.clock() >= self._until:
            self.why = f"{self.bounds.seconds:g} s were over"
        return bool(self.why)

    def end(self, why: str) -> None:
        """End it, for a reason of somebody else's."""
        self.why = self.why or why

    def note(self, *, answered: bool) -> None:
        """Note whether a request was answered: a target that answers nobody any more is left alone."""
        self._unanswered = 0 if answered else self._unanswered + 1
        if self._unanswered >= GONE and not self.why:
            self.gone = True
            self.end(f"the target answered none of {GONE} requests in a row")
