"""Which requests of a run meet with a behaviour, and what befalls the run when they do."""

from __future__ import annotations

import threading
from collections.abc import Callable

from tests.hostile.hostile_behaviour import Behaviour


class Meeting:
    """Counts the requests that a behaviour concerns; shared by all threads of a server.

    Args:
        behaviour: says which.
        befalls: called with the number of each request that meets with the behaviour, before it is answered.
    """

    def __init__(self, behaviour: Behaviour, befalls: Callable[[int], None] = lambda _: None) -> None:
        self._behaviour = behaviour
        self._befalls = befalls
        self._turn = threading.Lock()
        self._concerned = 0
        self.met = 0

    def meets(self, method: str, target: str) -> bool:
        """Tell whether this request is to meet with the behaviour; `target`: path and query below the prefix."""
        behaviour = self._behaviour
        if not behaviour.concerns(method, target):
            return False
        with self._turn:
            self._concerned += 1
            number = self._concerned - behaviour.start + 1
            meets = number >= 1 and (behaviour.times == 0 or number <= behaviour.times)
            self.met += meets
        if meets:
            self._befalls(number)
        return meets
