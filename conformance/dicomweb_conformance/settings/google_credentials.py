"""Access tokens of google-auth, whatever it loads: service accounts, users, impersonation, workload identity."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from dicomweb_conformance.settings.credentials import (
    VISIBLE,
    CredentialsError,
    Fields,
    Issued,
    Network,
    Outgoing,
    bearer,
)
from dicomweb_conformance.settings.token_requests import session

SCOPE = "https://www.googleapis.com/auth/cloud-healthcare"
_OF_AWS = "urn:ietf:params:aws:token-type:aws4_request"
_MADE_OF = ("_source_credentials", "_impersonated_credentials")
_SECRET = ("token", "refresh_token", "client_secret", "_client_secret", "_refresh_token")


class GoogleTokens:
    """Access tokens: fetched when one is first needed, and again when it is about to expire.

    Args:
        credentials: those of google-auth.
        name: of the credentials, for a person.
        network: how token endpoints are reached.
    """

    def __init__(self, credentials: Any, name: str, network: Network) -> None:
        self._credentials = credentials
        self._name = name
        self._network = network
        self._lock = threading.Lock()
        self._issued = Issued()
        self._issued.add(*_secrets_of(credentials))

    @property
    def issued(self) -> tuple[str, ...]:
        """The tokens so far, and the secrets that they were fetched with, but for private keys."""
        return self._issued.secrets

    @property
    def authorization(self) -> str:
        """The Authorization; a token that has expired is fetched anew.

        Raises:
            CredentialsError: none can be fetched; says why.
        """
        return self._current()

    def fields(self, _: Outgoing) -> Fields:
        """Return Authorization, and the project that pays where google-auth names one.

        Raises:
            CredentialsError: no token can be fetched; says why.
        """
        authorization = self._current()
        found: dict[str, str] = {}
        self._credentials.apply(found)
        others = ((name, value) for name, value in found.items() if name.lower() != "authorization")
        return (("Authorization", authorization), *others)

    def renew(self, refused: str) -> bool:
        """Have another token fetched in the place of one that was refused; tell whether there is another now.

        Raises:
            CredentialsError: none can be fetched; says why.
        """
        return self._current(refused) != refused

    def _current(self, refused: str = "") -> str:
        from google.auth.exceptions import GoogleAuthError  # noqa: PLC0415 - only who uses it waits for google-auth
        from google.auth.transport.requests import Request  # noqa: PLC0415 - likewise

        with self._lock:
            try:
                if not self._credentials.valid or f"Bearer {self._credentials.token}" == refused:
                    self._credentials.refresh(Request(session(self._network)))
            except (GoogleAuthError, OSError, ValueError) as error:
                self._issued.add(*_secrets_of(self._credentials))
                raise CredentialsError(f"{self._name} give no access token: {error}") from error
            self._issued.add(*_secrets_of(self._credentials))
            return bearer(str(self._credentials.token or ""), self._name)


def google(file: str, scope: str, network: Network) -> GoogleTokens:
    """Return where tokens come from.

    Args:
        file: of credentials, in any form that google-auth loads: the key of a service account, a user's login,
            impersonation, workload identity. Empty for the application default credentials.
        scope: what tokens are asked for; several are separated by blanks. Empty for the Cloud Healthcare API.
        network: how token endpoints are reached.

    Raises:
        CredentialsError: there are no credentials, or the file holds none.
    """
    import google.auth  # noqa: PLC0415 - only who uses it waits for google-auth
    from google.auth.exceptions import DefaultCredentialsError, GoogleAuthError  # noqa: PLC0415 - likewise
    from google.auth.transport.requests import Request  # noqa: PLC0415 - likewise

    scopes = (scope or SCOPE).split()
    if not file:
        try:
            found, _ = google.auth.default(scopes=scopes, request=Request(session(network)))
        except DefaultCredentialsError as error:
            raise CredentialsError(
                "auth is 'google', but there are no application default credentials: "
                f"`gcloud auth application-default login`, or GOOGLE_APPLICATION_CREDENTIALS names a file ({error})"
            ) from error
        except (GoogleAuthError, OSError) as error:
            raise CredentialsError(f"auth is 'google', and its default credentials cannot be had: {error}") from error
        return GoogleTokens(found, "the application default credentials", network)
    try:
        found = _of_file(json.loads(Path(file).read_bytes()), scopes)
    except OSError as error:
        raise CredentialsError(f"auth is 'google:{file}', which cannot be read: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, AttributeError, GoogleAuthError) as error:
        # What google-auth says of a key that it cannot read may hold the key.
        raise CredentialsError(
            f"auth is 'google:{file}', which is no file of credentials that google-auth loads: the key of a service "
            "account, a user's login, impersonation or workload identity"
        ) from error
    account = getattr(found, "service_account_email", None)
    return GoogleTokens(found, f"the credentials of {account or file}", network)


def _of_file(info: dict[str, Any], scopes: list[str]) -> Any:
    """Return the credentials of a file by its type: that google-auth does so itself is deprecated, as it trusts any."""
    from google.auth import (  # noqa: PLC0415 - only who uses it waits for google-auth
        aws,
        external_account_authorized_user,
        identity_pool,
        impersonated_credentials,
        pluggable,
    )
    from google.oauth2 import credentials, service_account  # noqa: PLC0415 - likewise

    load: Callable[..., Any]
    match info["type"]:
        case "service_account":
            load = service_account.Credentials.from_service_account_info
        case "authorized_user":
            load = credentials.Credentials.from_authorized_user_info
        case "impersonated_service_account":
            load = impersonated_credentials.Credentials.from_impersonated_service_account_info
        case "external_account_authorized_user":
            load = external_account_authorized_user.Credentials.from_info
        case "external_account" if info.get("subject_token_type") == _OF_AWS:
            load = aws.Credentials.from_info
        case "external_account" if "executable" in info["credential_source"]:
            load = pluggable.Credentials.from_info
        case "external_account":
            load = identity_pool.Credentials.from_info
        case _:
            raise ValueError("another type")
    return load(info, scopes=scopes)


def _secrets_of(credentials: Any) -> Iterator[str]:
    """Yield the secrets in credentials, and in those that they are made of; private keys are found by their look."""
    for name in _SECRET:
        value = getattr(credentials, name, None)
        if isinstance(value, str) and VISIBLE.fullmatch(value):
            yield value
    for name in _MADE_OF:
        if (other := getattr(credentials, name, None)) is not None:
            yield from _secrets_of(other)
