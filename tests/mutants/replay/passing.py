"""An exchange through the door of a run: the client reads the octets, they are screened, and the observers look."""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from dicomweb_conformance.catalogue import requirements
from dicomweb_conformance.checks.observers import JUDGES, Observers
from dicomweb_conformance.http import urls
from dicomweb_conformance.http.exchanges import Examined, Response
from dicomweb_conformance.http.observed import Course, answer_of
from dicomweb_conformance.http.response_reader import AnswerReader
from dicomweb_conformance.record.recorder import Recorder
from dicomweb_conformance.record.redaction import Redaction
from dicomweb_conformance.service.screening import Screening
from dicomweb_conformance.settings.target import Target
from dicomweb_conformance.transport.client import Client, Request, Streamed
from dicomweb_reports import record
from dicomweb_reports.model import Result
from tests.mutants.replay.message import Message
from tests.mutants.replay.recording import Recording

_HEADER = {
    "event": "header",
    "format": 1,
    "suite": {"name": "replay", "version": "0"},
    "started": "2024-01-15T00:00:00+00:00",
    "profile": "dicom",
    "seed": 1,
    "settings": {},
    "target": {"url": "http://127.0.0.1/dicom-web"},
}


@dataclass(frozen=True)
class Told:
    """One observation of a run record: row and code as `ROW code`, its place, and the verdict of the row."""

    what: str
    where: str
    verdict: str


@dataclass(frozen=True)
class Heard:
    """What a run tells of an exchange: each observation, and the verdict of each row as reports have it."""

    told: tuple[Told, ...]
    results: dict[str, str]

    @property
    def passed(self) -> set[str]:
        """What was observed and speaks against nothing."""
        return {each.what for each in self.told if each.verdict == "pass"}

    @property
    def spoken(self) -> dict[str, str]:
        """What was observed and is no pass, with the first place of each."""
        found: dict[str, str] = {}
        for each in self.told:
            if each.verdict != "pass":
                found.setdefault(each.what, each.where)
        return found


def heard(script: Sequence[Message], recording: Recording, directory: Path) -> Heard:
    """Have a client ask once, and judge what it receives.

    Args:
        script: what the server answers, one after the other: to the first request, to its repetitions, to the requests
            that follow a redirect; the last of them as often as it is asked.
        recording: the run that the exchange comes from: its data, its profile.
        directory: where a run record may go.
    """
    (directory / "run.jsonl").parent.mkdir(parents=True, exist_ok=True)
    (directory / "run.jsonl").write_text(json.dumps(_HEADER) + "\n", encoding="utf-8")
    with closing(Recorder(directory, "main", Redaction())) as recorder:
        _ask(script, recording, recorder)
    run = record.load(directory)
    errors = [f"{result.check}: {result.reason}" for result in run.results if result.verdict == "error"]
    assert not errors, "\n".join(errors)
    return Heard(tuple(_told(directory)), _verdicts(run.results))


def _told(directory: Path) -> list[Told]:
    events = map(json.loads, (directory / "run.jsonl").read_text(encoding="utf-8").splitlines())
    return [
        Told(f"{event['requirement']} {event['code']}", event["where"], event["verdict"])
        for event in events
        if event["event"] == "observed"
    ]


def _verdicts(results: Sequence[Result]) -> dict[str, str]:
    return {result.requirements[0]: result.verdict for result in results}


def _ask(script: Sequence[Message], recording: Recording, recorder: Recorder) -> None:
    own, profile = recording.own, recording.profile
    assert profile is not None
    screening = Screening(own, recording.base_url)
    observers = Observers(JUDGES, requirements.load(), recorder, own.has, profile.has, own.masked)

    def observe(request: Request, response: Response, course: Course) -> None:
        size = len(request.body) if isinstance(request.body, Streamed) else 0
        if not own.holds_malformed(response):
            observers.look(answer_of(response, request.headers, size, course, recording.base_url), response.exchange)

    def examine(_suspect: Response, repeat: object) -> Examined:
        return Examined(repeat(), True)  # type: ignore[operator]  # it sends the request again

    client = Client(
        Target(recording.base_url),
        recorder,
        user_agent="replay",
        screen=screening.screen,
        on_answer=observe,
        pause=lambda _: None,
        examine=examine,
    )
    sent = itertools.chain(script, itertools.repeat(script[-1]))

    def received(request: Request) -> Response:
        return _received(client, request, next(sent))

    with closing(client):
        asked = script[0].asked
        client.exchange(
            asked.method,
            urls.parse(asked.url),
            asked.url,
            asked.headers,
            Streamed(asked.size, lambda: iter(())) if asked.size else None,
            "check",
            received,
            follow=received if asked.method in {"GET", "HEAD"} else None,
        )
    observers.close()


def _received(client: Client, request: Request, message: Message) -> Response:
    """Read a message as if it had come over a connection."""
    reader = client.wire.reader = AnswerReader(request.method, client.wire.body_limit)
    reader.feed(message.octets())
    if message.then == "closes":
        reader.end()
    if reader.ended:
        return client.received(request, "" if reader.status else "the connection was closed without a status line")
    return client.received(
        request, f"TimeoutError: timed out: the exchange was not over after {client.target.timeout:g} s"
    )
