"""Store of JSON metadata with bulk data: what a correct server makes of each payload, and what it refuses."""

from collections.abc import Callable
from functools import partial

import pytest
from pydicom.encaps import generate_frames

from dicomweb_fixtures.building import transfer_syntaxes
from dicomweb_fixtures.identifiers import Branch
from dicomweb_fixtures.payloads import json_bulk
from dicomweb_fixtures.payloads.json_bulk import Payload
from tests.reference.payloads import Service
from tests.reference.store_metadata import MULTIPART_JSON, body_of, posted, stored

PLACE = Branch(3, "reference")


@pytest.mark.parametrize("make", [json_bulk.page, json_bulk.photograph])
@pytest.mark.parametrize("colour", [True, False])
def test_the_jpeg_is_kept_octet_for_octet_and_the_attributes_too(
    dicomweb: Service, make: Callable[..., Payload], colour: bool
) -> None:
    payload = make(PLACE, colour=colour)

    answer = posted(dicomweb, payload)

    assert answer.status_code == 200, answer.text
    received = stored(dicomweb, payload)
    assert received.file_meta.TransferSyntaxUID == transfer_syntaxes.JPEG_BASELINE
    assert list(generate_frames(received.PixelData, number_of_frames=1)) == list(
        generate_frames(payload.instance.dataset.PixelData, number_of_frames=1)
    )
    del received.PixelData
    expected = payload.instance.dataset
    assert {each.keyword: each.value or "" for each in received} == {
        each.keyword: each.value or "" for each in expected if each.keyword != "PixelData"
    }


def test_each_instance_gets_the_bulk_data_that_its_metadata_name(dicomweb: Service) -> None:
    payload = json_bulk.in_reversed_order(json_bulk.native(PLACE / "1", PLACE / "2"))

    answer = posted(dicomweb, payload)

    assert answer.status_code == 200, answer.text
    for number, instance in enumerate(payload.instances):
        assert stored(dicomweb, payload, number).PixelData == instance.dataset.PixelData


def test_inline_binary_is_kept(dicomweb: Service) -> None:
    payload = json_bulk.with_inline_icc_profile(json_bulk.page(PLACE), b"\1\2\3\4")

    assert posted(dicomweb, payload).status_code == 200

    assert stored(dicomweb, payload).ICCProfile == b"\1\2\3\4"


def test_pixel_description_that_is_left_out_is_that_of_the_jpeg(dicomweb: Service) -> None:
    payload = json_bulk.photograph(PLACE)
    left_out = payload
    for tag in ("00280002", "00280004", "00280006", "00280010", "00280011", "00280100", "00280101", "00280102"):
        left_out = json_bulk.without_attribute(left_out, tag)

    assert posted(dicomweb, left_out).status_code == 200

    expected = payload.instance.dataset
    received = stored(dicomweb, payload)
    for keyword in ("SamplesPerPixel", "PhotometricInterpretation", "Rows", "Columns", "BitsAllocated", "HighBit"):
        assert received[keyword].value == expected[keyword].value


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        (json_bulk.without_part, 409),
        (json_bulk.without_reference, 400),
        (json_bulk.not_a_jpeg, 409),
        (json_bulk.part_twice, 409),
        (partial(json_bulk.claiming, transfer_syntax_uid="1.2.840.10008.1.2.1"), 409),
        (partial(json_bulk.without_attribute, tag="0020000D"), 409),
    ],
    ids=["no part", "no reference", "not a JPEG", "part twice", "another transfer syntax", "no study"],
)
def test_a_broken_pair_is_refused_and_nothing_is_stored(
    dicomweb: Service, fault: Callable[[Payload], Payload], status: int
) -> None:
    broken = fault(json_bulk.page(PLACE))

    answer = posted(dicomweb, broken)

    assert answer.status_code == status, answer.text
    if status == 409:
        (item,) = answer.json()["00081198"]["Value"]
        assert item["00081155"]["Value"] == [broken.instance.sop_instance_uid]
        assert item["00081197"]["vr"] == "US"
    assert dicomweb.found("/instances") == []


@pytest.mark.parametrize(
    "body",
    [b"hello", b'{"00080018": {}}', b"[]", b"\xff"],
    ids=["no JSON", "no array", "no instance", "no UTF-8"],
)
def test_metadata_that_are_none_are_400(dicomweb: Service, body: bytes) -> None:
    part = b"--DICOMwebBoundary\r\nContent-Type: application/dicom+json\r\n\r\n" + body

    answer = dicomweb.post("/studies", part + b"\r\n--DICOMwebBoundary--", Content_Type=MULTIPART_JSON)

    assert answer.status_code == 400, answer.text


@pytest.mark.parametrize(
    "attribute",
    [
        '"x"',
        '{"vr":"US","Value":["a"]}',
        '{"vr":"US","Value":[70000]}',
        '{"vr":"ZZ"}',
        '{"vr":"OB","InlineBinary":"!"}',
        '{"vr":"OB","InlineBinary":["AAAA"]}',
        '{"vr":"OB","InlineBinary":"AAAA","BulkDataURI":"elsewhere"}',
        '{"vr":"PN","Value":[{"Latin":"x"}]}',
        '{"vr":"PN","Value":["x"]}',
    ],
)
def test_an_attribute_that_holds_no_model_is_refused(dicomweb: Service, attribute: str) -> None:
    payload = json_bulk.page(PLACE)
    body = body_of(payload).replace(b'"00280008":{"vr":"IS","Value":[1]}', f'"00280008":{attribute}'.encode())

    answer = dicomweb.post("/studies", body, Content_Type=MULTIPART_JSON)

    assert answer.status_code == 409, answer.text


def test_the_form_can_be_refused(with_freedom: Callable[..., Service]) -> None:
    service = with_freedom("json-bulk-store-refused")

    assert posted(service, json_bulk.page(PLACE)).status_code == 415
