"""How tokens are asked for: a session that takes nothing from the surroundings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.util.ssl_ import create_urllib3_context

from dicomweb_conformance.settings.credentials import Network

SECONDS = 30.0
"""That a token endpoint may take."""


def session(network: Network) -> requests.Session:
    """Return a session for token endpoints, whose certificates are verified whatever is said of the target's."""
    made = requests.Session()
    made.trust_env = False
    if network.proxy:
        made.proxies = {"http": network.proxy, "https": network.proxy}
    if network.ca:
        made.mount("https://", _Trusting(network.ca))
    return made


class _Trusting(HTTPAdapter):
    """Trusts a CA beside those that requests brings."""

    def __init__(self, ca: Path) -> None:
        self._context = create_urllib3_context()
        self._context.load_verify_locations(str(ca))
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **{**kwargs, "ssl_context": self._context})

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        return super().proxy_manager_for(proxy, **{**kwargs, "ssl_context": self._context})
