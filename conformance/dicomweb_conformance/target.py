"""The target: the origin server under test, and how it is reached."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from dicomweb_conformance.auth import Credentials


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
    vendor says that it is there. `read_only`: nothing but GET, HEAD and OPTIONS is sent.
    """

    url: str
    credentials: Credentials = field(default_factory=Credentials)
    headers: tuple[tuple[str, str], ...] = ()
    ca: Path | None = None
    certificate: Path | None = None
    insecure: bool = False
    proxy: str = ""
    timeout: float = 30.0
    read_only: bool = False
    product: Product | None = None
    declared: tuple[tuple[str, bool], ...] = ()

    @property
    def verify(self) -> bool | str:
        """What the target's certificate is verified with, as requests wants it."""
        if self.insecure:
            return False
        return str(self.ca) if self.ca else True

    def declares(self, capability: str) -> bool | None:
        """Tell whether the vendor declared the capability present (True), absent (False) or said nothing (None)."""
        return dict(self.declared).get(capability)


def base_url(text: str) -> str:
    """Return the base URL as requests are built on it.

    Raises:
        ValueError: it is no http or https URL with a host; says what was expected.
    """
    try:
        parts = urlsplit(text.strip())
        _ = parts.port
    except ValueError as error:
        raise ValueError(f"{text!r} is no base URL: {error}") from None
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError(
            f"{text!r} is no base URL: expected http://host[:port]/path or https://host[:port]/path, or 'embedded'"
        )
    if parts.query or parts.fragment:
        raise ValueError(
            f"{text!r} has a query or a fragment: a base URL ends with its path, such as https://host/dicom-web"
        )
    if parts.username or parts.password:
        raise ValueError(
            "the base URL holds credentials, which would end up in logs: "
            "use --dicomweb-auth=basic:USER with DICOMWEB_PASSWORD"
        )
    return text.strip().rstrip("/")
