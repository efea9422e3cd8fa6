"""Credentials as the transport knows them: which header fields a request carries for their sake, and what is secret.

What a password or a token gives is the same for every request. A signature is of one request, so that whoever signs
is shown it whole: method, URL, header fields and payload.
"""

from __future__ import annotations

import re
import threading
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, TypeAlias

Fields: TypeAlias = tuple[tuple[str, str], ...]
VISIBLE = re.compile(r"[\x21-\x7e]+")
"""What a header field can carry everywhere, without a blank (RFC 9110 5.5); a token has no other character."""


class CredentialsError(ValueError):
    """Credentials that cannot be used as given; says what to do."""


@dataclass(frozen=True)
class Network:
    """How other servers than the target are reached: the CA of the site beside the public ones, and its proxy."""

    ca: Path | None = None
    proxy: str = ""


@dataclass(frozen=True)
class Outgoing:
    """A request that is about to be sent, as whoever signs it has to see it.

    `url` is the whole URL as it is sent, `headers` are all fields but those of framing. `body` can be iterated over as
    often as it takes.
    """

    method: str
    url: str
    headers: Fields = ()
    body: bytes | Iterable[bytes] | None = None

    def payload(self) -> Iterable[bytes]:
        """Return the payload in pieces; none for a request without one."""
        if self.body is None:
            return ()
        return (self.body,) if isinstance(self.body, bytes) else self.body


class Provider(Protocol):
    """Where header fields come from that change in the course of a run."""

    @property
    def issued(self) -> tuple[str, ...]:
        """The secrets that came up so far."""
        ...

    @property
    def authorization(self) -> str:
        """The Authorization that all requests carry alike; "" where each has its own.

        Raises:
            CredentialsError: it cannot be had.
        """
        ...

    def fields(self, outgoing: Outgoing) -> Fields:
        """Return the header fields of a request.

        Raises:
            CredentialsError: they cannot be had.
        """
        ...

    def renew(self, refused: str) -> bool:
        """Have others in the place of those that were refused with this Authorization; tell whether there are now.

        Raises:
            CredentialsError: none can be had.
        """
        ...


@dataclass(frozen=True)
class Credentials:
    """The header fields that requests to the target carry, and the secrets in them.

    Attributes:
        scheme: as `--dicomweb-auth` names it.
        fixed: an Authorization that never changes, empty for none.
        given: the secrets that the settings hold.
        provider: where fields come from that change; None for an Authorization that never does.
    """

    scheme: str = "none"
    fixed: str = field(default="", repr=False)
    given: tuple[str, ...] = field(default=(), repr=False)
    provider: Provider | None = field(default=None, repr=False)

    @property
    def authorization(self) -> str:
        """The Authorization that all requests carry alike, empty for none; a token that has expired is fetched anew.

        Raises:
            CredentialsError: no token can be fetched.
        """
        return self.fixed if self.provider is None else self.provider.authorization

    def fields(self, outgoing: Outgoing) -> Fields:
        """Return the header fields of a request.

        Raises:
            CredentialsError: they cannot be had.
        """
        if self.provider is not None:
            return self.provider.fields(outgoing)
        return (("Authorization", self.fixed),) if self.fixed else ()

    def renew(self, refused: str) -> bool:
        """Have others in the place of those that were refused with this Authorization; tell whether there are now.

        Raises:
            CredentialsError: none can be had.
        """
        return self.provider is not None and self.provider.renew(refused)

    def are_others_than(self, used: str) -> bool:
        """Tell whether a request would carry another Authorization by now, which is not its signature alone."""
        return bool(self.provider and self.authorization) and self.authorization != used

    @property
    def secrets(self) -> tuple[str, ...]:
        """Every secret that was used so far."""
        return self.given if self.provider is None else (*self.given, *self.provider.issued)


class Issued:
    """The secrets that came up in a run.

    Args:
        most: how many are remembered. One that is new costs a millisecond wherever secrets are looked for, so that of
            those which change with each request only a few are.
    """

    def __init__(self, most: int = 16) -> None:
        self._kept: deque[str] = deque(maxlen=most)
        self._lock = threading.Lock()

    def add(self, *secrets: str) -> None:
        """Remember secrets; one that is used again is as fresh as a new one."""
        with self._lock:
            for secret in filter(None, secrets):
                if secret in self._kept:
                    self._kept.remove(secret)
                self._kept.append(secret)

    @property
    def secrets(self) -> tuple[str, ...]:
        """Those that are remembered, in an order that stays while they do."""
        with self._lock:
            return tuple(sorted(self._kept))


def bearer(token: str, name: str) -> str:
    """Return the Authorization of an access token (RFC 6750 2.1).

    Raises:
        CredentialsError: no header field can carry it; names whose it is.
    """
    if not VISIBLE.fullmatch(token):
        raise CredentialsError(f"{name} give no access token that a header field can carry")
    return f"Bearer {token}"
