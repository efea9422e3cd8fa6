"""What `--dicomweb-auth` names: secrets are read from the environment or a file, never from the command line."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field

from dicomweb_conformance.record.redaction import of_user
from dicomweb_conformance.settings.credentials import VISIBLE, Credentials, CredentialsError, Network
from dicomweb_conformance.settings.table import SCHEMES

__all__ = ["Beside", "Credentials", "CredentialsError", "credentials"]


@dataclass(frozen=True)
class Beside:
    """Settings beside that of `auth` which credentials are made of."""

    client: str = ""
    scope: str = ""
    resource: str = ""
    url: str = ""
    network: Network = field(default_factory=Network)


def credentials(spec: str, environ: Mapping[str, str], beside: Beside | None = None) -> Credentials:
    """Return the credentials that `--dicomweb-auth` names.

    Args:
        spec: one of `SCHEMES`.
        environ: the environment.
        beside: the other settings that they are made of.

    Raises:
        CredentialsError: the specification is unknown, or its secret is not in the environment, or its file is no key.
    """
    beside = beside or Beside()
    scheme, _, rest = spec.partition(":")
    match scheme:
        case "none" if not rest:
            return Credentials()
        case "basic" if rest:
            password = _secret(environ, "DICOMWEB_PASSWORD", scheme)
            pair = base64.b64encode(f"{rest}:{password}".encode()).decode()
            return Credentials("basic", f"Basic {pair}", of_user(rest, password))
        case "bearer" if not rest:
            token = _secret(environ, "DICOMWEB_TOKEN", scheme)
            if not VISIBLE.fullmatch(token):
                raise CredentialsError(
                    "the environment variable DICOMWEB_TOKEN holds a blank or another character that no token has"
                )
            return Credentials("bearer", f"Bearer {token}", (token,))
        case "google":
            from dicomweb_conformance.settings.google_credentials import google  # noqa: PLC0415 - it loads requests

            return Credentials("google", provider=google(rest, beside.scope, beside.network))
        case "oauth2" if rest:
            return _oauth2(rest, environ, beside)
        case "aws":
            return _aws(rest, beside.url)
        case "plugin" if rest:
            from dicomweb_conformance.settings.own_credentials import own  # noqa: PLC0415 - it loads requests

            return Credentials("plugin", provider=own(rest))
    # What follows may be a secret that somebody put there by mistake.
    raise CredentialsError(f"auth is {scheme!r}{' with more' if rest else ''}: expected {SCHEMES}")


def _oauth2(url: str, environ: Mapping[str, str], beside: Beside) -> Credentials:
    from dicomweb_conformance.settings.oauth2_credentials import ClientTokens  # noqa: PLC0415 - it loads requests

    if not beside.client:
        raise CredentialsError("auth is 'oauth2', but no client is named: --dicomweb-client=ID")
    secret = _secret(environ, "DICOMWEB_CLIENT_SECRET", "oauth2")
    tokens = ClientTokens(url, beside.client, secret, beside.scope, beside.resource, beside.network)
    return Credentials("oauth2", given=of_user(beside.client, secret), provider=tokens)


def _aws(place: str, url: str) -> Credentials:
    try:
        from dicomweb_conformance.settings.aws_credentials import AwsSignatures  # noqa: PLC0415 - an optional extra
    except ImportError:
        raise CredentialsError(
            "auth is 'aws', for which botocore is needed: pip install 'dicomweb-conformance[aws]'"
        ) from None
    region, _, service = place.partition(":")
    return Credentials("aws", provider=AwsSignatures(region, service, url))


def _secret(environ: Mapping[str, str], name: str, scheme: str) -> str:
    value = environ.get(name, "")
    if not value:
        raise CredentialsError(f"auth is {scheme!r}, but the environment variable {name} is not set")
    if "\n" in value or "\r" in value:
        raise CredentialsError(f"the environment variable {name} holds a line break: no header can carry that")
    return value
