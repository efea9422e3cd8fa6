"""Credentials: read from the environment or a file, never from the command line, never written down."""

from __future__ import annotations

import base64
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from dicomweb_conformance.record.redaction import of_user

SCOPE = "https://www.googleapis.com/auth/cloud-healthcare"
_VISIBLE = re.compile(r"[\x21-\x7e]+")
"""What a header field can carry everywhere, without a blank (RFC 9110 5.5); a token has no other character."""


class CredentialsError(ValueError):
    """Credentials that cannot be used as given; says what to do."""


@dataclass(frozen=True)
class Credentials:
    """The Authorization that every request carries, and the secrets in it.

    Attributes:
        scheme: as `--dicomweb-auth` names it.
        fixed: an Authorization that never changes, empty for none.
        given: the secrets in it.
        tokens: where tokens come from that expire; None for an Authorization that never changes.
    """

    scheme: str = "none"
    fixed: str = field(default="", repr=False)
    given: tuple[str, ...] = field(default=(), repr=False)
    tokens: Tokens | None = field(default=None, repr=False)

    @property
    def authorization(self) -> str:
        """The value of the header field, empty for none; a token that has expired is fetched anew.

        Raises:
            CredentialsError: no token can be fetched.
        """
        return self.fixed if self.tokens is None else f"Bearer {self.tokens.current()}"

    def renew(self, refused: str) -> bool:
        """Have another token fetched in the place of one that was refused; tell whether there is another now.

        Args:
            refused: the Authorization that was refused.

        Raises:
            CredentialsError: no token can be fetched.
        """
        if self.tokens is None:
            return False
        return f"Bearer {self.tokens.current(refused.removeprefix('Bearer '))}" != refused

    @property
    def secrets(self) -> tuple[str, ...]:
        """Every secret that was used so far."""
        return self.given if self.tokens is None else (*self.given, *self.tokens.issued)


class Tokens:
    """Access tokens of google-auth: fetched when one is first needed, and again when it is about to expire.

    Args:
        load: returns credentials of google-auth; not called before a token is needed.
        name: of the credentials, for a person.
    """

    def __init__(self, load: Callable[[], Any], name: str) -> None:
        self._load = load
        self._name = name
        self._credentials: Any = None
        self._lock = threading.Lock()
        self.issued: tuple[str, ...] = ()

    def current(self, refused: str = "") -> str:
        """Return a token that is valid.

        Args:
            refused: one that was refused, valid though it may seem: another is fetched in its place.

        Raises:
            CredentialsError: none can be fetched; says why.
        """
        from google.auth.exceptions import GoogleAuthError  # noqa: PLC0415 - only who uses it waits for google-auth
        from google.auth.transport.requests import Request  # noqa: PLC0415 - loaded only for whoever uses it

        with self._lock:
            try:
                if self._credentials is None:
                    self._credentials = self._load()
                if not self._credentials.valid or self._credentials.token == refused:
                    request = Request()
                    request.session.trust_env = False
                    self._credentials.refresh(request)
            except (GoogleAuthError, OSError, ValueError) as error:
                raise CredentialsError(f"{self._name} give no access token: {error}") from error
            token = str(self._credentials.token or "")
            if not _VISIBLE.fullmatch(token):
                raise CredentialsError(f"{self._name} give no access token that a header field can carry")
            if token not in self.issued:
                self.issued = (*self.issued, token)
            return token


def credentials(spec: str, environ: Mapping[str, str]) -> Credentials:
    """Return the credentials that `--dicomweb-auth` names.

    Args:
        spec: `none`, `basic:USER` (password from DICOMWEB_PASSWORD), `bearer` (token from DICOMWEB_TOKEN), `google`
            (application default credentials) or `google:FILE` (the key file of a service account).
        environ: the environment.

    Raises:
        CredentialsError: the specification is unknown, or its secret is not in the environment, or its file is no key.
    """
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
            if not _VISIBLE.fullmatch(token):
                raise CredentialsError(
                    "the environment variable DICOMWEB_TOKEN holds a blank or another character that no token has"
                )
            return Credentials("bearer", f"Bearer {token}", (token,))
        case "google":
            tokens, given = _google(rest)
            return Credentials("google", given=given, tokens=tokens)
    # What follows may be a secret that somebody put there by mistake.
    raise CredentialsError(
        f"auth is {scheme!r}{' with more' if rest else ''}: "
        "expected none, basic:USER (password in DICOMWEB_PASSWORD), bearer (token in "
        "DICOMWEB_TOKEN), google (application default credentials) or google:FILE (key file of a service account)"
    )


def _google(file: str) -> tuple[Tokens, tuple[str, ...]]:
    """Return where tokens come from, and the secrets that they are fetched with, but for private keys."""
    import google.auth  # noqa: PLC0415 - only who uses it waits for google-auth
    from google.auth.exceptions import DefaultCredentialsError, GoogleAuthError  # noqa: PLC0415 - loaded only for whoever uses it

    if not file:
        try:
            found, _ = google.auth.default(scopes=[SCOPE])
        except DefaultCredentialsError as error:
            raise CredentialsError(
                "auth is 'google', but there are no application default credentials: "
                f"`gcloud auth application-default login`, or GOOGLE_APPLICATION_CREDENTIALS names a key file ({error})"
            ) from error
        given = (getattr(found, name, None) for name in ("client_secret", "refresh_token"))
        return Tokens(lambda: found, "the application default credentials"), tuple(map(str, filter(None, given)))
    from google.oauth2 import service_account  # noqa: PLC0415 - loaded only for whoever uses it

    from_file: Callable[..., Any] = service_account.Credentials.from_service_account_file
    try:
        account = from_file(file, scopes=[SCOPE])
    except OSError as error:
        raise CredentialsError(f"auth is 'google:{file}', which cannot be read: {error.strerror}") from error
    except (ValueError, GoogleAuthError) as error:
        # What google-auth says of a key that it cannot read may hold the key.
        raise CredentialsError(f"auth is 'google:{file}', which is no key file of a service account") from error
    return Tokens(lambda: account, f"the credentials of {account.service_account_email}"), ()


def _secret(environ: Mapping[str, str], name: str, scheme: str) -> str:
    value = environ.get(name, "")
    if not value:
        raise CredentialsError(f"auth is {scheme!r}, but the environment variable {name} is not set")
    if "\n" in value or "\r" in value:
        raise CredentialsError(f"the environment variable {name} holds a line break: no header can carry that")
    return value
