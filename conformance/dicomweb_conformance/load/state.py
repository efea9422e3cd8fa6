"""A load as it goes on: what its steps hand to each other."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from dicomweb_conformance.catalogue.profile import Profile
from dicomweb_conformance.load.account import Account
from dicomweb_conformance.load.bounds import Bounds
from dicomweb_conformance.load.mix import Modality, Viewer
from dicomweb_conformance.load.transactions import Alone
from dicomweb_conformance.load.users import Act, Seat, Stack
from dicomweb_conformance.run.instruments import Instruments, of_a_user
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_conformance.settings.options import Settings
from dicomweb_fixtures.entities import Study


@dataclass(frozen=True)
class Ran:
    """How a load went: seconds that it took, why it ended, and how late this process came to its own work.

    `gone`: the target no longer answered.
    """

    seconds: float
    why: str
    gone: bool
    users: int
    late_in_the_median: float
    late_in_95_of_100: float
    latest: float


@dataclass
class Load:
    """A load, with what came of each of its steps so far.

    Attributes:
        settings: of the run; the target has its URL.
        profile: which requirements count.
        bounds: of all that is asked.
        tools: of the run.
        account: the results.
        say: shows a line.
        only: the names of the clients that users are; without any all of them.
        viewers: the clients that read, with what the target gives them alone.
        modalities: the clients that store.
        left_out: why something is not asked.
        suspects: what brought wrong responses under load, by check and kind.
        stack: what is stored.
        spare: one more study, to be stored alone where a store was wrong; None where nothing is stored.
        ran: how it went; None before it has ended.
        alone: what the target responded while nobody else asked; None where it holds no study.
        phase: what is done, as a sentence about its failure begins.
    """

    settings: Settings
    profile: Profile
    bounds: Bounds
    tools: Instruments
    account: Account
    say: Callable[[str], None]
    only: Collection[str] = ()
    viewers: list[Viewer] = field(default_factory=list)
    modalities: list[Modality] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)
    suspects: dict[tuple[str, str], Act] = field(default_factory=dict)
    stack: Stack = field(default_factory=lambda: Stack([]))
    spare: Study | None = None
    ran: Ran | None = None
    alone: Alone | None = None
    phase: str = "bringing studies to the target"

    def seat(self, purpose: str = "load") -> Seat:
        """Return what one more user has."""
        looks: list[Callable[[], None]] = []
        client = of_a_user(self.settings, self.tools, looks)
        return Seat(StudiesService(client, self.tools.ledger, self.tools.own, purpose), looks, client.close)
