"""Store of metadata with bulk data of each kind: what is transformed, what stays as it is, what is refused."""

from collections.abc import Callable

import pytest

from dicomweb_fixtures.building import jpeg_images, transfer_syntaxes
from dicomweb_fixtures.identifiers import Branch
from dicomweb_fixtures.payloads import bulk_kinds, json_bulk, unchanged_kinds
from dicomweb_fixtures.payloads.json_bulk import Payload
from tests.reference.payloads import Service
from tests.reference.store_metadata import codestreams, posted, stored

PLACE = Branch(3, "reference bulk")


@pytest.mark.parametrize("described", [True, False])
@pytest.mark.parametrize("kind", bulk_kinds.PICTURES)
def test_pictures_become_native_pixels(dicomweb: Service, kind: str, described: bool) -> None:
    payload = bulk_kinds.picture(PLACE, kind)
    sent = payload if described else bulk_kinds.without_description(payload)

    answer = posted(dicomweb, sent)

    assert answer.status_code == 200, answer.text
    received, expected = stored(dicomweb, payload), payload.instance.dataset
    assert received.file_meta.TransferSyntaxUID == "1.2.840.10008.1.2.1"
    assert received.PixelData == expected.PixelData
    assert received["PixelData"].VR == expected["PixelData"].VR
    for keyword in ("Rows", "Columns", "SamplesPerPixel", "PhotometricInterpretation", "BitsAllocated", "BitsStored"):
        assert received[keyword].value == expected[keyword].value


def test_frames_are_parts_of_one_location(dicomweb: Service) -> None:
    payload = bulk_kinds.frames(PLACE)

    assert posted(dicomweb, payload).status_code == 200

    kept = codestreams(stored(dicomweb, payload))
    assert [each.removesuffix(b"\0") for each in kept] == [each.octets for each in payload.bulk_data]


@pytest.mark.parametrize(
    "make",
    [
        *(bulk_kinds.jpeg_2000, bulk_kinds.photographs, bulk_kinds.frames),
        *(kind.make for kind in unchanged_kinds.KINDS.values()),
    ],
)
def test_codestreams_stay_as_they_are(dicomweb: Service, make: Callable[..., Payload]) -> None:
    payload = make(PLACE)

    assert posted(dicomweb, payload).status_code == 200

    received = stored(dicomweb, payload)
    assert received.file_meta.TransferSyntaxUID == payload.instance.transfer_syntax_uid
    assert codestreams(received) == codestreams(payload.instance.dataset)


def test_a_jpeg_without_transfer_syntax_is_of_that_of_its_coding_process(dicomweb: Service) -> None:
    payload = bulk_kinds.labelled(json_bulk.photograph(PLACE), "image/jpeg")

    assert posted(dicomweb, payload).status_code == 200

    assert stored(dicomweb, payload).file_meta.TransferSyntaxUID == transfer_syntaxes.JPEG_BASELINE


def test_a_document_is_kept(dicomweb: Service) -> None:
    payload = bulk_kinds.document(PLACE)

    assert posted(dicomweb, payload).status_code == 200

    assert stored(dicomweb, payload).EncapsulatedDocument == payload.instance.dataset.EncapsulatedDocument


@pytest.mark.parametrize(
    "payload",
    [
        bulk_kinds.labelled(bulk_kinds.document(PLACE), "text/xml"),
        bulk_kinds.labelled(bulk_kinds.document(PLACE), "image/jpeg"),
        bulk_kinds.labelled(json_bulk.native(PLACE), "application/pdf"),
        bulk_kinds.labelled(bulk_kinds.picture(PLACE, "png-gray"), "image/gif"),
        bulk_kinds.labelled(json_bulk.photograph(PLACE), bulk_kinds.typed("1.2.840.10008.1.2.4.70")),
        bulk_kinds.with_value(json_bulk.photograph(PLACE), "00280002", "US", 1),
        bulk_kinds.with_value(bulk_kinds.frames(PLACE), "00280008", "IS", 2),
        bulk_kinds.with_value(bulk_kinds.picture(PLACE, "gif-gray"), "00280008", "IS", 2),
    ],
    ids=["MIME type", "JPEG of a document", "PDF of pixels", "PNG as GIF", "lossless", "samples", "frames", "GIF"],
)
def test_bulk_data_that_do_not_fit_are_refused(dicomweb: Service, payload: Payload) -> None:
    answer = posted(dicomweb, payload)

    assert answer.status_code == 409, answer.text
    assert dicomweb.found("/instances") == []


def test_what_is_believed_where_codestream_and_metadata_differ(with_freedom: Callable[..., Service]) -> None:
    payload = bulk_kinds.with_value(json_bulk.photograph(PLACE), "00280010", "US", 99)

    for freedom, rows in {"codestream-believed": jpeg_images.ROWS, "description-believed": 99}.items():
        service = with_freedom(freedom)
        assert posted(service, payload).status_code == 200
        assert stored(service, payload).Rows == rows


@pytest.mark.parametrize(
    ("freedom", "make"),
    [
        ("compressed-bulk-data-refused", json_bulk.photograph),
        ("compressed-bulk-data-refused", lambda place: bulk_kinds.picture(place, "png-gray")),
        ("documents-refused", bulk_kinds.document),
        ("one-described-instance", lambda place: json_bulk.native(place / "1", place / "2")),
        ("pixel-description-wanted", lambda place: bulk_kinds.without_description(json_bulk.photograph(place))),
    ],
)
def test_what_may_be_refused(
    with_freedom: Callable[..., Service], freedom: str, make: Callable[[Branch], Payload]
) -> None:
    assert posted(with_freedom(freedom), make(PLACE)).status_code in {400, 409, 415}
