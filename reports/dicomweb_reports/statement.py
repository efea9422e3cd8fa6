"""What was seen to work, as a conformance statement tells it: each line with an exchange that shows it.

An exchange shows something where the check that made it passed, with or without a note, and no finding anywhere in the
run that is a fail or a deviation names it. That something in a query has its effect is shown by the checks of just that
(`shown_by` in transactions.toml), where they pass.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from dicomweb_reports.messages import SCENARIO as MESSAGES

if TYPE_CHECKING:
    from dicomweb_reports.model import Exchange, Message, Result, Run

ACCEPTED = "Media type accepted"
RETURNED = "Media type returned"
STORED_SYNTAX = "Transfer syntax accepted"
SYNTAX = "Transfer syntax returned"
KEY = "Matching key"
PARAMETER = "Query parameter"
STATUS = "Status code"
OPTIONS = (ACCEPTED, RETURNED, STORED_SYNTAX, SYNTAX, KEY, PARAMETER, STATUS)
"""What is told of a transaction, in this order."""

# Octets of a body in which the header of its first part is looked for.
_HEAD = 600
_PART_SYNTAX = re.compile(rb"transfer-syntax=\"?([0-9.]+)", re.IGNORECASE)
# Of an attribute, or of one in a sequence.
_KEYWORD = re.compile(r"[A-Z][A-Za-z0-9]*(?:\.[A-Z][A-Za-z0-9]*)*")
# Part of most searches, so that they find nothing but the run's own.
_CONFINES = frozenset({"PatientID"})
_LEVELS = frozenset({"studies", "series", "instances", "frames"})
_SHOWS = frozenset({"pass", "note", "fixed"})
_AGAINST = frozenset({"fail", "deviation"})


@dataclass(frozen=True)
class Line:
    """One value of an option that was seen to work, and the exchange that shows it first."""

    option: str
    value: str
    exchange: str


@dataclass(frozen=True)
class Transaction:
    """One transaction: its request and what was seen of it; `doubted` names what in a query a failure is about."""

    service: str
    title: str
    method: str
    path: str
    keys: bool = False
    lines: tuple[Line, ...] = ()
    doubted: tuple[str, ...] = ()


@dataclass
class _Seen:
    """What was seen of one transaction so far: the first exchange for each value of each option."""

    values: dict[tuple[str, str], str] = field(default_factory=dict)
    doubted: set[str] = field(default_factory=set)


def statement(run: Run) -> tuple[Transaction, ...]:
    """Return the transactions that were seen to work, with what was seen of each."""
    judged = {name: each for each in run.results if each.scenario != MESSAGES for name in each.exchanges}
    against = {finding.exchange for each in run.results for finding in each.findings if finding.verdict in _AGAINST}
    base = run.target.url.rstrip("/")
    seen: dict[tuple[str, str], _Seen] = {}
    for exchange in run.exchanges.values():
        if exchange.purpose != "check" or exchange.response is None:
            continue
        known = transaction(exchange, base)
        if known is None:
            continue
        there = seen.setdefault((known.method, known.path), _Seen())
        result = judged.get(exchange.id)
        if exchange.id in against:
            if result is not None:
                there.doubted |= {value for _, value in _in_query(exchange, known, result) if value not in _CONFINES}
        elif result is not None and result.verdict in _SHOWS:
            for option, value in [*_values(exchange, known, run), *_in_query(exchange, known, result)]:
                if option not in {KEY, PARAMETER} or result.verdict == "pass":
                    there.values.setdefault((option, value), exchange.id)
    return tuple(_told(each, seen.get((each.method, each.path))) for each in _transactions() if _works(each, seen))


@cache
def _data() -> dict[str, Any]:
    return tomllib.loads((resources.files("dicomweb_reports") / "transactions.toml").read_text(encoding="utf-8"))


@cache
def _transactions() -> tuple[Transaction, ...]:
    return tuple(Transaction(**each) for each in _data()["transaction"])


@cache
def _by_shape() -> Mapping[tuple[str, tuple[str, ...]], Transaction]:
    return {(each.method, _shape(each.path)): each for each in _transactions()}


def _shape(path: str) -> tuple[str, ...]:
    """Return the segments of a path with nothing in place of those that name something."""
    segments = path.strip("/").split("/")
    return tuple("" if before in _LEVELS else each for before, each in zip(["", *segments], segments, strict=False))


def transaction(exchange: Exchange, base: str) -> Transaction | None:
    """Return the transaction that an exchange below a base URL is, without what was seen of it; None for none."""
    path = exchange.url.partition("?")[0]
    return _by_shape().get((exchange.method, _shape(path.removeprefix(base)))) if path.startswith(base) else None


def _works(each: Transaction, seen: Mapping[tuple[str, str], _Seen]) -> bool:
    found = seen.get((each.method, each.path))
    return found is not None and any(option == STATUS and value[0] == "2" for option, value in found.values)


def _told(each: Transaction, seen: _Seen | None) -> Transaction:
    values = seen.values if seen else {}
    doubted = seen.doubted if seen else set()
    lines = [
        Line(option, value, exchange)
        for (option, value), exchange in values.items()
        if option not in {KEY, PARAMETER} or value not in doubted
    ]
    lines.sort(key=lambda line: (OPTIONS.index(line.option), line.value))
    return replace(each, lines=tuple(lines), doubted=tuple(sorted(doubted)))


def _values(exchange: Exchange, known: Transaction, run: Run) -> Iterator[tuple[str, str]]:
    """Yield what an exchange shows, as pairs of an option and a value."""
    response: Any = exchange.response
    if response.status < 500:
        yield STATUS, f"{response.status} {response.reason}".strip()
    if not 200 <= response.status < 300:
        return
    if known.method == "POST" and (sent := exchange.request.header("Content-Type")):
        yield ACCEPTED, media_type(sent)
        yield from ((STORED_SYNTAX, syntax) for syntax in _syntaxes(exchange.request, run))
    if response.body and response.body.size and (received := response.header("Content-Type")):
        yield RETURNED, media_type(received)
        yield from ((SYNTAX, syntax) for syntax in _syntaxes(response, run))


def _in_query(exchange: Exchange, known: Transaction, result: Result) -> Iterator[tuple[str, str]]:
    """Yield the parameters and keys in a query whose effect a check is about."""
    shown_by = _data()["shown_by"]
    for name, value in _query(exchange):
        if name in shown_by["parameters"]:
            if result.check.startswith(tuple(shown_by["parameters"][name])):
                yield PARAMETER, name
        elif known.keys and value and _KEYWORD.fullmatch(name) and result.check.startswith(tuple(shown_by["keys"])):
            yield KEY, name


def _query(exchange: Exchange) -> list[tuple[str, str]]:
    query = exchange.url.partition("?")[2]
    try:
        return parse_qsl(query, keep_blank_values=True) if query else []
    except ValueError:  # more fields than anybody asks for
        return []


def media_type(value: str) -> str:
    """Return a media type with the type of its parts, and no other parameter."""
    own, *parameters = [each.strip() for each in value.split(";")]
    inner = next(
        (parameter.partition("=")[2].strip('"') for parameter in parameters if parameter.lower().startswith("type=")),
        "",
    )
    return f'{own.lower()}; type="{inner.lower()}"' if inner else own.lower()


def _syntaxes(message: Message, run: Run) -> set[str]:
    """Return the transfer syntaxes that a message names: in its own header, or in that of its first part."""
    own = _PART_SYNTAX.findall((message.header("Content-Type") or "").encode("latin-1", "replace"))
    if not own and (message.header("Content-Type") or "").lower().startswith("multipart/"):
        head = (run.body(message.body, first=_HEAD) or b"").partition(b"\r\n\r\n")[0]
        own = _PART_SYNTAX.findall(head)
    return {each.decode() for each in own}
