"""A command that repeats an exchange, for a POSIX shell in the directory of the run."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from dicomweb_reports.model import BODIES

if TYPE_CHECKING:
    from dicomweb_reports.model import Exchange, Message, Run

REDACTED = "***"

# curl sends `Expect: 100-continue` with larger bodies (releases before 7.67: over 1024 octets).
EXPECTS_OVER = 1024

_DOT_SEGMENT = re.compile(r"/(\.|%2e){1,2}(/|$)", re.IGNORECASE)


def curl_line(exchange: Exchange, run: Run) -> str:
    """Return one line of shell that sends the request of `exchange` again and shows the whole response.

    Header fields stand as they were sent, and what curl would add by itself is suppressed. A redacted secret is a
    variable: DICOMWEB_TOKEN, DICOMWEB_USER and DICOMWEB_PASSWORD, or DICOMWEB_ and the field's name.
    """
    words = ["curl", "-sS", *_method(exchange), *_url_options(exchange, run)]
    for name, value in exchange.request.headers:
        if not _is_implied(name, value, exchange):
            words += _header(name, value)
    words += [word for name in _defaults(exchange.request) for word in ("-H", f"'{name}:'")]
    words += _data(exchange.request)
    words.append(_quoted(_sendable(exchange.url)))
    return " ".join(words) + _caveat(exchange.request)


def secret_fields(run: Run) -> list[str]:
    """Return the options of curl for the header fields with secrets that the requests of a run carried."""
    for exchange in run.exchanges.values():
        secret = [(name, value) for name, value in exchange.request.headers if REDACTED in value]
        if secret:
            return [word for name, value in secret for word in _header(name, value)]
    return []


def _method(exchange: Exchange) -> list[str]:
    data = _has_data(exchange.request)
    if exchange.method == "HEAD" and not data:
        return ["--head"]
    implied = "POST" if data else "GET"
    return ["-i"] if exchange.method == implied else ["-i", "-X", _quoted(exchange.method)]


def _url_options(exchange: Exchange, run: Run) -> list[str]:
    options = []
    if re.search(r"[\[\]{}]", exchange.url):
        options.append("-g")
    if _DOT_SEGMENT.search(exchange.url.partition("?")[0]):
        options.append("--path-as-is")
    if exchange.url.startswith("https:"):
        if exchange.response and exchange.response.version == "HTTP/1.1":
            options.append("--http1.1")
        if run.settings.get("insecure") is True:
            options.append("-k")
    return options


def _is_implied(name: str, value: str, exchange: Exchange) -> bool:
    """Tell whether curl sends this field by itself, with this value."""
    match name.lower():
        case "connection":
            return True
        case "content-length":
            body = exchange.request.body
            return value == str(body.size if body else 0)
        case "host":
            try:
                return value == urlsplit(exchange.url).netloc.rpartition("@")[2]
            except ValueError:
                return False
    return False


def _header(name: str, value: str) -> list[str]:
    if REDACTED in value:
        if name.lower() == "authorization" and value.lower().startswith("basic "):
            return ["-u", '"$DICOMWEB_USER:$DICOMWEB_PASSWORD"']
        return ["-H", _with_secret(name, value)]
    # curl reads "Name:" as "do not send it", and "Name;" as "send it without a value".
    return ["-H", _quoted(f"{name}: {value}" if value.strip() else f"{name};")]


def _with_secret(name: str, value: str) -> str:
    if name.lower() == "authorization" and value.lower().startswith("bearer "):
        variable = "$DICOMWEB_TOKEN"
    else:
        variable = "$DICOMWEB_" + re.sub(r"[^A-Z0-9]", "_", name.upper())
    before, _, after = f"{name}: {value}".partition(REDACTED)
    if re.search(r'[^ -~]|["\\$`!]', before + after):
        return f'{_quoted(before)}"{variable}"' + (_quoted(after) if after else "")
    return f'"{before}{variable}{after}"'


def _defaults(request: Message) -> list[str]:
    """Return the fields that curl would add, though the request was sent without them."""
    defaults = ["User-Agent", "Accept"]
    if _has_data(request):
        defaults.append("Content-Type")
        if request.body and request.body.size > EXPECTS_OVER:
            defaults.append("Expect")
    return [name for name in defaults if request.header(name) is None]


def _has_data(request: Message) -> bool:
    return bool(request.body and request.body.size) or request.header("Content-Length") is not None


def _data(request: Message) -> list[str]:
    if request.body and request.body.size:
        return ["--data-binary", f"@{BODIES}/{request.body.sha256}" if request.body.kept else "@BODY"]
    return ["--data-binary", "''"] if _has_data(request) else []


def _caveat(request: Message) -> str:
    body = request.body
    if body is None or body.kept >= body.size:
        return ""
    if body.kept == 0:
        return f"  # BODY: {body.size} octets that were not recorded"
    return f"  # recorded: the first {body.kept} of {body.size} octets of the body"


def _sendable(url: str) -> str:
    """Return a URL with what no request line can carry percent-encoded."""
    return "".join(each if "!" <= each <= "~" else quote(each, errors="replace") for each in url)


def _quoted(text: str) -> str:
    """Return one word of shell; what is not printable ASCII goes through printf."""
    pieces = re.findall(r"[ -~]+|[^ -~]+", text)
    return "".join(shlex.quote(piece) if " " <= piece[0] <= "~" else _octal(piece) for piece in pieces)


def _octal(text: str) -> str:
    # Header fields are recorded as ISO 8859-1, octet by octet.
    octets = text.encode("latin-1" if max(text) <= "\xff" else "utf-8")
    escapes = "".join(rf"\{octet:03o}" for octet in octets)
    return f"\"$(printf '{escapes}')\""
