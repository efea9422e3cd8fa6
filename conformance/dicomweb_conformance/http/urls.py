"""URLs, read once: the grammar of RFC 3986 makes a value of a text, and the connection is opened from that value.

Where two parsers read one text differently, the one that decides whom to trust is not the one that connects. So what
clients are known to read differently is refused, though RFC 3986 itself may let it stand:

* user information (RFC 9110 4.2.4), backslashes, blanks, control characters and whatever is beyond ASCII;
* a host that is percent-encoded, has an empty label (a dot at its end makes one), or is no name of the DNS;
* IPv4 addresses that are not four decimal numbers; IPv6 addresses with a zone, and those of a future version;
* the port 0, one above 65535, and one with a leading zero or a sign (an empty one is that of the scheme, 6.2.3);
* an http or https URL without a host (RFC 9110 4.2.1), and one whose query or fragment follows the host at once.

A reference without a scheme, `//host/path`, is read the same by all, and so is a host in upper case.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import NamedTuple

LONGEST = 8000
"""Characters that a URL has at most: what RFC 9110 4.1 wants to be supported everywhere."""
DEFAULT_PORTS = {"http": 80, "https": 443}

# RFC 3986 B, and the characters of 3.3 to 3.5; brackets stand in paths and queries of many a URL, and harm nobody.
_PARTS = re.compile(r"(?:([^:/?#]+):)?(?://([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#(.*))?", re.DOTALL)
# RFC 3986 3.2: user information, a host that is a name or stands in brackets, a port.
_AUTHORITY = re.compile(r"(?:[^@\[\]]*@)?(?:\[[^@\[\]]*\]|[^@\[\]:]*)(?::[0-9]*)?")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*")
_CHARACTERS = re.compile(r"(?:[0-9A-Za-z\-._~:/?#\[\]@!$&'()*+,;=]|%[0-9A-Fa-f]{2})*")
_NAME = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_\-]{0,61}[A-Za-z0-9_])?")
_PORT = re.compile(r"[1-9][0-9]{0,4}")
# What a parser of addresses takes for the last part of one: https://url.spec.whatwg.org/#ends-in-a-number-checker
_NUMBER = re.compile(r"[0-9]+|0[xX][0-9A-Fa-f]*")


class UrlError(ValueError):
    """A text that is no URL, or one that is not followed; says why."""


class Reference(NamedTuple):
    """A URI reference in its parts (RFC 3986 4.1), of whatever scheme; None for a part that is not there."""

    scheme: str | None
    authority: str | None
    path: str
    query: str | None
    fragment: str | None


@dataclass(frozen=True)
class Origin:
    """Scheme, host and port (RFC 6454 4): the host in lower case, an IPv6 address in its shortest form, no brackets."""

    scheme: str
    host: str
    port: int

    @property
    def authority(self) -> str:
        """Host and port as they stand in Host and in a URL, the port where it is not that of the scheme."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    def __str__(self) -> str:
        return f"{self.scheme}://{self.authority}"


@dataclass(frozen=True)
class Url:
    """An http or https URL that can be followed: an origin, and what is asked of it, path and query as they were given.

    The path begins with a slash. A fragment is not part of it, for it is never sent.
    """

    origin: Origin
    path: str
    query: str | None = None

    @property
    def target(self) -> str:
        """The request-target in origin-form (RFC 9112 3.2.1)."""
        return self.path if self.query is None else f"{self.path}?{self.query}"

    def __str__(self) -> str:
        return f"{self.origin}{self.target}"

    def is_below(self, base: Url) -> bool:
        """Tell whether it is of the origin of `base`, and its path goes on where that of `base` ends."""
        return self.origin == base.origin and self.path.startswith(base.path.rstrip("/") + "/")


def parse(text: str) -> Url:
    """Return an absolute http or https URL as a value.

    Raises:
        UrlError: it is none, or is not followed.
    """
    return _url(read(text))


def resolve(text: str, base: str) -> Url:
    """Return what a reference in an answer stands for (RFC 3986 5.2), as a value.

    Args:
        text: as the server gave it.
        base: the URL of the request, as this suite sent it.

    Raises:
        UrlError: it is no reference, or leads to what is not followed.
    """
    return _url(resolved(text, base))


def read(text: str) -> Reference:
    """Return a URI reference in its parts.

    Raises:
        UrlError: it is none (RFC 3986 4.1), or holds what clients read differently.
    """
    if len(text) > LONGEST:
        raise UrlError(f"it has {len(text)} characters, more than {LONGEST}")
    allowed = _CHARACTERS.match(text)
    if allowed and allowed.end() < len(text):
        raise UrlError(_objection(text[allowed.end()]))
    reference = _parts(text)
    if reference.scheme is not None and not _SCHEME.fullmatch(reference.scheme):
        raise UrlError("the colon in its first segment would end a scheme (RFC 3986 4.2)")
    if not _AUTHORITY.fullmatch(reference.authority or ""):
        raise UrlError("between // and its path there is no host and port (RFC 3986 3.2)")
    if "#" in (reference.fragment or ""):
        raise UrlError("it holds # twice")
    return reference


