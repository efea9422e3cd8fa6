"""Judging exchanges that somebody else made, by the requirements of scope "message": no server is asked anything."""

from __future__ import annotations

import hashlib
import platform
import re
import shutil
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from dicomweb_conformance.catalogue.profile import Profile, load_profile
from dicomweb_conformance.checks.observers import JUDGES, IsOwn, Judge, Observers
from dicomweb_conformance.http.exchanges import Headers
from dicomweb_conformance.http.observed import Answer, Asked
from dicomweb_conformance.reading import har_files
from dicomweb_conformance.reading.har_files import Captured
from dicomweb_conformance.record.recorder import Recorder, now
from dicomweb_conformance.record.redaction import Redaction
from dicomweb_conformance.run import coverage, message_results, planning, profile_facts, report_directory
from dicomweb_conformance.service.masking import Masking
from dicomweb_conformance.validators.http import coding, framing, statuses
from dicomweb_conformance.validators.observation import Observation, Stumble
from dicomweb_reports import record, summary
from dicomweb_reports.evidence import named
from dicomweb_reports.messages import SCENARIO, check_id
from dicomweb_reports.model import Result, Run
from dicomweb_reports.summary import NOT_INCLUDED
from dicomweb_reports.write import Unwritten, write_reports

NOT_SHOWN = (frozenset(framing.OWNED) - {"HTTP-003"}) | frozenset(coding.OWNED)
"""Requirements of how messages are framed and coded: a HAR has them unwrapped."""
_OF_THE_HEAD = frozenset({"HTTP-003", *statuses.OWNED})
"""Those that need no body, where the file has left it out."""
_SERVICE = re.compile(r"(https?://[^/?#\s]+(?:/[^?#\s]*?)?)/studies(?=[/?#]|$)")
_UNSHOWN = "not judged: a HAR does not show how messages are framed and coded"
_UNSEEN = "not judged: no exchange of the file shows anything of it"
_RESOURCES = ("/studies", "/series", "/instances")


class CapturedError(ValueError):
    """A file whose exchanges cannot be judged; says why and what to do."""


@dataclass(frozen=True)
class Judged:
    """What became of a file.

    Attributes:
        run: as the reports tell it.
        exchanges: how many were judged.
        base_url: of the Studies Service that they were sent to.
        left_out: how many were not judged, by reason.
        unwritten: reports that could not be written.
        status: 0, 1 where a requirement is not met or the suite stumbled, 5 where nothing was judged.
    """

    run: Run
    exchanges: int
    base_url: str
    left_out: Counter[str]
    unwritten: tuple[Unwritten, ...]
    status: int


def judge(file: Path, directory: Path, version: str, profile: str, url: str, *, with_values: bool) -> Judged:
    """Judge the exchanges in a HAR and write the reports.

    Args:
        file: the HAR.
        directory: takes record and reports.
        version: of the suite.
        profile: the name of a profile, or its file.
        url: the base URL of the Studies Service; "" for that of most exchanges.
        with_values: whether what the exchanges say of patients may stand in record and reports.

    Raises:
        HarError: the file is no HAR.
        CapturedError: nothing in it was sent to a Studies Service.
        ProfileError: there is no such profile.
        NoReportDirectoryError: the directory cannot take a report.
    """
    began = time.monotonic()
    judging = replace(load_profile(profile), judges=coverage.is_judged)
    archive = har_files.read(file)
    base_url = url.rstrip("/") or _most_used(archive.exchanges, file)
    left_out: Counter[str] = Counter({"no exchange": archive.unreadable} if archive.unreadable else {})
    there = [exchange for exchange in archive.exchanges if _is_of_service(exchange, base_url, left_out)]
    if not there:
        raise CapturedError(f"{file} holds no exchange with {base_url}: --url=URL names another Studies Service")
    with ExitStack() as closing:
        report_directory.take(directory, closing)
        report_directory.clear(directory)
        recorder = Recorder(directory, "har", Redaction())
        closing.callback(recorder.close)
        recorder.event("header", **_header(file, base_url, version, judging, with_values=with_values))
        _plan(recorder, judging)
        _look(there, base_url, recorder, judging, with_values=with_values)
        of_messages = record.load(directory)
        for result in (*message_results.settled(of_messages, ()), *_not_judged(of_messages)):
            message_results.record_result(recorder, result)
        status = _status(record.load(directory))
        recorder.event(
            "footer",
            finished=now(),
            exit=status,
            seconds=round(time.monotonic() - began, 3),
            interrupted=False,
            stale=[],
        )
        written = write_reports(directory)
        shutil.rmtree(directory / report_directory.STATE, ignore_errors=True)
    return Judged(written.run, len(there), base_url, left_out, written.unwritten, status)


