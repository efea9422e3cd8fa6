"""What a run record says, as immutable values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from pathlib import Path

BODIES = "bodies"

# Worst first.
VERDICTS = ("fail", "error", "fixed", "known", "inconclusive", "deviation", "note", "pass", "not-applicable")
FINDING_VERDICTS = ("fail", "deviation", "note")


@dataclass(frozen=True)
class Suite:
    """What judged."""

    name: str
    version: str


@dataclass(frozen=True)
class Product:
    """What the target says, or its owner declares, that it is; "" where unknown."""

    vendor: str
    name: str
    version: str
    build: str


@dataclass(frozen=True)
class Target:
    """Who was judged."""

    url: str
    product: Product | None


@dataclass(frozen=True)
class PlannedCheck:
    """One check that was to run."""

    check: str
    scenario: str
    title: str
    requirements: tuple[str, ...]
    core: bool


@dataclass(frozen=True)
class Requirement:
    """A row of the catalogue, as it stood when the run was made.

    `because`: why an observation that the text rules out is a deviation or a note and no fail, by its code.
    """

    id: str
    clause: str
    level: str
    tier: str
    service: str
    text: str
    why: str
    pass_: tuple[str, ...]
    note: tuple[str, ...]
    deviation: tuple[str, ...]
    fail: tuple[str, ...]
    because: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Body:
    """`size` octets on the wire, of which the record holds the first `kept` under their digest."""

    sha256: str
    size: int
    kept: int


@dataclass(frozen=True)
class Message:
    """The header fields of a request or response, in the order sent, and its body."""

    headers: tuple[tuple[str, str], ...]
    body: Body | None

    def header(self, name: str) -> str | None:
        """Return the value of the first header field of that name; None without one."""
        return next((value for field, value in self.headers if field.lower() == name.lower()), None)


@dataclass(frozen=True)
class Response(Message):
    """A response with its status line."""

    status: int
    reason: str
    version: str


@dataclass(frozen=True)
class Wire:
    """What an HTTP library hides of an answer, recorded where it is odd.

    `lines` is the head as received; `announced` the Content-Length (None without a number); `received` counts
    the octets of the body, `after` those after its end; `interim` are the statuses of 1xx answers before.
    """

    faults: tuple[str, ...]
    lines: tuple[str, ...]
    framing: str
    announced: int | None
    received: int
    after: int
    interim: tuple[int, ...]


@dataclass(frozen=True)
class Exchange:
    """One HTTP request with its response, or with the error that came in its place.

    `retry_of` is the exchange whose request was sent again, for the target was busy or the connection broke.
    """

    id: str
    check: str | None
    purpose: str
    started: datetime
    seconds: float
    method: str
    url: str
    request: Message
    response: Response | None
    error: str | None
    retry_of: str | None = None
    wire: Wire | None = None

    @property
    def status(self) -> int | None:
        """The status of the response; None without one."""
        return self.response.status if self.response else None


@dataclass(frozen=True)
class Finding:
    """One difference between what a requirement allows and what the target did.

    `breaks`: a client in use cannot go on there, whatever the verdict on the target. `times`: how often a check found
    just this. `pictures`: the picture that was to be seen, the one that was, and their difference, as names of PNG
    files among the bodies; empty where nothing was compared.
    """

    requirement: str
    code: str
    observation: str
    verdict: str
    where: str
    expected: tuple[str, ...]
    received: str
    exchange: str | None
    breaks: bool = False
    times: int = 1
    pictures: tuple[str, ...] = ()


@dataclass(frozen=True)
class Observation:
    """One of a requirement's listed observations that was made."""

    requirement: str
    observation: str


@dataclass(frozen=True)
class Known:
    """A row of the known failures that applied."""

    requirement: str
    code: str
    reason: str
    link: str


@dataclass(frozen=True)
class Messages:
    """How many messages of a run were judged by a requirement, and how many of them were not as it says."""

    judged: int
    at_fault: int


@dataclass(frozen=True)
class Result:
    """What one check concluded, or what all messages of the run showed of one requirement (then with their number).

    `included`: whether the run was asked to judge it; where not, its verdict says nothing of the target.
    """

    check: str
    scenario: str
    title: str
    core: bool
    requirements: tuple[str, ...]
    verdict: str
    findings: tuple[Finding, ...]
    observed: tuple[Observation, ...]
    exchanges: tuple[str, ...]
    started: datetime
    seconds: float
    reason: str
    blame: str | None
    known: tuple[Known, ...]
    messages: Messages | None = None
    included: bool = True


@dataclass(frozen=True)
class Attempt:
    """A way of storing that did not work."""

    way: str
    reason: str


@dataclass(frozen=True)
class Stored:
    """How a study of the corpus came to the target; `way` and `confirmed` are None where it did not."""

    study: str
    study_uid: str
    instances: int
    way: str | None
    tried: tuple[Attempt, ...]
    confirmed: str | None
    delay: float
    reason: str
    exchanges: tuple[str, ...]


@dataclass(frozen=True)
class Capability:
    """What the target offers, as declared and as probed."""

    capability: str
    state: str
    declared: bool | None
    reason: str
    exchanges: tuple[str, ...]


