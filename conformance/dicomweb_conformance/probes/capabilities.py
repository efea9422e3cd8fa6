"""What the target offers.

Absent is not broken: a capability is absent only by a clean refusal beside a control that works.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path

from filelock import FileLock

from dicomweb_conformance.archive.contents import shows
from dicomweb_conformance.catalogue.profile import Profile
from dicomweb_conformance.dicom import json_model
from dicomweb_conformance.http import media_types, multipart
from dicomweb_conformance.http.exchanges import Response
from dicomweb_conformance.http.unreadable import TooLargeError, UnreadableError
from dicomweb_conformance.reading import picture_files
from dicomweb_conformance.record import disk
from dicomweb_conformance.record.recorder import Recorder
from dicomweb_conformance.service import bulk_data, resources
from dicomweb_conformance.service.absence import CLEAN_REFUSALS, declines_xml
from dicomweb_conformance.service.studies_service import StudiesService
from dicomweb_conformance.settings.target import Target
from dicomweb_conformance.validators import operations
from dicomweb_fixtures.entities import Instance, Study
from dicomweb_fixtures.fresh import Fresh
from dicomweb_fixtures.identifiers import Branch
from dicomweb_fixtures.payloads import json_bulk, xml_bulk
from dicomweb_fixtures.payloads.json_bulk import Payload
from dicomweb_fixtures.payloads.xml_bulk import XmlPayload

_STORED_OR_WARNED = frozenset({200, 202})
_MULTIPART_XML = media_types.multipart_related(media_types.DICOM_XML)
_NATIVE = b"NativeDicomModel"


class State(StrEnum):
    """Whether a capability is there."""

    OFFERED = "offered"
    ABSENT = "absent"
    BROKEN = "broken"


@dataclass(frozen=True)
class Capability:
    """What was found out about one capability."""

    capability: str
    state: State
    declared: bool | None
    reason: str
    exchanges: tuple[str, ...] = ()


# A response, or why nothing is asked for here: in a state that is known without.
Probe = Callable[[StudiesService, Study], "Response | _Unasked"]
Proof = Callable[[Response, Study], bool]


@dataclass(frozen=True)
class _Unasked:
    """What is known of a capability without a request for it."""

    state: State
    reason: str


@dataclass(frozen=True)
class _Question:
    """How a capability is looked for.

    A request on a study that is known to be there, and what proves that it was answered. `declines` tells a 200 that
    says no as cleanly as a refusal.
    """

    owner: str
    probe: Probe
    proof: Proof
    refusals: frozenset[int] = CLEAN_REFUSALS
    answers: frozenset[int] = frozenset({200})
    declines: Callable[[Response], bool] = lambda _: False


def _rows(tag: str, uids: Callable[[Study], set[str]]) -> Proof:
    def proof(response: Response, study: Study) -> bool:
        try:
            return uids(study) <= {json_model.text(each, tag) for each in json_model.objects(response.body)}
        except UnreadableError:
            return False

    return proof


def _study(study: Study) -> set[str]:
    return {study.study_instance_uid}


def _series(study: Study) -> set[str]:
    return {study.series[0].uid}


def _instance(study: Study) -> set[str]:
    return {study.instances[0].sop_instance_uid}


def _pixel_data(accept: str) -> Probe:
    def probe(service: StudiesService, study: Study) -> Response | _Unasked:
        metadata = service.metadata(study.instances[0])
        if not shows(metadata, _instance(study)):
            return metadata
        try:
            (data_set,) = json_model.objects(metadata.body)
        except ValueError:
            return metadata
        given = {each.path: each for each in bulk_data.references(data_set, metadata)}
        reference = given.get(bulk_data.PIXEL_DATA)
        if reference is None:
            element = data_set.get(bulk_data.PIXEL_DATA)
            if isinstance(element, dict) and "InlineBinary" in element:
                # Of a small image. Others may be given by a URI: each check looks at its own.
                return _Unasked(State.OFFERED, "the pixels of a small image stand in its metadata")
            return _Unasked(State.ABSENT, "nothing on the target refers to it")
        if reference.refusal:
            return metadata  # which do not lead to the pixels: that is broken, not absent
        return bulk_data.dereferenced(service, reference, accept=accept) or _Unasked(
            State.ABSENT, "it is on another origin, which is not asked"
        )

    return probe


_LEADING = frozenset({302, 303, 307})
"""Statuses with which a thumbnail may lead elsewhere (10.4.3.3.4)."""


def _first_frame(response: Response, study: Study) -> bool:
    """Whether the first frame is there, and not within a whole instance that came in its place."""
    frame, bodies = study.instances[0].frames[0], [response.body]
    if frame not in response.body:
        return False
    try:
        if media_types.name_of(response.content_type) == media_types.MULTIPART_RELATED:
            bodies = [each.body for each in multipart.parts_of(response.content_type, response.body)]
    except UnreadableError:
        return True  # how parts are set apart is judged elsewhere
    return any(frame in body and body[128:132] != b"DICM" for body in bodies)


def _shown(response: Response, study: Study) -> bool:
    return shows(response, _instance(study))


def _pictured(response: Response, _: Study) -> bool:
    """Whether there are pictures that decode, in one part or several; which they show is judged elsewhere."""
    bodies = [response.body]
    try:
        if media_types.name_of(response.content_type) == media_types.MULTIPART_RELATED:
            bodies = [each.body for each in multipart.parts_of(response.content_type, response.body)]
        return bool([picture_files.read(body) for body in bodies])
    except TooLargeError:
        return True  # which is for its checks to say
    except UnreadableError:
        return False


def _pictured_or_elsewhere(response: Response, study: Study) -> bool:
    return _pictured(response, study) or (response.status in _LEADING and response.headers.get("Location") is not None)


def _shown_in_xml(response: Response, study: Study) -> bool:
    return _NATIVE in response.body and _shown(response, study)


def _study_in_xml(response: Response, study: Study) -> bool:
    return _NATIVE in response.body and shows(response, _study(study))


# The owner is the check that fails where the capability is missing or broken; the rest of its checks are then not
# judged.
QUESTIONS: dict[str, _Question] = {
    "search.studies": _Question(
        "search-studies",
        lambda service, study: service.search("studies", StudyInstanceUID=study.study_instance_uid),
        _rows("0020000D", _study),
    ),
    "search.series": _Question(
        "search-series-of-a-study",
        lambda service, study: service.search_in(study, "series"),
        _rows("0020000E", _series),
    ),
    "search.instances": _Question(
        "search-instances-of-a-series",
        lambda service, study: service.search_in(study.series[0], "instances"),
        _rows("00080018", _instance),
    ),
    "search.study-instances": _Question(
        "search-instances-of-a-study",
        lambda service, study: service.search_in(study, "instances"),
        _rows("00080018", _instance),
    ),
    "search.all-series": _Question(
        "search-all-series",
        lambda service, study: service.search("series", SeriesInstanceUID=study.series[0].uid),
        _rows("0020000E", _series),
    ),
    "search.all-instances": _Question(
        "search-all-instances",
        lambda service, study: service.search("instances", SOPInstanceUID=study.instances[0].sop_instance_uid),
        _rows("00080018", _instance),
    ),
    "retrieve": _Question(
        "retrieve-instance-series-study", lambda service, study: service.retrieve(study.instances[0]), _shown
    ),
    "metadata": _Question(
        "metadata-of-instance-series-study", lambda service, study: service.metadata(study.instances[0]), _shown
    ),
    "retrieve.single-part": _Question(
        "retrieve-single-part",
        lambda service, study: service.retrieve(study.instances[0], accept=media_types.DICOM),
        _shown,
        CLEAN_REFUSALS | {400},
    ),
    "frames": _Question(
        "frames-of-an-image", lambda service, study: service.frames(study.instances[0], "1"), _first_frame
    ),
    "frames.single-part": _Question(
        "frames-single-part",
        lambda service, study: service.frames(study.instances[0], "1", accept=media_types.OCTET_STREAM),
        _first_frame,
        CLEAN_REFUSALS | {400},
    ),
    "bulkdata": _Question("bulkdata-by-uri", _pixel_data(bulk_data.EITHER_FORM), _first_frame),
    "bulkdata.single-part": _Question(
        "bulkdata-single-part", _pixel_data(media_types.OCTET_STREAM), _first_frame, CLEAN_REFUSALS | {400}
    ),
    "rendered": _Question(
        "rendered-instance-and-frame", lambda service, study: service.rendered(study.instances[0]), _pictured
    ),
    "thumbnail": _Question(
        "thumbnail-of-each-level",
        lambda service, study: service.thumbnail(study.instances[0]),
        _pictured_or_elsewhere,
        answers=frozenset({200, *_LEADING}),
    ),
    "capabilities": _Question(
        "capabilities-offered",
        lambda service, _: service.capabilities(),
        lambda response, _: b"application" in response.body and b"resource" in response.body,
        CLEAN_REFUSALS | {400, 401, 403},
        declines=lambda response: response.status in {200, 204},
    ),
    "xml": _Question(
        "xml-metadata",
        lambda service, study: service.metadata(study.instances[0], accept=_MULTIPART_XML),
        _shown_in_xml,
        CLEAN_REFUSALS | {400},
        declines=declines_xml,
    ),
    "xml.search": _Question(
        "xml-search",
        lambda service, study: service.search(
            "studies", StudyInstanceUID=study.study_instance_uid, accept=_MULTIPART_XML
        ),
        _study_in_xml,
        CLEAN_REFUSALS | {400},
        declines=declines_xml,
    ),
}


def questions_of(profile: Profile, seed: int) -> dict[str, _Question]:
    """Return how each capability is looked for in a profile.

    Args:
        profile: the one that the target is judged by.
        seed: where the UIDs of what is stored for the sake of a question come from.
    """

    def fresh(question: str) -> Fresh:
        return Fresh(seed, f"probe {question}")

    @cache  # pixels are made for the questions that are asked
    def alone() -> Instance:
        return fresh("store.study").instance(name="into its study")

    questions = QUESTIONS | {
        "store.study": _Question(
            "store-into-study",
            lambda service, _: service.store([alone()], study=alone().study_instance_uid),
            lambda response, _: not response.error,
            answers=_STORED_OR_WARNED,
        ),
        "xml.store": _Question(
            "xml-store-answer",
            lambda service, _: _stored_for_xml(service, fresh("xml.store")),
            lambda response, _: _NATIVE in response.body,
            CLEAN_REFUSALS | {400},
            _STORED_OR_WARNED,
            declines=lambda response: response.status in _STORED_OR_WARNED and _NATIVE not in response.body,
        ),
    }
    if profile.flavour != "google":
        forms: dict[str, Callable[[Branch], Payload | XmlPayload]] = {"json": json_bulk.native, "xml": xml_bulk.native}
        # The rows of these forms count 400 and 409 as "not offered", too.
        return questions | {
            f"store.{form}-bulk": _Question(
                f"store-{form}-bulk",
                *_storing(native, fresh(f"store.{form}-bulk")),
                CLEAN_REFUSALS | {400, 409},
                _STORED_OR_WARNED,
            )
            for form, native in forms.items()
        }

    def begin(service: StudiesService, _: Study) -> Response:
        study = fresh("delete.lro").study()
        stored = service.store(study.instances)
        return service.delete(study) if stored.status == 200 else stored

    def begun(response: Response, _: Study) -> bool:
        document = operations.read(response.body)
        return document is not None and isinstance(document.get("name"), str)

    return questions | {
        "store.json-bulk": _Question("google-json-jpeg[colour]", *_storing(json_bulk.page, fresh("store.json-bulk"))),
        "delete.lro": _Question("lro-delete-study", begin, begun, answers=frozenset({200, 202})),
    }


def _stored_for_xml(service: StudiesService, fresh: Fresh) -> Response:
    """Store for an answer in XML, bare or in a multipart, whichever of the two a target has (Table 10.5.4-1)."""
    bare = service.store([fresh.instance(name="for XML")], accept=media_types.DICOM_XML)
    if _NATIVE in bare.body:
        return bare
    return service.store([fresh.instance(name="for XML in parts")], accept=_MULTIPART_XML)


def _storing(make: Callable[[Branch], Payload | XmlPayload], fresh: Fresh) -> tuple[Probe, Proof]:
    @cache
    def payload() -> Payload | XmlPayload:
        return make(fresh.place())

    def probe(service: StudiesService, _: Study) -> Response:
        return service.store_metadata(payload())

    def proof(response: Response, _: Study) -> bool:
        return payload().instance.sop_instance_uid.encode() in response.body

    return probe, proof


class Capabilities:
    """What the target offers: as declared, or probed once for the whole run.

    Args:
        target: for what its vendor declared.
        service: asked.
        study: returns a study that is known to be on the target; it is the control of every probe.
        recorder: told what was found out.
        state: a directory that the run's processes share.
        questions: how each capability is looked for.
    """

    def __init__(
        self,
        target: Target,
        service: StudiesService,
        study: Callable[[], Study],
        recorder: Recorder,
        state: Path,
        questions: Mapping[str, _Question],
    ) -> None:
        self._target = target
        self._service = service.for_purpose("probe")
        self._study = study
        self._recorder = recorder
        self._state = state
        self._questions = questions
        self._known: dict[str, Capability] = {}

    def owner(self, capability: str) -> str | None:
        """Return the check that fails where a capability is missing or broken; None where no probe looks for it."""
        question = self._questions.get(capability)
        return question.owner if question else None

    def of(self, capability: str) -> Capability | None:
        """Return what is known of a capability; None for one that no probe looks for.

        Raises:
            Inconclusive: the study that a probe needs is not on the target.
        """
        if capability not in self._known:
            declared = self._declared(capability)
            if declared is False:
                self._known[capability] = Capability(capability, State.ABSENT, declared, "declared absent")
            elif capability in self._questions:
                self._known[capability] = self._probed_once(capability)
            elif declared is True:
                self._known[capability] = Capability(capability, State.OFFERED, declared, "declared")
            else:
                return None
        return self._known[capability]

    def _declared(self, capability: str) -> bool | None:
        """Return what the vendor declared of a capability, absent where that which it is a part of is."""
        declared, (whole, *_) = self._target.declares(capability), capability.split(".")
        return False if declared is None and self._target.declares(whole) is False else declared

    def _probed_once(self, capability: str) -> Capability:
        study = self._study()
        path = self._state / f"capability-{capability}.json"
        with FileLock(path.with_suffix(".lock")):
            if path.exists():
                known = json.loads(path.read_text(encoding="utf-8"))
                return Capability(**{**known, "state": State(known["state"]), "exchanges": tuple(known["exchanges"])})
            found = self._probed(capability, study)
            disk.put(path, json.dumps(self._recorder.recordable(asdict(found))))
        self._recorder.event("capability", **asdict(found))
        return found

    def _probed(self, capability: str, study: Study) -> Capability:
        question = self._questions[capability]
        response = question.probe(self._service, study)
        declared = self._declared(capability)
        if isinstance(response, _Unasked):
            return Capability(capability, response.state, declared, response.reason)
        # A redirect may have led to a URL that names other people's data.
        path = resources.path((response.shown_url or response.url).removeprefix(self._service.base_url))
        said = f"{response.method} /{path}: {response.error or f'status {response.status}'}"
        if response.status in question.answers and question.proof(response, study):
            state = State.OFFERED
        elif response.status in question.refusals or question.declines(response):
            state = State.ABSENT
        else:
            state = State.BROKEN
            if response.status in question.answers:
                said += ", but does not show what is there"
        return Capability(capability, state, declared, said, (response.exchange,))
