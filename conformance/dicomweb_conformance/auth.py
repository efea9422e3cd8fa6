"""Credentials: read from the environment, never from the command line, never written down."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field


class CredentialsError(ValueError):
    """Credentials that cannot be used as given; says what to do."""


@dataclass(frozen=True)
class Credentials:
    """The Authorization that every request carries, and the secrets in it."""

    scheme: str = "none"
    authorization: str = field(default="", repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)


def credentials(spec: str, environ: Mapping[str, str]) -> Credentials:
    """Return the credentials that `--dicomweb-auth` names.

    Args:
        spec: `none`, `basic:USER` (password from DICOMWEB_PASSWORD) or `bearer` (token from DICOMWEB_TOKEN).
        environ: the environment.

    Raises:
        CredentialsError: the specification is unknown, or its secret is not in the environment.
    """
    scheme, _, user = spec.partition(":")
    match scheme:
        case "none" if not user:
            return Credentials()
        case "basic" if user:
            password = _secret(environ, "DICOMWEB_PASSWORD", spec)
            pair = base64.b64encode(f"{user}:{password}".encode()).decode()
            return Credentials("basic", f"Basic {pair}", (pair, password))
        case "bearer" if not user:
            token = _secret(environ, "DICOMWEB_TOKEN", spec)
            return Credentials("bearer", f"Bearer {token}", (token,))
    raise CredentialsError(
        f"auth is {spec!r}: expected none, basic:USER (password in DICOMWEB_PASSWORD) "
        "or bearer (token in DICOMWEB_TOKEN)"
    )


def _secret(environ: Mapping[str, str], name: str, spec: str) -> str:
    value = environ.get(name, "")
    if not value:
        raise CredentialsError(f"auth is {spec!r}, but the environment variable {name} is not set")
    if "\n" in value or "\r" in value:
        raise CredentialsError(f"the environment variable {name} holds a line break: no header can carry that")
    return value
