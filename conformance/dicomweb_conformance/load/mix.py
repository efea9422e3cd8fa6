"""What users do: requests of the clients in use, and the studies that they are about."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import parse_qsl

from dicomweb_conformance.scenarios.persona.clients import Step, Use, clients
from dicomweb_conformance.scenarios.persona.readings import LEVELS, Subject
from dicomweb_fixtures.entities import Instance, Study

ENTRIES = ("ct_pair", "two_series", "implicit", "four_studies_of_one_patient")
"""Entries of the corpus that users open: small studies with an image each."""
_ANY = "ct_pair"
"""What a request of a client is about where any study will do."""
_READ = ("search", "metadata", "frames", "rendered", "thumbnail", "retrieve")
_OF_PAGES = frozenset({"limit", "offset", "includefield", "fuzzymatching"})
_VAGUE = ("*", "{family}", "{accession}", "{modality}", "{date}")
"""What in a key lets a search find more than it is about."""
_NAMES = {
    "metadata": "load-metadata",
    "frames": "load-frames",
    "files": "load-retrieve",
    "rendered": "load-rendered",
    "thumbnail": "load-thumbnail",
}


@dataclass(frozen=True)
class Asking:
    """One request of a client, and the check that its responses are counted to."""

    client: str
    step: Step
    check: str

    @property
    def id(self) -> str:
        """What tells it from others, for a reader."""
        return f"{self.check[5:]} of {self.client}: {self.step.head.target.partition('?')[0]}"


@dataclass(frozen=True)
class Viewer:
    """A client that reads: what it asks for in the order in which a person opens a study."""

    client: str
    title: str
    asks: tuple[Asking, ...]


@dataclass(frozen=True)
class Modality:
    """A client that stores, and with which request."""

    client: str
    title: str
    step: Step


class UnknownClientError(ValueError):
    """A client that nobody knows; says which are known."""


def _named(only: Collection[str]) -> Mapping[str, Mapping[str, Use]]:
    if unknown := sorted(set(only) - clients().keys()):
        raise UnknownClientError(f"no client is called {', '.join(unknown)}; known are {', '.join(clients())}")
    return {name: uses for name, uses in clients().items() if not only or name in only}


def viewers(only: Collection[str] = ()) -> tuple[Viewer, ...]:
    """Return the clients in use that read, without what they ask for only where something else did not do.

    Args:
        only: the names of those that are wanted; without any all are.

    Raises:
        UnknownClientError: nobody knows one of them.
    """
    found = []
    for name, uses in _named(only).items():
        asks = tuple(
            Asking(name, step, _check(operation, step))
            for operation in _READ
            if operation in uses
            for step in _plain(uses[operation].steps)
        )
        if asks:
            found.append(Viewer(name, next(iter(uses.values())).title, asks))
    return tuple(found)


def modalities(only: Collection[str] = ()) -> tuple[Modality, ...]:
    """Return the clients in use that store several instances in one message.

    Args:
        only: as of `viewers`.

    Raises:
        UnknownClientError: nobody knows one of them.
    """
    storing = ((name, uses["store"]) for name, uses in _named(only).items() if "store" in uses)
    return tuple(Modality(name, use.title, use.steps[0]) for name, use in storing if use.steps[0].before)


def _plain(steps: Sequence[Step]) -> Iterator[Step]:
    for step, after in zip(steps, (*steps[1:], None), strict=True):
        # What follows a link asks for nothing that is known beforehand.
        if not (step.fallback or step.follows or (after and after.follows)):
            yield step


def _check(operation: str, step: Step) -> str:
    if step.reads == "rows":
        return f"load-search-{step.head.target.partition('?')[0].rpartition('/')[2]}"
    return _NAMES.get(step.reads) or _NAMES[operation]


# What requests are about


def needs(wanted: Sequence[Viewer]) -> tuple[str, ...]:
    """Return the entries of the corpus that requests of these clients are about where not any study will do."""
    return tuple(sorted({asking.step.about for viewer in wanted for asking in viewer.asks} - {_ANY}))


@dataclass(frozen=True)
class Shelf:
    """The studies that users open, all of them on the target."""

    studies: tuple[Study, ...]
    special: Mapping[str, Study]

    def subjects(self, step: Step) -> tuple[Subject, ...]:
        """Return what a request of a client may be about: any image, or the one that it needs."""
        if step.about != _ANY:
            study = self.special[step.about]
            return (Subject(study, study.instances[0]),)
        return tuple(Subject(study, each) for study in self.studies for each in study.instances if each.frames)


@dataclass(frozen=True)
class Wanted:
    """What a search lists: the UIDs of a level, and whether just these."""

    level: str
    uids: frozenset[str]
    exactly: bool

    @property
    def tag(self) -> str:
        """Of the unique key."""
        return LEVELS[self.level]


def wanted(step: Step, subject: Subject, shelf: Shelf) -> Wanted | None:
    """Return what a search of a client must list; None where that depends on what else there is, or on a page."""
    path, _, query = step.head.target.partition("?")
    keys = dict(parse_qsl(query, keep_blank_values=True))
    level = {"studies": "study", "series": "series", "instances": "instance"}[path.rpartition("/")[2]]
    named = [value for key, value in keys.items() if key.lower() not in _OF_PAGES]
    told = " ".join((path, *named))
    if not re.search(r"\{\w+\}", told):
        return None
    scope: Sequence[Instance] = subject.study.instances
    if "{study}" not in told and "{patient}" in told:
        scope = [each for study in shelf.studies for each in study.instances if _is_of(study, subject)] or scope
    elif "{instance}" in told:
        scope = [subject.instance]
    elif "{series}" in told:
        scope = [each for each in scope if each.series_instance_uid == subject.instance.series_instance_uid]
    vague = any(mark in told for mark in _VAGUE)
    uids = {Subject(subject.study, each).uid(level) for each in ([subject.instance] if vague else scope)}
    if int(keys.get("offset", 0)) or int(keys.get("limit", len(uids))) < len(uids):
        return None
    return Wanted(level, frozenset(uids), exactly=not vague)


def _is_of(study: Study, subject: Subject) -> bool:
    return study.patient_id == subject.study.patient_id


def frame_numbers(step: Step) -> tuple[int, ...]:
    """Return the frames that a request names, in its order."""
    found = re.search(r"/frames/([\d,]+)", step.head.target)
    return tuple(map(int, found[1].split(","))) if found else (1,)


def on_its_frames(asking: Asking, subject: Subject) -> Subject:
    """Return a subject whose instance has the frames that a request names, of the same study."""
    most = max(frame_numbers(asking.step))
    fitting = (each for each in (subject.instance, *subject.study.instances) if len(each.frames) >= most)
    return replace(subject, instance=next(fitting, subject.instance))