def _most_used(exchanges: Iterable[Captured], file: Path) -> str:
    bases = Counter(
        found[1] for exchange in exchanges if not _is_page(exchange) and (found := _SERVICE.match(exchange.url))
    )
    if not bases:
        raise CapturedError(
            f"{file} holds no request for a resource below /studies: expected exchanges with a DICOMweb server; "
            "--url=URL names the base URL of its Studies Service"
        )
    return bases.most_common(1)[0][0]


def _is_page(exchange: Captured) -> bool:
    """Tell whether a person navigated there: user interfaces have paths with studies in them, too."""
    return (exchange.sent.get("Accept") or "").lstrip().startswith("text/html")


def _is_of_service(exchange: Captured, base_url: str, left_out: Counter[str]) -> bool:
    below = exchange.url.removeprefix(base_url)
    if below == exchange.url or not re.match(rf"(?:{'|'.join(_RESOURCES)})(?=[/?#]|$)", below):
        left_out["of no Studies Service at that URL"] += 1
    elif _is_page(exchange):
        left_out["a page that a person looked at"] += 1
    elif exchange.status == 0:
        left_out["without a response"] += 1
    elif exchange.method == "OPTIONS":
        left_out["a question of a browser's before a request (CORS)"] += 1
    else:
        return True
    return False


def _header(file: Path, base_url: str, version: str, profile: Profile, *, with_values: bool) -> dict[str, Any]:
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    return {
        "format": 1,
        "suite": {"name": "dicomweb-conformance", "version": version},
        "python": platform.python_version(),
        "platform": platform.platform(),
        "started": now(),
        "profile": profile.name,
        "rules": profile_facts.facts(profile),
        "edition": None,
        "seed": 0,
        "settings": {"url": base_url, "captured": digest, "with_values": with_values},
        "target": {"url": base_url, "product": None},
    }


def _plan(recorder: Recorder, profile: Profile) -> None:
    rows = [row for row in profile.rows.values() if row.scope == "message" and profile.has(row)]
    recorder.event(
        "planned",
        checks=[],
        requirements={row.id: planning.written(row) for row in rows},
        left_out=len(profile_facts.taken(profile, list(coverage.checks()))),
    )


def _look(
    exchanges: Iterable[Captured], base_url: str, recorder: Recorder, profile: Profile, *, with_values: bool
) -> None:
    masking = Masking(base_url)
    own: IsOwn = (lambda _: True) if with_values else (lambda _: False)
    masked = (lambda text: text) if with_values else masking.text
    judges = tuple(_as_shown(each) for each in JUDGES)
    observers = Observers(judges, profile.rows, recorder, own, profile.has, masked)
    for exchange in exchanges:
        name = recorder.next_exchange()
        _record(exchange, name, recorder, None if with_values else masking)
        observers.look(_answer(exchange, base_url, proved=with_values), name)
    observers.close()


def _as_shown(judge: Judge) -> Judge:
    """Return a judge that is silent on what a HAR does not show."""

    def shown(answer: Answer, own: IsOwn) -> Iterator[Observation | Stumble]:
        lacks_body = answer.broken and not answer.body
        for each in judge(answer, own):
            if isinstance(each, Stumble) or (
                each.requirement in _OF_THE_HEAD if lacks_body else each.requirement not in NOT_SHOWN
            ):
                yield each

    return shown


