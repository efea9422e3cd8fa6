"""Behaviours of a server, and of the surroundings of a run, as `behaviours/*.toml` tell them."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cache
from pathlib import Path
from typing import Any

BEHAVIOURS = Path(__file__).with_name("behaviours")
PREFLIGHT = "PREFLIGHT"
"""What the Patient ID holds that the first search of a run asks for."""


@dataclass(frozen=True)
class Behaviour:
    """One behaviour, what a run is shown of it, and what the run must make of it.

    What it does is one of `send`, `alter`, `act`, or none of them where `foreign` says it all.

    Attributes:
        name: of a test, in words joined by hyphens.
        story: one sentence of what happens.
        kind: the file that it stands in.
        on: which requests meet with it: a regular expression that is searched in method and target, as in
            `GET /studies?limit=2` (below the prefix). The first look at the target is spared.
        everything: every request meets with it, the first look at the target too.
        start: the first request that meets with it, of those that `on` names.
        times: how many do; 0 for all that follow.
        before: whether what is sent goes out before the request is read.
        send: octets to answer with (hostile_octets.py).
        alter: a function of alterations.py that makes another answer of the reference server's.
        given: what that function is given beside.
        act: what befalls the run when the request comes (surroundings.py).
        foreign: how many studies of others the server holds.
        flavour: of the reference server.
        checks: the checks that a run is shown it with.
        options: of the run, beside those that all have.
        workers: processes of pytest-xdist; 0 for none.
        seconds: that a run takes at most, where the machine has nothing else to do.
        processor: seconds of the processor that it takes at most.
        megabytes: that a process of the run is large at most.
        disk: megabytes that the report is large at most.
        exit: the exit status.
        fails, deviates, inconclusive: the checks, or `message[ROW]`, that end so: each of these, and no others.
        may: what else may end so, where that is a matter of chance.
        says: texts that the run prints.
        elsewhere: whether another origin may be asked, without credentials.
        keeps: why values of others are kept of it; empty where none may be.
        clean: whether the target must hold nothing of the run afterwards.
        fast: whether every run of the tests shows it.
        reported: whether the run comes to where there is something to report.
        pending: why what must be is not so yet.
    """

    name: str
    story: str
    kind: str
    on: str = ""
    everything: bool = False
    start: int = 1
    times: int = 0
    before: bool = False
    send: tuple[Any, ...] = ()
    alter: str = ""
    given: Mapping[str, Any] = field(default_factory=dict)
    act: str = ""
    foreign: int = 0
    flavour: str = "dicom"
    checks: tuple[str, ...] = ("search-studies",)
    options: tuple[str, ...] = ()
    workers: int = 0
    seconds: float = 60
    processor: float = 30
    megabytes: int = 300
    disk: int = 30
    exit: int = 1
    fails: tuple[str, ...] = ()
    deviates: tuple[str, ...] = ()
    inconclusive: tuple[str, ...] = ()
    may: tuple[str, ...] = ()
    says: tuple[str, ...] = ()
    elsewhere: bool = False
    clean: bool = True
    fast: bool = False
    reported: bool = True
    pending: str = ""
    keeps: str = ""

    def __post_init__(self) -> None:
        if bool(self.on) == self.everything and (self.send or self.alter or self.act):
            raise ValueError(f"{self.name}: expected either `on` or `everything`")
        if bool(self.send) and bool(self.alter):
            raise ValueError(f"{self.name}: expected `send` or `alter`, not both")
        re.compile(self.on)

    def concerns(self, method: str, target: str) -> bool:
        """Tell whether a request meets with it; `target`: path and query below the prefix."""
        return self.everything or (PREFLIGHT not in target and bool(re.search(self.on, f"{method} {target}")))


@cache
def behaviours() -> tuple[Behaviour, ...]:
    """Return all of them.

    Raises:
        ValueError: a file has a key that no behaviour has, or a name stands there twice.
    """
    known = {each.name for each in fields(Behaviour)} - {"kind"}
    read: dict[str, Behaviour] = {}
    for path in sorted(BEHAVIOURS.glob("*.toml")):
        for row in tomllib.loads(path.read_text(encoding="utf-8"))["behaviour"]:
            if unknown := row.keys() - known:
                raise ValueError(f"{path.name}, {row.get('name')}: unknown {', '.join(sorted(unknown))}")
            if row["name"] in read:
                raise ValueError(f"{path.name}: {row['name']} stands there twice")
            tuples = {key: tuple(value) if isinstance(value, list) else value for key, value in row.items()}
            read[row["name"]] = Behaviour(kind=path.stem, **tuples)
    return tuple(read.values())
