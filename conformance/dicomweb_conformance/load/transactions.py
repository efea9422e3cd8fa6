"""What is asked under load, and how its responses are judged: by the rows and the comparisons of a run."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from dicomweb_conformance.checks.expect import BUSY, Expectation
from dicomweb_conformance.dicom import json_model, renderings, store_response
from dicomweb_conformance.http.exchanges import Response
from dicomweb_conformance.http.unreadable import UnreadableError
from dicomweb_conformance.load.mix import Asking, Shelf, Wanted, frame_numbers, wanted
from dicomweb_conformance.reading import picture_files
from dicomweb_conformance.reading.picture_files import Samples
from dicomweb_conformance.scenarios.frames.single_frames import is_frame
from dicomweb_conformance.scenarios.persona import using
from dicomweb_conformance.scenarios.persona.clients import Step
from dicomweb_conformance.scenarios.persona.readings import Subject
from dicomweb_conformance.scenarios.steps.pixel_octets import Item, are_frames, decodes_to, items_in, joined
from dicomweb_conformance.scenarios.steps.returned import has_pixels
from dicomweb_conformance.scenarios.steps.wholeness import INSTANCE, covers, has_identifiers, holds_exactly
from dicomweb_conformance.service import resources
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_fixtures.entities import EXPLICIT_VR_LITTLE_ENDIAN, Instance, Series, Study

AT_ONCE = "HTTP-044"
"""The row of what several clients ask at the same time."""
_NATIVE = frozenset({None, EXPLICIT_VR_LITTLE_ENDIAN, "1.2.840.10008.1.2", "*"})


@dataclass(frozen=True)
class Transaction:
    """What responses of one kind are judged by; all of a kind are one result."""

    title: str
    rows: tuple[str, ...]


TRANSACTIONS: Mapping[str, Transaction] = {
    "load-search-studies": Transaction(
        "Search for studies finds just what is stored", (AT_ONCE, "SEARCH-001", "SEARCH-164")
    ),
    "load-search-series": Transaction("Search lists the series of a study", (AT_ONCE, "SEARCH-002")),
    "load-search-instances": Transaction("Search lists the instances that there are", (AT_ONCE, "SEARCH-003")),
    "load-metadata": Transaction(
        "Metadata are those of what was stored", (AT_ONCE, "METADATA-005", "METADATA-012", "METADATA-013")
    ),
    "load-frames": Transaction("Frames have the pixels that were stored", (AT_ONCE, "FRAMES-014")),
    "load-retrieve": Transaction(
        "What is retrieved is what was stored",
        (AT_ONCE, "RETRIEVE-005", "RETRIEVE-006", "RETRIEVE-007", "RETRIEVE-013"),
    ),
    "load-rendered": Transaction("A rendered image is that of its instance", (AT_ONCE,)),
    "load-thumbnail": Transaction("A thumbnail is that of what was asked for", (AT_ONCE,)),
    "load-store": Transaction("A store of many instances succeeds", (AT_ONCE, "STORE-001")),
    "load-stored-search": Transaction("What was stored is found, whole", (AT_ONCE, "STORE-001", "SEARCH-003")),
    "load-stored-metadata": Transaction(
        "What was stored has its metadata", (AT_ONCE, "METADATA-005", "METADATA-012", "METADATA-013")
    ),
    "load-stored-frame": Transaction("What was stored comes back with its pixels", (AT_ONCE, "FRAMES-014")),
}
"""The transactions by the id of their check."""


@dataclass
class Alone:
    """What the target responded while nobody else asked: the pictures, and whose frames have which octets."""

    shelf: Shelf
    pictures: dict[str, Samples] = field(default_factory=dict)
    frames: dict[str, Instance] = field(default_factory=dict)
    studies: list[Study] = field(default_factory=list)

    def __post_init__(self) -> None:
        for study in (*self.shelf.studies, *self.shelf.special.values()):
            self.know(study)

    def know(self, study: Study) -> None:
        """Note a study that users may ask for, and its frames by their digests."""
        self.studies.append(study)
        for instance in study.instances:
            for frame in instance.frames:
                self.frames.setdefault(_digest(frame), instance)


def ask(dicomweb: StudiesService, step: Step, subject: Subject) -> Response:
    """Send a request as a client does, over a connection that may be kept."""
    filled = step.head.filled(using.places(subject))
    fields = [(name, value) for name, value in filled.fields if name.lower() not in {"host", "connection"}]
    return dicomweb.get_url(f"{dicomweb.base_url}{filled.target}", headers=fields)


def is_answered(it: Expectation, accepted: Sequence[int]) -> None:
    """Go on with a response of a status with which a client goes on; what is asked here succeeds alone."""
    status = it.response.status
    if status in accepted and not it.response.error:
        return
    if status in BUSY:
        it.observes("put-off-while-others-ask", received=it.status_line, of=AT_ONCE)
    elif status and not it.response.exceeded and "timed out" not in it.response.error:
        it.observes("fails-beside-others", expected=["as alone"], received=it.status_line, of=AT_ONCE)
    it.concludes()


def judge(it: Expectation, asking: Asking, subject: Subject, alone: Alone) -> None:
    """Judge a response to what a client asked for."""
    step = asking.step
    is_answered(it, step.status)
    match step.reads:
        case "rows":
            _rows(it, wanted(step, subject, alone.shelf), subject, alone)
        case "metadata":
            is_its_own(it, subject.study, alone)
            metadata_of(it, _resource(step, subject))
        case "frames":
            frames_of(it, subject.instance, frame_numbers(step), alone)
        case "files":
            is_its_own(it, subject.study, alone)
            _files(it, _resource(step, subject))
        case _:
            _picture(it, step, subject, alone)


def _resource(step: Step, subject: Subject) -> Study | Series | Instance:
    target = step.head.target
    if "{instance}" in target:
        return subject.instance
    if "{series}" not in target:
        return subject.study
    uid = subject.instance.series_instance_uid
    return next(each for each in subject.study.series if each.uid == uid)


def is_its_own(it: Expectation, study: Study, alone: Alone) -> None:
    """Report a response that is about another study, and end the block."""
    body = it.response.body
    if not body or study.study_instance_uid.encode() in body:
        return
    for other in alone.studies:
        if other.study_instance_uid.encode() in body:
            it.observes(
                "answer-to-another-client",
                expected=[study.study_instance_uid],
                received=other.study_instance_uid,
                of=AT_ONCE,
            )
            it.concludes()


def _rows(it: Expectation, what: Wanted | None, subject: Subject, alone: Alone) -> None:
    matches = it.is_a_list_of_matches(of=AT_ONCE)
    if what is None:
        return
    is_its_own(it, subject.study, alone)
    uids = matches.uids(what.tag)
    missing = sorted(what.uids - set(uids))
    row, lost, other = {
        "study": ("SEARCH-001", "not-found-although-retrievable", ""),
        "series": ("SEARCH-002", "series-missing-doubled-or-foreign", "series-missing-doubled-or-foreign"),
        "instance": ("SEARCH-003", "instances-missing-doubled-or-foreign", "instances-missing-doubled-or-foreign"),
    }[what.level]
    expected = [f"{len(what.uids)}: {', '.join(sorted(what.uids)[:8])}"]
    said = f"{len(uids)} of this run" + (f", {matches.foreign} that are not" if matches.foreign else "")
    if missing:
        it.observes(lost, expected=expected, received=f"{said}; missing {', '.join(missing[:8])}", of=row)
    surplus = sorted(set(uids) - what.uids) if what.exactly else []
    if surplus or (what.exactly and matches.foreign):
        quote, of = (other, row) if other else ("something-else-is-listed", "SEARCH-164")
        it.observes(quote, expected=expected, received=f"{said}; too many {', '.join(surplus[:8])}", of=of)
    if len(uids) > len(set(uids)):
        quote, of = (other, row) if other else ("listed-twice", "SEARCH-164")
        it.observes(quote, expected=["each once"], received=said, of=of)


def metadata_of(it: Expectation, resource: Study | Series | Instance) -> None:
    """Judge metadata: that they cover what was asked for, and name each instance as it was stored."""
    whole = Series((resource,)) if isinstance(resource, Instance) else resource
    stored = {instance.sop_instance_uid: instance for instance in whole.instances}
    for found in covers(it, whole, of="METADATA-005"):
        instance = stored.get(json_model.text(found, INSTANCE))
        if instance is not None:
            has_identifiers(it, instance, found, of="METADATA-012")


def _files(it: Expectation, resource: Study | Series | Instance) -> None:
    if not it.response.content_type.lower().startswith("multipart/"):
        return  # a client that asks for one file takes it as it is, and the observers look at it
    row = {Study: "RETRIEVE-005", Series: "RETRIEVE-006"}.get(type(resource), "RETRIEVE-007")
    if isinstance(resource, Instance):
        found = it.is_one_instance(of=row)
        if str(found.get("SOPInstanceUID", "")) != resource.sop_instance_uid:
            it.observes("another-instance", expected=[resource.sop_instance_uid], of=row)
        elif resource.frames:
            has_pixels(
                it,
                resource,
                found,
                differ="lossless-pixels-differ",
                missing="pixel-data-missing-or-empty",
                of="RETRIEVE-013",
            )
        return
    level = "study" if isinstance(resource, Study) else "series"
    holds_exactly(it, resource.instances, foreign=f"instance-of-another-{level}", of=row)


def frames_of(it: Expectation, instance: Instance, numbers: Sequence[int], alone: Alone) -> None:
    """Judge frames: that their octets are those that were stored, by their digests, or decode to them."""
    items = items_in(it, of="FRAMES-014")
    stored = tuple(instance.frames[number - 1] for number in numbers)
    if are_frames(items, stored):
        return
    owners = [alone.frames.get(_digest(item.octets)) for item in items]
    if others := [owner for owner in owners if owner is not None and owner is not instance]:
        it.observes(
            "answer-to-another-client",
            expected=[f"frames of {resources.path(instance)}"],
            received=f"a frame of {resources.path(others[0])}",
            of=AT_ONCE,
        )
    elif len(items) == len(numbers) and all(_shows(*each, instance) for each in zip(items, numbers, strict=True)):
        return
    else:
        is_frame(it, joined(items), b"".join(stored), of="FRAMES-014")


def _shows(item: Item, number: int, instance: Instance) -> bool:
    syntax = item.transfer_syntax
    return syntax not in _NATIVE and decodes_to(item.octets, syntax or "", instance, number)


def _picture(it: Expectation, step: Step, subject: Subject, alone: Alone) -> None:
    """Judge a rendered image by what the target gave while nobody else asked; the first one is that."""
    key = step.head.filled(using.places(subject)).target
    try:
        found = picture_files.read(it.response.body).samples
    except UnreadableError as error:
        it.cannot_read(error, "an image", of=AT_ONCE)
    before = alone.pictures.setdefault(key, found)
    if renderings.difference(found, before) > _ANOTHER:
        of_another = any(renderings.difference(found, each) <= _ANOTHER for each in alone.pictures.values())
        quote = "answer-to-another-client" if of_another else "fails-beside-others"
        it.observes(quote, expected=["the image that came alone"], received="another image", of=AT_ONCE)


_ANOTHER = 6.0
"""Mean difference of samples, of 255, up to which two renderings are one picture."""


# Stores


def store(dicomweb: StudiesService, step: Step, study: Study) -> Response:
    """Store all instances of a study in one message, framed as a client does."""
    pieces = []
    for number, instance in enumerate(study.instances):
        before = step.before.replace("{size}", str(len(instance.part10)))
        line = "\r\n" if number and not before.startswith("\r\n") else ""
        pieces += [line.encode(), before.encode(), instance.part10]
    body = b"".join((*pieces, step.after.encode()))
    fields = [
        (name, value)
        for name, value in step.head.fields
        if name.lower() not in {"host", "connection", "content-length", "transfer-encoding", "content-type", "accept"}
    ]
    named = {name.lower(): value for name, value in step.head.fields}
    return dicomweb.store_payload(
        named["content-type"], body, study.instances, accept=named.get("accept"), headers=fields
    )


def judge_store(it: Expectation, study: Study, alone: Alone) -> None:
    """Judge the response to a store: that all of it succeeds, as it does alone, and that it is told of nothing else."""
    is_answered(it, (200, 202))
    answer = store_response.of_body(it.response.body)
    if answer is None:
        return
    ours = {instance.sop_instance_uid for instance in study.instances}
    if answer.stored_uids and not ours & set(answer.stored_uids):
        it.observes("answer-to-another-client", expected=[study.study_instance_uid], of=AT_ONCE)
    elif answer.failed or answer.other_failures:
        said = f"{len(answer.stored)} stored, {len(answer.failed) + len(answer.other_failures)} failed"
        it.observes("fails-beside-others", expected=[f"{len(ours)} stored"], received=said, of=AT_ONCE)
    alone.know(study)


def lists_all(it: Expectation, series: Series) -> bool:
    """Tell whether a search for the instances of a series lists all of them; what it lists beside them is reported."""
    is_answered(it, (200, 204, 404))
    if it.response.status == 404:
        return False
    uids = it.is_a_list_of_matches(of="SEARCH-003").uids(INSTANCE)
    ours = {instance.sop_instance_uid for instance in series.instances}
    if set(uids) - ours or len(uids) > len(set(uids)):
        it.observes("instances-missing-doubled-or-foreign", expected=[f"{len(ours)} instances"], of="SEARCH-003")
    return ours <= set(uids)


def is_lost(it: Expectation, series: Series) -> None:
    """Report that what a store took is not to be found, whole, within the grace time."""
    it.observes(
        "2xx-and-one-of-two-missing",
        expected=[f"all {len(series.instances)} instances"],
        received=it.status_line,
        of="STORE-001",
    )


def _digest(octets: bytes) -> str:
    return hashlib.sha256(octets).hexdigest()
