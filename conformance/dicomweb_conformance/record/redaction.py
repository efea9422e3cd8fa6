"""Secrets are taken out of whatever is written down or shown, in every spelling in which a server may say them again.

What is judged is never touched: a verdict does not depend on what had to be hidden.
"""

from __future__ import annotations

import base64
import json
import re
import string
from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from html.entities import html5
from typing import Any

REDACTED = "***"
SHORTEST = 4
"""Characters of a secret that is looked for: one that is shorter stands in any text by chance."""
WORD = 8
"""Characters below which a secret is found as a word only, so that "1234" leaves the UIDs alone that hold it."""
BEGINNING = 6
"""Characters of a secret that are hidden where a text was cut off in the midst of it."""
SECRET_HEADERS = frozenset(
    {
        "authorization",
        "proxy-authorization",
        "authentication-info",
        "proxy-authentication-info",
        "cookie",
        "cookie2",
        "set-cookie",
        "set-cookie2",
        "api-key",
        "x-api-key",
        "x-goog-api-key",
        "ocp-apim-subscription-key",
        "x-auth-token",
        "x-access-token",
        "x-amz-security-token",
        "x-csrf-token",
        "x-xsrf-token",
    }
)
"""Fields whose values are hidden, whoever sends them."""
HARMLESS_HEADERS = frozenset(
    {
        "accept",
        "accept-charset",
        "accept-encoding",
        "accept-language",
        "cache-control",
        "connection",
        "content-language",
        "dnt",
        "expect",
        "forwarded",
        "from",
        "host",
        "origin",
        "pragma",
        "prefer",
        "referer",
        "te",
        "traceparent",
        "tracestate",
        "user-agent",
        "via",
        "x-correlation-id",
        "x-forwarded-for",
        "x-forwarded-host",
        "x-forwarded-port",
        "x-forwarded-prefix",
        "x-forwarded-proto",
        "x-real-ip",
        "x-request-id",
        "x-requested-with",
    }
)
"""Fields whose values are no secrets when they are given literally."""

_COOKIES = 8
_SESSION = re.compile(r"(?=[^\d]*\d)(?=[^A-Za-z]*[A-Za-z])[\w.%+/=~-]{16,4096}", re.ASCII)


