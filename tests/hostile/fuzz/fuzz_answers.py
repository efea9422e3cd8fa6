"""Answers of a clean run, and what the suite does with an answer: it is judged, read, and compared."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from random import Random

from dicomweb_conformance.catalogue import requirements
from dicomweb_conformance.checks.expect import Expectation, read_parts
from dicomweb_conformance.checks.judgement import CheckFailed, Inconclusive, Judgement, NotApplicable
from dicomweb_conformance.checks.observers import JUDGES, Observers
from dicomweb_conformance.dicom import differences, json_model, renderings, store_response, xml_differences, xml_model
from dicomweb_conformance.http import multipart
from dicomweb_conformance.http.exchanges import Headers, Response
from dicomweb_conformance.http.observed import Answer
from dicomweb_conformance.http.unreadable import NoDecoderError, TooLargeError, UnreadableError
from dicomweb_conformance.reading import picture_files
from dicomweb_conformance.scenarios.steps import pixel_octets, returned
from dicomweb_conformance.service import bulk_data
from dicomweb_conformance.validators import operations
from dicomweb_conformance.validators.images import jpeg
from dicomweb_conformance.validators.observation import Stumble
from dicomweb_conformance.validators.store import response_module, xml_responses
from dicomweb_fixtures.entities import Instance
from tests.hostile.fuzz.fuzz_mutations import Message, mutated

ROWS = requirements.load()
_OF_RETRIEVE = tuple(ROWS[f"RETRIEVE-{number:03}"] for number in (12, 13, 14))
_ENDS = (UnreadableError, TooLargeError, NoDecoderError, CheckFailed, Inconclusive, NotApplicable)
"""How reading an answer may end before its end: with a sentence, or a verdict."""


@contextlib.contextmanager
def recording() -> Iterator[list[Answer]]:
    """Keep every answer that the observers of this process are shown meanwhile."""
    kept: list[Answer] = []
    look = Observers.look

    def keep(self: Observers, answer: Answer, exchange: str) -> None:
        kept.append(answer)
        look(self, answer, exchange)

    Observers.look = keep  # type: ignore[method-assign]  # put back below
    try:
        yield kept
    finally:
        Observers.look = look  # type: ignore[method-assign]  # as above


def with_faults(chance: Random, answer: Answer, others: Sequence[bytes]) -> tuple[Answer, list[str]]:
    """Return an answer with faults in it, and their names."""
    message = Message(answer.status, answer.headers.fields, b"".join(answer.body), others)
    changed, names = mutated(chance, message)
    body = (changed.body,) if changed.body else ()
    return replace(answer, status=changed.status, headers=Headers(changed.headers), body=body), names


def observed(answer: Answer) -> None:
    """Show an answer to all that judge messages, as one of this run's data and as one of others'.

    Raises:
        Exception: what one of them stumbled over.
        AssertionError: an observation that no record can hold.
    """
    for ours in (True, False):
        for judge in JUDGES:
            for seen in judge(answer, lambda _, ours=ours: ours):
                if isinstance(seen, Stumble):
                    raise seen.error
                ROWS[seen.requirement].judge(seen.observation)
                json.dumps([seen.where, seen.received, *seen.expected], ensure_ascii=False).encode()


def read(answer: Answer, instance: Instance) -> None:
    """Read an answer in every way in which a check may, and compare what is in it with an instance.

    Raises:
        Exception: what was stumbled over, be the octets what they may.
    """
    body = b"".join(answer.body)
    response = Response("x-1", answer.asked.method, answer.asked.url, answer.status, headers=answer.headers, body=body)
    for way in _WAYS:
        with contextlib.suppress(*_ENDS):
            way(response, instance)


def _as_json(response: Response, instance: Instance) -> None:
    for each in json_model.objects(response.body):
        _compared(each, instance)
        for reference in bulk_data.references(each, response.url):
            _ = reference.is_relative
        json_model.text(each, "00100010")


def _as_a_store_answer(response: Response, instance: Instance) -> None:
    for answer in (
        store_response.of_body(response.body),
        response_module.module_of(response.content_type, response.body),
    ):
        if answer is not None:
            _ = answer.stored_uids, answer.failed_uids, answer.discards, answer.warns, answer.other_failures
    xml_responses.module(response.body)
    list(xml_responses.judge(response.body, instance.sop_class_uid, instance.sop_instance_uid))


def _as_an_operation(response: Response, _: Instance) -> None:
    document = operations.read(response.body)
    operations.name_of(document)
    if document is not None:
        documents, dataset = [document, document], "projects/p/locations/l/datasets/d"
        list(operations.named(documents, dataset))
        list(operations.described(documents, "v1", of_study=True))
        list(operations.timed(documents))


def _as_xml(response: Response, instance: Instance) -> None:
    for part in multipart.parts_of(response.content_type, response.body):
        with contextlib.suppress(UnreadableError):
            _compared(xml_model.data_set_of(part.body), instance)
    _compared(xml_model.data_set_of(response.body), instance)


def _compared(model: json_model.DataSet, instance: Instance) -> None:
    list(differences.with_json(instance.dataset, model))
    list(xml_differences.with_xml(instance.dataset, model))
    other = {"00100010": {"vr": "PN", "Value": [{"Alphabetic": "A^B"}]}, "0040A730": {"vr": "SQ", "Value": [{}]}}
    list(xml_differences.models(model, other))
    list(xml_differences.models(other, model))
    list(xml_differences.models(model, model))


def _as_files(response: Response, instance: Instance) -> None:
    for read_part in read_parts(response):
        for way in (returned.has_elements, returned.has_private_elements):
            way(_expectation(response), instance.dataset, read_part)
        with contextlib.suppress(*_ENDS):
            returned.has_pixel_octets(_expectation(response), instance, read_part)
        with contextlib.suppress(*_ENDS):
            returned.has_pixels(
                _expectation(response),
                instance,
                read_part,
                differ="other pixels",
                missing="no pixels",
                of="RETRIEVE-013",
            )
        returned.fits(read_part)
        _ = jpeg.is_encapsulated(read_part), jpeg.of(read_part), jpeg.frames(read_part, 2)


def _expectation(response: Response) -> Expectation:
    return _Lenient(response, Judgement("fuzz", "fuzz", "", _OF_RETRIEVE))


class _Lenient(Expectation):
    """An expectation that takes any quote: here nothing is concluded from it."""

    def observes(self, observation: str, **said: object) -> None:
        self.finds(observation, **said)  # type: ignore[arg-type]  # the same keywords


def _as_pictures(response: Response, instance: Instance) -> None:
    for octets in _bodies(response):
        with contextlib.suppress(UnreadableError):
            picture = picture_files.read(octets)
            _ = picture.size, renderings.is_flat(picture.samples), renderings.levels(picture.grey, 16)
            if picture.icc_profile:
                picture_files.profile_name(picture.icc_profile)
        pixel_octets.jpeg_samples(octets)
        _ = jpeg.process(octets), jpeg.without_remarks(octets), jpeg.fits(octets, "1.2.840.10008.1.2.4.50")
        if len(octets) < 10_000:
            pixel_octets.decodes_to(octets, pixel_octets.RLE, instance, 1)


def _bodies(response: Response) -> list[bytes]:
    try:
        return [each.octets for each in pixel_octets.items_of(response)]
    except UnreadableError:
        return [response.body]


_WAYS: tuple[Callable[[Response, Instance], None], ...] = (
    *(_as_json, _as_a_store_answer, _as_an_operation, _as_xml, _as_files, _as_pictures),
)
