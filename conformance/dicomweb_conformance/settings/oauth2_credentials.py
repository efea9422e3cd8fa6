"""Access tokens by client credentials (RFC 6749 4.4), as Azure and Keycloak give them."""

from __future__ import annotations

import base64
import ipaddress
import threading
import time
from urllib.parse import quote_plus, urlsplit

import requests

from dicomweb_conformance.settings.credentials import CredentialsError, Fields, Issued, Network, Outgoing, bearer
from dicomweb_conformance.settings.token_requests import SECONDS, session

_EARLY = 60.0
"""Seconds before its end in which a token is not sent any more."""
_DAY = 86_400.0
_LONGEST = 1 << 20
"""Octets of an answer that are read."""


class ClientTokens:
    """Access tokens: fetched when one is first needed, and again when it is about to expire.

    Args:
        url: of the token endpoint.
        client: its id.
        secret: of the client.
        scope: what tokens are asked for; empty for what the endpoint gives by default.
        resource: likewise (RFC 8707, and Azure's first version); empty for none.
        network: how the endpoint is reached.

    Raises:
        CredentialsError: the endpoint is no https URL.
    """

    def __init__(self, url: str, client: str, secret: str, scope: str, resource: str, network: Network) -> None:
        self._url = _endpoint(url)
        self._client = client
        self._secret = secret
        self._scope = scope
        self._resource = resource
        self._network = network
        self._lock = threading.Lock()
        self._issued = Issued()
        self._authorization = ""
        self._until = 0.0

    @property
    def issued(self) -> tuple[str, ...]:
        """The tokens so far."""
        return self._issued.secrets

    @property
    def authorization(self) -> str:
        """The Authorization; a token that has expired is fetched anew.

        Raises:
            CredentialsError: none can be fetched; says why.
        """
        return self._current()

    def fields(self, _: Outgoing) -> Fields:
        """Return the Authorization of a request.

        Raises:
            CredentialsError: no token can be fetched; says why.
        """
        return (("Authorization", self._current()),)

    def renew(self, refused: str) -> bool:
        """Have another token fetched in the place of one that was refused; tell whether there is another now.

        Raises:
            CredentialsError: none can be fetched; says why.
        """
        return self._current(refused) != refused

    def _current(self, refused: str = "") -> str:
        with self._lock:
            if not self._authorization or self._authorization == refused or time.monotonic() >= self._until:
                token, seconds = self._fetched()
                self._issued.add(token)
                self._authorization = bearer(token, f"the client credentials of {self._client}")
                # One that lives shorter than that is sent once.
                self._until = time.monotonic() + (seconds - _EARLY)
            return self._authorization

    def _fetched(self) -> tuple[str, float]:
        """Return a token, and the seconds that it is good for."""
        from oauthlib.oauth2 import BackendApplicationClient, OAuth2Error  # noqa: PLC0415 - only who uses it waits for it

        client = BackendApplicationClient(self._client)
        more = {"resource": self._resource} if self._resource else {}
        body = client.prepare_request_body(scope=self._scope or None, **more)
        # RFC 6749 2.3.1: each form-encoded, then Basic, which every endpoint takes.
        pair = f"{quote_plus(self._client)}:{quote_plus(self._secret)}"
        encoded = base64.b64encode(pair.encode()).decode()
        self._issued.add(encoded)
        headers = {
            "Authorization": f"Basic {encoded}",
            "Accept": "application/json",
            "Content-Type": "application/x-www-form-urlencoded",
        }
        said = f"the client credentials of {self._client} give no access token"
        try:
            with session(self._network) as asking:
                answer = asking.post(
                    self._url, data=body, headers=headers, timeout=SECONDS, allow_redirects=False, stream=True
                )
                content = answer.raw.read(_LONGEST, decode_content=True).decode("utf-8", "replace")
            token = client.parse_request_body_response(content)
        except requests.RequestException as error:
            raise CredentialsError(f"{said}: {self._url} cannot be asked ({_cause(error)})") from error
        except OAuth2Error as error:
            why = f"{error.error}: {error.description}" if error.description else str(error.error)
            raise CredentialsError(f"{said}: {self._url} answered {answer.status_code} ({why})") from error
        except (ValueError, TypeError, OSError) as error:
            raise CredentialsError(
                f"{said}: {self._url} answered {answer.status_code}, and no token (is it the token endpoint?)"
            ) from error
        return str(token["access_token"]), _seconds(token.get("expires_in"))


def _seconds(said: object) -> float:
    """Return how long a token is good for; some endpoints say it as a text, and some do not say it."""
    try:
        return float(str(said))
    except ValueError:
        return _DAY


def _endpoint(url: str) -> str:
    """Return the URL of a token endpoint, to which a secret may be sent (RFC 6749 3.2)."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        parts, host = urlsplit(""), ""
    if parts.username or parts.password:
        raise CredentialsError("auth is 'oauth2' with a token URL that holds credentials, which would end up in logs")
    if not host or not (parts.scheme == "https" or (parts.scheme == "http" and _is_here(host))):
        raise CredentialsError(
            f"auth is 'oauth2:{url}': expected oauth2:https://HOST/PATH, the token endpoint (plain http on this "
            "machine only: it is sent a secret)"
        )
    return url


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _cause(error: BaseException) -> str:
    """Return the innermost words of what requests says, which names pools and retries first."""
    reason = getattr(error.args[0], "reason", None) if error.args else None
    return str(reason or error)