def _answer(exchange: Captured, base_url: str, *, proved: bool) -> Answer:
    path, _, query = exchange.url.removeprefix(base_url).partition("#")[0].partition("?")
    return Answer(
        asked=Asked(exchange.method, path.strip("/"), query, exchange.url, exchange.sent, exchange.size),
        status=exchange.status,
        headers=exchange.headers,
        body=(exchange.body,) if exchange.body else (),
        coded=False,
        broken=not exchange.whole,
        proved=proved,
    )


def _record(exchange: Captured, name: str, recorder: Recorder, masking: Masking | None) -> None:
    def fields(headers: Headers, *, of_request: bool) -> list[tuple[str, str]]:
        shown = masking.fields(headers.fields, of_request=of_request) if masking else headers.fields
        return recorder.headers(shown)

    recorder.event(
        "exchange",
        id=name,
        check=None,
        purpose="captured",
        started=exchange.started,
        seconds=round(exchange.seconds, 4),
        method=exchange.method,
        url=masking.url(exchange.url) if masking else exchange.url,
        request={
            "headers": fields(exchange.sent, of_request=True),
            "body": {"sha256": "", "size": exchange.size, "kept": 0} if exchange.size else None,
        },
        response={
            "status": exchange.status,
            "reason": exchange.reason if masking is None else "",
            "version": exchange.version,
            "headers": fields(exchange.headers, of_request=False),
            "body": recorder.body(None if masking else exchange.body, exchange.length),
        },
        error=None if exchange.whole else "the file does not hold the whole body",
    )


def _not_judged(run: Run) -> Iterator[Result]:
    """Yield a result for each requirement that the file shows nothing of."""
    seen = {name for result in run.results for name in result.requirements}
    for name, row in run.requirements.items():
        if name not in seen:
            yield Result(
                check=check_id(name),
                scenario=SCENARIO,
                title=row.text,
                core=False,
                requirements=(name,),
                verdict="not-applicable",
                findings=(),
                observed=(),
                exchanges=(),
                started=run.started,
                seconds=0.0,
                reason=_UNSHOWN if name in NOT_SHOWN else _UNSEEN,
                blame=None,
                known=(),
                included=False,
            )


def _status(run: Run) -> int:
    number = summary.counts(run)
    if number["fail"] or number["error"]:
        return 1
    return 0 if any(number[each] for each in ("pass", "note", "deviation")) else 5


def lines(judged: Judged) -> Iterator[str]:
    """Tell what became of a file: what is at fault, with an exchange that shows it, and what was not judged."""
    run = judged.run
    yield f"{judged.exchanges:,} exchanges with {judged.base_url} judged by profile {run.profile}; no server was asked"
    yield from (f"not judged, {many:,} x: {why}" for why, many in judged.left_out.most_common())
    for result in run.results:
        if result.verdict == "error":
            yield f"error {result.check}: {result.reason.partition(chr(10))[0]}"
        for finding in result.findings if result.verdict in {"fail", "deviation"} else ():
            exchange = run.exchanges.get(finding.exchange or "")
            request = f"; {exchange.method} {exchange.url} ({exchange.id})" if exchange else ""
            yield f"{finding.verdict} {result.check} {finding.code}: {named(finding)}{request}"
    number = summary.counts(run)
    shown = ", ".join(
        f"{number[outcome]:,} {outcome}" for outcome in summary.OUTCOMES if number[outcome] and outcome != NOT_INCLUDED
    )
    yield f"{shown or 'nothing'}; {number[NOT_INCLUDED]:,} requirements not judged, as the file shows nothing of them"
    if run.settings.get("with_values") is not True:
        yield "what the exchanges say of patients is left out of the reports; --with-values puts it in"
    over_all = summary.overall(run)
    yield f"{over_all.verdict.capitalize()}: {over_all.reason}"
