"""What checks of malformed payloads share: sending a family of them, and looking at what became of each.

A family is sent payload by payload and looked at together, once a good sibling that was sent last has become visible.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from importlib.resources import files

from dicomweb_conformance.archive.contents import Archive
from dicomweb_conformance.checks.expect import BUSY
from dicomweb_conformance.checks.judgement import NotAsked
from dicomweb_conformance.dicom import json_model, store_response
from dicomweb_conformance.http import multipart
from dicomweb_conformance.http.exchanges import Response
from dicomweb_conformance.http.unreadable import UnreadableError
from dicomweb_conformance.reading import part10_files
from dicomweb_conformance.scenarios.steps.storing import AS_STORED, names_nothing
from dicomweb_conformance.service import resources
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_fixtures.entities import Instance
from dicomweb_fixtures.fresh import Fresh
from dicomweb_fixtures.payloads import malformed
from dicomweb_fixtures.payloads.malformed.payload import Malformed

_SOP_INSTANCE_UID, _PIXEL_DATA = 0x00080018, 0x7FE00010
SENT_BY_OTHERS = {
    "no_boundary_parameter": "store-without-boundary",
    "boundary_of_another_body": "store-broken-multipart[boundary-that-never-occurs]",
    "cut_in_a_part": "store-broken-multipart[cut-off]",
    "only_a_closing_delimiter": "store-nothing[multipart-without-parts]",
    "empty_body": "store-nothing[no-body]",
    "missing_study_instance_uid": "store-without-study-uid",
    "missing_part": "store-json-missing-part",
    "object_in_place_of_an_array": "store-json-bare-object",
    "extra_part": "store-bulk-unreferenced[json]",
    "no_reference_to_the_part": "store-bulk-unreferenced[json]",
    "rows_not_those_of_the_jpeg": "store-bulk-contradiction[json-rows]",
    "columns_not_those_of_the_jpeg": "store-bulk-contradiction[json-columns]",
    "samples_not_those_of_the_jpeg": "store-bulk-contradiction[json-samples]",
    "jpeg_of_other_rows": "store-bulk-contradiction[json-rows]",
    "jpeg_of_other_columns": "store-bulk-contradiction[json-columns]",
    "jpeg_of_one_component_for_three": "store-bulk-contradiction[json-samples]",
    "jpeg_progressive_as_baseline": "store-bulk-contradiction[json-transfer-syntax-of-the-part]",
    "more_frames_than_the_jpeg_has": "store-bulk-contradiction[json-frames]",
    "jpeg_labelled_as_lossless": "store-bulk-contradiction[json-transfer-syntax-of-the-part]",
    "jpeg_that_is_none": "store-bulk-contradiction[json-no-jpeg]",
}
"""Faults that are in no family, and the check that asks for each, or for what it comes to."""
LAWFUL = {"xml_attribute_without_vr": "PS3.19 Table A.1.5-2 makes vr optional"}
"""Faults that are none in the eyes of the text, and so in no family either."""


@dataclass(frozen=True)
class Family:
    """Faults that a server trips over alike, the row that says what may become of them, and the form of a good one.

    `values`: those that break the rule of a value's VR and nothing else, so that a reader gets what was sent.
    """

    id: str
    requirement: str
    form: str
    faults: tuple[str, ...]
    values: frozenset[str] = frozenset()


def _families() -> Iterator[Family]:
    table = tomllib.loads(files(__package__).joinpath("malformed_families.toml").read_text(encoding="utf-8"))
    for name, row in table.items():
        form = row["form"]
        values = frozenset(row.get("values", ()))
        yield Family(name.removeprefix(f"{form}-"), row["requirement"], form, tuple(row["faults"]), values)


FAMILIES = tuple(_families())


def of_form(form: str) -> tuple[Family, ...]:
    """Return the families whose good sibling is sent in this form."""
    return tuple(family for family in FAMILIES if family.form == form)


@dataclass(frozen=True)
class Kept:
    """What a target holds of a payload.

    Attributes:
        found: it is listed, or answers; nothing else counts where not.
        retrievable: the study comes back.
        readable: so that its files can be read.
        pixels: with Pixel Data in each.
        uids: the SOP Instance UIDs in it.
    """

    found: bool = False
    retrievable: bool = False
    readable: bool = False
    pixels: bool = False
    uids: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Sent:
    """A payload and its answer; `lasts` tells whether what became of it can still be seen."""

    payload: Malformed
    response: Response
    lasts: bool = True

    @property
    def success(self) -> bool:
        """Whether the answer says that something was stored."""
        return 200 <= self.response.status < 300

    @property
    def answered(self) -> bool:
        """Whether there is an answer to be judged: none of a busy target, nor one that broke off."""
        return not self.response.error and self.response.status not in {0, *BUSY}


def sent(dicomweb: StudiesService, family: Family, fresh: Fresh) -> list[Sent]:
    """Store each payload of a family. A target that dies of one may have lost what came before.

    Where several are not answered in time, what was sent is all that can be judged.
    """
    stored: list[Sent] = []
    for name in family.faults:
        payload = malformed.make(name, fresh)
        try:
            response = dicomweb.store_malformed(payload)
        except NotAsked:
            break
        if response.status == 0:
            stored = [Sent(each.payload, each.response, lasts=False) for each in stored]
        stored.append(Sent(payload, response))
    return stored


def kept(dicomweb: StudiesService, archive: Archive, sendings: Sequence[Sent]) -> Iterator[tuple[Sent, Kept]]:
    """Look what a target holds of each payload that can be judged.

    What was answered as a success is waited for, all of it together; for what was refused, enough time has passed.
    """
    looking = dicomweb.for_purpose("confirm")
    judged = [sending for sending in sendings if sending.answered and sending.lasts]
    found = {each.payload.name: _found(looking, each.payload) for each in judged}

    def all_seen() -> bool:
        for each in judged:
            if each.success and not found[each.payload.name]:
                found[each.payload.name] = _found(looking, each.payload)
        return all(found[each.payload.name] for each in judged if each.success)

    archive.time_until(all_seen, cause="malformed data become visible")
    refused = [each.payload for each in judged if not each.success and not found[each.payload.name]]
    dicomweb.lacks(uid for payload in refused for uid in payload.study_uids)
    for each in judged:
        there = found[each.payload.name]
        if each.success and not there:
            yield each, _unlisted(looking, each.payload)
            continue
        dicomweb.found_malformed(set(there) - set(each.payload.study_uids))
        # A result may leave out a UID that is none: what was sent is asked for by those that it was sent with.
        uids = there if any(there) else each.payload.study_uids
        yield each, _retrieved(looking, each.payload, uids) if there else Kept()


def _found(looking: StudiesService, payload: Malformed) -> list[str]:
    """Return the Study Instance UIDs under which something of a payload is there."""
    keys = [("PatientID", patient) for patient in payload.patients] or [
        ("StudyInstanceUID", study) for study in payload.studies
    ]
    for key, value in keys:
        response = looking.search("studies", [(key, value)])
        try:
            matches = json_model.objects(response.body) if response.status == 200 and response.body.strip() else []
        except UnreadableError:
            matches = []
        if matches := [each for each in matches if looking.is_own(each)]:
            return [json_model.text(each, "0020000D") for each in matches]
    return []


def _unlisted(looking: StudiesService, payload: Malformed) -> Kept:
    """Return what is there of a payload that no search by its Patient ID lists.

    What is malformed need not match the key that it was sent with, and what is retrieved was not lost.
    """
    there = _retrieved(looking, payload, payload.study_uids)
    return there if there.retrievable else Kept()


def _retrieved(looking: StudiesService, payload: Malformed, study_uids: Sequence[str]) -> Kept:
    """Return what comes back of a payload: under the first of these UIDs that leads to it, or of an instance alone.

    That no study is retrieved is told by the plainest retrieves.
    """
    # No path leads to what lacks a UID.
    studies = [resources.study(uid) for uid in study_uids if uid]
    alone = [each for each in payload.may_store if each.series_instance_uid and each.sop_instance_uid]
    places: tuple[str | Instance, ...] = (*studies, *alone)
    each_kept = (_resource_retrieved(looking, each) for each in places)
    return next((each for each in each_kept if each.retrievable), Kept(found=True))


def _resource_retrieved(looking: StudiesService, resource: str | Instance) -> Kept:
    response = looking.retrieve(resource, accept=AS_STORED)
    if response.status in {400, 406}:
        response = looking.retrieve(resource)
    if response.status != 200 or response.error:
        return Kept(found=True)
    try:
        parts = multipart.parts_of(response.content_type, response.body)
        # What was sent malformed may come back as it was sent: a value that is none of its VR is not what counts here.
        retrieved = [part10_files.read_apart(part.body) for part in parts]
    except UnreadableError:
        return Kept(found=True, retrievable=True)
    uids = frozenset(each.get(_SOP_INSTANCE_UID, b"").rstrip(b"\0 ").decode("latin-1") for each in retrieved)
    pixels = all(each.get(_PIXEL_DATA) for each in retrieved)
    return Kept(found=True, retrievable=True, readable=True, pixels=pixels, uids=uids)


class Outcome(Enum):
    """What became of a payload, and whether the answer told."""

    REFUSED = auto()
    REPORTED = auto()
    LISTED_AMONG_OTHERS = auto()
    NOT_SAID = auto()
    WARNED = auto()
    BORNE = auto()
    MISSING = auto()
    WITHOUT_PIXELS = auto()
    UNREADABLE = auto()
    LISTED_ALL_THE_SAME = auto()
    HIDDEN = auto()
    BROKEN = auto()
    OTHER = auto()


def outcome(it: Sent, there: Kept) -> Outcome:
    """Tell what became of a payload by its answer and by what is there."""
    status, said = it.response.status, store_response.of_body(it.response.body)
    listed = bool(said and there.uids & set(said.stored_uids))
    if status == 501 and not there.found:
        return Outcome.NOT_SAID
    if it.success:
        if not (said and (said.failed or said.other_failures)):
            return _of_success(said, there)
        return Outcome.LISTED_AMONG_OTHERS if listed else Outcome.HIDDEN if there.found else Outcome.REPORTED
    if not 400 <= status < 500 and status != 501:
        return Outcome.BROKEN if status >= 500 else Outcome.OTHER
    return Outcome.LISTED_ALL_THE_SAME if listed else Outcome.HIDDEN if there.found else Outcome.REFUSED


def is_passed_over(it: Sent, there: Kept) -> bool:
    """Tell whether a payload is lost behind a success that names nothing."""
    return outcome(it, there) is Outcome.MISSING and not there.found and names_nothing(it.response)


def _of_success(said: store_response.StoreAnswer | None, there: Kept) -> Outcome:
    named = set(said.stored_uids) - {""} if said else set()
    if not there.retrievable:
        return Outcome.MISSING
    if not there.readable:
        return Outcome.UNREADABLE
    if named and not named & there.uids:
        return Outcome.MISSING
    if said and said.warns:
        return Outcome.WARNED
    return Outcome.BORNE if there.pixels else Outcome.WITHOUT_PIXELS


_EITHER = {
    Outcome.REFUSED: "4xx-nothing-stored",
    Outcome.REPORTED: "2xx-with-a-failure-item-nothing-stored",
    Outcome.NOT_SAID: "204-or-501-nothing-stored",
    Outcome.BROKEN: "5xx-other-than-501",
}
_STORED = Outcome.BORNE, Outcome.MISSING, Outcome.WITHOUT_PIXELS, Outcome.UNREADABLE
UNREADABLE = _EITHER | {
    Outcome.WARNED: "202-warned-and-something-there",
    Outcome.HIDDEN: "refused-and-something-of-it-is-there",
    Outcome.LISTED_ALL_THE_SAME: "refused-and-something-of-it-is-there",
    Outcome.LISTED_AMONG_OTHERS: "refused-and-something-of-it-is-there",
    **dict.fromkeys(_STORED, "2xx-that-reports-no-failure"),
}
"""The words of rows whose payloads no server can make an instance of."""
BEARABLE = _EITHER | {
    Outcome.WARNED: "202-with-a-warningreason-and-it-is-there",
    Outcome.BORNE: "2xx-without-warningreason-and-it-there",
    Outcome.WITHOUT_PIXELS: "2xx-without-warningreason-and-it-there",
    Outcome.MISSING: "2xx-reports-no-failure-and-it-not-there",
    Outcome.UNREADABLE: "2xx-and-what-comes-back-cannot-be-read",
    Outcome.HIDDEN: "refused-and-it-is-there",
    Outcome.LISTED_ALL_THE_SAME: "refused-and-it-is-there",
    Outcome.LISTED_AMONG_OTHERS: "2xx-without-warningreason-and-it-there",
}
"""The words of rows whose payloads a server may bear with."""
WORDS: Mapping[str, Mapping[Outcome, str]] = {
    "STORE-012b": UNREADABLE,
    "STORE-013b": BEARABLE,
    "STORE-013c": _EITHER
    | {
        Outcome.LISTED_AMONG_OTHERS: "2xx-failure-told-whole-ones-there",
        Outcome.LISTED_ALL_THE_SAME: "4xx-whose-module-lists-what-is-there",
        Outcome.HIDDEN: "refused-and-something-there-untold",
        **dict.fromkeys((Outcome.WARNED, *_STORED), "2xx-that-reports-no-failure"),
    },
    "STORE-016b": {
        Outcome.REFUSED: "4xx-for-garbage-alone",
        Outcome.HIDDEN: "a-new-instance-appears-that-was-not-sent",
    },
    "STORE-016c": UNREADABLE,
    "STORE-016d": BEARABLE,
    "STORE-016e": BEARABLE,
    "STORE-016f": BEARABLE,
    "STORE-047c": BEARABLE,
    "STORE-048d": BEARABLE | {Outcome.WITHOUT_PIXELS: "2xx-and-it-there-without-pixel-data"},
    "STORE-048e": BEARABLE,
}
"""How each row says what became of a payload."""
_GARBAGE = {200: "200-for-either-request", 202: "202-for-garbage-alone", 204: "204-with-nothing-stored"}


def words(family: Family, it: Sent, there: Kept) -> str:
    """Return what the row of a family calls it; empty where it has no word for it."""
    came = outcome(it, there)
    if came is Outcome.BORNE and it.payload.name in family.values:
        return "values-kept-as-they-were-sent"
    said = WORDS[family.requirement].get(came, "")
    return _GARBAGE.get(it.response.status, said) if family.requirement == "STORE-016b" else said


def names(sendings: Sequence[Sent]) -> str:
    """Return the faults of these payloads, for a reader."""
    return ", ".join(sending.payload.name for sending in sendings)