def resolved(text: str, base: str) -> Reference:
    """Return a reference in its parts, made absolute (RFC 3986 5.2.2).

    Raises:
        UrlError: it is no URI reference.
    """
    given, there = read(text), _parts(base)
    if given.scheme is not None:
        return given._replace(scheme=given.scheme.lower(), path=_without_dots(given.path))
    if given.authority is not None:
        return given._replace(scheme=there.scheme, path=_without_dots(given.path))
    if given.path.startswith("/"):
        path = _without_dots(given.path)
    elif given.path:
        above, slash, _ = there.path.rpartition("/")
        rootless = not there.path and there.authority is not None
        path = _without_dots("/" + given.path if rootless else above + slash + given.path)
    else:
        path = there.path
    query = there.query if not given.path and given.query is None else given.query
    return Reference(there.scheme, there.authority, path, query, given.fragment)


def path_of(text: str, base: str = "") -> str:
    """Return the path of a reference, made absolute, without a slash at its end; empty where it is no reference."""
    try:
        return resolved(text, base).path.rstrip("/")
    except UrlError:
        return ""


def _parts(text: str) -> Reference:
    match = _PARTS.fullmatch(text)
    assert match is not None, "the expression fits every text"
    scheme, authority, path, query, fragment = match.groups()
    return Reference(scheme, authority, path, query, fragment)


def _objection(character: str) -> str:
    if character == "\\":
        return "it holds a backslash, which some clients read as a slash"
    if character == "%":
        return "it holds a % that begins no percent-encoding"
    if character == " ":
        return "it holds a blank"
    if ord(character) < 0x20 or 0x7F <= ord(character) < 0xA0:
        return f"it holds a control character (U+{ord(character):04X})"
    if not character.isascii():
        return f"it holds a character beyond ASCII (U+{ord(character):04X})"
    return f"it holds {character}, which no URL may (RFC 3986 2)"


def _without_dots(path: str) -> str:
    """Remove dot segments (RFC 3986 5.2.4)."""
    segments = path.split("/")
    kept: list[str] = []
    for segment in segments:
        if segment == ".." and len(kept) > 1:
            kept.pop()
        elif segment not in {".", ".."}:
            kept.append(segment)
    return "/".join([*kept, ""] if segments[-1] in {".", ".."} else kept)


def _url(reference: Reference) -> Url:
    if reference.scheme is None:
        raise UrlError("it is no absolute URL")
    scheme = reference.scheme.lower()
    if scheme not in DEFAULT_PORTS:
        raise UrlError(f"its scheme is {scheme}, not http or https")
    if not reference.authority:
        raise UrlError(f"it is an {scheme} URL without a host")
    if not reference.path and (reference.query is not None or reference.fragment is not None):
        raise UrlError("its query or fragment follows the host at once, which not all clients see the end of")
    return Url(_origin(scheme, reference.authority), reference.path or "/", reference.query)


def _origin(scheme: str, authority: str) -> Origin:
    if "@" in authority:
        raise UrlError("it holds user information before its host (RFC 9110 4.2.4)")
    if authority.startswith("["):
        address, _, port = authority[1:].partition("]")
        return Origin(scheme, _ipv6(address), _port(scheme, port[1:]))
    host, _, port = authority.partition(":")
    return Origin(scheme, _host(host), _port(scheme, port))


def _host(text: str) -> str:
    labels = text.split(".")
    if _NUMBER.fullmatch(labels[-1]):
        try:
            return str(ipaddress.IPv4Address(text))
        except ValueError:
            raise UrlError("its host is no IPv4 address of four decimal numbers, though clients read one") from None
    if "%" in text:
        raise UrlError("its host is percent-encoded")
    if "" in labels:
        raise UrlError("its host has an empty label, at its end or within")
    if len(text) > 253 or not all(_NAME.fullmatch(label) for label in labels):
        raise UrlError("its host is no name of the DNS")
    return text.lower()


def _ipv6(text: str) -> str:
    if "%" in text:
        raise UrlError("the IPv6 address of its host has a zone")
    try:
        return str(ipaddress.IPv6Address(text))
    except ValueError:
        raise UrlError("its host stands in brackets and is no IPv6 address") from None


def _port(scheme: str, text: str) -> int:
    if not text:
        return DEFAULT_PORTS[scheme]
    if not _PORT.fullmatch(text) or int(text) > 65535:
        raise UrlError("its port is no number from 1 to 65535, or has a leading zero")
    return int(text)
