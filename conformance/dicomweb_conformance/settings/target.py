"""The target: the origin server under test, and how it is reached."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from urllib.parse import unquote

from dicomweb_conformance.http import urls
from dicomweb_conformance.http.urls import Url, UrlError
from dicomweb_conformance.settings.credentials import Credentials


@dataclass(frozen=True)
class Product:
    """What is tested, as its vendor names it."""

    vendor: str = ""
    name: str = ""
    version: str = ""
    build: str = ""


@dataclass(frozen=True)
class Target:
    """The origin server under test.

    `url` is the base URL of the Studies Service without a trailing slash. `declared` maps a capability to whether the
    vendor says that it is there. `read_only`: nothing but GET, HEAD and OPTIONS is sent. `token_in_url`: an access
    token may stand in a URL, though logs keep that. `key` is that of the client certificate, where it has a file of its
    own.
    """

    url: str
    credentials: Credentials = field(default_factory=Credentials)
    headers: tuple[tuple[str, str], ...] = ()
    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None
    key_password: str = field(default="", repr=False)
    insecure: bool = False
    proxy: str = ""
    timeout: float = 30.0
    read_only: bool = False
    product: Product | None = None
    declared: tuple[tuple[str, bool], ...] = ()
    token_in_url: bool = False

    @cached_property
    def base(self) -> Url:
        """The base URL as a value: where connections lead, and whose origin alone sees credentials."""
        return urls.parse(self.url)

    @property
    def has_secrets(self) -> bool:
        """Whether requests carry anything that only the target may see."""
        return self.credentials.scheme != "none" or bool(self.headers) or self.certificate is not None

    def declares(self, capability: str) -> bool | None:
        """Tell whether the vendor declared the capability present (True), absent (False) or said nothing (None)."""
        return dict(self.declared).get(capability)


def base_url(text: str) -> str:
    """Return the base URL as requests are built on it.

    Scheme and host are in lower case, the port of the scheme is left out, and so is a slash at its end.

    Raises:
        ValueError: it is no http or https URL with a host, or none that every client reads alike; says what was
            expected.
    """
    if re.match(r"[a-z]+://[^/?#]*@", text.strip(), re.IGNORECASE):
        raise ValueError(
            "the base URL holds credentials, which would end up in logs: "
            "use --dicomweb-auth=basic:USER with DICOMWEB_PASSWORD"
        )
    try:
        if urls.read(text.strip())[-2:] != (None, None):
            raise UrlError("it has a query or a fragment, and a base URL ends with its path")
        return str(urls.resolve(text.strip(), "")).rstrip("/")
    except UrlError as error:
        raise ValueError(
            f"{re.sub('//.*@', '//***@', text)!r} is no base URL: {error}; "
            "expected http://host[:port]/path or https://host[:port]/path, or 'embedded'"
        ) from None


def proxy_of(text: str) -> tuple[Url, str]:
    """Return the address of a proxy, and the Proxy-Authorization that it wants, empty for none (RFC 7617).

    Raises:
        ValueError: it is no address of a proxy; does not repeat it, for it may hold a password.
    """
    if re.match(r"socks\w*://", text, re.IGNORECASE):
        raise ValueError(
            "a SOCKS proxy cannot be used: expected an HTTP proxy, http://[user:password@]host[:port], "
            "such as a local one that forwards to it"
        )
    match = re.fullmatch(r"(https?://)(?:(.*)@)?([^/]*)/?", text, re.IGNORECASE)
    try:
        if match is None:
            raise ValueError("no address")
        address = urls.parse(match[1] + match[3])
    except ValueError:
        raise ValueError("expected http://[user:password@]host[:port]") from None
    if match[2] is None:
        return address, ""
    user, _, password = match[2].partition(":")
    pair = base64.b64encode(f"{unquote(user)}:{unquote(password)}".encode()).decode()
    return address, f"Basic {pair}"