@dataclass(frozen=True)
class Left:
    """A study that clean-up could not remove."""

    study_uid: str
    reason: str


@dataclass(frozen=True)
class Stale:
    """A row of the known failures that no longer holds."""

    check: str
    requirement: str
    code: str
    reason: str
    why: str


@dataclass(frozen=True)
class Footer:
    """How the run ended. A run that broke off has none."""

    finished: datetime
    exit: int
    seconds: float
    interrupted: bool
    stale: tuple[Stale, ...]


@dataclass(frozen=True)
class Omission:
    """What a profile leaves out, by names of rows and checks, and why."""

    rows: tuple[str, ...]
    checks: tuple[str, ...]
    reason: str
    link: str
    sure: str


@dataclass(frozen=True)
class Change:
    """Rows that a profile judges otherwise, and why; `verdicts` holds what an observation means there."""

    rows: tuple[str, ...]
    level: str | None
    tier: str | None
    verdicts: Mapping[str, str]
    reason: str
    link: str
    sure: str


@dataclass(frozen=True)
class Rules:
    """The profile that a target was judged by.

    `shipped`: the suite brings it. `base` is the profile that it is held against, None for that itself. `numbers` says
    how many of its rows are left out, replaced by others, changed, how many are added, and how many checks are left
    out; `left_out_of` counts the rows left out of each service. `rows_left_out` names them.
    """

    title: str
    file: str
    sha256: str
    shipped: bool
    base: str | None
    numbers: Mapping[str, int]
    left_out_of: Mapping[str, int]
    rows_left_out: tuple[str, ...]
    omissions: tuple[Omission, ...]
    changes: tuple[Change, ...]


@dataclass(frozen=True)
class Difference:
    """What became of one check, or of one kind of its findings, between two runs.

    `requirement` and `code` are "" where it is the check as a whole. `what`: the observation, or the reason. `blame`:
    the check or exchange that an inconclusive one hangs on.
    """

    check: str
    title: str
    requirement: str
    code: str
    before: str
    after: str
    what: str
    blame: str | None


@dataclass(frozen=True)
class Comparison:
    """A run held against an earlier one.

    `new`: what checks found that the earlier suite did not have. `unjudged`: what had failed, or is seen in some
    messages only, and was not looked at this time. `not_asked` counts the checks that a selection left out.
    """

    source: str
    started: str
    suite: str
    worse: tuple[Difference, ...]
    better: tuple[Difference, ...]
    new: tuple[Difference, ...]
    unjudged: tuple[Difference, ...]
    not_asked: int


@dataclass(frozen=True)
class Client:
    """A client in use that some users of a load were; `does`: whether it reads or stores."""

    name: str
    title: str
    does: str


@dataclass(frozen=True)
class Load:
    """Many users at once, and what became of their requests.

    `bounds` are those given; `ended` says why it ended, "" where it never began; `gone`: the target
    no longer answered. `late` is how late the suite itself
    came to what waited for it: in the median, in 95 of 100 cases, at most. `outcomes` counts requests by the check and
    by what became of them; `alone` are the kinds of findings that were seen while nobody else asked, too: check,
    requirement, and code ("" where it is that of a message). `left_out` says why something was not asked.
    """

    bounds: Mapping[str, float]
    clients: tuple[Client, ...]
    left_out: Mapping[str, str]
    sent: int
    found: int
    seconds: float
    users: int
    ended: str
    gone: bool
    late: tuple[float, float, float]
    outcomes: Mapping[str, Mapping[str, int]]
    alone: frozenset[tuple[str, str, str]]


@dataclass(frozen=True)
class Run:
    """A run, whole or broken off.

    `left_out` is the number of checks of the profile that it was not asked for. `troubles` says in a sentence each what
    went wrong with the run itself, so that it is not whole: never the target's fault. `rules` tells of the profile,
    None in a record of an earlier version. `kept`: how many studies stay on the target because the run was asked to
    leave them. `baseline`: how it compares with the run that it was held against, if any. `load`: that of a load, which
    is another kind of run.
    """

    directory: Path
    suite: Suite
    python: str
    platform: str
    started: datetime
    profile: str
    edition: str | None
    seed: int
    settings: Mapping[str, object]
    target: Target
    planned: tuple[PlannedCheck, ...]
    requirements: Mapping[str, Requirement]
    exchanges: Mapping[str, Exchange]
    stored: tuple[Stored, ...]
    capabilities: tuple[Capability, ...]
    results: tuple[Result, ...]
    left: tuple[Left, ...]
    cleaned: int
    footer: Footer | None
    left_out: int = 0
    troubles: tuple[str, ...] = ()
    rules: Rules | None = None
    baseline: Comparison | None = None
    kept: int = 0
    load: Load | None = None

    def body(self, body: Body | None, first: int | None = None) -> bytes | None:
        """Return the octets of a body that the record holds, at most the `first`; None where it holds none."""
        if body is None or body.kept == 0:
            return None
        try:
            with (self.directory / BODIES / body.sha256).open("rb") as file:
                return file.read() if first is None else file.read(first)
        except OSError:
            return None  # it is not there, or not for us
