"""Every representation that an answer carries (PS3.18 8.7), to the validator of its model: bare, or part by part."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, get_args

from dicomweb_conformance.dicom import labels, xml_model
from dicomweb_conformance.http import media_types, multipart
from dicomweb_conformance.http.observed import CODING_FAULTS, Answer
from dicomweb_conformance.http.unreadable import TooLargeError, UnreadableError
from dicomweb_conformance.validators.http import error_responses
from dicomweb_conformance.validators.images import image_octets
from dicomweb_conformance.validators.json import dicom_json
from dicomweb_conformance.validators.observation import Observation, Stumble, careful
from dicomweb_conformance.validators.part10 import part10_octets
from dicomweb_conformance.validators.store import response_module
from dicomweb_conformance.validators.xml import native_xml as xml_validator

OWNED = tuple(
    row
    for module in (error_responses, dicom_json, xml_validator, part10_octets, image_octets, response_module)
    for row in module.OWNED
)
_MODELS = frozenset(get_args(dicom_json.Resource))
_JSON = frozenset({media_types.DICOM_JSON, media_types.JSON})
_DIGITS = 20


def observe(answer: Answer, own: Callable[[dict[str, Any]], bool]) -> Iterator[Observation | Stumble]:
    """Yield what the body of a success, or of any store, shows of its model, and what any answer shows of its status.

    Args:
        answer: with what was asked.
        own: whether a data set (in the shape of DICOM JSON) is one that the suite stored. Of others no value is quoted.
    """
    asked = answer.asked
    body = b"".join(answer.body)
    resource = error_responses.resource_of(asked.method, asked.path, asked.query)
    accept = asked.accept or ""
    if not answer.head_is_whole:
        return
    message = error_responses.Answer(
        asked.method, asked.path, answer.status, answer.headers, body, asked.query, accept, whole=not answer.is_cut
    )
    yield from careful(error_responses.OWNED, error_responses.judge(message, own=resource != "search"))
    faulty = answer.facts is not None and CODING_FAULTS & set(answer.facts.faults)
    if not body or answer.is_cut or faulty or answer.is_range:
        return
    if resource == "store":
        yield from careful(response_module.OWNED, response_module.judge(answer.status, answer.headers, body))
    # What was refused is told in the same module, so of a store its model is judged whatever the status (10.5.3).
    is_module = resource == "store" and response_module.module_of(answer.content_type, body) is not None
    if not 200 <= answer.status < 300 and not is_module:
        return
    if media_types.name_of(answer.content_type) == media_types.MULTIPART_RELATED:
        try:
            parts = multipart.parts_of(answer.content_type, body)
        except multipart.MultipartError:
            return  # the rows of the envelope speak of it
        for part in parts:
            seen = _representation(answer, resource, part.kind, part.body, own)
            if _lacks_its_end(part):  # which MULTIPART-007 tells
                seen = (one for one in seen if isinstance(one, Stumble) or not part10_octets.is_of_its_end(one))
            yield from seen
    else:
        yield from _representation(answer, resource, answer.content_type, body, own)


def _lacks_its_end(part: multipart.Part) -> bool:
    announced = part.headers.get("Content-Length") or ""
    return announced.isascii() and announced.isdigit() and len(announced) < _DIGITS and int(announced) > len(part.body)


def _representation(
    answer: Answer, resource: str, content_type: str, octets: bytes, own: Callable[[dict[str, Any]], bool]
) -> Iterator[Observation | Stumble]:
    name, asked = media_types.name_of(content_type), answer.asked
    if not octets:
        return
    model = labels.model_of(octets) if resource in _MODELS and name not in labels.BELIEVED else ""
    if (name in _JSON or model == media_types.DICOM_JSON) and resource in _MODELS:
        charsets = ", ".join(asked.headers.all("Accept-Charset"))
        judged = dicom_json.judge(
            octets,
            content_type,
            resource=resource,  # type: ignore[arg-type]  # one of dicom_json.Resource by the line above
            url=asked.url,
            accept_charset=charsets,
            own=own,
        )
        yield from careful(dicom_json.OWNED, judged)
    elif media_types.DICOM_XML in {name, model}:
        ours = resource != "search" or _is_own(octets, own)
        judged = xml_validator.judge(octets, content_type, resource=resource, url=asked.url, own=ours)
        yield from careful(xml_validator.OWNED, judged)
    elif name == media_types.DICOM:
        ours = any(uid.encode() in octets for uid in _uids(asked.path))
        yield from careful(part10_octets.OWNED, part10_octets.judge(octets, own=ours))
    elif resource in {"frames", "bulkdata", "instances"}:
        yield from careful(
            image_octets.OWNED, image_octets.judge_bulk_data(content_type, octets, is_frame=resource == "frames")
        )
    elif resource == "rendered":
        yield from careful(image_octets.OWNED, image_octets.judge_rendered(content_type, octets))


def _uids(path: str) -> list[str]:
    return [each for each in path.split("/") if each[:1].isdigit()]


def _is_own(octets: bytes, own: Callable[[dict[str, Any]], bool]) -> bool:
    try:
        return own(xml_model.data_set_of(octets))
    except (UnreadableError, TooLargeError):
        return False
