"""One clean run of the reference server, each of its exchanges kept as it was."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from dicomweb_conformance.catalogue.profile import Profile
from dicomweb_conformance.checks.observers import Observers
from dicomweb_conformance.http.observed import Answer
from dicomweb_conformance.run import session
from dicomweb_conformance.run.instruments import Instruments
from dicomweb_conformance.service.ownership import Own
from dicomweb_reference.google import Google
from dicomweb_reference.server import Reference
from tests.mutants.harness import judged
from tests.mutants.replay.message import Asked, Message

_FRAMING_FIELDS = {"content-length", "transfer-encoding"}


@dataclass
class Recording:
    """What a run of a profile exchanged with a server at `base_url`; `own` is what was the run's."""

    base_url: str = ""
    own: Own = field(default_factory=lambda: Own(1))
    profile: Profile | None = None
    messages: list[Message] = field(default_factory=list)


FLAVOURS: dict[str, type[Reference]] = {"dicom": Reference, "google": Google}


def recorded(flavour: str, directory: Path, checks: Collection[str]) -> Recording:
    """Judge a flavour of the reference server, and keep what was exchanged.

    Args:
        flavour: `dicom` or `google`.
        directory: where the run record goes.
        checks: what it is judged by.
    """
    recording = Recording()
    with _listening(recording):
        run = judged(FLAVOURS[flavour](), directory, checks=checks)
    wrong = [
        f"{result.check}: {result.verdict} {result.reason}"
        for result in run.results
        if result.verdict in {"fail", "error"}
    ]
    assert not wrong, "\n".join(wrong)
    return recording


@contextmanager
def _listening(recording: Recording) -> Iterator[None]:
    look, build = Observers.look, session.instruments

    def kept(observers: Observers, answer: Answer, exchange: str) -> None:
        if (message := _message(answer)) is not None:
            recording.messages.append(message)
        look(observers, answer, exchange)

    def built(settings: Any, profile: Profile, *others: Any) -> Instruments:
        tools = build(settings, profile, *others)
        recording.base_url, recording.own, recording.profile = settings.target.url, tools.own, profile
        return tools

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Observers, "look", kept)
        patch.setattr(session, "instruments", built)
        yield


def _message(answer: Answer) -> Message | None:
    """Return an exchange as it was; None where what the observers saw is not all that was sent."""
    facts = answer.facts
    if facts is None or not facts.complete or facts.interim or answer.headers.get("Content-Encoding"):
        return None
    fields = tuple(each for each in answer.headers.fields if each[0].lower() not in _FRAMING_FIELDS)
    asked = Asked(answer.asked.method, answer.asked.url, answer.asked.headers.fields, answer.asked.size)
    return Message(asked, facts.status_line, fields, b"".join(answer.body), facts.framing or "none")  # type: ignore[arg-type]  # one of them by the facts
