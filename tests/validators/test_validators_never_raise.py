"""Whatever the octets: an observation, never an exception, and each of a known row."""

import json
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dicomweb_conformance.dicom.xml_model import data_set_of
from dicomweb_conformance.http.exchanges import Headers
from dicomweb_conformance.http.unreadable import UnreadableError
from dicomweb_conformance.validators.http import error_responses
from dicomweb_conformance.validators.images import image_octets
from dicomweb_conformance.validators.json import dicom_json
from dicomweb_conformance.validators.observation import Observation
from dicomweb_conformance.validators.part10 import part10_octets
from dicomweb_conformance.validators.vr import definitions as vrs
from dicomweb_conformance.validators.xml import native_xml
from tests.validators.json.attributes import GOOD as GOOD_JSON
from tests.validators.part10.test_part10_octets import GOOD as GOOD_DATA_SET
from tests.validators.part10.test_part10_octets import (
    HEAD,
    IMPLICIT_HEAD,
    deflated,
    fragments,
    implicit_item,
    meta,
    open_item,
    sequence,
    undefined,
)
from tests.validators.validating import ROWS, octets
from tests.validators.xml.test_native_xml import GOOD as GOOD_XML
from tests.validators.xml.test_native_xml import document

RLE = "1.2.840.10008.1.2.5"
MESSAGES: dict[str, tuple[bytes, ...]] = {
    "json": (octets([GOOD_JSON]), octets(GOOD_JSON)),
    "xml": (document(GOOD_XML), document(GOOD_XML).decode().replace("UTF-8", "UTF-16").encode("utf-16")),
    "part10": (
        meta() + GOOD_DATA_SET,
        meta("1.2.840.10008.1.2") + IMPLICIT_HEAD,
        meta("1.2.840.10008.1.2.1.99") + deflated(GOOD_DATA_SET),
        meta() + HEAD + sequence(open_item(HEAD)) + undefined("00091001", "UN", implicit_item),
        meta(RLE) + HEAD + fragments(b"\0\0\0\0", bytes(8)),
    ),
}
TOKENS = [
    *(b"{", b"}", b"[", b"]", b":", b",", b'"', b"null", b"NaN", b"1e999", b"-0.0", b"\\ud800", b"\\u0000", b"\0"),
    *(b"<", b">", b"/>", b"&#0;", b"&x;", b"<!DOCTYPE x [", b"<!--", b"<?", b"<Item>", b"]]>", b"\xff\xff\xff\xff"),
    *(b"\xfe\xff\x00\xe0", b"\xfe\xff\xdd\xe0", b"SQ", b"UN", b"OB", b"\xff", b"\xc3", b" ", b"00020010"),
]


@st.composite
def mutated(draw: st.DrawFn, kind: str) -> bytes:
    """A valid message in which some octets were replaced, dropped or doubled."""
    message = bytearray(draw(st.sampled_from(MESSAGES[kind])))
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, max(0, len(message) - 1)))
        length = draw(st.integers(0, 12))
        with_ = draw(st.sampled_from(TOKENS) | st.binary(max_size=4) | st.just(bytes(message[at : at + 40])))
        message[at : at + length] = with_
    return bytes(message)


def judge_answer(body: bytes) -> Iterable[Observation]:
    for content_type in ("application/dicom+json", "text/xml", "text/plain; charset=utf-16"):
        yield from error_responses.judge(
            error_responses.Answer("GET", "studies", 400, Headers((("Content-Type", content_type),)), body)
        )


IMAGES = ("image/jpeg", "image/png", "image/jph", "image/jp2", "image/jphc", "image/dicom-rle")


def judge_images(body: bytes) -> Iterable[Observation]:
    for content_type in (*IMAGES, body[:9].decode("latin-1")):
        yield from image_octets.judge_bulk_data(content_type, body)
        yield from image_octets.judge_rendered(content_type, body)


def judge_xml(body: bytes) -> Iterable[Observation]:
    with suppress(UnreadableError):
        data_set_of(body)
    for own in (True, False):
        yield from native_xml.judge(body, own=own, resource="store")


def judge_json(body: bytes) -> Iterable[Observation]:
    yield from dicom_json.judge(body, url="http://h/")
    yield from dicom_json.judge(body, resource="store", own=lambda _: False)


def judge_part10(body: bytes) -> Iterable[Observation]:
    yield from part10_octets.judge(body)
    yield from part10_octets.judge(body, own=False)


JUDGES: dict[str, Callable[[bytes], Iterable[Observation]]] = {
    "json": judge_json,
    "xml": judge_xml,
    "part10": judge_part10,
    "answer": judge_answer,
    "image": judge_images,
}
BOUNDED = settings(
    max_examples=150, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None
)


def hold(observations: Iterable[Observation]) -> None:
    for observation in observations:
        ROWS[observation.requirement].judge(observation.observation)
        "".join((observation.where, observation.received, *observation.expected)).encode()
        assert len(observation.where) < 400
        assert len(observation.received) < 400


@pytest.mark.parametrize("kind", MESSAGES)
@BOUNDED
@given(st.data())
def test_a_valid_message_with_faults_in_it(kind: str, data: st.DataObject) -> None:
    hold(JUDGES[kind](data.draw(mutated(kind))))


@pytest.mark.parametrize("kind", JUDGES)
@BOUNDED
@given(st.lists(st.sampled_from(TOKENS) | st.binary(max_size=8), max_size=30).map(b"".join))
def test_any_octets(kind: str, body: bytes) -> None:
    hold(JUDGES[kind](body))


NAMES = st.text(max_size=9) | st.sampled_from(
    [*GOOD_JSON, "00020010", "00100000", "0008103e", "PatientName", "0010,0010"]
)
STRINGS = ["20200131", "2020-01-31", "1.2.3", "00181063", "AAE=", "a\\b", "x ", "1e5", "NaN", "http://[", "\ud800"]
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12) | st.sampled_from(STRINGS)
VRS = st.sampled_from(sorted(vrs.VRS))
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(NAMES, inner, max_size=3)
        | st.fixed_dictionaries(
            {"vr": VRS | inner},
            optional={
                "Value": st.lists(inner, max_size=3) | inner,
                "InlineBinary": inner,
                "BulkDataURI": inner,
                "value": inner,
            },
        )
        | st.dictionaries(st.sampled_from(["Alphabetic", "Ideographic", "alphabetic", "given"]), inner, max_size=2)
    ),
    max_leaves=12,
)
ATTRIBUTES = st.fixed_dictionaries({"vr": VRS}, optional={"Value": st.lists(VALUES, max_size=3)})


@BOUNDED
@given(st.lists(st.dictionaries(NAMES, ATTRIBUTES | VALUES, max_size=5), max_size=3) | VALUES)
def test_any_json_in_the_shape_of_the_model(value: Any) -> None:
    hold(judge_json(json.dumps(value).encode()))
