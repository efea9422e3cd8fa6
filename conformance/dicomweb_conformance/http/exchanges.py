"""What passed between the suite and the target: the answer to one request, as it was received."""

from __future__ import annotations

from dataclasses import dataclass, field

from dicomweb_conformance.http.wire_facts import WireFacts


@dataclass(frozen=True)
class Headers:
    """Header fields in the order and spelling in which they were sent."""

    fields: tuple[tuple[str, str], ...] = ()

    def get(self, name: str) -> str | None:
        """Return the first value of the field `name` (compared without case), or None."""
        wanted = name.lower()
        return next((value for field, value in self.fields if field.lower() == wanted), None)

    def all(self, name: str) -> tuple[str, ...]:
        """Return every value of the field `name`, one for each time that it was sent."""
        wanted = name.lower()
        return tuple(value for field, value in self.fields if field.lower() == wanted)


@dataclass(frozen=True)
class Response:
    """The answer to one request.

    `status` is 0 where no status line arrived; `error` then says what happened instead. `error` with a status means
    that the body broke off. `exceeded`: the answer is larger than this suite reads, which is no fault of the target's,
    and `error` says in what; of its body only the beginning is here. `body` is the payload after any Content-Encoding
    was undone. `wire` is what an HTTP library hides; None where nothing was received. `proved` tells whether all of it
    is known to be this run's: of any other nothing may be quoted. `shown_url` is the URL as it may be shown, where that
    is not `url`.
    """

    exchange: str
    method: str
    url: str
    status: int
    reason: str = ""
    headers: Headers = Headers()
    body: bytes = field(default=b"", repr=False)
    seconds: float = 0.0
    error: str = ""
    exceeded: bool = False
    wire: WireFacts | None = None
    proved: bool = False
    shown_url: str = ""

    @property
    def content_type(self) -> str:
        """The Content-Type as it was sent, empty where there was none."""
        return self.headers.get("Content-Type") or ""

    @property
    def request_line(self) -> str:
        """Method and URL, to name the exchange to a reader."""
        return f"{self.method} {self.shown_url or self.url}"


@dataclass(frozen=True)
class Examined:
    """What was found out about a request whose exchange broke off.

    Attributes:
        repeat: the answer to its repetition, of status 0 where it broke off again; None where the target was gone.
        control_answered: whether the target answered something else afterwards, brought back or not.
    """

    repeat: Response | None
    control_answered: bool
