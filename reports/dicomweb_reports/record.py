"""Reading a run record: `run.jsonl`, an event a line, and `bodies/` beside it."""

from __future__ import annotations

import json
import re
import sys
from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from dicomweb_reports import messages
from dicomweb_reports.exchanges import HELD, Line, Recorded
from dicomweb_reports.json_fields import Fields, RecordError
from dicomweb_reports.messages import Seen, Tally
from dicomweb_reports.model import (
    FINDING_VERDICTS,
    VERDICTS,
    Attempt,
    Body,
    Capability,
    Change,
    Client,
    Comparison,
    Difference,
    Exchange,
    Finding,
    Footer,
    Known,
    Left,
    Load,
    Message,
    Messages,
    Observation,
    Omission,
    PlannedCheck,
    Product,
    Requirement,
    Response,
    Result,
    Rules,
    Run,
    Stale,
    Stored,
    Suite,
    Target,
    Wire,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

__all__ = [
    "FINDING_VERDICTS",
    "VERDICTS",
    "Attempt",
    "Body",
    "Capability",
    "Exchange",
    "Finding",
    "Footer",
    "Known",
    "Left",
    "Message",
    "Messages",
    "Observation",
    "PlannedCheck",
    "Product",
    "RecordError",
    "Requirement",
    "Response",
    "Result",
    "Run",
    "Stale",
    "Stored",
    "Suite",
    "Target",
    "Wire",
    "load",
    "load_plan",
    "with_events",
]

FORMAT = 1
FILE = "run.jsonl"

Event = tuple[Fields, int, int]
"""An event, and where its line stands: from which octet on, and how many."""

_DIGEST = re.compile(r"[0-9a-f]{64}")
_ESCAPED_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


class Growing:
    """A run record that is read several times while it grows: what was read before is not read again.

    Args:
        directory: of the run. Lines may be appended to the record meanwhile, but none may change.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._path = directory / FILE
        self._read = _Read()

    def run(self) -> Run:
        """Return the run as far as it is written down; raises RecordError as `load` does."""
        try:
            if not self._read.whole or self._path.stat().st_size < self._read.octets:
                self._read = _Read()  # its last line may have gone, or it is another
            self._read.take(_events(self._path, self._read))
        except OSError:
            self._read = _Read()
            return load(self._directory)
        except RecordError:
            self._read = _Read()
            raise
        return _run(self._directory, self._path, self._read)


def load(directory: Path) -> Run:
    """Read the run record in `directory`.

    A footer may be missing and the last line may be torn: the run broke off. Unknown events and fields are passed over.
    Of a check with several results the worst counts: a later pass hides no earlier fail.
    Raises RecordError where there is no record, or where it is damaged in any other way.
    """
    path, read = directory / FILE, _Read()
    read.take(_events(path, read))
    return _run(directory, path, read)


def load_plan(directory: Path) -> Run:
    """Read a run record as far as it says what was planned, and no further.

    Raises RecordError as `load` does.
    """
    path, read = directory / FILE, _Read()

    def until_planned() -> Iterator[Event]:
        for event in _events(path, read):
            yield event
            if event[0].text("event") == "planned":
                return

    read.take(until_planned())
    return _run(directory, path, read)


def with_events(run: Run, lines: Iterable[bytes]) -> Run:
    """Return a run with the exchanges and results of these lines of its record in place of its own.

    Raises RecordError where a line cannot be read.
    """
    events: dict[str, list[Fields]] = defaultdict(list)
    for event, _, _ in _parsed(run.directory / FILE, lines, _Read()):
        events[event.text("event")].append(event)
    exchanges = {each.id: each for each in map(_exchange, events["exchange"])}
    return replace(run, exchanges=exchanges, results=tuple(_results(events["result"]).values()))


@dataclass
class _Read:
    """What was read of a record so far.

    Attributes:
        octets: how many.
        number: of lines.
        whole: whether the last line had its end.
        events: all but exchanges, by their names.
        requirements: those of the plan.
        lines: where exchanges stand.
        held: exchanges that need not be read again.
    """

    octets: int = 0
    number: int = 0
    whole: bool = True
    events: dict[str, list[Fields]] = field(default_factory=lambda: defaultdict(list))
    requirements: dict[str, Requirement] = field(default_factory=dict)
    lines: dict[str, Line] = field(default_factory=dict)
    held: dict[str, Exchange] = field(default_factory=dict)

    def take(self, recorded: Iterable[Event]) -> None:
        """Take up events."""
        for event, offset, length in recorded:
            name = event.text("event")
            if name == "exchange":
                exchange = _exchange(event)
                if exchange.id in self.lines:
                    raise event.wrong("id", "an id that no earlier exchange has")
                self.lines[exchange.id] = Line(offset, length, exchange.started)
                if len(self.held) < HELD:
                    self.held[exchange.id] = exchange
            else:
                self.events[name].append(event)
            if name == "planned":
                named = event.named("requirements")
                self.requirements |= {each: _requirement(each, fields) for each, fields in named.items()}
            if not self.events["header"]:
                raise RecordError(f"{event.place}: expected the event header before all others")


def _run(directory: Path, path: Path, read: _Read) -> Run:
    events, lines, held = read.events, dict(read.lines), dict(read.held)
    header = _only(events["header"])
    if header is None:
        raise RecordError(f"{path} holds no events: expected a header first; the run broke off before it began")
    if header.integer("format") != FORMAT:
        raise RecordError(
            f"{header.place}: format is {header.integer('format')}; expected {FORMAT}. "
            "Render it with the version of the suite that made the run"
        )
    suite, target, footer = header.child("suite"), header.child("target"), _only(events["footer"])
    requirements = dict(read.requirements)
    concluded = _results(events["result"])
    of_messages = messages.results(
        [_seen(event) for event in events["observed"]],
        [tally for event in events["tally"] for tally in _tallies(event)],
        requirements,
        header.time("started"),
    )
    return Run(
        directory=directory,
        suite=Suite(suite.text("name"), suite.text("version")),
        python=header.text("python", ""),
        platform=header.text("platform", ""),
        started=header.time("started"),
        profile=header.text("profile"),
        edition=header.optional_text("edition"),
        seed=header.integer("seed"),
        settings=header.child("settings").values,
        target=Target(target.text("url"), _product(target.optional_child("product"))),
        planned=_planned(events["planned"]),
        requirements=requirements,
        exchanges=Recorded(path, lines, held, lambda line, place: _exchange(_fields(line, place))),
        stored=tuple(_stored(event) for event in events["stored"]),
        capabilities=tuple(_capability(event) for event in events["capability"]),
        results=tuple({**{of_message.check: of_message for of_message in of_messages}, **concluded}.values()),
        left=tuple(Left(event.text("study_uid"), event.text("reason", "")) for event in events["left"]),
        cleaned=sum(event.integer("studies") for event in events["cleaned"]),
        footer=_footer(footer) if footer else None,
        left_out=max(
            (event.integer("left_out") for event in events["planned"] if "left_out" in event.values), default=0
        ),
        troubles=tuple(dict.fromkeys(event.text("what") for event in events["trouble"])),
        rules=_rules(header.optional_child("rules")),
        kept=sum(event.integer("studies") for event in events["kept"]),
        baseline=_comparison(events["baseline"][-1]) if events["baseline"] else None,
        load=_load(events["load"][-1]) if events["load"] else None,
    )


def _load(fields: Fields) -> Load:
    bounds, stores, ran = fields.child("bounds"), fields.child("stores"), fields.optional_child("ran")
    left_out = fields.child("left_out")
    late = ("late_in_the_median", "late_in_95_of_100", "latest")
    return Load(
        bounds={name: bounds.seconds(name) for name in bounds.values},
        clients=tuple(
            Client(each.text("name"), each.text("title"), each.text("does")) for each in fields.children("clients")
        ),
        left_out={name: left_out.text(name) for name in left_out.values},
        sent=stores.integer("sent"),
        found=stores.integer("found"),
        seconds=ran.seconds("seconds") if ran else 0.0,
        users=ran.integer("users") if ran else 0,
        ended=ran.text("why") if ran else "",
        gone=ran.flag("gone") if ran else False,
        late=(ran.seconds(late[0]), ran.seconds(late[1]), ran.seconds(late[2])) if ran else (0.0, 0.0, 0.0),
        outcomes={check: _numbers(counts) for check, counts in fields.named("outcomes").items()},
        alone=frozenset(
            (each.text("check"), each.text("requirement"), each.text("code", "")) for each in fields.children("alone")
        ),
    )


def _comparison(fields: Fields) -> Comparison:
    def differences(key: str) -> tuple[Difference, ...]:
        return tuple(
            Difference(
                check=each.text("check"),
                title=each.text("title"),
                requirement=each.text("requirement"),
                code=each.text("code"),
                before=each.text("before"),
                after=each.text("after"),
                what=each.text("what"),
                blame=each.optional_text("blame"),
            )
            for each in fields.children(key)
        )

    return Comparison(
        source=fields.text("source"),
        started=fields.text("started"),
        suite=fields.text("suite"),
        worse=differences("worse"),
        better=differences("better"),
        new=differences("new"),
        unjudged=differences("unjudged"),
        not_asked=fields.integer("not_asked"),
    )


def _rules(fields: Fields | None) -> Rules | None:
    if fields is None:
        return None
    return Rules(
        title=fields.text("title"),
        file=fields.text("file"),
        sha256=fields.text("sha256"),
        shipped=fields.flag("shipped"),
        base=fields.optional_text("base"),
        numbers=_numbers(fields.child("numbers")),
        left_out_of=_numbers(fields.child("left_out_of")),
        rows_left_out=fields.texts("rows_left_out"),
        omissions=tuple(
            Omission(
                each.texts("rows"),
                each.texts("checks"),
                each.text("reason"),
                each.text("link", ""),
                each.text("sure", ""),
            )
            for each in fields.children("omissions")
        ),
        changes=tuple(_change(each) for each in fields.children("changes")),
    )


def _numbers(fields: Fields) -> Mapping[str, int]:
    return {name: fields.integer(name) for name in fields.values}


def _change(fields: Fields) -> Change:
    verdicts = fields.child("verdicts")
    return Change(
        rows=fields.texts("rows"),
        level=fields.optional_text("level"),
        tier=fields.optional_text("tier"),
        verdicts={code: verdicts.text(code) for code in verdicts.values},
        reason=fields.text("reason"),
        link=fields.text("link", ""),
        sure=fields.text("sure", ""),
    )


def _events(path: Path, read: _Read) -> Iterator[Event]:
    try:
        file = path.open("rb")
    except (FileNotFoundError, NotADirectoryError):
        raise RecordError(f"{path} does not exist: expected the directory of a run, which holds {FILE}") from None
    with file:
        file.seek(read.octets)
        yield from _parsed(path, file, read)


def _parsed(path: Path, lines: Iterable[bytes], read: _Read) -> Iterator[Event]:
    for line in lines:
        try:
            fields = _fields(line, f"{path}, line {read.number + 1}")
        except RecordError:
            if not line.endswith(b"\n"):
                return  # torn: the process died while it wrote
            raise
        offset = read.octets
        read.octets, read.number, read.whole = offset + len(line), read.number + 1, line.endswith(b"\n")
        yield fields, offset, len(line)


def _fields(line: bytes, place: str) -> Fields:
    try:
        values = json.loads(line.decode(), parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise RecordError(f"{place}: expected a JSON object in UTF-8 ({error})") from None
    if not isinstance(values, dict):
        raise RecordError(f"{place}: expected a JSON object")
    # JSON can escape a lone surrogate, which no report can hold as UTF-8.
    if _ESCAPED_SURROGATE.search(line):
        values = {key: _well_formed(value) for key, value in values.items()}
    return Fields(values, place)


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _well_formed(value: object) -> object:
    match value:
        case str():
            return value if value.isascii() else _LONE_SURROGATE.sub("\ufffd", value)
        case list():
            return [_well_formed(each) for each in value]
        case dict():
            return {_well_formed(key): _well_formed(each) for key, each in value.items()}
    return value


def _only(events: list[Fields]) -> Fields | None:
    if len(events) > 1:
        raise RecordError(f"{events[1].place}: expected one {events[1].text('event')}; are these two runs in one file?")
    return events[0] if events else None


def _product(fields: Fields | None) -> Product | None:
    if fields is None:
        return None
    return Product(*(fields.text(key, "") for key in ("vendor", "name", "version", "build")))


def _planned(events: list[Fields]) -> tuple[PlannedCheck, ...]:
    checks: dict[str, PlannedCheck] = {}
    for fields in (each for event in events for each in event.children("checks")):
        check = PlannedCheck(
            check=fields.text("check"),
            scenario=fields.text("scenario"),
            title=fields.text("title"),
            requirements=fields.texts("requirements"),
            core=fields.flag("core"),
        )
        checks.setdefault(check.check, check)
    return tuple(checks.values())


def _requirement(name: str, fields: Fields) -> Requirement:
    because = fields.optional_child("because")
    return Requirement(
        id=name,
        clause=fields.text("clause"),
        level=fields.text("level"),
        tier=fields.text("tier", ""),
        service=fields.text("service", ""),
        text=fields.text("text"),
        why=fields.text("why", ""),
        pass_=fields.texts("pass"),
        note=fields.texts("note"),
        deviation=fields.texts("deviation"),
        fail=fields.texts("fail"),
        because={code: because.text(code) for code in because.values} if because else {},
    )


def _exchange(fields: Fields) -> Exchange:
    request, response = fields.child("request"), fields.optional_child("response")
    return Exchange(
        id=fields.text("id"),
        check=sys.intern(check) if (check := fields.optional_text("check")) else check,
        purpose=sys.intern(fields.text("purpose")),
        started=fields.time("started"),
        seconds=fields.seconds("seconds"),
        method=sys.intern(fields.text("method")),
        url=sys.intern(fields.text("url")),
        request=Message(request.pairs("headers"), _body(request)),
        response=_response(response) if response else None,
        error=fields.optional_text("error"),
        retry_of=fields.optional_text("retry_of"),
        wire=_wire(wire) if (wire := fields.optional_child("wire")) else None,
    )


def _wire(fields: Fields) -> Wire:
    return Wire(
        faults=fields.texts("faults"),
        lines=fields.texts("lines"),
        framing=fields.text("framing", ""),
        announced=fields.integer("announced") if "announced" in fields.values else None,
        received=fields.integer("received"),
        after=fields.integer("after"),
        interim=fields.integers("interim"),
    )


def _response(fields: Fields) -> Response:
    return Response(
        headers=fields.pairs("headers"),
        body=_body(fields),
        status=fields.integer("status"),
        reason=fields.text("reason", ""),
        version=fields.text("version", ""),
    )


def _body(message: Fields) -> Body | None:
    fields = message.optional_child("body")
    if fields is None:
        return None
    body = Body(fields.text("sha256", ""), fields.integer("size"), fields.integer("kept"))
    # The digest becomes a file's name.
    if body.kept and not _DIGEST.fullmatch(body.sha256):
        raise fields.wrong("sha256", "64 hexadecimal digits")
    return body


def _stored(fields: Fields) -> Stored:
    return Stored(
        study=fields.text("study"),
        study_uid=fields.text("study_uid"),
        instances=fields.integer("instances"),
        way=fields.optional_text("way"),
        tried=tuple(Attempt(each.text("way"), each.text("reason", "")) for each in fields.children("tried")),
        confirmed=fields.optional_text("confirmed"),
        delay=fields.seconds("delay"),
        reason=fields.text("reason", ""),
        exchanges=fields.texts("exchanges"),
    )


def _capability(fields: Fields) -> Capability:
    return Capability(
        capability=fields.text("capability"),
        state=fields.text("state"),
        declared=None if fields.values.get("declared") is None else fields.flag("declared"),
        reason=fields.text("reason", ""),
        exchanges=fields.texts("exchanges"),
    )


def _seen(fields: Fields) -> Seen:
    passed = fields.text("verdict") == "pass"
    return Seen(fields.text("requirement"), fields.text("observation"), None if passed else _finding(fields))


def _tallies(fields: Fields) -> Iterator[Tally]:
    for name, counts in fields.named("requirements").items():
        yield Tally(name, counts.integer("judged"), counts.integer("at_fault"))


def _results(events: list[Fields]) -> dict[str, Result]:
    results: dict[str, Result] = {}
    for fields in events:
        result = _result(fields)
        earlier = results.get(result.check, result)
        results[result.check] = min(earlier, result, key=lambda each: VERDICTS.index(each.verdict))
    return results


def _result(fields: Fields) -> Result:
    return Result(
        check=fields.text("check"),
        scenario=fields.text("scenario"),
        title=fields.text("title"),
        core=fields.flag("core"),
        requirements=fields.texts("requirements"),
        verdict=_one_of(fields, VERDICTS),
        findings=tuple(_finding(each) for each in fields.children("findings")),
        observed=tuple(
            Observation(each.text("requirement"), each.text("observation")) for each in fields.children("observed")
        ),
        exchanges=fields.texts("exchanges"),
        started=fields.time("started"),
        seconds=fields.seconds("seconds"),
        reason=fields.text("reason", ""),
        blame=fields.optional_text("blame"),
        known=tuple(
            Known(each.text("requirement"), each.text("code"), each.text("reason", ""), each.text("link", ""))
            for each in fields.children("known")
        ),
        messages=_messages(fields.optional_child("messages")),
        included=fields.flag("included") if "included" in fields.values else True,
    )


def _messages(fields: Fields | None) -> Messages | None:
    return Messages(fields.integer("judged"), fields.integer("at_fault")) if fields else None


def _finding(fields: Fields) -> Finding:
    return Finding(
        requirement=fields.text("requirement"),
        code=fields.text("code"),
        observation=fields.text("observation", ""),
        verdict=_one_of(fields, FINDING_VERDICTS),
        where=fields.text("where", ""),
        expected=fields.texts("expected"),
        received=fields.text("received", ""),
        exchange=fields.optional_text("exchange"),
        breaks=fields.flag("breaks", False),
        times=fields.integer("times") if "times" in fields.values else 1,
        pictures=_pictures(fields),
    )


def _pictures(fields: Fields) -> tuple[str, ...]:
    names = fields.texts("pictures")
    if not all(_DIGEST.fullmatch(name) for name in names):
        raise fields.wrong("pictures", "names of bodies, each of 64 hexadecimal digits")
    return names


def _one_of(fields: Fields, verdicts: tuple[str, ...]) -> str:
    verdict = fields.text("verdict")
    if verdict not in verdicts:
        raise fields.wrong("verdict", f"one of {', '.join(verdicts)}")
    return verdict


def _footer(fields: Fields) -> Footer:
    return Footer(
        finished=fields.time("finished"),
        exit=fields.integer("exit"),
        seconds=fields.seconds("seconds"),
        interrupted=fields.flag("interrupted", False),
        stale=tuple(
            Stale(*(each.text(key, "") for key in ("check", "requirement", "code", "reason", "why")))
            for each in fields.children("stale")
        ),
    )
