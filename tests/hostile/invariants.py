"""What holds of every run, whatever the server does; each broken promise is a sentence."""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from functools import cache
from html.parser import HTMLParser
from urllib.parse import quote, quote_plus
from xml.etree import ElementTree as ET

from tests.hostile.hostile_behaviour import Behaviour
from tests.hostile.hostile_run import KEY, PASSWORD, USER, Outcome, files, stretch

CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""Characters that a terminal obeys."""
CRASHED = ("Traceback (most recent call last)", "INTERNALERROR", "Exception ignored", "Warning: ")
REPORTED = frozenset({0, 1, 2, 3, 5})
"""Exit statuses that come with a report."""
_ENDS = {"fail": "fails", "fixed": "fails", "deviation": "deviates", "inconclusive": "inconclusive"}


def complaints(behaviour: Behaviour, outcome: Outcome) -> Iterator[str]:
    """Say what of a run is not as it must be."""
    yield from _bounds(behaviour, outcome)
    yield from _end(behaviour, outcome)
    yield from _verdicts(behaviour, outcome)
    yield from _printed(behaviour, outcome)
    yield from _leaks(behaviour, outcome)
    if behaviour.reported:
        yield from _documents(outcome)
    yield from _target(behaviour, outcome)


def _bounds(behaviour: Behaviour, outcome: Outcome) -> Iterator[str]:
    if outcome.seconds > behaviour.seconds * stretch():
        yield f"it took {outcome.seconds:.0f} s, more than {behaviour.seconds:g}"
    if outcome.processor > behaviour.processor:
        yield f"it took {outcome.processor:.0f} s of the processor, more than {behaviour.processor:g}"
    if outcome.megabytes > behaviour.megabytes:
        yield f"it took {outcome.megabytes:.0f} MB of memory, more than {behaviour.megabytes}"
    if outcome.disk > behaviour.disk:
        yield f"its report takes {outcome.disk:.0f} MB of disk, more than {behaviour.disk}"
    if (behaviour.send or behaviour.alter or behaviour.act) and not outcome.met:
        yield "no request met with the behaviour"


def _end(behaviour: Behaviour, outcome: Outcome) -> Iterator[str]:
    if outcome.status != behaviour.exit:
        yield f"exit status {outcome.status}, not {behaviour.exit}"
    last = next(reversed(outcome.stdout.split()), "")
    page = outcome.directory / "report.html"
    if outcome.status in REPORTED and behaviour.reported:
        lines = [line for line in outcome.stdout.splitlines() if line]
        if last != str(page) and not (lines and "dicomweb-conformance render" in lines[-1]):
            yield f"the last line printed does not name the report, nor how to have one: {last[:200]!r}"
        if not page.exists() and last == str(page):
            yield "the last line printed names a report that does not exist"
    elif outcome.status == 4 and not re.search(r"cannot be judged|--dicomweb-", outcome.stderr + outcome.stdout):
        yield "exit status 4 without advice"


def _verdicts(behaviour: Behaviour, outcome: Outcome) -> Iterator[str]:
    found: dict[str, set[str]] = {"fails": set(), "deviates": set(), "inconclusive": set()}
    for check, verdict in outcome.verdicts.items():
        if verdict == "error":
            yield f"an error of the suite in {check}: {_reason(outcome, check)}"
        elif verdict in _ENDS:
            found[_ENDS[verdict]].add(check)
    for end, checks in found.items():
        expected: tuple[str, ...] = getattr(behaviour, end)
        for pattern in expected:
            if not any(_like(check, pattern) for check in checks):
                yield f"expected in {end}: {pattern}"
        for check in sorted(checks):
            if not any(_like(check, pattern) for pattern in (*expected, *behaviour.may)):
                yield f"not expected in {end}: {check} ({_reason(outcome, check)})"


def _like(check: str, pattern: str) -> bool:
    return fnmatchcase(check, pattern.replace("[", "[[]"))


def _reason(outcome: Outcome, check: str) -> str:
    (result,) = (each for each in outcome.report["results"] if each["check"] == check)
    said = [result["reason"][-600:], *(f"{each['observation']}: {each['received']}" for each in result["findings"])]
    return "; ".join(each for each in said if each)[:900]


def _printed(behaviour: Behaviour, outcome: Outcome) -> Iterator[str]:
    for name, text in (("stdout", outcome.stdout), ("stderr", outcome.stderr)):
        for sign in CRASHED:
            if sign in text:
                yield f"{name} holds {sign!r}: {text[text.index(sign) :][-700:]}"
        if found := CONTROL.search(text):
            yield f"{name} holds the control character {found[0]!r}: {text[: found.start()][-80:]!r}"
    both = outcome.stdout + outcome.stderr
    yield from (f"it does not say {text!r}" for text in behaviour.says if text not in both)


@cache
def secrets() -> dict[bytes, str]:
    """Every way in which a secret of the run may be written, and what to call it."""
    pair = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    named = {"the password": PASSWORD, "the header's value": KEY, "the pair": pair}
    forms: dict[bytes, str] = {}
    for name, secret in named.items():
        once = quote(secret, safe="")
        written = {
            "": secret,
            "as JSON": json.dumps(secret)[1:-1],
            "as JSON twice": json.dumps(json.dumps(secret)[1:-1])[1:-1],
            "in a URL": once,
            "in a path": quote(secret),
            "in a form": quote_plus(secret),
            "in a URL twice": quote(once, safe=""),
            "in base64": base64.b64encode(secret.encode()).decode(),
            "in base64 for URLs": base64.urlsafe_b64encode(secret.encode()).decode(),
            "as HTML": html.escape(secret),
            "as XML": html.escape(secret, quote=False),
            "as Python": repr(secret)[1:-1],
        }
        forms |= {text.encode().lower(): f"{name} {how}".strip() for how, text in reversed(written.items())}
    return forms


def _leaks(behaviour: Behaviour, outcome: Outcome) -> Iterator[str]:
    told = {path.relative_to(outcome.directory.parent): path.read_bytes() for path in files(outcome.directory.parent)}
    told |= {f"connection {number} elsewhere": octets for number, octets in enumerate(outcome.elsewhere.received)}
    for place, octets in told.items():
        lower = octets.lower()
        yield from (f"{place} holds {name}" for form, name in secrets().items() if form in lower)
        foreign = () if behaviour.keeps else outcome.foreign
        yield from (f"{place} holds {each!r} of a foreign study" for each in foreign if each.encode() in octets)


class _Active(HTMLParser):
    """Finds what would be executed in a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.script = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.script = tag == "script"
        for name, value in attrs:
            target = re.sub(r"[\x00-\x20]", "", value or "").lower()
            if name.startswith("on") or target.startswith(("javascript:", "data:text", "vbscript:")):
                self.found.append(f"<{tag} {name}={value!r}>")
            if tag in {"img", "iframe", "object", "embed", "link", "base"} and target.startswith(("http", "//")):
                self.found.append(f"<{tag} {name}={value!r}>")

    def handle_data(self, data: str) -> None:
        if self.script and "hostile" in data:
            self.found.append(f"<script>{data[:80]}")


def _documents(outcome: Outcome) -> Iterator[str]:
    if outcome.status not in REPORTED or not outcome.directory.exists():
        return
    for name in ("report.json", "exchanges.har"):
        try:
            json.loads((outcome.directory / name).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            yield f"{name} cannot be read: {error}"
    try:
        ET.parse(outcome.directory.parent / "junit.xml")  # noqa: S314 - it is the suite's own
    except (OSError, ET.ParseError) as error:
        yield f"junit.xml cannot be read: {error}"
    page = outcome.directory / "report.html"
    if page.exists():
        looking = _Active()
        looking.feed(page.read_text(encoding="utf-8"))
        yield from (f"report.html would execute {each[:200]}" for each in looking.found)


def _target(behaviour: Behaviour, outcome: Outcome) -> Iterator[str]:
    if outcome.elsewhere.received and not behaviour.elsewhere:
        yield f"another origin was asked: {outcome.elsewhere.received[0][:80]!r}"
    if behaviour.clean and outcome.held:
        yield f"{len(outcome.held)} studies of the run are left on the target"
    for study in sorted(outcome.held):
        if study not in outcome.ledger:
            yield f"study {study} is left on the target, and no ledger names it"