@dataclass(frozen=True)
class Redaction:
    """What must not be read by anybody: these secrets anywhere, and the values of these header fields.

    `issued` returns the secrets that came up since, such as tokens that were fetched. `keeps` are texts that stay even
    where a secret is part of them: a base URL whose host has the name that is the password, too.
    """

    secrets: tuple[str, ...] = ()
    headers: frozenset[str] = SECRET_HEADERS
    issued: Callable[[], tuple[str, ...]] = tuple
    keeps: tuple[str, ...] = ()
    _cookies: deque[str] = field(default_factory=lambda: deque(maxlen=_COOKIES), repr=False, compare=False)

    def text(self, value: str) -> str:
        """Return `value` with every secret replaced, and the beginning or end of one where the text was cut."""
        search, lower = self._search(), value.lower()
        if not search.may_find(lower):
            return value
        found = [*search.found(value, lower), *search.cut_off(value, lower)]
        return self._replaced(value, lower, found)

    def octets(self, value: bytes, first: int | None = None) -> bytes:
        """Return the first octets of `value`, all by default, with every secret replaced that begins among them."""
        search = self._search()
        octets = value if first is None else value[: first + search.longest]
        # Each octet as the character of its number: the spellings know what a wrong character set makes of a secret.
        lower = octets.lower().decode("latin-1")
        if not search.may_find(lower):
            return value[:first]
        text = octets.decode("latin-1")
        return self._replaced(text, lower, search.found(text, lower), first).encode("latin-1")

    def may_find(self, value: str) -> bool:
        """Tell whether a secret can be in a text, or in strings of which the text is the JSON; most often it cannot."""
        return self._search().may_find(value.lower())

    @property
    def has_too_short(self) -> bool:
        """Whether there is a secret that is too short to be looked for: only fields of its own hide it."""
        return any(0 < len(each.strip()) < SHORTEST for each in (*self.secrets, *self.issued()))

    def value(self, value: Any, keep: frozenset[str] = frozenset()) -> Any:
        """Return what JSON can hold with the secrets in its strings replaced.

        Args:
            value: the value; what is no string, list, tuple or dict stays as it is.
            keep: names of members that stay as they are, wherever they stand.
        """
        match value:
            case str():
                return self.text(value)
            case dict():
                return {name: each if name in keep else self.value(each, keep) for name, each in value.items()}
            case list() | tuple():
                return [self.value(each, keep) for each in value]
        return value

    def fields(self, fields: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
        """Return header fields with secrets replaced.

        The scheme of an Authorization stays, so that a reader can repeat it. What a server sets as cookie is a secret
        from now on: it may stand for the login that was sent.
        """
        return [(name, self._field(name, value)) for name, value in fields]

    def _field(self, name: str, value: str) -> str:
        if name.lower() not in self.headers:
            return self.text(value)
        if name.lower() == "set-cookie":
            session = value.partition(";")[0].partition("=")[2].strip()
            if _SESSION.fullmatch(session) and session not in self._cookies:
                self._cookies.append(session)
        scheme, blank, _ = value.partition(" ")
        return f"{scheme} {REDACTED}" if blank and name.lower().endswith("authorization") else REDACTED

    def _search(self) -> _Search:
        return _search((*self.secrets, *self.issued()), tuple(self._cookies))

    def _replaced(self, value: str, lower: str, found: Iterable[tuple[int, int]], first: int | None = None) -> str:
        spans = sorted([*found, *_by_their_look(value, lower)])
        if spans and self.keeps:
            kept = sorted(match.span() for keep in self.keeps for match in re.finditer(re.escape(keep), value))
            spans = [span for span in spans if not _is_within(span, kept)]
        pieces, done = [], 0
        for at, end in _joined(spans):
            if first is not None and at >= first:
                break
            pieces += [value[done:at], REDACTED]
            done = end
        return "".join([*pieces, value[done:first]])


def of_field(name: str, value: str) -> tuple[str, ...]:
    """Return the secrets in the value of a header field: itself, what follows a scheme, the values of cookies."""
    value = value.strip()
    parts: list[str] = []
    if name.lower() == "cookie":
        parts = [each.partition("=")[2].strip() for each in value.split(";")]
    scheme, _, credentials = value.partition(" ")
    if credentials.strip() and " " not in credentials.strip():
        parts.append(credentials.strip())
        if scheme.lower() == "basic":
            parts += _of_basic(credentials.strip())
    return tuple(dict.fromkeys([value, *(part for part in parts if len(part) >= SHORTEST)]))


def of_user(user: str, password: str) -> tuple[str, ...]:
    """Return the secrets of a login: the password, and the pair, which Basic sends in base64; a lone name is one."""
    return (f"{user}:{password}", password) if password else (user,) if user else ()


def _of_basic(credentials: str) -> Iterator[str]:
    try:
        user, _, password = base64.b64decode(credentials).decode().partition(":")
    except ValueError:
        return
    yield from of_user(user, password)


@dataclass(frozen=True)
class _Spelling:
    """One way to write a secret.

    Attributes:
        plain: the secret in that way.
        expression: finds it, whatever was escaped in it.
        anchor: letters and digits, in lower case, without which no text holds it.
        readable: a person who reads the beginning of it knows that of the secret.
    """

    plain: str
    expression: str
    anchor: str
    readable: bool = True

    @property
    def may_be_cut(self) -> bool:
        """Whether its beginning is looked for where a text ends, and its end where one begins."""
        return self.readable and len(self.plain) >= 2 * BEGINNING

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Compiled only once its anchor was seen: most never are."""
        return re.compile(self.expression, re.IGNORECASE)


@dataclass(frozen=True)
class _Search:
    """Finds some secrets, in all spellings; what it finds are (beginning, end).

    `needles` are texts in lower case of which any text has one that holds a secret, or the beginning or end of one.
    """

    spellings: tuple[_Spelling, ...]
    needles: tuple[str, ...]

    @property
    def longest(self) -> int:
        """Characters that a secret may take at most, about."""
        return max((12 * len(spelling.plain) for spelling in self.spellings), default=0)

    def may_find(self, lower: str) -> bool:
        return any(needle in lower for needle in self.needles)

    def found(self, value: str, lower: str) -> Iterator[tuple[int, int]]:
        for spelling in self.spellings:
            if spelling.anchor in lower:
                for match in spelling.pattern.finditer(value):
                    yield match.span()

    def cut_off(self, value: str, lower: str) -> Iterator[tuple[int, int]]:
        for spelling in self.spellings:
            if spelling.may_be_cut:
                yield from _cut_off(value, lower, spelling.plain)


@lru_cache(maxsize=64)
def _search(secrets: tuple[str, ...], cookies: tuple[str, ...]) -> _Search:
    distinct = dict.fromkeys(secret.strip() for secret in secrets)
    spellings = [spelling for each in distinct if len(each) >= SHORTEST for spelling in _spellings_of(each)]
    # A new one may come with every response, so that they are looked for in one spelling only.
    spellings += map(_verbatim, cookies)
    needles = [_TOKEN_BEGINS, _KEY_ENDS, *(each.anchor for each in spellings)]
    for each in spellings:
        if each.may_be_cut:
            pieces = each.plain[:BEGINNING].lower(), each.plain[-BEGINNING:].lower()
            needles += [*pieces, *(json.dumps(piece, ensure_ascii=False)[1:-1] for piece in pieces)]
    return _Search(tuple(spellings), tuple(dict.fromkeys(needles)))


@lru_cache(maxsize=256)
def _spellings_of(secret: str) -> tuple[_Spelling, ...]:
    written = {secret.encode("utf-8", "replace"): None, secret.encode("latin-1", "replace"): None}
    found = [_spelling(secret)]
    for octets in written:
        for number, (core, rest) in enumerate(_in_base64(octets)):
            if number == 0 or len(core) >= WORD:
                found.append(_spelling(core, {"+": "-", "/": "_"}, rest))
        found += [_verbatim(octets.hex()), _verbatim("".join(f"%{octet:02x}" for octet in octets))]
    if len(secret) >= WORD:
        found.append(_verbatim("\0".join(secret)))  # in UTF-16
    return tuple({each.expression: each for each in found}.values())


_WORD_BEGINS = (
    r"(?:(?<![^\W_])|(?<=%[0-9a-f]{2})|(?<=\\u[0-9a-f]{4})|(?<=\\x[0-9a-f]{2})|(?<=\\[nrtbf]))"  # or after an escape
)
_WORD_ENDS = r"(?![^\W_])"


def _spelling(secret: str, others: dict[str, str] | None = None, rest: str = "") -> _Spelling:
    """Return how a secret is found in which characters may be escaped, each in a way of its own.

    Args:
        secret: the secret, or what an encoding makes of it.
        others: characters that may stand for some of its characters.
        rest: an expression for what may follow and belongs to it.
    """
    expression = "".join(_ways(each, (others or {}).get(each, "")) for each in secret) + rest
    if len(secret) < WORD:
        expression = f"{_WORD_BEGINS if _is_plain(secret[0]) else ''}{expression}"
        expression += _WORD_ENDS if _is_plain(secret[-1]) else ""
    return _Spelling(secret, expression, _anchor(secret))


def _anchor(text: str) -> str:
    return max(re.findall(r"[0-9A-Za-z]+", text), key=len, default="").lower()


def _verbatim(text: str) -> _Spelling:
    return _Spelling(text, re.escape(text), text.lower(), readable=False)


def _is_plain(character: str) -> bool:
    return character.isascii() and character.isalnum()


@lru_cache(maxsize=1024)
def _ways(character: str, other: str = "", *, misread: bool = False) -> str:
    """Return an expression for a character as it is, and as URLs, JSON, HTML, Python and a wrong charset have it.

    Args:
        character: the character.
        other: one that may stand for it; empty for none.
        misread: it is an octet of what a wrong charset made of another.
    """
    if _is_plain(character):
        return character  # nobody escapes these
    number = ord(character)
    units = character.encode("utf-16-be", "surrogatepass")
    names = [re.escape(name) for name, meant in html5.items() if meant == character and name.endswith(";")]
    ways = [rf"&(?:amp;)*(?:{'|'.join([*names, f'#0*{number};', f'#x0*{number:x};'])})"]
    ways.append("".join(rf"\\{{1,4}}u{units[at : at + 2].hex()}" for at in range(0, len(units), 2)))
    for case in dict.fromkeys((character, character.lower(), character.upper())):
        utf_8, latin_1 = case.encode("utf-8", "replace"), case.encode("latin-1", "ignore")
        for octets in filter(None, dict.fromkeys((utf_8, latin_1))):
            ways.append("".join(rf"%(?:25)*{octet:02x}" for octet in octets))
            ways.append("".join(rf"\\{{1,4}}x{octet:02x}" for octet in octets))
        if not case.isascii():
            as_latin_1 = utf_8.decode("latin-1")
            ways.append(re.escape(as_latin_1))
            if not misread:  # read as Latin-1 by a server, and written in any of these ways
                ways.append("".join(_ways(each, misread=True) for each in as_latin_1))
    if not character.isascii():
        ways += ["\ufffd{1,4}", r"\?"]
    if character == " ":
        ways += [r"\+", "%(?:25)*2b"]
    if other:
        ways.append(re.escape(other))
    return f"(?:{'|'.join(ways)}|\\\\{{0,3}}{re.escape(character)})"


def _in_base64(octets: bytes) -> Iterator[tuple[str, str]]:
    """Return what base64 makes of octets behind none, one and two others, and an expression for the end of the first.

    Characters that octets before or behind have a part in are left out: they are not the same everywhere.
    """
    for before, shared in enumerate((0, 2, 3)):
        encoded = base64.b64encode(bytes(before) + octets).decode()
        core = encoded[shared : (before + len(octets)) * 8 // 6]
        last = encoded[len(core) : len(core) + 1] if before == 0 and not encoded.endswith(core) else ""
        ending = f"(?:{re.escape(last)})?" if last else ""
        yield core, f"{ending}(?:=|%(?:25)*3d){{0,2}}" if before == 0 else ""


_ENDS = re.compile(r"\.{3}|…|[\"'`,;)\]}>]|\Z")
_GOES_ON = re.compile(r"\.{3}|…")


def _cut_off(value: str, lower: str, secret: str) -> Iterator[tuple[int, int]]:
    """Find the beginning of a secret before an ellipsis, a closing sign or the end, and its end behind an ellipsis."""
    beginning, end = secret[:BEGINNING], secret[-BEGINNING:]
    if beginning.lower() in lower:
        for mark in _ENDS.finditer(value):
            at = value.find(beginning, max(0, mark.start() - len(secret)), mark.start())
            while at >= 0:
                if secret.startswith(value[at : mark.start()]):
                    yield at, mark.start()
                    break
                at = value.find(beginning, at + 1, mark.start())
    if end.lower() in lower:
        for mark in _GOES_ON.finditer(value):
            at = value.find(end, mark.end(), mark.end() + len(secret))
            if at >= 0 and secret.endswith(value[mark.end() : at + BEGINNING]):
                yield mark.end(), at + BEGINNING


_TOKEN_BEGINS, _KEY_ENDS = "eyj", "private key-----"
_TOKEN = re.compile(r"(?:(?<![\w-])|(?<=%[0-9A-Fa-f]{2}))eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{8,}", re.ASCII)
_KEY = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----[0-9A-Za-z+/=\s\\]*(?:-----END [A-Z ]*PRIVATE KEY-----)?")
_END_OF_KEY = re.compile(r"-----END [A-Z ]*PRIVATE KEY-----")
_IN_A_KEY = string.ascii_letters + string.digits + "+/=\\" + string.whitespace
_LONGEST_KEY = 1 << 14


def _by_their_look(value: str, lower: str) -> Iterator[tuple[int, int]]:
    """Find what is a secret whoever it belongs to: a JSON Web Token, a private key, or what was left of one."""
    if _TOKEN_BEGINS in lower:
        for match in _TOKEN.finditer(value):
            yield match.span()
    if _KEY_ENDS in lower:
        for match in _KEY.finditer(value):
            yield match.span()
        for match in _END_OF_KEY.finditer(value):
            before = max(0, match.start() - _LONGEST_KEY)
            yield before + len(value[before : match.start()].rstrip(_IN_A_KEY)), match.end()


def _joined(spans: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Make one of spans that overlap: a secret within another, or in several spellings, is replaced once."""
    last: tuple[int, int] | None = None
    for at, end in spans:
        if last is None:
            last = at, end
        elif at < last[1]:
            last = last[0], max(last[1], end)
        else:
            yield last
            last = at, end
    if last is not None:
        yield last


def _is_within(span: tuple[int, int], kept: list[tuple[int, int]]) -> bool:
    before = bisect_right(kept, span[0], key=lambda each: each[0]) - 1
    return before >= 0 and span[1] <= kept[before][1]
