"""Secrets are taken out of what is recorded before it reaches the disk."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

REDACTED = "***"
SECRET_HEADERS = frozenset(
    {"authorization", "proxy-authorization", "cookie", "set-cookie", "x-api-key", "x-auth-token"}
)


@dataclass(frozen=True)
class Redaction:
    """What must not reach the disk: the values of these secrets anywhere, and the values of these header fields.

    `issued` returns the secrets that came up since, such as tokens that were fetched.
    """

    secrets: tuple[str, ...] = ()
    headers: frozenset[str] = SECRET_HEADERS
    issued: Callable[[], tuple[str, ...]] = tuple

    def text(self, value: str) -> str:
        """Return `value` with every secret replaced."""
        for secret in (*self.secrets, *self.issued()):
            value = value.replace(secret, REDACTED)
        return value

    def octets(self, value: bytes) -> bytes:
        """Return `value` with every secret replaced, as UTF-8 and as it stands in JSON."""
        for secret in (*self.secrets, *self.issued()):
            value = value.replace(secret.encode(), REDACTED.encode())
        return value

    def fields(self, fields: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
        """Return header fields with secrets replaced.

        The scheme of an Authorization stays, so that a reader can repeat it.
        """
        return [(name, self._field(name, value)) for name, value in fields]

    def _field(self, name: str, value: str) -> str:
        if name.lower() not in self.headers:
            return self.text(value)
        scheme, blank, _ = value.partition(" ")
        return f"{scheme} {REDACTED}" if blank and name.lower().endswith("authorization") else REDACTED
