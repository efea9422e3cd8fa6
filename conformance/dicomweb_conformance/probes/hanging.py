"""A resource that does not answer in time is asked for three times, and then no more: each time costs the time-out.

What counts is that of one study, one time after the other, for an answer in between begins the count anew; and that of
whatever study where none was ever answered. What is sent with a payload hangs of that: it counts for the check that
sends it, and for others only where no payload has been answered for long. All processes of a run share what they
learned.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl

from filelock import FileLock

from dicomweb_conformance.checks.judgement import NotAsked, current, is_judging
from dicomweb_conformance.http.exchanges import Response
from dicomweb_conformance.record import disk
from dicomweb_reports.messages import check_id

TIMES = 3
"""How often a resource is asked for that does not answer in time."""
TIMES_OF_ALL_CHECKS = 3 * TIMES
"""How often, by whatever check, something is sent to a resource that has answered others."""
_WITH_PAYLOAD = frozenset({"PATCH", "POST", "PUT"})
_NAME = re.compile(r"[A-Za-z_-]+")


@dataclass(frozen=True)
class _Kind:
    """What a request is one of, and how often each is borne with.

    Attributes:
        any_study: the resource of any study, borne with for ever once it was answered.
        this_study: that of its study, with the keys of its query.
        times: how often that is asked in vain.
        of_check: that as one check sends it with its payloads; empty where there are none.
    """

    any_study: str
    this_study: str
    times: int = TIMES
    of_check: str = ""

    @property
    def counted(self) -> tuple[str, ...]:
        """All that an exchange counts for, each once."""
        return tuple(dict.fromkeys(filter(None, (self.any_study, self.this_study, self.of_check))))


@dataclass(frozen=True)
class _Noted:
    """How often what did not answer in time, and what else did."""

    late: Mapping[str, int] = field(default_factory=dict)
    answered: frozenset[str] = frozenset()


class Hanging:
    """What did not answer in time so far.

    Args:
        base_url: of the Studies Service, without a slash at its end.
        state: a directory that the run's processes share.
    """

    def __init__(self, base_url: str, state: Path) -> None:
        self._base_url = base_url
        self._path = state / "hanging.json"
        self._lock = FileLock(state / "hanging.lock")
        self._answered: set[str] = set()

    def note(self, response: Response) -> None:
        """Count an exchange that was not over in time, or begin anew after one that was.

        Raises:
            NotWrittenError: there is no room for it.
        """
        kind = self._kind(response.method, response.url)
        timed_out = "timed out" in response.error
        if not timed_out:
            self._answered.add(kind.any_study)
            if not self._path.exists():
                return
        with self._lock:
            noted = self._read()
            late = dict(noted.late)
            for each in kind.counted:
                late[each] = late.get(each, 0) + 1 if timed_out else 0
            answered = sorted(noted.answered | self._answered)
            disk.put(self._path, json.dumps({"late": late, "answered": answered}))

    def is_known(self, response: Response) -> bool:
        """Tell whether the same of the same study did not answer in time before."""
        kind = self._kind(response.method, response.url)
        return self._read().late.get(kind.of_check or kind.this_study, 0) > 0

    def refuse(self, method: str, url: str) -> None:
        """End a check that asks for what does not answer in time.

        Raises:
            NotAsked: it was asked for often enough.
        """
        if not self._path.exists():
            return
        noted, kind = self._read(), self._kind(method, url)
        never = kind.any_study not in noted.answered | self._answered
        bounds = {kind.this_study: kind.times}
        if kind.of_check:
            bounds[kind.of_check] = TIMES
        if never:
            bounds[kind.any_study] = min(TIMES, bounds.get(kind.any_study, TIMES))
        for each, times in bounds.items():
            if noted.late.get(each, 0) >= times:
                raise NotAsked(
                    f"{each} did not answer in time, {times} times one after the other, and is not asked any more; "
                    "--dicomweb-timeout=S waits longer",
                    check_id("HTTP-002"),
                )

    def _kind(self, method: str, url: str) -> _Kind:
        path, _, query = url.removeprefix(self._base_url).partition("?")
        segments = path.strip("/").split("/")
        named = [segment if _NAME.fullmatch(segment) else "*" for segment in segments]
        keys = ",".join(sorted({name for name, _ in parse_qsl(query, keep_blank_values=True)}))
        study = "/".join([*segments[:2], *named[2:]])
        any_study, this_study = f"{method} /{'/'.join(named)}", f"{method} /{study}{'?' if keys else ''}{keys}"
        if method not in _WITH_PAYLOAD:
            return _Kind(any_study, this_study)
        of_check = f"{this_study} of {current().check}" if is_judging() else ""
        return _Kind(any_study, this_study, TIMES_OF_ALL_CHECKS, of_check)

    def _read(self) -> _Noted:
        try:
            noted = json.loads(self._path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return _Noted()
        return _Noted(noted["late"], frozenset(noted["answered"]))
