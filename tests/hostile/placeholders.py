"""What stands for something in the texts of a behaviour, as `$NAME`.

ELSEWHERE            the origin of another server; HOST_ELSEWHERE its host and port
ORIGIN, HOST         the origin, the host and port of the server that is asked
BASE                 the base URL of its service
AUTHORIZATION, KEY   the two secrets as the request had them
PASSWORD             the password; each of these with _JSON, _URL, _URL_TWICE, _HTML or _BASE64 in that guise
"""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Mapping
from urllib.parse import quote, urlsplit


def placeholders(base: str, elsewhere: str, headers: Mapping[str, str]) -> dict[str, str]:
    """Return what each stands for in the answer to a request; `headers`: of the request, by lower-case names."""
    authorization = headers.get("authorization", "")
    try:
        password = base64.b64decode(authorization.partition(" ")[2]).decode().partition(":")[2]
    except ValueError:
        password = ""
    secrets = {"AUTHORIZATION": authorization, "KEY": headers.get("x-hostile-key", ""), "PASSWORD": password}
    guises = {name + guise: text for name, secret in secrets.items() for guise, text in _guises(secret).items()}
    origin = urlsplit(base)
    return guises | {
        "ELSEWHERE": elsewhere,
        "HOST_ELSEWHERE": urlsplit(elsewhere).netloc,
        "ORIGIN": f"{origin.scheme}://{origin.netloc}",
        "HOST": origin.netloc,
        "BASE": base,
    }


def filled(text: str, names: Mapping[str, str]) -> str:
    """Return a text with what the placeholders in it stand for."""
    if "$" in text:
        for name in sorted(names, key=len, reverse=True):
            text = text.replace(f"${name}", names[name])
    return text


def _guises(secret: str) -> dict[str, str]:
    once = quote(secret, safe="")
    return {
        "": secret,
        "_JSON": json.dumps(secret)[1:-1],
        "_URL": once,
        "_URL_TWICE": quote(once, safe=""),
        "_HTML": html.escape(secret),
        "_BASE64": base64.b64encode(secret.encode()).decode(),
    }
